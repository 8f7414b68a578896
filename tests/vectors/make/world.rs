//! The federation of the vectors: four cities and an auditor, every key made of its name.

use super::super::schema::{Hex, Stage, Typ};
use super::value::{Item, Map, array, bytes, int, tag, text};
use super::{Maker, sign1_stage, stage};
use onecard::crypto::{SigningKey, sha256};

/// 2026-10-01 09:00 at UTC+8.
pub(super) const NOW: i64 = 1_790_816_400;
pub(super) const FEDERATION: &str = "onecard.test";
pub(super) const CITY: i64 = 310_101;
pub(super) const CITIES: [i64; 4] = [310_101, 320_100, 330_100, 340_100];
pub(super) const AUDITOR: i64 = 100_000;
pub(super) const STATUS_URI: &str = "oc:310101/1";
/// Validity of every key.
pub(super) const KEY_FROM: i64 = NOW - 1_000_000;
pub(super) const KEY_UNTIL: i64 = NOW + 100_000_000;

pub(super) const ROOT: i64 = 1;
pub(super) const ISSUER: i64 = 2;
pub(super) const REGISTRAR: i64 = 3;
pub(super) const LOG: i64 = 4;
pub(super) const WITNESS: i64 = 5;

const ROLES: [&str; 5] = ["root", "issuer", "registrar", "log", "witness"];

pub(super) fn named(name: &str) -> SigningKey {
    SigningKey::from_seed(&sha256(&[name.as_bytes()]).0)
}

fn key_name(member: i64, role: i64) -> String {
    format!("{member} {}", ROLES[role as usize - 1])
}

pub(super) fn key(member: i64, role: i64) -> SigningKey {
    named(&key_name(member, role))
}

pub(super) fn holder() -> SigningKey {
    named("holder")
}

/// A key that nobody knows.
pub(super) fn stranger() -> SigningKey {
    named("stranger")
}

/// Names the keys that sign in a file, and the trust list that knows them.
pub(super) fn introduce(maker: &mut Maker, roles: &[i64]) {
    for &role in roles {
        for member in CITIES {
            maker.key(&key_name(member, role), &key(member, role));
        }
    }
    maker.key("stranger", &stranger());
}

/// `trust list` among the inputs of a file, and what a stage says to use it.
pub(super) fn with_trust(maker: &mut Maker) {
    maker.input("trust list", Trust::default().signed());
}

pub(super) fn trusting(stage: Stage) -> Stage {
    Stage { trust: Some("trust list".into()), ..stage }
}

/// `{1: {1: 1, -1: 6, -2: key}}`
pub(super) fn cnf(key: &[u8]) -> Item {
    Map::of(&[(1, Map::of(&[(1, int(1)), (-1, int(6)), (-2, bytes(key))]).item())]).item()
}

// Envelopes

pub(super) fn kid_header(key: &SigningKey, typ: Item) -> Map {
    Map::of(&[(1, int(-19)), (4, bytes(&key.verifying_key().kid().0)), (16, typ)])
}

pub(super) fn sign1(key: &SigningKey, protected: &[u8], payload: &[u8]) -> Vec<u8> {
    let message = array(&[text("Signature1"), bytes(protected), bytes(&[]), bytes(payload)]);
    envelope(protected, &Map::default().item(), payload, &key.sign(&message))
}

pub(super) fn envelope(protected: &[u8], unprotected: &[u8], payload: &[u8], signature: &[u8]) -> Vec<u8> {
    tag(18, array(&[bytes(protected), unprotected.to_vec(), bytes(payload), bytes(signature)]))
}

/// One signature of a `COSE_Sign`.
pub(super) fn signer(key: &SigningKey, body: &[u8], payload: &[u8]) -> Item {
    let protected = Map::of(&[(1, int(-19)), (4, bytes(&key.verifying_key().kid().0))]).item();
    signer_with(key, &protected, body, payload)
}

pub(super) fn signer_with(key: &SigningKey, protected: &[u8], body: &[u8], payload: &[u8]) -> Item {
    let message = array(&[text("Signature"), bytes(body), bytes(protected), bytes(&[]), bytes(payload)]);
    array(&[bytes(protected), Map::default().item(), bytes(&key.sign(&message))])
}

