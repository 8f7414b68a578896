//! How much memory a gate needs that is offline for 72 hours, with 2,000,000 revoked passes in its list,
//! 200,000 passes that it sees and 200,000 more that it learnt of. See `benches/README.md`.
//!
//!     cargo bench -p onecard-store --bench memory
//!
//! What is counted is the whole process: the gate on its store, and in turn what stands in for visitors and city.
#![allow(missing_docs, reason = "a program")]
#![expect(unsafe_code, reason = "an allocator")]

use onecard::crypto::Hash;
use onecard::gate::{Decision, Gate, Redemption, Scan, SyncInput, UsageDigestSpec, UsageFacts};
use onecard::id::{GateId, PassId, PassKey};
use onecard::pass::PassClaims;
use onecard::product::PassFacts;
use onecard::trust::{Bundle, GateCertificate, Role, Status, StatusListSpec};
use onecard_store::RedbStorage;
use onecard_testkit::day::{self, CITIES, OPEN, bundle, gate_certificate, gate_secret, id, secret, time};
use std::fs;
use std::path::Path;

mod heap;

/// Passes in the status list: as many as one can have.
const LISTED: u32 = 16 * 1024 * 1024;
const REVOKED: usize = 2_000_000;
const SEEN: u64 = 200_000;
const HOURS: i64 = 72;
/// Visitors decided on with one commit.
const GROUP: u64 = 256;
/// What all of it has to fit in.
const LIMIT: usize = 256 * MB;
const MB: usize = 1024 * 1024;

/// A line of `/proc/self/status`, in bytes.
fn process(line: &str) -> Option<usize> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let value = status.lines().find_map(|found| found.strip_prefix(line))?;
    Some(value.trim().strip_suffix(" kB")?.parse::<usize>().ok()? * 1024)
}

/// Runs a step and tells what it left and what it took at most, by the allocator and by the kernel.
fn step<T>(what: &str, run: impl FnOnce() -> T) -> T {
    // Sets the kernel's high-water mark back. Where it may not, the mark is that of the whole run.
    let _ = fs::write("/proc/self/clear_refs", "5");
    let (peak, result) = heap::peak(run);
    let tenths = |bytes: usize| format!("{}.{}", bytes / MB, bytes % MB * 10 / MB);
    let resident = process("VmHWM:");
    println!(
        "{what:<46} {:>9} {:>9} {:>9} {:>9}",
        heap::blocks(),
        tenths(heap::live()),
        tenths(peak),
        resident.map_or_else(|| "?".to_owned(), tenths),
    );
    assert!(peak.max(resident.unwrap_or(0)) <= LIMIT, "{what} takes more than {LIMIT} bytes");
    result
}

/// Spreads numbers as if at random: SplitMix64.
fn mixed(number: u64) -> u64 {
    let number = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ number >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ number >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ number >> 31
}

fn is_revoked(index: u32) -> bool {
    mixed(index.into()).is_multiple_of(8)
}

fn status_list() -> Vec<u8> {
    let uri = format!("oc:{}/1", CITIES[0]);
    let mut spec = StatusListSpec::new(uri, time(OPEN - 60), time(day::AFTER), LISTED as usize);
    let revoked = (0..LISTED).filter(|index| is_revoked(*index)).take(REVOKED);
    let set = revoked.filter(|index| spec.set(*index, Status::Revoked)).count();
    assert_eq!(set, REVOKED);
    spec.sign(&secret(CITIES[0], Role::Issuer))
}

fn pass_id(number: u64) -> PassId {
    let mut bytes = [7; 10];
    bytes[..8].copy_from_slice(&mixed(number).to_be_bytes());
    PassId::from_bytes(bytes)
}

fn gate_id(number: u32) -> GateId {
    GateId { member: id(CITIES[0]), number }
}

