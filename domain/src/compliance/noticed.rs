//! What was noticed when an act was decided and did not stop it, and acts that state no basis.

use super::{Asked, Breach, BreachKind, Judged};
use crate::command::Command;
use crate::decide::area_of;
use crate::event::{Event, EventData, Finding};
use crate::id::Subject;
use crate::institution::InstitutionEvent as I;
use crate::institution::facts::ReasonClass;
use crate::rejection::Words;
use crate::time::Instant;
use crate::timeline;
use crate::words;

/// What a finding comes to.
#[derive(Clone, Copy)]
enum Sort {
    /// It is told.
    Told(BreachKind),
    /// It is told where the act states no basis of its own: then it has none at all.
    NoLaw,
    /// What the act rests on is not stated, in the fact at this place: then it has no basis. Where the source is said not to
    /// tell it, whether it has one is to be examined, in words of its own that say why it is not known.
    Unstated { place: &'static str, code: &'static str, en: &'static str, zh: &'static str },
    /// What is due because of it is in the docket.
    Due,
    /// The rules allow it; it only says how they were applied.
    Allowed,
    /// A decision that was found wrong: told until it is annulled or changed.
    ToBeChanged,
}

use BreachKind::{AgainstRule, DoneLate, OutOfRange, StepLeftOut, ToExamine, WithoutBasis, WrongAuthority};
use Sort::{Allowed, Due, NoLaw, ToBeChanged, Told, Unstated};

