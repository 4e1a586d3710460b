//! 记分 and 记分修复. Points accumulate over a natural year, at all sites together (rows R-310…R-357).

use super::{Case, Law, PractitionerEvent};
use crate::decide::Decision;
use crate::event::NewEvent;
use crate::id::{AreaCode, Version};
use crate::limits::POINTS_MAX;
use crate::practitioner::facts::{
    Deduction, DeductionAct, QualificationSuspension, QualificationTermination, Repair, RepairAct,
};
use crate::rejection::Rejection;
use crate::rulebook::Cited;
use crate::time::Instant;
use crate::track::BarClass;
use crate::words;
use serde_json::json;

pub(super) fn deduct(case: &Case<'_>, data: &DeductionAct) -> Result<Decision, Rejection> {
    case.decided_by_others()?;
    let decided_at = data.decided_at.or(case.command.envelope.decided_at).unwrap_or(case.at);
    let law = case.law(decided_at, Some(data.area));
    let cap = law.number("practitioner.points.cap");
    in_range(data.points, cap.as_ref())?;
    let band = band(&law, data)?;
    let year = decided_at.year();
    let before = case.state.points(year);
    let total = (before + data.points).min(POINTS_MAX);
    let consequence = consequence(case, &law, data, decided_at, total)?;

    let facts = Deduction {
        act_from: data.act_from,
        act_to: data.act_to,
        area: data.area,
        behaviour: data.behaviour.clone(),
        counted: total.saturating_sub(before),
        decided_at,
        departure_reason: data.departure_reason.clone(),
        institution: data.institution,
        measure: data.measure.clone(),
        points: data.points,
        responsibility: data.responsibility,
        single: data.single,
        total,
    };
    let mut event = case.event(PractitionerEvent::PointsDeducted(facts));
    if let Some(band) = band {
        let id = band.citation.id.clone();
        event = event.rule(&id);
        if !band.value {
            event = event.finding("band-departure", Some(&id));
        }
    }
    if let Some(cap) = cap
        && before + data.points > total
    {
        event = event.rule(&cap.citation.id);
    }
    if data.measure.is_none()
        && let Some(rule) = law.yes("practitioner.points.measure_first")
    {
        event = event.finding("no-preceding-measure", Some(rule));
    }
    if case.site(data.institution).is_none() {
        event = event.finding("not-registered-there", None);
    }
    Ok(match consequence {
        Some(Consequence::Event(then)) => vec![event, then.caused_by(0)],
        Some(Consequence::AlreadyTerminated) => vec![event.finding("already-terminated", None)],
        None => vec![event],
    })
}

/// Points of one decision: at least one, at most what a year can hold.
fn in_range(points: u8, cap: Option<&Cited<i64>>) -> Result<(), Rejection> {
    let max = cap.map_or(i64::from(POINTS_MAX), |cap| cap.value.min(i64::from(POINTS_MAX)));
    if (1..=max).contains(&i64::from(points)) {
        return Ok(());
    }
    let words = words!(
        "{points} points; one decision gives 1 to {max}",
        "记 {points} 分；单次记分应为 1 至 {max} 分"
    );
    let mut rejection = Rejection::new("out-of-range", words)
        .allowed(json!({ "field": "/data/points", "min": 1, "max": max, "unit": "points" }));
    rejection.rule = cap.map(|cap| cap.citation.clone());
    Err(rejection)
}

/// Whether the points lie inside the behaviour's band; none where the rules know no band for it. Outside it only with a
/// reason: published decisions depart from the band (row C-10), so it is validated and never derived.
fn band(law: &Law<'_>, data: &DeductionAct) -> Result<Option<Cited<bool>>, Rejection> {
    let Some(band) = law.range(&format!("practitioner.band.{}", data.behaviour)) else { return Ok(None) };
    let (min, max) = band.value;
    let inside = (min..=max).contains(&i64::from(data.points));
    if inside || data.departure_reason.is_some() {
        return Ok(Some(Cited { value: inside, citation: band.citation }));
    }
    let (points, code) = (data.points, &data.behaviour);
    let (en, zh) = crate::words::behaviour(code).map_or((&**code, &**code), |term| (term.en, term.zh));
    let words = words!(
        "{points} points lie outside the band of \"{en}\" ({code}), {min} to {max}; a departure needs `departure_reason`",
        "记 {points} 分超出“{zh}”（{code}）的记分区间 {min} 至 {max} 分；确需突破的，须填写 `departure_reason`"
    );
    Err(Rejection::new("outside-band", words)
        .rule(band.citation)
        .allowed(json!({ "field": "/data/points", "min": min, "max": max, "unit": "points" })))
}

