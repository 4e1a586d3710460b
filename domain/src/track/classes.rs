//! Classes of bars and grades of credit: what some values say further.

use serde::{Deserialize, Serialize};

/// Why somebody may not apply or register again (令2 art 12, 令3; rows R-113, C-02).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BarClass {
    /// 因违法被解除.
    Illegality,
    /// 因严重违反协议被解除.
    Breach,
    /// 以弄虚作假等不正当手段申请.
    FraudInApplication,
    /// Failed evaluation twice.
    EvaluationFailed,
    /// Terminated under the flat rule of 医保办发〔2018〕21号. Ledgers hold it in the other spelling too.
    #[serde(rename = "terminated_2018", alias = "terminated2018")]
    Terminated2018,
    /// Practitioner: 12 points accumulated in a year.
    PointsAccumulated,
    /// Practitioner: 12 points by one decision.
    PointsSingle,
    /// Practitioner: terminated by a decision apart from points.
    Decision,
}

impl BarClass {
    const ALL: [BarClass; 8] = [
        Self::Illegality,
        Self::Breach,
        Self::FraudInApplication,
        Self::EvaluationFailed,
        Self::Terminated2018,
        Self::PointsAccumulated,
        Self::PointsSingle,
        Self::Decision,
    ];

    /// The word in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Illegality => "illegality",
            Self::Breach => "breach",
            Self::FraudInApplication => "fraud_in_application",
            Self::EvaluationFailed => "evaluation_failed",
            Self::Terminated2018 => "terminated_2018",
            Self::PointsAccumulated => "points_accumulated",
            Self::PointsSingle => "points_single",
            Self::Decision => "decision",
        }
    }

    pub(super) fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.name() == word)
    }
}

/// 信用等级. Schemes differ by area and subject: letters (rows K-02 … K-09), or the three levels of enterprises in
/// price and procurement credit (K-11).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Grade {
    /// A+.
    APlus,
    /// A.
    A,
    /// B.
    B,
    /// C.
    C,
    /// C-.
    CMinus,
    /// D.
    D,
    /// D-.
    DMinus,
    /// E.
    E,
    /// 失信.
    Dishonest,
    /// 严重失信.
    SeriouslyDishonest,
    /// 特别严重失信.
    ExtremelyDishonest,
}

impl Grade {
    /// All grades, best first, letters before the levels of enterprises.
    pub const ALL: [Grade; 11] = [
        Self::APlus,
        Self::A,
        Self::B,
        Self::C,
        Self::CMinus,
        Self::D,
        Self::DMinus,
        Self::E,
        Self::Dishonest,
        Self::SeriouslyDishonest,
        Self::ExtremelyDishonest,
    ];

    /// The word of the status: `grade_a_plus`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::APlus => "grade_a_plus",
            Self::A => "grade_a",
            Self::B => "grade_b",
            Self::C => "grade_c",
            Self::CMinus => "grade_c_minus",
            Self::D => "grade_d",
            Self::DMinus => "grade_d_minus",
            Self::E => "grade_e",
            Self::Dishonest => "dishonest",
            Self::SeriouslyDishonest => "seriously_dishonest",
            Self::ExtremelyDishonest => "extremely_dishonest",
        }
    }

    pub(super) fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|grade| grade.name() == word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_of_a_class_is_its_word_in_json_and_the_one_recorded_before_is_read_too() {
        for class in BarClass::ALL {
            assert_eq!(serde_json::to_value(class).unwrap(), class.name());
            assert_eq!(BarClass::parse(class.name()), Some(class));
        }
        let before: BarClass = serde_json::from_str("\"terminated2018\"").unwrap();
        assert_eq!(before, BarClass::Terminated2018);
    }
}
