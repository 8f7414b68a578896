//! Passes, each in a code that is good for the moment: claims, issuer, times.

use super::super::schema::File;
use super::value::{Item, Map, array, bytes, int, replace, text};
use super::world::*;
use super::{Maker, stage};
use onecard::crypto::sha256;

/// A pass with these claims in a fresh code.
fn code(claims: &Map) -> Shown {
    Shown::code(&claims.item(), NOW)
}

/// The same with another issuer's signature, or another form of the pass.
fn of(pass: Vec<u8>) -> Shown {
    let claims = pass_claims().item();
    Shown { pass, ..Shown::bare(&claims) }.with(&shown_claims(FEDERATION, NOW).item())
}

pub(super) fn file() -> File {
    let mut make = Maker::new("Passes in a fresh code: their encoding, claims, issuer and times.");
    introduce(&mut make, &[ISSUER, LOG]);
    make.key("holder", &holder());
    with_trust(&mut make);
    envelopes(&mut make);
    claims(&mut make);
    issuers(&mut make);
    times(&mut make);
    make.file
}

fn envelopes(make: &mut Maker) {
    make.section("1.3");
    let issuer = key(CITY, ISSUER);
    let claims = pass_claims().item();
    let header = kid_header(&issuer, int(293));
    make.good("pass", "a pass, shown by its holder", code(&pass_claims()).accepted());
    for (name, rule, bytes, verdict) in bad_envelopes(&issuer, &header, &claims) {
        // Inside a presentation the pass is one item of its protected header: what is no single
        // item makes the presentation's header wrong, and no pass is reached.
        let at = match name {
            "tag_not_minimal" | "indefinite_array" | "cut" | "trailing" => continue,
            _ => At::Pass,
        };
        make.bad(&format!("pass_{name}"), rule, of(bytes).refused(at, verdict));
    }
    let with = |label, value| sign1(&issuer, &header.clone().with(label, value).item(), &claims);
    let mut bad = |name: &str, rule: &str, verdict: &str, pass: Vec<u8>| {
        make.bad(&format!("pass_{name}"), rule, of(pass).refused(At::Pass, verdict));
    };
    bad("typ_of_presentation", "typ of a pass is 293", "cose.typ", with(16, int(294)));
    bad("typ_text", "typ is the content format", "cbor.type", with(16, text("application/sd-cwt")));
    bad("kid_missing", "a pass has kid", "cose.header", sign1(&issuer, &header.clone().without(4).item(), &claims));
    bad("kid_7", "a kid has 8 bytes", "cbor.range", with(4, bytes(&[0; 7])));
    bad("kcwt", "a pass has no kcwt", "cose.header", with(13, int(0)));
}

