//! Many redemptions of one day, in memory and as an audit has them, decided and settled.

use crate::day::{CITIES, OPEN, id, time};
use onecard::audit::{Earlier, Settled, SettlementPeriod, Statement, settle};
use onecard::crypto::Hash;
use onecard::gate::{Record, Redemption};
use onecard::id::{GateId, PassId, PassKey, ProductRef, VenueId};
use onecard::ledger::CutOff;
use onecard::product::{PassFacts, Usage, Use, VenueFacts, Visit, entitle};
use onecard::trust::Bundle;

/// Redemptions of one pass.
const VISITS: u32 = 5;
/// Gates of each city.
const GATES: u32 = 12;

/// So many redemptions by pass, as an audit has them, and in canonical order.
pub fn uses(count: u32) -> Vec<Settled> {
    let mut uses: Vec<Settled> = (0..count).map(used).collect();
    // Stable, so that those of a pass stay in their order.
    uses.sort_by_key(|used| used.pass);
    uses
}

/// Decides on each use after those before it, and settles them all.
pub fn decided_and_settled(uses: &[Settled], bundle: &Bundle) -> Statement {
    let facts = facts();
    for of_pass in uses.chunk_by(|a, b| a.pass == b.pass) {
        let mut usage = Usage::new();
        for use_ in of_pass {
            let product = bundle.product(use_.product).expect("a product that is sold");
            let venue = bundle.venue(use_.used.venue).expect("a venue");
            let id = use_.used.venue;
            let venue = VenueFacts { id, category: venue.category, reference_fen: venue.price_fen, service: 0 };
            let visit = Visit { time: use_.used.time, venue, party: use_.used.party };
            assert!(entitle(product, &facts, &usage, &visit).is_ok(), "nobody goes in too often");
            usage.insert(use_.used);
        }
    }
    let period = SettlementPeriod { from: time(OPEN), until: time(OPEN + 86_400) };
    let cut_offs = CITIES.map(|code| CutOff { member: id(code), size: 1, root: Hash([0; 32]) });
    settle(&period, &cut_offs, uses, bundle, &Earlier::default()).expect("a statement")
}

fn facts() -> PassFacts {
    PassFacts { not_before: time(OPEN - 86_400), expires: time(OPEN + 30 * 86_400), holder_class: 0 }
}

/// The `number`th redemption: five of each pass, of the product of nine entries whose price is split, each at
/// another gate of all the cities.
fn used(number: u32) -> Settled {
    let (pass, visit) = (number / VISITS, number % VISITS);
    let issuer = id(CITIES[pass as usize % CITIES.len()]);
    let mut number_of_pass = [7; 10];
    number_of_pass[..4].copy_from_slice(&pass.to_be_bytes());
    // Scattered, but never the same gate twice.
    let at = (pass.wrapping_mul(2_654_435_761) >> 8).wrapping_add(visit * 7) % (4 * GATES);
    let member = id(CITIES[(at / GATES) as usize]);
    let used = Use {
        time: time(OPEN + i64::from(visit) * 3_600 + i64::from(pass % 3_000)),
        gate: GateId { member, number: at % GATES + 1 },
        index: number.into(),
        venue: VenueId { member, number: (at % 2) as u16 + 1 },
        service: 0,
        grant: 0,
        party: 1,
    };
    let pass = PassKey { issuer, pass: PassId::from_bytes(number_of_pass) };
    let product = ProductRef { issuer, product: 2, version: 1 };
    Settled { pass, product, used, due_fen: 500, liable: None }
}

/// The redemption that a gate recorded of it.
pub fn record(settled: &Settled) -> Vec<u8> {
    let Settled { pass, used, due_fen, .. } = settled;
    let redemption = Redemption {
        time: used.time,
        pass: *pass,
        product: (2, 1),
        grant: 0,
        party: 1,
        due_fen: *due_fen,
        flags: 0,
        facts: facts(),
        evidence: Hash([9; 32]),
    };
    Record::Redeemed(redemption).encode()
}
