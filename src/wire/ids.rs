//! The names of things in CBOR, the same in every format. A name of several parts is as many items, one after the other:
//! where they are an array of their own, its head comes first.

use super::cbor::{CborError, CborErrorKind, Decoder, Encoder};
use crate::id::{GateId, MemberId, PassId, PassKey, ProductRef, VenueId};

impl Decoder<'_> {
    /// A member id: an unsigned integer of six digits.
    ///
    /// # Errors
    /// As [`Decoder::uint`], and [`CborErrorKind::Range`] for another number of digits.
    #[inline]
    pub fn member(&mut self) -> Result<MemberId, CborError> {
        let range = self.error(CborErrorKind::Range);
        MemberId::new(self.uint()?).map_err(|_| range)
    }

    /// A gate: its member, and its number.
    ///
    /// # Errors
    /// As [`Decoder::member`] and [`Decoder::uint`].
    pub fn gate(&mut self) -> Result<GateId, CborError> {
        Ok(GateId { member: self.member()?, number: self.uint()? })
    }

    /// A venue: its member, and its number.
    ///
    /// # Errors
    /// As [`Decoder::member`] and [`Decoder::uint`].
    pub fn venue(&mut self) -> Result<VenueId, CborError> {
        Ok(VenueId { member: self.member()?, number: self.uint()? })
    }

    /// The id of a pass: 10 bytes.
    ///
    /// # Errors
    /// As [`Decoder::byte_array`].
    pub fn pass_id(&mut self) -> Result<PassId, CborError> {
        Ok(PassId::from_bytes(*self.byte_array()?))
    }

    /// A pass: its issuer, and its id.
    ///
    /// # Errors
    /// As [`Decoder::member`] and [`Decoder::pass_id`].
    pub fn pass(&mut self) -> Result<PassKey, CborError> {
        Ok(PassKey { issuer: self.member()?, pass: self.pass_id()? })
    }

    /// A product: its issuer, its number, and its version.
    ///
    /// # Errors
    /// As [`Decoder::member`] and [`Decoder::uint`].
    pub fn product(&mut self) -> Result<ProductRef, CborError> {
        Ok(ProductRef { issuer: self.member()?, product: self.uint()?, version: self.uint()? })
    }
}

impl Encoder {
    /// A member id.
    pub fn member(&mut self, id: MemberId) -> &mut Self {
        self.uint(id.code())
    }

    /// A gate: two items.
    pub fn gate(&mut self, id: GateId) -> &mut Self {
        self.member(id.member).uint(id.number)
    }

    /// A venue: two items.
    pub fn venue(&mut self, id: VenueId) -> &mut Self {
        self.member(id.member).uint(id.number)
    }

    /// The id of a pass.
    pub fn pass_id(&mut self, id: PassId) -> &mut Self {
        self.bytes(id.as_bytes())
    }

    /// A pass: two items.
    pub fn pass(&mut self, key: PassKey) -> &mut Self {
        self.member(key.issuer).pass_id(key.pass)
    }

    /// A product: three items.
    pub fn product(&mut self, id: ProductRef) -> &mut Self {
        self.member(id.issuer).uint(id.product).uint(id.version)
    }
}
