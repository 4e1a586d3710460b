//! The trail of a subject, with what was struck through and what was corrected, as known then.

use super::subject::reason;
use super::{Views, micros, salt, sql};
use crate::error::ViewError;
use crate::model::{Axis, Page, TrailEntry};
use accord_domain::{Instant, Subject, Version};

/// An act on the record, as a number in the views.
pub(crate) const ANNULS: u8 = 1;
/// An annulment that takes the consequences with it.
pub(crate) const ANNULS_WITH_CONSEQUENCES: u8 = 2;
/// A correction.
pub(crate) const CORRECTS: u8 = 3;

/// An annulment or a correction in the trail.
struct Act {
    by: usize,
    act: u8,
    target: Version,
    from: Instant,
}

impl Views {
    /// A subject's events known by an instant, in the order of one axis. `after` is the `next` of the page before.
    ///
    /// # Errors
    /// [`ViewError::Cursor`] for a cursor that is none of ours; else when the views cannot be read.
    pub fn trail(
        &self,
        subject: &Subject,
        axis: Axis,
        known_at: Instant,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page<TrailEntry>, ViewError> {
        let after = after.map(|text| text.parse::<Version>().map_err(|_| cursor(text))).transpose()?;
        let mut entries = self.known(subject, known_at)?;
        match axis {
            Axis::Recorded => {}
            Axis::Effective => {
                entries.sort_by_key(|entry| (entry.reason.effective_at, entry.reason.position));
            }
        }
        let start = match after {
            None => 0,
            Some(version) => entries
                .iter()
                .position(|entry| entry.reason.version == version)
                .map(|at| at + 1)
                .ok_or_else(|| cursor(&version.to_string()))?,
        };
        let more = entries.len() > start + limit;
        let items: Vec<_> = entries.into_iter().skip(start).take(limit).collect();
        let next = items.last().filter(|_| more).map(|entry| entry.reason.version.to_string());
        Ok(Page { items, next })
    }

    /// All of a subject's events known by an instant, as recorded.
    fn known(&self, subject: &Subject, known_at: Instant) -> Result<Vec<TrailEntry>, ViewError> {
        self.with(|connection| {
            let salt = salt(connection)?;
            let mut statement = connection.prepare_cached(sql::TRAIL)?;
            let mut rows = statement.query((subject.code(), micros(known_at)))?;
            let (mut entries, mut acts) = (Vec::new(), Vec::new());
            while let Some(row) = rows.next()? {
                if let (Some(act), Some(target)) = (row.get(9)?, row.get(8)?) {
                    let from = Instant::from_micros(row.get::<_, Option<i64>>(10)?.unwrap_or(i64::MIN));
                    acts.push(Act { by: entries.len(), act, target, from });
                }
                entries.push(TrailEntry {
                    reason: reason(row, salt)?,
                    caused_by: row.get(7)?,
                    voided_by: None,
                    void_from: None,
                    corrected_by: None,
                });
            }
            mark(&mut entries, &acts);
            Ok(entries)
        })
    }
}

/// Says of each entry what was done to it later: the rules of [`accord_domain::timeline::resolve`].
fn mark(entries: &mut [TrailEntry], acts: &[Act]) {
    for act in acts.iter().rev().filter(|act| act.act != CORRECTS) {
        if entries[act.by].void_from == Some(Instant::MIN) {
            continue;
        }
        let by = entries[act.by].reason.version;
        for (at, entry) in entries.iter_mut().enumerate() {
            let hit = entry.reason.version == act.target && at < act.by;
            let follows = act.act == ANNULS_WITH_CONSEQUENCES && entry.caused_by == Some(act.target);
            if (hit || follows) && entry.void_from.is_none_or(|known| act.from < known) {
                entry.void_from = Some(act.from);
                entry.voided_by = Some(by);
            }
        }
    }
    for act in acts.iter().filter(|act| act.act == CORRECTS) {
        if entries[act.by].void_from.is_some() {
            continue;
        }
        let by = entries[act.by].reason.version;
        if let Some(entry) = entries.iter_mut().find(|entry| entry.reason.version == act.target) {
            entry.corrected_by = Some(by);
        }
    }
}

fn cursor(text: &str) -> ViewError {
    ViewError::Cursor(text.chars().take(80).collect())
}
