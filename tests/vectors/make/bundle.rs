//! Saved bundles: all that a gate decides by, as it was signed.

use super::super::schema::{File, Hex, Stage};
use super::value::{Item, Map, array, bytes, int, text};
use super::world::*;
use super::{Maker, stage};
use miniz_oxide::deflate::compress_to_vec_zlib as zlib;
use onecard::crypto::sha256;

fn catalogue(member: i64, sequence: i64) -> Item {
    let key = key(member, REGISTRAR);
    let content = Map::of(&[(1, int(member)), (2, int(sequence)), (3, int(NOW - 9)), (4, array(&[])), (5, array(&[]))]);
    let header = kid_header(&key, text("application/vnd.onecard.catalogue+cbor"));
    bytes(&sign1(&key, &header.item(), &content.item()))
}

fn status(uri: &str) -> Item {
    let key = key(CITY, ISSUER);
    let list = Map(vec![(text("lst"), bytes(&zlib(&[0; 9], 9))), (text("bits"), int(2))]).item();
    let claims = Map::of(&[(2, text(uri)), (4, int(NOW + 9)), (6, int(NOW - 9)), (65_533, list)]);
    let header = kid_header(&key, text("application/statuslist+cwt"));
    bytes(&sign1(&key, &header.item(), &claims.item()))
}

fn saved(lists: &[Item], catalogues: &[Item], status: &[Item]) -> Map {
    Map::of(&[(1, int(1)), (2, array(lists)), (3, array(catalogues)), (4, array(status))])
}

pub(super) fn file() -> File {
    let mut make = Maker::new("Saved bundles: every piece again as it was signed, from a pinned trust list.");
    introduce(&mut make, &[ROOT, ISSUER, REGISTRAR]);
    make.section("3.8");
    let first = Trust::default();
    let anchor = sha256(&[&first.signed()]).0;
    let second = Trust { sequence: 2, issued: first.issued + 1, ..first.clone() };
    let third = Trust { sequence: 3, issued: first.issued + 2, ..first.clone() };
    let list = |list: &Trust| bytes(&list.signed());
    let (one, two, three) = (list(&first), list(&second), list(&third));
    let loads = |saved: &[u8], verdict: &str, gives: Option<&str>| {
        let (anchor, gives) = (Some(Hex(anchor.to_vec())), gives.map(str::to_owned));
        vec![Stage { anchor, gives, ..stage("bundle", saved, verdict) }]
    };
    let alone = saved(std::slice::from_ref(&one), &[], &[]).item();
    make.good("bundle_of_a_trust_list", "a trust list and nothing else yet", loads(&alone, "accept", Some("1, 0, 0")));
    let catalogues = [catalogue(CITY, 1), catalogue(320_100, 4)];
    let lists = [status("oc:310101/1"), status("oc:310101/2")];
    let good = saved(&[one.clone(), two.clone()], &catalogues, &lists);
    make.good(
        "bundle",
        "two trust lists, two catalogues, two status lists",
        loads(&good.item(), "accept", Some("2, 2, 2")),
    );
    let mut bad = |name: &str, rule: &str, verdict: &str, saved: Item| {
        make.bad(&format!("bundle_{name}"), rule, loads(&saved, verdict, None));
    };
    let of = |trust: &[Item], catalogues: &[Item], status: &[Item]| saved(trust, catalogues, status).item();
    let both = [one.clone(), two.clone()];
    bad(
        "anchor",
        "the first trust list is the pinned one",
        "trust_list.anchor",
        of(std::slice::from_ref(&two), &catalogues, &lists),
    );
    bad(
        "gap",
        "each trust list follows the one before",
        "trust_list.gap",
        of(&[one.clone(), three], &catalogues, &lists),
    );
    bad("no_trust_list", "there is a trust list", "bundle.order", of(&[], &catalogues, &lists));
    bad(
        "trust_list_twice",
        "a trust list is there once",
        "rollback",
        of(&[one, two.clone(), two], &catalogues, &lists),
    );
    let swapped = [catalogues[1].clone(), catalogues[0].clone()];
    bad("catalogue_order", "catalogues are ascending by member", "bundle.order", of(&both, &swapped, &lists));
    let rollback = [catalogue(CITY, 2), catalogue(CITY, 1)];
    bad("catalogue_rollback", "a member has one catalogue", "rollback", of(&both, &rollback, &lists));
    let foreign = [bytes(&alone)];
    bad("no_catalogue", "each piece verifies", "cbor.type", of(&both, &foreign, &lists));
    bad("no_status_list", "each piece verifies", "cbor.type", of(&both, &catalogues, &foreign));
    let swapped = [lists[1].clone(), lists[0].clone()];
    bad(
        "status_order",
        "status lists are ascending by issuer and uri",
        "bundle.order",
        of(&both, &catalogues, &swapped),
    );
    bad("version", "the version is 1", "cbor.range", good.clone().with(1, int(2)).item());
    bad("unknown_key", "maps are closed", "cbor.keys", good.clone().with(5, int(0)).item());
    bad("trailing", "nothing follows", "cbor.trailing", [good.item(), int(0)].concat());
    make.file
}
