//! The codec against other implementations: CBOR against `ciborium`, COSE against `coset`, the text
//! against `base45`. They accept more than one encoding, so that what we accept is held to what they
//! read and to what they would write.

mod cbor;
mod cose;
mod text;
