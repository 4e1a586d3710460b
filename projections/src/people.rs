//! Where reactions look: who is named where, and which events still have theirs to come.
//!
//! A row of `people` only says where to look; what holds is read from the subject itself. A row of `reactions` is written
//! with the views of its event and goes when the reactions have been carried out, so that whatever happens in between they
//! are carried out after the next opening. Views made anew have them all again: carried out before, they change nothing.

use crate::error::ViewError;
use crate::projector::Projector;
use crate::views::{Views, sql};
use accord_domain::others::Whom;
use accord_domain::{PractitionerCode, Subject};

const PENDING: &str = "SELECT position FROM reactions WHERE position >= ?1 ORDER BY position LIMIT ?2";
const REACTED: &str = "DELETE FROM reactions WHERE position = ?1";
const NAMED: &str = "SELECT DISTINCT s.code FROM people p JOIN subjects s ON s.id = p.subject WHERE p.whom = ?1 ORDER BY s.id";
const SPOKEN_OF: &str = "SELECT p.whom, s.code FROM people p JOIN subjects s ON s.id = p.subject WHERE p.says = 1 ORDER BY p.whom, s.id";

impl Projector {
    /// Positions of events whose reactions are to come, oldest first, from one on.
    ///
    /// # Errors
    /// When the views cannot be read.
    pub fn pending_reactions(&self, from: u64, limit: u32) -> Result<Vec<u64>, ViewError> {
        let mut statement = self.connection.prepare_cached(PENDING)?;
        let rows = statement
            .query_map((from.cast_signed(), limit), |row| row.get::<_, i64>(0).map(i64::cast_unsigned))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The reactions of an event have been carried out.
    ///
    /// # Errors
    /// When the views cannot be written.
    pub fn reacted(&mut self, position: u64) -> Result<(), ViewError> {
        self.connection.prepare_cached(REACTED)?.execute([position.cast_signed()])?;
        Ok(())
    }

    /// Subjects that name a person by the code of a practitioner, in the order of their first events.
    ///
    /// # Errors
    /// When the views cannot be read.
    pub fn naming(&self, person: PractitionerCode) -> Result<Vec<Subject>, ViewError> {
        let mut statement = self.connection.prepare_cached(NAMED)?;
        let rows = statement.query_map([person.as_str()], |row| row.get::<_, String>(0))?;
        rows.map(|code| subject(&code?)).collect()
    }

    /// Everybody of whom a subject says something to decisions on others, and that subject.
    ///
    /// # Errors
    /// When the views cannot be read.
    pub fn spoken_of(&self) -> Result<Vec<(Whom, Subject)>, ViewError> {
        let mut statement = self.connection.prepare_cached(SPOKEN_OF)?;
        let rows = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))?;
        rows.map(|row| {
            let (whom, code) = row?;
            let known = Whom::parse(&whom);
            let known = known.ok_or_else(|| ViewError::Damaged(format!("{whom} is nobody's code")))?;
            Ok((known, subject(&code)?))
        })
        .collect()
    }
}

impl Views {
    /// The subjects that say something of somebody to decisions on others, in the order of their first events.
    ///
    /// # Errors
    /// When the views cannot be read.
    pub fn speaking_of(&self, whom: Whom) -> Result<Vec<Subject>, ViewError> {
        self.with(|connection| {
            let mut statement = connection.prepare_cached(sql::SPEAKING_OF)?;
            let rows = statement.query_map([whom.code()], |row| row.get::<_, String>(0))?;
            rows.map(|code| subject(&code?)).collect()
        })
    }
}

fn subject(code: &str) -> Result<Subject, ViewError> {
    Subject::parse(code).map_err(|error| ViewError::Damaged(error.to_string()))
}
