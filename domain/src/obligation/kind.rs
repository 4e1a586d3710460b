//! What can be due, who owes it and to whom.

use crate::words::Term;
use serde::{Deserialize, Serialize};

/// Who has to do something, or is to get it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Party {
    /// 经办机构.
    Agency,
    /// 医保行政部门.
    Bureau,
    /// The designated institution itself.
    Institution,
    /// The practitioner.
    Practitioner,
    /// Everybody.
    Public,
    /// The body a matter was referred to.
    ReferredTo,
    /// Whoever objected or appealed.
    Objector,
    /// The body that handles a case.
    Handler,
    /// The body an appeal lies with: a superior, a review body or a court.
    Forum,
    /// 医保部门: agency or bureau, where the rule does not say which.
    Authority,
    /// The firm, the insured person or the institution that a measure is about.
    Concerned,
}

impl Party {
    /// In both languages.
    #[must_use]
    pub const fn term(self) -> Term {
        match self {
            Self::Agency => Term { en: "agency", zh: "经办机构" },
            Self::Bureau => Term { en: "bureau", zh: "医保行政部门" },
            Self::Institution => Term { en: "institution", zh: "定点医药机构" },
            Self::Practitioner => Term { en: "practitioner", zh: "相关人员" },
            Self::Public => Term { en: "public", zh: "社会" },
            Self::Objector => Term { en: "objector", zh: "异议人" },
            Self::Forum => Term { en: "body appealed to", zh: "受理机关" },
            Self::Handler => Term { en: "body handling the case", zh: "办案机关" },
            Self::ReferredTo => Term { en: "body referred to", zh: "受移送机关" },
            Self::Authority => Term { en: "agency or bureau", zh: "医保部门" },
            Self::Concerned => Term { en: "whom it concerns", zh: "当事人" },
        }
    }
}

