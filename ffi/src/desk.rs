//! What else happens at a gate and goes on record: people let in by hand, exits, outages, the clock,
//! the end of the day.

use crate::Status;
use crate::call::{narrow, run};
use crate::gate::Gate;
use crate::ptr::{Out, borrow, bytes};
use crate::reason::Reason;
use core::ffi::c_char;
use onecard::gate::{self, Gate as Inner, Identity, Override, Record, Scan, Shown};
use onecard::time::{Date, UnixTime};
use onecard_store::RedbStorage;

/// What a gate counted since the last day close. Times are Unix seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct Totals {
    /// Records in the journal, since it was begun.
    pub records: u64,
    /// People who came in, less those who left; below zero where people only leave.
    pub inside: i64,
    /// Since when an outage is open; 0 where none is.
    pub outage_since: i64,
    /// Redemptions.
    pub admitted: u32,
    /// Annulments.
    pub annulled: u32,
    /// People let in by hand: records of it.
    pub overridden: u32,
    /// Exits.
    pub left: u32,
    /// Refusals, which are counted and not recorded one by one.
    pub refused: u32,
    /// 0; for later versions.
    pub reserved: [u32; 3],
}

/// Records that a person lets in whom the gate refused.
///
/// It debits no pass and nothing is paid for it; totals and audit tell it. `refused` is the
/// `onecard_reason` that the gate had given; `operator_number` a number that the venue gives its staff,
/// never a name; `why` a number of the venue's own list, up to 65535. `index` is that of the record.
///
/// # Safety
/// `gate` is NULL or a live handle; `index` is NULL or can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onecard_gate_let_in(
    gate: *mut Gate,
    refused: u32,
    operator_number: u32,
    why: u32,
    party: u32,
    now: i64,
    index: *mut u64,
) -> Status {
    let record = |gate: &mut Inner<RedbStorage>, now| {
        let refused = reason(refused)?;
        let (why, party) = (narrow(why)?, narrow(party)?);
        Ok(gate.let_in(Override { refused, operator: operator_number, why, party }, now)?)
    };
    // SAFETY: the caller's promise is the same.
    unsafe { note(gate, now, index, record) }
}

/// Records that a pass was shown at the exit. **Whatever the answer, the exit opens**: nobody is kept in.
///
/// `reason` is ONECARD_REASON_OK where that is on record at `index`, ONECARD_REASON_RESCAN where it was
/// recorded a moment ago, else why it was not recorded; `index` is 0 then.
///
/// # Safety
/// `gate` is NULL or a live handle; `text` is valid for its length; `reason` and `index` are NULL or can
/// be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onecard_gate_leave(
    gate: *mut Gate,
    text: *const c_char,
    text_length: usize,
    party: u32,
    now: i64,
    reason: *mut u32,
    index: *mut u64,
) -> Status {
    run(|| {
        // SAFETY: the caller's promise is the same.
        let (gate, text) = unsafe { (borrow(gate.cast_const())?, bytes(text.cast(), text_length)?) };
        // SAFETY: the same.
        let (reason, index) = unsafe { (Out::new(reason)?, Out::new(index)?) };
        let now = UnixTime::new(now)?;
        let scan = Scan { shown: Shown::Text(text), party: narrow(party)?, identity: Identity::Unknown };
        let (why, at) = gate.write(|gate| {
            Ok(match gate.leave(scan, now) {
                Ok(Some(index)) => (Reason::Ok as u32, index),
                Ok(None) => (Reason::Rescan as u32, 0),
                Err(refusal) => (refusal.reason.number().into(), 0),
            })
        })?;
        reason.set(why);
        index.set(at);
        Ok(())
    })
}

/// Records that people pass unchecked since `since`: the gate was down, or was opened by hand. Scans are
/// decided as ever. `index` is that of the record.
///
/// # Safety
/// `gate` is NULL or a live handle; `index` is NULL or can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onecard_gate_open_outage(gate: *mut Gate, since: i64, now: i64, index: *mut u64) -> Status {
    // SAFETY: the caller's promise is the same.
    unsafe { note(gate, now, index, |gate, now| Ok(gate.open_outage(UnixTime::new(since)?, now)?)) }
}

