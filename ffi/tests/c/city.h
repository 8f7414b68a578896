// A wallet, an issuer and a city: keys, passes, ledgers, witnesses, receipts, an audit.
#ifndef CITY_H
#define CITY_H

#include "venue.h"

#define CITY 310101u
#define PEER 320100u

static void check_wallet(void) {
  file pass = load("pass8"), code = load("code8");
  uint8_t holder[32], key[32];
  char text[964];
  size_t length = 77;
  const char *federation = "onecard.test";
  memset(holder, 8, sizeof holder);
  memset(key, 0xee, sizeof key);

  IS(NULL_POINTER, onecard_key_public(NULL, 32, key, 32, &length));
  IS(LENGTH, onecard_key_public(holder, 31, key, 32, &length));
  IS(NULL_POINTER, onecard_key_public(holder, 32, NULL, 32, &length));
  IS(NULL_POINTER, onecard_key_public(holder, 32, key, 32, NULL));
  CHECK(length == 77);
  IS(BUFFER_TOO_SMALL, onecard_key_public(holder, 32, key, 31, &length));
  CHECK(length == 32 && key[0] == 0xee);
  IS(OK, onecard_key_public(holder, 32, key, 32, &length));
  IS(OK, onecard_key_check(key, 32));
  // RFC 8032, section 7.1, test 2; the seed's own bytes may be written over.
  uint8_t secret[32] = {0x4c, 0xcd, 0x08, 0x9b, 0x28, 0xff, 0x96, 0xda, 0x9d, 0xb6, 0xc3,
                        0x46, 0xec, 0x11, 0x4e, 0x0f, 0x5b, 0x8a, 0x31, 0x9f, 0x35, 0xab,
                        0xa6, 0x24, 0xda, 0x8c, 0xf6, 0xed, 0x4f, 0xb8, 0xa6, 0xfb};
  IS(OK, onecard_key_public(secret, 32, secret, 32, &length));
  CHECK(memcmp(secret, KEY, 32) == 0);

  length = 77;
  memset(text, '#', sizeof text);
  IS(NULL_POINTER, onecard_present(NULL, 1, holder, 32, STR(federation), NOW, text, 964, &length));
  IS(NOT_A_PASS, onecard_present(NULL, 0, holder, 32, STR(federation), NOW, text, 964, &length));
  IS(NOT_A_PASS, onecard_present(BYTES(code), holder, 32, STR(federation), NOW, text, 964, &length));
  IS(NULL_POINTER, onecard_present(BYTES(pass), NULL, 32, STR(federation), NOW, text, 964, &length));
  IS(LENGTH, onecard_present(BYTES(pass), holder, 33, STR(federation), NOW, text, 964, &length));
  IS(NULL_POINTER, onecard_present(BYTES(pass), holder, 32, NULL, 1, NOW, text, 964, &length));
  IS(UTF8, onecard_present(BYTES(pass), holder, 32, "\xc0", 1, NOW, text, 964, &length));
  IS(TIME, onecard_present(BYTES(pass), holder, 32, STR(federation), -1, text, 964, &length));
  IS(NULL_POINTER, onecard_present(BYTES(pass), holder, 32, STR(federation), NOW, NULL, 964, &length));
  IS(NULL_POINTER, onecard_present(BYTES(pass), holder, 32, STR(federation), NOW, text, 964, NULL));
  CHECK(length == 77);
  IS(BUFFER_TOO_SMALL, onecard_present(BYTES(pass), holder, 32, STR(federation), NOW, NULL, 0, &length));
  CHECK(length == code.length && text[0] == '#');
  IS(OK, onecard_present(BYTES(pass), holder, 32, STR(federation), NOW, text, 964, &length));
  CHECK(length == code.length && memcmp(text, code.data, length) == 0);
}

static void check_issuing(void) {
  file issuer = load("issuer-seed"), pass8 = load("pass8");
  uint8_t holder[32], pass[512];
  char text[964];
  size_t length = 77, text_length = 0;
  onecard_new_pass claims;
  onecard_bundle *bundle = bundle_of_the_day();
  onecard_claims told;
  memset(holder, 8, sizeof holder);
  memset(&claims, 0, sizeof claims);
  claims.issued = NOW - 2000;
  claims.not_before = NOW - 1000;
  claims.expires = NOW + 1000000;
  claims.issuer = CITY;
  claims.product = 1;
  claims.product_version = 1;
  claims.status_index = 8;
  claims.has_holder_key = 1;
  IS(OK, onecard_key_public(holder, 32, claims.holder_key, 32, &length));
  memset(claims.pass, 8, sizeof claims.pass);
  strcpy(claims.status_uri, "oc:310101/1");

  length = 77;
  memset(pass, 0xee, sizeof pass);
  IS(NULL_POINTER, onecard_pass_issue(NULL, issuer.data, 32, NULL, 0, NULL, 0, pass, 512, &length));
  IS(NULL_POINTER, onecard_pass_issue(&claims, NULL, 32, NULL, 0, NULL, 0, pass, 512, &length));
  IS(LENGTH, onecard_pass_issue(&claims, issuer.data, 31, NULL, 0, NULL, 0, pass, 512, &length));
  IS(NULL_POINTER, onecard_pass_issue(&claims, issuer.data, 32, NULL, 16, NULL, 0, pass, 512, &length));
  IS(LENGTH, onecard_pass_issue(&claims, issuer.data, 32, SALT, 15, STR(DOCUMENT), pass, 512, &length));
  IS(LENGTH, onecard_pass_issue(&claims, issuer.data, 32, NULL, 0, STR(DOCUMENT), pass, 512, &length));
  IS(DOCUMENT, onecard_pass_issue(&claims, issuer.data, 32, SALT, 16, STR("x"), pass, 512, &length));
  // A document that nobody is told to compare.
  IS(CLAIMS, onecard_pass_issue(&claims, issuer.data, 32, SALT, 16, STR(DOCUMENT), pass, 512, &length));
  IS(NULL_POINTER, onecard_pass_issue(&claims, issuer.data, 32, NULL, 0, NULL, 0, NULL, 512, &length));
  IS(NULL_POINTER, onecard_pass_issue(&claims, issuer.data, 32, NULL, 0, NULL, 0, pass, 512, NULL));
  claims.reserved[1] = 1;
  IS(RESERVED, onecard_pass_issue(&claims, issuer.data, 32, NULL, 0, NULL, 0, pass, 512, &length));
  claims.reserved[1] = 0;
  claims.has_holder_key = 0;
  IS(CLAIMS, onecard_pass_issue(&claims, issuer.data, 32, NULL, 0, NULL, 0, pass, 512, &length));
  claims.has_holder_key = 1;
  CHECK(length == 77);
  IS(BUFFER_TOO_SMALL, onecard_pass_issue(&claims, issuer.data, 32, NULL, 0, NULL, 0, pass, 9, &length));
  CHECK(length == pass8.length && pass[0] == 0xee);
  IS(OK, onecard_pass_issue(&claims, issuer.data, 32, NULL, 0, NULL, 0, pass, 512, &length));
  CHECK(length == pass8.length && memcmp(pass, pass8.data, length) == 0);

  claims.flags = ONECARD_PASS_ID_CHECK;
  IS(OK, onecard_pass_issue(&claims, issuer.data, 32, SALT, 16, STR(DOCUMENT), pass, 512, &length));
  IS(OK, onecard_present(pass, length, holder, 32, STR("onecard.test"), NOW, text, 964, &text_length));
  IS(OK, onecard_presentation_verify(bundle, text, text_length, NOW, &told));
  CHECK(told.flags == ONECARD_PASS_ID_CHECK && told.status_index == 8);
  IS(OK, onecard_bundle_free(&bundle));
}

