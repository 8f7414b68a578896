//! An audit of published files.

use crate::Status;
use crate::buffer::Buffer;
use crate::call::run;
use crate::ptr::{Out, handle, optional_array, utf8};
use core::ffi::c_char;
use onecard::audit::{self, FindingSeverity, Options, Report};
use onecard::crypto::Hash;
use onecard_store::Folder;

/// What an audit came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct Audited {
    /// Findings that something is wrong: 0 where all is well.
    pub errors: u64,
    /// Findings that are worth knowing, with nothing wrong.
    pub notices: u64,
    /// Uses beyond the rules: not damage, but money.
    pub over_use: u64,
    /// Ledgers read.
    pub ledgers: u64,
    /// Entries of ledgers.
    pub entries: u64,
    /// Journals read.
    pub journals: u64,
    /// Records of journals.
    pub records: u64,
    /// Redemptions among them.
    pub redemptions: u64,
    /// Evidence verified.
    pub evidence: u64,
    /// Redemptions whose evidence was erased.
    pub pruned: u64,
    /// 1 where there is a statement, else 0.
    pub has_statement: u32,
    /// 0; for later versions.
    pub reserved: u32,
    /// SHA-256 of the trust list that the audit started from; zeros where there was none.
    pub anchor: [u8; 32],
    /// SHA-256 of the statement; zeros where there is none.
    pub statement: [u8; 32],
}

/// Audits the files that cities published below `directory`.
///
/// `anchor` is the pinned SHA-256 of a trust list, 32 bytes; with NULL and length 0 the first list found
/// is taken as it is: then compare `anchor` of the result with what you know. `threads` is how many to
/// use, 1 to 256; the result does not depend on it.
///
/// It never fails for what it reads: what cannot be read or verified is a finding. `report` is the whole
/// of it in JSON, as `onecard audit --json` prints it, each cause once; free it with onecard_buffer_free.
///
/// # Safety
/// `directory` and `anchor` are valid for their lengths; `audited` and `report` are NULL or can be
/// written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onecard_audit(
    directory: *const c_char,
    directory_length: usize,
    anchor: *const u8,
    anchor_length: usize,
    threads: u32,
    audited: *mut Audited,
    report: *mut *mut Buffer,
) -> Status {
    run(|| {
        // SAFETY: the caller's promise is the same.
        let (directory, anchor, audited, json) = unsafe {
            (
                utf8(directory, directory_length)?,
                optional_array(anchor, anchor_length)?,
                Out::new(audited)?,
                Out::new(report)?,
            )
        };
        // An empty path would be the working directory.
        if directory.is_empty() {
            return Err(Status::StoreMissing);
        }
        let threads = usize::try_from(threads).ok().filter(|threads| (1..=MAX_THREADS).contains(threads));
        let threads = threads.ok_or(Status::OutOfRange)?;
        let anchor = anchor.map(|anchor| Hash(*anchor));
        let options = Options { anchor, threads, group: true, ..Options::default() };
        let found = audit::audit(&Folder::new(directory), &options);
        let text = found.to_json();
        audited.set(Audited::from(&found));
        json.set(handle::<Buffer>(text.into_bytes().into_boxed_slice()));
        Ok(())
    })
}

/// More threads than any machine that audits has.
const MAX_THREADS: usize = 256;

impl From<&Report> for Audited {
    fn from(report: &Report) -> Self {
        let audit::Counts { ledgers, entries, journals, records, redemptions, evidence, pruned } = report.counts;
        let of = |severity| {
            let found = report.findings.iter().filter(|finding| finding.severity == severity);
            found.fold(0_u64, |count, finding| count.saturating_add(finding.count))
        };
        let statement = report.statement.as_ref().map(audit::Statement::digest);
        Self {
            errors: of(FindingSeverity::Error),
            notices: of(FindingSeverity::Notice),
            over_use: report.over_use.len() as u64,
            ledgers,
            entries,
            journals,
            records,
            redemptions,
            evidence,
            pruned,
            has_statement: statement.is_some().into(),
            reserved: 0,
            anchor: report.anchor.map_or([0; 32], |anchor| anchor.0),
            statement: statement.map_or([0; 32], |statement| statement.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::mem::{align_of, offset_of, size_of};

    #[test]
    fn the_layout_is_frozen() {
        assert_eq!((size_of::<Audited>(), align_of::<Audited>()), (152, 8));
        let offsets = [
            offset_of!(Audited, errors),
            offset_of!(Audited, notices),
            offset_of!(Audited, over_use),
            offset_of!(Audited, ledgers),
            offset_of!(Audited, entries),
            offset_of!(Audited, journals),
            offset_of!(Audited, records),
            offset_of!(Audited, redemptions),
            offset_of!(Audited, evidence),
            offset_of!(Audited, pruned),
            offset_of!(Audited, has_statement),
            offset_of!(Audited, reserved),
            offset_of!(Audited, anchor),
            offset_of!(Audited, statement),
        ];
        assert_eq!(offsets, [0, 8, 16, 24, 32, 40, 48, 56, 64, 72, 80, 84, 88, 120]);
    }
}
