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
use super::list::{Role, TrustError, TrustList};
use super::status::{StatusError, StatusList};
use crate::crypto::Hash;
use crate::id::{MemberId, ProductRef, VenueId};
use crate::limits::{MAX_BUNDLE, MAX_BUNDLE_LISTS, MAX_MEMBERS, MAX_STATUS_LISTS};
use crate::product::Product;
use crate::time::UnixTime;
use crate::wire::cbor::{CborError, CborErrorKind, Decoder, Encoder, bytes_head};
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
pub(super) mod tests {
    use super::super::catalogue::CatalogueSpec;
    use super::super::list::TrustListSpec;
    use super::super::list::tests::{CITIES, city, genesis, id, list, secret, sign, spec, time};
    use super::super::status::StatusListSpec;
    use super::*;
    use crate::crypto::Verifier;
    use crate::product::{
        Grant, Mask, Method, Period, Price, Quota, QuotaKey, Rate, Scope, Settlement, Unit, Validity, Window,
    };
    use proptest::prelude::*;
    use std::sync::LazyLock;

    /// By then, everything in these tests is issued.
    const NOW: i64 = 10_000;

    pub(in super::super) fn venue(number: u16, name: &str) -> Venue {
        Venue {
            number,
            code: format!("V{number}"),
            name_zh: "园".into(),
            name_en: name.into(),
            category: 1,
            price_fen: 4_000,
        }
    }

    fn catalogue_of(member: u32, sequence: u64, issued: i64, venues: Vec<Venue>) -> Vec<u8> {
        let spec = CatalogueSpec { member: id(member), sequence, issued: time(issued), venues, products: vec![] };
        spec.sign(&secret(member, Role::Registrar))
    }

    fn catalogue(sequence: u64, names: &[&str]) -> Vec<u8> {
        let venues = (1..).zip(names).map(|(number, name)| venue(number, name)).collect();
        catalogue_of(310_101, sequence, 2_000, venues)
    }

    fn status(issued: i64, passes: usize) -> Vec<u8> {
        status_of(310_101, "oc:310101/1", issued, passes)
    }

    fn status_of(member: u32, uri: &str, issued: i64, passes: usize) -> Vec<u8> {
        StatusListSpec::new(uri.into(), time(issued), time(1_000_000), passes).sign(&secret(member, Role::Issuer))
    }

    /// The second trust list, with a change.
    fn second(change: impl FnOnce(&mut TrustListSpec)) -> Vec<u8> {
        let mut next = TrustListSpec { sequence: 2, issued: time(3_000), ..spec() };
        change(&mut next);
        sign(&next, &CITIES[..3])
    }

    impl Bundle {
        fn catalogue_now(&mut self, bytes: &[u8]) -> Result<(), BundleError> {
            self.update_catalogue(bytes, time(NOW))
        }

        fn status_now(&mut self, bytes: &[u8]) -> Result<(), BundleError> {
            self.update_status(bytes, time(NOW))
        }
    }

    #[test]
    fn a_status_list_that_is_there_changes_nothing() {
        let mut bundle = Bundle::new(list());
        let list = status(2_000, 10);
        assert_eq!([bundle.status_now(&list), bundle.status_now(&list)], [Ok(()), Ok(())]);
        assert_eq!(bundle.status_now(&status(2_000, 20)), Err(BundleError::Rollback("status list")));
    }

    #[test]
    fn as_many_trust_lists_as_the_cap_are_kept() {
        let mut bundle = Bundle::new(list());
        let filler = bundle.trust().as_bytes().into();
        bundle.earlier = vec![filler; MAX_BUNDLE_LISTS - 2];
        assert_eq!(bundle.update_trust(&second(|_| {}), time(NOW)), Ok(()));
        let third = second(|next| (next.sequence, next.issued) = (3, time(4_000)));
        assert_eq!(bundle.update_trust(&third, time(NOW)), Err(BundleError::TooMany("trust lists")));
        bundle.earlier.push(third.into());
        let fourth = second(|next| (next.sequence, next.issued) = (3, time(5_000)));
        assert_eq!(bundle.update_trust(&fourth, time(NOW)), Err(BundleError::TooMany("trust lists")));
    }

