// A gate's small day, as C and C++ see it. The first argument is the directory of the fixtures that
// tests/c_programs.rs wrote.
#ifndef DAY_H
#define DAY_H

#include "abi.h"

#include <stdlib.h>

// 2026-10-01 09:00 at UTC+8.
#define NOW INT64_C(1790816400)

typedef struct file {
  uint8_t data[4096];
  size_t length;
} file;

static const char *directory;

static void path_of(const char *name, char *path, size_t capacity) {
  int length = snprintf(path, capacity, "%s/%s", directory, name);
  if (length < 0 || (size_t)length >= capacity) {
    abort();
  }
}

static file load(const char *name) {
  char path[1024];
  file content;
  path_of(name, path, sizeof path);
  FILE *stream = fopen(path, "rb");
  if (stream == NULL) {
    perror(path);
    abort();
  }
  content.length = fread(content.data, 1, sizeof content.data, stream);
  fclose(stream);
  return content;
}

static onecard_bundle *bundle_of_the_day(void) {
  file trust = load("trust"), anchor = load("anchor"), catalogue = load("catalogue"),
       status = load("status");
  onecard_bundle *bundle = NULL;
  CHECK(onecard_bundle_new(trust.data, trust.length, anchor.data, anchor.length, &bundle) ==
        ONECARD_STATUS_OK);
  CHECK(onecard_bundle_update_catalogue(bundle, catalogue.data, catalogue.length, NOW) ==
        ONECARD_STATUS_OK);
  CHECK(onecard_bundle_update_status(bundle, status.data, status.length, NOW) == ONECARD_STATUS_OK);
  return bundle;
}

