// What a venue does beside admitting: challenges, documents, the desk, sync, the clock, old copies.
#ifndef VENUE_H
#define VENUE_H

#include "day.h"

#define IS(status, call) CHECK((call) == ONECARD_STATUS_##status)
#define STR(text) (text), strlen(text)
#define BYTES(file) (file).data, (file).length
#define CHARS(file) (const char *)(file).data, (file).length

static const uint8_t NONCE[16] = {7, 7, 7};
static const uint8_t SALT[16] = {9, 9, 9};
static const char DOCUMENT[] = "31010119900307123X";

// A gate on a new store of this name.
static onecard_gate *new_gate(const char *name, int64_t now) {
  file seed = load("seed"), certificate = load("certificate");
  onecard_bundle *bundle = bundle_of_the_day();
  onecard_gate *gate = NULL;
  char path[1024];
  path_of(name, path, sizeof path);
  IS(OK, onecard_gate_create(STR(path), seed.data, 32, BYTES(certificate), bundle, now, &gate));
  IS(OK, onecard_bundle_free(&bundle));
  return gate;
}

static onecard_decision undecided(void) {
  onecard_decision decision;
  memset(&decision, 0xee, sizeof decision);
  return decision;
}

static void check_troubles(void) {
  const char *text = NULL;
  size_t length = 77, count = 77;
  onecard_gate *gate = new_gate("healthy", NOW);
  onecard_bundle *bundle = bundle_of_the_day();
  onecard_fault faults[16];
  onecard_piece pieces[8];
  memset(faults, 0xee, sizeof faults);
  memset(pieces, 0xee, sizeof pieces);

  IS(OK, onecard_trouble_text(ONECARD_TROUBLE_OUTAGE, ONECARD_LANG_EN, &text, &length));
  CHECK(strcmp(text, "An outage is open") == 0 && length == strlen(text));
  IS(OK, onecard_trouble_text(ONECARD_TROUBLE_OUTAGE, ONECARD_LANG_ZH, &text, &length));
  CHECK(length == 21);
  const char *untouched = text;
  IS(UNKNOWN_CONSTANT, onecard_trouble_text(0, ONECARD_LANG_ZH, &text, &length));
  IS(UNKNOWN_CONSTANT, onecard_trouble_text(15, ONECARD_LANG_ZH, &text, &length));
  IS(UNKNOWN_CONSTANT, onecard_trouble_text(UINT32_MAX, ONECARD_LANG_ZH, &text, &length));
  IS(UNKNOWN_CONSTANT, onecard_trouble_text(1, 2, &text, &length));
  IS(NULL_POINTER, onecard_trouble_text(1, 0, NULL, &length));
  IS(NULL_POINTER, onecard_trouble_text(1, 0, &text, NULL));
  CHECK(text == untouched && length == 21);

  IS(NULL_POINTER, onecard_gate_self_test(NULL, NOW, faults, 16, &count));
  IS(NULL_POINTER, onecard_gate_self_test(gate, NOW, NULL, 16, &count));
  IS(NULL_POINTER, onecard_gate_self_test(gate, NOW, faults, 16, NULL));
  IS(TIME, onecard_gate_self_test(gate, -1, faults, 16, &count));
  IS(HANDLE, onecard_gate_self_test((onecard_gate *)bundle, NOW, faults, 16, &count));
  CHECK(count == 77);
  IS(OK, onecard_gate_self_test(gate, NOW, NULL, 0, &count));
  CHECK(count == 0);
  // In three days the status list is stale, in seven too old.
  const int64_t later = NOW + 4 * 86400;
  IS(BUFFER_TOO_SMALL, onecard_gate_self_test(gate, later, NULL, 0, &count));
  CHECK(count == 1 && faults[0].trouble == 0xeeeeeeee);
  IS(OK, onecard_gate_self_test(gate, later, faults, count, &count));
  CHECK(count == 1 && faults[0].trouble == ONECARD_TROUBLE_LIST_STALE);
  CHECK(faults[0].severity == ONECARD_SEVERITY_REFER && faults[0].member == 310101);
  CHECK(faults[0].from == later && faults[0].reserved == 0 && faults[1].trouble == 0xeeeeeeee);

  count = 77;
  IS(NULL_POINTER, onecard_gate_ages(NULL, NOW, pieces, 8, &count));
  IS(NULL_POINTER, onecard_gate_ages(gate, NOW, NULL, 8, &count));
  IS(NULL_POINTER, onecard_gate_ages(gate, NOW, pieces, 8, NULL));
  IS(TIME, onecard_gate_ages(gate, INT64_MIN, pieces, 8, &count));
  CHECK(count == 77);
  IS(BUFFER_TOO_SMALL, onecard_gate_ages(gate, NOW, pieces, 3, &count));
  CHECK(count == 4 && pieces[0].kind == 0xeeeeeeee);
  IS(OK, onecard_gate_ages(gate, NOW, pieces, 4, &count));
  CHECK(pieces[0].kind == ONECARD_PIECE_KIND_TRUST_LIST && pieces[0].sequence == 1);
  CHECK(pieces[0].issued == NOW - 499999 && pieces[0].expires == NOW + 50000000);
  CHECK(pieces[1].kind == ONECARD_PIECE_KIND_CATALOGUE && pieces[1].member == 310101);
  CHECK(pieces[1].expires == 0 && pieces[1].uri[0] == 0);
  CHECK(pieces[2].kind == ONECARD_PIECE_KIND_STATUS_LIST);
  CHECK(strcmp(pieces[2].uri, "oc:310101/1") == 0 && pieces[2].issued == NOW - 100);
  CHECK(pieces[2].age == ONECARD_LIST_AGE_FRESH && pieces[2].reserved[1] == 0);
  CHECK(pieces[3].kind == ONECARD_PIECE_KIND_GATE_CERTIFICATE && pieces[3].member == 0);
  CHECK(pieces[4].kind == 0xeeeeeeee);

  IS(NULL_POINTER, onecard_bundle_ages(NULL, NOW, pieces, 8, &count));
  IS(NULL_POINTER, onecard_bundle_ages(bundle, NOW, NULL, 8, &count));
  IS(NULL_POINTER, onecard_bundle_ages(bundle, NOW, pieces, 8, NULL));
  IS(TIME, onecard_bundle_ages(bundle, -1, pieces, 8, &count));
  IS(OK, onecard_bundle_ages(bundle, NOW + 30 * 86400, pieces, 8, &count));
  CHECK(count == 3 && pieces[2].age == ONECARD_LIST_AGE_TOO_OLD);
  IS(NULL_POINTER, onecard_bundle_prepare(NULL, NOW));
  IS(TIME, onecard_bundle_prepare(bundle, -1));
  IS(OK, onecard_bundle_prepare(bundle, NOW));
  IS(OK, onecard_bundle_free(&bundle));
  IS(OK, onecard_gate_free(&gate));
}

