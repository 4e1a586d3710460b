use super::*;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proptest::prelude::*;

const LEDGER: Uuid = Uuid::from_u128(0x0198_0000_0000_7000_8000_0000_0000_0001);
const STREAM: &str = "practitioner-D510105000123";

fn vault(dir: &Path) -> Vault {
    Vault::new(dir, LEDGER, Use::ReadWrite)
}

fn wanted(stream: &str, values: &[(PersonalKind, &str)]) -> Vec<Wanted> {
    let values = values.iter().map(|(kind, text)| (*kind, Zeroizing::new((*text).to_owned()))).collect();
    vec![Wanted { stream: stream.to_owned(), values }]
}

fn place(version: u32, pointer: &str) -> Place<'_> {
    Place { ledger: LEDGER, stream: STREAM, version, pointer }
}

fn key(vault: &Vault, stream: &str) -> Arc<SubjectKey> {
    match vault.key(stream).unwrap() {
        Held::Key(key) => key,
        held @ (Held::Nothing | Held::Destroyed) => panic!("{held:?}"),
    }
}

/// Every byte under a directory.
fn bytes_of(dir: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap().map(Result::unwrap) {
        match entry.path() {
            path if path.is_dir() => bytes.extend(bytes_of(&path)),
            path => bytes.extend(std::fs::read(path).unwrap()),
        }
    }
    bytes
}

fn contains(all: &[u8], part: &[u8]) -> bool {
    all.windows(part.len()).any(|window| window == part)
}

#[test]
fn a_key_outlives_the_process_and_its_wrapping_is_bound_to_ledger_and_subject() {
    let dir = tempfile::tempdir().unwrap();
    let first = vault(dir.path());
    assert!(matches!(first.key(STREAM).unwrap(), Held::Nothing));
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0, "nothing is made before it is needed");
    first.prepare(&wanted(STREAM, &[])).unwrap();
    let sealed = key(&first, STREAM).seal(&place(0, "/data/name"), PersonalKind::Name, "张三");
    drop(first);
    let again = vault(dir.path());
    assert_eq!(**key(&again, STREAM).open(&place(0, "/data/name"), &sealed).as_ref().unwrap(), "张三");
    drop(again);
    let db = rusqlite::Connection::open(Vault::path(dir.path())).unwrap();
    db.execute("UPDATE subjects SET stream = 'practitioner-D510105000124'", []).unwrap();
    drop(db);
    let moved = vault(dir.path()).key("practitioner-D510105000124");
    assert!(matches!(moved, Err(VaultError::Damaged { .. })), "{moved:?}");
    let foreign = Vault::new(dir.path(), Uuid::from_u128(7), Use::ReadWrite).key(STREAM);
    assert!(matches!(foreign, Err(VaultError::Foreign { .. })), "{foreign:?}");
}

const NUMBER: &str = "11010519491231002X";
const SITE: &str = "institution-H51010500001";

#[test]
fn the_same_identity_number_leads_from_one_subject_to_the_others_and_a_name_does_not() {
    let dir = tempfile::tempdir().unwrap();
    let vault = vault(dir.path());
    let named = [(PersonalKind::Name, "张三"), (PersonalKind::IdentityNumber, NUMBER)];
    vault.prepare(&wanted(STREAM, &named)).unwrap();
    // Whoever is named by a number is found by it, however it is written; of a name no more is known than before.
    let by_number = [(PersonalKind::Name, " 11010519491231002x"), (PersonalKind::Name, "李四")];
    vault.prepare(&wanted(SITE, &by_number)).unwrap();
    vault.prepare(&wanted("institution-H51010500002", &[(PersonalKind::Name, "张三")])).unwrap();
    let mark = |stream: &str| key(&vault, stream).mark(PersonalKind::IdentityNumber, NUMBER);
    let found = Number { mark: mark(STREAM), elsewhere: vec![(SITE.to_owned(), mark(SITE))] };
    assert_eq!(vault.numbers(STREAM).unwrap(), [found]);
    assert_ne!(mark(STREAM), mark(SITE), "each subject has its own mark");
    vault.destroy(SITE).unwrap();
    assert!(vault.numbers(STREAM).unwrap()[0].elsewhere.is_empty());
    vault.destroy(STREAM).unwrap();
    assert!(vault.numbers(STREAM).unwrap().is_empty());
}

