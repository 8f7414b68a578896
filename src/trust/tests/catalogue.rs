//! Tests of `catalogue.rs`.

use super::super::bundle::tests::{product, venue};
use super::super::list::tests::{id, list, secret, time};
use super::*;

fn spec() -> CatalogueSpec {
    CatalogueSpec {
        member: id(310_101),
        sequence: 1,
        issued: time(2_000),
        venues: vec![venue(1, "Yu Garden"), venue(2, "Bund")],
        products: vec![product(1, 1, 2), product(1, 2, 2), product(2, 1, 2)],
    }
}

fn verify(spec: &CatalogueSpec) -> Result<Catalogue, CatalogueError> {
    Catalogue::verify(&spec.sign(&secret(310_101, Role::Registrar)), &list())
}

#[test]
fn contradictions_are_refused_by_name() {
    let rule = |change: &dyn Fn(&mut CatalogueSpec)| {
        let mut spec = spec();
        change(&mut spec);
        match verify(&spec) {
            Err(CatalogueError::Rule(rule)) => Some(rule),
            Ok(_) => None,
            Err(other) => panic!("{other}"),
        }
    };
    assert_eq!(rule(&|_| {}), None);
    let venues = Some("venues not in ascending order, or one twice");
    assert_eq!([rule(&|spec| spec.venues.swap(0, 1)), rule(&|spec| spec.venues[1].number = 1)], [venues; 2]);
    let products = Some("products not in ascending order, or one twice");
    assert_eq!(rule(&|spec| spec.products.swap(0, 1)), products);
    assert_eq!(rule(&|spec| spec.products[1].id = spec.products[0].id), products);
    let issuer = |spec: &mut CatalogueSpec| spec.products[2].id.issuer = id(320_100);
    assert_eq!(rule(&issuer), Some("a product of another member"));
    let fields: [fn(&mut Venue) -> &mut String; 3] =
        [|venue| &mut venue.code, |venue| &mut venue.name_zh, |venue| &mut venue.name_en];
    for field in fields {
        let with = |length: usize| rule(&|spec| *field(&mut spec.venues[1]) = "n".repeat(length));
        assert_eq!([with(128), with(129)], [None, Some("a venue's code or name is too long")]);
    }
    let price = |fen| rule(&|spec| spec.venues[0].price_fen = fen);
    assert_eq!([price(MAX_FEN), price(MAX_FEN + 1)], [None, Some("a price out of range")]);
    assert_eq!(rule(&|spec| spec.member = id(320_100)), Some("issued by another member"));
}

#[test]
fn size_comes_first() {
    let bytes = vec![0xd2; MAX_CATALOGUE + 1];
    assert_eq!(Catalogue::verify(&bytes, &list()).unwrap_err(), CatalogueError::TooLong(bytes.len()));
    let longest = Catalogue::verify(&bytes[1..], &list());
    assert!(matches!(longest, Err(CatalogueError::Encoding(_))), "{longest:?}");
}
