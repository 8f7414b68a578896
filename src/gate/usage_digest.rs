//! The usage digest: what a city tells its gates of the uses of passes at other gates, in one file
//! signed by the city's log key.
//!
//! ```cddl
//! usage-digest = {
//!   1: 1, 2: uint, 3: uint,          ; version; the city; issued
//!   4: uint,                         ; passes whose term ended until then are left out
//!   5: [* [member, uint, uint]],     ; entries of ledgers that are told whole: from, up to
//!   6: [* [member, uint, uint, uint]],   ; gates where passes were used: gate, venue number, service
//!   7: [* [member, [+ [bstr .size 10, uint, [* use], [* annulled]]]]],
//!                                    ; by issuer: pass id, expires, uses, annulments
//! }
//! use      = [uint, uint, uint, uint, uint]  ; time, place in 6, index in its journal, grant, party
//! annulled = [member, uint, uint]            ; gate and index
//! ```
//!
//! The facts are a join-semilattice, as [`Usage`] is: merged in any order, any number of times, they come to
//! the same. So a city sends what is new, or all of it, or both, and a digest that is lost is sent again.

use super::ledger_runs::LedgerRuns;
use super::record::Redemption;
use crate::crypto::{SignatureError, SigningKey};
use crate::id::{GateId, MemberId, PassKey, VenueId};
use crate::limits::{MAX_MEMBERS, MAX_USAGE_DIGEST};
use crate::product::{Usage, Use, UseKey};
use crate::time::UnixTime;
use crate::trust::{GateCertificate, Keys, Policy, Role, TrustError};
use crate::wire::cbor::{CborError, CborErrorKind, Decoder, Encoder};
use crate::wire::cose::{self, CoseError, Expect, Headers, Sign1, Typ};
use crate::wire::shape::Shape;
use core::ops::Range;
use std::collections::{BTreeMap, BTreeSet};

const TYP: Typ = Typ::MediaType("application/vnd.onecard.usage+cbor");
const VERSION: u8 = 1;
/// Most runs of entries in a digest.
const MAX_RUNS: usize = MAX_MEMBERS;
/// Room made for a list before its items are read.
const FEW: usize = 16;

