//! `payable`: may this claim be paid, with every reason.

use super::{AnswerError, Coordinates, Gathered, Position, gather};
use accord_domain::payable::{self, Claim, EmergencyRules, Outcome, ReasonCode, Whose};
use accord_domain::rulebook::Citation;
use accord_domain::{
    AreaCode, Basis, Instant, InstitutionCode, Laws, Line, PractitionerCode, Subject, Track,
};
use accord_projections::Views;
use serde::Serialize;
use uuid::Uuid;

/// The claim asked about. The instant is the coordinates' `as_of`.
#[derive(Clone, PartialEq, Debug)]
pub struct ClaimAsked {
    /// Institution.
    pub institution: InstitutionCode,
    /// Practitioner, where the claim names one.
    pub practitioner: Option<PractitionerCode>,
    /// Pooling area that pays; found by [`default_area`] when left out.
    pub area: Option<AreaCode>,
    /// Line.
    pub line: Line,
    /// Department.
    pub department: Option<Box<str>>,
    /// 急诊、抢救.
    pub emergency: bool,
}

/// The answer.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Payable {
    /// `payable`, `held` or `refused`.
    pub outcome: Outcome,
    /// The instant of the service.
    pub at: Instant,
    /// Institution.
    pub institution: InstitutionCode,
    /// Practitioner.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub practitioner: Option<PractitionerCode>,
    /// Pooling area that pays.
    pub area: AreaCode,
    /// Line.
    pub line: Line,
    /// Department.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub department: Option<Box<str>>,
    /// 急诊、抢救.
    pub emergency: bool,
    /// Where on the two axes.
    pub coordinates: Coordinates,
    /// Everything that stands in the way or makes an exception; empty when nothing does.
    pub reasons: Vec<PayableReason>,
}

/// One reason.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct PayableReason {
    /// Code of the contract.
    pub code: ReasonCode,
    /// Whose history the event is in.
    pub subject: Box<str>,
    /// The event; null where nothing is recorded that would allow payment.
    pub event: Option<Uuid>,
    /// Its place in the log.
    pub position: Option<Position>,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: Option<&'static str>,
    /// 依据, as the decision states it.
    pub basis: Vec<Basis>,
    /// The rules it was decided under.
    pub rules: Vec<Citation>,
    /// From when.
    pub from: Option<Instant>,
    /// Until when; null when open or when nothing is recorded.
    pub until: Option<Instant>,
}

/// The pooling area meant when the claim names none: the only one the institution has an agreement in, else the region of
/// its code when it has one there.
///
/// # Errors
/// [`AnswerError::Question`] listing the areas, when it cannot be told.
pub fn default_area(institution: &Gathered) -> Result<AreaCode, AnswerError> {
    let mut areas: Vec<AreaCode> = institution
        .spans
        .iter()
        .filter_map(|span| match span.track {
            Track::Agreement(area, _) => Some(area),
            _ => None,
        })
        .collect();
    areas.sort_unstable();
    areas.dedup();
    let region = institution.subject.code().get(1..7).and_then(|region| AreaCode::parse(region).ok());
    match (areas.as_slice(), region) {
        ([only], _) => Ok(*only),
        ([], Some(region)) => Ok(region.prefecture()),
        ([], None) => {
            let code = institution.subject.code();
            Err(AnswerError::Question {
                parameter: "area",
                message: format!(
                    "the code {code} names no pooling area, and no agreement does: say which one pays"
                ),
                message_zh: format!("代码 {code} 不含统筹地区，也没有协议写明：请写明由哪一个统筹地区支付"),
            })
        }
        (several, Some(region)) if several.contains(&region.prefecture()) => Ok(region.prefecture()),
        (several, _) => {
            let list = several.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            let code = institution.subject.code();
            Err(AnswerError::Question {
                parameter: "area",
                message: format!(
                    "{code} has agreements in several pooling areas; say which one pays: {list}"
                ),
                message_zh: format!("{code} 在多个统筹地区有协议，请写明由哪一个支付：{list}"),
            })
        }
    }
}

