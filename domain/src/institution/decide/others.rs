//! What stands of other subjects and refuses an application or an agreement: the area admits nobody, a person named may not
//! manage, a complaint waits.

use super::{Matter, law};
use crate::id::AreaCode;
use crate::institution::facts::InstitutionKind;
use crate::others::{OtherFact, What};
use crate::rejection::Rejection;
use crate::rulebook::Rule;
use crate::words;
use serde_json::json;

impl Matter<'_> {
    /// 暂停纳入: while it lasts nobody of the kind is admitted. The measure is the area's own and marked as such where it was
    /// taken (row C-15); no rule of the book is cited for it. Who is admitted already may ask for
    /// further lines.
    pub(super) fn admitted(&self, area: AreaCode) -> Result<(), Rejection> {
        let Some(fact) = self.of(What::Moratorium).next() else { return Ok(()) };
        if self.live(area).next().is_some() {
            return Ok(());
        }
        let since = fact.from.words();
        let (kind_en, kind_zh) = match self.kind {
            InstitutionKind::Medical => ("medical institutions", "定点医疗机构"),
            InstitutionKind::Pharmacy => ("pharmacies", "定点零售药店"),
        };
        let message = match fact.until {
            Some(until) => words!(
                "{area} admits no {kind_en} from {since} to {}",
                "统筹地区 {area} 自 {since} 至 {} 暂停纳入{kind_zh}",
                until.words()
            ),
            None => words!(
                "{area} admits no {kind_en} since {since}",
                "统筹地区 {area} 自 {since} 起暂停纳入{kind_zh}"
            ),
        };
        Err(Rejection::new("moratorium", message)
            .blocked_by_other(fact)
            .allowed(json!({ "effective_at": { "from": fact.until } })))
    }

    /// 法定代表人、主要负责人、实际控制人: none of them may be barred from managing designated institutions.
    pub(super) fn nobody_barred(&self) -> Result<(), Rejection> {
        let Some(fact) = self.of(What::ManagerBan).next() else { return Ok(()) };
        let person = fact.person.map(|code| code.to_string()).unwrap_or_default();
        let until = fact.until.map(crate::time::Instant::words).unwrap_or_default();
        let rejection = Rejection::new(
            "manager-banned",
            words!(
                "{person}, named in the application, may not manage designated institutions until {until}",
                "申请所列人员 {person} 在 {until} 之前不得从事定点医药机构管理活动"
            ),
        )
        .blocked_by_other(fact)
        .allowed(json!({ "from": fact.until }));
        Err(match self.ban_rule(fact) {
            Some(rule) => self.under(rule, rejection),
            None => rejection,
        })
    }

    /// The rule of a ban: the one in force when it was imposed. The regulation of the country sets it, so no area sets another.
    pub(super) fn ban_rule(&self, ban: &OtherFact) -> Option<&Rule> {
        self.context.rulebook().rule(law::MANAGER_BAN_YEARS, ban.from, None)
    }

    /// Nobody who caused the termination of another institution may run it (令2 art 12(7), 令3 art 11).
    pub(super) fn nobody_responsible(&self, area: AreaCode) -> Result<(), Rejection> {
        let Some(fact) = self.of(What::Responsible).next() else { return Ok(()) };
        let person = fact.person.map(|code| code.to_string()).unwrap_or_default();
        let until = fact.until.map(crate::time::Instant::words).unwrap_or_default();
        let rejection = Rejection::new(
            "person-barred",
            words!(
                "{person}, named in the application, caused the termination of another institution; barred until {until}",
                "申请所列人员 {person} 曾导致其他机构被解除协议，在 {until} 之前不予受理"
            ),
        )
        .blocked_by_other(fact)
        .allowed(json!({ "from": fact.until }));
        // Until when was reckoned by the rules of the area of that termination.
        let param = law::RESPONSIBLE_YEARS.of(self.kind);
        Err(match self.context.rulebook().rule(param, fact.from, fact.area.or(Some(area))) {
            Some(rule) => self.under(rule, rejection),
            None => rejection,
        })
    }

    /// 投诉举报 received while the applicant is looked at is verified first (医保办发〔2018〕21号 二(一)).
    pub(super) fn no_complaint_waits(&self, area: AreaCode) -> Result<(), Rejection> {
        let Some(rule) = self.yes(law::COMPLAINTS_FIRST, Some(area)) else { return Ok(()) };
        let Some(fact) = self.of(What::Complaint).next() else { return Ok(()) };
        let since = fact.from.words();
        let rejection = Rejection::new(
            "complaint-unverified",
            words!(
                "a complaint about this institution is being verified since {since}; no agreement is signed before",
                "{since} 收到对该机构的投诉举报，未经核实不得签订服务协议"
            ),
        );
        let after = json!({ "after": ["case.find", "case.close"] });
        Err(self.under(rule, rejection.blocked_by_other(fact).allowed(after)))
    }

    pub(super) fn of(&self, what: What) -> impl Iterator<Item = &OtherFact> {
        self.context.others.iter().filter(move |fact| fact.what == what)
    }
}