static void check_bundle(void) {
  file trust = load("trust"), anchor = load("anchor"), next = load("trust2"),
       catalogue = load("catalogue"), catalogue2 = load("catalogue2"), status = load("status"),
       status0 = load("status0"), status2 = load("status2");
  onecard_bundle *bundle = NULL, *loaded = NULL;
  onecard_buffer *saved = NULL;
  const uint8_t *data = NULL;
  size_t length = 0;
  uint8_t other[32] = {0};

  CHECK(onecard_bundle_new(NULL, 0, anchor.data, 32, &bundle) == ONECARD_STATUS_TRUST_ANCHOR);
  CHECK(onecard_bundle_new(NULL, 1, anchor.data, 32, &bundle) == ONECARD_STATUS_NULL_POINTER);
  CHECK(onecard_bundle_new(trust.data, trust.length, NULL, 32, &bundle) ==
        ONECARD_STATUS_NULL_POINTER);
  CHECK(onecard_bundle_new(trust.data, trust.length, anchor.data, 31, &bundle) ==
        ONECARD_STATUS_LENGTH);
  CHECK(onecard_bundle_new(trust.data, trust.length, anchor.data, 32, NULL) ==
        ONECARD_STATUS_NULL_POINTER);
  CHECK(onecard_bundle_new(trust.data, trust.length - 1, anchor.data, 32, &bundle) ==
        ONECARD_STATUS_TRUST_ANCHOR);
  CHECK(onecard_bundle_new(trust.data, trust.length, other, 32, &bundle) ==
        ONECARD_STATUS_TRUST_ANCHOR);
  CHECK(bundle == NULL);
  CHECK(onecard_bundle_new(trust.data, trust.length, anchor.data, 32, &bundle) ==
        ONECARD_STATUS_OK);
  CHECK(bundle != NULL);

  CHECK(onecard_bundle_update_trust(NULL, next.data, next.length, NOW) == ONECARD_STATUS_NULL_POINTER);
  CHECK(onecard_bundle_update_trust(bundle, NULL, 1, NOW) == ONECARD_STATUS_NULL_POINTER);
  CHECK(onecard_bundle_update_trust(bundle, NULL, 0, NOW) == ONECARD_STATUS_ENCODING);
  CHECK(onecard_bundle_update_trust(bundle, trust.data, trust.length, NOW) == ONECARD_STATUS_OK);
  CHECK(onecard_bundle_update_trust(bundle, next.data, next.length, NOW) == ONECARD_STATUS_OK);
  CHECK(onecard_bundle_update_trust(bundle, trust.data, trust.length, NOW) ==
        ONECARD_STATUS_TRUST_SEQUENCE);

  CHECK(onecard_bundle_update_catalogue(NULL, NULL, 0, NOW) == ONECARD_STATUS_NULL_POINTER);
  CHECK(onecard_bundle_update_catalogue(bundle, NULL, 1, NOW) == ONECARD_STATUS_NULL_POINTER);
  CHECK(onecard_bundle_update_catalogue(bundle, KEY, 32, NOW) == ONECARD_STATUS_ENCODING);
  CHECK(onecard_bundle_update_catalogue(bundle, catalogue.data, catalogue.length, NOW) ==
        ONECARD_STATUS_OK);
  CHECK(onecard_bundle_update_catalogue(bundle, catalogue2.data, catalogue2.length, NOW) ==
        ONECARD_STATUS_PRODUCT_CHANGED);
  catalogue.data[catalogue.length - 1] ^= 1;
  CHECK(onecard_bundle_update_catalogue(bundle, catalogue.data, catalogue.length, NOW) ==
        ONECARD_STATUS_SIGNATURE);

  CHECK(onecard_bundle_update_status(NULL, NULL, 0, NOW) == ONECARD_STATUS_NULL_POINTER);
  CHECK(onecard_bundle_update_status(bundle, NULL, 1, NOW) == ONECARD_STATUS_NULL_POINTER);
  CHECK(onecard_bundle_update_status(bundle, trust.data, trust.length, NOW) == ONECARD_STATUS_ENCODING);
  CHECK(onecard_bundle_update_status(bundle, status.data, status.length, NOW) == ONECARD_STATUS_OK);
  CHECK(onecard_bundle_update_status(bundle, status0.data, status0.length, NOW) ==
        ONECARD_STATUS_ROLLBACK);

  CHECK(onecard_bundle_update_status(bundle, status0.data, status0.length, -1) ==
        ONECARD_STATUS_TIME);
  CHECK(onecard_bundle_update_status(bundle, status2.data, status2.length, NOW - 651) ==
        ONECARD_STATUS_FUTURE);

  CHECK(onecard_bundle_save(NULL, &saved) == ONECARD_STATUS_NULL_POINTER);
  CHECK(onecard_bundle_save(bundle, NULL) == ONECARD_STATUS_NULL_POINTER);
  CHECK(onecard_bundle_save(bundle, &saved) == ONECARD_STATUS_OK);
  CHECK(onecard_buffer_data(saved, &data, &length) == ONECARD_STATUS_OK);
  CHECK(onecard_bundle_load(NULL, 1, anchor.data, 32, &loaded) == ONECARD_STATUS_NULL_POINTER);
  CHECK(onecard_bundle_load(data, length, anchor.data, 31, &loaded) == ONECARD_STATUS_LENGTH);
  CHECK(onecard_bundle_load(data, length, anchor.data, 32, NULL) == ONECARD_STATUS_NULL_POINTER);
  CHECK(onecard_bundle_load(data, length - 1, anchor.data, 32, &loaded) ==
        ONECARD_STATUS_ENCODING);
  CHECK(onecard_bundle_load(data, length, other, 32, &loaded) == ONECARD_STATUS_TRUST_ANCHOR);
  CHECK(loaded == NULL);
  CHECK(onecard_bundle_load(data, length, anchor.data, 32, &loaded) == ONECARD_STATUS_OK);
  CHECK(onecard_bundle_update_status(loaded, status0.data, status0.length, NOW) ==
        ONECARD_STATUS_ROLLBACK);
  CHECK(onecard_buffer_free(&saved) == ONECARD_STATUS_OK);
  CHECK(onecard_bundle_free(&loaded) == ONECARD_STATUS_OK);

  CHECK(onecard_bundle_free(NULL) == ONECARD_STATUS_NULL_POINTER);
  CHECK(onecard_bundle_free(&bundle) == ONECARD_STATUS_OK);
  CHECK(bundle == NULL);
  CHECK(onecard_bundle_free(&bundle) == ONECARD_STATUS_OK);
}

