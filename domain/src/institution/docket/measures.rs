//! What measures call for: suspension, termination, rectification, demands, fines, assessments, and the reviews of an
//! agreement or of the whole institution that follow from them.

use super::super::decide::law;
use super::super::facts::{
    Assessment, Change, Fine, Hold, HoldOutcome, HoldRelease, ReasonClass, ReviewCall, ReviewMatter,
    Termination,
};
use super::super::state::Agreement;
use super::{Desk, failed_in_extension, is_about, is_major, is_whole};
use crate::id::{AreaCode, Version};
use crate::obligation::{Clock, Ending, Entry, Law, ObligationKind as Kind};
use crate::obligation::{HOLD_CONFIRMED, Raise, Reading, day_after};
use crate::rulebook::Rule;
use crate::time::Instant;
use crate::track::Line;
use std::collections::{BTreeMap, BTreeSet};

/// Detail of the review of a suspension that followed one resumed elsewhere, before the event of the former.
const RESUMED: &str = "resumed:";

impl Desk<'_> {
    pub(super) fn suspended(&mut self, area: AreaCode, at_request: bool, until: Option<Instant>) {
        if at_request {
            self.ask_to_resume(area, until);
            self.resumption(area, until);
            return;
        }
        self.raise_in_time(Kind::ReportMeasure, law::REPORT_MEASURE, area, "suspended");
        // One mirrored into another area is the same decision.
        if self.event.caused_by.is_none() {
            self.rights(Some(area));
        }
        self.suspended_too_often(area);
    }

    /// 中止期满: a local rule gives the agency days to look at the request to resume.
    pub(super) fn resumption(&mut self, area: AreaCode, until: Option<Instant>) {
        let law = *self.law;
        let rule = law::count(law.rulebook, law::RESUMPTION_WORKING_DAYS, self.at, Some(area));
        let (Some(until), Some((days, rule))) = (until, rule) else { return };
        let mut raise = self.draft(Kind::ReviewResumption, Some(area), Some(rule), Clock::WorkingDays(days));
        (raise.from, raise.start) = (until, until);
        self.raise(raise);
    }

    /// 主动中止: who does not ask to resume before it ends gives the agreement up, in principle; whether so, a person decides.
    fn ask_to_resume(&mut self, area: AreaCode, until: Option<Instant>) {
        let law = *self.law;
        let rule = law.rulebook.rule(self.by_kind(law::RESUME_ON_APPLICATION), self.at, Some(area));
        let (Some(until), Some(rule)) = (until, rule) else { return };
        let mut raise = self.draft(Kind::ApplyResumption, Some(area), Some(rule), Clock::MonthsBefore(0));
        raise.start = until;
        self.raise(raise);
    }

    /// 恢复 where a suspension was decided: the rule says the same of all other areas for 中止 and 解除 (令2 art 44), not for
    /// this. Each suspension that followed it and still runs is looked at by a person.
    pub(super) fn resumed(&mut self, area: AreaCode) {
        let (state, at, by) = (self.state, self.at, self.event.version);
        let here = || state.agreements_in(area).flat_map(|agreement| &agreement.suspensions);
        let resumed: BTreeSet<Version> =
            here().filter(|known| known.resumed_by == Some(by)).map(|known| known.cause).collect();
        // Of a suspension that still runs on other lines one was resumed.
        let over = |cause: &Version| !here().any(|known| known.cause == *cause && known.runs(at));
        let resumed: BTreeSet<Version> = resumed.into_iter().filter(over).collect();
        let mut followed = BTreeMap::new();
        for agreement in state.agreements.iter().filter(|agreement| agreement.is_live(at)) {
            let running = agreement.suspensions.iter().filter(|known| known.runs(at));
            for known in running.filter(|known| known.follows.is_some_and(|cause| resumed.contains(&cause))) {
                let end = known.until.min(agreement.end().unwrap_or(Instant::MAX));
                let last = followed.entry((agreement.area, known.cause)).or_insert(end);
                *last = end.max(*last);
            }
        }
        for ((area, cause), end) in followed {
            let mut raise = self.draft(Kind::ReviewElsewhere, Some(area), None, Clock::InTime);
            raise.about.detail = format!("{RESUMED}{cause}").into();
            raise.expires = end;
            self.raise(raise);
        }
    }

    /// What followed a suspension that was resumed elsewhere no longer runs here.
    pub(super) fn answered(&mut self, area: AreaCode, at: Instant, ending: fn(Version) -> Ending) {
        let state = self.state;
        let runs = |cause: Version| {
            let live = state.agreements_in(area).filter(|agreement| agreement.is_live(at));
            live.flat_map(|agreement| &agreement.suspensions)
                .any(|known| known.cause == cause && known.runs(at))
        };
        self.docket.end(at, ending(self.event.version), |entry| {
            let cause = entry.about.detail.strip_prefix(RESUMED).and_then(|cause| cause.parse().ok());
            is_about(entry, area, &[Kind::ReviewElsewhere]) && cause.is_some_and(|cause| !runs(cause))
        });
    }

    /// 暂停结算 has no end of its own.
    pub(super) fn held(&mut self, data: &Hold) {
        let law = *self.law;
        let area = data.area.or(self.whole_area());
        let investigated = &*data.ground == law::ART_30;
        let rule = law.rulebook.rule(law::HOLD_ART_30, self.at, area).filter(|_| investigated);
        let mut raise = self.draft(Kind::ReviewHold, area, rule, Clock::InTime);
        if investigated {
            raise.about.detail = law::ART_30.into();
        }
        self.raise(raise);
    }

    /// 恢复结算: where nothing was found, what waited is settled; else what is to become of it is still to be decided.
    pub(super) fn released(&mut self, data: &HoldRelease) {
        let law = *self.law;
        let placed = self.state.holds().iter().find(|hold| hold.id == data.hold);
        let area = placed.and_then(|hold| hold.area).or(self.whole_area());
        let (by, hold) = (Ending::Met(self.event.version), data.hold);
        let confirmed = placed.and_then(|hold| hold.released_by);
        self.docket.end_named(self.at, by, |entry, id| {
            entry.kind == Kind::ReviewHold && (id == hold || Some(entry.raised_by) == confirmed)
        });
        match data.outcome {
            HoldOutcome::Cleared => {
                if let Some(rule) = law.rulebook.rule(law::SETTLE_CLEARED, self.at, area) {
                    let raise = self.draft(Kind::SettleHeld, area, Some(rule), Clock::InTime);
                    self.raise(raise);
                }
            }
            HoldOutcome::Confirmed => {
                let mut raise = self.draft(Kind::ReviewHold, area, None, Clock::InTime);
                raise.about.detail = HOLD_CONFIRMED.into();
                self.raise(raise);
            }
        }
    }

    /// How many suspensions within a term call for termination, by the rule of the day of a suspension.
    pub(super) fn limit<'r>(&self, law: Law<'r>, day: Instant, area: AreaCode) -> Option<(u32, &'r Rule)> {
        let limit = |param| law::count(law.rulebook, param, day, Some(area));
        limit(law::SUSPENSIONS.of(self.kind)).or_else(|| limit(law::SUSPENSIONS_2018))
    }

    /// 协议有效期内累计中止: raised by the suspension that reaches the number of its day. One suspension of several lines raises
    /// it once, and none is raised while one is open.
    pub(super) fn suspended_too_often(&mut self, area: AreaCode) {
        let law = *self.law;
        let Some((limit, rule)) = self.limit(law, self.at, area) else { return };
        let counted = self.state.agreements_in(area).find_map(|agreement| {
            let term = agreement.term_at(self.at)?;
            let sanctions = agreement.sanctions(self.state.above(agreement), term, self.at);
            let own = sanctions.iter().any(|suspension| suspension.cause == self.event.version);
            (own && limit as usize <= sanctions.len()).then_some((
                agreement.line,
                sanctions.len(),
                term.until,
            ))
        });
        let Some((line, count, until)) = counted else { return };
        let same = |entry: &Entry| {
            is_about(entry, area, &[Kind::TerminationReview]) && entry.about.detail.starts_with("suspensions")
        };
        if self.docket.is_open(self.at, same) {
            return;
        }
        let mut raise = self.draft(Kind::TerminationReview, Some(area), Some(rule), Clock::InTime);
        raise.about.line = Some(line);
        raise.about.detail = format!("suspensions:{count}").into();
        raise.expires = until;
        self.raise(raise);
    }

    pub(super) fn terminated(&mut self, data: &Termination) {
        let area = data.area;
        let consent = data.reason_class == ReasonClass::Consent;
        let line = data.line.filter(|line| *line != Line::Basic);
        let by = if consent { Ending::Dropped } else { Ending::Met }(self.event.version);
        let review = |entry: &Entry| {
            is_about(entry, area, &[Kind::TerminationReview])
                && (line.is_none() || line == entry.about.line)
                && !is_whole(entry)
        };
        self.docket.end(self.at, by, review);
        if line.is_none() {
            // What a chain or a person called for here was termination: it is there.
            self.docket.end(self.at, by, |entry| {
                is_about(entry, area, &[Kind::ReviewElsewhere])
                    && !["origin", RESUMED].iter().any(|other| entry.about.detail.starts_with(other))
            });
            self.drop(
                area,
                &[Kind::ApplyRenewal, Kind::EndProbation, Kind::RenewalReview, Kind::ReviewResumption],
            );
            self.raise_in_time(Kind::PublishList, law::PUBLISH_LIST, area, "terminated");
        }
        self.answered(area, self.at, Ending::Dropped);
        self.whole_reviews(self.at, !consent);
        self.raise_in_time(Kind::ReportMeasure, law::REPORT_MEASURE, area, "terminated");
        // One mirrored into another area is the same decision; one that follows another institution's is its own.
        if !consent && self.event.caused_by.is_none() {
            self.rights(Some(area));
        }
    }

    /// Reviews of the whole institution end when no agreement is left: decided, if by termination.
    pub(super) fn whole_reviews(&mut self, at: Instant, decided: bool) {
        if self.state.agreements.iter().any(|agreement| agreement.is_live(at)) {
            return;
        }
        let by = if decided { Ending::Met } else { Ending::Dropped }(self.event.version);
        self.docket.end(at, by, is_whole);
    }

    /// When all agreements known will have run out.
    pub(super) fn last_end(&self) -> Instant {
        let live = self.state.agreements.iter().filter(|agreement| agreement.is_live(self.at));
        live.filter_map(Agreement::end).max().unwrap_or(Instant::MAX)
    }

    /// What happened to another subject is to be looked at here.
    pub(super) fn review_elsewhere(&mut self, data: &ReviewCall) {
        let law = *self.law;
        let rule = match data.what {
            ReviewMatter::ChainTermination => law.rulebook.rule(law::CHAIN, self.at, data.area),
            ReviewMatter::ManagerBan => law.rulebook.rule(law::MANAGER_BAN_YEARS, self.at, data.area),
            ReviewMatter::OriginAnnulled => None,
        };
        let mut raise = self.draft(Kind::ReviewElsewhere, data.area, rule, Clock::InTime);
        let what = data.what.name();
        raise.about.detail = match &data.refusal {
            Some(code) => format!("{what}:{code}").into(),
            None => what.into(),
        };
        self.raise(raise);
    }

    /// A review of the whole institution: all its agreements are at stake.
    pub(super) fn whole_review(&mut self, rule: &Rule, ground: &str, from: Instant) {
        let raise = self.draft_whole_review(rule, ground, from);
        self.raise(raise);
    }

    pub(super) fn draft_whole_review<'r>(&self, rule: &'r Rule, ground: &str, from: Instant) -> Raise<'r> {
        let mut raise = self.draft(Kind::TerminationReview, None, Some(rule), Clock::InTime);
        raise.about.detail = ground.into();
        raise.from = from;
        raise.expires = self.last_end();
        raise
    }

    pub(super) fn rectified(&mut self, order: uuid::Uuid, accepted: bool) {
        let version = self.event.version;
        let by = if accepted { Ending::Met } else { Ending::Dropped }(version);
        self.docket.end_named(self.at, by, |entry, id| entry.kind == Kind::Rectify && id == order);
        if accepted {
            return;
        }
        let orders = self.state.rectifications();
        let Some(area) = orders.iter().find(|known| known.id == order).map(|known| known.area) else {
            return;
        };
        self.unrectified_while_suspended(area);
        self.unrectified_in_probation(area);
    }

    /// 中止期间未按要求整改或整改不到位.
    pub(super) fn unrectified_while_suspended(&mut self, area: Option<AreaCode>) {
        let law = *self.law;
        let suspended = self.state.agreements.iter().find(|agreement| {
            area.is_none_or(|area| area == agreement.area)
                && agreement.suspension(self.at).is_some_and(|suspension| !suspension.at_request)
        });
        let Some(agreement) = suspended else { return };
        let Some((_, rule)) = self.limit(law, self.at, agreement.area) else { return };
        let mut raise = self.draft(Kind::TerminationReview, Some(agreement.area), Some(rule), Clock::InTime);
        raise.about.line = Some(agreement.line);
        raise.about.detail = "unrectified".into();
        raise.expires = agreement.end().unwrap_or(Instant::MAX);
        self.raise(raise);
    }

    /// 延长期内整改不到位的不予续签.
    pub(super) fn unrectified_in_probation(&mut self, area: Option<AreaCode>) {
        let law = *self.law;
        let areas: Vec<AreaCode> = self.state.areas.iter().map(|state| state.area).collect();
        for area in areas.into_iter().filter(|own| area.is_none_or(|area| area == *own)) {
            let failed = failed_in_extension(self.state, area, self.at);
            let rule = law.rulebook.rule(law::UNRECTIFIED_NOT_RENEWED, self.at, Some(area));
            let agreement = self
                .state
                .agreement(area, Line::Basic)
                .or_else(|| self.state.agreements_in(area).next())
                .filter(|agreement| agreement.renewal_refused.is_none());
            let (Some((_, cause)), Some(rule), Some(agreement)) = (failed, rule, agreement) else { continue };
            if cause != self.event.version {
                continue;
            }
            let end = agreement.end().unwrap_or(Instant::MAX);
            let mut raise = self.draft(Kind::RenewalReview, Some(area), Some(rule), Clock::Set);
            raise.about.detail = "unrectified-in-probation".into();
            (raise.start, raise.expires) = (end, end);
            self.raise(raise);
        }
    }

    /// 提供资料, and what follows when they are not produced in time.
    pub(super) fn records_demanded(&mut self, due: Instant) {
        let law = *self.law;
        let (medical, area) = (self.kind.is_medical(), self.whole_area());
        let days = law::count(law.rulebook, law::RECORDS_DAYS, self.at, area).filter(|_| medical);
        // Where the deadline is the rule's own, the sum says so.
        let (clock, start) = match days {
            Some((days, _)) if self.at.plus_days(i64::from(days)) == due => (Clock::Days(days), self.at),
            Some(_) | None => (Clock::Set, due),
        };
        let mut raise = self.draft(Kind::ProvideRecords, None, days.map(|(_, rule)| rule), clock);
        raise.start = start;
        self.raise(raise);
        if let Some(rule) = law.rulebook.rule(law::RECORDS_NOT_PRODUCED, due, area).filter(|_| medical) {
            self.whole_review(rule, "records", day_after(due));
        }
    }

    /// 重大信息变更备案, and what follows when it is not filed in time.
    pub(super) fn changed(&mut self, data: &Change) {
        let law = *self.law;
        let Some(approved) = data.approved_on.filter(|_| is_major(&data.what)) else { return };
        let param = self.by_kind(law::FILING_WORKING_DAYS);
        let Some((days, rule)) = law::count(law.rulebook, param, approved, self.whole_area()) else { return };
        let clock = Clock::WorkingDays(days);
        let mut raise = self.draft(Kind::FileChange, None, Some(rule), clock);
        raise.start = approved;
        self.raise(raise);
        // Called for from another day by each calendar that moves the last one.
        for reading in clock.readings(approved, law.calendar, self.event.recorded_at) {
            let Some(due) = reading.due else { continue };
            let param = self.by_kind(law::UNFILED_CHANGE);
            let Some(rule) = law.rulebook.rule(param, due, self.whole_area()) else { continue };
            let review = self.draft_whole_review(rule, "unfiled-change", day_after(due).max(self.at));
            self.docket.raise_read(self.event, review, Reading { due: None, provisional: false, ..reading });
        }
    }

    pub(super) fn fined(&mut self, data: &Fine) {
        let law = *self.law;
        if let Some((days, rule)) = law::count(law.rulebook, law::FINE_DAYS, self.at, self.whole_area()) {
            let mut raise = self.draft(Kind::PayFine, None, Some(rule), Clock::Days(days));
            let percent = law::count(law.rulebook, law::SURCHARGE_PERCENT, self.at, self.whole_area());
            if let (Some(fen), Some((percent, _))) = (data.amount_fen, percent) {
                raise.about.detail = format!("fine:{fen}:{percent}").into();
            }
            self.raise(raise);
        }
        self.rights(None);
        if data.article_number() == Some(40)
            && let Some(rule) = law.rulebook.rule(self.by_kind(law::FRAUD_FOUND), self.at, self.whole_area())
        {
            self.whole_review(rule, "fraud", self.at);
        }
    }

    /// 申报的费用: paid by the day a rule sets from the declaration on, else in time.
    pub(super) fn declared(&mut self, area: AreaCode) {
        let law = *self.law;
        let days = law::count(law.rulebook, law::SETTLEMENT_WORKING_DAYS, self.at, Some(area));
        let Some((days, rule)) = days.filter(|_| self.kind.is_medical()) else {
            return self.raise_in_time(Kind::PaySettlement, law::SETTLE_IN_TIME, area, "");
        };
        let raise = self.draft(Kind::PaySettlement, Some(area), Some(rule), Clock::WorkingDays(days));
        self.raise(raise);
    }

    /// 停业、歇业 without the report that is due.
    pub(super) fn closed_down(&mut self, reported: Option<bool>) {
        let law = *self.law;
        let rule = law.rulebook.rule(law::UNREPORTED_CLOSURE, self.at, self.whole_area());
        if let Some(rule) = rule.filter(|_| reported == Some(false) && self.kind.is_medical()) {
            self.whole_review(rule, "unreported-closure", self.at);
        }
    }

    /// 年度考核 below the local line.
    pub(super) fn assessed(&mut self, data: &Assessment) {
        let law = *self.law;
        let Some(least) = law::count(law.rulebook, law::LEAST_SCORE, self.at, Some(data.area)) else {
            return;
        };
        let (least, rule) = least;
        if least <= data.score {
            return;
        }
        let mut raise = self.draft(Kind::TerminationReview, Some(data.area), Some(rule), Clock::InTime);
        raise.about.detail = format!("score:{}", data.score).into();
        raise.expires = self.last_end();
        self.raise(raise);
    }

    /// 复议 and 诉讼: clocks of the party, which run out.
    pub(super) fn rights(&mut self, area: Option<AreaCode>) {
        let (law, place) = (*self.law, area.or(self.whole_area()));
        let days = law::count(law.rulebook, law::REVIEW_DAYS, self.at, place)
            .map(|(days, rule)| (Kind::SeekReview, Clock::Days(days), rule));
        let months = law::count(law.rulebook, law::SUIT_MONTHS, self.at, place)
            .map(|(months, rule)| (Kind::Sue, Clock::Months(months), rule));
        for (kind, clock, rule) in days.into_iter().chain(months) {
            let due = clock.last_day(self.at, law.calendar);
            let mut raise = self.draft(kind, area, Some(rule), clock);
            raise.expires = due.map_or(Instant::MAX, day_after);
            self.raise(raise);
        }
    }
}