/// Every finding there is, with its words.
const FINDINGS: &[(&str, Sort, &str, &str)] = &[
    (
        "no-application-recorded",
        Told(StepLeftOut),
        "signed without an application on record",
        "签订前无申请记录",
    ),
    (
        "no-acceptance-recorded",
        Told(StepLeftOut),
        "evaluated without an acceptance on record",
        "评估前无受理记录",
    ),
    ("no-evaluation-recorded", Told(StepLeftOut), "without an evaluation on record", "此前无评估记录"),
    (
        "signed-after-refusal",
        Told(AgainstRule),
        "signed after designation was refused",
        "不予定点之后签订协议",
    ),
    (
        "no-basic-agreement-recorded",
        Told(StepLeftOut),
        "a line signed without a basic agreement on record",
        "无基本协议记录而签订其他业务线",
    ),
    ("no-end-of-term", Told(ToExamine), "the agreement states no end of its term", "协议未写明期限"),
    ("renewed-after-expiry", Told(DoneLate), "renewed after the term had ended", "协议期满后才续签"),
    (
        "passed-before-its-end",
        Told(ToExamine),
        "the probation was passed before its end",
        "政策辅导期未满即通过",
    ),
    (
        "departments-not-consulted",
        Told(StepLeftOut),
        "the plan was made without consulting other departments",
        "制定规划未见征求有关部门意见",
    ),
    (
        "party-not-notified",
        Told(StepLeftOut),
        "no notice to the party before the penalty is on record",
        "处罚决定之前无告知记录",
    ),
    (
        "hearing-not-held",
        Told(StepLeftOut),
        "a hearing was asked for and none is on record",
        "当事人要求听证而无听证记录",
    ),
    (
        "hearing-told-late",
        Told(AgainstRule),
        "the party was told of the hearing later than the rule has it",
        "听证通知不足规定天数",
    ),
    (
        "heavier-than-announced",
        Told(ToExamine),
        "the fine is above the one announced: it may not be for the defence made",
        "罚款高于告知数额，不得因陈述、申辩而加重",
    ),
    (
        "limitation-to-examine",
        Told(ToExamine),
        "the act ended longer ago than the limitation: whether it was found out in time is to be examined",
        "违法行为终了至处罚已超过追责时效，是否在时效内被发现待核实",
    ),
    (
        "longer-than-usual",
        Told(ToExamine),
        "a longer term than agreements generally have",
        "协议期限长于一般期限",
    ),
    (
        "not-published",
        Told(StepLeftOut),
        "made to be published, and no publication is recorded",
        "应当公开而未见公开记录",
    ),
    (
        "no-provincial-review",
        Told(StepLeftOut),
        "the plan was made without the review of the province",
        "制定规划未见省级审核",
    ),
    (
        "not-all-reviewed",
        Told(StepLeftOut),
        "the first review did not cover all claims",
        "初审未覆盖全部费用",
    ),
    (
        "sample-below-minimum",
        Told(OutOfRange),
        "the sample is smaller than the rule asks for",
        "抽查比例低于规定",
    ),
    (
        "too-few-inspectors",
        Told(OutOfRange),
        "inspected by fewer persons than the rule asks for",
        "检查人员少于规定人数",
    ),
    (
        "band-departure",
        Told(OutOfRange),
        "points outside the band of the behaviour",
        "记分超出该行为的记分区间",
    ),
    (
        "actor-of-another-area",
        Told(WrongAuthority),
        "by an agency of another area",
        "由其他统筹地区的经办机构作出",
    ),
    (
        "no-preceding-measure",
        Unstated {
            place: "/data/measure",
            code: "preceding-measure-unknown",
            en: "what measure came before is not known",
            zh: "此前对机构的处理不详",
        },
        "no measure against the institution on record before the points",
        "记分之前未见处理机构的记录",
    ),
    ("no-rule-at-the-time", NoLaw, "no rule in force at the time is known", "当时无已知的现行规则"),
    ("no-rule-for-the-ground", NoLaw, "no rule is known for the ground stated", "所述事由无已知的规则"),
    ("no-rating-named", NoLaw, "no credit rating is named", "未写明所依据的信用评价"),
    ("out-of-time", Told(DoneLate), "applied for or filed after the time had run out", "超过法定期限提出"),
    ("no-range-for-the-fine", Told(ToExamine), "no range is known for the fine", "该项罚款无已知的幅度"),
    ("amount-not-stated", Told(ToExamine), "the sum is not stated", "未写明金额"),
    (
        "ownership-to-verify",
        Told(ToExamine),
        "whether the institution is public is not known",
        "机构所有制性质待核实",
    ),
    (
        "suspension-end-unknown",
        Told(ToExamine),
        "until when the suspension lasts is not known",
        "暂停期限不详",
    ),
    ("suspension-running", Told(ToExamine), "another suspension was running", "作出时已有暂停正在执行"),
    ("year-end", Told(ToExamine), "the suspension was cut at the end of the year", "暂停期限截至年末"),
    (
        "repair-cap-unknown",
        Told(ToExamine),
        "no rule of the area says how many points may be repaired",
        "本地区记分修复上限不详",
    ),
    (
        "status-to-reassess",
        Told(ToExamine),
        "whether the earlier decision is adjusted is for people to say",
        "修复后原处理是否调整，由人判断",
    ),
    ("not-registered", Told(ToExamine), "no registration is on record", "无登记备案记录"),
    (
        "not-registered-there",
        Told(ToExamine),
        "not registered at the institution named",
        "未在所述机构登记备案",
    ),
    (
        "already-terminated",
        Told(ToExamine),
        "the qualification was terminated already",
        "作出时医保支付资格已终止",
    ),
    (
        "bar-end-unknown",
        Told(ToExamine),
        "until when registering again is barred is not known",
        "重新登记备案的限制期不详",
    ),
    (
        "from-differs-from-record",
        Told(ToExamine),
        "the former value differs from what is on record",
        "变更前内容与记录不符",
    ),
    (
        "differs-from-record",
        Told(ToExamine),
        "the former value differs from what is on record",
        "变更前内容与记录不符",
    ),
    (
        "rule-conflict",
        Told(ToExamine),
        "a rule of equal rank says otherwise; which one holds is for people to say",
        "同位阶规则规定不一致，由人判断适用",
    ),
    (
        "against-duty-to-accept",
        Told(ToExamine),
        "a moratorium stands against the duty to take applications",
        "暂停纳入与应予受理的规定不一致",
    ),
    (
        "uscc-inner-check",
        Told(ToExamine),
        "the inner check of the 统一社会信用代码 does not hold",
        "统一社会信用代码的主体标识码校验不符",
    ),
    (
        "unknown-region",
        Told(ToExamine),
        "no province has the number of the region in the code",
        "代码中的行政区划号不存在",
    ),
    (
        "decision-to-be-changed",
        ToBeChanged,
        "found wrong on objection or appeal, and neither annulled nor changed",
        "异议或申诉、复议、诉讼认定有误，尚未撤销或变更",
    ),
    ("termination-to-be-reviewed", Due, "termination is to be decided", "应就解除协议作出决定"),
    (
        "nobody-named-responsible",
        Told(ToExamine),
        "put down to the head office of the chain, and nobody is named who did it",
        "认定为连锁总部原因，但未载明责任人员",
    ),
    ("dependents-to-reconsider", Due, "what hangs on it is to be reconsidered", "后续处理有待复核"),
    ("decided-late", Due, "decided after the time had run out", "逾期作出决定"),
    (
        "manager-banned",
        Told(ToExamine),
        "somebody was put in charge who may not manage designated institutions; open are another change of who is in charge \
         (institution.change-details), a decision on the agreement (institution.terminate-agreement), or closing the review that is called for, \
         with the reason (institution.close-obligation)",
        "变更后的负责人在禁止从事定点医药机构管理活动期内；可再次变更负责人（institution.change-details）、就协议作出决定\
         （institution.terminate-agreement），或说明理由了结复核待办（institution.close-obligation）",
    ),
    (
        "agreement-of-the-act-unknown",
        Told(ToExamine),
        "which agreement was in force at the time of the act is not known",
        "行为发生时适用的协议不详",
    ),
    (
        "lighter-law",
        Allowed,
        "the lighter of the rules since the act is applied",
        "适用行为以来处罚较轻的规则",
    ),
    ("law-of-the-act", Allowed, "the rule of the time of the act is applied", "适用行为时的规则"),
    (
        "no-bar-for-one-line",
        Allowed,
        "no bar: one line was terminated, not the agreement",
        "仅解除单项业务，不限制申请",
    ),
    ("no-rule-for-a-bar", Allowed, "no rule for a bar to applying is known", "无适用的限制申请规则"),
    (
        "no-rule-for-a-bar-on-persons",
        Allowed,
        "no rule for a bar on the persons to blame is known",
        "无适用的限制责任人员的规则",
    ),
    (
        "no-rule-for-a-chain",
        Allowed,
        "no rule for the branches of the chain is known",
        "无适用于连锁门店的规则",
    ),
];

