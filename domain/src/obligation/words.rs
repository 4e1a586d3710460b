//! What is due, in words.

use super::entry::Entry;
use super::{Clock, Law, ObligationKind};
use crate::area::Work;
use crate::institution::facts::ReviewMatter;
use crate::rejection::Words;
use crate::words;
use crate::words::Term;

const fn term(en: &'static str, zh: &'static str) -> Term {
    Term { en, zh }
}

impl ObligationKind {
    /// What is to be done.
    #[must_use]
    pub const fn term(self) -> Term {
        match self {
            Self::TerminationReview => term("termination is to be decided", "应就解除协议作出决定"),
            Self::RenewalReview => term("the agreement is not to be renewed", "应不予续签"),
            Self::AcceptApplication => {
                term("the application is to be accepted or returned", "申请应予受理或一次性告知补正")
            }
            Self::VerifyFacts => {
                term("facts the application does not tell are to be verified", "申请未载明的事项应予核实")
            }
            Self::Evaluate => term("the applicant is to be evaluated", "应完成评估"),
            Self::Reevaluate => term("the applicant may be evaluated again", "整改后可再次评估"),
            Self::PubliciseCandidate => {
                term("the candidate is to be announced for public notice", "拟定点名单应予公示")
            }
            Self::FileAgreement => {
                term("the agreement is to be filed with the bureau", "协议应报同级医保行政部门备案")
            }
            Self::PublishList => {
                term("the list of designated institutions is to be published", "定点医药机构名单应予公布")
            }
            Self::ApplyRenewal => term("renewal is to be applied for", "应提出续签申请"),
            Self::EndProbation => term("the probation ends", "政策辅导期届满"),
            Self::ReviewResumption => {
                term("the request to resume is to be reviewed", "中止期满的恢复申请应予审核")
            }
            Self::ReportMeasure => {
                term("the measure is to be reported to the bureau", "处理情况应报告医保行政部门")
            }
            Self::ProvideRecords => term("records are to be produced", "应提供资料"),
            Self::Rectify => term("the problems are to be rectified", "应完成整改"),
            Self::FileChange => term("the change is to be filed", "变更应予备案"),
            Self::PayFine => term("the fine is to be paid", "罚款应予缴纳"),
            Self::PaySettlement => term("what was declared is to be paid", "申报的费用应予拨付"),
            Self::DecidePenalty => term("the penalty case is to be decided", "行政处罚案件应作出处罚决定"),
            Self::HoldHearing => term("the hearing is to be held", "应组织听证"),
            Self::RequestHearing => term("a hearing may be asked for", "可要求听证"),
            Self::ServePenalty => {
                term("the written decision on the penalty is to be served", "行政处罚决定书应予送达")
            }
            Self::FollowReferral => {
                term("what came of the referral is to be followed up", "移送结果应予跟进")
            }
            Self::VerifyLead => term(
                "the lead is to be verified, and whether to open a case decided",
                "线索应予核查并决定是否立案",
            ),
            Self::HandleCase => term("the supervised case is to be handled", "挂牌督办案件应予办理"),
            Self::ReconsiderConsequences => term(
                "what hangs on the annulled or corrected decision is to be reconsidered",
                "被撤销或更正决定的后续处理应予复核",
            ),
            Self::ReviewLaterAct => term(
                "an act is in doubt through one recorded later and is to be reviewed",
                "因事后补录的行为，原行为存疑，应予复核",
            ),
            Self::ReviewElsewhere => term(
                "what happened to another subject or in another pooling area is to be looked at and decided upon here",
                "因其他主体或其他统筹地区的事件，应予复核并作出决定",
            ),
            Self::NotifySites => term("the sites are to be told of the measure", "处理结果应告知各执业机构"),
            Self::RestoreQualification => {
                term("restoration is to be applied for", "暂停期满应申请恢复医保支付资格")
            }
            Self::HoldTalk => term("a talk is to be held", "应进行提醒谈话或约谈"),
            Self::AnswerObjection => term("the objection is to be answered", "异议应予答复"),
            Self::DecideAppeal => term("the appeal is to be decided", "申诉、复议或诉讼应作出决定"),
            Self::ReviewHold => {
                term("whether settlement is still to be held is to be reviewed", "是否继续暂停结算应予复核")
            }
            Self::SettleHeld => term(
                "what was held is to be settled, nothing having been found",
                "查清无误，暂停期间的费用应予结算",
            ),
            Self::ApplyResumption => term(
                "resumption is to be applied for before the suspension ends, else the agreement ends in principle",
                "中止期满前应申请恢复协议，逾期原则上自动终止",
            ),
            Self::ReviewOnlineSuspension => term(
                "whether online settlement is still to be suspended is to be reviewed",
                "是否继续暂停联网结算应予复核",
            ),
            Self::SettleSuspended => term(
                "what was paid in full meanwhile is to be settled, nothing having been found",
                "调查无问题，暂停期间全额垫付的费用应按规定结算",
            ),
            Self::ReviewDiscipline => {
                term("whether the discipline is still called for is to be reviewed", "是否继续惩戒应予复核")
            }
            Self::RateAgain => term("the credit is to be rated again", "信用等级应重新评价"),
            Self::RecordPerformance => term(
                "how the commitment was kept is to be taken into the credit record",
                "承诺履行情况应纳入信用记录",
            ),
            Self::ReviewMoratorium => term(
                "whether admission is still to be suspended is to be reviewed",
                "是否继续暂停纳入应予复核",
            ),
            Self::PlanAgain => term(
                "the plan of resources comes to its end and is to be made anew",
                "资源配置规划期满，应动态调整",
            ),
            Self::PlanInspections => {
                term("the inspections of the year are to be planned", "应制定年度监督检查计划")
            }
            Self::SpecialInspections => term("special inspections are to be held", "应开展专项检查"),
            Self::FullInspection => {
                term("all designated institutions are to have been inspected", "应完成定点医药机构全覆盖检查")
            }
            Self::YearEndCheck => term("the check of the year's end is to be held", "应开展年终检查"),
            Self::FlightBulletin => {
                term("the year's bulletin of flight inspections is to be published", "应发布飞行检查年度公告")
            }
            Self::FundAnalysis => term("how the fund runs is to be analysed", "应开展基金运行分析"),
            Self::AnomalyFeedback => {
                term("anomalous data are to be fed back, with a warning", "应反馈异常数据并预警提示")
            }
            Self::SettlementCheck => {
                term("DIP settlement and doubtful data are to be checked", "应开展DIP结算及相关疑点数据核查")
            }
            Self::SeekReview => term("administrative review may be applied for", "可申请行政复议"),
            Self::Sue => term("suit may be filed", "可提起行政诉讼"),
            Self::BarEnd => term("the bar to registering again ends", "重新登记备案限制期届满"),
            Self::OnlineSuspensionEnd => term("the suspension of online settlement ends", "暂停联网结算期满"),
        }
    }
}

