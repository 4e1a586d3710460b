//! Decisions about a pooling area.

use super::facts::{Moratorium, MoratoriumAct, MoratoriumEnd, MoratoriumEndAct};
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
        C::StartMoratorium(data) => start(state, command, context, area, data)?,
        C::EndMoratorium(data) => end(state, command, context, area, data)?,
        // Both act on the record and are decided in crate::decide for every kind of subject.
        C::Annul(data) => return Err(no_such_event(data.event)),
        C::Correct(data) => return Err(no_such_event(data.event)),
    };
    Ok(vec![event])
}

fn event(context: &Context<'_>, facts: E) -> NewEvent {
    NewEvent::new(context.effective_at, EventData::Area(facts))
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