#[test]
fn keys_of_the_first_form_are_taken_over_and_know_no_numbers_until_they_are_brought_again() {
    let dir = tempfile::tempdir().unwrap();
    let number = [(PersonalKind::IdentityNumber, NUMBER)];
    let old = vault(dir.path());
    old.prepare(&wanted(STREAM, &number)).unwrap();
    let sealed = key(&old, STREAM).seal(&place(0, "/data/name"), PersonalKind::Name, "张三");
    drop(old);
    let db = rusqlite::Connection::open(Vault::path(dir.path())).unwrap();
    db.execute_batch("DROP TABLE numbers; PRAGMA user_version = 1").unwrap();
    drop(db);
    let reader = Vault::new(dir.path(), LEDGER, Use::ReadOnly);
    assert!(reader.numbers(STREAM).unwrap().is_empty());
    assert_eq!(reader.find(PersonalKind::IdentityNumber, NUMBER).unwrap(), [STREAM]);
    drop(reader);
    let again = vault(dir.path());
    assert_eq!(**key(&again, STREAM).open(&place(0, "/data/name"), &sealed).as_ref().unwrap(), "张三");
    assert!(again.numbers(STREAM).unwrap().is_empty());
    again.prepare(&wanted(STREAM, &number)).unwrap();
    assert_eq!(again.numbers(STREAM).unwrap().len(), 1);
}

#[cfg(unix)]
#[test]
fn only_the_owner_can_look_into_the_keys() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let vault = vault(dir.path());
    vault.prepare(&wanted(STREAM, &[])).unwrap();
    for name in ["personal.db", "personal.db-wal", "keys/personal.key"] {
        let about = std::fs::metadata(dir.path().join(name)).unwrap();
        assert_eq!(about.permissions().mode() & 0o777, 0o600, "{name}");
    }
}

#[test]
fn a_lost_key_of_the_ledger_is_never_replaced_unseen() {
    let dir = tempfile::tempdir().unwrap();
    vault(dir.path()).prepare(&wanted(STREAM, &[])).unwrap();
    std::fs::remove_file(dir.path().join("keys/personal.key")).unwrap();
    let lost = vault(dir.path()).prepare(&wanted("practitioner-D510105000124", &[]));
    assert!(matches!(lost, Err(VaultError::Key(KeyError::Missing { .. }))), "{lost:?}");
}

#[test]
fn a_value_opens_at_its_place_and_nowhere_else() {
    let dir = tempfile::tempdir().unwrap();
    let vault = vault(dir.path());
    vault.prepare(&wanted(STREAM, &[])).unwrap();
    vault.prepare(&wanted("practitioner-D510105000124", &[])).unwrap();
    let own = key(&vault, STREAM);
    let at = place(3, "/data/name");
    let sealed = own.seal(&at, PersonalKind::Name, "张三");
    assert_eq!(**own.open(&at, &sealed).as_ref().unwrap(), "张三");
    assert_eq!(own.open(&place(4, "/data/name"), &sealed), Err(NotOpened), "another event");
    assert_eq!(own.open(&place(3, "/data/phone"), &sealed), Err(NotOpened), "another field");
    let elsewhere = Place { stream: "practitioner-D510105000124", ..at };
    assert_eq!(own.open(&elsewhere, &sealed), Err(NotOpened), "another subject");
    let elsewhere = Place { ledger: Uuid::from_u128(7), ..at };
    assert_eq!(own.open(&elsewhere, &sealed), Err(NotOpened), "another ledger");
    let other = key(&vault, "practitioner-D510105000124");
    assert_eq!(other.open(&at, &sealed), Err(NotOpened), "another key");
    for index in 0..sealed.sealed.len() {
        let mut text = sealed.sealed.to_string().into_bytes();
        text[index] = if text[index] == b'A' { b'B' } else { b'A' };
        let changed = accord_domain::personal::Sealed {
            mark: sealed.mark,
            sealed: String::from_utf8(text).unwrap().into(),
        };
        assert_eq!(own.open(&at, &changed), Err(NotOpened), "character {index}");
    }
}

