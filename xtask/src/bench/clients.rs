//! Clients that record the lives of further subjects on top of a filled ledger, one act after the other.

use crate::workload::{Plan, Workload};
use std::collections::HashMap;
use uuid::Uuid;

/// Of 17 subjects 5 are institutions: two fifths of the events.
const KINDS: u64 = 17;
const INSTITUTIONS: u64 = 5;

/// One client: subjects of its own, taken in turns, so that neighbours in the log belong to different subjects.
pub(crate) struct Client {
    lives: Vec<Life>,
    turn: usize,
}

struct Life {
    plan: Plan,
    site: String,
    order: Vec<u8>,
    /// How many steps of the order are done.
    done: usize,
    /// Ids of the events that later steps name.
    ids: HashMap<u8, Uuid>,
}

/// What a client asks next.
pub(crate) struct Next {
    /// The command as a line of JSON.
    pub(crate) line: String,
    life: usize,
    step: u8,
}

impl Client {
    /// A client with so many subjects, none of which another client of the same ledger has: `first` counts them.
    pub(crate) fn new(workload: &Workload, first: u64, subjects: u64) -> Self {
        let lives = (first..first + subjects)
            .map(|nth| {
                let (round, place) = (nth / KINDS, nth % KINDS);
                let plan = if place < INSTITUTIONS {
                    workload.further_institution(round * INSTITUTIONS + place)
                } else {
                    workload.further_practitioner(round * (KINDS - INSTITUTIONS) + place - INSTITUTIONS)
                };
                let (site, order) = (workload.site(&plan), plan.by_entry());
                Life { plan, site, order, done: 0, ids: HashMap::new() }
            })
            .collect();
        Self { lives, turn: 0 }
    }

    /// The next command; none when every life is told to its end.
    pub(crate) fn next(&mut self) -> Option<Next> {
        let count = self.lives.len();
        let at = (0..count).map(|ahead| (self.turn + ahead) % count).find(|at| !self.lives[*at].is_over())?;
        self.turn = at + 1;
        let life = &mut self.lives[at];
        let step = life.order[life.done];
        life.done += 1;
        let named =
            life.plan.steps[usize::from(step)].names.and_then(|target| life.ids.get(&target).copied());
        let mut line = String::with_capacity(512);
        life.plan.write(step, named, &life.site, &mut line);
        Some(Next { line, life: at, step })
    }

    /// Tells the client under which id its act was recorded.
    pub(crate) fn recorded(&mut self, next: &Next, id: Uuid) {
        self.lives[next.life].ids.insert(next.step, id);
    }
}

impl Life {
    fn is_over(&self) -> bool {
        self.done == self.order.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use accord_domain::command::Command;
    use std::collections::BTreeMap;

    #[test]
    fn clients_share_no_subject_and_tell_every_life_to_its_end() {
        let workload = Workload::of_events(10_000);
        let mut told: BTreeMap<String, (u64, usize)> = BTreeMap::new();
        for client in 0..4 {
            let mut asked = Client::new(&workload, client * 20, 20);
            let mut last = String::new();
            while let Some(next) = asked.next() {
                asked.recorded(&next, Uuid::nil());
                let code = Command::parse(&next.line).unwrap().subject.code().to_owned();
                let entry = told.entry(code.clone()).or_insert((client, 0));
                assert_eq!(entry.0, client, "{code} belongs to two clients");
                entry.1 += 1;
                last = code;
            }
            assert!(!last.is_empty());
        }
        assert_eq!(told.len(), 80);
        assert!(told.values().all(|(_, acts)| (5..=8).contains(acts)));
    }
}
