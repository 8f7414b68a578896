// onecard: verification core of city tourism passes.
// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// Conventions, kept by every function:
//
//  - It returns an onecard_status. The numbers are stable: new ones are added, a retired one is
//    never used again. Be ready for numbers this header does not name.
//  - Outputs are written only on ONECARD_STATUS_OK. The one exception: with
//    ONECARD_STATUS_BUFFER_TOO_SMALL the needed size is written to the buffer's length.
//  - `const` means not changed. An input is a pointer and a length; NULL with length 0 is the empty
//    input. Inputs are read only during the call.
//  - An output buffer is the caller's: a pointer, a capacity, and where the used length goes. NULL
//    with capacity 0 asks for the size. An array of structs is the same, counted in structs.
//  - A struct that the caller fills in is zeroed first: what is `reserved` has to be 0.
//  - Text is UTF-8 with a length in bytes.
//  - Time is an int64_t of Unix seconds.
//  - A handle is made by _new, _load, _open or _create and lives until its _free, which takes the
//    address of the handle and writes NULL there; freeing NULL is fine. Bytes that the library made are an
//    onecard_buffer.
//  - There is no global state and no last error: functions may be called from any thread, with the same
//    handle too. Calls that change it take their turn in the order in which they came and wait for it; a
//    bundle and a history are read beside an update. Only _free must be the last call with its handle:
//    while another is under way it is ONECARD_STATUS_BUSY and frees nothing.
//  - A gate, ledger or witness belongs to the process that opened it. After fork(), every call with it in
//    the child is ONECARD_STATUS_FORKED; _free there frees the memory, and neither writes nor unlocks.
//  - A bug inside that would unwind is stopped and returned as ONECARD_STATUS_PANIC. Every later call
//    with the same handle but _free is ONECARD_STATUS_POISONED.


#ifndef ONECARD_H
#define ONECARD_H

// Generated from ffi/src by tests/header.rs. Do not edit.

#include <stddef.h>
#include <stdint.h>

// Flag of an admission: a person compared the holder's document.
#define ONECARD_ADMIT_IDENTITY_CHECKED 1

// Flag of a pass: it may be shown bare, as on paper.
#define ONECARD_PASS_STATIC_ALLOWED 1

// Flag of a pass: the holder's document is compared.
#define ONECARD_PASS_ID_CHECK 2

// What a function returns. A number keeps its meaning for ever: new ones are added, a retired one
// is never used again. The hundreds say which layer speaks: 100 text, 200 keys, 300 what a visitor
// shows (300 and the number of the `onecard_reason`), 400 signed documents and
// proofs, 500 store and gate, 600 ledger and witness.
enum onecard_status
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  // Done; the outputs are written.
  ONECARD_STATUS_OK = 0,
  // A bug in the library was stopped at its border. Please report it.
  ONECARD_STATUS_PANIC = 1,
  // A pointer is NULL that must not be.
  ONECARD_STATUS_NULL_POINTER = 2,
  // A length is not the one this argument must have, or no memory can have it.
  ONECARD_STATUS_LENGTH = 3,
  // The output buffer is too small; the needed size is reported.
  ONECARD_STATUS_BUFFER_TOO_SMALL = 4,
  // An argument is not one of the constants it must be.
  ONECARD_STATUS_UNKNOWN_CONSTANT = 5,
  // An error that has no number yet.
  ONECARD_STATUS_UNCLASSIFIED = 6,
  // Another thread of this process uses the handle, so it was not freed. No other function returns this.
  ONECARD_STATUS_BUSY = 7,
  // A bug was stopped in an earlier call with this handle: free it and open it anew. Nothing but a bug brings it about.
  ONECARD_STATUS_POISONED = 8,
  // The handle is not one of this kind, or was freed.
  ONECARD_STATUS_HANDLE = 9,
  // A time is before 1970 or after 9999.
  ONECARD_STATUS_TIME = 10,
  // A number is larger than this argument can be.
  ONECARD_STATUS_OUT_OF_RANGE = 11,
  // A text is not UTF-8.
  ONECARD_STATUS_UTF8 = 12,
  // There is nothing to hand out.
  ONECARD_STATUS_NOTHING = 13,
  // A reserved field is not 0: the caller knows a later version.
  ONECARD_STATUS_RESERVED = 14,
  // A number or text names no member, pass or day.
  ONECARD_STATUS_NAME = 15,
  // This process was forked from the one that opened the handle, or, where the handle is memory, while another thread was
  // changing it there. Nothing was done. Free it and make it anew; a store can be opened here once that process has
  // closed it, and is ONECARD_STATUS_STORE_IN_USE before.
  ONECARD_STATUS_FORKED = 16,
  // The text, or what it would encode, is longer than any presentation.
  ONECARD_STATUS_TEXT_TOO_LONG = 100,
  // The text does not start with the prefix of a known version.
  ONECARD_STATUS_TEXT_PREFIX = 101,
  // A character is not in the Base45 alphabet.
  ONECARD_STATUS_TEXT_ALPHABET = 102,
  // A group of characters encodes no bytes.
  ONECARD_STATUS_TEXT_GROUP = 103,
  // The key is not a point of the curve.
  ONECARD_STATUS_KEY_NOT_A_POINT = 200,
  // The key is not encoded canonically.
  ONECARD_STATUS_KEY_NON_CANONICAL = 201,
  // The key is of small order.
  ONECARD_STATUS_KEY_SMALL_ORDER = 202,
  // The key is of mixed order.
  ONECARD_STATUS_KEY_MIXED_ORDER = 203,
  // The signature does not verify.
  ONECARD_STATUS_SIGNATURE = 204,
  // Refused, ONECARD_REASON_CLOCK_SUSPECT: this gate's clock, or the holder's, is wrong.
  ONECARD_STATUS_PASS_CLOCK_SUSPECT = 322,
  // Refused, ONECARD_REASON_UNREADABLE: the code cannot be read.
  ONECARD_STATUS_PASS_UNREADABLE = 340,
  // Refused, ONECARD_REASON_UNSUPPORTED_VERSION: the code is of a version this gate does not know.
  ONECARD_STATUS_PASS_UNSUPPORTED_VERSION = 341,
  // Refused, ONECARD_REASON_BAD_SIGNATURE: a signature does not verify.
  ONECARD_STATUS_PASS_BAD_SIGNATURE = 342,
  // Refused, ONECARD_REASON_UNKNOWN_ISSUER: no member of the federation issued this pass.
  ONECARD_STATUS_PASS_UNKNOWN_ISSUER = 343,
  // Refused, ONECARD_REASON_ISSUER_KEY_INVALID: the issuer's key was not valid for this pass.
  ONECARD_STATUS_PASS_ISSUER_KEY_INVALID = 344,
  // Refused, ONECARD_REASON_CODE_EXPIRED: the code is too old: a screenshot?
  ONECARD_STATUS_PASS_CODE_EXPIRED = 345,
  // Refused, ONECARD_REASON_CODE_EARLY: the code is dated in the future.
  ONECARD_STATUS_PASS_CODE_EARLY = 346,
  // Refused, ONECARD_REASON_PROOF_REQUIRED: a bare pass where the holder's code is required.
  ONECARD_STATUS_PASS_PROOF_REQUIRED = 347,
  // Refused, ONECARD_REASON_WRONG_AUDIENCE: the code is for another gate or federation, or does not answer the challenge.
  ONECARD_STATUS_PASS_WRONG_AUDIENCE = 348,
  // Refused, ONECARD_REASON_LIST_TOO_OLD: a list that the decision rests on is too old to decide by.
  ONECARD_STATUS_PASS_LIST_TOO_OLD = 349,
  // Refused, ONECARD_REASON_NOT_YET_VALID: the pass is not valid yet.
  ONECARD_STATUS_PASS_NOT_YET_VALID = 360,
  // Refused, ONECARD_REASON_EXPIRED: the pass is over.
  ONECARD_STATUS_PASS_EXPIRED = 361,
  // A document is not in the one accepted encoding, or too long.
  ONECARD_STATUS_ENCODING = 400,
  // The first trust list is not the pinned one.
  ONECARD_STATUS_TRUST_ANCHOR = 401,
  // The trust list does not follow the one in force.
  ONECARD_STATUS_TRUST_SEQUENCE = 402,
  // Too few distinct members signed the trust list.
  ONECARD_STATUS_TRUST_THRESHOLD = 403,
  // A signer of the trust list is unknown, or its signature does not verify.
  ONECARD_STATUS_TRUST_SIGNER = 404,
  // The key that signed a document is unknown, of another role, or not valid at that time.
  ONECARD_STATUS_TRUST_KEY = 405,
  // A document contradicts itself or breaks a rule of its kind.
  ONECARD_STATUS_CONTRADICTION = 406,
  // Older than what is in force, or than what this gate had.
  ONECARD_STATUS_ROLLBACK = 407,
  // The catalogue changes a published product.
  ONECARD_STATUS_PRODUCT_CHANGED = 408,
  // The status list does not inflate to an allowed size.
  ONECARD_STATUS_COMPRESSION = 409,
  // A document is dated in the future.
  ONECARD_STATUS_FUTURE = 410,
  // A document has expired.
  ONECARD_STATUS_DOCUMENT_EXPIRED = 411,
  // The gate certificate is not in force.
  ONECARD_STATUS_CERTIFICATE_TIME = 412,
  // Every gate would refuse a pass with these claims.
  ONECARD_STATUS_CLAIMS = 413,
  // The bytes are not an encoded pass, or it is too long to be shown.
  ONECARD_STATUS_NOT_A_PASS = 414,
  // The number of a holder's document is not in its one form: 4 to 32 characters A-Z and 0-9.
  ONECARD_STATUS_DOCUMENT = 415,
  // The usage digest is of another member than the gate's own.
  ONECARD_STATUS_USAGE_MEMBER = 416,
  // What is known of a ledger would be in too many pieces: fetch what lies between.
  ONECARD_STATUS_USAGE_GAPS = 417,
  // A checkpoint is malformed, or a signature of it is missing or wrong.
  ONECARD_STATUS_NOTE = 420,
  // A receipt is not two proofs with what belongs to them.
  ONECARD_STATUS_RECEIPT_SHAPE = 430,
  // A proof of a receipt does not verify.
  ONECARD_STATUS_RECEIPT_PROOF = 431,
  // Too few witnesses cosigned the ledger's checkpoint of a receipt.
  ONECARD_STATUS_RECEIPT_NOT_FINAL = 432,
  // The two parts of a receipt do not belong together.
  ONECARD_STATUS_RECEIPT_SEAL = 433,
  // There is no store at that path: no file, or only what a creation left that was cut short, such as an empty one.
  ONECARD_STATUS_STORE_MISSING = 500,
  // There is a store at that path already.
  ONECARD_STATUS_STORE_EXISTS = 501,
  // The store is in use by another handle or process.
  ONECARD_STATUS_STORE_IN_USE = 502,
  // The file is not a store of onecard.
  ONECARD_STATUS_STORE_FOREIGN = 503,
  // The store was written by another version of onecard.
  ONECARD_STATUS_STORE_FORMAT = 504,
  // The file system or the database failed.
  ONECARD_STATUS_STORE_FAILED = 505,
  // The store holds something else than this gate wrote.
  ONECARD_STATUS_STORE_DAMAGED = 506,
  // The store is an old copy: it lacks what was signed before. Nothing was written to it.
  ONECARD_STATUS_STORE_OLD_COPY = 507,
  // The store holds another history than the one that was signed.
  ONECARD_STATUS_STORE_OTHER_HISTORY = 508,
  // The file system grants no lock of any kind, so nothing would keep another process from writing to the store too.
  ONECARD_STATUS_STORE_NO_LOCKS = 509,
  // The file was renamed, removed or replaced since it was opened. Nothing was written. Put it back under its name, or
  // free the handle and open what is to be the store.
  ONECARD_STATUS_STORE_MOVED = 510,
  // The gate certificate is for another key.
  ONECARD_STATUS_GATE_OTHER_KEY = 520,
  // The venue of the gate certificate is not in the bundle's catalogue.
  ONECARD_STATUS_GATE_UNKNOWN_VENUE = 521,
  // The store holds the journal of another gate.
  ONECARD_STATUS_GATE_OTHER_JOURNAL = 522,
  // The clock shows a time before the last record.
  ONECARD_STATUS_GATE_CLOCK = 523,
  // There is no such redemption, or it was annulled already.
  ONECARD_STATUS_GATE_NO_REDEMPTION = 524,
  // The redemption can no longer be annulled.
  ONECARD_STATUS_GATE_TOO_LATE = 525,
  // The journal was opened under another gate certificate.
  ONECARD_STATUS_GATE_OTHER_CERTIFICATE = 526,
  // An outage is open already.
  ONECARD_STATUS_GATE_OUTAGE_OPEN = 527,
  // No outage is open.
  ONECARD_STATUS_GATE_NO_OUTAGE = 528,
  // The gate would not be able to read this record again; it was not written.
  ONECARD_STATUS_GATE_RECORD = 529,
  // The trust list is not among those the ledger was opened with, or not the next one.
  ONECARD_STATUS_LEDGER_TRUST_LIST = 600,
  // The trust list does not give this member this key, or not any more.
  ONECARD_STATUS_LEDGER_OTHER_KEY = 601,
  // The gate is of another member, enrolled already, or unknown.
  ONECARD_STATUS_LEDGER_GATE = 602,
  // The gate is retired.
  ONECARD_STATUS_LEDGER_RETIRED = 603,
  // The store holds another ledger, or another journal than the ledger sealed.
  ONECARD_STATUS_LEDGER_OTHER_JOURNAL = 604,
  // The clock shows a time before the last entry.
  ONECARD_STATUS_LEDGER_CLOCK = 605,
  // No signed checkpoint of the ledger covers that record yet.
  ONECARD_STATUS_LEDGER_NOT_LOGGED = 606,
  // A commit failed before: recover the ledger first.
  ONECARD_STATUS_LEDGER_UNSURE = 607,
  // The entry is none that a ledger can have, or contradicts it.
  ONECARD_STATUS_LEDGER_ENTRY = 608,
  // The gate of a segment is not enrolled, or with another certificate.
  ONECARD_STATUS_SEGMENT_GATE = 620,
  // Records before a segment are missing. See onecard_ledger_journal_size.
  ONECARD_STATUS_SEGMENT_GAP = 621,
  // A segment does not reach up to its checkpoint.
  ONECARD_STATUS_SEGMENT_TRUNCATED = 622,
  // The records of a segment are not what its checkpoint signs.
  ONECARD_STATUS_SEGMENT_ROOT = 623,
  // The evidence of a record is not what was shown.
  ONECARD_STATUS_SEGMENT_EVIDENCE = 624,
  // The gate signed two histories.
  ONECARD_STATUS_SEGMENT_EQUIVOCATION = 625,
  // A request to a witness is malformed.
  ONECARD_STATUS_WITNESS_REQUEST = 640,
  // The witness does not follow that log.
  ONECARD_STATUS_WITNESS_UNKNOWN_LOG = 641,
  // The log's signature is missing or wrong.
  ONECARD_STATUS_WITNESS_SIGNATURE = 642,
  // The request starts from another size than the witness saw last. See onecard_witness_size.
  ONECARD_STATUS_WITNESS_STALE = 643,
  // The consistency proof does not verify.
  ONECARD_STATUS_WITNESS_PROOF = 644,
  // The log signed two histories.
  ONECARD_STATUS_WITNESS_FORK = 645,
  // The clock shows a time before the witness's last cosignature, or none.
  ONECARD_STATUS_WITNESS_CLOCK = 646,
  // The store is another witness's, or has the place of a log for another one.
  ONECARD_STATUS_WITNESS_OTHER_STORE = 647,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum onecard_status onecard_status;