static onecard_history *history_of(const char *name) {
  file trust = load("trust"), anchor = load("anchor"), next = load(name);
  onecard_history *history = NULL;
  IS(OK, onecard_history_new(BYTES(trust), BYTES(anchor), &history));
  if (next.length != trust.length || memcmp(next.data, trust.data, next.length) != 0) {
    IS(OK, onecard_history_add(history, BYTES(next)));
  }
  return history;
}

static void check_histories(void) {
  file trust = load("trust"), anchor = load("anchor"), next = load("trust2"), later = load("anchor2");
  onecard_history *history = NULL;
  IS(NULL_POINTER, onecard_history_new(NULL, 1, BYTES(anchor), &history));
  IS(TRUST_ANCHOR, onecard_history_new(NULL, 0, BYTES(anchor), &history));
  IS(TRUST_ANCHOR, onecard_history_new(BYTES(next), BYTES(anchor), &history));
  IS(NULL_POINTER, onecard_history_new(BYTES(trust), NULL, 32, &history));
  IS(LENGTH, onecard_history_new(BYTES(trust), anchor.data, 31, &history));
  IS(NULL_POINTER, onecard_history_new(BYTES(trust), BYTES(anchor), NULL));
  CHECK(history == NULL);
  IS(OK, onecard_history_new(BYTES(trust), BYTES(anchor), &history));
  IS(NULL_POINTER, onecard_history_add(NULL, BYTES(next)));
  IS(NULL_POINTER, onecard_history_add(history, NULL, 1));
  IS(ENCODING, onecard_history_add(history, NULL, 0));
  IS(TRUST_SEQUENCE, onecard_history_add(history, BYTES(trust)));
  IS(OK, onecard_history_add(history, BYTES(next)));
  IS(TRUST_SEQUENCE, onecard_history_add(history, BYTES(next)));
  IS(NULL_POINTER, onecard_history_free(NULL));
  IS(OK, onecard_history_free(&history));
  IS(OK, onecard_history_free(&history));
  // It may start with a later list.
  IS(OK, onecard_history_new(BYTES(next), BYTES(later), &history));
  IS(OK, onecard_history_free(&history));
}

static void check_opening_a_ledger(const onecard_history *history, const char *path) {
  file seed = load("log-seed"), gate_seed = load("seed");
  onecard_ledger *ledger = NULL;
  IS(STORE_MISSING, onecard_ledger_open(STR(path), CITY, seed.data, 32, history, &ledger));
  IS(NULL_POINTER, onecard_ledger_open(NULL, 1, CITY, seed.data, 32, history, &ledger));
  IS(NULL_POINTER, onecard_ledger_open(STR(path), CITY, seed.data, 32, history, NULL));
  IS(NULL_POINTER, onecard_ledger_create(NULL, 1, CITY, seed.data, 32, history, &ledger));
  IS(UTF8, onecard_ledger_create("\xff", 1, CITY, seed.data, 32, history, &ledger));
  IS(NAME, onecard_ledger_create(STR(path), 1, seed.data, 32, history, &ledger));
  IS(NULL_POINTER, onecard_ledger_create(STR(path), CITY, NULL, 32, history, &ledger));
  IS(LENGTH, onecard_ledger_create(STR(path), CITY, seed.data, 33, history, &ledger));
  IS(NULL_POINTER, onecard_ledger_create(STR(path), CITY, seed.data, 32, NULL, &ledger));
  IS(NULL_POINTER, onecard_ledger_create(STR(path), CITY, seed.data, 32, history, NULL));
  IS(LEDGER_OTHER_KEY, onecard_ledger_create(STR(path), CITY, gate_seed.data, 32, history, &ledger));
  IS(LEDGER_OTHER_KEY, onecard_ledger_create(STR(path), PEER, seed.data, 32, history, &ledger));
  CHECK(ledger == NULL);
  FILE *none = fopen(path, "rb");
  CHECK(none == NULL);
}

// Every function of a ledger that logs one document.
typedef onecard_status log_one(onecard_ledger *, const uint8_t *, size_t, int64_t, uint64_t *);

