//! Measures that answer conduct of an earlier day: which agreement and which version of the law bind.

use super::{AREA, HOSPITAL, sign, sign_in};
use crate::event::{EventData, Finding};
use crate::history::at;
use crate::institution::InstitutionEvent as E;
use crate::institution::facts::{BarTerms, Termination};
use crate::rulebook::Rulebook;
use crate::testing::{Act, Outcome, Story, act};
use crate::time::Instant;
use crate::track::BarClass;
use proptest::prelude::*;
use serde_json::{Value, json};

/// Years of agreements: 2020 signed, 2021 to 2024 by renewal, none in 2025, signed again for 2026.
fn years() -> Story {
    let renew = act("institution.renew", "2020-12-20", json!({ "area": AREA, "until": "2025-01-01" }));
    Story::of(HOSPITAL)
        .given(sign("2020-01-01", "2020-01-01", "2021-01-01", &["basic"]))
        .given(renew)
        .given(sign("2026-01-01", "2026-01-01", "2027-01-01", &["basic", "internet"]))
}

/// One of the six agreement measures, on a day, for conduct.
fn measure(name: &str, day: &str, conduct: Value) -> Act {
    let mut data = conduct;
    data["area"] = json!(AREA);
    match name {
        "terminate-agreement" => {
            data["ground"] = json!("查实");
            data["reason_class"] = json!("breach");
        }
        "suspend-agreement" | "hold-settlement" => data["ground"] = json!("查实"),
        _ => data["amount_fen"] = json!(9_900),
    }
    act(&format!("institution.{name}"), day, data)
}

const MEASURES: [&str; 6] = [
    "suspend-agreement",
    "terminate-agreement",
    "hold-settlement",
    "deny-payment",
    "recover-funds",
    "charge-damages",
];

/// What an event says of the conduct: begin, end, and the agreement that bound.
fn told(data: &EventData) -> (Option<Instant>, Option<Instant>, Option<String>) {
    let EventData::Institution(facts) = data else { panic!("{data:?}") };
    let name = |bound: &Option<crate::event::EventRef>| bound.as_ref().map(|bound| bound.0.to_string());
    match facts {
        E::AgreementSuspended(data) => (data.act_from, data.act_to, name(&data.bound_by)),
        E::AgreementTerminated(data) => (data.act_from, data.act_to, name(&data.bound_by)),
        E::SettlementHeld(data) => (data.act_from, data.act_to, name(&data.bound_by)),
        E::PaymentDenied(data) | E::FundsRecovered(data) | E::LiquidatedDamagesCharged(data) => {
            (data.act_from, data.act_to, name(&data.bound_by))
        }
        other => panic!("{other:?}"),
    }
}

fn bound_by(outcome: &Outcome) -> Option<String> {
    told(&outcome.accepted()[0].data).2
}

