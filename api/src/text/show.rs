//! `show` for people.

use super::due::due;
use super::table::Table;
use super::visible::visible;
use super::words::{day, line, name, period, status, track, value};
use super::{coordinates, heading, reason};
use crate::answers::{
    Agreement, Bar, InstitutionShow, Lang, OtherShow, PersonalData, PractitionerShow, Reason, Show, Standing,
};
use accord_domain::words::Term;
use accord_domain::{AreaCode, Line, Track, words};

/// What stands of a subject, and why.
#[must_use]
pub fn show(show: &Show, lang: Lang) -> String {
    match show {
        Show::Institution(show) => institution(show, lang),
        Show::Practitioner(show) => practitioner(show, lang),
        Show::Other(show) => other(show, lang),
    }
}

fn personal_data(found: Option<PersonalData>, lang: Lang, out: &mut String) {
    match found {
        None => {}
        Some(PersonalData::Erased) => {
            out.push_str(lang.of_two("个人信息：已删除\n", "Personal data: erased (已删除)\n"));
        }
        Some(PersonalData::Sealed) => {
            out.push_str(lang.of_two("个人信息：封存\n", "Personal data: sealed (封存)\n"));
        }
    }
}

fn institution(show: &InstitutionShow, lang: Lang) -> String {
    let mut out = heading(&show.subject, show.name.as_deref(), &show.former_names, lang);
    personal_data(show.personal_data, lang, &mut out);
    out.push_str(&coordinates(&show.coordinates, lang));
    out.push_str("\n\n");
    if show.agreements.is_empty() {
        out.push_str(lang.of_two("没有协议。\n", "No agreement.\n"));
    } else {
        out.push_str(&agreements(&show.agreements, lang));
    }
    for hold in &show.holds {
        let title = lang.of_two("暂停医保基金结算", "Settlement held (暂停医保基金结算)");
        out.push_str(&format!(
            "\n{title}  {}  {}\n",
            place(hold.area, hold.line, lang),
            period(Some(hold.since), hold.until)
        ));
    }
    for order in &show.departments {
        let title = lang.of_two("责令暂停部门医药服务", "Department ordered off (责令暂停部门医药服务)");
        out.push_str(&format!(
            "\n{title}  {}  {}\n",
            visible(&order.department),
            period(Some(order.since), order.until)
        ));
    }
    let barred = Term { en: "Barred from applying for designation", zh: "不得申请定点" };
    bars(&show.bars, barred, lang, &mut out);
    besides(&show.standing, lang, &mut out);
    due(&show.obligations, lang, &mut out);
    let every = show
        .agreements
        .iter()
        .flat_map(|agreement| &agreement.reasons)
        .chain(show.holds.iter().flat_map(|hold| &hold.reasons))
        .chain(show.departments.iter().flat_map(|order| &order.reasons))
        .chain(show.bars.iter().flat_map(|bar| &bar.reasons))
        .chain(show.standing.iter().flat_map(|standing| &standing.reasons));
    reasons(every, lang, &mut out);
    out
}

fn agreements(list: &[Agreement], lang: Lang) -> String {
    let heading = match lang {
        Lang::Zh => ["统筹地区", "业务线", "状态", "起 → 止", "说明"],
        Lang::En => ["area", "line", "status", "from → until", "notes"],
    };
    let mut table = Table::new(&heading);
    for agreement in list {
        table.row([
            agreement.area.to_string(),
            line(agreement.line, lang),
            status(Some((agreement.area, agreement.line)), agreement.status, lang),
            period(Some(agreement.since), agreement.until),
            notes(agreement, lang),
        ]);
    }
    table.render()
}

fn notes(agreement: &Agreement, lang: Lang) -> String {
    let mut notes = Vec::new();
    if let Some(probation) = &agreement.probation {
        let until = probation.until.map_or_else(|| "—".to_owned(), day);
        let phase = value(&Track::Probation(agreement.area), probation.phase, lang);
        notes.push(match lang {
            Lang::Zh => format!("政策辅导期（{phase}）至 {until}"),
            Lang::En => format!("probation (政策辅导期), {phase}, until {until}"),
        });
    }
    if agreement.settlement_held {
        notes.push(lang.of_two("结算暂停", "settlement held").to_owned());
    }
    match agreement.cross_region {
        Some(true) => notes.push(lang.of_two("异地结算已开通", "cross-region open").to_owned()),
        Some(false) => notes.push(lang.of_two("异地结算未开通", "cross-region closed").to_owned()),
        None => {}
    }
    if !agreement.departments_ordered_off.is_empty() {
        let list = agreement.departments_ordered_off.join(lang.of_two("、", ", "));
        notes.push(match lang {
            Lang::Zh => format!("暂停部门：{list}"),
            Lang::En => format!("departments off: {list}"),
        });
    }
    notes.join(lang.of_two("；", "; "))
}

