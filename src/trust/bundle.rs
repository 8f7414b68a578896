//! The bundle: everything a gate needs to decide offline, as one verified value.
//!
//! Each piece is updated by itself and never goes back: a trust list by its sequence, a catalogue by
//! its sequence, a status list by its time. What is dated in the future, or has expired when it
//! comes, is refused: it would displace a piece that decides. How old the pieces in force are is
//! judged by policy whenever a decision rests on them.
//!
//! The bundle keeps the signed bytes of every piece. Saved, it is these bytes and nothing else, and
//! loading it verifies every one of them again from a pinned trust list:
//!
//! ```cddl
//! bundle = {
//!   1: 1,              ; version
//!   2: [+ bstr],       ; trust lists, from the pinned one to the one in force
//!   3: [* bstr],       ; catalogues, ascending by member
//!   4: [* bstr],       ; status lists, ascending by issuer and uri
//! }
//! ```

use super::age::{Age, Piece, PieceAge, from_the_future};
use super::catalogue::{Catalogue, CatalogueError, Venue};
use super::error::TrustError;
use super::list::TrustList;
use super::member::Role;
use super::status::{StatusError, StatusList};
use crate::crypto::Hash;
use crate::id::{MemberId, ProductRef, VenueId};
use crate::limits::{MAX_BUNDLE, MAX_BUNDLE_LISTS, MAX_MEMBERS, MAX_STATUS_LISTS};
use crate::product::Product;
use crate::time::UnixTime;
use crate::wire::cbor::{CborError, CborErrorKind, Decoder, Encoder, bytes_head};
use crate::wire::shape::Shape;
use std::{collections::BTreeMap, sync::Arc};

const VERSION: u8 = 1;

