//! Decisions about a pooling area.

use super::docket::number;
use super::facts::{
    Moratorium, MoratoriumAct, MoratoriumEnd, MoratoriumEndAct, Plan, PlanAct, RulesAct, RulesAdoption,
    WorkAct, WorkRecord,
};
use super::work::parts_of_year;
use super::{Area, AreaCommand as C, AreaEvent as E};
use crate::command::Command;
use crate::decide::{Context, Decision, ends_after, no_such_event, require_authority};
use crate::envelope::Authority;
use crate::event::{EventData, NewEvent};
use crate::id::{AreaCode, Subject};
use crate::institution::facts::InstitutionKind;
use crate::rejection::Rejection;
use crate::rulebook::Rule;
use crate::time::Instant;
use crate::track::Track;
use crate::words;
use serde_json::json;
use sha2::{Digest, Sha256};

/// The most parts that a year has.
const MONTHS: u32 = 12;

/// Decides.
pub(crate) fn decide(
    state: &Area,
    command: &Command,
    act: &C,
    context: &Context<'_>,
) -> Result<Decision, Rejection> {
    let Subject::Area(code) = &command.subject else {
        return Err(Rejection::new("wrong-subject", words!("not a pooling area", "主体不是统筹地区")));
    };
    let area = code.area();
    let event = match act {
        C::PlanResources(data) => plan(command, context, area, data)?,
        C::AdoptRules(data) => adopt(command, context, area, data)?,
        C::RecordWork(data) => work(command, context, area, data)?,
        C::StartMoratorium(data) => start(state, command, context, area, data)?,
        C::EndMoratorium(data) => end(state, command, context, area, data)?,
        // Decided in crate::decide for every kind of subject alike.
        C::Annul(data) => return Err(no_such_event(data.event)),
        C::Correct(data) => return Err(no_such_event(data.event)),
        C::CloseObligation(data) => return Err(no_such_event(data.event)),
    };
    Ok(vec![event])
}

fn event(context: &Context<'_>, facts: E) -> NewEvent {
    NewEvent::new(context.effective_at, EventData::Area(facts))
}

/// 资源配置规划: a step that nobody recorded is a finding.
fn plan(
    command: &Command,
    context: &Context<'_>,
    area: AreaCode,
    data: &PlanAct,
) -> Result<NewEvent, Rejection> {
    require_authority(command, &[Authority::Bureau])?;
    if let Some(until) = data.until {
        ends_after(until, context.effective_at)?;
    }
    let mut event = event(
        context,
        E::ResourcesPlanned(Plan {
            area,
            departments_consulted: data.departments_consulted,
            medical_max: data.medical_max,
            note: data.note.clone(),
            pharmacy_max: data.pharmacy_max,
            provincial_review: data.provincial_review,
            title: data.title.clone(),
            until: data.until,
        }),
    );
    if data.departments_consulted != Some(true) {
        event = event.finding("departments-not-consulted", Some("S0-01"));
    }
    if data.provincial_review != Some(true) {
        event = event.finding("no-provincial-review", Some("S0-01"));
    }
    Ok(event)
}

