//! What each act of a case states. Fields stand in alphabetical order (canonical form).

use crate::id::{AreaCode, Subject};
use crate::institution::facts::{Text, facts};
use serde::{Deserialize, Serialize};

/// What came of a case.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CaseOutcome {
    /// 查实并处理.
    Handled,
    /// 查无实据.
    Unfounded,
    /// 移送其他机关处理.
    HandedOver,
    /// Anything else.
    Other,
}

facts! {
    /// 立案.
    Opening {
        /// Pooling area that handles it.
        area: AreaCode,
        /// Whom it is about, by their codes.
        * subjects: Subject,
        /// Title.
        ? title: Text,
    }
    /// 结案.
    Closing {
        /// Words.
        ? note: Text,
        /// What came of it.
        outcome: CaseOutcome,
    }
}
