//! Rows of `periods`, and how new knowledge changes them.

use accord_domain::{Instant, Span, Track, Value, Version};

/// Whether a row is in the file as it is here.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kept {
    /// Not in the file.
    New,
    /// In the file, otherwise.
    Changed,
    /// In the file.
    Same,
}

/// A span with the recorded axis; see [`crate::schema::TABLES`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Row {
    pub(crate) row: u32,
    pub(crate) track: Track,
    pub(crate) value: Value,
    pub(crate) cause: Version,
    pub(crate) from: Instant,
    /// Its end as known before `cut`.
    pub(crate) first: Instant,
    /// Its end as known from `cut` on.
    pub(crate) until: Instant,
    /// When its end was last moved; never is [`Instant::MAX`].
    pub(crate) cut: Instant,
    pub(crate) rec_from: Instant,
    pub(crate) rec_to: Instant,
    pub(crate) kept: Kept,
}

impl Row {
    fn new(row: u32, span: Span, at: Instant) -> Self {
        Self {
            row,
            track: span.track,
            value: span.value,
            cause: span.cause,
            from: span.from,
            first: span.until,
            until: span.until,
            cut: Instant::MAX,
            rec_from: at,
            rec_to: Instant::MAX,
            kept: Kept::New,
        }
    }

    /// What it says to the newest knowledge.
    pub(crate) fn span(&self) -> Span {
        Span {
            track: self.track.clone(),
            value: self.value,
            from: self.from,
            until: self.until,
            cause: self.cause,
        }
    }

    fn key(&self) -> (&Track, Instant, Value, Version) {
        (&self.track, self.from, self.value, self.cause)
    }

    fn change(&mut self) {
        if self.kept == Kept::Same {
            self.kept = Kept::Changed;
        }
    }

    /// Moves the end, if this row has not spent its one move.
    fn cut(&mut self, until: Instant, at: Instant) -> bool {
        let free = self.cut == Instant::MAX;
        if free {
            self.until = until;
            self.cut = at;
            self.change();
        }
        free
    }

    fn close(&mut self, at: Instant) {
        self.rec_to = at;
        self.change();
    }
}

fn key(span: &Span) -> (&Track, Instant, Value, Version) {
    (&span.track, span.from, span.value, span.cause)
}

/// Brings the open rows to the spans now known, learnt at `at`: what is unchanged is not touched. Closed rows go to
/// `closed`.
pub(crate) fn bring(
    mut rows: Vec<Row>,
    mut spans: Vec<Span>,
    at: Instant,
    next_row: &mut u32,
    closed: &mut Vec<Row>,
) -> Vec<Row> {
    rows.sort_unstable_by(|a, b| a.key().cmp(&b.key()));
    spans.sort_unstable_by(|a, b| key(a).cmp(&key(b)));
    let mut open = Vec::with_capacity(spans.len());
    let mut add = |span: Span, open: &mut Vec<Row>| {
        open.push(Row::new(*next_row, span, at));
        *next_row += 1;
    };
    let mut rows = rows.into_iter().peekable();
    for span in spans {
        let mut known = None;
        while let Some(mut row) = rows.next_if(|row| row.key() <= key(&span)) {
            if row.key() == key(&span) {
                known = Some(row);
                break;
            }
            row.close(at);
            closed.push(row);
        }
        match known {
            Some(row) if row.until == span.until => open.push(row),
            Some(mut row) => {
                if row.cut(span.until, at) {
                    open.push(row);
                } else {
                    row.close(at);
                    closed.push(row);
                    add(span, &mut open);
                }
            }
            None => add(span, &mut open),
        }
    }
    closed.extend(rows.map(|mut row| {
        row.close(at);
        row
    }));
    open
}
