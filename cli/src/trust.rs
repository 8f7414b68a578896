//! The trust that an operator brings: trust lists, the pinned digest, and the time.

use crate::Failure;
use clap::Args;
use onecard::crypto::{Hash, sha256};
use onecard::ledger::witness_name;
use onecard::time::UnixTime;
use onecard::tlog::{KeyKind, NoteVerifier};
use onecard::trust::{KeyEntry, Role, TrustHistory, TrustList};
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// How an operator says what to trust.
#[derive(Args, Debug)]
pub(crate) struct Trust {
    /// The trust list to start from, the federation's first or a later one; then, with --trust again,
    /// each one that follows.
    #[arg(long = "trust", value_name = "FILE")]
    lists: Vec<PathBuf>,
    /// SHA-256 of the trust list to start from, in hexadecimal. Without it the file is taken at your word.
    #[arg(long, value_name = "HEX", value_parser = hash)]
    pub(crate) anchor: Option<Hash>,
    /// Verify as of this time, in Unix seconds, instead of now.
    #[arg(long, value_name = "SECONDS", value_parser = time)]
    at: Option<UnixTime>,
}

impl Trust {
    /// The lists, where there are any; each must follow the one before.
    pub(crate) fn lists(&self) -> Result<Option<TrustHistory>, Failure> {
        let Some((first, later)) = self.lists.split_first() else { return Ok(None) };
        let refused = |path: &Path, why: &dyn std::fmt::Display| Failure::Refused(format!("{}: {why}", path.display()));
        let bytes = read(first)?;
        let anchor = self.anchor.unwrap_or_else(|| sha256(&[&bytes]));
        let list = TrustList::pinned(&bytes, &anchor).map_err(|error| refused(first, &error))?;
        let mut history = TrustHistory::from(list);
        for path in later {
            history.push(&read(path)?).map_err(|error| refused(path, &error))?;
        }
        Ok(Some(history))
    }

    /// The lists.
    pub(crate) fn required(&self) -> Result<TrustHistory, Failure> {
        self.lists()?.ok_or_else(|| Failure::Usage("--trust FILE is needed".into()))
    }

    /// When to verify.
    pub(crate) fn time(&self) -> Result<UnixTime, Failure> {
        if let Some(at) = self.at {
            return Ok(at);
        }
        let now = SystemTime::now().duration_since(UNIX_EPOCH).ok();
        let now = now.and_then(|now| UnixTime::try_from(now.as_secs()).ok());
        now.ok_or_else(|| Failure::Usage("the clock shows an impossible time; give --at SECONDS".into()))
    }
}

/// Reads a file, but no more than a little over the largest document.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    const MOST: u64 = onecard::limits::MAX_SEGMENT as u64 + 1;
    let failed = |error: std::io::Error| Failure::Usage(format!("{}: {error}", path.display()));
    let mut bytes = Vec::new();
    File::open(path).map_err(failed)?.take(MOST).read_to_end(&mut bytes).map_err(failed)?;
    Ok(bytes)
}

/// Writes a file, in the place of what is there.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    std::fs::write(path, bytes).map_err(|error| Failure::Usage(format!("{}: {error}", path.display())))
}

/// Writes a file that its owner alone may read, in the place of what is there: passes, places and times are in it.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let written = || {
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut options = File::options();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(path)?.write_all(bytes)
    };
    written().map_err(|error| Failure::Usage(format!("{}: {error}", path.display())))
}

/// The keys of logs and witnesses as lines of a tlog-policy.
pub(crate) fn vkeys(list: &TrustList) -> Vec<String> {
    let mut lines = vec![format!("# {}, trust list {}", list.federation(), list.sequence())];
    let validity = |entry: &KeyEntry| format!("{} to {}", entry.not_before, entry.not_after);
    for (member, entry) in list.keys(Role::Log) {
        if let Ok(vkey) = NoteVerifier::new(&list.ledger_origin(member.id), KeyKind::Ed25519, entry.key) {
            lines.push(format!("# {:?}, {}", member.name_en, validity(entry)));
            lines.push(format!("log {vkey}"));
        }
    }
    for (member, entry) in list.keys(Role::Witness) {
        if let Ok(name) = witness_name(list, member.id) {
            lines.push(format!("# {:?}, {}", member.name_en, validity(entry)));
            lines.push(format!("witness {} {}", member.id, NoteVerifier::of(name, KeyKind::Cosignature, entry.key)));
        }
    }
    lines
}

/// Reads a digest.
pub(crate) fn hash(text: &str) -> Result<Hash, String> {
    let digits = text.as_bytes();
    let mut hash = [0; 32];
    if digits.len() != 64 || !digits.iter().all(u8::is_ascii_hexdigit) {
        return Err("64 hexadecimal digits are needed".into());
    }
    for (byte, pair) in hash.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        let pair = core::str::from_utf8(pair).map_err(|error| error.to_string())?;
        *byte = u8::from_str_radix(pair, 16).map_err(|error| error.to_string())?;
    }
    Ok(Hash(hash))
}

/// Reads a time.
pub(crate) fn time(text: &str) -> Result<UnixTime, String> {
    let seconds: i64 = text.parse().map_err(|_| "a number of seconds is needed")?;
    UnixTime::new(seconds).map_err(|error| error.to_string())
}
