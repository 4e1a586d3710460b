//! The domain of Accord: what the acts of medical-insurance agreements mean.
//!
//! Pure and synchronous. Nothing here reads a clock, draws a random number or touches a file; time and ids come in from
//! outside. Two functions carry everything: [`decide`] turns a command into events or a refusal, and
//! [`State::evolve`] folds an event into the state of its subject. Whatever stands on a day, the
//! [`Span`]s of its [`Track`]s, is computed from that state; see [`timeline`].

pub mod area;
pub mod calendar;
pub mod case;
pub mod command;
pub mod compliance;
#[cfg(test)]
mod contradictions;
pub mod credit;
pub mod dated;
pub mod decide;
pub mod difference;
pub mod enterprise;
pub mod envelope;
pub mod event;
#[cfg(test)]
mod history;
pub mod id;
pub mod identifiers;
pub mod institution;
pub mod insured;
pub mod laws;
pub mod limits;
pub mod obligation;
pub mod others;
pub mod payable;
pub mod personal;
pub mod practitioner;
pub mod reactor;
pub mod rejection;
pub mod rulebook;
mod spoken;
pub mod state;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod time;
pub mod timeline;
pub mod track;
pub mod what_if;
pub mod words;

pub use command::{Act, Command, CommandError};
pub use decide::{Context, Decision, decide};
pub use envelope::{Actor, Authority, Basis, Evidence};
pub use event::{Event, EventData, EventRef, EventType, NewEvent, Proposed};
pub use id::{
    AreaCode, AreaSubject, CaseCode, InstitutionCode, InsuredCode, PractitionerCode, Subject, SubjectKind,
    Version,
};
pub use identifiers::{CitizenNumber, Uscc};
pub use laws::{Laws, LawsError};
pub use obligation::{Obligation, ObligationKind, ObligationState};
pub use personal::{Personal, PersonalKind};
pub use rejection::Rejection;
pub use state::State;
pub use time::Instant;
pub use track::{Line, Span, Track, Value};
