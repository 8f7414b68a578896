//! How a command ends that does not succeed.

use std::path::Path;

/// Why a command did not succeed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// What was to be verified does not verify.
    Refused(String),
    /// The command cannot be carried out.
    Usage(String),
    /// The same, and all about it is in the report.
    Said,
}

impl Failure {
    pub(crate) fn io(path: &Path, error: &std::io::Error) -> Self {
        Self::Usage(format!("{}: {error}", path.display()))
    }
}
