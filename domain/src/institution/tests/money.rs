use super::{HOSPITAL, PHARMACY, hospital, in_area};
use crate::obligation::{ObligationKind, ObligationState};
use crate::testing::{Act, Outcome, Story, act};
use serde_json::{Value, json};

fn fine(data: Value) -> Outcome {
    Story::of(HOSPITAL).when(act("institution.impose-fine", "2022-04-18", data).by("bureau"))
}

/// The published fine: twice 19,157,462.10 yuan reported by the hospital itself, five times 4,186,147.54 yuan found.
fn two_portions() -> Value {
    json!({
        "article": "40", "amount_fen": 5_924_566_190_i64, "base_fen": 2_334_360_964_i64,
        "portions": [
            { "base_fen": 1_915_746_210_i64, "multiple_tenths": 20, "amount_fen": 3_831_492_420_i64 },
            { "base_fen": 418_614_754_i64, "multiple_tenths": 50, "amount_fen": 2_093_073_770_i64 }
        ]
    })
}

#[test]
fn refusals_speak_of_yuan_of_multiples_and_of_acts_by_their_names() {
    let told = |refused: crate::Rejection| (refused.message.zh, refused.message.en);
    let sum = json!({ "article": "40", "base_fen": 1_000_000, "multiple_tenths": 25, "amount_fen": 9 });
    assert_eq!(
        told(fine(sum).refused("sums-disagree")),
        (
            "¥10,000.00 的 2.5 倍为 ¥25,000.00，而非 ¥0.09".into(),
            "2.5 times ¥10,000.00 are ¥25,000.00, not ¥0.09".into()
        )
    );
    let often = json!({ "article": "40", "base_fen": 100, "multiple_tenths": 60, "amount_fen": 600 });
    assert_eq!(
        told(fine(often).refused("out-of-range")),
        ("罚款应为损失金额的 2 倍以上 5 倍以下".into(), "the fine is 2 to 5 times the loss".into())
    );
    let by_agency = Story::of(HOSPITAL).when(act("institution.impose-fine", "2022-04-18", json!({})));
    assert_eq!(
        told(by_agency.refused("wrong-authority")).0,
        "罚款（institution.impose-fine）不由医保经办机构作出"
    );
}

#[test]
fn a_fine_in_portions_with_different_multiples_adds_up() {
    assert!(fine(two_portions()).findings().is_empty());
    let mut wrong = two_portions();
    wrong["amount_fen"] = json!(5_924_566_191_i64);
    let allowed = fine(wrong).refused("sums-disagree").allowed.unwrap();
    assert_eq!(allowed["amount_fen"], "5924566190");
    let mut wrong = two_portions();
    wrong["portions"][1]["amount_fen"] = json!(2_093_073_760_i64);
    fine(wrong).refused("sums-disagree");
    let mut wrong = two_portions();
    wrong["portions"][0]["multiple_tenths"] = json!(19);
    fine(wrong).refused("sums-disagree");
    let mut wrong = two_portions();
    wrong["multiple_tenths"] = json!(20);
    fine(wrong).refused("multiple-with-portions");
}

#[test]
fn multiples_lie_in_the_range_of_the_article() {
    let by = |article: &str, tenths: u32| {
        let amount = 10_000 * i64::from(tenths) / 10;
        fine(
            json!({ "article": article, "base_fen": 10_000, "multiple_tenths": tenths, "amount_fen": amount }),
        )
    };
    for (article, least, most) in [("38", 10, 20), ("40", 20, 50)] {
        by(article, least).accepted();
        by(article, most).accepted();
        let allowed = by(article, least - 1).refused("out-of-range").allowed.unwrap();
        assert_eq!(allowed["multiple_tenths"], json!({ "min": least, "max": most }));
        by(article, most + 1).refused("out-of-range");
    }
}

