//! Which facts hold personal data, and where: the one list.

use super::{Personal, PersonalKind, Sealed};
use crate::case::facts::Lead;
use crate::case::{CaseCommand as CC, CaseEvent as CE};
use crate::command::Act;
use crate::credit::facts::Rating;
use crate::event::{Correction, EventData};
use crate::id::{PractitionerCode, SubjectKind};
use crate::institution::facts::{Application, Change, Measure};
use crate::institution::{InstitutionCommand as IC, InstitutionEvent as IE};
use crate::insured::{InsuredCommand as NC, InsuredEvent as NE};
use crate::practitioner::facts::{PersonChange, Registration};
use crate::practitioner::{PractitionerCommand as PC, PractitionerEvent as PE};
use serde_json::Value;

/// What is done with each value: its JSON pointer in the command or event, what it says of a person, the value.
pub type Visit<'v> = dyn FnMut(&str, PersonalKind, &mut Personal) + 'v;

/// Facts with personal data among them.
trait Holds {
    /// The fields that hold some, whether or not they are filled: name, what they say of a person, the values.
    fn fields(&mut self) -> Vec<(&'static str, PersonalKind, Field<'_>)>;

    fn each(&mut self, visit: &mut Visit<'_>) {
        let visit = &mut |pointer: &str, kind, value: &mut Personal| {
            if !is_reference(value) {
                visit(pointer, kind, value);
            }
        };
        for (name, kind, field) in self.fields() {
            match field {
                Field::One(value) => visit(&format!("/data/{name}"), kind, value),
                Field::Maybe(Some(value)) => visit(&format!("/data/{name}"), kind, value),
                Field::Maybe(None) => {}
                Field::Many(values) => {
                    for (at, value) in values.iter_mut().enumerate() {
                        visit(&format!("/data/{name}/{at}"), kind, value);
                    }
                }
            }
        }
    }
}

/// A person named by the code of a practitioner: that is a reference within the ledger and says nothing of the person.
fn is_reference(value: &Personal) -> bool {
    value.plain().is_some_and(|text| PractitionerCode::parse(text.trim()).is_ok())
}

