//! Catalogues: one member's venues and products.

use super::super::schema::{File, Stage, Typ};
use super::value::{Item, Map, array, int, text};
use super::world::*;
use super::{Maker, sign1_stage, stage};
use onecard::crypto::SigningKey;

const TYP: &str = "application/vnd.onecard.catalogue+cbor";

fn venue(number: i64) -> Vec<Item> {
    vec![int(number), text(&format!("HP{number}")), text("豫园"), text("Yu Garden"), int(1), int(4_001)]
}

fn product(issuer: i64, number: i64, version: i64) -> Map {
    let quota = array(&[int(2), int(0), int(0), int(0)]);
    let grant = Map::of(&[(1, Map::of(&[(0, int(0))]).item()), (2, array(&[int(0)])), (4, array(&[quota]))]);
    Map::of(&[
        (1, array(&[int(issuer), int(number), int(version)])),
        (2, text("通票")),
        (3, text("City pass")),
        (4, array(&[int(10_000), int(0), int(5_000)])),
        (5, array(&[grant.item()])),
        (6, int(4)),
    ])
}

fn content(sequence: i64, products: &[Map]) -> Map {
    let products: Vec<Item> = products.iter().map(Map::item).collect();
    Map::of(&[
        (1, int(CITY)),
        (2, int(sequence)),
        (3, int(NOW - 10_000)),
        (4, array(&[array(&venue(1)), array(&venue(2))])),
        (5, array(&products)),
    ])
}

fn sign(content: &Map) -> Vec<u8> {
    let key = key(CITY, REGISTRAR);
    sign1(&key, &kid_header(&key, text(TYP)).item(), &content.item())
}

fn taken(message: &[u8], sequence: i64) -> Vec<Stage> {
    vec![Stage { gives: Some(format!("{sequence}, fresh")), ..trusting(stage("catalogue", message, "accept")) }]
}

fn refused(message: &[u8], verdict: &str) -> Vec<Stage> {
    vec![trusting(stage("catalogue", message, verdict))]
}

fn in_place(stages: Vec<Stage>) -> Vec<Stage> {
    stages.into_iter().map(|stage| Stage { follows: Some("catalogue in force".into()), ..stage }).collect()
}

