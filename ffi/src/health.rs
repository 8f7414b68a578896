//! How fit a gate is to decide: the age of what it knows, and what fails tonight.

use crate::bundle::Bundle;
use crate::call::run;
use crate::constant::texts;
use crate::gate::Gate;
use crate::meta::tell;
use crate::pass::ListAge;
use crate::ptr::{Out, Slots, borrow, bytes};
use crate::reason::Severity;
use crate::{Status, fixed};
use core::ffi::c_char;
use onecard::gate;
use onecard::id::MemberId;
use onecard::time::UnixTime;
use onecard::trust::{self, GateCertificate, PieceAge};

/// What is wrong with a gate. A number keeps its meaning for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
#[non_exhaustive]
pub enum Trouble {
    /// The store does not take a commit.
    Store = 1,
    /// The clock shows a time before the last record or the trust list: it was never set, or set back.
    ClockBehind = 2,
    /// The clock jumped and was not set since.
    ClockInDoubt = 3,
    /// The gate certificate is not in force.
    Certificate = 4,
    /// The journal names newer lists than the gate has.
    ListsBehind = 5,
    /// A member that sells passes has no issuer key in force.
    IssuerKey = 6,
    /// A member that sells passes has no status list here.
    StatusMissing = 7,
    /// A list is stale.
    ListStale = 8,
    /// A list is too old.
    ListTooOld = 9,
    /// So much is not sealed that a segment may get too long to be taken.
    Unsealed = 10,
    /// An outage is open.
    Outage = 11,
    /// The venue is in no catalogue that the gate has: its city's was dropped with the key that signed it.
    VenueMissing = 12,
    /// No product in any catalogue here is good for the venue and the gate's service.
    NoProduct = 13,
    /// The journal says that the gate knows more uses at other gates than its store does: it was rebuilt.
    UsageMissing = 14,
}

/// One thing that fails now or within a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct Fault {
    /// The first second it fails.
    pub from: i64,
    /// What: an `onecard_trouble`.
    pub trouble: u32,
    /// What visitors meet then: an `onecard_severity`.
    pub severity: u32,
    /// Whose list or key; 0 where it is about no member's.
    pub member: u32,
    /// 0; for later versions.
    pub reserved: u32,
}

/// The kinds of piece that a gate knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
#[non_exhaustive]
pub enum PieceKind {
    /// One that this version has no number for.
    Other = 0,
    /// The trust list.
    TrustList = 1,
    /// A member's catalogue.
    Catalogue = 2,
    /// An issuer's status list.
    StatusList = 3,
    /// The gate's own certificate.
    GateCertificate = 4,
}

/// How old one piece is. Times are Unix seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct Piece {
    /// When it was issued.
    pub issued: i64,
    /// First second it is no longer good for; 0 where it does not say.
    pub expires: i64,
    /// Sequence of a trust list or catalogue, else 0.
    pub sequence: u64,
    /// Which: an `onecard_piece_kind`.
    pub kind: u32,
    /// Whose; 0 for the trust list and the certificate.
    pub member: u32,
    /// What the policy says of it: an `onecard_list_age`.
    pub age: u32,
    /// URI of a status list in UTF-8, then NULs.
    pub uri: [c_char; 68],
    /// 0; for later versions.
    pub reserved: [u32; 2],
}

/// What a gate certificate says. Times are Unix seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct Certificate {
    /// When it was issued.
    pub issued: i64,
    /// First second it is not good for any more.
    pub expires: i64,
    /// The member that enrolled the gate.
    pub member: u32,
    /// Number of the gate there.
    pub gate: u32,
    /// Number of the venue in that member's catalogue.
    pub venue: u32,
    /// The service that the gate is for.
    pub service: u32,
    /// 1 where it is in force at the time asked for, else 0.
    pub in_force: u32,
    /// The gate's public key.
    pub key: [u8; 32],
    /// 0; for later versions.
    pub reserved: u32,
}

