//! The bundle: everything a gate needs to decide offline, as one verified value.
//!
//! Each piece is updated by itself and never goes back: a trust list by its sequence, a catalogue by
//! its sequence, a status list by its time. The bundle keeps the signed bytes of every piece, so it
//! can be saved as they are and verified again when it is loaded.

use super::catalogue::{Catalogue, CatalogueError, Venue};
use super::list::{Role, TrustError, TrustList};
use super::status::{StatusError, StatusList};
use crate::id::{MemberId, ProductRef, VenueId};
use crate::product::Product;
use crate::time::UnixTime;
use std::collections::BTreeMap;

/// A piece is not taken into the bundle, which stays as it was.
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
    /// The catalogue changes or drops a published product.
    #[error("the catalogue of member {0} changes or drops a published product")]
    ProductChanged(MemberId),
}

/// How old a status list is, judged by the federation's policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Age {
    /// Young enough to decide by.
    Fresh,
    /// Too old to admit by without a person looking.
    Stale,
    /// Too old, or past its expiry: decides nothing.
    TooOld,
}

/// Trust list, catalogues and status lists, all verified.
#[derive(Clone, Debug)]
pub struct Bundle {
    trust: TrustList,
    catalogues: BTreeMap<MemberId, Catalogue>,
    status: BTreeMap<MemberId, BTreeMap<String, StatusList>>,
}

impl Bundle {
    /// A bundle with a trust list and nothing else yet.
    #[must_use]
    pub const fn new(trust: TrustList) -> Self {
        Self { trust, catalogues: BTreeMap::new(), status: BTreeMap::new() }
    }

    /// Takes the trust list that follows the one in force. Offered the one in force, does nothing.
    ///
    /// # Errors
    /// [`BundleError::Trust`].
    pub fn update_trust(&mut self, bytes: &[u8]) -> Result<(), BundleError> {
        if bytes != self.trust.as_bytes() {
            self.trust = self.trust.update(bytes)?;
        }
        Ok(())
    }

    /// Takes a member's newer catalogue. Offered the one in force, does nothing.
    ///
    /// # Errors
    /// [`BundleError::Catalogue`], [`BundleError::Rollback`], [`BundleError::ProductChanged`].
    pub fn update_catalogue(&mut self, bytes: &[u8]) -> Result<(), BundleError> {
        let catalogue = Catalogue::verify(bytes, &self.trust)?;
        if let Some(current) = self.catalogues.get(&catalogue.member()) {
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
        self.catalogues.insert(catalogue.member(), catalogue);
        Ok(())
    }

    /// Takes an issuer's newer status list. Offered the one in force, does nothing.
    ///
    /// # Errors
    /// [`BundleError::Status`], [`BundleError::Rollback`].
    pub fn update_status(&mut self, bytes: &[u8]) -> Result<(), BundleError> {
        let list = StatusList::verify(bytes, &self.trust)?;
        let lists = self.status.entry(list.issuer()).or_default();
        if let Some(current) = lists.get(list.uri()) {
            if current.digest() == list.digest() {
                return Ok(());
            }
            if current.issued() >= list.issued() {
                return Err(BundleError::Rollback("status list"));
            }
        }
        lists.insert(list.uri().to_owned(), list);
        Ok(())
    }

    /// Makes tables for keys of the trust list, as [`TrustList::prepare`] does.
    pub fn prepare(&mut self, role: Role, at: UnixTime) {
        self.trust.prepare(role, at);
    }

    /// The trust list.
    #[must_use]
    pub const fn trust(&self) -> &TrustList {
        &self.trust
    }

    /// The catalogues, by member.
    pub fn catalogues(&self) -> impl Iterator<Item = &Catalogue> {
        self.catalogues.values()
    }

    /// The status lists, by issuer and URI.
    pub fn status_lists(&self) -> impl Iterator<Item = &StatusList> {
        self.status.values().flat_map(BTreeMap::values)
    }

    /// The status list of one issuer at one URI.
    #[must_use]
    pub fn status_list(&self, issuer: MemberId, uri: &str) -> Option<&StatusList> {
        self.status.get(&issuer)?.get(uri)
    }

    /// How old a status list is at `now`, by the federation's policy. One that is dated further in the
    /// future than clocks differ decides nothing.
    #[must_use]
    pub fn age(&self, list: &StatusList, now: UnixTime) -> Age {
        list.age(self.trust.policy(), now)
    }

    /// A product at one version.
    #[must_use]
    pub fn product(&self, id: ProductRef) -> Option<&Product> {
        self.catalogues.get(&id.issuer)?.product(id)
    }

    /// A venue.
    #[must_use]
    pub fn venue(&self, id: VenueId) -> Option<&Venue> {
        self.catalogues.get(&id.member)?.venue(id)
    }
}

#[cfg(test)]
mod tests {
    use super::super::catalogue::CatalogueSpec;
    use super::super::list::tests::{id, list, secret, time};
    use super::super::status::StatusListSpec;
    use super::*;
    use crate::product::{
        Grant, Mask, Method, Period, Price, Quota, QuotaKey, Rate, Scope, Settlement, Unit, Validity, Window,
    };

