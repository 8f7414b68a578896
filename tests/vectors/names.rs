//! The name of every refusal, as the vectors have it.
//!
//! The names are for other implementations too: they say what is wrong, not in which layer of ours it
//! was found. A name is frozen with the vectors; the texts of the errors are not.

use onecard::crypto::{KeyError, SignatureError};
use onecard::gate::{RecordError, SegmentError, UsageDigestError};
use onecard::id::IdError;
use onecard::ledger::{EntryError, ReceiptError};
use onecard::pass::{ClaimsError, PassError};
use onecard::product::ProductError;
use onecard::tlog::{NoteError, ProofError, TlogProofError};
use onecard::trust::{BundleError, CatalogueError, CertificateError, StatusError, TrustError};
use onecard::wire::cbor::{CborError, CborErrorKind};
use onecard::wire::cose::CoseError;
use onecard::wire::text::TextError;
use std::collections::BTreeSet;
use std::fmt::Debug;

/// Variants of the error types (`"KeyError::SmallOrder"`) and texts of rules that were met.
#[derive(Default)]
pub(crate) struct Seen(pub BTreeSet<String>);

impl Seen {
    fn see(&mut self, of: &str, error: &impl Debug) {
        let text = format!("{error:?}");
        let variant: String = text.chars().take_while(|c| c.is_alphanumeric()).collect();
        self.0.insert(format!("{of}::{variant}"));
    }

    fn rule(&mut self, text: &'static str) -> String {
        self.0.insert(text.to_owned());
        let found = RULES.iter().find(|(rule, _)| *rule == text);
        found.unwrap_or_else(|| panic!("the rule {text:?} has no name")).1.to_owned()
    }
}

/// Why something is refused, by a name that other implementations can use.
pub(crate) trait Named {
    fn name(&self, seen: &mut Seen) -> String;
}

/// The rules that our errors tell by their text.
pub(crate) const RULES: &[(&str, &str)] = &[
    ("exp is not after nbf", "claims.exp_not_after_nbf"),
    ("exp is not after iat", "claims.exp_not_after_iat"),
    ("no holder key, and not allowed to be shown without", "claims.no_holder_key"),
    ("an unknown flag", "unknown_flag"),
    ("the status uri is empty or too long", "claims.status_uri"),
    ("a commitment to a document that nobody has to compare", "claims.commitment_without_check"),
    ("a member is a city (0) or an auditor (1)", "trust_list.member_kind"),
    ("an unknown role", "trust_list.unknown_role"),
    ("a threshold above 255", "trust_list.threshold_range"),
    ("the federation domain is empty or too long", "trust_list.federation_length"),
    ("the federation domain has other characters than a-z, 0-9, dot and hyphen", "trust_list.federation_characters"),
    ("expires before it is issued", "expires_before_issued"),
    ("members not in ascending order, or one twice", "trust_list.member_order"),
    ("a member's name is too long", "trust_list.name_length"),
    ("a key that is never valid", "trust_list.key_never_valid"),
    ("an auditor with a key that is not a witness key", "trust_list.auditor_key"),
    ("a root threshold that cannot be met", "trust_list.root_threshold_unmeetable"),
    ("a witness quorum that cannot be met", "trust_list.witness_quorum_unmeetable"),
    ("a witness quorum that no note holds", "trust_list.witness_quorum_unmeetable"),
    ("a fresh status list that is too old", "trust_list.status_ages"),
    ("a fresh catalogue that is too old", "trust_list.catalogue_ages"),
    ("a code that is early and suspect at once", "trust_list.code_ages"),
    ("a code that outlives its re-scan", "trust_list.code_life"),
    ("issued by another member", "issuer_mismatch"),
    ("venues not in ascending order, or one twice", "catalogue.venue_order"),
    ("products not in ascending order, or one twice", "catalogue.product_order"),
    ("a product of another member", "catalogue.foreign_product"),
    ("a venue's code or name is too long", "catalogue.name_length"),
    ("a price out of range", "catalogue.price_range"),
    ("not within the validity of its registrar's key", "certificate.outlives_key"),
    ("a gate is numbered from 1", "certificate.gate_number"),
    ("never valid", "certificate.never_valid"),
    ("iss is not a member id", "id.member"),
    ("sub is not a gate of iss", "certificate.gate_name"),
    ("the uri is empty or too long", "status.uri"),
    ("bits is not 1 or 2", "status.bits"),
    ("an unknown reason", "record.reason"),
    ("an override of an admission", "record.override"),
    ("an outage of the future", "record.outage"),
    ("a jump of the clock that is none", "record.jump"),
    ("a list not in ascending order", "not_ascending"),
    ("leaves out passes that are not over yet", "usage.over"),
    ("too many runs of entries", "usage.runs"),
    ("a pass whose term is over", "usage.pass_over"),
    ("a fact of a ledger that it tells nothing of", "usage.ledger"),
    ("a pass of which nothing is told", "usage.nothing"),
    ("an issuer of no pass", "usage.nothing"),
    ("a gate where nothing was used", "usage.gate"),
    ("runs of entries not ascending and apart", "not_ascending"),
    ("gates not ascending", "not_ascending"),
    ("passes not ascending", "not_ascending"),
    ("uses or annulments not ascending, or one twice", "not_ascending"),
    ("a gap of nothing", "entry.gap"),
    ("a period of nothing", "entry.period"),
    ("cut-offs not in ascending order", "not_ascending"),
];