/// A piece is not taken into the bundle, which stays as it was, or a saved bundle is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BundleError {
    /// The trust list is refused.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// The catalogue is refused.
    #[error(transparent)]
    Catalogue(#[from] CatalogueError),
    /// The status list is refused.
    #[error(transparent)]
    Status(#[from] StatusError),
    /// Older than the piece in force, or another piece with the same number.
    #[error("rollback: the {0} in force is newer")]
    Rollback(&'static str),
    /// Dated in the future: it would decide nothing, or hold back what comes until then.
    #[error("the {0} is dated in the future")]
    Future(&'static str),
    /// Expired already: it would decide nothing in the place of one that does.
    #[error("the {0} has expired")]
    Expired(&'static str),
    /// The catalogue changes or drops a published product.
    #[error("the catalogue of member {0} changes or drops a published product")]
    ProductChanged(MemberId),
    /// There is no room for one more list.
    #[error("too many {0}")]
    TooMany(&'static str),
    /// Longer than any saved bundle, or the bundle would be once it has this piece.
    #[error("the saved bundle has {0} bytes, more than {MAX_BUNDLE}")]
    TooLong(usize),
    /// Not the one accepted encoding of a saved bundle.
    #[error("saved bundle: {0}")]
    Encoding(#[from] CborError),
    /// The pieces of a saved bundle are not in their order, or one comes twice.
    #[error("saved bundle: the pieces are not in order, or one comes twice")]
    Order,
}

/// Trust list, catalogues and status lists, all verified, each under the trust list in force.
///
/// A clone shares the pieces: it costs a pointer for each.
#[derive(Clone, Debug)]
pub struct Bundle {
    trust: Arc<TrustList>,
    /// The signed bytes of the trust lists before the one in force, oldest first.
    earlier: Vec<Arc<[u8]>>,
    catalogues: BTreeMap<MemberId, Arc<Catalogue>>,
    status: BTreeMap<MemberId, BTreeMap<String, Arc<StatusList>>>,
}

impl Bundle {
    /// What its parts are called.
    pub const SHAPE: Shape = Shape::Map(&[
        (1, "version", Shape::Any),
        (2, "trust lists", Shape::List(&Shape::Any)),
        (3, "catalogues", Shape::List(&Shape::Any)),
        (4, "status lists", Shape::List(&Shape::Any)),
    ]);
}

impl Bundle {
    /// A bundle with a trust list and nothing else yet. Once saved, it is loaded with the digest of
    /// this list.
    #[must_use]
    pub fn new(trust: TrustList) -> Self {
        Self { trust: trust.into(), earlier: Vec::new(), catalogues: BTreeMap::new(), status: BTreeMap::new() }
    }

    /// Takes the trust list that follows the one in force. Offered the one in force, does nothing.
    ///
    /// One that expired is taken: another may follow it, and a gate that has nothing newer decides
    /// nothing. Pieces that do not verify under the new list are dropped.
    ///
    /// # Errors
    /// [`BundleError::Trust`], [`BundleError::Future`] before it is issued, [`BundleError::TooMany`],
    /// [`BundleError::TooLong`].
    pub fn update_trust(&mut self, bytes: &[u8], now: UnixTime) -> Result<(), BundleError> {
        if bytes == self.trust.as_bytes() {
            return Ok(());
        }
        let list = self.trust.update(bytes)?;
        // To the second: before its time a gate decides nothing by it.
        if now < list.issued() {
            return Err(BundleError::Future("trust list"));
        }
        self.change(|after| after.take_trust(list))
    }

    /// Takes a member's newer catalogue. Offered the one in force, does nothing.
    ///
    /// # Errors
    /// [`BundleError::Catalogue`], [`BundleError::Future`], [`BundleError::Rollback`],
    /// [`BundleError::ProductChanged`], [`BundleError::TooLong`].
    pub fn update_catalogue(&mut self, bytes: &[u8], now: UnixTime) -> Result<(), BundleError> {
        let catalogue = Catalogue::verify(bytes, self.trust())?;
        if from_the_future(catalogue.issued(), self.trust.policy(), now) {
            return Err(BundleError::Future("catalogue"));
        }
        self.change(|after| after.take_catalogue(catalogue))
    }

    /// Takes an issuer's newer status list. Offered the one in force, does nothing.
    ///
    /// # Errors
    /// [`BundleError::Status`], [`BundleError::Future`], [`BundleError::Expired`],
    /// [`BundleError::Rollback`], [`BundleError::TooMany`], [`BundleError::TooLong`].
    pub fn update_status(&mut self, bytes: &[u8], now: UnixTime) -> Result<(), BundleError> {
        let list = StatusList::verify(bytes, self.trust())?;
        let known = self.status_list(list.issuer(), list.uri()).is_some_and(|known| known.digest() == list.digest());
        if known {
            return Ok(());
        }
        if from_the_future(list.issued(), self.trust.policy(), now) {
            return Err(BundleError::Future("status list"));
        }
        if now >= list.expires() {
            return Err(BundleError::Expired("status list"));
        }
        self.change(|after| after.take_status(list))
    }

    /// Every piece, as it was signed, in the one form that [`Bundle::load`] takes.
    #[must_use]
    pub fn save(&self) -> Vec<u8> {
        let mut out = Encoder::new();
        out.map(4);
        out.int(1).uint(VERSION);
        out.int(2).array(self.earlier.len().saturating_add(1));
        for list in &self.earlier {
            out.bytes(list);
        }
        out.bytes(self.trust.as_bytes());
        out.int(3).array(self.catalogues.len());
        for catalogue in self.catalogues() {
            out.bytes(catalogue.as_bytes());
        }
        out.int(4).array(self.status_lists().count());
        for list in self.status_lists() {
            out.bytes(list.as_bytes());
        }
        out.finish()
    }

    /// Verifies a saved bundle: the first trust list in it by its digest, each later one by the one
    /// before, every other piece by the last.
    ///
    /// No time is asked for: a gate must be able to start before its clock is right. What is too old, or
    /// dated in the future, decides nothing. That the whole bundle is older than what a gate had,
    /// the gate itself notices.
    ///
    /// # Errors
    /// [`BundleError`], for the first piece that is refused.
    pub fn load(bytes: &[u8], pin: &Hash) -> Result<Self, BundleError> {
        if bytes.len() > MAX_BUNDLE {
            return Err(BundleError::TooLong(bytes.len()));
        }
        let saved = Decoder::all(bytes, decode_saved)?;
        let (first, later) = saved.trust.split_first().ok_or(BundleError::Order)?;
        let mut bundle = Self::new(TrustList::pinned(first, pin)?);
        for list in later {
            let list = bundle.trust.update(list)?;
            bundle.take_trust(list)?;
        }
        for catalogue in saved.catalogues {
            bundle.take_catalogue(Catalogue::verify(catalogue, bundle.trust())?)?;
        }
        for list in saved.status {
            bundle.take_status(StatusList::verify(list, bundle.trust())?)?;
        }
        if bundle.save() == bytes { Ok(bundle) } else { Err(BundleError::Order) }
    }

    /// How old every piece is at `now`, judged by the federation's policy.
    pub fn ages(&self, now: UnixTime) -> impl Iterator<Item = PieceAge<'_>> {
        let policy = self.trust.policy();
        let trust = PieceAge {
            piece: Piece::TrustList { sequence: self.trust.sequence() },
            issued: self.trust.issued(),
            expires: Some(self.trust.expires()),
            age: self.trust.age(now),
        };
        let catalogues = self.catalogues().map(move |catalogue| PieceAge {
            piece: Piece::Catalogue { member: catalogue.member(), sequence: catalogue.sequence() },
            issued: catalogue.issued(),
            expires: None,
            age: catalogue.age(policy, now),
        });
        let status = self.status_lists().map(move |list| PieceAge {
            piece: Piece::StatusList { issuer: list.issuer(), uri: list.uri() },
            issued: list.issued(),
            expires: Some(list.expires()),
            age: list.age(policy, now),
        });
        core::iter::once(trust).chain(catalogues).chain(status)
    }

    /// Makes tables for keys of the trust list, as [`TrustList::prepare`] does.
    pub fn prepare(&mut self, role: Role, at: UnixTime) {
        Arc::make_mut(&mut self.trust).prepare(role, at);
    }

    /// The trust list.
    #[must_use]
    pub fn trust(&self) -> &TrustList {
        &self.trust
    }

    /// The catalogues, by member.
    pub fn catalogues(&self) -> impl Iterator<Item = &Catalogue> {
        self.catalogues.values().map(Arc::as_ref)
    }

    /// A member's catalogue.
    #[must_use]
    pub fn catalogue(&self, member: MemberId) -> Option<&Catalogue> {
        self.catalogues.get(&member).map(Arc::as_ref)
    }

    /// The status lists, by issuer and URI.
    pub fn status_lists(&self) -> impl Iterator<Item = &StatusList> {
        self.status.values().flat_map(BTreeMap::values).map(Arc::as_ref)
    }

    /// The status list of one issuer at one URI.
    #[must_use]
    pub fn status_list(&self, issuer: MemberId, uri: &str) -> Option<&StatusList> {
        self.status.get(&issuer)?.get(uri).map(Arc::as_ref)
    }

    /// A product at one version.
    #[must_use]
    pub fn product(&self, id: ProductRef) -> Option<&Product> {
        self.catalogue(id.issuer)?.product(id)
    }

    /// A venue.
    #[must_use]
    pub fn venue(&self, id: VenueId) -> Option<&Venue> {
        self.catalogue(id.member)?.venue(id)
    }

    /// The age of the oldest piece by which a pass of `issuer` is decided on at a venue of `host`: the
    /// trust list, the status list, the catalogue of the product and that of the venue.
    pub(crate) fn oldest(&self, status: &StatusList, issuer: MemberId, host: MemberId, now: UnixTime) -> Age {
        let policy = self.trust.policy();
        let catalogues = [issuer, host].map(|member| self.catalogue(member).map(|found| found.age(policy, now)));
        catalogues.into_iter().flatten().fold(self.trust.age(now).max(status.age(policy, now)), Age::max)
    }

    /// Makes a change, unless the bundle would be too long to be loaded again.
    fn change(&mut self, change: impl FnOnce(&mut Self) -> Result<(), BundleError>) -> Result<(), BundleError> {
        let mut after = self.clone();
        change(&mut after)?;
        let length = after.saved_length();
        if length > MAX_BUNDLE {
            return Err(BundleError::TooLong(length));
        }
        *self = after;
        Ok(())
    }

    /// How many bytes [`Bundle::save`] gives.
    fn saved_length(&self) -> usize {
        let array = |pieces: &mut dyn Iterator<Item = usize>| {
            let item = |length: usize| length.saturating_add(bytes_head(length).1);
            let (count, length) = pieces
                .map(item)
                .fold((0_usize, 0_usize), |(n, sum), more| (n.saturating_add(1), sum.saturating_add(more)));
            length.saturating_add(bytes_head(count).1)
        };
        let earlier = self.earlier.iter().map(|list| list.len());
        let lists = [
            array(&mut earlier.chain([self.trust.as_bytes().len()])),
            array(&mut self.catalogues().map(|catalogue| catalogue.as_bytes().len())),
            array(&mut self.status_lists().map(|list| list.as_bytes().len())),
        ];
        // The head of the map, its four keys, the version.
        lists.into_iter().fold(6, usize::saturating_add)
    }

    fn take_trust(&mut self, list: TrustList) -> Result<(), BundleError> {
        if self.earlier.len().saturating_add(2) > MAX_BUNDLE_LISTS {
            return Err(BundleError::TooMany("trust lists"));
        }
        // What a key signed that is gone now could not be verified again once saved.
        self.catalogues.retain(|_, catalogue| Catalogue::verify(catalogue.as_bytes(), &list).is_ok());
        for lists in self.status.values_mut() {
            lists.retain(|_, status| StatusList::verify(status.as_bytes(), &list).is_ok());
        }
        self.earlier.push(self.trust.as_bytes().into());
        self.trust = list.into();
        Ok(())
    }

    /// Takes a verified catalogue, whatever its time: for who looks back at all that were published.
    pub(crate) fn take_catalogue(&mut self, catalogue: Catalogue) -> Result<(), BundleError> {
        if let Some(current) = self.catalogue(catalogue.member()) {
            if current.digest() == catalogue.digest() {
                return Ok(());
            }
            if current.sequence() >= catalogue.sequence() {
                return Err(BundleError::Rollback("catalogue"));
            }
            if !catalogue.keeps_products_of(current) {
                return Err(BundleError::ProductChanged(catalogue.member()));
            }
        }
        self.catalogues.insert(catalogue.member(), catalogue.into());
        Ok(())
    }

    fn take_status(&mut self, list: StatusList) -> Result<(), BundleError> {
        let of_issuer = self.status.get(&list.issuer()).map_or(0, BTreeMap::len);
        match self.status_list(list.issuer(), list.uri()) {
            Some(current) if current.digest() == list.digest() => return Ok(()),
            Some(current) if current.issued() >= list.issued() => return Err(BundleError::Rollback("status list")),
            None if of_issuer >= MAX_STATUS_LISTS => return Err(BundleError::TooMany("status lists of one issuer")),
            None if self.status_lists().count() >= MAX_BUNDLE_LISTS => {
                return Err(BundleError::TooMany("status lists"));
            }
            Some(_) | None => {}
        }
        self.status.entry(list.issuer()).or_default().insert(list.uri().to_owned(), list.into());
        Ok(())
    }
}

/// The signed bytes in a saved bundle, none verified yet.
struct Saved<'a> {
    trust: Vec<&'a [u8]>,
    catalogues: Vec<&'a [u8]>,
    status: Vec<&'a [u8]>,
}

fn decode_saved<'a>(d: &mut Decoder<'a>) -> Result<Saved<'a>, CborError> {
    let mut map = d.map()?;
    map.require(d, 1)?;
    let at = d.error(CborErrorKind::Range);
    if d.uint::<u8>()? != VERSION {
        return Err(at);
    }
    let pieces = |d: &mut Decoder<'a>, most| {
        let count = d.array_up_to(most)?;
        (0..count).map(|_| d.bytes()).collect::<Result<Vec<_>, _>>()
    };
    map.require(d, 2)?;
    let trust = pieces(d, MAX_BUNDLE_LISTS)?;
    map.require(d, 3)?;
    let catalogues = pieces(d, MAX_MEMBERS)?;
    map.require(d, 4)?;
    let status = pieces(d, MAX_BUNDLE_LISTS)?;
    map.end(d)?;
    Ok(Saved { trust, catalogues, status })
}

#[cfg(test)]
#[path = "tests/bundle.rs"]
pub(super) mod tests;
