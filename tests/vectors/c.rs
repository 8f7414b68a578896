//! The published vectors, `tests/vectors/v1`, through the C ABI: the same accepted, the same refused, each
//! refusal by the status of its layer, and nothing written on a refusal.

use super::schema::{Case, File, Stage};
use onecard::crypto::sha256;
use onecard::time::UnixTime;
use onecard::wire::cbor::Encoder;
use onecard_ffi::*;
use std::ptr::null_mut;

/// Stages that C has no function for.
const NOT_FOR_C: [&str; 17] = [
    "cbor",
    "checkpoint",
    "consistency",
    "cose_sign",
    "cose_sign1",
    "inclusion",
    "ledger_entry",
    "log",
    "pass_claims",
    "presentation_claims",
    "record",
    "segment",
    "status_list",
    "tlog_proof",
    "trust_list_time",
    "usage_digest",
    "vkey",
];

/// What a stage came to: a status, and what it gives as the vectors write it.
type Outcome = (Status, Option<String>);

struct Replay<'a> {
    file: &'a File,
    stage: &'a Stage,
    now: i64,
}

/// A bundle, freed at the end.
struct Held(*mut Bundle);

impl Drop for Held {
    fn drop(&mut self) {
        // SAFETY: the handle is alive, and only this frees it.
        assert_eq!(unsafe { onecard_bundle_free(&raw mut self.0) }, Status::Ok);
    }
}

fn blank<T: Copy>(byte: u8) -> T {
    // SAFETY: structs of integers, for which any bytes are a value.
    unsafe { std::mem::transmute_copy(&[byte; 256]) }
}

