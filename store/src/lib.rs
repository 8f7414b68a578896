//! onecard-store.
