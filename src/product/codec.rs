//! Products in deterministic CBOR: one item of a catalogue.
//!
//! ```cddl
//! product = {
//!   1: [issuer: 100000..999999, product: uint16, version: uint16],
//!   2: name,                          ; in Chinese
//!   3: name,                          ; in English
//!   4: settlement,
//!   5: [1*32 grant],
//!   6: 1..255,                        ; most people on one redemption
//!   ? 7: classes,                     ; holders admitted; absent: anyone
//! }
//! name = tstr .size (1..64)
//! settlement = [price: fen, 0, share: 1..10000]   ; contracted, basis points of the reference price
//!            / [price: fen, 1, rate: 1..10000000] ; contracted, fen per use
//!            / [price: fen, 2]                    ; weighted pool
//!            / [price: fen, 3]                    ; equal split
//! grant = {
//!   1: scope,
//!   2: validity,
//!   ? 3: price,                       ; absent: free
//!   ? 4: [1* quota],                  ; ascending by unit, period, key; absent: unlimited
//!   ? 5: mask,                        ; absent: always open
//!   ? 6: 1..255,                      ; service; absent: 0, entry
//!   ? 7: [group: uint8, branch: uint8],
//!   ? 8: classes,                     ; holders of this grant; absent: all the product admits
//!   ? 9: 1..86399,                    ; start of the service day; absent: 0, midnight
//! }
//! scope = {
//!   (0: 0 //                          ; all, or the union of
//!    (? 1: [1* member],
//!     ? 2: [1* uint8],                ; categories
//!     ? 3: [1* venue])),
//!   ? 4: [1* venue],                  ; but not these
//! }
//! member = 100000..999999
//! venue = [member, number: uint16]
//! validity = [0]                                            ; as the pass
//!          / [1, from: time, until: time]                   ; fixed
//!          / [2, clock: uint8, activate_by: length / null, length] ; from first use
//! length = {
//!   ? 1: 1..65535,                    ; hours
//!   ? 2: 1..3660,                     ; service days
//!   ? 3: 1..120,                      ; months
//!   ? 4: time,                        ; until
//! }                                   ; at least one; the earliest end counts
//! mask = {
//!   ? 1: [1* [first: date, last: date]],  ; blackout, both days included
//!   ? 2: 1..126,                      ; weekdays, bit 0 Monday; absent: all
//!   ? 3: [from: uint, until: uint],   ; seconds after midnight; absent: all day
//! }                                   ; at least one
//! price = [1, 1..10000000]            ; fen
//!       / [2, 1..9999]                ; basis points off the reference price
//! quota = [limit: 1..65535, unit: 0..2, period: 0..3, key: 0..1]
//!   ; unit: entries, distinct venues, days of use; period: life, day, month, year; key: shared, per venue
//! classes = [1* uint8]
//! uint8 = 0..255
//! uint16 = 0..65535
//! fen = 0..10000000
//! time = 0..253402300799              ; seconds since 1970-01-01T00:00:00Z
//! date = 0..2932897                   ; days since 1970-01-01
//! ```
//!
//! Every list of classes, members, categories, venues and dates is strictly ascending. A default is
//! absent, never written. What else holds is checked by [`Product::validate`].

use super::grant::{
    Choice, Grant, HourRange, Length, MAX_BLACKOUTS, MAX_LIST, Mask, Method, Price, Product, Quota, QuotaKey,
    QuotaPeriod, Rate, Scope, Settlement, Unit, Validity, WEEKDAYS_ALL, Window,
};
use super::validate::ProductError;
use crate::id::{ProductRef, VenueId};
use crate::limits::MAX_GRANTS;
use crate::time::Date;
use crate::wire::cbor::{CborError, CborErrorKind, Decoder, Encoder, Key, MapReader};
use crate::wire::shape::Shape;

