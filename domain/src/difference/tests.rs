use super::*;
use crate::history::{History, at, id};
use proptest::prelude::*;
use serde_json::json;

const SITE: &str = "H43050000001";

fn place(as_of: &str, known: usize) -> Place {
    Place { as_of: at(as_of), known }
}

/// A difference as text: field, both ends, and each step with its reason.
fn text(changes: &[Change]) -> String {
    let say = |held: &Option<Held>| match held {
        Some(held) => format!("{} [{}, {}) #{}", held.value, day(held.from), day(held.until), held.cause),
        None => "—".to_owned(),
    };
    let mut out = String::new();
    for change in changes {
        out += &format!("{}: {} → {}\n", change.field, say(&change.before), say(&change.after));
        for step in &change.steps {
            out += &format!("  {} {:?} by {:?}: {}\n", day(step.at), step.why, step.by, say(&step.after));
        }
    }
    out
}

fn day(at: Instant) -> String {
    if at == Instant::MAX { "—".to_owned() } else { at.words() }
}

/// Signed, suspended in late summer, renamed in winter, and the suspension annulled from 1 October.
fn pharmacy() -> History {
    let mut history = History::of("P43050300012");
    history
        .act(
            "sign-agreement",
            "2025-01-01",
            json!({ "area": "430500", "lines": ["basic"], "name": "甲店", "from": "2025-01-01", "until": "2026-01-01" }),
        )
        .act(
            "suspend-agreement",
            "2025-08-04",
            json!({ "area": "430500", "ground": "违约", "until": "2025-11-04" }),
        )
        .act("change-details", "2025-12-01", json!({ "what": "name", "to": "乙店" }));
    history
}

fn differ(history: &History, from: Place, to: Place) -> String {
    text(&difference(history.kind(), &history.events, from, to))
}

#[test]
fn between_two_days_every_turn_is_told_with_what_did_it() {
    let history = pharmacy();
    insta::assert_snapshot!(differ(&history, place("2025-07-01", 3), place("2025-12-31", 3)), @"
    agreement/430500/basic: in_force [2025-01-01, 2025-08-04) #0 → in_force [2025-11-04, 2026-01-01) #0
      2025-08-04 TookEffect by [1]: suspended [2025-08-04, 2025-11-04) #1
      2025-11-04 DayCame by [1]: in_force [2025-11-04, 2026-01-01) #0
    profile/name: 甲店 [2025-01-01, 2025-12-01) #0 → 乙店 [2025-12-01, —) #2
      2025-12-01 TookEffect by [2]: 乙店 [2025-12-01, —) #2
    ");
}

#[test]
fn known_then_against_known_now_names_the_record_that_changed_the_day() {
    let mut history = pharmacy();
    history.act("annul", "2025-09-20", json!({ "event": id(1), "scope": "from_start" }));
    insta::assert_snapshot!(differ(&history, place("2025-09-01", 3), place("2025-09-01", 4)), @"
    agreement/430500/basic: suspended [2025-08-04, 2025-11-04) #1 → in_force [2025-01-01, 2026-01-01) #0
      2026-07-04 BecameKnown by [3]: in_force [2025-01-01, 2026-01-01) #0
    ");
    insta::assert_snapshot!(differ(&history, place("2025-09-01", 4), place("2025-09-01", 3)), @"
    agreement/430500/basic: in_force [2025-01-01, 2026-01-01) #0 → suspended [2025-08-04, 2025-11-04) #1
      2026-07-04 NotYetKnown by [3]: suspended [2025-08-04, 2025-11-04) #1
    ");
}

#[test]
fn an_annulment_from_a_date_is_the_reason_of_the_turn_on_that_day() {
    let mut history = pharmacy();
    history.act("annul", "2025-09-20", json!({ "event": id(1), "scope": "from_date", "date": "2025-10-01" }));
    insta::assert_snapshot!(differ(&history, place("2025-09-01", 4), place("2025-10-01", 4)), @"
    agreement/430500/basic: suspended [2025-08-04, 2025-10-01) #1 → in_force [2025-10-01, 2026-01-01) #0
      2025-10-01 NoLongerHeld by [3]: in_force [2025-10-01, 2026-01-01) #0
    ");
}

#[test]
fn points_a_suspension_that_begins_later_and_the_new_year() {
    let mut history = History::of("D430500000001");
    history.act("register", "2025-01-01", json!({ "institution": SITE, "category": "doctor" })).act(
        "deduct-points",
        "2025-12-10",
        json!({ "points": 10, "behaviour": "art-40", "institution": SITE, "area": "500100",
                "measure": "罚决〔2025〕1号", "suspend_months": 2 }),
    );
    insta::assert_snapshot!(differ(&history, place("2025-12-01", 3), place("2026-03-01", 3)), @"
    qualification: normal [2025-01-01, 2025-12-10) #0 → normal [2026-02-10, —) #0
      2025-12-10 TookEffect by [2]: suspended [2025-12-10, 2026-02-10) #2
      2026-02-10 DayCame by [2]: normal [2026-02-10, —) #0
    points: — → —
      2025-12-10 TookEffect by [1]: points 10 [2025-12-10, 2026-01-01) #1
      2026-01-01 DayCame by [1]: —
    ");
}

#[test]
fn between_a_place_and_itself_nothing_differs() {
    let history = pharmacy();
    assert_eq!(differ(&history, place("2025-09-01", 3), place("2025-09-01", 3)), "");
}

proptest! {
    /// The changes applied to what stood at the first place give what stands at the second, and the steps of each lead
    /// from its one end to the other.
    #[test]
    fn changes_lead_from_the_one_place_to_the_other(
        (kind, rolls) in timeline::properties::histories(),
        (from, to) in any::<(u8, u8)>(),
        (then, now) in (0_usize..16, 0_usize..16),
    ) {
        let events = timeline::properties::events(kind, &rolls);
        let instant = timeline::properties::instant;
        let from = Place { as_of: instant(from), known: then.min(events.len()) };
        let to = Place { as_of: instant(to), known: now.min(events.len()) };
        let stands = |place: Place| standing(&pieces(kind, &events[..place.known]), place.as_of);
        let mut fields = stands(from);
        for change in difference(kind, &events, from, to) {
            prop_assert_eq!(fields.get(&change.field), change.before.as_ref());
            let last = change.steps.last().and_then(|step| step.after.clone());
            prop_assert_eq!(&change.after, &last);
            prop_assert!(change.steps.iter().all(|step| !step.by.is_empty()), "{:?}", change);
            match change.after {
                Some(after) => { fields.insert(change.field, after); }
                None => { fields.remove(&change.field); }
            }
        }
        prop_assert_eq!(fields, stands(to));
    }

    /// What a field says is what the fold says.
    #[test]
    fn the_profile_laid_out_is_that_of_the_fold((kind, rolls) in timeline::properties::histories(), on in any::<u8>()) {
        let events = timeline::properties::events(kind, &rolls);
        let on = timeline::properties::instant(on);
        let state = timeline::state_at(kind, &events, on);
        let folded: Vec<(String, String)> =
            profile::facts(&state).into_iter().map(|(name, value)| (name.to_owned(), value.into_owned())).collect();
        let mut laid: Vec<(String, String)> = standing(&profile_of(kind, &events), on)
            .into_iter()
            .map(|(field, held)| (field.to_string().replace("profile/", ""), held.value.into_string()))
            .collect();
        let mut folded = folded;
        folded.sort();
        laid.sort();
        prop_assert_eq!(laid, folded);
    }
}

fn profile_of(kind: SubjectKind, events: &[Event]) -> Pieces {
    super::profile(kind, events)
}