/// A usage digest is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UsageDigestError {
    /// Longer than any digest. Tell of fewer entries at once.
    #[error("the usage digest has {0} bytes, more than {MAX_USAGE_DIGEST}")]
    TooLong(usize),
    /// Not the one accepted encoding.
    #[error("usage digest: {0}")]
    Encoding(#[from] CoseError),
    /// No log key of the trust list signed it.
    #[error("usage digest: {0}")]
    Trust(#[from] TrustError),
    /// The signature does not verify.
    #[error("usage digest: {0}")]
    Signature(#[from] SignatureError),
    /// The digest contradicts itself.
    #[error("usage digest: {0}")]
    Rule(&'static str),
    /// Another member than the gate's own signed it.
    #[error("the usage digest is of member {0}, not of the gate's own")]
    OtherMember(MemberId),
    /// Dated further in the future than clocks differ.
    #[error("the usage digest is dated in the future")]
    Future,
    /// What is known of some ledger would be in too many pieces: fetch what lies between.
    #[error("too many gaps in what is known of a ledger")]
    Gaps,
}

impl From<CborError> for UsageDigestError {
    fn from(error: CborError) -> Self {
        Self::Encoding(error.into())
    }
}

/// Uses of passes, and the entries of ledgers whose uses are all among them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UsageFacts {
    over: UnixTime,
    ledgers: LedgerRuns,
    passes: BTreeMap<(PassKey, UnixTime), Usage>,
}

impl UsageFacts {
    /// Nothing yet. Passes whose term ends at `over` or before will be left out: nobody is admitted with
    /// them any more.
    #[must_use]
    pub const fn new(over: UnixTime) -> Self {
        Self { over, ledgers: LedgerRuns::new(), passes: BTreeMap::new() }
    }

    /// Says that the facts of these entries of a member's ledger are here: of every record that they seal, and
    /// of every reversal among them.
    pub fn covers(&mut self, member: MemberId, entries: Range<u64>) {
        self.ledgers.add(member, entries);
    }

    /// Learns a redemption: record `index` of the gate with this certificate.
    pub fn redeemed(&mut self, certificate: &GateCertificate, index: u64, redemption: &Redemption) {
        let used = redemption.as_use(certificate, index);
        if let Some(usage) = self.usage(redemption) {
            usage.insert(used);
        }
    }

    /// Learns that its gate annulled a redemption at `at`. After the time that `policy` gives for it, or before the
    /// redemption, that is none: an audit counts the use all the same, and so does who is told.
    pub fn annulled(&mut self, gate: GateId, index: u64, redemption: &Redemption, at: UnixTime, policy: &Policy) {
        if (0..=i64::from(policy.annul_within)).contains(&at.since(redemption.time)) {
            self.reversed(gate, index, redemption);
        }
    }

    /// Learns that its city reversed a redemption.
    pub fn reversed(&mut self, gate: GateId, index: u64, redemption: &Redemption) {
        if let Some(usage) = self.usage(redemption) {
            usage.annul(gate, index);
        }
    }

    /// Learns all that `other` knows.
    pub fn merge(&mut self, other: Self) {
        self.over = self.over.max(other.over);
        self.ledgers.merge(&other.ledgers);
        for (pass, usage) in other.passes {
            self.passes.entry(pass).or_default().merge(&usage);
        }
        let over = self.over;
        self.passes.retain(|(_, expires), _| *expires > over);
    }

    /// Passes whose term ended until then are left out.
    #[must_use]
    pub const fn over(&self) -> UnixTime {
        self.over
    }

    /// The entries of ledgers whose facts are here.
    #[must_use]
    pub const fn ledgers(&self) -> &LedgerRuns {
        &self.ledgers
    }

    /// The usage of each pass by the end of the term that the uses were made in, ascending. A pass has one
    /// term; should its issuer have signed two, each is told for itself.
    pub fn passes(&self) -> impl Iterator<Item = (PassKey, UnixTime, &Usage)> {
        self.passes.iter().map(|((pass, expires), usage)| (*pass, *expires, usage))
    }

    pub(super) fn into_parts(self) -> (UnixTime, LedgerRuns, BTreeMap<(PassKey, UnixTime), Usage>) {
        (self.over, self.ledgers, self.passes)
    }

    fn usage(&mut self, redemption: &Redemption) -> Option<&mut Usage> {
        let expires = redemption.facts.expires;
        (expires > self.over).then(|| self.passes.entry((redemption.pass, expires)).or_default())
    }
}

/// The content of a usage digest, before it is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageDigestSpec {
    /// The city.
    pub member: MemberId,
    /// When it is issued.
    pub issued: UnixTime,
    /// What it tells.
    pub facts: UsageFacts,
}

impl UsageDigestSpec {
    /// Signs this content with a log key of the city.
    ///
    /// # Errors
    /// [`UsageDigestError::TooLong`], [`UsageDigestError::Rule`].
    pub fn sign(&self, log: &SigningKey) -> Result<Vec<u8>, UsageDigestError> {
        check(self.issued, &self.facts)?;
        let gates: BTreeSet<GateSite> = self.facts.passes.values().flat_map(Usage::uses).map(GateSite::of).collect();
        let gates: Vec<GateSite> = gates.into_iter().collect();
        let mut out = Encoder::new();
        out.map(7);
        out.int(1).uint(VERSION);
        out.int(2).member(self.member);
        out.int(3).time(self.issued);
        out.int(4).time(self.facts.over);
        out.int(5).array(self.facts.ledgers.runs().count());
        for (member, run) in self.facts.ledgers.runs() {
            out.array(3).member(member).uint(run.start).uint(run.end);
        }
        out.int(6).array(gates.len());
        for place in &gates {
            out.array(4).gate(place.gate);
            out.uint(place.venue).uint(place.service);
        }
        self.encode_passes(&mut out, &gates);
        let headers = Headers { kid: Some(log.verifying_key().kid()), kcwt: None };
        let bytes = cose::sign1(log, TYP, headers, &out.finish());
        if bytes.len() > MAX_USAGE_DIGEST { Err(UsageDigestError::TooLong(bytes.len())) } else { Ok(bytes) }
    }

    fn encode_passes(&self, out: &mut Encoder, gates: &[GateSite]) {
        let mut issuers: BTreeMap<MemberId, Vec<(PassKey, UnixTime, &Usage)>> = BTreeMap::new();
        for fact in self.facts.passes() {
            issuers.entry(fact.0.issuer).or_default().push(fact);
        }
        out.int(7).array(issuers.len());
        for (issuer, passes) in issuers {
            out.array(2).member(issuer).array(passes.len());
            for (pass, expires, usage) in passes {
                out.array(4).pass_id(pass.pass).time(expires);
                out.array(usage.uses().len());
                for used in usage.uses() {
                    // Every gate of a use is among them: they were collected from the uses.
                    let place = gates.binary_search(&GateSite::of(used)).unwrap_or_default();
                    out.array(5).time(used.time).uint(place as u64).uint(used.index).uint(used.grant).uint(used.party);
                }
                out.array(usage.annulled().len());
                for (gate, index) in usage.annulled() {
                    out.array(3).gate(*gate).uint(*index);
                }
            }
        }
    }
}

/// A verified usage digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageDigest {
    member: MemberId,
    issued: UnixTime,
    facts: UsageFacts,
}