const VENUE: Shape = Shape::Tuple(&[("member", Shape::Any), ("number", Shape::Any)]);
const LENGTH: Shape = Shape::Map(&[
    (1, "hours", Shape::Any),
    (2, "service days", Shape::Any),
    (3, "months", Shape::Any),
    (4, "until", Shape::Time),
]);
const GRANT: Shape = Shape::Map(&[
    (
        1,
        "scope",
        Shape::Map(&[
            (0, "all", Shape::Any),
            (1, "members", Shape::List(&Shape::Any)),
            (2, "categories", Shape::List(&Shape::Any)),
            (3, "venues", Shape::List(&VENUE)),
            (4, "but not", Shape::List(&VENUE)),
        ]),
    ),
    (
        2,
        "validity",
        Shape::Cases(&[
            (0, &[("as the pass", Shape::Any)]),
            (1, &[("fixed", Shape::Any), ("from", Shape::Time), ("until", Shape::Time)]),
            (2, &[("from first use", Shape::Any), ("clock", Shape::Any), ("activate by", LENGTH), ("length", LENGTH)]),
        ]),
    ),
    (3, "price", Shape::Tuple(&[("method", Shape::Any), ("amount", Shape::Any)])),
    (
        4,
        "quotas",
        Shape::List(&Shape::Tuple(&[
            ("limit", Shape::Any),
            ("unit", Shape::Any),
            ("period", Shape::Any),
            ("key", Shape::Any),
        ])),
    ),
    (
        5,
        "mask",
        Shape::Map(&[
            (1, "blackout", Shape::List(&Shape::Tuple(&[("first day", Shape::Any), ("last day", Shape::Any)]))),
            (2, "weekdays", Shape::Any),
            (3, "hours", Shape::Tuple(&[("from second", Shape::Any), ("until second", Shape::Any)])),
        ]),
    ),
    (6, "service", Shape::Any),
    (7, "choice", Shape::Tuple(&[("group", Shape::Any), ("branch", Shape::Any)])),
    (8, "holders", Shape::List(&Shape::Any)),
    (9, "day start", Shape::Any),
]);

impl Product {
    /// What its parts are called.
    pub const SHAPE: Shape = Shape::Map(&[
        (1, "id", Shape::Tuple(&[("issuer", Shape::Any), ("number", Shape::Any), ("version", Shape::Any)])),
        (2, "name zh", Shape::Any),
        (3, "name en", Shape::Any),
        (4, "settlement", Shape::Tuple(&[("price in fen", Shape::Any), ("method", Shape::Any), ("rate", Shape::Any)])),
        (5, "grants", Shape::List(&GRANT)),
        (6, "party max", Shape::Any),
        (7, "holders", Shape::List(&Shape::Any)),
    ]);

    /// Writes the product as one item. Whoever publishes it calls [`Product::validate`] first: a
    /// product that fails is written as it is, and refused by [`Product::decode`].
    pub fn encode(&self, out: &mut Encoder) {
        out.map(6_usize.saturating_add(usize::from(!self.holders.is_empty())));
        out.uint(1u8).array(3).product(self.id);
        out.uint(2u8).text(&self.name_zh);
        out.uint(3u8).text(&self.name_en);
        out.uint(4u8);
        self.settlement.encode(out);
        out.uint(5u8).array(self.grants.len());
        self.grants.iter().for_each(|grant| grant.encode(out));
        out.uint(6u8).uint(self.party_max);
        if !self.holders.is_empty() {
            out.uint(7u8);
            list(out, &self.holders, write_small);
        }
    }

    /// Reads one item and validates the product in it.
    ///
    /// # Errors
    /// [`ProductError::Cbor`] for a wrong encoding, any other for a wrong product.
    pub fn decode(input: &mut Decoder<'_>) -> Result<Self, ProductError> {
        let mut fields = Fields::new(input)?;
        let id = fields.required(input, 1, product_ref)?;
        let name_zh = fields.required(input, 2, text)?;
        let name_en = fields.required(input, 3, text)?;
        let settlement = fields.required(input, 4, Settlement::decode)?;
        let grants = fields.required(input, 5, |input| items(input, MAX_GRANTS, Grant::decode))?;
        let party_max = fields.required(input, 6, Decoder::uint)?;
        let holders = fields.optional(input, 7, classes)?.unwrap_or_default();
        fields.end(input)?;
        let product = Self { id, name_zh, name_en, holders, party_max, settlement, grants };
        product.validate()?;
        Ok(product)
    }
}

/// The fields of a map, asked for in ascending order; a key nobody asks for is an error.
struct Fields<'a> {
    map: MapReader<'a>,
    /// The key read ahead, whose value is the next item.
    ahead: Option<Key<'a>>,
}

impl<'a> Fields<'a> {
    fn new(input: &mut Decoder<'a>) -> Result<Self, CborError> {
        let mut map = input.map()?;
        let ahead = map.key(input)?;
        Ok(Self { map, ahead })
    }

