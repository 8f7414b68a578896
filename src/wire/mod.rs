//! What crosses borders in binary: deterministic CBOR, COSE envelopes, and the QR text.
//!
//! One accepted encoding for everything: a decoder of this module accepts a byte string only if
//! encoding the decoded value again gives the same bytes.

pub mod cbor;
pub mod cose;
pub mod cwt;
mod ids;
pub mod shape;
pub mod text;
