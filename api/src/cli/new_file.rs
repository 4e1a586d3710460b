//! Files that the program makes for people: new ones, for their owner only, never in the place of what is there.

use super::exit::{Exit, Problem};
use crate::answers::Lang;
use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

/// Makes a file that is not there yet. It may hold what only its owner may read, as the ledger does.
pub(super) fn make(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// What is in the way of a name that is taken.
pub(super) fn there_already(path: &Path, lang: Lang) -> Problem {
    let message = lang.of_two("文件已存在，不会覆盖", "a file of this name is there and is not written over");
    Problem::new(Exit::Usage, "file-exists", message.to_owned()).file(&path.display().to_string())
}