impl Replay<'_> {
    fn input(&self, name: &str) -> &[u8] {
        &self.file.inputs[name].0
    }

    fn trust(&self) -> &[u8] {
        self.input(self.stage.trust.as_ref().unwrap())
    }

    /// A bundle with one trust list, pinned by its own digest, whatever its sequence.
    fn bundle_of(&self, trust: &[u8]) -> Held {
        let mut saved = Encoder::new();
        saved.map(4).int(1).uint(1_u8).int(2).array(1).bytes(trust).int(3).array(0).int(4).array(0);
        let (saved, pin) = (saved.finish(), sha256(&[trust]));
        let mut bundle = null_mut();
        // SAFETY: the slices and the slot are good.
        let status = unsafe { onecard_bundle_load(saved.as_ptr(), saved.len(), pin.0.as_ptr(), 32, &raw mut bundle) };
        assert_eq!(status, Status::Ok);
        Held(bundle)
    }

    fn pieces(&self, bundle: &Held) -> Vec<Piece> {
        let mut count = 0;
        // SAFETY: no room is none.
        let status = unsafe { onecard_bundle_ages(bundle.0, self.now, null_mut(), 0, &raw mut count) };
        assert_eq!(status, Status::BufferTooSmall);
        let mut pieces = vec![blank::<Piece>(0); count];
        // SAFETY: there is room for so many.
        let status = unsafe { onecard_bundle_ages(bundle.0, self.now, pieces.as_mut_ptr(), count, &raw mut count) };
        assert_eq!((status, count), (Status::Ok, pieces.len()));
        pieces
    }

    fn text(&self) -> Outcome {
        let input = self.stage.input();
        let (mut data, mut length) = ([0xee_u8; 640], 77);
        // SAFETY: the slices and the slot are good.
        let status = unsafe {
            onecard_text_decode(input.as_ptr().cast(), input.len(), data.as_mut_ptr(), data.len(), &raw mut length)
        };
        if status != Status::Ok {
            assert_eq!((data, length), ([0xee; 640], 77));
            return (status, None);
        }
        let hex = data[..length].iter().map(|byte| format!("{byte:02x}")).collect();
        (status, Some(hex))
    }

    fn shown(&self) -> Option<Outcome> {
        let (bundle, input) = (self.bundle_of(self.trust()), self.stage.input());
        let mut claims: Claims = blank(0xee);
        let status = match (&self.stage.gate, &self.stage.nonce) {
            (None, None) => {
                let (mut text, mut length) = ([0_u8; 964], 0);
                // SAFETY: the slices and the slot are good.
                let encoded = unsafe {
                    let text = text.as_mut_ptr().cast();
                    onecard_text_encode(input.as_ptr(), input.len(), text, 964, &raw mut length)
                };
                if encoded == Status::Ok {
                    // SAFETY: the same; the bundle is alive.
                    unsafe {
                        let text = text.as_ptr().cast();
                        onecard_presentation_verify(bundle.0, text, length, self.now, &raw mut claims)
                    }
                } else {
                    encoded
                }
            }
            (Some(gate), Some(nonce)) => {
                let (member, number) = gate.split_once("/gate/").unwrap();
                let (member, number) = (member.parse().unwrap(), number.parse().unwrap());
                let (answer, nonce) = (input.as_ptr(), &nonce.0);
                // SAFETY: the same.
                unsafe {
                    onecard_answer_verify(
                        bundle.0,
                        answer,
                        input.len(),
                        member,
                        number,
                        nonce.as_ptr(),
                        nonce.len(),
                        self.now,
                        &raw mut claims,
                    )
                }
            }
            // An auditor's question, who was not there.
            _ => return None,
        };
        if status != Status::Ok {
            assert_eq!(claims, blank(0xee), "nothing is written on a refusal");
            return Some((status, None));
        }
        let proof = if claims.proof == ProofKind::Static as u32 { "static" } else { "holder" };
        Some((status, Some(proof.to_owned())))
    }

    fn trust_list(&self) -> Outcome {
        let input = self.stage.input();
        let (status, bundle) = match (&self.stage.anchor, &self.stage.follows) {
            (Some(anchor), None) => {
                let mut bundle = null_mut();
                let anchor = &anchor.0;
                // SAFETY: the slices and the slot are good.
                let status = unsafe {
                    let (list, pin) = (input.as_ptr(), anchor.as_ptr());
                    onecard_bundle_new(list, input.len(), pin, anchor.len(), &raw mut bundle)
                };
                assert_eq!(status == Status::Ok, !bundle.is_null());
                (status, Held(bundle))
            }
            (None, Some(follows)) => {
                let bundle = self.bundle_of(self.input(follows));
                // The stage asks for no time.
                let late = UnixTime::MAX.seconds();
                // SAFETY: the bundle is alive and the slice good.
                let status = unsafe { onecard_bundle_update_trust(bundle.0, input.as_ptr(), input.len(), late) };
                (status, bundle)
            }
            _ => panic!("a trust list is the first or follows one"),
        };
        let sequence = (status == Status::Ok).then(|| self.pieces(&bundle)[0].sequence.to_string());
        (status, sequence)
    }

    fn catalogue(&self) -> Outcome {
        let (bundle, input) = (self.bundle_of(self.trust()), self.stage.input());
        let update = |bytes: &[u8]| {
            // SAFETY: the bundle is alive and the slice good.
            unsafe { onecard_bundle_update_catalogue(bundle.0, bytes.as_ptr(), bytes.len(), self.now) }
        };
        if let Some(follows) = &self.stage.follows {
            assert_eq!(update(self.input(follows)), Status::Ok);
        }
        let status = update(&input);
        let catalogue = (status == Status::Ok).then(|| self.pieces(&bundle)[1]);
        let told = catalogue.map(|piece| match piece.age {
            age if age == ListAge::Fresh as u32 => format!("{}, fresh", piece.sequence),
            age if age == ListAge::Stale as u32 => format!("{}, stale", piece.sequence),
            _ => "too old".to_owned(),
        });
        (status, told)
    }

    fn bundle(&self) -> Outcome {
        let (input, anchor) = (self.stage.input(), &self.stage.anchor.as_ref().unwrap().0);
        let mut bundle = null_mut();
        // SAFETY: the slices and the slot are good.
        let status =
            unsafe { onecard_bundle_load(input.as_ptr(), input.len(), anchor.as_ptr(), anchor.len(), &raw mut bundle) };
        let bundle = Held(bundle);
        if status != Status::Ok {
            assert!(bundle.0.is_null());
            return (status, None);
        }
        let pieces = self.pieces(&bundle);
        let of = |kind: PieceKind| pieces.iter().filter(|piece| piece.kind == kind as u32).count();
        let (catalogues, lists) = (of(PieceKind::Catalogue), of(PieceKind::StatusList));
        (status, Some(format!("{}, {catalogues}, {lists}", pieces[0].sequence)))
    }

    fn gate_certificate(&self) -> Outcome {
        let (bundle, input) = (self.bundle_of(self.trust()), self.stage.input());
        let mut told: Certificate = blank(0xee);
        // SAFETY: the bundle is alive, the slice and the slot good.
        let status =
            unsafe { onecard_certificate_verify(bundle.0, input.as_ptr(), input.len(), self.now, &raw mut told) };
        if status != Status::Ok {
            assert_eq!(told, blank(0xee));
            return (status, None);
        }
        let gate = format!("{}/gate/{}", told.member, told.gate);
        if told.in_force == 1 { (status, Some(gate)) } else { (Status::CertificateTime, None) }
    }

    /// A holder's key is judged inside its pass.
    fn key(&self) -> Option<Outcome> {
        let input = self.stage.input();
        // SAFETY: the slice is good.
        let status = unsafe { onecard_key_check(input.as_ptr(), input.len()) };
        let gives = (status == Status::Ok).then(|| self.stage.gives.clone().unwrap_or_default());
        (self.stage.purpose.as_deref() == Some("registered")).then_some((status, gives))
    }

    fn signature(&self) -> Outcome {
        let input = self.stage.input();
        let (key, message) = (&self.stage.key.as_ref().unwrap().0, &self.stage.message.as_ref().unwrap().0);
        // SAFETY: the slices are good.
        let status = unsafe {
            let (k, m) = (key.as_ptr(), message.as_ptr());
            onecard_signature_verify(k, key.len(), m, message.len(), input.as_ptr(), input.len())
        };
        (status, None)
    }

    fn receipt(&self) -> Outcome {
        let (trust, input) = (self.trust(), self.stage.input());
        let pin = sha256(&[trust]);
        let (mut history, mut told): (_, Receipted) = (null_mut(), blank(0xee));
        // SAFETY: the slices and the slots are good, and the history lives until it is freed.
        let status = unsafe {
            let made = onecard_history_new(trust.as_ptr(), trust.len(), pin.0.as_ptr(), 32, &raw mut history);
            assert_eq!(made, Status::Ok);
            let status = onecard_receipt_verify(history, input.as_ptr(), input.len(), &raw mut told);
            assert_eq!(onecard_history_free(&raw mut history), Status::Ok);
            status
        };
        if status != Status::Ok {
            assert_eq!(told, blank(0xee));
            return (status, None);
        }
        (status, Some(format!("{}/gate/{} {}", told.member, told.gate, told.index)))
    }

    fn run(&self) -> Option<Outcome> {
        Some(match self.stage.stage.as_str() {
            "text" => self.text(),
            "shown" => return self.shown(),
            "trust_list" => self.trust_list(),
            "catalogue" => self.catalogue(),
            "bundle" => self.bundle(),
            "gate_certificate" => self.gate_certificate(),
            "key" => return self.key(),
            "signature" => self.signature(),
            "receipt" => self.receipt(),
            other => {
                assert!(NOT_FOR_C.contains(&other), "{other}");
                return None;
            }
        })
    }
}

