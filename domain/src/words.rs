//! What things are called, in Chinese and in English: one word for one thing, on every page and in every answer.
//!
//! 中止, 暂停, 终止 and 解除 are four different things and never share a word in Chinese; in English the Chinese stands beside. The Chinese is the law's own; English pages
//! write it in brackets at first mention ([`Term::introduced`]).

mod acts;
mod facts;
mod figures;

pub use acts::{act, event_type};
pub use facts::{
    annulment_scope, appeal_outcome, audit, bar_class, behaviour, case_outcome, category, closing_outcome,
    fact_to_verify, finding_outcome, forum, hold_outcome, inspection, institution_kind, lead_source,
    objection_outcome, ownership, penalty_outcome, reason_class, responsibility, review_matter, verdict,
};
pub use figures::{decimal, yuan};

use crate::envelope::Authority;
use crate::id::SubjectKind;
use crate::payable::{Outcome, ReasonCode};
use crate::rulebook::{AppliesTo, Rank};
use crate::track::{Grade, Line, Track, Value};
use serde::Serialize;

/// One thing's name in both languages.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Term {
    /// English.
    pub en: &'static str,
    /// Chinese.
    pub zh: &'static str,
}

impl Term {
    /// English with the Chinese in brackets, for the first mention on an English page.
    #[must_use]
    pub fn introduced(self) -> String {
        format!("{} ({})", self.en, self.zh)
    }
}

const fn term(en: &'static str, zh: &'static str) -> Term {
    Term { en, zh }
}

/// What stands on a track. The track matters: an agreement's 中止 and 解除 are not a person's 暂停 and 终止.
#[must_use]
pub const fn value(track: &Track, value: Value) -> Term {
    let person = matches!(track, Track::Qualification);
    match value {
        Value::Applied => term("applied", "已申请"),
        Value::Evaluating => term("under evaluation", "评估中"),
        Value::Candidate => term("candidate", "拟定点"),
        Value::Refused => term("refused", "不予定点"),
        Value::InForce => term("in force", "正常履行"),
        Value::Suspended if matches!(track, Track::OnlineSettlement) => {
            term("online settlement suspended", "暂停联网结算")
        }
        Value::Suspended if person => term("suspended", "暂停"),
        Value::Suspended => term("suspended", "中止"),
        Value::Terminated if person => term("terminated", "终止"),
        Value::Terminated => term("terminated", "解除"),
        Value::Lapsed => term("lapsed", "到期终止"),
        Value::NotRenewed => term("not renewed", "不予续签"),
        Value::Withdrawn => term("withdrawn", "主动退出"),
        Value::Initial => term("initial", "初始阶段"),
        Value::Extended => term("extended", "已延长"),
        Value::Open => match track {
            Track::Case => term("open", "已立案"),
            _ => term("open", "已开通"),
        },
        Value::Closed => match track {
            Track::Case => term("closed", "已结案"),
            _ => term("closed", "未开通"),
        },
        Value::On => match track {
            Track::Department(_) => term("ordered off", "责令暂停"),
            Track::Moratorium(_) => term("admission suspended", "暂停纳入"),
            Track::Commitment(_) => term("in force", "有效"),
            Track::Discipline(_) => term("in force", "执行中"),
            Track::Supervision => term("under supervision", "督办中"),
            Track::Plan | Track::Rules(_) => term("in force", "施行中"),
            _ => term("held", "暂停结算"),
        },
        Value::Cleared | Value::ClearedLater(_) => {
            term("held, released as cleared", "暂停结算（查清无误，已恢复）")
        }
        Value::Confirmed => term("held, released as confirmed", "暂停结算（查实，已恢复）"),
        Value::Barred { .. } => term("barred", "限制期内"),
        Value::Unregistered => term("unregistered", "未登记备案"),
        Value::Normal => term("normal", "正常"),
        Value::Registered => term("registered", "已登记备案"),
        Value::Points(_) => term("points", "记分"),
        Value::Grade(grade) => self::grade(grade),
        Value::Pending => term("pending", "待处理"),
        Value::Unverified => term("unverified", "待核实"),
        Value::Inspecting => term("being inspected", "检查中"),
        Value::Founded => term("found to be so", "查实"),
        Value::Unfounded => term("not found to be so", "查无实据"),
        Value::Referred => term("referred", "已移送"),
        Value::Transferred => term("transferred", "已移交"),
    }
}

/// A credit grade.
#[must_use]
pub const fn grade(grade: Grade) -> Term {
    match grade {
        Grade::APlus => term("grade A+", "A+级"),
        Grade::A => term("grade A", "A级"),
        Grade::B => term("grade B", "B级"),
        Grade::C => term("grade C", "C级"),
        Grade::CMinus => term("grade C-", "C-级"),
        Grade::D => term("grade D", "D级"),
        Grade::DMinus => term("grade D-", "D-级"),
        Grade::E => term("grade E", "E级"),
        Grade::Dishonest => term("dishonest", "失信"),
        Grade::SeriouslyDishonest => term("seriously dishonest", "严重失信"),
        Grade::ExtremelyDishonest => term("extremely dishonest", "特别严重失信"),
    }
}