/// Before the type of an event: whether the rules ask such a decision to state what it rests on.
pub(super) const STATES_BASIS: &str = "states_basis.";

/// Facts of an application that are to be verified: `physicians-to-verify`. The docket says what is due.
const TO_VERIFY: &str = "-to-verify";

/// What a finding says, where it has words of its own.
#[must_use]
pub fn words_of(finding: &Finding) -> Option<Words> {
    if let Some((.., en, zh)) = FINDINGS.iter().find(|(code, ..)| **code == *finding.code) {
        return Some(words!("{en}", "{zh}"));
    }
    let field = finding.code.strip_suffix(TO_VERIFY)?.replace('-', "_");
    let words::Term { en, zh } = words::fact_to_verify(&field)?;
    Some(words!("{en}: to be verified", "{zh}待核实"))
}

/// Every code that has words.
#[cfg(test)]
pub(super) fn codes() -> impl Iterator<Item = &'static str> {
    FINDINGS.iter().map(|(code, ..)| *code)
}

/// Everything noticed of an event.
pub(super) fn breaches(
    subject: &Subject,
    events: &[Event],
    judged: &Judged<'_>,
    asked: &Asked<'_>,
) -> Vec<Breach> {
    let look = Look { subject, events, judged, asked };
    let mut found: Vec<Breach> =
        judged.record.circumstances.findings.iter().filter_map(|finding| look.finding(finding)).collect();
    found.extend(look.basis());
    found
}