static void check_logging(log_one *function, onecard_ledger *ledger, onecard_status empty) {
  uint64_t entry = 77;
  IS(NULL_POINTER, function(NULL, KEY, 32, NOW, &entry));
  IS(NULL_POINTER, function(ledger, NULL, 1, NOW, &entry));
  IS(NULL_POINTER, function(ledger, KEY, 32, NOW, NULL));
  IS(TIME, function(ledger, KEY, 32, -1, &entry));
  CHECK(function(ledger, NULL, 0, NOW, &entry) == empty);
  CHECK(entry == 77);
}

static void fill_ledger(onecard_ledger *ledger) {
  file trust = load("trust"), catalogue = load("catalogue"), status = load("status"),
       certificate = load("certificate"), segment = load("segment");
  onecard_ingested ingested;
  onecard_buffer *buffer = NULL;
  uint64_t entry = 77, size = 77;
  memset(&ingested, 0xee, sizeof ingested);

  check_logging(onecard_ledger_adopt, ledger, ONECARD_STATUS_ENCODING);
  check_logging(onecard_ledger_enrol, ledger, ONECARD_STATUS_ENCODING);
  check_logging(onecard_ledger_add_catalogue, ledger, ONECARD_STATUS_ENCODING);
  check_logging(onecard_ledger_add_status, ledger, ONECARD_STATUS_ENCODING);
  check_logging(onecard_ledger_add_peer, ledger, ONECARD_STATUS_NOTE);
  IS(UTF8, onecard_ledger_add_peer(ledger, (const uint8_t *)"\xff", 1, NOW, &entry));
  // Nothing is signed yet.
  IS(NULL_POINTER, onecard_ledger_request(NULL, 0, &buffer));
  IS(NULL_POINTER, onecard_ledger_request(ledger, 0, NULL));
  IS(NOTHING, onecard_ledger_request(ledger, 0, &buffer));
  IS(NOTE, onecard_ledger_cosigned(ledger, NULL, 0, NOW, &buffer));
  IS(NOTHING, onecard_ledger_publish(ledger, STR(directory)));
  CHECK(buffer == NULL);

  IS(OK, onecard_ledger_adopt(ledger, BYTES(trust), NOW, &entry));
  CHECK(entry == 0);
  IS(OK, onecard_ledger_add_catalogue(ledger, BYTES(catalogue), NOW, &entry));
  IS(OK, onecard_ledger_add_status(ledger, BYTES(status), NOW, &entry));
  CHECK(entry == 2);
  IS(NULL_POINTER, onecard_ledger_journal_size(NULL, 7, &size));
  IS(NULL_POINTER, onecard_ledger_journal_size(ledger, 7, NULL));
  IS(LEDGER_GATE, onecard_ledger_journal_size(ledger, 7, &size));
  IS(SEGMENT_GATE, onecard_ledger_ingest(ledger, BYTES(segment), NOW + 60, &ingested));
  IS(OK, onecard_ledger_enrol(ledger, BYTES(certificate), NOW, &entry));
  IS(LEDGER_GATE, onecard_ledger_enrol(ledger, BYTES(certificate), NOW, &entry));
  IS(LEDGER_CLOCK, onecard_ledger_adopt(ledger, BYTES(trust), NOW - 3, &entry));
  CHECK(entry == 3);

  IS(NULL_POINTER, onecard_ledger_ingest(NULL, BYTES(segment), NOW + 60, &ingested));
  IS(NULL_POINTER, onecard_ledger_ingest(ledger, NULL, 1, NOW + 60, &ingested));
  IS(NULL_POINTER, onecard_ledger_ingest(ledger, BYTES(segment), NOW + 60, NULL));
  IS(TIME, onecard_ledger_ingest(ledger, BYTES(segment), -1, &ingested));
  IS(ENCODING, onecard_ledger_ingest(ledger, NULL, 0, NOW + 60, &ingested));
  IS(ENCODING, onecard_ledger_ingest(ledger, segment.data, segment.length - 1, NOW + 60, &ingested));
  // A time in the last record: it is not what the gate signed any more.
  segment.data[segment.length - 20] ^= 1;
  IS(SEGMENT_ROOT, onecard_ledger_ingest(ledger, BYTES(segment), NOW + 60, &ingested));
  segment.data[segment.length - 20] ^= 1;
  CHECK(ingested.duplicate == 0xeeeeeeee);
  IS(OK, onecard_ledger_ingest(ledger, BYTES(segment), NOW + 60, &ingested));
  CHECK(ingested.records == 8 && ingested.entry == 4 && ingested.duplicate == 0 && ingested.reserved == 0);
  IS(OK, onecard_ledger_ingest(ledger, BYTES(segment), NOW + 61, &ingested));
  CHECK(ingested.records == 0 && ingested.duplicate == 1);
  IS(OK, onecard_ledger_journal_size(ledger, 7, &size));
  CHECK(size == 8);
  IS(NULL_POINTER, onecard_ledger_size(NULL, &size));
  IS(NULL_POINTER, onecard_ledger_size(ledger, NULL));
  IS(OK, onecard_ledger_size(ledger, &size));
  CHECK(size == 5);
  IS(NULL_POINTER, onecard_ledger_recover(NULL));
  IS(OK, onecard_ledger_recover(ledger));
}