static void check_certificates(void) {
  file certificate = load("certificate");
  onecard_bundle *bundle = bundle_of_the_day();
  onecard_certificate told;
  memset(&told, 0xee, sizeof told);
  IS(NULL_POINTER, onecard_certificate_verify(NULL, BYTES(certificate), NOW, &told));
  IS(NULL_POINTER, onecard_certificate_verify(bundle, NULL, 1, NOW, &told));
  IS(NULL_POINTER, onecard_certificate_verify(bundle, BYTES(certificate), NOW, NULL));
  IS(ENCODING, onecard_certificate_verify(bundle, NULL, 0, NOW, &told));
  IS(TIME, onecard_certificate_verify(bundle, BYTES(certificate), -1, &told));
  certificate.data[certificate.length - 1] ^= 1;
  IS(SIGNATURE, onecard_certificate_verify(bundle, BYTES(certificate), NOW, &told));
  certificate.data[certificate.length - 1] ^= 1;
  CHECK(told.member == 0xeeeeeeee && told.reserved == 0xeeeeeeee);
  IS(OK, onecard_certificate_verify(bundle, BYTES(certificate), NOW, &told));
  CHECK(told.member == 310101 && told.gate == 7 && told.venue == 1 && told.service == 0);
  CHECK(told.in_force == 1 && told.reserved == 0 && told.issued == NOW - 20000);
  IS(OK, onecard_certificate_verify(bundle, BYTES(certificate), told.expires, &told));
  CHECK(told.in_force == 0);
  IS(OK, onecard_bundle_free(&bundle));
}

