//! Size caps of everything that crosses a border.
//!
//! A cap is checked before the first byte is decoded, so that no input can make this crate allocate
//! or compute more than a small multiple of the cap. `docs/format.md` lists them for implementers.

/// Longest encoded pass (`COSE_Sign1` with its tag), in bytes.
pub const MAX_PASS: usize = 512;
/// Longest encoded presentation (key-binding token with the pass inside), in bytes.
pub const MAX_PRESENTATION: usize = 640;
/// Longest text form of a presentation: the prefix and the Base45 of [`MAX_PRESENTATION`] bytes.
pub const MAX_TEXT: usize = 4 + MAX_PRESENTATION.div_ceil(2) * 3;
/// Longest trust list, in bytes.
pub const MAX_TRUST_LIST: usize = 256 * 1024;
/// Longest catalogue of one member, in bytes.
pub const MAX_CATALOGUE: usize = 1024 * 1024;
/// Longest status list token, in bytes, still compressed.
pub const MAX_STATUS_LIST: usize = 4 * 1024 * 1024;
/// Longest status list after decompression, in bytes: 16 M passes at two bits.
pub const MAX_STATUS_BYTES: usize = 4 * 1024 * 1024;
/// Longest gate certificate, in bytes.
pub const MAX_GATE_CERTIFICATE: usize = 512;
/// Longest saved bundle, in bytes: room for every city of a large federation with the longest lists.
pub const MAX_BUNDLE: usize = 256 * 1024 * 1024;
/// Most trust lists in a saved bundle, and most status lists in a bundle.
pub const MAX_BUNDLE_LISTS: usize = 1024;
/// Most status lists of one issuer in a bundle: no issuer leaves the others without room.
pub const MAX_STATUS_LISTS: usize = 16;
/// Longest log entry (link and body), in bytes: the entry bundle's length prefix has 16 bits.
pub const MAX_ENTRY: usize = 65_535;
/// Longest entry body, in bytes: an entry less its 32-byte link.
pub const MAX_BODY: usize = MAX_ENTRY - 32;
/// Longest signed note (a checkpoint with all its signature lines), in bytes.
pub const MAX_NOTE: usize = 16 * 1024;
/// Most signature lines in a signed note. C2SP signed-note asks verifiers to accept at least 16.
pub const MAX_NOTE_SIGNATURES: usize = 64;
/// Longest `tlog-proof` text, in bytes: 64 hash lines, a note, and an entry of [`MAX_ENTRY`] bytes in
/// the extra line, in Base64.
pub const MAX_PROOF: usize = 128 * 1024;
/// Longest trust policy file of a log (`tlog-policy`), in bytes.
pub const MAX_POLICY: usize = 64 * 1024;
/// Most lines in it, comments and empty lines too.
pub const MAX_POLICY_LINES: usize = 1024;
/// Most logs, most witnesses and most groups in it: beside the log's own line, a note has place for
/// no more cosignatures. C2SP tlog-policy asks for at least 32 of each.
pub const MAX_POLICY_NAMES: usize = MAX_NOTE_SIGNATURES - 1;
/// Most members in a trust list.
pub const MAX_MEMBERS: usize = 256;
/// Most keys of one member in a trust list.
pub const MAX_KEYS_PER_MEMBER: usize = 32;
/// Most grants in a product.
pub const MAX_GRANTS: usize = 32;
/// Deepest nesting of CBOR items.
pub const MAX_CBOR_DEPTH: u8 = 12;
/// Longest URI of a status list, in bytes.
pub const MAX_STATUS_URI: usize = 64;
/// Longest encoded segment, in bytes.
pub const MAX_SEGMENT: usize = 64 * 1024 * 1024;
/// Longest usage digest, in bytes: room for every redemption that a full segment with its evidence can hold.
pub const MAX_USAGE_DIGEST: usize = 8 * 1024 * 1024;
