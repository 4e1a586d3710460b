//! What happens to one subject: its acts, when each takes effect and when it is recorded. A pure function of the seed and
//! the subject's number, so nothing but these two need be kept.

use super::rng::Rng;
use accord_domain::Instant;

/// 2025-06-02T00:00+08:00: institutions signed from then on begin with a probation.
const BEGIN: i64 = 1_748_793_600_000_000;
const HOUR: i64 = 3_600_000_000;
const DAY: i64 = 24 * HOUR;

/// How the areas share the subjects: the first has a fifth, the others less and less.
pub(crate) const AREAS: [u32; 40] = [
    430_100, 310_000, 440_100, 510_100, 330_100, 420_100, 320_100, 370_100, 610_100, 410_100, 210_100,
    340_100, 350_100, 360_100, 220_100, 230_100, 130_100, 140_100, 450_100, 520_100, 530_100, 620_100,
    640_100, 650_100, 630_100, 150_100, 430_500, 430_200, 320_500, 330_200, 370_200, 440_300, 350_200,
    210_200, 510_700, 420_500, 410_300, 340_200, 360_400, 610_300,
];

/// An act of the workload.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Act {
    Apply,
    Sign,
    ExtendProbation,
    Hold,
    Release,
    Suspend,
    Resume,
    Terminate,
    Register,
    DeductPoints,
    RepairPoints,
    SuspendQualification,
    Restore,
    CorrectFirst,
    AnnulLast,
}

impl Act {
    /// Whether later acts of the subject do not build on it, so that it may become known after them.
    const fn may_be_overtaken(self) -> bool {
        matches!(self, Self::ExtendProbation | Self::Release | Self::RepairPoints)
    }
}

/// One act with its two dates.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Step {
    pub(crate) act: Act,
    /// When it takes effect.
    pub(crate) effective_at: Instant,
    /// When the office enters it.
    pub(crate) entered_at: Instant,
    /// How many events it comes to: an act and its consequences.
    pub(crate) events: u8,
    /// The step whose (first) event it names.
    pub(crate) names: Option<u8>,
}

/// What kind of subject.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// A medical institution: its first agreement begins with a probation, and without cross-region settlement.
    Medical,
    /// A regional medical centre: a probation, and cross-region settlement at once.
    RegionalCentre,
    /// A pharmacy: no probation.
    Pharmacy,
    /// A practitioner.
    Practitioner,
}

/// The life of one subject.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) kind: Kind,
    /// Number among the subjects of its kind.
    pub(crate) number: u64,
    pub(crate) area: u32,
    /// A second line beside the basic one.
    pub(crate) second_line: bool,
    /// For a practitioner: the institution registered at.
    pub(crate) institution: u64,
    /// A number for whatever varies without meaning: operators, points, categories.
    pub(crate) variety: u64,
    pub(crate) steps: Vec<Step>,
}

impl Plan {
    /// The institution of a number.
    pub(crate) fn institution(seed: u64, number: u64) -> Self {
        let mut rng = Rng::new(seed, number * 2);
        let area = area(&mut rng);
        let kind = match rng.below(10) {
            0..=4 => Kind::Medical,
            5..=6 => Kind::RegionalCentre,
            _ => Kind::Pharmacy,
        };
        let second_line = rng.per_mille(300);
        // Each life comes to eight events: an application, a signing with its consequences, and measures.
        let acts: &[(Act, u8)] = match (kind, rng.below(2)) {
            (Kind::Medical, 0) => {
                &[(Act::Sign, 3), (Act::Hold, 1), (Act::Release, 1), (Act::Suspend, 1), (Act::Resume, 1)]
            }
            (Kind::Medical, _) => &[
                (Act::Sign, 3),
                (Act::ExtendProbation, 1),
                (Act::Suspend, 1),
                (Act::Resume, 1),
                (Act::Terminate, 1),
            ],
            (Kind::RegionalCentre, 0) => &[
                (Act::Sign, 2),
                (Act::ExtendProbation, 1),
                (Act::Hold, 1),
                (Act::Release, 1),
                (Act::Suspend, 1),
                (Act::Resume, 1),
            ],
            (Kind::RegionalCentre, _) => &[
                (Act::Sign, 2),
                (Act::Hold, 1),
                (Act::Release, 1),
                (Act::Suspend, 1),
                (Act::Resume, 1),
                (Act::Terminate, 1),
            ],
            (Kind::Pharmacy | Kind::Practitioner, 0) => &[
                (Act::Sign, 1),
                (Act::Hold, 1),
                (Act::Release, 1),
                (Act::Suspend, 1),
                (Act::Resume, 1),
                (Act::Hold, 1),
                (Act::Release, 1),
            ],
            (Kind::Pharmacy | Kind::Practitioner, _) => &[
                (Act::Sign, 1),
                (Act::Suspend, 1),
                (Act::Resume, 1),
                (Act::Hold, 1),
                (Act::Release, 1),
                (Act::Suspend, 1),
                (Act::Terminate, 1),
            ],
        };
        let mut days = rng.between(0, 200);
        let mut steps = vec![step(&mut rng, Act::Apply, days, 1)];
        for &(act, events) in acts {
            days += rng.between(8, 40);
            steps.push(step(&mut rng, act, days, events));
        }
        let mut plan =
            Self { kind, number, area, second_line, institution: number, variety: rng.next(), steps };
        plan.finish(&mut rng);
        plan
    }