static void check_challenges(void) {
  file pass = load("pass8");
  uint8_t holder[32], answer[640];
  size_t length = 0;
  onecard_bundle *bundle = bundle_of_the_day();
  onecard_gate *gate = new_gate("challenged", NOW);
  onecard_decision decision = undecided();
  onecard_claims claims;
  memset(holder, 8, sizeof holder);
  memset(&claims, 0xee, sizeof claims);
  const char *id = "310101/gate/7";

  IS(NULL_POINTER, onecard_present_answer(NULL, 1, holder, 32, STR(id), NONCE, 16, NOW, answer, 640, &length));
  IS(NOT_A_PASS, onecard_present_answer(NULL, 0, holder, 32, STR(id), NONCE, 16, NOW, answer, 640, &length));
  IS(NULL_POINTER, onecard_present_answer(BYTES(pass), NULL, 32, STR(id), NONCE, 16, NOW, answer, 640, &length));
  IS(LENGTH, onecard_present_answer(BYTES(pass), holder, 31, STR(id), NONCE, 16, NOW, answer, 640, &length));
  IS(NULL_POINTER, onecard_present_answer(BYTES(pass), holder, 32, NULL, 1, NONCE, 16, NOW, answer, 640, &length));
  IS(UTF8, onecard_present_answer(BYTES(pass), holder, 32, "\xff", 1, NONCE, 16, NOW, answer, 640, &length));
  IS(LENGTH, onecard_present_answer(BYTES(pass), holder, 32, STR(id), NONCE, 15, NOW, answer, 640, &length));
  IS(LENGTH, onecard_present_answer(BYTES(pass), holder, 32, STR(id), NULL, 0, NOW, answer, 640, &length));
  IS(TIME, onecard_present_answer(BYTES(pass), holder, 32, STR(id), NONCE, 16, -1, answer, 640, &length));
  IS(NULL_POINTER, onecard_present_answer(BYTES(pass), holder, 32, STR(id), NONCE, 16, NOW, NULL, 640, &length));
  IS(NULL_POINTER, onecard_present_answer(BYTES(pass), holder, 32, STR(id), NONCE, 16, NOW, answer, 640, NULL));
  CHECK(length == 0);
  IS(BUFFER_TOO_SMALL, onecard_present_answer(BYTES(pass), holder, 32, STR(id), NONCE, 16, NOW, answer, 1, &length));
  CHECK(length > 300 && length <= 640);
  IS(OK, onecard_present_answer(BYTES(pass), holder, 32, STR(id), NONCE, 16, NOW, answer, length, &length));

  // By an inspector, without a gate.
  IS(NULL_POINTER, onecard_answer_verify(NULL, answer, length, 310101, 7, NONCE, 16, NOW, &claims));
  IS(NULL_POINTER, onecard_answer_verify(bundle, NULL, 1, 310101, 7, NONCE, 16, NOW, &claims));
  IS(NULL_POINTER, onecard_answer_verify(bundle, answer, length, 310101, 7, NULL, 16, NOW, &claims));
  IS(NULL_POINTER, onecard_answer_verify(bundle, answer, length, 310101, 7, NONCE, 16, NOW, NULL));
  IS(LENGTH, onecard_answer_verify(bundle, answer, length, 310101, 7, NONCE, 17, NOW, &claims));
  IS(NAME, onecard_answer_verify(bundle, answer, length, 31010, 7, NONCE, 16, NOW, &claims));
  IS(TIME, onecard_answer_verify(bundle, answer, length, 310101, 7, NONCE, 16, -1, &claims));
  IS(PASS_WRONG_AUDIENCE, onecard_answer_verify(bundle, answer, length, 310101, 8, NONCE, 16, NOW, &claims));
  IS(PASS_WRONG_AUDIENCE, onecard_answer_verify(bundle, answer, length, 310101, 7, SALT, 16, NOW, &claims));
  IS(PASS_UNREADABLE, onecard_answer_verify(bundle, NULL, 0, 310101, 7, NONCE, 16, NOW, &claims));
  CHECK(claims.issuer == 0xeeeeeeee);
  IS(OK, onecard_answer_verify(bundle, answer, length, 310101, 7, NONCE, 16, NOW, &claims));
  CHECK(claims.issuer == 310101 && claims.status_index == 8);

  IS(NULL_POINTER, onecard_gate_challenge(NULL, NONCE, 16));
  IS(NULL_POINTER, onecard_gate_challenge(gate, NULL, 16));
  IS(LENGTH, onecard_gate_challenge(gate, NONCE, 15));
  IS(LENGTH, onecard_gate_challenge(gate, NULL, 0));
  IS(NULL_POINTER, onecard_gate_admit_answer(NULL, answer, length, 1, 0, NULL, 0, NULL, 0, NOW, &decision));
  IS(NULL_POINTER, onecard_gate_admit_answer(gate, NULL, 1, 1, 0, NULL, 0, NULL, 0, NOW, &decision));
  IS(NULL_POINTER, onecard_gate_admit_answer(gate, answer, length, 1, 0, NULL, 16, NULL, 0, NOW, &decision));
  IS(LENGTH, onecard_gate_admit_answer(gate, answer, length, 1, 0, SALT, 15, STR(DOCUMENT), NOW, &decision));
  IS(LENGTH, onecard_gate_admit_answer(gate, answer, length, 1, 0, NULL, 0, STR(DOCUMENT), NOW, &decision));
  IS(DOCUMENT, onecard_gate_admit_answer(gate, answer, length, 1, 0, SALT, 16, NULL, 0, NOW, &decision));
  IS(UNKNOWN_CONSTANT, onecard_gate_admit_answer(gate, answer, length, 1, 2, NULL, 0, NULL, 0, NOW, &decision));
  IS(OUT_OF_RANGE, onecard_gate_admit_answer(gate, answer, length, 256, 0, NULL, 0, NULL, 0, NOW, &decision));
  IS(TIME, onecard_gate_admit_answer(gate, answer, length, 1, 0, NULL, 0, NULL, 0, -1, &decision));
  IS(NULL_POINTER, onecard_gate_admit_answer(gate, answer, length, 1, 0, NULL, 0, NULL, 0, NOW, NULL));
  CHECK(decision.kind == 0xeeeeeeee);
  // Nothing was asked.
  IS(OK, onecard_gate_admit_answer(gate, answer, length, 1, 0, NULL, 0, NULL, 0, NOW, &decision));
  CHECK(decision.kind == ONECARD_SEVERITY_DENY && decision.reason == ONECARD_REASON_WRONG_AUDIENCE);
  IS(OK, onecard_gate_challenge(gate, NONCE, 16));
  IS(OK, onecard_gate_admit_answer(gate, answer, length, 1, 0, NULL, 0, NULL, 0, NOW, &decision));
  CHECK(decision.kind == ONECARD_SEVERITY_ADMIT && decision.index == 2);
  // One challenge is good for one answer.
  IS(OK, onecard_gate_admit_answer(gate, answer, length, 1, 0, NULL, 0, NULL, 0, NOW + 1, &decision));
  CHECK(decision.kind == ONECARD_SEVERITY_DENY && decision.reason == ONECARD_REASON_WRONG_AUDIENCE);
  IS(OK, onecard_gate_challenge(gate, SALT, 16));
  IS(OK, onecard_gate_admit_answer(gate, answer, length, 1, 0, NULL, 0, NULL, 0, NOW + 1, &decision));
  CHECK(decision.reason == ONECARD_REASON_WRONG_AUDIENCE);
  IS(OK, onecard_gate_free(&gate));
  IS(OK, onecard_bundle_free(&bundle));
}

