//! The catalogue: one member's venues and products, signed by its registrar.
//!
//! ```cddl
//! catalogue = {
//!   1: uint, 2: uint, 3: uint,   ; member, sequence, issued
//!   4: [* venue],                ; ascending by number
//!   5: [* product],              ; ascending by (product, version)
//! }
//! venue = [uint, tstr, tstr, tstr, uint, uint]
//!                                ; number, code, name zh, name en, category, adult price in fen
//! ```
//!
//! The encoding of a product is given in [`crate::product`].

use super::age::{Age, Limits};
use super::error::TrustError;
use super::history::Keys;
use super::member::Role;
use super::policy::Policy;
use crate::crypto::{Hash, SignatureError, SigningKey, sha256};
use crate::id::{MemberId, ProductRef, VenueId};
use crate::limits::MAX_CATALOGUE;
use crate::product::{MAX_FEN, Product, ProductError};
use crate::time::UnixTime;
use crate::wire::cbor::{CborError, Decoder, Encoder};
use crate::wire::cose::{self, CoseError, Expect, Headers, Sign1, Typ};
use crate::wire::shape::Shape;

const TYP: Typ = Typ::MediaType("application/vnd.onecard.catalogue+cbor");
const MAX_VENUES: usize = 4_096;
const MAX_PRODUCTS: usize = 1_024;
const MAX_NAME: usize = 128;

/// A venue as its member's catalogue lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Venue {
    /// Number in the catalogue, never used again.
    pub number: u16,
    /// Short code, for people.
    pub code: String,
    /// Name in Chinese.
    pub name_zh: String,
    /// Name in English.
    pub name_en: String,
    /// Category, as scopes name it.
    pub category: u8,
    /// Price of an adult entry, in fen: the reference of percentages and weights.
    pub price_fen: u32,
}

/// The content of a catalogue, before it is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CatalogueSpec {
    /// The member.
    pub member: MemberId,
    /// Rises with each catalogue of this member.
    pub sequence: u64,
    /// When it was issued.
    pub issued: UnixTime,
    /// The venues, ascending by number.
    pub venues: Vec<Venue>,
    /// The products, ascending by number and version; all of this member.
    pub products: Vec<Product>,
}

impl CatalogueSpec {
    /// What its parts are called.
    pub const SHAPE: Shape = Shape::Map(&[
        (1, "member", Shape::Any),
        (2, "sequence", Shape::Any),
        (3, "issued", Shape::Time),
        (
            4,
            "venues",
            Shape::List(&Shape::Tuple(&[
                ("number", Shape::Any),
                ("code", Shape::Any),
                ("name zh", Shape::Any),
                ("name en", Shape::Any),
                ("category", Shape::Any),
                ("price in fen", Shape::Any),
            ])),
        ),
        (5, "products", Shape::List(&Product::SHAPE)),
    ]);
}

impl CatalogueSpec {
    /// Signs this content with a registrar key.
    #[must_use]
    pub fn sign(&self, registrar: &SigningKey) -> Vec<u8> {
        let mut out = Encoder::new();
        out.map(5);
        out.int(1).member(self.member);
        out.int(2).uint(self.sequence);
        out.int(3).time(self.issued);
        out.int(4).array(self.venues.len());
        for venue in &self.venues {
            out.array(6).uint(venue.number).text(&venue.code).text(&venue.name_zh).text(&venue.name_en);
            out.uint(venue.category).uint(venue.price_fen);
        }
        out.int(5).array(self.products.len());
        for product in &self.products {
            product.encode(&mut out);
        }
        let headers = Headers { kid: Some(registrar.verifying_key().kid()), kcwt: None };
        cose::sign1(registrar, TYP, headers, &out.finish())
    }
}