impl Payable {
    /// Assesses the claim on what stands at the coordinates. `practitioner` is what was gathered of the one the claim names.
    ///
    /// # Errors
    /// [`AnswerError::Question`] when the pooling area is needed and not given.
    pub fn of(
        asked: &ClaimAsked,
        institution: &Gathered,
        practitioner: Option<&Gathered>,
        emergency: impl FnOnce(Instant, AreaCode) -> EmergencyRules,
    ) -> Result<Self, AnswerError> {
        let assessed = Assessed::of(asked, institution, practitioner, emergency)?;
        Ok(assessed.quoted(asked, institution, practitioner))
    }

    /// Asks the views: the way for claims by the thousand. Somebody nothing is recorded of has no agreement and no
    /// registration, and the answer says so.
    ///
    /// # Errors
    /// As [`Payable::of`], and when the views cannot be read.
    pub fn ask(
        views: &Views,
        laws: &Laws,
        asked: &ClaimAsked,
        coordinates: Coordinates,
    ) -> Result<Self, AnswerError> {
        let mut institution = gather::standing(views, Subject::Institution(asked.institution), coordinates)?;
        let mut practitioner = asked
            .practitioner
            .map(|code| gather::standing(views, Subject::Practitioner(code), coordinates))
            .transpose()?;
        let laws = laws.known_at(coordinates.known_at);
        let emergency = |at, area| EmergencyRules::at(laws.book(), at, Some(area));
        let assessed = Assessed::of(asked, &institution, practitioner.as_ref(), emergency)?;
        for reason in &assessed.reasons {
            let gathered = match reason.whose {
                Whose::Institution => Some(&mut institution),
                Whose::Practitioner => practitioner.as_mut(),
            };
            if let (Some(gathered), Some(cause)) = (gathered, reason.cause) {
                gather::add_reason(views, gathered, cause, laws.book())?;
            }
        }
        Ok(assessed.quoted(asked, &institution, practitioner.as_ref()))
    }
}

/// The outcome, with reasons that name their events by version only.
struct Assessed {
    area: AreaCode,
    outcome: Outcome,
    reasons: Vec<payable::Reason>,
}

impl Assessed {
    fn of(
        asked: &ClaimAsked,
        institution: &Gathered,
        practitioner: Option<&Gathered>,
        emergency: impl FnOnce(Instant, AreaCode) -> EmergencyRules,
    ) -> Result<Self, AnswerError> {
        let at = institution.coordinates.as_of;
        let area = match asked.area {
            Some(area) => area,
            None => default_area(institution)?,
        };
        let claim = Claim {
            at,
            area,
            line: asked.line,
            institution: &asked.institution,
            department: asked.department.as_deref(),
            emergency: asked.emergency,
            asked_at: institution.coordinates.known_at,
        };
        let people = practitioner
            .map(|gathered| gathered.spans.as_slice())
            .or_else(|| asked.practitioner.as_ref().map(|_| [].as_slice()));
        let (outcome, reasons) = payable::assess(&claim, &institution.spans, people, emergency(at, area));
        Ok(Self { area, outcome, reasons })
    }

    fn quoted(self, asked: &ClaimAsked, institution: &Gathered, practitioner: Option<&Gathered>) -> Payable {
        let quoted = |reason: &payable::Reason| {
            let (gathered, subject) = match reason.whose {
                Whose::Institution => (Some(institution), asked.institution.as_str()),
                Whose::Practitioner => {
                    (practitioner, asked.practitioner.as_ref().map_or("", PractitionerCode::as_str))
                }
            };
            quote(reason, gathered, subject)
        };
        Payable {
            outcome: self.outcome,
            at: institution.coordinates.as_of,
            institution: asked.institution,
            practitioner: asked.practitioner,
            area: self.area,
            line: asked.line,
            department: asked.department.clone(),
            emergency: asked.emergency,
            coordinates: institution.coordinates,
            reasons: self.reasons.iter().map(quoted).collect(),
        }
    }
}

fn quote(reason: &payable::Reason, gathered: Option<&Gathered>, subject: &str) -> PayableReason {
    let event = reason.cause.and_then(|cause| gathered?.reasons.get(&cause));
    PayableReason {
        code: reason.code,
        subject: subject.into(),
        event: event.map(|event| event.event),
        position: event.map(|event| event.position),
        kind: event.map(|event| event.kind),
        basis: event.map(|event| event.basis.clone()).unwrap_or_default(),
        rules: event.map(|event| event.rules.clone()).unwrap_or_default(),
        from: reason.from,
        until: reason.until,
    }
}
