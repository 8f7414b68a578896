//! Tests of several files together, most of them on a disk that is simulated.

mod damage;
mod fault;
mod names;
pub(crate) mod simulated;
