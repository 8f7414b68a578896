//! The lists under `trust/`: verified in order, kept in all their versions.

use super::cause::{Because, says};
use super::depth::Depth;
use super::files::{Files, read};
use super::finding::{Findings, Rule};
use crate::crypto::{Hash, sha256};
use crate::id::MemberId;
use crate::time::UnixTime;
use crate::trust::{Bundle, Catalogue, MemberKind, Role, StatusList, TrustError, TrustHistory, TrustList};
use std::collections::{BTreeMap, BTreeSet};

/// All lists that were published.
#[derive(Debug)]
pub(super) struct Lists {
    /// The trust lists.
    pub(super) trust: TrustHistory,
    /// The newest trust list with the newest catalogues: products never change once published.
    pub(super) bundle: Bundle,
    /// Every status list, by issuer, URI and issue time.
    status: BTreeMap<(MemberId, String, UnixTime), StatusList>,
    /// What each file under `trust/` that verified is, and where, by its SHA-256.
    published: BTreeMap<Hash, (ListId, String)>,
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
    /// Reads and verifies the lists, to verify as `depth` needs. `None` when there is no trust list to start from.
    pub(super) fn read<F: Files>(
        files: &F,
        paths: &[String],
        anchor: Option<&Hash>,
        depth: Depth,
        findings: &mut Findings,
    ) -> Option<Self> {
        let named = |prefix: &'static str| numbered(paths, prefix);
        let mut published = BTreeMap::new();
        let trust = read_trust(files, &named("trust/trust-list-"), anchor, depth, &mut published, findings)?;
        let mut versions = BTreeMap::new();
        let mut bundle = Bundle::new(trust.newest().clone());
        for path in named("trust/catalogue-") {
            let Some(bytes) = read(files, path, findings) else { continue };
            let catalogue = match Catalogue::verify(&bytes, &trust) {
                Ok(catalogue) => catalogue,
                Err(error) => {
                    findings.error_at(path, Rule::Catalogue, Because(error));
                    continue;
                }
            };
            let (member, sequence) = (catalogue.member(), catalogue.sequence());
            if let Err(error) = bundle.take_catalogue(catalogue.clone()) {
                findings.error_at(path, Rule::Catalogue, Because(error));
                continue;
            }
            if *path != format!("trust/catalogue-{member}-{sequence}.cose") {
                findings.error_at(path, Rule::Catalogue, "its name is not its member and sequence");
            }
            published.insert(catalogue.digest(), (ListId::Catalogue(member, sequence), path.clone()));
            versions.insert((member, sequence), catalogue);
        }
        let mut status = BTreeMap::new();
        let mut numbers = StatusNumbers::default();
        for path in named("trust/status-") {
            numbers.next(path, findings);
            let Some(bytes) = read(files, path, findings) else { continue };
            match StatusList::verify(&bytes, &trust) {
                Ok(list) => {
                    if !path.starts_with(&format!("trust/status-{}-", list.issuer())) {
                        findings.error_at(path, Rule::StatusList, "its name is not its issuer's");
                    }
                    let (issuer, uri, issued) = (list.issuer(), list.uri().to_owned(), list.issued());
                    numbers.issued(path, issued, findings);
                    published.insert(list.digest(), (ListId::Status(issuer, uri.clone(), issued), path.clone()));
                    // A gate names its list by these three, so of two lists nobody knew which it had.
                    if status.insert((issuer, uri, issued), list).is_some() {
                        findings.error_at(path, Rule::StatusList, "another list has the same URI and issue time");
                    }
                }
                Err(error) => findings.error_at(path, Rule::StatusList, Because(error)),
            }
        }
        Some(Self { trust, bundle, status, published, versions })
    }

    /// SHA-256 of the trust list that the history starts with.
    pub(super) fn anchor(&self) -> Hash {
        self.trust.first().digest()
    }

    /// A trust list with the newest of those catalogues that `published` names: prices at a cut-off are those
    /// published before it, whatever is published later.
    pub(super) fn bundle_of(&self, trust: &TrustList, published: &[Hash]) -> Bundle {
        let mut bundle = Bundle::new(trust.clone());
        for catalogue in self.versions.values().filter(|catalogue| published.contains(&catalogue.digest())) {
            // Each follows the one before, which was found when they were read.
            let _ = bundle.take_catalogue(catalogue.clone());
        }
        bundle
    }

    /// The cities of all trust lists, ascending: who has left has left a ledger.
    pub(super) fn cities(&self) -> BTreeSet<MemberId> {
        let members = self.trust.lists().flat_map(TrustList::members);
        members.filter(|member| member.kind == MemberKind::City).map(|member| member.id).collect()
    }