// Asks the witness of one member for a cosignature, and gives it to the ledger.
static void cosign(onecard_ledger *ledger, const onecard_history *history, uint32_t member, int first) {
  char name[64], path[1024];
  onecard_witness *witness = NULL;
  onecard_buffer *request = NULL, *line = NULL, *checkpoint = NULL;
  const uint8_t *data = NULL, *text = NULL;
  size_t length = 0, text_length = 0;
  uint64_t size = 77;
  snprintf(name, sizeof name, "witness-seed-%u", member);
  file seed = load(name);
  snprintf(name, sizeof name, "witness-%u", member);
  path_of(name, path, sizeof path);
  if (first) {
    file other = load("log-seed");
    IS(STORE_MISSING, onecard_witness_open(STR(path), member, seed.data, 32, history, NOW, &witness));
    IS(NULL_POINTER, onecard_witness_create(NULL, 1, member, seed.data, 32, history, NOW, &witness));
    IS(NAME, onecard_witness_create(STR(path), 0, seed.data, 32, history, NOW, &witness));
    IS(NULL_POINTER, onecard_witness_create(STR(path), member, NULL, 32, history, NOW, &witness));
    IS(LENGTH, onecard_witness_create(STR(path), member, seed.data, 0, history, NOW, &witness));
    IS(NULL_POINTER, onecard_witness_create(STR(path), member, seed.data, 32, NULL, NOW, &witness));
    IS(TIME, onecard_witness_create(STR(path), member, seed.data, 32, history, -1, &witness));
    IS(NULL_POINTER, onecard_witness_create(STR(path), member, seed.data, 32, history, NOW, NULL));
    IS(LEDGER_OTHER_KEY, onecard_witness_create(STR(path), member, other.data, 32, history, NOW, &witness));
    IS(LEDGER_OTHER_KEY, onecard_witness_create(STR(path), CITY, seed.data, 32, history, NOW, &witness));
    CHECK(witness == NULL);
    IS(OK, onecard_witness_create(STR(path), member, seed.data, 32, history, NOW, &witness));
    IS(NULL_POINTER, onecard_witness_size(NULL, CITY, &size));
    IS(NULL_POINTER, onecard_witness_size(witness, CITY, NULL));
    IS(NAME, onecard_witness_size(witness, 1, &size));
    CHECK(size == 77);
  } else {
    IS(STORE_EXISTS, onecard_witness_create(STR(path), member, seed.data, 32, history, NOW, &witness));
    IS(OK, onecard_witness_open(STR(path), member, seed.data, 32, history, NOW, &witness));
  }
  IS(OK, onecard_witness_size(witness, CITY, &size));
  CHECK(first ? size == 0 : size > 0);
  IS(OUT_OF_RANGE, onecard_ledger_request(ledger, UINT64_MAX, &request));
  IS(OK, onecard_ledger_request(ledger, size, &request));
  IS(OK, onecard_buffer_data(request, &data, &length));
  IS(NULL_POINTER, onecard_witness_cosign(NULL, data, length, NOW, &line));
  IS(NULL_POINTER, onecard_witness_cosign(witness, NULL, 1, NOW, &line));
  IS(NULL_POINTER, onecard_witness_cosign(witness, data, length, NOW, NULL));
  IS(TIME, onecard_witness_cosign(witness, data, length, -1, &line));
  IS(WITNESS_REQUEST, onecard_witness_cosign(witness, NULL, 0, NOW, &line));
  IS(WITNESS_REQUEST, onecard_witness_cosign(witness, KEY, 32, NOW, &line));
  IS(NOTE, onecard_witness_cosign(witness, data, length - 1, NOW, &line));
  CHECK(line == NULL);
  IS(WITNESS_CLOCK, onecard_witness_cosign(witness, data, length, 0, &line));
  IS(OK, onecard_witness_cosign(witness, data, length, NOW + 70, &line));
  onecard_buffer *untouched = line;
  IS(WITNESS_STALE, onecard_witness_cosign(witness, data, length, NOW + 70, &line));
  CHECK(line == untouched);
  IS(OK, onecard_buffer_data(line, &text, &text_length));
  IS(NULL_POINTER, onecard_ledger_cosigned(NULL, (const char *)text, text_length, NOW + 70, &checkpoint));
  IS(NULL_POINTER, onecard_ledger_cosigned(ledger, NULL, 1, NOW + 70, &checkpoint));
  IS(NULL_POINTER, onecard_ledger_cosigned(ledger, (const char *)text, text_length, NOW + 70, NULL));
  IS(UTF8, onecard_ledger_cosigned(ledger, "\xff", 1, NOW + 70, &checkpoint));
  IS(TIME, onecard_ledger_cosigned(ledger, (const char *)text, text_length, -1, &checkpoint));
  IS(NOTE, onecard_ledger_cosigned(ledger, "x", 1, NOW + 70, &checkpoint));
  CHECK(checkpoint == NULL);
  IS(OK, onecard_ledger_cosigned(ledger, (const char *)text, text_length, NOW + 70, &checkpoint));
  IS(OK, onecard_buffer_free(&checkpoint));
  IS(OK, onecard_buffer_free(&line));
  IS(OK, onecard_buffer_free(&request));
  IS(NULL_POINTER, onecard_witness_free(NULL));
  IS(OK, onecard_witness_free(&witness));
  IS(OK, onecard_witness_free(&witness));
}