fn files() -> Vec<File> {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/v1");
    let mut paths: Vec<_> = std::fs::read_dir(directory).unwrap().map(|file| file.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()).collect()
}

/// By which statuses C tells a verdict: the first row whose stage and start of the verdict fit. An empty stage
/// is any.
const TOLD: [(&str, &str, &[Status]); 67] = [
    ("text", "too_long", &[Status::TextTooLong]),
    ("text", "text.prefix", &[Status::TextPrefix]),
    ("text", "text.alphabet", &[Status::TextAlphabet]),
    ("text", "text.group", &[Status::TextGroup]),
    // A text can not even encode so much; the bytes of an answer can be shown.
    ("shown", "too_long", &[Status::TextTooLong, Status::PassUnreadable]),
    ("shown", "cbor.", &[Status::PassUnreadable]),
    ("shown", "cose.", &[Status::PassUnreadable]),
    ("shown", "id.", &[Status::PassUnreadable]),
    ("shown", "key.", &[Status::PassUnreadable]),
    ("shown", "unknown_flag", &[Status::PassUnreadable]),
    ("shown", "claims.version", &[Status::PassUnsupportedVersion]),
    ("shown", "claims.critical", &[Status::PassUnsupportedVersion]),
    ("shown", "claims.", &[Status::PassUnreadable]),
    ("shown", "pass.no_holder_key", &[Status::PassUnreadable]),
    ("shown", "issuer_mismatch", &[Status::PassIssuerKeyInvalid]),
    ("shown", "pass.outlives_key", &[Status::PassIssuerKeyInvalid]),
    ("shown", "trust.unknown_key", &[Status::PassUnknownIssuer]),
    ("shown", "trust.", &[Status::PassIssuerKeyInvalid]),
    ("shown", "trust_list.expired", &[Status::PassListTooOld]),
    ("shown", "pass.issuer_signature", &[Status::PassBadSignature]),
    ("shown", "pass.holder_signature", &[Status::PassBadSignature]),
    ("shown", "pass.not_yet_valid", &[Status::PassNotYetValid]),
    ("shown", "pass.expired", &[Status::PassExpired]),
    ("shown", "pass.code_after_pass", &[Status::PassExpired]),
    ("shown", "pass.code_before_pass", &[Status::PassCodeExpired]),
    ("shown", "pass.late", &[Status::PassCodeExpired]),
    ("shown", "pass.early", &[Status::PassCodeEarly]),
    ("shown", "pass.clock_suspect", &[Status::PassClockSuspect]),
    ("shown", "pass.proof_required", &[Status::PassProofRequired]),
    ("shown", "pass.audience", &[Status::PassWrongAudience]),
    ("shown", "pass.nonce", &[Status::PassWrongAudience]),
    ("key", "key.not_a_point", &[Status::KeyNotAPoint]),
    ("key", "key.non_canonical", &[Status::KeyNonCanonical]),
    ("", "key.small_order", &[Status::KeySmallOrder, Status::Contradiction]),
    ("", "key.mixed_order", &[Status::KeyMixedOrder]),
    ("trust_list", "key.", &[Status::Contradiction]),
    ("", "signature", &[Status::Signature]),
    ("receipt", "checkpoint.", &[Status::Note]),
    ("receipt", "entry.", &[Status::ReceiptShape]),
    ("receipt", "record.", &[Status::ReceiptShape]),
    ("receipt", "proof.", &[Status::ReceiptProof]),
    ("receipt", "receipt.extra", &[Status::ReceiptShape]),
    ("receipt", "receipt.shape", &[Status::ReceiptShape]),
    ("receipt", "receipt.not_final", &[Status::ReceiptNotFinal]),
    ("receipt", "receipt.not_in_force", &[Status::CertificateTime]),
    ("receipt", "receipt.other_seal", &[Status::ReceiptSeal]),
    ("", "certificate.not_in_force", &[Status::CertificateTime]),
    ("", "certificate.", &[Status::Contradiction]),
    ("", "bundle.future", &[Status::Future]),
    ("", "bundle.", &[Status::Contradiction]),
    ("", "trust_list.anchor", &[Status::TrustAnchor]),
    ("", "trust_list.signer", &[Status::TrustSigner]),
    ("", "trust_list.threshold_range", &[Status::Contradiction]),
    ("", "trust_list.threshold", &[Status::TrustThreshold]),
    ("", "trust_list.gap", &[Status::TrustSequence]),
    ("", "trust_list.issued_earlier", &[Status::TrustSequence]),
    ("", "trust_list.not_first", &[Status::TrustSequence]),
    ("", "trust_list.other_federation", &[Status::TrustSequence]),
    ("", "trust_list.", &[Status::Contradiction]),
    ("", "rollback", &[Status::Rollback, Status::TrustSequence]),
    ("", "trust.", &[Status::TrustKey]),
    ("catalogue", "catalogue.product_changed", &[Status::ProductChanged]),
    // Where it follows another, a catalogue of the future is not taken; an old one is, and decides nothing.
    ("catalogue", "catalogue.too_old", &[Status::Future, Status::Ok]),
    // The keys of a product are judged with its rules.
    ("catalogue", "cbor.keys", &[Status::Encoding, Status::Contradiction]),
    ("", "cbor.", &[Status::Encoding]),
    ("", "cose.", &[Status::Encoding]),
    ("", "too_long", &[Status::Encoding]),
];