#else
typedef uint32_t onecard_status;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

// Language of a text.
enum onecard_lang
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  // Simplified Chinese.
  ONECARD_LANG_ZH = 0,
  // English.
  ONECARD_LANG_EN = 1,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum onecard_lang onecard_lang;
#else
typedef uint32_t onecard_lang;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

// How old a list is, by the federation's policy.
enum onecard_list_age
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  // There is none.
  ONECARD_LIST_AGE_NONE = 0,
  // Young enough to decide by.
  ONECARD_LIST_AGE_FRESH = 1,
  // Too old to admit by without a person looking.
  ONECARD_LIST_AGE_STALE = 2,
  // Too old to decide by.
  ONECARD_LIST_AGE_TOO_OLD = 3,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum onecard_list_age onecard_list_age;
#else
typedef uint32_t onecard_list_age;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

// What the status list in the bundle says of a pass.
enum onecard_listed
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  // Nothing: the bundle has no list for it, or the list does not reach up to it.
  ONECARD_LISTED_UNKNOWN = 0,
  // Valid.
  ONECARD_LISTED_VALID = 1,
  // Revoked for good.
  ONECARD_LISTED_REVOKED = 2,
  // Suspended; it may come back.
  ONECARD_LISTED_SUSPENDED = 3,
  // Replaced by a new pass.
  ONECARD_LISTED_SUPERSEDED = 4,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum onecard_listed onecard_listed;
#else
typedef uint32_t onecard_listed;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

// The kinds of piece that a gate knows.
enum onecard_piece_kind
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  // One that this version has no number for.
  ONECARD_PIECE_KIND_OTHER = 0,
  // The trust list.
  ONECARD_PIECE_KIND_TRUST_LIST = 1,
  // A member's catalogue.
  ONECARD_PIECE_KIND_CATALOGUE = 2,
  // An issuer's status list.
  ONECARD_PIECE_KIND_STATUS_LIST = 3,
  // The gate's own certificate.
  ONECARD_PIECE_KIND_GATE_CERTIFICATE = 4,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum onecard_piece_kind onecard_piece_kind;
#else
typedef uint32_t onecard_piece_kind;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

// How a pass was shown.
enum onecard_proof_kind
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  // Bare; the issuer allows that for this pass.
  ONECARD_PROOF_KIND_STATIC = 0,
  // With a code that the holder's key signed.
  ONECARD_PROOF_KIND_HOLDER = 1,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum onecard_proof_kind onecard_proof_kind;
#else
typedef uint32_t onecard_proof_kind;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

