//! The archive, byte by byte, and every trick an archive can play. What a whole bundle says is tested where bundles are
//! made, with a ledger.

use super::archive::{Member, read, write};
use super::limits::{BUNDLE_BYTES_MAX, MEMBER_BYTES_MAX, MEMBERS_MAX, NAME_BYTES_MAX};
use accord_store::verify::{Flaw, FlawKind};

/// An entry of an archive laid out by hand, honest until a test makes it otherwise.
#[derive(Clone)]
struct Raw {
    name: Vec<u8>,
    data: Vec<u8>,
    method: u16,
    flags: u16,
    crc: u32,
    /// Sizes as claimed: packed, unpacked.
    sizes: (u32, u32),
    attributes: u32,
    /// Where it is claimed to begin; where it does when none.
    offset: Option<u32>,
}

impl Raw {
    fn of(name: &str, data: &[u8]) -> Self {
        let size = u32::try_from(data.len()).unwrap();
        Self {
            name: name.as_bytes().to_vec(),
            data: data.to_vec(),
            method: 0,
            flags: 0,
            crc: crc32(data),
            sizes: (size, size),
            attributes: 0x81a4_0000,
            offset: None,
        }
    }

    /// What local header and directory have in common, from the version on.
    fn common(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for number in [10, self.flags, self.method, 0, 0x0021] {
            bytes.extend(number.to_le_bytes());
        }
        for number in [self.crc, self.sizes.0, self.sizes.1] {
            bytes.extend(number.to_le_bytes());
        }
        bytes.extend(u16::try_from(self.name.len()).unwrap().to_le_bytes());
        bytes.extend([0, 0]);
        bytes
    }
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0_u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg()))
    })
}

/// An archive as docs/reference/format.md lays it out, of whatever the entries claim.
fn raw(entries: &[Raw]) -> Vec<u8> {
    let (mut bytes, mut directory) = (Vec::new(), Vec::new());
    for entry in entries {
        let offset = entry.offset.unwrap_or(u32::try_from(bytes.len()).unwrap());
        if entry.offset.is_none() {
            bytes.extend(b"PK\x03\x04");
            bytes.extend(entry.common());
            bytes.extend(&entry.name);
            bytes.extend(&entry.data);
        }
        directory.extend(b"PK\x01\x02\x0a\x03");
        directory.extend(entry.common());
        directory.extend([0; 6]);
        directory.extend(entry.attributes.to_le_bytes());
        directory.extend(offset.to_le_bytes());
        directory.extend(&entry.name);
    }
    let count = u16::try_from(entries.len()).unwrap();
    let start = u32::try_from(bytes.len()).unwrap();
    let size = u32::try_from(directory.len()).unwrap();
    bytes.append(&mut directory);
    bytes.extend(b"PK\x05\x06\0\0\0\0");
    bytes.extend(count.to_le_bytes());
    bytes.extend(count.to_le_bytes());
    bytes.extend(size.to_le_bytes());
    bytes.extend(start.to_le_bytes());
    bytes.extend([0, 0]);
    bytes
}

fn two() -> Vec<Raw> {
    vec![Raw::of("manifest.json", b"{}"), Raw::of("events/000000000055.json", "事件".as_bytes())]
}

#[track_caller]
fn refused(bytes: &[u8], kind: FlawKind, says: &str) -> Flaw {
    let flaw = read(bytes).expect_err("it is refused");
    assert_eq!(flaw.kind, kind, "{flaw:?}");
    assert!(flaw.words.en.contains(says), "{:?} does not say {says:?}", flaw.words.en);
    assert!(!flaw.words.zh.is_ascii(), "{:?} is not Chinese", flaw.words.zh);
    flaw
}

#[test]
fn the_archive_is_the_one_that_the_format_lays_out() {
    let members = [Member::new("manifest.json", "{}"), Member::new("events/000000000055.json", "事件")];
    let written = write(&members).unwrap();
    assert_eq!(written, raw(&two()));
    assert_eq!(read(&written).unwrap(), members);
    assert_eq!(read(&write(&[]).unwrap()).unwrap(), []);
}

#[test]
fn no_byte_of_an_archive_can_be_changed_left_out_or_added() {
    let whole = raw(&two());
    for at in 0..whole.len() {
        for flip in [0x01, 0x80] {
            let mut changed = whole.clone();
            changed[at] ^= flip;
            if let Ok(members) = read(&changed) {
                panic!("byte {at} changed by {flip:#x} is not noticed: {members:?}");
            }
        }
        let mut shorter = whole.clone();
        shorter.remove(at);
        assert!(read(&shorter).is_err(), "byte {at} left out is not noticed");
        let mut longer = whole.clone();
        longer.insert(at, 0);
        assert!(read(&longer).is_err(), "a byte put in at {at} is not noticed");
    }
    for (before, after) in [(&b"#!/bin/sh\n"[..], &b""[..]), (b"", b"more")] {
        assert!(read(&[before, &whole, after].concat()).is_err());
    }
}

