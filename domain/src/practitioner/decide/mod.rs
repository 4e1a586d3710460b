//! Decisions about practitioners.
//!
//! Real histories are taken in with what their sources leave out: a step that the rules ask for and nobody recorded is a
//! finding on the event. Refused is what the rules forbid, what cannot be, and a choice that the law leaves open and the
//! command does not make.

mod points;
mod qualification;
mod registration;
#[cfg(test)]
mod tests;

use super::PractitionerEvent as E;
use super::facts::{ManagerBan, ManagerBanAct};
use super::{Practitioner, PractitionerCommand, PractitionerEvent};
use crate::command::Command;
use crate::credit::decide::{Asked, Noted};
use crate::dated::Dated;
use crate::decide::{Context, Decision, ends_after, require_authority, unknown_subject};
use crate::envelope::Authority;
use crate::event::{EventData, NewEvent};
use crate::id::{AreaCode, InstitutionCode, Version};
use crate::rejection::Rejection;
use crate::rulebook::{Cited, RuleValue};
use crate::time::Instant;
use crate::words;
use serde_json::json;

/// Decides.
pub(crate) fn decide(
    state: &Practitioner,
    command: &Command,
    act: &PractitionerCommand,
    context: &Context<'_>,
) -> Result<Decision, Rejection> {
    let case = Case { state, command, context, at: context.effective_at };
    match act {
        // What may be the first that is heard of a person.
        PractitionerCommand::Register(data) => registration::register(&case, data),
        PractitionerCommand::BanManager(data) => ban_manager(&case, data),
        PractitionerCommand::Interview(data) => {
            Ok(case.record(PractitionerEvent::InterviewHeld(data.clone())))
        }
        PractitionerCommand::Refer(data) => Ok(case.record(PractitionerEvent::Referred(data.clone()))),
        _ if context.version.is_none() => Err(unknown_subject(&command.subject)),
        PractitionerCommand::AddSite(data) => registration::add_site(&case, data),
        PractitionerCommand::RemoveSite(data) => registration::remove_site(&case, data),
        PractitionerCommand::Reregister(data) => registration::reregister(&case, data),
        PractitionerCommand::ChangeDetails(data) => registration::change_details(&case, data),
        PractitionerCommand::DeductPoints(data) => points::deduct(&case, data),
        PractitionerCommand::RepairPoints(data) => points::repair(&case, data),
        PractitionerCommand::Suspend(data) => qualification::suspend(&case, data),
        PractitionerCommand::Restore(data) => qualification::restore(&case, data),
        PractitionerCommand::Terminate(data) => qualification::terminate(&case, data),
        PractitionerCommand::Commit(data) => Ok(case.told(case.asked().commit(data)?, E::Committed)),
        PractitionerCommand::Object(data) => Ok(case.told(case.asked().object(data)?, E::Objected)),
        PractitionerCommand::DecideObjection(data) => {
            Ok(case.told(case.asked().decide_objection(data)?, E::ObjectionDecided))
        }
        PractitionerCommand::Appeal(data) => Ok(case.told(case.asked().appeal(data)?, E::Appealed)),
        PractitionerCommand::DecideAppeal(data) => {
            Ok(case.told(case.asked().decide_appeal(data)?, E::AppealDecided))
        }
        // Decided for every kind of subject alike, in crate::decide.
        PractitionerCommand::Annul(_)
        | PractitionerCommand::Correct(_)
        | PractitionerCommand::CloseObligation(_)
        | PractitionerCommand::ReadPersonalData(_)
        | PractitionerCommand::ErasePersonalData(_) => Ok(Vec::new()),
    }
}

/// What a decision looks at.
struct Case<'a> {
    state: &'a Practitioner,
    command: &'a Command,
    context: &'a Context<'a>,
    /// When the act takes effect.
    at: Instant,
}

