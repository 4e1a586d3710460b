//! A log in memory and random histories: in order, back-dated, annulled, corrected. Events are made directly, not
//! decided, so that orders no clerk would take are tried too.
#![allow(dead_code, reason = "each test binary uses its own part")]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use accord_domain::area::AreaEvent;
use accord_domain::area::facts::RulesAdoption;
use accord_domain::case::CaseEvent;
use accord_domain::enterprise::EnterpriseEvent;
use accord_domain::event::{Annulment, AnnulmentScope, Correction, EventData, encode};
use accord_domain::institution::{InstitutionEvent as I, facts as f};
use accord_domain::insured::InsuredEvent;
use accord_domain::obligation::{ClosingOutcome, ObligationClosing, docket};
use accord_domain::personal::{Mark, Sealed};
use accord_domain::practitioner::{PractitionerEvent as P, facts as p};
use accord_domain::track::{BarClass, Line};
use accord_domain::{
    AreaCode, Command, Event, EventType, Instant, InstitutionCode, Laws, NewEvent, Personal, Subject,
    SubjectKind, Version,
};
use accord_projections::{Source, wait_for};
use accord_store::clock::ManualClock;
use accord_store::{Append, EventLog, Expected, MemoryLog, Stored};
use proptest::prelude::*;
use serde_json::json;
use std::sync::Arc;
use uuid::Uuid;

pub(crate) const SOURCE: Source = Source { ledger: [7; 16], salt: 0xABCDEF };

/// A log in memory, and what is in it.
#[derive(Debug)]
pub(crate) struct TestLog(pub(crate) MemoryLog);

impl Default for TestLog {
    fn default() -> Self {
        Self(MemoryLog::new(SOURCE.salt, Arc::new(ManualClock::at(recorded(0)))))
    }
}

impl TestLog {
    pub(crate) fn events(&self) -> Vec<Stored> {
        wait_for(self.0.read_all(0, usize::MAX)).unwrap()
    }

    pub(crate) fn stream(&self, subject: &Subject) -> Vec<Event> {
        let stored = wait_for(self.0.read_stream(&subject.stream(), 0, usize::MAX)).unwrap();
        stored.iter().map(|stored| stored.decode().unwrap()).collect()
    }

    /// Records the events of one decision.
    pub(crate) fn record(&self, subject: &Subject, events: &[NewEvent]) {
        let version = self.stream(subject).len() as Version;
        let command = command(subject, version);
        let encoded = |(index, event)| encode(&command, event, version, index, false, "sha256:0").unwrap();
        let append = Append {
            stream: subject.stream().into(),
            expected: Expected::Any,
            request: None,
            events: events.iter().enumerate().map(encoded).collect(),
        };
        wait_for(self.0.append(vec![append])).remove(0).unwrap();
    }
}

/// Every row of every table, as text.
pub(crate) fn dump(path: &std::path::Path) -> Vec<String> {
    let connection = rusqlite::Connection::open(path).unwrap();
    let mut lines = Vec::new();
    for (table, columns) in [
        ("checkpoint", "*"),
        ("subjects", "*"),
        ("names", "*"),
        ("grams_of", "subject, row"),
        ("parked", "*"),
        ("points", "*"),
        ("obligations", "*"),
        (
            "periods",
            "key, track, value, cause, eff_from, eff_first, eff_to, cut_rec, rec_from, rec_to, \
          (SELECT kind || ' ' || area || ' ' || status FROM shelves WHERE id = shelf)",
        ),
        (
            "trail",
            "key, position, type, effective_at, recorded_at, caused_by, \
          (SELECT json FROM citations WHERE id = citation), case_name, target, act, act_from",
        ),
    ] {
        let mut statement = connection.prepare(&format!("SELECT {columns} FROM {table}")).unwrap();
        let width = statement.column_count();
        let mut rows = statement.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            let cells: Vec<String> = (0..width).map(|at| format!("{:?}", row.get_ref(at).unwrap())).collect();
            lines.push(format!("{table}: {}", cells.join(", ")));
        }
    }
    lines.sort();
    lines
}

/// When the event at a position is recorded: a microsecond apart.
pub(crate) fn recorded(position: u64) -> Instant {
    // The holidays of 2026 were published on 2025-11-04: the tenth event is the first recorded when they were known.
    Instant::from_micros(day(307).as_micros() - 10 + position as i64)
}

