//! A venue's gate: open, ask what fails tonight, decide on every scan, annul, close the day, hand over.
//!
//! `cargo run --example gate`. The federation, its lists and the visitors come from the tests; a venue gets them from
//! its city and its scanner, and keeps its journal in `onecard_store::RedbStorage`.

#[path = "../tests/federation/mod.rs"]
mod federation;

use federation::{NOW, anchor, catalogue, certificate, code, gate_seed, status, time, trust};
use onecard::crypto::SigningKey;
use onecard::gate::{Admitted, Decision, Gate, Identity, Override, Reason, Refusal, Scan, Shown, SyncInput};
use onecard::pass::flags;
use onecard::tlog::{MemoryStorage, Storage};
use onecard::trust::{Bundle, TrustList};
use std::{error::Error, io::Write as _, io::stdout};

/// What the barrier does, and what the screen says.
fn answer(decision: &Decision) -> String {
    match decision {
        Decision::Admitted(Admitted { reason, due_fen, uses_left, .. }) => {
            format!("opens: {}; {due_fen} fen to pay, {uses_left:?} uses left", reason.text_en())
        }
        Decision::Referred(refusal) => format!("a person decides: {}", screen(refusal)),
        Decision::Denied(refusal) => format!("stays closed: {}", screen(refusal)),
    }
}

fn screen(Refusal { reason, next }: &Refusal) -> String {
    let text = if reason.shows_detail() { reason.text_en() } else { "Please see staff" };
    next.map_or_else(|| text.to_owned(), |next| format!("{text}; from {next}"))
}

pub(crate) fn main() -> Result<(), Box<dyn Error>> {
    // The pin of the first trust list is built in; everything else is verified from there.
    let mut bundle = Bundle::new(TrustList::genesis(&trust(1), &anchor())?);
    bundle.update_catalogue(&catalogue(1, 2), time(NOW))?;
    bundle.update_status(&status(NOW - 100, &[13]), time(NOW))?;
    let key = SigningKey::from_seed(&gate_seed());
    let mut gate = Gate::open(MemoryStorage::new(), key, &certificate(), bundle, time(NOW))?;
    for fault in gate.self_test(time(NOW)) {
        writeln!(stdout(), "from {}: {}", fault.from, fault.trouble.text_en())?;
    }

    let (good, half) = (code(1, NOW, |_| {}), code(2, NOW, |claims| claims.product = (2, 1)));
    let (checked, revoked) = (code(3, NOW, |claims| claims.flags = flags::ID_CHECK), code(13, NOW, |_| {}));
    for (second, text) in (1..).zip([&good, &good, &half, &checked, &revoked, "not a code"]) {
        let now = time(NOW + second);
        let decision = gate.admit(Scan::text(text.as_bytes()), now);
        writeln!(stdout(), "{}", answer(&decision))?;
        match decision {
            // The visitor turned round before the barrier: the use is given back.
            Decision::Admitted(admitted) if admitted.reason == Reason::CoPayment => gate.annul(admitted.index, now)?,
            // The document was compared by hand: the same scan again says so.
            Decision::Referred(refusal) if refusal.reason == Reason::IdCheck => {
                let scan = Scan { shown: Shown::Text(text.as_bytes()), party: 1, identity: Identity::Compared };
                writeln!(stdout(), "then {}", answer(&gate.admit(scan, now)))?;
            }
            // Staff may let in whom the gate refused: with who and why, and never as a use of the pass.
            Decision::Denied(refusal) if refusal.reason == Reason::Unreadable => {
                let by = Override { refused: refusal.reason, operator: 4_711, why: 2, party: 1 };
                writeln!(stdout(), "by hand, record {}", gate.let_in(by, now)?)?;
            }
            Decision::Admitted(_) | Decision::Referred(_) | Decision::Denied(_) => {}
        }
    }
    evening(&mut gate)
}

/// When the network is there: new lists from the city, the sealed journal to it.
fn evening<S: Storage<Error: Error + 'static>>(gate: &mut Gate<S>) -> Result<(), Box<dyn Error>> {
    let now = time(NOW + 36_000);
    gate.sync(&SyncInput { status_lists: &[&status(NOW + 30_000, &[13])], ..SyncInput::default() }, now)?;
    writeln!(stdout(), "{:?}; refused: {:?}", gate.totals(), gate.refused())?;
    gate.close_day(now.service_day(0), now)?;
    gate.seal()?;
    let segment = gate.segment(0)?.ok_or("nothing to hand over")?;
    writeln!(stdout(), "{} records, {} bytes for the city", segment.records.len(), segment.encode().len())?;
    Ok(())
}