static void check_presentations(void) {
  file code = load("code1"), paper = load("paper"), revoked = load("code13"),
       bare = load("bare");
  const char *text = (const char *)code.data;
  onecard_bundle *bundle = bundle_of_the_day();
  onecard_claims claims;
  memset(&claims, 0xee, sizeof claims);

  CHECK(onecard_presentation_verify(NULL, text, code.length, NOW, &claims) ==
        ONECARD_STATUS_NULL_POINTER);
  CHECK(onecard_presentation_verify(bundle, NULL, 1, NOW, &claims) == ONECARD_STATUS_NULL_POINTER);
  CHECK(onecard_presentation_verify(bundle, NULL, 0, NOW, &claims) == ONECARD_STATUS_TEXT_PREFIX);
  CHECK(onecard_presentation_verify(bundle, text, code.length, NOW, NULL) ==
        ONECARD_STATUS_NULL_POINTER);
  CHECK(onecard_presentation_verify(bundle, text, code.length, -1, &claims) ==
        ONECARD_STATUS_TIME);
  CHECK(onecard_presentation_verify(bundle, text, code.length, INT64_MAX, &claims) ==
        ONECARD_STATUS_TIME);
  CHECK(onecard_presentation_verify(bundle, "OC1:BB8", 7, NOW, &claims) ==
        ONECARD_STATUS_PASS_UNREADABLE);
  CHECK(onecard_presentation_verify(bundle, text, code.length, NOW + 61, &claims) ==
        ONECARD_STATUS_PASS_CODE_EXPIRED);
  CHECK(onecard_presentation_verify(bundle, text, code.length, NOW - 31, &claims) ==
        ONECARD_STATUS_PASS_CODE_EARLY);
  CHECK(onecard_presentation_verify(bundle, (const char *)bare.data, bare.length, NOW, &claims) ==
        ONECARD_STATUS_PASS_PROOF_REQUIRED);
  CHECK(claims.issuer == 0xeeeeeeee && claims.reserved == 0xeeeeeeee);

  CHECK(onecard_presentation_verify(bundle, text, code.length, NOW, &claims) == ONECARD_STATUS_OK);
  CHECK(claims.issuer == 310101 && claims.product == 1 && claims.product_version == 1);
  CHECK(claims.shown == NOW && claims.not_before == NOW - 1000 && claims.issued == NOW - 2000);
  CHECK(strcmp(claims.pass, "040G2081040G2081") == 0 && claims.status_index == 1);
  CHECK(claims.proof == ONECARD_PROOF_KIND_HOLDER && claims.listed == ONECARD_LISTED_VALID);
  CHECK(claims.list_age == ONECARD_LIST_AGE_FRESH && claims.reserved == 0);
  CHECK(onecard_presentation_verify(bundle, (const char *)revoked.data, revoked.length, NOW,
                                    &claims) == ONECARD_STATUS_OK);
  CHECK(claims.listed == ONECARD_LISTED_REVOKED);
  CHECK(onecard_presentation_verify(bundle, (const char *)paper.data, paper.length, NOW,
                                    &claims) == ONECARD_STATUS_OK);
  CHECK(claims.proof == ONECARD_PROOF_KIND_STATIC && claims.shown == 0 && claims.flags == 1);
  CHECK(onecard_bundle_free(&bundle) == ONECARD_STATUS_OK);
}

