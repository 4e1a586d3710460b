//! What each act of a pooling area states. Fields stand in alphabetical order (canonical form). Events repeat the area, so
//! that each can be read alone.

use crate::id::AreaCode;
use crate::institution::facts::{InstitutionKind, Text, facts};
use crate::time::Instant;
use serde::{Deserialize, Serialize};

facts! {
    /// 暂停纳入, as asked.
    MoratoriumAct {
        /// Whether it rests on agreements or assessment rules rather than on 令2 and 令3, which know no such measure (fact
        /// sheet C-15).
        basis_agreement: bool,
        /// Kinds of institutions that are not admitted; none named means both.
        * designations: InstitutionKind,
        /// Why.
        ground: Text,
        /// End, where it is stated from the start.
        ? until: Instant,
    }
    /// 暂停纳入, as decided.
    Moratorium {
        /// The pooling area.
        area: AreaCode,
        /// Whether it rests on agreements or assessment rules.
        basis_agreement: bool,
        /// Kinds of institutions that are not admitted.
        designations: Vec<InstitutionKind>,
        /// Why.
        ground: Text,
        /// End, where it is stated from the start.
        ? until: Instant,
    }
    /// 恢复纳入, as asked.
    MoratoriumEndAct {
        /// Kinds of institutions that are admitted again; none named means all that are not.
        * designations: InstitutionKind,
        /// Words.
        ? note: Text,
    }
    /// 恢复纳入, as decided.
    MoratoriumEnd {
        /// The pooling area.
        area: AreaCode,
        /// Kinds of institutions that are admitted again.
        designations: Vec<InstitutionKind>,
        /// Words.
        ? note: Text,
    }
}