    fn catalogue(sequence: u64, names: &[&str]) -> Vec<u8> {
        let venue = |(number, name): (u16, &&str)| Venue {
            number,
            code: format!("V{number}"),
            name_zh: "园".into(),
            name_en: (*name).into(),
            category: 1,
            price_fen: 4_000,
        };
        let venues = (1..).zip(names).map(venue).collect();
        let spec = CatalogueSpec { member: id(310_101), sequence, issued: time(2_000), venues, products: vec![] };
        spec.sign(&secret(310_101, Role::Registrar))
    }

    fn status(issued: i64, passes: usize) -> Vec<u8> {
        StatusListSpec::new("oc:310101/1".into(), time(issued), time(1_000_000), passes)
            .sign(&secret(310_101, Role::Issuer))
    }

    #[test]
    fn pieces_never_go_back() {
        let mut bundle = Bundle::new(list());
        bundle.update_catalogue(&catalogue(2, &["Yu Garden"])).unwrap();
        bundle.update_catalogue(&catalogue(2, &["Yu Garden"])).unwrap();
        assert_eq!(bundle.update_catalogue(&catalogue(2, &["Other"])), Err(BundleError::Rollback("catalogue")));
        assert_eq!(bundle.update_catalogue(&catalogue(1, &["Yu Garden"])), Err(BundleError::Rollback("catalogue")));
        bundle.update_catalogue(&catalogue(3, &["Yu Garden", "Bund"])).unwrap();
        assert_eq!(bundle.venue(VenueId { member: id(310_101), number: 2 }).unwrap().name_en, "Bund");
        bundle.update_status(&status(5_000, 8)).unwrap();
        bundle.update_status(&status(5_000, 8)).unwrap();
        assert_eq!(bundle.update_status(&status(5_000, 16)), Err(BundleError::Rollback("status list")));
        assert_eq!(bundle.update_status(&status(4_999, 8)), Err(BundleError::Rollback("status list")));
        bundle.update_status(&status(5_001, 8)).unwrap();
        assert!(bundle.status_list(id(310_101), "oc:310101/1").is_some());
        assert!(bundle.status_list(id(320_100), "oc:310101/1").is_none(), "another issuer's list says nothing");
    }

    fn product(number: u16, version: u16, limit: u16) -> Product {
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
        bundle.update_catalogue(&selling(1, &[one.clone(), two.clone()])).unwrap();
        let changed = Err(BundleError::ProductChanged(id(310_101)));
        assert_eq!(bundle.update_catalogue(&selling(2, std::slice::from_ref(&one))), changed, "dropped");
        assert_eq!(bundle.update_catalogue(&selling(2, &[one.clone(), product(2, 1, 3)])), changed, "changed");
        assert_eq!(bundle.update_catalogue(&selling(2, &[one.clone(), product(2, 2, 2)])), changed, "replaced");
        assert_eq!(bundle.product(two.id), Some(&two), "the catalogue before stays in force");
        bundle.update_catalogue(&selling(2, &[one, two, product(2, 2, 3)])).unwrap();
    }

    #[test]
    fn age_is_judged_by_policy() {
        let mut bundle = Bundle::new(list());
        bundle.update_status(&status(5_000, 8)).unwrap();
        let list = bundle.status_lists().next().unwrap();
        let policy = *bundle.trust().policy();
        let after = |seconds: u32| bundle.age(list, time(5_000 + i64::from(seconds)));
        assert_eq!(after(policy.status_fresh), Age::Fresh);
        assert_eq!(after(policy.status_fresh + 1), Age::Stale);
        assert_eq!(after(policy.status_max_age), Age::Stale);
        assert_eq!(after(policy.status_max_age + 1), Age::TooOld);
        let ahead = i64::from(policy.clock_suspect);
        assert_eq!(bundle.age(list, time(5_000 - ahead)), Age::Fresh);
        assert_eq!(bundle.age(list, time(5_000 - ahead - 1)), Age::TooOld, "dated in the future");
        let short = StatusListSpec::new("s".into(), time(5_000), time(5_010), 8).sign(&secret(310_101, Role::Issuer));
        bundle.update_status(&short).unwrap();
        let short = bundle.status_list(id(310_101), "s").unwrap();
        assert_eq!(bundle.age(short, time(5_009)), Age::Fresh);
        assert_eq!(bundle.age(short, time(5_010)), Age::TooOld, "past its expiry");
    }
}