impl UsageDigest {
    /// What its parts are called.
    pub const SHAPE: Shape = Shape::Map(&[
        (1, "version", Shape::Any),
        (2, "member", Shape::Any),
        (3, "issued", Shape::Time),
        (4, "forgotten until", Shape::Time),
        (
            5,
            "ledgers",
            Shape::List(&Shape::Tuple(&[("member", Shape::Any), ("from", Shape::Any), ("up to", Shape::Any)])),
        ),
        (
            6,
            "gates",
            Shape::List(&Shape::Tuple(&[
                ("member", Shape::Any),
                ("gate", Shape::Any),
                ("venue", Shape::Any),
                ("service", Shape::Any),
            ])),
        ),
        (
            7,
            "issuers",
            Shape::List(&Shape::Tuple(&[
                ("issuer", Shape::Any),
                (
                    "passes",
                    Shape::List(&Shape::Tuple(&[
                        ("pass", Shape::Any),
                        ("expires", Shape::Time),
                        (
                            "uses",
                            Shape::List(&Shape::Tuple(&[
                                ("time", Shape::Time),
                                ("gate", Shape::Any),
                                ("record", Shape::Any),
                                ("grant", Shape::Any),
                                ("party", Shape::Any),
                            ])),
                        ),
                        (
                            "annulled",
                            Shape::List(&Shape::Tuple(&[
                                ("member", Shape::Any),
                                ("gate", Shape::Any),
                                ("record", Shape::Any),
                            ])),
                        ),
                    ])),
                ),
            ])),
        ),
    ]);
}

impl UsageDigest {
    /// Verifies a digest against the trust list. Whether a gate takes it is for [`UsageDigest::check`].
    ///
    /// # Errors
    /// [`UsageDigestError`].
    pub fn verify(bytes: &[u8], trust: &impl Keys) -> Result<Self, UsageDigestError> {
        if bytes.len() > MAX_USAGE_DIGEST {
            return Err(UsageDigestError::TooLong(bytes.len()));
        }
        let message = Sign1::decode(bytes, TYP, Expect::Kid)?;
        let mut d = Decoder::new(message.payload());
        let mut map = d.map()?;
        map.require(&mut d, 1)?;
        let at = d.error(CborErrorKind::Range);
        if d.uint::<u8>()? != VERSION {
            return Err(at.into());
        }
        map.require(&mut d, 2)?;
        let of = d.member()?;
        map.require(&mut d, 3)?;
        let issued = d.time()?;
        // The signature before the rest, which is long.
        let (member, entry) = trust.key(message.kid()?, Role::Log, issued)?;
        message.verify(trust.verifier(entry))?;
        if member.id != of {
            return Err(UsageDigestError::Rule("issued by another member"));
        }
        map.require(&mut d, 4)?;
        let over = d.time()?;
        map.require(&mut d, 5)?;
        let ledgers = decode_runs(&mut d)?;
        map.require(&mut d, 6)?;
        let gates = decode_gates(&mut d)?;
        map.require(&mut d, 7)?;
        let passes = decode_passes(&mut d, &gates)?;
        map.end(&d)?;
        d.end()?;
        let facts = UsageFacts { over, ledgers, passes };
        check(issued, &facts)?;
        let used: BTreeSet<GateSite> = facts.passes.values().flat_map(Usage::uses).map(GateSite::of).collect();
        if used.len() != gates.len() {
            return Err(UsageDigestError::Rule("a gate where nothing was used"));
        }
        Ok(Self { member: of, issued, facts })
    }

    /// Whether a gate of `city` takes it: its city said so, and not in the future.
    ///
    /// # Errors
    /// [`UsageDigestError::OtherMember`], [`UsageDigestError::Future`].
    pub fn check(&self, city: MemberId, policy: &Policy, now: UnixTime) -> Result<(), UsageDigestError> {
        if self.member != city {
            return Err(UsageDigestError::OtherMember(self.member));
        }
        if self.issued.since(now) > i64::from(policy.clock_suspect) {
            return Err(UsageDigestError::Future);
        }
        Ok(())
    }

    /// The city.
    #[must_use]
    pub const fn member(&self) -> MemberId {
        self.member
    }

    /// When it was issued.
    #[must_use]
    pub const fn issued(&self) -> UnixTime {
        self.issued
    }

    /// What it tells.
    #[must_use]
    pub const fn facts(&self) -> &UsageFacts {
        &self.facts
    }

    /// What it tells, without the rest.
    #[must_use]
    pub fn into_facts(self) -> UsageFacts {
        self.facts
    }
}

/// A gate with the venue and the service that its certificate is for. The venue is of the gate's own member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct GateSite {
    gate: GateId,
    venue: u16,
    service: u8,
}

