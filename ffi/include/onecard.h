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
//  - There is no global state and no last error: any function may be called from any thread.
//  - A bug inside that would unwind is stopped and returned as ONECARD_STATUS_PANIC.


#ifndef ONECARD_H
#define ONECARD_H

// Generated from ffi/src by tests/header.rs. Do not edit.

#include <stddef.h>
#include <stdint.h>

// What a function returns. A number keeps its meaning for ever: new ones are added, a retired one
// is never used again. The hundreds say which layer speaks.
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

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

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
