//! The lists under `trust/`: verified in order, kept in all their versions.

use super::files::Files;
use super::finding::{Findings, Rule};
use crate::crypto::{Hash, sha256};
use crate::id::MemberId;
use crate::time::UnixTime;
use crate::trust::{Bundle, Catalogue, Role, StatusList, TrustList};
use std::collections::BTreeMap;

/// All lists that were published.
#[derive(Debug)]
pub(super) struct Lists {
    /// Ascending by sequence; never empty.
    trust: Vec<TrustList>,
    /// The newest trust list with the newest catalogues: products never change once published.
    pub(super) bundle: Bundle,
    /// The catalogues, each one after those it follows.
    catalogues: Vec<(Hash, Vec<u8>)>,
    /// Every status list, by issuer, URI and issue time.
    status: BTreeMap<(MemberId, String, UnixTime), StatusList>,
    /// What each file under `trust/` that verified is, by its SHA-256.
    published: BTreeMap<Hash, ListId>,
    /// Every catalogue, by member and sequence.
    versions: BTreeMap<(MemberId, u64), Catalogue>,
}

/// Which list a file is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ListId {
    /// The trust list of this sequence.
    Trust(u64),
    /// A member's catalogue of this sequence.
    Catalogue(MemberId, u64),
    /// An issuer's status list at a URI, by its issue time.
    Status(MemberId, String, UnixTime),
}

impl Lists {
    /// Reads and verifies the lists. `None` when there is no trust list to start from.
    pub(super) fn read<F: Files>(
        files: &F,
        paths: &[String],
        anchor: Option<&Hash>,
        findings: &mut Findings,
    ) -> Option<Self> {
        let named = |prefix: &'static str| numbered(paths, prefix);
        let mut trust: Vec<TrustList> = Vec::new();
        let mut published = BTreeMap::new();
        for path in named("trust/trust-list-") {
            let Some(bytes) = read(files, path, findings) else { continue };
            let digest = sha256(&[&bytes]);
            let list = match trust.last() {
                None => TrustList::genesis(&bytes, anchor.unwrap_or(&digest)).map(|mut list| {
                    // The lists that follow are prepared like it: most of an audit is signatures of issuers.
                    list.prepare(Role::Issuer, list.issued());
                    list
                }),
                Some(last) => last.update(&bytes),
            };
            match list {
                Ok(list) if *path == format!("trust/trust-list-{}.cose", list.sequence()) => {
                    published.insert(digest, ListId::Trust(list.sequence()));
                    trust.push(list);
                }
                Ok(_) => findings.error_at(path, Rule::TrustList, "its name is not its sequence"),
                Err(error) => findings.error_at(path, Rule::TrustList, error),
            }
        }
        let mut bundle = Bundle::new(trust.last()?.clone());
        let mut catalogues = Vec::new();
        let mut versions = BTreeMap::new();
        for path in named("trust/catalogue-") {
            let Some(bytes) = read(files, path, findings) else { continue };
            let digest = sha256(&[&bytes]);
            if let Err(error) = bundle.update_catalogue(&bytes) {
                findings.error_at(path, Rule::Catalogue, error);
                continue;
            }
            let name = |list: &Catalogue| format!("trust/catalogue-{}-{}.cose", list.member(), list.sequence());
            let Some(list) = bundle.catalogues().find(|list| list.digest() == digest) else { continue };
            if name(list) != *path {
                findings.error_at(path, Rule::Catalogue, "its name is not its member and sequence");
            }
            published.insert(digest, ListId::Catalogue(list.member(), list.sequence()));
            versions.insert((list.member(), list.sequence()), list.clone());
            catalogues.push((digest, bytes));
        }
        let mut status = BTreeMap::new();
        for path in named("trust/status-") {
            let Some(bytes) = read(files, path, findings) else { continue };
            match StatusList::verify(&bytes, bundle.trust()) {
                Ok(list) => {
                    if !path.starts_with(&format!("trust/status-{}-", list.issuer())) {
                        findings.error_at(path, Rule::StatusList, "its name is not its issuer's");
                    }
                    let (issuer, uri, issued) = (list.issuer(), list.uri().to_owned(), list.issued());
                    published.insert(list.digest(), ListId::Status(issuer, uri.clone(), issued));
                    // A gate names its list by these three, so of two lists nobody knew which it had.
                    if status.insert((issuer, uri, issued), list).is_some() {
                        findings.error_at(path, Rule::StatusList, "another list has the same URI and issue time");
                    }
                }
                Err(error) => findings.error_at(path, Rule::StatusList, error),
            }
        }
        Some(Self { trust, bundle, catalogues, status, published, versions })
    }

