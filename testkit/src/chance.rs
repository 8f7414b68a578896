//! The only source of chance of the four cities and of tests: SHA-256 of a seed, so that every machine draws the same.

use onecard::crypto::{SigningKey, sha256};

/// What everything random follows from.
#[derive(Clone, Copy, Debug)]
pub struct Seed(pub u64);

impl Seed {
    /// 32 bytes that belong to one thing: its kind and its number.
    pub fn draw(self, kind: &str, number: u64) -> [u8; 32] {
        sha256(&[b"onecard/four-cities\n", &self.0.to_be_bytes(), &number.to_be_bytes(), kind.as_bytes()]).0
    }

    /// A key of one thing. Real keys come from the machine's generator, not from a number.
    pub fn key(self, kind: &str, number: u64) -> SigningKey {
        SigningKey::from_seed(&self.draw(kind, number))
    }

    /// A generator that belongs to one thing.
    pub fn dice(self, kind: &str, number: u64) -> Dice {
        let [a, b, c, d, e, f, g, h, ..] = self.draw(kind, number);
        Dice(u64::from_be_bytes([a, b, c, d, e, f, g, h]))
    }
}

/// SplitMix64: enough to plan a day with, not to make keys with.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// A number below `end`, which is above 0. The bias is far below what a simulated day can show.
    pub fn below(&mut self, end: u32) -> u32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let high = (z ^ (z >> 31)) >> 32;
        ((high * u64::from(end)) >> 32) as u32
    }

    /// One of several.
    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u32) as usize]
    }
}