enum Field<'a> {
    One(&'a mut Personal),
    Maybe(&'a mut Option<Personal>),
    Many(&'a mut Vec<Personal>),
}

impl Holds for Registration {
    fn fields(&mut self) -> Vec<(&'static str, PersonalKind, Field<'_>)> {
        vec![
            ("certificate", PersonalKind::Certificate, Field::Maybe(&mut self.certificate)),
            ("identity_number", PersonalKind::IdentityNumber, Field::Maybe(&mut self.identity_number)),
            ("name", PersonalKind::Name, Field::Maybe(&mut self.name)),
            ("phone", PersonalKind::Phone, Field::Maybe(&mut self.phone)),
        ]
    }
}

impl Holds for PersonChange {
    fn fields(&mut self) -> Vec<(&'static str, PersonalKind, Field<'_>)> {
        let kind = personal_change(SubjectKind::Practitioner, &self.what);
        change(kind, &mut self.from, &mut self.to)
    }
}

impl Holds for Change {
    fn fields(&mut self) -> Vec<(&'static str, PersonalKind, Field<'_>)> {
        let kind = personal_change(SubjectKind::Institution, &self.what);
        change(kind, &mut self.from, &mut self.to)
    }
}

fn change<'a>(
    kind: Option<PersonalKind>,
    from: &'a mut Option<Personal>,
    to: &'a mut Personal,
) -> Vec<(&'static str, PersonalKind, Field<'a>)> {
    let Some(kind) = kind else { return Vec::new() };
    vec![("from", kind, Field::Maybe(from)), ("to", kind, Field::One(to))]
}

impl Holds for Application {
    fn fields(&mut self) -> Vec<(&'static str, PersonalKind, Field<'_>)> {
        vec![
            ("controllers", PersonalKind::Name, Field::Many(&mut self.controllers)),
            ("legal_representative", PersonalKind::Name, Field::Maybe(&mut self.legal_representative)),
            ("principal", PersonalKind::Name, Field::Maybe(&mut self.principal)),
        ]
    }
}

impl Holds for Measure {
    fn fields(&mut self) -> Vec<(&'static str, PersonalKind, Field<'_>)> {
        vec![("recipient", PersonalKind::Name, Field::Maybe(&mut self.recipient))]
    }
}

/// Of an insured person; the names of institutions and firms are no personal data.
impl Holds for Rating {
    fn fields(&mut self) -> Vec<(&'static str, PersonalKind, Field<'_>)> {
        vec![("name", PersonalKind::Name, Field::Maybe(&mut self.name))]
    }
}

/// Who reported: kept secret (令735 art 35).
impl Holds for Lead {
    fn fields(&mut self) -> Vec<(&'static str, PersonalKind, Field<'_>)> {
        vec![
            ("informant", PersonalKind::Name, Field::Maybe(&mut self.informant)),
            ("informant_phone", PersonalKind::Phone, Field::Maybe(&mut self.informant_phone)),
        ]
    }
}

/// What a change of details says of a person, by what is changed; none where it says nothing. Whatever is not known to say
/// nothing of a practitioner is taken to.
#[must_use]
pub fn personal_change(of: SubjectKind, what: &str) -> Option<PersonalKind> {
    match (of, what) {
        (SubjectKind::Practitioner, "category" | "site" | "department" | "title" | "level") => None,
        (SubjectKind::Practitioner, "name") => Some(PersonalKind::Name),
        (SubjectKind::Practitioner, "identity_number") => Some(PersonalKind::IdentityNumber),
        (SubjectKind::Practitioner, "certificate") => Some(PersonalKind::Certificate),
        (SubjectKind::Practitioner, "phone") | (SubjectKind::Institution, "contact_phone") => {
            Some(PersonalKind::Phone)
        }
        (SubjectKind::Practitioner, _) => Some(PersonalKind::Other),
        (
            SubjectKind::Institution,
            "legal_representative" | "principal" | "controller" | "controllers" | "contact",
        ) => Some(PersonalKind::Name),
        _ => None,
    }
}

/// Names of fields that hold personal data in some event of a kind of subject.
pub(crate) const fn names(kind: SubjectKind) -> &'static [&'static str] {
    match kind {
        SubjectKind::Institution => {
            &["controllers", "from", "legal_representative", "principal", "recipient", "to"]
        }
        SubjectKind::Practitioner => &["certificate", "from", "identity_number", "name", "phone", "to"],
        SubjectKind::Insured => &["name"],
        SubjectKind::Case => &["informant", "informant_phone"],
        SubjectKind::Enterprise | SubjectKind::Area => &[],
    }
}

/// The field of the facts that a pointer into an event leads to.
fn field_of(pointer: &str) -> Option<&str> {
    pointer.strip_prefix("/data/").map(|rest| rest.split('/').next().unwrap_or(rest))
}

impl Act {
    fn holder(&mut self) -> Option<&mut dyn Holds> {
        match self {
            Self::Practitioner(PC::Register(data)) => Some(data),
            Self::Practitioner(PC::ChangeDetails(data)) => Some(data),
            Self::Institution(IC::Apply(data)) => Some(data),
            Self::Institution(IC::ChangeDetails(data)) => Some(data),
            Self::Institution(IC::Interview(data) | IC::Warn(data) | IC::Circulate(data)) => Some(data),
            Self::Institution(IC::PubliciseCase(data)) => Some(data),
            Self::Insured(NC::RateCredit(data)) => Some(data),
            Self::Case(CC::ReceiveLead(data)) => Some(data),
            Self::Institution(_)
            | Self::Practitioner(_)
            | Self::Enterprise(_)
            | Self::Insured(_)
            | Self::Area(_)
            | Self::Case(_) => None,
        }
    }

