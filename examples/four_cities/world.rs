//! The federation before the day begins: keys, trust list, catalogues, gates, and the passes sold.

use crate::Result;
use crate::planted::{self, Sold};
use crate::products::{Kind, Memory, products};
use onecard::crypto::{SigningKey, sha256};
use onecard::id::{FOUNDERS, GateId, MemberId, PassId, ProductRef, VenueId};
use onecard::pass::{self, PassClaims, StatusRef, StatusUri, flags};
use onecard::product::{PassFacts, Product, VenueFacts};
use onecard::time::{Date, UnixTime};
use onecard::trust::{
    Bundle, CatalogueSpec, GateCertificateSpec, KeyEntry, Member, MemberKind, Policy, Role, Status, StatusListSpec,
    TrustList, TrustListSpec, Venue,
};
use onecard::wire::text;
use onecard_testkit::chance::Seed;
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// The federation's domain: the first part of every origin, and the audience of every code.
pub(crate) const FEDERATION: &str = "onecard.test";
/// Division code of the auditor: the whole country, none of the cities.
const AUDITOR: u32 = 100_000;
/// Number of the gate of the kit, far beyond those that the city runs.
const SPARE_GATE: u32 = 9_000;

const VENUES: &str = include_str!("venues.csv");
const CATEGORIES: [&str; 18] = [
    "art_museum",
    "attraction",
    "city_wall",
    "cruise",
    "garden",
    "heritage_park",
    "historic_house",
    "mausoleum",
    "memorial",
    "museum",
    "old_town",
    "palace",
    "park",
    "temple",
    "theatre",
    "tower",
    "wetland",
    "zoo",
];

/// A moment of 2026 at UTC+8.
pub(crate) fn at(month: u8, day: u8, hour: u32, minute: u32) -> UnixTime {
    let date = Date::new(2026, month, day).unwrap_or(Date::from_days(0));
    date.start(hour * 3_600 + minute * 60)
}

/// The keys and lists of one city.
pub(crate) struct City {
    pub(crate) id: MemberId,
    pub(crate) name: &'static str,
    pub(crate) issuer: SigningKey,
    pub(crate) log: SigningKey,
    pub(crate) witness: SigningKey,
    pub(crate) catalogue: Vec<u8>,
    /// The status list of the morning.
    pub(crate) status: StatusListSpec,
    /// Its URI, as passes name it.
    pub(crate) status_uri: StatusUri,
    /// Places in [`World::gates`].
    pub(crate) gates: Vec<usize>,
}

/// One gate as its city enrols it.
pub(crate) struct GateSite {
    pub(crate) id: GateId,
    pub(crate) venue: VenueFacts,
    pub(crate) key: SigningKey,
    pub(crate) certificate: Vec<u8>,
}

/// Everything that is fixed before the day begins.
pub(crate) struct World {
    pub(crate) seed: Seed,
    pub(crate) trust: TrustList,
    pub(crate) cities: Vec<City>,
    pub(crate) auditor: MemberId,
    pub(crate) auditor_witness: SigningKey,
    pub(crate) gates: Vec<GateSite>,
    pub(crate) products: BTreeMap<ProductRef, (Product, Memory)>,
    /// Ordinary passes; those of the incidents are numbered from here.
    pub(crate) passes: u32,
    sold: Vec<Sold>,
    /// Encoded passes, made when they are first shown.
    issued: Vec<OnceLock<Box<[u8]>>>,
}

impl World {
    /// Founds the federation.
    pub(crate) fn found(seed: Seed, passes: u32) -> Result<Self> {
        let key = |what: &str, of: MemberId| seed.key(what, of.code().into());
        let auditor = MemberId::new(AUDITOR)?;
        let auditor_witness = key("witness", auditor);
        let roots = FOUNDERS.map(|founder| key("root", founder.id));
        let trust = trust_list(auditor, &auditor_witness, &key);
        // Three of the four roots sign; the fourth is away.
        let trust = trust.sign(&[&roots[0], &roots[1], &roots[2]]);
        // The founders met in Wuzhen and pinned this digest by hand.
        let mut trust = TrustList::genesis(&trust, &sha256(&[&trust]))?;
        // The gates of one process share the tables; a gate of its own has these four, 2.5 MiB.
        trust.prepare(Role::Issuer, at(10, 1, 6, 0));
        let sold = planted::sold();
        let issued = (0..passes as usize + sold.len()).map(|_| OnceLock::new()).collect();
        let (cities, gates, products) = (Vec::new(), Vec::new(), BTreeMap::new());
        let mut world = Self { seed, trust, cities, auditor, auditor_witness, gates, products, passes, sold, issued };
        for city in 0..FOUNDERS.len() {
            world.add_city(city)?;
        }
        Ok(world)
    }