/// Records that the outage is over, and how many people came in meanwhile, as staff counted them.
/// `index` is that of the record.
///
/// # Safety
/// `gate` is NULL or a live handle; `index` is NULL or can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onecard_gate_close_outage(gate: *mut Gate, let_in: u32, now: i64, index: *mut u64) -> Status {
    // SAFETY: the caller's promise is the same.
    unsafe { note(gate, now, index, |gate, now| Ok(gate.close_outage(let_in, now)?)) }
}

/// Compares the clock with `uptime`, the seconds that the machine has been running by a counter that
/// nobody can set. Call it every minute or so.
///
/// Pass a counter that goes on while the machine is suspended: CLOCK_BOOTTIME on Linux and Android,
/// mach_continuous_time on Apple's systems, GetTickCount64 on Windows. By one that stands still, such as
/// CLOCK_MONOTONIC on Linux, a machine that slept has a clock that jumped. `now` is the time of day,
/// CLOCK_REALTIME.
///
/// `trusted` is 1 where the clock is to be trusted, and up to 200 seconds in a million are drift. Where it
/// jumped, that is recorded, `trusted` is 0 and every redemption is flagged until onecard_gate_set_clock.
///
/// # Safety
/// `gate` is NULL or a live handle; `trusted` is NULL or can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onecard_gate_compare_clock(
    gate: *mut Gate,
    now: i64,
    uptime: u64,
    trusted: *mut u32,
) -> Status {
    run(|| {
        // SAFETY: the caller's promise is the same.
        let (gate, out) = unsafe { (borrow(gate.cast_const())?, Out::new(trusted)?) };
        let now = UnixTime::new(now)?;
        out.set(gate.write(|gate| Ok(gate.compare_clock(now, uptime)?))?.into());
        Ok(())
    })
}

/// Sets the clock: the only way time goes back in a journal, and it is on record.
///
/// # Safety
/// `gate` is NULL or a live handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onecard_gate_set_clock(gate: *mut Gate, now: i64) -> Status {
    run(|| {
        // SAFETY: the caller's promise is the same.
        let gate = unsafe { borrow(gate.cast_const()) }?;
        let now = UnixTime::new(now)?;
        gate.write(|gate| Ok(gate.set_clock(now)?))
    })
}

/// What the gate counted since the last day close.
///
/// # Safety
/// `gate` is NULL or a live handle; `totals` is NULL or can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onecard_gate_totals(gate: *const Gate, totals: *mut Totals) -> Status {
    run(|| {
        // SAFETY: the caller's promise is the same.
        let (gate, out) = unsafe { (borrow(gate)?, Out::new(totals)?) };
        out.set(gate.read(|gate| Ok(count(gate)))?);
        Ok(())
    })
}

/// How many scans were refused for one `onecard_reason` since the last day close.
///
/// # Safety
/// `gate` is NULL or a live handle; `count` is NULL or can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onecard_gate_refused(gate: *const Gate, refused: u32, count: *mut u32) -> Status {
    run(|| {
        // SAFETY: the caller's promise is the same.
        let (gate, out) = unsafe { (borrow(gate)?, Out::new(count)?) };
        let refused = reason(refused)?;
        out.set(gate.read(|gate| Ok(gate.refused().get(&refused).copied().unwrap_or(0)))?);
        Ok(())
    })
}

/// Records the totals of a service day and starts the next at zero. `day` is the date as a number:
/// 20261001 is 1 October 2026. `totals` is what was counted.
///
/// # Safety
/// `gate` is NULL or a live handle; `totals` is NULL or can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onecard_gate_close_day(gate: *mut Gate, day: u32, now: i64, totals: *mut Totals) -> Status {
    run(|| {
        // SAFETY: the caller's promise is the same.
        let (gate, out) = unsafe { (borrow(gate.cast_const())?, Out::new(totals)?) };
        let day = date(day)?;
        let now = UnixTime::new(now)?;
        out.set(gate.write(|gate| {
            let (counted, before) = (count(gate), *gate.totals());
            gate.close_day(day, now)?;
            // A store that had failed before may have held more than was counted: what is on record counts.
            let (totals, refused) = last_close(gate).unwrap_or((before, counted.refused));
            Ok(flatten(gate, &totals, refused, counted.inside))
        })?);
        Ok(())
    })
}

