//! Obligations as rows: what was due, as known when, and the worklist of an area.
//!
//! A row is one [`Entry`] of the domain's docket with the recorded axis added, as `periods` are spans with it. It says by when,
//! and when it ended; whether it is open or late at an instant follows from that, so no row changes because time passes. An
//! event that raises and ends nothing writes nothing here.

use crate::error::ViewError;
use crate::key::{is_of, key, row_of};
use crate::stretch::over_in;
use crate::write::{Sql, Statements};
use accord_domain::obligation::{About, Clock, Docket, Ending, Entry, ObligationKind, whole};
use accord_domain::{AreaCode, Event, Instant, Laws, Line, State, Subject, Version};
use rusqlite::{Connection, Row};

pub(crate) const TABLE: &str = "
CREATE TABLE obligations (
    key INTEGER PRIMARY KEY,
    kind TEXT NOT NULL, raised_by INTEGER NOT NULL, area INTEGER NOT NULL, listed INTEGER NOT NULL,
    line TEXT, detail TEXT NOT NULL, rule TEXT,
    clock TEXT NOT NULL, start INTEGER NOT NULL, due INTEGER NOT NULL, provisional INTEGER NOT NULL,
    read_from INTEGER NOT NULL, read_to INTEGER NOT NULL,
    eff_from INTEGER NOT NULL, eff_first INTEGER NOT NULL, eff_to INTEGER NOT NULL, cut_rec INTEGER NOT NULL,
    ending INTEGER NOT NULL, ended_by INTEGER, rec_from INTEGER NOT NULL, rec_to INTEGER NOT NULL
) STRICT;
";

/// Made last when all rows are written at once. Holds all that a worklist looks at to pass a row over.
pub(crate) const INDEX: &str = concat!(
    "CREATE INDEX obligations_due ON obligations (area, ",
    over_in!("", "read_to"),
    ", due, key, eff_from, eff_first, eff_to, cut_rec, rec_from, rec_to, read_from, read_to) WHERE listed = 1;"
);

pub(crate) const INSERT: &str = "INSERT INTO obligations (key, kind, raised_by, area, listed, line, detail, rule, clock, \
     start, due, provisional, eff_from, eff_first, eff_to, cut_rec, ending, ended_by, rec_from, rec_to, \
     read_from, read_to) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22)";
pub(crate) const UPDATE: &str = "UPDATE obligations SET eff_to = ?2, cut_rec = ?3, ending = ?4, ended_by = ?5, rec_to = ?6 \
     WHERE key = ?1";
const OPEN: &str = concat!(
    "SELECT kind, raised_by, area, line, detail, rule, clock, start, due, provisional, eff_from, eff_to, \
     ending, ended_by, read_from, read_to, ",
    row_of!("key"),
    ", eff_first, cut_rec, rec_from FROM obligations WHERE ",
    is_of!("key", "?1"),
    " AND rec_to = ?2"
);

/// An entry with the recorded axis. Before `cut` it was known to last until `first`, when time runs out for what it is about.
#[derive(Clone, Debug)]
pub(crate) struct DutyRow {
    row: u32,
    entry: Entry,
    first: Instant,
    cut: Instant,
    rec_from: Instant,
    rec_to: Instant,
    /// Whether the file has the row already.
    filed: bool,
}

/// The row that says what an entry of the docket says to the newest knowledge.
#[derive(Clone, Debug)]
struct Slot {
    row: u32,
    first: Instant,
    until: Instant,
    ending: Ending,
    cut: Instant,
    rec_from: Instant,
}

/// The obligations of a subject, and what of them is not yet in the file.
#[derive(Debug, Default)]
pub(crate) struct Duties {
    docket: Docket,
    /// One for each entry of the docket, in its order.
    slots: Vec<Slot>,
    waiting: Vec<DutyRow>,
}

impl Duties {
    /// Takes an event that is in order, after which the state is `after`.
    pub(crate) fn advance(
        &mut self,
        subject: &Subject,
        event: &Event,
        after: &State,
        laws: &Laws,
        next_row: &mut u32,
    ) {
        if self.docket.take(subject, event, after, laws) {
            self.file(event.recorded_at, next_row);
            self.settle(event.effective_at);
        }
    }