impl Named for CborError {
    fn name(&self, seen: &mut Seen) -> String {
        use CborErrorKind as K;
        seen.see("CborErrorKind", &self.kind);
        let name = match self.kind {
            K::End => "cbor.end",
            K::NotMinimal => "cbor.not_minimal",
            K::Indefinite => "cbor.indefinite",
            K::Expected(_) => "cbor.type",
            K::Range => "cbor.range",
            K::KeyOrder => "cbor.key_order",
            // Which of the two it is depends on the order of reading.
            K::UnknownKey | K::MissingKey(_) => "cbor.keys",
            K::Utf8 => "cbor.utf8",
            K::Depth => "cbor.depth",
            K::Unused => "cbor.unused",
            K::Trailing => "cbor.trailing",
            other => panic!("{other:?} has no name"),
        };
        name.to_owned()
    }
}

impl Named for CoseError {
    fn name(&self, seen: &mut Seen) -> String {
        seen.see("CoseError", self);
        match self {
            Self::Cbor(error) => error.name(seen),
            Self::Alg => "cose.alg".into(),
            Self::Typ => "cose.typ".into(),
            Self::Header(_) => "cose.header".into(),
            other => panic!("{other:?} has no name"),
        }
    }
}

impl Named for KeyError {
    fn name(&self, seen: &mut Seen) -> String {
        seen.see("KeyError", self);
        match self {
            Self::NotAPoint => "key.not_a_point".into(),
            Self::NonCanonical => "key.non_canonical".into(),
            Self::SmallOrder => "key.small_order".into(),
            Self::MixedOrder => "key.mixed_order".into(),
            other => panic!("{other:?} has no name"),
        }
    }
}

impl Named for SignatureError {
    fn name(&self, _: &mut Seen) -> String {
        "signature".into()
    }
}

impl Named for IdError {
    fn name(&self, seen: &mut Seen) -> String {
        seen.see("IdError", self);
        match self {
            Self::Member => "id.member".into(),
            Self::Pass => "id.pass".into(),
            other => panic!("{other:?} has no name"),
        }
    }
}

impl Named for TextError {
    fn name(&self, seen: &mut Seen) -> String {
        seen.see("TextError", self);
        match self {
            Self::TooLong(_) => "too_long".into(),
            Self::Prefix => "text.prefix".into(),
            Self::Alphabet(_) => "text.alphabet".into(),
            Self::Group(_) => "text.group".into(),
            other => panic!("{other:?} has no name"),
        }
    }
}

impl Named for TrustError {
    fn name(&self, seen: &mut Seen) -> String {
        seen.see("TrustError", self);
        match self {
            Self::TooLong(_) => "too_long".into(),
            Self::Encoding(error) => error.name(seen),
            Self::Key(_, error) => error.name(seen),
            Self::Rule(text) => seen.rule(text),
            Self::KeyTwice(_) => "trust_list.key_twice".into(),
            Self::KeyInTwoRoles(_) => "trust_list.key_in_two_roles".into(),
            Self::KeyInTwoMembers(_) => "trust_list.key_in_two_members".into(),
            Self::DuplicateKid(_) => "trust_list.duplicate_kid".into(),
            Self::Signer(_) => "trust_list.signer".into(),
            Self::Threshold { .. } => "trust_list.threshold".into(),
            Self::Anchor => "trust_list.anchor".into(),
            Self::NotFirst(_) => "trust_list.not_first".into(),
            Self::Rollback { .. } => "rollback".into(),
            Self::Gap { .. } => "trust_list.gap".into(),
            Self::OtherFederation => "trust_list.other_federation".into(),
            Self::IssuedBefore { .. } => "trust_list.issued_earlier".into(),
            Self::Expired(_) => "trust_list.expired".into(),
            Self::NotYetIssued(_) => "trust_list.not_yet_issued".into(),
            Self::UnknownKey(_) => "trust.unknown_key".into(),
            Self::WrongRole(_) => "trust.wrong_role".into(),
            Self::KeyTime(_) => "trust.key_time".into(),
            other => panic!("{other:?} has no name"),
        }
    }
}

