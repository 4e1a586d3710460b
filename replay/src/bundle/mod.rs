//! Evidence bundles: what was in force and what was known on a day, in a file that a stranger can check offline.
//!
//! A bundle is a zip of plain members. The manifest lists every other member with size and hash, and the ledger signs the
//! manifest; every event comes with its exact bytes, or withheld with its leaf hash alone, and with the proof that leads
//! to the root of one signed checkpoint. [`seal`] makes one, [`check`] tells whether one holds; docs/reference/format.md
//! has every byte. Nothing of a bundle is ever run or written to disk here.

mod archive;
mod check;
pub mod limits;
mod manifest;
mod opened;
#[cfg(test)]
mod tests;

pub use archive::{Member, read, write};
pub use check::{Checked, Findings, check};
pub use manifest::{
    About, Coordinates, Custody, Entry, Environment, FORMAT, Listed, Manifest, Tree, VERSION, VERSION_OPENED,
};
pub use opened::{OpenedValue, document as opened_document};

use accord_store::keys::Signer;
use manifest::digest;

/// The manifest.
pub const MANIFEST: &str = "manifest.json";
/// The ledger's signature on the manifest.
pub const NOTE: &str = "manifest.note";
/// The checkpoint that all proofs lead to.
pub const CHECKPOINT: &str = "checkpoint.txt";
/// The public key that checkpoint and manifest are signed with.
pub const KEY: &str = "checkpoint.pub";

/// The personal data opened, with a key for each value: in bundles of version 2 and no other.
pub const OPENED: &str = "opened.json";

/// What the signature on a manifest says it is: the first line of the note.
#[must_use]
pub fn signed_as(version: u32) -> String {
    format!("{FORMAT}/{version}")
}

/// Where the bytes of the event at a position are.
#[must_use]
pub fn event_name(position: u64) -> String {
    format!("events/{position:012}.json")
}

/// Where the proof of the event at a position is.
#[must_use]
pub fn proof_name(position: u64) -> String {
    format!("proofs/{position:012}.tlog-proof")
}

/// Puts a bundle together: sorts the members by name, lists them in the manifest, signs it. Key and checkpoint are among
/// the members given; `members` of the manifest is filled in here. The same input gives the same bytes.
///
/// # Errors
/// When two members have the same name.
pub fn seal(mut manifest: Manifest, mut members: Vec<Member>, signer: &Signer) -> std::io::Result<Vec<u8>> {
    members.sort_by(|a, b| a.name.cmp(&b.name));
    manifest.members = members.iter().map(|member| Listed::of(&member.name, &member.bytes)).collect();
    let bytes = manifest.bytes()?;
    let note = signer.attest(&signed_as(manifest.version), digest(&bytes));
    members.insert(0, Member::new(MANIFEST, bytes));
    members.insert(1, Member::new(NOTE, note));
    archive::write(&members).map_err(std::io::Error::from)
}
