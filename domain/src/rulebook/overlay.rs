//! Rules that an area adopts for itself, over those of the country and its province.

use super::Rulebook;
use super::model::{Rank, Rule};
use super::read::{Page, RulebookError, hex, is_within};
use crate::id::AreaCode;
use crate::time::Instant;
use sha2::{Digest, Sha256};

impl Rulebook {
    /// This rulebook with the rules an area adopts, from the day it adopts them. Its hash names the combined book: it is
    /// made of this book's hash, the area, the day, the name and the text, so that the same adoptions in the same order give
    /// the same book again.
    ///
    /// A file of an area brings its own instruments, of a rank that an area can give itself, and sets parameters that the
    /// rulebook knows, for the area and what lies in it. Where nothing else is said its rules are of the whole area.
    ///
    /// # Errors
    /// [`RulebookError`] with the name as file, line and reason: what [`Rulebook::read`] refuses, and a rule of another
    /// area, of an instrument that is not the file's own or of too high a rank, of a parameter nobody asks for, or of one
    /// that an instrument of higher rank sets at the same time.
    pub fn with_overlay(
        &self,
        name: &str,
        text: &str,
        area: AreaCode,
        adopted: Instant,
    ) -> Result<Self, RulebookError> {
        let page = Page { file: name, text };
        let mut file = page.parse()?;
        if let Some(parameter) = file.parameter.first() {
            let message = "an area sets parameters; it does not make new ones".to_owned();
            return Err(page.error(parameter, message));
        }
        let mut book = self.clone();
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
        book.add_instruments(page, file.instrument)?;
        for entry in &mut file.rule {
            let (id, place) = (entry.get_ref().id.clone(), entry.get_ref().area);
            let refusal = place_refusal(place, area)
                .or_else(|| foreign_instrument(&own, &entry.get_ref().instrument))
                .or_else(|| unknown_parameter(self, &entry.get_ref().param));
            if let Some(reason) = refusal {
                return Err(page.error(entry, format!("rule {id}: {reason}")));
            }
            entry.get_mut().area = place.or(Some(area));
        }
        for entry in &mut file.provision {
            let refusal = place_refusal(entry.get_ref().area, area)
                .or_else(|| foreign_instrument(&own, &entry.get_ref().instrument));
            if let Some(reason) = refusal {
                return Err(page.error(entry, reason));
            }
            entry.get_mut().area = entry.get_ref().area.or(Some(area));
        }
        let first = book.rules.len();
        book.add_rules(page, file.rule)?;
        book.add_provisions(page, file.provision)?;
        // What an area adopts does not reach back before the adoption.
        for rule in &mut book.rules[first..] {
            rule.from = rule.from.max(adopted);
        }
        for rule in &book.rules[first..] {
            if let Some(message) = self.outranks(rule) {
                return Err(RulebookError { file: name.to_owned(), line: rule.line, message });
            }
        }
        book.index();
        let mut digest = Sha256::new();
        for part in [&*self.hash, &area.to_string(), &adopted.as_micros().to_string(), name, text] {
            digest.update(part.as_bytes());
            digest.update([0]);
        }
        book.hash = hex(digest).into();
        Ok(book)
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
