//! Over-use of one pass as one file, which convinces who has the trust lists and nothing else.
//!
//! ```cddl
//! over-use = {
//!   1: 1,                                ; version
//!   2: [issuer: member, bstr .size 10],  ; the pass
//!   3: [*256 bstr .size (0..1048576)],   ; catalogues of its issuer and of the venues' members
//!   4: [*1024 [period: uint, receipt: tstr, shown: bstr .size (0..640) / null, synced: tstr / null]],
//! }
//! ```
//!
//! A use is its receipt, with what was shown where that is kept, and the receipt of the record by which the gate
//! last said what it knew. Who verifies the file decides all uses again, as an audit does. It shows that they
//! were recorded: that one was taken back since is for who says so to show, by the receipt of an annulment or
//! the ledger's entry. So it is with a later `synced` record, which can only change who is liable. The number of
//! the period orders the uses, in one ledger as its entries do; what reached a ledger before which cut-off is in the
//! statements that the members agreed to.

use super::overuse::{OverUse, judge};
use super::shown::{ShownError, check_shown};
use super::uses::{PlacedUse, Redeemed, SyncedAt};
use crate::gate::{Record, Redemption, Synced};
use crate::id::{MemberId, PassKey, ProductRef, VenueId};
use crate::ledger::{Receipt, ReceiptError, Receipted};
use crate::limits::{MAX_CATALOGUE, MAX_MEMBERS, MAX_PRESENTATION};
use crate::product::Use;
use crate::time::UnixTime;
use crate::trust::{Bundle, BundleError, Catalogue, CatalogueError, TrustHistory, TrustList};
use crate::wire::cbor::{CborError, Decoder, Encoder};
use crate::wire::shape::Shape;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Longest file, in bytes.
pub const MAX_OVER_USE: usize = 16 * 1024 * 1024;
/// Most uses in one file.
pub const MAX_OVER_USE_USES: usize = 1024;

const VERSION: u64 = 1;

/// A file does not show over-use.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OverUseError {
    /// Longer than any such file.
    #[error("the file has {0} bytes, more than {MAX_OVER_USE}")]
    TooLong(usize),
    /// A pass with more uses than a file holds: the audit's report is all there is of it.
    #[error("the pass has {0} uses that count, and a file holds {MAX_OVER_USE_USES}")]
    TooMany(usize),
    /// Not the one accepted encoding.
    #[error("over-use: {0}")]
    Cbor(#[from] CborError),
    /// A version of the format that is not known.
    #[error("over-use: unknown version {0}")]
    Version(u64),
    /// A receipt is refused.
    #[error("over-use: use {place}: {error}")]
    Receipt {
        /// The place of the use, from 0.
        place: usize,
        /// Why.
        error: ReceiptError,
    },
    /// A catalogue is refused.
    #[error("over-use: {0}")]
    Catalogue(#[from] CatalogueError),
    /// Two catalogues of one member, not in ascending order, or of one that has no part in this.
    #[error("over-use: the catalogue of {0} is out of order, or of no use")]
    OtherCatalogue(MemberId),
    /// A catalogue does not go with the trust list.
    #[error("over-use: {0}")]
    Bundle(#[from] BundleError),
    /// The record is no redemption of this pass.
    #[error("over-use: use {0} is none of this pass")]
    OtherRecord(usize),
    /// The uses are not in order, or one comes twice; or the periods are not in the order of a ledger's entries.
    #[error("over-use: use {0} is out of order, or there already")]
    Order(usize),
    /// What was shown is not what the record says.
    #[error("over-use: use {place}: {error}")]
    Shown {
        /// The place of the use, from 0.
        place: usize,
        /// Why.
        error: ShownError,
    },
    /// What the gate knew is no record of that gate by which it said so before.
    #[error("over-use: use {0}: no record of its gate by which it said before what it knew")]
    OtherSynced(usize),
    /// No catalogue lists the product.
    #[error("over-use: no catalogue lists product {0}")]
    UnknownProduct(ProductRef),
    /// No catalogue lists the venue.
    #[error("over-use: no catalogue lists venue {0}")]
    UnknownVenue(VenueId),
    /// The rules cover all of these uses.
    #[error("over-use: the rules of the product cover all of these uses")]
    Covered,
    /// A file would show something else than was found: a venue was changed between the periods of the uses, or one of
    /// them was taken back before the last of them.
    #[error("over-use: what counted changed between the periods, so that no one file shows it")]
    Changed,
    /// What is published does not hold, or has lost, what the proof of this use needs.
    #[error("over-use: the record and the seals of use {0} are not published as they must be")]
    NotPublished(usize),
}

/// Over-use of one pass, not yet verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverUseProof {
    pub(super) pass: PassKey,
    pub(super) catalogues: Vec<Vec<u8>>,
    pub(super) uses: Vec<UseProof>,
}

impl OverUseProof {
    /// What its parts are called.
    pub const SHAPE: Shape = Shape::Map(&[
        (1, "version", Shape::Any),
        (2, "pass", Shape::Tuple(&[("issuer", Shape::Any), ("pass", Shape::Any)])),
        (3, "catalogues", Shape::List(&Shape::Any)),
        (
            4,
            "uses",
            Shape::List(&Shape::Tuple(&[
                ("period", Shape::Any),
                ("receipt", Shape::Any),
                ("shown", Shape::Any),
                ("synced", Shape::Any),
            ])),
        ),
    ]);
}

/// A use as a file cites it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct UseProof {
    pub(super) period: u64,
    pub(super) receipt: Receipt,
    pub(super) shown: Option<Vec<u8>>,
    pub(super) synced: Option<Receipt>,
}

