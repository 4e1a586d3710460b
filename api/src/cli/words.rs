//! Small words of the command line, and dates as people read them. The names of acts and statuses are the domain's.

use crate::answers::Lang;
use accord_domain::event::EventType;
use accord_domain::payable::Outcome;
use accord_domain::track::BarClass;
use accord_domain::{Basis, Instant, Line};

/// A day, or a day and a time to the second: both in Asia/Shanghai.
#[must_use]
pub(crate) fn day(at: Instant) -> String {
    if at == Instant::MAX {
        return "—".to_owned();
    }
    let fixed = at.to_fixed();
    let text = String::from_utf8_lossy(&fixed);
    let (date, time) = (text.get(..10).unwrap_or(""), text.get(11..19).unwrap_or(""));
    if time == "00:00:00" { date.to_owned() } else { format!("{date} {time}") }
}

/// `from → until`, with a dash for an open end.
#[must_use]
pub(crate) fn period(from: Option<Instant>, until: Option<Instant>) -> String {
    let show = |at: Option<Instant>| at.map_or_else(|| "—".to_owned(), day);
    format!("{} → {}", show(from), show(until))
}

/// 依据, as a lawyer writes it: 《协议》第58条.
#[must_use]
pub(crate) fn basis(list: &[Basis], lang: Lang) -> String {
    if list.is_empty() {
        return lang.of_two("来源未写明", "not stated by the source").to_owned();
    }
    let cite = |basis: &Basis| {
        let article = match &basis.article {
            None => String::new(),
            Some(article) if article.bytes().all(|byte| byte.is_ascii_digit()) => match lang {
                Lang::Zh => format!("第{article}条"),
                Lang::En => format!(" art. {article}"),
            },
            Some(article) => format!(" {article}"),
        };
        format!("{}{article}", basis.instrument)
    };
    list.iter().map(cite).collect::<Vec<_>>().join(lang.of_two("；", "; "))
}

/// The name of an act.
#[must_use]
pub(crate) fn event(kind: &str, lang: Lang) -> String {
    let term = EventType::by_name(kind).and_then(accord_domain::words::event_type);
    term.map_or_else(|| kind.to_owned(), |term| lang.of_two(term.zh, term.en).to_owned())
}

/// The name of a kind of subject.
#[must_use]
pub(crate) fn kind(word: &str, lang: Lang) -> &str {
    match word {
        "institution" => lang.of_two("机构", "institution"),
        "practitioner" => lang.of_two("人员", "practitioner"),
        other => other,
    }
}

/// The name of a business line.
#[must_use]
pub(crate) fn line(line: Line, lang: Lang) -> String {
    match line {
        Line::Basic => lang.of_two("基本", "basic (基本)"),
        Line::OutpatientPooling => lang.of_two("门诊统筹", "outpatient pooling (门诊统筹)"),
        Line::SpecialOutpatient => lang.of_two("门诊慢特病", "special outpatient (门诊慢特病)"),
        Line::DualChannel => lang.of_two("双通道", "dual channel (双通道)"),
        Line::CrossRegion => lang.of_two("异地就医", "cross-region (异地就医)"),
        Line::Internet => lang.of_two("互联网", "internet (互联网)"),
    }
    .to_owned()
}