static void check_documents(void) {
  file code = load("document");
  onecard_gate *gate = new_gate("documents", NOW);
  onecard_decision decision = undecided();
  IS(NULL_POINTER, onecard_gate_admit_document(NULL, CHARS(code), 1, SALT, 16, STR(DOCUMENT), NOW, &decision));
  IS(NULL_POINTER, onecard_gate_admit_document(gate, NULL, 1, 1, SALT, 16, STR(DOCUMENT), NOW, &decision));
  IS(NULL_POINTER, onecard_gate_admit_document(gate, CHARS(code), 1, NULL, 16, STR(DOCUMENT), NOW, &decision));
  IS(LENGTH, onecard_gate_admit_document(gate, CHARS(code), 1, SALT, 15, STR(DOCUMENT), NOW, &decision));
  IS(NULL_POINTER, onecard_gate_admit_document(gate, CHARS(code), 1, SALT, 16, NULL, 1, NOW, &decision));
  IS(DOCUMENT, onecard_gate_admit_document(gate, CHARS(code), 1, SALT, 16, NULL, 0, NOW, &decision));
  IS(DOCUMENT, onecard_gate_admit_document(gate, CHARS(code), 1, SALT, 16, STR("abc-1"), NOW, &decision));
  IS(UTF8, onecard_gate_admit_document(gate, CHARS(code), 1, SALT, 16, "\xff", 1, NOW, &decision));
  IS(OUT_OF_RANGE, onecard_gate_admit_document(gate, CHARS(code), 256, SALT, 16, STR(DOCUMENT), NOW, &decision));
  IS(TIME, onecard_gate_admit_document(gate, CHARS(code), 1, SALT, 16, STR(DOCUMENT), -1, &decision));
  IS(NULL_POINTER, onecard_gate_admit_document(gate, CHARS(code), 1, SALT, 16, STR(DOCUMENT), NOW, NULL));
  CHECK(decision.kind == 0xeeeeeeee);
  IS(OK, onecard_gate_admit(gate, CHARS(code), 1, 0, NOW, &decision));
  CHECK(decision.kind == ONECARD_SEVERITY_REFER && decision.reason == ONECARD_REASON_ID_CHECK);
  IS(OK, onecard_gate_admit_document(gate, CHARS(code), 1, NONCE, 16, STR(DOCUMENT), NOW, &decision));
  CHECK(decision.kind == ONECARD_SEVERITY_REFER && decision.reason == ONECARD_REASON_ID_MISMATCH);
  IS(OK, onecard_gate_admit_document(gate, CHARS(code), 1, SALT, 16, STR("31010119900307124X"), NOW, &decision));
  CHECK(decision.reason == ONECARD_REASON_ID_MISMATCH);
  IS(OK, onecard_gate_admit_document(gate, CHARS(code), 1, SALT, 16, STR(DOCUMENT), NOW, &decision));
  CHECK(decision.kind == ONECARD_SEVERITY_ADMIT && decision.index == 2);
  IS(OK, onecard_gate_free(&gate));
}