    /// Computes everything afresh from all events, of which `rows` are what is known of it by now.
    pub(crate) fn resolve(
        &mut self,
        subject: &Subject,
        events: &[Event],
        rows: Vec<DutyRow>,
        turn: Instant,
        laws: &Laws,
        next_row: &mut u32,
    ) {
        let Some(newest) = events.last() else { return };
        self.docket = whole(subject, events, laws);
        self.slots.clear();
        let mut rows: Vec<Option<DutyRow>> = rows.into_iter().map(Some).collect();
        for entry in self.docket.entries() {
            let same =
                |row: &&mut Option<DutyRow>| row.as_ref().is_some_and(|row| is_same(&row.entry, entry));
            let Some(row) = rows.iter_mut().find(same).and_then(Option::take) else {
                self.slots.push(Slot::unfiled(*next_row, entry, newest.recorded_at));
                self.waiting.push(DutyRow::new(*next_row, entry, newest.recorded_at));
                *next_row += 1;
                continue;
            };
            self.slots.push(Slot {
                row: row.row,
                first: row.first,
                until: row.entry.until,
                ending: row.entry.ending,
                cut: row.cut,
                rec_from: row.rec_from,
            });
            if !row.filed {
                self.waiting.push(row);
            }
        }
        for mut row in rows.into_iter().flatten() {
            row.rec_to = newest.recorded_at;
            self.waiting.push(row);
        }
        self.file(newest.recorded_at, next_row);
        self.settle(turn);
    }

    /// The rows not yet in the file that are not closed, taken out; what remains waits on.
    pub(crate) fn take_open(&mut self) -> Vec<DutyRow> {
        self.waiting.extract_if(.., |row| row.rec_to == Instant::MAX).collect()
    }

    /// Brings the rows to what the docket says now.
    fn file(&mut self, at: Instant, next_row: &mut u32) {
        for (index, entry) in self.docket.entries().enumerate() {
            let Some(slot) = self.slots.get_mut(index) else {
                self.slots.push(Slot::unfiled(*next_row, entry, at));
                self.waiting.push(DutyRow::new(*next_row, entry, at));
                *next_row += 1;
                continue;
            };
            if (slot.until, slot.ending) == (entry.until, entry.ending) {
                continue;
            }
            let fresh = slot.cut == Instant::MAX && slot.ending == Ending::RunOut;
            if fresh {
                (slot.until, slot.ending, slot.cut) = (entry.until, entry.ending, at);
            }
            let kept = self.waiting.iter_mut().rev().find(|row| row.row == slot.row);
            let row = match kept {
                Some(row) => row,
                None => {
                    self.waiting.push(slot.row(entry));
                    let last = self.waiting.len() - 1;
                    &mut self.waiting[last]
                }
            };
            if fresh {
                (row.entry.until, row.entry.ending, row.cut) = (entry.until, entry.ending, at);
            } else {
                // The one move of its end is spent.
                row.rec_to = at;
                *slot = Slot::unfiled(*next_row, entry, at);
                self.waiting.push(DutyRow::new(*next_row, entry, at));
                *next_row += 1;
            }
        }
    }

    /// Lets go of what ended before a turn: no event in order touches it.
    fn settle(&mut self, turn: Instant) {
        self.slots.retain(|slot| turn <= slot.until);
        self.docket.settle(turn);
    }

    /// Writes what waits.
    pub(crate) fn write(&mut self, into: &mut Statements<'_>, subject: u64) -> Result<(), ViewError> {
        for row in self.waiting.drain(..) {
            row.write(into, subject)?;
        }
        Ok(())
    }
}

/// Whether two entries are the same obligation, however it ended.
fn is_same(a: &Entry, b: &Entry) -> bool {
    let end = |entry: &Entry| Entry { until: Instant::MAX, ending: Ending::RunOut, ..entry.clone() };
    a.raised_by == b.raised_by && a.kind == b.kind && end(a) == end(b)
}

impl Slot {
    fn unfiled(row: u32, entry: &Entry, at: Instant) -> Self {
        let (until, ending) = (entry.until, entry.ending);
        Self { row, first: until, until, ending, cut: Instant::MAX, rec_from: at }
    }

    /// The row as the file has it.
    fn row(&self, entry: &Entry) -> DutyRow {
        DutyRow {
            row: self.row,
            entry: Entry { until: self.until, ending: self.ending, ..entry.clone() },
            first: self.first,
            cut: self.cut,
            rec_from: self.rec_from,
            rec_to: Instant::MAX,
            filed: true,
        }
    }
}

impl DutyRow {
    fn new(row: u32, entry: &Entry, at: Instant) -> Self {
        Self {
            row,
            entry: entry.clone(),
            first: entry.until,
            cut: Instant::MAX,
            rec_from: at,
            rec_to: Instant::MAX,
            filed: false,
        }
    }

