//! How a run ends when it does not end well: an exit code, a document for programs and a sentence for people.

use super::out::Out;
use crate::answers::{AnswerError, Lang, Refusal};
use crate::ledger::{Failure, OpenError};
use crate::text;
use crate::text::words::chain;
use accord_domain::CommandError;
use accord_domain::rejection::RejectionKind;
use accord_store::LogError;
use serde::Serialize;
use std::io;

/// Exit codes of the contract.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Exit {
    /// Done.
    Done = 0,
    /// Refused by a rule.
    Refused = 1,
    /// Wrong usage or input, or a place that cannot be used.
    Usage = 2,
    /// Not found.
    NotFound = 3,
    /// Conflict: somebody was faster, the key is taken, the ledger is open elsewhere.
    Conflict = 4,
    /// Verification failed.
    Unverified = 5,
    /// A fault of this program.
    Bug = 70,
    /// The answer could not be written to where it was to go.
    Output = 74,
}

/// Why a run stopped.
#[derive(Debug)]
pub enum Stop {
    /// A command was refused; what kind decides the exit code.
    Refused(RejectionKind, Box<Refusal>),
    /// Something else is in the way.
    Problem(Box<Problem>),
    /// Something was found; the document that tells of it is printed already.
    Told(Box<Problem>),
    /// Some lines of an import were not carried out; what is to be said of them has been said.
    Rejected,
    /// Whoever reads our output has gone: not an error.
    ReaderGone,
}

/// What is in the way, where, and what to do.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Problem {
    #[serde(skip)]
    exit: Exit,
    /// Stable code in kebab case, never translated.
    pub code: &'static str,
    /// The sentence for people.
    pub message: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
    /// File.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Line, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// Column, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<usize>,
    /// JSON pointer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
}

impl Problem {
    /// A problem without a place.
    #[must_use]
    pub fn new(exit: Exit, code: &'static str, message: String) -> Self {
        Self { exit, code, message, advice: None, file: None, line: None, column: None, pointer: None }
    }

    /// With what to do about it.
    #[must_use]
    pub fn advice(mut self, advice: &str) -> Self {
        self.advice = Some(advice.to_owned());
        self
    }

    /// In a file.
    #[must_use]
    pub fn file(mut self, file: &str) -> Self {
        self.file = Some(file.to_owned());
        self
    }

    /// At a line, from 1.
    #[must_use]
    pub fn line(mut self, line: usize) -> Self {
        self.line = Some(line);
        self
    }

    /// A command that cannot be read, in a file. `line` is the line of its first character, from 1.
    #[must_use]
    pub fn command(error: &CommandError, file: &str, line: usize, lang: Lang) -> Self {
        let known = |number: usize| (number > 0).then_some(number);
        let mut problem = Self::new(Exit::Usage, error.code, lang.pick(&error.message).to_owned()).file(file);
        problem.line = known(error.line).map(|inner| inner + line.saturating_sub(1));
        problem.column = known(error.column);
        problem.pointer = Some(error.pointer.clone());
        problem
    }

    /// The sentence with its place, and what to do.
    #[must_use]
    pub fn text(&self) -> String {
        let mut place = String::new();
        if let Some(file) = &self.file {
            place.push_str(file);
            for number in [self.line, self.column].into_iter().flatten() {
                place.push_str(&format!(":{number}"));
            }
            place.push_str(": ");
        }
        if let Some(pointer) = self.pointer.as_deref().filter(|pointer| !pointer.is_empty()) {
            place.push_str(&format!("{pointer}: "));
        }
        let advice = self.advice.as_ref().map_or_else(String::new, |advice| format!("\n  {advice}"));
        format!("accord: {place}{} ({}){advice}", self.message, self.code)
    }
}

