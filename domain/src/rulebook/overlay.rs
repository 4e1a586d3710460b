//! Rules that an area adopts for itself, beside those of the country and its province.
//!
//! A file of an area brings its own instruments, of a rank that an area can give itself, and sets parameters that the
//! rulebook knows, for the area and what lies in it. Where nothing else is said its rules are of the whole area. What was
//! adopted stays in the book for good, so that whatever cites it finds it; from when and until when it holds are its
//! [`Window`]s.
//!
//! Ids are never given twice. Where an id or a key of a file stands already, in an earlier text of the same name or with
//! another area, it is named apart by a number: `zhangye-1@2`.

use super::Rulebook;
use super::model::{Instrument, Provision, Rank, Rule};
use super::read::{File, Page, RulebookError, hex, is_within};
use crate::id::AreaCode;
use crate::time::Instant;
use sha2::{Digest, Sha256};
use std::collections::HashMap;

/// What an area adopted, in force from its begin up to its end.
pub(crate) type Window = (Instant, Instant);

/// A text that an area adopted, read.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Adopted {
    instruments: Vec<Instrument>,
    rules: Vec<Rule>,
    provisions: Vec<Provision>,
}

impl Adopted {
    /// Reads a text. `is_taken` tells whether an id or a key was given before, by another adoption.
    ///
    /// # Errors
    /// [`RulebookError`] with the name as file, line and reason: what [`Rulebook::read`] refuses.
    pub(crate) fn read(
        base: &Rulebook,
        name: &str,
        text: &str,
        area: AreaCode,
        is_taken: &dyn Fn(&str) -> bool,
    ) -> Result<Self, RulebookError> {
        let page = Page { file: name, text };
        let file = page.parse()?;
        Self::from_file(base, page, file, area, &|id| base.knows(id) || is_taken(id))
    }

    fn from_file(
        base: &Rulebook,
        page: Page<'_>,
        mut file: File,
        area: AreaCode,
        is_taken: &dyn Fn(&str) -> bool,
    ) -> Result<Self, RulebookError> {
        let apart = |id: &mut Box<str>| {
            let taken = |n: &u32| is_taken(&numbered(id, *n));
            let number = (1..).find(|n| !taken(n)).unwrap_or(u32::MAX);
            *id = numbered(id, number);
        };
        let mut keys = HashMap::new();
        for entry in &mut file.instrument {
            let key = &mut entry.get_mut().key;
            let written = key.clone();
            apart(key);
            keys.insert(written, key.clone());
        }
        let named = |instrument: &mut Box<str>| {
            if let Some(key) = keys.get(instrument) {
                instrument.clone_from(key);
            }
        };
        for entry in &mut file.rule {
            let rule = entry.get_mut();
            apart(&mut rule.id);
            named(&mut rule.instrument);
            rule.area = rule.area.or(Some(area));
        }
        for entry in &mut file.provision {
            let provision = entry.get_mut();
            apart(&mut provision.id);
            named(&mut provision.instrument);
            provision.area = provision.area.or(Some(area));
        }
        let mut book = base.clone();
        book.add_instruments(page, file.instrument)?;
        book.add_rules(page, file.rule)?;
        book.add_provisions(page, file.provision)?;
        Ok(Self {
            instruments: book.instruments.split_off(base.instruments.len()),
            rules: book.rules.split_off(base.rules.len()),
            provisions: book.provisions.split_off(base.provisions.len()),
        })
    }

    /// Whether it gave an id or a key.
    pub(crate) fn knows(&self, id: &str) -> bool {
        self.rules.iter().any(|rule| *rule.id == *id)
            || self.provisions.iter().any(|provision| *provision.id == *id)
            || self.instruments.iter().any(|instrument| *instrument.key == *id)
    }
}

/// An id, told apart from those of the same words before it.
fn numbered(id: &str, number: u32) -> Box<str> {
    if number == 1 { id.into() } else { format!("{id}@{number}").into() }
}

impl Rulebook {
    /// Whether an area may adopt a text as law over this book from a day on.
    ///
    /// # Errors
    /// [`RulebookError`] with the name as file, line and reason: what [`Rulebook::read`] refuses, an id of the rulebook
    /// compiled in, a rule of another area, of an instrument that is not the file's own or of too high a rank, of a
    /// parameter nobody asks for, or of one that an instrument of higher rank sets at the same time.
    pub(crate) fn may_adopt(
        &self,
        base: &Rulebook,
        (name, text): (&str, &str),
        area: AreaCode,
        adopted: Instant,
    ) -> Result<(), RulebookError> {
        let page = Page { file: name, text };
        let file = page.parse()?;
        if let Some(parameter) = file.parameter.first() {
            let message = "an area sets parameters; it does not make new ones".to_owned();
            return Err(page.error(parameter, message));
        }
        for instrument in &file.instrument {
            let rank = instrument.get_ref().rank;
            if !matches!(rank, Rank::LocalRegulation | Rank::NormativeDocument | Rank::Agreement) {
                let message = format!(
                    "instrument {}: an area adopts local-regulation, normative-document or agreement, not {}",
                    instrument.get_ref().key,
                    rank.name()
                );
                return Err(page.error(instrument, message));
            }
        }
        let own: Vec<_> = file.instrument.iter().map(|instrument| instrument.get_ref().key.clone()).collect();
        for entry in &file.rule {
            let rule = entry.get_ref();
            let refusal = place_refusal(rule.area, area)
                .or_else(|| foreign_instrument(&own, &rule.instrument))
                .or_else(|| unknown_parameter(self, &rule.param));
            if let Some(reason) = refusal {
                return Err(page.error(entry, format!("rule {}: {reason}", rule.id)));
            }
        }
        for entry in &file.provision {
            let provision = entry.get_ref();
            let refusal = place_refusal(provision.area, area)
                .or_else(|| foreign_instrument(&own, &provision.instrument));
            if let Some(reason) = refusal {
                return Err(page.error(entry, reason));
            }
        }
        // Nothing is named apart here: what stands in the book compiled in is refused with its place.
        let read = Adopted::from_file(base, page, file, area, &|_| false)?;
        // What an area adopts does not reach back before the adoption.
        for mut rule in read.rules {
            rule.from = rule.from.max(adopted);
            if let Some(message) = self.outranks(&rule) {
                return Err(RulebookError { file: name.to_owned(), line: rule.line, message });
            }
        }
        Ok(())
    }

