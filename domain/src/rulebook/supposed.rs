//! Another law than the one in force, for questions of what would stand under it.

use super::{NATIONAL_FILES, Rulebook, RulebookError};
use crate::time::Instant;
use toml::{Table, Value};

impl Rulebook {
    /// The law as it stood on a day, taken to hold at all times.
    #[must_use]
    pub fn as_if_of(&self, day: Instant) -> Self {
        Self { as_if_of: Some(day), hash: format!("{}@{day}", self.hash).into(), ..self.clone() }
    }

    /// The rulebook compiled in, amended by a file: what the file names by an id or a key that is known takes the place of
    /// that, what is new joins.
    ///
    /// # Errors
    /// As [`Rulebook::read`].
    pub fn amended(name: &str, text: &str) -> Result<Self, RulebookError> {
        // What cannot be read is told by the reader, with its place.
        let amendment: Table = toml::from_str(text).unwrap_or_default();
        let mut files: Vec<(&str, String)> = Vec::new();
        for (file, text) in NATIONAL_FILES {
            let kept = toml::from_str(text).map(|table| without(table, &amendment).to_string());
            files.push((file, kept.unwrap_or_else(|_| (*text).to_owned())));
        }
        files.push((name, text.to_owned()));
        let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
        Self::read(&files)
    }
}

/// The entries of a file that an amendment does not name.
fn without(mut table: Table, amendment: &Table) -> Table {
    for (kind, entries) in &mut table {
        let (Value::Array(entries), Some(Value::Array(named))) = (entries, amendment.get(kind)) else {
            continue;
        };
        entries
            .retain(|entry| !named.iter().any(|named| name(named).is_some() && name(named) == name(entry)));
    }
    table
}

/// What an entry is called.
fn name(entry: &Value) -> Option<&str> {
    entry.get("id").or_else(|| entry.get("key"))?.as_str()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARAM: &str = "practitioner.points.cap";

    #[test]
    fn the_law_of_a_day_holds_at_all_times() {
        let law = Rulebook::national();
        let (old, new) = (Instant::parse("2018-01-01").unwrap(), Instant::parse("2026-01-01").unwrap());
        assert!(law.number(PARAM, old, None).is_none() && law.number(PARAM, new, None).is_some());
        assert_eq!(law.as_if_of(new).number(PARAM, old, None), law.number(PARAM, new, None));
        assert_eq!(law.as_if_of(old).number(PARAM, new, None), None);
        assert_ne!(law.as_if_of(old).hash(), law.hash());
    }

    #[test]
    fn an_amendment_takes_the_place_of_the_rules_it_names() {
        let law = Rulebook::national();
        let at = Instant::parse("2026-01-01").unwrap();
        let rule = law.rule(PARAM, at, None).unwrap();
        let text = format!(
            "[[rule]]\nid = {:?}\nparam = {PARAM:?}\ninstrument = {:?}\nfrom = \"2025-01-01\"\nvalue = 20\nconfidence = \"L\"\n",
            rule.id, rule.instrument
        );
        let amended = Rulebook::amended("draft.toml", &text).unwrap();
        assert_eq!(amended.number(PARAM, at, None).unwrap().value, 20);
        assert_eq!(amended.rules().len(), law.rules().len());
        let other = "practitioner.points.suspend";
        assert_eq!(amended.number(other, at, None), law.number(other, at, None));
        let wrong = Rulebook::amended("draft.toml", "[[rule]]\nid = 1\n").unwrap_err();
        assert_eq!((wrong.file.as_str(), wrong.line), ("draft.toml", 2));
    }
}
