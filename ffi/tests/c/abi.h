// The test programs' shared part: cases that C and C++ must see alike.
#ifndef ABI_H
#define ABI_H

#include "onecard.h"

#include <stdio.h>
#include <string.h>

static int failures = 0;

#define CHECK(condition)                                                        \
  do {                                                                          \
    if (!(condition)) {                                                         \
      fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);           \
      failures += 1;                                                            \
    }                                                                           \
  } while (0)

// RFC 8032, section 7.1, test 2.
static const uint8_t KEY[32] = {0x3d, 0x40, 0x17, 0xc3, 0xe8, 0x43, 0x89, 0x5a, 0x92, 0xb7, 0x0a,
                                0xa7, 0x4d, 0x1b, 0x7e, 0xbc, 0x9c, 0x98, 0x2c, 0xcf, 0x2e, 0xc4,
                                0x96, 0x8c, 0xc0, 0xcd, 0x55, 0xf1, 0x2a, 0xf4, 0x66, 0x0c};
static const uint8_t MESSAGE[1] = {0x72};
static const uint8_t SIGNATURE[64] = {
    0x92, 0xa0, 0x09, 0xa9, 0xf0, 0xd4, 0xca, 0xb8, 0x72, 0x0e, 0x82, 0x0b, 0x5f,
    0x64, 0x25, 0x40, 0xa2, 0xb2, 0x7b, 0x54, 0x16, 0x50, 0x3f, 0x8f, 0xb3, 0x76,
    0x22, 0x23, 0xeb, 0xdb, 0x69, 0xda, 0x08, 0x5a, 0xc1, 0xe4, 0x3e, 0x15, 0x99,
    0x6e, 0x45, 0x8f, 0x36, 0x13, 0xd0, 0xf1, 0x1d, 0x8c, 0x38, 0x7b, 0x2e, 0xae,
    0xb4, 0x30, 0x2a, 0xee, 0xb0, 0x0d, 0x29, 0x16, 0x12, 0xbb, 0x0c, 0x00};

static void check_versions(void) {
  const char *text = NULL;
  size_t length = 0;
  CHECK(onecard_version(&text, &length) == ONECARD_STATUS_OK);
  CHECK(strcmp(text, ONECARD_TEST_VERSION) == 0 && strlen(text) == length);
  CHECK(onecard_version(NULL, &length) == ONECARD_STATUS_NULL_POINTER);
  CHECK(onecard_version(&text, NULL) == ONECARD_STATUS_NULL_POINTER);
}

static void check_status_texts(void) {
  const char *text = NULL;
  size_t length = 0;
  CHECK(onecard_status_text(ONECARD_STATUS_SIGNATURE, ONECARD_LANG_EN, &text, &length) ==
        ONECARD_STATUS_OK);
  CHECK(strcmp(text, "the signature does not verify") == 0 && strlen(text) == length);
  CHECK(onecard_status_text(ONECARD_STATUS_SIGNATURE, ONECARD_LANG_ZH, &text, &length) ==
        ONECARD_STATUS_OK);
  CHECK(length == 12 && memcmp(text, "\xe7\xad\xbe\xe5\x90\x8d", 6) == 0);
  const char *untouched = text;
  CHECK(onecard_status_text(99, ONECARD_LANG_EN, &text, &length) ==
        ONECARD_STATUS_UNKNOWN_CONSTANT);
  CHECK(onecard_status_text(UINT32_MAX, ONECARD_LANG_EN, &text, &length) ==
        ONECARD_STATUS_UNKNOWN_CONSTANT);
  CHECK(onecard_status_text(ONECARD_STATUS_OK, 2, &text, &length) ==
        ONECARD_STATUS_UNKNOWN_CONSTANT);
  CHECK(text == untouched && length == 12);
  CHECK(onecard_status_text(0, 0, NULL, &length) == ONECARD_STATUS_NULL_POINTER);
  CHECK(onecard_status_text(0, 0, &text, NULL) == ONECARD_STATUS_NULL_POINTER);
}

