//! The pass: issue it, present it, verify it.
//!
//! A pass is a CWT (RFC 8392) in `COSE_Sign1`; a presentation is a key-binding token
//! (draft-ietf-spice-sd-cwt §8) around it, signed by the holder's key. Neither knows of logs.

mod bulk;
mod claims;
mod holder_id;
mod present;
mod verify;

pub use bulk::verify_all;
pub use claims::{ClaimsError, IssueError, PassClaims, StatusRef, StatusUri, flags};
pub use holder_id::{DocumentError, IdCommitment, IdOpening};
pub use present::{PRESENTATION, PresentError, present};
pub use verify::{Audience, Challenge, Check, PassError, Presented, Proof, verify};
