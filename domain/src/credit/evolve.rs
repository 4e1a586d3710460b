//! How acts of credit management, objections and appeals change what stands.

use super::facts::{Commitment, CreditRepair, Discipline, OnlineSuspension, Rating};
use crate::dated::Dated;
use crate::event::Event;
use crate::id::Version;
use crate::track::{Track, Value};
use uuid::Uuid;

/// Who names an earlier event names it by its id; tracks are named by its version.
impl Dated {
    /// Remembers the id of an event that later ones name.
    fn remember(&mut self, event: &Event) {
        self.named.push((event.id, event.version));
    }

    /// The version of an event remembered.
    #[must_use]
    pub fn version_of(&self, id: Uuid) -> Option<Version> {
        self.named.iter().find(|(known, _)| *known == id).map(|(_, version)| *version)
    }

    pub(crate) fn rated(&mut self, event: &Event, data: &Rating) {
        self.set(Track::Credit, Value::Grade(data.grade), event.effective_at, data.until, event.version);
    }

    pub(crate) fn repaired(&mut self, event: &Event, data: &CreditRepair) {
        self.set(Track::Credit, Value::Grade(data.grade), event.effective_at, data.until, event.version);
    }

    pub(crate) fn committed(&mut self, event: &Event, data: &Commitment) {
        let track = Track::Commitment(event.version);
        self.set(track, Value::On, event.effective_at, data.until, event.version);
    }

    pub(crate) fn disciplined(&mut self, event: &Event, data: &Discipline) {
        let track = Track::Discipline(event.version);
        self.set(track, Value::On, event.effective_at, data.until, event.version);
        self.remember(event);
    }

    pub(crate) fn discipline_lifted(&mut self, event: &Event, discipline: Uuid) {
        if let Some(version) = self.version_of(discipline) {
            self.end(&Track::Discipline(version), event.effective_at);
        }
    }

    pub(crate) fn suspended_online(&mut self, event: &Event, data: &OnlineSuspension) {
        let at = event.effective_at;
        self.set(Track::OnlineSettlement, Value::Suspended, at, data.until, event.version);
    }

    /// An objection or an appeal is pending until it is decided.
    pub(crate) fn pends(&mut self, track: Track, event: &Event) {
        self.set(track, Value::Pending, event.effective_at, None, event.version);
        self.remember(event);
    }

    pub(crate) fn decided(&mut self, track: fn(Version) -> Track, event: &Event, of: Uuid) {
        if let Some(version) = self.version_of(of) {
            self.end(&track(version), event.effective_at);
        }
    }
}
