//! `show`: what stands of a subject, with its reasons.

use super::{Coordinates, Due, Gathered, PersonalData, Reason};
use accord_domain::track::BarClass;
use accord_domain::{AreaCode, Instant, InstitutionCode, Line, Span, Track, Value, Version};
use serde::Serialize;

/// What stands of a subject.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(untagged)]
pub enum Show {
    /// Of an institution.
    Institution(InstitutionShow),
    /// Of a practitioner.
    Practitioner(PractitionerShow),
    /// Of an enterprise, an insured person, a pooling area or a case.
    Other(OtherShow),
}

/// What stands of a subject that is neither an institution nor a practitioner.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct OtherShow {
    /// Code.
    pub subject: Box<str>,
    /// The word of its kind.
    pub kind: &'static str,
    /// Name or title then; null when none is recorded.
    pub name: Option<Box<str>>,
    /// Earlier names, oldest first.
    pub former_names: Vec<Box<str>>,
    /// What became of the personal data recorded of it; left out where none is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub personal_data: Option<PersonalData>,
    /// Newest version known; null when nothing was known yet.
    pub version: Option<Version>,
    /// Where on the two axes.
    pub coordinates: Coordinates,
    /// What stands, one entry a track.
    pub standing: Vec<Standing>,
    /// What is due.
    pub obligations: Vec<Due>,
}

/// What stands on a track.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Standing {
    /// The track, in the form it has everywhere: `credit`, `moratorium/medical`.
    pub track: Track,
    /// What stands there.
    pub value: &'static str,
    /// Since when.
    pub since: Instant,
    /// Until when, as far as what is recorded tells; null when open.
    pub until: Option<Instant>,
    /// What made it so.
    pub reasons: Vec<Reason>,
}

/// What stands of an institution.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct InstitutionShow {
    /// Code.
    pub subject: Box<str>,
    /// `institution`.
    pub kind: &'static str,
    /// Name then; null when none is recorded.
    pub name: Option<Box<str>>,
    /// Earlier names, oldest first.
    pub former_names: Vec<Box<str>>,
    /// What became of the personal data recorded of it; left out where none is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub personal_data: Option<PersonalData>,
    /// Newest version known; null when nothing was known yet.
    pub version: Option<Version>,
    /// Where on the two axes.
    pub coordinates: Coordinates,
    /// One per pooling area and line.
    pub agreements: Vec<Agreement>,
    /// 暂停医保基金结算, one entry an event and line.
    pub holds: Vec<HoldStanding>,
    /// 责令暂停…部门医药服务.
    pub departments: Vec<Department>,
    /// Bars to applying again.
    pub bars: Vec<Bar>,
    /// What stands besides: credit, commitments, objections, appeals.
    pub standing: Vec<Standing>,
    /// What is due.
    pub obligations: Vec<Due>,
}

/// The agreement of a pooling area and line.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Agreement {
    /// Pooling area.
    pub area: AreaCode,
    /// Line.
    pub line: Line,
    /// Status, a word of the contract.
    pub status: &'static str,
    /// Since when.
    pub since: Instant,
    /// Until when, as far as what is recorded tells; null when open.
    pub until: Option<Instant>,
    /// 政策辅导期 running in the area.
    pub probation: Option<Probation>,
    /// Whether settlement is held for this area and line.
    pub settlement_held: bool,
    /// Whether 异地就医结算 is open in the area; null when nothing says.
    pub cross_region: Option<bool>,
    /// Departments ordered off.
    pub departments_ordered_off: Vec<Box<str>>,
    /// End of the longest bar; null when there is none, or when its end is not known.
    pub barred_until: Option<Instant>,
    /// Why the status is what it is, then why each flag is.
    pub reasons: Vec<Reason>,
}

/// 政策辅导期.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Probation {
    /// `initial` or `extended`.
    pub phase: &'static str,
    /// Its end.
    pub until: Option<Instant>,
}

/// 暂停医保基金结算: the money waits and may still be paid.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct HoldStanding {
    /// Pooling area; null means all.
    pub area: Option<AreaCode>,
    /// Line; null means all.
    pub line: Option<Line>,
    /// Since when.
    pub since: Instant,
    /// Until when; null while it lasts.
    pub until: Option<Instant>,
    /// The event that placed it, by which it is released.
    pub reasons: Vec<Reason>,
}

/// A department ordered off.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Department {
    /// Department.
    pub department: Box<str>,
    /// Since when.
    pub since: Instant,
    /// Until when.
    pub until: Option<Instant>,
    /// The order.
    pub reasons: Vec<Reason>,
}

/// A bar to applying or registering again.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Bar {
    /// Class of its reason.
    pub reason_class: BarClass,
    /// Since when.
    pub since: Instant,
    /// Its end; null when not known, or not before liability is performed.
    pub until: Option<Instant>,
    /// Whether the liability that goes with it is performed.
    pub liability_performed: bool,
    /// What raised it.
    pub reasons: Vec<Reason>,
}