    /// Whether it brings personal data; a correction, whether it may. Costs nothing for acts that cannot.
    #[must_use]
    pub fn holds_personal(&self) -> bool {
        match self {
            Self::Practitioner(PC::Register(data)) => {
                data.certificate.is_some()
                    || data.identity_number.is_some()
                    || data.name.is_some()
                    || data.phone.is_some()
            }
            Self::Practitioner(PC::ChangeDetails(data)) => {
                personal_change(SubjectKind::Practitioner, &data.what).is_some()
            }
            Self::Institution(IC::Apply(data)) => {
                !data.controllers.is_empty()
                    || data.legal_representative.is_some()
                    || data.principal.is_some()
            }
            Self::Institution(IC::ChangeDetails(data)) => {
                personal_change(SubjectKind::Institution, &data.what).is_some()
            }
            Self::Institution(IC::Interview(data) | IC::Warn(data) | IC::Circulate(data)) => {
                data.recipient.is_some()
            }
            Self::Institution(IC::PubliciseCase(data)) => data.recipient.is_some(),
            Self::Insured(NC::RateCredit(data)) => data.name.is_some(),
            Self::Case(CC::ReceiveLead(data)) => data.informant.is_some() || data.informant_phone.is_some(),
            Self::Practitioner(PC::Correct(data)) => may_change(SubjectKind::Practitioner, data),
            Self::Institution(IC::Correct(data)) => may_change(SubjectKind::Institution, data),
            Self::Insured(NC::Correct(data)) => may_change(SubjectKind::Insured, data),
            Self::Case(CC::Correct(data)) => may_change(SubjectKind::Case, data),
            Self::Institution(_)
            | Self::Practitioner(_)
            | Self::Enterprise(_)
            | Self::Insured(_)
            | Self::Area(_)
            | Self::Case(_) => false,
        }
    }

    /// Visits every personal value it brings. What a correction brings is told by the event it corrects: see
    /// [`Act::each_corrected`].
    pub fn each_personal(&mut self, visit: &mut Visit<'_>) {
        if let Some(holder) = self.holder() {
            holder.each(visit);
        }
    }

    /// Visits every personal value that a correction puts into an event with these facts.
    pub fn each_corrected(&mut self, about: &EventData, visit: &mut Visit<'_>) {
        let correction = match self {
            Self::Practitioner(PC::Correct(data)) => data,
            Self::Institution(IC::Correct(data)) => data,
            Self::Insured(NC::Correct(data)) => data,
            Self::Case(CC::Correct(data)) => data,
            Self::Institution(_)
            | Self::Practitioner(_)
            | Self::Enterprise(_)
            | Self::Insured(_)
            | Self::Area(_)
            | Self::Case(_) => return,
        };
        let what = correction.changes.get("/data/what").and_then(Value::as_str).map(str::to_owned);
        let subject = about.event_type().kind();
        for (pointer, value) in &mut correction.changes {
            let Some(field) = field_of(pointer) else { continue };
            let as_changed = what.as_deref().filter(|_| matches!(field, "from" | "to"));
            let as_changed = as_changed.and_then(|what| personal_change(subject, what));
            let Some(kind) = about.personal_kind(field).or(as_changed) else { continue };
            let pointer = format!("/data/changes/{}", escaped(pointer));
            match value {
                Value::Array(list) => {
                    for (at, item) in list.iter_mut().enumerate() {
                        in_value(&format!("{pointer}/{at}"), kind, item, visit);
                    }
                }
                item => in_value(&pointer, kind, item, visit),
            }
        }
    }

    /// The field of a correction that brings a value already sealed, which nobody can from outside.
    pub(crate) fn sealed_from_outside(&self) -> Option<String> {
        let mut found = None;
        let mut own = self.clone();
        own.each_personal(&mut |pointer, _, value| {
            if value.sealed().is_some() && found.is_none() {
                found = Some(pointer.to_owned());
            }
        });
        let changes = self.correction().into_iter().flat_map(|correction| &correction.changes);
        let sealed = |value: &Value| as_sealed(value).is_some();
        let inside =
            |value: &Value| sealed(value) || value.as_array().is_some_and(|list| list.iter().any(sealed));
        found.or_else(|| {
            changes
                .filter(|(_, value)| inside(value))
                .map(|(pointer, _)| format!("/data/changes/{}", escaped(pointer)))
                .next()
        })
    }
}

/// Whether a correction may bring personal data, by the names of the fields it changes.
fn may_change(kind: SubjectKind, correction: &Correction) -> bool {
    let names = names(kind);
    correction.changes.keys().any(|pointer| field_of(pointer).is_some_and(|field| names.contains(&field)))
}