/// What kind of thing a track tells of.
#[must_use]
pub const fn track(track: &Track) -> Term {
    match track {
        Track::Agreement(..) => term("agreement", "服务协议"),
        Track::Probation(_) => term("probation", "政策辅导期"),
        Track::CrossRegion(_) => term("cross-region settlement", "异地就医结算"),
        Track::Hold { .. } => term("settlement hold", "暂停医保基金结算"),
        Track::Department(_) => term("department order", "责令暂停相关责任部门医药服务"),
        Track::Bar(_) => term("bar", "限制期"),
        Track::Qualification => term("payment qualification", "医保支付资格"),
        Track::Site(_) => term("registration", "登记备案"),
        Track::Points => term("points this year", "年度记分"),
        Track::Credit => term("credit grade", "信用等级"),
        Track::Moratorium(_) => term("suspension of admission", "暂停两定医药机构纳入"),
        Track::Commitment(_) => term("commitment", "承诺"),
        Track::Discipline(_) => term("discipline for dishonesty", "失信惩戒"),
        Track::OnlineSettlement => term("online settlement", "医疗费用联网结算"),
        Track::Objection(_) => term("objection", "异议"),
        Track::Appeal(_) => term("appeal", "申诉、复议或诉讼"),
        Track::Plan => term("resource plan", "资源配置规划"),
        Track::Rules(_) => term("local rules", "本地规则"),
        Track::Case => term("case", "案件"),
        Track::Supervision => term("supervision", "挂牌督办"),
    }
}

/// A line of the agreement.
#[must_use]
pub const fn line(line: Line) -> Term {
    match line {
        Line::Basic => term("basic", "基本"),
        Line::OutpatientPooling => term("outpatient pooling", "门诊统筹"),
        Line::SpecialOutpatient => term("special outpatient", "门诊慢特病"),
        Line::DualChannel => term("dual channel", "双通道"),
        Line::CrossRegion => term("cross-region", "异地就医"),
        Line::Internet => term("internet", "互联网"),
    }
}

/// A body that acts.
#[must_use]
pub const fn authority(authority: Authority) -> Term {
    match authority {
        Authority::Agency => term("the agency", "医保经办机构"),
        Authority::Bureau => term("the bureau", "医保行政部门"),
        Authority::Court => term("the court", "法院"),
        Authority::Police => term("the police", "公安机关"),
        Authority::Procuratorate => term("the procuratorate", "检察机关"),
        Authority::Discipline => term("the discipline inspection body", "纪检监察机关"),
        Authority::Health => term("the health authority", "卫生健康部门"),
        Authority::Market => term("the market authority", "市场监管部门"),
        Authority::Drug => term("the drug authority", "药品监管部门"),
        Authority::Finance => term("the finance authority", "财政部门"),
        Authority::Institution => term("the institution", "定点医药机构"),
        Authority::Practitioner => term("the practitioner", "相关人员"),
        Authority::System => term("the ledger", "账本系统"),
    }
}

/// A kind of subject.
#[must_use]
pub const fn subject_kind(kind: SubjectKind) -> Term {
    match kind {
        SubjectKind::Institution => term("designated institution", "定点医药机构"),
        SubjectKind::Practitioner => term("practitioner", "相关人员"),
        SubjectKind::Enterprise => term("enterprise", "医药企业"),
        SubjectKind::Insured => term("insured person", "参保人"),
        SubjectKind::Area => term("pooling area", "统筹地区"),
        SubjectKind::Case => term("case", "案件"),
    }
}

/// The answer to "may this be paid?".
#[must_use]
pub const fn outcome(outcome: Outcome) -> Term {
    match outcome {
        Outcome::Payable => term("payable", "可支付"),
        Outcome::Held => term("held", "暂缓结算"),
        Outcome::Refused => term("refused", "不予支付"),
    }
}

/// The rank of an instrument.
#[must_use]
pub const fn rank(rank: Rank) -> Term {
    match rank {
        Rank::Law => term("law", "法律"),
        Rank::AdministrativeRegulation => term("administrative regulation", "行政法规"),
        Rank::DepartmentalRule => term("departmental rule", "部门规章"),
        Rank::LocalRegulation => term("local regulation", "地方性法规、地方政府规章"),
        Rank::NormativeDocument => term("normative document", "规范性文件"),
        Rank::Agreement => term("agreement", "协议文本"),
        Rank::Policy => term("this ledger's own convention", "本账本的处理约定"),
    }
}

/// Whom a rule is about.
#[must_use]
pub const fn applies_to(whom: AppliesTo) -> Term {
    match whom {
        AppliesTo::Medical => term("medical institutions", "定点医疗机构"),
        AppliesTo::Pharmacy => term("pharmacies", "定点零售药店"),
        AppliesTo::Practitioner => term("practitioners", "相关人员"),
        AppliesTo::Insured => term("insured persons", "参保人"),
        AppliesTo::Enterprise => term("enterprises", "医药企业"),
        AppliesTo::Agency => term("agencies", "经办机构"),
        AppliesTo::Bureau => term("bureaus", "医保行政部门"),
    }
}