static void check_desk(void) {
  file code = load("code1");
  onecard_gate *gate = new_gate("desk", NOW);
  onecard_totals totals;
  uint64_t index = 77;
  uint32_t reason = 77, count = 77;
  memset(&totals, 0xee, sizeof totals);

  IS(NULL_POINTER, onecard_gate_let_in(NULL, 50, 4711, 3, 1, NOW, &index));
  IS(NULL_POINTER, onecard_gate_let_in(gate, 50, 4711, 3, 1, NOW, NULL));
  IS(UNKNOWN_CONSTANT, onecard_gate_let_in(gate, 2, 4711, 3, 1, NOW, &index));
  IS(UNKNOWN_CONSTANT, onecard_gate_let_in(gate, 306, 4711, 3, 1, NOW, &index));
  IS(OUT_OF_RANGE, onecard_gate_let_in(gate, 50, 4711, 65536, 1, NOW, &index));
  IS(OUT_OF_RANGE, onecard_gate_let_in(gate, 50, 4711, 3, 256, NOW, &index));
  IS(TIME, onecard_gate_let_in(gate, 50, 4711, 3, 1, -1, &index));
  IS(GATE_CLOCK, onecard_gate_let_in(gate, 50, 4711, 3, 1, NOW - 3, &index));
  IS(GATE_RECORD, onecard_gate_let_in(gate, ONECARD_REASON_OK, 4711, 3, 1, NOW, &index));
  CHECK(index == 77);
  IS(OK, onecard_gate_let_in(gate, ONECARD_REASON_REVOKED, 4711, 3, 2, NOW, &index));
  CHECK(index == 2);

  CHECK(admit(gate, "code1", 1, 0, NOW).index == 3);
  CHECK(admit(gate, "code13", 1, 0, NOW).index == 0);
  IS(NULL_POINTER, onecard_gate_leave(NULL, CHARS(code), 1, NOW, &reason, &index));
  IS(NULL_POINTER, onecard_gate_leave(gate, NULL, 1, 1, NOW, &reason, &index));
  IS(NULL_POINTER, onecard_gate_leave(gate, CHARS(code), 1, NOW, NULL, &index));
  IS(NULL_POINTER, onecard_gate_leave(gate, CHARS(code), 1, NOW, &reason, NULL));
  IS(OUT_OF_RANGE, onecard_gate_leave(gate, CHARS(code), 256, NOW, &reason, &index));
  IS(TIME, onecard_gate_leave(gate, CHARS(code), 1, -1, &reason, &index));
  CHECK(reason == 77 && index == 2);
  IS(OK, onecard_gate_leave(gate, CHARS(code), 1, NOW + 5, &reason, &index));
  CHECK(reason == ONECARD_REASON_OK && index == 4);
  IS(OK, onecard_gate_leave(gate, CHARS(code), 1, NOW + 6, &reason, &index));
  CHECK(reason == ONECARD_REASON_RESCAN && index == 0);
  IS(OK, onecard_gate_leave(gate, NULL, 0, 1, NOW + 6, &reason, &index));
  CHECK(reason == ONECARD_REASON_UNREADABLE && index == 0);

  index = 77;
  IS(NULL_POINTER, onecard_gate_close_outage(NULL, 40, NOW + 6, &index));
  IS(NULL_POINTER, onecard_gate_close_outage(gate, 40, NOW + 6, NULL));
  IS(GATE_NO_OUTAGE, onecard_gate_close_outage(gate, 40, NOW + 6, &index));
  IS(TIME, onecard_gate_close_outage(gate, 40, -1, &index));
  IS(NULL_POINTER, onecard_gate_open_outage(NULL, NOW, NOW + 6, &index));
  IS(NULL_POINTER, onecard_gate_open_outage(gate, NOW, NOW + 6, NULL));
  IS(TIME, onecard_gate_open_outage(gate, -1, NOW + 6, &index));
  IS(TIME, onecard_gate_open_outage(gate, NOW, -1, &index));
  IS(GATE_RECORD, onecard_gate_open_outage(gate, NOW + 7, NOW + 6, &index));
  CHECK(index == 77);
  IS(OK, onecard_gate_open_outage(gate, NOW - 3600, NOW + 6, &index));
  CHECK(index == 5);
  IS(GATE_OUTAGE_OPEN, onecard_gate_open_outage(gate, NOW, NOW + 6, &index));

  IS(NULL_POINTER, onecard_gate_totals(NULL, &totals));
  IS(NULL_POINTER, onecard_gate_totals(gate, NULL));
  CHECK(totals.refused == 0xeeeeeeee);
  IS(OK, onecard_gate_totals(gate, &totals));
  CHECK(totals.records == 6 && totals.inside == 2 && totals.outage_since == NOW - 3600);
  CHECK(totals.admitted == 1 && totals.annulled == 0 && totals.overridden == 1 && totals.left == 1);
  CHECK(totals.refused == 1 && totals.reserved[0] == 0 && totals.reserved[2] == 0);
  IS(OK, onecard_gate_close_outage(gate, 40, NOW + 7, &index));
  CHECK(index == 6);

  IS(NULL_POINTER, onecard_gate_refused(NULL, ONECARD_REASON_REVOKED, &count));
  IS(NULL_POINTER, onecard_gate_refused(gate, ONECARD_REASON_REVOKED, NULL));
  IS(UNKNOWN_CONSTANT, onecard_gate_refused(gate, 2, &count));
  CHECK(count == 77);
  IS(OK, onecard_gate_refused(gate, ONECARD_REASON_REVOKED, &count));
  CHECK(count == 1);
  IS(OK, onecard_gate_refused(gate, ONECARD_REASON_EXPIRED, &count));
  CHECK(count == 0);

  memset(&totals, 0xee, sizeof totals);
  IS(NULL_POINTER, onecard_gate_close_day(NULL, 20261001, NOW + 8, &totals));
  IS(NULL_POINTER, onecard_gate_close_day(gate, 20261001, NOW + 8, NULL));
  IS(NAME, onecard_gate_close_day(gate, 20261032, NOW + 8, &totals));
  IS(NAME, onecard_gate_close_day(gate, UINT32_MAX, NOW + 8, &totals));
  IS(TIME, onecard_gate_close_day(gate, 20261001, -1, &totals));
  IS(GATE_CLOCK, onecard_gate_close_day(gate, 20261001, NOW, &totals));
  CHECK(totals.refused == 0xeeeeeeee);
  IS(OK, onecard_gate_close_day(gate, 20261001, NOW + 8, &totals));
  CHECK(totals.records == 8 && totals.inside == 42 && totals.outage_since == 0);
  CHECK(totals.admitted == 1 && totals.refused == 1);
  IS(OK, onecard_gate_totals(gate, &totals));
  CHECK(totals.records == 8 && totals.inside == 0 && totals.admitted == 0 && totals.refused == 0);
  IS(OK, onecard_gate_free(&gate));
}