pub(super) fn file() -> File {
    let mut make = Maker::new("Catalogues: signed by a registrar of the member whose venues and products they list.");
    introduce(&mut make, &[REGISTRAR, ISSUER]);
    with_trust(&mut make);
    make.section("1.3");
    let products = [product(CITY, 1, 1), product(CITY, 2, 1)];
    let good = content(5, &products);
    let signer = key(CITY, REGISTRAR);
    let header = kid_header(&signer, text(TYP));
    let typ = || Typ::MediaType(TYP.into());
    let envelope = |message: &[u8], verdict: Result<&[u8], &str>| sign1_stage(message, typ(), "kid", verdict);
    let message = sign(&good);
    make.good("catalogue", "a catalogue", [vec![envelope(&message, Ok(&good.item()))], taken(&message, 5)].concat());
    for (name, rule, bytes, verdict) in bad_envelopes(&signer, &header, &good.item()) {
        let stages = [vec![envelope(&bytes, Err(verdict))], refused(&bytes, verdict)].concat();
        make.bad(&format!("catalogue_{name}"), rule, stages);
    }
    let other_typ = sign1(&signer, &header.clone().with(16, text("application/statuslist+cwt")).item(), &good.item());
    make.bad("catalogue_typ", "typ says that this is a catalogue", {
        [vec![envelope(&other_typ, Err("cose.typ"))], refused(&other_typ, "cose.typ")].concat()
    });

    make.section("3");
    let by = |key: &SigningKey, content: &Map| sign1(key, &kid_header(key, text(TYP)).item(), &content.item());
    make.bad(
        "catalogue_stranger",
        "the key is in the trust list",
        refused(&by(&stranger(), &good), "trust.unknown_key"),
    );
    make.bad(
        "catalogue_issuer_key",
        "a registrar key signs",
        refused(&by(&key(CITY, ISSUER), &good), "trust.wrong_role"),
    );
    make.bad("catalogue_other_member", "a member's own registrar signs", {
        refused(&by(&key(320_100, REGISTRAR), &good), "issuer_mismatch")
    });
    make.bad("catalogue_key_time", "the key is valid when the catalogue is issued", {
        refused(&sign(&good.clone().with(3, int(KEY_FROM - 1))), "trust.key_time")
    });
    let forged = sign1(&stranger(), &header.item(), &good.item());
    make.bad("catalogue_signature", "the key that kid names signed", refused(&forged, "signature"));

    make.section("3.2");
    let mut bad = |name: &str, rule: &str, verdict: &str, content: Map| {
        make.bad(&format!("catalogue_{name}"), rule, refused(&sign(&content), verdict));
    };
    bad("unknown_key", "maps are closed", "cbor.keys", good.clone().with(6, int(0)));
    bad("missing_key", "every key of the schema is there", "cbor.keys", good.clone().without(4));
    bad("sequence_negative", "a value of the wrong type is an error", "cbor.type", good.clone().with(2, int(-1)));
    bad("member", "a member has six digits", "cbor.range", good.clone().with(1, int(31_010)));
    let venues = |venues: &[Vec<Item>]| {
        let venues: Vec<Item> = venues.iter().map(|venue| array(venue)).collect();
        good.clone().with(4, array(&venues))
    };
    bad("venue_order", "venues are ascending by number", "catalogue.venue_order", venues(&[venue(2), venue(1)]));
    bad("venue_twice", "a venue is there once", "catalogue.venue_order", venues(&[venue(1), venue(1)]));
    let changed = |at: usize, item: Item| {
        let mut changed = venue(1);
        changed[at] = item;
        venues(&[changed])
    };
    bad("venue_number", "a venue's number is below 65,536", "cbor.range", changed(0, int(65_536)));
    bad(
        "venue_name",
        "a venue's name has at most 128 bytes",
        "catalogue.name_length",
        changed(3, text(&"n".repeat(129))),
    );
    bad(
        "venue_code",
        "a venue's code has at most 128 bytes",
        "catalogue.name_length",
        changed(1, text(&"c".repeat(129))),
    );
    bad("venue_price", "a price is at most 10,000,000 fen", "catalogue.price_range", changed(5, int(10_000_001)));
    bad("venue_price_float", "money is whole fen", "cbor.type", changed(5, vec![0xf9, 0x3c, 0]));
    bad("venue_items", "a venue has six items", "cbor.range", venues(&[venue(1)[..5].to_vec()]));
    let two = |first: Map, second: Map| content(5, &[first, second]);
    bad(
        "product_order",
        "products are ascending",
        "catalogue.product_order",
        two(products[1].clone(), products[0].clone()),
    );
    bad(
        "product_twice",
        "a product is there once",
        "catalogue.product_order",
        two(products[0].clone(), products[0].clone()),
    );
    bad(
        "foreign_product",
        "every product is of the member",
        "catalogue.foreign_product",
        two(products[0].clone(), product(320_100, 1, 1)),
    );

    make.section("3.3");
    let mut bad = |name: &str, rule: &str, verdict: &str, key: i64, value: Item| {
        let content = content(5, &[products[0].clone().with(key, value), products[1].clone()]);
        make.bad(&format!("catalogue_product_{name}"), rule, refused(&sign(&content), verdict));
    };
    let grant = |pairs: &[(i64, Item)]| array(&[Map::of(pairs).item()]);
    let all = || Map::of(&[(0, int(0))]).item();
    let as_pass = || array(&[int(0)]);
    bad("name", "a name is not empty", "product.name", 2, text(""));
    bad("name_control", "a name holds no control character", "product.name", 3, text("City\npass"));
    bad("price", "a price is at most 10,000,000 fen", "product.settlement", 4, array(&[int(10_000_001), int(2)]));
    bad(
        "share",
        "a share is at most 10,000 basis points",
        "product.settlement",
        4,
        array(&[int(1), int(0), int(10_001)]),
    );
    bad("party", "a party is at least one", "product.party_max", 6, int(0));
    bad("holders", "classes are ascending", "product.holders", 7, array(&[int(2), int(1)]));
    bad("grants", "there is a grant", "product.grant_count", 5, array(&[]));
    bad("grant_scope", "a scope holds something", "product.grant", 5, {
        grant(&[(1, Map::default().item()), (2, as_pass())])
    });
    bad("grant_quota", "a quota is not zero", "product.grant", 5, {
        grant(&[(1, all()), (2, as_pass()), (4, array(&[array(&[int(0), int(0), int(0), int(0)])]))])
    });
    bad("grant_window", "a window is not empty", "product.grant", 5, {
        grant(&[(1, all()), (2, array(&[int(1), int(NOW), int(NOW)]))])
    });
    bad("grant_unknown_key", "maps are closed", "cbor.keys", 5, grant(&[(1, all()), (2, as_pass()), (10, int(0))]));
    bad("grant_never_reached", "a grant can be reached", "product.grant", 5, {
        let one = Map::of(&[(1, all()), (2, as_pass())]).item();
        array(&[one.clone(), one])
    });

    make.section("3.8");
    let aged = |age: i64| sign(&good.clone().with(3, int(NOW - age)));
    // By keys of longer standing than the others.
    let old_keys = |list: &mut Trust| list.members[1].keys.iter_mut().for_each(|key| key.from = NOW - 20_000_000);
    let mut old = Trust::default();
    old_keys(&mut old);
    make.input("list of old keys", old.signed());
    let judged = |age: i64, verdict: &str, gives: Option<&str>| {
        let (trust, gives) = (Some("list of old keys".into()), gives.map(str::to_owned));
        vec![Stage { trust, gives, ..stage("catalogue", &aged(age), verdict) }]
    };
    make.good("catalogue_fresh_limit", "90 days old is fresh", judged(7_776_000, "accept", Some("5, fresh")));
    make.good("catalogue_stale", "a second older is stale", judged(7_776_001, "accept", Some("5, stale")));
    make.good("catalogue_stale_limit", "180 days old is stale", judged(15_552_000, "accept", Some("5, stale")));
    make.bad("catalogue_too_old", "older than 180 days decides nothing", judged(15_552_001, "catalogue.too_old", None));
    make.good("catalogue_ahead_limit", "a clock 600 s behind", judged(-600, "accept", Some("5, fresh")));
    make.bad(
        "catalogue_ahead",
        "dated further in the future than policy key 5",
        judged(-601, "catalogue.too_old", None),
    );

    make.section("3.2");
    make.input("catalogue in force", message.clone());
    make.good("catalogue_again", "the one in force is taken and changes nothing", in_place(taken(&message, 5)));
    let gap = sign(&content(9, &products));
    make.good("catalogue_gap", "the sequence rises, with gaps", in_place(taken(&gap, 9)));
    let more = [&products[..], &[product(CITY, 2, 2)]].concat();
    make.good("catalogue_next", "a newer one keeps the products and has one more", {
        in_place(taken(&sign(&content(6, &more)), 6))
    });
    make.bad("catalogue_rollback", "the sequence does not fall", {
        in_place(refused(&sign(&content(4, &more)), "rollback"))
    });
    make.bad("catalogue_same_sequence", "two catalogues do not have one sequence", {
        in_place(refused(&sign(&content(5, &more)), "rollback"))
    });
    make.bad("catalogue_drops_a_product", "a published product is never dropped", {
        in_place(refused(&sign(&content(6, &products[..1])), "catalogue.product_changed"))
    });
    make.bad("catalogue_of_the_future", "what is dated in the future is not taken in the place of what decides", {
        in_place(refused(&sign(&content(6, &more).with(3, int(NOW + 601))), "bundle.future"))
    });
    let cheaper = [products[0].clone(), products[1].clone().with(6, int(5))];
    make.bad("catalogue_changes_a_product", "a published product never changes", {
        in_place(refused(&sign(&content(6, &cheaper)), "catalogue.product_changed"))
    });
    let zeros = Some(1_048_577 - message.len());
    let long = vec![Stage { zeros, ..trusting(stage("catalogue", &message, "too_long")) }];
    make.bad("catalogue_too_long", "at most 1,048,576 bytes, looked at first", long);
    make.file
}