/// The wrong forms of a `COSE_Sign1` that every kind of message refuses alike: name, rule, bytes, verdict.
pub(super) fn bad_envelopes(
    key: &SigningKey,
    header: &Map,
    payload: &[u8],
) -> Vec<(&'static str, &'static str, Vec<u8>, &'static str)> {
    let good = sign1(key, &header.item(), payload);
    let with = |label, value| sign1(key, &header.clone().with(label, value).item(), payload);
    let signature = &good[good.len() - 64..];
    let protected = header.item();
    let empty = Map::default().item();
    let unprotected = Map::of(&[(4, bytes(&key.verifying_key().kid().0))]).item();
    let mut descending = header.clone();
    descending.0.sort();
    descending.0.reverse();
    let untagged = good[1..].to_vec();
    vec![
        ("no_tag", "a COSE_Sign1 has its tag", untagged.clone(), "cbor.type"),
        ("tag_twice", "the tag is there once", tag(18, good.clone()), "cbor.type"),
        ("tag_of_sign", "the tag of COSE_Sign1 is 18", tag(98, untagged.clone()), "cbor.type"),
        ("tag_not_minimal", "a tag is in its shortest form", [&[0xd8, 18], &untagged[..]].concat(), "cbor.not_minimal"),
        ("alg_eddsa", "alg is -19, never -8 (EdDSA)", with(1, int(-8)), "cose.alg"),
        ("alg_es256", "alg is -19, never -7 (ES256)", with(1, int(-7)), "cose.alg"),
        (
            "alg_missing",
            "alg is in the protected header",
            sign1(key, &header.clone().without(1).item(), payload),
            "cose.alg",
        ),
        ("alg_text", "alg is an integer", with(1, text("EdDSA")), "cbor.type"),
        (
            "typ_missing",
            "typ is in the protected header",
            sign1(key, &header.clone().without(16).item(), payload),
            "cose.typ",
        ),
        ("crit", "there are no other headers, crit (2) among them", with(2, array(&[int(1)])), "cbor.keys"),
        ("content_type", "there are no other headers", with(3, int(61)), "cbor.keys"),
        ("header_order", "header labels are ascending", sign1(key, &descending.unsorted(), payload), "cbor.key_order"),
        (
            "header_trailing",
            "nothing follows the protected header",
            sign1(key, &[&protected[..], &[0]].concat(), payload),
            "cbor.trailing",
        ),
        (
            "unprotected",
            "the unprotected header is empty",
            envelope(&protected, &unprotected, payload, signature),
            "cbor.keys",
        ),
        (
            "unprotected_null",
            "the unprotected header is a map",
            envelope(&protected, &[0xf6], payload, signature),
            "cbor.type",
        ),
        (
            "detached",
            "the payload is there, not null",
            tag(18, array(&[bytes(&protected), empty.clone(), vec![0xf6], bytes(signature)])),
            "cbor.type",
        ),
        (
            "signature_63",
            "a signature has 64 bytes",
            envelope(&protected, &empty, payload, &signature[..63]),
            "cbor.range",
        ),
        (
            "signature_65",
            "a signature has 64 bytes",
            envelope(&protected, &empty, payload, &[signature, &[0]].concat()),
            "cbor.range",
        ),
        (
            "five_items",
            "a COSE_Sign1 has four items",
            tag(18, array(&[bytes(&protected), empty.clone(), bytes(payload), bytes(signature), bytes(signature)])),
            "cbor.range",
        ),
        ("indefinite_array", "lengths are definite", [&[0xd2, 0x9f], &good[2..], &[0xff]].concat(), "cbor.indefinite"),
        ("trailing", "nothing follows the message", [&good[..], &[0]].concat(), "cbor.trailing"),
        ("cut", "the message is whole", good[..good.len() - 1].to_vec(), "cbor.end"),
    ]
}

// The trust list

#[derive(Clone)]
pub(super) struct TrustKey {
    pub(super) role: i64,
    pub(super) public: Vec<u8>,
    pub(super) from: i64,
    pub(super) until: i64,
}

impl TrustKey {
    pub(super) fn new(role: i64, key: &SigningKey) -> Self {
        Self { role, public: key.verifying_key().as_bytes().to_vec(), from: KEY_FROM, until: KEY_UNTIL }
    }

    fn item(&self) -> Item {
        array(&[int(self.role), bytes(&self.public), int(self.from), int(self.until)])
    }
}

