//! COSE envelopes (RFC 9052): `COSE_Sign1` (tag 18) and `COSE_Sign` (tag 98), Ed25519 only.
//!
//! One accepted form: tagged, unprotected headers empty, protected headers from a closed set in
//! which `alg` is always -19 (Ed25519, RFC 9864). Whoever decodes says which `typ` and which other
//! headers the message must have. A signature is verified over the bytes received; nothing is
//! re-encoded, and the `Sig_structure` is hashed in parts where they lie.

use super::cbor::{CborError, CborErrorKind, Decoder, Encoder, Key, bytes_head};
use crate::crypto::{Kid, PendingSignature, SignatureError, SigningKey, Verifier, VerifyingKey};

/// `alg` -19: EdDSA with curve Ed25519, fully specified (RFC 9864 §2.2).
pub const ALG_ED25519: i64 = -19;
const TAG_SIGN1: u64 = 18;
const TAG_SIGN: u64 = 98;

/// Header labels (RFC 9052 §3.1, RFC 9596, RFC 9528).
mod label {
    pub(super) const ALG: i64 = 1;
    pub(super) const KID: i64 = 4;
    pub(super) const KCWT: i64 = 13;
    pub(super) const TYP: i64 = 16;
}

/// The `typ` header (RFC 9596): what kind of message this is, so that one cannot pass for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Typ {
    /// A CoAP content format number.
    ContentFormat(u16),
    /// A media type.
    MediaType(&'static str),
}

/// A COSE message is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CoseError {
    /// The bytes are not the one accepted encoding.
    #[error(transparent)]
    Cbor(#[from] CborError),
    /// The protected header says another algorithm than the key's, or none.
    #[error("alg is not Ed25519 (-19)")]
    Alg,
    /// The protected header says another type of message, or none.
    #[error("typ is not the one expected here")]
    Typ,
    /// A header that must be there is not, or one that must not be there is.
    #[error("header {0} is missing or not allowed here")]
    Header(i64),
}

/// Which protected headers a message has beside `alg` and `typ`: exactly these.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Headers<'a> {
    /// `kid` (4): first 8 bytes of the signer's key thumbprint.
    pub kid: Option<Kid>,
    /// `kcwt` (13): the CWT that names the signer's key, as its encoded bytes.
    pub kcwt: Option<&'a [u8]>,
}

/// Which headers a decoder requires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// `alg`, `kid`, `typ`: signed by a key of the trust list.
    Kid,
    /// `alg`, `kcwt`, `typ`: signed by the key that the enclosed CWT confirms.
    Kcwt,
}

/// A decoded `COSE_Sign1`, not yet verified.
#[derive(Clone, Copy, Debug)]
pub struct Sign1<'a> {
    protected: &'a [u8],
    payload: &'a [u8],
    signature: &'a [u8; 64],
    headers: Headers<'a>,
}

impl<'a> Sign1<'a> {
    /// Decodes a tagged `COSE_Sign1` with exactly the headers of `expect` and the given `typ`.
    ///
    /// # Errors
    /// [`CoseError`]; nothing has been verified when this returns.
    pub fn decode(input: &'a [u8], typ: Typ, expect: Expect) -> Result<Self, CoseError> {
        Decoder::all(input, |d| {
            d.tag(TAG_SIGN1)?;
            d.array_of(4)?;
            let protected = d.bytes()?;
            empty_map(d)?;
            let payload = d.bytes()?;
            let signature = d.byte_array()?;
            let headers = decode_headers(protected, Some(typ))?;
            let (kid, kcwt) = match expect {
                Expect::Kid => (true, false),
                Expect::Kcwt => (false, true),
            };
            require(headers.kid.is_some() == kid, label::KID)?;
            require(headers.kcwt.is_some() == kcwt, label::KCWT)?;
            Ok(Self { protected, payload, signature, headers })
        })
    }

    /// The payload. It says nothing until [`Sign1::verify`] succeeded.
    #[must_use]
    pub const fn payload(&self) -> &'a [u8] {
        self.payload
    }

    /// The headers beside `alg` and `typ`.
    #[must_use]
    pub const fn headers(&self) -> Headers<'a> {
        self.headers
    }

    /// The `kid`, where [`Expect::Kid`] made sure there is one.
    ///
    /// # Errors
    /// [`CoseError::Header`] for a message decoded with another [`Expect`].
    pub fn kid(&self) -> Result<Kid, CoseError> {
        self.headers.kid.ok_or(CoseError::Header(label::KID))
    }

    /// Verifies the signature over the received bytes (RFC 9052 §4.4).
    ///
    /// # Errors
    /// [`SignatureError`].
    pub fn verify<'k>(&self, key: impl Into<Verifier<'k>>) -> Result<(), SignatureError> {
        self.begin(key)?.settle()
    }

    /// Computes the signature up to the last step, which many can share: [`PendingSignature::settle_all`].
    ///
    /// # Errors
    /// [`SignatureError`] when the signature cannot be right, whatever the message.
    pub fn begin<'k>(&self, key: impl Into<Verifier<'k>>) -> Result<PendingSignature, SignatureError> {
        let (protected_head, n) = bytes_head(self.protected.len());
        let (payload_head, m) = bytes_head(self.payload.len());
        let protected_head = protected_head.get(..n).unwrap_or_default();
        let payload_head = payload_head.get(..m).unwrap_or_default();
        let parts = [SIGN1_CONTEXT, protected_head, self.protected, NO_AAD, payload_head, self.payload];
        key.into().begin(&parts, self.signature)
    }
}