impl Stop {
    /// The exit code.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self {
            Self::Refused(RejectionKind::Rule, _) => Exit::Refused,
            Self::Refused(RejectionKind::NotFound, _) => Exit::NotFound,
            Self::Refused(RejectionKind::Conflict, _) => Exit::Conflict,
            Self::Problem(problem) | Self::Told(problem) => problem.exit,
            Self::Rejected => Exit::Refused,
            Self::ReaderGone => Exit::Done,
        }
    }

    /// Tells: people on the side of talk, and with `--json` programs on the side of data too.
    ///
    /// # Errors
    /// When nobody listens any more.
    pub fn tell(&self, out: &mut Out<'_>) -> io::Result<()> {
        match self {
            Self::Refused(_, refusal) => {
                let words = text::refusal(refusal, out.lang);
                out.say(words.trim_end(), words.trim_end());
                if out.json { out.document(refusal) } else { Ok(()) }
            }
            Self::Problem(problem) => {
                let words = problem.text();
                out.say(&words, &words);
                if out.json { out.document(problem) } else { Ok(()) }
            }
            Self::Told(problem) => {
                let words = problem.text();
                out.say(&words, &words);
                Ok(())
            }
            Self::Rejected | Self::ReaderGone => Ok(()),
        }
    }

    /// A problem.
    #[must_use]
    pub fn problem(problem: Problem) -> Self {
        Self::Problem(Box::new(problem))
    }

    /// Something found by an answer that is printed already.
    #[must_use]
    pub fn told(problem: Problem) -> Self {
        Self::Told(Box::new(problem))
    }

    /// What could not be answered.
    #[must_use]
    pub fn answer(error: &AnswerError, lang: Lang) -> Self {
        if let AnswerError::Log(source) = error {
            return Self::problem(log(source, lang));
        }
        let exit = match error {
            AnswerError::UnknownSubject { .. } => Exit::NotFound,
            AnswerError::Question { .. } | AnswerError::Views(_) | AnswerError::NoKey => Exit::Usage,
            AnswerError::Log(_) | AnswerError::Decode { .. } | AnswerError::Quote { .. } => Exit::Unverified,
        };
        let mut problem = Problem::new(exit, error.code(), error.message(lang));
        match error {
            AnswerError::Question { parameter, .. } => {
                problem.pointer = Some(format!("--{}", parameter.replace('_', "-")));
            }
            AnswerError::Views(_) => {
                problem = problem.advice(
                    lang.of_two("用 `accord rebuild` 重建视图", "`accord rebuild` makes the views again"),
                );
            }
            AnswerError::UnknownSubject { .. }
            | AnswerError::NoKey
            | AnswerError::Log(_)
            | AnswerError::Decode { .. }
            | AnswerError::Quote { .. } => {}
        }
        Self::problem(problem)
    }

    /// Why a command was not carried out.
    #[must_use]
    pub fn failure(failure: &Failure, lang: Lang) -> Self {
        match failure {
            Failure::Rejected { rejection, blocked_by } => {
                let blocked_by = blocked_by.iter().map(|(_, id)| *id).collect();
                Self::Refused(rejection.kind, Box::new(Refusal::of(rejection, blocked_by, lang)))
            }
            Failure::Log(error) => Self::problem(log(error, lang)),
            Failure::Vault(error) => {
                let why =
                    std::iter::successors(Some(&**error as &dyn std::error::Error), |error| error.source());
                let why: Vec<String> = why.map(ToString::to_string).collect();
                let message = match lang {
                    Lang::Zh => format!("个人信息密钥无法使用：{}", why.join("：")),
                    Lang::En => format!("the keys of personal data cannot be used: {}", why.join(": ")),
                };
                Self::problem(Problem::new(Exit::Conflict, "personal-keys", message).advice(lang.of_two(
                    "未作任何记录；从备份恢复 personal.db 与 keys/personal.key",
                    "nothing was recorded; restore personal.db and keys/personal.key from a backup",
                )))
            }
            Failure::ReadOnly | Failure::Closing | Failure::Stopped => {
                Self::problem(Problem::new(Exit::Conflict, "not-writable", failure.to_string()))
            }
            Failure::Interrupted => {
                Self::problem(Problem::new(Exit::Bug, "interrupted", failure.to_string()))
            }
        }
    }

    /// Why a ledger could not be opened or made.
    #[must_use]
    pub fn open(error: &OpenError, lang: Lang) -> Self {
        Self::problem(match error {
            OpenError::Exists(dir) => {
                let message = match lang {
                    Lang::Zh => format!("{} 已有账本", dir.display()),
                    Lang::En => format!("there is a ledger in {} already", dir.display()),
                };
                Problem::new(Exit::Conflict, "ledger-exists", message).advice(lang.of_two(
                    "没有改动任何内容；用 --ledger 指定另一目录",
                    "nothing was changed; name another directory with --ledger",
                ))
            }
            OpenError::Missing(dir) => {
                let message = match lang {
                    Lang::Zh => format!("{} 没有账本", dir.display()),
                    Lang::En => format!("there is no ledger in {}", dir.display()),
                };
                Problem::new(Exit::NotFound, "no-ledger", message).advice(lang.of_two(
                    "用 `accord init` 新建，或用 --ledger（或环境变量 ACCORD_LEDGER）指定目录",
                    "`accord init` makes one; --ledger or ACCORD_LEDGER names another directory",
                ))
            }
            OpenError::LogMissing { dir, file } => {
                let message = match lang {
                    Lang::Zh => format!("{} 中 log.db 缺失或为空，而账本的 {file} 仍在", dir.display()),
                    Lang::En => {
                        format!(
                            "log.db is missing or empty in {}, while {file} of a ledger is there",
                            dir.display()
                        )
                    }
                };
                Problem::new(Exit::NotFound, "no-ledger", message).advice(lang.of_two(
                    "从备份恢复 log.db；不要在此目录新建账本",
                    "restore log.db from a backup; make no new ledger in this directory",
                ))
            }
            OpenError::Remains { dir, file } => {
                let message = match lang {
                    Lang::Zh => {
                        format!("{} 中有另一账本留下的 {file}，而其 log.db 缺失或为空", dir.display())
                    }
                    Lang::En => {
                        format!("{} holds {file} of a ledger whose log.db is missing or empty", dir.display())
                    }
                };
                Problem::new(Exit::Conflict, "ledger-remains", message).advice(lang.of_two(
                    "没有改动任何内容；从备份恢复 log.db，或用 --ledger 指定另一目录",
                    "nothing was changed; restore log.db from a backup, or name another directory with --ledger",
                ))
            }
            OpenError::Log { source, .. } => log(source, lang),
            OpenError::Key { .. } => key(error, lang),
            OpenError::Views { source, .. } => views(source, lang),
            OpenError::Writer(_) => Problem::new(Exit::Usage, "no-writer", chain(error)),
        })
    }

    /// What the views say.
    #[must_use]
    pub fn views(error: &accord_projections::ViewError, lang: Lang) -> Self {
        Self::problem(views(error, lang))
    }

    /// What the log says.
    #[must_use]
    pub fn log(error: &LogError, lang: Lang) -> Self {
        Self::problem(log(error, lang))
    }
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self::ReaderGone;
        }
        Self::problem(Problem::new(Exit::Output, "output", format!("the output cannot be written: {error}")))
    }
}