static void check_receipts(onecard_ledger *ledger, const onecard_history *history) {
  onecard_buffer *receipt = NULL;
  onecard_receipted told;
  const uint8_t *data = NULL;
  size_t length = 0, note_length = 77;
  char note[4096];
  memset(&told, 0xee, sizeof told);
  IS(NULL_POINTER, onecard_ledger_receipt(NULL, 7, 2, &receipt));
  IS(NULL_POINTER, onecard_ledger_receipt(ledger, 7, 2, NULL));
  IS(LEDGER_GATE, onecard_ledger_receipt(ledger, 8, 2, &receipt));
  IS(LEDGER_NOT_LOGGED, onecard_ledger_receipt(ledger, 7, UINT64_MAX, &receipt));
  CHECK(receipt == NULL);
  IS(OK, onecard_ledger_receipt(ledger, 7, 3, &receipt));
  IS(OK, onecard_buffer_data(receipt, &data, &length));
  IS(NULL_POINTER, onecard_receipt_verify(NULL, data, length, &told));
  IS(NULL_POINTER, onecard_receipt_verify(history, NULL, 1, &told));
  IS(NULL_POINTER, onecard_receipt_verify(history, data, length, NULL));
  IS(RECEIPT_SHAPE, onecard_receipt_verify(history, NULL, 0, &told));
  IS(RECEIPT_SHAPE, onecard_receipt_verify(history, KEY, 32, &told));
  CHECK(told.kind == 0xeeeeeeee);
  IS(OK, onecard_receipt_verify(history, data, length, &told));
  CHECK(told.member == CITY && told.gate == 7 && told.index == 3 && told.entry == 4);
  CHECK(told.kind == ONECARD_RECORD_KIND_REDEEMED && told.time == NOW + 10 && told.logged == NOW + 60);
  CHECK(told.final_at == NOW + 70 && told.issuer == CITY && told.product == 2 && told.due_fen == 4000);
  CHECK(strcmp(told.pass, "0820G41020G41020") != 0 && strlen(told.pass) == 16 && told.reserved == 0);
  IS(NULL_POINTER, onecard_receipt_checkpoint(NULL, 1, note, sizeof note, &note_length));
  IS(RECEIPT_SHAPE, onecard_receipt_checkpoint(NULL, 0, note, sizeof note, &note_length));
  IS(NULL_POINTER, onecard_receipt_checkpoint(data, length, NULL, 1, &note_length));
  IS(NULL_POINTER, onecard_receipt_checkpoint(data, length, note, sizeof note, NULL));
  CHECK(note_length == 77);
  IS(BUFFER_TOO_SMALL, onecard_receipt_checkpoint(data, length, NULL, 0, &note_length));
  IS(OK, onecard_receipt_checkpoint(data, length, note, sizeof note, &note_length));
  CHECK(note_length > 100 && memcmp(note, "onecard.test/310101/gate/7\n8\n", 29) == 0);
  // The gate of the day has all that its city has.
  file seed = load("seed"), certificate = load("certificate"), status2 = load("status2");
  onecard_bundle *bundle = bundle_of_the_day();
  onecard_gate *gate = NULL;
  char path[1024];
  path_of("gate.redb", path, sizeof path);
  IS(OK, onecard_bundle_update_status(bundle, BYTES(status2), NOW));
  IS(OK, onecard_gate_open_after(note, note_length, STR(path), seed.data, 32, BYTES(certificate),
                                 bundle, NOW + 80, &gate));
  uint64_t below = 77;
  char young[1024];
  path_of("young", young, sizeof young);
  // What the city has for good, the gate may forget; but not while it works, nor for another gate's receipt.
  IS(STORE_IN_USE, onecard_gate_erase_final(STR(path), history, data, length, &below));
  IS(OK, onecard_gate_free(&gate));
  IS(NULL_POINTER, onecard_gate_erase_final(NULL, 1, history, data, length, &below));
  IS(NULL_POINTER, onecard_gate_erase_final(STR(path), NULL, data, length, &below));
  IS(NULL_POINTER, onecard_gate_erase_final(STR(path), history, NULL, 1, &below));
  IS(NULL_POINTER, onecard_gate_erase_final(STR(path), history, data, length, NULL));
  IS(UTF8, onecard_gate_erase_final("\xff", 1, history, data, length, &below));
  IS(STORE_MISSING, onecard_gate_erase_final(NULL, 0, history, data, length, &below));
  IS(RECEIPT_SHAPE, onecard_gate_erase_final(STR(path), history, NULL, 0, &below));
  IS(STORE_OLD_COPY, onecard_gate_erase_final(STR(young), history, data, length, &below));
  // It grows as long as the one of the receipt, with other records.
  for (int64_t again = 3; again <= 4; again += 1) {
    IS(OK, onecard_gate_open(STR(young), seed.data, 32, BYTES(certificate), bundle, NOW + again, &gate));
    IS(OK, onecard_gate_free(&gate));
  }
  IS(STORE_OTHER_HISTORY, onecard_gate_erase_final(STR(young), history, data, length, &below));
  uint8_t forged[16384];
  CHECK(length < sizeof forged);
  memcpy(forged, data, length);
  forged[length - 10] = forged[length - 10] == 'A' ? 'B' : 'A';
  IS(NOTE, onecard_gate_erase_final(STR(path), history, forged, length, &below));
  IS(NOTE, onecard_receipt_verify(history, forged, length, &told));
  CHECK(below == 77);
  IS(OK, onecard_gate_erase_final(STR(path), history, data, length, &below));
  CHECK(below == 8);
  IS(OK, onecard_gate_erase_final(STR(path), history, data, length, &below));
  CHECK(below == 8);
  // It opens and decides as before.
  IS(OK, onecard_gate_open(STR(path), seed.data, 32, BYTES(certificate), bundle, NOW + 81, &gate));
  CHECK(admit(gate, "code3", 1, 0, NOW + 60).reason == ONECARD_REASON_CLOCK_SUSPECT);
  IS(OK, onecard_gate_free(&gate));
  IS(OK, onecard_bundle_free(&bundle));
  IS(OK, onecard_buffer_free(&receipt));
}

