//! The trust that an operator brings: trust lists, the pinned digest, and the time.

use crate::failure::Failure;
use crate::files::read;
use clap::Args;
use onecard::crypto::{Hash, sha256};
use onecard::ledger::witness_name;
use onecard::limits::MAX_TRUST_LIST;
use onecard::time::UnixTime;
use onecard::tlog::{KeyKind, NoteVerifier};
use onecard::trust::{KeyEntry, Role, TrustHistory, TrustList};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// The trust lists that an operator brings.
#[derive(Args, Debug)]
pub(crate) struct Lists {
    /// The trust list to start from, the federation's first or a later one; then, with --trust again,
    /// each one that follows.
    #[arg(id = "lists", long = "trust", value_name = "FILE")]
    files: Vec<PathBuf>,
    /// SHA-256 of the trust list to start from, in hexadecimal. Without it the file is taken at your word.
    #[arg(long, value_name = "HEX")]
    pub(crate) anchor: Option<Hash>,
}

/// How an operator says what to trust.
#[derive(Args, Debug)]
pub(crate) struct Trust {
    #[command(flatten)]
    pub(crate) lists: Lists,
    /// Verify as of this time, in Unix seconds, instead of now.
    #[arg(long, value_name = "SECONDS", requires = "lists", value_parser = time)]
    at: Option<UnixTime>,
}

impl Lists {
    /// The lists, where there are any; each must follow the one before.
    pub(crate) fn read(&self) -> Result<Option<TrustHistory>, Failure> {
        let Some((first, later)) = self.files.split_first() else { return Ok(None) };
        let refused = |path: &Path, why: &dyn std::fmt::Display| Failure::Refused(format!("{}: {why}", path.display()));
        let bytes = read(first, MAX_TRUST_LIST)?;
        let anchor = self.anchor.unwrap_or_else(|| sha256(&[&bytes]));
        let list = TrustList::pinned(&bytes, &anchor).map_err(|error| refused(first, &error))?;
        let mut history = TrustHistory::from(list);
        for path in later {
            history.push(&read(path, MAX_TRUST_LIST)?).map_err(|error| refused(path, &error))?;
        }
        Ok(Some(history))
    }

    /// The lists.
    pub(crate) fn required(&self) -> Result<TrustHistory, Failure> {
        self.read()?.ok_or_else(|| Failure::Usage("--trust FILE is needed".into()))
    }
}

impl Trust {
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

/// Reads a time.
pub(crate) fn time(text: &str) -> Result<UnixTime, String> {
    let seconds: i64 = text.parse().map_err(|_| "a number of seconds is needed")?;
    UnixTime::new(seconds).map_err(|error| error.to_string())
}