enum Consequence {
    Event(Box<NewEvent>),
    /// The points change nothing: the qualification is terminated already.
    AlreadyTerminated,
}

/// What the rules call for at the year's new total, where they leave no choice or the command makes it.
fn consequence(
    case: &Case<'_>,
    law: &Law<'_>,
    data: &DeductionAct,
    decided_at: Instant,
    total: u8,
) -> Result<Option<Consequence>, Rejection> {
    let reached = |param| law.number(param).filter(|threshold| i64::from(total) >= threshold.value);
    let terminated = case.state.terminated(case.at).is_some();
    if let Some(threshold) = reached("practitioner.points.terminate") {
        no_months(data, total)?;
        let single = alone(law, data, &threshold)?;
        // A second bar only where it is a longer one of its own.
        if terminated && !single {
            return Ok(Some(Consequence::AlreadyTerminated));
        }
        return Ok(Some(Consequence::Event(Box::new(termination(case, law, data, &threshold, single)))));
    }
    let Some(threshold) = reached("practitioner.points.suspend") else {
        no_months(data, total)?;
        return Ok(None);
    };
    if terminated {
        return Ok(Some(Consequence::AlreadyTerminated));
    }
    suspension(case, law, data, decided_at, total, &threshold)
        .map(|event| Some(Consequence::Event(Box::new(event))))
}

/// What the command says about one decision or several, checked against the points.
fn single(data: &DeductionAct, threshold: &Cited<i64>) -> Result<Option<bool>, Rejection> {
    if data.single == Some(true) && i64::from(data.points) < threshold.value {
        let (points, least) = (data.points, threshold.value);
        let words = words!(
            "{points} points of one decision do not reach {least} by themselves",
            "单次记 {points} 分，未达到 {least} 分"
        );
        return Err(Rejection::new("not-single", words)
            .rule(threshold.citation.clone())
            .allowed(json!({ "field": "/data/single", "value": false })));
    }
    Ok(data.single)
}

/// Whether one decision alone reached the last threshold. Nothing is left to say about it: the points tell (row
/// R-333, T-03).
fn alone(law: &Law<'_>, data: &DeductionAct, threshold: &Cited<i64>) -> Result<bool, Rejection> {
    let reached = i64::from(data.points) >= threshold.value;
    if single(data, threshold)? != Some(false) || !reached {
        return Ok(reached);
    }
    let (points, least) = (data.points, threshold.value);
    let words = words!(
        "{points} points of one decision reach {least} by themselves, so they are not accumulated ones",
        "单次记 {points} 分，已达到 {least} 分，不属于累计记分"
    );
    let bar = law.number("practitioner.bar.years.single");
    Err(Rejection::new("not-accumulated", words)
        .rule(bar.map_or_else(|| threshold.citation.clone(), |bar| bar.citation))
        .allowed(json!({ "field": "/data/single", "value": true })))
}

fn termination(
    case: &Case<'_>,
    law: &Law<'_>,
    data: &DeductionAct,
    threshold: &Cited<i64>,
    single: bool,
) -> NewEvent {
    let (class, param) = if single {
        (BarClass::PointsSingle, "practitioner.bar.years.single")
    } else {
        (BarClass::PointsAccumulated, "practitioner.bar.years.accumulated")
    };
    let bar = law.number(param);
    let years = bar.as_ref().and_then(|bar| u32::try_from(bar.value).ok());
    let facts = QualificationTermination {
        barred_until: years.map(|years| case.at.plus_years(years)),
        class,
        ground: data.behaviour.clone(),
    };
    let mut event =
        case.event(PractitionerEvent::QualificationTerminated(facts)).rule(&threshold.citation.id);
    event.rules.extend(bar.map(|bar| bar.citation.id.clone()));
    event
}