#[derive(Clone)]
pub(super) struct TrustMember {
    pub(super) id: i64,
    pub(super) names: (String, String),
    pub(super) kind: i64,
    pub(super) keys: Vec<TrustKey>,
    pub(super) suspended: Option<i64>,
}

impl TrustMember {
    pub(super) fn city(id: i64) -> Self {
        let keys = (ROOT..=WITNESS).map(|role| TrustKey::new(role, &key(id, role))).collect();
        Self { id, names: ("城市".into(), format!("City {id}")), kind: 0, keys, suspended: None }
    }

    pub(super) fn map(&self) -> Map {
        let keys: Vec<Item> = self.keys.iter().map(TrustKey::item).collect();
        let names = (text(&self.names.0), text(&self.names.1));
        let map = Map::of(&[(1, int(self.id)), (2, names.0), (3, names.1), (4, int(self.kind)), (5, array(&keys))]);
        match self.suspended {
            Some(time) => map.with(6, int(time)),
            None => map,
        }
    }
}

#[derive(Clone)]
pub(super) struct Trust {
    pub(super) federation: String,
    pub(super) sequence: i64,
    pub(super) issued: i64,
    pub(super) expires: i64,
    pub(super) policy: [i64; 13],
    pub(super) members: Vec<TrustMember>,
}

impl Default for Trust {
    fn default() -> Self {
        let auditor = TrustMember {
            names: ("审计".into(), "Auditor".into()),
            kind: 1,
            keys: vec![TrustKey::new(WITNESS, &key(AUDITOR, WITNESS))],
            ..TrustMember::city(AUDITOR)
        };
        Self {
            federation: FEDERATION.into(),
            sequence: 1,
            issued: NOW - 500_000,
            expires: NOW + 50_000_000,
            policy: [3, 3, 30, 60, 600, 259_200, 604_800, 900, 120, 14_400, 7_776_000, 15_552_000, 31_536_000],
            members: [vec![auditor], CITIES.map(TrustMember::city).to_vec()].concat(),
        }
    }
}

impl Trust {
    pub(super) fn policy_map(&self) -> Map {
        Map((1..).zip(self.policy).map(|(key, value)| (int(key), int(value))).collect())
    }

    pub(super) fn map(&self) -> Map {
        let members: Vec<Item> = self.members.iter().map(|member| member.map().item()).collect();
        Map::of(&[
            (1, text(&self.federation)),
            (2, int(self.sequence)),
            (3, int(self.issued)),
            (4, int(self.expires)),
            (5, self.policy_map().item()),
            (6, array(&members)),
        ])
    }

    /// Signed by the roots of the first three cities.
    pub(super) fn signed(&self) -> Vec<u8> {
        sign_list(&self.map().item(), &CITIES[..3].iter().map(|&city| key(city, ROOT)).collect::<Vec<_>>())
    }
}

pub(super) const LIST_TYP: &str = "application/vnd.onecard.trust-list+cbor";

pub(super) fn list_header() -> Item {
    Map::of(&[(16, text(LIST_TYP))]).item()
}

/// A trust list with these signers, ascending by key id.
pub(super) fn sign_list(content: &[u8], signers: &[SigningKey]) -> Vec<u8> {
    let mut signers: Vec<&SigningKey> = signers.iter().collect();
    signers.sort_by_key(|key| key.verifying_key().kid());
    let body = list_header();
    let signatures: Vec<Item> = signers.into_iter().map(|key| signer(key, &body, content)).collect();
    list_message(&body, content, &signatures)
}

pub(super) fn list_message(body: &[u8], content: &[u8], signatures: &[Item]) -> Vec<u8> {
    tag(98, array(&[bytes(body), Map::default().item(), bytes(content), array(signatures)]))
}

// The pass and how it is shown

pub(super) fn own_claims() -> Map {
    Map::of(&[(1, int(1)), (3, array(&[int(1), int(1)])), (5, int(0)), (7, int(0)), (9, int(0))])
}

pub(super) fn status_claim(index: Item, uri: &str) -> Item {
    let inner = Map(vec![(text("idx"), index), (text("uri"), text(uri))]);
    Map(vec![(text("status_list"), inner.item())]).item()
}

pub(super) fn pass_claims() -> Map {
    Map::of(&[
        (1, text("310101")),
        (2, text("041061050R3GG28A")),
        (4, int(NOW + 1_000_000)),
        (5, int(NOW - 1_000)),
        (6, int(NOW - 2_000)),
        (8, cnf(holder().verifying_key().as_bytes())),
        (65_535, status_claim(int(77), STATUS_URI)),
        (-65_537, own_claims().item()),
    ])
}