/// Why, for kinds that have several grounds: by the word in `detail`.
fn ground(detail: &str) -> Option<Words> {
    let (word, rest) = detail.split_once(':').unwrap_or((detail, ""));
    Some(match word {
        "suspensions" => {
            words!("suspended {rest} times within the term", "协议有效期内累计 {rest} 次被中止")
        }
        "unrectified" => words!("not rectified while suspended", "中止期间整改不到位"),
        "unrectified-in-probation" => {
            words!("not rectified in the extended probation", "政策辅导期延长期内整改不到位")
        }
        "records" => words!("records demanded were not produced in time", "未在期限内提供资料"),
        "fraud" => words!("fined for fraud", "因骗保被处罚"),
        "unreported-closure" => words!("closed without a report", "停业、歇业未按规定报告"),
        "unfiled-change" => words!("a major change was not filed in time", "重大信息变更未按时备案"),
        "fine" => surcharge(rest)?,
        "points" => words!("{rest} points in the year", "本年度累计记 {rest} 分"),
        "art-30" => words!("while an investigation lasts (article 30)", "调查期间（条例第三十条）"),
        "hold-confirmed" => words!(
            "released as confirmed, what waited still waits",
            "查实后已恢复结算，此前暂停结算的费用仍待处理"
        ),
        "hold-annulled" => words!(
            "annulled from a day on, what waited before still waits",
            "暂停结算决定自某日起被撤销，此前暂停结算的费用仍待处理"
        ),
        "medical" => words!("medical institutions", "定点医疗机构"),
        "pharmacy" => words!("pharmacies", "定点零售药店"),
        "score" => words!("assessed at {rest}, below the local line", "年度考核 {rest} 分，低于本地标准"),
        "chain-termination" => unsettled(ReviewMatter::ChainTermination, rest),
        "manager-ban" => unsettled(ReviewMatter::ManagerBan, rest),
        "origin-annulled" => unsettled(ReviewMatter::OriginAnnulled, rest),
        "resumed" => words!(
            "the suspension that the one here, #{rest}, follows was resumed",
            "此处的中止（#{rest}）所随的另一统筹地区的中止已恢复"
        ),
        "signed" => return None,
        "terminated" => words!("terminated", "已解除"),
        "suspended" => words!("suspended", "已中止"),
        "act" => words!("act #{rest}", "行为 #{rest}"),
        "" => return None,
        _ => to_verify(detail),
    })
}

