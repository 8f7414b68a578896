//! Whole files and their names. A file that was synced is there after a power cut, but only under a name whose
//! directory was synced too; so each of these steps is one of its own, and tests let each of them fail.

use core::fmt::Debug;
use onecard::audit::Printed;
use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

/// Who may read a file that is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Readers {
    /// Whom the mask of the process lets.
    ByMask,
    /// Its owner alone: passes, places and times are in it.
    Owner,
}

/// A file that is made by these is its owner's alone, whatever the mask of the process lets others do.
pub(crate) fn owner_alone(options: &mut OpenOptions) {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    #[cfg(not(unix))]
    let _ = options;
}

/// What is done to names.
pub(crate) trait Names: Debug {
    /// Makes a directory whose parent is there, if it is not there itself.
    fn make_directory(&self, path: &Path) -> io::Result<()>;

    /// Writes a new file, with what is in it durable, in the place of whatever has that name.
    fn write(&self, path: &Path, bytes: &[u8], readers: Readers) -> io::Result<()>;

    /// Gives a file another name in the same directory, whatever had that name.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Removes a file, if it is there.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Removes a directory, if it is there and empty.
    fn remove_directory(&self, path: &Path) -> io::Result<()>;

    /// Makes durable which names are in a directory.
    fn sync(&self, directory: &Path) -> io::Result<()>;
}

/// Those of the file system.
#[derive(Debug)]
pub(crate) struct InFileSystem;

impl Names for InFileSystem {
    fn make_directory(&self, path: &Path) -> io::Result<()> {
        match fs::create_dir(path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            made => made,
        }
    }

    fn write(&self, path: &Path, bytes: &[u8], readers: Readers) -> io::Result<()> {
        // What an earlier write left, or a link that somebody planted: nothing is written through it.
        self.remove(path)?;
        let mut options = File::options();
        options.write(true).create_new(true);
        if readers == Readers::Owner {
            owner_alone(&mut options);
        }
        let mut file = options.open(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    fn remove_directory(&self, path: &Path) -> io::Result<()> {
        use io::ErrorKind::{DirectoryNotEmpty, NotFound};
        match fs::remove_dir(path) {
            Err(error) if !matches!(error.kind(), NotFound | DirectoryNotEmpty) => Err(error),
            _ => Ok(()),
        }
    }

    fn sync(&self, directory: &Path) -> io::Result<()> {
        // Only on Unix can a directory be opened and synced.
        if cfg!(unix) { File::open(directory)?.sync_all() } else { Ok(()) }
    }
}

/// The directory of a file.
pub(crate) fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A path as it is printed: whoever gave a file its name does not move the reader's cursor.
pub(crate) fn shown(path: &Path) -> String {
    Printed(&path.to_string_lossy()).to_string()
}

/// How the name of a file ends before it gets its own.
pub(crate) const UNFINISHED: &str = ".new";

/// Where a file is written before it gets its name.
pub(crate) fn unfinished(path: &Path) -> PathBuf {
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(UNFINISHED);
    PathBuf::from(unfinished)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_one_harmless_line() {
        let path = PathBuf::from("a\n\u{1b}[2J\u{202e}b");
        let shown = r"a\n\u{1b}[2J\u{202e}b";
        let folder = crate::FolderError::NotAFile(path.clone()).to_string();
        let store = crate::StoreError::InUse(path.clone()).to_string();
        let rebuild = crate::RebuildError::Missing(path).to_string();
        assert!([folder, store, rebuild].iter().all(|said| said.contains(shown) && !said.contains(char::is_control)));
    }
}
