//! The incidents of the day, planted by the seed: each with the answer it must get.

use crate::Result;
use crate::day::{Arrival, clock};
use crate::products::Kind;
use crate::world::World;
use onecard::gate::Reason;
use onecard::id::VenueId;
use onecard::product::VenueFacts;
use onecard_testkit::chance::Dice;

/// What happens in an incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Story {
    Screenshot,
    Forged,
    UnknownIssuer,
    Revoked,
    Expired,
    NotCovered,
    VenueQuota,
    DayQuota,
    TotalQuota,
    Rescan,
    Annulled,
    BetweenSyncs,
    OfflineGate,
}

impl Story {
    const ALL: [Self; 13] = [
        Self::Screenshot,
        Self::Forged,
        Self::UnknownIssuer,
        Self::Revoked,
        Self::Expired,
        Self::NotCovered,
        Self::VenueQuota,
        Self::DayQuota,
        Self::TotalQuota,
        Self::Rescan,
        Self::Annulled,
        Self::BetweenSyncs,
        Self::OfflineGate,
    ];

    /// In a few words.
    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::Screenshot => "a screenshot shown too late",
            Self::Forged => "a forged pass",
            Self::UnknownIssuer => "a pass of an unknown issuer",
            Self::Revoked => "a pass revoked at noon",
            Self::Expired => "an expired pass",
            Self::NotCovered => "a venue not covered",
            Self::VenueQuota => "used up at this venue",
            Self::DayQuota => "used up for today",
            Self::TotalQuota => "used up",
            Self::Rescan => "the same code again at the same gate",
            Self::Annulled => "an annulled entry, and the same venue later",
            Self::BetweenSyncs => "beyond the quota in two cities between two syncs",
            Self::OfflineGate => "beyond the quota at the gate that was offline all day",
        }
    }

    const fn kind(self) -> Kind {
        match self {
            Self::Screenshot | Self::Forged | Self::UnknownIssuer | Self::VenueQuota => Kind::DayPass,
            Self::Revoked | Self::TotalQuota | Self::BetweenSyncs | Self::OfflineGate => Kind::ThreeVisits,
            Self::Expired => Kind::NanjingParks,
            Self::NotCovered => Kind::HangzhouResident,
            Self::DayQuota => Kind::Family,
            Self::Rescan | Self::Annulled => Kind::HuangpuResident,
        }
    }
}

/// A pass that is sold for one incident.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sold {
    pub(crate) kind: Kind,
    pub(crate) expired: bool,
}

/// The passes of the incidents, in the order of their numbers.
pub(crate) fn sold() -> Vec<Sold> {
    Story::ALL.iter().map(|&story| Sold { kind: story.kind(), expired: story == Story::Expired }).collect()
}

/// What is done at the gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    /// The pass is shown with a fresh code.
    Show,
    /// A code of an earlier second of the day is shown.
    Dated(u32),
    /// The issuer's signature is damaged.
    Forge,
    /// The pass is signed by a stranger.
    Stranger,
    /// The entry before, at the same gate, is taken back.
    Annul,
}

/// One step of an incident.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    pub(crate) story: Story,
    pub(crate) act: Act,
    /// The answer the gate must give.
    pub(crate) expect: Reason,
    /// Whether this is the step the story is about.
    pub(crate) point: bool,
}

/// The incidents of one day.
pub(crate) struct Planted {
    pub(crate) steps: Vec<Step>,
    pub(crate) arrivals: Vec<Arrival>,
    /// The gate that is offline all day.
    pub(crate) offline: usize,
    /// The pass that is revoked at noon.
    pub(crate) revoked: u32,
}

/// Draws where and when each incident happens.
pub(crate) fn plant(world: &World) -> Result<Planted> {
    let mut dice = world.seed.dice("incidents", 0);
    let offline = dice.pick(&world.cities[3].gates);
    let revoked = world.passes + Story::Revoked as u32;
    let planted = Planted { steps: Vec::new(), arrivals: Vec::new(), offline, revoked };
    let mut script = Script { world, dice, planted, story: Story::Screenshot };
    for story in Story::ALL {
        script.story = story;
        script.play()?;
    }
    Ok(script.planted)
}

/// The incidents as far as they are written.
struct Script<'w> {
    world: &'w World,
    dice: Dice,
    planted: Planted,
    story: Story,
}