static void check_reasons(void) {
  const char *text = NULL;
  size_t length = 0;
  uint32_t severity = 77;
  CHECK(onecard_reason_text(ONECARD_REASON_OK, ONECARD_LANG_EN, &text, &length) ==
        ONECARD_STATUS_OK);
  CHECK(strcmp(text, "Welcome") == 0 && length == 7);
  CHECK(onecard_reason_text(ONECARD_REASON_REVOKED, ONECARD_LANG_ZH, &text, &length) ==
        ONECARD_STATUS_OK);
  CHECK(length == 15 && strlen(text) == 15);
  const char *untouched = text;
  CHECK(onecard_reason_text(2, ONECARD_LANG_ZH, &text, &length) ==
        ONECARD_STATUS_UNKNOWN_CONSTANT);
  CHECK(onecard_reason_text(256, ONECARD_LANG_ZH, &text, &length) ==
        ONECARD_STATUS_UNKNOWN_CONSTANT);
  CHECK(onecard_reason_text(0, 2, &text, &length) == ONECARD_STATUS_UNKNOWN_CONSTANT);
  CHECK(onecard_reason_text(0, 0, NULL, &length) == ONECARD_STATUS_NULL_POINTER);
  CHECK(onecard_reason_text(0, 0, &text, NULL) == ONECARD_STATUS_NULL_POINTER);
  CHECK(text == untouched && length == 15);
  CHECK(onecard_reason_severity(2, &severity) == ONECARD_STATUS_UNKNOWN_CONSTANT);
  CHECK(onecard_reason_severity(256, &severity) == ONECARD_STATUS_UNKNOWN_CONSTANT);
  CHECK(onecard_reason_severity(0, NULL) == ONECARD_STATUS_NULL_POINTER);
  CHECK(severity == 77);
  CHECK(onecard_reason_severity(ONECARD_REASON_OK, &severity) == ONECARD_STATUS_OK);
  CHECK(severity == ONECARD_SEVERITY_ADMIT);
  CHECK(onecard_reason_severity(ONECARD_REASON_LIST_STALE, &severity) == ONECARD_STATUS_OK);
  CHECK(severity == ONECARD_SEVERITY_REFER);
  CHECK(onecard_reason_severity(ONECARD_REASON_REVOKED, &severity) == ONECARD_STATUS_OK);
  CHECK(severity == ONECARD_SEVERITY_DENY);
}

static onecard_decision admit(onecard_gate *gate, const char *name, uint32_t party,
                              uint32_t flags, int64_t now) {
  file code = load(name);
  onecard_decision decision;
  memset(&decision, 0xee, sizeof decision);
  CHECK(onecard_gate_admit(gate, (const char *)code.data, code.length, party, flags, now,
                           &decision) == ONECARD_STATUS_OK);
  return decision;
}

static void check_opening(const onecard_bundle *bundle, const char *path) {
  file seed = load("seed"), certificate = load("certificate");
  uint8_t other[32] = {1};
  onecard_gate *gate = NULL;
  onecard_bundle *empty = NULL;
  file trust = load("trust"), anchor = load("anchor");
  const size_t length = strlen(path);
  CHECK(onecard_gate_open(path, length, seed.data, 32, certificate.data, certificate.length,
                          bundle, NOW, &gate) == ONECARD_STATUS_STORE_MISSING);
  CHECK(onecard_gate_open(directory, strlen(directory), seed.data, 32, certificate.data,
                          certificate.length, bundle, NOW, &gate) == ONECARD_STATUS_STORE_FOREIGN);
  CHECK(onecard_gate_create(NULL, 1, seed.data, 32, certificate.data, certificate.length, bundle,
                            NOW, &gate) == ONECARD_STATUS_NULL_POINTER);
  CHECK(onecard_gate_create("\xff", 1, seed.data, 32, certificate.data, certificate.length, bundle,
                            NOW, &gate) == ONECARD_STATUS_UTF8);
  CHECK(onecard_gate_create(path, length, seed.data, 31, certificate.data, certificate.length,
                            bundle, NOW, &gate) == ONECARD_STATUS_LENGTH);
  CHECK(onecard_gate_create(path, length, NULL, 32, certificate.data, certificate.length, bundle,
                            NOW, &gate) == ONECARD_STATUS_NULL_POINTER);
  CHECK(onecard_gate_create(path, length, other, 32, certificate.data, certificate.length, bundle,
                            NOW, &gate) == ONECARD_STATUS_GATE_OTHER_KEY);
  CHECK(onecard_gate_create(path, length, seed.data, 32, NULL, 0, bundle, NOW, &gate) ==
        ONECARD_STATUS_ENCODING);
  CHECK(onecard_gate_create(path, length, seed.data, 32, NULL, 1, bundle, NOW, &gate) ==
        ONECARD_STATUS_NULL_POINTER);
  CHECK(onecard_gate_create(path, length, seed.data, 32, certificate.data, certificate.length,
                            NULL, NOW, &gate) == ONECARD_STATUS_NULL_POINTER);
  CHECK(onecard_gate_create(path, length, seed.data, 32, certificate.data, certificate.length,
                            bundle, -1, &gate) == ONECARD_STATUS_TIME);
  CHECK(onecard_gate_create(path, length, seed.data, 32, certificate.data, certificate.length,
                            bundle, NOW, NULL) == ONECARD_STATUS_NULL_POINTER);
  CHECK(onecard_bundle_new(trust.data, trust.length, anchor.data, 32, &empty) ==
        ONECARD_STATUS_OK);
  CHECK(onecard_gate_create(path, length, seed.data, 32, certificate.data, certificate.length,
                            empty, NOW, &gate) == ONECARD_STATUS_GATE_UNKNOWN_VENUE);
  CHECK(onecard_bundle_free(&empty) == ONECARD_STATUS_OK);
  CHECK(gate == NULL);
  FILE *none = fopen(path, "rb");
  CHECK(none == NULL);
}

