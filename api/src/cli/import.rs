//! `import`: many commands, good lines kept, the rest handed back to be mended.

use super::Session;
use super::exit::{Exit, Problem, Stop};
use super::out::Out;
use super::progress::{bar, shown};
use super::rejects::{Kept, Reason, Rejects, unwritable};
use crate::answers::Lang;
use crate::ledger::{ImportError, ImportReport, Importer, LINE_BYTES_MAX, LineResult, Watcher};
use crate::text::words::many;
use indicatif::ProgressBar;
use serde::Serialize;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Rejected lines told on the terminal; the rest is only counted.
const TOLD_MAX: u64 = 20;

/// Carries out the commands of every file, in order.
pub(super) fn import(session: &mut Session<'_, '_>, asked: &super::args::Import) -> Result<(), Stop> {
    let lang = session.lang();
    let sources = open_all(&asked.files, lang)?;
    let importer =
        shown(|report| Importer::open_watched(&session.ledger, Arc::clone(&session.clock), report))
            .map_err(|error| Stop::open(&error, lang))?;
    let rejects = asked.rejects.as_deref().map(|path| Rejects::create(path, lang)).transpose()?;
    let bar = bar(sources.iter().map(|source| source.bytes).sum());
    let mut sum = Sum { files: sources.len(), dry_run: asked.dry_run, ..Sum::default() };
    let out = &mut *session.out;
    let mut watcher = Told {
        out,
        lang,
        file: String::new(),
        before: 0,
        bar,
        rejects,
        told: 0,
        failed: None,
        talk: Vec::new(),
    };
    let ran = run(importer, sources, &mut watcher, &mut sum, lang);
    // Whatever became of the import, what it refused is handed back.
    let kept = watcher.finish(&mut sum);
    ran?;
    let printed = if session.out.json { session.out.document(&sum) } else { Ok(()) };
    session.out.say(&sum.text(Lang::Zh), &sum.text(Lang::En));
    kept.map_err(|error| Stop::problem(unwritable(&error, lang)))?;
    // Before whether the sum was read: nobody hears of rejected lines by another way than the exit code then.
    if sum.rejected > 0 {
        return Err(Stop::Rejected);
    }
    Ok(printed?)
}

/// Imports every source in order, or rehearses that.
fn run(
    mut importer: Importer,
    sources: Vec<Source>,
    watcher: &mut Told<'_, '_>,
    sum: &mut Sum,
    lang: Lang,
) -> Result<(), Stop> {
    if sum.dry_run {
        let mut rehearsal = importer.rehearsal().map_err(|error| stopped(&error, "", lang))?;
        return each(sources, watcher, sum, lang, &mut |source, watcher| rehearsal.run(source, watcher));
    }
    each(sources, watcher, sum, lang, &mut |source, watcher| importer.run(source, watcher))?;
    importer.finish().map_err(|error| stopped(&error, "", lang))
}

type Reading = BufReader<Box<dyn Read + Send>>;

fn each(
    sources: Vec<Source>,
    watcher: &mut Told<'_, '_>,
    sum: &mut Sum,
    lang: Lang,
    run: &mut dyn FnMut(Reading, &mut dyn Watcher) -> Result<ImportReport, ImportError>,
) -> Result<(), Stop> {
    for source in sources {
        watcher.begin(&source);
        let ran = run(BufReader::with_capacity(1 << 20, source.reader), watcher);
        watcher.end(source.bytes);
        sum.add(ran.map_err(|error| stopped(&error, &source.name, lang))?);
    }
    Ok(())
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
    /// Lines of which `rejects` holds only the beginning.
    #[serde(skip_serializing_if = "Option::is_none")]
    cut: Option<u64>,
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
        let (all, new) = (many(lines, "line"), many(events, "event"));
        let mut text = match (lang, self.dry_run) {
            (Lang::Zh, true) => format!(
                "试行（未记录任何内容）：{lines} 行，可办理 {recorded}（{events} 个事件），已办理过 {repeated}，未通过 {rejected}"
            ),
            (Lang::Zh, false) => format!(
                "{lines} 行：办理 {recorded}（{events} 个事件），已办理过 {repeated}，未通过 {rejected}"
            ),
            (Lang::En, true) => format!(
                "dry run, nothing was recorded: {all}, {recorded} would be carried out ({new}), {repeated} were before, {rejected} rejected"
            ),
            (Lang::En, false) => {
                format!("{all}: {recorded} carried out ({new}), {repeated} were before, {rejected} rejected")
            }
        };
        if let (Some(rejects), Some(reasons)) = (&self.rejects, &self.reasons) {
            text.push_str(&match lang {
                Lang::Zh => format!("\n未通过的行原样在 {rejects}，原因在 {reasons}；改好后可直接再导入 {rejects}"),
                Lang::En => format!("\nrejected lines are in {rejects} as they were, why in {reasons}; mend {rejects} and import it"),
            });
        }
        if let Some(cut) = self.cut {
            text.push_str(&match lang {
                Lang::Zh => format!("\n其中 {cut} 行过长且来源不能读第二遍，只保留了前 {LINE_BYTES_MAX} 字节"),
                Lang::En => format!("\nof them cut to their first {LINE_BYTES_MAX} bytes, as they were longer and their source cannot be read twice: {cut}"),
            });
        }
        text
    }
}

