//! How an exported function runs.

use crate::Status;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs the body of an exported function; a panic becomes [`Status::Panic`].
///
/// What outlives a call is in a handle, which a panic poisons: see `ptr::Handle`.
pub(crate) fn run(body: impl FnOnce() -> Result<(), Status>) -> Status {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(())) => Status::Ok,
        Ok(Err(status)) => status,
        Err(_) => Status::Panic,
    }
}

/// A number as the smaller type that it has to fit.
pub(crate) fn narrow<T: TryFrom<u32>>(number: u32) -> Result<T, Status> {
    T::try_from(number).map_err(|_| Status::OutOfRange)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_a_status() {
        let status = run(|| panic!("the panic of a test, printed on purpose"));
        assert_eq!(status, Status::Panic);
        assert_eq!(run(|| Err(Status::Length)), Status::Length);
        assert_eq!(run(|| Ok(())), Status::Ok);
    }
}