    #[test]
    fn the_size_of_a_saved_bundle_comes_first() {
        let bytes = vec![0; MAX_BUNDLE + 1];
        assert_eq!(Bundle::load(&bytes, &Hash([0; 32])).unwrap_err(), BundleError::TooLong(MAX_BUNDLE + 1));
        let longest = Bundle::load(&bytes[1..], &Hash([0; 32]));
        assert!(matches!(longest, Err(BundleError::Encoding(_))), "{longest:?}");
    }

    #[test]
    fn its_trust_list_is_the_one_prepared() {
        let mut bundle = Bundle::new(list());
        let known = |bundle: &Bundle| {
            let (_, entry) = bundle.trust().keys(Role::Issuer).next().unwrap();
            matches!(bundle.trust().verifier(entry), Verifier::Known(_))
        };
        assert!(!known(&bundle));
        bundle.prepare(Role::Issuer, time(NOW));
        assert!(known(&bundle));
    }

    #[test]
    fn pieces_never_go_back() {
        let mut bundle = Bundle::new(list());
        bundle.catalogue_now(&catalogue(2, &["Yu Garden"])).unwrap();
        bundle.catalogue_now(&catalogue(2, &["Yu Garden"])).unwrap();
        assert_eq!(bundle.catalogue_now(&catalogue(2, &["Other"])), Err(BundleError::Rollback("catalogue")));
        assert_eq!(bundle.catalogue_now(&catalogue(1, &["Yu Garden"])), Err(BundleError::Rollback("catalogue")));
        bundle.catalogue_now(&catalogue(3, &["Yu Garden", "Bund"])).unwrap();
        assert_eq!(bundle.venue(VenueId { member: id(310_101), number: 2 }).unwrap().name_en, "Bund");
        bundle.status_now(&status(5_000, 8)).unwrap();
        bundle.status_now(&status(5_000, 8)).unwrap();
        assert_eq!(bundle.status_now(&status(5_000, 16)), Err(BundleError::Rollback("status list")));
        assert_eq!(bundle.status_now(&status(4_999, 8)), Err(BundleError::Rollback("status list")));
        bundle.status_now(&status(5_001, 8)).unwrap();
        assert!(bundle.status_list(id(310_101), "oc:310101/1").is_some());
        assert!(bundle.status_list(id(320_100), "oc:310101/1").is_none(), "another issuer's list says nothing");
        bundle.update_trust(&second(|_| {}), time(NOW)).unwrap();
        bundle.update_trust(&second(|_| {}), time(NOW)).unwrap();
        let back = bundle.update_trust(&sign(&spec(), &CITIES[..3]), time(NOW));
        assert_eq!(back, Err(BundleError::Trust(TrustError::Rollback { current: 2, found: 1 })));
    }

    /// A gate that took more could not start again.
    #[test]
    fn a_bundle_never_grows_longer_than_one_that_can_be_loaded() {
        let mut bundle = Bundle::new(list());
        bundle.catalogue_now(&catalogue(1, &[])).unwrap();
        let list = status(5_000, 8);
        // What it carries of the past is not looked at again, so any bytes will do.
        let filler: Arc<[u8]> = vec![0; 1 << 20].into();
        bundle.earlier = vec![filler.clone(); 255];
        bundle.earlier.push(filler[..1 << 17].into());
        let room = MAX_BUNDLE - bundle.saved_length() - list.len() - 2;
        let fill = |bundle: &mut Bundle, length| *bundle.earlier.last_mut().unwrap() = vec![0; length].into();
        fill(&mut bundle, (1 << 17) + room + 1);
        assert_eq!(bundle.status_now(&list), Err(BundleError::TooLong(MAX_BUNDLE + 1)));
        assert_eq!(bundle.status_lists().count(), 0);
        fill(&mut bundle, (1 << 17) + room);
        bundle.status_now(&list).unwrap();
        assert_eq!(bundle.save().len(), MAX_BUNDLE);
        let refused = [bundle.catalogue_now(&catalogue(2, &["Bund"])), bundle.update_trust(&second(|_| {}), time(NOW))];
        for refused in refused {
            assert!(matches!(refused, Err(BundleError::TooLong(length)) if length > MAX_BUNDLE), "{refused:?}");
        }
        bundle.catalogue_now(&catalogue(2, &[])).unwrap();
    }

