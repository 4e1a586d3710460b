//! `import`: many commands, good lines kept, the rest handed back to be mended.

use super::Session;
use super::exit::{Exit, Problem, Stop};
use super::rejects::{Reason, Rejects};
use crate::answers::Lang;
use crate::ledger::{ImportError, ImportReport, Importer, LineResult, Watcher};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;
use std::fs::File;
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Rejected lines told on the terminal; the rest is only counted.
const TOLD_MAX: u64 = 20;

/// Carries out the commands of every file, in order.
pub(super) fn import(session: &mut Session<'_, '_>, asked: &super::args::Import) -> Result<(), Stop> {
    let lang = session.lang();
    let sources = open_all(&asked.files, lang)?;
    let mut importer = Importer::open(&session.ledger, Arc::clone(&session.clock))
        .map_err(|error| Stop::open(&error, lang))?;
    let rejects =
        asked.rejects.as_deref().map(|path| Rejects::create(path, &asked.files, lang)).transpose()?;
    let bar = bar(sources.iter().map(|source| source.bytes).sum());
    let mut sum = Sum { files: sources.len(), dry_run: asked.dry_run, ..Sum::default() };
    let mut watcher = Told {
        lang,
        file: String::new(),
        before: 0,
        bar: bar.clone(),
        rejects,
        told: 0,
        failed: None,
        talk: Vec::new(),
    };
    for source in sources {
        watcher.file.clone_from(&source.name);
        if let Some(rejects) = &mut watcher.rejects {
            rejects.from(&source.path);
        }
        let reader = BufReader::with_capacity(1 << 20, source.file);
        let ran = if asked.dry_run {
            importer.try_out(reader, &mut watcher)
        } else {
            importer.run(reader, &mut watcher)
        };
        watcher.before += source.bytes;
        bar.set_position(watcher.before);
        watcher.speak(session)?;
        sum.add(ran.map_err(|error| stopped(&error, &source.name, lang))?);
    }
    if !asked.dry_run {
        importer.finish().map_err(|error| stopped(&error, "", lang))?;
    }
    bar.finish_and_clear();
    watcher.finish(session, &mut sum)?;
    if session.out.json {
        session.out.document(&sum)?;
    }
    session.out.say(&sum.text(Lang::Zh), &sum.text(Lang::En))?;
    if sum.rejected == 0 {
        return Ok(());
    }
    Err(Stop::Rejected)
}

/// What an import came to, over all files.
#[derive(Default, Serialize)]
struct Sum {
    files: usize,
    dry_run: bool,
    lines: u64,
    recorded: u64,
    events: u64,
    repeated: u64,
    rejected: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    rejects: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasons: Option<String>,
}

impl Sum {
    fn add(&mut self, report: ImportReport) {
        self.lines += report.lines;
        self.recorded += report.recorded;
        self.events += report.events;
        self.repeated += report.repeated;
        self.rejected += report.rejected;
    }

    fn text(&self, lang: Lang) -> String {
        let Self { lines, recorded, events, repeated, rejected, .. } = self;
        let mut text = match (lang, self.dry_run) {
            (Lang::Zh, true) => format!(
                "试行（未记录任何内容）：{lines} 行，可办理 {recorded}（{events} 个事件），已办理过 {repeated}，未通过 {rejected}"
            ),
            (Lang::Zh, false) => format!(
                "{lines} 行：办理 {recorded}（{events} 个事件），已办理过 {repeated}，未通过 {rejected}"
            ),
            (Lang::En, true) => format!(
                "dry run, nothing was recorded: {lines} lines, {recorded} would be carried out ({events} events), {repeated} were before, {rejected} rejected"
            ),
            (Lang::En, false) => format!(
                "{lines} lines: {recorded} carried out ({events} events), {repeated} were before, {rejected} rejected"
            ),
        };
        if let (Some(rejects), Some(reasons)) = (&self.rejects, &self.reasons) {
            text.push_str(&match lang {
                Lang::Zh => format!("\n未通过的行原样在 {rejects}，原因在 {reasons}；改好后可直接再导入 {rejects}"),
                Lang::En => format!("\nrejected lines are in {rejects} as they were, why in {reasons}; mend {rejects} and import it"),
            });
        }
        text
    }
}

struct Source {
    path: PathBuf,
    name: String,
    file: File,
    bytes: u64,
}

