//! A caller that makes calls in any order, with any handles, lengths and numbers, as it is told by what it draws
//! from: no call panics or returns a status that means a bug, and none writes anything but on success.
//!
//! What the contract forbids is not done: a length beyond its memory, a handle after it was freed.

use onecard::crypto::sha256;
use onecard::trust::Role;
use onecard_ffi::*;
use onecard_testkit::federation::{self, NOW, code, pass, secret};
use std::collections::BTreeMap;
use std::ffi::{c_char, c_void};
use std::path::Path;
use std::ptr::{null, null_mut};

/// The kinds of handle, as places in [`World::handles`].
const BUNDLE: usize = 0;
const GATE: usize = 1;
const BUFFER: usize = 2;
const SYNC: usize = 3;
const HISTORY: usize = 4;
const LEDGER: usize = 5;
const WITNESS: usize = 6;

/// What a caller has, and what it draws from.
pub struct World<'d> {
    /// A number below the one given; 0 is the ordinary choice.
    draws: Box<dyn FnMut(usize) -> usize + 'd>,
    /// One handle of each kind, or NULL.
    handles: [*mut c_void; 7],
    inputs: Vec<Vec<u8>>,
    /// How many of the inputs are no paths; those after them are.
    bytes: usize,
    /// Memory for the outputs of one call.
    #[expect(clippy::vec_box, reason = "a slot must stay where it is when there is one more")]
    slots: Vec<Box<[u64; 40]>>,
    /// The slot that a short buffer writes its length to.
    length: Option<usize>,
    /// How often each status was returned.
    pub seen: BTreeMap<u32, u64>,
}

/// How many calls there are to choose from.
const CALLS: usize = 84;
/// What every byte of an output is before the call.
const BLANK: u64 = 0xeeee_eeee_eeee_eeee;

impl<'d> World<'d> {
    /// A caller whose stores lie in this directory.
    pub fn new(directory: &Path, draws: impl FnMut(usize) -> usize + 'd) -> Self {
        let path = |name: &str| directory.join(name).to_str().unwrap().as_bytes().to_vec();
        let seed_of = |member: u32, role: Role| {
            let seed = sha256(&[format!("{member} {role:?}").as_bytes()]).0;
            assert_eq!(secret(member, role).verifying_key().as_bytes().len(), 32);
            seed.to_vec()
        };
        let inputs = vec![
            vec![],
            vec![0xff],
            vec![0; 16],
            vec![7; 32],
            vec![0x5c; 700],
            federation::trust(1),
            federation::trust(2),
            federation::anchor().0.to_vec(),
            federation::catalogue(1, 2),
            federation::status(NOW - 100, &[13]),
            federation::certificate(),
            federation::gate_seed().to_vec(),
            seed_of(federation::CITY, Role::Log),
            seed_of(320_100, Role::Witness),
            code(1, NOW, |_| {}).into(),
            code(2, NOW, |_| {}).into(),
            pass(1, |_| {}),
            b"31010119900307123X".to_vec(),
            b"310101/gate/7".to_vec(),
            path("gate"),
            path("ledger"),
            path("witness"),
            path("published"),
            path("absent/store"),
        ];
        let (handles, bytes, draws) = ([null_mut(); 7], 19, Box::new(draws));
        let (slots, length, seen) = (vec![], None, BTreeMap::new());
        let mut world = Self { draws, handles, inputs, bytes, slots, length, seen };
        world.prepare();
        world
    }

    /// What most calls need: a bundle with its lists, a history, a sync.
    fn prepare(&mut self) {
        let [trust, anchor, catalogue, status] =
            [5, 7, 8, 9].map(|at| (self.inputs[at].as_ptr(), self.inputs[at].len()));
        let [bundle, history, sync] = [BUNDLE, HISTORY, SYNC].map(|kind| (&raw mut self.handles[kind]));
        // SAFETY: the slices and slots are good, and the bundle is alive once it is made.
        let done = unsafe {
            [
                onecard_bundle_new(trust.0, trust.1, anchor.0, anchor.1, bundle.cast()),
                onecard_bundle_update_catalogue((*bundle).cast(), catalogue.0, catalogue.1, NOW),
                onecard_bundle_update_status((*bundle).cast(), status.0, status.1, NOW),
                onecard_history_new(trust.0, trust.1, anchor.0, anchor.1, history.cast()),
                onecard_sync_new(sync.cast()),
            ]
        };
        assert_eq!(done, [Status::Ok; 5]);
    }

    fn draw(&mut self, end: usize) -> usize {
        (self.draws)(end)
    }

