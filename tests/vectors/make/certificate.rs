//! Gate certificates.

use super::super::schema::{File, Stage, Typ};
use super::value::{Item, Map, array, bytes, int, replace, text};
use super::world::*;
use super::{Maker, sign1_stage, stage};
use curve25519_dalek::constants::EIGHT_TORSION;
use curve25519_dalek::edwards::CompressedEdwardsY;
use onecard::crypto::SigningKey;

const TYP: &str = "application/vnd.onecard.gate+cwt";

fn own() -> Map {
    Map::of(&[(1, int(1)), (3, int(1)), (5, int(0))])
}

fn claims() -> Map {
    Map::of(&[
        (1, text("310101")),
        (2, text("310101/gate/7")),
        (4, int(NOW + 20_000_000)),
        (5, int(NOW - 20_000)),
        (6, int(NOW - 20_000)),
        (8, cnf(named("gate 7").verifying_key().as_bytes())),
        (-65_537, own().item()),
    ])
}

fn sign(claims: &[u8]) -> Vec<u8> {
    let key = key(CITY, REGISTRAR);
    sign1(&key, &kid_header(&key, text(TYP)).item(), claims)
}

fn taken(message: &[u8], gate: &str) -> Vec<Stage> {
    vec![Stage { gives: Some(gate.into()), ..trusting(stage("gate_certificate", message, "accept")) }]
}

fn refused(message: &[u8], verdict: &str) -> Vec<Stage> {
    vec![trusting(stage("gate_certificate", message, verdict))]
}