macro_rules! kinds {
    ($( $(#[$doc:meta])* $Kind:ident = $name:literal : $owes:ident -> $to:ident, $worklist:literal; )*) => {
        /// What kind of thing is due.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum ObligationKind { $( $(#[$doc])* $Kind, )* }

        impl ObligationKind {
            /// All of them.
            pub const ALL: &'static [Self] = &[ $( Self::$Kind, )* ];

            /// The word in JSON and in views.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $( Self::$Kind => $name, )* }
            }

            /// Who has to do it.
            #[must_use]
            pub const fn owed_by(self) -> Party {
                match self { $( Self::$Kind => Party::$owes, )* }
            }

            /// Who is to get it.
            #[must_use]
            pub const fn owed_to(self) -> Party {
                match self { $( Self::$Kind => Party::$to, )* }
            }

            /// Whether it stands on worklists. A right to go to a review body or a court, or the end of a bar, is a clock of
            /// the party's own: it runs out and nobody is late.
            #[must_use]
            pub const fn on_worklist(self) -> bool {
                match self { $( Self::$Kind => $worklist, )* }
            }
        }
    };
}

kinds! {
    /// The rules call for termination; a person decides.
    TerminationReview = "termination-review": Agency -> Institution, true;
    /// The rules leave no renewal; a person decides.
    RenewalReview = "renewal-review": Agency -> Institution, true;
    /// 受理: to tell the applicant what is missing, or accept.
    AcceptApplication = "accept-application": Agency -> Institution, true;
    /// Facts of an application that the rules ask for and the application does not tell.
    VerifyFacts = "verify-facts": Agency -> Institution, true;
    /// 评估.
    Evaluate = "evaluate": Agency -> Institution, true;
    /// 整改后再次评估: due from the day it may be held.
    Reevaluate = "reevaluate": Agency -> Institution, true;
    /// 拟定点公示.
    PubliciseCandidate = "publicise-candidate": Agency -> Public, true;
    /// 协议报同级医保行政部门备案.
    FileAgreement = "file-agreement": Agency -> Bureau, true;
    /// 公布定点医药机构名单, of those designated and those terminated.
    PublishList = "publish-list": Agency -> Public, true;
    /// 续签申请.
    ApplyRenewal = "apply-renewal": Institution -> Agency, true;
    /// 政策辅导期 comes to its end.
    EndProbation = "end-probation": Agency -> Institution, true;
    /// 中止期满恢复申请的审核.
    ReviewResumption = "review-resumption": Agency -> Institution, true;
    /// 作出中止或解除协议处理后报告.
    ReportMeasure = "report-measure": Agency -> Bureau, true;
    /// 提供资料.
    ProvideRecords = "provide-records": Institution -> Agency, true;
    /// 限期整改.
    Rectify = "rectify": Institution -> Agency, true;
    /// 变更备案.
    FileChange = "file-change": Institution -> Agency, true;
    /// 缴纳罚款.
    PayFine = "pay-fine": Institution -> Bureau, true;
    /// 拨付申报的费用.
    PaySettlement = "pay-settlement": Agency -> Institution, true;
    /// 行政处罚决定.
    DecidePenalty = "decide-penalty": Handler -> Institution, true;
    /// 听证, once it was asked for.
    HoldHearing = "hold-hearing": Handler -> Concerned, true;
    /// 行政处罚决定书的送达.
    ServePenalty = "serve-penalty": Handler -> Institution, true;
    /// What came of a referral.
    FollowReferral = "follow-referral": ReferredTo -> Agency, true;
    /// 线索核查, 决定是否立案.
    VerifyLead = "verify-lead": Handler -> Public, true;
    /// 挂牌督办案件的办理.
    HandleCase = "handle-case": Handler -> Bureau, true;
    /// What hangs on a decision that was annulled or moved, and stayed.
    ReconsiderConsequences = "reconsider-consequences": Agency -> Institution, true;
    /// A decision that another one, recorded later, made doubtful.
    ReviewLaterAct = "review-later-act": Agency -> Institution, true;
    /// Something that happened to another subject, or in another pooling area, may call for something here.
    ReviewElsewhere = "review-elsewhere": Agency -> Institution, true;
    /// 处理结果告知各执业机构.
    NotifySites = "notify-sites": Agency -> Institution, true;
    /// 暂停期满恢复, where it is not automatic.
    RestoreQualification = "restore-qualification": Practitioner -> Agency, true;
    /// 低分值预警: a talk, before any measure is called for.
    HoldTalk = "hold-talk": Institution -> Practitioner, true;
    /// 异议的答复.
    AnswerObjection = "answer-objection": Agency -> Objector, true;
    /// 申诉, 复议 or 诉讼 to be decided.
    DecideAppeal = "decide-appeal": Forum -> Objector, true;
    /// 暂停医保基金结算 lasts until it is released: whether it is still called for.
    ReviewHold = "review-hold": Agency -> Institution, true;
    /// 核查无问题, what was held is settled.
    SettleHeld = "settle-held": Agency -> Institution, true;
    /// 中止期满前申请恢复协议.
    ApplyResumption = "apply-resumption": Institution -> Agency, true;
    /// 暂停医疗费用联网结算 without an end: whether it is still called for.
    ReviewOnlineSuspension = "review-online-suspension": Authority -> Concerned, true;
    /// 调查无问题, what was paid in full meanwhile is settled.
    SettleSuspended = "settle-suspended": Agency -> Concerned, true;
    /// 失信惩戒 without an end: whether it is still called for.
    ReviewDiscipline = "review-discipline": Authority -> Concerned, true;
    /// 信用等级有效期届满, 重新评价.
    RateAgain = "rate-again": Authority -> Concerned, true;
    /// 履行承诺情况纳入信用记录.
    RecordPerformance = "record-performance": Authority -> Concerned, true;
    /// 暂停纳入 without an end: whether it is still called for.
    ReviewMoratorium = "review-moratorium": Authority -> Public, true;
    /// 资源配置规划 comes to its end.
    PlanAgain = "plan-again": Bureau -> Public, true;
    /// 年度监督检查计划.
    PlanInspections = "plan-inspections": Authority -> Public, true;
    /// 专项检查 of a year.
    SpecialInspections = "special-inspections": Agency -> Public, true;
    /// 全覆盖检查 of a year.
    FullInspection = "full-inspection": Authority -> Public, true;
    /// 年终检查.
    YearEndCheck = "year-end-check": Agency -> Public, true;
    /// 飞行检查年度公告.
    FlightBulletin = "flight-bulletin": Bureau -> Public, true;
    /// 基金运行分析.
    FundAnalysis = "fund-analysis": Authority -> Public, true;
    /// 异常数据反馈和预警.
    AnomalyFeedback = "anomaly-feedback": Authority -> Institution, true;
    /// DIP结算及疑点数据核查.
    SettlementCheck = "settlement-check": Authority -> Institution, true;
    /// 申请行政复议.
    SeekReview = "seek-review": Institution -> Bureau, false;
    /// 提起行政诉讼.
    Sue = "sue": Institution -> Bureau, false;
    /// 申请听证.
    RequestHearing = "request-hearing": Concerned -> Handler, false;
    /// The bar to registering again ends.
    BarEnd = "bar-end": Practitioner -> Agency, false;
    /// 暂停医疗费用联网结算 ends by itself.
    OnlineSuspensionEnd = "online-suspension-end": Agency -> Concerned, false;
}

impl ObligationKind {
    /// By its word.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.name() == name)
    }

    /// Whether a person has to judge: that it was done tells nothing without the reason.
    #[must_use]
    pub const fn is_review(self) -> bool {
        matches!(
            self,
            Self::TerminationReview
                | Self::RenewalReview
                | Self::ReviewResumption
                | Self::ReviewLaterAct
                | Self::ReviewElsewhere
                | Self::ReconsiderConsequences
                | Self::ReviewHold
                | Self::ReviewOnlineSuspension
                | Self::ReviewDiscipline
                | Self::ReviewMoratorium
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_in_json_are_the_names() {
        for kind in ObligationKind::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
            assert_eq!(ObligationKind::parse(kind.name()), Some(*kind));
        }
    }
}