/// What fails at `now` or within a day, the first first: ask in the afternoon, while somebody can still
/// mend it.
///
/// Writes the faults to the array `faults` and how many there are to `count`. It writes one row to the
/// store and nothing to the journal.
///
/// # Safety
/// `gate` is NULL or a live handle; `faults` has room for `capacity` of them; `count` is NULL or can be
/// written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onecard_gate_self_test(
    gate: *mut Gate,
    now: i64,
    faults: *mut Fault,
    capacity: usize,
    count: *mut usize,
) -> Status {
    run(|| {
        // SAFETY: the caller's promise is the same.
        let (gate, out) = unsafe { (borrow(gate.cast_const())?, Slots::new(faults, capacity, count)?) };
        let now = UnixTime::new(now)?;
        let found = gate.write(|gate| Ok(gate.self_test(now)))?;
        out.fill(&found.iter().map(Fault::from).collect::<Vec<_>>())
    })
}

/// The text of an `onecard_trouble` in a language (an `onecard_lang`), for staff.
///
/// An unknown trouble or language is ONECARD_STATUS_UNKNOWN_CONSTANT. `*text` is as in onecard_version.
///
/// # Safety
/// `text` and `length` are NULL or can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onecard_trouble_text(
    trouble: u32,
    lang: u32,
    text: *mut *const c_char,
    length: *mut usize,
) -> Status {
    // SAFETY: the caller's promise is the same.
    unsafe { tell(&TEXTS, |row| row as u32, trouble, lang, text, length) }
}

/// How old every piece of what the gate knows is, its own certificate last.
///
/// Writes them to the array `pieces` and how many there are to `count`.
///
/// # Safety
/// `gate` is NULL or a live handle; `pieces` has room for `capacity` of them; `count` is NULL or can be
/// written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onecard_gate_ages(
    gate: *const Gate,
    now: i64,
    pieces: *mut Piece,
    capacity: usize,
    count: *mut usize,
) -> Status {
    run(|| {
        // SAFETY: the caller's promise is the same.
        let (gate, out) = unsafe { (borrow(gate)?, Slots::new(pieces, capacity, count)?) };
        let now = UnixTime::new(now)?;
        let ages: Vec<Piece> = gate.read(|gate| Ok(gate.ages(now).map(Piece::from).collect()))?;
        out.fill(&ages)
    })
}

/// How old every piece of a bundle is. As onecard_gate_ages.
///
/// # Safety
/// `bundle` is NULL or a live handle; `pieces` has room for `capacity` of them; `count` is NULL or can
/// be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onecard_bundle_ages(
    bundle: *const Bundle,
    now: i64,
    pieces: *mut Piece,
    capacity: usize,
    count: *mut usize,
) -> Status {
    run(|| {
        // SAFETY: the caller's promise is the same.
        let (bundle, out) = unsafe { (borrow(bundle)?, Slots::new(pieces, capacity, count)?) };
        let now = UnixTime::new(now)?;
        let ages: Vec<Piece> = bundle.read(|bundle| Ok(bundle.ages(now).map(Piece::from).collect()))?;
        out.fill(&ages)
    })
}

/// Verifies a gate certificate by the bundle's trust list, and tells what it says. One that is not in
/// force at `now` verifies too: see `in_force`.
///
/// # Safety
/// `bundle` is NULL or a live handle; `certificate` is valid for its length; `told` is NULL or can be
/// written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onecard_certificate_verify(
    bundle: *const Bundle,
    certificate: *const u8,
    certificate_length: usize,
    now: i64,
    told: *mut Certificate,
) -> Status {
    run(|| {
        // SAFETY: the caller's promise is the same.
        let (bundle, certificate, out) =
            unsafe { (borrow(bundle)?, bytes(certificate, certificate_length)?, Out::new(told)?) };
        let now = UnixTime::new(now)?;
        out.set(bundle.read(|bundle| {
            let verified = GateCertificate::verify(certificate, bundle.trust())?;
            Ok(Certificate {
                issued: verified.issued().seconds(),
                expires: verified.expires().seconds(),
                member: verified.gate().member.code(),
                gate: verified.gate().number,
                venue: verified.venue().number.into(),
                service: verified.service().into(),
                in_force: verified.covers(now).into(),
                key: *verified.key().as_bytes(),
                reserved: 0,
            })
        })?);
        Ok(())
    })
}

impl From<&gate::Fault> for Fault {
    fn from(fault: &gate::Fault) -> Self {
        Self {
            from: fault.from.seconds(),
            trouble: fault.trouble.number().into(),
            severity: Severity::from(fault.trouble.verdict()) as u32,
            member: fault.member.map_or(0, MemberId::code),
            reserved: 0,
        }
    }
}

