//! Tests of `overuse.rs`.

use super::super::settle::tests::config;
use super::*;
use crate::id::{GateId, PassId, ProductRef};
use crate::product::samples::{any_product, any_uses, city};
use crate::product::{PassFacts, Product, Usage, entitle, reconsider};
use crate::time::UnixTime;
use crate::trust::test_federation::{list, secret, time};
use crate::trust::{CatalogueSpec, Role, Venue};
use proptest::collection::vec;
use proptest::prelude::*;

/// What [`judge`] means: for each use, all others are looked at again.
fn slowly(uses: &[PlacedUse], bundle: &Bundle) -> Judged {
    let mut standing = Usage::new();
    let mut judged = Judged::default();
    for PlacedUse { period, redeemed, .. } in uses {
        for back in uses.iter().filter(|other| other.taken_back.is_some_and(|taken_back| taken_back <= *period)) {
            standing.annul(back.redeemed.used.gate, back.redeemed.used.index);
        }
        let Some(product) = bundle.product(redeemed.product) else { continue };
        let Some(visit) = visit_of(redeemed, bundle) else { continue };
        let Redeemed { pass, used, facts, .. } = *redeemed;
        let others = uses.iter().map(|placed| &placed.redeemed);
        let known: Usage = others.filter(|other| knew_of(redeemed, other)).map(|other| other.used).collect();
        let decided = entitle(product, &facts, &known, &visit).map(|entitled| entitled.grant);
        let limit = i64::from(bundle.trust().policy().sync_within);
        let since = |synced: &Arc<SyncedAt>| used.time.since(synced.time) > limit;
        let late = redeemed.synced.as_ref().map_or(!redeemed.synced_pruned, since);
        let liable = |knew: bool| if knew || late { Liable::Gate } else { Liable::Issuer };
        let recorded = Recorded { grant: used.grant, due_fen: redeemed.due_fen };
        match reconsider(product, &facts, &standing, &visit, recorded) {
            Err(denied) => {
                let liable = liable(decided.is_err());
                judged.over_use.push(OverUse { pass, used, denied, liable });
            }
            Ok(Some(other)) if other.entitled.grant != used.grant => {
                let (grant, short_fen, over_fen) = (other.entitled.grant, other.short_fen, other.over_fen);
                standing.insert(Use { grant, ..used });
                if product.grants.get(usize::from(used.grant)).is_some() {
                    let liable = liable(decided != Ok(used.grant));
                    judged.other_grants.push(OtherGrant { pass, used, grant, short_fen, over_fen, liable });
                }
            }
            Ok(_) => _ = standing.insert(used),
        }
    }
    judged
}

/// Whether the gate of `used` could know of `other`, and not that it was taken back, when it decided.
fn knew_of(used: &Redeemed, other: &Redeemed) -> bool {
    let member = other.used.gate.member;
    let synced = used.synced.as_ref().and_then(|synced| synced.ledgers.iter().find(|(id, _)| *id == member));
    let size = synced.map_or(0, |(_, size)| *size);
    // What its city took back before it took this use, the gate may have been told.
    let told = if member == used.used.gate.member { size.max(used.entry) } else { size };
    let same_gate = other.used.gate == used.used.gate;
    let remembered = used.used.time < other.facts.expires;
    let knew = if same_gate { other.used.index < used.used.index } else { other.entry < size && remembered };
    let annulled = same_gate && other.annulled.is_some_and(|by| by < used.used.index);
    knew && !annulled && other.taken_back.is_none_or(|entry| entry >= told)
}

/// Two products of the first city, and the venues that uses are at.
fn bundle([one, other]: [Product; 2]) -> Bundle {
    let other = Product { id: ProductRef { product: 2, ..other.id }, ..other };
    let mut bundle = Bundle::new(list());
    for (at, products) in [(0, vec![one, other]), (1, vec![])] {
        let venue = |number: u16| Venue {
            number,
            code: format!("V{number}"),
            name_zh: "园".into(),
            name_en: "Venue".into(),
            category: number as u8,
            price_fen: 3_333,
        };
        let (member, issued, venues) = (city(at), time(2_000), (0..3).map(venue).collect());
        let spec = CatalogueSpec { member, sequence: 1, issued, venues, products };
        bundle.update_catalogue(&spec.sign(&secret(member.code(), Role::Registrar)), UnixTime::MAX).unwrap();
    }
    bundle
}

/// How long before a use its gate had synced, and up to which sizes of two ledgers.
type Heard = (i64, u64, u64);

/// Uses of one pass in canonical order, by gates that know much or little, and may say less than before.
fn placed() -> impl Strategy<Value = Vec<PlacedUse>> {
    let places = ((0..3usize, proptest::option::weighted(0.2, 1..3usize)), 0..12u64, 0..9u64, 1..3u16);
    let knew = ((proptest::option::weighted(0.8, (0..90_000i64, 0..14u64, 0..14u64)), any::<bool>()), any::<bool>());
    (any_uses(24), vec((places, knew), 24)).prop_map(|(uses, places)| {
        let place = |(used, (place, knew)): (Use, _)| {
            let ((period, later), entry, reversed, product): ((usize, Option<usize>), u64, u64, u16) = place;
            let ((synced, synced_pruned), short): ((Option<Heard>, bool), bool) = knew;
            let synced_at = |(before, one, other): Heard| SyncedAt {
                index: used.index,
                time: used.time.saturating_add(-before),
                ledgers: vec![(city(0), one), (city(1), other)],
            };
            let expires = used.time.saturating_add(if short { 86_400 } else { 400 * 86_400 });
            let redeemed = Redeemed {
                pass: PassKey { issuer: city(0), pass: PassId::from_bytes([1; 10]) },
                product: ProductRef { issuer: city(0), product, version: 1 },
                used: Use { gate: GateId { member: used.venue.member, ..used.gate }, party: 1, ..used },
                due_fen: 0,
                reference_fen: 3_333,
                entry,
                annulled: later.filter(|_| reversed % 2 == 0).map(|_| used.index + reversed / 2),
                taken_back: later.map(|_| entry + reversed),
                synced: synced.map(synced_at).map(Arc::new),
                synced_pruned,
                facts: PassFacts { not_before: UnixTime::MIN, expires, holder_class: 0 },
            };
            PlacedUse { period, taken_back: later.map(|later| period + later), redeemed }
        };
        let mut placed: Vec<PlacedUse> = uses.into_iter().zip(places).map(place).collect();
        placed.sort_by_key(|placed| (placed.period, placed.redeemed.used));
        placed
    })
}

proptest! {
    #![proptest_config(config(7_004, 256))]

    #[test]
    fn the_quick_way_decides_as_the_slow_one(one in any_product(), other in any_product(), uses in placed()) {
        let bundle = bundle([one, other]);
        let (quick, slow) = (judge(&uses, |_| &bundle), slowly(&uses, &bundle));
        prop_assert_eq!(quick.over_use, slow.over_use);
        prop_assert_eq!(quick.other_grants, slow.other_grants);
    }
}
