//! Reading personal data and erasing it: acts of their own, the same for every kind of subject that has some.
//!
//! Erasing is a fence: from the moment it is recorded no personal data of the subject is taken or opened any more, and
//! whoever keeps the keys destroys the subject's. It acts on what is recorded, whatever its effect, and cannot be taken
//! back.

use crate::case::{CaseCommand as CC, CaseEvent as CE};
use crate::command::{Act, Command};
use crate::decide::{Context, no_such_event, require_authority, unknown_subject};
use crate::envelope::Authority::{
    Agency, Bureau, Court, Discipline, Drug, Finance, Health, Market, Police, Procuratorate,
};
use crate::event::{Event, EventData, NewEvent};
use crate::id::{SubjectKind, Version};
use crate::institution::facts::{Text, facts};
use crate::institution::{InstitutionCommand as IC, InstitutionEvent as IE};
use crate::insured::{InsuredCommand as NC, InsuredEvent as NE};
use crate::practitioner::{PractitionerCommand as PC, PractitionerEvent as PE};
use crate::rejection::{Rejection, RejectionKind};
use crate::words;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

facts! {
    /// Reading personal data, as asked.
    PersonalReading {
        /// The events to read it from; all that hold some when left out.
        * events: Uuid,
    }
    /// Personal data read (查阅个人信息).
    PersonalRead {
        /// What was read.
        read: Vec<ReadEvent>,
    }
    /// What was read of an event.
    ReadEvent {
        /// The event.
        event: Uuid,
        /// JSON pointers into it.
        fields: Vec<Text>,
    }
    /// Erasing personal data, as asked.
    PersonalErasing {
        /// Words.
        ? note: Text,
    }
    /// Personal data erased (删除个人信息).
    PersonalErased {
        /// Events that hold values which nobody can open from now on.
        events: Vec<Uuid>,
        /// Events of older forms that hold some in plain text, which cannot be erased.
        * in_plain_text: Uuid,
        /// Words.
        ? note: Text,
    }
}

/// Reading or erasing.
#[derive(Clone, Copy, Debug)]
pub enum PersonalAct<'a> {
    /// Reading.
    Read(&'a PersonalReading),
    /// Erasing.
    Erase(&'a PersonalErasing),
}

/// The facts of one act of a kind of subject that has personal data; each such kind has the act under the same name.
macro_rules! facts_of {
    ($what:expr, $I:ident, $P:ident, $N:ident, $C:ident, $act:ident) => {
        match $what {
            Self::Institution($I::$act(data))
            | Self::Practitioner($P::$act(data))
            | Self::Insured($N::$act(data))
            | Self::Case($C::$act(data)) => Some(data),
            Self::Institution(_)
            | Self::Practitioner(_)
            | Self::Insured(_)
            | Self::Enterprise(_)
            | Self::Area(_)
            | Self::Case(_) => None,
        }
    };
}

impl Act {
    /// Reading or erasing personal data, if it is that.
    #[must_use]
    pub const fn personal_act(&self) -> Option<PersonalAct<'_>> {
        match (
            facts_of!(self, IC, PC, NC, CC, ReadPersonalData),
            facts_of!(self, IC, PC, NC, CC, ErasePersonalData),
        ) {
            (Some(data), _) => Some(PersonalAct::Read(data)),
            (None, Some(data)) => Some(PersonalAct::Erase(data)),
            (None, None) => None,
        }
    }
}

impl EventData {
    /// What was read, if it says that personal data was.
    #[must_use]
    pub const fn personal_read(&self) -> Option<&PersonalRead> {
        facts_of!(self, IE, PE, NE, CE, PersonalDataRead)
    }

    /// What was erased, if it says that personal data was.
    #[must_use]
    pub const fn personal_erased(&self) -> Option<&PersonalErased> {
        facts_of!(self, IE, PE, NE, CE, PersonalDataErased)
    }
}

/// The event from which on no personal data of the subject is taken or opened, whatever its effect.
#[must_use]
pub fn fence(events: &[Event]) -> Option<Version> {
    events.iter().find(|event| event.data.personal_erased().is_some()).map(|event| event.version)
}

