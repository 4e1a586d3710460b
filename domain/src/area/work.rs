//! 监管工作: what the authorities of a pooling area do for the area as a whole, again and again. How often, and whether at all,
//! is for the rules of the place to say: [`Work::per_year`] and [`Work::every_months`] name what they set.

use crate::obligation::ObligationKind as Kind;
use crate::words::Term;
use serde::{Deserialize, Serialize};

macro_rules! works {
    ($( $(#[$doc:meta])* $Work:ident = $name:literal $(due $Kind:ident)?, $en:literal, $zh:literal; )*) => {
        /// What kind of work.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum Work { $( $(#[$doc])* $Work, )* }

        impl Work {
            /// All of them.
            pub const ALL: &'static [Self] = &[ $( Self::$Work, )* ];

            /// The word in JSON.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $( Self::$Work => $name, )* }
            }

            /// In both languages.
            #[must_use]
            pub const fn term(self) -> Term {
                match self { $( Self::$Work => Term { en: $en, zh: $zh }, )* }
            }

            /// The parameter by which a rule says how many times a natural year it is to be done.
            #[must_use]
            pub const fn per_year(self) -> &'static str {
                match self { $( Self::$Work => concat!("area.work.", $name, ".per_year"), )* }
            }

            /// The parameter by which a rule says that it is to be done for every so many months: 1, 3, 6 or 12.
            #[must_use]
            pub const fn every_months(self) -> &'static str {
                match self { $( Self::$Work => concat!("area.work.", $name, ".every_months"), )* }
            }

            /// What it is called where it is due; none where no rule known says how often.
            #[must_use]
            pub const fn kind(self) -> Option<Kind> {
                match self { $( Self::$Work => works!(@kind $($Kind)?), )* }
            }
        }
    };
    (@kind) => { None };
    (@kind $Kind:ident) => { Some(Kind::$Kind) };
}

works! {
    /// 年度监督检查计划 (row S1-18).
    InspectionPlan = "inspection-plan" due PlanInspections, "plan of the year's inspections", "年度监督检查计划";
    /// 专项检查 (S2-22, S0-47).
    SpecialInspection = "special-inspection" due SpecialInspections, "special inspection", "专项检查";
    /// 全覆盖检查 of all designated institutions (S4-01, S1-21).
    FullInspection = "full-inspection" due FullInspection, "inspection of all institutions", "全覆盖检查";
    /// 年终检查, with written letters of verification (S2-23).
    YearEndCheck = "year-end-check" due YearEndCheck, "check of the year's end", "年终检查";
    /// 飞行检查方案 (S1-13).
    FlightPlan = "flight-plan", "plan of a flight inspection", "飞行检查方案";
    /// 飞行检查年度公告 (S1-14).
    FlightBulletin = "flight-bulletin" due FlightBulletin, "year's bulletin of flight inspections", "飞行检查年度公告";
    /// 飞行检查发现问题清单 (S1-15).
    FlightProblems = "flight-problems", "list of problems found by flight inspections", "飞行检查发现问题清单";
    /// 交叉检查、以上查下、联合监管 (S1-27, S4-31).
    CrossInspection = "cross-inspection", "cross or joint inspection", "交叉检查、联合监管";
    /// 抽查复查 (S1-28, S2-31).
    Reinspection = "reinspection", "inspection held again", "抽查复查";
    /// 基金运行分析 (S4-06).
    FundAnalysis = "fund-analysis" due FundAnalysis, "analysis of the fund", "基金运行分析";
    /// 异常数据反馈和预警提示 (S4-07).
    AnomalyFeedback = "anomaly-feedback" due AnomalyFeedback, "feedback of anomalous data", "异常数据反馈和预警";
    /// DIP结算及相关疑点数据核查 (S4-14).
    SettlementCheck = "settlement-check" due SettlementCheck, "check of DIP settlement", "DIP结算及疑点数据核查";
    /// 自查自纠问题清单, 负面清单 (S0-50, S4-20).
    SelfCheckList = "self-check-list", "list for self-checks", "自查自纠问题清单";
    /// 智能监控知识库、规则库 (S1-23, S0-49).
    RuleBase = "rule-base", "knowledge and rule bases of smart control", "智能监控知识库、规则库";
    /// 医保基金使用情况公示 (S1-26).
    FundUseDisclosure = "fund-use-disclosure", "disclosure of how the fund is used", "医保基金使用情况公示";
    /// 基金监管工作进展通报、信息报送 (S1-44, S1-45).
    ProgressCircular = "progress-circular", "circular on the progress of supervision", "基金监管工作进展通报";
    /// 政策宣传、培训 (S4-35, S0-14).
    Publicity = "publicity", "policy publicity and training", "政策宣传培训";
}

impl Work {
    /// Whether an obligation is one of these.
    #[must_use]
    pub fn is_kind(kind: Kind) -> bool {
        Self::ALL.iter().any(|work| work.kind() == Some(kind))
    }

    /// Whether it is made for a time to come: other work is about what has been.
    #[must_use]
    pub const fn looks_ahead(self) -> bool {
        matches!(self, Self::InspectionPlan | Self::FlightPlan | Self::SelfCheckList | Self::RuleBase)
    }

    /// Whether it is made to be published (制定并公开, 公告, 公示).
    #[must_use]
    pub const fn is_public(self) -> bool {
        matches!(self, Self::FlightPlan | Self::FlightBulletin | Self::FundUseDisclosure)
    }
}

/// Into how many parts a year falls that is worked on every so many months; none where the parts do not fill it.
#[must_use]
pub fn parts_of_year(every_months: i64) -> Option<u32> {
    let months = u32::try_from(every_months).ok().filter(|months| (1..=12).contains(months))?;
    (12 % months == 0).then_some(12 / months)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulebook::Rulebook;

    #[test]
    fn words_in_json_are_the_names_and_what_is_due_can_be_set_by_a_rule() {
        for work in Work::ALL {
            assert_eq!(serde_json::to_value(work).unwrap(), work.name());
            let book = Rulebook::national();
            let known = [work.per_year(), work.every_months()].map(|param| book.parameter(param).is_some());
            assert_eq!(known.contains(&true), work.kind().is_some(), "{}", work.name());
        }
    }

    #[test]
    fn a_year_falls_into_whole_parts() {
        assert_eq!([1, 3, 6, 12].map(parts_of_year), [Some(12), Some(4), Some(2), Some(1)]);
        assert_eq!([0, 5, 24, -1].map(parts_of_year), [None; 4]);
    }
}