pub(super) fn issue(claims: &[u8]) -> Vec<u8> {
    issue_by(&key(CITY, ISSUER), claims)
}

pub(super) fn issue_by(issuer: &SigningKey, claims: &[u8]) -> Vec<u8> {
    sign1(issuer, &kid_header(issuer, int(293)).item(), claims)
}

pub(super) fn shown_header(pass: &[u8]) -> Map {
    Map::of(&[(1, int(-19)), (13, pass.to_vec()), (16, int(294))])
}

pub(super) fn shown_claims(audience: &str, at: i64) -> Map {
    Map::of(&[(3, text(audience)), (6, int(at))])
}

pub(super) fn show(pass: &[u8], claims: &[u8]) -> Vec<u8> {
    sign1(&holder(), &shown_header(pass).item(), claims)
}

/// Which stage refuses what is shown; those outside it accept, those inside it are not reached.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
pub(super) enum At {
    /// The envelope of the presentation.
    Presentation,
    PresentationClaims,
    /// The envelope of the pass.
    Pass,
    PassClaims,
    /// The rules, by trust list, time and audience.
    Rules,
}

/// What is shown, from the text inwards, and the verdict on all of it.
#[derive(Clone)]
pub(super) struct Shown {
    pub(super) pass: Vec<u8>,
    pub(super) claims: Vec<u8>,
    /// The presentation and its claims; none when the bare pass is shown.
    pub(super) binding: Option<(Vec<u8>, Vec<u8>)>,
    pub(super) gate: Option<&'static str>,
    pub(super) nonce: Option<[u8; 16]>,
}

impl Shown {
    /// The bare pass with these claims.
    pub(super) fn bare(claims: &[u8]) -> Self {
        Self { pass: issue(claims), claims: claims.to_vec(), binding: None, gate: None, nonce: None }
    }

    /// The pass with these claims, in a code shown to the federation.
    pub(super) fn code(claims: &[u8], at: i64) -> Self {
        Self::bare(claims).with(&shown_claims(FEDERATION, at).item())
    }

    /// With the pass shown under these claims.
    pub(super) fn with(self, binding: &[u8]) -> Self {
        let binding = Some((show(&self.pass, binding), binding.to_vec()));
        Self { binding, ..self }
    }

    pub(super) fn accepted(&self) -> Vec<Stage> {
        self.stages(At::Rules, None)
    }

    pub(super) fn refused(&self, at: At, verdict: &str) -> Vec<Stage> {
        self.stages(at, Some(verdict))
    }

    fn stages(&self, at: At, verdict: Option<&str>) -> Vec<Stage> {
        let bytes = self.binding.as_ref().map_or(&self.pass, |(presentation, _)| presentation);
        let verdict_of = |stage| verdict.filter(|_| at == stage).unwrap_or("accept");
        let sign1 = |stage, bytes: &[u8], typ, header, payload: &[u8]| {
            let verdict = verdict.filter(|_| at == stage).map_or(Ok(payload), Err);
            sign1_stage(bytes, Typ::ContentFormat(typ), header, verdict)
        };
        let qr = onecard::wire::text::encode(bytes);
        let mut stages =
            vec![Stage { gives: Some(Hex(bytes.clone()).text()), ..stage("text", qr.as_bytes(), "accept") }];
        if let Some((presentation, claims)) = &self.binding {
            stages.push(sign1(At::Presentation, presentation, 294, "kcwt", claims));
            if at >= At::PresentationClaims {
                stages.push(trusting(stage("presentation_claims", claims, verdict_of(At::PresentationClaims))));
            }
        }
        if at >= At::Pass {
            stages.push(sign1(At::Pass, &self.pass, 293, "kid", &self.claims));
        }
        if at >= At::PassClaims {
            stages.push(trusting(stage("pass_claims", &self.claims, verdict_of(At::PassClaims))));
        }
        let proof = if self.binding.is_some() { "holder" } else { "static" };
        stages.push(Stage {
            gate: self.gate.map(str::to_owned),
            nonce: self.nonce.map(|nonce| Hex(nonce.to_vec())),
            gives: verdict.is_none().then(|| proof.to_owned()),
            ..trusting(stage("shown", bytes, verdict.unwrap_or("accept")))
        });
        stages
    }
}