/// Refuses whatever brings or reads personal data behind the fence.
pub(crate) fn not_fenced(command: &Command, context: &Context<'_>) -> Result<(), Rejection> {
    let Some(fence) = context.erased else { return Ok(()) };
    let touches =
        command.act.holds_personal() || matches!(command.act.personal_act(), Some(PersonalAct::Read(_)));
    if !touches {
        return Ok(());
    }
    let subject = &command.subject;
    let words = words!(
        "the personal data of {subject} was erased: none is taken or read any more",
        "{subject} 的个人信息已删除，不再接收或查阅其个人信息"
    );
    Err(Rejection::new("personal-data-erased", words).blocked_by(fence))
}

/// Decides reading and erasing, on the whole history.
pub(crate) fn decide(
    command: &Command,
    act: PersonalAct<'_>,
    context: &Context<'_>,
) -> Result<NewEvent, Rejection> {
    if context.version.is_none() {
        return Err(unknown_subject(&command.subject));
    }
    let kind = command.subject.kind();
    let facts = match act {
        PersonalAct::Read(data) => {
            // The subject asks an agency, which reads for it; the ledger reads nothing by itself.
            let allowed =
                [Agency, Bureau, Court, Police, Procuratorate, Discipline, Health, Market, Drug, Finance];
            require_authority(command, &allowed)?;
            Facts::Read(read(data, context)?).of(kind)
        }
        PersonalAct::Erase(data) => {
            require_authority(command, &[Agency, Bureau, Court])?;
            Facts::Erased(erase(data, command, context)?).of(kind)
        }
    };
    let facts = facts.ok_or_else(|| {
        Rejection::new(
            "no-personal-data",
            words!("this kind of subject holds no personal data", "该类主体不含个人信息"),
        )
    })?;
    Ok(NewEvent::new(context.effective_at, facts))
}

fn read(data: &PersonalReading, context: &Context<'_>) -> Result<PersonalRead, Rejection> {
    if let Some(id) = data.events.iter().find(|id| context.event(**id).is_none()) {
        return Err(no_such_event(*id));
    }
    let asked = |event: &&Event| data.events.is_empty() || data.events.contains(&event.id);
    let read: Vec<ReadEvent> = context
        .history
        .iter()
        .filter(asked)
        .map(|event| ReadEvent {
            event: event.id,
            fields: event.data.sealed().into_iter().map(|(pointer, _)| pointer.into()).collect(),
        })
        .filter(|read| !read.fields.is_empty())
        .collect();
    if read.is_empty() {
        let words = words!("nothing sealed is recorded there", "其中没有封存的个人信息");
        return Err(Rejection::new("no-personal-data", words));
    }
    Ok(PersonalRead { read })
}

fn erase(
    data: &PersonalErasing,
    command: &Command,
    context: &Context<'_>,
) -> Result<PersonalErased, Rejection> {
    if let Some(fence) = context.erased {
        let subject = &command.subject;
        let words =
            words!("the personal data of {subject} is erased already", "{subject} 的个人信息已经删除");
        return Err(Rejection::new("already-erased", words).kind(RejectionKind::Conflict).blocked_by(fence));
    }
    let ids = |holds: fn(&EventData) -> bool| -> Vec<Uuid> {
        context.history.iter().filter(|event| holds(&event.data)).map(|event| event.id).collect()
    };
    Ok(PersonalErased {
        events: ids(|data| !data.sealed().is_empty()),
        in_plain_text: ids(|data| !data.plain_personal().is_empty()),
        note: data.note.clone(),
    })
}

enum Facts {
    Read(PersonalRead),
    Erased(PersonalErased),
}

impl Facts {
    fn of(self, kind: SubjectKind) -> Option<EventData> {
        macro_rules! in_the_words_of {
            ($Kind:ident, $Event:ident) => {
                EventData::$Kind(match self {
                    Self::Read(data) => $Event::PersonalDataRead(data),
                    Self::Erased(data) => $Event::PersonalDataErased(data),
                })
            };
        }
        Some(match kind {
            SubjectKind::Institution => in_the_words_of!(Institution, IE),
            SubjectKind::Practitioner => in_the_words_of!(Practitioner, PE),
            SubjectKind::Insured => in_the_words_of!(Insured, NE),
            SubjectKind::Case => in_the_words_of!(Case, CE),
            SubjectKind::Enterprise | SubjectKind::Area => return None,
        })
    }
}
