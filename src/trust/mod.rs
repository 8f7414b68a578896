//! Who is trusted for what: trust lists and their history, catalogues, status lists, gate certificates, and the bundle
//! of them that a gate carries.
//!
//! Every type here is made by verification alone: its fields say what a threshold of roots, a
//! registrar or an issuer signed. Algorithm, role and validity of a key come from the trust list,
//! never from the message the key signed.

mod age;
mod bundle;
mod catalogue;
mod certificate;
mod error;
mod history;
mod list;
mod member;
mod policy;
mod prepared;
mod spec;
mod status;
mod update;
#[cfg(test)]
pub(crate) use list::tests as test_federation;

pub use age::{Age, Piece, PieceAge};
pub use bundle::{Bundle, BundleError};
pub use catalogue::{Catalogue, CatalogueError, CatalogueSpec, Venue};
pub use certificate::{CertificateError, GateCertificate, GateCertificateSpec, SignedGateCertificate};
pub use error::TrustError;
pub use history::{Keys, TrustHistory};
pub use list::TrustList;
pub use member::{KeyEntry, Member, MemberKind, Role};
pub use policy::Policy;
pub use spec::TrustListSpec;
pub use status::{Status, StatusError, StatusList, StatusListSpec};