fn suspension(
    case: &Case<'_>,
    law: &Law<'_>,
    data: &DeductionAct,
    decided_at: Instant,
    total: u8,
    threshold: &Cited<i64>,
) -> Result<NewEvent, Rejection> {
    let table = months_table(case, law, data, decided_at, total, threshold)?;
    let months = chosen_months(case, data, total, &table)?;
    let next_month = law.yes("practitioner.suspend.starts_next_month");
    let from = match next_month {
        Some(_) => decided_at.next_month().max(case.at),
        None => case.at,
    };
    let mut until = months.map(|months| from.plus_months(months));
    let mut cut = None;
    if law.yes("practitioner.suspend.runs_over_new_year").is_none() {
        let reset = from.next_year();
        cut = until.is_none_or(|until| reset < until).then_some("year-end");
        until = Some(until.map_or(reset, |until| until.min(reset)));
    }
    let facts = QualificationSuspension {
        from: (from != case.at).then_some(from),
        ground: Some(data.behaviour.clone()),
        until,
    };
    let mut event = case
        .event(PractitionerEvent::QualificationSuspended(facts))
        .rule(&threshold.citation.id)
        .rule(&table.citation.id);
    if months.is_none() {
        event = event.finding("suspension-end-unknown", Some(&table.citation.id));
    }
    if let Some(rule) = next_month {
        event = event.rule(rule);
    }
    if let Some(code) = cut {
        event = event.finding(code, Some("G-07"));
    }
    if case.state.suspended(from).is_some() {
        event = event.finding("suspension-running", Some("G-07"));
    }
    Ok(event)
}

/// The months open to choice at this total. Some areas tell points of one decision from accumulated ones (J-04).
fn months_table(
    case: &Case<'_>,
    law: &Law<'_>,
    data: &DeductionAct,
    decided_at: Instant,
    total: u8,
    threshold: &Cited<i64>,
) -> Result<Cited<(i64, i64)>, Rejection> {
    let accumulated = law.range(&format!("practitioner.suspend.months.{total}.accumulated"));
    let alone = law.range(&format!("practitioner.suspend.months.{total}.single"));
    let (Some(accumulated), Some(alone)) = (accumulated, alone) else {
        let words = words!(
            "no rule in force says for how long {total} points suspend; record it with `practitioner.suspend`",
            "现行规则未规定累计 {total} 分的暂停期限；请用 `practitioner.suspend` 记录"
        );
        return Err(Rejection::new("no-rule", words).rule(threshold.citation.clone()));
    };
    let could_be_single = i64::from(data.points) >= threshold.value;
    let first_of_year = case.state.points(decided_at.year()) == 0;
    match single(data, threshold)? {
        Some(true) => Ok(alone),
        Some(false) => Ok(accumulated),
        None if !could_be_single => Ok(accumulated),
        None if first_of_year || alone.value == accumulated.value => Ok(alone),
        None => {
            let words = words!(
                "in this area points of one decision and accumulated points suspend for different times, and both \
                 can be meant: say `single`",
                "本地区单次记分与累计记分的暂停期限不同，且两者均有可能：请填写 `single`"
            );
            let months = |(min, max): (i64, i64)| json!({ "min": min, "max": max, "unit": "months" });
            Err(Rejection::new("single-or-accumulated", words).rule(alone.citation).allowed(
                json!({ "field": "/data/single", "true": months(alone.value), "false": months(accumulated.value) }),
            ))
        }
    }
}

/// The months stated, or the only ones the rule allows. A choice that the rule leaves must be made in the command, unless
/// the command says why the months are not known: none then.
fn chosen_months(
    case: &Case<'_>,
    data: &DeductionAct,
    total: u8,
    table: &Cited<(i64, i64)>,
) -> Result<Option<u32>, Rejection> {
    let (min, max) = table.value;
    let (code, words) = match data.suspend_months {
        Some(months) if (min..=max).contains(&i64::from(months)) => return Ok(Some(months)),
        None if case.command.envelope.unknown.contains_key("/data/suspend_months") => return Ok(None),
        Some(months) => (
            "out-of-range",
            words!(
                "{months} months; {total} points suspend for {min} to {max} months",
                "{months} 个月；累计 {total} 分暂停 {min} 至 {max} 个月"
            ),
        ),
        None if min == max => return Ok(u32::try_from(min).ok()),
        None => (
            "choice-missing",
            words!(
                "{total} points suspend for {min} to {max} months: say how many in `suspend_months`",
                "累计 {total} 分暂停 {min} 至 {max} 个月：请在 `suspend_months` 中写明月数"
            ),
        ),
    };
    Err(Rejection::new(code, words)
        .rule(table.citation.clone())
        .allowed(json!({ "field": "/data/suspend_months", "min": min, "max": max, "unit": "months" })))
}