// Why a gate decided as it did. A number keeps its meaning for ever. Below 20 the barrier opens,
// from 20 to 39 a person decides, from 40 on it stays closed.
enum onecard_reason
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  // Welcome.
  ONECARD_REASON_OK = 0,
  // The same code again at this venue a moment later: no second debit.
  ONECARD_REASON_RESCAN = 1,
  // Welcome, after a co-payment.
  ONECARD_REASON_CO_PAYMENT = 4,
  // The holder's document must be compared.
  ONECARD_REASON_ID_CHECK = 20,
  // The document is not the one that the pass was issued for.
  ONECARD_REASON_ID_MISMATCH = 21,
  // This gate's clock, or the holder's, is wrong.
  ONECARD_REASON_CLOCK_SUSPECT = 22,
  // A list that the decision rests on is stale.
  ONECARD_REASON_LIST_STALE = 23,
  // The code cannot be read.
  ONECARD_REASON_UNREADABLE = 40,
  // The code is of a version this gate does not know.
  ONECARD_REASON_UNSUPPORTED_VERSION = 41,
  // A signature does not verify.
  ONECARD_REASON_BAD_SIGNATURE = 42,
  // No member of the federation issued this pass.
  ONECARD_REASON_UNKNOWN_ISSUER = 43,
  // The issuer's key was not valid for this pass.
  ONECARD_REASON_ISSUER_KEY_INVALID = 44,
  // The code is too old: a screenshot?
  ONECARD_REASON_CODE_EXPIRED = 45,
  // The code is dated in the future.
  ONECARD_REASON_CODE_EARLY = 46,
  // A bare pass where the holder's code is required.
  ONECARD_REASON_PROOF_REQUIRED = 47,
  // The code is for another gate or federation, or does not answer the challenge.
  ONECARD_REASON_WRONG_AUDIENCE = 48,
  // A list that the decision rests on is too old to decide by.
  ONECARD_REASON_LIST_TOO_OLD = 49,
  // The pass was revoked.
  ONECARD_REASON_REVOKED = 50,
  // The pass was reported lost.
  ONECARD_REASON_SUSPENDED = 51,
  // The pass was replaced by another.
  ONECARD_REASON_SUPERSEDED = 52,
  // No status list that this gate has says anything of the pass.
  ONECARD_REASON_NOT_LISTED = 53,
  // The pass is not valid yet.
  ONECARD_REASON_NOT_YET_VALID = 60,
  // The pass is over.
  ONECARD_REASON_EXPIRED = 61,
  // The first use came too late.
  ONECARD_REASON_ACTIVATION_MISSED = 62,
  // The venue is not covered.
  ONECARD_REASON_VENUE_NOT_COVERED = 70,
  // The service is not covered.
  ONECARD_REASON_SERVICE_NOT_COVERED = 71,
  // The other branch of a choice was used.
  ONECARD_REASON_OTHER_BRANCH = 72,
  // Not for this class of holder.
  ONECARD_REASON_HOLDER_NOT_ELIGIBLE = 73,
  // The product is not in the catalogue this gate has.
  ONECARD_REASON_UNKNOWN_PRODUCT = 74,
  // Not on this day.
  ONECARD_REASON_BLACKOUT = 80,
  // Not at this time of day.
  ONECARD_REASON_OUTSIDE_HOURS = 81,
  // Used up at this venue.
  ONECARD_REASON_VENUE_QUOTA = 90,
  // Used up for today.
  ONECARD_REASON_DAY_QUOTA = 91,
  // Used up.
  ONECARD_REASON_TOTAL_QUOTA = 92,
  // The same pass again too soon.
  ONECARD_REASON_PASSBACK = 94,
  // Too many people for one pass.
  ONECARD_REASON_PARTY_TOO_LARGE = 95,
  // The entry cannot be recorded, so it is not admitted.
  ONECARD_REASON_NOT_RECORDED = 98,
  // The gate is not fit to decide: its certificate is not in force, or a rule is not known to it.
  ONECARD_REASON_INTERNAL = 99,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum onecard_reason onecard_reason;
#else
typedef uint32_t onecard_reason;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

// The kinds of record in a gate's journal.
enum onecard_record_kind
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  // The gate started.
  ONECARD_RECORD_KIND_OPENED = 0,
  // A pass was used.
  ONECARD_RECORD_KIND_REDEEMED = 1,
  // A redemption was taken back.
  ONECARD_RECORD_KIND_ANNULLED = 2,
  // The gate learnt what others published.
  ONECARD_RECORD_KIND_SYNCED = 3,
  // The clock was set.
  ONECARD_RECORD_KIND_CLOCK_SET = 4,
  // The totals of a service day.
  ONECARD_RECORD_KIND_DAY_CLOSED = 5,
  // A person let in whom the gate had refused.
  ONECARD_RECORD_KIND_OVERRIDDEN = 6,
  // People pass unchecked from here on.
  ONECARD_RECORD_KIND_OUTAGE_OPENED = 7,
  // The outage is over.
  ONECARD_RECORD_KIND_OUTAGE_CLOSED = 8,
  // A pass was shown at the exit.
  ONECARD_RECORD_KIND_LEFT = 9,
  // The clock jumped.
  ONECARD_RECORD_KIND_CLOCK_JUMPED = 10,
  // One that this version has no number for.
  ONECARD_RECORD_KIND_OTHER = 255,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum onecard_record_kind onecard_record_kind;
#else
typedef uint32_t onecard_record_kind;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

// The three kinds of answer.
enum onecard_severity
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  // The barrier opens.
  ONECARD_SEVERITY_ADMIT = 0,
  // A person decides.
  ONECARD_SEVERITY_REFER = 1,
  // The barrier stays closed.
  ONECARD_SEVERITY_DENY = 2,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum onecard_severity onecard_severity;
#else
typedef uint32_t onecard_severity;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

// What is wrong with a gate. A number keeps its meaning for ever.
enum onecard_trouble
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  // The store does not take a commit.
  ONECARD_TROUBLE_STORE = 1,
  // The clock shows a time before the last record or the trust list: it was never set, or set back.
  ONECARD_TROUBLE_CLOCK_BEHIND = 2,
  // The clock jumped and was not set since.
  ONECARD_TROUBLE_CLOCK_IN_DOUBT = 3,
  // The gate certificate is not in force.
  ONECARD_TROUBLE_CERTIFICATE = 4,
  // The journal names newer lists than the gate has.
  ONECARD_TROUBLE_LISTS_BEHIND = 5,
  // A member that sells passes has no issuer key in force.
  ONECARD_TROUBLE_ISSUER_KEY = 6,
  // A member that sells passes has no status list here.
  ONECARD_TROUBLE_STATUS_MISSING = 7,
  // A list is stale.
  ONECARD_TROUBLE_LIST_STALE = 8,
  // A list is too old.
  ONECARD_TROUBLE_LIST_TOO_OLD = 9,
  // So much is not sealed that a segment may get too long to be taken.
  ONECARD_TROUBLE_UNSEALED = 10,
  // An outage is open.
  ONECARD_TROUBLE_OUTAGE = 11,
  // The venue is in no catalogue that the gate has: its city's was dropped with the key that signed it.
  ONECARD_TROUBLE_VENUE_MISSING = 12,
  // No product in any catalogue here is good for the venue and the gate's service.
  ONECARD_TROUBLE_NO_PRODUCT = 13,
  // The journal says that the gate knows more uses at other gates than its store does: it was rebuilt.
  ONECARD_TROUBLE_USAGE_MISSING = 14,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum onecard_trouble onecard_trouble;
#else
typedef uint32_t onecard_trouble;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

// Bytes that the library made and owns. Thread-safe: they never change.
typedef struct onecard_buffer onecard_buffer;

// Trust list, catalogues and status lists, all verified.
//
// Thread-safe: an update waits for nobody who reads. Calls that began before it see what was in force then.
typedef struct onecard_bundle onecard_bundle;

// A gate with its journal, its key and what it knows.
//
// Thread-safe: one handle serves all lanes of the gate. Calls take their turn in the order in which they came; those
// that change nothing share one. Codes that come while another admission is made durable are decided together, with
// one durable commit for all of them. Two lanes with keys of their own are two gates.
typedef struct onecard_gate onecard_gate;

// Verified trust lists, each following the one before.
//
// Thread-safe, as a bundle.
typedef struct onecard_history onecard_history;

// A member's ledger.
//
// Thread-safe: calls take their turn, as those of a gate, and segments that come while another is made durable share
// one durable commit. After ONECARD_STATUS_STORE_FAILED it says ONECARD_STATUS_LEDGER_UNSURE until
// onecard_ledger_recover.
typedef struct onecard_ledger onecard_ledger;

// What a gate is to learn, gathered piece by piece and taken by onecard_gate_sync, whole or not at all.
//
// Nothing is verified before that. Thread-safe: calls take their turn, as those of a gate.
typedef struct onecard_sync onecard_sync;

// A witness of every other member's ledger, with the last checkpoint it cosigned of each.
//
// Thread-safe: calls take their turn, as those of a gate. Open it anew when the trust list changes.
typedef struct onecard_witness onecard_witness;

// What an audit came to.
typedef struct onecard_audited {
  // Findings that something is wrong: 0 where all is well.
  uint64_t errors;
  // Findings that are worth knowing, with nothing wrong.
  uint64_t notices;
  // Uses beyond the rules: not damage, but money.
  uint64_t over_use;
  // Ledgers read.
  uint64_t ledgers;
  // Entries of ledgers.
  uint64_t entries;
  // Journals read.
  uint64_t journals;
  // Records of journals.
  uint64_t records;
  // Redemptions among them.
  uint64_t redemptions;
  // Evidence verified.
  uint64_t evidence;
  // Redemptions whose evidence was erased.
  uint64_t pruned;
  // 1 where there is a statement, else 0.
  uint32_t has_statement;
  // 0; for later versions.
  uint32_t reserved;
  // SHA-256 of the trust list that the audit started from; zeros where there was none.
  uint8_t anchor[32];
  // SHA-256 of the statement; zeros where there is none.
  uint8_t statement[32];
} onecard_audited;

// What a gate counted since the last day close. Times are Unix seconds.
typedef struct onecard_totals {
  // Records in the journal, since it was begun.
  uint64_t records;
  // People who came in, less those who left; below zero where people only leave.
  int64_t inside;
  // Since when an outage is open; 0 where none is.
  int64_t outage_since;
  // Redemptions.
  uint32_t admitted;
  // Annulments.
  uint32_t annulled;
  // People let in by hand: records of it.
  uint32_t overridden;
  // Exits.
  uint32_t left;
  // Refusals, which are counted and not recorded one by one.
  uint32_t refused;
  // 0; for later versions.
  uint32_t reserved[3];
} onecard_totals;

// What a gate answers to one scan. Times are Unix seconds.
typedef struct onecard_decision {
  // Index of the redemption in the gate's journal; 0 where nothing was recorded.
  uint64_t index;
  // When the same visit would be covered; 0 where that is not known.
  int64_t next;
  // When the grant is over; 0 where that was not computed.
  int64_t valid_until;
  // Uses left of the grant's tightest shared quota; -1 where that was not counted.
  int64_t uses_left;
  // Whether the barrier opens: an `onecard_severity`. Open for ONECARD_SEVERITY_ADMIT alone.
  uint32_t kind;
  // Why: an `onecard_reason`.
  uint32_t reason;
  // The grant of the product that decided; 0 unless admitted.
  uint32_t grant;
  // What the party pays here, in fen; 0 unless admitted.
  uint32_t due_fen;
  // 1 where the visitor may be shown the reason, else 0: show "please see staff".
  uint32_t shows_detail;
  // 0; for later versions.
  uint32_t reserved[3];
} onecard_decision;