    /// Mostly a handle of this kind, now and then NULL or one of another.
    fn handle<T>(&mut self, kind: usize) -> *mut T {
        match self.draw(40) {
            39 => null_mut(),
            38 => {
                let other = self.draw(self.handles.len());
                self.handles[other].cast()
            }
            _ => self.handles[kind].cast(),
        }
    }

    /// Bytes and a length: mostly one of the inputs, preferring `wanted`.
    fn input(&mut self, wanted: usize) -> (*const u8, usize) {
        let at = if self.draw(4) < 3 { wanted } else { self.draw(self.inputs.len()) };
        match self.draw(60) {
            59 => (null(), 0),
            58 => (null(), 1),
            57 => (self.inputs[at].as_ptr(), usize::MAX),
            56 => (self.inputs[at].as_ptr(), self.inputs[at].len() / 2),
            _ => (self.inputs[at].as_ptr(), self.inputs[at].len()),
        }
    }

    /// The path of this store, or of another one, or what is none. Nothing is made outside the directory.
    fn path(&mut self, wanted: usize) -> (*const c_char, usize) {
        let at = match self.draw(8) {
            7 => self.bytes + self.draw(self.inputs.len() - self.bytes),
            // Nothing, what is no text, and a NUL.
            6 => self.draw(3),
            _ => wanted,
        };
        match self.draw(60) {
            59 => (null(), 0),
            58 => (null(), 1),
            57 => (self.inputs[at].as_ptr().cast(), usize::MAX),
            _ => (self.inputs[at].as_ptr().cast(), self.inputs[at].len()),
        }
    }

    fn now(&mut self) -> i64 {
        let times = [NOW, NOW, NOW, NOW, NOW + 1, NOW + 60, NOW - 1, -1, 0, i64::MIN, i64::MAX];
        times[self.draw(times.len())]
    }

    fn number(&mut self) -> u32 {
        let numbers = [1, 7, 1, 2, 0, 50, 255, 256, 65_536, 310_101, 320_100, 20_261_001, u32::MAX];
        numbers[self.draw(numbers.len())]
    }

    fn index(&mut self) -> u64 {
        [0, 1, 2, 3, 5, 300, u64::MAX][self.draw(7)]
    }

    /// Where an output goes: memory of its own, or NULL.
    fn out<T>(&mut self) -> *mut T {
        assert!(size_of::<T>() <= 320);
        if self.draw(60) == 59 {
            return null_mut();
        }
        self.slots.push(Box::new([BLANK; 40]));
        self.slots.last_mut().unwrap().as_mut_ptr().cast()
    }

    /// A buffer of up to 320 bytes, its capacity in values of `T`, and where the length goes.
    fn buffer<T>(&mut self) -> (*mut T, usize, *mut usize) {
        let room = 320 / size_of::<T>();
        let (data, capacity): (*mut T, usize) = match self.draw(6) {
            5 => (null_mut(), 0),
            4 => (null_mut(), 1),
            3 => (self.out(), 0),
            _ => (self.out(), room),
        };
        let length: *mut usize = self.out();
        self.length = (!length.is_null()).then(|| self.slots.len() - 1);
        (data, capacity, length)
    }

    /// Where a new handle goes.
    fn made<T>(&mut self) -> *mut *mut T {
        self.out()
    }

    /// Judges a call, and keeps the handle of `kind` that it made.
    fn told(&mut self, name: usize, status: Status, kind: Option<usize>) {
        let bugs = [Status::Panic, Status::Poisoned, Status::Unclassified, Status::Busy];
        assert!(!bugs.contains(&status), "call {name}: {status:?}");
        *self.seen.entry(status as u32).or_default() += 1;
        for (at, slot) in self.slots.iter().enumerate() {
            let untouched = slot.iter().all(|word| *word == BLANK);
            let length = status == Status::BufferTooSmall && self.length == Some(at);
            assert!(status == Status::Ok || untouched || length, "call {name}: {status:?} and slot {at} written");
        }
        if let (Status::Ok, Some(kind)) = (status, kind) {
            let made = self.slots.last().unwrap()[0] as usize as *mut c_void;
            assert!(!made.is_null());
            self.free(kind);
            self.handles[kind] = made;
        }
        self.slots.clear();
        self.length = None;
    }

    /// Frees all that it has.
    pub fn close(&mut self) {
        (0..self.handles.len()).for_each(|kind| self.free(kind));
    }

