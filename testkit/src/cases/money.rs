//! What the members agreed to pay.

use super::case::Case;
use crate::day::{self, CITIES, id, secret};
use crate::script::Damage::Agreed;
use crate::script::{H1, Line, NANJING, Script};
use onecard::crypto::{Hash, sha256};
use onecard::ledger::{Announcement, Entry};
use onecard::product::{Method, Rate};
use onecard::tlog::{Frontier, genesis, link_hash};
use onecard::trust::Role;

const CATALOGUE: &str = "trust/catalogue-320100-1.cose";

pub(super) const CASES: &[Case] = &[
    ("settled-again-the-day-after", Agreed(|script| script.settle(1))),
    ("settled-otherwise-by-one", Agreed(|script| script.agree(&[NANJING], |settled| settled.digest.0[0] ^= 1))),
    (
        "settled-beyond-all-ledgers-by-one",
        Agreed(|script| {
            script.agree(&[NANJING], |settled| {
                settled.digest.0[0] ^= 1;
                settled.cut_offs.iter_mut().for_each(|cut_off| cut_off.size = 1 << 40);
            });
        }),
    ),
    ("settled-otherwise-by-all", Agreed(|script| script.agree(&CITIES, |settled| settled.digest.0[0] ^= 1))),
    ("settled-by-all-but-one", Agreed(|script| drop(script.ledger(CITIES[3]).pop()))),
    ("settled-without-a-city", Agreed(without_a_city)),
    ("settled-by-another-allocation", Agreed(other_allocation)),
    ("settled-with-another-amount", Agreed(|script| other_amount(script, true))),
    ("settled-after-no-such-statement", Agreed(other_previous)),
    (
        "settled-up-to-no-such-ledger",
        Agreed(|script| script.agree(&CITIES, |settled| settled.cut_offs[2].root.0[0] ^= 1)),
    ),
    ("settled-back-in-time", Agreed(back)),
    ("settled-up-to-the-same-ledger-again", Agreed(no_further)),
    ("statement-falsified", Agreed(|script| other_amount(script, false))),
    ("statement-of-another-period", Agreed(other_period)),
];

/// All agree to what the same day would come to if `change` had been said.
fn other_statement(script: &Script, change: impl FnOnce(&mut Script)) -> (Vec<u8>, Hash) {
    let mut other = script.clone();
    CITIES.iter().for_each(|city| drop(other.ledger(*city).pop()));
    change(&mut other);
    other.settle(0);
    let statement = other.statement.unwrap();
    let digest = sha256(&[&statement]);
    (statement, digest)
}

/// The price of Nanjing's passes goes by use instead of to the venues visited.
fn other_allocation(script: &mut Script) {
    let (statement, digest) = other_statement(script, |script| {
        let mut spec = day::catalogue_spec(NANJING);
        spec.products[1].settlement.method = Method::Contracted(Rate::PerUse(700));
        script.publish_instead(NANJING, CATALOGUE, spec.sign(&secret(NANJING, Role::Registrar)));
    });
    agree_to(script, statement, digest);
}

/// As if twice as many had come in on pass 1. All agree to it, or it is only published.
fn other_amount(script: &mut Script, agreed: bool) {
    let (statement, digest) =
        other_statement(script, |script| script.redeemed(H1, 2, |redemption| redemption.party = 2));
    if agreed {
        agree_to(script, statement, digest);
    } else {
        script.statement = Some(statement);
    }
}

/// All agree to it, with their ledgers as they are.
fn agree_to(script: &mut Script, statement: Vec<u8>, digest: Hash) {
    script.agree(&CITIES, |settled| settled.digest = digest);
    script.statement = Some(statement);
}

fn other_previous(script: &mut Script) {
    script.settle(1);
    let mut statement = script.statement.clone().unwrap();
    let first = statement.windows(2).position(|pair| pair == [0x58, 0x20]).unwrap();
    statement[first + 2] ^= 1;
    let digest = sha256(&[&statement]);
    agree_to(script, statement, digest);
}

/// The second period ends before the first in one ledger.
fn back(script: &mut Script) {
    script.settle(1);
    let first = script.ledger(CITIES[2])[0].clone();
    let Line::At(at, entry) = first else { unreachable!() };
    let mut frontier = Frontier::new();
    let origin = day::bundle().trust().ledger_origin(id(CITIES[2]));
    frontier.push(link_hash(&genesis(&origin), &entry.encode(at)));
    script.agree(&CITIES, |settled| (settled.cut_offs[2].size, settled.cut_offs[2].root) = (1, frontier.root()));
}

/// The second period ends in one ledger where the first did.
fn no_further(script: &mut Script) {
    let Some(Line::At(_, Entry::Announced(Announcement::Settlement(first)))) = script.ledger(CITIES[2]).last() else {
        unreachable!()
    };
    let cut_off = first.cut_offs[2];
    script.settle(1);
    script.agree(&CITIES, |settled| settled.cut_offs[2] = cut_off);
}

/// The members settle as if Nanjing had no ledger.
fn without_a_city(script: &mut Script) {
    CITIES.iter().for_each(|city| drop(script.ledger(*city).pop()));
    script.settle_without(NANJING);
}

/// The statement published is that of the next day, to which nobody has agreed.
fn other_period(script: &mut Script) {
    script.settle(1);
    CITIES.iter().for_each(|city| drop(script.ledger(*city).pop()));
}
