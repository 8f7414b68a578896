//! What the tests, benches, examples and fuzz targets of onecard share. It is published nowhere.
//!
//! | module | what it is |
//! |---|---|
//! | [`federation`] | four cities with lists of their own, one gate, and codes that visitors show |
//! | [`day`] | a small day: gates, ledgers and witnesses in memory, and what they publish |
//! | [`script`], [`cases`] | what everybody says on a good day, and each way in which it is damaged |
//! | [`played`], [`settled`] | days of as many redemptions as are wanted |
//! | [`stores`] | stores that fail, count, or are in several hands |
//! | [`nearly`] | encodings with one flaw |
//! | [`programs`] | examples, built to be run |
//! | [`chance`] | keys and numbers that follow from a seed |
//!
//! Unit tests of the root crate cannot use it: to them it would bring a second copy of the crate.
#![forbid(unsafe_code)]
#![allow(missing_docs, reason = "what is not plain by its name has a comment")]

pub mod cases;
pub mod chance;
pub mod day;
pub mod federation;
pub mod nearly;
pub mod played;
pub mod programs;
pub mod script;
pub mod settled;
pub mod stores;
