//! Trust lists: the first one, and those that follow.

use super::super::schema::{File, Hex, Stage, Typ};
use super::value::{Item, Map, array, bytes, head, int, replace, text};
use super::world::*;
use super::{Maker, stage};
use onecard::crypto::{SigningKey, sha256};

/// The envelope, then the list: pinned by its own digest.
fn first(message: &[u8], verdict: &str) -> Vec<Stage> {
    pinned(message, &sha256(&[message]).0, verdict)
}

fn pinned(message: &[u8], anchor: &[u8], verdict: &str) -> Vec<Stage> {
    let gives = (verdict == "accept").then(|| "1".to_owned());
    vec![Stage { anchor: Some(Hex(anchor.to_vec())), gives, ..stage("trust_list", message, verdict) }]
}

/// The same where the envelope is what is wrong.
fn envelope_refused(message: &[u8], verdict: &str) -> Vec<Stage> {
    let typ = Some(Typ::MediaType(LIST_TYP.into()));
    let envelope = Stage { typ, ..stage("cose_sign", message, verdict) };
    [vec![envelope], first(message, verdict)].concat()
}

fn following(message: &[u8], sequence: u64, verdict: &str) -> Vec<Stage> {
    let gives = (verdict == "accept").then(|| sequence.to_string());
    vec![Stage { follows: Some("list in force".into()), gives, ..stage("trust_list", message, verdict) }]
}

fn roots(members: &[i64]) -> Vec<SigningKey> {
    members.iter().map(|&member| key(member, ROOT)).collect()
}

pub(super) fn file() -> File {
    let mut make = Maker::new("Trust lists: the first one by its pinned digest, each later one by the list in force.");
    introduce(&mut make, &[ROOT, ISSUER]);
    make.key("new root", &named("new root"));
    make.key("second root", &named("second root"));
    envelopes(&mut make);
    firsts(&mut make);
    contents(&mut make);
    updates(&mut make);
    make.file
}

fn firsts(make: &mut Maker) {
    make.section("3.1");
    let list = Trust::default();
    let content = list.map().item();
    let signed = |members: &[i64]| sign_list(&content, &roots(members));
    make.good("list_signed_by_four", "more signers than needed", first(&signed(&CITIES), "accept"));
    let good = signed(&CITIES[..3]);
    make.good("list_signed_by_three", "three of four members signed, as many as needed", first(&good, "accept"));
    make.bad(
        "list_anchor",
        "the first list is the pinned one",
        pinned(&good, &sha256(&[b"other"]).0, "trust_list.anchor"),
    );
    let resigned = signed(&[310_101, 320_100, 340_100]);
    make.bad("list_anchor_other_signers", "the digest is that of the message with its signatures", {
        pinned(&resigned, &sha256(&[&good]).0, "trust_list.anchor")
    });
    make.bad(
        "list_two_signers",
        "distinct members that sign are as many as the threshold",
        first(&signed(&CITIES[..2]), "trust_list.threshold"),
    );
    let second = named("second root");
    let mut two_roots = list.clone();
    two_roots.members[1].keys.push(TrustKey::new(ROOT, &second));
    let by_two_keys = [roots(&CITIES[..2]), vec![second.clone()]].concat();
    make.bad("list_one_member_two_keys", "members are counted, not keys", {
        first(&sign_list(&two_roots.map().item(), &by_two_keys), "trust_list.threshold")
    });
    let with = |key: SigningKey| sign_list(&content, &[roots(&CITIES[..3]), vec![key]].concat());
    make.bad("list_unknown_signer", "every signer is in the list", first(&with(stranger()), "trust_list.signer"));
    make.bad("list_signer_no_root", "every signer is a root", first(&with(key(340_100, ISSUER)), "trust_list.signer"));
    let body = list_header();
    let sorted = |mut items: Vec<(Vec<u8>, Item)>| {
        items.sort();
        list_message(&body, &content, &items.into_iter().map(|(_, item)| item).collect::<Vec<_>>())
    };
    let kid = |key: &SigningKey| key.verifying_key().kid().0.to_vec();
    let of = |key: &SigningKey, message: &[u8]| (kid(key), signer(key, &body, message));
    let mut items: Vec<_> = roots(&CITIES[..3]).iter().map(|key| of(key, &content)).collect();
    items.push(of(&key(340_100, ROOT), b"another content"));
    make.bad(
        "list_signature",
        "a signature that does not verify refuses the list, though enough others do",
        first(&sorted(items), "trust_list.signer"),
    );
    let mut late = list.clone();
    late.members[1].keys[0].from = late.issued + 1;
    make.bad("list_root_not_yet_valid", "a root is valid when the list is issued", {
        first(&sign_list(&late.map().item(), &roots(&CITIES[..3])), "trust_list.signer")
    });
    let mut suspended = list.clone();
    suspended.members[1].suspended = Some(suspended.issued);
    make.bad("list_root_suspended", "a suspended member signs nothing", {
        first(&sign_list(&suspended.map().item(), &roots(&CITIES[..3])), "trust_list.signer")
    });
    let second_list = Trust { sequence: 2, ..list };
    make.bad(
        "list_first_sequence",
        "the first list has sequence 1",
        first(&second_list.signed(), "trust_list.not_first"),
    );
    let long = Stage { zeros: Some(262_145 - good.len()), ..stage("trust_list", &good, "too_long") };
    make.bad(
        "list_too_long",
        "at most 262,144 bytes, looked at first",
        vec![Stage { anchor: Some(Hex(vec![0; 32])), ..long }],
    );
}

