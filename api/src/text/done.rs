//! The answer to a command, for people.

use super::due::due;
use super::reason;
use super::show::show;
use super::words::noticed;
use crate::answers::{Done, Lang};

/// What was recorded, what stands now, and the receipt.
#[must_use]
pub fn done(done: &Done, lang: Lang) -> String {
    let mut out = String::from(lang.of_two("已记录\n", "Recorded\n"));
    for event in &done.events {
        reason(&event.reason, lang, &mut out);
    }
    due(&done.obligations, lang, &mut out);
    for finding in &done.findings {
        out.push_str(&format!("  {} {}\n", lang.of_two("注意", "noticed"), noticed(finding, lang)));
    }
    out.push_str(&format!(
        "  {} {} {} · {} {}\n\n",
        lang.of_two("回执", "receipt"),
        lang.of_two("位置", "position"),
        done.receipt.position,
        lang.of_two("叶哈希", "leaf hash"),
        done.receipt.leaf
    ));
    out.push_str(&show(&done.status, lang));
    out
}
