//! A signature, a token, a pass, a visitor: each beside `ed25519-dalek`'s `verify` of one message.

use crate::rounds::Entry;
use coset::{CoseSign1, TaggedCborSerializable as _};
use ed25519_dalek::{Signer as _, Verifier as _};
use onecard::gate::{Decision, Gate, Scan};
use onecard::id::{GateId, PassId};
use onecard::pass::{self, Audience, Check};
use onecard::tlog::MemoryStorage;
use onecard::trust::{Bundle, Role, TrustList};
use onecard::wire::text;
use onecard_testkit::day::{self, CITIES, OPEN};
use serde::{Deserialize, Serialize};
use std::hint::black_box;
use std::time::{Duration, Instant};

const DALEK: &str = "dalek_verify";
/// Different inputs that an entry takes in turn: one alone would have all it needs in the nearest cache.
const INPUTS: u64 = 256;
/// Verified at once.
const BULK: usize = 64;

pub(crate) fn entries() -> Vec<Entry> {
    let mut entries = signatures();
    entries.extend(tokens());
    entries.extend(passes());
    entries.extend(visitors());
    entries
}

fn seed() -> [u8; 32] {
    [1; 32]
}

/// What a signature of a pass is over, in bytes.
fn message(number: u64) -> [u8; 200] {
    let mut message = [0x5a; 200];
    message[..8].copy_from_slice(&number.to_be_bytes());
    message
}

/// A function of the inputs in turn.
fn in_turn<I: 'static, T>(inputs: Vec<I>, mut work: impl FnMut(&I) -> T) -> impl FnMut() -> T {
    let mut at = 0;
    move || {
        at = (at + 1) % inputs.len();
        work(black_box(&inputs[at]))
    }
}

fn signatures() -> Vec<Entry> {
    let secret = ed25519_dalek::SigningKey::from_bytes(&seed());
    let key = secret.verifying_key();
    let signed: Vec<([u8; 200], ed25519_dalek::Signature)> =
        (0..INPUTS).map(|number| (message(number), secret.sign(&message(number)))).collect();
    let as_bytes = signed.iter().map(|(message, signature)| (*message, signature.to_bytes()));
    let as_bytes: Vec<([u8; 200], [u8; 64])> = as_bytes.collect();
    let ring = ring::signature::UnparsedPublicKey::new(&ring::signature::ED25519, key.to_bytes());
    let aws = aws_lc_rs::signature::UnparsedPublicKey::new(&aws_lc_rs::signature::ED25519, key.to_bytes());
    let (batch, keys) = (signed.clone(), [key; BULK]);
    let batches = move || {
        let signatures: Vec<_> = batch.iter().take(BULK).map(|(_, signature)| *signature).collect();
        let messages: Vec<&[u8]> = batch.iter().take(BULK).map(|(message, _)| &message[..]).collect();
        ed25519_dalek::verify_batch(black_box(&messages), &signatures, &keys).is_ok()
    };
    let strict = move |(message, signature): &([u8; 200], _)| key.verify_strict(message, signature).is_ok();
    let ours = onecard::crypto::SigningKey::from_seed(&seed()).verifying_key();
    vec![
        Entry::new(
            DALEK,
            DALEK,
            in_turn(signed.clone(), move |(message, signature)| key.verify(message, signature).is_ok()),
        ),
        Entry::new("dalek_verify_strict", DALEK, in_turn(signed, strict)),
        Entry::new("dalek_verify_batch", DALEK, batches).items(BULK as u64),
        Entry::new(
            "ring_verify",
            DALEK,
            in_turn(as_bytes.clone(), move |(message, bytes)| ring.verify(message, bytes).is_ok()),
        ),
        Entry::new(
            "aws_lc_rs_verify",
            DALEK,
            in_turn(as_bytes.clone(), move |(message, bytes)| aws.verify(message, bytes).is_ok()),
        ),
        Entry::new(
            "onecard_verify",
            DALEK,
            in_turn(as_bytes, move |(message, bytes)| ours.verify(message, bytes).is_ok()),
        ),
    ]
}

/// Whole tokens with the claims of a pass: decoded, the signature and the times checked.
fn tokens() -> Vec<Entry> {
    vec![cose(), jwt(), paseto(), biscuit()]
}