/// What is left: a document that breaks a rule of its kind.
fn told(stage: &str, verdict: &str) -> &'static [Status] {
    let fits = |row: &&(&str, &str, _)| (row.0.is_empty() || row.0 == stage) && verdict.starts_with(row.1);
    TOLD.iter().find(fits).map_or(&[Status::Contradiction], |row| row.2)
}

#[test]
fn c_accepts_and_refuses_what_the_vectors_say() {
    let (mut wrong, mut accepted, mut refused) = (vec![], 0, 0);
    for file in files() {
        for Case { stages, now, name, .. } in &file.cases {
            for stage in stages {
                let replay = Replay { file: &file, stage, now: *now };
                let Some((status, gives)) = replay.run() else { continue };
                let good = if stage.verdict == "accept" {
                    accepted += 1;
                    status == Status::Ok && gives == stage.gives
                } else {
                    refused += 1;
                    let too_old = gives.as_deref() == Some("too old") && stage.verdict == "catalogue.too_old";
                    told(&stage.stage, &stage.verdict).contains(&status) && (gives.is_none() || too_old)
                };
                if !(good || exempt(&replay, status)) {
                    wrong.push(format!("{name}, {}: {status:?} {gives:?}, not {}", stage.stage, stage.verdict));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    println!("{accepted} stages accepted, {refused} refused");
    assert!(accepted > 100 && refused > 200, "{accepted} accepted, {refused} refused");
}

/// What C is asked otherwise than the vectors ask.
fn exempt(replay: &Replay<'_>, status: Status) -> bool {
    let stage = replay.stage;
    match stage.stage.as_str() {
        // C checks a key as one that is registered, before the signature.
        "signature" => status == Status::KeyMixedOrder,
        // A bundle that is offered the list in force does nothing.
        "trust_list" => stage.follows.as_ref().is_some_and(|follows| replay.input(follows) == stage.input()),
        _ => false,
    }
}
