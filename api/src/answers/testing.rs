//! A subject's history told event by event, without a log: for tests of what is made of it.

use super::{Coordinates, Gathered, Position, gather};
use accord_domain::event::{EventType, NewEvent, encode};
use accord_domain::{Command, EventData, Instant, Laws, Subject, SubjectKind};
use accord_store::{Stored, ids};
use serde_json::{Value, json};

/// An instant.
pub(crate) fn at(text: &str) -> Instant {
    Instant::parse(text).unwrap()
}

/// The history of one subject, being told.
pub(crate) struct Tale {
    pub(crate) subject: Subject,
    pub(crate) stored: Vec<Stored>,
    recorded_at: Instant,
    rules: Vec<&'static str>,
    caused_by: Option<usize>,
}

impl Tale {
    /// Of a subject, recorded from 2025-11-01 09:00 on, a day apart.
    pub(crate) fn of(code: &str) -> Self {
        Self {
            subject: Subject::parse(code).unwrap(),
            stored: Vec::new(),
            recorded_at: at("2025-11-01T09:00:00+08:00"),
            rules: Vec::new(),
            caused_by: None,
        }
    }

    /// The next event was decided under this rule.
    pub(crate) fn rule(mut self, rule: &'static str) -> Self {
        self.rules.push(rule);
        self
    }

    #[expect(clippy::needless_pass_by_value, reason = "so that json! stands in the call")]
    /// Adds an event: name, from when it holds, its facts and its basis.
    pub(crate) fn then(
        mut self,
        name: &str,
        effective_at: &str,
        data: Value,
        basis: Option<(&str, &str)>,
    ) -> Self {
        let kind = EventType::by_name(name).unwrap();
        let facts = EventData::read(kind, 1, &data.to_string()).unwrap();
        let mut event = NewEvent::new(at(effective_at), facts);
        for rule in self.rules.drain(..) {
            event = event.rule(rule);
        }
        event.caused_by = self.caused_by.take();
        let basis: Vec<Value> = basis
            .iter()
            .map(|(instrument, article)| json!({ "instrument": instrument, "article": article }))
            .collect();
        let command = match self.subject.kind() {
            SubjectKind::Institution => "institution.interview",
            SubjectKind::Practitioner => "practitioner.interview",
            SubjectKind::Enterprise => "enterprise.annul",
            SubjectKind::Insured => "insured.annul",
            SubjectKind::Area => "area.annul",
            SubjectKind::Case => "case.annul",
        };
        let facts_of_command = match self.subject.kind() {
            SubjectKind::Institution | SubjectKind::Practitioner => json!({}),
            SubjectKind::Enterprise | SubjectKind::Insured | SubjectKind::Area | SubjectKind::Case => {
                json!({ "event": "01980000-0000-7000-8000-000000000001", "scope": "from_start" })
            }
        };
        let command = json!({
            "command": command, "subject": self.subject.code(), "basis": basis, "data": facts_of_command,
            "actor": { "authority": "agency", "area": "430500", "office": "邵阳市医疗保障事务中心", "operator": "op-17" },
        });
        let command = Command::parse(&command.to_string()).unwrap();
        let version = u32::try_from(self.stored.len()).unwrap();
        let position = u64::from(version) + 40;
        let mut proposed = encode(&command, &event, version, 0, false, "0000").unwrap();
        proposed.stamp(ids::event_id(self.recorded_at, position, 7), self.recorded_at);
        self.stored.push(Stored {
            position,
            stream: self.subject.stream().into(),
            version,
            kind,
            effective_at: proposed.effective_at,
            recorded_at: self.recorded_at,
            leaf: [0xab; 32],
            body: String::from_utf8(proposed.body).unwrap().into(),
        });
        self.recorded_at = self.recorded_at.plus_days(1);
        self
    }

    /// The id of an event by its version.
    pub(crate) fn id(&self, version: usize) -> String {
        self.stored[version].decode().unwrap().id.to_string()
    }

    /// The coordinates of a day, with everything known.
    pub(crate) fn day(&self, as_of: &str) -> Coordinates {
        let last = self.stored.last().unwrap();
        Coordinates { as_of: at(as_of), known_at: last.recorded_at, position: Some(Position(last.position)) }
    }

    /// What stands on a day, with everything known.
    pub(crate) fn stands(&self, as_of: &str) -> Gathered {
        gather::from_events(&self.subject, self.day(as_of), &self.stored, Laws::national()).unwrap()
    }
}

/// A pharmacy whose special outpatient line was suspended for three months, held, and cleared.
pub(crate) fn pharmacy() -> Tale {
    let tale = Tale::of("P43050300012")
        .then(
            "institution.agreement-signed",
            "2025-01-01",
            json!({ "area": "430500", "lines": ["basic", "special_outpatient"], "name": "大祥某大药房",
                    "number": "2025-117", "from": "2025-01-01", "until": "2026-01-01" }),
            None,
        )
        .then(
            "institution.agreement-suspended",
            "2025-08-04",
            json!({ "area": "430500", "line": "special_outpatient", "until": "2025-11-04", "ground": "agreement-breach" }),
            Some(("2025年定点零售药店协议", "58")),
        )
        .then(
            "institution.settlement-held",
            "2025-09-01",
            json!({ "area": "430500", "ground": "suspected-fraud" }),
            Some(("医疗保障基金使用监督管理条例", "第三十条")),
        );
    let suspension = tale.id(1);
    tale.then(
        "institution.decision-annulled",
        "2025-10-10",
        json!({ "event": suspension, "scope": "from_date", "date": "2025-10-10" }),
        Some(("行政复议决定书", "邵医保复〔2025〕3号")),
    )
}

/// A physician with six points and four more, suspended.
pub(crate) fn physician() -> Tale {
    Tale::of("D510105000123")
        .then(
            "practitioner.registered",
            "2025-02-01",
            json!({ "institution": "H51010500001", "category": "doctor" }),
            None,
        )
        .then(
            "practitioner.points-deducted",
            "2025-04-01",
            json!({ "area": "510100", "behaviour": "art-38", "institution": "H51010500001", "points": 6, "counted": 6,
                    "total": 6, "decided_at": "2025-04-01", "responsibility": "general" }),
            Some(("医保支付资格管理制度", "十五")),
        )
        .then(
            "practitioner.points-deducted",
            "2025-06-10",
            json!({ "area": "510100", "behaviour": "art-40", "institution": "H51010500001", "points": 4, "counted": 4,
                    "total": 10, "decided_at": "2025-06-10", "responsibility": "main" }),
            Some(("医保支付资格管理制度", "十五")),
        )
        .rule("R-317")
        .then(
            "practitioner.qualification-suspended",
            "2025-06-10",
            json!({ "until": "2025-08-10" }),
            Some(("医保支付资格管理制度", "十八")),
        )
}