    fn free(&mut self, kind: usize) {
        let slot = &raw mut self.handles[kind];
        // SAFETY: each handle is of the kind of its place, alive or NULL, and nobody else has it.
        let status = unsafe {
            match kind {
                BUNDLE => onecard_bundle_free(slot.cast()),
                GATE => onecard_gate_free(slot.cast()),
                BUFFER => onecard_buffer_free(slot.cast()),
                SYNC => onecard_sync_free(slot.cast()),
                HISTORY => onecard_history_free(slot.cast()),
                LEDGER => onecard_ledger_free(slot.cast()),
                _ => onecard_witness_free(slot.cast()),
            }
        };
        assert_eq!((status, self.handles[kind]), (Status::Ok, null_mut()));
    }

    /// One call, whatever it is.
    pub fn call(&mut self) {
        let (drawn, now) = (self.draw(CALLS), self.now());
        // What is open mostly stays open, and is used instead.
        let (kind, instead) = match drawn {
            11..=16 => (GATE, 17),
            48 | 49 => (LEDGER, 50),
            56 => (WITNESS, 57),
            _ => (BUFFER, drawn),
        };
        let name = if self.handles[kind].is_null() || self.draw(8) == 7 { drawn } else { instead };
        let (a, al) = self.input(0);
        // SAFETY: every handle is NULL or alive, every length within its memory or refused for its size, every
        // output NULL or with room for it.
        let (status, made) = unsafe {
            match name {
                0 => {
                    let ((t, tl), (p, pl)) = (self.input(5), self.input(7));
                    (onecard_bundle_new(t, tl, p, pl, self.made()), Some(BUNDLE))
                }
                1..=4 => {
                    let (c, cl) = self.input(8);
                    (onecard_bundle_update_catalogue(self.handle(BUNDLE), c, cl, now), None)
                }
                5 | 6 => {
                    let (s, sl) = self.input(9);
                    (onecard_bundle_update_status(self.handle(BUNDLE), s, sl, now), None)
                }
                7 => {
                    let (t, tl) = self.input(6);
                    (onecard_bundle_update_trust(self.handle(BUNDLE), t, tl, now), None)
                }
                8 => (onecard_bundle_save(self.handle(BUNDLE), self.made()), Some(BUFFER)),
                9 => {
                    let (p, pl) = self.input(7);
                    (onecard_bundle_load(a, al, p, pl, self.made()), Some(BUNDLE))
                }
                10 => {
                    let (p, n, l) = self.buffer::<Piece>();
                    (onecard_bundle_ages(self.handle(BUNDLE), now, p, n, l), None)
                }
                11..=16 => {
                    // One handle for one store, and none drawn before it is freed.
                    self.free(GATE);
                    let ((p, pl), (s, sl), (c, cl)) = (self.path(19), self.input(11), self.input(10));
                    let (bundle, made) = (self.handle(BUNDLE), self.made());
                    let start = if name < 14 { onecard_gate_open } else { onecard_gate_create };
                    (start(p, pl, s, sl, c, cl, bundle, now, made), Some(GATE))
                }
                17..=20 => {
                    let (t, tl) = self.input(14 + name % 2);
                    let (gate, party, flags, out) = (self.handle(GATE), self.number(), self.number(), self.out());
                    (onecard_gate_admit(gate, t.cast(), tl, party, flags, now, out), None)
                }
                21 => {
                    let ((t, tl), (s, sl), (d, dl)) = (self.input(14), self.input(2), self.input(17));
                    let (gate, party, out) = (self.handle(GATE), self.number(), self.out());
                    (onecard_gate_admit_document(gate, t.cast(), tl, party, s, sl, d.cast(), dl, now, out), None)
                }
                22 => {
                    let (n, nl) = self.input(2);
                    (onecard_gate_challenge(self.handle(GATE), n, nl), None)
                }
                23 => {
                    let ((s, sl), (d, dl)) = (self.input(0), self.input(0));
                    let (gate, party, flags, out) = (self.handle(GATE), self.number(), self.number(), self.out());
                    (onecard_gate_admit_answer(gate, a, al, party, flags, s, sl, d.cast(), dl, now, out), None)
                }
                24 => (onecard_gate_annul(self.handle(GATE), self.index(), now), None),
                25 => (onecard_gate_seal(self.handle(GATE), self.out()), None),
                26 => (onecard_gate_checkpoint(self.handle(GATE), self.made()), Some(BUFFER)),
                27 => (onecard_gate_segment(self.handle(GATE), self.index(), self.made()), Some(BUFFER)),
                28 => {
                    let (gate, refused, who, why) = (self.handle(GATE), self.number(), self.number(), self.number());
                    (onecard_gate_let_in(gate, refused, who, why, self.number(), now, self.out()), None)
                }
                29 => {
                    let (t, tl) = self.input(14);
                    let (gate, party, reason, index) = (self.handle(GATE), self.number(), self.out(), self.out());
                    (onecard_gate_leave(gate, t.cast(), tl, party, now, reason, index), None)
                }
                30 => (onecard_gate_open_outage(self.handle(GATE), self.now(), now, self.out()), None),
                31 => (onecard_gate_close_outage(self.handle(GATE), self.number(), now, self.out()), None),
                32 => (onecard_gate_compare_clock(self.handle(GATE), now, self.index(), self.out()), None),
                33 => (onecard_gate_set_clock(self.handle(GATE), now.min(NOW + 60)), None),
                34 => (onecard_gate_totals(self.handle(GATE), self.out()), None),
                35 => (onecard_gate_refused(self.handle(GATE), self.number(), self.out()), None),
                36 => (onecard_gate_close_day(self.handle(GATE), self.number(), now, self.out()), None),
                37 => {
                    let (p, n, l) = self.buffer::<Fault>();
                    (onecard_gate_self_test(self.handle(GATE), now, p, n, l), None)
                }
                38 => {
                    let (p, n, l) = self.buffer::<Piece>();
                    (onecard_gate_ages(self.handle(GATE), now, p, n, l), None)
                }
                39 => (onecard_sync_new(self.made()), Some(SYNC)),
                40 => (onecard_sync_add_trust(self.handle(SYNC), a, al), None),
                41 => (onecard_sync_add_status(self.handle(SYNC), a, al), None),
                42 => (onecard_sync_add_ledger(self.handle(SYNC), self.number(), self.index()), None),
                43 => {
                    // Any bytes are a use; whether it is one is for the library to say.
                    let word = self.index();
                    let used = [word; 9];
                    (onecard_sync_add_use(self.handle(SYNC), used.as_ptr().cast()), None)
                }
                44 => (onecard_gate_sync(self.handle(GATE), self.handle(SYNC), now), None),
                45 => (onecard_gate_save_bundle(self.handle(GATE), self.made()), Some(BUFFER)),
                46 => {
                    let ((t, tl), (p, pl)) = (self.input(5), self.input(7));
                    (onecard_history_new(t, tl, p, pl, self.made()), Some(HISTORY))
                }
                47 => {
                    let (t, tl) = self.input(6);
                    (onecard_history_add(self.handle(HISTORY), t, tl), None)
                }
                48 | 49 => {
                    // One handle for one store, and none drawn before it is freed.
                    self.free(LEDGER);
                    let ((p, pl), (s, sl)) = (self.path(20), self.input(12));
                    let (history, made) = (self.handle(HISTORY), self.made());
                    let start = if name == 48 { onecard_ledger_open } else { onecard_ledger_create };
                    (start(p, pl, federation::CITY, s, sl, history, made), Some(LEDGER))
                }
                50 => {
                    let (c, cl) = self.input(10);
                    (onecard_ledger_enrol(self.handle(LEDGER), c, cl, now, self.out()), None)
                }
                51 => {
                    // What a buffer holds may be a segment.
                    let (mut data, mut length) = (null(), 0);
                    let known = onecard_buffer_data(self.handle(BUFFER), &raw mut data, &raw mut length);
                    let (data, length) = if known == Status::Ok { (data, length) } else { (a, al) };
                    (onecard_ledger_ingest(self.handle(LEDGER), data, length, now, self.out()), None)
                }
                52 => (onecard_ledger_checkpoint(self.handle(LEDGER), self.made()), Some(BUFFER)),
                53 => (onecard_ledger_request(self.handle(LEDGER), self.index(), self.made()), Some(BUFFER)),
                54 => {
                    let (ledger, gate, index) = (self.handle(LEDGER), self.number(), self.index());
                    (onecard_ledger_receipt(ledger, gate, index, self.made()), Some(BUFFER))
                }
                55 => (onecard_ledger_reverse(self.handle(LEDGER), self.number(), self.index(), now, self.out()), None),
                56 => {
                    // One handle for one store, and none drawn before it is freed.
                    self.free(WITNESS);
                    let ((p, pl), (s, sl)) = (self.path(21), self.input(13));
                    let (history, made) = (self.handle(HISTORY), self.made());
                    let start = if self.draw(2) == 1 { onecard_witness_open } else { onecard_witness_create };
                    (start(p, pl, 320_100, s, sl, history, now, made), Some(WITNESS))
                }
                57 => {
                    let (mut data, mut length) = (null(), 0);
                    let known = onecard_buffer_data(self.handle(BUFFER), &raw mut data, &raw mut length);
                    let (data, length) = if known == Status::Ok { (data, length) } else { (a, al) };
                    // The line replaces the request, which is read until the call returns.
                    let (witness, made) = (self.handle(WITNESS), self.made());
                    (onecard_witness_cosign(witness, data, length, now, made), Some(BUFFER))
                }
                58 => {
                    let ((p, pl), (s, sl), (f, fl)) = (self.input(16), self.input(3), self.input(18));
                    let (t, n, l) = self.buffer::<u8>();
                    (onecard_present(p, pl, s, sl, f.cast(), fl, now, t.cast(), n, l), None)
                }
                59 => {
                    let (s, sl) = self.input(3);
                    let (t, n, l) = self.buffer::<u8>();
                    (onecard_key_public(s, sl, t, n, l), None)
                }
                61 => (onecard_segment_range(a, al, self.out(), self.out()), None),
                60 => {
                    let (t, tl) = self.input(14);
                    (onecard_presentation_verify(self.handle(BUNDLE), t.cast(), tl, now, self.out()), None)
                }
                62 => {
                    let (c, cl) = self.input(10);
                    (onecard_certificate_verify(self.handle(BUNDLE), c, cl, now, self.out()), None)
                }
                63 => (onecard_ledger_retire(self.handle(LEDGER), self.number(), now, self.out()), None),
                64 => {
                    let (t, tl) = self.input(6);
                    (onecard_ledger_adopt(self.handle(LEDGER), t, tl, now, self.out()), None)
                }
                65 => {
                    let (c, cl) = self.input(8);
                    (onecard_ledger_add_catalogue(self.handle(LEDGER), c, cl, now, self.out()), None)
                }
                66 => {
                    let (l, ll) = self.input(9);
                    (onecard_ledger_add_status(self.handle(LEDGER), l, ll, now, self.out()), None)
                }
                67 => (onecard_ledger_add_peer(self.handle(LEDGER), a, al, now, self.out()), None),
                68 => (onecard_ledger_journal_size(self.handle(LEDGER), self.number(), self.out()), None),
                69 => (onecard_ledger_size(self.handle(LEDGER), self.out()), None),
                70 => {
                    let (ledger, first, end) = (self.handle(LEDGER), self.index(), self.index());
                    (onecard_ledger_usage_digest(ledger, first, end, self.now(), now, self.made()), Some(BUFFER))
                }
                71 => (onecard_sync_add_digest(self.handle(SYNC), a, al), None),
                72 => (onecard_ledger_recover(self.handle(LEDGER)), None),
                73 => {
                    // Nothing is the working directory, and is not written to.
                    let (p, pl) = match self.path(22) {
                        (_, 0) => (self.inputs[22].as_ptr().cast(), self.inputs[22].len()),
                        given => given,
                    };
                    (onecard_ledger_publish(self.handle(LEDGER), p, pl), None)
                }
                74 => {
                    let ((p, pl), (t, tl)) = (self.path(22), self.input(7));
                    let (threads, audited, made) = (self.draw(3) as u32, self.out(), self.made());
                    (onecard_audit(p, pl, t, tl, threads, audited, made), Some(BUFFER))
                }
                75 => (onecard_receipt_verify(self.handle(HISTORY), a, al, self.out()), None),
                76 => {
                    let (member, checkpoint) = (self.number(), self.out());
                    (onecard_checkpoint_verify(self.handle(HISTORY), member, a, al, checkpoint), None)
                }
                77 => (onecard_witness_size(self.handle(WITNESS), self.number(), self.out()), None),
                78 => {
                    let (d, dl) = self.input(16);
                    let (t, n, l) = self.buffer::<u8>();
                    (onecard_text_encode(d, dl, t.cast(), n, l), None)
                }
                79 => {
                    let (t, tl) = self.input(14);
                    let (d, n, l) = self.buffer::<u8>();
                    (onecard_text_decode(t.cast(), tl, d, n, l), None)
                }
                80 => {
                    let (number, lang) = (self.number(), self.number());
                    (onecard_status_text(number, lang, self.out(), self.out()), None)
                }
                81 => {
                    let (number, lang) = (self.number(), self.number());
                    (onecard_reason_text(number, lang, self.out(), self.out()), None)
                }
                82 => (onecard_key_check(a, al), None),
                _ => (onecard_bundle_prepare(self.handle(BUNDLE), now), None),
            }
        };
        self.told(name, status, made);
    }
}