    /// SHA-256 of the first trust list.
    pub(super) fn anchor(&self) -> Hash {
        self.trust.first().map_or_else(|| self.bundle.trust().digest(), TrustList::digest)
    }

    /// The newest trust list with the newest of those catalogues that `published` names: prices at a
    /// cut-off are those published before it, whatever is published later.
    pub(super) fn bundle_of(&self, published: &[Hash]) -> Bundle {
        let mut bundle = Bundle::new(self.bundle.trust().clone());
        for (digest, bytes) in &self.catalogues {
            if published.contains(digest) {
                // Verified when it was read, and in the same order.
                let _ = bundle.update_catalogue(bytes);
            }
        }
        bundle
    }

    /// The trust list in force at `time`; before the first one, the first.
    pub(super) fn trust_at(&self, time: UnixTime) -> &TrustList {
        let in_force = self.trust.iter().rev().find(|list| list.issued() <= time).or(self.trust.first());
        in_force.unwrap_or(self.bundle.trust())
    }

    /// The trust list of this sequence.
    pub(super) fn trust_list(&self, sequence: u64) -> Option<&TrustList> {
        self.trust.iter().find(|list| list.sequence() == sequence)
    }

    /// A member's catalogue of this sequence.
    pub(super) fn catalogue(&self, member: MemberId, sequence: u64) -> Option<&Catalogue> {
        self.versions.get(&(member, sequence))
    }

    /// Whether the file with this digest is published, and is that list.
    pub(super) fn is_published(&self, digest: &Hash, id: &ListId) -> bool {
        self.published.get(digest) == Some(id)
    }

    /// The status list of an issuer at a URI, issued at exactly `issued`.
    pub(super) fn status(&self, issuer: MemberId, uri: &str, issued: UnixTime) -> Option<&StatusList> {
        self.status.get(&(issuer, uri.to_owned(), issued))
    }
}

/// Reads a file, or says that it cannot be read.
pub(super) fn read<F: Files>(files: &F, path: &str, findings: &mut Findings) -> Option<Vec<u8>> {
    match files.read(path) {
        Ok(Some(bytes)) => Some(bytes),
        Ok(None) => {
            findings.error_at(path, Rule::Missing, "there is no such file");
            None
        }
        Err(error) => {
            findings.error_at(path, Rule::Unreadable, error);
            None
        }
    }
}

/// Paths of lists that start with `prefix` and go on with one number, or a member and a number, in
/// ascending order of the numbers. A number has one form.
fn numbered<'a>(paths: &'a [String], prefix: &str) -> Vec<&'a String> {
    let mut named: Vec<(Vec<u64>, &String)> = paths
        .iter()
        .filter_map(|path| {
            let text = path.strip_prefix(prefix)?.strip_suffix(".cose")?;
            let numbers = text.split('-').map(|number| number.parse().ok()).collect::<Option<Vec<u64>>>()?;
            let again: Vec<String> = numbers.iter().map(u64::to_string).collect();
            let wanted = if prefix.ends_with("list-") { 1 } else { 2 };
            (again.join("-") == text && numbers.len() == wanted).then_some((numbers, path))
        })
        .collect();
    named.sort_unstable();
    named.into_iter().map(|(_, path)| path).collect()
}

/// Whether `path` is one that [`Lists::read`] reads.
pub(super) fn is_list(path: &str) -> bool {
    let path = [path.to_owned()];
    ["trust/trust-list-", "trust/catalogue-", "trust/status-"].iter().any(|prefix| !numbered(&path, prefix).is_empty())
}