impl Script<'_> {
    fn play(&mut self) -> Result {
        use Act::{Annul, Dated, Forge, Show, Stranger};
        let early = self.dice.below(600);
        let time = |hour, minute| clock(hour, minute) + early;
        let ok = Reason::Ok;
        match self.story {
            Story::Screenshot => {
                let [first, other] = self.venues(0)?;
                self.step(time(9, 5), first, Show, ok, false);
                self.step(time(9, 20), other, Dated(time(9, 5)), Reason::CodeExpired, true);
            }
            Story::Forged => self.alone(time(10, 30), 2, Forge, Reason::BadSignature)?,
            Story::UnknownIssuer => self.alone(time(10, 45), 1, Stranger, Reason::UnknownIssuer)?,
            Story::Revoked => {
                let [first] = self.venues(1)?;
                let [later] = self.venues(0)?;
                self.step(time(9, 10), first, Show, ok, false);
                self.step(time(13, 15), later, Show, Reason::Revoked, true);
            }
            Story::Expired => self.alone(time(11, 0), 1, Show, Reason::Expired)?,
            Story::NotCovered => {
                let leifeng = |venue: &VenueFacts| !self.covers(venue);
                let gate = self.gates(2).into_iter().find(|&gate| leifeng(&self.world.gates[gate].venue));
                let gate = gate.ok_or("every venue is covered")?;
                self.step(time(11, 10), gate, Show, Reason::VenueNotCovered, true);
            }
            Story::VenueQuota => {
                let (first, second) = self.pair(0)?;
                self.step(time(9, 30), first, Show, ok, false);
                self.step(time(11, 30), second, Show, Reason::VenueQuota, true);
            }
            Story::DayQuota => {
                let gates: [usize; 4] = self.venues(1)?;
                for (at, gate) in [time(8, 30), time(10, 30), time(12, 30)].into_iter().zip(gates) {
                    self.step(at, gate, Show, ok, false);
                }
                self.step(time(16, 30), gates[3], Show, Reason::DayQuota, true);
            }
            Story::TotalQuota => {
                let [a, b] = self.venues(1)?;
                let [c, d] = self.venues(2)?;
                self.step(time(8, 30), a, Show, ok, false);
                self.step(time(10, 20), b, Show, ok, false);
                self.step(time(12, 40), c, Show, ok, false);
                self.step(time(16, 20), d, Show, Reason::TotalQuota, true);
            }
            Story::Rescan => {
                let [gate] = self.venues(0)?;
                self.step(time(10, 5), gate, Show, ok, false);
                self.step(time(10, 5) + 40, gate, Dated(time(10, 5)), Reason::Rescan, true);
            }
            Story::Annulled => {
                let (gate, later) = self.pair(0)?;
                self.step(time(13, 5), gate, Show, ok, false);
                self.step(time(13, 5) + 180, gate, Annul, ok, true);
                self.step(time(15, 10), later, Show, ok, false);
            }
            Story::BetweenSyncs => {
                let [a, b] = self.venues(1)?;
                let ([c], [d]) = (self.venues(0)?, self.venues(2)?);
                self.step(time(8, 20), a, Show, ok, false);
                self.step(time(10, 20), b, Show, ok, false);
                self.step(time(14, 8), c, Show, ok, false);
                self.step(time(15, 45), d, Show, ok, true);
            }
            Story::OfflineGate => {
                let [a, b, c] = self.venues(1)?;
                self.step(time(8, 15), a, Show, ok, false);
                self.step(time(9, 15), b, Show, ok, false);
                self.step(time(10, 40), c, Show, ok, false);
                self.step(time(15, 20), self.planted.offline, Show, ok, true);
            }
        }
        Ok(())
    }

    /// An incident of one step, at any gate of a city that the pass covers.
    fn alone(&mut self, at: u32, city: usize, act: Act, expect: Reason) -> Result {
        let [gate] = self.venues(city)?;
        self.step(at, gate, act, expect, true);
        Ok(())
    }

    fn step(&mut self, at: u32, gate: usize, act: Act, expect: Reason, point: bool) {
        self.planted.steps.push(Step { story: self.story, act, expect, point });
        // Steps are numbered from 1: 0 is an ordinary visit.
        let step = self.planted.steps.len() as u8;
        let pass = self.world.passes + self.story as u32;
        self.planted.arrivals.push(Arrival { at, pass, gate: gate as u16, party: 1, step });
    }

    /// Gates of so many different venues of a city that the pass covers, none of them offline.
    fn venues<const N: usize>(&mut self, city: usize) -> Result<[usize; N]> {
        let mut venues: Vec<VenueId> = Vec::new();
        let mut gates = self.gates(city);
        gates.retain(|&gate| gate != self.planted.offline && self.covers(&self.world.gates[gate].venue));
        let mut found = [0; N];
        for slot in &mut found {
            gates.retain(|&gate| !venues.contains(&self.world.gates[gate].venue.id));
            if gates.is_empty() {
                return Err("too few venues for the incidents".into());
            }
            *slot = self.dice.pick(&gates);
            venues.push(self.world.gates[*slot].venue.id);
        }
        Ok(found)
    }

    /// Two gates of one venue that the pass covers.
    fn pair(&mut self, city: usize) -> Result<(usize, usize)> {
        let mut gates = self.gates(city);
        gates.retain(|&gate| self.covers(&self.world.gates[gate].venue));
        let venue = |gate: usize| self.world.gates[gate].venue.id;
        let pairs = gates.windows(2).filter(|pair| venue(pair[0]) == venue(pair[1]));
        let pairs: Vec<_> = pairs.map(|pair| (pair[0], pair[1])).collect();
        if pairs.is_empty() { Err("no venue has two gates".into()) } else { Ok(self.dice.pick(&pairs)) }
    }

    fn gates(&self, city: usize) -> Vec<usize> {
        self.world.cities[city].gates.clone()
    }

    fn covers(&self, venue: &VenueFacts) -> bool {
        let product = self.world.product(self.world.passes + self.story as u32);
        product.grants.iter().any(|grant| grant.scope.covers(venue.id, venue.category))
    }
}
