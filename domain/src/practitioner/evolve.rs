//! How each event changes the state. Total: it never fails, whatever the order events become known in.

use super::PractitionerEvent;
use super::state::{Practitioner, Rare, Site, Suspension, Termination, Year};
use crate::dated::push_one;
use crate::event::Event;
use crate::id::{InstitutionCode, Version};
use crate::limits::POINTS_MAX;
use crate::personal::Personal;
use crate::time::Instant;
use crate::track::Track;

impl Practitioner {
    /// Folds one event. Events come in the order of `(effective_at, position)`.
    pub fn evolve(&mut self, event: &Event, facts: &PractitionerEvent) {
        let at = event.effective_at;
        let cause = event.version;
        self.version = Some(self.version.map_or(cause, |version| version.max(cause)));
        match facts {
            PractitionerEvent::Registered(data) => {
                if let Some(name) = &data.name {
                    self.rename(name);
                }
                self.category = Some(data.category);
                self.join(data.institution, at, cause);
            }
            PractitionerEvent::SiteAdded(data) => self.join(data.institution, at, cause),
            PractitionerEvent::SiteRemoved(data) => {
                for site in self.sites.iter_mut().filter(|site| site.institution == data.institution) {
                    if site.from <= at && at < site.until {
                        site.until = at;
                        site.left_by = Some(cause);
                    }
                }
            }
            PractitionerEvent::Reregistered(data) => {
                if self.terminated(at).is_some() {
                    // A new registration, site by site: what was registered before comes back at none by itself. Until
                    // then those sites stand, so that a claim made meanwhile is refused for the termination alone.
                    for site in self.sites.iter_mut().filter(|site| at < site.until) {
                        site.until = at;
                        site.left_by = Some(cause);
                    }
                }
                if let Some(rare) = &mut self.rare {
                    for termination in &mut rare.terminations {
                        termination.reregistered.get_or_insert((at, cause));
                    }
                    // A registration begins afresh: a suspension without an end does not reach over it.
                    for suspension in &mut rare.suspensions {
                        suspension.until = suspension.until.min(at);
                    }
                }
                self.join(data.institution, at, cause);
            }
            PractitionerEvent::DetailsChanged(data) => {
                if &*data.what == "name" {
                    self.rename(&data.to);
                }
            }
            PractitionerEvent::PointsDeducted(data) => {
                let entry = self.year_mut(data.decided_at.year());
                entry.total = (entry.total + data.points.min(POINTS_MAX)).min(POINTS_MAX);
                entry.since = at;
                entry.cause = cause;
                entry.newest = entry.newest.max(cause);
                entry.area = Some(data.area);
            }
            PractitionerEvent::PointsRepaired(data) => {
                let entry = self.year_mut(data.year);
                let given_back = data.points.min(entry.total);
                entry.total -= given_back;
                entry.repaired += given_back;
                entry.since = at;
                entry.cause = cause;
                entry.newest = entry.newest.max(cause);
            }
            PractitionerEvent::QualificationSuspended(data) => {
                let suspension = Suspension {
                    from: data.from.unwrap_or(at).max(at),
                    until: data.until.unwrap_or(Instant::MAX),
                    cause,
                    restored_by: None,
                };
                push_one(&mut self.rare().suspensions, suspension);
            }
            PractitionerEvent::QualificationRestored(_) => {
                for suspension in self.rare().suspensions.iter_mut().filter(|s| at < s.until) {
                    suspension.until = at.max(suspension.from);
                    suspension.restored_by = Some(cause);
                }
            }
            PractitionerEvent::QualificationTerminated(data) => {
                let points = event.caused_by.and_then(|by| self.years.iter().find(|year| year.cause == by));
                let area = points.and_then(|points| points.area);
                self.rare().terminations.push(Termination {
                    at,
                    area,
                    barred_until: data.barred_until.unwrap_or(Instant::MAX),
                    class: data.class,
                    cause,
                    reregistered: None,
                });
            }
            PractitionerEvent::Committed(data) => self.rare().dated.committed(event, data),
            PractitionerEvent::Objected(_) => self.rare().dated.pends(Track::Objection(cause), event),
            PractitionerEvent::ObjectionDecided(data) => {
                self.rare().dated.decided(Track::Objection, event, data.objection);
            }
            PractitionerEvent::Appealed(_) => self.rare().dated.pends(Track::Appeal(cause), event),
            PractitionerEvent::AppealDecided(data) => {
                self.rare().dated.decided(Track::Appeal, event, data.appeal);
            }
            PractitionerEvent::ManagerBanned(data) => self.rare().manager_ban = Some((data.until, cause)),
            PractitionerEvent::InterviewHeld(_)
            | PractitionerEvent::Referred(_)
            | PractitionerEvent::ObligationClosed(_)
            | PractitionerEvent::PersonalDataRead(_)
            | PractitionerEvent::PersonalDataErased(_)
            // Both act on the record, before the fold: see crate::timeline.
            | PractitionerEvent::DecisionAnnulled(_)
            | PractitionerEvent::RecordCorrected(_) => {}
        }
    }

    fn rare(&mut self) -> &mut Rare {
        self.rare.get_or_insert_default()
    }

    fn join(&mut self, institution: InstitutionCode, from: Instant, cause: Version) {
        let known = self.sites.iter().any(|site| site.institution == institution && from < site.until);
        if !known {
            let site = Site { institution, from, until: Instant::MAX, cause, left_by: None };
            push_one(&mut self.sites, site);
        }
    }

    fn year_mut(&mut self, year: i32) -> &mut Year {
        let index = match self.years.iter().position(|entry| entry.year == year) {
            Some(index) => index,
            None => {
                let fresh = Year {
                    year,
                    area: None,
                    total: 0,
                    repaired: 0,
                    since: Instant::MIN,
                    cause: 0,
                    newest: 0,
                };
                push_one(&mut self.years, fresh);
                self.years.len() - 1
            }
        };
        &mut self.years[index]
    }

    fn rename(&mut self, name: &Personal) {
        if self.name.as_ref() != Some(name)
            && let Some(Personal::Plain(former)) = self.name.replace(name.kept())
        {
            self.rare().former_names.push(former);
        }
    }
}
