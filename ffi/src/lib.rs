//! onecard-ffi.