    fn add_city(&mut self, city: usize) -> Result {
        let founder = FOUNDERS[city];
        let key = |what: &str| self.seed.key(what, founder.id.code().into());
        let registrar = key("registrar");
        let lines = venues(founder.id)?;
        let find = |code: &str| {
            let number = lines.iter().find(|(venue, _)| venue.code == code).map_or(0, |(venue, _)| venue.number);
            VenueId { member: founder.id, number }
        };
        let products = products(city, find);
        let spec = CatalogueSpec {
            member: founder.id,
            sequence: 1,
            issued: at(9, 1, 10, 0),
            venues: lines.iter().map(|(venue, _)| venue.clone()).collect(),
            products,
        };
        let catalogue = spec.sign(&registrar);
        for product in spec.products {
            self.products.insert(product.id, (product.clone(), Memory::of(&product)));
        }
        let uri = format!("oc:{}/1", founder.id);
        let status_uri = uri.parse()?;
        let status = StatusListSpec::new(uri, at(10, 1, 6, 0), at(10, 8, 6, 0), self.issued.len());
        let (mut gates, mut number) = (Vec::new(), 0);
        for (venue, lanes) in lines {
            for _ in 0..lanes {
                number += 1;
                gates.push(self.gates.len());
                let id = GateId { member: founder.id, number };
                let (key, certificate) = enrol(self.seed, id, venue.number, &registrar);
                let venue = VenueFacts {
                    id: VenueId { member: founder.id, number: venue.number },
                    category: venue.category,
                    reference_fen: venue.price_fen,
                    service: 0,
                };
                self.gates.push(GateSite { id, venue, key, certificate });
            }
        }
        let (issuer, log, witness) = (key("issuer"), key("log"), key("witness"));
        let (id, name) = (founder.id, founder.name_en);
        self.cities.push(City { id, name, issuer, log, witness, catalogue, status, status_uri, gates });
        Ok(())
    }

    /// Key and certificate of one more gate at the first city's first venue, which admits nobody that day.
    pub(crate) fn spare_gate(&self) -> (SigningKey, Vec<u8>) {
        let member = FOUNDERS[0].id;
        let registrar = self.seed.key("registrar", member.code().into());
        enrol(self.seed, GateId { member, number: SPARE_GATE }, 1, &registrar)
    }

    /// What every gate carries in the morning.
    pub(crate) fn bundle(&self) -> Result<Bundle> {
        let mut bundle = Bundle::new(self.trust.clone());
        let morning = at(10, 1, 6, 0);
        for city in &self.cities {
            bundle.update_catalogue(&city.catalogue, morning)?;
            bundle.update_status(&city.status.sign(&city.issuer), morning)?;
        }
        Ok(bundle)
    }

    /// The status list of a city that lost a pass since the morning.
    pub(crate) fn revoked(&self, number: u32, issued: UnixTime) -> Vec<u8> {
        let city = &self.cities[self.kind(number).city()];
        let mut spec = city.status.clone();
        spec.issued = issued;
        spec.set(number, Status::Revoked);
        spec.sign(&city.issuer)
    }

    /// What the pass with this number is of.
    pub(crate) fn kind(&self, number: u32) -> Kind {
        self.sold(number).map_or_else(|| Kind::of(number), |sold| sold.kind)
    }

    /// The product of a pass.
    pub(crate) fn product(&self, number: u32) -> &Product {
        &self.products[&self.kind(number).id()].0
    }

    /// What the rules need to know of a pass.
    pub(crate) fn facts(&self, number: u32) -> PassFacts {
        let (not_before, expires) = self.validity(number);
        PassFacts { not_before, expires, holder_class: self.kind(number).holder_class() }
    }

    /// The id of a pass.
    pub(crate) fn pass_id(&self, number: u32) -> PassId {
        let mut id = [0; 10];
        id.copy_from_slice(&self.seed.draw("pass", number.into())[..10]);
        PassId::from_bytes(id)
    }

    /// The encoded pass.
    pub(crate) fn pass(&self, number: u32) -> &[u8] {
        self.issued[number as usize].get_or_init(|| {
            let city = &self.cities[self.kind(number).city()];
            // A pass that its issuer would not sign is an empty code, which every gate refuses.
            self.claims(number).issue(&city.issuer).unwrap_or_default().into()
        })
    }

    /// The same pass by an issuer nobody knows.
    pub(crate) fn stranger(&self, number: u32) -> Vec<u8> {
        let mut claims = self.claims(number);
        claims.issuer = MemberId::new(350_100).unwrap_or(claims.issuer);
        claims.issue(&self.seed.key("stranger", 0)).unwrap_or_default()
    }

    /// What the holder of a pass shows at `time`: the code, renewed every 30 seconds, or the paper.
    pub(crate) fn presentation(&self, number: u32, pass: &[u8], time: UnixTime) -> Vec<u8> {
        let Some(holder) = self.holder(number) else { return pass.to_vec() };
        let issued = time.saturating_add(-(time.seconds() % 30));
        pass::present(pass, &holder, FEDERATION, None, issued).unwrap_or_default()
    }

