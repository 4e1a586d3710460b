//! What can be typed.

use crate::answers::check::breach_kind;
use crate::answers::{Axis, Lang, list, supposed};
use accord_domain::compliance::{BreachKind, LATE_DAYS_DEFAULT};
use accord_domain::rejection::Words;
use accord_domain::{
    AreaCode, Instant, InstitutionCode, Line, PractitionerCode, Subject, SubjectKind, Value, words,
};
use clap::{Args, Parser, Subcommand};
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use uuid::Uuid;

/// An event-sourced ledger of medical-insurance agreements (医保服务协议) and payment qualifications (医保支付资格).
#[derive(Parser, Debug)]
#[command(name = "accord", version, max_term_width = 110, after_help = EXITS)]
pub struct Cli {
    /// Directory of the ledger
    #[arg(
        long,
        global = true,
        env = "ACCORD_LEDGER",
        hide_env_values = true,
        default_value = "./accord-ledger",
        value_name = "DIR"
    )]
    pub ledger: PathBuf,
    /// Print JSON: one document, lists as JSON lines
    #[arg(long, global = true)]
    pub json: bool,
    /// Language of what people read: zh or en [default: from LC_ALL or LANG]
    #[arg(long, global = true, value_parser = lang, value_name = "LANG")]
    pub lang: Option<Lang>,
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

const EXITS: &str = "Dates are days of Asia/Shanghai (2025-08-04 means 00:00) or instants (2025-08-04T09:30:00+08:00).
Two axes: 生效 (--as-of, in force) and 记录 (--known-at, recorded); both default to now.

Exit: 0 done, 1 refused by a rule, 2 wrong usage or input, 3 not found, 4 conflict, 5 verification failed, 70 bug.";