impl Named for CatalogueError {
    fn name(&self, seen: &mut Seen) -> String {
        seen.see("CatalogueError", self);
        match self {
            Self::TooLong(_) => "too_long".into(),
            Self::Encoding(error) => error.name(seen),
            Self::Trust(error) => error.name(seen),
            Self::Signature(error) => error.name(seen),
            Self::Product(error) => error.name(seen),
            Self::Rule(text) => seen.rule(text),
            other => panic!("{other:?} has no name"),
        }
    }
}

/// Products have a section of their own in the format, and many rules: what is told here is that a
/// catalogue with such a product is refused.
impl Named for ProductError {
    fn name(&self, seen: &mut Seen) -> String {
        seen.see("ProductError", self);
        match self {
            Self::Cbor(error) => error.name(seen),
            Self::Name => "product.name".into(),
            Self::GrantCount => "product.grant_count".into(),
            Self::Holders => "product.holders".into(),
            Self::PartyMax => "product.party_max".into(),
            Self::Settlement => "product.settlement".into(),
            Self::Grant { .. } => "product.grant".into(),
            other => panic!("{other:?} has no name"),
        }
    }
}

impl Named for CertificateError {
    fn name(&self, seen: &mut Seen) -> String {
        seen.see("CertificateError", self);
        match self {
            Self::TooLong(_) => "too_long".into(),
            Self::Encoding(error) => error.name(seen),
            Self::Trust(error) => error.name(seen),
            Self::Signature(error) => error.name(seen),
            Self::Key(error) => error.name(seen),
            Self::NotInForce => "certificate.not_in_force".into(),
            Self::Rule(text) => seen.rule(text),
            other => panic!("{other:?} has no name"),
        }
    }
}

impl Named for StatusError {
    fn name(&self, seen: &mut Seen) -> String {
        seen.see("StatusError", self);
        match self {
            Self::TooLong(_) => "too_long".into(),
            Self::Encoding(error) => error.name(seen),
            Self::Trust(error) => error.name(seen),
            Self::Signature(error) => error.name(seen),
            Self::Rule(text) => seen.rule(text),
            Self::Compression => "status.compression".into(),
            other => panic!("{other:?} has no name"),
        }
    }
}

impl Named for BundleError {
    fn name(&self, seen: &mut Seen) -> String {
        seen.see("BundleError", self);
        match self {
            Self::Trust(error) => error.name(seen),
            Self::Catalogue(error) => error.name(seen),
            Self::Status(error) => error.name(seen),
            Self::Rollback(_) => "rollback".into(),
            Self::Future(_) => "bundle.future".into(),
            Self::Expired(_) => "bundle.expired".into(),
            Self::TooMany(_) => "bundle.too_many".into(),
            Self::TooLong(_) => "too_long".into(),
            Self::Encoding(error) => error.name(seen),
            Self::Order => "bundle.order".into(),
            Self::ProductChanged(_) => "catalogue.product_changed".into(),
            other => panic!("{other:?} has no name"),
        }
    }
}

impl Named for ClaimsError {
    fn name(&self, seen: &mut Seen) -> String {
        seen.see("ClaimsError", self);
        match self {
            Self::Cbor(error) => error.name(seen),
            Self::Id(error) => error.name(seen),
            Self::Key(error) => error.name(seen),
            Self::Critical(_) => "claims.critical".into(),
            Self::Version(_) => "claims.version".into(),
            Self::Rule(text) => seen.rule(text),
            other => panic!("{other:?} has no name"),
        }
    }
}

impl Named for PassError {
    fn name(&self, seen: &mut Seen) -> String {
        seen.see("PassError", self);
        match self {
            Self::TooLong(_) => "too_long".into(),
            Self::Encoding(error) => error.name(seen),
            Self::Claims(error) => error.name(seen),
            Self::Issuer(error) => error.name(seen),
            Self::IssuerMismatch => "issuer_mismatch".into(),
            Self::KeyValidity => "pass.outlives_key".into(),
            Self::PassSignature => "pass.issuer_signature".into(),
            Self::NotYetValid(_) => "pass.not_yet_valid".into(),
            Self::Expired(_) => "pass.expired".into(),
            Self::ProofRequired => "pass.proof_required".into(),
            Self::NoHolderKey => "pass.no_holder_key".into(),
            Self::HolderSignature => "pass.holder_signature".into(),
            Self::Nonce => "pass.nonce".into(),
            Self::Audience => "pass.audience".into(),
            Self::BeforePass => "pass.code_before_pass".into(),
            Self::AfterPass => "pass.code_after_pass".into(),
            Self::Early(_) => "pass.early".into(),
            Self::ClockSuspect(_) => "pass.clock_suspect".into(),
            Self::Late(_) => "pass.late".into(),
            other => panic!("{other:?} has no name"),
        }
    }
}