/// The facts that an application does not tell, by the names of their fields: `opened_on, physicians`.
fn to_verify(fields: &str) -> Words {
    let facts = fields.split(", ").map(|field| {
        // Of another version of the program: told as it stands rather than left out.
        words::fact_to_verify(field).map_or((field, field), |fact| (fact.en, fact.zh))
    });
    let (en, zh): (Vec<_>, Vec<_>) = facts.unzip();
    Words { en: en.join(", "), zh: zh.join("、") }
}

/// 加处罚款: the sum in fen and how many percent of it each day late adds: `1980000:3`.
fn surcharge(detail: &str) -> Option<Words> {
    let (fen, percent) = detail.split_once(':')?;
    let fen: i64 = fen.parse().ok()?;
    let yuan = words::yuan(fen.into());
    Some(words!(
        "{yuan}; each day late adds {percent} % of it, up to as much again",
        "罚款 {yuan}；逾期每日加处 {percent}%，不超过罚款数额"
    ))
}

/// Of what year or part of one, and how often: `2025:4` at least four times, `2025/3/12` the third of twelve parts, `2025`.
fn of_period(detail: &str) -> Option<Words> {
    if let Some((year, times)) = detail.split_once(':') {
        return Some(match times {
            "1" => words!("{year}", "{year}年"),
            _ => words!("{year}, at least {times} times", "{year}年，不少于{times}次"),
        });
    }
    let mut parts = detail.split('/');
    let year = parts.next()?;
    Some(match (parts.next(), parts.next()) {
        (Some(part), Some("12")) => words!("{year}, month {part}", "{year}年{part}月"),
        (Some(part), Some("4")) => words!("{year}, quarter {part}", "{year}年第{part}季度"),
        (Some(part), Some(all)) => words!("{year}, part {part} of {all}", "{year}年第{part}期（共{all}期）"),
        _ => words!("{year}", "{year}年"),
    })
}

/// Why the ledger did not do it on its own, where a rule calls for it: the code of what stood in the way.
fn unsettled(matter: ReviewMatter, why: &str) -> Words {
    let Term { en, zh } = words::review_matter(matter);
    match why {
        "" => words!("{en}", "{zh}"),
        code => words!("{en}, and it was refused here: {code}", "{zh}（此处未能办理：{code}）"),
    }
}

/// The whole sentence: what, where, why, and how the day is reckoned.
pub(super) fn sentence(entry: &Entry, law: &Law<'_>) -> Words {
    let what = entry.kind.term();
    let mut words = words!("{}", "{}", what.en);
    words.zh = what.zh.to_owned();
    let detail = &*entry.about.detail;
    if let Some(ground) = if Work::is_kind(entry.kind) { of_period(detail) } else { ground(detail) } {
        words =
            Words { en: format!("{}: {}", ground.en, words.en), zh: format!("{}：{}", ground.zh, words.zh) };
    }
    let place = match (entry.about.area, entry.about.line) {
        (Some(area), Some(line)) => {
            let line = crate::words::line(line);
            Some((format!("{area}, {}", line.en), format!("{area}，{}", line.zh)))
        }
        (Some(area), None) => Some((area.to_string(), area.to_string())),
        (None, _) => None,
    };
    if let Some((en, zh)) = place {
        words.en.push_str(&format!(" ({en})"));
        words.zh.push_str(&format!("（{zh}）"));
    }
    match (entry.clock, entry.due) {
        (Clock::InTime, _) if entry.kind == ObligationKind::Rectify => {
            words.en.push_str("; no day was set");
            words.zh.push_str("，未定期限");
        }
        (clock, _) => {
            if let Some(how) = clock.words(entry.start, law.calendar, entry.known_from) {
                words.en.push_str(&format!(": {}", how.en));
                words.zh.push_str(&format!("：{}", how.zh));
            }
        }
    }
    words
}