/// What stands of a practitioner.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct PractitionerShow {
    /// Code.
    pub subject: Box<str>,
    /// `practitioner`.
    pub kind: &'static str,
    /// Name then; null when none is recorded.
    pub name: Option<Box<str>>,
    /// Earlier names, oldest first.
    pub former_names: Vec<Box<str>>,
    /// What became of the personal data recorded of it; left out where none is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub personal_data: Option<PersonalData>,
    /// Newest version known; null when nothing was known yet.
    pub version: Option<Version>,
    /// Where on the two axes.
    pub coordinates: Coordinates,
    /// 医保支付资格.
    pub qualification: Qualification,
    /// Bars to registering again.
    pub bars: Vec<Bar>,
    /// What stands besides: commitments, objections, appeals.
    pub standing: Vec<Standing>,
    /// What is due.
    pub obligations: Vec<Due>,
}

/// 医保支付资格.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Qualification {
    /// `unregistered normal suspended terminated`.
    pub status: &'static str,
    /// Since when; null when nothing is recorded.
    pub since: Option<Instant>,
    /// Until when, as far as what is recorded tells; null when open.
    pub until: Option<Instant>,
    /// End of the longest bar; null when there is none, or when its end is not known.
    pub barred_until: Option<Instant>,
    /// Points of the natural year of `as_of`.
    pub points: PointsNow,
    /// Where registered.
    pub sites: Vec<Site>,
    /// Why.
    pub reasons: Vec<Reason>,
}

/// Points of a natural year.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct PointsNow {
    /// The year.
    pub year: i32,
    /// 0 to 12.
    pub total: u8,
}

/// A site. Suspension and termination hold nationwide, so at every site.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Site {
    /// Institution.
    pub institution: InstitutionCode,
    /// The qualification's status, which holds at every site.
    pub status: &'static str,
    /// Since when registered there.
    pub since: Instant,
    /// Until when; null when open.
    pub until: Option<Instant>,
}

impl Show {
    /// Arranges what was gathered.
    #[must_use]
    pub fn of(gathered: &Gathered) -> Self {
        match &gathered.subject {
            accord_domain::Subject::Institution(_) => Self::Institution(institution(gathered)),
            accord_domain::Subject::Practitioner(_) => Self::Practitioner(practitioner(gathered)),
            accord_domain::Subject::Enterprise(_)
            | accord_domain::Subject::Insured(_)
            | accord_domain::Subject::Area(_)
            | accord_domain::Subject::Case(_) => Self::Other(other(gathered)),
        }
    }

    /// The coordinates it stands at.
    #[must_use]
    pub const fn coordinates(&self) -> &Coordinates {
        match self {
            Self::Institution(show) => &show.coordinates,
            Self::Practitioner(show) => &show.coordinates,
            Self::Other(show) => &show.coordinates,
        }
    }

    /// Newest version known.
    #[must_use]
    pub const fn version(&self) -> Option<Version> {
        match self {
            Self::Institution(show) => show.version,
            Self::Practitioner(show) => show.version,
            Self::Other(show) => show.version,
        }
    }
}

fn institution(gathered: &Gathered) -> InstitutionShow {
    let spans = &gathered.spans;
    let agreements = spans
        .iter()
        .filter_map(|span| match span.track {
            Track::Agreement(area, line) => Some(agreement(gathered, span, area, line)),
            _ => None,
        })
        .collect();
    let holds = spans
        .iter()
        .filter_map(|span| match span.track {
            Track::Hold { placed_by, area, line } => Some(HoldStanding {
                area,
                line,
                since: span.from,
                until: span.until.bounded(),
                reasons: gathered.reasons_of([&placed_by]),
            }),
            _ => None,
        })
        .collect();
    let departments = spans
        .iter()
        .filter_map(|span| match &span.track {
            Track::Department(department) => Some(Department {
                department: department.clone(),
                since: span.from,
                until: span.until.bounded(),
                reasons: gathered.reasons_of([&span.cause]),
            }),
            _ => None,
        })
        .collect();
    InstitutionShow {
        subject: gathered.subject.code().into(),
        kind: gathered.subject.kind().name(),
        name: gathered.name.clone(),
        former_names: gathered.former_names.clone(),
        personal_data: gathered.personal_data,
        version: gathered.version,
        coordinates: gathered.coordinates,
        agreements,
        holds,
        departments,
        bars: bars(gathered),
        standing: besides(gathered),
        obligations: gathered.obligations.clone(),
    }
}

fn other(gathered: &Gathered) -> OtherShow {
    OtherShow {
        subject: gathered.subject.code().into(),
        kind: gathered.subject.kind().name(),
        name: gathered.name.clone(),
        former_names: gathered.former_names.clone(),
        personal_data: gathered.personal_data,
        version: gathered.version,
        coordinates: gathered.coordinates,
        standing: gathered.spans.iter().map(|span| standing(gathered, span)).collect(),
        obligations: gathered.obligations.clone(),
    }
}

