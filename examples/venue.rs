//! A venue's gate that starts from files: it reads codes from standard input, one a line, as a scanner that types them
//! does, and answers each on standard output.
//!
//! ```sh
//! cargo run --example venue -- STORE SEED CERTIFICATE ANCHOR LIST...
//! ```
//!
//! STORE is the gate's journal, made when it is not there; SEED a file with the 32 secret bytes of the gate's key;
//! CERTIFICATE a file with its certificate; ANCHOR the pinned SHA-256 of the federation's first trust list in hex; each
//! LIST a file as cities publish it: trust-list-*, catalogue-*, status-*, older ones first. An answer is "open", "staff" or
//! "closed", the number of the reason, what is to be paid in fen, and what the screen shows, with tabs between.
//!
//! An answer is printed after its record is durable, so the program may be killed at any time and started again. At the
//! end of the input it seals the journal and writes what its city wants to STORE.segment. `ONECARD_NOW` in the environment
//! stands for the clock, in Unix seconds. `ffi/examples/turnstile.c` is the same program in C.

use onecard::crypto::{Hash, SigningKey};
use onecard::gate::{Admitted, Decision, Gate, JournalError, OpenError, Scan};
use onecard::limits::MAX_TEXT;
use onecard::time::UnixTime;
use onecard::tlog::MemoryStorage;
use onecard::trust::{Bundle, TrustList};
use onecard_store::{RedbStorage, StoreError};
use std::io::{self, BufRead, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::{error::Error, fs, process::ExitCode, time::SystemTime};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// The wall clock, which a service such as NTP keeps right.
fn now() -> Outcome<UnixTime> {
    let seconds = match std::env::var("ONECARD_NOW") {
        Ok(fixed) => fixed.parse()?,
        Err(_) => SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_secs().try_into()?,
    };
    Ok(UnixTime::new(seconds)?)
}

fn is_kind(path: &Path, kind: &str) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(kind))
}

/// Everything that the gate decides by, verified from the anchor on.
fn load_lists(anchor: &Hash, paths: &[PathBuf], now: UnixTime) -> Outcome<Bundle> {
    let read = |path: &PathBuf| fs::read(path).map_err(|error| format!("{}: {error}", path.display()));
    let (trust_lists, others): (Vec<_>, Vec<_>) = paths.iter().partition(|path| is_kind(path, "trust-list-"));
    let [first, later @ ..] = &trust_lists[..] else { return Err("no trust list is given".into()) };
    let mut bundle = Bundle::new(TrustList::genesis(&read(first)?, anchor)?);
    for path in later {
        bundle.update_trust(&read(path)?, now)?;
    }
    for path in others {
        if is_kind(path, "catalogue-") {
            bundle.update_catalogue(&read(path)?, now)?;
        } else if is_kind(path, "status-") {
            bundle.update_status(&read(path)?, now)?;
        }
    }
    Ok(bundle)
}

fn open_gate(store: &Path, seed: &Path, certificate: &Path, bundle: Bundle) -> Outcome<Gate<RedbStorage>> {
    let seed: [u8; 32] = fs::read(seed)?.try_into().map_err(|_| "a seed has 32 bytes")?;
    let (key, certificate, now) = (SigningKey::from_seed(&seed), fs::read(certificate)?, now()?);
    let storage = match RedbStorage::open(store) {
        // What is no store yet may be one whose creation was cut short; any other file is refused again, and unchanged.
        Err(StoreError::Missing(_) | StoreError::NotAStore(_)) => {
            // Everything but the store is tried first, so a start that fails leaves none behind.
            Gate::open(MemoryStorage::new(), key.clone(), &certificate, bundle.clone(), now)?;
            RedbStorage::create(store)
        }
        opened => opened,
    };
    Ok(Gate::open(storage?, key, &certificate, bundle, now)?)
}

fn is_clock(error: &(dyn Error + 'static)) -> bool {
    matches!(error.downcast_ref(), Some(OpenError::<StoreError>::Journal(JournalError::Clock { .. })))
}

/// What a turnstile does, and what its screen shows.
fn answer(decision: &Decision) -> String {
    let (barrier, due) = match decision {
        Decision::Admitted(Admitted { due_fen, .. }) => ("open", *due_fen),
        // A member of the staff looks at the document, and scans again with what was seen.
        Decision::Referred(_) => ("staff", 0),
        Decision::Denied(_) => ("closed", 0),
    };
    let reason = decision.reason();
    let screen = if reason.shows_detail() { reason.text_en() } else { "please see staff" };
    format!("{barrier}\t{}\t{due}\t{screen}", reason.number())
}

/// The next line without its end. What is longer than any code is read to its end, and refused by its length.
fn next_line(input: &mut impl BufRead) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    // One byte more than a code has, and a line end of two.
    let most = u64::try_from(MAX_TEXT).unwrap_or(u64::MAX).saturating_add(3);
    if input.take(most).read_until(b'\n', &mut line)? == 0 {
        return Ok(None);
    }
    if line.pop_if(|last| *last == b'\n').is_none() {
        input.skip_until(b'\n')?;
    }
    line.pop_if(|last| *last == b'\r');
    Ok(Some(line))
}

/// Seals the journal and writes it whole, for its city. It is written beside and renamed: never half a segment.
fn hand_over(gate: &mut Gate<RedbStorage>, store: &Path) -> Outcome<()> {
    gate.seal()?;
    let segment = gate.segment(0)?.ok_or("nothing to hand over")?;
    let named = |end: &str| {
        let mut name = store.as_os_str().to_owned();
        name.push(end);
        PathBuf::from(name)
    };
    let (path, beside) = (named(".segment"), named(".segment.new"));
    fs::write(&beside, segment.encode())?;
    fs::rename(&beside, &path)?;
    Ok(writeln!(io::stdout(), "sealed\t{}", gate.log().size())?)
}

fn run(store: &Path, seed: &Path, certificate: &Path, anchor: &str, lists: &[PathBuf]) -> Outcome<()> {
    let bundle = load_lists(&anchor.parse()?, lists, now()?)?;
    let mut gate = match open_gate(store, seed, certificate, bundle) {
        // A person who knows the time may open it with `OpenOptions::set_clock`.
        Err(error) if is_clock(&*error) => {
            return Err(format!("set the clock of this machine first: {error}").into());
        }
        opened => opened?,
    };
    // What would fail within a day goes to the operator, not to the visitor.
    for fault in gate.self_test(now()?) {
        _ = writeln!(io::stderr(), "from {}: {}", fault.from, fault.trouble.text_en());
    }
    let (mut input, mut output) = (io::stdin().lock(), io::stdout());
    while let Some(code) = next_line(&mut input)? {
        let decision = gate.admit(Scan::text(&code), now()?);
        writeln!(output, "{}", answer(&decision))?;
        output.flush()?;
    }
    hand_over(&mut gate, store)
}

/// Ends, and says why where anybody reads it.
fn end(why: &str, code: u8) -> ExitCode {
    _ = writeln!(io::stderr(), "{why}");
    code.into()
}

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [store, seed, certificate, anchor, lists @ ..] = &arguments[..] else {
        return end("usage: venue STORE SEED CERTIFICATE ANCHOR LIST...", 2);
    };
    let ran = run(store, seed, certificate, &anchor.to_string_lossy(), lists);
    ran.map_or_else(|error| end(&format!("venue: {error}"), 1), |()| ExitCode::SUCCESS)
}