/// What to do.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Serve the published cases, and made-up histories, from a temporary ledger
    Demo(Listen),
    /// Make an empty ledger
    Init(Init),
    /// Serve HTTP; loopback addresses only, as there is no access control yet
    Serve(Listen),
    /// Carry out one command, written as JSON
    Do {
        /// File with the command; - reads standard input
        #[arg(value_name = "FILE|-")]
        file: PathBuf,
    },
    /// Carry out many commands, one JSON object a line
    Import(Import),
    /// What stands of a subject, and why
    Show {
        /// Institution such as H37010200001 or P43050300012, practitioner such as D510105000123, or another subject
        #[arg(value_parser = subject)]
        subject: Subject,
        /// Coordinates
        #[command(flatten)]
        at: At,
    },
    /// Everything ever recorded of a subject, with what was annulled or corrected
    History {
        /// Institution, practitioner or another subject
        #[arg(value_parser = subject)]
        subject: Subject,
        /// Order: effective (生效) or recorded (记录)
        #[arg(long, default_value = "recorded", value_parser = axis)]
        axis: Axis,
        /// Only what was recorded by then
        #[arg(long, value_parser = instant, value_name = "T")]
        known_at: Option<Instant>,
    },
    /// Subjects by status
    List {
        /// institution, practitioner, enterprise, insured, area or case
        #[arg(long, value_parser = kind)]
        kind: Option<SubjectKind>,
        /// Pooling area (统筹地区), six digits
        #[arg(long, value_parser = area)]
        area: Option<AreaCode>,
        /// Business line (业务线): basic, outpatient_pooling, special_outpatient, dual_channel, cross_region, internet
        #[arg(long, value_parser = line)]
        line: Option<Line>,
        /// Status, such as in_force, suspended, terminated, normal, grade_d
        #[arg(long, value_parser = status)]
        status: Option<Value>,
        /// Coordinates
        #[command(flatten)]
        at: At,
    },
    /// May this claim be paid? Yes, no or wait, with every reason
    Payable(Claim),
    /// What is to be done: late first, then by day
    Obligations {
        /// Pooling area (统筹地区), six digits
        #[arg(long, value_parser = area)]
        area: Option<AreaCode>,
        /// Only what falls due before this day; what has no day (及时) is left out then
        #[arg(long, value_parser = instant, value_name = "D")]
        due_before: Option<Instant>,
        /// Coordinates
        #[command(flatten)]
        at: At,
    },
    /// The points (记分) of a natural year, act by act
    Points {
        /// Practitioner such as D510105000123
        #[arg(value_parser = practitioner)]
        practitioner: PractitionerCode,
        /// Natural year [default: that of --as-of]
        #[arg(long)]
        year: Option<i32>,
        /// Coordinates
        #[command(flatten)]
        at: At,
    },
    /// The law in force at a date in a place, rule by rule
    Rules {
        /// Only this: a rule's id, a row of them, a parameter or its beginning (institution.bar)
        rule: Option<String>,
        /// The date [default: now]
        #[arg(long, value_parser = instant, value_name = "D")]
        at: Option<Instant>,
        /// Pooling area, prefecture or province, six digits [default: the whole country]
        #[arg(long, value_parser = area)]
        area: Option<AreaCode>,
        /// With what areas had adopted by then and no more (记录) [default: now]
        #[arg(long, value_parser = instant, value_name = "T")]
        known_at: Option<Instant>,
    },
    /// The census of the whole ledger at a point in time, computed from the log alone
    Replay {
        /// Coordinates
        #[command(flatten)]
        at: At,
        /// Only this pooling area
        #[arg(long, value_parser = area)]
        area: Option<AreaCode>,
        /// Also compare the views with the log and name every difference
        #[arg(long)]
        verify: bool,
    },
    /// What was called for and not done, done late, without basis, out of range or by the wrong body, and what was recorded late
    Check(Check),
    /// What changed between two days, or between what was known then and now, and which events did it
    Diff(Differ),
    /// What would stand otherwise, had an act not been made, been another, or been decided under another law
    WhatIf(Suppose),
    /// Compute the views again from the log
    Rebuild {
        /// A view by name. The views are one file: whichever is named, or none, all are made
        view: Option<String>,
    },
    /// Write an evidence bundle: what stood and what was known on a day, with proofs that a stranger checks offline
    Export(Export),
    /// Check every stored byte against hashes and tree, or a bundle, or a receipt; exit 5 when something was altered
    Verify {
        /// An evidence bundle instead, as `export` writes it
        #[arg(value_name = "BUNDLE", group = "given_out")]
        bundle: Option<PathBuf>,
        /// A receipt instead: JSON with the receipt, or a .tlog-proof file
        #[arg(long, value_name = "FILE", group = "given_out")]
        receipt: Option<PathBuf>,
        /// Public key of the log, as in keys/checkpoint.pub [default: that of the ledger]
        #[arg(long, value_name = "FILE", requires = "given_out")]
        key: Option<PathBuf>,
        /// Public keys of witnesses, one a line, each of whom must have signed too [default: any of the ledger's keys/witnesses may have]
        #[arg(long, value_name = "FILE", requires = "given_out")]
        witness: Option<PathBuf>,
    },
    /// Read the personal data (个人信息) of a subject; who reads it and why is recorded first
    OpenPersonal(Reading),
    /// Erase the personal data (个人信息) of a subject for good: a fence is recorded, then its key destroyed
    ErasePersonal(Erasing),
    /// Look whether everything is as it should be: files, log, hashes, views
    Doctor,
}

/// Where the new ledger is kept.
#[derive(Args, Debug, Default)]
pub struct Init {
    /// Keep it in an EventStoreDB cluster, with a copy in the directory: esdb://node1:2113,node2:2113?tls=true; needs a program built with --features eventstore
    #[arg(long, value_name = "ADDRESS", env = "ACCORD_CLUSTER", hide_env_values = true)]
    pub cluster: Option<String>,
    /// Stream of the cluster; another node names the same one for a copy of its own
    #[arg(long, value_name = "NAME", default_value = "accord-ledger")]
    pub stream: String,
}