#[test]
fn a_mark_tells_values_of_one_subject_apart_and_nothing_across_subjects() {
    let dir = tempfile::tempdir().unwrap();
    let vault = vault(dir.path());
    vault.prepare(&wanted(STREAM, &[])).unwrap();
    vault.prepare(&wanted("practitioner-D510105000124", &[])).unwrap();
    let own = key(&vault, STREAM);
    let here = own.seal(&place(0, "/data/name"), PersonalKind::Name, "张三");
    let there = own.seal(&place(1, "/data/to"), PersonalKind::Name, "张 三");
    assert_eq!(here, there, "the same value at another place");
    assert_ne!(here.sealed, there.sealed, "but not the same bytes");
    assert_ne!(here, own.seal(&place(0, "/data/name"), PersonalKind::Name, "李四"));
    let other = key(&vault, "practitioner-D510105000124");
    assert_ne!(here, other.seal(&place(0, "/data/name"), PersonalKind::Name, "张三"));
}

#[test]
fn a_subject_is_found_by_what_was_said_of_it_until_its_key_is_destroyed() {
    let dir = tempfile::tempdir().unwrap();
    let vault = vault(dir.path());
    let institution = "institution-H51010500001";
    vault.prepare(&wanted(STREAM, &[(PersonalKind::IdentityNumber, "11010519491231002X")])).unwrap();
    vault.prepare(&wanted(institution, &[(PersonalKind::Name, "11010519491231002x")])).unwrap();
    let found = vault.find(PersonalKind::IdentityNumber, "11010519491231002x").unwrap();
    assert_eq!(found, [institution, STREAM], "a name given as an identity number is one");
    assert_eq!(vault.related(institution).unwrap(), [STREAM]);
    assert!(vault.find(PersonalKind::Phone, "11010519491231002X").unwrap().is_empty());
    let all = bytes_of(dir.path());
    assert!(!contains(&all, b"11010519491231002X"));
    vault.destroy(STREAM).unwrap();
    assert_eq!(vault.find(PersonalKind::IdentityNumber, "11010519491231002X").unwrap(), [institution]);
}

#[test]
fn a_destroyed_key_is_gone_from_memory_and_from_every_file_and_none_is_made_again() {
    let dir = tempfile::tempdir().unwrap();
    let vault = vault(dir.path());
    for number in 0..300 {
        vault
            .prepare(&wanted(&format!("practitioner-D{number:012}"), &[(PersonalKind::Name, "张三")]))
            .unwrap();
    }
    let stream = "practitioner-D000000000150";
    let db = rusqlite::Connection::open(Vault::path(dir.path())).unwrap();
    let wrapped: Vec<u8> =
        db.query_row("SELECT wrapped FROM subjects WHERE stream = ?1", [stream], |row| row.get(0)).unwrap();
    drop(db);
    assert!(contains(&bytes_of(dir.path()), &wrapped[..40]));
    vault.begin_erasure(stream).unwrap();
    assert_eq!(vault.unfinished().unwrap(), [stream]);
    vault.destroy(stream).unwrap();
    assert!(matches!(vault.key(stream).unwrap(), Held::Destroyed));
    assert!(!contains(&bytes_of(dir.path()), &wrapped[..40]), "a piece of the wrapped key is left");
    assert!(vault.unfinished().unwrap().is_empty());
    vault.prepare(&wanted(stream, &[(PersonalKind::Name, "张三")])).unwrap();
    assert!(matches!(vault.key(stream).unwrap(), Held::Destroyed));
    vault.destroy(stream).unwrap();
    assert!(matches!(vault.key(stream).unwrap(), Held::Destroyed), "twice is once");
    key(&vault, "practitioner-D000000000151");
}

#[test]
fn an_erasure_begun_and_not_recorded_leaves_the_key() {
    let dir = tempfile::tempdir().unwrap();
    let vault = vault(dir.path());
    vault.begin_erasure(STREAM).unwrap();
    vault.keep(STREAM).unwrap();
    vault.prepare(&wanted(STREAM, &[])).unwrap();
    let before = key(&vault, STREAM);
    vault.begin_erasure(STREAM).unwrap();
    vault.keep(STREAM).unwrap();
    let sealed = before.seal(&place(0, "/data/name"), PersonalKind::Name, "张三");
    assert!(key(&vault, STREAM).open(&place(0, "/data/name"), &sealed).is_ok());
}

#[test]
fn a_rehearsal_keeps_no_key() {
    let dir = tempfile::tempdir().unwrap();
    let rehearsal = Vault::new(dir.path(), LEDGER, Use::Rehearsal);
    rehearsal.prepare(&wanted(STREAM, &[(PersonalKind::Name, "张三")])).unwrap();
    key(&rehearsal, STREAM);
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}