// One thing that fails now or within a day.
typedef struct onecard_fault {
  // The first second it fails.
  int64_t from;
  // What: an `onecard_trouble`.
  uint32_t trouble;
  // What visitors meet then: an `onecard_severity`.
  uint32_t severity;
  // Whose list or key; 0 where it is about no member's.
  uint32_t member;
  // 0; for later versions.
  uint32_t reserved;
} onecard_fault;

// How old one piece is. Times are Unix seconds.
typedef struct onecard_piece {
  // When it was issued.
  int64_t issued;
  // First second it is no longer good for; 0 where it does not say.
  int64_t expires;
  // Sequence of a trust list or catalogue, else 0.
  uint64_t sequence;
  // Which: an `onecard_piece_kind`.
  uint32_t kind;
  // Whose; 0 for the trust list and the certificate.
  uint32_t member;
  // What the policy says of it: an `onecard_list_age`.
  uint32_t age;
  // URI of a status list in UTF-8, then NULs.
  char uri[68];
  // 0; for later versions.
  uint32_t reserved[2];
} onecard_piece;

// What a gate certificate says. Times are Unix seconds.
typedef struct onecard_certificate {
  // When it was issued.
  int64_t issued;
  // First second it is not good for any more.
  int64_t expires;
  // The member that enrolled the gate.
  uint32_t member;
  // Number of the gate there.
  uint32_t gate;
  // Number of the venue in that member's catalogue.
  uint32_t venue;
  // The service that the gate is for.
  uint32_t service;
  // 1 where it is in force at the time asked for, else 0.
  uint32_t in_force;
  // The gate's public key.
  uint8_t key[32];
  // 0; for later versions.
  uint32_t reserved;
} onecard_certificate;

// What a checkpoint of a ledger says, and whether it is final. Times are Unix seconds.
typedef struct onecard_checkpoint {
  // Entries it covers.
  uint64_t size;
  // When enough witnesses had cosigned it; 0 where they have not.
  int64_t final_at;
  // Cosignatures that count.
  uint32_t cosignatures;
  // 0; for later versions.
  uint32_t reserved;
  // Root of the ledger's tree.
  uint8_t root[32];
} onecard_checkpoint;

// What an issuer says of a pass. Zero it before it is filled in. Times are Unix seconds.
typedef struct onecard_new_pass {
  // When it is issued.
  int64_t issued;
  // First second it is good for.
  int64_t not_before;
  // First second it is not good for any more.
  int64_t expires;
  // Division code of the issuer.
  uint32_t issuer;
  // Number of the product in the issuer's catalogue, up to 65535.
  uint32_t product;
  // Version of the product, up to 65535.
  uint32_t product_version;
  // Class of the holder, as products name it, up to 255.
  uint32_t holder_class;
  // Bits: ONECARD_PASS_STATIC_ALLOWED, ONECARD_PASS_ID_CHECK.
  uint32_t flags;
  // A shown code is good for at most this many seconds, up to 65535; 0 leaves it to the federation.
  uint32_t freshness;
  // Index in the status list.
  uint32_t status_index;
  // 1 where `holder_key` is the holder's key; 0 for a pass without one, which has to be flagged
  // ONECARD_PASS_STATIC_ALLOWED.
  uint32_t has_holder_key;
  // The holder's public key.
  uint8_t holder_key[32];
  // Id of the pass: 10 bytes drawn at random for it.
  uint8_t pass[10];
  // 0; for later versions.
  uint8_t reserved_bytes[2];
  // URI of the status list: 1 to 64 bytes of UTF-8, then NUL.
  char status_uri[68];
  // 0; for later versions.
  uint32_t reserved[2];
} onecard_new_pass;

// What became of a segment.
typedef struct onecard_ingested {
  // How many of its records were new.
  uint64_t records;
  // Index of the ledger's entry; 0 where nothing was new.
  uint64_t entry;
  // 1 where all of it was there before, else 0.
  uint32_t duplicate;
  // 0; for later versions.
  uint32_t reserved;
} onecard_ingested;

// What a verified presentation says. Times are Unix seconds.
typedef struct onecard_claims {
  // First second the pass is good for.
  int64_t not_before;
  // First second it is not good for any more.
  int64_t expires;
  // When it was issued.
  int64_t issued;
  // When the holder's code was made; 0 for a bare pass.
  int64_t shown;
  // Division code of the issuer.
  uint32_t issuer;
  // Number of the product in the issuer's catalogue.
  uint32_t product;
  // Version of the product.
  uint32_t product_version;
  // Class of the holder, as products name it.
  uint32_t holder_class;
  // Bits: 1 the bare pass may be shown, 2 the holder's document must be compared.
  uint32_t flags;
  // A shown code is good for at most this many seconds; 0 leaves it to the federation.
  uint32_t freshness;
  // How it was shown: an `onecard_proof_kind`.
  uint32_t proof;
  // Index of the pass in its issuer's status list.
  uint32_t status_index;
  // What that list says: an `onecard_listed`.
  uint32_t listed;
  // How old that list is: an `onecard_list_age`.
  uint32_t list_age;
  // Id of the pass: 16 characters, then NUL.
  char pass[20];
  // SHA-256 of what was shown.
  uint8_t digest[32];
  // 0; for later versions.
  uint32_t reserved;
} onecard_claims;

// What a verified receipt says. Times are Unix seconds. What only a redemption has is 0 for any other
// record.
typedef struct onecard_receipted {
  // Index of the record in the gate's journal.
  uint64_t index;
  // Index of the entry in the city's ledger.
  uint64_t entry;
  // When the record was made, by the gate's clock.
  int64_t time;
  // When the city logged it.
  int64_t logged;
  // When the ledger's checkpoint over it became final.
  int64_t final_at;
  // The member that enrolled the gate.
  uint32_t member;
  // Number of the gate.
  uint32_t gate;
  // What was recorded: an `onecard_record_kind`.
  uint32_t kind;
  // Of a redemption: the issuer of the pass.
  uint32_t issuer;
  // Number of the product.
  uint32_t product;
  // Version of the product.
  uint32_t product_version;
  // The grant that decided.
  uint32_t grant;
  // How many people came in.
  uint32_t party;
  // What they paid at the gate, in fen.
  uint32_t due_fen;
  // Bits: 1 the bare pass was shown, 2 the code answered a challenge, 4 the clock was in doubt.
  uint32_t flags;
  // Id of the pass: 16 characters, then NUL.
  char pass[20];
  // SHA-256 of what was shown.
  uint8_t digest[32];
  // 0; for later versions.
  uint32_t reserved;
} onecard_receipted;

// One use of a pass at a gate, from a verified ledger. Zero it before it is filled in.
typedef struct onecard_use {
  // When, by that gate's clock: Unix seconds.
  int64_t time;
  // Index of the record in that gate's journal.
  uint64_t index;
  // The member that issued the pass.
  uint32_t issuer;
  // The member that enrolled the gate.
  uint32_t gate_member;
  // Number of the gate.
  uint32_t gate;
  // The member of the venue.
  uint32_t venue_member;
  // Number of the venue.
  uint32_t venue;
  // The service used.
  uint32_t service;
  // The grant that decided.
  uint32_t grant;
  // How many people came in.
  uint32_t party;
  // Id of the pass: 16 characters, then NUL.
  char pass[20];
  // 0; for later versions.
  uint32_t reserved;
} onecard_use;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

// Audits the files that cities published below `directory`.
//
// `anchor` is the pinned SHA-256 of a trust list, 32 bytes; with NULL and length 0 the first list found
// is taken as it is: then compare `anchor` of the result with what you know. `threads` is how many to
// use, 1 to 256; the result does not depend on it.
//
// It never fails for what it reads: what cannot be read or verified is a finding. `report` is the whole
// of it in JSON, as `onecard audit --json` prints it, each cause once; free it with onecard_buffer_free.
//
// # Safety
// `directory` and `anchor` are valid for their lengths; `audited` and `report` are NULL or can be
// written.
onecard_status onecard_audit(const char *directory,
                             size_t directory_length,
                             const uint8_t *anchor,
                             size_t anchor_length,
                             uint32_t threads,
                             struct onecard_audited *audited,
                             onecard_buffer **report);

// Where the bytes are and how many. They stay there until onecard_buffer_free.
//
// # Safety
// `buffer` is NULL or a live handle; `data` and `length` are NULL or can be written.
onecard_status onecard_buffer_data(const onecard_buffer *buffer,
                                   const uint8_t **data,
                                   size_t *length);

// Frees a buffer and writes NULL to `*buffer`; NULL there is freed already.
//
// # Safety
// `buffer` is NULL or can be read and written; `*buffer` is NULL or a live handle.
onecard_status onecard_buffer_free(onecard_buffer **buffer);

// Makes a bundle from the first trust list of a federation and its pinned SHA-256 of 32 bytes.
//
// # Safety
// `trust` and `anchor` are valid for their lengths; `bundle` is NULL or can be written.
onecard_status onecard_bundle_new(const uint8_t *trust,
                                  size_t trust_length,
                                  const uint8_t *anchor,
                                  size_t anchor_length,
                                  struct onecard_bundle **bundle);

// Takes the trust list that follows the one in force, at the Unix time `now`. Offered the one in force,
// does nothing.
//
// # Safety
// `bundle` is NULL or a live handle; `trust` is valid for its length.
onecard_status onecard_bundle_update_trust(struct onecard_bundle *bundle,
                                           const uint8_t *trust,
                                           size_t trust_length,
                                           int64_t now);

// Takes a member's newer catalogue, at the Unix time `now`. Offered the one in force, does nothing.
//
// # Safety
// `bundle` is NULL or a live handle; `catalogue` is valid for its length.
onecard_status onecard_bundle_update_catalogue(struct onecard_bundle *bundle,
                                               const uint8_t *catalogue,
                                               size_t catalogue_length,
                                               int64_t now);

