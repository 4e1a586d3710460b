//! What the views answer with.

use accord_domain::obligation::Entry;
use accord_domain::{
    AreaCode, Basis, EventType, Instant, InstitutionCode, Line, Span, Subject, SubjectKind, Track, Value,
    Version,
};
use uuid::Uuid;

/// The event behind a span, without touching the log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reason {
    /// Version in the subject's stream.
    pub version: Version,
    /// Position in the log.
    pub position: u64,
    /// Id.
    pub id: Uuid,
    /// Type.
    pub kind: EventType,
    /// In force from.
    pub effective_at: Instant,
    /// Recorded.
    pub recorded_at: Instant,
    /// On what basis.
    pub basis: Vec<Basis>,
    /// Ids of the rules it was decided under.
    pub rules: Vec<String>,
    /// The case it belongs to.
    pub case: Option<String>,
}

/// One line of a subject's trail.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TrailEntry {
    /// The event.
    pub reason: Reason,
    /// For a consequence: the version that caused it.
    pub caused_by: Option<Version>,
    /// The annulment that struck it through, as known then.
    pub voided_by: Option<Version>,
    /// From when it is void: [`Instant::MIN`] from the start; none when it is not void.
    pub void_from: Option<Instant>,
    /// The newest correction of it, as known then.
    pub corrected_by: Option<Version>,
}

/// In which order a trail is told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Axis {
    /// By when it held in law.
    Effective,
    /// By when the ledger learnt it.
    Recorded,
}

/// Which rows a list asks for; what is left out means any.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Filter {
    /// Kind of subject.
    pub kind: Option<SubjectKind>,
    /// Pooling area of the agreement, or of the practitioner's first registration.
    pub area: Option<AreaCode>,
    /// Line; practitioners have none.
    pub line: Option<Line>,
    /// Status.
    pub status: Option<Value>,
}

/// One row of a list: a subject's status on one agreement line, or its qualification.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Listed {
    /// Who.
    pub subject: Subject,
    /// Its name at the coordinates of the list, where one is known.
    pub name: Option<String>,
    /// Area the row is listed under.
    pub area: Option<AreaCode>,
    /// What stands.
    pub span: Span,
}

/// A line of a worklist.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Duty {
    /// Who it is about.
    pub subject: Subject,
    /// Its name at the coordinates of the worklist, where one is known.
    pub name: Option<String>,
    /// What is due.
    pub entry: Entry,
    /// The event that raised it.
    pub raised_by: Uuid,
}

/// A page of something.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Where the next page starts; none after the last.
    pub next: Option<String>,
}

/// How many stand at one status in one place.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct CensusLine {
    /// Kind of subject.
    pub kind: SubjectKind,
    /// Pooling area; none when not known.
    pub area: Option<AreaCode>,
    /// Line; none for practitioners.
    pub line: Option<Line>,
    /// Status.
    pub status: Value,
    /// How many.
    pub count: u64,
}

/// What stood in the whole ledger at one pair of coordinates.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Census {
    /// Coordinate on the effective axis.
    pub as_of: Instant,
    /// Coordinate on the recorded axis.
    pub known_at: Instant,
    /// Counts, sorted.
    pub lines: Vec<CensusLine>,
    /// Subjects of each kind that have any status there.
    pub subjects: Vec<(SubjectKind, u64)>,
}

/// A span with the recorded axis, as kept in the views: it was known in `[known_from, known_until)`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Period {
    /// What held, to the newest knowledge of this row.
    pub span: Span,
    /// Its end as known before [`Period::moved_at`].
    pub until_before: Instant,
    /// When its end was moved; [`Instant::MAX`] when it never was.
    pub moved_at: Instant,
    /// When it became known.
    pub known_from: Instant,
    /// When it was no longer so; [`Instant::MAX`] while it is.
    pub known_until: Instant,
    /// Where lists and statistics count it; none where they do not.
    pub listed: Option<Listing>,
}

/// Where lists and statistics count a period.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Listing {
    /// Kind of subject.
    pub kind: SubjectKind,
    /// Pooling area; none where it is not known.
    pub area: Option<AreaCode>,
    /// Status.
    pub status: Value,
}

impl Listing {
    /// Where a status of a subject belongs that is listed under its home area where its track names none; none for what is no
    /// status of that kind of subject.
    #[must_use]
    pub fn of(kind: SubjectKind, home: Option<AreaCode>, track: &Track, status: Value) -> Option<Self> {
        let area = track.area().or(home);
        track.is_status_of(kind).then_some(Self { kind, area, status })
    }
}

impl Period {
    /// What it says as known at an instant; none when it was not known, or no longer.
    #[must_use]
    pub fn known(&self, at: Instant) -> Option<Span> {
        let until = if at < self.moved_at { self.until_before } else { self.span.until };
        (self.known_from <= at && at < self.known_until).then(|| Span { until, ..self.span.clone() })
    }
}

/// A deduction or a repair.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PointEntry {
    /// The event, with its basis.
    pub reason: Reason,
    /// Points: positive when deducted (记分), negative when given back (记分修复).
    pub points: i32,
    /// The total of the year after it.
    pub total_after: u8,
    /// The behaviour of a deduction, the activity of a repair.
    pub what: String,
    /// Institution where it happened.
    pub institution: Option<InstitutionCode>,
    /// When it was decided.
    pub decided_at: Instant,
}

/// The points of a natural year.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Points {
    /// The year.
    pub year: i32,
    /// Total, 0 to 12.
    pub total: u8,
    /// What counts, in effective order; voided entries are left out.
    pub entries: Vec<PointEntry>,
}

/// A subject found by name or code.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Found {
    /// Who.
    pub subject: Subject,
    /// The name that matched, or the one borne at the coordinates of the search when the code matched.
    pub name: Option<String>,
    /// Whether that is the name borne at those coordinates; else it was borne at another time.
    pub current: bool,
}

/// A subject whose events could not be understood; its rows stand as of the event before. It comes back by itself when the
/// event is understood: at the next opening of the views for writing, or with the next event of its own.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Parked {
    /// Stream name.
    pub stream: String,
    /// The event that could not be read.
    pub position: u64,
    /// Why.
    pub error: String,
}

/// Health is progress.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Health {
    /// The next position the views need: everything before it is in them.
    pub position: u64,
    /// Newest `recorded_at` in them.
    pub recorded_at: Option<Instant>,
    /// How many subjects are set aside.
    pub parked_count: u64,
    /// The first hundred of them.
    pub parked: Vec<Parked>,
    /// Events whose reactions on others are to come.
    pub pending_reactions: u64,
}
