//! What every act carries besides its own facts: who, on what basis, with what evidence.
//!
//! Fields are declared in alphabetical order, so that writing them gives the canonical form of RFC 8785.

use crate::id::AreaCode;
use serde::{Deserialize, Serialize};

/// Which body acts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Authority {
    /// 医保经办机构: signs, suspends, terminates agreements, scores people.
    Agency,
    /// 医保行政部门: fines, orders.
    Bureau,
    /// 法院.
    Court,
    /// 公安.
    Police,
    /// 检察院.
    Procuratorate,
    /// 纪检监察.
    Discipline,
    /// 卫生健康部门.
    Health,
    /// 市场监管部门.
    Market,
    /// 药品监管部门.
    Drug,
    /// 财政.
    Finance,
    /// The institution itself.
    Institution,
    /// The practitioner in person.
    Practitioner,
    /// The ledger's reactors.
    System,
}

/// Who acts. `operator` and `approver` are the agency's own numbers, not names.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Actor {
    /// Who approved, where two persons are needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approver: Option<Box<str>>,
    /// The pooling area, prefecture or province the body stands for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub area: Option<AreaCode>,
    /// Which body.
    pub authority: Authority,
    /// The office by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub office: Option<Box<str>>,
    /// Who entered it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operator: Option<Box<str>>,
}

/// 依据: an instrument and its article, or an agreement and its clause.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Basis {
    /// Article or clause, as the source writes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub article: Option<Box<str>>,
    /// The instrument or agreement.
    pub instrument: Box<str>,
}

/// A document that shows the act. The document itself stays where it is; its digest is kept.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// Media type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<Box<str>>,
    /// File name or title.
    pub name: Box<str>,
    /// SHA-256 of the bytes, 64 hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Box<str>>,
}
