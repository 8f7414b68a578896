//! How what owns a store is opened.

/// How a ledger or a witness is opened.
#[derive(Clone, Copy, Debug, Default)]
pub struct OpenOptions<'a> {
    /// For a store that may be an old copy, restored from a backup or rebuilt: checkpoints that others have. What went
    /// on from less than was signed would sign a second history, so it opens only if it has all that it is shown.
    pub newest: &'a [&'a [u8]],
}
