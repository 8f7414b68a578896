//! Status lists, and what they say of one pass.

use super::super::schema::{File, Stage, Typ};
use super::value::{Item, Map, array, bytes, int, text};
use super::world::*;
use super::{Maker, sign1_stage, stage};
use miniz_oxide::deflate::compress_to_vec_zlib as zlib;
use onecard::crypto::SigningKey;

const TYP: &str = "application/statuslist+cwt";
/// Index 0 valid, 1 revoked, 2 suspended, 3 superseded, and 4 to 7 valid.
const TWO_BITS: [u8; 2] = [0b1110_0100, 0];

fn list(lst: &[u8], bits: i64) -> Item {
    Map(vec![(text("lst"), bytes(lst)), (text("bits"), int(bits))]).item()
}

fn claims(issued: i64) -> Map {
    Map::of(&[
        (2, text(STATUS_URI)),
        (4, int(NOW + 10_000_000)),
        (6, int(issued)),
        (65_533, list(&zlib(&TWO_BITS, 9), 2)),
    ])
}

fn sign(claims: &Map) -> Vec<u8> {
    sign_bytes(&claims.item())
}

fn sign_bytes(claims: &[u8]) -> Vec<u8> {
    let key = key(CITY, ISSUER);
    sign1(&key, &kid_header(&key, text(TYP)).item(), claims)
}

fn says(message: &[u8], index: u64, gives: &str) -> Vec<Stage> {
    let (index, gives) = (Some(index), Some(gives.into()));
    vec![Stage { index, gives, ..trusting(stage("status_list", message, "accept")) }]
}

fn refused(message: &[u8], verdict: &str) -> Vec<Stage> {
    refused_at(message, 0, verdict)
}

fn refused_at(message: &[u8], index: u64, verdict: &str) -> Vec<Stage> {
    vec![Stage { index: Some(index), ..trusting(stage("status_list", message, verdict)) }]
}

fn in_place(stages: Vec<Stage>) -> Vec<Stage> {
    stages.into_iter().map(|stage| Stage { follows: Some("status list in force".into()), ..stage }).collect()
}