    /// The text of the QR code shown at `time`.
    pub(crate) fn code(&self, number: u32, pass: &[u8], time: UnixTime) -> String {
        text::encode(&self.presentation(number, pass, time))
    }

    fn holder(&self, number: u32) -> Option<SigningKey> {
        (self.kind(number) != Kind::Paper).then(|| self.seed.key("holder", number.into()))
    }

    fn claims(&self, number: u32) -> PassClaims {
        let kind = self.kind(number);
        let city = &self.cities[kind.city()];
        let (not_before, expires) = self.validity(number);
        let confirmation = self.holder(number).map(|key| key.verifying_key());
        PassClaims {
            issuer: city.id,
            pass: self.pass_id(number),
            expires,
            not_before,
            issued: not_before,
            flags: if confirmation.is_none() { flags::STATIC_ALLOWED } else { 0 },
            confirmation,
            status: StatusRef { index: number, uri: city.status_uri },
            product: (kind.id().product, kind.id().version),
            holder_class: kind.holder_class(),
            freshness: 0,
            id_commitment: None,
        }
    }

    fn validity(&self, number: u32) -> (UnixTime, UnixTime) {
        if self.sold(number).is_some_and(|sold| sold.expired) {
            (at(9, 1, 0, 0), at(10, 1, 0, 0))
        } else if self.kind(number).annual() {
            (at(3, 1, 0, 0), at(12, 31, 0, 0))
        } else {
            (at(9, 25, 0, 0), at(10, 8, 0, 0))
        }
    }

    fn sold(&self, number: u32) -> Option<&Sold> {
        self.sold.get(number.checked_sub(self.passes)? as usize)
    }
}

/// Key and certificate of a gate.
fn enrol(seed: Seed, gate: GateId, venue: u16, registrar: &SigningKey) -> (SigningKey, Vec<u8>) {
    let key = seed.key("gate", u64::from(gate.member.code()) << 32 | u64::from(gate.number));
    let spec = GateCertificateSpec {
        gate,
        venue,
        service: 0,
        key: key.verifying_key(),
        issued: at(9, 15, 10, 0),
        not_before: at(9, 20, 0, 0),
        expires: at(12, 31, 0, 0),
    };
    let certificate = spec.sign(registrar);
    (key, certificate)
}

fn trust_list(
    auditor: MemberId,
    auditor_witness: &SigningKey,
    key: &impl Fn(&str, MemberId) -> SigningKey,
) -> TrustListSpec {
    let entry = |role, key: &SigningKey| KeyEntry {
        role,
        key: key.verifying_key(),
        not_before: at(1, 1, 0, 0),
        not_after: at(12, 31, 0, 0),
    };
    let neutral = Member {
        id: auditor,
        name_zh: "中立审计方".to_owned(),
        name_en: "Neutral auditor".to_owned(),
        kind: MemberKind::Auditor,
        keys: vec![entry(Role::Witness, auditor_witness)],
        suspended_from: None,
    };
    let city = |founder: &onecard::id::Founder| Member {
        id: founder.id,
        name_zh: founder.name_zh.to_owned(),
        name_en: founder.name_en.to_owned(),
        kind: MemberKind::City,
        keys: vec![
            entry(Role::Root, &key("root", founder.id)),
            entry(Role::Issuer, &key("issuer", founder.id)),
            entry(Role::Registrar, &key("registrar", founder.id)),
            entry(Role::Log, &key("log", founder.id)),
            entry(Role::Witness, &key("witness", founder.id)),
        ],
        suspended_from: None,
    };
    TrustListSpec {
        federation: FEDERATION.to_owned(),
        sequence: 1,
        issued: at(1, 5, 10, 0),
        expires: at(12, 31, 0, 0),
        policy: Policy::default(),
        members: [neutral].into_iter().chain(FOUNDERS.iter().map(city)).collect(),
    }
}

/// The venues of one member, each with its number of gates.
fn venues(member: MemberId) -> Result<Vec<(Venue, u32)>> {
    let mut venues = Vec::new();
    for line in VENUES.lines().skip_while(|line| line.starts_with('#')).skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        let [of, code, name_en, name_zh, category, price, gates] = fields[..] else {
            return Err(format!("venues.csv: not seven fields: {line}").into());
        };
        if of.parse::<MemberId>()? != member {
            continue;
        }
        let category = CATEGORIES.binary_search(&category).map_err(|_| format!("unknown category {category}"))?;
        let venue = Venue {
            number: u16::try_from(venues.len() + 1)?,
            code: code.to_owned(),
            name_zh: name_zh.to_owned(),
            name_en: name_en.to_owned(),
            category: u8::try_from(category)?,
            price_fen: price.parse()?,
        };
        venues.push((venue, gates.parse()?));
    }
    Ok(venues)
}