/// A catalogue is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CatalogueError {
    /// Longer than any catalogue.
    #[error("the catalogue has {0} bytes, more than {MAX_CATALOGUE}")]
    TooLong(usize),
    /// Not the one accepted encoding.
    #[error("catalogue: {0}")]
    Encoding(#[from] CoseError),
    /// No registrar key of the trust list signed it.
    #[error("catalogue: {0}")]
    Trust(#[from] TrustError),
    /// The signature does not verify.
    #[error("catalogue: {0}")]
    Signature(#[from] SignatureError),
    /// A product in it is refused.
    #[error("catalogue: {0}")]
    Product(#[from] ProductError),
    /// The catalogue contradicts itself.
    #[error("catalogue: {0}")]
    Rule(&'static str),
}

impl From<CborError> for CatalogueError {
    fn from(error: CborError) -> Self {
        Self::Encoding(error.into())
    }
}

/// A verified catalogue.
#[derive(Clone, Debug)]
pub struct Catalogue {
    spec: CatalogueSpec,
    digest: Hash,
    bytes: Vec<u8>,
}

impl Catalogue {
    /// Verifies a catalogue against the trust list.
    ///
    /// # Errors
    /// [`CatalogueError`].
    pub fn verify(bytes: &[u8], trust: &impl Keys) -> Result<Self, CatalogueError> {
        if bytes.len() > MAX_CATALOGUE {
            return Err(CatalogueError::TooLong(bytes.len()));
        }
        let message = Sign1::decode(bytes, TYP, Expect::Kid)?;
        let mut d = Decoder::new(message.payload());
        let mut map = d.map()?;
        map.require(&mut d, 1)?;
        let member_id = d.member()?;
        map.require(&mut d, 2)?;
        let sequence = d.uint()?;
        map.require(&mut d, 3)?;
        let issued = d.time()?;
        // The signature before the rest: a catalogue is long, and its products are checked one by one.
        let (member, entry) = trust.key(message.kid()?, Role::Registrar, issued)?;
        message.verify(trust.verifier(entry))?;
        if member.id != member_id {
            return Err(CatalogueError::Rule("issued by another member"));
        }
        map.require(&mut d, 4)?;
        let count = d.array_up_to(MAX_VENUES)?;
        let venues = (0..count).map(|_| decode_venue(&mut d)).collect::<Result<Vec<_>, _>>()?;
        map.require(&mut d, 5)?;
        let count = d.array_up_to(MAX_PRODUCTS)?;
        let products = (0..count).map(|_| Product::decode(&mut d)).collect::<Result<Vec<_>, _>>()?;
        map.end(&d)?;
        d.end()?;
        let spec = CatalogueSpec { member: member_id, sequence, issued, venues, products };
        check(&spec)?;
        Ok(Self { spec, digest: sha256(&[bytes]), bytes: bytes.to_vec() })
    }

    /// The member.
    #[must_use]
    pub const fn member(&self) -> MemberId {
        self.spec.member
    }

    /// Sequence number.
    #[must_use]
    pub const fn sequence(&self) -> u64 {
        self.spec.sequence
    }

    /// When it was issued.
    #[must_use]
    pub const fn issued(&self) -> UnixTime {
        self.spec.issued
    }

    /// How old this catalogue is at `now`, judged by the federation's policy.
    #[must_use]
    pub fn age(&self, policy: &Policy, now: UnixTime) -> Age {
        let limits = Limits { fresh: policy.catalogue_fresh, most: Some(policy.catalogue_max_age), expires: None };
        Age::judge(self.issued(), limits, policy, now)
    }

    /// The venues, ascending by number.
    #[must_use]
    pub fn venues(&self) -> &[Venue] {
        &self.spec.venues
    }

    /// The products, ascending by number and version.
    #[must_use]
    pub fn products(&self) -> &[Product] {
        &self.spec.products
    }

    /// One venue.
    #[must_use]
    pub fn venue(&self, id: VenueId) -> Option<&Venue> {
        let venues = (id.member == self.spec.member).then_some(&self.spec.venues)?;
        venues.binary_search_by_key(&id.number, |venue| venue.number).ok().and_then(|at| venues.get(at))
    }

    /// One product.
    #[must_use]
    pub fn product(&self, id: ProductRef) -> Option<&Product> {
        let products = &self.spec.products;
        products.binary_search_by_key(&id, |product| product.id).ok().and_then(|at| products.get(at))
    }

    /// SHA-256 of the signed bytes.
    #[must_use]
    pub const fn digest(&self) -> Hash {
        self.digest
    }

    /// The signed bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether every product of `older` is here with the rules it had. None may be dropped: passes of it
    /// are still about, and it could come back with other rules.
    pub(super) fn keeps_products_of(&self, older: &Self) -> bool {
        older.spec.products.iter().all(|product| self.product(product.id) == Some(product))
    }
}

fn decode_venue(d: &mut Decoder<'_>) -> Result<Venue, CborError> {
    d.array_of(6)?;
    Ok(Venue {
        number: d.uint()?,
        code: d.text()?.to_owned(),
        name_zh: d.text()?.to_owned(),
        name_en: d.text()?.to_owned(),
        category: d.uint()?,
        price_fen: d.uint()?,
    })
}

fn check(spec: &CatalogueSpec) -> Result<(), CatalogueError> {
    let rule = |holds: bool, text| if holds { Ok(()) } else { Err(CatalogueError::Rule(text)) };
    rule(spec.venues.is_sorted_by(|a, b| a.number < b.number), "venues not in ascending order, or one twice")?;
    rule(spec.products.is_sorted_by(|a, b| a.id < b.id), "products not in ascending order, or one twice")?;
    rule(spec.products.iter().all(|product| product.id.issuer == spec.member), "a product of another member")?;
    let short = |text: &str| text.len() <= MAX_NAME;
    let names = |venue: &Venue| short(&venue.code) && short(&venue.name_zh) && short(&venue.name_en);
    rule(spec.venues.iter().all(names), "a venue's code or name is too long")?;
    rule(spec.venues.iter().all(|venue| venue.price_fen <= MAX_FEN), "a price out of range")
}

#[cfg(test)]
#[path = "tests/catalogue.rs"]
mod tests;
