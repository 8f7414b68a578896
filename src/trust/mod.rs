//! Who is trusted for what: trust list, catalogues, status lists, gate certificates, and the bundle
//! of them that a gate carries.
//!
//! Every type here is made by verification alone: its fields say what a threshold of roots, a
//! registrar or an issuer signed. Algorithm, role and validity of a key come from the trust list,
//! never from the message the key signed.

mod bundle;
mod catalogue;
mod certificate;
mod list;
mod prepared;
mod status;
#[cfg(test)]
pub(crate) use list::tests as test_federation;

pub use bundle::{Age, Bundle, BundleError};
pub use catalogue::{Catalogue, CatalogueError, CatalogueSpec, Venue};
pub use certificate::{CertificateError, GateCertificate, GateCertificateSpec};
pub use list::{KeyEntry, Member, MemberKind, Policy, Role, TrustError, TrustList, TrustListSpec};
pub use status::{Status, StatusError, StatusList, StatusListSpec};
