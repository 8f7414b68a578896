//! The names of things: members, venues, gates, passes, products.
//!
//! Plain values without judgement, shared by every layer above. An id says what it names, never
//! whether that thing exists: that is for the trust list and the catalogues.

use core::fmt;
use core::str::FromStr;

/// A text is not the name it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdError {
    /// A member id is a six-digit division code.
    #[error("a member id is a six-digit division code, 100000 to 999999")]
    Member,
    /// A pass id is 16 characters of Crockford base 32.
    #[error("a pass id is 16 upper-case Crockford base-32 characters")]
    Pass,
}

/// A member of the federation, named by its GB/T 2260 division code.
///
/// Members are data: any six-digit code is a possible member, and the trust list says which are.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct MemberId(u32);

impl MemberId {
    /// Takes a division code.
    ///
    /// # Errors
    /// [`IdError::Member`] when `code` does not have six digits.
    pub const fn new(code: u32) -> Result<Self, IdError> {
        if code < 100_000 || code > 999_999 {
            return Err(IdError::Member);
        }
        Ok(Self(code))
    }

    /// The division code.
    #[must_use]
    pub const fn code(self) -> u32 {
        self.0
    }

    /// The code as six ASCII digits, the form of the `iss` claim.
    #[must_use]
    #[expect(clippy::arithmetic_side_effects, reason = "a digit plus b'0' is below 256")]
    pub const fn digits(self) -> [u8; 6] {
        let code = self.0;
        [
            (code / 100_000 % 10) as u8 + b'0',
            (code / 10_000 % 10) as u8 + b'0',
            (code / 1_000 % 10) as u8 + b'0',
            (code / 100 % 10) as u8 + b'0',
            (code / 10 % 10) as u8 + b'0',
            (code % 10) as u8 + b'0',
        ]
    }
}

impl fmt::Display for MemberId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:06}", self.0)
    }
}

impl fmt::Debug for MemberId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for MemberId {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        if text.len() != 6 || !text.bytes().all(|b| b.is_ascii_digit()) {
            return Err(IdError::Member);
        }
        text.parse().map_err(|_| IdError::Member).and_then(Self::new)
    }
}

/// A founder's code and names; see [`FOUNDERS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Founder {
    /// Division code.
    pub id: MemberId,
    /// Name in Chinese.
    pub name_zh: &'static str,
    /// Name in English.
    pub name_en: &'static str,
}

/// The four cities that founded the federation. A fifth needs an entry in the trust list, not here.
pub const FOUNDERS: [Founder; 4] = [
    Founder { id: MemberId(310_101), name_zh: "上海市黄浦区", name_en: "Huangpu, Shanghai" },
    Founder { id: MemberId(320_100), name_zh: "南京市", name_en: "Nanjing" },
    Founder { id: MemberId(330_100), name_zh: "杭州市", name_en: "Hangzhou" },
    Founder { id: MemberId(340_100), name_zh: "合肥市", name_en: "Hefei" },
];

/// A venue: the member it belongs to and its number in that member's catalogue.
///
/// The order is by member, then by number: the order in which settlement breaks ties.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct VenueId {
    /// The member whose catalogue lists the venue.
    pub member: MemberId,
    /// Number in that catalogue.
    pub number: u16,
}

impl fmt::Display for VenueId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.member, self.number)
    }
}

/// A gate: the member that enrolled it and its number there. One gate is one signing key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct GateId {
    /// The member whose registrar enrolled the gate.
    pub member: MemberId,
    /// Number given by that registrar, never given again.
    pub number: u32,
}

impl fmt::Display for GateId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/gate/{}", self.member, self.number)
    }
}

/// A pass: 80 random bits drawn by its issuer, printed as 16 Crockford base-32 characters.
///
/// Two issuers may draw the same bits; only `(issuer, pass)` names a pass.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct PassId([u8; 10]);

const CROCKFORD: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

impl PassId {
    /// Takes the 80 bits.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 10]) -> Self {
        Self(bytes)
    }

    /// The 80 bits.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 10] {
        &self.0
    }

    /// The 16 characters, the form of the `sub` claim.
    #[must_use]
    pub fn text(&self) -> [u8; 16] {
        let mut bits = self.0.iter().fold(0u128, |bits, &byte| bits << 8 | u128::from(byte));
        let mut text = [b'0'; 16];
        for slot in text.iter_mut().rev() {
            *slot = CROCKFORD.get((bits & 31) as usize).copied().unwrap_or(b'0');
            bits >>= 5;
        }
        text
    }
}

impl fmt::Display for PassId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text().iter().try_for_each(|&byte| write!(f, "{}", char::from(byte)))
    }
}

impl fmt::Debug for PassId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Strict: upper case only, no hyphens, and none of the letters Crockford leaves out. One pass has
/// one text, so a text can be compared and logged as it is.
impl FromStr for PassId {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        if text.len() != 16 {
            return Err(IdError::Pass);
        }
        let mut bits = 0u128;
        for byte in text.bytes() {
            let digit = CROCKFORD.iter().position(|&symbol| symbol == byte).ok_or(IdError::Pass)?;
            bits = bits << 5 | digit as u128;
        }
        let mut bytes = [0; 10];
        for slot in bytes.iter_mut().rev() {
            *slot = (bits & 0xff) as u8;
            bits >>= 8;
        }
        Ok(Self(bytes))
    }
}

/// A pass in the whole federation: its issuer and its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct PassKey {
    /// The member that issued the pass.
    pub issuer: MemberId,
    /// The id that issuer drew.
    pub pass: PassId,
}

impl fmt::Display for PassKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.issuer, self.pass)
    }
}

/// A product at one version: once published, its rules never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct ProductRef {
    /// The member whose catalogue lists the product.
    pub issuer: MemberId,
    /// Number of the product in that catalogue.
    pub product: u16,
    /// Version of the rules.
    pub version: u16,
}

impl fmt::Display for ProductRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}@{}", self.issuer, self.product, self.version)
    }
}

#[cfg(test)]
#[path = "tests/id.rs"]
mod tests;