/// A day of the histories, counted from 2025-01-01.
pub(crate) fn day(days: i64) -> Instant {
    Instant::parse("2025-01-01").unwrap().plus_days(days)
}

fn command(subject: &Subject, version: Version) -> Command {
    let (name, data) = match subject.kind() {
        SubjectKind::Institution => ("institution.interview", "{}"),
        SubjectKind::Practitioner => ("practitioner.interview", "{}"),
        SubjectKind::Enterprise => ("enterprise.rate-credit", r#"{"area":"430500","grade":"a"}"#),
        SubjectKind::Insured => ("insured.rate-credit", r#"{"area":"430500","grade":"a"}"#),
        SubjectKind::Area => ("area.start-moratorium", r#"{"basis_agreement":true,"ground":"x"}"#),
        SubjectKind::Case => ("case.close", r#"{"outcome":"handled"}"#),
    };
    let article = version % 3;
    Command::parse(&format!(
        r#"{{"command":"{name}","subject":"{}","actor":{{"authority":"agency"}},
            "basis":[{{"instrument":"协议","article":"{article}"}}],"case":"case-{article}","data":{data}}}"#,
        subject.code()
    ))
    .unwrap()
}

/// One act of a random history: whose, what, when, and a number to draw details from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    pub(crate) subject: u8,
    pub(crate) act: u8,
    pub(crate) day: i64,
    pub(crate) detail: u16,
}

/// Random histories of a few subjects. Most steps go on from the day of the one before; some fall behind.
pub(crate) fn steps(max: usize) -> impl Strategy<Value = Vec<Step>> {
    let step = (0..9_u8, 0..30_u8, prop_oneof![4 => 0..20_i64, 1 => -300..0_i64], any::<u16>());
    proptest::collection::vec(step, 1..max).prop_map(|raw| {
        let mut today = 0;
        raw.into_iter()
            .map(|(subject, act, gap, detail)| {
                if gap >= 0 {
                    today += gap;
                }
                Step { subject, act, day: today + gap.min(0), detail }
            })
            .collect()
    })
}

pub(crate) fn subject(number: u8) -> Subject {
    let text = [
        "H43050000001",
        "P43050000002",
        "H37010200001",
        "D430500000001",
        "HY370100000002",
        "91350100M000100Y43",
        "ins-7f3a09c2",
        "430500",
        "case-2025-0804",
    ];
    Subject::parse(text[usize::from(number) % text.len()]).unwrap()
}

pub(crate) fn subjects() -> Vec<Subject> {
    (0..9).map(subject).collect()
}

/// Plays a history into a log.
pub(crate) fn play(log: &TestLog, steps: &[Step]) {
    for step in steps {
        log.record(&subject(step.subject), &events(log, step));
    }
}

fn area(detail: u16) -> AreaCode {
    AreaCode::parse(if detail.is_multiple_of(3) { "370100" } else { "430500" }).unwrap()
}

fn events(log: &TestLog, step: &Step) -> Vec<NewEvent> {
    let subject = subject(step.subject);
    let known = log.stream(&subject);
    let data = match subject.kind() {
        SubjectKind::Institution => institution(step, &known),
        SubjectKind::Practitioner => practitioner(step, &known),
        SubjectKind::Enterprise | SubjectKind::Insured | SubjectKind::Area | SubjectKind::Case => {
            plain(subject.kind(), step, &known)
        }
    };
    let mut events = vec![NewEvent::new(day(step.day), data)];
    if subject.kind() == SubjectKind::Practitioner && step.detail % 7 == 1 {
        let data = p::QualificationSuspension { from: None, ground: None, until: Some(day(step.day + 90)) };
        let suspended = EventData::Practitioner(P::QualificationSuspended(data));
        events.push(NewEvent::new(day(step.day), suspended).caused_by(0));
    }
    events
}

/// An earlier event, drawn by the detail.
fn earlier(known: &[Event], detail: u16, of: impl Fn(&EventType) -> bool) -> Option<&Event> {
    let fitting: Vec<&Event> = known.iter().filter(|event| of(&event.data.event_type())).collect();
    (!fitting.is_empty()).then(|| fitting[usize::from(detail) % fitting.len()])
}

fn annulment(known: &[Event], detail: u16) -> Option<Annulment> {
    let target = earlier(known, detail, |_| true)?;
    let from_date = detail % 4 == 1;
    Some(Annulment {
        changes: std::collections::BTreeMap::new(),
        event: target.id,
        scope: if from_date { AnnulmentScope::FromDate } else { AnnulmentScope::FromStart },
        date: from_date.then(|| target.effective_at.plus_days(i64::from(detail % 40))),
        consequences: (detail.is_multiple_of(3)).then_some(true),
    })
}

/// What some event made due, open or not, is closed.
fn closing(subject: &Subject, known: &[Event], detail: u16) -> Option<ObligationClosing> {
    let due = docket(subject, known, Laws::national(), Instant::MAX);
    let entry = due.get(usize::from(detail).checked_rem(due.len())?)?;
    let done = detail.is_multiple_of(2);
    Some(ObligationClosing {
        event: known.iter().find(|event| event.version == entry.raised_by)?.id,
        obligation: entry.kind,
        outcome: if done { ClosingOutcome::Done } else { ClosingOutcome::NotCalledFor },
        reason: Some("已办理".into()),
    })
}

fn correction(known: &[Event], detail: u16) -> Option<Correction> {
    let target = earlier(known, detail, |_| true)?;
    let day = target.effective_at.plus_days(i64::from(detail % 30) - 15);
    let change = match &target.data {
        EventData::Practitioner(P::PointsDeducted(_)) => ("/data/points", serde_json::json!(detail % 12 + 1)),
        EventData::Institution(I::AgreementSigned(_)) if detail.is_multiple_of(2) => {
            ("/data/name", serde_json::json!(format!("更名医院{}", detail % 5)))
        }
        _ => ("/effective_at", serde_json::json!(day.to_string())),
    };
    Some(Correction { event: target.id, changes: [(change.0.to_owned(), change.1)].into() })
}

/// Rules that another area's institutions are not bound by: how long before its end an agreement is to be renewed, and whether
/// the list is published. One of two names, so that texts take each other's place.
pub(crate) fn adoption(detail: u16) -> RulesAdoption {
    let months = detail % 7 + 1;
    let text = format!(
        "[[instrument]]\nkey = \"local\"\ntitle = \"市条例\"\nrank = \"local-regulation\"\nconfidence = \"H\"\n\
         [[rule]]\nid = \"local-1\"\nparam = \"institution.renewal.apply_months\"\ninstrument = \"local\"\n\
         from = \"2020-01-01\"\nvalue = {months}\nconfidence = \"H\"\n\
         [[rule]]\nid = \"local-2\"\nparam = \"institution.publish_list\"\ninstrument = \"local\"\n\
         from = \"2020-01-01\"\nvalue = true\nconfidence = \"H\"\n"
    );
    let name = if detail.is_multiple_of(2) { "renewal.toml" } else { "list.toml" };
    // Its digest is looked at where it is decided; nothing here is.
    RulesAdoption { area: adopting(), name: name.into(), sha256: "0".into(), text: text.into() }
}

/// The area whose stream is among the subjects.
pub(crate) fn adopting() -> AreaCode {
    AreaCode::parse("430500").unwrap()
}

/// An event of a kind of subject that has no more than dated values: any type of it, read from text.
fn plain(kind: SubjectKind, step: &Step, known: &[Event]) -> EventData {
    let (detail, area) = (step.detail, area(step.detail));
    let annulled = |data| match kind {
        SubjectKind::Enterprise => EventData::Enterprise(EnterpriseEvent::DecisionAnnulled(data)),
        SubjectKind::Insured => EventData::Insured(InsuredEvent::DecisionAnnulled(data)),
        SubjectKind::Area => EventData::Area(AreaEvent::DecisionAnnulled(data)),
        _ => EventData::Case(CaseEvent::DecisionAnnulled(data)),
    };
    if let Some(data) = annulment(known, detail).filter(|_| step.act < 4) {
        return annulled(data);
    }
    let until = day(step.day + i64::from(detail % 90));
    let end = detail.is_multiple_of(3).then(|| until.to_string());
    let kinds = if detail.is_multiple_of(2) { vec!["medical", "pharmacy"] } else { vec!["pharmacy"] };
    if kind == SubjectKind::Area && step.act.is_multiple_of(3) {
        return EventData::Area(AreaEvent::RulesAdopted(adoption(detail)));
    }
    let later = |days: i64| detail.is_multiple_of(2).then(|| day(step.day + days));
    let (name, mut data) = match (kind, step.act % 6) {
        (SubjectKind::Enterprise | SubjectKind::Insured, 2 | 3) => of_credit(kind, step, known),
        (SubjectKind::Insured, 4) => (
            "insured.online-settlement-suspended",
            json!({ "area": area, "ground": (["art-30", "art-41"][usize::from(detail % 2)]), "until": later(120) }),
        ),
        (SubjectKind::Insured, 5) => (
            "insured.online-settlement-resumed",
            json!({ "outcome": (["cleared", "confirmed"][usize::from(detail % 2)]) }),
        ),
        (SubjectKind::Area, 1) => {
            ("area.resources-planned", json!({ "area": area, "title": "规划", "until": later(200) }))
        }
        (SubjectKind::Area, 4 | 5) => {
            let works = ["special-inspection", "inspection-plan", "flight-bulletin", "anomaly-feedback"];
            let year = day(step.day).year() - i32::from(detail % 5 == 0);
            (
                "area.work-recorded",
                json!({ "area": area, "part": detail % 12 + 1, "work": works[usize::from(detail % 4)], "year": year }),
            )
        }
        (SubjectKind::Enterprise, _) => (
            "enterprise.credit-rated",
            json!({ "area": area, "year": day(step.day).year() - 1, "grade":
            (["a", "b", "seriously_dishonest"][usize::from(detail % 3)]), "name": format!("公司{}", detail % 4) }),
        ),
        (SubjectKind::Insured, _) => ("insured.credit-rated", json!({ "area": area, "grade": "d" })),
        (SubjectKind::Area, 0) => (
            "area.moratorium-started",
            json!({ "area": area, "basis_agreement": true,
            "designations": kinds, "ground": "x" }),
        ),
        (SubjectKind::Area, _) => ("area.moratorium-ended", json!({ "area": area, "designations": kinds })),
        (_, _) => case(step, known),
    };
    if let Some(end) = end.filter(|_| name.ends_with("rated") || name.ends_with("started")) {
        data["until"] = json!(end);
    }
    if let Some(members) = data.as_object_mut() {
        members.retain(|_, value| !value.is_null());
    }
    EventData::read(EventType::by_name(name).unwrap(), 1, &data.to_string()).unwrap()
}

/// A commitment, a discipline or the end of one.
fn of_credit(kind: SubjectKind, step: &Step, known: &[Event]) -> (&'static str, serde_json::Value) {
    let of = |enterprise, insured| if kind == SubjectKind::Enterprise { enterprise } else { insured };
    let until = step.detail.is_multiple_of(3).then(|| day(step.day + 60));
    let disciplined = earlier(known, step.detail, |kind| matches!(kind.0, 402 | 502));
    match (step.detail % 3, disciplined) {
        (0, _) => (
            of("enterprise.committed", "insured.committed"),
            json!({ "content": "诚信经营", "until": until }),
        ),
        (1, Some(event)) => (
            of("enterprise.discipline-lifted", "insured.discipline-lifted"),
            json!({ "discipline": event.id }),
        ),
        _ => (
            of("enterprise.disciplined", "insured.disciplined"),
            json!({ "ground": "严重失信", "measures": ["重点监测"], "until": step.detail.is_multiple_of(2).then_some(day(step.day + 90)) }),
        ),
    }
}

/// An act of a case: its clocks run in days and in working days.
fn case(step: &Step, known: &[Event]) -> (&'static str, serde_json::Value) {
    let detail = step.detail;
    let id = |of: u16| earlier(known, detail, |kind| kind.0 == of).map_or(Uuid::nil(), |event| event.id);
    match step.act % 6 {
        0 => ("case.opened", json!({ "area": area(detail), "title": format!("案{}", detail % 3) })),
        1 => ("case.closed", json!({ "outcome": "handled" })),
        2 => ("case.lead-received", json!({ "source": "complaint", "about": ["H43050000001"] })),
        3 => ("case.penalty-filed", json!({})),
        4 => {
            let announced = detail.is_multiple_of(2);
            (
                "case.penalty-decided",
                json!({ "filing": id(712), "outcome": "imposed", "announced": announced }),
            )
        }
        _ => ("case.penalty-served", json!({ "decision": id(713) })),
    }
}

fn institution(step: &Step, known: &[Event]) -> EventData {
    let (detail, area) = (step.detail, area(step.detail));
    let at = day(step.day);
    let later = |days: i64| day(step.day + days);
    let line = match detail % 5 {
        0 => Some(Line::OutpatientPooling),
        1 => Some(Line::Basic),
        _ => None,
    };
    let id = |of: u16| earlier(known, detail, |kind| kind.0 == of).map_or(Uuid::nil(), |event| event.id);
    let none = || I::InterviewHeld(f::Measure { note: None, recipient: None });
    EventData::Institution(match step.act {
        0 => I::Applied(
            serde_json::from_value(serde_json::json!({
                "area": area, "name": format!("第{}人民医院", detail % 4), "lines": ["basic", "outpatient_pooling"]
            }))
            .unwrap(),
        ),
        1 => I::ApplicationAccepted(f::InArea { area }),
        2 => I::Evaluated(f::Evaluation {
            area,
            findings: Vec::new(),
            score: None,
            verdict: if detail.is_multiple_of(3) { f::Verdict::Fail } else { f::Verdict::Pass },
        }),
        3..=6 => I::AgreementSigned(
            serde_json::from_value(serde_json::json!({
                "area": area, "from": (detail.is_multiple_of(2)).then(|| later(i64::from(detail % 9))),
                "lines": if detail.is_multiple_of(2) { vec!["basic", "outpatient_pooling"] } else { vec!["basic"] },
                "name": format!("邵阳市第{}医院", detail % 6), "until": (!detail.is_multiple_of(4)).then(|| later(200)),
            }))
            .unwrap(),
        ),
        7 => I::ProbationStarted(f::ProbationPeriod { area, from: at, until: later(180) }),
        8 => I::ProbationExtended(f::ProbationExtension { area, until: later(200), violation: "违约".into() }),
        9 => I::ProbationPassed(f::InArea { area }),
        10 | 11 => I::AgreementSuspended(f::Suspension {
            act_from: None,
            act_to: None,
            bound_by: None,
            area,
            at_request: None,
            ground: "违约".into(),
            line,
            origin: None,
            until: (!detail.is_multiple_of(3)).then(|| later(90)),
        }),
        12 => I::AgreementResumed(f::Resumption { area, line }),
        13 => I::AgreementTerminated(f::Termination {
            act_from: None,
            act_to: None,
            bound_by: None,
            fraud_found_on: None,
            head_office: None,
            responsible: Vec::new(),
            responsible_until: None,
            area,
            bar: Some(f::BarTerms {
                class: BarClass::Breach,
                until: later(700),
                until_performed: detail.is_multiple_of(2),
            }),
            ground: "违约".into(),
            line,
            origin: None,
            reason_class: f::ReasonClass::Breach,
        }),
        14 => I::AgreementWithdrawn(f::Request { area, from: later(30) }),
        15 => I::SettlementHeld(f::Hold {
            act_from: None,
            act_to: None,
            bound_by: None,
            approved_by_principal: None,
            area: Some(area),
            ground: "核查".into(),
            lines: if detail.is_multiple_of(2) { vec![Line::Basic, Line::Basic, Line::DualChannel] } else { vec![] },
            refused_cooperation: None,
        }),
        16 => {
            let cleared = detail.is_multiple_of(2);
            let outcome = if cleared { f::HoldOutcome::Cleared } else { f::HoldOutcome::Confirmed };
            I::SettlementReleased(f::HoldRelease { hold: id(130), outcome })
        }
        17 => I::DepartmentOrdered(f::DepartmentOrder { act_from: None, act_to: None, department: "骨科".into(), until: later(200) }),
        18 => I::DepartmentOrderLifted(f::DepartmentLift { department: "骨科".into() }),
        19 => {
            if detail.is_multiple_of(2) {
                I::CrossRegionOpened(f::InArea { area })
            } else {
                I::CrossRegionClosed(f::InArea { area })
            }
        }
        20 => I::AgreementRenewed(f::Renewal { area, from: None, number: None, until: Some(later(400)) }),
        21 => I::RenewalRefused(f::RenewalRefusal { area, ground: "考核不合格".into() }),
        22 => I::LiabilitySettled(f::LiabilitySettlement { liability: id(120), performed_on: later(5) }),
        23 => I::DetailsChanged(f::Change {
            approved_on: None,
            from: None,
            to: format!("康复中心{}", detail % 3).into(),
            what: "name".into(),
        }),
        24 => annulment(known, detail).map_or_else(none, I::DecisionAnnulled),
        25 => correction(known, detail).map_or_else(none, I::RecordCorrected),
        28 => I::SettlementDeclared(f::SettlementDeclaration {
            amount_fen: None,
            area,
            from: None,
            note: None,
            until: None,
        }),
        29 => I::SettlementPaid(f::SettlementPayment {
            amount_fen: None,
            complete: !detail.is_multiple_of(3),
            declaration: id(156),
            note: None,
        }),
        26 | 27 => closing(&subject(step.subject), known, detail).map_or_else(none, I::ObligationClosed),
        _ => none(),
    })
}

fn practitioner(step: &Step, known: &[Event]) -> EventData {
    let detail = step.detail;
    let at = day(step.day);
    let institution =
        InstitutionCode::parse(if detail.is_multiple_of(2) { "H43050000001" } else { "H37010200001" })
            .unwrap();
    let register = || {
        P::Registered(p::Registration {
            area: (detail.is_multiple_of(4)).then(|| area(detail)),
            category: p::Category::Doctor,
            certificate: None,
            commitment_signed: None,
            institution,
            identity_number: None,
            phone: None,
            name: (detail.is_multiple_of(3)).then(|| "王医师".into()),
        })
    };
    let none = || P::InterviewHeld(p::Interview { note: None });
    EventData::Practitioner(match step.act {
        0..=4 => register(),
        5 => P::SiteAdded(p::SiteJoined { commitment_signed: None, institution }),
        6 => P::SiteRemoved(p::SiteAct { institution }),
        7..=11 => P::PointsDeducted(
            serde_json::from_value(serde_json::json!({
                "area": area(detail), "behaviour": "art-38", "counted": detail % 5 + 1, "decided_at": at,
                "institution": institution, "points": detail % 5 + 1, "total": 0,
            }))
            .unwrap(),
        ),
        12 | 13 => P::PointsRepaired(p::Repair {
            activity: "学习".into(),
            area: None,
            points: (detail % 3) as u8 + 1,
            total: 0,
            year: at.year(),
        }),
        14 | 15 => P::QualificationSuspended(p::QualificationSuspension {
            from: (detail.is_multiple_of(3)).then(|| day(step.day + 10)),
            ground: None,
            until: (detail.is_multiple_of(2)).then(|| day(step.day + 100)),
        }),
        16 | 17 => P::QualificationRestored(p::Restoration { note: None }),
        18 | 19 => P::QualificationTerminated(p::QualificationTermination {
            barred_until: (detail.is_multiple_of(2)).then(|| day(step.day + 365)),
            class: BarClass::PointsAccumulated,
            ground: "记分".into(),
        }),
        20 | 21 => P::Reregistered(p::SiteJoined { commitment_signed: None, institution }),
        22 => P::DetailsChanged(p::PersonChange {
            from: None,
            // Sealed as new events have it, plain as older ones do: a sealed name is told by nobody.
            to: if detail.is_multiple_of(5) {
                let mark = Mark::parse("AAAAAAAAAAAAAAAAAAAAAQ").unwrap();
                Personal::Sealed(Box::new(Sealed { mark, sealed: "A".repeat(64).into() }))
            } else {
                format!("李医师{}", detail % 2).into()
            },
            what: "name".into(),
        }),
        24 => annulment(known, detail).map_or_else(none, P::DecisionAnnulled),
        25 => correction(known, detail).map_or_else(none, P::RecordCorrected),
        26 | 27 => closing(&subject(step.subject), known, detail).map_or_else(none, P::ObligationClosed),
        _ => none(),
    })
}
