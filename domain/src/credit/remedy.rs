//! 异议, 申诉, 行政复议, 行政诉讼. None of them stops what was decided (行政复议法 art 42, 行政诉讼法 art 56), and none changes
//! it: whoever wins is helped by an annulment or a new decision. One that comes late is recorded, marked: whether it is
//! heard is not the ledger's to say.

use super::decide::{Asked, CONCERNED, EITHER, Noted};
use super::facts::{
    Appeal, AppealAct, AppealDecision, AppealOutcome, Forum, Objection, ObjectionDecision, ObjectionOutcome,
};
use crate::decide::{ends_after, require_authority};
use crate::envelope::Authority::{Agency, Bureau, Court};
use crate::event::{Event, EventData};
use crate::institution::InstitutionEvent;
use crate::practitioner::PractitionerEvent;
use crate::rejection::Rejection;
use crate::rulebook::Cited;
use crate::time::Instant;
use crate::track::Track;
use crate::words;

pub(crate) const REVIEW_DAYS: &str = "remedy.review.days";
pub(crate) const REVIEW_DECISION_DAYS: &str = "remedy.review.decision_days";
pub(crate) const SUIT_MONTHS: &str = "remedy.suit.months";
pub(crate) const SUIT_AFTER_REVIEW_DAYS: &str = "remedy.suit.after_review_days";
/// Every parameter asked for here.
#[cfg(test)]
pub(crate) const PARAMS: [&str; 4] = [REVIEW_DAYS, REVIEW_DECISION_DAYS, SUIT_MONTHS, SUIT_AFTER_REVIEW_DAYS];

impl Asked<'_> {
    /// 异议.
    pub(crate) fn object(&self, data: &Objection) -> Result<Noted<Objection>, Rejection> {
        require_authority(self.command, CONCERNED)?;
        self.standing(data.decision)?;
        if let Some(by) = data.reply_by {
            ends_after(by, self.at())?;
        }
        Ok(Noted::plain(data.clone()))
    }

    /// 异议处理.
    pub(crate) fn decide_objection(
        &self,
        data: &ObjectionDecision,
    ) -> Result<Noted<ObjectionDecision>, Rejection> {
        require_authority(self.command, EITHER)?;
        self.running(data.objection, Track::Objection, "not-pending")?;
        let noted = Noted::plain(data.clone());
        Ok(match data.outcome {
            ObjectionOutcome::Upheld | ObjectionOutcome::PartlyUpheld => {
                noted.finding("decision-to-be-changed", None)
            }
            ObjectionOutcome::Rejected | ObjectionOutcome::Withdrawn => noted,
        })
    }

    /// 申诉, 复议, 诉讼, with the clocks that the law sets them.
    pub(crate) fn appeal(&self, data: &AppealAct) -> Result<Noted<Appeal>, Rejection> {
        require_authority(self.command, CONCERNED)?;
        self.standing(data.decision)?;
        let review = data.review.map(|review| self.standing(review)).transpose()?;
        if let Some(event) = review.filter(|event| !is_decision_of_appeal(event)) {
            let words = words!("event {} decides no appeal", "事件 {} 不是对申诉、复议的决定", event.id);
            return Err(Rejection::new("wrong-event", words).blocked_by(event.version));
        }
        let clock = self.time_to_appeal(data, review.map(|event| event.effective_at));
        let decide = self.time_to_decide(data);
        let facts = Appeal {
            accepted_on: data.accepted_on,
            appeal_by: clock.as_ref().map(|clock| clock.value),
            decide_by: decide.as_ref().map(|clock| clock.value),
            decision: data.decision,
            forum: data.forum,
            grounds: data.grounds.clone(),
            informed_on: data.informed_on,
            review: data.review,
        };
        let mut noted = Noted::plain(facts);
        if let Some(clock) = &clock {
            noted = noted.rule(&clock.citation.id);
            if clock.value <= self.at() {
                noted = noted.finding("out-of-time", Some(&clock.citation.id));
            }
        }
        if let Some(clock) = &decide {
            noted = noted.rule(&clock.citation.id);
        }
        Ok(noted)
    }

    /// Until when one may appeal: counted from the day after the decision became known.
    fn time_to_appeal(&self, data: &AppealAct, review: Option<Instant>) -> Option<Cited<Instant>> {
        let book = self.context.rulebook();
        let number = |param| book.number(param, self.at(), self.area());
        let days = |from: Instant, cited: Cited<i64>| Cited {
            value: from.plus_days(cited.value + 1),
            citation: cited.citation,
        };
        match (data.forum, review) {
            (Forum::Complaint, _) => None,
            (Forum::AdministrativeReview, _) => Some(days(data.informed_on?, number(REVIEW_DAYS)?)),
            (Forum::Litigation, Some(review)) => {
                Some(days(data.informed_on.unwrap_or(review), number(SUIT_AFTER_REVIEW_DAYS)?))
            }
            (Forum::Litigation, None) => {
                let cited = number(SUIT_MONTHS)?;
                let months = u32::try_from(cited.value).unwrap_or(0);
                let value = data.informed_on?.plus_days(1).plus_months(months);
                Some(Cited { value, citation: cited.citation })
            }
        }
    }

    /// Until when a review is to be decided.
    fn time_to_decide(&self, data: &AppealAct) -> Option<Cited<Instant>> {
        if data.forum != Forum::AdministrativeReview {
            return None;
        }
        let accepted = data.accepted_on?;
        let cited = self.context.rulebook().number(REVIEW_DECISION_DAYS, self.at(), self.area())?;
        Some(Cited { value: accepted.plus_days(cited.value + 1), citation: cited.citation })
    }

    /// A decision on an appeal: a suit is decided by the court, the others by those above; the agency may record it.
    pub(crate) fn decide_appeal(&self, data: &AppealDecision) -> Result<Noted<AppealDecision>, Rejection> {
        require_authority(self.command, &[Agency, Bureau, Court])?;
        self.running(data.appeal, Track::Appeal, "not-pending")?;
        let late = appeal_of(self.standing(data.appeal)?).and_then(|appeal| appeal.decide_by);
        let mut noted = Noted::plain(data.clone());
        if late.is_some_and(|by| by <= self.at()) {
            noted = noted.finding("decided-late", None);
        }
        Ok(match data.outcome {
            AppealOutcome::Annulled | AppealOutcome::Changed => noted.finding("decision-to-be-changed", None),
            AppealOutcome::Maintained
            | AppealOutcome::Dismissed
            | AppealOutcome::NotAccepted
            | AppealOutcome::Withdrawn => noted,
        })
    }
}

fn is_decision_of_appeal(event: &Event) -> bool {
    matches!(
        event.data,
        EventData::Institution(InstitutionEvent::AppealDecided(_))
            | EventData::Practitioner(PractitionerEvent::AppealDecided(_))
    )
}

fn appeal_of(event: &Event) -> Option<&Appeal> {
    match &event.data {
        EventData::Institution(InstitutionEvent::Appealed(data))
        | EventData::Practitioner(PractitionerEvent::Appealed(data)) => Some(data),
        _ => None,
    }
}