// Takes an issuer's newer status list, at the Unix time `now`. Offered the one in force, does nothing.
//
// # Safety
// `bundle` is NULL or a live handle; `list` is valid for its length.
onecard_status onecard_bundle_update_status(struct onecard_bundle *bundle,
                                            const uint8_t *list,
                                            size_t list_length,
                                            int64_t now);

// Every piece of a bundle as it was signed, to be kept and given to onecard_bundle_load.
//
// Free the buffer with onecard_buffer_free.
//
// # Safety
// `bundle` is NULL or a live handle; `saved` is NULL or can be written.
onecard_status onecard_bundle_save(const struct onecard_bundle *bundle, onecard_buffer **saved);

// Verifies every piece of a saved bundle again, from the pinned SHA-256 of its first trust list on.
//
// # Safety
// `saved` and `anchor` are valid for their lengths; `bundle` is NULL or can be written.
onecard_status onecard_bundle_load(const uint8_t *saved,
                                   size_t saved_length,
                                   const uint8_t *anchor,
                                   size_t anchor_length,
                                   struct onecard_bundle **bundle);

// Makes tables for the issuers' keys in force at `now`, 640 KiB each: passes verify in about half the
// time. Gates opened with the bundle afterwards share them. A trust list that follows is prepared too.
//
// # Safety
// `bundle` is NULL or a live handle.
onecard_status onecard_bundle_prepare(struct onecard_bundle *bundle,
                                      int64_t now);

// Frees a bundle and writes NULL to `*bundle`; NULL there is freed already.
//
// # Safety
// `bundle` is NULL or can be read and written; `*bundle` is NULL or a live handle.
onecard_status onecard_bundle_free(struct onecard_bundle **bundle);

// Records that a person lets in whom the gate refused.
//
// It debits no pass and nothing is paid for it; totals and audit tell it. `refused` is the
// `onecard_reason` that the gate had given; `operator_number` a number that the venue gives its staff,
// never a name; `why` a number of the venue's own list, up to 65535. `index` is that of the record.
//
// # Safety
// `gate` is NULL or a live handle; `index` is NULL or can be written.
onecard_status onecard_gate_let_in(struct onecard_gate *gate,
                                   uint32_t refused,
                                   uint32_t operator_number,
                                   uint32_t why,
                                   uint32_t party,
                                   int64_t now,
                                   uint64_t *index);

// Records that a pass was shown at the exit. **Whatever the answer, the exit opens**: nobody is kept in.
//
// `reason` is ONECARD_REASON_OK where that is on record at `index`, ONECARD_REASON_RESCAN where it was
// recorded a moment ago, else why it was not recorded; `index` is 0 then.
//
// # Safety
// `gate` is NULL or a live handle; `text` is valid for its length; `reason` and `index` are NULL or can
// be written.
onecard_status onecard_gate_leave(struct onecard_gate *gate,
                                  const char *text,
                                  size_t text_length,
                                  uint32_t party,
                                  int64_t now,
                                  uint32_t *reason,
                                  uint64_t *index);

// Records that people pass unchecked since `since`: the gate was down, or was opened by hand. Scans are
// decided as ever. `index` is that of the record.
//
// # Safety
// `gate` is NULL or a live handle; `index` is NULL or can be written.
onecard_status onecard_gate_open_outage(struct onecard_gate *gate,
                                        int64_t since,
                                        int64_t now,
                                        uint64_t *index);

// Records that the outage is over, and how many people came in meanwhile, as staff counted them.
// `index` is that of the record.
//
// # Safety
// `gate` is NULL or a live handle; `index` is NULL or can be written.
onecard_status onecard_gate_close_outage(struct onecard_gate *gate,
                                         uint32_t let_in,
                                         int64_t now,
                                         uint64_t *index);

// Compares the clock with `uptime`, the seconds that the machine has been running by a counter that
// nobody can set. Call it every minute or so.
//
// Pass a counter that goes on while the machine is suspended: CLOCK_BOOTTIME on Linux and Android,
// mach_continuous_time on Apple's systems, GetTickCount64 on Windows. By one that stands still, such as
// CLOCK_MONOTONIC on Linux, a machine that slept has a clock that jumped. `now` is the time of day,
// CLOCK_REALTIME.
//
// `trusted` is 1 where the clock is to be trusted, and up to 200 seconds in a million are drift. Where it
// jumped, that is recorded, `trusted` is 0 and every redemption is flagged until onecard_gate_set_clock.
//
// # Safety
// `gate` is NULL or a live handle; `trusted` is NULL or can be written.
onecard_status onecard_gate_compare_clock(struct onecard_gate *gate,
                                          int64_t now,
                                          uint64_t uptime,
                                          uint32_t *trusted);

// Sets the clock: the only way time goes back in a journal, and it is on record.
//
// # Safety
// `gate` is NULL or a live handle.
onecard_status onecard_gate_set_clock(struct onecard_gate *gate, int64_t now);

// What the gate counted since the last day close.
//
// # Safety
// `gate` is NULL or a live handle; `totals` is NULL or can be written.
onecard_status onecard_gate_totals(const struct onecard_gate *gate, struct onecard_totals *totals);

// How many scans were refused for one `onecard_reason` since the last day close.
//
// # Safety
// `gate` is NULL or a live handle; `count` is NULL or can be written.
onecard_status onecard_gate_refused(const struct onecard_gate *gate,
                                    uint32_t refused,
                                    uint32_t *count);

// Records the totals of a service day and starts the next at zero. `day` is the date as a number:
// 20261001 is 1 October 2026. `totals` is what was counted.
//
// # Safety
// `gate` is NULL or a live handle; `totals` is NULL or can be written.
onecard_status onecard_gate_close_day(struct onecard_gate *gate,
                                      uint32_t day,
                                      int64_t now,
                                      struct onecard_totals *totals);

// Erases the evidence, what visitors showed, of all records that a receipt shows to be final in the
// city's ledger, from the store of a gate that is closed. `below` is the index below which a gate's store
// has none any more.
//
// The records themselves stay: a gate needs all of them to decide. Nothing is erased for a receipt that
// does not verify, of another gate, or of another history. Mind the dispute window: it is the operator's.
//
// # Safety
// `path` and `receipt` are valid for their lengths; `history` is NULL or a live handle; `below` is NULL or
// can be written.
onecard_status onecard_gate_erase_final(const char *path,
                                        size_t path_length,
                                        const struct onecard_history *history,
                                        const uint8_t *receipt,
                                        size_t receipt_length,
                                        uint64_t *below);

// Opens a gate on its store, replays its journal, and records that it opened.
//
// The store must be there: a mistyped path must not start an empty journal. onecard_gate_create
// makes one. `path` is UTF-8. The key's seed has 32 bytes and is copied, and so is the bundle: later
// updates of the bundle do not reach the gate. A bundle older than what the gate had is
// ONECARD_STATUS_ROLLBACK.
//
// # Safety
// `path`, `seed` and `certificate` are valid for their lengths; `bundle` is NULL or a live handle;
// `gate` is NULL or can be written.
onecard_status onecard_gate_open(const char *path,
                                 size_t path_length,
                                 const uint8_t *seed,
                                 size_t seed_length,
                                 const uint8_t *certificate,
                                 size_t certificate_length,
                                 const struct onecard_bundle *bundle,
                                 int64_t now,
                                 struct onecard_gate **gate);

// Makes a new store and opens a gate on it. Everything else is as in onecard_gate_open.
//
// No file is made where the gate would not open, and one that was made is removed where the file system fails or grants
// no lock, unless another process has opened it by then. ONECARD_STATUS_STORE_EXISTS where there is a store already.
//
// # Safety
// As onecard_gate_open.
onecard_status onecard_gate_create(const char *path,
                                   size_t path_length,
                                   const uint8_t *seed,
                                   size_t seed_length,
                                   const uint8_t *certificate,
                                   size_t certificate_length,
                                   const struct onecard_bundle *bundle,
                                   int64_t now,
                                   struct onecard_gate **gate);

// As onecard_gate_open, for a store that may be an old copy: restored from a backup, or a swapped card.
//
// `newest` is the newest checkpoint of this gate that its city has, a signed note: see
// onecard_receipt_checkpoint. Where less than that is in the store, ONECARD_STATUS_STORE_OLD_COPY;
// where something else is, ONECARD_STATUS_STORE_OTHER_HISTORY. Nothing was written then.
//
// # Safety
// As onecard_gate_open; `newest` is valid for its length.
onecard_status onecard_gate_open_after(const char *newest,
                                       size_t newest_length,
                                       const char *path,
                                       size_t path_length,
                                       const uint8_t *seed,
                                       size_t seed_length,
                                       const uint8_t *certificate,
                                       size_t certificate_length,
                                       const struct onecard_bundle *bundle,
                                       int64_t now,
                                       struct onecard_gate **gate);

// Opens a gate whose clock was once ahead, and puts on record that it is `now`: the way back where
// onecard_gate_open says ONECARD_STATUS_GATE_CLOCK. A person who knows the time has to ask for it.
//
// # Safety
// As onecard_gate_open.
onecard_status onecard_gate_open_setting_clock(const char *path,
                                               size_t path_length,
                                               const uint8_t *seed,
                                               size_t seed_length,
                                               const uint8_t *certificate,
                                               size_t certificate_length,
                                               const struct onecard_bundle *bundle,
                                               int64_t now,
                                               struct onecard_gate **gate);

// Decides on a scanned text shown by `party` people.
//
// Every text gets a decision, and ONECARD_STATUS_OK says no more than that: the barrier opens when
// `kind` is ONECARD_SEVERITY_ADMIT. An admission is durable in the journal before this returns.
// `flags` is 0 or ONECARD_ADMIT_IDENTITY_CHECKED. Where several threads ask at once, the decisions are as of the
// latest `now` among them.
//
// # Safety
// `gate` is NULL or a live handle; `text` is valid for its length; `decision` is NULL or can be
// written.
onecard_status onecard_gate_admit(struct onecard_gate *gate,
                                  const char *text,
                                  size_t text_length,
                                  uint32_t party,
                                  uint32_t flags,
                                  int64_t now,
                                  struct onecard_decision *decision);