impl Named for NoteError {
    fn name(&self, seen: &mut Seen) -> String {
        seen.see("NoteError", self);
        match self {
            Self::TooLong(_) => "too_long".into(),
            Self::NotText => "note.not_text".into(),
            Self::Shape => "note.shape".into(),
            Self::Line(_) => "note.line".into(),
            Self::TooManySignatures => "note.too_many_signatures".into(),
            Self::TwoLines(_) => "note.two_lines".into(),
            Self::NotSigned(_) => "note.not_signed".into(),
            Self::Signature(_) => "note.signature".into(),
            Self::Time(_) => "note.time".into(),
            Self::KeyName => "note.key_name".into(),
            Self::VerifierKey => "note.vkey".into(),
            Self::Key(error) => error.name(seen),
            Self::WrongKind(_) => "note.wrong_kind".into(),
            Self::Checkpoint(_) => "checkpoint.text".into(),
            Self::OtherLog(_) => "checkpoint.other_log".into(),
            other => panic!("{other:?} has no name"),
        }
    }
}

impl Named for ProofError {
    fn name(&self, seen: &mut Seen) -> String {
        seen.see("ProofError", self);
        match self {
            Self::OutOfRange => "proof.out_of_range".into(),
            Self::Length => "proof.length".into(),
            Self::Root => "proof.root".into(),
            other => panic!("{other:?} has no name"),
        }
    }
}

impl Named for TlogProofError {
    fn name(&self, seen: &mut Seen) -> String {
        seen.see("TlogProofError", self);
        match self {
            Self::TooLong(_) => "too_long".into(),
            Self::Line(_) => "tlog_proof.line".into(),
            Self::Note(error) => error.name(seen),
            Self::Proof(error) => error.name(seen),
            Self::Quorum { .. } => "tlog_proof.quorum".into(),
            other => panic!("{other:?} has no name"),
        }
    }
}

impl Named for RecordError {
    fn name(&self, seen: &mut Seen) -> String {
        seen.see("RecordError", self);
        match self {
            Self::Cbor(error) => error.name(seen),
            Self::Kind(_) => "record.kind".into(),
            Self::Rule(text) => seen.rule(text),
            other => panic!("{other:?} has no name"),
        }
    }
}

impl Named for SegmentError {
    fn name(&self, seen: &mut Seen) -> String {
        seen.see("SegmentError", self);
        match self {
            Self::TooLong(_) => "too_long".into(),
            Self::Cbor(error) => error.name(seen),
            other => panic!("{other:?} has no name"),
        }
    }
}

impl Named for UsageDigestError {
    fn name(&self, seen: &mut Seen) -> String {
        seen.see("UsageDigestError", self);
        match self {
            Self::TooLong(_) => "too_long".into(),
            Self::Encoding(error) => error.name(seen),
            Self::Trust(error) => error.name(seen),
            Self::Signature(error) => error.name(seen),
            Self::Rule(text) => seen.rule(text),
            Self::OtherMember(_) => "usage.other_city".into(),
            Self::Future => "usage.future".into(),
            other => panic!("{other:?} has no name"),
        }
    }
}

impl Named for EntryError {
    fn name(&self, seen: &mut Seen) -> String {
        seen.see("EntryError", self);
        match self {
            Self::Cbor(error) => error.name(seen),
            Self::Kind(_) => "entry.kind".into(),
            Self::Rule(text) => seen.rule(text),
            other => panic!("{other:?} has no name"),
        }
    }
}

impl Named for ReceiptError {
    fn name(&self, seen: &mut Seen) -> String {
        seen.see("ReceiptError", self);
        match self {
            Self::Shape => "receipt.shape".into(),
            Self::Proof(error) => error.name(seen),
            Self::Extra => "receipt.extra".into(),
            Self::Certificate(error) => error.name(seen),
            Self::NotInForce => "receipt.not_in_force".into(),
            Self::Record(error) => error.name(seen),
            Self::Entry(error) => error.name(seen),
            Self::Note(error) => error.name(seen),
            Self::NotFinal => "receipt.not_final".into(),
            Self::OtherSeal => "receipt.other_seal".into(),
        }
    }
}
