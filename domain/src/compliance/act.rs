//! Acts judged again: each is decided once more on what was known when it was recorded, under the law of its day. Refused
//! now, it ought not to have been done so; decided otherwise, what is recorded of it is not what the rules make of it.

use super::{Asked, Breach, BreachKind, Judged};
use crate::command::Command;
use crate::decide::{Decision, area_of};
use crate::event::{Event, EventData, NewEvent};
use crate::id::Subject;
use crate::institution::InstitutionEvent as I;
use crate::laws::Laws;
use crate::rejection::Rejection;
use crate::time::Instant;
use crate::what_if::{Ground, is_recorded};
use crate::words;

/// Everything that comes out otherwise when it is decided again.
pub(super) fn breaches(
    subject: &Subject,
    events: &[Event],
    judged: &[Judged<'_>],
    asked: &Asked<'_>,
) -> Vec<Breach> {
    let mut ground = Ground::new(subject.kind());
    let mut found = Vec::new();
    let mut rest = judged;
    while let Some((first, others)) = rest.split_first() {
        let version = first.record.event.version;
        let follows = |next: &&Judged<'_>| next.record.event.caused_by == Some(version);
        let (caused, after) = others.split_at(others.iter().take_while(follows).count());
        let holds = first.known.void_from != Instant::MIN && first.event().effective_at <= asked.as_of;
        if holds && first.record.event.caused_by.is_none() {
            let laws = asked.laws.before(first.record.event.recorded_at);
            let case = Case { subject, events, ground: &ground, first, caused, asked, laws };
            found.extend(case.judge());
        }
        ground.push(first.record.event.clone());
        caused.iter().for_each(|next| ground.push(next.record.event.clone()));
        rest = after;
    }
    found
}

/// One act and what followed from it, on what was known before.
struct Case<'a> {
    subject: &'a Subject,
    events: &'a [Event],
    ground: &'a Ground,
    first: &'a Judged<'a>,
    caused: &'a [Judged<'a>],
    asked: &'a Asked<'a>,
    /// The law known when it was recorded.
    laws: Laws,
}