    #[test]
    fn what_is_dated_in_the_future_displaces_nothing() {
        let mut bundle = Bundle::new(list());
        let ahead = i64::from(bundle.trust().policy().clock_suspect);
        bundle.status_now(&status(5_000, 8)).unwrap();
        let future = status(NOW + ahead + 1, 8);
        assert_eq!(bundle.status_now(&future), Err(BundleError::Future("status list")));
        assert_eq!(bundle.status_lists().next().unwrap().issued(), time(5_000), "the one before stays in force");
        bundle.status_now(&status(NOW + ahead, 8)).unwrap();
        let venues = || vec![venue(1, "Yu Garden")];
        let future = catalogue_of(310_101, 1, NOW + ahead + 1, venues());
        assert_eq!(bundle.catalogue_now(&future), Err(BundleError::Future("catalogue")));
        bundle.catalogue_now(&catalogue_of(310_101, 1, NOW + ahead, venues())).unwrap();
        let next = second(|_| {});
        assert_eq!(bundle.update_trust(&next, time(2_999)), Err(BundleError::Future("trust list")));
        assert_eq!(bundle.trust().sequence(), 1);
        bundle.update_trust(&next, time(3_000)).unwrap();
    }

    #[test]
    fn a_status_list_that_expired_displaces_nothing() {
        let mut bundle = Bundle::new(list());
        let ends = |issued, expires| {
            let spec = StatusListSpec::new("oc:310101/1".into(), time(issued), time(expires), 8);
            spec.sign(&secret(310_101, Role::Issuer))
        };
        bundle.status_now(&ends(5_000, NOW + 1)).unwrap();
        assert_eq!(bundle.status_now(&ends(5_001, NOW)), Err(BundleError::Expired("status list")));
        assert_eq!(bundle.status_lists().next().unwrap().issued(), time(5_000));
        bundle.update_status(&ends(5_000, NOW + 1), time(NOW + 1)).unwrap();
    }

    #[test]
    fn an_expired_trust_list_is_taken_since_another_may_follow_it() {
        let mut bundle = Bundle::new(list());
        bundle.update_trust(&second(|next| next.expires = time(4_000)), time(NOW)).unwrap();
        assert_eq!(bundle.ages(time(NOW)).next().unwrap().age, Age::TooOld);
    }

    #[test]
    fn pieces_that_a_new_trust_list_does_not_carry_are_dropped() {
        let mut bundle = Bundle::new(list());
        for member in [310_101, 340_100] {
            bundle.catalogue_now(&catalogue_of(member, 1, 2_000, vec![])).unwrap();
            bundle.status_now(&status_of(member, "u", 2_500, 8)).unwrap();
        }
        bundle.update_trust(&second(|next| drop(next.members.pop())), time(NOW)).unwrap();
        let left: Vec<MemberId> = bundle.catalogues().map(Catalogue::member).collect();
        assert_eq!(left, [id(310_101)]);
        assert_eq!(bundle.status_lists().map(StatusList::issuer).collect::<Vec<_>>(), left);
    }

    pub(in super::super) fn product(number: u16, version: u16, limit: u16) -> Product {
        Product {
            id: ProductRef { issuer: id(310_101), product: number, version },
            name_zh: "通票".into(),
            name_en: "Pass".into(),
            holders: vec![],
            party_max: 4,
            settlement: Settlement { price_fen: 10_000, method: Method::Contracted(Rate::Share(5_000)) },
            grants: vec![Grant {
                scope: Scope { all: true, ..Scope::default() },
                service: 0,
                quotas: vec![Quota { limit, unit: Unit::Entries, period: Period::Life, key: QuotaKey::Shared }],
                window: Window { validity: Validity::Pass, mask: Mask::default(), day_start: 0 },
                price: Price::Free,
                holders: vec![],
                choice: None,
            }],
        }
    }