struct Source {
    /// None of standard input.
    path: Option<PathBuf>,
    name: String,
    reader: Box<dyn Read + Send>,
    /// How long it is; 0 where that is not known beforehand.
    bytes: u64,
}

/// Opens every file before anything is imported: a slip in the third name does not leave two files done.
fn open_all(files: &[PathBuf], lang: Lang) -> Result<Vec<Source>, Stop> {
    files.iter().map(|path| open_one(path, lang)).collect()
}

fn open_one(path: &Path, lang: Lang) -> Result<Source, Stop> {
    if path == Path::new("-") {
        return Ok(Source {
            path: None,
            name: "<stdin>".to_owned(),
            reader: Box::new(io::stdin()),
            bytes: 0,
        });
    }
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
    Ok(Source { path: Some(path.to_owned()), name: name.clone(), bytes: about.len(), reader: Box::new(file) })
}

/// An import that could not go on.
fn stopped(error: &ImportError, file: &str, lang: Lang) -> Stop {
    match error {
        ImportError::Log { source, .. } => Stop::log(source, lang),
        ImportError::Views(source) => Stop::views(source, lang),
        ImportError::Source(_) | ImportError::Thread(_) => Stop::problem(
            Problem::new(Exit::Usage, "import-stopped", crate::text::words::chain(error)).file(file).advice(
                lang.of_two(
                    "已提交的都在；再次运行同一命令即从中断处继续",
                    "what was committed is there; the same command again goes on from there",
                ),
            ),
        ),
    }
}

/// Takes note of what becomes of each line.
struct Told<'a, 'b> {
    out: &'a mut Out<'b>,
    lang: Lang,
    file: String,
    /// Bytes of the files before this one.
    before: u64,
    bar: ProgressBar,
    rejects: Option<Rejects>,
    told: u64,
    failed: Option<io::Error>,
    /// What is still to be said.
    talk: Vec<String>,
}

impl Watcher for Told<'_, '_> {
    fn line(&mut self, result: LineResult) {
        let LineResult::Rejected(reject) = result else { return };
        let mut reason = Reason::of(&reject, &self.file, self.lang);
        if let Some(rejects) = &mut self.rejects
            && let Err(error) = rejects.put(&reject, &mut reason)
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
        self.hand_over();
    }
}

impl Told<'_, '_> {
    fn begin(&mut self, source: &Source) {
        self.file.clone_from(&source.name);
        if let Some(rejects) = &mut self.rejects {
            rejects.from(source.path.as_deref());
        }
    }

    fn end(&mut self, bytes: u64) {
        self.before += bytes;
        self.bar.set_position(self.before);
        self.hand_over();
    }

    /// Keeps and tells what was refused so far: an import that is interrupted leaves it behind.
    fn hand_over(&mut self) {
        if let Some(rejects) = &mut self.rejects
            && let Err(error) = rejects.flush()
        {
            self.failed.get_or_insert(error);
        }
        let out = &mut *self.out;
        for line in self.talk.drain(..) {
            self.bar.suspend(|| out.say(&line, &line));
        }
    }

    fn finish(mut self, sum: &mut Sum) -> io::Result<()> {
        self.bar.finish_and_clear();
        self.hand_over();
        if self.told > TOLD_MAX {
            let more = self.told - TOLD_MAX;
            self.out.say(&format!("……另有 {more} 行未通过"), &format!("… and {more} more rejected"));
        }
        let kept = self.rejects.take().map(Rejects::finish).transpose();
        self.failed.map_or(Ok(()), Err)?;
        if let Some(Kept { lines, reasons, cut }) = kept?.flatten() {
            sum.rejects = Some(lines.display().to_string());
            sum.reasons = Some(reasons.display().to_string());
            sum.cut = (cut > 0).then_some(cut);
        }
        Ok(())
    }
}