/// Two uses at another gate of each of these passes.
fn digest(trust: &onecard::TrustList, passes: core::ops::Range<u64>, entries: core::ops::Range<u64>) -> Vec<u8> {
    let certificate = GateCertificate::verify(&gate_certificate(gate_id(2)), trust).unwrap();
    let mut facts = UsageFacts::new(time(OPEN - 86_400));
    facts.covers(id(CITIES[0]), entries);
    for number in passes {
        for index in [2 * number, 2 * number + 1] {
            let redemption = Redemption {
                time: time(OPEN - 500),
                pass: PassKey { issuer: id(CITIES[0]), pass: pass_id(number) },
                product: (2, 1),
                facts: PassFacts {
                    not_before: time(OPEN - 86_400),
                    expires: time(OPEN + 30 * 86_400),
                    holder_class: 0,
                },
                grant: 0,
                party: 1,
                due_fen: 0,
                flags: 0,
                evidence: Hash([0; 32]),
            };
            facts.redeemed(&certificate, index, &redemption);
        }
    }
    let spec = UsageDigestSpec { member: id(CITIES[0]), issued: time(OPEN), facts };
    spec.sign(&secret(CITIES[0], Role::Log)).unwrap()
}

fn open(path: &Path, bundle: Bundle, at: i64) -> Gate<RedbStorage> {
    let storage = RedbStorage::open(path).unwrap();
    let id = gate_id(1);
    Gate::open(storage, gate_secret(id), &gate_certificate(id), bundle, time(at)).unwrap()
}

/// Visitors, evenly over the hours, each with a code of the moment.
fn offline(gate: &mut Gate<RedbStorage>) {
    let mut indices = (0..LISTED).filter(|index| !is_revoked(*index));
    let groups = SEEN.div_ceil(GROUP);
    for group in 0..groups {
        let at = OPEN + i64::try_from(group * 3_600 * HOURS as u64 / groups).unwrap();
        let numbers = group * GROUP..SEEN.min((group + 1) * GROUP);
        let code = |number: u64| {
            let index = indices.next().unwrap();
            let change = |claims: &mut PassClaims| (claims.pass, claims.status.index) = (pass_id(number), index);
            day::code(&day::pass(CITIES[0], 1, 2, change), 1, at)
        };
        let codes: Vec<String> = numbers.map(code).collect();
        let scans: Vec<_> = codes.iter().map(|code| Scan::text(code.as_bytes())).collect();
        let decisions = gate.admit_all(&scans, time(at));
        assert!(decisions.iter().all(|decision| matches!(decision, Decision::Admitted(_))), "{:?}", decisions[0]);
    }
}

fn main() {
    let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let path = directory.path().join("gate");
    let end = OPEN + HOURS * 3_600;
    println!("{:<46} {:>9} {:>9} {:>9} {:>9}", "MB (2^20 bytes)", "blocks", "live", "peak", "resident");
    let list = step("the status list made", status_list);
    println!("  {} bytes, {REVOKED} of {LISTED} passes revoked", list.len());
    let bundle = step("the bundle verified, the list inflated", || {
        let mut bundle = bundle();
        bundle.update_status(&list, time(OPEN)).unwrap();
        bundle
    });
    drop(list);
    drop(RedbStorage::create(&path).unwrap());
    let mut gate = step("the gate opened", || open(&path, bundle.clone(), OPEN));
    for half in 0..2 {
        // Every second pass it learns of it will see itself.
        let passes = SEEN / 2 * (half + 1)..SEEN / 2 * (half + 2);
        let digest = step("  a usage digest made", || digest(gate.bundle().trust(), passes, half * 9..half * 9 + 9));
        println!("  {} bytes, {} passes", digest.len(), SEEN / 2);
        let sync = SyncInput { usage_digests: &[&digest], ..SyncInput::default() };
        step("half of the passes learnt of", || gate.sync(&sync, time(OPEN)).unwrap());
    }
    step("72 hours offline, all passes seen", || offline(&mut gate));
    let mut parts = 0;
    step("sealed and handed over in parts", || {
        gate.seal().unwrap().unwrap();
        let mut next = 0;
        while let Some(part) = gate.segment(next).unwrap() {
            (next, parts) = (next + part.records.len() as u64, parts + 1);
            drop(part.encode());
        }
        assert_eq!(next, gate.log().size());
    });
    println!("  {parts} parts");
    drop(gate);
    let mut gate = step("started again", || open(&path, bundle, end));
    let over = UsageFacts::new(time(end - 86_400));
    let spec = UsageDigestSpec { member: id(CITIES[0]), issued: time(end), facts: over };
    let digest = spec.sign(&secret(CITIES[0], Role::Log)).unwrap();
    let sync = SyncInput { usage_digests: &[&digest], ..SyncInput::default() };
    step("synced", || gate.sync(&sync, time(end)).unwrap());
}