pub(super) fn file() -> File {
    let mut make = Maker::new("Status lists (Token Status List, CWT form), and what they say of one index now.");
    introduce(&mut make, &[ISSUER, REGISTRAR]);
    with_trust(&mut make);
    make.section("1.3");
    let issuer = key(CITY, ISSUER);
    let header = kid_header(&issuer, text(TYP));
    let payload = claims(NOW).item();
    let good = sign_bytes(&payload);
    let envelope =
        |message: &[u8], verdict: Result<&[u8], &str>| sign1_stage(message, Typ::MediaType(TYP.into()), "kid", verdict);
    make.good(
        "status_list",
        "a pass is valid",
        [vec![envelope(&good, Ok(&payload))], says(&good, 0, "valid, fresh")].concat(),
    );
    for (name, rule, bytes, verdict) in bad_envelopes(&issuer, &header, &payload) {
        let stages = [vec![envelope(&bytes, Err(verdict))], refused(&bytes, verdict)].concat();
        make.bad(&format!("status_list_{name}"), rule, stages);
    }
    let other = sign1(&issuer, &header.clone().with(16, int(293)).item(), &payload);
    make.bad("status_list_typ_number", "typ is the media type", {
        [vec![envelope(&other, Err("cbor.type"))], refused(&other, "cbor.type")].concat()
    });

    make.section("3");
    let by = |key: &SigningKey| sign1(key, &kid_header(key, text(TYP)).item(), &payload);
    make.bad("status_list_stranger", "the key is in the trust list", refused(&by(&stranger()), "trust.unknown_key"));
    make.bad(
        "status_list_registrar_key",
        "an issuer key signs",
        refused(&by(&key(CITY, REGISTRAR)), "trust.wrong_role"),
    );
    make.bad("status_list_signature", "the key that kid names signed", {
        refused(&sign1(&stranger(), &header.item(), &payload), "signature")
    });
    make.bad("status_list_key_time", "the key is valid when the list is issued", {
        refused(&sign(&claims(KEY_FROM - 1)), "trust.key_time")
    });

    make.section("3.4");
    make.good("status_revoked", "value 1", says(&good, 1, "revoked, fresh"));
    make.good("status_suspended", "value 2", says(&good, 2, "suspended, fresh"));
    make.good("status_superseded", "value 3", says(&good, 3, "superseded, fresh"));
    make.good("status_last_index", "the last index of the last byte", says(&good, 7, "valid, fresh"));
    make.bad(
        "status_index_beyond",
        "an index beyond the list is an error, never valid",
        refused_at(&good, 8, "status.index"),
    );
    make.bad("status_index_far_beyond", "an index beyond the list is an error, never valid", {
        refused_at(&good, 4_294_967_295, "status.index")
    });
    // Section 4.1 of the draft has these two bytes as its example of one bit each.
    let one_bit = sign(&claims(NOW).with(65_533, list(&zlib(&[0xb9, 0xa3], 9), 1)));
    make.good(
        "status_one_bit_set",
        "of a 1-bit list, from the least significant bit",
        says(&one_bit, 15, "revoked, fresh"),
    );
    make.good(
        "status_one_bit_clear",
        "of a 1-bit list, from the least significant bit",
        says(&one_bit, 1, "valid, fresh"),
    );
    make.bad(
        "status_one_bit_beyond",
        "a 1-bit list of two bytes has 16 indices",
        refused_at(&one_bit, 16, "status.index"),
    );
    let stored = sign(&claims(NOW).with(65_533, list(&zlib(&TWO_BITS, 0), 2)));
    make.good("status_stored", "any zlib stream, also one that is not compressed", says(&stored, 1, "revoked, fresh"));
    let ttl = sign(&claims(NOW).with(65_534, int(43_200)));
    make.good("status_ttl", "ttl may be there, and is not used", says(&ttl, 0, "valid, fresh"));

    let aged = |age: i64| sign(&claims(NOW - age));
    make.good("status_fresh_limit", "72 h old is fresh", says(&aged(259_200), 0, "valid, fresh"));
    make.good("status_stale", "a second older is stale", says(&aged(259_201), 0, "valid, stale"));
    make.good("status_stale_limit", "168 h old is stale", says(&aged(604_800), 0, "valid, stale"));
    make.bad("status_too_old", "older than 168 h decides nothing", refused(&aged(604_801), "status.too_old"));
    make.good(
        "status_too_old_revoked",
        "a list of any age can say that a pass is revoked",
        says(&aged(604_801), 1, "revoked, too old"),
    );
    make.good("status_ahead_limit", "a clock 600 s behind", says(&aged(-600), 0, "valid, fresh"));
    make.bad("status_ahead", "dated further in the future than policy key 5", refused(&aged(-601), "status.too_old"));
    let expiring = |exp| sign(&claims(NOW - 10).with(4, int(exp)));
    make.good("status_last_second", "good until just before exp", says(&expiring(NOW + 1), 0, "valid, fresh"));
    make.bad("status_expired", "at exp it decides nothing", refused(&expiring(NOW), "status.too_old"));

    make.base("status_list");
    let mut bad = |name: &str, rule: &str, verdict: &str, claims: Map| {
        make.bad(&format!("status_{name}"), rule, refused(&sign(&claims), verdict));
    };
    let with = |key, value| claims(NOW).with(key, value);
    let packed = zlib(&TWO_BITS, 9);
    bad("expires_before_issued", "exp is not before iat", "expires_before_issued", with(4, int(NOW - 1)));
    bad("uri_empty", "the uri is not empty", "status.uri", with(2, text("")));
    bad("uri_65", "the uri has at most 64 bytes", "status.uri", with(2, text(&"u".repeat(65))));
    bad("bits_0", "an entry has 1 or 2 bits", "status.bits", with(65_533, list(&packed, 0)));
    bad("bits_4", "an entry has 1 or 2 bits", "status.bits", with(65_533, list(&packed, 4)));
    bad("bits_8", "an entry has 1 or 2 bits", "status.bits", with(65_533, list(&packed, 8)));
    let unordered = Map(vec![(text("bits"), int(2)), (text("lst"), bytes(&packed))]);
    bad("list_order", "lst comes before bits, as keys are ascending", "cbor.keys", with(65_533, unordered.unsorted()));
    let more = Map(vec![(text("lst"), bytes(&packed)), (text("bits"), int(2)), (text("more"), int(0))]);
    bad("list_unknown_key", "maps are closed, also against aggregation_uri", "cbor.keys", with(65_533, more.item()));
    bad("unknown_key", "maps are closed", "cbor.keys", with(65_535, int(0)));
    bad("iss", "there is no iss: the signer's member is the issuer", "cbor.keys", with(1, text("310101")));
    bad("missing_exp", "every key of the schema is there", "cbor.keys", claims(NOW).without(4));
    bad("exp_text", "a value of the wrong type is an error", "cbor.type", with(4, text("never")));
    bad("lst_text", "lst is a byte string", "cbor.type", {
        with(65_533, Map(vec![(text("lst"), text("")), (text("bits"), int(2))]).item())
    });
    bad("not_zlib", "lst is a zlib stream", "status.compression", with(65_533, list(&TWO_BITS, 2)));
    bad(
        "raw_deflate",
        "lst has a zlib header",
        "status.compression",
        with(65_533, list(&packed[2..packed.len() - 4], 2)),
    );
    bad("zlib_cut", "the stream is whole", "status.compression", with(65_533, list(&packed[..packed.len() - 1], 2)));
    bad(
        "zlib_trailing",
        "nothing follows the stream",
        "status.compression",
        with(65_533, list(&[&packed[..], &[0]].concat(), 2)),
    );
    let mut checksum = packed.clone();
    *checksum.last_mut().unwrap() ^= 1;
    bad("zlib_checksum", "the stream's checksum fits", "status.compression", with(65_533, list(&checksum, 2)));
    bad("zlib_empty", "an empty string is no stream", "status.compression", with(65_533, list(&[], 2)));
    bad("bomb", "a list inflates to at most 4,194,304 bytes", "status.compression", {
        with(65_533, list(&zlib(&vec![0; 4_194_305], 9), 2))
    });
    let array_of_claims = sign_bytes(&array(&[]));
    make.bad("status_claims_array", "claims are a map", refused(&array_of_claims, "cbor.type"));
    let trailing = sign_bytes(&[&payload[..], &[0]].concat());
    make.bad("status_claims_trailing", "nothing follows the claims", refused(&trailing, "cbor.trailing"));
    let zeros = Some(4_194_305 - good.len());
    let long = Stage { zeros, index: Some(0), ..trusting(stage("status_list", &good, "too_long")) };
    make.bad("status_list_too_long", "at most 4,194,304 bytes, looked at first", vec![long]);

    make.input("status list in force", sign(&claims(NOW - 100)));
    make.good("status_again", "the one in force is taken and changes nothing", {
        in_place(says(&sign(&claims(NOW - 100)), 0, "valid, fresh"))
    });
    make.good("status_next", "a newer one is dated later", in_place(says(&sign(&claims(NOW - 99)), 0, "valid, fresh")));
    make.bad("status_rollback", "iat does not fall", in_place(refused(&sign(&claims(NOW - 101)), "rollback")));
    make.bad("status_of_the_future", "what is dated in the future is not taken in the place of what decides", {
        in_place(refused(&sign(&claims(NOW + 601)), "bundle.future"))
    });
    make.bad("status_expired_when_taken", "what expired is not taken in the place of what decides", {
        in_place(refused(&sign(&claims(NOW - 99).with(4, int(NOW))), "bundle.expired"))
    });
    let same = sign(&claims(NOW - 100).with(65_533, list(&zlib(&[0, 0], 9), 2)));
    make.bad(
        "status_same_time",
        "two lists do not have one iat: this one forgets a revocation",
        in_place(refused(&same, "rollback")),
    );
    make.file
}
