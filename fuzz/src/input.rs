//! Reads values off the fuzzer's bytes. Past the end everything is zero, and zero is the ordinary
//! value: an empty input is a case where all is well, and each byte spoils something.

use onecard::time::UnixTime;

/// The bytes not read yet.
pub struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    pub const fn new(data: &'a [u8]) -> Self {
        Self(data)
    }

    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn array<const N: usize>(&mut self) -> [u8; N] {
        core::array::from_fn(|_| self.byte())
    }

    pub fn byte(&mut self) -> u8 {
        let Some((&first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        first
    }

    pub fn number(&mut self) -> u64 {
        u64::from_be_bytes(self.array())
    }

    /// One of `choices`; the first is the ordinary one.
    pub fn pick<T: Clone>(&mut self, choices: &[T]) -> T {
        choices[usize::from(self.byte()) % choices.len()].clone()
    }

    /// `false` for zero.
    pub fn odd(&mut self) -> bool {
        self.byte() & 1 == 1
    }

    /// One of `choices`, at most two seconds off.
    pub fn time(&mut self, choices: &[i64]) -> UnixTime {
        UnixTime::MIN.saturating_add(self.pick(choices) + self.pick(&[0, 1, -1, 2, -2]))
    }

    /// Up to `most` values.
    pub fn list<T>(&mut self, most: u8, mut read: impl FnMut(&mut Self) -> T) -> Vec<T> {
        (0..self.byte() % (most + 1)).map(|_| read(self)).collect()
    }
}

/// Bytes drawn from a number: half of them small, so that many choices are ordinary ones.
pub fn drawn(number: u64) -> Vec<u8> {
    let mut state = number;
    let mut byte = || {
        // SplitMix64.
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let [small, byte, ..] = (z ^ (z >> 31)).to_be_bytes();
        if small & 1 == 1 { byte % 6 } else { byte }
    };
    (0..240).map(|_| byte()).collect()
}