fn claims(make: &mut Maker) {
    make.section("3.6");
    let base = pass_claims();
    let own = |own: Map| base.clone().with(-65_537, own.item());
    make.good(
        "pass_even_private_claim",
        "an unknown even private claim is ignored",
        code(&own(own_claims().with(12, text("x")))).accepted(),
    );
    make.good(
        "pass_even_negative_claim",
        "a negative even one too",
        code(&own(own_claims().with(-2, array(&[int(1)])))).accepted(),
    );
    make.good("pass_largest_index", "a status index has 32 bits", {
        code(&base.clone().with(65_535, status_claim(int(4_294_967_295), STATUS_URI))).accepted()
    });
    make.good(
        "pass_id_check",
        "flag bit 1 asks for an identity document",
        code(&own(own_claims().with(7, int(2)))).accepted(),
    );
    let committed = |commitment: Item, flags: i64| own(own_claims().with(4, commitment).with(7, int(flags)));
    make.good(
        "pass_with_a_commitment",
        "to the holder's document, SHA-256 of \"onecard/holder-id/v1\\n\", a salt and its number",
        {
            let commitment = sha256(&[b"onecard/holder-id/v1\n", &[0xa5; 16], b"31010119900307123X"]);
            code(&committed(bytes(&commitment.0), 2)).accepted()
        },
    );
    make.base("pass");
    let mut bad = |name: &str, rule: &str, verdict: &str, claims: Item| {
        make.bad(&format!("pass_{name}"), rule, Shown::code(&claims, NOW).refused(At::PassClaims, verdict));
    };
    let with = |key, value| base.clone().with(key, value).item();
    let without = |key| base.clone().without(key).item();
    bad(
        "commitment_without_check",
        "a commitment needs flag bit 1",
        "claims.commitment_without_check",
        committed(bytes(&[9; 32]), 0).item(),
    );
    bad("commitment_31", "a commitment has 32 bytes", "cbor.range", committed(bytes(&[9; 31]), 2).item());
    bad("commitment_null", "a known key of another type is not ignored", "cbor.type", committed(vec![0xf6], 2).item());
    bad(
        "odd_private_claim",
        "an unknown odd private claim is critical",
        "claims.critical",
        own(own_claims().with(11, int(0))).item(),
    );
    bad("odd_negative_claim", "a negative odd one too", "claims.critical", own(own_claims().with(-1, int(0))).item());
    bad("private_text_key", "keys of the private claim are integers", "cbor.keys", {
        let mut text_key = own_claims();
        text_key.0.push((text("x"), int(0)));
        own(text_key).item()
    });
    bad(
        "even_claim_not_minimal",
        "ignored is not unchecked",
        "cbor.not_minimal",
        own(own_claims().with(12, vec![0x18, 1])).item(),
    );
    bad(
        "even_claim_too_deep",
        "an ignored item is not too deep",
        "cbor.depth",
        own(own_claims().with(12, [vec![0x81; 12], vec![0]].concat())).item(),
    );
    bad("version_2", "the version is 1", "claims.version", own(own_claims().with(1, int(2))).item());
    bad("version_0", "the version is 1", "claims.version", own(own_claims().with(1, int(0))).item());
    for key in [1, 3, 5, 7, 9] {
        bad(
            &format!("private_claim_{key}_missing"),
            "every private claim is there",
            "cbor.keys",
            own(own_claims().without(key)).item(),
        );
    }
    bad("private_claim_order", "keys are ascending", "cbor.key_order", {
        let mut order = own_claims();
        order.0.reverse();
        base.clone().with(-65_537, order.unsorted()).item()
    });
    bad("private_claim_twice", "no key is there twice", "cbor.key_order", {
        let mut twice = own_claims();
        twice.0.push((int(9), int(0)));
        base.clone().with(-65_537, twice.item()).item()
    });
    bad(
        "product_version_missing",
        "a product is a number and a version",
        "cbor.range",
        own(own_claims().with(3, array(&[int(1)]))).item(),
    );
    bad(
        "product_65536",
        "a product's number has 16 bits",
        "cbor.range",
        own(own_claims().with(3, array(&[int(65_536), int(1)]))).item(),
    );
    bad("class_256", "a holder class has 8 bits", "cbor.range", own(own_claims().with(5, int(256))).item());
    bad("flag_4", "flags are bits 0 and 1", "unknown_flag", own(own_claims().with(7, int(4))).item());
    bad("flag_128", "flags are bits 0 and 1", "unknown_flag", own(own_claims().with(7, int(128))).item());
    bad("freshness_65536", "freshness has 16 bits", "cbor.range", own(own_claims().with(9, int(65_536))).item());
    bad("unknown_claim", "the claims are closed", "cbor.keys", with(7, bytes(&[1])));
    bad("audience", "a pass has no aud", "cbor.keys", with(3, text(FEDERATION)));
    for key in [1, 2, 4, 5, 6, 65_535, -65_537] {
        let name = format!("claim_{}_missing", key.to_string().replace('-', "minus_"));
        bad(&name, "every claim but cnf is there", "cbor.keys", without(key));
    }
    bad("iss_number", "a value of the wrong type is an error: iss is text", "cbor.type", with(1, int(CITY)));
    bad("iss_five_digits", "iss is six digits", "id.member", with(1, text("31010")));
    bad("iss_leading_zero", "iss does not start with 0", "id.member", with(1, text("031010")));
    bad("iss_plus", "iss is digits", "id.member", with(1, text("+31010")));
    bad("sub_lower_case", "a pass id is in upper case", "id.pass", with(2, text("041061050r3gg28a")));
    bad("sub_15", "a pass id has 16 characters", "id.pass", with(2, text("041061050R3GG28")));
    bad("sub_letter_o", "O is not read as 0", "id.pass", with(2, text("O41061050R3GG28A")));
    bad("sub_hyphen", "a pass id has no hyphens", "id.pass", with(2, text("04106105-R3GG28A")));
    bad("exp_text", "a wrong-typed exp is an error, never absent", "cbor.type", with(4, text("1791816400")));
    bad(
        "exp_float",
        "a wrong-typed exp is an error, never absent",
        "cbor.type",
        with(4, vec![0xfb, 0x41, 0xda, 0xb3, 0x3d, 0x16, 0, 0, 0]),
    );
    bad("exp_tagged", "a time has no tag", "cbor.type", with(4, [&[0xc1][..], &int(NOW + 1_000_000)].concat()));
    bad("exp_null", "null is not absent", "cbor.type", with(4, vec![0xf6]));
    bad("nbf_negative", "times are not negative", "cbor.type", with(5, int(-1)));
    bad("exp_year_10000", "times end with the year 9999", "cbor.range", with(4, int(253_402_300_800)));
    bad("exp_not_minimal", "integers are in their shortest form", "cbor.not_minimal", {
        let exp = int(NOW + 1_000_000);
        replace(&base.item(), &exp, &[&[0x1b, 0, 0, 0, 0], &exp[1..]].concat())
    });
    bad("exp_at_nbf", "nbf is before exp", "claims.exp_not_after_nbf", with(4, int(NOW - 1_000)));
    bad(
        "exp_at_iat",
        "iat is before exp",
        "claims.exp_not_after_iat",
        base.clone().with(6, int(NOW + 1_000_000)).item(),
    );
    bad("no_key_no_flag", "a pass without cnf may be shown bare", "claims.no_holder_key", without(8));
    bad("cnf_null", "null is not absent", "cbor.type", with(8, vec![0xf6]));
    bad("cnf_kid", "cnf is a key, not its id", "cbor.type", with(8, Map::of(&[(3, bytes(&[0; 8]))]).item()));
    let cose_key = |pairs: &[(i64, Item)]| Map::of(&[(1, Map::of(pairs).item())]).item();
    let x = || bytes(holder().verifying_key().as_bytes());
    bad(
        "cnf_crv",
        "the curve is Ed25519 (6), not X25519 (4)",
        "cbor.type",
        with(8, cose_key(&[(1, int(1)), (-1, int(4)), (-2, x())])),
    );
    bad(
        "cnf_alg",
        "the key has no alg",
        "cbor.type",
        with(8, cose_key(&[(1, int(1)), (3, int(-19)), (-1, int(6)), (-2, x())])),
    );
    bad(
        "cnf_private",
        "the key has no private part",
        "cbor.type",
        with(8, cose_key(&[(1, int(1)), (-1, int(6)), (-2, x()), (-4, bytes(&[0; 32]))])),
    );
    bad("cnf_31", "a key has 32 bytes", "cbor.type", with(8, cnf(&[9; 31])));
    bad(
        "cnf_small_order",
        "the holder's key is not of small order",
        "key.small_order",
        with(8, cnf(&[&[1][..], &[0; 31]].concat())),
    );
    bad(
        "cnf_not_a_point",
        "the holder's key is a point",
        "key.not_a_point",
        with(8, cnf(&[&[2][..], &[0; 31]].concat())),
    );
    bad("cnf_non_canonical", "the holder's key is encoded canonically", "key.non_canonical", {
        with(8, cnf(&[&[0xf0][..], &[0xff; 30], &[0x7f]].concat()))
    });
    bad("status_uri_empty", "a status uri is not empty", "claims.status_uri", with(65_535, status_claim(int(77), "")));
    bad(
        "status_uri_65",
        "a status uri has at most 64 bytes",
        "claims.status_uri",
        with(65_535, status_claim(int(77), &"u".repeat(65))),
    );
    bad(
        "status_index_33_bits",
        "a status index has 32 bits",
        "cbor.range",
        with(65_535, status_claim(int(1 << 32), STATUS_URI)),
    );
    bad("status_other_mechanism", "the mechanism is status_list", "cbor.keys", {
        with(65_535, Map(vec![(text("identifier_list"), Map::default().item())]).item())
    });
    bad("status_null", "null is not absent", "cbor.type", with(65_535, vec![0xf6]));
    bad("claims_trailing", "nothing follows the claims", "cbor.trailing", [base.item(), int(0)].concat());
    bad("claims_order", "claims are ascending", "cbor.keys", {
        let mut order = base.clone();
        order.0.swap(0, 1);
        order.unsorted()
    });
    bad("claims_array", "claims are a map", "cbor.type", array(&[]));
    bad("claims_tagged", "claims have no CWT tag", "cbor.type", [&[0xd8, 61][..], &base.item()].concat());
    let padded = |length: usize| issue(&own(own_claims().with(12, bytes(&vec![0; length]))).item());
    let length = (200..300).find(|&length| padded(length).len() == 513).expect("no padding gives 513 bytes");
    let long = show(&padded(length), &shown_claims(FEDERATION, NOW).item());
    make.bad("pass_513", "a pass has at most 512 bytes, looked at before it is decoded", {
        vec![trusting(stage("shown", &long, "too_long"))]
    });
}