/// The key that signs checkpoints.
pub(super) fn key(error: &dyn std::error::Error, lang: Lang) -> Problem {
    if is_denied(error) {
        return Problem::new(Exit::Usage, "key-unusable", chain(error)).advice(lang.of_two(
            "密钥并未丢失，只是当前用户无权读取：检查 keys/ 及其中文件的权限与所有者",
            "the key is not lost, this user may not read it: look at the permissions and the owner of keys/ and of the files in it",
        ));
    }
    Problem::new(Exit::Usage, "key-unusable", chain(error)).advice(lang.of_two(
        "从备份恢复 keys/；若确已丢失，移走 keys/checkpoint.pub（留存以核对旧回执），新建空文件 keys/checkpoint.renew，下次打开时另生成新密钥",
        "restore keys/ from a backup; if the key is lost for good, move keys/checkpoint.pub away (old receipts need it) and make an empty file \
         keys/checkpoint.renew: the next opening makes a new key",
    ))
}

/// Whether the system keeps somebody from a file.
fn is_denied(error: &dyn std::error::Error) -> bool {
    std::iter::successors(error.source(), |error| error.source())
        .filter_map(|error| error.downcast_ref::<io::Error>())
        .any(|error| error.kind() == io::ErrorKind::PermissionDenied)
}

fn views(error: &accord_projections::ViewError, lang: Lang) -> Problem {
    if let accord_projections::ViewError::Log(source) = error {
        return log(source, lang);
    }
    Problem::new(Exit::Usage, "views-unreadable", chain(error)).advice(lang.of_two(
        "日志完好；视图可以用 `accord rebuild` 重新计算",
        "the log is unharmed; `accord rebuild` computes the views again",
    ))
}

