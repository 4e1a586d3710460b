//! Whether a bundle holds: by itself, with the public key of its ledger.

use super::archive::{self, Member};
use super::manifest::{Entry, FORMAT, Listed, Manifest, VERSION, VERSION_OPENED, digest};
use super::{CHECKPOINT, KEY, MANIFEST, NOTE, OPENED, event_name, opened, proof_name, signed_as};
use accord_domain::words;
use accord_store::merkle::hex;
use accord_store::merkle::note::{Checkpoint, NoteError, Proof, SignedNote, VerifierKey};
use accord_store::merkle::{Hash, leaf_hash, root_of_path};
use accord_store::verify::{Flaw, FlawKind};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use std::collections::BTreeMap;

/// A bundle that was read, and what was found.
#[derive(Clone, PartialEq, Debug)]
pub struct Checked {
    /// What it says of itself.
    pub manifest: Manifest,
    /// The public key in it.
    pub key: VerifierKey,
    /// The checkpoint in it, as text.
    pub checkpoint: String,
    /// Every event of which the bytes are there: position, leaf and audit path.
    pub proofs: Vec<(Hash, Proof)>,
    /// How many events are withheld.
    pub withheld: usize,
    /// How many values about persons are opened in it.
    pub opened: usize,
}

/// What is wrong with a bundle.
pub type Findings = Vec<Flaw>;

/// The members of the manifest that every version has.
#[derive(Deserialize)]
struct Claim {
    format: String,
    version: u32,
}

/// The members of an event that are compared with the manifest.
#[derive(Deserialize)]
struct Event {
    id: uuid::Uuid,
    subject: String,
    #[serde(rename = "type")]
    kind: String,
    version: u32,
}

/// Checks a bundle. `key` is the public key of the ledger as it was got by another way; without it the key in the bundle
/// is taken, which shows that the bundle agrees with itself and not whose it is.
///
/// # Errors
/// What does not hold, what stands before the rest first.
pub fn check(bytes: &[u8], key: Option<&VerifierKey>) -> Result<Checked, Findings> {
    let members = archive::read(bytes).map_err(|flaw| vec![flaw])?;
    let bundle: Contents<'_> =
        members.iter().map(|member| (&*member.name, &*member.bytes)).collect::<BTreeMap<_, _>>().into();
    let (manifest, own_key) = bundle.head(key).map_err(|flaw| vec![flaw])?;
    let mut flaws = Vec::new();
    bundle.listed(&members, &manifest, &mut flaws);
    if !flaws.is_empty() {
        return Err(flaws);
    }
    let (checkpoint, tree) = bundle.checkpoint(&own_key, &manifest).map_err(|flaw| vec![flaw])?;
    let mut proofs = Vec::new();
    let mut withheld = 0;
    for (index, entry) in manifest.events.iter().enumerate() {
        match bundle.event(index, entry, &manifest, &tree, &checkpoint) {
            Ok((leaf, proof)) if entry.file.is_some() => proofs.push((leaf, proof)),
            Ok(_) => withheld += 1,
            Err(flaw) => flaws.push(flaw),
        }
    }
    let opened = bundle.opened(&manifest).map_err(|flaw| flaws.push(flaw)).unwrap_or_default();
    if flaws.is_empty() {
        Ok(Checked { manifest, key: own_key, checkpoint, proofs, withheld, opened })
    } else {
        Err(flaws)
    }
}

/// The members by name.
struct Contents<'a>(BTreeMap<&'a str, &'a [u8]>);

impl<'a> From<BTreeMap<&'a str, &'a [u8]>> for Contents<'a> {
    fn from(members: BTreeMap<&'a str, &'a [u8]>) -> Self {
        Self(members)
    }
}

