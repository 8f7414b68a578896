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
//    with capacity 0 asks for the size.
//  - Text is UTF-8 with a length in bytes.
//  - Time is an int64_t of Unix seconds.
//  - A handle is made by _new, _open or _create and lives until its _free, which takes the address of
//    the handle and writes NULL there; freeing NULL is fine. Bytes that the library made are an
//    onecard_buffer.
//  - There is no global state and no last error: functions may be called from any thread. What a
//    handle allows is said where its type is; a call that would race is ONECARD_STATUS_BUSY and does
//    nothing. Only _free must be the last call with its handle.
//  - A bug inside that would unwind is stopped and returned as ONECARD_STATUS_PANIC. Every later call
//    with the same handle but _free is ONECARD_STATUS_POISONED.


#ifndef ONECARD_H
#define ONECARD_H

// Generated from ffi/src by tests/header.rs. Do not edit.

#include <stddef.h>
#include <stdint.h>

// Flag of onecard_gate_admit: a person compared the holder's document.
#define ONECARD_ADMIT_IDENTITY_CHECKED 1

// What a function returns. A number keeps its meaning for ever: new ones are added, a retired one
// is never used again. The hundreds say which layer speaks: 100 text, 200 keys, 300 what a visitor
// shows (300 and the number of the `onecard_reason`), 400 signed documents, 500 store and gate.
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
  // The handle is in use by another thread. Nothing was done.
  ONECARD_STATUS_BUSY = 7,
  // A bug was stopped in an earlier call with this handle: free it and open it anew.
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
  // There is no store at that path.
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

// How old that status list is, by the federation's policy.
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

// Bytes that the library made and owns. Thread-safe: they never change.
typedef struct onecard_buffer onecard_buffer;

// Trust list, catalogues and status lists, all verified.
//
// Thread-safe: any number of threads may read at once. Who updates while another thread uses it
// gets ONECARD_STATUS_BUSY, or makes the other one get it.
typedef struct onecard_bundle onecard_bundle;

// A gate with its journal, its key and what it knows.
//
// For one thread at a time: a second one gets ONECARD_STATUS_BUSY and may try again. Two lanes with
// keys of their own are two gates.
typedef struct onecard_gate onecard_gate;

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

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

// Where the bytes are and how many. They stay there until onecard_buffer_free.
//
// # Safety
// `buffer` is NULL or a live handle; `data` and `length` are NULL or can be written.
onecard_status onecard_buffer_data(const struct onecard_buffer *buffer,
                                   const uint8_t **data,
                                   size_t *length);

// Frees a buffer and writes NULL to `*buffer`; NULL there is freed already.
//
// # Safety
// `buffer` is NULL or can be read and written; `*buffer` is NULL or a live handle.
onecard_status onecard_buffer_free(struct onecard_buffer **buffer);

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
onecard_status onecard_bundle_save(const struct onecard_bundle *bundle,
                                   struct onecard_buffer **saved);

// Verifies every piece of a saved bundle again, from the pinned SHA-256 of its first trust list on.
//
// # Safety
// `saved` and `anchor` are valid for their lengths; `bundle` is NULL or can be written.
onecard_status onecard_bundle_load(const uint8_t *saved,
                                   size_t saved_length,
                                   const uint8_t *anchor,
                                   size_t anchor_length,
                                   struct onecard_bundle **bundle);

// Frees a bundle and writes NULL to `*bundle`; NULL there is freed already.
//
// # Safety
// `bundle` is NULL or can be read and written; `*bundle` is NULL or a live handle.
onecard_status onecard_bundle_free(struct onecard_bundle **bundle);

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
// No file is made where the gate would not open. ONECARD_STATUS_STORE_EXISTS where there is a store
// already.
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

// Decides on a scanned text shown by `party` people.
//
// Every text gets a decision, and ONECARD_STATUS_OK says no more than that: the barrier opens when
// `kind` is ONECARD_SEVERITY_ADMIT. An admission is durable in the journal before this returns.
// `flags` is 0 or ONECARD_ADMIT_IDENTITY_CHECKED.
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

// The encoded segment: the sealed records from `first` on, for the city that has those before.
//
// ONECARD_STATUS_NOTHING when there are none. Free the buffer with onecard_buffer_free.
//
// # Safety
// `gate` is NULL or a live handle; `segment` is NULL or can be written.
onecard_status onecard_gate_segment(const struct onecard_gate *gate,
                                    uint64_t first,
                                    struct onecard_buffer **segment);

// Closes a gate and writes NULL to `*gate`; NULL there is closed already. Nothing is lost: every
// record was durable before it was told.
//
// # Safety
// `gate` is NULL or can be read and written; `*gate` is NULL or a live handle.
onecard_status onecard_gate_free(struct onecard_gate **gate);

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
// onecard_gate_admit. Only codes shown without a challenge are accepted. A refusal is a status from
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

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* ONECARD_H */