#[test]
fn the_range_is_that_of_the_article_however_it_is_written() {
    let by = |article: &str| {
        fine(json!({ "article": article, "base_fen": 1_000, "multiple_tenths": 50, "amount_fen": 5_000 }))
    };
    for article in ["38(1)", "第三十八条", "第38条第一款"] {
        assert_eq!(by(article).refused("out-of-range").rule.unwrap().id, "R-016".into());
    }
    by("40(1)").accepted();
    // What names no one article has no range, as before.
    assert_eq!(by("38、40").findings(), ["no-range-for-the-fine"]);
}

#[test]
fn without_a_multiple_the_sum_itself_is_checked() {
    let fine_of = |amount: i64| fine(json!({ "article": "38", "base_fen": 9_900, "amount_fen": amount }));
    fine_of(9_900).accepted();
    fine_of(19_800).accepted();
    fine_of(9_898).refused("out-of-range");
    fine_of(19_802).refused("out-of-range");
}

#[test]
fn article_39_is_a_sum_and_not_a_multiple() {
    let sum = |amount: i64| fine(json!({ "article": "39", "amount_fen": amount }));
    sum(1_000_000).accepted();
    sum(5_000_000).accepted();
    let refused = sum(999_999).refused("out-of-range");
    assert_eq!(refused.rule.unwrap().id, "R-018".into());
    sum(5_000_001).refused("out-of-range");
    fine(json!({ "article": "39", "multiple_tenths": 10, "base_fen": 1_000_000, "amount_fen": 1_000_000 }))
        .refused("out-of-range");
}

#[test]
fn sums_are_positive_and_huge_ones_do_not_overflow() {
    fine(json!({ "amount_fen": 0 })).refused("out-of-range");
    fine(json!({ "amount_fen": -1 })).refused("out-of-range");
    let most = crate::limits::MONEY_FEN_MAX;
    fine(json!({ "article": "38", "base_fen": most, "multiple_tenths": u32::MAX, "amount_fen": most }))
        .refused("sums-disagree");
    let deny = act("institution.deny-payment", "2024-03-01", json!({ "amount_fen": -5 }));
    hospital().when(deny).refused("out-of-range");
    let coefficient = in_area("institution.adjust-coefficient", "2024-03-01", json!({ "coefficient_bp": 0 }));
    hospital().when(coefficient).refused("out-of-range");
}

#[test]
fn what_the_source_does_not_say_is_noticed_unless_explained() {
    assert_eq!(fine(json!({})).findings(), ["no-range-for-the-fine", "amount-not-stated"]);
    let charge = act("institution.charge-damages", "2024-03-01", json!({ "amount_fen": null }));
    assert_eq!(hospital().when(charge.clone()).findings(), ["amount-not-stated"]);
    let explained = charge.unknown("/data/amount_fen", "公告未载明");
    assert!(hospital().when(explained).findings().is_empty());
}

/// Costs of a month, declared.
fn declares(code: &str, day: &str) -> Story {
    let data =
        json!({ "area": "370100", "amount_fen": 8_000_000, "from": "2025-08-01", "until": "2025-09-01" });
    Story::of(code).given(act("institution.declare-settlement", day, data).by("institution"))
}

fn pays(day: &str, complete: bool) -> Act {
    act(
        "institution.pay-settlement",
        day,
        json!({ "declaration": "@0", "amount_fen": 7_950_000, "complete": complete }),
    )
}