/// What `COSE_Sign` refuses, whatever is signed.
fn envelopes(make: &mut Maker) {
    make.section("1.3");
    let content = Trust::default().map().item();
    let good = Trust::default().signed();
    let typ = Some(Typ::MediaType(LIST_TYP.into()));
    let gives = Some(Hex(content.clone()).text());
    let envelope = Stage { typ, gives, ..stage("cose_sign", &good, "accept") };
    make.good("sign_envelope", "a COSE_Sign with three signers", [vec![envelope], first(&good, "accept")].concat());
    let mut keys = roots(&CITIES[..3]);
    keys.sort_by_key(|key| key.verifying_key().kid());
    let body = list_header();
    let signers: Vec<Item> = keys.iter().map(|key| signer(key, &body, &content)).collect();
    let by = |signers: &[Item]| list_message(&body, &content, signers);
    let bad = |make: &mut Maker, name: &str, rule: &str, message: &[u8], verdict: &str| {
        make.bad(name, rule, envelope_refused(message, verdict));
    };
    bad(make, "sign_no_tag", "a COSE_Sign has its tag", &good[2..], "cbor.type");
    bad(make, "sign_tag_of_sign1", "the tag of COSE_Sign is 98", &[&[0xd2], &good[2..]].concat(), "cbor.type");
    bad(make, "sign_tag_twice", "the tag is there once", &[&[0xd8, 98], &good[..]].concat(), "cbor.type");
    bad(make, "sign_no_signers", "there is a signer", &by(&[]), "cbor.range");
    let many: Vec<Item> = std::iter::repeat_n(signers[0].clone(), 257).collect();
    bad(make, "sign_257_signers", "at most 256 signers", &by(&many), "cbor.range");
    bad(
        make,
        "sign_signer_twice",
        "one key signs once: its signature does not count twice",
        &by(&[signers[0].clone(), signers[0].clone(), signers[1].clone()]),
        "cbor.key_order",
    );
    bad(
        make,
        "sign_signer_order",
        "signers are ascending by kid",
        &by(&[signers[1].clone(), signers[0].clone(), signers[2].clone()]),
        "cbor.key_order",
    );
    let other_typ = Map::of(&[(16, text("application/vnd.onecard.catalogue+cbor"))]).item();
    bad(
        make,
        "sign_typ",
        "typ says that this is a trust list",
        &list_message(&other_typ, &content, &signers),
        "cose.typ",
    );
    bad(
        make,
        "sign_typ_missing",
        "typ is in the body's protected header",
        &list_message(&Map::default().item(), &content, &signers),
        "cose.typ",
    );
    let body_kid = Map::of(&[(16, text(LIST_TYP)), (17, int(0))]).item();
    bad(
        make,
        "sign_body_header",
        "the body has no header but typ",
        &list_message(&body_kid, &content, &signers),
        "cbor.keys",
    );
    let with = |protected: &Map| {
        let mut changed = signers.clone();
        changed[2] = signer_with(&keys[2], &protected.item(), &body, &content);
        by(&changed)
    };
    let header = Map::of(&[(1, int(-19)), (4, bytes(&keys[2].verifying_key().kid().0))]);
    bad(make, "sign_signer_alg", "alg of a signer is -19", &with(&header.clone().with(1, int(-8))), "cose.alg");
    bad(make, "sign_signer_alg_missing", "a signer has alg", &with(&header.clone().without(1)), "cose.alg");
    bad(make, "sign_signer_kid_missing", "a signer has kid", &with(&header.clone().without(4)), "cose.header");
    bad(make, "sign_signer_kid_7", "a kid has 8 bytes", &with(&header.clone().with(4, bytes(&[0; 7]))), "cbor.range");
    bad(make, "sign_signer_typ", "a signer has no typ", &with(&header.clone().with(16, text(LIST_TYP))), "cose.header");
    bad(make, "sign_signer_kcwt", "a signer has no kcwt", &with(&header.clone().with(13, int(0))), "cose.header");
    bad(make, "sign_signer_other_header", "a signer has no other header", &with(&header.with(3, int(0))), "cbor.keys");
    let unprotected = {
        let mut changed = signers.clone();
        changed[2] = replace(&changed[2], &[0xa0, 0x58, 64], &[0xa1, 3, 0, 0x58, 64]);
        by(&changed)
    };
    bad(make, "sign_signer_unprotected", "the unprotected header of a signer is empty", &unprotected, "cbor.keys");
    let four = [head(4, 4), signers[2][1..].to_vec(), int(0)].concat();
    bad(
        make,
        "sign_signer_of_four",
        "a signature has three items",
        &by(&[signers[0].clone(), signers[1].clone(), four]),
        "cbor.range",
    );
    bad(make, "sign_trailing", "nothing follows the message", &[&good[..], &[0]].concat(), "cbor.trailing");
}

