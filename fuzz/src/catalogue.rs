//! A catalogue that is accepted is signed for what it says: signed again from its parts, it is the
//! same bytes; venues and products are found by their numbers, and are the member's own.
//!
//! The input is a catalogue as received, and the content of one signed here by a registrar.

use super::federation::{CITIES, LIST, id, payload, secret, signed, time};
use super::products::{plain, product};
use onecard::crypto::sha256;
use onecard::id::{ProductRef, VenueId};
use onecard::product::MAX_FEN;
use onecard::time::UnixTime;
use onecard::trust::{Bundle, BundleError, Catalogue, CatalogueSpec, Role, Venue};
use onecard::wire::cose::Typ;

const TYP: Typ = Typ::MediaType("application/vnd.onecard.catalogue+cbor");

pub fn run(data: &[u8]) {
    assert!(Catalogue::verify(data, &*LIST).is_err() || data.len() > 150, "too short for a signature");
    let bytes = signed(Role::Registrar, TYP, data);
    let catalogue = match Catalogue::verify(&bytes, &*LIST) {
        Ok(catalogue) => catalogue,
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    let (member, venues, products) = (catalogue.member(), catalogue.venues().to_vec(), catalogue.products().to_vec());
    assert!(member == id(CITIES[0]) && venues.iter().all(|venue| venue.price_fen <= MAX_FEN));
    for venue in &venues {
        assert_eq!(catalogue.venue(VenueId { member, number: venue.number }), Some(venue));
        assert_eq!(catalogue.venue(VenueId { member: id(CITIES[1]), number: venue.number }), None);
    }
    for product in &products {
        assert!(product.id.issuer == member && product.validate() == Ok(()));
        assert_eq!(catalogue.product(product.id), Some(product));
    }
    assert_eq!((catalogue.as_bytes(), catalogue.digest()), (&bytes[..], sha256(&[&bytes])));
    let (sequence, issued) = (catalogue.sequence(), catalogue.issued());
    let spec = CatalogueSpec { member, sequence, issued, venues, products };
    let registrar = secret(CITIES[0], Role::Registrar);
    assert_eq!(spec.sign(&registrar), bytes, "accepted, but not the encoding of its parts");

    // In a bundle: the same again is taken, one that changes a product or is no newer is not.
    let mut bundle = Bundle::new(LIST.clone());
    let mut update = |bytes: &[u8]| bundle.update_catalogue(bytes, UnixTime::MAX);
    assert_eq!((update(&bytes), update(&bytes)), (Ok(()), Ok(())));
    let mut other = spec.clone();
    other.venues.clear();
    if other != spec {
        assert_eq!(update(&other.sign(&registrar)), Err(BundleError::Rollback("catalogue")));
    }
    if let (Some(sequence), Some(first)) = (sequence.checked_add(1), other.products.first_mut()) {
        (other.sequence, first.party_max) = (sequence, first.party_max ^ 0x80 | 1);
        if first != &spec.products[0] {
            assert_eq!(update(&other.sign(&registrar)), Err(BundleError::ProductChanged(member)));
        }
    }
    assert_eq!(bundle.catalogues().map(Catalogue::digest).collect::<Vec<_>>(), [catalogue.digest()]);
}

pub fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let venue = |number| Venue {
        number,
        code: format!("V{number}"),
        name_zh: "园".into(),
        name_en: "Garden".into(),
        category: 1,
        price_fen: 4_000,
    };
    let of = |venues, products| {
        let spec = CatalogueSpec { member: id(CITIES[0]), sequence: 7, issued: time(2_000), venues, products };
        payload(&spec.sign(&secret(CITIES[0], Role::Registrar)), TYP)
    };
    let version = |version| {
        let one = plain();
        onecard::product::Product { id: ProductRef { version, ..one.id }, ..one }
    };
    let rich = product(&mut super::input::Input::new(&super::products::RICH));
    vec![
        ("empty", of(vec![], vec![])),
        ("venues", of(vec![venue(1), venue(2)], vec![])),
        ("products", of(vec![venue(1)], vec![version(1), version(2)])),
        ("rich", of(vec![], vec![rich])),
        ("venue-twice", of(vec![venue(1), venue(1)], vec![])),
        ("dear", of(vec![Venue { price_fen: MAX_FEN + 1, ..venue(1) }], vec![])),
    ]
}