    fn write(&self, into: &mut Statements<'_>, subject: u64) -> Result<(), ViewError> {
        let key = key(subject, self.row)?;
        let entry = &self.entry;
        let ending = ending_number(entry.ending);
        if self.filed {
            let (until, cut, rec_to) =
                (entry.until.as_micros(), self.cut.as_micros(), self.rec_to.as_micros());
            let values = (key, until, cut, ending, entry.ending.by(), rec_to);
            return into.run(Sql::DutyChanged, values);
        }
        let values = rusqlite::params![
            key,
            entry.kind.name(),
            entry.raised_by,
            entry.about.area.map_or(0, AreaCode::number),
            entry.kind.on_worklist(),
            entry.about.line.map(Line::name),
            &*entry.about.detail,
            entry.rule.as_deref(),
            entry.clock.key(),
            entry.start.as_micros(),
            entry.due.unwrap_or(Instant::MAX).as_micros(),
            entry.provisional,
            entry.from.as_micros(),
            self.first.as_micros(),
            entry.until.as_micros(),
            self.cut.as_micros(),
            ending,
            entry.ending.by(),
            self.rec_from.as_micros(),
            self.rec_to.as_micros(),
            entry.known_from.as_micros(),
            entry.known_until.as_micros(),
        ];
        into.run(Sql::Duty, values)
    }
}

/// The open rows of a subject.
pub(crate) fn open_rows(connection: &Connection, subject: u64) -> Result<Vec<DutyRow>, ViewError> {
    let mut statement = connection.prepare_cached(OPEN)?;
    let mut rows = statement.query((subject.cast_signed(), i64::MAX))?;
    let mut open = Vec::new();
    while let Some(row) = rows.next()? {
        open.push(DutyRow {
            entry: read(row)?,
            row: row.get(16)?,
            first: Instant::from_micros(row.get(17)?),
            cut: Instant::from_micros(row.get(18)?),
            rec_from: Instant::from_micros(row.get(19)?),
            rec_to: Instant::MAX,
            filed: true,
        });
    }
    Ok(open)
}

const fn ending_number(ending: Ending) -> i64 {
    match ending {
        Ending::RunOut => 0,
        Ending::Met(_) => 1,
        Ending::Dropped(_) => 2,
        Ending::Annulled => 3,
    }
}

fn ending(number: i64, by: Option<Version>) -> Option<Ending> {
    match (number, by) {
        (0, None) => Some(Ending::RunOut),
        (1, Some(by)) => Some(Ending::Met(by)),
        (2, Some(by)) => Some(Ending::Dropped(by)),
        (3, None) => Some(Ending::Annulled),
        _ => None,
    }
}

/// Columns: kind, raised_by, area, line, detail, rule, clock, start, due, provisional, from, until, ending, ended_by,
/// read_from, read_to.
pub(crate) fn read(row: &Row<'_>) -> Result<Entry, ViewError> {
    let damaged = |what: &str| ViewError::Damaged(format!("{what} of an obligation cannot be read"));
    let text = |at: usize| -> Result<&str, ViewError> {
        Ok(row.get_ref(at)?.as_str().map_err(rusqlite::Error::from)?)
    };
    let line = match row.get_ref(3)? {
        rusqlite::types::ValueRef::Null => None,
        _ => Some(Line::parse(text(3)?).ok_or_else(|| damaged("the line"))?),
    };
    let area: u32 = row.get(2)?;
    Ok(Entry {
        kind: ObligationKind::parse(text(0)?).ok_or_else(|| damaged("the kind"))?,
        raised_by: row.get(1)?,
        about: About { area: (area > 0).then(|| AreaCode::from_number(area)), line, detail: text(4)?.into() },
        from: Instant::from_micros(row.get(10)?),
        clock: Clock::parse(text(6)?).ok_or_else(|| damaged("the clock"))?,
        start: Instant::from_micros(row.get(7)?),
        due: Instant::from_micros(row.get(8)?).bounded(),
        provisional: row.get(9)?,
        known_from: Instant::from_micros(row.get(14)?),
        known_until: Instant::from_micros(row.get(15)?),
        rule: row.get::<_, Option<String>>(5)?.map(Into::into),
        until: Instant::from_micros(row.get(11)?),
        ending: ending(row.get(12)?, row.get(13)?).ok_or_else(|| damaged("the end"))?,
    })
}
