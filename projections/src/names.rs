//! Names as rows: what a subject was called when, as known when.
//!
//! A row is one [`Naming`] of the domain with the recorded axis added, as `periods` are spans with it. No row goes: a name
//! that was struck through is still found by whoever asks what was known before that, and by nobody else.

use crate::error::ViewError;
use crate::fold::Kept;
use crate::grams::grams;
use crate::write::{Sql, Statements};
use accord_domain::Instant;
use accord_domain::timeline::{Naming, bear};
use rusqlite::{Connection, Row};

/// `grams` is what is searched, `grams_of` says whose name a row of it is.
pub(crate) const TABLES: &str = "
CREATE TABLE names (
    subject INTEGER NOT NULL, row INTEGER NOT NULL, name TEXT NOT NULL,
    eff_from INTEGER NOT NULL, eff_to INTEGER NOT NULL, rec_from INTEGER NOT NULL, rec_to INTEGER NOT NULL,
    PRIMARY KEY (subject, row)
) STRICT, WITHOUT ROWID;
CREATE TABLE grams_of (id INTEGER PRIMARY KEY, subject INTEGER NOT NULL, row INTEGER NOT NULL) STRICT;
CREATE VIRTUAL TABLE grams USING fts5(text, content='', contentless_delete=1, detail=full, tokenize='unicode61');
";

pub(crate) const INSERT: &str = "INSERT INTO names (subject, row, name, eff_from, eff_to, rec_from, rec_to) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
pub(crate) const INSERT_GRAMS_OF: &str = "INSERT INTO grams_of (subject, row) VALUES (?1, ?2)";
pub(crate) const INSERT_GRAMS: &str = "INSERT INTO grams (rowid, text) VALUES (?1, ?2)";
pub(crate) const UPDATE: &str = "UPDATE names SET rec_to = ?3 WHERE subject = ?1 AND row = ?2";
const OPEN: &str =
    "SELECT name, eff_from, eff_to, row, rec_from FROM names WHERE subject = ?1 AND rec_to = ?2";

/// A name with the recorded axis.
#[derive(Clone, Debug)]
struct NameRow {
    row: u32,
    naming: Naming,
    rec_from: Instant,
    rec_to: Instant,
    kept: Kept,
}

/// The names of a subject, and what of them is not yet in the file.
#[derive(Debug, Default)]
pub(crate) struct Names {
    /// What is so to the newest knowledge, all of it.
    open: Vec<NameRow>,
    /// Rows to be written that are so no longer.
    closed: Vec<NameRow>,
}

impl Names {
    /// Those of a subject that is in the file.
    pub(crate) fn load(connection: &Connection, subject: u64) -> Result<Self, ViewError> {
        let mut statement = connection.prepare_cached(OPEN)?;
        let rows = statement.query_map((subject.cast_signed(), i64::MAX), |row| {
            Ok(NameRow {
                naming: read(row)?,
                row: row.get(3)?,
                rec_from: Instant::from_micros(row.get(4)?),
                rec_to: Instant::MAX,
                kept: Kept::Same,
            })
        })?;
        Ok(Self { open: rows.collect::<Result<_, _>>()?, closed: Vec::new() })
    }

    /// Takes what the subject is called from the newest instant on that anything was recorded for.
    pub(crate) fn advance(&mut self, name: Option<&str>, turn: Instant, at: Instant, next_row: &mut u32) {
        let last = self.open.iter().find(|row| row.naming.until == Instant::MAX);
        if last.map(|row| &*row.naming.name) == name {
            return;
        }
        let mut names: Vec<Naming> = self.open.iter().map(|row| row.naming.clone()).collect();
        names.sort_unstable();
        bear(&mut names, name, turn);
        self.bring(names, at, next_row);
    }

    /// Closes the rows that are no longer so and adds what is so instead.
    pub(crate) fn bring(&mut self, mut wanted: Vec<Naming>, at: Instant, next_row: &mut u32) {
        for mut row in std::mem::take(&mut self.open) {
            if let Some(found) = wanted.iter().position(|naming| *naming == row.naming) {
                wanted.remove(found);
                self.open.push(row);
                continue;
            }
            row.rec_to = at;
            if row.kept == Kept::Same {
                row.kept = Kept::Changed;
            }
            self.closed.push(row);
        }
        for naming in wanted {
            self.open.push(NameRow {
                row: *next_row,
                naming,
                rec_from: at,
                rec_to: Instant::MAX,
                kept: Kept::New,
            });
            *next_row += 1;
        }
    }

    /// Writes what waits.
    pub(crate) fn write(&mut self, into: &mut Statements<'_>, subject: u64) -> Result<(), ViewError> {
        for row in self.closed.drain(..) {
            row.write(into, subject.cast_signed())?;
        }
        for row in &mut self.open {
            row.write(into, subject.cast_signed())?;
            row.kept = Kept::Same;
        }
        Ok(())
    }
}

impl NameRow {
    fn write(&self, into: &mut Statements<'_>, subject: i64) -> Result<(), ViewError> {
        match self.kept {
            Kept::Same => Ok(()),
            Kept::Changed => into.run(Sql::NameChanged, (subject, self.row, self.rec_to.as_micros())),
            Kept::New => {
                let Naming { from, until, name } = &self.naming;
                let (from, until) = (from.as_micros(), until.as_micros());
                let (rec_from, rec_to) = (self.rec_from.as_micros(), self.rec_to.as_micros());
                into.run(Sql::Name, (subject, self.row, name, from, until, rec_from, rec_to))?;
                into.run(Sql::GramsOf, (subject, self.row))?;
                let id = into.last_id();
                into.run(Sql::Grams, (id, grams(name)))
            }
        }
    }
}

/// Columns: name, from, until.
pub(crate) fn read(row: &Row<'_>) -> rusqlite::Result<Naming> {
    Ok(Naming {
        name: row.get(0)?,
        from: Instant::from_micros(row.get(1)?),
        until: Instant::from_micros(row.get(2)?),
    })
}