/// Signs `payload` as a tagged `COSE_Sign1`.
#[must_use]
pub fn sign1(key: &SigningKey, typ: Typ, headers: Headers<'_>, payload: &[u8]) -> Vec<u8> {
    let protected = encode_headers(Some(typ), headers);
    let mut message = Encoder::new();
    message.raw(SIGN1_CONTEXT).bytes(&protected).raw(NO_AAD).bytes(payload);
    let signature = key.sign(&message.finish());
    let mut out = Encoder::new();
    out.tag(TAG_SIGN1).array(4).bytes(&protected).map(0).bytes(payload).bytes(&signature);
    out.finish()
}

/// A decoded `COSE_Sign`: one payload, several signers; not yet verified.
#[derive(Clone, Debug)]
pub struct Sign<'a> {
    protected: &'a [u8],
    payload: &'a [u8],
    signers: Vec<Signer<'a>>,
}

/// One signature of a [`Sign`].
#[derive(Clone, Copy, Debug)]
pub struct Signer<'a> {
    protected: &'a [u8],
    signature: &'a [u8; 64],
    kid: Kid,
}

impl Signer<'_> {
    /// The key this signature claims to be by.
    #[must_use]
    pub const fn kid(&self) -> Kid {
        self.kid
    }
}

impl<'a> Sign<'a> {
    /// Decodes a tagged `COSE_Sign` whose body header is `typ` alone and whose signers, at most
    /// `max_signers` in strictly ascending order of `kid`, have `alg` and `kid`.
    ///
    /// The order makes one encoding, and one signer can not be there twice.
    ///
    /// # Errors
    /// [`CoseError`]; nothing has been verified when this returns.
    pub fn decode(input: &'a [u8], typ: Typ, max_signers: usize) -> Result<Self, CoseError> {
        Decoder::all(input, |d| {
            d.tag(TAG_SIGN)?;
            d.array_of(4)?;
            let protected = d.bytes()?;
            empty_map(d)?;
            decode_body_header(protected, typ)?;
            let payload = d.bytes()?;
            let at = d.error(CborErrorKind::Range);
            let count = d.array()?;
            if count == 0 || count > max_signers {
                return Err(at.into());
            }
            let mut signers: Vec<Signer<'a>> = Vec::with_capacity(count);
            for _ in 0..count {
                let at = d.error(CborErrorKind::KeyOrder);
                d.array_of(3)?;
                let protected = d.bytes()?;
                empty_map(d)?;
                let signature = d.byte_array()?;
                let headers = decode_headers(protected, None)?;
                require(headers.kcwt.is_none(), label::KCWT)?;
                let kid = headers.kid.ok_or(CoseError::Header(label::KID))?;
                if signers.last().is_some_and(|last| last.kid >= kid) {
                    return Err(at.into());
                }
                signers.push(Signer { protected, signature, kid });
            }
            Ok(Self { protected, payload, signers })
        })
    }

    /// The payload. It says nothing until enough signers verified.
    #[must_use]
    pub const fn payload(&self) -> &'a [u8] {
        self.payload
    }

    /// The signers, in ascending order of `kid`.
    #[must_use]
    pub fn signers(&self) -> &[Signer<'a>] {
        &self.signers
    }

    /// Verifies one signer's signature over the received bytes (RFC 9052 §4.4).
    ///
    /// # Errors
    /// [`SignatureError`].
    pub fn verify(&self, signer: &Signer<'_>, key: &VerifyingKey) -> Result<(), SignatureError> {
        let (body_head, n) = bytes_head(self.protected.len());
        let (signer_head, m) = bytes_head(signer.protected.len());
        let (payload_head, p) = bytes_head(self.payload.len());
        let parts = [
            SIGN_CONTEXT,
            body_head.get(..n).unwrap_or_default(),
            self.protected,
            signer_head.get(..m).unwrap_or_default(),
            signer.protected,
            NO_AAD,
            payload_head.get(..p).unwrap_or_default(),
            self.payload,
        ];
        key.verify_parts(&parts, signer.signature)
    }
}

