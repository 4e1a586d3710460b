//! Decisions: a function per act, in the order of an agreement's life.
//!
//! What the law leaves no choice about follows as further events of the same decision. What the source is silent about
//! is accepted with a finding; what contradicts the record or a rule is refused.

mod admission;
mod agreement;
mod audit;
mod authority;
mod conduct;
pub(super) mod law;
mod measures;
mod money;
mod others;
mod probation;
mod settlement;
mod suspension;
mod termination;

use super::facts::InstitutionKind;
use super::state::Agreement;
use super::{Institution, InstitutionCommand, InstitutionEvent};
use crate::command::{Command, Envelope};
use crate::credit::decide::{Asked, Noted};
use crate::dated::Dated;
use crate::decide::{Context, Decision, no_such_event};
use crate::event::{EventData, NewEvent};
use crate::id::{AreaCode, InstitutionCode, Subject};
use crate::rejection::{Rejection, RejectionKind, Words};
use crate::time::Instant;
use crate::track::{Line, Track};
use crate::words;
use crate::words::Term;
use serde_json::json;
use uuid::Uuid;

/// Decides.
pub(crate) fn decide(
    state: &Institution,
    command: &Command,
    act: &InstitutionCommand,
    context: &Context<'_>,
) -> Result<Decision, Rejection> {
    let Subject::Institution(code) = &command.subject else {
        return Err(Rejection::new("wrong-subject", words!("not an institution", "主体不是医药机构")));
    };
    let matter = Matter {
        state,
        code,
        kind: InstitutionKind::of(code),
        subject: &command.subject,
        command,
        envelope: &command.envelope,
        context,
        at: context.effective_at,
    };
    authority::check(&matter, act)?;
    if context.version.is_none() && !authority::may_come_first(act) {
        return Err(matter.unknown_subject());
    }
    let mut decision = matter.decide(act)?;
    authority::note_foreign_area(&matter, act, &mut decision);
    Ok(decision)
}

/// One command before the decider, with all it may look at.
struct Matter<'a> {
    state: &'a Institution,
    code: &'a InstitutionCode,
    kind: InstitutionKind,
    subject: &'a Subject,
    command: &'a Command,
    envelope: &'a Envelope,
    context: &'a Context<'a>,
    /// From when the act holds.
    at: Instant,
}

