//! What each act of a pooling area states. Fields stand in alphabetical order (canonical form). Events repeat the area, so
//! that each can be read alone.

use super::work::Work;
use crate::id::AreaCode;
use crate::institution::facts::{InstitutionKind, Text, facts};
use crate::time::Instant;
use serde::{Deserialize, Serialize};

facts! {
    /// 资源配置规划, as asked.
    PlanAct {
        /// Whether health and other departments were consulted (row S0-01).
        ? departments_consulted: bool,
        /// Most designated medical institutions the area is to have (总量控制; row S4-26).
        ? medical_max: u32,
        /// Words.
        ? note: Text,
        /// Most designated pharmacies.
        ? pharmacy_max: u32,
        /// Whether the provincial department reviewed it (row S0-01).
        ? provincial_review: bool,
        /// Title.
        title: Text,
        /// End, where it has one.
        ? until: Instant,
    }
    /// 资源配置规划, as decided.
    Plan {
        /// The pooling area.
        area: AreaCode,
        /// Whether health and other departments were consulted.
        ? departments_consulted: bool,
        /// Most designated medical institutions the area is to have.
        ? medical_max: u32,
        /// Words.
        ? note: Text,
        /// Most designated pharmacies.
        ? pharmacy_max: u32,
        /// Whether the provincial department reviewed it.
        ? provincial_review: bool,
        /// Title.
        title: Text,
        /// End, where it has one.
        ? until: Instant,
    }
    /// 监管工作, as asked.
    WorkAct {
        /// Number or name of the document: plan, bulletin, list.
        ? document: Text,
        /// How many designated institutions it reached.
        ? institutions: u32,
        /// Words: what it was about, what it found.
        ? note: Text,
        /// The part of the year it is about, where the rules ask for one in every part: the month, 1 to 12, or the quarter.
        ? part: u32,
        /// Whether it was published.
        ? published: bool,
        /// What kind.
        work: Work,
        /// The natural year it is about; that of its day when left out.
        ? year: i32,
    }
    /// 监管工作, as recorded.
    WorkRecord {
        /// The pooling area.
        area: AreaCode,
        /// Number or name of the document.
        ? document: Text,
        /// How many designated institutions it reached.
        ? institutions: u32,
        /// Words.
        ? note: Text,
        /// The part of the year it is about.
        ? part: u32,
        /// Whether it was published.
        ? published: bool,
        /// What kind.
        work: Work,
        /// The natural year it is about.
        year: i32,
    }
    /// 采用本地规则, as asked.
    RulesAct {
        /// Name of the file; the same name again takes the place of what was adopted under it.
        name: Text,
        /// SHA-256 of the text, 64 hexadecimal digits in lower case.
        sha256: Text,
        /// The rules, in the form of the rulebook.
        text: Text,
    }
    /// 采用本地规则, as decided.
    RulesAdoption {
        /// The pooling area.
        area: AreaCode,
        /// Name of the file.
        name: Text,
        /// SHA-256 of the text.
        sha256: Text,
        /// The rules.
        text: Text,
    }
    /// 暂停纳入, as asked.
    MoratoriumAct {
        /// Whether it rests on agreements or assessment rules rather than on 令2 and 令3, which know no such measure (row
        /// C-15).
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