/// Two places on the axes of time.
#[derive(Args, Debug)]
pub struct Differ {
    /// Of whom
    #[command(flatten)]
    pub whom: Whom,
    /// The first day (生效)
    #[arg(long, value_parser = instant, value_name = "D", required = true)]
    pub from: Option<Instant>,
    /// The second day [default: now]
    #[arg(long, value_parser = instant, value_name = "D")]
    pub to: Option<Instant>,
    /// The first day as known then (记录) [default: as known now]
    #[arg(long, value_parser = instant, value_name = "T")]
    pub known_from: Option<Instant>,
    /// The second day as known then [default: as known now]
    #[arg(long, value_parser = instant, value_name = "T")]
    pub known_to: Option<Instant>,
}

/// What is not as the rules have it, and of whom.
#[derive(Args, Debug)]
pub struct Check {
    /// Only this subject [default: the whole ledger]
    #[arg(value_parser = subject)]
    pub subject: Option<Subject>,
    /// Only what is of this pooling area (统筹地区), six digits
    #[arg(long, value_parser = area)]
    pub area: Option<AreaCode>,
    /// Only these kinds, separated by commas: not-done, not-decided, outstanding, done-late, without-basis, step-left-out,
    /// out-of-range, wrong-authority, against-rule, recorded-late, to-examine
    #[arg(long, value_parser = breach, value_delimiter = ',', value_name = "KINDS")]
    pub kind: Vec<BreachKind>,
    /// Recorded late is what was recorded more than so many days after it took effect
    #[arg(long, value_name = "DAYS", default_value_t = LATE_DAYS_DEFAULT)]
    pub late_days: u32,
    /// Coordinates
    #[command(flatten)]
    pub at: At,
}

/// One subject, those of a pooling area, or all.
#[derive(Args, Debug)]
#[group(required = true)]
pub struct Whom {
    /// Any subject
    #[arg(value_parser = subject)]
    pub subject: Option<Subject>,
    /// Every subject of this pooling area
    #[arg(long, value_parser = area, conflicts_with_all = ["subject", "all"])]
    pub area: Option<AreaCode>,
    /// Every subject
    #[arg(long, conflicts_with = "subject")]
    pub all: bool,
}

/// What is supposed, and of whom.
#[derive(Args, Debug)]
#[command(group = clap::ArgGroup::new("supposed").required(true).multiple(true))]
pub struct Suppose {
    /// Any subject; that of the event or the command when left out
    #[arg(value_parser = subject)]
    pub subject: Option<Subject>,
    /// Every subject of this pooling area
    #[arg(long, value_parser = area, conflicts_with_all = ["subject", "all"])]
    pub area: Option<AreaCode>,
    /// Every subject
    #[arg(long, conflicts_with = "subject")]
    pub all: bool,
    /// Decided under the rulebook amended by this TOML file: rules of the same id are replaced, others join
    #[arg(long, value_name = "FILE", group = "supposed", conflicts_with = "as_if_law_of")]
    pub rulebook: Option<PathBuf>,
    /// Decided as under the law of this day
    #[arg(long, value_parser = instant, value_name = "D", group = "supposed")]
    pub as_if_law_of: Option<Instant>,
    /// Without the act that this event records, and what followed from it
    #[arg(long, value_parser = event, value_name = "EVENT", group = "supposed")]
    pub without: Option<Uuid>,
    /// With the command of a file in the place of the act that this event records
    #[arg(long, num_args = 2, value_names = ["EVENT", "FILE"], group = "supposed", conflicts_with = "without")]
    pub replace: Vec<String>,
    /// With the command of a file besides all that is recorded
    #[arg(long, value_name = "FILE", group = "supposed", conflicts_with_all = ["without", "replace"])]
    pub insert: Option<PathBuf>,
    /// Decide the acts recorded later again, too; otherwise they are kept as they were recorded
    #[arg(long)]
    pub again: bool,
    /// Coordinates
    #[command(flatten)]
    pub at: At,
}