// As onecard_gate_admit, where the holder showed the salt of the pass's commitment to a document, and
// the document was read: the gate compares them. `document` is its number, 4 to 32 characters A-Z and
// 0-9; `salt` has 16 bytes. Neither is kept or recorded.
//
// # Safety
// As onecard_gate_admit; `salt` and `document` are valid for their lengths.
onecard_status onecard_gate_admit_document(struct onecard_gate *gate,
                                           const char *text,
                                           size_t text_length,
                                           uint32_t party,
                                           const uint8_t *salt,
                                           size_t salt_length,
                                           const char *document,
                                           size_t document_length,
                                           int64_t now,
                                           struct onecard_decision *decision);

// Sets the challenge that the next answer must be to: 16 bytes that the caller draws at random, each
// time anew, and sends to the holder with the gate's id. One is good for one answer, accepted or not;
// a new one replaces it: a gate has one at a time, for all threads.
//
// # Safety
// `gate` is NULL or a live handle; `nonce` is valid for its length.
onecard_status onecard_gate_challenge(struct onecard_gate *gate,
                                      const uint8_t *nonce,
                                      size_t nonce_length);

// Decides on an answer to the gate's challenge, as onecard_gate_admit does on a text. `answer` is the
// bytes that the holder's onecard_present_answer made.
//
// Where a document was read, `salt` and `document` are as in onecard_gate_admit_document; else both are
// NULL with length 0.
//
// # Safety
// `gate` is NULL or a live handle; `answer`, `salt` and `document` are valid for their lengths;
// `decision` is NULL or can be written.
onecard_status onecard_gate_admit_answer(struct onecard_gate *gate,
                                         const uint8_t *answer,
                                         size_t answer_length,
                                         uint32_t party,
                                         uint32_t flags,
                                         const uint8_t *salt,
                                         size_t salt_length,
                                         const char *document,
                                         size_t document_length,
                                         int64_t now,
                                         struct onecard_decision *decision);

// Takes back the redemption at `index`, shortly after it was recorded: the visitor turned round.
//
// # Safety
// `gate` is NULL or a live handle.
onecard_status onecard_gate_annul(struct onecard_gate *gate, uint64_t index, int64_t now);

// Signs all that was recorded since the last seal, if anything was, and tells the size of the
// journal that is now sealed.
//
// # Safety
// `gate` is NULL or a live handle; `size` is NULL or can be written.
onecard_status onecard_gate_seal(struct onecard_gate *gate, uint64_t *size);

// The newest checkpoint that the gate signed, a signed note.
//
// ONECARD_STATUS_NOTHING before the first seal. Free the buffer with onecard_buffer_free.
//
// # Safety
// `gate` is NULL or a live handle; `checkpoint` is NULL or can be written.
onecard_status onecard_gate_checkpoint(const struct onecard_gate *gate,
                                       onecard_buffer **checkpoint);

// The encoded segment: the sealed records from `first` on, for the city that has those before, or as many of
// them as one segment should have. After days offline, ask again from where it ends, which
// onecard_segment_range says, until there is none.
//
// ONECARD_STATUS_NOTHING when there are none. Free the buffer with onecard_buffer_free.
//
// # Safety
// `gate` is NULL or a live handle; `segment` is NULL or can be written.
onecard_status onecard_gate_segment(const struct onecard_gate *gate,
                                    uint64_t first,
                                    onecard_buffer **segment);

// Which records a segment has: from index `*first` to just before `*end`. Its city verifies it; this does not.
//
// # Safety
// `segment` is valid for its length; `first` and `end` are NULL or can be written.
onecard_status onecard_segment_range(const uint8_t *segment,
                                     size_t segment_length,
                                     uint64_t *first,
                                     uint64_t *end);

// Closes a gate and writes NULL to `*gate`; NULL there is closed already. Nothing is lost: every
// record was durable before it was told.
//
// # Safety
// `gate` is NULL or can be read and written; `*gate` is NULL or a live handle.
onecard_status onecard_gate_free(struct onecard_gate **gate);

// What fails at `now` or within a day, the first first: ask in the afternoon, while somebody can still
// mend it.
//
// Writes the faults to the array `faults` and how many there are to `count`. It writes one row to the
// store and nothing to the journal.
//
// # Safety
// `gate` is NULL or a live handle; `faults` has room for `capacity` of them; `count` is NULL or can be
// written.
onecard_status onecard_gate_self_test(struct onecard_gate *gate,
                                      int64_t now,
                                      struct onecard_fault *faults,
                                      size_t capacity,
                                      size_t *count);

// The text of an `onecard_trouble` in a language (an `onecard_lang`), for staff.
//
// An unknown trouble or language is ONECARD_STATUS_UNKNOWN_CONSTANT. `*text` is as in onecard_version.
//
// # Safety
// `text` and `length` are NULL or can be written.
onecard_status onecard_trouble_text(uint32_t trouble,
                                    uint32_t lang,
                                    const char **text,
                                    size_t *length);

// How old every piece of what the gate knows is, its own certificate last.
//
// Writes them to the array `pieces` and how many there are to `count`.
//
// # Safety
// `gate` is NULL or a live handle; `pieces` has room for `capacity` of them; `count` is NULL or can be
// written.
onecard_status onecard_gate_ages(const struct onecard_gate *gate,
                                 int64_t now,
                                 struct onecard_piece *pieces,
                                 size_t capacity,
                                 size_t *count);

// How old every piece of a bundle is. As onecard_gate_ages.
//
// # Safety
// `bundle` is NULL or a live handle; `pieces` has room for `capacity` of them; `count` is NULL or can
// be written.
onecard_status onecard_bundle_ages(const struct onecard_bundle *bundle,
                                   int64_t now,
                                   struct onecard_piece *pieces,
                                   size_t capacity,
                                   size_t *count);

// Verifies a gate certificate by the bundle's trust list, and tells what it says. One that is not in
// force at `now` verifies too: see `in_force`.
//
// # Safety
// `bundle` is NULL or a live handle; `certificate` is valid for its length; `told` is NULL or can be
// written.
onecard_status onecard_certificate_verify(const struct onecard_bundle *bundle,
                                          const uint8_t *certificate,
                                          size_t certificate_length,
                                          int64_t now,
                                          struct onecard_certificate *told);

// Makes a history from a trust list and its pinned SHA-256 of 32 bytes: the first of a federation, or a
// later one.
//
// # Safety
// `trust` and `anchor` are valid for their lengths; `history` is NULL or can be written.
onecard_status onecard_history_new(const uint8_t *trust,
                                   size_t trust_length,
                                   const uint8_t *anchor,
                                   size_t anchor_length,
                                   struct onecard_history **history);

// Adds the trust list that follows the newest one.
//
// # Safety
// `history` is NULL or a live handle; `trust` is valid for its length.
onecard_status onecard_history_add(struct onecard_history *history,
                                   const uint8_t *trust,
                                   size_t trust_length);

// Frees a history and writes NULL to `*history`; NULL there is freed already.
//
// # Safety
// `history` is NULL or can be read and written; `*history` is NULL or a live handle.
onecard_status onecard_history_free(struct onecard_history **history);

// Verifies a checkpoint of a member's ledger, a signed note, and tells what its cosignatures come to.
//
// ONECARD_STATUS_OK says that the ledger signed it; `final_at` whether enough witnesses did.
//
// # Safety
// `history` is NULL or a live handle; `note` is valid for its length; `checkpoint` is NULL or can be
// written.
onecard_status onecard_checkpoint_verify(const struct onecard_history *history,
                                         uint32_t member,
                                         const uint8_t *note,
                                         size_t note_length,
                                         struct onecard_checkpoint *checkpoint);

// The public key of 32 bytes that belongs to a seed of 32 bytes.
//
// The seed is the secret key of a holder, gate, issuer, log or witness: 32 random bytes of the system's
// generator, drawn once and kept where nobody else reads. This library draws nothing at random.
//
// # Safety
// `seed` and `key` are valid for their lengths; `key_length` is NULL or can be written.
onecard_status onecard_key_public(const uint8_t *seed,
                                  size_t seed_length,
                                  uint8_t *key,
                                  size_t key_capacity,
                                  size_t *key_length);

// Makes the text of the QR code that a holder shows at any gate of `federation`, dated `now`: to be
// made anew every 30 seconds.
//
// The pass is looked at no further than that it could be one. At most 964 bytes.
//
// # Safety
// `pass`, `seed`, `federation` and `text` are valid for their lengths; `text_length` is NULL or can be
// written.
onecard_status onecard_present(const uint8_t *pass,
                               size_t pass_length,
                               const uint8_t *seed,
                               size_t seed_length,
                               const char *federation,
                               size_t federation_length,
                               int64_t now,
                               char *text,
                               size_t text_capacity,
                               size_t *text_length);

// Makes the answer to a gate's challenge: bytes for onecard_gate_admit_answer, at most 640.
//
// `gate` is the gate's id as text, such as "310101/gate/7", and `nonce` the 16 bytes, both as the gate
// sent them.
//
// # Safety
// `pass`, `seed`, `gate`, `nonce` and `answer` are valid for their lengths; `answer_length` is NULL or
// can be written.
onecard_status onecard_present_answer(const uint8_t *pass,
                                      size_t pass_length,
                                      const uint8_t *seed,
                                      size_t seed_length,
                                      const char *gate,
                                      size_t gate_length,
                                      const uint8_t *nonce,
                                      size_t nonce_length,
                                      int64_t now,
                                      uint8_t *answer,
                                      size_t answer_capacity,
                                      size_t *answer_length);

// Signs a pass with an issuer's seed of 32 bytes and writes its encoding, at most 512 bytes.
//
// Where the pass carries a commitment to the holder's document, `salt` is 16 random bytes drawn for it
// alone and given to the holder apart from it, and `document` the document's number, 4 to 32 characters
// A-Z and 0-9; else both are NULL with length 0. ONECARD_STATUS_CLAIMS for claims that every gate would
// refuse.
//
// # Safety
// `claims` is NULL or can be read; `seed`, `salt`, `document` and `pass` are valid for their lengths;
// `pass_length` is NULL or can be written.
onecard_status onecard_pass_issue(const struct onecard_new_pass *claims,
                                  const uint8_t *seed,
                                  size_t seed_length,
                                  const uint8_t *salt,
                                  size_t salt_length,
                                  const char *document,
                                  size_t document_length,
                                  uint8_t *pass,
                                  size_t pass_capacity,
                                  size_t *pass_length);