/// A segment of a JSON pointer (RFC 6901).
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// Visits a value that stands as JSON.
fn in_value(pointer: &str, kind: PersonalKind, item: &mut Value, visit: &mut Visit<'_>) {
    let Ok(mut value) = serde_json::from_value::<Personal>(item.clone()) else { return };
    if is_reference(&value) {
        return;
    }
    visit(pointer, kind, &mut value);
    if let Ok(visited) = serde_json::to_value(&value) {
        *item = visited;
    }
}

/// A sealed value that stands as JSON.
fn as_sealed(value: &Value) -> Option<Sealed> {
    let members = value.as_object()?;
    if !members.contains_key("sealed") {
        return None;
    }
    serde_json::from_value::<Personal>(value.clone()).ok()?.sealed().cloned()
}

impl EventData {
    fn holder(&mut self) -> Option<&mut dyn Holds> {
        match self {
            Self::Practitioner(PE::Registered(data)) => Some(data),
            Self::Practitioner(PE::DetailsChanged(data)) => Some(data),
            Self::Institution(IE::Applied(data)) => Some(data),
            Self::Institution(IE::DetailsChanged(data)) => Some(data),
            Self::Institution(IE::InterviewHeld(data) | IE::Warned(data) | IE::Circulated(data)) => {
                Some(data)
            }
            Self::Institution(IE::CasePublicised(data)) => Some(data),
            Self::Insured(NE::CreditRated(data)) => Some(data),
            Self::Case(CE::LeadReceived(data)) => Some(data),
            Self::Institution(_)
            | Self::Practitioner(_)
            | Self::Enterprise(_)
            | Self::Insured(_)
            | Self::Area(_)
            | Self::Case(_) => None,
        }
    }

    /// Whether its facts can hold personal data; a correction can too, but holds them otherwise.
    const fn is_holder(&self) -> bool {
        matches!(
            self,
            Self::Practitioner(PE::Registered(_) | PE::DetailsChanged(_))
                | Self::Institution(
                    IE::Applied(_)
                        | IE::DetailsChanged(_)
                        | IE::InterviewHeld(_)
                        | IE::Warned(_)
                        | IE::Circulated(_)
                        | IE::CasePublicised(_)
                )
                | Self::Insured(NE::CreditRated(_))
                | Self::Case(CE::LeadReceived(_))
        )
    }

    /// What a field of these facts says of a person; none where it says nothing.
    fn personal_kind(&self, field: &str) -> Option<PersonalKind> {
        let mut own = self.is_holder().then(|| self.clone())?;
        let fields = own.holder().map(Holds::fields).unwrap_or_default();
        fields.into_iter().find(|(name, ..)| *name == field).map(|(_, kind, _)| kind)
    }

    /// Every sealed value among these facts, by JSON pointer into the event.
    #[must_use]
    pub fn sealed(&self) -> Vec<(String, Sealed)> {
        let mut found = Vec::new();
        if self.is_holder()
            && let Some(holder) = self.clone().holder()
        {
            holder.each(&mut |pointer, _, value| {
                found.extend(value.sealed().map(|sealed| (pointer.to_owned(), sealed.clone())));
            });
        }
        for (pointer, value) in self.correction().into_iter().flat_map(|correction| &correction.changes) {
            let pointer = format!("/data/changes/{}", escaped(pointer));
            found.extend(as_sealed(value).map(|sealed| (pointer.clone(), sealed)));
            for (at, item) in value.as_array().into_iter().flatten().enumerate() {
                found.extend(as_sealed(item).map(|sealed| (format!("{pointer}/{at}"), sealed)));
            }
        }
        found
    }

    /// JSON pointers of personal values that stand in plain text: in events of older forms, never in new ones.
    #[must_use]
    pub fn plain_personal(&self) -> Vec<String> {
        let mut found = Vec::new();
        if self.is_holder()
            && let Some(holder) = self.clone().holder()
        {
            holder.each(&mut |pointer, _, value| {
                if value.plain().is_some() {
                    found.push(pointer.to_owned());
                }
            });
        }
        found
    }
}