fn issuers(make: &mut Maker) {
    make.section("3");
    let claims = pass_claims().item();
    make.good("pass_of_another_city", "each city issues passes of its own", {
        let claims = pass_claims().with(1, text("330100")).item();
        Shown { pass: issue_by(&key(330_100, ISSUER), &claims), ..Shown::bare(&claims) }
            .with(&shown_claims(FEDERATION, NOW).item())
            .accepted()
    });
    make.base("pass");
    let mut bad = |name: &str, rule: &str, verdict: &str, shown: Shown| {
        make.bad(&format!("pass_{name}"), rule, shown.refused(At::Rules, verdict));
    };
    bad("stranger", "the key is in the trust list", "trust.unknown_key", of(issue_by(&stranger(), &claims)));
    bad("self_issued", "a holder issues nothing", "trust.unknown_key", of(issue_by(&holder(), &claims)));
    bad("log_key", "an issuer key signs", "trust.wrong_role", of(issue_by(&key(CITY, LOG), &claims)));
    bad(
        "other_member",
        "iss is the member whose key signed",
        "issuer_mismatch",
        of(issue_by(&key(320_100, ISSUER), &claims)),
    );
    let header = kid_header(&key(CITY, ISSUER), int(293)).item();
    bad("forged", "the key that kid names signed", "pass.issuer_signature", of(sign1(&stranger(), &header, &claims)));
    let good = issue(&claims);
    let changed = replace(&good, b"041061050R3GG28A", b"041061050R3GG28B");
    bad("changed", "what was signed is what is shown", "pass.issuer_signature", {
        let claims = pass_claims().with(2, text("041061050R3GG28B")).item();
        Shown { pass: changed, ..Shown::bare(&claims) }.with(&shown_claims(FEDERATION, NOW).item())
    });
    let context = array(&[text("Signature"), bytes(&header), bytes(&[]), bytes(&claims)]);
    let signature = key(CITY, ISSUER).sign(&context);
    bad("other_context", "what is signed is the Sig_structure of a COSE_Sign1", "pass.issuer_signature", {
        of(envelope(&header, &Map::default().item(), &claims, &signature))
    });
    bad("aad", "external_aad is empty", "pass.issuer_signature", {
        let message = array(&[text("Signature1"), bytes(&header), bytes(&[0]), bytes(&claims)]);
        of(envelope(&header, &Map::default().item(), &claims, &key(CITY, ISSUER).sign(&message)))
    });
    bad("bare_payload", "what is signed is not the payload alone", "pass.issuer_signature", {
        of(envelope(&header, &Map::default().item(), &claims, &key(CITY, ISSUER).sign(&claims)))
    });
    bad("s_plus_l", "S is below the group order", "pass.issuer_signature", {
        let mut malleable = good.clone();
        let order = [&(-curve25519_dalek::Scalar::ONE).to_bytes()[..]].concat();
        let at = malleable.len() - 32;
        let mut carry = 1;
        for (byte, add) in malleable[at..].iter_mut().zip(order) {
            let sum = u16::from(*byte) + u16::from(add) + carry;
            (*byte, carry) = (sum as u8, sum >> 8);
        }
        of(malleable)
    });
    let suspended = {
        let mut list = Trust::default();
        list.members[1].suspended = Some(NOW - 2_000);
        list
    };
    let retired = {
        let mut list = Trust::default();
        list.members[1].keys[1].until = NOW - 2_001;
        list
    };
    let expired = Trust { expires: NOW, ..Trust::default() };
    let lists = [
        ("list that suspends the city", suspended),
        ("list that retires the key", retired),
        ("list that has expired", expired),
    ];
    for (name, list) in lists {
        make.input(name, list.signed());
    }
    let under_with = |list: &str, verdict: &str| {
        let mut stages = code(&pass_claims()).refused(At::Rules, verdict);
        stages.iter_mut().filter(|stage| stage.trust.is_some()).for_each(|stage| stage.trust = Some(list.into()));
        stages
    };
    let under = |list: &str| under_with(list, "trust.key_time");
    make.bad(
        "pass_under_an_expired_list",
        "a trust list that has expired decides nothing",
        under_with("list that has expired", "trust_list.expired"),
    );
    make.bad(
        "pass_of_a_suspended_city",
        "what a member signs from its suspension on is nothing",
        under("list that suspends the city"),
    );
    make.bad("pass_of_a_retired_key", "the key is valid when the pass is issued", under("list that retires the key"));
}

fn times(make: &mut Maker) {
    make.section("3.6");
    let with = |key, time| pass_claims().with(key, int(time));
    make.good("pass_first_second", "good from nbf", code(&with(5, NOW)).accepted());
    make.good("pass_last_second", "good until just before exp", code(&with(4, NOW + 1)).accepted());
    make.good("pass_as_long_as_its_key", "exp may be the last second of the key", code(&with(4, KEY_UNTIL)).accepted());
    make.base("pass");
    let mut bad = |name: &str, rule: &str, verdict: &str, claims: &Map| {
        make.bad(&format!("pass_{name}"), rule, code(claims).refused(At::Rules, verdict));
    };
    bad("not_yet_valid", "before nbf it is not good", "pass.not_yet_valid", &with(5, NOW + 1));
    bad("expired", "at exp it is not good any more", "pass.expired", &with(4, NOW));
    bad("outlives_key", "exp is not after the key's last second", "pass.outlives_key", &with(4, KEY_UNTIL + 1));
    bad("older_than_key", "nbf is not before the key's first second", "pass.outlives_key", &with(5, KEY_FROM - 1));
    bad("issued_before_key", "the key is valid at iat", "trust.key_time", &with(6, KEY_FROM - 1));
}