static void check_garbage(onecard_gate *gate) {
  onecard_decision decision;
  onecard_buffer *segment = NULL;
  uint64_t size = 77;
  memset(&decision, 0xee, sizeof decision);
  CHECK(onecard_gate_admit(NULL, "x", 1, 1, 0, NOW, &decision) == ONECARD_STATUS_NULL_POINTER);
  CHECK(onecard_gate_admit(gate, NULL, 1, 1, 0, NOW, &decision) == ONECARD_STATUS_NULL_POINTER);
  CHECK(onecard_gate_admit(gate, "x", SIZE_MAX, 1, 0, NOW, &decision) == ONECARD_STATUS_LENGTH);
  CHECK(onecard_gate_admit(gate, "x", 1, 1, 0, NOW, NULL) == ONECARD_STATUS_NULL_POINTER);
  CHECK(onecard_gate_admit(gate, "x", 1, 256, 0, NOW, &decision) == ONECARD_STATUS_OUT_OF_RANGE);
  CHECK(onecard_gate_admit(gate, "x", 1, 1, 2, NOW, &decision) ==
        ONECARD_STATUS_UNKNOWN_CONSTANT);
  CHECK(onecard_gate_admit(gate, "x", 1, 1, 0, -1, &decision) == ONECARD_STATUS_TIME);
  CHECK(decision.kind == 0xeeeeeeee && decision.reserved[2] == 0xeeeeeeee);
  CHECK(onecard_gate_admit(gate, NULL, 0, 1, 0, NOW, &decision) == ONECARD_STATUS_OK);
  CHECK(decision.kind == ONECARD_SEVERITY_DENY && decision.reason == ONECARD_REASON_UNREADABLE);
  CHECK(decision.index == 0 && decision.next == 0 && decision.uses_left == -1);
  CHECK(decision.shows_detail == 1 && decision.reserved[0] == 0);
  CHECK(onecard_gate_annul(NULL, 1, NOW) == ONECARD_STATUS_NULL_POINTER);
  CHECK(onecard_gate_annul(gate, UINT64_MAX, NOW) == ONECARD_STATUS_GATE_NO_REDEMPTION);
  CHECK(onecard_gate_annul(gate, 1, -1) == ONECARD_STATUS_TIME);
  CHECK(onecard_gate_annul(gate, 1, NOW - 3) == ONECARD_STATUS_GATE_CLOCK);
  CHECK(onecard_gate_seal(NULL, &size) == ONECARD_STATUS_NULL_POINTER);
  CHECK(onecard_gate_seal(gate, NULL) == ONECARD_STATUS_NULL_POINTER);
  CHECK(onecard_gate_segment(NULL, 0, &segment) == ONECARD_STATUS_NULL_POINTER);
  CHECK(onecard_gate_segment(gate, 0, NULL) == ONECARD_STATUS_NULL_POINTER);
  CHECK(onecard_gate_segment(gate, 0, &segment) == ONECARD_STATUS_NOTHING);
  CHECK(size == 77 && segment == NULL);
  // One kind of handle for another.
  onecard_bundle *disguised = (onecard_bundle *)gate;
  CHECK(onecard_bundle_update_trust(disguised, KEY, 32, NOW) == ONECARD_STATUS_HANDLE);
  CHECK(onecard_bundle_free(&disguised) == ONECARD_STATUS_HANDLE);
  CHECK(disguised != NULL);
  CHECK(onecard_gate_free(NULL) == ONECARD_STATUS_NULL_POINTER);
}

