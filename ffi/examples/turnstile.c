// A turnstile: reads codes from standard input, one a line, as a scanner that types them does, and
// answers each on standard output.
//
//   turnstile STORE SEED CERTIFICATE ANCHOR LIST...
//
// STORE is the gate's journal, made when it is not there; SEED a file with the 32 secret bytes of the
// gate's key; CERTIFICATE a file with its certificate; ANCHOR the pinned SHA-256 of the federation's first
// trust list in hex; each LIST a file as cities publish it: trust-list-*, catalogue-*, status-*, older ones
// first. At the end of the input it seals the journal and writes what its city wants to STORE.segment.
//
// ONECARD_NOW in the environment stands for the clock, in Unix seconds.
//
// An answer is "open", "staff" or "closed", the number of the reason, what is to be paid in fen, and what
// the screen shows, with tabs between.

#include <onecard.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

// The longest code, and a line end of two bytes.
#define MAX_LINE (964 + 2)

typedef struct {
  uint8_t *data;
  size_t length;
} bytes;

// Ends the program where a call did not do what it was asked.
static void must(onecard_status status, const char *what) {
  if (status == ONECARD_STATUS_OK) {
    return;
  }
  const char *text = "unknown";
  size_t length = strlen(text);
  onecard_status_text(status, ONECARD_LANG_EN, &text, &length);
  fprintf(stderr, "turnstile: %s: %.*s (%u)\n", what, (int)length, text, (unsigned)status);
  exit(1);
}

static void fail(const char *path) {
  perror(path);
  exit(1);
}

static bytes load(const char *path) {
  bytes file = {NULL, 0};
  FILE *stream = fopen(path, "rb");
  if (stream == NULL) {
    fail(path);
  }
  size_t room = 0, count = 0;
  do {
    if (file.length == room) {
      room = room == 0 ? 4096 : 2 * room;
      uint8_t *larger = (uint8_t *)realloc(file.data, room);
      if (larger == NULL) {
        fail(path);
      }
      file.data = larger;
    }
    count = fread(file.data + file.length, 1, room - file.length, stream);
    file.length += count;
  } while (count > 0);
  if (ferror(stream) != 0) {
    fail(path);
  }
  fclose(stream);
  return file;
}

static void save(const char *path, const uint8_t *data, size_t length) {
  FILE *stream = fopen(path, "wb");
  if (stream == NULL || fwrite(data, 1, length, stream) != length || fclose(stream) != 0) {
    fail(path);
  }
}

static int hex_digit(char digit) {
  const char *digits = "0123456789abcdef", *found = strchr(digits, digit);
  return digit == '\0' || found == NULL ? -1 : (int)(found - digits);
}

static void parse_anchor(const char *hex, uint8_t anchor[32]) {
  if (strlen(hex) != 64) {
    must(ONECARD_STATUS_LENGTH, "the anchor");
  }
  for (size_t at = 0; at < 32; at += 1) {
    int high = hex_digit(hex[2 * at]), low = hex_digit(hex[2 * at + 1]);
    if (high < 0 || low < 0) {
      must(ONECARD_STATUS_UNKNOWN_CONSTANT, "the anchor");
    }
    anchor[at] = (uint8_t)(high << 4 | low);
  }
}

static int64_t now(void) {
  const char *fixed = getenv("ONECARD_NOW");
  return fixed == NULL ? (int64_t)time(NULL) : (int64_t)strtoll(fixed, NULL, 10);
}

static int is_kind(const char *path, const char *kind) {
  const char *slash = strrchr(path, '/');
  return strncmp(slash == NULL ? path : slash + 1, kind, strlen(kind)) == 0;
}

