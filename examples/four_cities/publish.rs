//! What the day leaves in DIR: everything an auditor needs, in standard formats, and a kit to start a gate with.

use crate::Result;
use crate::federation::{Federation, Platform};
use crate::products::Kind;
use crate::world::{World, at};
use onecard::crypto::{VerifyingKey, sha256};
use onecard::id::MemberId;
use onecard::ledger::{Receipt, journal_verifier, log_verifiers, witness_name};
use onecard::tlog::{KeyKind, NoteVerifier, SignedCheckpoint};
use onecard::wire::{cose, text};
use onecard_cli::qr::Symbol;
use std::fs;
use std::path::Path;

/// Writes trust list, catalogues, status lists and public keys.
pub(crate) fn lists(world: &World, federation: &Federation, dir: &Path) -> Result {
    let now = at(10, 1, 12, 0);
    write(dir, &format!("trust/trust-list-{}.cose", world.trust.sequence()), world.trust.as_bytes())?;
    for (city, platform) in world.cities.iter().zip(&federation.platforms) {
        let id = city.id;
        write(dir, &format!("trust/catalogue-{id}-1.cose"), &city.catalogue)?;
        for (number, list) in (1..).zip(&platform.status_lists) {
            write(dir, &format!("trust/status-{id}-{number}.cose"), list)?;
        }
        write(dir, &format!("keys/{id}-issuer.cosekey"), &cose::public_key(&city.issuer.verifying_key()))?;
        let log = log_verifiers(&world.trust, id, now).pop().ok_or("no log key")?;
        write(dir, &format!("keys/{id}-log.vkey"), log.to_string().as_bytes())?;
        witness_key(world, id, city.witness.verifying_key(), dir)?;
    }
    witness_key(world, world.auditor, world.auditor_witness.verifying_key(), dir)
}

/// Writes the first pass of each kind: the pass, what its holder shows at nine, and that as a QR code.
pub(crate) fn passes(world: &World, dir: &Path) -> Result {
    for number in 0..world.passes.min(Kind::ALL.len() as u32) {
        let (pass, id) = (world.pass(number), world.pass_id(number));
        let presentation = world.presentation(number, pass, at(10, 1, 9, 0));
        let text = text::encode(&presentation);
        write(dir, &format!("passes/{id}.cose"), pass)?;
        write(dir, &format!("passes/{id}.txt"), text.as_bytes())?;
        write(dir, &format!("passes/{id}.png"), &Symbol::new(&presentation)?.png()?)?;
        write(dir, &format!("presentations/{id}.cose"), &presentation)?;
    }
    Ok(())
}

/// Writes what a developer needs to start a gate on this day, as `examples/venue.rs` does: the secret seed and the certificate
/// of a gate that took no part in it, the anchor, a code that is shown to it, and the second at which that is good.
pub(crate) fn kit(world: &World, dir: &Path) -> Result {
    // After the last status list of the day.
    let ((key, certificate), now) = (world.spare_gate(), at(10, 1, 19, 0));
    let anchor = sha256(&[world.trust.as_bytes()]);
    write(dir, "kit/seed", key.to_seed().as_slice())?;
    write(dir, "kit/certificate", &certificate)?;
    write(dir, "kit/anchor", &anchor.0)?;
    write(dir, "kit/anchor.hex", format!("{anchor}\n").as_bytes())?;
    write(dir, "kit/code.txt", format!("{}\n", world.code(0, world.pass(0), now)).as_bytes())?;
    write(dir, "kit/now", format!("{}\n", now.seconds()).as_bytes())
}

/// Writes the journals with their evidence.
pub(crate) fn journals(platform: &Platform, dir: &Path) -> Result {
    let (ledger, member) = (&platform.ledger, platform.ledger.member());
    for (number, journal) in ledger.journals() {
        let Some(note) = journal.log().kept_checkpoint(ledger.storage())? else { continue };
        let verifier = journal_verifier(ledger.trust(), journal.certificate())?;
        let signed = SignedCheckpoint::verify(&note, &verifier)?;
        // Evidence is personal and is erased first, so it lies apart from what stays for good.
        let (place, evidence) = (format!("journal/{member}/{number}"), format!("evidence/{member}/{number}"));
        let (place, evidence) = (dir.join(place), dir.join(evidence));
        onecard_store::publish(ledger.storage(), journal.log(), &signed, &place, Some(&evidence))?;
    }
    Ok(())
}

/// Writes one ledger as it is at its newest checkpoint, beside what was there of earlier ones.
pub(crate) fn ledger(platform: &Platform, signed: &SignedCheckpoint, dir: &Path) -> Result {
    let place = dir.join(format!("ledger/{}", platform.ledger.member()));
    Ok(onecard_store::publish(platform.ledger.storage(), platform.ledger.log(), signed, &place, None)?)
}

/// Writes the receipt of one redemption, after checking it as its holder would.
pub(crate) fn receipt(world: &World, platform: &Platform, gate: u32, index: u64, dir: &Path) -> Result {
    let text = platform.ledger.receipt(gate, index)?.to_text();
    Receipt::parse(text.as_bytes())?.verify(&world.trust.clone().into())?;
    let name = format!("receipts/{}-{gate}-{index}.tlog-proof", platform.ledger.member());
    write(dir, &name, text.as_bytes())
}

/// Writes one file below `dir`.
pub(crate) fn write(dir: &Path, name: &str, bytes: &[u8]) -> Result {
    let path = dir.join(name);
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    Ok(fs::write(path, bytes)?)
}

fn witness_key(world: &World, member: MemberId, key: VerifyingKey, dir: &Path) -> Result {
    let verifier = NoteVerifier::of(witness_name(&world.trust, member)?, KeyKind::Cosignature, key);
    write(dir, &format!("keys/{member}-witness.vkey"), verifier.to_string().as_bytes())
}
