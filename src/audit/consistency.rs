//! Whether the ledgers, the lists and the files that are there agree with one another.

use super::cause::{Subject, says};
use super::finding::{Findings, Rule};
use super::ledgers::{City, silent};
use super::lists::{Lists, is_list};
use super::paths::{place_of, prefix_of};
use super::published::Comparison;
use crate::crypto::Hash;
use crate::id::MemberId;
use crate::ledger::StatementRef;
use core::fmt;
use std::collections::{BTreeMap, BTreeSet};

/// Paths that belong to nothing the trust list and the ledgers know.
pub(super) fn check_unexpected(paths: &[String], lists: &Lists, cities: &[City], findings: &mut Findings) {
    // Without its whole ledger nobody knows a city's gates, and that it is not there is found.
    let cut = cities.iter().filter(|city| city.may_go_on()).map(|city| city.member);
    let of_gates = ["journal", "evidence"];
    let mut places: BTreeSet<String> = silent(lists, cities)
        .chain(cut)
        .flat_map(|member| of_gates.map(|top| format!("{top}/{member}")))
        .chain(cities.iter().map(|city| prefix_of(city.member)))
        .collect();
    let gates = cities.iter().flat_map(|city| city.gates.values());
    places.extend(gates.flat_map(|gate| of_gates.map(|top| place_of(top, gate.certificate.gate()))));
    let known = |path: &str| {
        let mut ends = path.match_indices('/').skip(1).map(|(end, _)| end);
        let [of_member, of_gate] = [ends.next(), ends.next()];
        let is_place = |end| path.get(..end).is_some_and(|place| places.contains(place));
        // A file in place of a directory is nobody's.
        match path.split_once('/') {
            Some(("trust", _)) => is_list(path),
            Some(("ledger", _)) => of_member.is_some_and(is_place),
            Some(("journal" | "evidence", _)) => {
                of_gate.is_some() && [of_member, of_gate].into_iter().flatten().any(is_place)
            }
            _ => false,
        }
    };
    // Gates that may be enrolled in what is not published yet.
    let mut unknown: BTreeSet<&str> = BTreeSet::new();
    for path in paths.iter().filter(|path| !known(path)) {
        match gate_place(path, cities) {
            Some(place) => _ = unknown.insert(place),
            None => findings.error_at(path, Rule::Unexpected, "nothing that is known puts such a file here"),
        }
    }
    for place in unknown {
        findings.notice_at(place, Rule::Behind, "the ledger, as it is published, enrols no such gate");
    }
}

/// A catalogue counts for statements from the entry on that records it, which may still come: so this is no error.
pub(super) fn check_recorded(lists: &Lists, cities: &[City], findings: &mut Findings) {
    let recorded = |member, digest: &Hash| {
        let city = cities.iter().find(|city| city.member == member);
        // Where the ledger is not whole, nobody knows.
        city.is_none_or(|city| city.may_go_on() || city.catalogues.iter().any(|(_, recorded)| recorded == digest))
    };
    for path in lists.unrecorded(recorded) {
        findings.notice_at(
            path,
            Rule::Published,
            "its member's ledger does not record it, and no statement is computed by it",
        );
    }
}

/// The directory of a gate's journal or evidence that a file is in, whether or not the gate is known.
fn gate_place<'p>(path: &'p str, cities: &[City]) -> Option<&'p str> {
    let (end, _) = path.match_indices('/').nth(2)?;
    let (place, rest) = path.split_at_checked(end)?;
    let number: u32 = place.rsplit('/').next()?.parse().ok()?;
    let is_place = |city: &City, top| place == format!("{top}/{}/{number}", city.member);
    let of_city = |city: &City| ["journal", "evidence"].iter().any(|top| is_place(city, top));
    (number > 0 && rest.len() > 1 && cities.iter().any(of_city)).then_some(place)
}

/// A peer's checkpoint that a member saw must be of the history the peer publishes, as far as it is published. Where
/// the peer signed more of its ledger, or the members agreed to more of it, what is published of it is behind. A
/// cut-off of one city's own is a claim, and says nothing of others.
pub(super) fn check_seen(cities: &mut [City], agreed: &[StatementRef], findings: &mut Findings) {
    // The largest size of each ledger that is behind, and who knows it.
    let mut larger: BTreeMap<MemberId, (u64, String)> = BTreeMap::new();
    let mut seen = |city: &City, size, by: &dyn fmt::Display| {
        if larger.get(&city.member).is_none_or(|(largest, _)| *largest < size) {
            larger.insert(city.member, (size, by.to_string()));
        }
    };
    for city in &*cities {
        let mut found = Findings::at(prefix_of(city.member));
        for (index, signed) in &city.peers {
            let (origin, size) = (signed.origin(), signed.size());
            // Where the peer publishes no ledger, that is found already.
            let Some(peer) = cities.iter().find(|peer| *origin == *peer.origin) else { continue };
            match peer.log.beside(size, signed.root()) {
                Comparison::Another => {
                    found.error(
                        *index,
                        Rule::Fork,
                        says!(Subject::Name(origin.to_string()) => "{origin} publishes another history at size {size}"),
                    );
                }
                Comparison::Behind => seen(peer, size, &format_args!("{} entry {index} saw", prefix_of(city.member))),
                Comparison::Same | Comparison::Unknown => {}
            }
        }
        findings.append(found);
    }
    for cut_off in agreed.iter().flat_map(|settled| &settled.cut_offs) {
        let Some(of) = cities.iter().find(|of| of.member == cut_off.member) else { continue };
        if of.log.beside(cut_off.size, cut_off.root) == Comparison::Behind {
            seen(of, cut_off.size, &"a statement that the members agreed to settles");
        }
    }
    for city in cities {
        let Some((size, by)) = larger.get(&city.member) else { continue };
        city.behind = true;
        let own = city.log.size();
        let told = says!(Subject::Name(by.clone()) => "it is published up to size {own}, and {by} it at size {size}");
        findings.notice_at(&prefix_of(city.member), Rule::Behind, told);
    }
}