fn count(gate: &Inner<RedbStorage>) -> Totals {
    let refused = gate.refused().values().fold(0, |sum, count| u32::saturating_add(sum, *count));
    let inside = gate.inside();
    flatten(gate, gate.totals(), refused, inside)
}

/// The day close that was just recorded, and the sum of its refusals.
fn last_close(gate: &Inner<RedbStorage>) -> Option<(gate::Totals, u32)> {
    let body = gate.log().body(gate.storage(), gate.log().size().checked_sub(1)?).ok()?;
    let Ok(Record::DayClosed { totals, refused, .. }) = Record::decode(&body) else { return None };
    Some((totals, refused.iter().fold(0, |sum, (_, count)| u32::saturating_add(sum, *count))))
}

fn flatten(gate: &Inner<RedbStorage>, totals: &gate::Totals, refused: u32, inside: i64) -> Totals {
    let gate::Totals { admitted, annulled, overridden, left } = *totals;
    let outage_since = gate.outage().map_or(0, UnixTime::seconds);
    let records = gate.log().size();
    Totals { records, inside, outage_since, admitted, annulled, overridden, left, refused, reserved: [0; 3] }
}

fn reason(number: u32) -> Result<gate::Reason, Status> {
    u8::try_from(number).ok().and_then(gate::Reason::from_number).ok_or(Status::UnknownConstant)
}

/// A date given as the number of its eight digits.
fn date(number: u32) -> Result<Date, Status> {
    let (year, month, day) = (number / 10_000, number / 100 % 100, number % 100);
    let parts = (i32::try_from(year), u8::try_from(month), u8::try_from(day));
    let (Ok(year), Ok(month), Ok(day)) = parts else { return Err(Status::Name) };
    Date::new(year, month, day).ok_or(Status::Name)
}

/// Records one thing and tells its index.
///
/// # Safety
/// `gate` is NULL or a live handle; `index` is NULL or can be written.
unsafe fn note(
    gate: *mut Gate,
    now: i64,
    index: *mut u64,
    record: impl FnOnce(&mut Inner<RedbStorage>, UnixTime) -> Result<u64, Status>,
) -> Status {
    run(|| {
        // SAFETY: the caller's promise is the same.
        let (gate, out) = unsafe { (borrow(gate.cast_const())?, Out::new(index)?) };
        let now = UnixTime::new(now)?;
        out.set(gate.write(|gate| record(gate, now))?);
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::mem::{align_of, offset_of, size_of};

    #[test]
    fn the_layout_is_frozen() {
        assert_eq!((size_of::<Totals>(), align_of::<Totals>()), (56, 8));
        let offsets = [
            offset_of!(Totals, records),
            offset_of!(Totals, inside),
            offset_of!(Totals, outage_since),
            offset_of!(Totals, admitted),
            offset_of!(Totals, annulled),
            offset_of!(Totals, overridden),
            offset_of!(Totals, left),
            offset_of!(Totals, refused),
            offset_of!(Totals, reserved),
        ];
        assert_eq!(offsets, [0, 8, 16, 24, 28, 32, 36, 40, 44]);
    }

    #[test]
    fn a_date_has_eight_digits_and_is_one() {
        assert_eq!(date(20_261_001).map(Date::year_month_day), Ok((2026, 10, 1)));
        assert_eq!(date(19_700_101).map(Date::days), Ok(0));
        for no_date in [0, 20_260_229, 20_261_301, 20_260_000, 19_691_231, 100_000_101, u32::MAX] {
            assert_eq!(date(no_date), Err(Status::Name), "{no_date}");
        }
    }
}
