//! What an institution's acts do, told as histories.

mod admission;
mod agreement;
mod any_order;
mod audits;
mod conduct;
mod law;
mod measures;
mod money;
mod others;
mod probation;
mod reviews;
mod scenarios;
mod suspension;
mod termination;

use crate::testing::{Act, Story, act};
use serde_json::{Value, json};

const HOSPITAL: &str = "H37010200001";
const PHARMACY: &str = "P43050300012";
const AREA: &str = "370100";

/// A signing for a term, of `basic` alone unless other lines are named.
fn sign(day: &str, from: &str, until: &str, lines: &[&str]) -> Act {
    sign_in(AREA, day, from, until, lines)
}

fn sign_in(area: &str, day: &str, from: &str, until: &str, lines: &[&str]) -> Act {
    act(
        "institution.sign-agreement",
        day,
        json!({ "area": area, "lines": lines, "name": "甲医院", "from": from, "until": until, "ownership": "private" }),
    )
}

fn suspend(day: &str, data: Value) -> Act {
    in_area("institution.suspend-agreement", day, data)
}

fn terminate(day: &str, reason: &str) -> Act {
    in_area("institution.terminate-agreement", day, json!({ "ground": "查实", "reason_class": reason }))
}

/// An act with the area filled in, and a ground where it wants one.
fn in_area(command: &str, day: &str, mut data: Value) -> Act {
    data["area"] = json!(AREA);
    if command == "institution.suspend-agreement" {
        data["ground"] = json!("agreement-breach");
    }
    act(command, day, data)
}

/// A hospital designated for the year 2024, before there was any probation.
fn hospital() -> Story {
    Story::of(HOSPITAL).given(sign("2024-01-01", "2024-01-01", "2025-01-01", &["basic"]))
}

/// A hospital first designated on 2025-09-01 for a year, so in probation until 2026-03-01.
fn newcomer() -> Story {
    Story::of(HOSPITAL).given(sign("2025-09-01", "2025-09-01", "2026-09-01", &["basic"]))
}

fn basic(story: &Story, at: &str) -> String {
    story.value("agreement/370100/basic", at)
}
