// The layout that the tests of ffi/src freeze, from the other side of the border.
#ifndef LAYOUT_H
#define LAYOUT_H

#include "onecard.h"

#include <stddef.h>

#ifdef __cplusplus
#define ASSERT_LAYOUT(condition) static_assert(condition, #condition)
#else
#define ASSERT_LAYOUT(condition) _Static_assert(condition, #condition)
#endif
ASSERT_LAYOUT(sizeof(onecard_decision) == 64);
ASSERT_LAYOUT(offsetof(onecard_decision, index) == 0);
ASSERT_LAYOUT(offsetof(onecard_decision, uses_left) == 24);
ASSERT_LAYOUT(offsetof(onecard_decision, kind) == 32);
ASSERT_LAYOUT(offsetof(onecard_decision, reserved) == 52);
ASSERT_LAYOUT(sizeof(onecard_claims) == 128);
ASSERT_LAYOUT(offsetof(onecard_claims, issuer) == 32);
ASSERT_LAYOUT(offsetof(onecard_claims, pass) == 72);
ASSERT_LAYOUT(offsetof(onecard_claims, digest) == 92);
ASSERT_LAYOUT(offsetof(onecard_claims, reserved) == 124);
ASSERT_LAYOUT(sizeof(onecard_totals) == 56);
ASSERT_LAYOUT(offsetof(onecard_totals, admitted) == 24);
ASSERT_LAYOUT(offsetof(onecard_totals, reserved) == 44);
ASSERT_LAYOUT(sizeof(onecard_fault) == 24);
ASSERT_LAYOUT(offsetof(onecard_fault, reserved) == 20);
ASSERT_LAYOUT(sizeof(onecard_piece) == 112);
ASSERT_LAYOUT(offsetof(onecard_piece, uri) == 36);
ASSERT_LAYOUT(offsetof(onecard_piece, reserved) == 104);
ASSERT_LAYOUT(sizeof(onecard_certificate) == 72);
ASSERT_LAYOUT(offsetof(onecard_certificate, key) == 36);
ASSERT_LAYOUT(offsetof(onecard_certificate, reserved) == 68);
ASSERT_LAYOUT(sizeof(onecard_use) == 72);
ASSERT_LAYOUT(offsetof(onecard_use, pass) == 48);
ASSERT_LAYOUT(offsetof(onecard_use, reserved) == 68);
ASSERT_LAYOUT(sizeof(onecard_new_pass) == 176);
ASSERT_LAYOUT(offsetof(onecard_new_pass, holder_key) == 56);
ASSERT_LAYOUT(offsetof(onecard_new_pass, pass) == 88);
ASSERT_LAYOUT(offsetof(onecard_new_pass, status_uri) == 100);
ASSERT_LAYOUT(offsetof(onecard_new_pass, reserved) == 168);
ASSERT_LAYOUT(sizeof(onecard_checkpoint) == 56);
ASSERT_LAYOUT(offsetof(onecard_checkpoint, root) == 24);
ASSERT_LAYOUT(sizeof(onecard_receipted) == 136);
ASSERT_LAYOUT(offsetof(onecard_receipted, member) == 40);
ASSERT_LAYOUT(offsetof(onecard_receipted, pass) == 80);
ASSERT_LAYOUT(offsetof(onecard_receipted, reserved) == 132);
ASSERT_LAYOUT(sizeof(onecard_ingested) == 24);
ASSERT_LAYOUT(offsetof(onecard_ingested, reserved) == 20);
ASSERT_LAYOUT(sizeof(onecard_audited) == 152);
ASSERT_LAYOUT(offsetof(onecard_audited, has_statement) == 80);
ASSERT_LAYOUT(offsetof(onecard_audited, statement) == 120);

#endif