/// A reason in the answer to "may this be paid?".
#[must_use]
pub const fn reason(code: ReasonCode) -> Term {
    match code {
        ReasonCode::NoAgreement => term("no agreement in this pooling area", "在该统筹地区未签订服务协议"),
        ReasonCode::AgreementNotInForce => term("the agreement is not in force", "协议尚未生效"),
        ReasonCode::AgreementSuspended => term("the agreement is suspended", "协议中止期内"),
        ReasonCode::AgreementEnded => term("the agreement has ended", "协议已结束"),
        ReasonCode::SettlementHeld => term("settlement is held", "暂停医保基金结算"),
        ReasonCode::SettlementReleased => {
            term("released as cleared: what waited is payable", "查清无误，恢复结算")
        }
        ReasonCode::SettlementConfirmed => term(
            "released as confirmed: what waited still waits",
            "查实后恢复结算，此前暂停结算的费用仍待处理",
        ),
        ReasonCode::LineNotInAgreement => term("the line is not in the agreement", "协议不含该业务"),
        ReasonCode::DepartmentOrderedOff => term("the department is ordered off", "该部门被责令暂停医药服务"),
        ReasonCode::CrossRegionClosed => term("cross-region settlement is closed", "未开通异地就医结算"),
        ReasonCode::PractitionerUnregistered => {
            term("the practitioner is not registered there", "该人员未在该机构登记备案")
        }
        ReasonCode::PractitionerSuspended => {
            term("the practitioner's qualification is suspended", "该人员医保支付资格暂停")
        }
        ReasonCode::PractitionerTerminated => {
            term("the practitioner's qualification is terminated", "该人员医保支付资格终止")
        }
        ReasonCode::EmergencyException => term("emergency or rescue: excepted", "急诊、抢救除外"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::EventType;
    use std::collections::BTreeSet;

    #[test]
    fn every_event_type_has_a_name_in_both_languages_and_none_shares_another_ones() {
        for kind in SubjectKind::ALL {
            let mut seen = BTreeSet::new();
            for (number, name, _) in EventType::all().filter(|(number, ..)| EventType(*number).kind() == kind)
            {
                let term = event_type(EventType(*number)).unwrap_or_else(|| panic!("{name} has no name"));
                assert!(seen.insert(term.en), "{name} shares {:?}", term.en);
                assert!(seen.insert(term.zh), "{name} shares {:?}", term.zh);
            }
        }
        assert_eq!(event_type(EventType(9)), None);
    }

    /// One wording for one thing: what a behaviour is called is what its band of points is called.
    #[test]
    fn behaviours_are_called_as_the_bands_of_the_rulebook() {
        let book = crate::rulebook::Rulebook::national();
        let bands: BTreeSet<&str> =
            book.rules().iter().filter_map(|rule| rule.param.strip_prefix("practitioner.band.")).collect();
        assert_eq!(bands.len(), 7, "{bands:?}");
        for code in bands {
            let band = book.parameter(&format!("practitioner.band.{code}")).unwrap();
            let term = behaviour(code).unwrap_or_else(|| panic!("{code} has no words"));
            assert_eq!(*band.zh, format!("记分：{}", term.zh));
            assert_eq!(*band.en, format!("points: {}", term.en));
        }
    }

    #[test]
    fn the_four_words_of_stopping_are_never_confused() {
        let agreement = Track::Agreement(crate::AreaCode::from_number(430_500), Line::Basic);
        assert_eq!(value(&agreement, Value::Suspended).zh, "中止");
        assert_eq!(value(&Track::Qualification, Value::Suspended).zh, "暂停");
        assert_eq!(value(&agreement, Value::Terminated).zh, "解除");
        assert_eq!(value(&Track::Qualification, Value::Terminated).zh, "终止");
    }

    #[test]
    fn sums_are_told_in_yuan_and_parts_as_decimals() {
        assert_eq!([0, -5, 99_999, 123_456_789].map(yuan), ["¥0.00", "−¥0.05", "¥999.99", "¥1,234,567.89"]);
        assert_eq!([20, 25, 5, -5, 0].map(|tenths| decimal(tenths, 1)), ["2", "2.5", "0.5", "-0.5", "0"]);
        assert_eq!((decimal(9500, 4), decimal(525, 2)), ("0.95".to_owned(), "5.25".to_owned()));
    }

    #[test]
    fn every_act_has_a_name_in_both_languages() {
        for name in crate::command::Act::names() {
            assert!(act(name).is_some(), "{name} has no name");
        }
        assert_eq!(act("institution.terminate-agreement").unwrap().zh, "解除协议");
        assert_eq!(act("practitioner.terminate").unwrap().zh, "终止医保支付资格");
        assert_eq!(act("case.close").unwrap().zh, "结案");
        assert_eq!(act("area.apply"), None);
    }

    #[test]
    fn the_first_mention_carries_the_chinese_in_brackets() {
        assert_eq!(line(Line::DualChannel).introduced(), "dual channel (双通道)");
    }
}