impl GateSite {
    const fn of(used: &Use) -> Self {
        Self { gate: used.gate, venue: used.venue.number, service: used.service }
    }
}

/// The rules of a digest's content.
fn check(issued: UnixTime, facts: &UsageFacts) -> Result<(), UsageDigestError> {
    if facts.over > issued {
        return Err(UsageDigestError::Rule("leaves out passes that are not over yet"));
    }
    if facts.ledgers.runs().count() > MAX_RUNS {
        return Err(UsageDigestError::Rule("too many runs of entries"));
    }
    for (_, expires, usage) in facts.passes() {
        if expires <= facts.over {
            return Err(UsageDigestError::Rule("a pass whose term is over"));
        }
        let gates = usage.uses().iter().map(|used| used.gate).chain(usage.annulled().iter().map(|(gate, _)| *gate));
        if !gates.into_iter().all(|gate| facts.ledgers.has(gate.member)) {
            return Err(UsageDigestError::Rule("a fact of a ledger that it tells nothing of"));
        }
        if usage.uses().is_empty() && usage.annulled().is_empty() {
            return Err(UsageDigestError::Rule("a pass of which nothing is told"));
        }
    }
    Ok(())
}

fn decode_runs(d: &mut Decoder<'_>) -> Result<LedgerRuns, UsageDigestError> {
    let count = d.array()?;
    if count > MAX_RUNS {
        return Err(UsageDigestError::Rule("too many runs of entries"));
    }
    let mut given = Vec::new();
    for _ in 0..count {
        d.array_of(3)?;
        given.push((d.member()?, d.uint()?..d.uint()?));
    }
    let runs: LedgerRuns = given.iter().cloned().collect();
    if runs.runs().eq(given) {
        Ok(runs)
    } else {
        Err(UsageDigestError::Rule("runs of entries not ascending and apart"))
    }
}

fn decode_gates(d: &mut Decoder<'_>) -> Result<Vec<GateSite>, UsageDigestError> {
    let count = d.array()?;
    let mut gates: Vec<GateSite> = Vec::new();
    for _ in 0..count {
        d.array_of(4)?;
        let place = GateSite { gate: d.gate()?, venue: d.uint()?, service: d.uint()? };
        if gates.last().is_some_and(|last| *last >= place) {
            return Err(UsageDigestError::Rule("gates not ascending"));
        }
        gates.push(place);
    }
    Ok(gates)
}

fn decode_passes(
    d: &mut Decoder<'_>,
    gates: &[GateSite],
) -> Result<BTreeMap<(PassKey, UnixTime), Usage>, UsageDigestError> {
    let mut passes = BTreeMap::new();
    for _ in 0..d.array()? {
        d.array_of(2)?;
        let issuer = d.member()?;
        let count = d.array()?;
        if count == 0 {
            return Err(UsageDigestError::Rule("an issuer of no pass"));
        }
        for _ in 0..count {
            d.array_of(4)?;
            let pass = PassKey { issuer, pass: d.pass_id()? };
            let expires = d.time()?;
            if passes.last_key_value().is_some_and(|(last, _)| *last >= (pass, expires)) {
                return Err(UsageDigestError::Rule("passes not ascending"));
            }
            passes.insert((pass, expires), decode_usage(d, gates)?);
        }
    }
    Ok(passes)
}

fn decode_usage(d: &mut Decoder<'_>, gates: &[GateSite]) -> Result<Usage, UsageDigestError> {
    let uses = decode_list(d, |d| {
        d.array_of(5)?;
        let time = d.time()?;
        let at = d.error(CborErrorKind::Range);
        let GateSite { gate, venue, service } = *gates.get(d.uint::<usize>()?).ok_or(at)?;
        let venue = VenueId { member: gate.member, number: venue };
        Ok(Use { time, gate, index: d.uint()?, venue, service, grant: d.uint()?, party: d.uint()? })
    })?;
    let annulled: Vec<UseKey> = decode_list(d, |d| {
        d.array_of(3)?;
        Ok((d.gate()?, d.uint()?))
    })?;
    Usage::canonical(uses, annulled).ok_or(UsageDigestError::Rule("uses or annulments not ascending, or one twice"))
}

/// A list. Most are of one item, and there are many: none takes more room than it needs.
fn decode_list<'a, T>(
    d: &mut Decoder<'a>,
    item: impl Fn(&mut Decoder<'a>) -> Result<T, CborError>,
) -> Result<Vec<T>, CborError> {
    let count = d.array()?;
    let mut items = Vec::with_capacity(count.min(FEW));
    for _ in 0..count {
        items.push(item(d)?);
    }
    Ok(items)
}

#[cfg(test)]
#[path = "tests/usage_digest.rs"]
pub(super) mod tests;
