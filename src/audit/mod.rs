//! The audit: what anyone can compute from the published files, byte for byte the same for everyone.
//!
//! [`audit`] replays ledgers and journals, checks every byte of them against hashes and signatures,
//! decides every admission again, finds over-use and who is liable, and settles. It goes on after
//! what it finds; what it finds is named by place and rule.
//!
//! [`prove_over_use`] makes of over-use a file for each pass, which convinces who has the trust lists and
//! nothing else: [`OverUseProof`].

mod agreement;
mod case;
mod cause;
mod consistency;
mod counts;
mod day;
mod depth;
mod evidence;
mod export;
mod extent;
mod files;
mod finding;
mod gate_lists;
mod journals;
mod json;
mod knowledge;
mod ledgers;
mod lists;
mod moment;
mod options;
mod overuse;
mod parts;
mod paths;
mod periods;
mod printed;
mod proof;
mod published;
mod readings;
mod records;
mod report;
mod run;
mod settle;
mod shown;
mod standing;
mod statement;
mod threads;
mod uses;

pub use counts::Counts;
pub use depth::Depth;
pub use export::prove_over_use;
pub use files::{Files, Listing, MemoryFiles};
pub use finding::{Finding, FindingSeverity, Rule};
pub use options::Options;
pub use overuse::{OtherGrant, OverUse};
pub use printed::Printed;
pub use proof::{MAX_OVER_USE, MAX_OVER_USE_USES, OverUseError, OverUseProof, ProvenOverUse, ProvenUse};
pub use report::{LedgerRead, Report};
pub use run::audit;
pub use settle::{Earlier, SettleError, Settled, settle};
pub use shown::ShownError;
pub use statement::{
    Adjustment, CoPayment, LateUse, MAX_STATEMENT, Net, OverUseLine, Payment, Pool, RULES, SettlementPeriod, Statement,
    StatementError, StatementLine, TakenBack,
};
pub use uses::Liable;