static void check_segment(onecard_gate *gate) {
  onecard_buffer *segment = NULL;
  const uint8_t *data = NULL;
  size_t length = 0;
  char path[1024];
  CHECK(onecard_gate_segment(gate, 0, &segment) == ONECARD_STATUS_OK);
  CHECK(onecard_buffer_data(NULL, &data, &length) == ONECARD_STATUS_NULL_POINTER);
  CHECK(onecard_buffer_data(segment, NULL, &length) == ONECARD_STATUS_NULL_POINTER);
  CHECK(onecard_buffer_data(segment, &data, NULL) == ONECARD_STATUS_NULL_POINTER);
  CHECK(data == NULL && length == 0);
  CHECK(onecard_buffer_data(segment, &data, &length) == ONECARD_STATUS_OK);
  uint64_t first = 77, end = 77;
  CHECK(onecard_segment_range(data, length, NULL, &end) == ONECARD_STATUS_NULL_POINTER);
  CHECK(onecard_segment_range(data, length, &first, NULL) == ONECARD_STATUS_NULL_POINTER);
  CHECK(onecard_segment_range(NULL, 1, &first, &end) == ONECARD_STATUS_NULL_POINTER);
  CHECK(onecard_segment_range(NULL, 0, &first, &end) == ONECARD_STATUS_ENCODING);
  CHECK(onecard_segment_range(data, length - 1, &first, &end) == ONECARD_STATUS_ENCODING);
  CHECK(first == 77 && end == 77);
  CHECK(onecard_segment_range(data, length, &first, &end) == ONECARD_STATUS_OK);
  CHECK(first == 0 && end == 8);
  onecard_buffer *more = NULL;
  CHECK(onecard_gate_segment(gate, end, &more) == ONECARD_STATUS_NOTHING && more == NULL);
  // For the Rust test, which gives it to a ledger.
  path_of("segment", path, sizeof path);
  FILE *stream = fopen(path, "wb");
  CHECK(stream != NULL && fwrite(data, 1, length, stream) == length && fclose(stream) == 0);
  CHECK(onecard_buffer_free(NULL) == ONECARD_STATUS_NULL_POINTER);
  CHECK(onecard_buffer_free(&segment) == ONECARD_STATUS_OK && segment == NULL);
  CHECK(onecard_buffer_free(&segment) == ONECARD_STATUS_OK);
}

