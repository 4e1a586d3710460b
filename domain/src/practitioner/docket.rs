//! What the acts of a practitioner's history make due, and what they bring to an end.

use super::facts::Deduction;
use super::state::Termination;
use super::{Practitioner, PractitionerEvent};
use crate::credit::docket as credit;
use crate::event::{Event, EventData};
use crate::id::Version;
use crate::obligation::{About, Clock, Docket, Ending, Law, ObligationKind as Kind, Raise};
use crate::rulebook::Rule;
use crate::time::Instant;

const NOTIFY_SITES: &str = "practitioner.notify_sites";
/// Points of a year at which a talk is held, by the rules of some places (row R-340), the lower first.
const WARN_AT: [&str; 2] = ["practitioner.warn.first", "practitioner.warn.second"];
/// From here on the points call for a measure, and no talk takes its place.
const SUSPEND_AT: &str = "practitioner.points.suspend";
const RESTORE_ON_APPLICATION: &str = "practitioner.restore.on_application";

impl Practitioner {
    /// Takes an event's obligations, after the event itself.
    pub(crate) fn take_obligations(&self, docket: &mut Docket, event: &Event, law: &Law<'_>) {
        let EventData::Practitioner(facts) = &event.data else { return };
        let at = event.effective_at;
        let home = docket.home();
        let rule = |param| law.rulebook.rule(param, at, home);
        let by = event.version;
        if let Some(earlier) = self.overtaken_by(event, facts, law) {
            let mut raise = new(Kind::ReviewLaterAct, at, None);
            raise.about.detail = format!("act:{earlier}").into();
            docket.raise(event, raise, law);
        }
        match facts {
            PractitionerEvent::QualificationSuspended(data) => {
                if let Some(rule) = rule(NOTIFY_SITES) {
                    docket.raise(event, new(Kind::NotifySites, at, Some(rule)), law);
                }
                if let (Some(until), Some(rule)) = (data.until, rule(RESTORE_ON_APPLICATION)) {
                    docket.raise(event, new(Kind::RestoreQualification, until, Some(rule)), law);
                }
            }
            PractitionerEvent::QualificationTerminated(data) => {
                docket.end(at, Ending::Dropped(by), |entry| entry.kind == Kind::RestoreQualification);
                if let Some(rule) = rule(NOTIFY_SITES) {
                    docket.raise(event, new(Kind::NotifySites, at, Some(rule)), law);
                }
                if let Some(until) = data.barred_until {
                    let raise = Raise {
                        clock: Clock::Set,
                        start: until,
                        expires: until,
                        ..new(Kind::BarEnd, at, None)
                    };
                    docket.raise(event, raise, law);
                }
            }
            PractitionerEvent::QualificationRestored(_) => {
                docket.end(at, Ending::Met(by), |entry| entry.kind == Kind::RestoreQualification);
            }
            PractitionerEvent::Reregistered(_) => {
                docket.end(at, Ending::Dropped(by), |entry| entry.kind == Kind::BarEnd);
            }
            PractitionerEvent::Referred(_) => {
                docket.raise(event, new(Kind::FollowReferral, at, None), law);
            }
            PractitionerEvent::PointsDeducted(data) => self::warned(docket, event, data, law),
            PractitionerEvent::InterviewHeld(_) => {
                docket.end(at, Ending::Met(by), |entry| entry.kind == Kind::HoldTalk);
            }
            PractitionerEvent::Objected(data) => credit::objected(docket, event, data, None, law),
            PractitionerEvent::ObjectionDecided(data) => credit::objection_decided(docket, event, data),
            PractitionerEvent::Appealed(data) => credit::appealed(docket, event, data, None, law),
            PractitionerEvent::AppealDecided(data) => credit::appeal_decided(docket, event, data),
            PractitionerEvent::Committed(_)
            | PractitionerEvent::Registered(_)
            | PractitionerEvent::SiteAdded(_)
            | PractitionerEvent::SiteRemoved(_)
            | PractitionerEvent::DetailsChanged(_)
            | PractitionerEvent::PointsRepaired(_)
            | PractitionerEvent::ManagerBanned(_)
            | PractitionerEvent::ObligationClosed(_)
            | PractitionerEvent::PersonalDataRead(_)
            | PractitionerEvent::PersonalDataErased(_)
            | PractitionerEvent::DecisionAnnulled(_)
            | PractitionerEvent::RecordCorrected(_) => {}
        }
    }
}

impl Practitioner {
    /// What took effect before an act and became known after it, where the act would have been decided otherwise with it:
    /// a termination, or points that bring the year to where the rules ask for a measure.
    fn overtaken_by(&self, event: &Event, facts: &PractitionerEvent, law: &Law<'_>) -> Option<Version> {
        use PractitionerEvent as E;
        let (at, by) = (event.effective_at, event.version);
        match facts {
            E::Registered(_)
            | E::SiteAdded(_)
            | E::Reregistered(_)
            | E::QualificationSuspended(_)
            | E::QualificationRestored(_)
            | E::QualificationTerminated(_) => {
                // Coming back is what a termination asks for, once its bar is over.
                let stood = |t: &&Termination| match t.reregistered {
                    None => true,
                    Some((back, lifted_by)) => at < back || (lifted_by == by && at < t.barred_until),
                };
                let mut earlier = self.terminations().iter().filter(|t| t.at <= at && by < t.cause);
                earlier.find(stood).map(|termination| termination.cause)
            }
            E::PointsDeducted(data) => {
                let year = self.year(data.decided_at.year())?;
                let line = law.rulebook.number(SUSPEND_AT, data.decided_at, Some(data.area))?;
                let graver = i64::from(year.total.max(data.total));
                let otherwise = year.total != data.total && line.value <= graver;
                (otherwise && by < year.newest && self.terminated(at).is_none()).then_some(year.newest)
            }
            E::SiteRemoved(_)
            | E::DetailsChanged(_)
            | E::Committed(_)
            | E::PointsRepaired(_)
            | E::ManagerBanned(_)
            | E::InterviewHeld(_)
            | E::Referred(_)
            | E::ObligationClosed(_)
            | E::PersonalDataRead(_)
            | E::PersonalDataErased(_)
            | E::Objected(_)
            | E::ObjectionDecided(_)
            | E::Appealed(_)
            | E::AppealDecided(_)
            | E::DecisionAnnulled(_)
            | E::RecordCorrected(_) => None,
        }
    }
}

/// 低分值预警: by the highest line that these points reach, under the rules of the place that decided them.
fn warned(docket: &mut Docket, event: &Event, data: &Deduction, law: &Law<'_>) {
    let (day, area) = (data.decided_at, Some(data.area));
    let line = |param: &str| law.rulebook.number(param, day, area).map(|line| line.value);
    let (total, before) = (i64::from(data.total), i64::from(data.total.saturating_sub(data.counted)));
    if line(SUSPEND_AT).is_some_and(|line| line <= total) {
        return;
    }
    let reached = |param: &&str| line(param).is_some_and(|line| before < line && line <= total);
    let Some(param) = WARN_AT.iter().rev().find(|param| reached(param)) else { return };
    let mut raise = new(Kind::HoldTalk, event.effective_at, law.rulebook.rule(param, day, area));
    raise.about = About { area, detail: format!("points:{total}").into(), ..About::default() };
    docket.raise(event, raise, law);
}

/// One without a day, called for from an instant on.
fn new(kind: Kind, from: Instant, rule: Option<&Rule>) -> Raise<'_> {
    Raise {
        kind,
        about: About::default(),
        from,
        clock: Clock::InTime,
        start: from,
        rule,
        expires: Instant::MAX,
    }
}
