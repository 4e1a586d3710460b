//! Decisions about a pooling area.

use super::facts::{
    Moratorium, MoratoriumAct, MoratoriumEnd, MoratoriumEndAct, Plan, PlanAct, RulesAct, RulesAdoption,
};
use super::{AreaCommand as C, AreaEvent as E};
use crate::command::Command;
use crate::dated::Record;
use crate::decide::{Context, Decision, ends_after, no_such_event, require_authority};
use crate::envelope::Authority;
use crate::event::{EventData, NewEvent};
use crate::id::{AreaCode, Subject};
use crate::institution::facts::InstitutionKind;
use crate::rejection::Rejection;
use crate::track::Track;
use crate::words;
use serde_json::json;
use sha2::{Digest, Sha256};

/// Decides.
pub(crate) fn decide(
    state: &Record,
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
            note: data.note.clone(),
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

/// 暂停纳入. 令2 and 令3 oblige the agency to take applications and know no moratorium, so each is marked for whoever reads
/// the record (fact sheet C-15).
fn start(
    state: &Record,
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
    let running = designations.iter().find_map(|kind| state.dated.at(&Track::Moratorium(*kind), at));
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
    state: &Record,
    command: &Command,
    context: &Context<'_>,
    area: AreaCode,
    data: &MoratoriumEndAct,
) -> Result<NewEvent, Rejection> {
    require_authority(command, &[Authority::Bureau, Authority::Agency])?;
    let at = context.effective_at;
    let mut designations = kinds(&data.designations);
    let running = |kind: &InstitutionKind| state.dated.at(&Track::Moratorium(*kind), at).is_some();
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