/// Who acts.
#[derive(Args, Debug)]
pub struct Who {
    /// Authority: agency, bureau, court, police, procuratorate, discipline …
    #[arg(long, default_value = Who::AUTHORITY)]
    pub authority: String,
    /// Its pooling area, six digits
    #[arg(long, value_parser = area)]
    pub area: Option<AreaCode>,
    /// Its office
    #[arg(long)]
    pub office: Option<String>,
    /// Number of the operator, never a name
    #[arg(long)]
    pub operator: Option<String>,
    /// Number of the approver, never a name
    #[arg(long)]
    pub approver: Option<String>,
}

impl Who {
    /// Who acts when nobody says.
    pub const AUTHORITY: &str = "agency";
}

/// Reading personal data.
#[derive(Args, Debug)]
pub struct Reading {
    /// Institution, practitioner, insured person or case
    #[arg(value_parser = subject)]
    pub subject: Subject,
    /// Why
    #[arg(long, value_parser = said)]
    pub reason: String,
    /// Only from this event; may be given several times
    #[arg(long, value_parser = event, value_name = "EVENT")]
    pub event: Vec<Uuid>,
    /// Who reads
    #[command(flatten)]
    pub who: Who,
}

/// Erasing personal data.
#[derive(Args, Debug)]
pub struct Erasing {
    /// Institution, practitioner, insured person or case
    #[arg(value_parser = subject)]
    pub subject: Subject,
    /// On what basis: a law or another document
    #[arg(long, value_parser = said, value_name = "INSTRUMENT")]
    pub basis: String,
    /// Its article
    #[arg(long)]
    pub article: Option<String>,
    /// Words
    #[arg(long)]
    pub note: Option<String>,
    /// Who erases
    #[command(flatten)]
    pub who: Who,
}

/// Where to listen.
#[derive(Args, Debug)]
pub struct Listen {
    /// Address and port; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:8700", value_name = "ADDR")]
    pub listen: SocketAddr,
}

/// Where on the two axes of time.
#[derive(Args, Debug, Clone, Copy, Default)]
pub struct At {
    /// The day the question is about (生效)
    #[arg(long, value_parser = instant, value_name = "D")]
    pub as_of: Option<Instant>,
    /// Only what was recorded by then (记录)
    #[arg(long, value_parser = instant, value_name = "T")]
    pub known_at: Option<Instant>,
}

/// An import.
#[derive(Args, Debug)]
pub struct Import {
    /// JSON lines, one command a line; - reads standard input
    #[arg(required = true, value_name = "FILE|-")]
    pub files: Vec<PathBuf>,
    /// Decide everything, record nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Where lines that are not accepted go, unchanged; the reasons go beside it, to FILE.reasons.jsonl. Nothing is written over
    #[arg(long, value_name = "FILE")]
    pub rejects: Option<PathBuf>,
}

/// An evidence bundle.
#[derive(Args, Debug)]
pub struct Export {
    /// Institution, practitioner or another subject
    #[arg(value_parser = subject)]
    pub subject: Subject,
    /// Where to write it; nothing is written over
    #[arg(long, value_name = "FILE.zip")]
    pub out: PathBuf,
    /// Withhold what this event says, by id; its place, leaf hash and proof stay. May be given more than once
    #[arg(long, value_parser = event, value_name = "EVENT")]
    pub redact: Vec<Uuid>,
    /// Why events are withheld
    #[arg(long, value_name = "TEXT", requires = "redact")]
    pub redact_reason: Option<String>,
    /// Who takes it out of the ledger; stands in its chain of custody
    #[arg(long, value_name = "TEXT")]
    pub exported_by: Option<String>,
    /// Open the personal data (个人信息) in it: who reads it and why is recorded first, and every value comes with a key that opens it alone
    #[arg(long, requires = "reason")]
    pub open_personal: bool,
    /// Why personal data is opened
    #[arg(long, value_parser = said, value_name = "TEXT", requires = "open_personal")]
    pub reason: Option<String>,
    /// Open it only in this event; may be given several times
    #[arg(long, value_parser = event, value_name = "EVENT", requires = "open_personal")]
    pub event: Vec<Uuid>,
    /// Who reads personal data
    #[command(flatten)]
    pub who: Who,
    /// Coordinates
    #[command(flatten)]
    pub at: At,
}

