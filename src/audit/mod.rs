//! The audit: what anyone can compute from the ledgers, byte for byte the same for everyone.

mod settle;
mod statement;

pub use settle::{CutOff, Earlier, Liable, Period, SettleError, Settled, settle};
pub use statement::{
    CoPayment, LateUse, Line, MAX_STATEMENT, Net, OverUseLine, Payment, Pool, RULES, Statement, StatementError,
};
