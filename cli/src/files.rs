//! Files and the standard streams. What is read has a bound; what is written is there whole or not at all.

use crate::failure::Failure;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

/// The standard input or output in the place of a file.
const STANDARD: &str = "-";

/// How often another name is tried for a file that is not finished.
const TRIES: u32 = 16;

/// Whether a path stands for the standard input or output.
pub(crate) fn is_standard(path: &Path) -> bool {
    path.as_os_str() == STANDARD
}

/// Reads a file of at most this many bytes. Its size is looked at first, and it is waited for nobody.
pub(crate) fn read(path: &Path, most: usize) -> Result<Vec<u8>, Failure> {
    let failed = |error| Failure::io(path, &error);
    let too_long = || Failure::Refused(format!("{}: more than {most} bytes", path.display()));
    let most = u64::try_from(most).unwrap_or(u64::MAX);
    let mut bytes = Vec::new();
    let input: Box<dyn Read> = if is_standard(path) {
        static WAS_READ: AtomicBool = AtomicBool::new(false);
        if WAS_READ.swap(true, Ordering::Relaxed) {
            return Err(Failure::Usage("the standard input is read once".into()));
        }
        Box::new(io::stdin().lock())
    } else {
        let file = open(path).map_err(failed)?;
        let found = file.metadata().map_err(failed)?;
        if !found.is_file() {
            return Err(not_a_file(path));
        }
        if found.len() > most {
            return Err(too_long());
        }
        Box::new(file)
    };
    input.take(most.saturating_add(1)).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > most { Err(too_long()) } else { Ok(bytes) }
}

/// Opens a file to be read. A pipe or a device is opened too, without waiting for whoever writes to it.
fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, libc::O_NONBLOCK | libc::O_NOCTTY);
    options.open(path)
}

fn not_a_file(path: &Path) -> Failure {
    Failure::Usage(format!("{} is not a plain file; - is the standard input or output", path.display()))
}

/// Who may read a file that is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum For {
    /// As the system has it for every new file.
    All,
    /// Its owner alone.
    Owner,
}

/// A file that is to be written. It is made beside its place at once, so that what keeps it from being written shows before
/// the work begins, and gets its name when it is whole. Where that never happens, what was there before stays.
#[derive(Debug)]
pub(crate) struct Output(Option<Unfinished>);

#[derive(Debug)]
struct Unfinished {
    file: File,
    beside: PathBuf,
    path: PathBuf,
}

impl Output {
    /// Makes it; nothing is followed that stands in its place, be it a link or a device.
    pub(crate) fn create(path: &Path, readers: For) -> Result<Self, Failure> {
        if is_standard(path) {
            return Ok(Self(None));
        }
        let failed = |error| Failure::io(path, &error);
        match fs::symlink_metadata(path) {
            Ok(found) if !found.is_file() => return Err(not_a_file(path)),
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
        let name = path.file_name().ok_or_else(|| not_a_file(path))?;
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        if readers == For::Owner {
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        }
        let mut tried = 0_u32;
        loop {
            let mut beside = name.to_owned();
            beside.push(format!(".{}-{tried}.new", std::process::id()));
            let beside = path.with_file_name(beside);
            match options.open(&beside) {
                Ok(file) => return Ok(Self(Some(Unfinished { file, beside, path: path.into() }))),
                // Somebody else's, or left by a run that was ended.
                Err(error) if error.kind() == ErrorKind::AlreadyExists && tried < TRIES => {
                    tried = tried.saturating_add(1);
                }
                Err(error) => return Err(failed(error)),
            }
        }
    }

    /// Writes all of it, in the place of what is there.
    pub(crate) fn write(self, bytes: &[u8]) -> Result<(), Failure> {
        match &self.0 {
            None => print(io::stdout().lock(), bytes)
                .map_err(|error| Failure::Usage(format!("the standard output cannot be written: {error}"))),
            Some(Unfinished { file, beside, path }) => {
                let mut file = file;
                let written = file.write_all(bytes).and_then(|()| file.sync_all());
                written.and_then(|()| fs::rename(beside, path)).map_err(|error| Failure::io(path, &error))
            }
        }
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        if let Some(unfinished) = &self.0 {
            // Once it has its name, there is none of this one.
            drop(fs::remove_file(&unfinished.beside));
        }
    }
}

/// Prints all of it. That nobody reads to the end is nobody's fault.
pub(crate) fn print(mut to: impl Write, bytes: &[u8]) -> io::Result<()> {
    match to.write_all(bytes).and_then(|()| to.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        printed => printed,
    }
}
