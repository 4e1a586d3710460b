//! Money facts: integers of fen, whose multiples and sums agree and lie in the article's range (令735 arts 38–40).

use super::law::Penalty;
use super::{Matter, law};
use crate::decide::{Decision, no_such_event};
use crate::event::{EventData, NewEvent};
use crate::institution::InstitutionEvent as E;
use crate::institution::facts::{
    Coefficient, Fine, Money, MoneyAct, MoneyMeasure, Portion, SettlementDeclaration, SettlementPayment,
};
use crate::rejection::Rejection;
use crate::rulebook::Rule;
use crate::timeline;
use crate::words;
use serde_json::json;

/// A multiple of 10 tenths is once the sum.
const TENTHS: i128 = 10;

/// What an article sets for a fine.
enum Range<'a> {
    /// So many tenths of the loss.
    Multiple(Penalty<'a>),
    /// So many fen.
    Fixed(Penalty<'a>),
    /// Another article, another time, or none named.
    Open,
}

/// Base, multiple and sum of a fine or of one portion, as far as stated.
#[derive(Clone, Copy)]
struct Sum {
    base: Option<i64>,
    tenths: Option<u32>,
    amount: Option<i64>,
}

impl Matter<'_> {
    /// 拒付, 追回, 违约金.
    pub(super) fn money(&self, data: &MoneyAct, facts: fn(MoneyMeasure) -> E) -> Result<Decision, Rejection> {
        positive("amount_fen", data.amount_fen)?;
        let conduct = self.conduct((data.act_from, data.act_to), data.area, None)?;
        let event = conduct.noticed(self.event(facts(MoneyMeasure {
            act_from: data.act_from,
            act_to: data.act_to,
            amount_fen: data.amount_fen,
            area: data.area,
            bound_by: conduct.bound_by.clone(),
            note: data.note.clone(),
        })));
        Ok(vec![self.sum_told(data.amount_fen, event)])
    }

    /// 预付金.
    pub(super) fn prepay(&self, data: &Money) -> Result<Decision, Rejection> {
        positive("amount_fen", data.amount_fen)?;
        Ok(vec![self.sum_told(data.amount_fen, self.event(E::Prepaid(data.clone())))])
    }

    /// 申报结算: from here the days to pay run (令2, row R-121).
    pub(super) fn declare_settlement(&self, data: &SettlementDeclaration) -> Result<Decision, Rejection> {
        positive("amount_fen", data.amount_fen)?;
        if let (Some(from), Some(until)) = (data.from, data.until) {
            self.period(from, Some(until))?;
        }
        Ok(vec![self.sum_told(data.amount_fen, self.event(E::SettlementDeclared(data.clone())))])
    }

    /// 拨付: of a declaration that stands.
    pub(super) fn pay_settlement(&self, data: &SettlementPayment) -> Result<Decision, Rejection> {
        positive("amount_fen", data.amount_fen)?;
        let known = timeline::resolve(self.context.history);
        let declared = known.iter().find(|known| known.event.id == data.declaration);
        let Some(declared) = declared else { return Err(no_such_event(data.declaration)) };
        let stands = declared.event.effective_at <= self.at && self.at < declared.void_from;
        if !stands || !matches!(declared.event.data, EventData::Institution(E::SettlementDeclared(_))) {
            let words = words!(
                "event {} is no declaration that stands",
                "事件 {} 不是有效的结算申报",
                data.declaration
            );
            return Err(Rejection::new("wrong-event", words).blocked_by(declared.event.version));
        }
        Ok(vec![self.sum_told(data.amount_fen, self.event(E::SettlementPaid(data.clone())))])
    }

    fn sum_told(&self, amount_fen: Option<i64>, event: NewEvent) -> NewEvent {
        if amount_fen.is_none() && !self.is_unknown("/data/amount_fen") {
            return event.finding("amount-not-stated", None);
        }
        event
    }

    /// 罚款, with one multiple or in portions each with its own.
    pub(super) fn fine(&self, data: &Fine) -> Result<Decision, Rejection> {
        let range = self.fine_range(data);
        if data.portions.is_empty() {
            let sum = Sum { base: data.base_fen, tenths: data.multiple_tenths, amount: data.amount_fen };
            self.sum_agrees(sum, &range)?;
        } else {
            self.portions_agree(data, &range)?;
        }
        let mut event = self.limited(self.event(E::FineImposed(data.clone())), (data.act_from, data.act_to));
        event = match range {
            Range::Multiple(penalty) | Range::Fixed(penalty) => penalty.cited(event),
            Range::Open => event.finding("no-range-for-the-fine", None),
        };
        if data.amount_fen.is_none() && !self.is_unknown("/data/amount_fen") {
            event = event.finding("amount-not-stated", None);
        }
        Ok(vec![event])
    }

    fn fine_range(&self, data: &Fine) -> Range<'_> {
        let act = (data.act_from, data.act_to);
        let set = |param| self.penalty(param, act);
        match data.article_number() {
            Some(38) => set(law::FINE_38).map(Range::Multiple),
            Some(39) => set(law::FINE_39).map(Range::Fixed),
            Some(40) => set(law::FINE_40).map(Range::Multiple),
            Some(_) | None => None,
        }
        .unwrap_or(Range::Open)
    }

    fn portions_agree(&self, data: &Fine, range: &Range<'_>) -> Result<(), Rejection> {
        if data.multiple_tenths.is_some() {
            return Err(Rejection::new(
                "multiple-with-portions",
                words!("each portion has its own multiple", "分项罚款的倍数写在各项中"),
            ));
        }
        for portion in &data.portions {
            let Portion { amount_fen, base_fen, multiple_tenths } = *portion;
            let sum = Sum { base: Some(base_fen), tenths: Some(multiple_tenths), amount: Some(amount_fen) };
            self.sum_agrees(sum, range)?;
        }
        let total =
            |part: fn(&Portion) -> i64| data.portions.iter().map(|p| i128::from(part(p))).sum::<i128>();
        let amounts = total(|portion| portion.amount_fen);
        let bases = total(|portion| portion.base_fen);
        let differs = |stated: Option<i64>, sum: i128| stated.is_some_and(|stated| i128::from(stated) != sum);
        if differs(data.amount_fen, amounts) || differs(data.base_fen, bases) {
            return Err(Rejection::new(
                "sums-disagree",
                words!(
                    "the portions add up to {0} on {1}",
                    "各分项合计罚款 {0}，基数 {1}",
                    words::yuan(amounts),
                    words::yuan(bases)
                ),
            )
            .allowed(
                json!({ "amount_fen": amounts.to_string(), "base_fen": bases.to_string(), "unit": "fen" }),
            ));
        }
        Ok(())
    }

    fn sum_agrees(&self, sum: Sum, range: &Range<'_>) -> Result<(), Rejection> {
        positive("amount_fen", sum.amount)?;
        positive("base_fen", sum.base)?;
        if let (Some(base), Some(tenths), Some(amount)) = (sum.base, sum.tenths, sum.amount) {
            let exact = i128::from(base) * i128::from(tenths);
            // A tenth of a multiple may leave a fraction of a fen.
            if (i128::from(amount) * TENTHS - exact).abs() >= TENTHS {
                let product = exact / TENTHS;
                let times = multiple(tenths.into());
                return Err(Rejection::new(
                    "sums-disagree",
                    words!(
                        "{times} times {0} are {1}, not {2}",
                        "{0} 的 {times} 倍为 {1}，而非 {2}",
                        words::yuan(base.into()),
                        words::yuan(product),
                        words::yuan(amount.into())
                    ),
                )
                .allowed(json!({ "amount_fen": product.to_string(), "unit": "fen" })));
            }
        }
        match *range {
            Range::Multiple(Penalty { range: (min, max), rule, .. }) => self.multiple_in(sum, min, max, rule),
            Range::Fixed(Penalty { range: (min, max), rule, .. }) => self.amount_in(sum, min, max, rule),
            Range::Open => Ok(()),
        }
    }

    fn multiple_in(&self, sum: Sum, min: i64, max: i64, rule: &Rule) -> Result<(), Rejection> {
        let inside = match sum {
            Sum { tenths: Some(tenths), .. } => (min..=max).contains(&i64::from(tenths)),
            Sum { base: Some(base), amount: Some(amount), tenths: None } => {
                let amount = i128::from(amount) * TENTHS;
                let of = |tenths: i64| i128::from(base) * i128::from(tenths);
                of(min) - TENTHS < amount && amount < of(max) + TENTHS
            }
            Sum { .. } => true,
        };
        if inside {
            return Ok(());
        }
        let refusal = Rejection::new(
            "out-of-range",
            words!(
                "the fine is {0} to {1} times the loss",
                "罚款应为损失金额的 {0} 倍以上 {1} 倍以下",
                multiple(min),
                multiple(max)
            ),
        );
        let allowed = json!({ "multiple_tenths": { "min": min, "max": max }, "unit": "tenths" });
        Err(self.under(rule, refusal).allowed(allowed))
    }

    fn amount_in(&self, sum: Sum, min: i64, max: i64, rule: &Rule) -> Result<(), Rejection> {
        if sum.tenths.is_none() && sum.amount.is_none_or(|amount| (min..=max).contains(&amount)) {
            return Ok(());
        }
        let refusal = Rejection::new(
            "out-of-range",
            words!(
                "the fine is a sum of {0} to {1}, not a multiple",
                "罚款应为 {0} 以上 {1} 以下的定额，不按倍数",
                words::yuan(min.into()),
                words::yuan(max.into())
            ),
        );
        let allowed = json!({ "amount_fen": { "min": min, "max": max }, "unit": "fen" });
        Err(self.under(rule, refusal).allowed(allowed))
    }

    /// 结算系数.
    pub(super) fn adjust_coefficient(&self, data: &Coefficient) -> Result<Decision, Rejection> {
        self.period(self.at, data.until)?;
        positive("coefficient_bp", Some(i64::from(data.coefficient_bp)))?;
        Ok(self.one(E::CoefficientAdjusted(data.clone())))
    }
}

/// How many times, of a number of tenths.
fn multiple(tenths: i64) -> String {
    words::decimal(tenths.into(), 1)
}

fn positive(field: &str, number: Option<i64>) -> Result<(), Rejection> {
    match number {
        Some(number) if number <= 0 => Err(Rejection::new(
            "out-of-range",
            words!("{field} is {number}; it is more than 0", "{field} 为 {number}，须大于 0"),
        )
        .allowed(json!({ field: { "min": 1 } }))),
        Some(_) | None => Ok(()),
    }
}
