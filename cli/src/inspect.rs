//! Says what a file is, and verifies it where the operator brings trust.

use crate::document::{self, LONGEST, Type};
use crate::dump;
use crate::failure::Failure;
use crate::files::read;
use crate::trust::Trust;
use onecard::gate::{Record, UsageDigest};
use onecard::ledger::{LedgerCheckpoint, Receipt, journal_verifier, witness_name};
use onecard::limits::{MAX_GATE_CERTIFICATE, MAX_PROOF};
use onecard::pass::{self, Audience, PassError, Proof};
use onecard::time::UnixTime;
use onecard::tlog::{Checkpoint, Note, SignedCheckpoint};
use onecard::trust::{Age, Bundle, Catalogue, GateCertificate, StatusList, TrustHistory, TrustList};
use std::path::Path;

/// The command `inspect`.
pub(crate) fn inspect(out: &mut String, file: &Path, certificate: Option<&Path>, trust: &Trust) -> Result<(), Failure> {
    let file = read(file, LONGEST)?;
    // Nothing is shown of a file whose trust cannot be had.
    let lists = trust.lists.read()?;
    let (kind, bytes) = document::show(out, file).map_err(Failure::Refused)?;
    dump::label(out, "sha-256", 2);
    dump::line(out, &onecard::crypto::sha256(&[&bytes]).to_string());
    if kind == Type::TrustList {
        only_a_journal_has(certificate, kind)?;
        return trust_list(out, &bytes, lists.as_ref().map(TrustHistory::newest), trust);
    }
    let Some(lists) = lists else {
        if trust.lists.anchor.is_some() {
            let why = format!("--anchor pins a trust list: to verify a {}, give --trust FILE too", kind.name());
            return Err(Failure::Usage(why));
        }
        verdict(out, "not verified: give --trust FILE to verify it");
        return Ok(());
    };
    let at = trust.time()?;
    let list = lists.at(at);
    dump::label(out, "verifying as of", 0);
    dump::line(out, &format!("{at}, under trust list {} of {}", list.sequence(), list.federation()));
    if trust.lists.anchor.is_none() {
        verdict(out, "note: the first trust list is not pinned; give --anchor HEX to pin it");
    }
    if at >= list.expires() {
        verdict(out, &format!("note: this trust list expired at {}", list.expires()));
    }
    if kind != Type::Checkpoint {
        only_a_journal_has(certificate, kind)?;
    }
    match kind {
        Type::Pass | Type::Presentation => presentation(out, &bytes, list, at),
        Type::Catalogue => {
            Catalogue::verify(&bytes, &lists).map_err(refused)?;
            verdict(out, "verified: signed by its member's registrar");
            Ok(())
        }
        Type::StatusList => status_list(out, &bytes, list, at),
        Type::GateCertificate => {
            let certificate = GateCertificate::verify(&bytes, &lists).map_err(refused)?;
            if !certificate.covers(at) {
                return Err(Failure::Refused(format!("the certificate is not in force at {at}")));
            }
            verdict(out, "verified: signed by its member's registrar, and in force");
            Ok(())
        }
        Type::Checkpoint => checkpoint(out, &bytes, certificate, &lists),
        Type::Receipt => receipt(out, &bytes, &lists, at),
        Type::UsageDigest => {
            UsageDigest::verify(&bytes, &lists).map_err(refused)?;
            verdict(out, "verified: signed by its city's log");
            Ok(())
        }
        Type::Bundle => {
            Bundle::load(&bytes, &lists.first().digest()).map_err(refused)?;
            verdict(out, "verified: every list in it, from the first trust list given");
            Ok(())
        }
        Type::Statement => Err(Failure::Usage("not verified: a statement is verified by an audit".into())),
        Type::OverUse => Err(Failure::Usage("not verified: verify-over-use verifies a file of over-use".into())),
        Type::Segment => Err(Failure::Usage("not verified: a segment is verified by the ledger that takes it".into())),
        // Above.
        Type::TrustList => Ok(()),
    }
}

/// The command `verify-receipt`.
pub(crate) fn verify_receipt(out: &mut String, file: &Path, trust: &Trust) -> Result<(), Failure> {
    receipt(out, &read(file, MAX_PROOF)?, &trust.lists.required()?, trust.time()?)
}

fn trust_list(out: &mut String, bytes: &[u8], list: Option<&TrustList>, trust: &Trust) -> Result<(), Failure> {
    match (list, &trust.lists.anchor) {
        (Some(list), _) if list.as_bytes() == bytes => verdict(out, "verified: it is the trust list given"),
        (Some(list), _) => {
            list.update(bytes).map_err(refused)?;
            verdict(out, "verified: it follows the trust list given");
        }
        (None, Some(anchor)) => {
            TrustList::pinned(bytes, anchor).map_err(refused)?;
            verdict(out, "verified: it is the pinned trust list");
        }
        (None, None) => verdict(out, "not verified: give --anchor HEX, or --trust FILE that it follows, to verify it"),
    }
    Ok(())
}

