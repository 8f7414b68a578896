//! A trust list is accepted exactly when enough distinct members signed it: of itself, and for an
//! update of the list before it as well, with no signer who is a root of neither.
//!
//! The input says who has which root keys, in the list in force and in the next one, and who signs.

use super::federation::{AUDITOR, CITIES, KEYS_FROM, KEYS_UNTIL, SPEC, secret, time};
use super::input::Input;
use onecard::crypto::{SigningKey, sha256};
use onecard::trust::{KeyEntry, Role, TrustList, TrustListSpec};

/// Root keys by number: two of each city, and one of nobody.
const KEYS: u8 = 7;
const CHANGED: i64 = 5_000;

pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let (first, next) = (read(&mut input), read(&mut input));
    let signers = [input.byte() ^ 0b0101, input.byte() ^ 0b0101];
    let spec = |list: &List, sequence| TrustListSpec { sequence, ..list.spec() };

    let bytes = sign(&spec(&first, 1), signers[0]);
    let genesis = TrustList::genesis(&bytes, &sha256(&[&bytes]));
    let none = List { roots: [None; KEYS as usize], threshold: 0, ..first };
    assert_eq!(genesis.is_ok(), first.fits() && first.counts(&none, signers[0], first.issued), "{genesis:?}");
    let Ok(current) = genesis else { return };

    let sequence = input.pick(&[2u64, 1, 3, 0]);
    let bytes = sign(&spec(&next, sequence), signers[1]);
    let update = current.update(&bytes);
    let good = next.fits()
        && sequence == 2
        && next.issued >= first.issued
        && first.counts(&next, signers[1], next.issued)
        && next.counts(&first, signers[1], next.issued);
    assert_eq!(update.is_ok(), good, "{update:?}\n{first:?}\n{next:?}, signed by {:07b}", signers[1]);
    if let Ok(next) = update {
        assert_eq!((next.sequence(), next.as_bytes()), (2, &bytes[..]));
        assert!(next.update(&bytes).is_err() && current.update(current.as_bytes()).is_err(), "again");
    }
}

pub fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let list = |keys: [u8; 7], threshold: u8| [&keys[..], &[threshold, 0, 0, 0]].concat();
    let plain = list([0; 7], 0);
    vec![
        ("good", vec![]),
        ("two-keys-of-one", [&plain[..], &plain, &[0b0110, 0b0110]].concat()),
        ("too-few", [&plain[..], &plain, &[0, 0b0100]].concat()),
        ("a-stranger", [&plain[..], &plain, &[0, 0b100_0000]].concat()),
        ("rotated", [&plain[..], &list([1, 0, 1, 0, 0, 0, 0], 0), &[0, 0b1111]].concat()),
        ("lapsed", [&plain[..], &list([0; 7], 0)[..9], &[1, 0, 0, 0]].concat()),
    ]
}

/// Root keys by number with the last second each is good for, and from when on the third city is
/// suspended.
#[derive(Clone, Copy, Debug)]
struct List {
    roots: [Option<i64>; KEYS as usize],
    threshold: u8,
    issued: i64,
    suspended: Option<i64>,
}

fn read(input: &mut Input<'_>) -> List {
    let mut roots = core::array::from_fn(|_| input.pick(&[Some(KEYS_UNTIL), None, Some(CHANGED - 1), Some(CHANGED)]));
    roots[KEYS as usize - 1] = None;
    let threshold = input.pick(&[2, 1, 3, 0, 4]);
    let issued = input.pick(&[CHANGED, KEYS_FROM, KEYS_FROM - 1, CHANGED + 1]);
    let suspended = input.pick(&[None, Some(CHANGED), Some(CHANGED + 1), Some(KEYS_FROM)]);
    let _reserved = input.byte();
    List { roots, threshold, issued, suspended }
}

fn root(number: u8) -> SigningKey {
    SigningKey::from_seed(&[0xa0 + number; 32])
}

fn owner(number: u8) -> usize {
    usize::from(number / 2)
}

impl List {
    fn spec(&self) -> TrustListSpec {
        let mut spec = SPEC.clone();
        (spec.issued, spec.policy.root_threshold) = (time(self.issued), self.threshold);
        for member in spec.members.iter_mut().filter(|member| member.id.code() != AUDITOR) {
            let city = CITIES.iter().position(|code| *code == member.id.code()).unwrap();
            member.suspended_from = self.suspended.filter(|_| city == 2).map(time);
            member.keys.retain(|entry| entry.role != Role::Root);
            for (number, until) in (0..KEYS).zip(self.roots).filter(|(number, _)| owner(*number) == city) {
                let Some(until) = until else { continue };
                let key = root(number).verifying_key();
                let (not_before, not_after) = (time(KEYS_FROM), time(until));
                member.keys.push(KeyEntry { role: Role::Root, key, not_before, not_after });
            }
        }
        assert_ne!(secret(CITIES[0], Role::Root).verifying_key(), root(0).verifying_key());
        spec
    }

    /// Whether its threshold can be met at all.
    fn fits(&self) -> bool {
        let owners = (0..3).filter(|city| (0..KEYS).any(|n| owner(n) == *city && self.roots[usize::from(n)].is_some()));
        self.threshold >= 1 && owners.count() >= usize::from(self.threshold)
    }

    /// Whether the key was a root here at `at`.
    fn root(&self, number: u8, at: i64) -> bool {
        let suspended = owner(number) == 2 && self.suspended.is_some_and(|from| at >= from);
        self.roots[usize::from(number)].is_some_and(|until| (KEYS_FROM..=until).contains(&at)) && !suspended
    }

    /// Whether enough distinct members of this list are among the signers, and no stranger.
    fn counts(&self, other: &Self, signers: u8, at: i64) -> bool {
        let signed = || (0..KEYS).filter(|number| signers >> number & 1 == 1);
        let members = (0..3).filter(|city| signed().any(|number| owner(number) == *city && self.root(number, at)));
        members.count() >= usize::from(self.threshold)
            && signed().all(|number| self.root(number, at) || other.root(number, at))
            && signed().next().is_some()
    }
}

fn sign(spec: &TrustListSpec, signers: u8) -> Vec<u8> {
    let keys: Vec<SigningKey> = (0..KEYS).filter(|number| signers >> number & 1 == 1).map(root).collect();
    spec.sign(&keys.iter().collect::<Vec<_>>())
}