impl Case<'_> {
    fn judge(&self) -> Vec<Breach> {
        let caused: Vec<Event> = self.caused.iter().map(|next| next.record.event.clone()).collect();
        let event = self.first.event();
        let circumstances = &self.first.record.circumstances;
        let book = self.laws.book();
        let Some(mut command) = Command::recorded(self.subject, event, &caused, circumstances, book) else {
            return Vec::new();
        };
        let mut first = self.decide(&command);
        if self.is_as_recorded(&first, &caused) {
            return Vec::new();
        }
        for day in self.other_days() {
            command.envelope.effective_at = Some(day);
            let decided = self.decide(&command);
            if self.is_as_recorded(&decided, &caused) {
                return Vec::new();
            }
            // What can be decided on one of the days is not refused.
            if first.is_err() && decided.is_ok() {
                first = decided;
            }
        }
        match first {
            Err(rejection) => vec![self.refused(&rejection)],
            // What a correction makes of an act need not be what followed from it.
            Ok(_) if self.first.is_changed() => Vec::new(),
            Ok(decision) => self.otherwise(&decision),
        }
    }

    fn is_as_recorded(&self, decided: &Result<Decision, Rejection>, caused: &[Event]) -> bool {
        decided.as_ref().is_ok_and(|decision| is_recorded(decision, self.first.event(), caused))
    }

    /// Decides as it is recorded. Months that the rule does not leave open were chosen all the same, and are out of range.
    fn decide(&self, command: &Command) -> Result<Decision, Rejection> {
        let newest = self.first.record.event.version.checked_sub(1);
        let laws = &self.laws;
        let others = &self.first.record.circumstances.others;
        let plain = self.ground.decide(command, newest, laws, others);
        let Err(rejection) = &plain else { return plain };
        if rejection.code == "out-of-range" {
            plain
        } else {
            self.ground.decide_recorded(command, newest, laws, others)
        }
    }

    /// The other days it may have been decided on: an agreement signed late holds from its own first day, and the day of the
    /// signing is not recorded.
    fn other_days(&self) -> Vec<Instant> {
        let event = self.first.event();
        let holds_from_another_day = matches!(
            event.data,
            EventData::Institution(
                I::AgreementSigned(_)
                    | I::AgreementRenewed(_)
                    | I::RenewalRefused(_)
                    | I::ProbationStarted(_)
                    | I::LiabilitySettled(_)
            )
        );
        if !holds_from_another_day {
            return Vec::new();
        }
        let mut days: Vec<Instant> = self.first.record.circumstances.decided_at.into_iter().collect();
        days.push(event.recorded_at);
        // Between two turns nothing changes but the law: both ends are tried.
        for turn in self.ground.turns(event.effective_at) {
            days.extend([Instant::from_micros(turn.as_micros() - 1), turn]);
        }
        days
    }

    fn refused(&self, rejection: &Rejection) -> Breach {
        let kind = match rejection.code {
            "wrong-authority" | "not-superior" => BreachKind::WrongAuthority,
            "out-of-range" | "outside-band" | "notice-too-short" => BreachKind::OutOfRange,
            "no-rule" | "no-measure" => BreachKind::WithoutBasis,
            _ => BreachKind::AgainstRule,
        };
        let mut breach = self.breach(kind, rejection.code, rejection.message.clone());
        breach.rule.clone_from(&rejection.rule);
        breach.events.extend(rejection.blocked_by.iter().copied());
        breach.allowed.clone_from(&rejection.allowed);
        breach
    }

    /// What the rules leave no choice about and is not recorded, or is recorded otherwise.
    fn otherwise(&self, decision: &[NewEvent]) -> Vec<Breach> {
        let mut found = Vec::new();
        let standing = self.caused.iter().filter(|next| next.known.void_from != Instant::MIN);
        let mut recorded: Vec<&Event> = std::iter::once(&self.first.record.event)
            .chain(standing.map(|next| &next.record.event))
            .collect();
        let same =
            |new: &NewEvent, event: &Event| new.data == event.data && new.effective_at == event.effective_at;
        let mut missing: Vec<&NewEvent> = Vec::new();
        for new in decision {
            match recorded.iter().position(|event| same(new, event)) {
                Some(at) => drop(recorded.remove(at)),
                None => missing.push(new),
            }
        }
        for new in missing {
            let kind = new.data.event_type();
            let partner = recorded.iter().position(|event| event.data.event_type() == kind);
            match partner.map(|at| recorded.remove(at)) {
                Some(event) => found.extend(self.differs(new, event)),
                None => found.push(self.missing(new)),
            }
        }
        for event in recorded {
            let words::Term { en, zh } = name(&event.data);
            let words = crate::words!("the rules do not make this follow: {en}", "按规则不应随之发生：{zh}");
            let mut breach = self.breach(BreachKind::AgainstRule, "consequence-not-called-for", words);
            breach.events.push(event.version);
            found.push(breach);
        }
        found
    }

    fn missing(&self, new: &NewEvent) -> Breach {
        let words::Term { en, zh } = name(&new.data);
        let words = crate::words!(
            "the rules leave no choice but this, and it is not recorded: {en}",
            "规则规定必然随之发生而未见记录：{zh}"
        );
        let mut breach = self.breach(BreachKind::NotDecided, "consequence-missing", words);
        breach.done = None;
        breach.rule = self.cite(new);
        breach
    }

    /// Where what is recorded says something else than the rules make of the act, field by field.
    fn differs(&self, new: &NewEvent, event: &Event) -> Option<Breach> {
        let fields = fields_that_differ(new, event);
        if fields.is_empty() {
            return None;
        }
        let words::Term { en, zh } = name(&new.data);
        let list = |sep: &str, join: &str| -> String {
            let one =
                |(pointer, is, would): &(String, String, String)| format!("{pointer} {is} {sep} {would}");
            fields.iter().map(one).collect::<Vec<_>>().join(join)
        };
        let (en_list, zh_list) = (list("instead of", ", "), list("应为", "；"));
        let words = crate::words!("{en}: {en_list}", "{zh}：{zh_list}");
        let mut breach = self.breach(BreachKind::AgainstRule, "decided-otherwise", words);
        breach.rule = self.cite(new);
        if event.version != self.first.record.event.version {
            breach.events.push(event.version);
        }
        Some(breach)
    }

    fn cite(&self, new: &NewEvent) -> Option<crate::rulebook::Citation> {
        new.rules.iter().find_map(|rule| self.asked.laws.book().cite(rule))
    }

    fn breach(&self, kind: BreachKind, code: &str, words: crate::rejection::Words) -> Breach {
        let event = self.first.event();
        Breach {
            area: area_of(event, self.events),
            actor: Some(self.first.record.circumstances.actor.authority),
            done: Some(event.effective_at),
            events: vec![event.version],
            ..Breach::new(kind, code, words, event.effective_at)
        }
    }
}

fn name(data: &EventData) -> words::Term {
    let kind = data.event_type();
    words::event_type(kind).unwrap_or(words::Term { en: kind.name(), zh: kind.name() })
}

/// JSON pointers at which an event says something else than a decision: what it says, and what it would.
fn fields_that_differ(new: &NewEvent, event: &Event) -> Vec<(String, String, String)> {
    let read = |data: &EventData| {
        let mut text = Vec::new();
        data.write(&mut text).ok()?;
        serde_json::from_slice::<serde_json::Value>(&text).ok()
    };
    let mut fields = Vec::new();
    if new.effective_at != event.effective_at {
        let (is, would) = (event.effective_at.words(), new.effective_at.words());
        fields.push(("/effective_at".to_owned(), is, would));
    }
    if let (Some(is), Some(would)) = (read(&event.data), read(&new.data)) {
        walk("/data", &is, &would, &mut fields);
    }
    fields
}

fn walk(
    pointer: &str,
    is: &serde_json::Value,
    would: &serde_json::Value,
    fields: &mut Vec<(String, String, String)>,
) {
    use serde_json::Value;
    if is == would {
        return;
    }
    if let (Value::Object(is), Value::Object(would)) = (is, would) {
        let mut names: Vec<&String> = is.keys().chain(would.keys()).collect();
        names.sort_unstable();
        names.dedup();
        for name in names {
            let (is, would) = (is.get(name), would.get(name));
            walk(
                &format!("{pointer}/{name}"),
                is.unwrap_or(&Value::Null),
                would.unwrap_or(&Value::Null),
                fields,
            );
        }
        return;
    }
    fields.push((pointer.to_owned(), spoken(is), spoken(would)));
}

/// A value as people read it: days as days, nothing as a dash.
fn spoken(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::Null => "—".to_owned(),
        serde_json::Value::String(text) => Instant::parse(text).map_or_else(|_| text.clone(), Instant::words),
        other => other.to_string(),
    }
}