// Checks an Ed25519 public key of 32 bytes: canonical, on the curve, of the prime-order group.
//
// # Safety
// `key` is valid for its length.
onecard_status onecard_key_check(const uint8_t *key, size_t key_length);

// Verifies an Ed25519 signature of 64 bytes over `message` by a key of 32 bytes.
//
// The key is checked as by onecard_key_check. ONECARD_STATUS_OK means: the signature is right.
//
// # Safety
// All three pointers are valid for their lengths.
onecard_status onecard_signature_verify(const uint8_t *key,
                                        size_t key_length,
                                        const uint8_t *message,
                                        size_t message_length,
                                        const uint8_t *signature,
                                        size_t signature_length);

// Opens a member's ledger and the journals of its gates.
//
// `history` has every trust list that this ledger adopted, and is copied; `seed` is that of the log key,
// 32 bytes. The store must be there: onecard_ledger_create makes one.
//
// # Safety
// `path` and `seed` are valid for their lengths; `history` is NULL or a live handle; `ledger` is NULL or
// can be written.
onecard_status onecard_ledger_open(const char *path,
                                   size_t path_length,
                                   uint32_t member,
                                   const uint8_t *seed,
                                   size_t seed_length,
                                   const struct onecard_history *history,
                                   struct onecard_ledger **ledger);

// Makes a new store and opens a ledger on it. Everything else is as in onecard_ledger_open.
//
// No file is made where the ledger would not open.
//
// # Safety
// As onecard_ledger_open.
onecard_status onecard_ledger_create(const char *path,
                                     size_t path_length,
                                     uint32_t member,
                                     const uint8_t *seed,
                                     size_t seed_length,
                                     const struct onecard_history *history,
                                     struct onecard_ledger **ledger);

// As onecard_ledger_open, for a store that may be an old copy. `newest` is the newest checkpoint of this
// ledger that anybody else has, such as a witness.
//
// ONECARD_STATUS_STORE_OLD_COPY where less than that is in the store, and
// ONECARD_STATUS_STORE_OTHER_HISTORY where something else is.
//
// # Safety
// As onecard_ledger_open; `newest` is valid for its length.
onecard_status onecard_ledger_open_after(const uint8_t *newest,
                                         size_t newest_length,
                                         const char *path,
                                         size_t path_length,
                                         uint32_t member,
                                         const uint8_t *seed,
                                         size_t seed_length,
                                         const struct onecard_history *history,
                                         struct onecard_ledger **ledger);

// After ONECARD_STATUS_STORE_FAILED, opens the logs again and learns what the store holds.
//
// # Safety
// `ledger` is NULL or a live handle.
onecard_status onecard_ledger_recover(struct onecard_ledger *ledger);

// How many entries the ledger has.
//
// # Safety
// `ledger` is NULL or a live handle; `size` is NULL or can be written.
onecard_status onecard_ledger_size(const struct onecard_ledger *ledger, uint64_t *size);

// How many records of a gate's journal are here: the index from which its next segment is wanted.
//
// # Safety
// `ledger` is NULL or a live handle; `size` is NULL or can be written.
onecard_status onecard_ledger_journal_size(const struct onecard_ledger *ledger,
                                           uint32_t gate,
                                           uint64_t *size);

// Works under a trust list from now on: the one in force, which puts that on record, or the next.
// `entry` is the index of the ledger's entry.
//
// # Safety
// `ledger` is NULL or a live handle; `trust` is valid for its length; `entry` is NULL or can be written.
onecard_status onecard_ledger_adopt(struct onecard_ledger *ledger,
                                    const uint8_t *trust,
                                    size_t trust_length,
                                    int64_t now,
                                    uint64_t *entry);

// Enrols a gate by its certificate. `entry` is the index of the ledger's entry.
//
// # Safety
// `ledger` is NULL or a live handle; `certificate` is valid for its length; `entry` is NULL or can be
// written.
onecard_status onecard_ledger_enrol(struct onecard_ledger *ledger,
                                    const uint8_t *certificate,
                                    size_t certificate_length,
                                    int64_t now,
                                    uint64_t *entry);

// Retires a gate: nothing new of it is taken from now on, not even what it sealed before.
//
// # Safety
// `ledger` is NULL or a live handle; `entry` is NULL or can be written.
onecard_status onecard_ledger_retire(struct onecard_ledger *ledger,
                                     uint32_t gate,
                                     int64_t now,
                                     uint64_t *entry);

// Records that the member published a catalogue, which is verified before.
//
// # Safety
// As onecard_ledger_enrol.
onecard_status onecard_ledger_add_catalogue(struct onecard_ledger *ledger,
                                            const uint8_t *catalogue,
                                            size_t catalogue_length,
                                            int64_t now,
                                            uint64_t *entry);

// Records that the member published a status list, which is verified before.
//
// # Safety
// As onecard_ledger_enrol.
onecard_status onecard_ledger_add_status(struct onecard_ledger *ledger,
                                         const uint8_t *list,
                                         size_t list_length,
                                         int64_t now,
                                         uint64_t *entry);

// Records a peer's checkpoint, which a peer must have signed.
//
// # Safety
// As onecard_ledger_enrol.
onecard_status onecard_ledger_add_peer(struct onecard_ledger *ledger,
                                       const uint8_t *checkpoint,
                                       size_t checkpoint_length,
                                       int64_t now,
                                       uint64_t *entry);

// Takes back, by the city's hand, the redemption at `index` of a gate's journal.
//
// # Safety
// `ledger` is NULL or a live handle; `entry` is NULL or can be written.
onecard_status onecard_ledger_reverse(struct onecard_ledger *ledger,
                                      uint32_t gate,
                                      uint64_t index,
                                      int64_t now,
                                      uint64_t *entry);

// Takes a gate's segment, as onecard_gate_segment made it: verifies certificate, checkpoint, chain, root
// and evidence, and logs the gate's checkpoint, all in one commit. The same segment may come again. Those that
// several threads bring at once are taken together, as of the latest `now` among them.
//
// # Safety
// `ledger` is NULL or a live handle; `segment` is valid for its length; `ingested` is NULL or can be
// written.
onecard_status onecard_ledger_ingest(struct onecard_ledger *ledger,
                                     const uint8_t *segment,
                                     size_t segment_length,
                                     int64_t now,
                                     struct onecard_ingested *ingested);

// Signs a checkpoint over the ledger, durably, and hands it out as a signed note: with the cosignatures
// it has where the ledger has not grown since the last one. Free it with onecard_buffer_free.
//
// # Safety
// `ledger` is NULL or a live handle; `checkpoint` is NULL or can be written.
onecard_status onecard_ledger_checkpoint(struct onecard_ledger *ledger,
                                         onecard_buffer **checkpoint);

// The request for a witness that last saw this ledger at `old` entries (C2SP tlog-witness): proof that
// the newest checkpoint signed continues that, and the checkpoint. Free it with onecard_buffer_free.
//
// ONECARD_STATUS_NOTHING before the first checkpoint.
//
// # Safety
// `ledger` is NULL or a live handle; `request` is NULL or can be written.
onecard_status onecard_ledger_request(const struct onecard_ledger *ledger,
                                      uint64_t old,
                                      onecard_buffer **request);

// Takes cosignature lines of witnesses for the newest checkpoint signed, and hands that out with all it
// has. Each line is judged by itself: those of strangers are left out, and so are bad ones, where another
// is good. Bad is also one whose time is impossible. Free it with onecard_buffer_free.
//
// # Safety
// `ledger` is NULL or a live handle; `lines` is valid for its length; `checkpoint` is NULL or can be
// written.
onecard_status onecard_ledger_cosigned(struct onecard_ledger *ledger,
                                       const char *lines,
                                       size_t lines_length,
                                       int64_t now,
                                       onecard_buffer **checkpoint);

// Makes the receipt of one record of a gate: for its holder, to be verified by onecard_receipt_verify.
// Free it with onecard_buffer_free.
//
// ONECARD_STATUS_LEDGER_NOT_LOGGED before the record was ingested and a checkpoint signed since. The
// receipt verifies once that checkpoint is final.
//
// # Safety
// `ledger` is NULL or a live handle; `receipt` is NULL or can be written.
onecard_status onecard_ledger_receipt(const struct onecard_ledger *ledger,
                                      uint32_t gate,
                                      uint64_t index,
                                      onecard_buffer **receipt);

// Signs a usage digest for the member's own gates: what the entries of this ledger from `first` up to
// `end` say of the uses of passes. Passes whose term ended at `over` or before are left out. For
// onecard_sync_add_digest; free it with onecard_buffer_free.
//
// # Safety
// `ledger` is NULL or a live handle; `digest` is NULL or can be written.
onecard_status onecard_ledger_usage_digest(const struct onecard_ledger *ledger,
                                           uint64_t first,
                                           uint64_t end,
                                           int64_t over,
                                           int64_t now,
                                           onecard_buffer **digest);

// Writes the ledger at its newest checkpoint, and the journals of its gates with their evidence, below
// `directory`, where onecard_audit reads them beside the lists in `trust/`. Each call costs what is new.
//
// ONECARD_STATUS_NOTHING before the first checkpoint.
//
// # Safety
// `ledger` is NULL or a live handle; `directory` is valid for its length.
onecard_status onecard_ledger_publish(const struct onecard_ledger *ledger,
                                      const char *directory,
                                      size_t directory_length);

// Closes a ledger and writes NULL to `*ledger`; NULL there is closed already.
//
// # Safety
// `ledger` is NULL or can be read and written; `*ledger` is NULL or a live handle.
onecard_status onecard_ledger_free(struct onecard_ledger **ledger);