/// Months stated where nothing is suspended for months would be lost in silence.
fn no_months(data: &DeductionAct, total: u8) -> Result<(), Rejection> {
    if data.suspend_months.is_none() {
        return Ok(());
    }
    let words = words!(
        "the year's total is {total}, which suspends for no number of months: leave `suspend_months` out",
        "年度累计 {total} 分，不按月暂停：请勿填写 `suspend_months`"
    );
    Err(Rejection::new("months-not-meant", words)
        .allowed(json!({ "field": "/data/suspend_months", "value": null })))
}

pub(super) fn repair(case: &Case<'_>, data: &RepairAct) -> Result<Decision, Rejection> {
    case.decided_by_others()?;
    let year = case.at.year();
    let entry = case.state.year(year);
    let (total, repaired) = entry.map_or((0, 0), |entry| (entry.total, entry.repaired));
    // The rules of the place that deducted the points bind, whatever place says that it gives some back.
    let area = entry.and_then(|entry| entry.area).or(data.area).or(case.command.envelope.actor.area);
    if let (Some(named), Some(bound)) = (data.area, area)
        && !named.covers(bound)
    {
        return Err(of_another_area(named, bound, entry.map(|entry| entry.cause)));
    }
    let law = case.law(case.at, area);
    let per_activity = law.number("practitioner.repair.points_per_activity");
    let per_year = law.number("practitioner.repair.points_per_year");
    let given = i64::from(data.points);

    if data.points == 0 || data.points > total {
        let words = words!(
            "{given} points back; the year's total of {year} is {total}",
            "修复 {given} 分；{year} 年度累计 {total} 分"
        );
        let mut rejection = Rejection::new("out-of-range", words)
            .allowed(json!({ "field": "/data/points", "min": total.min(1), "max": total, "unit": "points" }));
        rejection.blocked_by.extend(entry.map(|entry| entry.cause));
        return Err(rejection);
    }
    if let Some(cap) = per_activity.as_ref().filter(|cap| given > cap.value) {
        let max = cap.value;
        let words = words!(
            "{given} points back for one activity; at most {max} in this area",
            "单次修复 {given} 分；本地区每次至多修复 {max} 分"
        );
        return Err(over_cap(words, max, cap));
    }
    if let Some(cap) = per_year.as_ref().filter(|cap| given + i64::from(repaired) > cap.value) {
        let (max, left) = (cap.value, (cap.value - i64::from(repaired)).max(0));
        let words = words!(
            "{given} points back after {repaired} in {year}; at most {max} a year in this area",
            "{year} 年度已修复 {repaired} 分，再修复 {given} 分；本地区每年至多修复 {max} 分"
        );
        return Err(over_cap(words, left, cap));
    }
    let facts = Repair {
        activity: data.activity.clone(),
        area,
        points: data.points,
        total: total - data.points,
        year,
    };
    let mut event = case.event(PractitionerEvent::PointsRepaired(facts));
    for cap in [&per_activity, &per_year].into_iter().flatten() {
        event = event.rule(&cap.citation.id);
    }
    if per_activity.is_none() && per_year.is_none() {
        event = event.finding("repair-cap-unknown", None);
    }
    // Whether the earlier decision is adjusted is for people to decide.
    if case.state.suspended(case.at).is_some()
        && let Some(rule) = law.yes("practitioner.repair.reassess")
    {
        event = event.finding("status-to-reassess", Some(rule));
    }
    Ok(vec![event])
}

/// Points are repaired by the rules of the place they were deducted in.
fn of_another_area(named: AreaCode, bound: AreaCode, cause: Option<Version>) -> Rejection {
    let words = words!(
        "the points were deducted in {bound}, whose rules of repair bind; {named} was named",
        "记分由 {bound} 作出，修复适用该地规则；所填为 {named}"
    );
    let mut rejection =
        Rejection::new("other-area", words).allowed(json!({ "field": "/data/area", "value": bound }));
    rejection.blocked_by.extend(cause);
    rejection
}

fn over_cap(words: crate::rejection::Words, max: i64, cap: &Cited<i64>) -> Rejection {
    Rejection::new("out-of-range", words)
        .rule(cap.citation.clone())
        .allowed(json!({ "field": "/data/points", "max": max, "unit": "points" }))
}