/// Area and line a hold covers, in words.
fn place(area: Option<AreaCode>, of: Option<Line>, lang: Lang) -> String {
    let area =
        area.map_or_else(|| lang.of_two("所有统筹地区", "all areas").to_owned(), |area| area.to_string());
    let of = of.map_or_else(|| lang.of_two("所有业务线", "all lines").to_owned(), |of| line(of, lang));
    format!("{area} {of}")
}

/// What somebody may not do while a bar is on.
fn bars(list: &[Bar], barred: Term, lang: Lang, out: &mut String) {
    let barred = lang.of_two(barred.zh, barred.en);
    for bar in list {
        let class = name(words::bar_class(bar.reason_class), lang);
        let performed = match (bar.liability_performed, lang) {
            (true, _) => "",
            (false, Lang::Zh) => "，且至责任履行完毕",
            (false, Lang::En) => ", and until liability is performed",
        };
        let title = match lang {
            Lang::Zh => format!("{barred}（{class}）"),
            Lang::En => format!("{barred} ({class})"),
        };
        out.push_str(&format!("\n{title}  {}{performed}\n", period(Some(bar.since), bar.until)));
    }
}

/// Each event once, in the order of first mention.
fn reasons<'a>(list: impl Iterator<Item = &'a Reason>, lang: Lang, out: &mut String) {
    let mut seen = Vec::new();
    for item in list {
        if seen.contains(&item.event) {
            continue;
        }
        if seen.is_empty() {
            out.push_str(lang.of_two("\n为何如此\n", "\nWhy\n"));
        }
        seen.push(item.event);
        reason(item, lang, out);
    }
}

fn other(show: &OtherShow, lang: Lang) -> String {
    let mut out = heading(&show.subject, show.name.as_deref(), &show.former_names, lang);
    personal_data(show.personal_data, lang, &mut out);
    out.push_str(&coordinates(&show.coordinates, lang));
    out.push_str("\n\n");
    if show.standing.is_empty() {
        out.push_str(lang.of_two("无。\n", "Nothing stands.\n"));
    } else {
        out.push_str(&standing(&show.standing, lang));
    }
    due(&show.obligations, lang, &mut out);
    reasons(show.standing.iter().flat_map(|standing| &standing.reasons), lang, &mut out);
    out
}

fn besides(list: &[Standing], lang: Lang, out: &mut String) {
    if !list.is_empty() {
        out.push('\n');
        out.push_str(&standing(list, lang));
    }
}

fn standing(list: &[Standing], lang: Lang) -> String {
    let heading = match lang {
        Lang::Zh => ["事项", "状态", "起 → 止"],
        Lang::En => ["matter", "status", "from → until"],
    };
    let mut table = Table::new(&heading);
    for standing in list {
        table.row([
            track(&standing.track, lang),
            value(&standing.track, standing.value, lang),
            period(Some(standing.since), standing.until),
        ]);
    }
    table.render()
}

fn practitioner(show: &PractitionerShow, lang: Lang) -> String {
    let mut out = heading(&show.subject, show.name.as_deref(), &show.former_names, lang);
    personal_data(show.personal_data, lang, &mut out);
    out.push_str(&coordinates(&show.coordinates, lang));
    out.push_str("\n\n");
    let state = &show.qualification;
    let title = lang.of_two("医保支付资格", "Payment qualification (医保支付资格)");
    out.push_str(&format!(
        "{title}  {}  {}\n",
        status(None, state.status, lang),
        period(state.since, state.until)
    ));
    out.push_str(&match lang {
        Lang::Zh => format!("记分  {} 年 {} 分\n", state.points.year, state.points.total),
        Lang::En => format!("Points (记分)  {} in {}\n", state.points.total, state.points.year),
    });
    if !state.sites.is_empty() {
        let heading = match lang {
            Lang::Zh => ["执业点", "登记 起 → 止"],
            Lang::En => ["site", "registered from → until"],
        };
        let mut table = Table::new(&heading);
        for site in &state.sites {
            table.row([site.institution.to_string(), period(Some(site.since), site.until)]);
        }
        out.push('\n');
        out.push_str(&table.render());
    }
    let barred = Term { en: "Barred from registering again", zh: "不得再次登记备案" };
    bars(&show.bars, barred, lang, &mut out);
    besides(&show.standing, lang, &mut out);
    due(&show.obligations, lang, &mut out);
    let every = state
        .reasons
        .iter()
        .chain(show.bars.iter().flat_map(|bar| &bar.reasons))
        .chain(show.standing.iter().flat_map(|standing| &standing.reasons));
    reasons(every, lang, &mut out);
    out
}