/// The pass itself, by the common crates for its format.
fn cose() -> Entry {
    let issuer = day::secret(CITIES[0], Role::Issuer).verifying_key();
    let key = ed25519_dalek::VerifyingKey::from_bytes(issuer.as_bytes()).expect("a good key");
    let verify = move |token: &Vec<u8>| {
        let message = CoseSign1::from_tagged_slice(token).expect("a message");
        let verdict = message.verify_signature(b"", |signature, signed| {
            key.verify(signed, &ed25519_dalek::Signature::from_slice(signature).expect("64 bytes"))
        });
        let claims: ciborium::Value = ciborium::from_reader(&message.payload.expect("claims")[..]).expect("CBOR");
        assert!(verdict.is_ok() && claims.is_map());
        claims
    };
    Entry::new("coset_dalek_verify", DALEK, in_turn(papers(), verify))
}

/// The claims of a pass in JSON.
#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    jti: String,
    iat: u64,
    nbf: u64,
    exp: u64,
    product: String,
}

/// Long after any clock that the peers compare it with.
const EXPIRES: u64 = 4_102_444_800;

fn jwt() -> Entry {
    let secret = ed25519_dalek::SigningKey::from_bytes(&seed());
    let public = secret.verifying_key().to_bytes();
    let pair = aws_lc_rs::signature::Ed25519KeyPair::from_seed_and_public_key(&seed(), &public).expect("a pair");
    let pair = jsonwebtoken::EncodingKey::from_ed_der(pair.to_pkcs8v1().expect("a pair").as_ref());
    let header = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::EdDSA);
    let token = |number: u64| {
        let (iss, jti, product) = ("310101".into(), format!("{number:020}"), "310101/2/1".into());
        let claims = Claims { iss, jti, iat: 1_700_000_000, nbf: 1_700_000_000, exp: EXPIRES, product };
        jsonwebtoken::encode(&header, &claims, &pair).expect("a token")
    };
    let key = jsonwebtoken::DecodingKey::from_ed_der(&public);
    let mut rules = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::EdDSA);
    rules.validate_nbf = true;
    let verify = move |token: &String| jsonwebtoken::decode::<Claims>(token, &key, &rules).expect("a good token");
    Entry::new("jsonwebtoken_verify", DALEK, in_turn((0..INPUTS).map(token).collect(), verify))
}

fn paseto() -> Entry {
    use pasetors::claims::{Claims, ClaimsValidationRules};
    use pasetors::keys::{AsymmetricPublicKey, AsymmetricSecretKey};
    use pasetors::token::UntrustedToken;
    use pasetors::{Public, public, version4::V4};

    let secret = ed25519_dalek::SigningKey::from_bytes(&seed());
    let key = AsymmetricPublicKey::<V4>::from(secret.verifying_key().as_bytes()).expect("a key");
    let secret = AsymmetricSecretKey::<V4>::from(&secret.to_keypair_bytes()).expect("a key");
    let token = |number: u64| {
        let mut claims = Claims::new().expect("a clock");
        claims.issuer("310101").expect("a text");
        claims.token_identifier(&format!("{number:020}")).expect("a text");
        claims.expiration("2100-01-01T00:00:00Z").expect("a time");
        claims.add_additional("product", "310101/2/1").expect("a text");
        public::sign(&secret, &claims, None, None).expect("a token")
    };
    let rules = ClaimsValidationRules::new();
    let verify = move |token: &String| {
        let token = UntrustedToken::<Public, V4>::try_from(token).expect("a token");
        public::verify(&key, &token, &rules, None, None).expect("a good token")
    };
    Entry::new("pasetors_verify", DALEK, in_turn((0..INPUTS).map(token).collect(), verify))
}

/// Its rules are not run: that the token is read and its signature good is all that is measured.
fn biscuit() -> Entry {
    use biscuit_auth::builder::{fact, int, string};
    use biscuit_auth::{Algorithm, Biscuit, KeyPair, PrivateKey};

    let root = KeyPair::from(&PrivateKey::from_bytes(&seed(), Algorithm::Ed25519).expect("a key"));
    let token = |number: u64| {
        let pass = fact("pass", &[string("310101"), string(&format!("{number:020}")), int(EXPIRES as i64)]);
        let token = Biscuit::builder().fact(pass).expect("a fact").build(&root).expect("a token");
        token.to_vec().expect("a token")
    };
    let tokens = (0..INPUTS).map(token).collect();
    let key = root.public();
    let verify = move |token: &Vec<u8>| Biscuit::from(token, key).expect("a good token");
    Entry::new("biscuit_auth_verify", DALEK, in_turn(tokens, verify))
}