fn presentation(out: &mut String, bytes: &[u8], list: &TrustList, at: UnixTime) -> Result<(), Failure> {
    match pass::verify(bytes, list, Audience::Federation, at) {
        Ok(presented) => match presented.proof() {
            Proof::Holder(_) => verdict(out, "verified: the issuer's and the holder's signature, times, freshness"),
            Proof::Static => verdict(out, "verified: the issuer's signature and times; it may be shown as it is"),
        },
        // The checks have an order: this one comes after the signature and the times.
        Err(PassError::ProofRequired) => {
            verdict(out, "verified: the issuer's signature and times; a gate asks for the holder's code");
        }
        Err(error) => return Err(refused(error)),
    }
    verdict(out, "not looked at: revocation, the product's rules, earlier uses");
    Ok(())
}

fn status_list(out: &mut String, bytes: &[u8], list: &TrustList, at: UnixTime) -> Result<(), Failure> {
    let status = StatusList::verify(bytes, list).map_err(refused)?;
    match status.age(list.policy(), at) {
        Age::Fresh => verdict(out, "verified: signed by an issuer, and fresh"),
        Age::Stale => verdict(out, "verified: signed by an issuer, but stale: a gate refers visitors to a person"),
        Age::TooOld => return Err(Failure::Refused("signed by an issuer, but too old to decide by".into())),
    }
    Ok(())
}

fn checkpoint(out: &mut String, bytes: &[u8], certificate: Option<&Path>, lists: &TrustHistory) -> Result<(), Failure> {
    let note = Note::parse(bytes).map_err(refused)?;
    let origin = Checkpoint::parse(note.text()).map_err(refused)?.origin;
    let mut members = lists.lists().flat_map(TrustList::members);
    let owner = members.find(|member| lists.newest().ledger_origin(member.id) == origin.as_str());
    let Some(owner) = owner else {
        let path = certificate.ok_or_else(|| {
            Failure::Usage(format!("{origin} is no ledger of this federation; for a gate's give --certificate FILE"))
        })?;
        let certificate = GateCertificate::verify(&read(path, MAX_GATE_CERTIFICATE)?, lists).map_err(refused)?;
        let verifier = journal_verifier(lists.newest(), &certificate).map_err(refused)?;
        SignedCheckpoint::verify(bytes, &verifier).map_err(refused)?;
        verdict(out, "verified: signed by its gate");
        return Ok(());
    };
    only_a_journal_has(certificate, Type::Checkpoint)?;
    let checkpoint = LedgerCheckpoint::verify(bytes, lists, owner.id).map_err(refused)?;
    for cosignature in checkpoint.cosignatures() {
        let name = witness_name(lists.newest(), cosignature.member).map_err(refused)?;
        let counts = if cosignature.counts { "" } else { ", when a key was not valid" };
        dump::label(out, "cosigned by", 2);
        dump::line(out, &format!("{name} at {}{counts}", cosignature.time));
    }
    match checkpoint.final_at() {
        Some(time) => verdict(out, &format!("verified: signed by its log, and final since {time}")),
        None => verdict(out, "verified: signed by its log; too few witnesses cosigned it to be final"),
    }
    Ok(())
}

fn receipt(out: &mut String, bytes: &[u8], lists: &TrustHistory, at: UnixTime) -> Result<(), Failure> {
    let receipt = Receipt::parse(bytes).map_err(refused)?;
    let receipted = receipt.verify(lists).map_err(refused)?;
    if receipted.final_at > at {
        return Err(Failure::Refused(format!("the ledger is final since {}, after {at}", receipted.final_at)));
    }
    let mut field = |name, value: &dyn std::fmt::Display| {
        dump::label(out, name, 2);
        dump::line(out, &value.to_string());
    };
    field("gate", &receipted.gate);
    field("record", &receipted.index);
    field("time", &receipted.record.time());
    if let Record::Redeemed(redemption) = &receipted.record {
        field("issuer", &redemption.pass.issuer);
        field("pass", &redemption.pass.pass);
        let (product, version) = redemption.product;
        field("product", &format!("{product}, version {version}"));
        field("grant", &redemption.grant);
        field("party", &redemption.party);
        field("due in fen", &redemption.due_fen);
    } else {
        field("what", &format!("{:?}", receipted.record));
    }
    field("ledger entry", &receipted.entry);
    field("logged", &receipted.logged);
    field("final", &receipted.final_at);
    verdict(out, "verified: the record is in its gate's journal, and that in its city's final ledger");
    Ok(())
}

/// What is asked for and would change nothing is refused.
fn only_a_journal_has(certificate: Option<&Path>, kind: Type) -> Result<(), Failure> {
    let why = || format!("--certificate is for the checkpoint of a gate's journal, not for this {}", kind.name());
    certificate.map_or(Ok(()), |_| Err(Failure::Usage(why())))
}

fn verdict(out: &mut String, text: &str) {
    dump::line(out, text);
}

fn refused(error: impl std::fmt::Display) -> Failure {
    Failure::Refused(error.to_string())
}