    #[test]
    fn a_catalogue_keeps_every_published_product() {
        let selling = |sequence, products: &[Product]| {
            let (member, issued, products) = (id(310_101), time(2_000), products.to_vec());
            CatalogueSpec { member, sequence, issued, venues: vec![], products }.sign(&secret(310_101, Role::Registrar))
        };
        let (one, two) = (product(1, 1, 2), product(2, 1, 2));
        let mut bundle = Bundle::new(list());
        bundle.catalogue_now(&selling(1, &[one.clone(), two.clone()])).unwrap();
        let changed = Err(BundleError::ProductChanged(id(310_101)));
        assert_eq!(bundle.catalogue_now(&selling(2, std::slice::from_ref(&one))), changed, "dropped");
        assert_eq!(bundle.catalogue_now(&selling(2, &[one.clone(), product(2, 1, 3)])), changed, "changed");
        assert_eq!(bundle.catalogue_now(&selling(2, &[one.clone(), product(2, 2, 2)])), changed, "replaced");
        assert_eq!(bundle.product(two.id), Some(&two), "the catalogue before stays in force");
        bundle.catalogue_now(&selling(2, &[one, two, product(2, 2, 3)])).unwrap();
    }

    /// The age of the piece at `place` in the report, by the time since 5,000.
    fn age(bundle: &Bundle, place: usize, since: i64) -> Age {
        bundle.ages(time(5_000 + since)).nth(place).unwrap().age
    }