static void check_day(void) {
  file seed = load("seed"), certificate = load("certificate"), status2 = load("status2");
  onecard_bundle *bundle = bundle_of_the_day();
  onecard_gate *gate = NULL, *second = NULL;
  onecard_decision decision;
  uint64_t size = 0;
  char path[1024];
  path_of("gate.redb", path, sizeof path);
  const size_t length = strlen(path);

  check_opening(bundle, path);
  CHECK(onecard_gate_create(path, length, seed.data, 32, certificate.data, certificate.length,
                            bundle, NOW, &gate) == ONECARD_STATUS_OK);
  CHECK(onecard_gate_create(path, length, seed.data, 32, certificate.data, certificate.length,
                            bundle, NOW, &second) == ONECARD_STATUS_STORE_IN_USE);
  CHECK(onecard_gate_open(path, length, seed.data, 32, certificate.data, certificate.length,
                          bundle, NOW, &second) == ONECARD_STATUS_STORE_IN_USE);
  CHECK(second == NULL);
  check_garbage(gate);

  decision = admit(gate, "code1", 1, 0, NOW);
  CHECK(decision.kind == ONECARD_SEVERITY_ADMIT && decision.reason == ONECARD_REASON_OK);
  CHECK(decision.index == 2 && decision.uses_left == 1 && decision.due_fen == 0);
  CHECK(decision.valid_until == NOW + 1000000 && decision.shows_detail == 1);
  decision = admit(gate, "code1", 1, 0, NOW + 5);
  CHECK(decision.kind == ONECARD_SEVERITY_ADMIT && decision.reason == ONECARD_REASON_RESCAN);
  CHECK(decision.index == 2 && decision.uses_left == -1);
  decision = admit(gate, "code2", 2, 0, NOW + 10);
  CHECK(decision.reason == ONECARD_REASON_CO_PAYMENT && decision.due_fen == 4000);
  CHECK(decision.index == 3);
  decision = admit(gate, "code2", 1, 0, NOW + 10);
  CHECK(decision.index == 3 && decision.reason == ONECARD_REASON_RESCAN);
  decision = admit(gate, "code2", 3, 0, NOW + 10);
  CHECK(decision.kind == ONECARD_SEVERITY_DENY && decision.reason == ONECARD_REASON_PASSBACK);
  decision = admit(gate, "code3", 5, 0, NOW + 10);
  CHECK(decision.kind == ONECARD_SEVERITY_DENY && decision.index == 0);
  CHECK(decision.reason == ONECARD_REASON_PARTY_TOO_LARGE);
  decision = admit(gate, "code13", 1, 0, NOW + 10);
  CHECK(decision.reason == ONECARD_REASON_REVOKED && decision.shows_detail == 0);
  decision = admit(gate, "check", 1, 0, NOW + 10);
  CHECK(decision.kind == ONECARD_SEVERITY_REFER && decision.reason == ONECARD_REASON_ID_CHECK);
  decision = admit(gate, "check", 1, ONECARD_ADMIT_IDENTITY_CHECKED, NOW + 15);
  CHECK(decision.kind == ONECARD_SEVERITY_ADMIT && decision.index == 4);

  CHECK(onecard_gate_annul(gate, 0, NOW + 20) == ONECARD_STATUS_GATE_NO_REDEMPTION);
  CHECK(onecard_gate_annul(gate, 2, NOW + 20) == ONECARD_STATUS_OK);
  CHECK(onecard_gate_seal(gate, &size) == ONECARD_STATUS_OK && size == 6);
  CHECK(onecard_gate_seal(gate, &size) == ONECARD_STATUS_OK && size == 6);

  // The gate has the bundle it was given: this revocation does not reach it before it opens anew.
  CHECK(onecard_bundle_update_status(bundle, status2.data, status2.length, NOW) == ONECARD_STATUS_OK);
  CHECK(onecard_gate_free(&gate) == ONECARD_STATUS_OK && gate == NULL);
  CHECK(onecard_gate_free(&gate) == ONECARD_STATUS_OK);
  CHECK(onecard_gate_create(path, length, seed.data, 32, certificate.data, certificate.length,
                            bundle, NOW + 30, &gate) == ONECARD_STATUS_STORE_EXISTS);
  CHECK(onecard_gate_open(path, length, seed.data, 32, certificate.data, certificate.length,
                          bundle, NOW, &gate) == ONECARD_STATUS_GATE_CLOCK);
  CHECK(gate == NULL);
  CHECK(onecard_gate_open(path, length, seed.data, 32, certificate.data, certificate.length,
                          bundle, NOW + 30, &gate) == ONECARD_STATUS_OK);
  decision = admit(gate, "code2", 2, 0, NOW + 30);
  CHECK(decision.reason == ONECARD_REASON_REVOKED);
  CHECK(onecard_gate_seal(gate, &size) == ONECARD_STATUS_OK && size == 8);
  check_segment(gate);
  CHECK(onecard_gate_free(&gate) == ONECARD_STATUS_OK);
  CHECK(onecard_bundle_free(&bundle) == ONECARD_STATUS_OK);
}

#endif