impl From<PieceAge<'_>> for Piece {
    fn from(age: PieceAge<'_>) -> Self {
        let (kind, member, sequence, uri) = match age.piece {
            trust::Piece::TrustList { sequence } => (PieceKind::TrustList, 0, sequence, ""),
            trust::Piece::Catalogue { member, sequence } => (PieceKind::Catalogue, member.code(), sequence, ""),
            trust::Piece::StatusList { issuer, uri } => (PieceKind::StatusList, issuer.code(), 0, uri),
            trust::Piece::GateCertificate => (PieceKind::GateCertificate, 0, 0, ""),
            _ => (PieceKind::Other, 0, 0, ""),
        };
        Self {
            issued: age.issued.seconds(),
            expires: age.expires.map_or(0, UnixTime::seconds),
            sequence,
            kind: kind as u32,
            member,
            age: ListAge::from(age.age) as u32,
            uri: fixed::write(uri),
            reserved: [0; 2],
        }
    }
}

/// Every trouble with its texts, ascending by number.
const TEXTS: [(Trouble, &str, &str); 14] = texts! { Trouble, gate::Trouble:
    Store ClockBehind ClockInDoubt Certificate ListsBehind IssuerKey StatusMissing ListStale ListTooOld Unsealed
    Outage VenueMissing NoProduct UsageMissing
};

#[cfg(test)]
mod tests {
    use super::*;
    use core::mem::{align_of, offset_of, size_of};
    use onecard::limits::MAX_STATUS_URI;

    #[test]
    fn the_layout_is_frozen() {
        assert_eq!((size_of::<Fault>(), align_of::<Fault>()), (24, 8));
        let offsets = [
            offset_of!(Fault, from),
            offset_of!(Fault, trouble),
            offset_of!(Fault, severity),
            offset_of!(Fault, member),
            offset_of!(Fault, reserved),
        ];
        assert_eq!(offsets, [0, 8, 12, 16, 20]);
        assert_eq!((size_of::<Piece>(), align_of::<Piece>()), (112, 8));
        let offsets = [
            offset_of!(Piece, issued),
            offset_of!(Piece, expires),
            offset_of!(Piece, sequence),
            offset_of!(Piece, kind),
            offset_of!(Piece, member),
            offset_of!(Piece, age),
            offset_of!(Piece, uri),
            offset_of!(Piece, reserved),
        ];
        assert_eq!(offsets, [0, 8, 16, 24, 28, 32, 36, 104]);
        assert_eq!((size_of::<Certificate>(), align_of::<Certificate>()), (72, 8));
        let offsets = [
            offset_of!(Certificate, issued),
            offset_of!(Certificate, expires),
            offset_of!(Certificate, member),
            offset_of!(Certificate, gate),
            offset_of!(Certificate, venue),
            offset_of!(Certificate, service),
            offset_of!(Certificate, in_force),
            offset_of!(Certificate, key),
            offset_of!(Certificate, reserved),
        ];
        assert_eq!(offsets, [0, 8, 16, 20, 24, 28, 32, 36, 68]);
    }

    #[test]
    fn every_uri_has_room_and_a_nul() {
        const { assert!(MAX_STATUS_URI < 68) };
    }

    #[test]
    fn the_troubles_are_those_of_the_root_crate() {
        let here: Vec<(u32, String)> = TEXTS.iter().map(|(t, ..)| (*t as u32, format!("{t:?}"))).collect();
        let there: Vec<(u32, String)> =
            gate::Trouble::ALL.iter().map(|t| (u32::from(t.number()), format!("{t:?}"))).collect();
        assert_eq!(here, there);
        for ((trouble, zh, en), root) in TEXTS.iter().zip(gate::Trouble::ALL) {
            assert_eq!(zh.strip_suffix('\0'), Some(root.text_zh()), "{trouble:?}");
            assert_eq!(en.strip_suffix('\0'), Some(root.text_en()), "{trouble:?}");
        }
    }

    #[test]
    fn the_kinds_are_frozen() {
        let kinds = [
            PieceKind::Other,
            PieceKind::TrustList,
            PieceKind::Catalogue,
            PieceKind::StatusList,
            PieceKind::GateCertificate,
        ];
        assert_eq!(kinds.map(|kind| kind as u32), [0, 1, 2, 3, 4]);
    }
}