impl<'a> Contents<'a> {
    fn get(&self, name: &str) -> Result<&'a [u8], Flaw> {
        self.0.get(name).copied().ok_or_else(|| missing(name))
    }

    fn text(&self, name: &str) -> Result<&'a str, Flaw> {
        std::str::from_utf8(self.get(name)?).map_err(|_| form(name))
    }

    /// Whose it is: version, key, signature on the manifest.
    fn head(&self, given: Option<&VerifierKey>) -> Result<(Manifest, VerifierKey), Flaw> {
        let bytes = self.get(MANIFEST)?;
        let claim: Claim = serde_json::from_slice(bytes).map_err(|_| form(MANIFEST))?;
        if claim.format != FORMAT {
            return Err(form(MANIFEST));
        }
        if ![VERSION, VERSION_OPENED].contains(&claim.version) {
            let found = claim.version;
            return Err(Flaw::of(
                FlawKind::UnknownVersion,
                words!(
                    "unknown version: the bundle is of version {found}, this program checks versions up to {VERSION_OPENED}: use a newer one",
                    "版本未知：证据包为第 {found} 版，本程序最高只能核对第 {VERSION_OPENED} 版：请使用更新的程序"
                ),
            ));
        }
        let own = VerifierKey::parse(self.text(KEY)?).map_err(|_| form(KEY))?;
        if let Some(given) = given.filter(|given| **given != own) {
            let (own, given) = (own.label(), given.label());
            return Err(Flaw::of(
                FlawKind::Foreign,
                words!(
                    "foreign key: the bundle is signed by {own}, the key to check with is {given}",
                    "外来密钥：证据包由 {own} 签名，而核对所用公钥为 {given}"
                ),
            ));
        }
        self.signature(bytes, claim.version, &own)?;
        let manifest: Manifest = serde_json::from_slice(bytes).map_err(|_| form(MANIFEST))?;
        Ok((manifest, own))
    }

    /// The ledger signed this manifest.
    fn signature(&self, manifest: &[u8], version: u32, key: &VerifierKey) -> Result<(), Flaw> {
        let note = SignedNote::parse(self.text(NOTE)?).map_err(|_| form(NOTE))?;
        note.verify(key).map_err(|error| unsigned(NOTE, &error))?;
        if note.text() == format!("{}\n{}\n", signed_as(version), STANDARD.encode(digest(manifest))) {
            return Ok(());
        }
        Err(Flaw::of(
            FlawKind::Signature,
            words!(
                "{MANIFEST} is not the one the ledger signed: it was altered",
                "{MANIFEST} 不是账本签名的那一份：被改动"
            ),
        ))
    }

    /// The checkpoint is of this ledger, signed, and the tree the manifest speaks of.
    fn checkpoint(&self, key: &VerifierKey, manifest: &Manifest) -> Result<(String, Checkpoint), Flaw> {
        let text = self.text(CHECKPOINT)?;
        let note = SignedNote::parse(text).map_err(|_| form(CHECKPOINT))?;
        note.verify(key).map_err(|error| unsigned(CHECKPOINT, &error))?;
        let tree = Checkpoint::parse(note.text()).map_err(|_| form(CHECKPOINT))?;
        if tree.origin != key.name() || manifest.ledger != key.name() {
            let (origin, name) = (&tree.origin, key.name());
            return Err(Flaw::of(
                FlawKind::Foreign,
                words!(
                    "the bundle is of another ledger, {origin}; the key is of {name}",
                    "证据包属于另一账本 {origin}；所用公钥属于 {name}"
                ),
            ));
        }
        if manifest.tree.size != tree.size.to_string() || manifest.tree.root != hex(&tree.root) {
            return Err(Flaw::of(
                FlawKind::Tree,
                words!(
                    "the checkpoint is not of the tree that the manifest names",
                    "检查点与清单所称的树不符"
                ),
            ));
        }
        Ok((text.to_owned(), tree))
    }

    /// Every member that the manifest lists is there as listed, in order, and no other.
    fn listed(&self, members: &[Member], manifest: &Manifest, flaws: &mut Findings) {
        for listed in &manifest.members {
            match self.0.get(&*listed.name) {
                None => flaws.push(missing(&listed.name)),
                Some(bytes) if Listed::of(&listed.name, bytes) != *listed => {
                    let name = &listed.name;
                    flaws.push(Flaw::of(
                        FlawKind::Altered,
                        words!(
                            "altered: {name} does not have the SHA-256 that the manifest lists",
                            "被改动：{name} 的 SHA-256 与清单不符"
                        ),
                    ));
                }
                Some(_) => {}
            }
        }
        let known = [MANIFEST, NOTE].into_iter().chain(manifest.members.iter().map(|listed| &*listed.name));
        let known: Vec<&str> = known.collect();
        for member in members.iter().filter(|member| !known.contains(&&*member.name)) {
            let name = &member.name;
            flaws.push(Flaw::of(
                FlawKind::Foreign,
                words!("put in: {name} is not in the manifest", "外加内容：{name} 不在清单中"),
            ));
        }
        if flaws.is_empty() && !members.iter().map(|member| &*member.name).eq(known) {
            flaws.push(Flaw::of(
                FlawKind::Order,
                words!("the members are not in the order of the manifest", "成员次序与清单不同"),
            ));
        }
    }

    /// Personal data is opened where the version says so and nowhere else, and each value is the one sealed there.
    fn opened(&self, manifest: &Manifest) -> Result<usize, Flaw> {
        if manifest.version == VERSION {
            return if self.0.contains_key(OPENED) { Err(form(OPENED)) } else { Ok(0) };
        }
        let body = |position: &str| self.0.get(&*event_name(position.parse().ok()?)).copied();
        opened::check(self.get(OPENED)?, manifest, body)
    }

    /// An event is the one at its place of this subject's history, and in the tree.
    fn event(
        &self,
        index: usize,
        entry: &Entry,
        manifest: &Manifest,
        tree: &Checkpoint,
        checkpoint: &str,
    ) -> Result<(Hash, Proof), Flaw> {
        let said = |what: &str| {
            Flaw::of(
                FlawKind::Altered,
                words!(
                    "event {index} of the manifest: {what} is not of its form",
                    "清单第 {index} 个事件：{what} 格式不符"
                ),
            )
        };
        let position: u64 = entry.position.parse().map_err(|_| said("position"))?;
        let leaf = entry.hash().ok_or_else(|| said("leaf"))?;
        if entry.version as usize != index {
            return Err(Flaw::at(
                position,
                FlawKind::Missing,
                words!(
                    "position {position}: version {index} of the subject's history is missing",
                    "位置 {position}：缺少该主体历史的第 {index} 个事件"
                ),
            ));
        }
        if entry.file.is_some() == entry.withheld {
            return Err(said("withheld"));
        }
        if let Some(file) = &entry.file {
            if *file != event_name(position) {
                return Err(said("file"));
            }
            self.bytes_are(self.get(file)?, position, &leaf, entry, manifest)?;
        }
        if entry.proof != proof_name(position) {
            return Err(said("proof"));
        }
        let text = self.text(&entry.proof)?;
        let proof = Proof::parse(text).map_err(|_| form(&entry.proof))?;
        let leads = proof.index == position
            && proof.checkpoint == checkpoint
            && root_of_path(&leaf, position, tree.size, &proof.path) == Some(tree.root);
        if leads {
            return Ok((leaf, proof));
        }
        Err(Flaw::at(
            position,
            FlawKind::Tree,
            words!(
                "position {position}: the proof does not lead from the event to the signed root",
                "位置 {position}：证明不能由该事件推出已签名的根"
            ),
        ))
    }

    /// The bytes of an event hash to its leaf, and say what the manifest says of them.
    fn bytes_are(
        &self,
        bytes: &[u8],
        position: u64,
        leaf: &Hash,
        entry: &Entry,
        manifest: &Manifest,
    ) -> Result<(), Flaw> {
        if leaf_hash(bytes) != *leaf {
            return Err(Flaw::at(
                position,
                FlawKind::Altered,
                words!(
                    "position {position}: altered: the bytes do not hash to the leaf",
                    "位置 {position}：被改动：字节的哈希与叶不符"
                ),
            ));
        }
        let event: Option<Event> = serde_json::from_slice(bytes).ok();
        let fits = event.is_some_and(|event| {
            accord_store::ids::position_of(event.id) == position
                && event.version == entry.version
                && event.subject == manifest.subject.code
                && event.kind.split('.').next() == Some(&manifest.subject.kind)
        });
        if fits {
            return Ok(());
        }
        Err(Flaw::at(
            position,
            FlawKind::Moved,
            words!(
                "position {position}: the event is of another place or another subject",
                "位置 {position}：该事件属于其他位置或其他主体"
            ),
        ))
    }
}

fn missing(name: &str) -> Flaw {
    Flaw::of(FlawKind::Missing, words!("missing: {name} is not in the bundle", "缺失：证据包中没有 {name}"))
}

fn form(name: &str) -> Flaw {
    Flaw::of(FlawKind::Altered, words!("altered: {name} is not of its form", "被改动：{name} 格式不符"))
}

fn unsigned(name: &str, error: &NoteError) -> Flaw {
    match error {
        NoteError::Form { .. } => form(name),
        NoteError::ForeignKey { wanted, .. } => Flaw::of(
            FlawKind::Foreign,
            words!("foreign key: {name} is {error}", "外来密钥：{name} 不是由 {wanted} 签名的"),
        ),
        NoteError::Signature { .. } => Flaw::of(
            FlawKind::Signature,
            words!("{name} was altered: {error}", "{name} 被改动：签名与内容不符"),
        ),
    }
}