    fn optional<T>(
        &mut self,
        input: &mut Decoder<'a>,
        key: i64,
        read: impl FnOnce(&mut Decoder<'a>) -> Result<T, CborError>,
    ) -> Result<Option<T>, CborError> {
        if self.ahead != Some(Key::Int(key)) {
            return Ok(None);
        }
        let value = read(input)?;
        self.ahead = self.map.key(input)?;
        Ok(Some(value))
    }

    fn required<T>(
        &mut self,
        input: &mut Decoder<'a>,
        key: i64,
        read: impl FnOnce(&mut Decoder<'a>) -> Result<T, CborError>,
    ) -> Result<T, CborError> {
        self.optional(input, key, read)?.ok_or(input.error(CborErrorKind::MissingKey(key)))
    }

    fn end(self, input: &Decoder<'a>) -> Result<(), CborError> {
        if self.ahead.is_none() { Ok(()) } else { Err(input.error(CborErrorKind::UnknownKey)) }
    }
}

impl Settlement {
    fn encode(&self, out: &mut Encoder) {
        let (method, rate) = match self.method {
            Method::Contracted(Rate::Share(points)) => (0u8, Some(u32::from(points))),
            Method::Contracted(Rate::PerUse(fen)) => (1, Some(fen)),
            Method::WeightedPool => (2, None),
            Method::EqualSplit => (3, None),
        };
        out.array(2_usize.saturating_add(usize::from(rate.is_some()))).uint(self.price_fen).uint(method);
        if let Some(rate) = rate {
            out.uint(rate);
        }
    }

    fn decode(input: &mut Decoder<'_>) -> Result<Self, CborError> {
        let range = input.error(CborErrorKind::Range);
        let length = input.array()?;
        let price_fen = input.uint()?;
        let method = match (input.uint::<u8>()?, length) {
            (0, 3) => Method::Contracted(Rate::Share(input.uint()?)),
            (1, 3) => Method::Contracted(Rate::PerUse(input.uint()?)),
            (2, 2) => Method::WeightedPool,
            (3, 2) => Method::EqualSplit,
            _ => return Err(range),
        };
        Ok(Self { price_fen, method })
    }
}

impl Grant {
    fn encode(&self, out: &mut Encoder) {
        let mask = self.window.mask != Mask::default();
        let optional = [
            self.price != Price::Free,
            !self.quotas.is_empty(),
            mask,
            self.service != 0,
            self.choice.is_some(),
            !self.holders.is_empty(),
            self.window.day_start != 0,
        ];
        out.map(2_usize.saturating_add(count(&optional)));
        out.uint(1u8);
        self.scope.encode(out);
        out.uint(2u8);
        self.window.validity.encode(out);
        match self.price {
            Price::Free => {}
            Price::Fixed(fen) => {
                out.uint(3u8).array(2).uint(1u8).uint(fen);
            }
            Price::Off(points) => {
                out.uint(3u8).array(2).uint(2u8).uint(points);
            }
        }
        if !self.quotas.is_empty() {
            out.uint(4u8);
            list(out, &self.quotas, |out, quota| {
                out.array(4).uint(quota.limit).uint(quota.unit as u8).uint(quota.period as u8).uint(quota.key as u8);
            });
        }
        if mask {
            out.uint(5u8);
            self.window.mask.encode(out);
        }
        if self.service != 0 {
            out.uint(6u8).uint(self.service);
        }
        if let Some(choice) = self.choice {
            out.uint(7u8).array(2).uint(choice.group).uint(choice.branch);
        }
        if !self.holders.is_empty() {
            out.uint(8u8);
            list(out, &self.holders, write_small);
        }
        if self.window.day_start != 0 {
            out.uint(9u8).uint(self.window.day_start);
        }
    }

    fn decode(input: &mut Decoder<'_>) -> Result<Self, CborError> {
        let mut fields = Fields::new(input)?;
        let scope = fields.required(input, 1, Scope::decode)?;
        let validity = fields.required(input, 2, Validity::decode)?;
        let price = fields.optional(input, 3, Price::decode)?.unwrap_or(Price::Free);
        let quotas = fields.optional(input, 4, |input| some(input, MAX_QUOTAS, Quota::decode))?.unwrap_or_default();
        let mask = fields.optional(input, 5, Mask::decode)?.unwrap_or_default();
        let service = fields.optional(input, 6, |input| not(input, 0u8))?.unwrap_or(0);
        let choice = fields.optional(input, 7, |input| {
            input.array_of(2)?;
            Ok(Choice { group: input.uint()?, branch: input.uint()? })
        })?;
        let holders = fields.optional(input, 8, classes)?.unwrap_or_default();
        let day_start = fields.optional(input, 9, |input| not(input, 0u32))?.unwrap_or(0);
        fields.end(input)?;
        Ok(Self { scope, service, quotas, window: Window { validity, mask, day_start }, price, holders, choice })
    }
}

impl Scope {
    fn encode(&self, out: &mut Encoder) {
        let parts = [
            self.all,
            !self.members.is_empty(),
            !self.categories.is_empty(),
            !self.venues.is_empty(),
            !self.except.is_empty(),
        ];
        out.map(count(&parts));
        if self.all {
            out.uint(0u8).uint(0u8);
        }
        if !self.members.is_empty() {
            out.uint(1u8);
            list(out, &self.members, |out, member| {
                out.member(*member);
            });
        }
        if !self.categories.is_empty() {
            out.uint(2u8);
            list(out, &self.categories, write_small);
        }
        if !self.venues.is_empty() {
            out.uint(3u8);
            list(out, &self.venues, write_venue);
        }
        if !self.except.is_empty() {
            out.uint(4u8);
            list(out, &self.except, write_venue);
        }
    }

    fn decode(input: &mut Decoder<'_>) -> Result<Self, CborError> {
        let mut fields = Fields::new(input)?;
        let all = fields.optional(input, 0, |input| one_of(input, &[()]))?.is_some();
        let members = fields.optional(input, 1, |input| some(input, MAX_LIST, Decoder::member))?.unwrap_or_default();
        let categories = fields.optional(input, 2, |input| some(input, MAX_LIST, Decoder::uint))?.unwrap_or_default();
        let venues = fields.optional(input, 3, |input| some(input, MAX_LIST, venue))?.unwrap_or_default();
        let except = fields.optional(input, 4, |input| some(input, MAX_LIST, venue))?.unwrap_or_default();
        fields.end(input)?;
        Ok(Self { all, members, categories, venues, except })
    }
}

impl Validity {
    fn encode(&self, out: &mut Encoder) {
        match self {
            Self::Pass => {
                out.array(1).uint(0u8);
            }
            Self::Fixed { from, until } => {
                out.array(3).uint(1u8).uint(from.as_u64()).uint(until.as_u64());
            }
            Self::FirstUse { clock, activate_by, length } => {
                out.array(4).uint(2u8).uint(*clock);
                match activate_by {
                    Some(by) => by.encode(out),
                    None => {
                        out.null();
                    }
                }
                length.encode(out);
            }
        }
    }

    fn decode(input: &mut Decoder<'_>) -> Result<Self, CborError> {
        let range = input.error(CborErrorKind::Range);
        match (input.array()?, input.uint::<u8>()?) {
            (1, 0) => Ok(Self::Pass),
            (3, 1) => Ok(Self::Fixed { from: input.time()?, until: input.time()? }),
            (4, 2) => {
                let clock = input.uint()?;
                let activate_by = if input.null() { None } else { Some(Length::decode(input)?) };
                Ok(Self::FirstUse { clock, activate_by, length: Length::decode(input)? })
            }
            _ => Err(range),
        }
    }
}

impl Length {
    fn encode(&self, out: &mut Encoder) {
        let parts = [self.hours.is_some(), self.days.is_some(), self.months.is_some(), self.until.is_some()];
        out.map(count(&parts));
        for (key, part) in [(1u8, self.hours), (2, self.days), (3, self.months)] {
            if let Some(part) = part {
                out.uint(key).uint(part);
            }
        }
        if let Some(until) = self.until {
            out.uint(4u8).uint(until.as_u64());
        }
    }

    fn decode(input: &mut Decoder<'_>) -> Result<Self, CborError> {
        let mut fields = Fields::new(input)?;
        let hours = fields.optional(input, 1, Decoder::uint)?;
        let days = fields.optional(input, 2, Decoder::uint)?;
        let months = fields.optional(input, 3, Decoder::uint)?;
        let until = fields.optional(input, 4, Decoder::time)?;
        fields.end(input)?;
        Ok(Self { hours, days, months, until })
    }
}

impl Mask {
    fn encode(&self, out: &mut Encoder) {
        let parts = [!self.blackout.is_empty(), self.weekdays != WEEKDAYS_ALL, self.hours.is_some()];
        out.map(count(&parts));
        if !self.blackout.is_empty() {
            out.uint(1u8);
            list(out, &self.blackout, |out, (first, last)| {
                out.array(2).int(i64::from(first.days())).int(i64::from(last.days()));
            });
        }
        if self.weekdays != WEEKDAYS_ALL {
            out.uint(2u8).uint(self.weekdays);
        }
        if let Some(hours) = self.hours {
            out.uint(3u8).array(2).uint(hours.from).uint(hours.until);
        }
    }

    fn decode(input: &mut Decoder<'_>) -> Result<Self, CborError> {
        let range = input.error(CborErrorKind::Range);
        let mut fields = Fields::new(input)?;
        let blackout = fields.optional(input, 1, |input| {
            some(input, MAX_BLACKOUTS, |input| {
                input.array_of(2)?;
                Ok((date(input)?, date(input)?))
            })
        })?;
        let weekdays = fields.optional(input, 2, |input| not(input, WEEKDAYS_ALL))?;
        let hours = fields.optional(input, 3, |input| {
            input.array_of(2)?;
            Ok(HourRange { from: input.uint()?, until: input.uint()? })
        })?;
        fields.end(input)?;
        let mask = Self { blackout: blackout.unwrap_or_default(), weekdays: weekdays.unwrap_or(WEEKDAYS_ALL), hours };
        if mask == Self::default() { Err(range) } else { Ok(mask) }
    }
}

impl Price {
    fn decode(input: &mut Decoder<'_>) -> Result<Self, CborError> {
        let range = input.error(CborErrorKind::Range);
        input.array_of(2)?;
        match input.uint::<u8>()? {
            1 => Ok(Self::Fixed(input.uint()?)),
            2 => Ok(Self::Off(input.uint()?)),
            _ => Err(range),
        }
    }
}

impl Quota {
    fn decode(input: &mut Decoder<'_>) -> Result<Self, CborError> {
        input.array_of(4)?;
        let limit = input.uint()?;
        let unit = one_of(input, &[Unit::Entries, Unit::Venues, Unit::Days])?;
        let period = one_of(input, &[QuotaPeriod::Life, QuotaPeriod::Day, QuotaPeriod::Month, QuotaPeriod::Year])?;
        let key = one_of(input, &[QuotaKey::Shared, QuotaKey::Venue])?;
        Ok(Self { limit, unit, period, key })
    }
}

/// As many as there are combinations of unit, period and key.
const MAX_QUOTAS: usize = 24;

fn count(parts: &[bool]) -> usize {
    parts.iter().filter(|&&part| part).count()
}

fn list<T>(out: &mut Encoder, items: &[T], write: impl Fn(&mut Encoder, &T)) {
    out.array(items.len());
    items.iter().for_each(|item| write(out, item));
}

/// A holder class or a category.
fn write_small(out: &mut Encoder, value: &u8) {
    out.uint(*value);
}

fn write_venue(out: &mut Encoder, venue: &VenueId) {
    out.array(2).venue(*venue);
}

/// An array of at most `most` items.
fn items<'a, T>(
    input: &mut Decoder<'a>,
    most: usize,
    read: impl Fn(&mut Decoder<'a>) -> Result<T, CborError>,
) -> Result<Vec<T>, CborError> {
    let range = input.error(CborErrorKind::Range);
    let length = input.array()?;
    if length > most {
        return Err(range);
    }
    (0..length).map(|_| read(input)).collect()
}

/// An optional array: written only when it holds something.
fn some<'a, T>(
    input: &mut Decoder<'a>,
    most: usize,
    read: impl Fn(&mut Decoder<'a>) -> Result<T, CborError>,
) -> Result<Vec<T>, CborError> {
    let range = input.error(CborErrorKind::Range);
    let items = items(input, most, read)?;
    if items.is_empty() { Err(range) } else { Ok(items) }
}

/// An unsigned integer other than the default, which is written by leaving it out.
fn not<T: TryFrom<u64> + PartialEq>(input: &mut Decoder<'_>, default: T) -> Result<T, CborError> {
    let range = input.error(CborErrorKind::Range);
    let value = input.uint()?;
    if value == default { Err(range) } else { Ok(value) }
}

/// One of the values numbered from 0.
fn one_of<T: Copy>(input: &mut Decoder<'_>, values: &[T]) -> Result<T, CborError> {
    let range = input.error(CborErrorKind::Range);
    values.get(input.uint::<usize>()?).copied().ok_or(range)
}

fn text(input: &mut Decoder<'_>) -> Result<String, CborError> {
    input.text().map(str::to_owned)
}

fn classes(input: &mut Decoder<'_>) -> Result<Vec<u8>, CborError> {
    some(input, 256, Decoder::uint)
}

fn product_ref(input: &mut Decoder<'_>) -> Result<ProductRef, CborError> {
    input.array_of(3)?;
    input.product()
}

fn venue(input: &mut Decoder<'_>) -> Result<VenueId, CborError> {
    input.array_of(2)?;
    input.venue()
}

fn date(input: &mut Decoder<'_>) -> Result<Date, CborError> {
    let range = input.error(CborErrorKind::Range);
    i32::try_from(input.uint::<u32>()?).map(Date::from_days).map_err(|_| range)
}

#[cfg(test)]
#[path = "tests/codec.rs"]
mod tests;