/// Over-use of one pass that was recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProvenOverUse {
    /// The pass.
    pub pass: PassKey,
    /// Its product, by the first use beyond the rules: an issuer that signs one id for two products has both count.
    pub product: ProductRef,
    /// All uses that the over-use follows from, in canonical order.
    pub uses: Vec<ProvenUse>,
    /// Those of them that are beyond the rules, and who is liable by what the file shows; at least one.
    pub over_use: Vec<OverUse>,
}

/// A use that was recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProvenUse {
    /// The use.
    pub used: Use,
    /// The number of its period: those of a lower one were paid before.
    pub period: u64,
    /// Index of the entry in its city's ledger.
    pub entry: u64,
    /// When that ledger became final.
    pub final_at: UnixTime,
    /// Whether what was shown is there, and says what the record says.
    pub shown: bool,
    /// What the gate knew when it decided, as far as the file shows.
    pub synced: Option<Synced>,
}

impl OverUseProof {
    /// The pass that the file is about.
    #[must_use]
    pub const fn pass(&self) -> PassKey {
        self.pass
    }

    /// The encoded file.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Encoder::new();
        out.map(4);
        out.int(1).uint(VERSION);
        out.int(2).array(2).pass(self.pass);
        out.int(3).array(self.catalogues.len());
        for catalogue in &self.catalogues {
            out.bytes(catalogue);
        }
        out.int(4).array(self.uses.len());
        for UseProof { period, receipt, shown, synced } in &self.uses {
            out.array(4).uint(*period).text(&receipt.to_text());
            match shown {
                Some(shown) => out.bytes(shown),
                None => out.null(),
            };
            match synced {
                Some(synced) => out.text(&synced.to_text()),
                None => out.null(),
            };
        }
        out.finish()
    }

    /// Decodes a file.
    ///
    /// # Errors
    /// [`OverUseError::TooLong`], [`OverUseError::Cbor`], [`OverUseError::Version`], [`OverUseError::Receipt`] for
    /// one that cannot be parsed.
    pub fn decode(bytes: &[u8]) -> Result<Self, OverUseError> {
        if bytes.len() > MAX_OVER_USE {
            return Err(OverUseError::TooLong(bytes.len()));
        }
        Decoder::all(bytes, |d| {
            let mut map = d.map()?;
            map.require(d, 1)?;
            let version = d.uint()?;
            if version != VERSION {
                return Err(OverUseError::Version(version));
            }
            map.require(d, 2)?;
            d.array_of(2)?;
            let pass = d.pass()?;
            map.require(d, 3)?;
            let mut catalogues = Vec::new();
            for _ in 0..d.array_up_to(MAX_MEMBERS)? {
                catalogues.push(d.bytes_up_to(MAX_CATALOGUE)?.to_vec());
            }
            map.require(d, 4)?;
            let mut uses = Vec::new();
            for place in 0..d.array_up_to(MAX_OVER_USE_USES)? {
                d.array_of(4)?;
                let period = d.uint()?;
                let receipt = receipt(d, place)?;
                let shown = if d.null() { None } else { Some(d.bytes_up_to(MAX_PRESENTATION)?.to_vec()) };
                let synced = if d.null() { None } else { Some(self::receipt(d, place)?) };
                uses.push(UseProof { period, receipt, shown, synced });
            }
            map.end(d)?;
            Ok(Self { pass, catalogues, uses })
        })
    }

    /// Verifies with the trust lists alone that all this was recorded, and decides it again.
    ///
    /// # Errors
    /// [`OverUseError`].
    pub fn verify(&self, trust: &TrustHistory) -> Result<ProvenOverUse, OverUseError> {
        let bundle = self.bundle(trust)?;
        let (mut uses, mut placed): (Vec<ProvenUse>, Vec<PlacedUse>) = (Vec::new(), Vec::new());
        let mut keys = BTreeSet::new();
        for (place, cited) in self.uses.iter().enumerate() {
            let (proven, redeemed) = self.proven(place, cited, trust, &bundle)?;
            let follows = |before: &ProvenUse| (before.period, before.used) < (proven.period, proven.used);
            // Wherever the cut-offs of a ledger were, what is in a later period was sealed later.
            let cut_off = |before: &ProvenUse| {
                let same_ledger = before.used.gate.member == proven.used.gate.member;
                !same_ledger || before.period == proven.period || before.entry < proven.entry
            };
            let in_order = uses.last().is_none_or(follows) && uses.iter().all(cut_off);
            if !in_order || !keys.insert(proven.used.key()) {
                return Err(OverUseError::Order(place));
            }
            let period = usize::try_from(proven.period).unwrap_or(usize::MAX);
            placed.push(PlacedUse { period, taken_back: None, redeemed });
            uses.push(proven);
        }
        let over_use = judge(&placed, |_| &bundle).over_use;
        let beyond = |placed: &&PlacedUse| over_use.first().is_some_and(|over| over.used == placed.redeemed.used);
        let product = placed.iter().find(beyond).map(|placed| placed.redeemed.product).ok_or(OverUseError::Covered)?;
        let part = |member: MemberId| {
            member == self.pass.issuer || uses.iter().any(|proven| proven.used.venue.member == member)
        };
        if let Some(other) = bundle.catalogues().find(|catalogue| !part(catalogue.member())) {
            return Err(OverUseError::OtherCatalogue(other.member()));
        }
        Ok(ProvenOverUse { pass: self.pass, product, uses, over_use })
    }

    /// Leaves out what was shown where that does not verify: a gate that let somebody in on it is found for that, and
    /// the use is recorded all the same.
    pub(super) fn drop_unfit(&mut self, trust: &TrustHistory) -> Result<(), OverUseError> {
        let bundle = self.bundle(trust)?;
        for place in 0..self.uses.len() {
            let Some(cited) = self.uses.get(place) else { continue };
            if matches!(self.proven(place, cited, trust, &bundle), Err(OverUseError::Shown { .. }))
                && let Some(cited) = self.uses.get_mut(place)
            {
                cited.shown = None;
            }
        }
        Ok(())
    }

    /// The products and venues.
    fn bundle(&self, trust: &TrustHistory) -> Result<Bundle, OverUseError> {
        let mut bundle = Bundle::new(trust.newest().clone());
        let mut before: Option<MemberId> = None;
        for bytes in &self.catalogues {
            let catalogue = Catalogue::verify(bytes, trust)?;
            let member = catalogue.member();
            if before.is_some_and(|before| before >= member) {
                return Err(OverUseError::OtherCatalogue(member));
            }
            before = Some(member);
            bundle.take_catalogue(catalogue)?;
        }
        Ok(bundle)
    }

    fn proven(
        &self,
        place: usize,
        cited: &UseProof,
        trust: &TrustHistory,
        bundle: &Bundle,
    ) -> Result<(ProvenUse, Redeemed), OverUseError> {
        let refused = |error| OverUseError::Receipt { place, error };
        let receipted = cited.receipt.verify(trust).map_err(refused)?;
        let Receipted { index, entry, final_at, ref certificate, .. } = receipted;
        let redemption = match &receipted.record {
            Record::Redeemed(redemption) if redemption.pass == self.pass => *redemption,
            _ => return Err(OverUseError::OtherRecord(place)),
        };
        let (gate, venue) = (certificate.gate(), certificate.venue());
        let product = redemption.product_ref();
        if bundle.product(product).is_none() {
            return Err(OverUseError::UnknownProduct(product));
        }
        let reference_fen = bundle.venue(venue).ok_or(OverUseError::UnknownVenue(venue))?.price_fen;
        let synced = cited.synced.as_ref().map(|synced| synced.verify(trust).map_err(refused)).transpose()?;
        let synced = synced.map(|synced| said_before(synced, &receipted).ok_or(OverUseError::OtherSynced(place)));
        let synced = synced.transpose()?;
        if let Some(shown) = &cited.shown {
            let had = synced.as_ref().map(|(_, synced)| synced.trust);
            let checked = was_shown(&redemption, shown, &receipted, lists(trust, had, redemption.time));
            checked.map_err(|error| OverUseError::Shown { place, error })?;
        }
        let used = Use {
            time: redemption.time,
            gate,
            index,
            venue,
            service: certificate.service(),
            grant: redemption.grant,
            party: redemption.party,
        };
        let said = |(index, synced): &(u64, Synced)| {
            Arc::new(SyncedAt { index: *index, time: synced.time, ledgers: synced.ledgers.clone() })
        };
        let redeemed = Redeemed {
            pass: self.pass,
            product,
            used,
            due_fen: redemption.due_fen,
            reference_fen,
            entry,
            annulled: None,
            taken_back: None,
            synced: synced.as_ref().map(said),
            // What the file does not show is not held against the gate.
            synced_pruned: true,
            facts: redemption.facts,
        };
        let synced = synced.map(|(_, synced)| synced);
        let shown = cited.shown.is_some();
        Ok((ProvenUse { used, period: cited.period, entry, final_at, shown, synced }, redeemed))
    }
}