// What the city's other gates learn of the gate of the day.
static void check_digests(onecard_ledger *ledger) {
  file seed = load("seed8"), certificate = load("certificate8");
  onecard_bundle *bundle = bundle_of_the_day();
  onecard_gate *gate = NULL;
  onecard_sync *sync = NULL;
  onecard_buffer *digest = NULL;
  const uint8_t *data = NULL;
  size_t length = 0;
  char path[1024];
  path_of("gate8", path, sizeof path);
  IS(NULL_POINTER, onecard_ledger_usage_digest(NULL, 0, 6, NOW, NOW + 66, &digest));
  IS(NULL_POINTER, onecard_ledger_usage_digest(ledger, 0, 6, NOW, NOW + 66, NULL));
  IS(TIME, onecard_ledger_usage_digest(ledger, 0, 6, -1, NOW + 66, &digest));
  IS(TIME, onecard_ledger_usage_digest(ledger, 0, 6, NOW, -1, &digest));
  IS(LEDGER_CLOCK, onecard_ledger_usage_digest(ledger, 0, 6, NOW, NOW, &digest));
  IS(OUT_OF_RANGE, onecard_ledger_usage_digest(ledger, 0, 7, NOW, NOW + 66, &digest));
  IS(OUT_OF_RANGE, onecard_ledger_usage_digest(ledger, 6, 5, NOW, NOW + 66, &digest));
  IS(OUT_OF_RANGE, onecard_ledger_usage_digest(ledger, 0, UINT64_MAX, NOW, NOW + 66, &digest));
  CHECK(digest == NULL);
  IS(OK, onecard_ledger_usage_digest(ledger, 0, 6, NOW, NOW + 66, &digest));
  IS(OK, onecard_buffer_data(digest, &data, &length));
  IS(OK, onecard_gate_create(STR(path), BYTES(seed), BYTES(certificate), bundle, NOW + 50, &gate));
  IS(OK, onecard_sync_new(&sync));
  IS(NULL_POINTER, onecard_sync_add_digest(NULL, data, length));
  IS(NULL_POINTER, onecard_sync_add_digest(sync, NULL, 1));
  IS(LENGTH, onecard_sync_add_digest(sync, data, SIZE_MAX));
  IS(OK, onecard_sync_add_digest(sync, data, length - 1));
  IS(ENCODING, onecard_gate_sync(gate, sync, NOW + 50));
  IS(OK, onecard_sync_free(&sync));
  IS(OK, onecard_sync_new(&sync));
  IS(OK, onecard_sync_add_digest(sync, data, length));
  IS(OK, onecard_gate_sync(gate, sync, NOW + 55));
  // One of two uses was there; what was taken back there does not count.
  CHECK(admit(gate, "check", 1, ONECARD_ADMIT_IDENTITY_CHECKED, NOW + 55).uses_left == 0);
  CHECK(admit(gate, "code1", 1, 0, NOW + 55).uses_left == 1);
  IS(OK, onecard_sync_free(&sync));
  IS(OK, onecard_gate_free(&gate));
  IS(OK, onecard_buffer_free(&digest));
  IS(OK, onecard_bundle_free(&bundle));
}

static void check_audit(onecard_ledger *ledger) {
  file anchor = load("anchor");
  uint8_t other[32] = {0};
  char path[1024], missing[1024];
  onecard_audited audited;
  onecard_buffer *report = NULL;
  const uint8_t *data = NULL;
  size_t length = 0;
  memset(&audited, 0xee, sizeof audited);
  path_of("published", path, sizeof path);
  path_of("no such directory", missing, sizeof missing);
  IS(NULL_POINTER, onecard_ledger_publish(NULL, STR(path)));
  IS(NULL_POINTER, onecard_ledger_publish(ledger, NULL, 1));
  IS(UTF8, onecard_ledger_publish(ledger, "\xff", 1));
  IS(STORE_FAILED, onecard_ledger_publish(ledger, "/dev/null", 9));
  IS(OK, onecard_ledger_publish(ledger, STR(path)));
  IS(OK, onecard_ledger_publish(ledger, STR(path)));

  IS(NULL_POINTER, onecard_audit(NULL, 1, BYTES(anchor), 1, &audited, &report));
  IS(STORE_MISSING, onecard_audit(NULL, 0, BYTES(anchor), 1, &audited, &report));
  IS(UTF8, onecard_audit("\xff", 1, BYTES(anchor), 1, &audited, &report));
  IS(NULL_POINTER, onecard_audit(STR(path), NULL, 32, 1, &audited, &report));
  IS(LENGTH, onecard_audit(STR(path), anchor.data, 31, 1, &audited, &report));
  IS(OUT_OF_RANGE, onecard_audit(STR(path), BYTES(anchor), 0, &audited, &report));
  IS(OUT_OF_RANGE, onecard_audit(STR(path), BYTES(anchor), UINT32_MAX, &audited, &report));
  IS(NULL_POINTER, onecard_audit(STR(path), BYTES(anchor), 1, NULL, &report));
  IS(NULL_POINTER, onecard_audit(STR(path), BYTES(anchor), 1, &audited, NULL));
  CHECK(report == NULL && audited.reserved == 0xeeeeeeee);
  IS(OK, onecard_audit(STR(path), BYTES(anchor), 2, &audited, &report));
  IS(OK, onecard_buffer_data(report, &data, &length));
  CHECK(length > 20 && data[0] == '{' && data[length - 1] == '}');
  // The other three cities published nothing.
  CHECK(audited.errors == 3 && audited.ledgers == 1 && audited.journals == 1);
  CHECK(audited.entries == 6 && audited.records == 8 && audited.redemptions == 3 && audited.evidence == 3);
  CHECK(audited.has_statement == 0 && audited.reserved == 0);
  CHECK(memcmp(audited.anchor, anchor.data, 32) == 0 && memcmp(audited.statement, other, 32) == 0);
  if (audited.errors != 3) {
    fprintf(stderr, "%.*s\n", (int)length, (const char *)data);
  }
  IS(OK, onecard_buffer_free(&report));
  IS(OK, onecard_audit(STR(path), other, 32, 1, &audited, &report));
  CHECK(audited.errors > 0 && audited.ledgers == 0);
  IS(OK, onecard_buffer_free(&report));
  IS(OK, onecard_audit(STR(missing), NULL, 0, 1, &audited, &report));
  CHECK(audited.errors > 0 && memcmp(audited.anchor, other, 32) == 0);
  IS(OK, onecard_buffer_free(&report));
}

