//! Pooling areas: given, when, then.

mod work;

use crate::testing::{Act, Story, act};
use serde_json::json;
use sha2::{Digest, Sha256};

fn area() -> Story {
    Story::of("620700")
}

fn start(day: &str, data: serde_json::Value) -> Act {
    act("area.start-moratorium", day, data).by("bureau")
}

fn both() -> serde_json::Value {
    json!({ "basis_agreement": true, "ground": "强监管期间" })
}

#[test]
fn a_moratorium_stands_for_the_kinds_it_names_and_is_marked() {
    let outcome = area().when(start("2024-10-31", both()));
    assert_eq!(outcome.findings(), ["against-duty-to-accept"]);
    let story = outcome.then(&["area.moratorium-started"]);
    assert_eq!(story.standing("2024-11-01"), ["moratorium/medical on", "moratorium/pharmacy on"]);
    let end = act("area.end-moratorium", "2025-03-01", json!({ "designations": ["pharmacy"] })).by("bureau");
    let ended = story.when(end.clone()).then(&["area.moratorium-ended"]);
    assert_eq!(ended.standing("2025-03-01"), ["moratorium/medical on"]);
    ended.clone().when(end).refused("no-moratorium");
    let rest = act("area.end-moratorium", "2025-04-01", json!({})).by("bureau");
    assert!(ended.given(rest).standing("2025-04-01").is_empty());
}

#[test]
fn a_moratorium_ends_by_itself_where_its_end_is_stated() {
    let data = json!({ "basis_agreement": true, "ground": "x", "designations": ["pharmacy"], "until": "2025-01-01" });
    let story = area().given(start("2024-10-31", data));
    assert_eq!(story.standing("2024-12-31"), ["moratorium/pharmacy on"]);
    assert!(story.standing("2025-01-01").is_empty());
    assert_eq!(story.when(start("2024-11-30", both())).refused("moratorium-running").blocked_by, [0]);
    let backwards = json!({ "basis_agreement": true, "ground": "x", "until": "2024-10-01" });
    area().when(start("2024-10-31", backwards)).refused("ends-before-it-begins");
    area().when(start("2024-10-31", both()).by("institution")).refused("wrong-authority");
    area().when(act("area.end-moratorium", "2025-03-01", json!({})).by("bureau")).refused("no-moratorium");
}

#[test]
fn a_resource_plan_tells_which_steps_nobody_recorded() {
    let plan = |data| area().when(act("area.plan-resources", "2025-06-01", data).by("bureau"));
    let bare = plan(json!({ "title": "规划" }));
    assert_eq!(bare.findings(), ["departments-not-consulted", "no-provincial-review"]);
    let whole = plan(
        json!({ "title": "规划", "departments_consulted": true, "provincial_review": true, "until": "2026-06-01" }),
    );
    assert!(whole.findings().is_empty());
    let story = whole.then(&["area.resources-planned"]);
    assert_eq!(story.value("plan", "2026-05-31"), "on");
    assert_eq!(story.value("plan", "2026-06-01"), "");
}

const RULES: &str = r#"
[[instrument]]
key = "zhangye"
title = "张掖市补充规定"
rank = "normative-document"
confidence = "H"

[[rule]]
id = "zhangye-1"
param = "institution.audit.sample_percent"
instrument = "zhangye"
from = "2025-06-01"
value = 10
confidence = "H"
"#;

fn adopt(text: &str, sha256: Option<&str>) -> Act {
    let digest: String = Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    let sha256 = sha256.unwrap_or(&digest);
    act("area.adopt-rules", "2025-06-01", json!({ "name": "zhangye.toml", "sha256": sha256, "text": text }))
        .by("bureau")
}

#[test]
fn rules_are_adopted_when_text_and_digest_agree_and_the_text_can_be_read() {
    let story = area().when(adopt(RULES, None)).then(&["area.rules-adopted"]);
    assert_eq!(story.value("rules/zhangye.toml", "2025-06-01"), "on");
    area().when(adopt(RULES, Some(&"0".repeat(64)))).refused("sha256-differs");
    let broken = RULES.replace("value = 10", "value = \"ten\"");
    let refused = area().when(adopt(&broken, None)).refused("rules-unreadable");
    assert_eq!(refused.allowed.unwrap()["file"], "zhangye.toml");
    let unknown = RULES.replace("institution.audit.sample_percent", "institution.no.such");
    area().when(adopt(&unknown, None)).refused("rules-unreadable");
}

#[test]
fn rules_may_be_longer_than_other_texts() {
    let long = format!("{RULES}\n{}", "# 说明\n".repeat(2_000));
    area().when(adopt(&long, None)).then(&["area.rules-adopted"]);
}