#define PASS_3 "0C1G60R30C1G60R3"
#define PASS_8 "1040G2081040G208"

// A use of a pass at a gate of Nanjing.
static onecard_use use_elsewhere(const char *pass, uint64_t index) {
  onecard_use used;
  memset(&used, 0, sizeof used);
  used.time = NOW - 60;
  used.index = index;
  used.issuer = 310101;
  used.gate_member = 320100;
  used.gate = 5;
  used.venue_member = 320100;
  used.venue = 1;
  used.party = 1;
  memcpy(used.pass, pass, 16);
  return used;
}

static void check_sync(void) {
  file trust2 = load("trust2"), catalogue = load("catalogue"), status2 = load("status2"),
       seed = load("seed"), certificate = load("certificate"), anchor = load("anchor");
  onecard_gate *gate = new_gate("synced", NOW);
  onecard_bundle *old = bundle_of_the_day(), *bundle = NULL;
  onecard_sync *sync = NULL, *bad = NULL;
  onecard_buffer *saved = NULL;
  onecard_use used = use_elsewhere(PASS_3, 1);
  const uint8_t *data = NULL;
  size_t length = 0;
  char path[1024];
  path_of("synced", path, sizeof path);

  IS(NULL_POINTER, onecard_sync_new(NULL));
  IS(OK, onecard_sync_new(&sync));
  IS(NULL_POINTER, onecard_sync_add_trust(NULL, BYTES(trust2)));
  IS(NULL_POINTER, onecard_sync_add_trust(sync, NULL, 1));
  IS(NULL_POINTER, onecard_sync_add_catalogue(NULL, BYTES(catalogue)));
  IS(NULL_POINTER, onecard_sync_add_catalogue(sync, NULL, 1));
  IS(NULL_POINTER, onecard_sync_add_status(NULL, BYTES(status2)));
  IS(NULL_POINTER, onecard_sync_add_status(sync, NULL, 1));
  IS(LENGTH, onecard_sync_add_status(sync, status2.data, SIZE_MAX));
  IS(NULL_POINTER, onecard_sync_add_use(NULL, &used));
  IS(NULL_POINTER, onecard_sync_add_use(sync, NULL));
  IS(NULL_POINTER, onecard_sync_add_annulment(NULL, &used));
  IS(NULL_POINTER, onecard_sync_add_annulment(sync, NULL));
  IS(NULL_POINTER, onecard_sync_add_ledger(NULL, 320100, 9));
  IS(NAME, onecard_sync_add_ledger(sync, 3201, 9));
  used.party = 256;
  IS(OUT_OF_RANGE, onecard_sync_add_use(sync, &used));
  memset(&used, 0xff, sizeof used);
  IS(RESERVED, onecard_sync_add_use(sync, &used));
  IS(RESERVED, onecard_sync_add_annulment(sync, &used));
  IS(HANDLE, onecard_sync_add_ledger((onecard_sync *)gate, 320100, 9));
  IS(NULL_POINTER, onecard_gate_sync(NULL, sync, NOW));
  IS(NULL_POINTER, onecard_gate_sync(gate, NULL, NOW));
  IS(TIME, onecard_gate_sync(gate, sync, -1));
  IS(GATE_CLOCK, onecard_gate_sync(gate, sync, NOW - 3));
  IS(HANDLE, onecard_gate_sync(gate, (const onecard_sync *)gate, NOW));
  IS(HANDLE, onecard_gate_sync((onecard_gate *)sync, sync, NOW));

  // One bad piece, and nothing is taken.
  IS(OK, onecard_sync_new(&bad));
  IS(OK, onecard_sync_add_status(bad, BYTES(status2)));
  IS(OK, onecard_sync_add_catalogue(bad, NULL, 0));
  IS(ENCODING, onecard_gate_sync(gate, bad, NOW));
  IS(OK, onecard_sync_free(&bad));
  CHECK(admit(gate, "code2", 1, 0, NOW).kind == ONECARD_SEVERITY_ADMIT);

  IS(OK, onecard_sync_add_trust(sync, BYTES(trust2)));
  IS(OK, onecard_sync_add_catalogue(sync, BYTES(catalogue)));
  IS(OK, onecard_sync_add_status(sync, BYTES(status2)));
  for (uint64_t index = 1; index <= 2; index += 1) {
    used = use_elsewhere(PASS_8, index);
    IS(OK, onecard_sync_add_use(sync, &used));
    used = use_elsewhere(PASS_3, index + 2);
    IS(OK, onecard_sync_add_use(sync, &used));
  }
  IS(OK, onecard_sync_add_annulment(sync, &used));
  IS(OK, onecard_sync_add_ledger(sync, 320100, 9));
  IS(OK, onecard_gate_sync(gate, sync, NOW + 1));
  IS(OK, onecard_gate_sync(gate, sync, NOW + 1));
  IS(OK, onecard_sync_free(&sync));
  IS(OK, onecard_sync_free(&sync));
  IS(NULL_POINTER, onecard_sync_free(NULL));
  // Pass 2 is revoked by the new list; pass 8 was used up elsewhere; of the two uses of pass 3 one was taken back.
  CHECK(admit(gate, "code2", 1, 0, NOW + 2).reason == ONECARD_REASON_REVOKED);
  CHECK(admit(gate, "code8", 1, 0, NOW + 2).reason == ONECARD_REASON_TOTAL_QUOTA);
  CHECK(admit(gate, "code3", 1, 0, NOW + 2).uses_left == 0);
  CHECK(admit(gate, "code1", 1, 0, NOW + 2).uses_left == 1);

  IS(NULL_POINTER, onecard_gate_save_bundle(NULL, &saved));
  IS(NULL_POINTER, onecard_gate_save_bundle(gate, NULL));
  CHECK(saved == NULL);
  IS(OK, onecard_gate_save_bundle(gate, &saved));
  IS(OK, onecard_buffer_data(saved, &data, &length));
  IS(OK, onecard_bundle_load(data, length, anchor.data, 32, &bundle));
  IS(OK, onecard_buffer_free(&saved));
  IS(OK, onecard_gate_free(&gate));
  IS(ROLLBACK, onecard_gate_open(STR(path), seed.data, 32, BYTES(certificate), old, NOW + 3, &gate));
  CHECK(gate == NULL);
  IS(OK, onecard_gate_open(STR(path), seed.data, 32, BYTES(certificate), bundle, NOW + 3, &gate));
  CHECK(admit(gate, "code8", 1, 0, NOW + 3).reason == ONECARD_REASON_TOTAL_QUOTA);
  IS(OK, onecard_gate_free(&gate));
  IS(OK, onecard_bundle_free(&bundle));
  IS(OK, onecard_bundle_free(&old));
}

