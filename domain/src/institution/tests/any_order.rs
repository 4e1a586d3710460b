//! Acts in any order, on any day: nothing panics, bytes come back as written, and the timeline agrees with the fold.

use super::{HOSPITAL, in_area, sign, sign_in, suspend, terminate};
use crate::testing::{Act, Story, act};
use crate::time::Instant;
use proptest::prelude::*;
use serde_json::json;

const KINDS: usize = 25;

fn day(offset: u16) -> String {
    Instant::parse("2024-01-01").unwrap().plus_days(i64::from(offset)).words()
}

/// One of the kinds of acts, on a day, with another day and an earlier event where it names such.
fn some_act(kind: usize, on: u16, later: u16, event: u8) -> Act {
    let (on, until, end, event) = (day(on), day(on + later), day(on + 2 * later), format!("@{event}"));
    let simple = |name: &str| in_area(&format!("institution.{name}"), &on, json!({}));
    match kind {
        0 => sign(&on, &on, &until, &["basic", "internet"]),
        1 => sign_in("370200", &on, &on, &until, &["basic"]),
        2 => in_area("institution.sign-agreement", &on, json!({ "lines": ["basic"] }))
            .unknown("/data/from", "?"),
        3 => in_area("institution.renew", &on, json!({ "until": until })),
        4 => in_area("institution.refuse-renewal", &on, json!({ "ground": "x" })),
        5 => simple("record-lapse"),
        6 => suspend(&on, json!({ "until": until })),
        7 => suspend(&on, json!({ "line": "internet" })),
        8 => simple("resume-agreement"),
        9 => terminate(&on, "breach").of_area("370100"),
        10 => in_area(
            "institution.terminate-agreement",
            &on,
            json!({ "line": "internet", "ground": "x", "reason_class": "other" }),
        ),
        11 => in_area("institution.withdraw", &on, json!({ "from": until })),
        12 => act("institution.hold-settlement", &on, json!({ "ground": "x" })),
        13 => {
            let outcome = if later.is_multiple_of(2) { "cleared" } else { "confirmed" };
            act("institution.release-settlement", &on, json!({ "hold": event, "outcome": outcome }))
        }
        14 => in_area("institution.extend-probation", &on, json!({ "violation": "x" })),
        15 => simple("open-cross-region"),
        16 => act("institution.settle-liability", &on, json!({ "liability": event, "performed_on": on })),
        17 if later.is_multiple_of(2) => {
            act("institution.annul", &on, json!({ "event": event, "scope": "from_start" })).by("court")
        }
        17 => {
            let data = json!({ "event": event, "scope": "from_date", "date": until });
            act("institution.annul", &on, data).by("court")
        }
        18 => in_area(
            "institution.apply",
            &on,
            json!({ "lines": ["basic"], "name": "甲", "opened_on": "2020-01-01", "physicians": 1 }),
        ),
        19 => in_area("institution.evaluate", &on, json!({ "verdict": "fail" })),
        // Signed ahead, with a gap or without, and one line by itself.
        20 => sign(&on, &until, &end, &["basic", "internet"]),
        21 => sign(&on, &until, &end, &["internet"]),
        22 => in_area("institution.resume-agreement", &on, json!({ "line": "internet" })),
        23 => act("institution.order-rectification", &on, json!({ "until": until })),
        _ => act("institution.fail-rectification", &on, json!({ "order": event })),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn any_history_reads_the_same_whole_and_folded(
        acts in prop::collection::vec((0..KINDS, 0..1_500_u16, 1..500_u16, 0..12_u8), 1..16),
        instants in prop::collection::vec(0..2_200_u16, 8),
    ) {
        let mut story = Story::of(HOSPITAL);
        for (kind, on, later, event) in acts {
            story = story.when(some_act(kind, on, later, event)).either_way();
        }
        for instant in instants {
            let instant = day(instant);
            // Compares the timeline with the state folded to the instant.
            let standing = story.standing(&instant);
            let tracks: std::collections::BTreeSet<_> =
                standing.iter().map(|line| line.split(' ').next().unwrap_or_default()).collect();
            prop_assert_eq!(tracks.len(), standing.len(), "one value a track: {:?}", standing);
            let _ = story.obligations(&instant);
        }
    }
}