    #[test]
    fn every_piece_ages_by_policy() {
        let trust = TrustListSpec { issued: time(5_000), ..spec() };
        let mut bundle = Bundle::new(genesis(&trust, &CITIES[..3]).unwrap());
        bundle.catalogue_now(&catalogue_of(310_101, 7, 5_000, vec![])).unwrap();
        bundle.status_now(&status(5_000, 8)).unwrap();
        let report: Vec<(Piece<'_>, i64)> =
            bundle.ages(time(NOW)).map(|age| (age.piece, age.issued.seconds())).collect();
        let pieces = [
            (Piece::TrustList { sequence: 1 }, 5_000),
            (Piece::Catalogue { member: id(310_101), sequence: 7 }, 5_000),
            (Piece::StatusList { issuer: id(310_101), uri: "oc:310101/1" }, 5_000),
        ];
        assert_eq!(report, pieces);
        let policy = *bundle.trust().policy();
        let ahead = -i64::from(policy.clock_suspect);
        let catalogue = (policy.catalogue_fresh, Some(policy.catalogue_max_age));
        let limits = [(policy.trust_fresh, None), catalogue, (policy.status_fresh, Some(policy.status_max_age))];
        for (place, (fresh, most)) in limits.into_iter().enumerate() {
            let age = |since| age(&bundle, place, since);
            assert_eq!([age(ahead - 1), age(ahead)], [Age::TooOld, Age::Fresh], "dated in the future: {place}");
            assert_eq!([age(fresh.into()), age(i64::from(fresh) + 1)], [Age::Fresh, Age::Stale], "{place}");
            if let Some(most) = most {
                assert_eq!([age(most.into()), age(i64::from(most) + 1)], [Age::Stale, Age::TooOld], "{place}");
            }
        }
        let end = trust.expires.seconds() - 5_000;
        assert_eq!([age(&bundle, 0, end - 1), age(&bundle, 0, end)], [Age::Stale, Age::TooOld]);
        let short = StatusListSpec::new("s".into(), time(5_000), time(5_010), 8).sign(&secret(310_101, Role::Issuer));
        bundle.update_status(&short, time(5_009)).unwrap();
        assert_eq!([age(&bundle, 3, 9), age(&bundle, 3, 10)], [Age::Fresh, Age::TooOld], "past its expiry");
    }

    #[test]
    fn a_decision_is_as_old_as_the_oldest_piece_it_rests_on() {
        let mut bundle = Bundle::new(list());
        let day = 86_400;
        let now = time(2_000 + 91 * day);
        for (member, issued) in [(310_101, 2_000), (320_100, 2_000 + 90 * day), (330_100, 2_000 - 90 * day)] {
            let issued = issued.max(1_500);
            bundle.update_catalogue(&catalogue_of(member, 1, issued, vec![]), now).unwrap();
        }
        let fresh = StatusListSpec::new("u".into(), now, time(1_000_000_000), 8).sign(&secret(320_100, Role::Issuer));
        bundle.update_status(&fresh, now).unwrap();
        let status = bundle.status_list(id(320_100), "u").unwrap();
        let oldest = |issuer, host, now| bundle.oldest(status, id(issuer), id(host), now);
        assert_eq!(oldest(320_100, 320_100, now), Age::Fresh);
        assert_eq!(oldest(310_101, 320_100, now), Age::Stale, "the catalogue of the product");
        assert_eq!(oldest(320_100, 310_101, now), Age::Stale, "the catalogue of the venue");
        let later = now.saturating_add(3 * day);
        assert_eq!(oldest(320_100, 320_100, later), Age::Fresh);
        assert_eq!(oldest(320_100, 320_100, later.saturating_add(1)), Age::Stale, "the status list");
        assert_eq!(oldest(310_101, 320_100, now.saturating_add(90 * day)), Age::TooOld);
    }

    /// A bundle with two of everything, and the digest of its first trust list.
    fn full() -> (Bundle, Hash) {
        let mut bundle = Bundle::new(list());
        let pin = bundle.trust().digest();
        bundle.update_trust(&second(|_| {}), time(NOW)).unwrap();
        for member in [310_101, 340_100] {
            bundle.catalogue_now(&catalogue_of(member, 1, 2_000, vec![venue(1, "Yu Garden")])).unwrap();
            bundle.status_now(&status_of(member, "u", 5_000, 8)).unwrap();
        }
        (bundle, pin)
    }

    /// A saved bundle from parts.
    fn saved(version: u8, parts: [&[&[u8]]; 3]) -> Vec<u8> {
        let mut out = Encoder::new();
        out.map(4).int(1).uint(version);
        for (key, pieces) in (2..).zip(parts) {
            out.int(key).array(pieces.len());
            for piece in pieces {
                out.bytes(piece);
            }
        }
        out.finish()
    }

    #[test]
    fn a_saved_bundle_is_verified_again() {
        let (bundle, pin) = full();
        let bytes = bundle.save();
        let mut again = Bundle::load(&bytes, &pin).unwrap();
        assert_eq!(again.save(), bytes);
        assert_eq!(again.ages(time(NOW)).collect::<Vec<_>>(), bundle.ages(time(NOW)).collect::<Vec<_>>());
        assert_eq!(again.status_now(&status_of(310_101, "u", 4_999, 8)), Err(BundleError::Rollback("status list")));
        let other = Bundle::load(&bytes, &bundle.trust().digest()).unwrap_err();
        assert_eq!(other, BundleError::Trust(TrustError::Anchor), "not the list it starts from");
        // A bundle made of a later list starts from that one.
        let later = Bundle::new(bundle.trust().clone());
        assert_eq!(Bundle::load(&later.save(), &bundle.trust().digest()).unwrap().trust().sequence(), 2);
        let forged = Bundle::load(&later.save(), &pin).unwrap_err();
        assert_eq!(forged, BundleError::Trust(TrustError::Anchor));
    }

    #[test]
    fn a_changed_saved_bundle_is_refused() {
        let (bundle, pin) = full();
        let bytes = bundle.save();
        // Every byte of the pieces is changed where they are tested.
        for at in (0..8).chain((8..bytes.len()).step_by(13)) {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            assert!(Bundle::load(&changed, &pin).is_err(), "byte {at}");
        }
        for length in (0..bytes.len()).step_by(7) {
            assert!(matches!(Bundle::load(&bytes[..length], &pin), Err(BundleError::Encoding(_))), "cut to {length}");
        }
    }

    #[test]
    fn the_pieces_of_a_saved_bundle_have_one_order_and_one_meaning() {
        let (bundle, pin) = full();
        let first = sign(&spec(), &CITIES[..3]);
        let trust = [&first[..], bundle.trust().as_bytes()];
        let catalogues: Vec<&[u8]> = bundle.catalogues().map(Catalogue::as_bytes).collect();
        let status: Vec<&[u8]> = bundle.status_lists().map(StatusList::as_bytes).collect();
        let load = |parts: [&[&[u8]]; 3]| Bundle::load(&saved(1, parts), &pin).map(|bundle| bundle.save());
        assert_eq!(load([&trust, &catalogues, &status]), Ok(bundle.save()));
        let back: Vec<&[u8]> = catalogues.iter().rev().copied().collect();
        assert_eq!(load([&trust, &back, &status]), Err(BundleError::Order));
        let back: Vec<&[u8]> = status.iter().rev().copied().collect();
        assert_eq!(load([&trust, &catalogues, &back]), Err(BundleError::Order));
        assert_eq!(load([&trust, &[catalogues[0], catalogues[0]], &[]]), Err(BundleError::Order), "one twice");
        let older = status_of(310_101, "u", 4_000, 8);
        assert_eq!(load([&trust, &[], &[status[0], &older]]), Err(BundleError::Rollback("status list")));
        assert_eq!(load([&trust, &[], &[&older, status[0]]]), Err(BundleError::Order), "one that was replaced");
        assert_eq!(load([&[], &[], &[]]), Err(BundleError::Order), "no trust list");
        let gap = load([&[&first, &first], &[], &[]]);
        assert_eq!(gap, Err(BundleError::Trust(TrustError::Rollback { current: 1, found: 1 })));
        assert!(matches!(load([&trust, &status, &[]]), Err(BundleError::Catalogue(CatalogueError::Encoding(_)))));
        let version = Bundle::load(&saved(2, [&trust, &[], &[]]), &pin).unwrap_err();
        assert!(matches!(version, BundleError::Encoding(CborError { kind: CborErrorKind::Range, .. })));
        // What the new trust list does not carry is not brought back by the file.
        let without = second(|next| drop(next.members.pop()));
        let gone = load([&[&first, &without], &catalogues, &[]]);
        assert!(matches!(gone, Err(BundleError::Catalogue(CatalogueError::Trust(TrustError::UnknownKey(_))))));
    }

    #[test]
    fn a_bundle_has_caps() {
        let pin = list().digest();
        let long = vec![0; MAX_BUNDLE + 1];
        assert_eq!(Bundle::load(&long, &pin).unwrap_err(), BundleError::TooLong(MAX_BUNDLE + 1));
        let range = |parts: [&[&[u8]]; 3]| {
            let error = Bundle::load(&saved(1, parts), &pin).unwrap_err();
            matches!(error, BundleError::Encoding(CborError { kind: CborErrorKind::Range, .. }))
        };
        let empty = &[][..];
        assert!(range([&vec![empty; MAX_BUNDLE_LISTS + 1], &[], &[]]));
        assert!(range([&[], &vec![empty; MAX_MEMBERS + 1], &[]]));
        assert!(range([&[], &[], &vec![empty; MAX_BUNDLE_LISTS + 1]]));
        let mut bundle = Bundle::new(list());
        for number in 0..MAX_STATUS_LISTS {
            bundle.status_now(&status_of(310_101, &number.to_string(), 5_000, 8)).unwrap();
        }
        let more = bundle.status_now(&status_of(310_101, "more", 5_000, 8));
        assert_eq!(more, Err(BundleError::TooMany("status lists of one issuer")));
        bundle.status_now(&status_of(320_100, "0", 5_000, 8)).unwrap();
        bundle.status_now(&status_of(310_101, "0", 5_001, 8)).unwrap();
    }

    #[test]
    fn many_issuers_have_no_more_than_a_bundle_holds() {
        const ISSUERS: u32 = (MAX_BUNDLE_LISTS / MAX_STATUS_LISTS) as u32;
        let issuers = 400_000..400_000 + ISSUERS;
        let mut spec = spec();
        spec.members.extend(issuers.clone().map(city));
        let mut bundle = Bundle::new(genesis(&spec, &CITIES).unwrap());
        for issuer in issuers {
            for number in 0..MAX_STATUS_LISTS {
                bundle.status_now(&status_of(issuer, &number.to_string(), 5_000, 8)).unwrap();
            }
        }
        let more = bundle.status_now(&status_of(310_101, "0", 5_000, 8));
        assert_eq!(more, Err(BundleError::TooMany("status lists")));
        bundle.status_now(&status_of(400_000, "0", 5_001, 8)).unwrap();
    }

    proptest! {
        #[test]
        fn accepted_means_saving_again_gives_the_same_bytes(at: prop::sample::Index, with: u8) {
            static SAVED: LazyLock<(Vec<u8>, Hash)> = LazyLock::new(|| (full().0.save(), full().1));
            let (mut bytes, pin) = SAVED.clone();
            let at = at.index(bytes.len());
            bytes[at] = with;
            if let Ok(bundle) = Bundle::load(&bytes, &pin) {
                prop_assert_eq!(bundle.save(), bytes);
            }
        }
    }
}