// Everything that the gate decides by, verified from the anchor on.
static onecard_bundle *load_lists(const char *anchor_hex, char **paths, int count) {
  onecard_bundle *bundle = NULL;
  uint8_t anchor[32];
  parse_anchor(anchor_hex, anchor);
  for (int at = 0; at < count; at += 1) {
    if (is_kind(paths[at], "trust-list-")) {
      bytes list = load(paths[at]);
      must(bundle == NULL ? onecard_bundle_new(list.data, list.length, anchor, sizeof anchor, &bundle)
                          : onecard_bundle_update_trust(bundle, list.data, list.length, now()),
           paths[at]);
      free(list.data);
    }
  }
  for (int at = 0; at < count; at += 1) {
    bytes list = load(paths[at]);
    if (is_kind(paths[at], "catalogue-")) {
      must(onecard_bundle_update_catalogue(bundle, list.data, list.length, now()), paths[at]);
    } else if (is_kind(paths[at], "status-")) {
      must(onecard_bundle_update_status(bundle, list.data, list.length, now()), paths[at]);
    }
    free(list.data);
  }
  return bundle;
}

static onecard_gate *open_gate(char **arguments, const onecard_bundle *bundle) {
  const char *store = arguments[0];
  bytes seed = load(arguments[1]), certificate = load(arguments[2]);
  onecard_gate *gate = NULL;
  onecard_status status =
      onecard_gate_open(store, strlen(store), seed.data, seed.length, certificate.data,
                        certificate.length, bundle, now(), &gate);
  // What is no store yet may be one whose creation was cut short; any other file is refused again, and unchanged.
  if (status == ONECARD_STATUS_STORE_MISSING || status == ONECARD_STATUS_STORE_FOREIGN) {
    status = onecard_gate_create(store, strlen(store), seed.data, seed.length, certificate.data,
                                 certificate.length, bundle, now(), &gate);
  }
  must(status, store);
  free(seed.data);
  free(certificate.data);
  return gate;
}

static void answer(onecard_gate *gate, const char *code, size_t length) {
  onecard_decision decision;
  must(onecard_gate_admit(gate, code, length, 1, 0, now(), &decision), "a code");
  const char *text = "please see staff";
  size_t text_length = strlen(text);
  if (decision.shows_detail == 1) {
    must(onecard_reason_text(decision.reason, ONECARD_LANG_EN, &text, &text_length), "a reason");
  }
  const char *barrier = decision.kind == ONECARD_SEVERITY_ADMIT   ? "open"
                        : decision.kind == ONECARD_SEVERITY_REFER ? "staff"
                                                                  : "closed";
  printf("%s\t%u\t%u\t%.*s\n", barrier, (unsigned)decision.reason, (unsigned)decision.due_fen,
         (int)text_length, text);
  fflush(stdout);
}

// Seals the journal and writes it whole, for its city.
static void hand_over(onecard_gate *gate, const char *store) {
  uint64_t size = 0;
  onecard_buffer *segment = NULL;
  const uint8_t *data = NULL;
  size_t length = 0;
  char path[4096];
  must(onecard_gate_seal(gate, &size), "sealing");
  must(onecard_gate_segment(gate, 0, &segment), "the segment");
  must(onecard_buffer_data(segment, &data, &length), "the segment");
  if (snprintf(path, sizeof path, "%s.segment", store) >= (int)sizeof path) {
    must(ONECARD_STATUS_LENGTH, store);
  }
  save(path, data, length);
  must(onecard_buffer_free(&segment), "the segment");
  printf("sealed\t%llu\n", (unsigned long long)size);
}

int main(int count, char **arguments) {
  if (count < 6) {
    fprintf(stderr, "usage: turnstile STORE SEED CERTIFICATE ANCHOR LIST...\n");
    return 2;
  }
  onecard_bundle *bundle = load_lists(arguments[4], arguments + 5, count - 5);
  onecard_gate *gate = open_gate(arguments + 1, bundle);
  // The gate has a copy.
  must(onecard_bundle_free(&bundle), "the bundle");

  // What is longer than any code is read to its end and refused in one piece.
  char line[MAX_LINE];
  size_t length = 0;
  for (int next = getchar(); next != EOF; next = getchar()) {
    if (next != '\n') {
      if (length < sizeof line) {
        line[length] = (char)next;
        length += 1;
      }
      continue;
    }
    // The scanner's line end is no part of the code.
    answer(gate, line, length > 0 && line[length - 1] == '\r' ? length - 1 : length);
    length = 0;
  }
  if (length > 0) {
    answer(gate, line, length);
  }
  hand_over(gate, arguments[1]);
  must(onecard_gate_free(&gate), "closing");
  return 0;
}
