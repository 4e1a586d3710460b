//! The archive: a zip whose bytes follow from its members, and a reader that takes no other.
//!
//! Members are kept as they are, so nothing is ever unpacked, and what a member may weigh is bounded by the file. The
//! reader first looks at what the archive claims, then reads, then writes the same members again: whatever is in the file
//! besides them (a second header, a comment, bytes before or between) makes a difference and is refused.

use super::limits::{BUNDLE_BYTES_MAX, MEMBER_BYTES_MAX, MEMBERS_MAX, NAME_BYTES_MAX};
use accord_domain::words;
use accord_store::verify::{Flaw, FlawKind};
use std::io::{Cursor, Read, Write};
use zip::read::ZipArchive;
use zip::result::ZipResult;
use zip::write::{SimpleFileOptions, ZipWriter};
use zip::{CompressionMethod, DateTime, System};

/// A member: name and bytes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Member {
    /// Name, with `/` between folders.
    pub name: String,
    /// What it holds.
    pub bytes: Vec<u8>,
}

impl Member {
    /// A member.
    #[must_use]
    pub fn new(name: &str, bytes: impl Into<Vec<u8>>) -> Self {
        Self { name: name.to_owned(), bytes: bytes.into() }
    }
}

/// The archive of some members, in the order given. The same members give the same bytes.
///
/// # Errors
/// When a name occurs twice.
pub fn write(members: &[Member]) -> ZipResult<Vec<u8>> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .last_modified_time(DateTime::default())
        .system(System::Unix)
        .unix_permissions(0o644);
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for member in members {
        writer.start_file(&*member.name, options)?;
        writer.write_all(&member.bytes)?;
    }
    Ok(writer.finish()?.into_inner())
}

/// Reads an archive into memory.
///
/// # Errors
/// The first thing that is not as it should be.
pub fn read(bytes: &[u8]) -> Result<Vec<Member>, Flaw> {
    if bytes.len() as u64 > BUNDLE_BYTES_MAX {
        return Err(unsafe_(words!(
            "the file has more than {BUNDLE_BYTES_MAX} bytes: no bundle is that large",
            "文件超过 {BUNDLE_BYTES_MAX} 字节：证据包不会如此大"
        )));
    }
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| {
        Flaw::of(
            FlawKind::File,
            words!(
                "the file cannot be read as a bundle (zip): {error}",
                "文件无法作为证据包（zip）读取：{error}"
            ),
        )
    })?;
    if archive.has_duplicate_names() {
        return Err(unsafe_(words!(
            "two members have the same name: what one reader sees another would not",
            "两个成员同名：不同的读取程序会看到不同内容"
        )));
    }
    if archive.len() > MEMBERS_MAX {
        let count = archive.len();
        return Err(unsafe_(words!(
            "{count} members are more than {MEMBERS_MAX}",
            "成员 {count} 个，超过 {MEMBERS_MAX} 个"
        )));
    }
    look(&mut archive, bytes.len() as u64)?;
    let mut members = Vec::with_capacity(archive.len());
    for index in 0..archive.len() {
        members.push(one(&mut archive, index)?);
    }
    if write(&members).ok().as_deref() != Some(bytes) {
        return Err(Flaw::of(
            FlawKind::Altered,
            words!(
                "altered: the archive holds bytes besides its members, or they are not laid out as format.md says",
                "被改动：压缩包中有成员以外的字节，或其排列与格式说明不符"
            ),
        ));
    }
    Ok(members)
}

type Archive<'a> = ZipArchive<Cursor<&'a [u8]>>;

/// Looks at what the archive claims, before anything of a member is read.
fn look(archive: &mut Archive<'_>, file_bytes: u64) -> Result<(), Flaw> {
    let mut total = 0_u64;
    for index in 0..archive.len() {
        let Ok(entry) = archive.by_index_data(index) else { return Err(unreadable(index)) };
        let name = name(entry.name_raw())?;
        if entry.is_symlink()
            || entry.is_dir()
            || entry.unix_mode().is_some_and(|mode| mode & 0o170_000 != 0o100_000)
        {
            return Err(unsafe_(words!(
                "{name} is not a plain file: a bundle has no links, folders or devices",
                "{name} 不是普通文件：证据包不含链接、目录或设备"
            )));
        }
        if entry.encrypted() {
            return Err(unsafe_(words!("{name} is encrypted", "{name} 已加密")));
        }
        if entry.compression() != CompressionMethod::Stored {
            return Err(unsafe_(words!(
                "{name} is packed: a bundle keeps its members as they are, and nothing is unpacked",
                "{name} 经过压缩：证据包按原样存放成员，不解压任何内容"
            )));
        }
        if entry.size() != entry.compressed_size() {
            return Err(unsafe_(words!(
                "{name} claims another size than it takes up",
                "{name} 所称大小与所占大小不同"
            )));
        }
        if entry.size() > MEMBER_BYTES_MAX {
            return Err(unsafe_(words!(
                "{name} has more than {MEMBER_BYTES_MAX} bytes",
                "{name} 超过 {MEMBER_BYTES_MAX} 字节"
            )));
        }
        total = total.saturating_add(entry.size());
    }
    // Members kept as they are cannot be more than the file, unless some of them share bytes.
    if total > file_bytes || archive.has_overlapping_entries().unwrap_or(true) {
        return Err(unsafe_(words!(
            "members overlap: the same bytes are claimed more than once",
            "成员相互重叠：同一段字节被多次引用"
        )));
    }
    Ok(())
}

/// A name that means the same everywhere and leads nowhere.
fn name(raw: &[u8]) -> Result<&str, Flaw> {
    let text = String::from_utf8_lossy(raw);
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"._-/".contains(byte);
    let leads = |part: &str| part.is_empty() || part.bytes().all(|byte| byte == b'.');
    let sound = raw.len() <= NAME_BYTES_MAX && raw.iter().all(plain) && !text.split('/').any(leads);
    if sound && let Ok(name) = std::str::from_utf8(raw) {
        return Ok(name);
    }
    let text: String = text.chars().take(NAME_BYTES_MAX).collect();
    Err(unsafe_(words!(
        "a member is called {text:?}: names are of letters, digits and . _ - / only, and lead to no other folder",
        "成员名为 {text:?}：名称只含字母、数字与 . _ - /，且不得指向其他目录"
    )))
}

fn one(archive: &mut Archive<'_>, index: usize) -> Result<Member, Flaw> {
    let (name, size) = {
        let Ok(entry) = archive.by_index_data(index) else { return Err(unreadable(index)) };
        (name(entry.name_raw())?.to_owned(), entry.size())
    };
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or_default());
    let read = archive.by_index(index).map_err(std::io::Error::from);
    match read.and_then(|file| file.take(MEMBER_BYTES_MAX).read_to_end(&mut bytes)) {
        Ok(_) => Ok(Member { name, bytes }),
        Err(_) => Err(Flaw::of(
            FlawKind::Altered,
            words!(
                "altered: {name} does not have the bytes that the archive has a checksum of",
                "被改动：{name} 的内容与压缩包中的校验和不符"
            ),
        )),
    }
}

fn unreadable(index: usize) -> Flaw {
    Flaw::of(
        FlawKind::File,
        words!("member {index} of the archive cannot be read", "压缩包第 {index} 个成员无法读取"),
    )
}

fn unsafe_(words: accord_domain::rejection::Words) -> Flaw {
    Flaw::of(FlawKind::Unsafe, words)
}