/// Contradictions that refuse a list whoever signed it.
fn contents(make: &mut Maker) {
    make.section("3.1");
    let list = Trust::default();
    let many = |quorum: i64| {
        let mut list = list.clone();
        let auditor = |at: i64| TrustMember {
            id: AUDITOR + at,
            keys: vec![TrustKey::new(WITNESS, &key(AUDITOR + at, WITNESS))],
            ..list.members[0].clone()
        };
        let more: Vec<TrustMember> = (1..=60).map(auditor).collect();
        list.members.splice(1..1, more);
        list.policy[1] = quorum;
        first(&list.signed(), if quorum < 64 { "accept" } else { "trust_list.witness_quorum_unmeetable" })
    };
    make.good("list_witness_quorum_63", "a note has room for 63 cosignatures", many(63));
    make.bad("list_witness_quorum_64", "a note has room for as many cosignatures as the quorum", many(64));
    make.base("list_signed_by_three");
    let mut changed = |name: &str, rule: &str, verdict: &str, change: &dyn Fn(&mut Trust)| {
        let mut list = list.clone();
        change(&mut list);
        make.bad(&format!("list_{name}"), rule, first(&list.signed(), verdict));
    };
    changed("key_in_two_roles", "a key has one role", "trust_list.key_in_two_roles", &|list| {
        list.members[1].keys[1].public = list.members[1].keys[2].public.clone();
    });
    changed("key_of_two_members", "a key belongs to one member", "trust_list.key_in_two_members", &|list| {
        list.members[1].keys[1].public = list.members[2].keys[1].public.clone();
    });
    changed("key_twice", "a key is there once", "trust_list.key_twice", &|list| {
        let again = list.members[1].keys[1].clone();
        list.members[1].keys.push(again);
    });
    changed("member_twice", "a member is there once", "trust_list.member_order", &|list| list.members[2].id = 310_101);
    changed("member_order", "members are ascending by id", "trust_list.member_order", &|list| list.members.swap(1, 2));
    changed("auditor_with_a_root", "an auditor has witness keys only", "trust_list.auditor_key", &|list| {
        list.members[0].keys.push(TrustKey::new(ROOT, &stranger()));
    });
    changed("auditor_with_an_issuer", "an auditor has witness keys only", "trust_list.auditor_key", &|list| {
        list.members[0].keys.push(TrustKey::new(ISSUER, &stranger()));
    });
    changed("member_kind", "a member is a city or an auditor", "trust_list.member_kind", &|list| {
        list.members[1].kind = 2
    });
    changed("member_id", "a member id has six digits", "cbor.range", &|list| list.members[0].id = 99_999);
    changed("name_length", "a name has at most 64 bytes", "trust_list.name_length", &|list| {
        list.members[1].names.1 = "n".repeat(65);
    });
    changed("role", "roles are 1 to 5", "trust_list.unknown_role", &|list| list.members[1].keys[4].role = 6);
    changed("role_0", "roles are 1 to 5", "trust_list.unknown_role", &|list| list.members[1].keys[4].role = 0);
    changed("key_never_valid", "a key's last second is not before its first", "trust_list.key_never_valid", &|list| {
        list.members[1].keys[1].until = list.members[1].keys[1].from - 1;
    });
    let identity = [&[1][..], &[0; 31]].concat();
    changed("key_small_order", "keys pass the rule for registered keys", "key.small_order", &|list| {
        list.members[1].keys[1].public = identity.clone();
    });
    changed("key_not_a_point", "keys are points", "key.not_a_point", &|list| {
        list.members[1].keys[1].public = [&[2][..], &[0; 31]].concat();
    });
    changed("key_length", "a key has 32 bytes", "cbor.range", &|list| list.members[1].keys[1].public.truncate(31));
    changed("keys_33", "a member has at most 32 keys", "cbor.range", &|list| {
        let more = (0..28).map(|at| TrustKey::new(ISSUER, &named(&format!("issuer {at}"))));
        list.members[1].keys.extend(more);
    });
    changed("root_threshold_0", "a threshold is at least 1", "trust_list.root_threshold_unmeetable", &|list| {
        list.policy[0] = 0
    });
    changed(
        "root_threshold_5",
        "a threshold is at most the members with a root",
        "trust_list.root_threshold_unmeetable",
        &|list| list.policy[0] = 5,
    );
    changed("root_threshold_256", "a threshold is at most 255", "trust_list.threshold_range", &|list| {
        list.policy[0] = 256
    });
    changed("witness_quorum_0", "a quorum is at least 1", "trust_list.witness_quorum_unmeetable", &|list| {
        list.policy[1] = 0
    });
    changed(
        "witness_quorum_6",
        "a quorum is at most the members with a witness",
        "trust_list.witness_quorum_unmeetable",
        &|list| list.policy[1] = 6,
    );
    changed("status_ages", "a fresh status list is not too old", "trust_list.status_ages", &|list| {
        list.policy[5] = list.policy[6] + 1
    });
    changed("catalogue_ages", "a fresh catalogue is not too old", "trust_list.catalogue_ages", &|list| {
        list.policy[10] = list.policy[11] + 1;
    });
    changed("code_ages", "a code is not early where a clock is suspect", "trust_list.code_ages", &|list| {
        list.policy[4] = list.policy[2] - 1
    });
    changed("code_outlives_its_rescan", "a gate knows a good code again", "trust_list.code_life", &|list| {
        list.policy[8] = list.policy[2] + list.policy[3] - 1
    });
    changed("policy_value", "policy values are below 2^32", "cbor.range", &|list| list.policy[9] = 1 << 32);
    changed("expires_before_issued", "a list does not expire before it is issued", "expires_before_issued", &|list| {
        list.expires = list.issued - 1
    });
    changed("federation_empty", "the federation has a name", "trust_list.federation_length", &|list| {
        list.federation.clear()
    });
    changed("federation_64", "the federation's name has at most 63 bytes", "trust_list.federation_length", &|list| {
        list.federation = "f".repeat(64)
    });
    changed(
        "federation_upper_case",
        "the federation's name is a domain in lower case",
        "trust_list.federation_characters",
        &|list| list.federation = "Onecard.test".into(),
    );
    changed("federation_slash", "the federation's name is a domain", "trust_list.federation_characters", &|list| {
        list.federation = "onecard.test/x".into()
    });

    let sign = |content: &[u8]| sign_list(content, &roots(&CITIES[..3]));
    let map = list.map();
    let mut raw = |name: &str, rule: &str, verdict: &str, content: Vec<u8>| {
        make.bad(&format!("list_{name}"), rule, first(&sign(&content), verdict));
    };
    raw("unknown_key", "maps are closed", "cbor.keys", map.clone().with(7, int(0)).item());
    raw("missing_policy", "every key of the schema is there", "cbor.keys", map.clone().without(5).item());
    raw("policy_key_missing", "all keys of the policy are there", "cbor.keys", {
        map.clone().with(5, list.policy_map().without(13).item()).item()
    });
    raw("policy_key_14", "the policy has thirteen keys", "cbor.keys", {
        map.clone().with(5, list.policy_map().with(14, int(0)).item()).item()
    });
    raw("sequence_text", "a value of the wrong type is an error", "cbor.type", map.clone().with(2, text("1")).item());
    raw(
        "issued_year_10000",
        "times end with the year 9999",
        "cbor.range",
        map.clone().with(4, int(253_402_300_800)).item(),
    );
    raw("member_unknown_key", "maps are closed", "cbor.keys", {
        map.clone().with(6, array(&[list.members[0].map().with(7, int(0)).item()])).item()
    });
    raw("trailing", "nothing follows the content", "cbor.trailing", [map.item(), int(0)].concat());
}