/// Signs `payload` as a tagged `COSE_Sign` with every key of `keys`, in ascending order of `kid`.
#[must_use]
pub fn sign(keys: &[&SigningKey], typ: Typ, payload: &[u8]) -> Vec<u8> {
    let mut body = Encoder::new();
    body.map(1).int(label::TYP);
    encode_typ(&mut body, typ);
    let body = body.finish();
    let mut signers: Vec<(Kid, &SigningKey)> = keys.iter().map(|key| (key.verifying_key().kid(), *key)).collect();
    signers.sort_by_key(|(kid, _)| *kid);
    signers.dedup_by_key(|(kid, _)| *kid);
    let mut out = Encoder::new();
    out.tag(TAG_SIGN).array(4).bytes(&body).map(0).bytes(payload).array(signers.len());
    for (kid, key) in signers {
        let protected = encode_headers(None, Headers { kid: Some(kid), kcwt: None });
        let mut message = Encoder::new();
        message.raw(SIGN_CONTEXT).bytes(&body).bytes(&protected).raw(NO_AAD).bytes(payload);
        out.array(3).bytes(&protected).map(0).bytes(&key.sign(&message.finish()));
    }
    out.finish()
}

/// `Sig_structure` up to `body_protected`: an array of four and the context text.
const SIGN1_CONTEXT: &[u8] = b"\x84\x6aSignature1";
/// The same for `COSE_Sign`: an array of five.
const SIGN_CONTEXT: &[u8] = b"\x85\x69Signature";
/// An empty `external_aad`.
const NO_AAD: &[u8] = &[0x40];

fn empty_map(d: &mut Decoder<'_>) -> Result<(), CborError> {
    let at = d.error(CborErrorKind::UnknownKey);
    match d.map()?.key(d)? {
        None => Ok(()),
        Some(_) => Err(at),
    }
}

fn require(condition: bool, label: i64) -> Result<(), CoseError> {
    if condition { Ok(()) } else { Err(CoseError::Header(label)) }
}

/// Decodes a protected header; offsets in its errors count from the header's start.
fn decode_headers(protected: &[u8], typ: Option<Typ>) -> Result<Headers<'_>, CoseError> {
    Decoder::all(protected, |d| {
        let mut headers = Headers::default();
        let (mut alg, mut typed) = (false, false);
        let mut map = d.map()?;
        while let Some(key) = map.key(d)? {
            let unknown = d.error(CborErrorKind::UnknownKey);
            match key {
                Key::Int(label::ALG) => {
                    alg = d.int()? == ALG_ED25519;
                    if !alg {
                        return Err(CoseError::Alg);
                    }
                }
                Key::Int(label::KID) => headers.kid = Some(Kid(*d.byte_array()?)),
                Key::Int(label::KCWT) => headers.kcwt = Some(d.item()?),
                Key::Int(label::TYP) => {
                    decode_typ(d, typ.ok_or(CoseError::Header(label::TYP))?)?;
                    typed = true;
                }
                _ => return Err(unknown.into()),
            }
        }
        if !alg {
            return Err(CoseError::Alg);
        }
        if typ.is_some() && !typed {
            return Err(CoseError::Typ);
        }
        Ok(headers)
    })
}

fn decode_body_header(protected: &[u8], typ: Typ) -> Result<(), CoseError> {
    Decoder::all(protected, |d| {
        let mut map = d.map()?;
        match map.key(d)? {
            Some(Key::Int(label::TYP)) => decode_typ(d, typ)?,
            _ => return Err(CoseError::Typ),
        }
        match map.key(d)? {
            None => Ok(()),
            Some(_) => Err(d.error(CborErrorKind::UnknownKey).into()),
        }
    })
}

fn decode_typ(d: &mut Decoder<'_>, expected: Typ) -> Result<(), CoseError> {
    let same = match expected {
        Typ::ContentFormat(number) => d.uint::<u16>()? == number,
        Typ::MediaType(name) => d.text()? == name,
    };
    if same { Ok(()) } else { Err(CoseError::Typ) }
}

fn encode_typ(out: &mut Encoder, typ: Typ) {
    match typ {
        Typ::ContentFormat(number) => out.uint(number),
        Typ::MediaType(name) => out.text(name),
    };
}

fn encode_headers(typ: Option<Typ>, headers: Headers<'_>) -> Vec<u8> {
    let pairs = [true, headers.kid.is_some(), headers.kcwt.is_some(), typ.is_some()];
    let mut out = Encoder::new();
    out.map(pairs.into_iter().filter(|&there| there).count());
    out.int(label::ALG).int(ALG_ED25519);
    if let Some(kid) = headers.kid {
        out.int(label::KID).bytes(&kid.0);
    }
    if let Some(kcwt) = headers.kcwt {
        out.int(label::KCWT).raw(kcwt);
    }
    if let Some(typ) = typ {
        out.int(label::TYP);
        encode_typ(&mut out, typ);
    }
    out.finish()
}

/// A public key as a `COSE_Key` (RFC 9052 §7, RFC 9053 §7.2) to be published: with the `kid` and the `alg` by which
/// libraries find the key of a message.
#[must_use]
pub fn public_key(key: &VerifyingKey) -> Vec<u8> {
    let mut out = Encoder::new();
    out.map(5).int(1).uint(1_u8).int(2).bytes(&key.kid().0).int(3).int(ALG_ED25519);
    out.int(-1).uint(6_u8).int(-2).bytes(key.as_bytes());
    out.finish()
}

#[cfg(test)]
#[path = "tests/cose.rs"]
mod tests;