    /// The practitioner of a number, registered at one of so many institutions.
    pub(crate) fn practitioner(seed: u64, number: u64, institutions: u64) -> Self {
        let mut rng = Rng::new(seed, number * 2 + 1);
        let institution = rng.below(institutions);
        let area = area(&mut Rng::new(seed, institution * 2));
        let mut days = rng.between(0, 300);
        let mut steps = vec![step(&mut rng, Act::Register, days, 1)];
        for act in [Act::DeductPoints, Act::RepairPoints, Act::SuspendQualification, Act::Restore] {
            let gap = rng.between(8, 45);
            // Points are given back in the natural year they were counted in.
            let into_next_year = act == Act::RepairPoints && year(days + gap) != year(days);
            days = if into_next_year { last_day_of_year(days) } else { days + gap };
            if act == Act::DeductPoints && days == last_day_of_year(days) {
                days += 1;
            }
            steps.push(step(&mut rng, act, days, 1));
        }
        let kind = Kind::Practitioner;
        let mut plan =
            Self { kind, number, area, second_line: false, institution, variety: rng.next(), steps };
        plan.finish(&mut rng);
        plan
    }

    /// Adds what a few subjects have: a correction or an annulment; then orders the entries and ties releases to holds.
    fn finish(&mut self, rng: &mut Rng) {
        let mut latest = i64::MIN;
        let mut hold = None;
        for (index, step) in self.steps.iter_mut().enumerate() {
            match step.act {
                Act::Hold => hold = u8::try_from(index).ok(),
                Act::Release => step.names = hold,
                _ => {}
            }
            let pause = rng.between(HOUR, 5 * DAY);
            let entered = step.entered_at.as_micros().max(latest.saturating_add(pause));
            step.entered_at = Instant::from_micros(entered);
            if !step.act.may_be_overtaken() {
                latest = entered;
            }
        }
        // 5 events in a thousand: institutions have 8 each, practitioners 5.
        let share = if self.kind == Kind::Practitioner { 25 } else { 40 };
        if rng.per_mille(share) {
            let last = self.steps.len() - 1;
            let annulled = rng.below(2) == 0;
            let entered = self.steps.iter().map(|step| step.entered_at).max().unwrap_or(Instant::MIN);
            let entered = entered.as_micros() + rng.between(DAY, 20 * DAY);
            let (act, named) = if annulled { (Act::AnnulLast, last) } else { (Act::CorrectFirst, 0) };
            self.steps.push(Step {
                act,
                effective_at: day(entered),
                entered_at: Instant::from_micros(entered),
                events: 1,
                names: u8::try_from(named).ok(),
            });
        }
    }

    /// Steps in the order of their entry: where each stands in `steps`.
    pub(crate) fn by_entry(&self) -> Vec<u8> {
        let mut order: Vec<u8> = (0..u8::try_from(self.steps.len()).unwrap_or(u8::MAX)).collect();
        order.sort_by_key(|index| (self.steps[usize::from(*index)].entered_at, *index));
        order
    }
}

/// Entered within some days, or, in 2 of 100 cases, after one to five months. (Those that must wait for them make 3 of 100.)
fn step(rng: &mut Rng, act: Act, days: i64, events: u8) -> Step {
    let effective = BEGIN + days * DAY;
    let late = rng.per_mille(LATE_PER_MILLE);
    let lag = if late { rng.between(31 * DAY, 150 * DAY) } else { rng.between(HOUR, 6 * DAY) };
    Step {
        act,
        effective_at: Instant::from_micros(effective),
        entered_at: Instant::from_micros(effective + lag),
        events,
        names: None,
    }
}

const LATE_PER_MILLE: u64 = 15;

/// The largest area has a fifth; of the others the earlier in the list the more.
fn area(rng: &mut Rng) -> u32 {
    if rng.below(5) == 0 {
        return AREAS[0];
    }
    let (a, b) = (rng.below(39), rng.below(39));
    let skewed = usize::try_from(a * b / 39).unwrap_or(0);
    AREAS[1 + skewed]
}

fn day(micros: i64) -> Instant {
    Instant::from_micros(BEGIN + (micros - BEGIN).div_euclid(DAY) * DAY)
}

fn year(days: i64) -> i32 {
    Instant::from_micros(BEGIN + days * DAY).year()
}

fn last_day_of_year(days: i64) -> i64 {
    (Instant::from_micros(BEGIN + days * DAY).next_year().as_micros() - BEGIN) / DAY - 1
}

/// Some day in the middle, when about half of what will be known is known, and one after everything.
pub(crate) fn middle_and_end() -> (Instant, Instant) {
    (Instant::from_micros(BEGIN + 240 * DAY), Instant::from_micros(BEGIN + 900 * DAY))
}
