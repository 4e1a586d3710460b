//! When the conduct took place that a measure answers, and which agreement bound the institution then.
//!
//! Which version of the law binds is another question for each kind of act. An agreement measure rests on the agreement in
//! force when the conduct took place, and what it brings on the institution and on people follows from the rules of that day
//! (ADR 17); points count by the date of the decision; a penalty keeps to the law of the conduct or that of the decision,
//! whichever is lighter (行政处罚法 art 37).

use super::Matter;
use crate::envelope::Authority;
use crate::event::{EventData, EventRef, NewEvent};
use crate::id::{AreaCode, SubjectKind, Version};
use crate::institution::InstitutionEvent;
use crate::institution::state::{Agreement, Institution, Stage, Term};
use crate::rejection::Rejection;
use crate::rulebook::Rule;
use crate::state::State;
use crate::time::Instant;
use crate::timeline::{resolve, state_at, timeline};
use crate::track::{Line, Track, Value};
use crate::words;
use serde_json::json;

/// From when to when conduct lasted, as far as told.
pub(super) type Act = (Option<Instant>, Option<Instant>);

/// The conduct that a measure answers.
pub(super) struct Conduct {
    /// Whose law binds: the day of the conduct, or that of the decision where nothing is told of it.
    pub(super) day: Instant,
    /// The signing or renewal whose term ran on that day.
    pub(super) bound_by: Option<EventRef>,
    /// An agreement may have been in force: one was taken over later whose begin nobody tells.
    is_uncertain: bool,
}

impl Conduct {
    /// What is to be noticed of the conduct.
    pub(super) fn noticed(&self, event: NewEvent) -> NewEvent {
        if self.is_uncertain { event.finding("agreement-of-the-act-unknown", None) } else { event }
    }
}

/// Where the rule of the day of the conduct was taken and is not the one that would be read on the day of the decision, says so.
pub(super) fn of_the_act(event: NewEvent, (then, now): (Option<&Rule>, Option<&Rule>)) -> NewEvent {
    let id = |rule: Option<&Rule>| rule.map(|rule| rule.id.clone());
    if id(then) == id(now) {
        return event;
    }
    event.finding("law-of-the-act", id(then).as_deref())
}

impl Matter<'_> {
    /// The conduct that an agreement measure answers, in an area or, without one, anywhere. What a bureau orders rests on the
    /// regulation and not on the agreement.
    ///
    /// # Errors
    /// It ends before it begins or after the decision, or no agreement was in force: with what would be right.
    pub(super) fn conduct(
        &self,
        act: Act,
        area: Option<AreaCode>,
        line: Option<Line>,
    ) -> Result<Conduct, Rejection> {
        let (from, to) = act;
        let plain = Conduct { day: self.at, bound_by: None, is_uncertain: false };
        let Some(ended) = to.or(from) else { return Ok(plain) };
        self.is_past(act, ended)?;
        if self.envelope.actor.authority == Authority::Bureau {
            return Ok(plain);
        }
        // Conduct that outlasted the agreement is bound by it as far as it went on under it.
        let found = [Some(ended), from].into_iter().flatten().find_map(|day| {
            let term = self.term_on(day, area, line)?;
            Some(Conduct { day, bound_by: Some(self.named(term)), is_uncertain: false })
        });
        if let Some(conduct) = found {
            return Ok(conduct);
        }
        if self.is_taken_over_after(ended, area) {
            return Ok(Conduct { day: ended, bound_by: None, is_uncertain: true });
        }
        Err(self.no_agreement_on(act, ended, area))
    }

    fn named(&self, term: Version) -> EventRef {
        EventRef::new(self.subject, term)
    }

    /// Refuses conduct that ends before it begins, or after the day of the decision.
    fn is_past(&self, act: Act, ended: Instant) -> Result<(), Rejection> {
        let (from, to) = act;
        if let (Some(from), Some(to)) = (from, to)
            && to < from
        {
            let words = words!(
                "the act would end on {}, before it began on {}",
                "行为于 {} 结束，早于其开始时间 {}",
                to.words(),
                from.words()
            );
            return Err(
                Rejection::new("ends-before-it-begins", words).allowed(json!({ "act_to": { "min": from } }))
            );
        }
        let decided = self.envelope.decided_at.unwrap_or(self.at);
        if ended <= decided {
            return Ok(());
        }
        let words = words!(
            "the act on {} is after the decision on {}; a measure answers what has happened",
            "行为时间 {} 晚于作出决定的 {}；处理只能针对已发生的行为",
            ended.words(),
            decided.words()
        );
        Err(Rejection::new("act-after-decision", words).allowed(json!({ field(act): { "max": decided } })))
    }

    /// The event whose term ran on a day, in force or suspended: of the line named, else of `basic`; where no area is named,
    /// of the one whose rules the act is under.
    fn term_on(&self, day: Instant, area: Option<AreaCode>, line: Option<Line>) -> Option<Version> {
        let State::Institution(then) = state_at(SubjectKind::Institution, self.context.history, day) else {
            return None;
        };
        let home = area.or_else(|| self.whole_area());
        let running =
            running(&then, day).filter(|(agreement, _)| area.is_none_or(|area| area == agreement.area));
        let preferred = running.min_by_key(|(agreement, _)| {
            let of_line = line.is_some_and(|line| line == agreement.line);
            (Some(agreement.area) != home, !of_line, agreement.line != Line::Basic)
        });
        preferred.map(|(_, term)| term.cause)
    }

    /// Whether an agreement is taken over after a day and its begin is not known.
    fn is_taken_over_after(&self, day: Instant, area: Option<AreaCode>) -> bool {
        resolve(self.context.history).iter().any(|known| match &known.event.data {
            EventData::Institution(InstitutionEvent::AgreementSigned(data)) => {
                let here = area.is_none_or(|area| area == data.area);
                let stands = known.event.effective_at < known.void_from;
                here && stands && data.from.is_none() && day < known.event.effective_at
            }
            _ => false,
        })
    }

    fn no_agreement_on(&self, act: Act, day: Instant, area: Option<AreaCode>) -> Rejection {
        let (en, zh) = match area {
            Some(area) => (format!(" in {area}"), format!("在统筹地区 {area} ")),
            None => (String::new(), String::new()),
        };
        let words = words!(
            "no agreement was in force{en} on {}, when the act took place: none binds it",
            "行为发生的 {} {zh}没有有效的服务协议可资适用",
            day.words()
        );
        let terms: Vec<_> = timeline(SubjectKind::Institution, self.context.history)
            .into_iter()
            .filter(|span| match span.track {
                Track::Agreement(own, _) => area.is_none_or(|area| area == own),
                _ => false,
            })
            .filter(|span| matches!(span.value, Value::InForce | Value::Suspended))
            .map(|span| json!({ "from": span.from, "until": span.until.bounded() }))
            .collect();
        Rejection::new("no-agreement-at-the-act", words).allowed(json!({ field(act): terms }))
    }
}

/// The field that says when the conduct was last.
const fn field(act: Act) -> &'static str {
    if act.1.is_some() { "act_to" } else { "act_from" }
}

/// The agreements whose term runs at an instant, in force or suspended, with that term.
fn running(state: &Institution, at: Instant) -> impl Iterator<Item = (&Agreement, Term)> {
    state.agreements.iter().filter(move |agreement| agreement.stage == Stage::Signed).filter_map(
        move |agreement| {
            let term = agreement.term_at(at)?;
            let over = agreement.current(at).end().is_none_or(|end| end <= at);
            let runs = !over && term.from <= at && at < term.until;
            runs.then_some((agreement, term))
        },
    )
}