fn updates(make: &mut Maker) {
    make.section("3.1");
    let old = Trust::default();
    make.input("list in force", old.signed());
    let next = Trust { sequence: 2, issued: old.issued + 1, ..old.clone() };
    let update = |list: &Trust, signers: &[SigningKey]| sign_list(&list.map().item(), signers);
    let three = roots(&CITIES[..3]);
    make.good("update_same_second", "a list may follow within the second", {
        following(&update(&Trust { issued: old.issued, ..next.clone() }, &three), 2, "accept")
    });
    let new_root = named("new root");
    let mut rotated = next.clone();
    rotated.members[4].keys[0] = TrustKey::new(ROOT, &new_root);
    let with_new = |cities: &[i64]| [roots(cities), vec![new_root.clone()]].concat();
    make.good("update_rotates_a_root", "three members by the old list and three by the new one signed", {
        following(&update(&rotated, &with_new(&[310_101, 320_100, 330_100])), 2, "accept")
    });
    make.bad("update_old_threshold", "the threshold of the list in force signs", {
        following(&update(&rotated, &with_new(&[310_101, 320_100])), 2, "trust_list.threshold")
    });
    make.bad("update_new_threshold", "the threshold of the new list signs", {
        following(&update(&rotated, &roots(&[310_101, 320_100, 340_100])), 2, "trust_list.threshold")
    });
    let mut suzhou = next.clone();
    suzhou.members.insert(3, TrustMember::city(320_500));
    make.good("update_adds_a_city", "a fifth city joins", following(&update(&suzhou, &three), 2, "accept"));
    let mut lost = next.clone();
    lost.members[4].keys.remove(0);
    make.good(
        "update_without_a_root",
        "a city that lost its root stays without one",
        following(&update(&lost, &three), 2, "accept"),
    );
    let mut suspended = next.clone();
    suspended.members[4].suspended = Some(next.issued);
    make.good(
        "update_suspends_a_city",
        "a city is suspended by the others",
        following(&update(&suspended, &three), 2, "accept"),
    );
    make.good("update_signed_by_whom_it_suspends", "by the list in force that member may still sign", {
        following(&update(&suspended, &roots(&CITIES)), 2, "accept")
    });
    let without_hefei = Trust { sequence: 1, ..suspended.clone() };
    make.input("list in force that suspends a city", without_hefei.signed());
    make.bad("update_signed_by_a_suspended_city", "from its suspension on a member signs no list", {
        let message = update(&Trust { issued: suspended.issued + 1, ..suspended.clone() }, &roots(&CITIES));
        let follows = Some("list in force that suspends a city".into());
        vec![Stage { follows, ..stage("trust_list", &message, "trust_list.signer") }]
    });
    make.good("update", "the next list", following(&update(&next, &three), 2, "accept"));
    let mut changed = |name: &str, rule: &str, verdict: &str, change: &dyn Fn(&mut Trust)| {
        let mut list = next.clone();
        change(&mut list);
        make.bad(&format!("update_{name}"), rule, following(&update(&list, &three), 2, verdict));
    };
    changed("same_sequence", "the sequence is one higher: this is a rollback", "rollback", &|list| list.sequence = 1);
    changed("sequence_0", "the sequence is one higher: this is a rollback", "rollback", &|list| list.sequence = 0);
    changed("gap", "the sequence is one higher: there is a gap", "trust_list.gap", &|list| list.sequence = 3);
    changed("issued_earlier", "a list is not issued before the one it follows", "trust_list.issued_earlier", &|list| {
        list.issued = old.issued - 1
    });
    changed("other_federation", "a list is of the same federation", "trust_list.other_federation", &|list| {
        list.federation = "other.test".into()
    });
    make.bad("update_unknown_signer", "every signer is a root of one of the two lists", {
        following(&update(&next, &[three.clone(), vec![stranger()]].concat()), 2, "trust_list.signer")
    });
    make.bad("update_signer_no_root", "every signer is a root", {
        following(&update(&next, &[three.clone(), vec![key(340_100, ISSUER)]].concat()), 2, "trust_list.signer")
    });
    make.bad(
        "update_two_signers",
        "both thresholds sign",
        following(&update(&next, &three[..2]), 2, "trust_list.threshold"),
    );
    make.bad("update_by_itself", "the list in force does not follow itself", following(&old.signed(), 1, "rollback"));
    let seized = {
        let mut list = next.clone();
        list.policy[0] = 1;
        update(&list, &three[..1])
    };
    make.bad(
        "update_lowers_the_threshold",
        "a lower threshold counts once the old one signed it",
        following(&seized, 2, "trust_list.threshold"),
    );
    let mut changed_hands = next.clone();
    changed_hands.members[1].keys[1].public = changed_hands.members[2].keys[1].public.clone();
    changed_hands.members[2].keys.remove(1);
    make.bad("update_gives_a_key_to_another", "no key changes its member", {
        following(&update(&changed_hands, &three), 2, "trust_list.key_in_two_members")
    });
    let mut other_role = next.clone();
    other_role.members[1].keys.remove(2);
    other_role.members[1].keys[1].public = old.members[1].keys[2].public.clone();
    make.bad("update_gives_a_key_another_role", "no key changes its role", {
        following(&update(&other_role, &three), 2, "trust_list.key_in_two_roles")
    });
    let expired = Trust { issued: NOW - 400_000, expires: NOW - 300_000, ..next.clone() };
    make.good("update_that_expired", "a list that expired may follow: another may follow it", {
        following(&update(&expired, &three), 2, "accept")
    });

    let judged = |name: &str, verdict: &str, gives: Option<&str>| {
        let (trust, gives) = (Some(name.into()), gives.map(str::to_owned));
        vec![Stage { trust, gives, ..stage("trust_list_time", &[], verdict) }]
    };
    let at = |make: &mut Maker, name: &'static str, issued: i64, expires: i64| {
        let mut list = Trust { issued, expires, ..old.clone() };
        let keys = list.members.iter_mut().flat_map(|member| &mut member.keys);
        keys.for_each(|key| key.from = key.from.min(issued));
        make.input(name, list.signed());
    };
    at(make, "list a year old", NOW - 31_536_000, NOW + 9);
    make.good("list_fresh_limit", "a year old is fresh", judged("list a year old", "accept", Some("fresh")));
    at(make, "list older than a year", NOW - 31_536_001, NOW + 9);
    make.good("list_stale", "a second older is stale", judged("list older than a year", "accept", Some("stale")));
    at(make, "list issued now", NOW, NOW + 9);
    make.good("list_first_second", "in force from its issue", judged("list issued now", "accept", Some("fresh")));
    at(make, "list of the future", NOW + 1, NOW + 9);
    make.bad("list_of_the_future", "before its issue it decides nothing", {
        judged("list of the future", "trust_list.not_yet_issued", None)
    });
    at(make, "list that expires next", NOW - 9, NOW + 1);
    make.good(
        "list_last_second",
        "in force until just before it expires",
        judged("list that expires next", "accept", Some("fresh")),
    );
    at(make, "list that expires now", NOW - 9, NOW);
    make.bad(
        "list_expired",
        "from its expiry on it decides nothing",
        judged("list that expires now", "trust_list.expired", None),
    );
}
