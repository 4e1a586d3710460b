//! The facts of a profile: what a subject is called and what it is, apart from what stands.

use crate::area::Area;
use crate::institution::facts::Ownership;
use crate::personal::Personal;
use crate::practitioner::facts::Category;
use crate::state::State;
use std::borrow::Cow;

/// The facts known, by name, in their text form; what is not known is left out.
#[must_use]
pub(super) fn facts<'a>(state: &'a State) -> Vec<(&'static str, Cow<'a, str>)> {
    let mut facts: Vec<(&'static str, Cow<'a, str>)> = Vec::with_capacity(4);
    let mut put = |name, value: Option<Cow<'a, str>>| facts.extend(value.map(|value| (name, value)));
    match state {
        State::Institution(state) => {
            let profile = &state.profile;
            put("name", profile.name.as_deref().map(Cow::Borrowed));
            put("uscc", profile.uscc.as_ref().map(|uscc| uscc.as_str().to_owned().into()));
            put("level", profile.level.as_deref().map(Cow::Borrowed));
            put("ownership", profile.ownership.map(|ownership| word(ownership).into()));
            put("regional_medical_centre", profile.regional_medical_centre.then_some("true".into()));
        }
        State::Practitioner(state) => {
            put("name", state.name.as_ref().map(Personal::shown));
            put("category", state.category.map(|category| category_word(category).into()));
            put("manager_banned_until", state.manager_ban().map(|(until, _)| until.to_string().into()));
        }
        State::Enterprise(record)
        | State::Insured(record)
        | State::Area(Area { record, .. })
        | State::Case(record) => {
            put("name", record.name.as_deref().map(Cow::Borrowed));
        }
    }
    facts
}

const fn word(ownership: Ownership) -> &'static str {
    match ownership {
        Ownership::Public => "public",
        Ownership::Private => "private",
    }
}

const fn category_word(category: Category) -> &'static str {
    match category {
        Category::Doctor => "doctor",
        Category::Nurse => "nurse",
        Category::Pharmacist => "pharmacist",
        Category::Technician => "technician",
        Category::Auditor => "auditor",
        Category::Principal => "principal",
    }
}