/// Opens every file before anything is imported: a slip in the third name does not leave two files done.
fn open_all(files: &[PathBuf], lang: Lang) -> Result<Vec<Source>, Stop> {
    files.iter().map(|path| open_one(path, lang)).collect()
}

fn open_one(path: &Path, lang: Lang) -> Result<Source, Stop> {
    let name = path.display().to_string();
    let extension =
        path.extension().and_then(|extension| extension.to_str()).unwrap_or("").to_ascii_lowercase();
    if matches!(extension.as_str(), "csv" | "xlsx" | "xls") {
        let message = match lang {
            Lang::Zh => format!("尚不能导入 .{extension}；请转成每行一条 JSON 命令的 .jsonl"),
            Lang::En => {
                format!(".{extension} cannot be imported yet; write JSON lines, one command a line (.jsonl)")
            }
        };
        return Err(Stop::problem(Problem::new(Exit::Usage, "unsupported-format", message).file(&name)));
    }
    let unreadable = |error: &dyn std::fmt::Display| {
        let message = match lang {
            Lang::Zh => format!("无法读取：{error}"),
            Lang::En => format!("cannot be read: {error}"),
        };
        Stop::problem(Problem::new(Exit::Usage, "unreadable", message).file(&name))
    };
    let file = File::open(path).map_err(|error| unreadable(&error))?;
    let about = file.metadata().map_err(|error| unreadable(&error))?;
    if about.is_dir() {
        return Err(unreadable(&lang.of_two("这是目录", "it is a directory")));
    }
    Ok(Source { path: path.to_owned(), name: name.clone(), bytes: about.len(), file })
}

/// An import that could not go on.
fn stopped(error: &ImportError, file: &str, lang: Lang) -> Stop {
    match error {
        ImportError::Log { source, .. } => Stop::log(source, lang),
        ImportError::Views(source) => Stop::views(source, lang),
        ImportError::Source(_) | ImportError::Thread(_) => Stop::problem(
            Problem::new(Exit::Usage, "import-stopped", super::exit::chain(error)).file(file).advice(
                lang.of_two(
                    "已提交的都在；再次运行同一命令即从中断处继续",
                    "what was committed is there; the same command again goes on from there",
                ),
            ),
        ),
    }
}

/// Takes note of what becomes of each line.
struct Told {
    lang: Lang,
    file: String,
    /// Bytes of the files before this one.
    before: u64,
    bar: ProgressBar,
    rejects: Option<Rejects>,
    told: u64,
    failed: Option<io::Error>,
    talk: Vec<String>,
}

impl Watcher for Told {
    fn line(&mut self, result: LineResult) {
        let LineResult::Rejected(reject) = result else { return };
        let reason = Reason::of(&reject, &self.file, self.lang);
        if let Some(rejects) = &mut self.rejects
            && let Err(error) = rejects.put(&reject, &reason)
        {
            self.failed.get_or_insert(error);
        }
        self.told += 1;
        if self.told <= TOLD_MAX {
            self.talk.push(reason.text(self.lang));
        }
    }

    fn bytes(&mut self, done: u64) {
        self.bar.set_position(self.before + done);
    }
}

impl Told {
    fn speak(&mut self, session: &mut Session<'_, '_>) -> Result<(), Stop> {
        for line in self.talk.drain(..) {
            let said = self.bar.suspend(|| session.out.say(&line, &line));
            said?;
        }
        Ok(())
    }

    fn finish(mut self, session: &mut Session<'_, '_>, sum: &mut Sum) -> Result<(), Stop> {
        if self.told > TOLD_MAX {
            let more = self.told - TOLD_MAX;
            session.out.say(&format!("……另有 {more} 行未通过"), &format!("… and {more} more rejected"))?;
        }
        if let Some((rejects, reasons)) = self.rejects.take().map(Rejects::finish).transpose()?.flatten() {
            sum.rejects = Some(rejects.display().to_string());
            sum.reasons = Some(reasons.display().to_string());
        }
        self.failed.map_or(Ok(()), |error| Err(Stop::from(error)))
    }
}

/// A progress bar on the side of talk; nothing where nobody watches.
pub(super) fn bar(length: u64) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(length), ProgressDrawTarget::stderr());
    let style = ProgressStyle::with_template("{bar:40} {percent:>3}% {elapsed_precise} → {eta_precise}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}