struct Look<'a> {
    subject: &'a Subject,
    events: &'a [Event],
    judged: &'a Judged<'a>,
    asked: &'a Asked<'a>,
}

impl Look<'_> {
    fn finding(&self, finding: &Finding) -> Option<Breach> {
        let code = &*finding.code;
        let known = FINDINGS.iter().find(|(known, ..)| *known == code);
        let Some((_, sort, en, zh)) = known else {
            // Of another version of the program: told as it stands rather than left out.
            let words = words!("noticed: {code}", "发现：{code}");
            return (!code.ends_with(TO_VERIFY)).then(|| self.breach(ToExamine, code, words));
        };
        let circumstances = &self.judged.record.circumstances;
        let mut told = (code, words!("{en}", "{zh}"));
        let kind = match sort {
            Told(kind) => *kind,
            Unstated { place, code, en, zh } => match circumstances.unknown.get(*place) {
                Some(why) => {
                    told = (code, words!("{en}: {why}", "{zh}：{why}"));
                    ToExamine
                }
                None => WithoutBasis,
            },
            // A basis that nobody told is not one that nobody had.
            NoLaw if circumstances.basis.is_empty() && !circumstances.unknown.contains_key("/basis") => {
                WithoutBasis
            }
            NoLaw => ToExamine,
            ToBeChanged => self.is_unchanged().then_some(BreachKind::NotDecided)?,
            Due | Allowed => return None,
        };
        let (code, words) = told;
        let mut breach = self.breach(kind, code, words);
        breach.rule = finding.rule.as_deref().and_then(|id| self.asked.laws.book().cite(id));
        Some(breach)
    }

    /// A decision against somebody that states no basis and was decided under no rule.
    fn basis(&self) -> Option<Breach> {
        let circumstances = &self.judged.record.circumstances;
        let event = &self.judged.record.event;
        let stated = !circumstances.basis.is_empty() || !circumstances.rules.is_empty();
        if stated || event.caused_by.is_some() || was_wished_for(&event.data) {
            return None;
        }
        let law = self.asked.laws.book_before(event.recorded_at);
        let param = format!("{STATES_BASIS}{}", event.data.event_type().name());
        let rule = law.rule(&param, event.effective_at, area_of(event, self.events))?;
        let breach = match circumstances.unknown.get("/basis") {
            Some(why) => {
                let words = words!("on what basis is not known: {why}", "依据不详：{why}");
                self.breach(ToExamine, "basis-unknown", words)
            }
            None => {
                let words = words!("no basis is recorded", "未记录依据");
                self.breach(WithoutBasis, "basis-missing", words)
            }
        };
        Some(Breach { rule: Some(law.citation(rule)), ..breach })
    }

    /// Whether the decision that an objection or an appeal was about stands as it was.
    fn is_unchanged(&self) -> bool {
        let named = |event: &Event| {
            let circumstances = &self.judged.record.circumstances;
            let law = self.asked.laws.book_before(event.recorded_at);
            let command = Command::recorded(self.subject, event, &[], circumstances, law)?;
            let id = command.act.names_event()?;
            self.events.iter().find(|known| known.id == id)
        };
        let Some(decision) = named(self.judged.event()).and_then(named) else { return true };
        timeline::annulled_by(self.events, decision).is_empty()
    }

    fn breach(&self, kind: BreachKind, code: &str, words: Words) -> Breach {
        let event = self.judged.event();
        let since: Instant = event.effective_at;
        Breach {
            area: area_of(event, self.events),
            actor: Some(self.judged.record.circumstances.actor.authority),
            done: Some(since),
            events: vec![event.version],
            ..Breach::new(kind, code, words, since)
        }
    }
}

/// Whether those it concerns asked for it or agreed: what rests on their own wish needs no other basis.
fn was_wished_for(data: &EventData) -> bool {
    match data {
        EventData::Institution(I::AgreementSuspended(data)) => data.at_request == Some(true),
        EventData::Institution(I::AgreementTerminated(data)) => data.reason_class == ReasonClass::Consent,
        _ => false,
    }
}