static void check_checkpoints(const onecard_history *history, onecard_ledger *ledger) {
  onecard_buffer *note = NULL;
  onecard_checkpoint told;
  const uint8_t *data = NULL;
  size_t length = 0;
  memset(&told, 0xee, sizeof told);
  IS(NULL_POINTER, onecard_ledger_checkpoint(NULL, &note));
  IS(NULL_POINTER, onecard_ledger_checkpoint(ledger, NULL));
  IS(OK, onecard_ledger_checkpoint(ledger, &note));
  IS(OK, onecard_buffer_data(note, &data, &length));
  IS(NULL_POINTER, onecard_checkpoint_verify(NULL, CITY, data, length, &told));
  IS(NULL_POINTER, onecard_checkpoint_verify(history, CITY, NULL, 1, &told));
  IS(NULL_POINTER, onecard_checkpoint_verify(history, CITY, data, length, NULL));
  IS(NAME, onecard_checkpoint_verify(history, 1, data, length, &told));
  IS(NOTE, onecard_checkpoint_verify(history, PEER, data, length, &told));
  IS(NOTE, onecard_checkpoint_verify(history, CITY, data, length - 1, &told));
  IS(NOTE, onecard_checkpoint_verify(history, CITY, NULL, 0, &told));
  CHECK(told.cosignatures == 0xeeeeeeee);
  IS(OK, onecard_checkpoint_verify(history, CITY, data, length, &told));
  CHECK(told.size == 6 && told.final_at == 0 && told.cosignatures == 0 && told.reserved == 0);
  IS(OK, onecard_buffer_free(&note));
  cosign(ledger, history, 320100, 1);
  cosign(ledger, history, 330100, 1);
  IS(OK, onecard_ledger_receipt(ledger, 7, 3, &note));
  IS(OK, onecard_buffer_data(note, &data, &length));
  onecard_receipted receipted;
  IS(RECEIPT_NOT_FINAL, onecard_receipt_verify(history, data, length, &receipted));
  IS(OK, onecard_buffer_free(&note));
  cosign(ledger, history, 100000, 1);
  IS(OK, onecard_ledger_checkpoint(ledger, &note));
  IS(OK, onecard_buffer_data(note, &data, &length));
  IS(OK, onecard_checkpoint_verify(history, CITY, data, length, &told));
  CHECK(told.size == 6 && told.final_at == NOW + 70 && told.cosignatures == 3);
  IS(OK, onecard_buffer_free(&note));
}

// A peer's ledger, for a checkpoint of it that this city sees.
static void see_a_peer(onecard_ledger *ledger, const onecard_history *history) {
  file seed = load("peer-log-seed");
  onecard_ledger *peer = NULL;
  onecard_buffer *note = NULL;
  const uint8_t *data = NULL;
  size_t length = 0;
  uint64_t entry = 0;
  char path[1024];
  path_of("peer", path, sizeof path);
  IS(OK, onecard_ledger_create(STR(path), PEER, seed.data, 32, history, &peer));
  IS(STORE_IN_USE, onecard_ledger_open(STR(path), PEER, seed.data, 32, history, &ledger));
  IS(OK, onecard_ledger_checkpoint(peer, &note));
  IS(OK, onecard_buffer_data(note, &data, &length));
  IS(NOTE, onecard_ledger_add_peer(ledger, data, length - 1, NOW + 65, &entry));
  IS(OK, onecard_ledger_add_peer(ledger, data, length, NOW + 65, &entry));
  CHECK(entry == 5);
  IS(OK, onecard_buffer_free(&note));
  IS(OK, onecard_ledger_free(&peer));
}

static void check_city(void) {
  file seed = load("log-seed"), trust2 = load("trust2");
  onecard_history *history = history_of("trust"), *both = history_of("trust2");
  onecard_ledger *ledger = NULL, *second = NULL;
  onecard_buffer *note = NULL, *early = NULL;
  const uint8_t *data = NULL;
  size_t length = 0;
  uint64_t entry = 77, size = 0;
  char path[1024], young[1024];
  path_of("ledger", path, sizeof path);
  path_of("young ledger", young, sizeof young);
  check_histories();
  check_opening_a_ledger(history, path);
  IS(OK, onecard_ledger_create(STR(path), CITY, seed.data, 32, history, &ledger));
  IS(STORE_IN_USE, onecard_ledger_create(STR(path), CITY, seed.data, 32, history, &second));
  IS(HANDLE, onecard_ledger_size((const onecard_ledger *)history, &size));
  fill_ledger(ledger);
  see_a_peer(ledger, history);
  check_checkpoints(history, ledger);
  check_receipts(ledger, history);
  check_digests(ledger);
  check_audit(ledger);

  IS(NULL_POINTER, onecard_ledger_reverse(NULL, 7, 3, NOW + 90, &entry));
  IS(NULL_POINTER, onecard_ledger_reverse(ledger, 7, 3, NOW + 90, NULL));
  IS(TIME, onecard_ledger_reverse(ledger, 7, 3, -1, &entry));
  IS(LEDGER_GATE, onecard_ledger_reverse(ledger, 8, 3, NOW + 90, &entry));
  IS(GATE_NO_REDEMPTION, onecard_ledger_reverse(ledger, 7, 0, NOW + 90, &entry));
  IS(GATE_NO_REDEMPTION, onecard_ledger_reverse(ledger, 7, UINT64_MAX, NOW + 90, &entry));
  IS(OK, onecard_ledger_reverse(ledger, 7, 3, NOW + 90, &entry));
  IS(NULL_POINTER, onecard_ledger_retire(NULL, 7, NOW + 91, &entry));
  IS(NULL_POINTER, onecard_ledger_retire(ledger, 7, NOW + 91, NULL));
  IS(TIME, onecard_ledger_retire(ledger, 7, -1, &entry));
  IS(LEDGER_GATE, onecard_ledger_retire(ledger, 8, NOW + 91, &entry));
  IS(OK, onecard_ledger_retire(ledger, 7, NOW + 91, &entry));
  IS(LEDGER_RETIRED, onecard_ledger_retire(ledger, 7, NOW + 91, &entry));
  IS(OK, onecard_ledger_adopt(ledger, BYTES(trust2), NOW + 92, &entry));
  CHECK(entry == 8);
  IS(OK, onecard_ledger_checkpoint(ledger, &note));
  // The same witnesses again, from where they were.
  cosign(ledger, both, 320100, 0);
  IS(NULL_POINTER, onecard_ledger_free(NULL));
  IS(OK, onecard_ledger_free(&ledger));
  IS(OK, onecard_ledger_free(&ledger));

  // It opens with the lists it adopted alone, and notices an old copy.
  IS(LEDGER_TRUST_LIST, onecard_ledger_open(STR(path), CITY, seed.data, 32, history, &ledger));
  IS(OK, onecard_buffer_data(note, &data, &length));
  IS(NULL_POINTER, onecard_ledger_open_after(NULL, 1, STR(path), CITY, seed.data, 32, both, &ledger));
  IS(NOTE, onecard_ledger_open_after(NULL, 0, STR(path), CITY, seed.data, 32, both, &ledger));
  IS(NULL_POINTER, onecard_ledger_open_after(data, length, STR(path), CITY, seed.data, 32, NULL, &ledger));
  IS(NULL_POINTER, onecard_ledger_open_after(data, length, STR(path), CITY, seed.data, 32, both, NULL));
  IS(OK, onecard_ledger_create(STR(young), CITY, seed.data, 32, both, &second));
  IS(OK, onecard_ledger_checkpoint(second, &early));
  IS(OK, onecard_ledger_free(&second));
  IS(STORE_OLD_COPY, onecard_ledger_open_after(data, length, STR(young), CITY, seed.data, 32, both, &ledger));
  CHECK(ledger == NULL);
  IS(OK, onecard_ledger_open_after(data, length, STR(path), CITY, seed.data, 32, both, &ledger));
  IS(OK, onecard_ledger_size(ledger, &size));
  CHECK(size == 9);
  IS(OK, onecard_buffer_free(&note));
  IS(OK, onecard_buffer_free(&early));
  IS(OK, onecard_ledger_free(&ledger));
  IS(OK, onecard_history_free(&history));
  IS(OK, onecard_history_free(&both));
}