fn terminated(outcome: &Outcome) -> &Termination {
    match &outcome.accepted()[0].data {
        EventData::Institution(E::AgreementTerminated(data)) => data,
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_agreement_measure_names_the_agreement_in_force_at_the_time_of_the_conduct() {
    for name in MEASURES {
        let outcome = years().when(measure(
            name,
            "2026-06-01",
            json!({ "act_from": "2020-03-01", "act_to": "2020-06-01" }),
        ));
        let data = &outcome.accepted()[0].data;
        let signed = Some("institution-H37010200001@0".to_owned());
        assert_eq!(told(data), (Some(at("2020-03-01")), Some(at("2020-06-01")), signed), "{name}");
        // The renewal of 2021 binds what was done under it, and conduct that went on into it.
        for conduct in
            [json!({ "act_from": "2023-05-01" }), json!({ "act_from": "2020-03-01", "act_to": "2021-03-01" })]
        {
            let renewed = years().when(measure(name, "2026-06-01", conduct));
            assert_eq!(bound_by(&renewed).as_deref(), Some("institution-H37010200001@1"), "{name}");
        }
        // Conduct that outlasted the agreement is bound by it.
        let over = years().when(measure(
            name,
            "2026-06-01",
            json!({ "act_from": "2024-11-01", "act_to": "2025-02-01" }),
        ));
        assert_eq!(bound_by(&over).as_deref(), Some("institution-H37010200001@1"), "{name}");
        let silent = years().when(measure(name, "2026-06-01", json!({})));
        assert_eq!(told(&silent.accepted()[0].data), (None, None, None), "{name}");
    }
}

#[test]
fn conduct_under_no_agreement_or_after_the_decision_is_refused_with_what_would_be_right() {
    for name in MEASURES {
        for day in ["2019-12-31", "2025-06-01"] {
            let refused = years()
                .when(measure(name, "2026-06-01", json!({ "act_to": day })))
                .refused("no-agreement-at-the-act");
            let allowed = refused.allowed.unwrap();
            assert_eq!(allowed["act_to"][0]["from"], json!(at("2020-01-01")), "{name}");
            assert!(refused.message.en.contains(day) && refused.message.zh.contains(day), "{name}");
        }
        let refused = years()
            .when(measure(name, "2026-06-01", json!({ "act_from": "2026-06-02" })))
            .refused("act-after-decision");
        assert_eq!(refused.allowed.unwrap(), json!({ "act_from": { "max": at("2026-06-01") } }), "{name}");
        // The decision is of the day it was made, not of the day from which it holds.
        let decided = measure(name, "2026-06-01", json!({ "act_from": "2026-05-20" }));
        years().when(decided.with("decided_at", json!("2026-05-01"))).refused("act-after-decision");
        let backwards = json!({ "act_from": "2026-05-02", "act_to": "2026-05-01" });
        let refused = years().when(measure(name, "2026-06-01", backwards)).refused("ends-before-it-begins");
        assert_eq!(refused.allowed.unwrap(), json!({ "act_to": { "min": at("2026-05-02") } }), "{name}");
    }
}

#[test]
fn the_line_named_binds_before_basic_and_basic_where_the_line_came_later() {
    let suspend = |day: &str| {
        let data = json!({ "area": AREA, "line": "internet", "ground": "查实", "act_from": day });
        let story = years().given(act(
            "institution.sign-agreement",
            "2026-03-01",
            json!({ "area": AREA, "lines": ["dual_channel"], "from": "2026-03-01", "until": "2027-01-01" }),
        ));
        bound_by(&story.when(act("institution.suspend-agreement", "2026-06-01", data)))
    };
    assert_eq!(suspend("2026-02-01").as_deref(), Some("institution-H37010200001@2"));
    assert_eq!(suspend("2024-02-01").as_deref(), Some("institution-H37010200001@1"));
    let data = json!({ "area": AREA, "line": "dual_channel", "ground": "查实", "act_from": "2026-04-01" });
    let story = years().given(act(
        "institution.sign-agreement",
        "2026-03-01",
        json!({ "area": AREA, "lines": ["dual_channel"], "from": "2026-03-01", "until": "2027-01-01" }),
    ));
    let version = story.events().last().unwrap().version;
    let own = story.when(act("institution.suspend-agreement", "2026-06-01", data));
    assert_eq!(bound_by(&own), Some(format!("institution-H37010200001@{version}")));
}

#[test]
fn without_an_area_the_agreement_at_home_with_the_one_who_acts_binds_else_the_first_in_force() {
    let story = Story::of(HOSPITAL)
        .given(sign("2024-01-01", "2024-01-01", "2027-01-01", &["basic"]))
        .given(sign_in("430500", "2025-01-01", "2025-01-01", "2027-01-01", &["basic"]));
    let held = |day: &str, own: &str| {
        let data = json!({ "ground": "查实", "act_from": day });
        bound_by(&story.clone().when(act("institution.hold-settlement", "2026-01-01", data).of_area(own)))
    };
    assert_eq!(held("2025-06-01", "430500").as_deref(), Some("institution-H37010200001@1"));
    assert_eq!(held("2024-06-01", "430500").as_deref(), Some("institution-H37010200001@0"));
    assert_eq!(held("2025-06-01", "370100").as_deref(), Some("institution-H37010200001@0"));
}

#[test]
fn an_agreement_taken_over_later_whose_begin_nobody_tells_may_have_bound() {
    let taking_over = act(
        "institution.sign-agreement",
        "2025-03-01",
        json!({ "area": AREA, "lines": ["basic"], "until": "2027-01-01" }),
    );
    let taken = Story::of(HOSPITAL).given(taking_over.unknown("/data/from", "通报未载明"));
    let outcome =
        taken.clone().when(measure("terminate-agreement", "2025-06-01", json!({ "act_to": "2020-06-01" })));
    assert_eq!(bound_by(&outcome), None);
    assert_eq!(outcome.findings(), ["law-of-the-act", "agreement-of-the-act-unknown"]);
    let class = terminated(&outcome).bar.as_ref().map(|bar| bar.class);
    assert_eq!(class, Some(BarClass::Terminated2018), "the law of the day is known all the same");
    let attested =
        taken.when(measure("terminate-agreement", "2025-06-01", json!({ "act_to": "2025-04-01" })));
    assert_eq!(bound_by(&attested).as_deref(), Some("institution-H37010200001@0"));
}

#[test]
fn what_a_bureau_orders_does_not_rest_on_the_agreement() {
    let data = json!({ "area": AREA, "amount_fen": 9_900, "act_to": "2019-06-01" });
    let recovered = years().when(act("institution.recover-funds", "2026-06-01", data).by("bureau"));
    assert_eq!(bound_by(&recovered), None);
    assert!(recovered.findings().is_empty());
}

#[test]
fn an_agreement_annulled_from_the_start_bound_nobody() {
    let annul = act("institution.annul", "2021-02-01", json!({ "event": "@0", "scope": "from_start" }));
    let story = years().given(annul.by("bureau"));
    story
        .when(measure("deny-payment", "2026-06-01", json!({ "act_to": "2020-06-01" })))
        .refused("no-agreement-at-the-act");
}

/// Until 2021-01-31 one flat bar of three years (医保办发〔2018〕21号), since then one year for a breach (令2).
#[test]
fn the_bar_is_that_of_the_law_at_the_time_of_the_conduct() {
    let ended = |conduct: Value| years().when(measure("terminate-agreement", "2026-06-01", conduct));
    let bar = |class, until: &str, until_performed| BarTerms { class, until: at(until), until_performed };
    let old = ended(json!({ "act_from": "2020-03-01", "act_to": "2020-06-01" }));
    assert_eq!(terminated(&old).bar, Some(bar(BarClass::Terminated2018, "2029-06-01", false)));
    let taken = old.accepted()[0].rules[0].clone();
    assert_eq!(old.accepted()[0].findings, [Finding::new("law-of-the-act", Some(&taken))]);
    let rule = Rulebook::national().rules().iter().find(|rule| rule.id == taken).unwrap();
    assert_eq!(
        (&*rule.param, rule.until.map(Instant::words)),
        ("institution.bar.flat_years", Some("2021-02-01".to_owned()))
    );
    // Whoever applies meanwhile is told that rule.
    let barred =
        years().given(measure("terminate-agreement", "2026-06-01", json!({ "act_to": "2020-06-01" })));
    let apply = json!({ "area": AREA, "lines": ["basic"], "name": "甲医院", "opened_on": "2018-01-01", "physicians": 3 });
    let refused =
        barred.when(act("institution.apply", "2027-07-01", apply).by("institution")).refused("barred");
    assert_eq!(refused.rule.unwrap().id, taken);
    // On the day it changed, the new one.
    let new = ended(json!({ "act_from": "2020-03-01", "act_to": "2021-02-01" }));
    assert_eq!(terminated(&new).bar, Some(bar(BarClass::Breach, "2027-06-01", true)));
    assert!(new.findings().is_empty(), "the rule is that of the decision too");
    assert_eq!(terminated(&ended(json!({}))).bar, terminated(&new).bar);
}

#[test]
fn those_to_blame_are_barred_as_the_law_at_the_time_of_the_conduct_has_it() {
    let ended = |mut conduct: Value| {
        conduct["responsible"] = json!(["HY430500000001"]);
        years().when(measure("terminate-agreement", "2026-06-01", conduct))
    };
    let old = ended(json!({ "act_to": "2020-06-01" }));
    assert_eq!(terminated(&old).responsible_until, None);
    assert!(old.findings().contains(&"no-rule-for-a-bar-on-persons"));
    let new = ended(json!({ "act_to": "2022-06-01" }));
    assert_eq!(terminated(&new).responsible_until, Some(at("2031-06-01")));
}

/// A rule of each kind that changed on 2025-01-01.
fn changed() -> Rulebook {
    let rule = |param: &str, index: usize, from: &str, value: &str| {
        let until = if index == 0 { "until = \"2025-01-01\"\n" } else { "" };
        format!(
            "[[rule]]\nid = \"{param}.{index}\"\nparam = \"{param}\"\ninstrument = \"X\"\nfrom = \"{from}\"\n{until}\
             value = {value}\nconfidence = \"H\"\n"
        )
    };
    let mut text =
        "[[instrument]]\nkey = \"X\"\ntitle = \"某办法\"\nrank = \"departmental-rule\"\nconfidence = \"H\"\n"
            .to_owned();
    for (param, old, new) in [
        ("institution.bar.breach_years.medical", "2", "1"),
        ("institution.fine.art_38.multiple_tenths", "{ min = 20, max = 50 }", "{ min = 10, max = 20 }"),
        ("practitioner.band.art-38", "{ min = 7, max = 9 }", "{ min = 4, max = 6 }"),
    ] {
        text += &rule(param, 0, "2020-01-01", old);
        text += &rule(param, 1, "2025-01-01", new);
    }
    Rulebook::read(&[("x.toml", &text)]).unwrap()
}

/// The same conduct in 2024, decided on in 2025 when the law had become lighter, answered three ways.
#[test]
fn agreement_measure_points_and_penalty_for_the_same_conduct_each_find_their_own_law() {
    let conduct = json!({ "act_from": "2024-06-01", "act_to": "2024-09-01" });
    let with = |mut data: Value| {
        for (name, day) in conduct.as_object().unwrap() {
            data[name] = day.clone();
        }
        data
    };
    let hospital = || {
        Story::of(HOSPITAL).under(changed()).given(sign("2024-01-01", "2024-01-01", "2026-01-01", &["basic"]))
    };
    // The agreement measure: the law of the conduct, though that of the decision is lighter.
    let measure = hospital().when(measure("terminate-agreement", "2025-06-01", conduct.clone()));
    assert_eq!(terminated(&measure).bar.as_ref().unwrap().until, at("2027-06-01"), "two years");
    assert_eq!(measure.accepted()[0].rules, ["institution.bar.breach_years.medical.0".into()]);
    assert_eq!(measure.findings(), ["law-of-the-act"]);
    // The penalty: both versions are named, and the lighter one is kept to.
    let fine = json!({ "article": "38", "base_fen": 1_000, "multiple_tenths": 15, "amount_fen": 1_500 });
    let fine = hospital().when(act("institution.impose-fine", "2025-06-01", with(fine)).by("bureau"));
    let (old, new) =
        ("institution.fine.art_38.multiple_tenths.0", "institution.fine.art_38.multiple_tenths.1");
    assert_eq!(fine.accepted()[0].rules, [new.into(), old.into()]);
    assert_eq!(fine.accepted()[0].findings, [Finding::new("lighter-law", Some(new))]);
    // The points: the band of the day of the decision, whichever is lighter.
    let doctor = Story::of("D370100000001").under(changed()).given(act(
        "practitioner.register",
        "2024-01-01",
        json!({ "institution": HOSPITAL, "category": "doctor" }),
    ));
    let points = |points: u8| {
        with(
            json!({ "area": AREA, "behaviour": "art-38", "institution": HOSPITAL, "measure": "罚决1号", "points": points }),
        )
    };
    let deducted = doctor.clone().when(act("practitioner.deduct-points", "2025-06-01", points(5)));
    assert_eq!(deducted.accepted()[0].rules, ["practitioner.band.art-38.1".into()]);
    assert!(deducted.findings().is_empty());
    doctor.when(act("practitioner.deduct-points", "2025-06-01", points(8))).refused("outside-band");
}

proptest! {
    /// Terms one after the other with gaps, and conduct on any day: the agreement is the one whose term the day lies in.
    #[test]
    fn the_agreement_that_binds_is_the_one_whose_term_the_conduct_lies_in(
        terms in prop::collection::vec((0_i64..40, 1_i64..60), 1..5),
        day in 0_i64..400,
    ) {
        let begin = at("2021-06-01");
        let mut story = Story::of(HOSPITAL);
        let mut spans = Vec::new();
        let mut next = 0;
        for (gap, length) in terms {
            let (from, until) = (next + gap, next + gap + length);
            let on = |day: i64| begin.plus_days(day).words();
            story = story.given(sign(&on(from), &on(from), &on(until), &["basic"]));
            let version = story.events().iter().rposition(|event| {
                matches!(event.data, EventData::Institution(E::AgreementSigned(_)))
            });
            spans.push((from, until, version.unwrap()));
            next = until;
        }
        let conduct = json!({ "act_from": begin.plus_days(day).words() });
        let outcome = story.when(measure("recover-funds", "2030-01-01", conduct));
        match spans.iter().find(|(from, until, _)| (*from..*until).contains(&day)) {
            Some((.., version)) => {
                let name = format!("institution-{HOSPITAL}@{version}");
                prop_assert_eq!(bound_by(&outcome), Some(name));
            }
            None => {
                outcome.refused("no-agreement-at-the-act");
            }
        }
    }
}
