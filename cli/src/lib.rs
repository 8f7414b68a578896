//! onecard-cli.