// The files of a gate and a ledger are taken from under their names, and put back.
static void check_moved(void) {
  file seed = load("seed"), certificate = load("certificate"), log = load("log-seed"), code = load("code1");
  onecard_history *history = history_of("trust");
  onecard_gate *gate = new_gate("moved", NOW), *second = NULL;
  onecard_bundle *bundle = bundle_of_the_day();
  onecard_ledger *ledger = NULL;
  onecard_decision decision = undecided();
  onecard_fault faults[16];
  onecard_buffer *note = NULL;
  onecard_totals totals;
  char path[1024], away[1024], kept[1024], kept_away[1024];
  uint32_t reason = 0;
  uint64_t size = 0, index = 0;
  size_t count = 0;
  path_of("moved", path, sizeof path);
  path_of("moved away", away, sizeof away);
  path_of("moved ledger", kept, sizeof kept);
  path_of("moved ledger away", kept_away, sizeof kept_away);
  IS(OK, onecard_ledger_create(STR(kept), CITY, log.data, 32, history, &ledger));
  CHECK(rename(path, away) == 0 && rename(kept, kept_away) == 0);

  // Who opens it finds none, and an empty file is none either.
  IS(STORE_MISSING, onecard_gate_open(STR(path), seed.data, 32, BYTES(certificate), bundle, NOW, &second));
  fclose(fopen(path, "wb"));
  IS(STORE_MISSING, onecard_gate_open(STR(path), seed.data, 32, BYTES(certificate), bundle, NOW, &second));
  CHECK(remove(path) == 0);

  IS(OK, onecard_gate_admit(gate, CHARS(code), 1, 0, NOW, &decision));
  CHECK(decision.kind == ONECARD_SEVERITY_DENY && decision.reason == ONECARD_REASON_NOT_RECORDED);
  IS(OK, onecard_gate_leave(gate, CHARS(code), 1, NOW, &reason, &index));
  CHECK(reason == ONECARD_REASON_NOT_RECORDED && index == 0);
  IS(OK, onecard_gate_self_test(gate, NOW, faults, 16, &count));
  CHECK(count > 0 && faults[0].trouble == ONECARD_TROUBLE_STORE);
  IS(STORE_MOVED, onecard_gate_seal(gate, &size));
  IS(STORE_MOVED, onecard_gate_set_clock(gate, NOW));
  IS(STORE_MOVED, onecard_gate_open_outage(gate, NOW, NOW, &index));
  IS(OK, onecard_gate_totals(gate, &totals));
  IS(STORE_MOVED, onecard_ledger_enrol(ledger, BYTES(certificate), NOW, &size));
  IS(LEDGER_UNSURE, onecard_ledger_enrol(ledger, BYTES(certificate), NOW, &size));
  IS(OK, onecard_ledger_size(ledger, &size));

  CHECK(rename(away, path) == 0 && rename(kept_away, kept) == 0);
  IS(OK, onecard_gate_admit(gate, CHARS(code), 1, 0, NOW, &decision));
  CHECK(decision.kind == ONECARD_SEVERITY_ADMIT);
  IS(OK, onecard_ledger_recover(ledger));
  IS(OK, onecard_ledger_enrol(ledger, BYTES(certificate), NOW, &size));
  IS(OK, onecard_ledger_checkpoint(ledger, &note));
  IS(OK, onecard_buffer_free(&note));
  IS(OK, onecard_gate_free(&gate));
  IS(OK, onecard_ledger_free(&ledger));
  IS(OK, onecard_history_free(&history));
  IS(OK, onecard_bundle_free(&bundle));
}

#endif