// The version of the library, such as "0.1.0".
//
// `*text` points into the library: it is never freed and stays valid as long as the library is
// loaded. It also ends in NUL; `*length` does not count that.
//
// # Safety
// `text` and `length` are NULL or can be written.
onecard_status onecard_version(const char **text, size_t *length);

// The text of a status in a language (an `onecard_lang`), for people.
//
// A number no version of this library returns, or another language, is
// ONECARD_STATUS_UNKNOWN_CONSTANT. `*text` is as in onecard_version.
//
// # Safety
// `text` and `length` are NULL or can be written.
onecard_status onecard_status_text(uint32_t status,
                                   uint32_t lang,
                                   const char **text,
                                   size_t *length);

// Verifies a scanned text: signatures, times and freshness of the code.
//
// This is not an admission: a revoked or used-up pass verifies. See `listed`, and
// onecard_gate_admit. Only codes shown without a challenge are accepted here. A refusal is a status from
// 300 on (300 and its `onecard_reason`), or from 100 on for a text that is not one of a code.
//
// # Safety
// `bundle` is NULL or a live handle; `text` is valid for its length; `claims` is NULL or can be
// written.
onecard_status onecard_presentation_verify(const struct onecard_bundle *bundle,
                                           const char *text,
                                           size_t text_length,
                                           int64_t now,
                                           struct onecard_claims *claims);

// Verifies an answer to a challenge that a verifier without a gate of its own sent, such as an
// inspector's device. Everything else is as in onecard_presentation_verify.
//
// `member` and `number` are those of the gate that the challenge was sent for, `nonce` its 16 bytes. Use
// a nonce for one answer, whether that is accepted or not.
//
// # Safety
// `bundle` is NULL or a live handle; `answer` and `nonce` are valid for their lengths; `claims` is NULL
// or can be written.
onecard_status onecard_answer_verify(const struct onecard_bundle *bundle,
                                     const uint8_t *answer,
                                     size_t answer_length,
                                     uint32_t member,
                                     uint32_t number,
                                     const uint8_t *nonce,
                                     size_t nonce_length,
                                     int64_t now,
                                     struct onecard_claims *claims);

// The text of a reason in a language (an `onecard_lang`).
//
// Show it to the visitor only where the decision's `shows_detail` is 1, else "please see staff".
// An unknown reason or language is ONECARD_STATUS_UNKNOWN_CONSTANT. `*text` is as in
// onecard_version.
//
// # Safety
// `text` and `length` are NULL or can be written.
onecard_status onecard_reason_text(uint32_t reason,
                                   uint32_t lang,
                                   const char **text,
                                   size_t *length);

// Whether a reason admits, refers or denies: an `onecard_severity`.
//
// An unknown reason is ONECARD_STATUS_UNKNOWN_CONSTANT: treat it as a denial.
//
// # Safety
// `severity` is NULL or can be written.
onecard_status onecard_reason_severity(uint32_t reason, uint32_t *severity);

// Verifies a receipt with the trust lists alone.
//
// # Safety
// `history` is NULL or a live handle; `receipt` is valid for its length; `receipted` is NULL or can be
// written.
onecard_status onecard_receipt_verify(const struct onecard_history *history,
                                      const uint8_t *receipt,
                                      size_t receipt_length,
                                      struct onecard_receipted *receipted);

// The gate's checkpoint in a receipt, a signed note, unverified here: what onecard_gate_open_after
// notices an old copy of the gate's store by.
//
// # Safety
// `receipt` and `checkpoint` are valid for their lengths; `checkpoint_length` is NULL or can be written.
onecard_status onecard_receipt_checkpoint(const uint8_t *receipt,
                                          size_t receipt_length,
                                          char *checkpoint,
                                          size_t checkpoint_capacity,
                                          size_t *checkpoint_length);

// Makes an empty sync.
//
// # Safety
// `sync` is NULL or can be written.
onecard_status onecard_sync_new(struct onecard_sync **sync);

// Adds a trust list; several are taken in the order they were added.
//
// # Safety
// `sync` is NULL or a live handle; `trust` is valid for its length.
onecard_status onecard_sync_add_trust(struct onecard_sync *sync,
                                      const uint8_t *trust,
                                      size_t trust_length);

// Adds a catalogue.
//
// # Safety
// `sync` is NULL or a live handle; `catalogue` is valid for its length.
onecard_status onecard_sync_add_catalogue(struct onecard_sync *sync,
                                          const uint8_t *catalogue,
                                          size_t catalogue_length);

// Adds a status list.
//
// # Safety
// `sync` is NULL or a live handle; `list` is valid for its length.
onecard_status onecard_sync_add_status(struct onecard_sync *sync,
                                       const uint8_t *list,
                                       size_t list_length);

// Adds a usage digest of the gate's own city: what onecard_ledger_usage_digest made. Several may come in
// any order, and again.
//
// # Safety
// `sync` is NULL or a live handle; `digest` is valid for its length.
onecard_status onecard_sync_add_digest(struct onecard_sync *sync,
                                       const uint8_t *digest,
                                       size_t digest_length);

// Adds a use of a pass at another gate, by the word of who calls: for a process that has verified the
// ledgers itself. Take none from a network, which is what digests are for. A gate never forgets it.
//
// # Safety
// `sync` is NULL or a live handle; `used` is NULL or can be read.
onecard_status onecard_sync_add_use(struct onecard_sync *sync,
                                    const struct onecard_use *used);

// Adds that the use `used` was taken back. Of `used` only pass, issuer, gate and index are looked at.
//
// # Safety
// `sync` is NULL or a live handle; `used` is NULL or can be read.
onecard_status onecard_sync_add_annulment(struct onecard_sync *sync,
                                          const struct onecard_use *used);

// Adds up to which size of a member's ledger the uses given one by one are complete, by the same word.
//
// # Safety
// `sync` is NULL or a live handle.
onecard_status onecard_sync_add_ledger(struct onecard_sync *sync,
                                       uint32_t member,
                                       uint64_t size);

// Frees a sync and writes NULL to `*sync`; NULL there is freed already.
//
// # Safety
// `sync` is NULL or can be read and written; `*sync` is NULL or a live handle.
onecard_status onecard_sync_free(struct onecard_sync **sync);

// Takes new lists and usage, and records what the gate knows from now on. On any other status than
// ONECARD_STATUS_OK nothing was taken.
//
// Keep what onecard_gate_save_bundle gives afterwards: the gate opens next with that or a newer one.
//
// # Safety
// `gate` and `sync` are NULL or live handles.
onecard_status onecard_gate_sync(struct onecard_gate *gate,
                                 const struct onecard_sync *sync,
                                 int64_t now);

// What the gate trusts now, as onecard_bundle_save has it. Free the buffer with onecard_buffer_free.
//
// # Safety
// `gate` is NULL or a live handle; `saved` is NULL or can be written.
onecard_status onecard_gate_save_bundle(const struct onecard_gate *gate,
                                        onecard_buffer **saved);

// Encodes `data` as the text of a QR code ("OC1:" and Base45).
//
// The text is ASCII and does not end in NUL. At most 640 bytes can be encoded, which make 964.
//
// # Safety
// `data` and `text` are valid for their lengths; `text_length` is NULL or can be written.
onecard_status onecard_text_encode(const uint8_t *data,
                                   size_t data_length,
                                   char *text,
                                   size_t text_capacity,
                                   size_t *text_length);

// Decodes a scanned text to the bytes of a presentation or pass.
//
// Nothing is trimmed: the scanner's line end is not part of the text. 640 bytes are always enough.
//
// # Safety
// `text` and `data` are valid for their lengths; `data_length` is NULL or can be written.
onecard_status onecard_text_decode(const char *text,
                                   size_t text_length,
                                   uint8_t *data,
                                   size_t data_capacity,
                                   size_t *data_length);

// Opens the witness of a member, which follows the ledgers of all other members by the keys in force at
// `now`.
//
// `seed` is that of the witness key, 32 bytes. The store must be there: onecard_witness_create makes
// one. **Never open a witness on an old copy of its store**: it could cosign a fork.
//
// # Safety
// `path` and `seed` are valid for their lengths; `history` is NULL or a live handle; `witness` is NULL
// or can be written.
onecard_status onecard_witness_open(const char *path,
                                    size_t path_length,
                                    uint32_t member,
                                    const uint8_t *seed,
                                    size_t seed_length,
                                    const struct onecard_history *history,
                                    int64_t now,
                                    struct onecard_witness **witness);

// Makes a new store and opens a witness on it. Everything else is as in onecard_witness_open.
//
// # Safety
// As onecard_witness_open.
onecard_status onecard_witness_create(const char *path,
                                      size_t path_length,
                                      uint32_t member,
                                      const uint8_t *seed,
                                      size_t seed_length,
                                      const struct onecard_history *history,
                                      int64_t now,
                                      struct onecard_witness **witness);

// The size of the last checkpoint that it cosigned of a member's ledger, 0 for none: where
// onecard_ledger_request is to start from.
//
// # Safety
// `witness` is NULL or a live handle; `size` is NULL or can be written.
onecard_status onecard_witness_size(const struct onecard_witness *witness,
                                    uint32_t member,
                                    uint64_t *size);

// Cosigns the checkpoint of a request, after that is durable: `line` is for onecard_ledger_cosigned.
// Free it with onecard_buffer_free.
//
// ONECARD_STATUS_WITNESS_CLOCK where `now` is 0, or more than two seconds before the last cosignature. If that
// one was dated ahead by a wrong clock, give the witness a new key.
//
// # Safety
// `witness` is NULL or a live handle; `request` is valid for its length; `line` is NULL or can be
// written.
onecard_status onecard_witness_cosign(struct onecard_witness *witness,
                                      const uint8_t *request,
                                      size_t request_length,
                                      int64_t now,
                                      onecard_buffer **line);

// Closes a witness and writes NULL to `*witness`; NULL there is closed already.
//
// # Safety
// `witness` is NULL or can be read and written; `*witness` is NULL or a live handle.
onecard_status onecard_witness_free(struct onecard_witness **witness);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* ONECARD_H */