/// The example in `docs/reference/format.md`: made with other code, from the words there.
#[test]
fn the_sums_are_those_of_the_format() {
    let mut bytes = Zeroizing::new([0_u8; SECRET_BYTES]);
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::try_from(at).unwrap();
    }
    let own = SubjectKey(Secret::new(bytes));
    let sealed = own.seal(&place(0, "/data/name"), PersonalKind::Name, "张三");
    assert_eq!(sealed.mark.as_str(), "-OCR3NFQoYKMOP10N-g-iA");
    assert_eq!(&*sealed.sealed, "hHQechYXYaQmVFo95tohjcp3g3RlBwHT8Xk842QlfLb87MkVzKIWghl5pa3aDw");
    let alone = own.key_of(&place(0, "/data/name"), &sealed).unwrap();
    assert_eq!(&**alone.text(), "Jip_9d9Ho7CHxi2AQeZqYj8eNtR9RUOXiLS5uW6GexI");
}

proptest! {
    #[test]
    fn whatever_is_sealed_is_opened_and_only_there(
        text in "\\PC{1,60}", version in 0_u32..5, other in 0_u32..5, pointer in "/data/[a-z_/0-9]{1,12}",
    ) {
        let own = SubjectKey(Secret::new(Zeroizing::new([7; SECRET_BYTES])));
        let sealed = own.seal(&place(version, &pointer), PersonalKind::Other, &text);
        let opened = own.open(&place(other, &pointer), &sealed);
        prop_assert_eq!(opened.ok().map(|text| text.to_string()), (version == other).then_some(text));
    }
}

#[test]
fn the_key_of_a_value_opens_that_value_at_its_place_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let vault = vault(dir.path());
    vault.prepare(&wanted(STREAM, &[])).unwrap();
    let own = key(&vault, STREAM);
    let at = place(3, "/data/name");
    let texts = ["张三", "李四", "", "一个很长很长的姓名，比一块还长，比两块也还要长得多得多"];
    let sealed: Vec<_> = texts.iter().map(|text| own.seal(&at, PersonalKind::Name, text)).collect();
    let keys: Vec<_> = sealed.iter().map(|sealed| own.key_of(&at, sealed).unwrap()).collect();
    for (of, key) in keys.iter().enumerate() {
        for (at_text, value) in sealed.iter().enumerate() {
            let opened = key.open(&at, value);
            assert_eq!(opened.is_ok(), of == at_text, "{of} {at_text}");
            assert!(opened.is_err() || *opened.unwrap() == texts[of]);
        }
        assert_eq!(key.open(&place(4, "/data/name"), &sealed[of]), Err(NotOpened), "another event");
        assert_eq!(key.open(&place(3, "/data/phone"), &sealed[of]), Err(NotOpened), "another field");
        let text = key.text();
        assert_eq!((text.len(), ValueKey::parse(&text).as_ref()), (43, Some(key)));
        // It is no key of the subject: neither half of it stands in it.
        let bytes = URL_SAFE_NO_PAD.decode(&*text).unwrap();
        assert!(!contains(own.0.bytes(), &bytes) && !format!("{key:?}").contains(&**text));
    }
    assert_eq!(
        keys.iter().map(|key| key.text().to_string()).collect::<std::collections::HashSet<_>>().len(),
        4
    );
    assert!(own.key_of(&place(4, "/data/name"), &sealed[0]).is_none(), "no key for what does not open there");
    for wrong in ["", "AAAA", &format!("{}A", *keys[0].text()), &keys[0].text().replacen(|_| true, "*", 1)] {
        assert!(ValueKey::parse(wrong).is_none(), "{wrong:?}");
    }
}

/// The example of draft-irtf-cfrg-xchacha-03 §2.2.1 shows that the key of a value is HChaCha20 and no sum of our own.
#[test]
fn the_key_of_a_value_is_hchacha20() {
    let mut bytes = Zeroizing::new([0; SECRET_BYTES]);
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = at as u8;
    }
    let secret = Secret::new(bytes);
    let nonce = [0, 0, 0, 9, 0, 0, 0, 0x4a, 0, 0, 0, 0, 0x31, 0x41, 0x59, 0x27];
    let made = URL_SAFE_NO_PAD.decode(&*secret.of_nonce(&nonce).unwrap().text()).unwrap();
    let hex: String = made.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, "82413b4227b27bfed30e42508a877d73a0f9e4d58a74a853c12ec41326d3ecdc");
}