pub(super) fn file() -> File {
    let mut make = Maker::new("Gate certificates, and whether they are in force now.");
    introduce(&mut make, &[REGISTRAR, ISSUER]);
    make.key("gate 7", &named("gate 7"));
    with_trust(&mut make);
    make.section("1.3");
    let registrar = key(CITY, REGISTRAR);
    let header = kid_header(&registrar, text(TYP));
    let payload = claims().item();
    let good = sign(&payload);
    let envelope =
        |message: &[u8], verdict: Result<&[u8], &str>| sign1_stage(message, Typ::MediaType(TYP.into()), "kid", verdict);
    make.good("certificate", "a certificate in force", {
        [vec![envelope(&good, Ok(&payload))], taken(&good, "310101/gate/7")].concat()
    });
    for (name, rule, bytes, verdict) in bad_envelopes(&registrar, &header, &payload) {
        let stages = [vec![envelope(&bytes, Err(verdict))], refused(&bytes, verdict)].concat();
        make.bad(&format!("certificate_{name}"), rule, stages);
    }
    let other = sign1(&registrar, &header.clone().with(16, text("application/statuslist+cwt")).item(), &payload);
    make.bad("certificate_typ", "typ says that this is a gate certificate", {
        [vec![envelope(&other, Err("cose.typ"))], refused(&other, "cose.typ")].concat()
    });

    make.section("3");
    let by = |key: &SigningKey| sign1(key, &kid_header(key, text(TYP)).item(), &payload);
    make.bad("certificate_stranger", "the key is in the trust list", refused(&by(&stranger()), "trust.unknown_key"));
    make.bad("certificate_by_the_gate", "no gate enrols itself", refused(&by(&named("gate 7")), "trust.unknown_key"));
    make.bad("certificate_issuer_key", "a registrar key signs", refused(&by(&key(CITY, ISSUER)), "trust.wrong_role"));
    make.bad("certificate_other_member", "a gate is enrolled by its own member", {
        refused(&by(&key(320_100, REGISTRAR)), "issuer_mismatch")
    });
    make.bad("certificate_signature", "the key that kid names signed", {
        refused(&sign1(&stranger(), &header.item(), &payload), "signature")
    });
    let with = |key: i64, value: Item| sign(&claims().with(key, value).item());
    make.bad("certificate_key_time", "the key is valid when the certificate is issued", {
        refused(&with(6, int(KEY_FROM - 1)), "trust.key_time")
    });

    make.section("3.5");
    make.good(
        "certificate_last_second",
        "in force until just before exp",
        taken(&with(4, int(NOW + 1)), "310101/gate/7"),
    );
    make.bad(
        "certificate_expired",
        "at exp it is not in force any more",
        refused(&with(4, int(NOW)), "certificate.not_in_force"),
    );
    make.good("certificate_first_second", "in force from nbf", taken(&with(5, int(NOW)), "310101/gate/7"));
    make.bad(
        "certificate_early",
        "before nbf it is not in force",
        refused(&with(5, int(NOW + 1)), "certificate.not_in_force"),
    );
    make.good("certificate_largest_number", "gates go up to 4294967295", {
        taken(&with(2, text("310101/gate/4294967295")), "310101/gate/4294967295")
    });
    let mut bad = |name: &str, rule: &str, verdict: &str, message: Vec<u8>| {
        make.bad(&format!("certificate_{name}"), rule, refused(&message, verdict));
    };
    bad(
        "gate_4294967296",
        "gates go up to 4294967295",
        "certificate.gate_name",
        with(2, text("310101/gate/4294967296")),
    );
    bad("gate_0", "gates are numbered from 1", "certificate.gate_number", with(2, text("310101/gate/0")));
    bad("gate_leading_zero", "a number has no leading zero", "certificate.gate_name", with(2, text("310101/gate/07")));
    bad("gate_plus", "a number has no sign", "certificate.gate_name", with(2, text("310101/gate/+7")));
    bad("gate_of_another", "sub starts with iss", "certificate.gate_name", with(2, text("320100/gate/7")));
    bad("gate_trailing", "nothing follows the number", "certificate.gate_name", with(2, text("310101/gate/7/")));
    bad("iss", "iss is a member", "id.member", with(1, text("31010")));
    bad("never_valid", "nbf is before exp", "certificate.never_valid", with(5, int(NOW + 20_000_000)));
    bad(
        "outlives_key",
        "it ends with the registrar's key at the latest",
        "certificate.outlives_key",
        with(4, int(KEY_UNTIL + 1)),
    );
    bad(
        "older_than_key",
        "it begins with the registrar's key at the earliest",
        "certificate.outlives_key",
        with(5, int(KEY_FROM - 1)),
    );
    bad("unknown_key", "maps are closed", "cbor.keys", with(-65_538, int(0)));
    bad("missing_cnf", "the gate has a key", "cbor.keys", sign(&claims().without(8).item()));
    bad("cnf_text", "a value of the wrong type is an error", "cbor.type", with(8, text("key")));
    let identity = [&[1][..], &[0; 31]].concat();
    bad("key_small_order", "the gate's key is not of small order", "key.small_order", with(8, cnf(&identity)));
    let point = CompressedEdwardsY(*named("gate 7").verifying_key().as_bytes()).decompress().unwrap();
    let mixed = (point + EIGHT_TORSION[1]).compress().0;
    bad("key_mixed_order", "the gate's key has no component of small order", "key.mixed_order", with(8, cnf(&mixed)));
    bad("version", "the version is 1", "cbor.range", with(-65_537, own().with(1, int(2)).item()));
    bad("venue", "a venue's number is below 65,536", "cbor.range", with(-65_537, own().with(3, int(65_536)).item()));
    bad("own_unknown_key", "the private claim is closed too", "cbor.keys", with(-65_537, own().with(6, int(0)).item()));
    bad("exp_not_minimal", "integers are in their shortest form", "cbor.not_minimal", {
        sign(&replace(
            &payload,
            &[&[4][..], &int(NOW + 20_000_000)].concat(),
            &[&[4, 0x1b, 0, 0, 0, 0][..], &int(NOW + 20_000_000)[1..]].concat(),
        ))
    });
    bad("trailing_claim", "nothing follows the claims", "cbor.trailing", sign(&[&payload[..], &[0]].concat()));
    let long = sign(&[&payload[..], &bytes(&[0; 300])].concat());
    bad("too_long", "at most 512 bytes, looked at first", "too_long", long);
    bad("claims_array", "claims are a map", "cbor.type", sign(&array(&[])));
    make.file
}