/// 采用本地规则: only text that is what its digest says and that the rulebook can read.
fn adopt(
    command: &Command,
    context: &Context<'_>,
    area: AreaCode,
    data: &RulesAct,
) -> Result<NewEvent, Rejection> {
    require_authority(command, &[Authority::Bureau, Authority::Agency])?;
    let digest: String =
        Sha256::digest(data.text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    if digest != *data.sha256 {
        let words = words!("the text's SHA-256 is {digest}", "文本的 SHA-256 为 {digest}");
        return Err(Rejection::new("sha256-differs", words).allowed(json!({ "sha256": digest })));
    }
    if let Err(error) = context.laws.may_adopt(&data.name, &data.text, area, context.effective_at) {
        let words = words!("the rules cannot be read: {error}", "规则无法读取：{error}");
        let place = json!({ "file": error.file, "line": error.line, "message": error.message });
        return Err(Rejection::new("rules-unreadable", words).allowed(place));
    }
    let facts =
        RulesAdoption { area, name: data.name.clone(), sha256: data.sha256.clone(), text: data.text.clone() };
    Ok(event(context, E::RulesAdopted(facts)))
}

/// 监管工作: counted for the year, and the part of it, that it is about.
fn work(
    command: &Command,
    context: &Context<'_>,
    area: AreaCode,
    data: &WorkAct,
) -> Result<NewEvent, Rejection> {
    require_authority(command, &[Authority::Bureau, Authority::Agency])?;
    let this = context.effective_at.year();
    let year = data.year.unwrap_or(this);
    let latest = if data.work.looks_ahead() { this + 1 } else { this };
    if latest < year {
        let words = words!(
            "work about {year} cannot have been done in {this}",
            "{this} 年不可能已完成 {year} 年度的该项工作"
        );
        return Err(Rejection::new("year-not-begun", words).allowed(json!({ "year": { "max": latest } })));
    }
    let facts = WorkRecord {
        area,
        document: data.document.clone(),
        institutions: data.institutions,
        note: data.note.clone(),
        part: data.part,
        published: data.published,
        work: data.work,
        year,
    };
    let mut event = event(context, E::WorkRecorded(facts));
    if let Some(rule) = part_fits(context, area, data, year)? {
        event = event.rule(&rule.id);
    }
    if data.work.is_public() && data.published != Some(true) {
        event = event.finding("not-published", None);
    }
    Ok(event)
}

/// Whether the part of the year is one that the rules of the place know, where they ask for one in every part; the rule by
/// which the work is counted.
fn part_fits<'a>(
    context: &'a Context<'_>,
    area: AreaCode,
    data: &WorkAct,
    year: i32,
) -> Result<Option<&'a Rule>, Rejection> {
    let law = context.laws.law();
    let last =
        Instant::first_of_year(year).map_or(context.effective_at, |day| day.plus_years(1).plus_days(-1));
    let in_parts = number(data.work.every_months(), last, area, law);
    let parts = in_parts.and_then(|(months, _)| parts_of_year(months)).unwrap_or(MONTHS);
    let asked = 1 < parts && in_parts.is_some();
    let fits = match data.part {
        Some(part) => (1..=parts).contains(&part),
        None => !asked,
    };
    let rule = in_parts.or_else(|| number(data.work.per_year(), last, area, law)).map(|(_, rule)| rule);
    if fits {
        return Ok(rule);
    }
    let words = words!(
        "the part of the year it is about is a number from 1 to {parts}",
        "须写明所属期间，为 1 至 {parts} 之间的数"
    );
    let refusal = Rejection::new("wrong-part", words).allowed(json!({ "part": { "min": 1, "max": parts } }));
    Err(match rule.filter(|_| asked) {
        Some(rule) => refusal.rule(law.rulebook.citation(rule)),
        None => refusal,
    })
}

/// 暂停纳入. 令2 and 令3 oblige the agency to take applications and know no moratorium, so each is marked for whoever reads
/// the record (row C-15).
fn start(
    state: &Area,
    command: &Command,
    context: &Context<'_>,
    area: AreaCode,
    data: &MoratoriumAct,
) -> Result<NewEvent, Rejection> {
    require_authority(command, &[Authority::Bureau, Authority::Agency])?;
    let at = context.effective_at;
    if let Some(until) = data.until {
        ends_after(until, at)?;
    }
    let designations = kinds(&data.designations);
    let running = designations.iter().find_map(|kind| state.record.dated.at(&Track::Moratorium(*kind), at));
    if let Some(span) = running {
        let words =
            words!("admission is suspended already, since {}", "已自 {} 起暂停纳入", span.from.words());
        return Err(Rejection::new("moratorium-running", words).blocked_by(span.cause));
    }
    let facts = Moratorium {
        area,
        basis_agreement: data.basis_agreement,
        designations,
        ground: data.ground.clone(),
        until: data.until,
    };
    Ok(event(context, E::MoratoriumStarted(facts)).finding("against-duty-to-accept", None))
}

/// 恢复纳入.
fn end(
    state: &Area,
    command: &Command,
    context: &Context<'_>,
    area: AreaCode,
    data: &MoratoriumEndAct,
) -> Result<NewEvent, Rejection> {
    require_authority(command, &[Authority::Bureau, Authority::Agency])?;
    let at = context.effective_at;
    let mut designations = kinds(&data.designations);
    let running = |kind: &InstitutionKind| state.record.dated.at(&Track::Moratorium(*kind), at).is_some();
    if data.designations.is_empty() {
        designations.retain(running);
    }
    if designations.is_empty() || !designations.iter().all(running) {
        let words = words!("admission is not suspended on {}", "{} 未处于暂停纳入期间", at.words());
        return Err(Rejection::new("no-moratorium", words).allowed(json!({ "designations":
            InstitutionKind::ALL.into_iter().filter(running).collect::<Vec<_>>() })));
    }
    Ok(event(context, E::MoratoriumEnded(MoratoriumEnd { area, designations, note: data.note.clone() })))
}

/// The kinds named, each once; both where none is named.
fn kinds(named: &[InstitutionKind]) -> Vec<InstitutionKind> {
    InstitutionKind::ALL.into_iter().filter(|kind| named.is_empty() || named.contains(kind)).collect()
}