/// A claim.
#[derive(Args, Debug)]
pub struct Claim {
    /// Institution
    #[arg(long, value_parser = institution, value_name = "CODE")]
    pub institution: InstitutionCode,
    /// Practitioner
    #[arg(long, value_parser = practitioner, value_name = "CODE")]
    pub practitioner: Option<PractitionerCode>,
    /// Pooling area that pays [default: the one the institution has agreements in]
    #[arg(long, value_parser = area)]
    pub area: Option<AreaCode>,
    /// Business line (业务线)
    #[arg(long, default_value = "basic", value_parser = line)]
    pub line: Line,
    /// Department (科室)
    #[arg(long, value_name = "NAME")]
    pub department: Option<String>,
    /// Emergency or rescue (急诊、抢救)
    #[arg(long)]
    pub emergency: bool,
    /// When the service was given
    #[arg(long, value_parser = instant, value_name = "T")]
    pub at: Instant,
    /// Only what was recorded by then (记录)
    #[arg(long, value_parser = instant, value_name = "T")]
    pub known_at: Option<Instant>,
}

/// A value that is not one of its kind, in both languages: in which one to tell is known only when all was read.
#[derive(Debug)]
pub(super) struct Wrong(pub(super) Words);

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.en)
    }
}

impl std::error::Error for Wrong {}

impl Wrong {
    fn of(error: impl Into<Words>) -> Self {
        Self(error.into())
    }

    /// Of a word that is none of those known: `known: a, b`.
    fn word(en: String) -> Self {
        let zh = match en.strip_prefix("known: ") {
            Some(known) => format!("可用值：{}", known.replace(", ", "、")),
            None => en.clone(),
        };
        Self(Words { en, zh })
    }
}

fn lang(text: &str) -> Result<Lang, String> {
    match text {
        "zh" | "zh-CN" => Ok(Lang::Zh),
        "en" => Ok(Lang::En),
        _ => Err("zh or en".to_owned()),
    }
}

fn instant(text: &str) -> Result<Instant, Wrong> {
    Instant::parse(text).map_err(Wrong::of)
}

fn subject(text: &str) -> Result<Subject, Wrong> {
    Subject::parse(text).map_err(Wrong::of)
}

fn institution(text: &str) -> Result<InstitutionCode, Wrong> {
    InstitutionCode::parse(text).map_err(Wrong::of)
}

fn practitioner(text: &str) -> Result<PractitionerCode, Wrong> {
    PractitionerCode::parse(text).map_err(Wrong::of)
}

fn event(text: &str) -> Result<Uuid, Wrong> {
    Uuid::try_parse(text).map_err(|_| Wrong(supposed::Wrong::NoId { text: text.to_owned() }.words()))
}

/// Words that have to be said.
fn said(text: &str) -> Result<String, Wrong> {
    if text.trim().is_empty() {
        Err(Wrong(words!("it says nothing", "内容为空")))
    } else {
        Ok(text.to_owned())
    }
}

fn area(text: &str) -> Result<AreaCode, Wrong> {
    AreaCode::parse(text).map_err(Wrong::of)
}

fn line(text: &str) -> Result<Line, Wrong> {
    let known = || Wrong::word(format!("known: {}", Line::ALL.map(Line::name).join(", ")));
    Line::parse(text).ok_or_else(known)
}

fn axis(text: &str) -> Result<Axis, Wrong> {
    Axis::parse(text).ok_or_else(|| Wrong::word("known: effective, recorded".to_owned()))
}

fn kind(text: &str) -> Result<SubjectKind, Wrong> {
    list::kind(text).map_err(Wrong::word)
}

fn status(text: &str) -> Result<Value, Wrong> {
    list::status(text).map_err(Wrong::word)
}

fn breach(text: &str) -> Result<BreachKind, Wrong> {
    breach_kind(text).map_err(Wrong::word)
}