impl<'a> Case<'a> {
    /// What commitments, objections and appeals are decided on.
    fn asked(&self) -> Asked<'_> {
        static NOTHING: Dated = Dated::NOTHING;
        Asked { dated: self.state.dated().unwrap_or(&NOTHING), command: self.command, context: self.context }
    }

    /// What was decided there, as an event of the practitioner.
    fn told<T>(&self, noted: Noted<T>, facts: fn(T) -> PractitionerEvent) -> Decision {
        vec![noted.event(self.at, |data| EventData::Practitioner(facts(data)))]
    }

    fn event(&self, facts: PractitionerEvent) -> NewEvent {
        NewEvent::new(self.at, EventData::Practitioner(facts))
    }

    fn record(&self, facts: PractitionerEvent) -> Decision {
        vec![self.event(facts)]
    }

    fn law(&self, at: Instant, area: Option<AreaCode>) -> Law<'a> {
        Law { context: self.context, at, area }
    }

    /// Points and qualifications are decided by the agency; bureaus, courts and others appear in older histories. The
    /// person and the institution cannot decide for themselves.
    fn decided_by_others(&self) -> Result<(), Rejection> {
        use Authority::{Agency, Bureau, Court, Discipline, Drug, Health, Market, Police, Procuratorate};
        let allowed = [Agency, Bureau, Court, Discipline, Health, Market, Drug, Police, Procuratorate];
        require_authority(self.command, &allowed)
    }

    fn registered(&self) -> bool {
        self.state.sites.iter().any(|site| site.from <= self.at && self.at < site.until)
    }

    fn site(&self, institution: InstitutionCode) -> Option<Version> {
        self.state.site(institution, self.at).map(|site| site.cause)
    }
}

/// The rules at a date in an area.
#[derive(Clone, Copy)]
struct Law<'a> {
    context: &'a Context<'a>,
    at: Instant,
    area: Option<AreaCode>,
}

impl Law<'_> {
    fn number(&self, param: &str) -> Option<Cited<i64>> {
        self.context.rulebook().number(param, self.at, self.area)
    }

    fn range(&self, param: &str) -> Option<Cited<(i64, i64)>> {
        self.context.rulebook().range(param, self.at, self.area)
    }

    /// The rule's id when it is in force and says yes.
    fn yes(&self, param: &str) -> Option<&str> {
        let rule = self.context.rulebook().rule(param, self.at, self.area)?;
        matches!(rule.value, RuleValue::Flag(true)).then_some(&*rule.id)
    }
}

fn ban_manager(case: &Case<'_>, data: &ManagerBanAct) -> Result<Decision, Rejection> {
    use Authority::{Bureau, Court, Discipline, Drug, Health, Market};
    require_authority(case.command, &[Bureau, Court, Discipline, Health, Market, Drug])?;
    let years = case.law(case.at, case.command.envelope.actor.area).number("practitioner.manager_ban.years");
    let ruled = years.map(|years| {
        let until = case.at.plus_years(u32::try_from(years.value).unwrap_or(0));
        Cited { value: until, citation: years.citation }
    });
    let (until, rule) = match (data.until, ruled) {
        (Some(until), Some(ruled)) if until != ruled.value => return Err(other_end(&ruled)),
        (_, Some(ruled)) => (ruled.value, Some(ruled.citation.id.clone())),
        (Some(until), None) => (until, None),
        (None, None) => {
            return Err(Rejection::new(
                "end-missing",
                words!(
                    "no rule in force on {} says how long a ban lasts, so its end must be given",
                    "{} 无现行规则规定禁业期限，须写明截止日期",
                    case.at.words()
                ),
            ));
        }
    };
    ends_after(until, case.at)?;
    let mut event = case.event(PractitionerEvent::ManagerBanned(ManagerBan { until }));
    event.rules.extend(rule);
    Ok(vec![event])
}

/// A ban lasts as long as the rule has it; the rule leaves no choice (row R-022).
fn other_end(ruled: &Cited<Instant>) -> Rejection {
    let until = ruled.value;
    let words = words!(
        "the rule leaves no choice of how long a ban lasts: this one ends on {}",
        "规则规定的禁业期限不得选择：本次截止时间应为 {}",
        until.words()
    );
    Rejection::new("out-of-range", words)
        .rule(ruled.citation.clone())
        .allowed(json!({ "field": "/data/until", "value": until }))
}