#[test]
fn what_is_declared_is_paid_by_the_thirtieth_working_day() {
    let story = declares(HOSPITAL, "2025-09-28");
    let due = |story: &Story, day: &str| story.obligations_of(ObligationKind::PaySettlement, day);
    let open = due(&story, "2025-11-14");
    assert_eq!(open.len(), 1);
    assert_eq!(open[0].due, Some(crate::history::at("2025-11-14")), "{:?}", open[0].sum);
    assert_eq!(open[0].state, ObligationState::Open);
    let rule = open[0].rule.clone().unwrap();
    assert!(&*rule.id == "R-121" && !rule.confidence.is_verified(), "from memory, and every answer says so");
    assert_eq!(due(&story, "2025-11-15")[0].state, ObligationState::Late);
    let part = story.clone().given(pays("2025-11-10", false));
    assert_eq!(due(&part, "2025-11-15")[0].state, ObligationState::Late, "a part is not all of it");
    let paid = part.given(pays("2025-11-14", true));
    assert_eq!(due(&paid, "2025-11-15")[0].state, ObligationState::Met);
    let annul =
        act("institution.annul", "2025-11-20", json!({ "event": "@2", "scope": "from_start" })).by("bureau");
    assert_eq!(due(&paid.given(annul), "2025-11-21")[0].state, ObligationState::Late);
}

#[test]
fn a_pharmacy_is_paid_in_time_and_no_day_is_made_up() {
    let story = declares(PHARMACY, "2025-09-28");
    let open = story.obligations_of(ObligationKind::PaySettlement, "2026-05-01");
    assert_eq!((open[0].due, open[0].state), (None, ObligationState::Open));
    assert_eq!(&*open[0].rule.clone().unwrap().id, "R-002");
}

#[test]
fn only_a_declaration_that_stands_is_paid() {
    let story = declares(HOSPITAL, "2025-09-28");
    story.clone().when(pays("2025-09-27", true)).refused("wrong-event");
    story.clone().when(pays("2025-10-10", true).by("institution")).refused("wrong-authority");
    let payment = json!({ "declaration": "@1", "amount_fen": 1, "complete": true });
    let twice = story.given(pays("2025-10-10", true));
    twice.when(act("institution.pay-settlement", "2025-10-11", payment)).refused("wrong-event");
    let ends_first =
        json!({ "area": "370100", "amount_fen": 1, "from": "2025-09-01", "until": "2025-08-01" });
    let asked = act("institution.declare-settlement", "2025-09-28", ends_first).by("institution");
    Story::of(HOSPITAL).when(asked).refused("empty-period");
}

#[test]
fn a_penalty_long_after_the_act_is_noticed() {
    let found = |act_to: Option<&str>| {
        let mut data = json!({ "article": "39", "amount_fen": 2_000_000 });
        if let Some(act_to) = act_to {
            data["act_to"] = json!(act_to);
        }
        let story = hospital().when(act("institution.impose-fine", "2024-06-01", data).by("bureau"));
        story.findings().into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(found(Some("2022-06-01")), ["limitation-to-examine"], "two years to the day");
    assert!(found(Some("2022-06-02")).is_empty());
    assert!(found(None).is_empty(), "nobody says when the act was");
    let order = json!({ "department": "骨科", "until": "2025-01-01", "act_to": "2021-06-01" });
    let ordered = hospital().when(act("institution.order-department", "2024-06-01", order).by("bureau"));
    assert!(ordered.findings().contains(&"limitation-to-examine"));
}

#[test]
fn a_fine_to_be_paid_says_what_each_day_late_adds() {
    let data = json!({ "article": "39", "amount_fen": 1_980_050 });
    let story = hospital().given(act("institution.impose-fine", "2024-06-01", data).by("bureau"));
    let sum = &story.obligations_of(ObligationKind::PayFine, "2024-06-02")[0].sum;
    assert!(sum.zh.starts_with("罚款 ¥19,800.50；逾期每日加处 3%，不超过罚款数额："), "{}", sum.zh);
    assert!(
        sum.en.starts_with("¥19,800.50; each day late adds 3 % of it, up to as much again: "),
        "{}",
        sum.en
    );
    let unknown = act("institution.impose-fine", "2024-06-01", json!({ "article": "39" })).by("bureau");
    let story = hospital().given(unknown.unknown("/data/amount_fen", "来源未载明"));
    let sum = &story.obligations_of(ObligationKind::PayFine, "2024-06-02")[0].sum;
    assert!(sum.en.starts_with("the fine is to be paid"), "{}", sum.en);
}
