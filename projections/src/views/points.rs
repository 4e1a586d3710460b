//! The points of a practitioner.

use super::subject::{citation, text};
use super::{Views, micros, salt, sql};
use crate::error::ViewError;
use crate::model::{PointEntry, Points, Reason};
use accord_domain::{EventType, Instant, InstitutionCode, PractitionerCode};
use accord_store::ids;

/// 一个自然年度内记分上限 (row R-317), as in the fold of the domain.
const YEAR_CAP: i32 = 12;

impl Views {
    /// The points of a natural year as they stood at an instant, as known at another.
    ///
    /// # Errors
    /// When the views cannot be read.
    pub fn points(
        &self,
        practitioner: &PractitionerCode,
        year: i32,
        as_of: Instant,
        known_at: Instant,
    ) -> Result<Points, ViewError> {
        self.with(|connection| {
            let salt = salt(connection)?;
            let mut statement = connection.prepare_cached(sql::POINTS)?;
            let mut rows = statement.query((practitioner.as_str(), year, micros(as_of), micros(known_at)))?;
            let mut entries = Vec::new();
            while let Some(row) = rows.next()? {
                let (basis, rules) = citation(row, 10)?;
                let position = row.get::<_, i64>(6)?.cast_unsigned();
                let recorded_at = Instant::from_micros(row.get(9)?);
                let reason = Reason {
                    version: row.get(0)?,
                    position,
                    id: ids::event_id(recorded_at, position, salt),
                    kind: EventType(row.get(7)?),
                    effective_at: Instant::from_micros(row.get(8)?),
                    recorded_at,
                    basis,
                    rules,
                    case: row.get(11)?,
                };
                let institution = match row.get_ref(3)? {
                    rusqlite::types::ValueRef::Null => None,
                    _ => Some(text(row, 3, |code| InstitutionCode::parse(code).ok())?),
                };
                entries.push(PointEntry {
                    reason,
                    points: row.get(1)?,
                    total_after: 0,
                    what: row.get(2)?,
                    institution,
                    decided_at: Instant::from_micros(row.get(4)?),
                });
            }
            entries.sort_by_key(|entry| (entry.reason.effective_at, entry.reason.position));
            let mut total = 0_i32;
            for entry in &mut entries {
                total = (total + entry.points).clamp(0, YEAR_CAP);
                entry.total_after = u8::try_from(total).unwrap_or(0);
            }
            Ok(Points { year, total: u8::try_from(total).unwrap_or(0), entries })
        })
    }
}
