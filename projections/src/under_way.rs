//! Whether the machine stopped while views were being written.
//!
//! The views are written without syncs: the log is synced, and what they say follows from it. So the end of a process harms them
//! in nothing, and a loss of power may leave any mixture of old and new pages, which no look at a row would tell. A file beside
//! them says, durably and before the first write, during which run of the machine they are written; whoever ends in
//! order syncs them and takes it away. Where one of another run is found, they are computed anew.

use crate::error::ViewError;
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Result, Write};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// Where Linux tells its runs apart.
const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";

/// The run of the machine this is; nothing on a system that does not tell. There the views are synced as they are written.
pub(crate) fn this_run() -> Option<&'static str> {
    static RUN: OnceLock<Option<String>> = OnceLock::new();
    let read = || std::fs::read_to_string(BOOT_ID).ok().map(|id| id.trim().to_owned());
    RUN.get_or_init(read).as_deref().filter(|id| !id.is_empty())
}

fn mark(views: &Path) -> PathBuf {
    beside(views, "-writing")
}

fn beside(views: &Path, suffix: &str) -> PathBuf {
    let mut name = views.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Whether views were being written in a run of the machine that is over.
///
/// # Errors
/// When that cannot be read.
pub(crate) fn was_cut_off(views: &Path) -> std::result::Result<bool, ViewError> {
    match std::fs::read_to_string(mark(views)) {
        Ok(run) => Ok(Some(run.as_str()) != this_run()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(ViewError::File(error)),
    }
}

/// Says that views are going to be written.
///
/// # Errors
/// When the file cannot be made: then nothing may be written.
pub(crate) fn begin(views: &Path) -> std::result::Result<(), ViewError> {
    let Some(run) = this_run() else { return Ok(()) };
    let say = || -> Result<()> {
        let path = mark(views);
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&path)?;
        file.write_all(run.as_bytes())?;
        file.sync_all()?;
        sync(path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new(".")))
    };
    say().map_err(ViewError::File)
}

/// Syncs views that nobody writes any more and says that they are whole. When that fails they are computed anew after the
/// next start of the machine, and go on as they are until then.
pub(crate) fn end(views: &Path) {
    if this_run().is_none() {
        return;
    }
    let say = || -> Result<()> {
        for file in [views.to_owned(), beside(views, "-wal")] {
            match sync(&file) {
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                synced => synced?,
            }
        }
        std::fs::remove_file(mark(views))
    };
    if let Err(error) = say()
        && error.kind() != ErrorKind::NotFound
    {
        tracing::warn!(error = &error as &dyn std::error::Error, "the views could not be synced");
    }
}

fn sync(path: &Path) -> Result<()> {
    File::open(path)?.sync_all()
}