static void check_text(void) {
  static const uint8_t HELLO[7] = {'H', 'e', 'l', 'l', 'o', '!', '!'};
  static const char TEXT[] = "OC1:%69 VD92EX0";
  const size_t text_length = sizeof TEXT - 1;
  char text[964];
  uint8_t data[641];
  size_t length = 0;

  // Ask for the size, then fill exactly that.
  CHECK(onecard_text_encode(HELLO, 7, NULL, 0, &length) == ONECARD_STATUS_BUFFER_TOO_SMALL);
  CHECK(length == text_length);
  memset(text, '#', sizeof text);
  CHECK(onecard_text_encode(HELLO, 7, text, length - 1, &length) ==
        ONECARD_STATUS_BUFFER_TOO_SMALL);
  CHECK(length == text_length && text[0] == '#');
  CHECK(onecard_text_encode(HELLO, 7, text, length, &length) == ONECARD_STATUS_OK);
  CHECK(length == text_length && memcmp(text, TEXT, length) == 0 && text[length] == '#');

  CHECK(onecard_text_decode(TEXT, text_length, NULL, 0, &length) ==
        ONECARD_STATUS_BUFFER_TOO_SMALL);
  CHECK(length == 7);
  memset(data, 0xee, sizeof data);
  CHECK(onecard_text_decode(TEXT, text_length, data, 6, &length) ==
        ONECARD_STATUS_BUFFER_TOO_SMALL);
  CHECK(length == 7 && data[0] == 0xee);
  CHECK(onecard_text_decode(TEXT, text_length, data, 7, &length) == ONECARD_STATUS_OK);
  CHECK(length == 7 && memcmp(data, HELLO, 7) == 0 && data[7] == 0xee);

  // NULL with length 0 is the empty input.
  CHECK(onecard_text_encode(NULL, 0, text, sizeof text, &length) == ONECARD_STATUS_OK);
  CHECK(length == 4 && memcmp(text, "OC1:", 4) == 0);
  CHECK(onecard_text_decode("OC1:", 4, NULL, 0, &length) == ONECARD_STATUS_OK && length == 0);
  CHECK(onecard_text_decode(NULL, 0, data, sizeof data, &length) == ONECARD_STATUS_TEXT_PREFIX);

  // Nothing is written when nothing is decoded.
  length = 77;
  data[0] = 0xee;
  CHECK(onecard_text_decode("OC2:BB8", 7, data, sizeof data, &length) ==
        ONECARD_STATUS_TEXT_PREFIX);
  CHECK(onecard_text_decode("OC1:BBa", 7, data, sizeof data, &length) ==
        ONECARD_STATUS_TEXT_ALPHABET);
  CHECK(onecard_text_decode("OC1:GGW", 7, data, sizeof data, &length) ==
        ONECARD_STATUS_TEXT_GROUP);
  CHECK(onecard_text_encode(data, 641, text, sizeof text, &length) ==
        ONECARD_STATUS_TEXT_TOO_LONG);
  CHECK(length == 77 && data[0] == 0xee);
  memset(data, 0xff, sizeof data);
  CHECK(onecard_text_encode(data, 640, text, sizeof text, &length) == ONECARD_STATUS_OK);
  CHECK(length == 964);
  CHECK(onecard_text_decode(text, 965, data, sizeof data, &length) ==
        ONECARD_STATUS_TEXT_TOO_LONG);

  // NULL where there must be memory, and a length no memory has.
  CHECK(onecard_text_encode(NULL, 1, text, sizeof text, &length) == ONECARD_STATUS_NULL_POINTER);
  CHECK(onecard_text_encode(HELLO, 7, NULL, 1, &length) == ONECARD_STATUS_NULL_POINTER);
  CHECK(onecard_text_encode(HELLO, 7, text, sizeof text, NULL) == ONECARD_STATUS_NULL_POINTER);
  CHECK(onecard_text_decode(NULL, 1, data, sizeof data, &length) == ONECARD_STATUS_NULL_POINTER);
  CHECK(onecard_text_decode(TEXT, text_length, NULL, 7, &length) == ONECARD_STATUS_NULL_POINTER);
  CHECK(onecard_text_decode(TEXT, text_length, data, 7, NULL) == ONECARD_STATUS_NULL_POINTER);
  CHECK(onecard_text_encode(HELLO, SIZE_MAX, text, sizeof text, &length) ==
        ONECARD_STATUS_LENGTH);
}

static void check_keys(void) {
  uint8_t changed[64];
  uint8_t identity[32] = {1};
  uint8_t off_curve[32] = {2};
  CHECK(onecard_key_check(KEY, 32) == ONECARD_STATUS_OK);
  CHECK(onecard_key_check(KEY, 31) == ONECARD_STATUS_LENGTH);
  CHECK(onecard_key_check(NULL, 0) == ONECARD_STATUS_LENGTH);
  CHECK(onecard_key_check(NULL, 32) == ONECARD_STATUS_NULL_POINTER);
  CHECK(onecard_key_check(identity, 32) == ONECARD_STATUS_KEY_SMALL_ORDER);
  CHECK(onecard_key_check(off_curve, 32) == ONECARD_STATUS_KEY_NOT_A_POINT);

  CHECK(onecard_signature_verify(KEY, 32, MESSAGE, 1, SIGNATURE, 64) == ONECARD_STATUS_OK);
  CHECK(onecard_signature_verify(KEY, 32, NULL, 0, SIGNATURE, 64) == ONECARD_STATUS_SIGNATURE);
  CHECK(onecard_signature_verify(KEY, 32, NULL, 1, SIGNATURE, 64) ==
        ONECARD_STATUS_NULL_POINTER);
  CHECK(onecard_signature_verify(KEY, 32, MESSAGE, 1, SIGNATURE, 63) == ONECARD_STATUS_LENGTH);
  CHECK(onecard_signature_verify(KEY, 33, MESSAGE, 1, SIGNATURE, 64) == ONECARD_STATUS_LENGTH);
  CHECK(onecard_signature_verify(identity, 32, MESSAGE, 1, SIGNATURE, 64) ==
        ONECARD_STATUS_KEY_SMALL_ORDER);
  for (size_t at = 0; at < 64; at += 1) {
    memcpy(changed, SIGNATURE, 64);
    changed[at] ^= 1;
    CHECK(onecard_signature_verify(KEY, 32, MESSAGE, 1, changed, 64) == ONECARD_STATUS_SIGNATURE);
  }
}

static int check_all(void) {
  check_versions();
  check_status_texts();
  check_text();
  check_keys();
  return failures == 0 ? 0 : 1;
}

#endif
