//! Starting up in a large federation: what 41 members publish and the certificates of 24,000 gates, beside as many
//! signatures under keys that are known already.

use crate::rounds::Entry;
use onecard::crypto::{KnownKey, SigningKey, sha256};
use onecard::id::GateId;
use onecard::trust::{Bundle, GateCertificate, Member, Policy, Role, SignedGateCertificate, TrustList, TrustListSpec};
use onecard_testkit::day::{self, BEFORE, OPEN};
use std::hint::black_box;
use std::rc::Rc;

/// The cities of the Yangtze River Delta.
const MEMBERS: u32 = 41;
const GATES: u32 = 24_000;
/// Bytes of what is signed in a gate certificate.
const CERTIFICATE: [u8; 190] = [0x5d; 190];

pub(crate) fn entries() -> Vec<Entry> {
    const SIGNATURES: &str = "known_signatures";
    let saved = Rc::new(bundle().save());
    let pin = sha256(&[&trust_list()]);
    let certificates: Rc<Vec<Vec<u8>>> = Rc::new((0..GATES).map(certificate).collect());
    let load = {
        let saved = Rc::clone(&saved);
        move || Bundle::load(black_box(&saved), &pin).expect("a good bundle")
    };
    let everybody = {
        let (load, certificates) = (load.clone(), Rc::clone(&certificates));
        move || {
            let mut bundle = load();
            bundle.prepare(Role::Registrar, day::time(OPEN));
            let gates = SignedGateCertificate::verify_all(&certificates, bundle.trust());
            let gates: Result<Vec<_>, _> = gates.collect();
            gates.expect("good certificates")
        }
    };
    let with_keys = {
        let everybody = everybody.clone();
        move || {
            let gates = everybody().into_iter().map(SignedGateCertificate::decode_key);
            gates.collect::<Result<Vec<_>, _>>().expect("good keys")
        }
    };
    let alone = move || GateCertificate::verify(&certificates[0], load().trust()).expect("a good certificate");
    vec![
        signatures(SIGNATURES).items(GATES.into()),
        Entry::new("federation_load", SIGNATURES, everybody).items(GATES.into()),
        Entry::new("federation_load_with_keys", SIGNATURES, with_keys).items(GATES.into()),
        Entry::new("gate_load", SIGNATURES, alone).items(GATES.into()),
    ]
}

/// A signature for each gate, each under the key of its registrar, one after the other.
fn signatures(name: &'static str) -> Entry {
    let keys: Vec<SigningKey> = members().map(|code| day::secret(code, Role::Registrar)).collect();
    let known: Vec<KnownKey> = keys.iter().map(|key| KnownKey::new(key.verifying_key())).collect();
    let signed = (0..GATES).zip(keys.iter().cycle()).map(|(gate, key)| {
        let mut message = CERTIFICATE;
        message[..4].copy_from_slice(&gate.to_be_bytes());
        (message, key.sign(&message))
    });
    let signed: Vec<_> = signed.collect();
    let verify = move || {
        for ((message, signature), known) in signed.iter().zip(known.iter().cycle()) {
            assert!(known.verify(black_box(message), signature).is_ok());
        }
    };
    Entry::new(name, name, verify)
}

fn members() -> impl Iterator<Item = u32> + Clone {
    (0..MEMBERS).map(|number| 310_100 + number)
}

fn trust_list() -> Vec<u8> {
    let spec = TrustListSpec {
        federation: "onecard.test".into(),
        sequence: 1,
        issued: day::time(BEFORE),
        expires: day::time(day::AFTER),
        policy: Policy::default(),
        members: members().map(day::member).collect::<Vec<Member>>(),
    };
    let roots: Vec<SigningKey> = members().take(3).map(|code| day::secret(code, Role::Root)).collect();
    spec.sign(&roots.iter().collect::<Vec<_>>())
}

fn bundle() -> Bundle {
    let trust = trust_list();
    let mut bundle = Bundle::new(TrustList::genesis(&trust, &sha256(&[&trust])).expect("a good list"));
    for code in members() {
        bundle.update_catalogue(&day::catalogue(code), day::time(OPEN)).expect("a good catalogue");
        bundle.update_status(&day::status_list(code), day::time(OPEN)).expect("a good status list");
    }
    bundle
}

/// Of the members in turn.
fn certificate(number: u32) -> Vec<u8> {
    let member = members().cycle().nth((number % MEMBERS) as usize).expect("there is a next");
    day::gate_certificate(GateId { member: day::id(member), number: number / MEMBERS + 1 })
}