static void check_clock(void) {
  file seed = load("seed"), certificate = load("certificate");
  onecard_bundle *bundle = bundle_of_the_day();
  onecard_gate *gate = new_gate("clock", NOW), *young = NULL;
  onecard_buffer *note = NULL, *seal = NULL;
  const uint8_t *data = NULL;
  size_t length = 0;
  uint64_t size = 0;
  uint32_t trusted = 77;
  char path[1024], other[1024];
  path_of("clock", path, sizeof path);
  path_of("young", other, sizeof other);

  IS(NULL_POINTER, onecard_gate_compare_clock(NULL, NOW, 10, &trusted));
  IS(NULL_POINTER, onecard_gate_compare_clock(gate, NOW, 10, NULL));
  IS(TIME, onecard_gate_compare_clock(gate, -1, 10, &trusted));
  CHECK(trusted == 77);
  IS(OK, onecard_gate_compare_clock(gate, NOW, 10, &trusted));
  CHECK(trusted == 1);
  IS(OK, onecard_gate_compare_clock(gate, NOW + 86400, 20, &trusted));
  CHECK(trusted == 0);
  IS(NULL_POINTER, onecard_gate_set_clock(NULL, NOW));
  IS(TIME, onecard_gate_set_clock(gate, -1));
  IS(OK, onecard_gate_set_clock(gate, NOW + 10));
  IS(OK, onecard_gate_compare_clock(gate, NOW + 10, 20, &trusted));
  CHECK(trusted == 1);

  // A journal that was written by a clock far ahead.
  IS(OK, onecard_gate_set_clock(gate, NOW + 86400));
  IS(NULL_POINTER, onecard_gate_checkpoint(NULL, &note));
  IS(NULL_POINTER, onecard_gate_checkpoint(gate, NULL));
  IS(NOTHING, onecard_gate_checkpoint(gate, &note));
  CHECK(note == NULL);
  IS(OK, onecard_gate_seal(gate, &size));
  IS(OK, onecard_gate_checkpoint(gate, &note));
  IS(OK, onecard_gate_free(&gate));
  IS(GATE_CLOCK, onecard_gate_open(STR(path), seed.data, 32, BYTES(certificate), bundle, NOW + 20, &gate));
  IS(NULL_POINTER, onecard_gate_open_setting_clock(NULL, 1, seed.data, 32, BYTES(certificate), bundle, NOW + 20, &gate));
  IS(STORE_MISSING, onecard_gate_open_setting_clock(STR(other), seed.data, 32, BYTES(certificate), bundle, NOW + 20, &gate));
  IS(LENGTH, onecard_gate_open_setting_clock(STR(path), seed.data, 31, BYTES(certificate), bundle, NOW + 20, &gate));
  IS(NULL_POINTER, onecard_gate_open_setting_clock(STR(path), seed.data, 32, BYTES(certificate), NULL, NOW + 20, &gate));
  IS(TIME, onecard_gate_open_setting_clock(STR(path), seed.data, 32, BYTES(certificate), bundle, -1, &gate));
  IS(NULL_POINTER, onecard_gate_open_setting_clock(STR(path), seed.data, 32, BYTES(certificate), bundle, NOW + 20, NULL));
  CHECK(gate == NULL);
  IS(OK, onecard_gate_open_setting_clock(STR(path), seed.data, 32, BYTES(certificate), bundle, NOW + 20, &gate));
  CHECK(admit(gate, "code1", 1, 0, NOW + 20).kind == ONECARD_SEVERITY_ADMIT);
  IS(OK, onecard_gate_free(&gate));

  // What was sealed is the measure of an old copy.
  IS(OK, onecard_buffer_data(note, &data, &length));
  const char *newest = (const char *)data;
  young = new_gate("young", NOW);
  IS(OK, onecard_gate_free(&young));
  IS(STORE_OLD_COPY, onecard_gate_open_after(newest, length, STR(other), seed.data, 32, BYTES(certificate), bundle, NOW + 30, &gate));
  IS(NOTE, onecard_gate_open_after(newest, length - 1, STR(path), seed.data, 32, BYTES(certificate), bundle, NOW + 30, &gate));
  IS(NOTE, onecard_gate_open_after(NULL, 0, STR(path), seed.data, 32, BYTES(certificate), bundle, NOW + 30, &gate));
  IS(NULL_POINTER, onecard_gate_open_after(NULL, 1, STR(path), seed.data, 32, BYTES(certificate), bundle, NOW + 30, &gate));
  IS(NULL_POINTER, onecard_gate_open_after(newest, length, NULL, 1, seed.data, 32, BYTES(certificate), bundle, NOW + 30, &gate));
  IS(NULL_POINTER, onecard_gate_open_after(newest, length, STR(path), seed.data, 32, NULL, 1, bundle, NOW + 30, &gate));
  IS(NULL_POINTER, onecard_gate_open_after(newest, length, STR(path), seed.data, 32, BYTES(certificate), NULL, NOW + 30, &gate));
  IS(LENGTH, onecard_gate_open_after(newest, length, STR(path), seed.data, 33, BYTES(certificate), bundle, NOW + 30, &gate));
  IS(TIME, onecard_gate_open_after(newest, length, STR(path), seed.data, 32, BYTES(certificate), bundle, -1, &gate));
  IS(NULL_POINTER, onecard_gate_open_after(newest, length, STR(path), seed.data, 32, BYTES(certificate), bundle, NOW + 30, NULL));
  CHECK(gate == NULL);
  // The young journal grows as long, with another history.
  IS(OK, onecard_gate_open(STR(other), seed.data, 32, BYTES(certificate), bundle, NOW + 1, &young));
  CHECK(admit(young, "code1", 1, 0, NOW + 2).index == 4);
  IS(OK, onecard_gate_seal(young, &size));
  IS(OK, onecard_gate_checkpoint(young, &seal));
  IS(OK, onecard_gate_free(&young));
  IS(STORE_OTHER_HISTORY, onecard_gate_open_after(newest, length, STR(other), seed.data, 32, BYTES(certificate), bundle, NOW + 30, &gate));
  CHECK(gate == NULL);
  IS(OK, onecard_buffer_free(&seal));
  IS(OK, onecard_gate_open_after(newest, length, STR(path), seed.data, 32, BYTES(certificate), bundle, NOW + 30, &gate));
  IS(OK, onecard_gate_free(&gate));
  IS(OK, onecard_buffer_free(&note));
  IS(OK, onecard_bundle_free(&bundle));
}

#endif
