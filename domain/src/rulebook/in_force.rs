//! The law in force at a date in a place, rule by rule.

use super::model::{Instrument, Provision, Rule};
use super::read::{is_within, title};
use super::{Rulebook, surroundings};
use crate::envelope::Basis;
use crate::id::AreaCode;
use crate::time::Instant;

/// A rule that holds at a date in a place, and what it stands against.
#[derive(Clone, PartialEq, Debug)]
pub struct InForce<'a> {
    /// The rule.
    pub rule: &'a Rule,
    /// What was read for the parameter until this rule came into force; none where there was nothing.
    pub replaced: Option<&'a Rule>,
    /// Rules in force at the date that it takes precedence over: of lower rank, of a wider area, or older.
    pub overrides: Vec<&'a Rule>,
    /// The rules of equal rank in force at the date that say otherwise.
    pub conflicts: Vec<&'a Rule>,
}

/// Adds the rules that are not among them.
fn join<'a>(rules: &mut Vec<&'a Rule>, more: Vec<&'a Rule>) {
    for rule in more {
        if !rules.iter().any(|known| known.id == rule.id) {
            rules.push(rule);
        }
    }
}

impl Rulebook {
    /// Every rule that holds at a date in an area, in the order of their parameters. Without an area: the whole country.
    #[must_use]
    pub fn in_force(&self, at: Instant, area: Option<AreaCode>) -> Vec<InForce<'_>> {
        let mut keys: Vec<&str> = self.by_key.keys().map(|key| &**key).collect();
        keys.sort_unstable();
        let mut found: Vec<InForce<'_>> = Vec::new();
        for key in keys {
            let Some(index) = self.find(key, at, area) else { continue };
            let rule = &self.rules[index];
            let beside: Vec<&Rule> = self
                .candidates(key, area)
                .filter(|(_, other)| *other != index)
                .map(|(_, other)| &self.rules[other])
                .filter(|other| other.in_force(at))
                .collect();
            let against = self.conflicts(&rule.id);
            let (conflicts, overrides): (Vec<&Rule>, Vec<&Rule>) =
                beside.into_iter().partition(|other| against.contains(&other.id));
            let before = Instant::from_micros(rule.from.as_micros().saturating_sub(1));
            let replaced = self.rule(key, before, area);
            // What holds for everybody may stand against one rule for each kind.
            if let Some(known) = found.iter_mut().find(|known| known.rule.id == rule.id) {
                known.replaced = known.replaced.or(replaced.filter(|before| before.id != rule.id));
                join(&mut known.overrides, overrides);
                join(&mut known.conflicts, conflicts);
                continue;
            }
            found.push(InForce { rule, replaced, overrides, conflicts });
        }
        found
    }

    /// Every provision in words that holds at a date in an area. Without an area: the whole country.
    pub fn provisions_in_force(
        &self,
        at: Instant,
        area: Option<AreaCode>,
    ) -> impl Iterator<Item = &Provision> {
        self.provisions.iter().filter(move |provision| {
            let here = provision.area.is_none_or(|place| area.is_some_and(|area| is_within(area, place)));
            here && provision.in_force(at)
        })
    }

    /// The citation of a provision.
    #[must_use]
    pub fn basis(&self, provision: &Provision) -> Basis {
        let instrument: Option<&Instrument> = self.instrument(&provision.instrument);
        let title = instrument.map_or_else(|| provision.instrument.to_string(), title);
        Basis { article: provision.article.clone(), instrument: title.into() }
    }

    /// The areas whose own rules hold in an area: itself, its prefecture, its province.
    #[must_use]
    pub fn overlays(area: AreaCode) -> Vec<AreaCode> {
        surroundings(area).into_iter().flatten().map(|(_, area)| area).collect()
    }
}