/// What has no place of its own in the answer about an institution or a practitioner.
fn besides(gathered: &Gathered) -> Vec<Standing> {
    let besides = |track: &Track| {
        matches!(
            track,
            Track::Credit
                | Track::Commitment(_)
                | Track::Discipline(_)
                | Track::Objection(_)
                | Track::Appeal(_)
        )
    };
    gathered.spans.iter().filter(|span| besides(&span.track)).map(|span| standing(gathered, span)).collect()
}

fn standing(gathered: &Gathered, span: &Span) -> Standing {
    Standing {
        track: span.track.clone(),
        value: span.value.name(),
        since: span.from,
        until: span.until.bounded(),
        reasons: gathered.reasons_of([&span.cause]),
    }
}

fn agreement(gathered: &Gathered, status: &Span, area: AreaCode, line: Line) -> Agreement {
    let mut causes = vec![&status.cause];
    let mut probation = None;
    let mut settlement_held = false;
    let mut cross_region = None;
    let mut departments_ordered_off = Vec::new();
    for span in &gathered.spans {
        match &span.track {
            Track::Probation(of) if *of == area => {
                probation = Some(Probation { phase: span.value.name(), until: span.until.bounded() });
            }
            Track::CrossRegion(of) if *of == area => cross_region = Some(span.value == Value::Open),
            Track::Hold { area: of, line: on, .. }
                if of.is_none_or(|of| of == area) && on.is_none_or(|on| on == line) =>
            {
                settlement_held = true;
            }
            Track::Department(department) => departments_ordered_off.push(department.clone()),
            Track::Agreement(..)
            | Track::Probation(_)
            | Track::CrossRegion(_)
            | Track::Hold { .. }
            | Track::Bar(_)
            | Track::Qualification
            | Track::Site(_)
            | Track::Points
            | Track::Credit
            | Track::Moratorium(_)
            | Track::Commitment(_)
            | Track::Discipline(_)
            | Track::OnlineSettlement
            | Track::Objection(_)
            | Track::Appeal(_)
            | Track::Plan
            | Track::Rules(_)
            | Track::Case
            | Track::Supervision => continue,
        }
        causes.push(&span.cause);
    }
    Agreement {
        area,
        line,
        status: status.value.name(),
        since: status.from,
        until: status.until.bounded(),
        probation,
        settlement_held,
        cross_region,
        departments_ordered_off,
        barred_until: barred_until(&gathered.spans),
        reasons: gathered.reasons_of(causes),
    }
}

fn bars(gathered: &Gathered) -> Vec<Bar> {
    gathered
        .spans
        .iter()
        .filter_map(|span| match (&span.track, span.value) {
            (Track::Bar(_), Value::Barred { class, liability_performed }) => Some(Bar {
                reason_class: class,
                since: span.from,
                until: span.until.bounded(),
                liability_performed,
                reasons: gathered.reasons_of([&span.cause]),
            }),
            _ => None,
        })
        .collect()
}

/// The end of the longest bar, where it is known.
fn barred_until(spans: &[Span]) -> Option<Instant> {
    let ends = spans.iter().filter(|span| matches!(span.track, Track::Bar(_))).map(|span| span.until);
    ends.max().and_then(Instant::bounded)
}

fn practitioner(gathered: &Gathered) -> PractitionerShow {
    let spans = &gathered.spans;
    let status = spans.iter().find(|span| span.track == Track::Qualification);
    let word = status.map_or(Value::Unregistered, |span| span.value).name();
    let points = spans.iter().find_map(|span| match (&span.track, span.value) {
        (Track::Points, Value::Points(total)) => Some((total, &span.cause)),
        _ => None,
    });
    let sites = spans
        .iter()
        .filter_map(|span| match &span.track {
            Track::Site(institution) => Some(Site {
                institution: *institution,
                status: word,
                since: span.from,
                until: span.until.bounded(),
            }),
            _ => None,
        })
        .collect();
    let bar_causes = spans.iter().filter(|span| matches!(span.track, Track::Bar(_))).map(|span| &span.cause);
    let causes = status.map(|span| &span.cause).into_iter();
    let causes = causes.chain(points.map(|(_, cause)| cause)).chain(bar_causes);
    PractitionerShow {
        subject: gathered.subject.code().into(),
        kind: gathered.subject.kind().name(),
        name: gathered.name.clone(),
        former_names: gathered.former_names.clone(),
        personal_data: gathered.personal_data,
        version: gathered.version,
        coordinates: gathered.coordinates,
        qualification: Qualification {
            status: word,
            since: status.map(|span| span.from),
            until: status.and_then(|span| span.until.bounded()),
            barred_until: barred_until(spans),
            points: PointsNow {
                year: gathered.coordinates.as_of.year(),
                total: points.map_or(0, |(total, _)| total),
            },
            sites,
            reasons: gathered.reasons_of(causes),
        },
        bars: bars(gathered),
        standing: besides(gathered),
        obligations: gathered.obligations.clone(),
    }
}