/// Index and content of a record by which the gate of `used` said before what it knew.
fn said_before(synced: Receipted, used: &Receipted) -> Option<(u64, Synced)> {
    let before = synced.gate == used.gate && synced.index < used.index;
    match synced.record {
        Record::Synced(record) if before => Some((synced.index, record)),
        _ => None,
    }
}

/// The trust lists that the gate may have had, newest first: that which it named or a later one, up to the one in
/// force.
fn lists(trust: &TrustHistory, had: Option<u64>, time: UnixTime) -> impl Iterator<Item = &TrustList> {
    let newest = trust.at(time).sequence();
    let oldest = had.unwrap_or(newest).min(newest);
    trust.lists().rev().filter(move |list| (oldest..=newest).contains(&list.sequence()))
}

/// What was shown verifies under one of the lists that the gate may have had.
fn was_shown<'a>(
    redemption: &Redemption,
    shown: &[u8],
    receipted: &Receipted,
    lists: impl Iterator<Item = &'a TrustList>,
) -> Result<(), ShownError> {
    let mut verdict = Err(ShownError::Mismatch);
    for list in lists {
        verdict = check_shown(redemption, shown, receipted.gate, list).map(drop);
        if verdict.is_ok() {
            break;
        }
    }
    verdict
}

fn receipt(d: &mut Decoder<'_>, place: usize) -> Result<Receipt, OverUseError> {
    Receipt::parse(d.text()?.as_bytes()).map_err(|error| OverUseError::Receipt { place, error })
}