fn log(error: &LogError, lang: Lang) -> Problem {
    let (exit, code, zh, en) = match error {
        LogError::Locked(_) => (
            Exit::Conflict,
            "ledger-locked",
            "另一进程正在使用该账本：通过它的 HTTP 接口办理，或先停止它",
            "another process uses this ledger: send the command to it over HTTP, or stop it first",
        ),
        LogError::ReadOnly(_) => (
            Exit::Usage,
            "ledger-read-only",
            "账本目录不可写：检查目录权限与文件系统",
            "the directory cannot be written: look at its permissions and at the file system",
        ),
        LogError::Full(_) => (
            Exit::Usage,
            "ledger-full",
            "磁盘已满：腾出空间后重试；已确认的内容都在",
            "no space left: make some and try again; everything acknowledged is there",
        ),
        LogError::NewerFormat { .. } => (
            Exit::Usage,
            "newer-format",
            "账本由更新的版本写成：请用该版本打开",
            "a newer version of accord wrote this ledger: open it with that one",
        ),
        LogError::NotALedger(_) => (
            Exit::Usage,
            "not-a-ledger",
            "该目录不是账本：用 --ledger 指定账本目录",
            "this is not a ledger: name its directory with --ledger",
        ),
        LogError::Law(_) => (
            Exit::Usage,
            "law-unreadable",
            "须用更新的版本（记录该规则的版本）；`history`、`export`、`verify`、`doctor` 无须读懂规则，仍可使用",
            "a newer version is needed, the one that recorded these rules; `history`, `export`, `verify` and `doctor` do not need them \
             and work",
        ),
        LogError::Damaged { .. } | LogError::Undecodable { .. } => (
            Exit::Unverified,
            "log-damaged",
            "存储内容与写入时不同：停止写入，保留现场，从备份恢复",
            "what is stored is not what was written: stop writing, keep the files, restore a backup",
        ),
        LogError::Replica(_) => (
            Exit::Usage,
            "cluster-not-built-in",
            "集群中的账本只能经集群写入，本程序未编入集群支持：请用 `cargo build --release --features eventstore` 构建的程序；对副本仍可查询",
            "a ledger kept in a cluster is written through it, and this program was built without that: use one built by \
             `cargo build --release --features eventstore`; a copy can still be asked",
        ),
        LogError::Cluster(_) => (
            Exit::Usage,
            "cluster-unavailable",
            "未作任何记录：检查集群与账本目录中 cluster.json 所写地址，然后重试",
            "nothing was recorded: look at the cluster and at the address in cluster.json of the ledger's directory, then try again",
        ),
        LogError::Overtaken { .. } => (
            Exit::Conflict,
            "overtaken",
            "集群中有本节点未知的记录（另一节点已写入，或先前失去应答的命令其实已记录），本次未作记录：重新启动程序后再试；同一时间只应有一个节点写入",
            "the cluster holds what this node does not know of (another node wrote, or a command whose answer was lost was recorded after all), and nothing was recorded now: start the program again and retry; one node should write at a time",
        ),
        LogError::InDoubt(_) => (
            Exit::Conflict,
            "outcome-unknown",
            "是否已记录不得而知：以同一 key 再次发送，只会记录一次",
            "whether it was recorded is not known: send it again under the same key, it is recorded once",
        ),
        LogError::Other(_) => {
            (Exit::Usage, "log-unreadable", "用 `accord doctor` 检查", "`accord doctor` looks closer")
        }
    };
    let message = match lang {
        Lang::Zh => in_chinese(error),
        Lang::En => chain(error),
    };
    Problem::new(exit, code, message).advice(lang.of_two(zh, en))
}

/// What the log says, in Chinese; what the system said stays as it said it.
fn in_chinese(error: &LogError) -> String {
    let cause =
        std::error::Error::source(error).map_or_else(String::new, |cause| format!("：{}", chain(cause)));
    match error {
        LogError::Locked(text) => format!("账本已被另一进程打开：{text}"),
        LogError::ReadOnly(text) => format!("账本不可写：{text}"),
        LogError::Full(text) => format!("账本所在磁盘没有剩余空间：{text}"),
        LogError::NewerFormat { found, known } => {
            format!("账本格式为 {found}，本程序只识别到 {known}")
        }
        LogError::NotALedger(text) => format!("不能作为账本打开：{text}"),
        LogError::Damaged { position, what } => format!("位置 {position} 与写入时不同：{what}"),
        LogError::Law(_) => format!("账本所采用的规则无法读懂{cause}"),
        LogError::Undecodable { position, .. } => format!("位置 {position} 无法读懂{cause}"),
        LogError::Replica(text) => format!("{text}：集群中的账本只能经集群写入"),
        LogError::Cluster(text) => format!("账本所在的集群：{text}"),
        LogError::Overtaken { position, .. } => format!("另一节点已先在位置 {position} 记录"),
        LogError::InDoubt(text) => format!("是否已记录不得而知：{text}"),
        LogError::Other(text) => format!("存储出错：{text}"),
    }
}
