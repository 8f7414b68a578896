//! A transparency log in forty lines: append, checkpoint, cosign, prove, verify.
//!
//! `cargo run --example log`

use onecard::tlog::{
    AddCheckpoint, KeyKind, KeyName, Log, LogKey, MemoryStorage, NoteVerifier, SignedCheckpoint, Storage, TlogProof,
    Witness, verify_consistency, verify_inclusion,
};
use onecard::{SigningKey, UnixTime};
use std::{error::Error, io::Write as _, io::stdout};

fn main() -> Result<(), Box<dyn Error>> {
    let (key, origin) = (SigningKey::from_seed(&[1; 32]), KeyName::new("onecard.example/310101")?);
    let verifier = NoteVerifier::of(origin.clone(), KeyKind::Ed25519, key.verifying_key());
    let (mut storage, mut kept) = (MemoryStorage::new(), MemoryStorage::new());
    let mut log = Log::open(&storage, LogKey(0), origin.as_str())?;
    let by = KeyName::new("witness.example")?;
    let mut witness =
        Witness::open(&kept, by, SigningKey::from_seed(&[2; 32]), [(LogKey(0), verifier.clone())], Default::default())?;

    let mut sealed: Vec<SignedCheckpoint> = Vec::new();
    for day in [["opened", "redeemed", "redeemed"], ["redeemed", "annulled", "closed"]] {
        // What is to be written is committed first; only then the log moves.
        let mut batch = log.begin();
        for body in day {
            writeln!(stdout(), "entry {}: {body}", batch.push(body.as_bytes(), None)?)?;
        }
        let signed = SignedCheckpoint::sign(batch.checkpoint(), &key);
        batch.seal(&signed)?;
        storage.commit(&batch.take_writes())?;
        log.apply(batch)?;

        // The witness cosigns what extends the last checkpoint that it saw, once it has kept that.
        let old = witness.latest(origin.as_str()).map_or(0, SignedCheckpoint::size);
        let proof = log.consistency_proof(&storage, old, signed.size())?;
        let request = AddCheckpoint { old, proof, note: signed.note().as_bytes() };
        let line = witness.consider(&request)?.commit(&mut kept, UnixTime::MIN)?;
        sealed.push(signed.with_cosignatures(&line, &[witness.verifier()])?);
    }
    let [old, new] = sealed.as_slice() else { return Err("two days were sealed".into()) };
    writeln!(stdout(), "\nthe checkpoint, signed by the log and the witness:\n\n{}", new.note())?;

    let (link, proof) = (log.link_at(&storage, 1)?, log.inclusion_proof(&storage, 1, new.size())?);
    verify_inclusion(1, new.size(), &link, &proof, &new.root())?;
    writeln!(stdout(), "entry 1 is in the log of {} entries: {} hashes prove it", new.size(), proof.len())?;

    let proof = log.consistency_proof(&storage, old.size(), new.size())?;
    verify_consistency(old.size(), new.size(), &old.root(), &new.root(), &proof)?;
    writeln!(stdout(), "{} entries extend the first {}: {} hashes prove it", new.size(), old.size(), proof.len())?;

    // Offline, all in one text (C2SP tlog-proof): it wants the cosignature of one witness.
    let hashes = log.inclusion_proof(&storage, 1, new.size())?;
    let text = TlogProof { extra: None, index: 1, hashes, checkpoint: new.note().to_owned() }.to_text();
    let included = TlogProof::parse(text.as_bytes())?.verify(&link, &verifier, &[witness.verifier()], 1)?;
    writeln!(
        stdout(),
        "as a text of {} bytes it is verified offline: cosigned by {}",
        text.len(),
        included.cosigned().len()
    )?;
    Ok(())
}
