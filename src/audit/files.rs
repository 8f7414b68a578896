//! What an audit reads: published files, by path.
//!
//! ```text
//! trust/trust-list-<sequence>.cose
//! trust/catalogue-<member>-<sequence>.cose
//! trust/status-<member>-<n>.cose                      n from 1, in order of issue
//! ledger/<member>/checkpoint, tile/...                C2SP tlog-tiles
//! journal/<member>/<gate>/checkpoint, tile/...        the same
//! evidence/<member>/<gate>/<index>[.p/<w>]            as entry bundles, empty where there is none
//! statement.cbor                                      optional: compared with what is computed
//! ```

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::convert::Infallible;

/// Published files, wherever they come from. Nothing about them is trusted.
pub trait Files: Sync {
    /// How reading fails.
    type Error: std::error::Error;

    /// Every path below `ledger/`, `journal/`, `evidence/` and `trust/`, with `/` between its parts,
    /// in ascending order. An audit asks twice, before and after it reads the checkpoints: what is published
    /// meanwhile does not disturb it.
    ///
    /// # Errors
    /// The storage's own.
    fn list(&self) -> Result<Vec<String>, Self::Error>;

    /// The content of a file, or `None` when there is no such file. A file longer than any the
    /// formats allow may be an error instead.
    ///
    /// # Errors
    /// The storage's own.
    fn read(&self, path: &str) -> Result<Option<Cow<'_, [u8]>>, Self::Error>;
}

/// Published files in memory.
pub type MemoryFiles = BTreeMap<String, Vec<u8>>;

impl Files for MemoryFiles {
    type Error = Infallible;

    fn list(&self) -> Result<Vec<String>, Infallible> {
        let audited =
            |path: &&String| ["ledger/", "journal/", "evidence/", "trust/"].iter().any(|top| path.starts_with(top));
        Ok(self.keys().filter(audited).cloned().collect())
    }

    fn read(&self, path: &str) -> Result<Option<Cow<'_, [u8]>>, Infallible> {
        Ok(self.get(path).map(Cow::from))
    }
}