    /// A member's catalogue of this sequence.
    pub(super) fn catalogue(&self, member: MemberId, sequence: u64) -> Option<&Catalogue> {
        self.versions.get(&(member, sequence))
    }

    /// Whether the file with this digest is published, and is that list.
    pub(super) fn is_published(&self, digest: &Hash, id: &ListId) -> bool {
        self.published.get(digest).is_some_and(|(published, _)| published == id)
    }

    /// Where the catalogues are that their member's ledger has not recorded. The other lists count without it.
    pub(super) fn unrecorded(&self, recorded: impl Fn(MemberId, &Hash) -> bool) -> impl Iterator<Item = &String> {
        self.published.iter().filter_map(move |(digest, (id, path))| match id {
            ListId::Catalogue(member, _) => (!recorded(*member, digest)).then_some(path),
            ListId::Trust(_) | ListId::Status(..) => None,
        })
    }

    /// The status list of an issuer at a URI, issued at exactly `issued`.
    pub(super) fn status(&self, issuer: MemberId, uri: &str, issued: UnixTime) -> Option<&StatusList> {
        self.status.get(&(issuer, uri.to_owned(), issued))
    }
}

/// The status lists of a member in the order of the numbers in their names: from 1, and none issued before another.
#[derive(Default)]
struct StatusNumbers {
    /// Name without number, number, and when the newest was issued.
    last: Option<(String, u64, Option<UnixTime>)>,
}

impl StatusNumbers {
    fn next(&mut self, path: &str, findings: &mut Findings) {
        let Some((member, number)) = path.strip_suffix(".cose").and_then(|path| path.rsplit_once('-')) else { return };
        let before = self.last.take().filter(|(of, ..)| of == member);
        let expected = before.as_ref().map_or(1, |(_, before, _)| before.saturating_add(1));
        let number = number.parse().unwrap_or(0);
        if number != expected {
            findings.error_at(path, Rule::StatusList, says!("there is no list of number {expected} before it"));
        }
        self.last = Some((member.to_owned(), number, before.and_then(|(_, _, issued)| issued)));
    }

    fn issued(&mut self, path: &str, issued: UnixTime, findings: &mut Findings) {
        let Some((_, _, last)) = &mut self.last else { return };
        if last.is_some_and(|last| issued < last) {
            findings.error_at(path, Rule::StatusList, "it was issued before the list of a lower number");
        }
        *last = (*last).max(Some(issued));
    }
}

/// Reads the trust lists from the pinned one on. `None` when there is none to start from.
fn read_trust<F: Files>(
    files: &F,
    paths: &[&String],
    anchor: Option<&Hash>,
    depth: Depth,
    published: &mut BTreeMap<Hash, (ListId, String)>,
    findings: &mut Findings,
) -> Option<TrustHistory> {
    let is_pinned = |path: &&String| {
        let bytes = files.read(path).ok().flatten();
        bytes.is_some_and(|bytes| anchor == Some(&sha256(&[&bytes])))
    };
    // Where no list is the pinned one, the first is refused for that.
    let start = anchor.and_then(|_| paths.iter().position(is_pinned)).unwrap_or(0);
    let mut history: Option<TrustHistory> = None;
    for (at, path) in paths.iter().enumerate() {
        if at < start {
            findings.notice_at(path, Rule::TrustList, "it comes before the pinned list, and is not verified");
            continue;
        }
        let Some(bytes) = read(files, path, findings) else { continue };
        let digest = sha256(&[&bytes]);
        let sequence = match &mut history {
            Some(history) => history.push(&bytes).map(|()| history.newest().sequence()),
            None => first(&bytes, &digest, anchor, depth).map(|list| {
                let sequence = list.sequence();
                history = Some(list.into());
                sequence
            }),
        };
        match sequence {
            Ok(sequence) => {
                if **path != format!("trust/trust-list-{sequence}.cose") {
                    findings.error_at(path, Rule::TrustList, "its name is not its sequence");
                }
                published.insert(digest, (ListId::Trust(sequence), (*path).clone()));
            }
            Err(error) => findings.error_at(path, Rule::TrustList, Because(error)),
        }
    }
    history
}

/// The list to start from: the pinned one, or else the first of the federation.
fn first(bytes: &[u8], digest: &Hash, anchor: Option<&Hash>, depth: Depth) -> Result<TrustList, TrustError> {
    let mut list = match anchor {
        Some(anchor) => TrustList::pinned(bytes, anchor)?,
        None => TrustList::genesis(bytes, digest)?,
    };
    // The lists that follow are prepared like it: most of an audit of evidence is signatures of issuers.
    if depth >= Depth::Evidence {
        list.prepare(Role::Issuer, list.issued());
    }
    Ok(list)
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