#[test]
fn what_is_no_archive_is_told_apart() {
    for bytes in [&b""[..], b"{}", &[0; 4_096], b"PK\x03\x04"] {
        refused(bytes, FlawKind::File, "cannot be read as a bundle");
    }
}

#[test]
fn names_that_lead_elsewhere_are_refused() {
    let long = "a".repeat(NAME_BYTES_MAX + 1);
    for name in [
        "../manifest.json",
        "events/../../etc/passwd",
        "/etc/passwd",
        "a//b",
        "a/./b",
        "..",
        ".",
        "...",
        "",
        "a/",
        "C:\\boot.ini",
        "a\\b",
        "C:x",
        "a:stream",
        "a b",
        "a\0b",
        "a\nb",
        "ａ",
        "~root",
        "$HOME",
        "a%2e%2e",
        "-|x",
        &long,
    ] {
        let mut entries = two();
        entries[1].name = name.as_bytes().to_vec();
        refused(&raw(&entries), FlawKind::Unsafe, "names are of letters, digits");
    }
    let mut entries = two();
    entries[1].name = vec![0xff, 0xfe];
    refused(&raw(&entries), FlawKind::Unsafe, "names are of letters, digits");
}

#[test]
fn two_members_of_one_name_are_refused() {
    let mut entries = two();
    entries.push(Raw::of("manifest.json", b"[]"));
    refused(&raw(&entries), FlawKind::Unsafe, "the same name");
}

#[test]
fn links_folders_and_devices_are_refused() {
    for mode in [0o120_777_u32, 0o040_755, 0o020_666, 0o060_666, 0o010_644] {
        let mut entries = two();
        entries[1].attributes = mode << 16;
        refused(&raw(&entries), FlawKind::Unsafe, "not a plain file");
    }
}

#[test]
fn a_packed_member_is_refused_and_never_unpacked() {
    // A thousand bytes that claim to become four thousand million, in every method there is a number for.
    for method in [1, 6, 8, 9, 12, 14, 93, 95, 98, 99, 1_000] {
        let mut entries = two();
        entries[1] = Raw::of("bomb", &[0; 1_000]);
        entries[1].method = method;
        entries[1].sizes.1 = u32::MAX - 1;
        let flaw = read(&raw(&entries)).expect_err("it is refused");
        assert!(matches!(flaw.kind, FlawKind::Unsafe | FlawKind::File), "{method}: {flaw:?}");
    }
    let mut entries = two();
    entries[1].method = 8;
    refused(&raw(&entries), FlawKind::Unsafe, "is packed");
}

#[test]
fn an_encrypted_member_is_refused() {
    let mut entries = two();
    entries[1].flags = 1;
    refused(&raw(&entries), FlawKind::Unsafe, "is encrypted");
}

#[test]
fn sizes_that_are_not_so_are_refused() {
    let mut entries = two();
    entries[1].sizes.1 += 1;
    refused(&raw(&entries), FlawKind::Unsafe, "another size");
    let mut entries = two();
    entries[1].sizes = (u32::MAX - 1, u32::MAX - 1);
    refused(&raw(&entries), FlawKind::Unsafe, "more than");
}

#[test]
fn members_that_share_their_bytes_are_refused() {
    // Every further entry claims the bytes of the first: kept as they are, yet larger than the file.
    let mut entries = vec![Raw::of("m0", &[7; 50_000])];
    for n in 1..20 {
        let mut again = Raw::of(&format!("m{n:01}"), &[7; 50_000]);
        again.offset = Some(0);
        entries.push(again);
    }
    refused(&raw(&entries), FlawKind::Unsafe, "overlap");
    // Two that are within the file's size together.
    let mut entries = two();
    entries.push(Raw::of("m", "事件".as_bytes()));
    entries[2].offset = Some(45);
    refused(&raw(&entries), FlawKind::Unsafe, "overlap");
}

#[test]
fn more_than_the_limits_is_refused_before_it_is_read() {
    let beyond = vec![0; usize::try_from(BUNDLE_BYTES_MAX).unwrap() + 1];
    refused(&beyond, FlawKind::Unsafe, "no bundle is that large");
    let large = Raw::of("large", &vec![0; usize::try_from(MEMBER_BYTES_MAX).unwrap() + 1]);
    refused(&raw(&[large]), FlawKind::Unsafe, "large has more than");
    let many: Vec<_> = (0..=MEMBERS_MAX).map(|n| Raw::of(&format!("m{n}"), b"")).collect();
    refused(&raw(&many), FlawKind::Unsafe, "are more than");
}