/// The name of a status or phase of the contract. What is 中止 or 解除 for an agreement is 暂停 or 终止 for a person.
#[must_use]
pub(crate) fn status(kind: &str, word: &str, lang: Lang) -> String {
    match (kind, word) {
        ("practitioner", "suspended") => return lang.of_two("暂停", "suspended (暂停)").to_owned(),
        ("practitioner", "terminated") => return lang.of_two("终止", "terminated (终止)").to_owned(),
        (_, "suspended") => return lang.of_two("中止", "suspended (中止)").to_owned(),
        (_, "terminated") => return lang.of_two("解除", "terminated (解除)").to_owned(),
        _ => {}
    }
    match word {
        "applied" => lang.of_two("已申请", "applied (已申请)"),
        "evaluating" => lang.of_two("评估中", "evaluating (评估中)"),
        "candidate" => lang.of_two("拟定点", "candidate (拟定点)"),
        "refused" => lang.of_two("不予定点", "refused (不予定点)"),
        "in_force" => lang.of_two("正常履行", "in force (正常履行)"),
        "lapsed" => lang.of_two("到期终止", "lapsed (到期终止)"),
        "not_renewed" => lang.of_two("不予续签", "not renewed (不予续签)"),
        "withdrawn" => lang.of_two("主动退出", "withdrawn (主动退出)"),
        "initial" => lang.of_two("初始期", "initial"),
        "extended" => lang.of_two("延长期", "extended"),
        "unregistered" => lang.of_two("未登记", "unregistered (未登记)"),
        "normal" => lang.of_two("正常", "normal (正常)"),
        other => other,
    }
    .to_owned()
}

/// The class of a bar.
#[must_use]
pub(crate) const fn bar_class(class: BarClass, lang: Lang) -> &'static str {
    match class {
        BarClass::Illegality => lang.of_two("违法解除", "terminated for illegality (违法)"),
        BarClass::Breach => lang.of_two("严重违约解除", "terminated for breach (违约)"),
        BarClass::FraudInApplication => lang.of_two("申请弄虚作假", "fraud in application (弄虚作假)"),
        BarClass::EvaluationFailed => lang.of_two("评估两次不合格", "evaluation failed twice (评估不合格)"),
        BarClass::Terminated2018 => lang.of_two("解除（2018年规定）", "terminated under the rule of 2018"),
        BarClass::PointsAccumulated => lang.of_two("年度累计12分", "12 points accumulated (累计记分)"),
        BarClass::PointsSingle => lang.of_two("一次记12分", "12 points at once (一次记分)"),
        BarClass::Decision => lang.of_two("决定终止", "terminated by decision (终止)"),
    }
}

/// The outcome of a claim.
#[must_use]
pub(crate) const fn outcome(outcome: Outcome, lang: Lang) -> &'static str {
    match outcome {
        Outcome::Payable => lang.of_two("可以支付", "payable (可以支付)"),
        Outcome::Held => lang.of_two(
            "暂缓支付：结算暂停，仍可能支付",
            "held (暂缓支付): the money waits and may still be paid",
        ),
        Outcome::Refused => lang.of_two("不予支付", "refused (不予支付)"),
    }
}

/// A reason of `payable` by its code.
#[must_use]
pub(crate) fn payable_code(code: &'static str, lang: Lang) -> &'static str {
    match code {
        "no-agreement" => lang.of_two("该统筹地区没有协议", "no agreement in this pooling area"),
        "agreement-not-in-force" => lang.of_two("协议未生效", "agreement not in force"),
        "agreement-suspended" => lang.of_two("协议中止", "agreement suspended (中止)"),
        "agreement-ended" => lang.of_two("协议已终结", "agreement ended"),
        "settlement-held" => lang.of_two("暂停医保基金结算", "settlement held (暂停结算)"),
        "line-not-in-agreement" => lang.of_two("协议不含该业务线", "line not in the agreement"),
        "department-ordered-off" => lang.of_two("部门被责令暂停", "department ordered off (责令暂停)"),
        "cross-region-closed" => lang.of_two("异地就医结算未开通", "cross-region settlement closed"),
        "practitioner-unregistered" => {
            lang.of_two("人员未在该机构登记备案", "practitioner not registered here (未登记备案)")
        }
        "practitioner-suspended" => lang.of_two("人员支付资格暂停", "practitioner suspended (暂停)"),
        "practitioner-terminated" => lang.of_two("人员支付资格终止", "practitioner terminated (终止)"),
        "emergency-exception" => lang.of_two("急诊、抢救例外", "emergency exception (急诊、抢救)"),
        other => other,
    }
}