/// Passes that need no holder's key.
fn papers() -> Vec<Vec<u8>> {
    (0..INPUTS).map(|number| day::paper(CITIES[0], number as u8)).collect()
}

/// The trust list, with tables of the issuers' keys: gates make them when they open.
fn trust() -> &'static TrustList {
    let mut trust = day::bundle().trust().clone();
    trust.prepare(Role::Issuer, day::time(OPEN));
    Box::leak(Box::new(trust))
}

/// A pass on paper: decoded, strictly verified, its claims checked.
fn passes() -> Vec<Entry> {
    let (unknown, known) = (day::bundle().trust().clone(), trust());
    let verify = move |trust: &TrustList, pass: &Vec<u8>| {
        pass::verify(pass, trust, Audience::Federation, day::time(OPEN)).expect("a good pass");
    };
    let papers: &'static [Vec<u8>] = papers().leak();
    let check = |pass| Check { shown: pass, trust: known, audience: Audience::Federation, now: day::time(OPEN) };
    let checks: Vec<Check<'_>> = papers.iter().map(|paper| check(paper)).collect();
    let bulks: Vec<Vec<Check<'_>>> = checks.chunks_exact(BULK).map(<[_]>::to_vec).collect();
    let bulk = |checks: &Vec<Check<'_>>| {
        let verdicts = pass::verify_all(checks);
        assert!(verdicts.iter().all(Result::is_ok));
    };
    vec![
        Entry::new("pass_verify", DALEK, in_turn(papers.to_vec(), move |pass| verify(&unknown, pass))),
        Entry::new("pass_verify_known", DALEK, in_turn(papers.to_vec(), move |pass| verify(known, pass))),
        Entry::new("pass_verify_bulk", DALEK, in_turn(bulks, bulk)).items(BULK as u64),
    ]
}

/// Visitors: what they show verified, both signatures; and decided at a gate, from the scanned text to the
/// recorded answer with freshness, status, entitlement, and the journal in memory.
fn visitors() -> Vec<Entry> {
    const VISITORS: u64 = 2_048;
    // A busy gate: one every three seconds.
    let at = |number: u64| OPEN + 3 * number as i64;
    let code = |number: u64| {
        let mut id = [7; 10];
        id[2..].copy_from_slice(&number.to_be_bytes());
        let pass = day::pass(CITIES[0], number as u8, 1, |claims| claims.pass = PassId::from_bytes(id));
        day::code(&pass, number as u8, at(number))
    };
    let codes: Vec<String> = (0..VISITORS).map(code).collect();
    let shown = |code: &String| text::decode(code.as_bytes()).expect("a text").as_slice().to_vec();
    let shown = (0..).map(at).zip(codes.iter().map(shown)).collect();
    let known = trust();
    let verify = move |(at, shown): &(i64, Vec<u8>)| {
        pass::verify(shown, known, Audience::Federation, day::time(*at)).expect("a good code");
    };
    let mut bundle = day::bundle();
    bundle.prepare(Role::Issuer, day::time(OPEN));
    let mut left = 0..0;
    let mut gate = open(&bundle);
    let decide = move |times: u64| {
        let mut took = Duration::ZERO;
        for _ in 0..times {
            if left.is_empty() {
                (gate, left) = (open(&bundle), 0..VISITORS);
            }
            let number = left.next().expect("just filled");
            let (code, now) = (&codes[number as usize], day::time(at(number)));
            let begun = Instant::now();
            let decision = gate.admit(Scan::text(code.as_bytes()), now);
            took += begun.elapsed();
            assert!(matches!(decision, Decision::Admitted(_)), "{decision:?}");
        }
        took
    };
    vec![
        Entry::new("presentation_verify", DALEK, in_turn(shown, verify)),
        Entry::timed("presentation_decide", DALEK, decide),
    ]
}

fn open(bundle: &Bundle) -> Gate<MemoryStorage> {
    let gate = GateId { member: day::id(CITIES[0]), number: 1 };
    let (key, certificate) = (day::gate_secret(gate), day::gate_certificate(gate));
    Gate::open(MemoryStorage::new(), key, &certificate, bundle.clone(), day::time(OPEN)).expect("a good gate")
}