impl Matter<'_> {
    fn decide(&self, act: &InstitutionCommand) -> Result<Decision, Rejection> {
        use InstitutionCommand as C;
        use InstitutionEvent as E;
        match act {
            C::Apply(data) => self.apply(data),
            C::AcceptApplication(data) => self.accept_application(data),
            C::ReturnApplication(data) => self.return_application(data),
            C::Evaluate(data) => self.evaluate(data),
            C::Publicise(data) => self.publicise(data),
            C::Refuse(data) => self.refuse(data),
            C::SignAgreement(data) => self.sign(data),
            C::StartProbation(data) => self.start_probation(data),
            C::ExtendProbation(data) => self.extend_probation(data),
            C::PassProbation(data) => self.pass_probation(data),
            C::Renew(data) => self.renew(data),
            C::RefuseRenewal(data) => self.refuse_renewal(data),
            C::RecordLapse(data) => self.record_lapse(data),
            C::RequestSuspension(data) => self.request_suspension(data),
            C::SuspendAgreement(data) => self.suspend(data),
            C::ResumeAgreement(data) => self.resume(data),
            C::TerminateAgreement(data) => self.terminate(data),
            C::Withdraw(data) => self.withdraw(data),
            C::SettleLiability(data) => self.settle_liability(data),
            C::HoldSettlement(data) => self.hold(data),
            C::ReleaseSettlement(data) => self.release(data),
            C::OrderDepartment(data) => self.order_department(data),
            C::LiftDepartmentOrder(data) => self.lift_department_order(data),
            C::OpenCrossRegion(data) => self.open_cross_region(data),
            C::CloseCrossRegion(data) => self.close_cross_region(data),
            C::OrderRectification(data) => self.order_rectification(data),
            C::AcceptRectification(data) => self.rectification_result(data, E::RectificationAccepted),
            C::FailRectification(data) => self.rectification_result(data, E::RectificationFailed),
            C::Interview(data) => Ok(self.one(E::InterviewHeld(data.clone()))),
            C::Warn(data) => Ok(self.one(E::Warned(data.clone()))),
            C::Circulate(data) => Ok(self.one(E::Circulated(data.clone()))),
            C::PubliciseCase(data) => Ok(self.one(E::CasePublicised(data.clone()))),
            C::DenyPayment(data) => self.money(data, E::PaymentDenied),
            C::RecoverFunds(data) => self.money(data, E::FundsRecovered),
            C::ChargeDamages(data) => self.money(data, E::LiquidatedDamagesCharged),
            C::Prepay(data) => self.prepay(data),
            C::DeclareSettlement(data) => self.declare_settlement(data),
            C::PaySettlement(data) => self.pay_settlement(data),
            C::ImposeFine(data) => self.fine(data),
            C::AdjustCoefficient(data) => self.adjust_coefficient(data),
            C::RecordInspection(data) => Ok(self.one(E::InspectionRecorded(data.clone()))),
            C::DemandRecords(data) => self.demand_records(data),
            C::ProvideRecords(data) => self.provide_records(data),
            C::ChangeDetails(data) => self.change_details(data),
            C::FileChange(data) => self.file_change(data),
            C::Refer(data) => Ok(self.one(E::Referred(data.clone()))),
            C::Report(data) => Ok(self.one(E::Reported(data.clone()))),
            C::RecordAudit(data) => self.audit(data),
            C::RecordAssessment(data) => self.assess(data),
            C::RecordSelfCheck(data) => self.self_check(data),
            C::Close(data) => self.close(data),
            C::RateCredit(data) => Ok(self.told(self.asked().rate(data)?, E::CreditRated)),
            C::Commit(data) => Ok(self.told(self.asked().commit(data)?, E::Committed)),
            C::Discipline(data) => Ok(self.told(self.asked().discipline(data)?, E::Disciplined)),
            C::LiftDiscipline(data) => {
                Ok(self.told(self.asked().lift_discipline(data)?, E::DisciplineLifted))
            }
            C::RepairCredit(data) => Ok(self.told(self.asked().repair(data)?, E::CreditRepaired)),
            C::Object(data) => Ok(self.told(self.asked().object(data)?, E::Objected)),
            C::DecideObjection(data) => {
                Ok(self.told(self.asked().decide_objection(data)?, E::ObjectionDecided))
            }
            C::Appeal(data) => Ok(self.told(self.asked().appeal(data)?, E::Appealed)),
            C::DecideAppeal(data) => Ok(self.told(self.asked().decide_appeal(data)?, E::AppealDecided)),
            C::RaiseReview(data) => Ok(self.raise_review(data)),
            // Decided in crate::decide for every kind of subject alike.
            C::Annul(data) => Err(no_such_event(data.event)),
            C::Correct(data) => Err(no_such_event(data.event)),
            C::CloseObligation(data) => Err(no_such_event(data.event)),
            C::ReadPersonalData(_) | C::ErasePersonalData(_) => Ok(Vec::new()),
        }
    }

    /// What credit, objections and appeals are decided on.
    fn asked(&self) -> Asked<'_> {
        static NOTHING: Dated = Dated::NOTHING;
        Asked { dated: self.state.dated().unwrap_or(&NOTHING), command: self.command, context: self.context }
    }

    /// What was decided there, as an event of the institution.
    fn told<T>(&self, noted: Noted<T>, facts: fn(T) -> InstitutionEvent) -> Decision {
        vec![noted.event(self.at, |data| EventData::Institution(facts(data)))]
    }

    /// An event that takes effect with the act.
    fn event(&self, facts: InstitutionEvent) -> NewEvent {
        self.event_at(self.at, facts)
    }

    /// An event of another time than the act: an agreement signed late holds from its own first day.
    fn event_at(&self, at: Instant, facts: InstitutionEvent) -> NewEvent {
        NewEvent::new(at, EventData::Institution(facts))
    }

    /// A decision without consequences.
    fn one(&self, facts: InstitutionEvent) -> Decision {
        vec![self.event(facts)]
    }

    fn live(&self, area: AreaCode) -> impl Iterator<Item = &Agreement> {
        self.state.agreements_in(area).filter(|agreement| agreement.is_live(self.at))
    }

    /// The live agreements an act means: all of the area, or the one of a line.
    ///
    /// # Errors
    /// There is none; names the event that ended it, and whether it is the line that is missing.
    fn in_scope(&self, area: AreaCode, line: Option<Line>) -> Result<Vec<&Agreement>, Rejection> {
        let live: Vec<_> = self.live(area).collect();
        if live.is_empty() {
            return Err(self.not_in_force(area, line));
        }
        let Some(line) = line else { return Ok(live) };
        let named: Vec<_> = live.iter().copied().filter(|agreement| agreement.line == line).collect();
        if named.is_empty() {
            return Err(match self.state.agreement(area, line) {
                Some(_) => self.not_in_force(area, Some(line)),
                None => self.line_not_in_agreement(area, line, &live),
            });
        }
        Ok(named)
    }

    fn not_in_force(&self, area: AreaCode, line: Option<Line>) -> Rejection {
        let agreement = match line {
            Some(line) => self.state.agreement(area, line),
            None => self.state.agreement(area, Line::Basic).or_else(|| self.state.agreements_in(area).next()),
        };
        let Some(agreement) = agreement else {
            return Rejection::new(
                "no-agreement",
                words!("there is no agreement in {area}", "在统筹地区 {area} 没有服务协议"),
            );
        };
        let (status, cause) = self.state.status(agreement, self.at);
        let Term { en, zh } = words::value(&Track::Agreement(area, agreement.line), status);
        let day = self.at.words();
        Rejection::new(
            "not-in-force",
            words!(
                "the agreement in {area} is not in force on {day}: {en}",
                "统筹地区 {area} 的服务协议在 {day} 不在有效状态：{zh}"
            ),
        )
        .blocked_by(cause)
    }

    fn line_not_in_agreement(&self, area: AreaCode, line: Line, live: &[&Agreement]) -> Rejection {
        let lines: Vec<_> = live.iter().map(|agreement| agreement.line).collect();
        let Term { en, zh } = words::line(line);
        Rejection::new(
            "line-not-in-agreement",
            words!(
                "the agreement in {area} does not cover the line {en}",
                "统筹地区 {area} 的服务协议不包括业务线 {zh}"
            ),
        )
        .allowed(json!({ "line": lines }))
    }

    fn unknown_subject(&self) -> Rejection {
        let code = self.code;
        Rejection::new(
            "unknown-subject",
            words!(
                "nothing is recorded of institution {code}; its history begins with an application or a signing",
                "机构 {code} 尚无任何记录；其历史须从申请或签订协议开始"
            ),
        )
        .kind(RejectionKind::NotFound)
    }

    /// Why an event that an act refers to is not what the act needs.
    fn no_such(&self, id: Uuid, is: fn(&InstitutionEvent) -> bool, wanted: Words) -> Rejection {
        let Some(event) = self.context.event(id) else {
            return no_such_event(id);
        };
        let Words { en, zh } = wanted;
        let fits = matches!(&event.data, EventData::Institution(facts) if is(facts));
        let name = event.data.event_type().name();
        let (version, from) = (event.version, event.effective_at.words());
        let rejection = if !fits {
            Rejection::new(
                "wrong-event",
                words!("event {id} is {name}, not {en}", "事件 {id} 是 {name}，不是{zh}"),
            )
        } else if event.effective_at > self.at {
            Rejection::new(
                "not-yet-in-effect",
                words!(
                    "{en} takes effect only on {from}, after this act",
                    "{zh}自 {from} 才生效，晚于本行为"
                ),
            )
        } else {
            Rejection::new("no-longer-stands", words!("{en} has been annulled", "{zh}已被撤销"))
        };
        rejection.blocked_by(version)
    }

    /// Refuses a period that ends before it begins.
    fn period(&self, from: Instant, until: Option<Instant>) -> Result<(), Rejection> {
        match until {
            Some(until) if until <= from => Err(Rejection::new(
                "empty-period",
                words!(
                    "the end, {}, is not after the beginning, {}",
                    "终点 {} 不晚于起点 {}",
                    until.words(),
                    from.words()
                ),
            )
            .allowed(json!({ "until": { "after": from } }))),
            Some(_) | None => Ok(()),
        }
    }

    /// The area whose rules an act on the institution as a whole is under: of its agreements that of the first where the one
    /// who acts is at home, else where the institution is; before any, that of who acts.
    fn whole_area(&self) -> Option<AreaCode> {
        let own = self.envelope.actor.area;
        let mut areas = self.state.agreements.iter().map(|agreement| agreement.area);
        let here = |area: &AreaCode| own.is_some_and(|own| authority::covers(own, *area));
        areas.find(here).or_else(|| self.state.home(self.code)).or(own)
    }

    /// Whether the source says why it does not say a field.
    fn is_unknown(&self, pointer: &str) -> bool {
        self.envelope.unknown.contains_key(pointer)
    }
}