    /// This rulebook with a text adopted from a day on, for tests.
    #[cfg(test)]
    pub(crate) fn with_overlay(
        &self,
        name: &str,
        text: &str,
        area: AreaCode,
        adopted: Instant,
    ) -> Result<Self, RulebookError> {
        self.may_adopt(self, (name, text), area, adopted)?;
        let read = Adopted::read(self, name, text, area, &|_| false)?;
        Ok(self.with_adopted(&[(&read, vec![(adopted, Instant::MAX)])], "adopted"))
    }

    /// This rulebook with what areas adopted and when each holds, under the hash of them all. What holds at no time is there
    /// to be cited.
    pub(crate) fn with_adopted(&self, adopted: &[(&Adopted, Vec<Window>)], hash: &str) -> Self {
        let mut book = self.clone();
        book.hash = hash.into();
        for (text, windows) in adopted {
            book.instruments.extend(text.instruments.iter().cloned());
            for rule in &text.rules {
                book.by_id.insert(rule.id.clone(), book.rules.len());
                let cut = |window| Rule {
                    from: window_of(rule, window).0,
                    until: window_of(rule, window).1,
                    ..rule.clone()
                };
                book.rules.extend(windows.iter().map(|window| cut(*window)).filter(Rule::is_ever));
                if book.by_id.get(&rule.id) == Some(&book.rules.len()) {
                    book.rules.push(Rule { until: Some(rule.from), ..rule.clone() });
                }
            }
            for provision in &text.provisions {
                let begin = |from| provision.from.map_or(from, |own: Instant| own.max(from));
                let end = |until| provision.until.map_or(until, |own: Instant| own.min(until));
                let before = book.provisions.len();
                for (from, until) in windows {
                    let (from, until) = (begin(*from), end(*until));
                    if from < until {
                        let (from, until) = (Some(from), until.bounded());
                        book.provisions.push(Provision { from, until, ..provision.clone() });
                    }
                }
                if book.provisions.len() == before {
                    book.provisions.push(Provision { until: Some(Instant::MIN), ..provision.clone() });
                }
            }
        }
        book.index();
        book
    }

    /// The hash of a book to which something was added: of that of the book before it, and of what was added, part by part.
    pub(crate) fn hash_with(before: &str, parts: &[&[u8]]) -> Box<str> {
        let mut digest = Sha256::new();
        for part in std::iter::once(before.as_bytes()).chain(parts.iter().copied()) {
            digest.update(part);
            digest.update([0]);
        }
        hex(digest).into()
    }

    /// Whether an id of a rule or a provision, or the key of an instrument, stands in it.
    pub(crate) fn knows(&self, id: &str) -> bool {
        self.by_id.contains_key(id)
            || self.provisions.iter().any(|provision| *provision.id == *id)
            || self.instrument(id).is_some()
    }

    /// Why a rule of an area cannot be: another of higher rank says what holds there.
    fn outranks(&self, rule: &Rule) -> Option<String> {
        if rule.until.is_some_and(|until| until <= rule.from) {
            return Some(format!("rule {} ends before it is adopted", rule.id));
        }
        let higher = self.rules.iter().find(|other| {
            let concerned = other.applies_to.is_empty()
                || rule.applies_to.is_empty()
                || other.applies_to.iter().any(|whom| rule.applies_to.contains(whom));
            let here = other.area.is_none_or(|around| rule.area.is_some_and(|area| is_within(area, around)));
            other.param == rule.param
                && concerned
                && here
                && other.rank.level() > rule.rank.level()
                && other.is_ever()
                && other.overlaps(rule)
        })?;
        Some(format!(
            "rule {}: {} is set by {} ({}), which a {} cannot change",
            rule.id,
            rule.param,
            higher.id,
            higher.rank.name(),
            rule.rank.name()
        ))
    }
}

/// When a rule holds within a window.
fn window_of(rule: &Rule, (from, until): Window) -> (Instant, Option<Instant>) {
    (rule.from.max(from), rule.until.map_or(until, |own| own.min(until)).bounded())
}

fn place_refusal(place: Option<AreaCode>, area: AreaCode) -> Option<String> {
    let outside = place.filter(|place| !is_within(*place, area))?;
    Some(format!("{outside} does not lie in {area}, which adopts it"))
}

fn foreign_instrument(own: &[Box<str>], instrument: &str) -> Option<String> {
    let foreign = !own.iter().any(|key| **key == *instrument);
    foreign.then(|| format!("the file has no instrument {instrument:?} of its own"))
}

fn unknown_parameter(book: &Rulebook, param: &str) -> Option<String> {
    let known = book.parameters.contains_key(param) || book.rules.iter().any(|rule| *rule.param == *param);
    (!known).then(|| format!("nothing asks for {param:?}"))
}
