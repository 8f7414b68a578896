// Handles in a process that was forked: they do nothing, sign nothing and unlock nothing. The first argument is the
// directory of the fixtures that tests/forked.rs wrote.
#define _POSIX_C_SOURCE 200809L
#pragma GCC diagnostic ignored "-Wunused-function"

#include "city.h"

#include <sys/wait.h>
#include <unistd.h>

static onecard_gate *gate;
static onecard_ledger *ledger;
static onecard_witness *witness;
static onecard_bundle *bundle;
static onecard_history *history;
static onecard_buffer *request;

static uint32_t try_admit(const char *name, onecard_decision *decision) {
  file code = load(name);
  return onecard_gate_admit(gate, CHARS(code), 1, 0, NOW, decision);
}

// What all handles say in a child, and that another one can be opened there.
static void use_in_child(int number) {
  onecard_decision decision = undecided();
  onecard_gate *another = NULL;
  onecard_buffer *buffer = NULL;
  onecard_sync *sync = NULL;
  onecard_claims claims;
  onecard_totals totals;
  const uint8_t *data = NULL;
  size_t length = 0;
  uint64_t size = 77;
  char name[64], path[1024];
  file seed = load("seed"), certificate = load("certificate"), code = load("code2");

  IS(FORKED, try_admit("code2", &decision));
  CHECK(decision.kind == 0xeeeeeeee);
  IS(FORKED, onecard_gate_annul(gate, 2, NOW));
  IS(FORKED, onecard_gate_seal(gate, &size));
  IS(FORKED, onecard_gate_segment(gate, 0, &buffer));
  IS(FORKED, onecard_gate_checkpoint(gate, &buffer));
  IS(FORKED, onecard_gate_challenge(gate, NONCE, 16));
  IS(FORKED, onecard_gate_totals(gate, &totals));
  IS(FORKED, onecard_gate_set_clock(gate, NOW + 1));
  IS(OK, onecard_sync_new(&sync));
  IS(FORKED, onecard_gate_sync(gate, sync, NOW));
  IS(OK, onecard_sync_free(&sync));
  IS(FORKED, onecard_ledger_size(ledger, &size));
  IS(FORKED, onecard_ledger_enrol(ledger, BYTES(certificate), NOW, &size));
  IS(FORKED, onecard_ledger_checkpoint(ledger, &buffer));
  IS(FORKED, onecard_ledger_request(ledger, 0, &buffer));
  IS(FORKED, onecard_ledger_recover(ledger));
  IS(FORKED, onecard_witness_size(witness, CITY, &size));
  IS(OK, onecard_buffer_data(request, &data, &length));
  IS(FORKED, onecard_witness_cosign(witness, data, length, NOW, &buffer));
  CHECK(size == 77 && buffer == NULL);

  // What is no process's stays of use: memory, and functions without a handle.
  IS(OK, onecard_presentation_verify(bundle, CHARS(code), NOW, &claims));
  IS(OK, onecard_signature_verify(KEY, 32, MESSAGE, 1, SIGNATURE, 64));
  path_of("gate", path, sizeof path);
  IS(STORE_IN_USE, onecard_gate_open(STR(path), seed.data, 32, BYTES(certificate), bundle, NOW, &another));
  snprintf(name, sizeof name, "gate of child %d", number);
  another = new_gate(name, NOW);
  IS(OK, onecard_gate_seal(another, &size));
  IS(OK, onecard_gate_free(&another));

  IS(OK, onecard_gate_free(&gate));
  IS(OK, onecard_ledger_free(&ledger));
  IS(OK, onecard_witness_free(&witness));
  IS(OK, onecard_bundle_free(&bundle));
  CHECK(gate == NULL && ledger == NULL && witness == NULL && bundle == NULL);
}

// Some children at once, which use the handles, or free them only.
static void fork_children(int use) {
  pid_t children[4];
  for (int number = 0; number < 4; number++) {
    children[number] = fork();
    if (children[number] == 0) {
      if (use) {
        use_in_child(number);
      } else {
        IS(OK, onecard_gate_free(&gate));
        IS(OK, onecard_ledger_free(&ledger));
        IS(OK, onecard_witness_free(&witness));
      }
      _exit(failures == 0 ? 0 : 1);
    }
    CHECK(children[number] > 0);
  }
  for (int number = 0; number < 4; number++) {
    int status = -1;
    CHECK(waitpid(children[number], &status, 0) == children[number]);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  }
}

// Nobody else can open what this process has open.
static void check_locked(void) {
  char path[1024];
  file seed = load("seed"), certificate = load("certificate"), log = load("log-seed"), witness_seed = load("witness-seed");
  onecard_gate *second = NULL;
  onecard_ledger *other = NULL;
  onecard_witness *third = NULL;
  path_of("gate", path, sizeof path);
  IS(STORE_IN_USE, onecard_gate_open(STR(path), seed.data, 32, BYTES(certificate), bundle, NOW, &second));
  path_of("ledger", path, sizeof path);
  IS(STORE_IN_USE, onecard_ledger_open(STR(path), CITY, log.data, 32, history, &other));
  path_of("witness", path, sizeof path);
  IS(STORE_IN_USE, onecard_witness_open(STR(path), PEER, witness_seed.data, 32, history, NOW, &third));
}

int main(int count, char **arguments) {
  onecard_decision decision = undecided();
  onecard_buffer *line = NULL, *note = NULL;
  const uint8_t *data = NULL;
  size_t length = 0;
  uint64_t size = 0;
  char path[1024];
  if (count != 2) {
    return 2;
  }
  directory = arguments[1];
  file seed = load("seed"), certificate = load("certificate"), log = load("log-seed"), witness_seed = load("witness-seed");
  bundle = bundle_of_the_day();
  history = history_of("trust");
  gate = new_gate("gate", NOW);
  path_of("ledger", path, sizeof path);
  IS(OK, onecard_ledger_create(STR(path), CITY, log.data, 32, history, &ledger));
  IS(OK, onecard_ledger_enrol(ledger, BYTES(certificate), NOW, &size));
  IS(OK, onecard_ledger_checkpoint(ledger, &note));
  IS(OK, onecard_ledger_request(ledger, 0, &request));
  path_of("witness", path, sizeof path);
  IS(OK, onecard_witness_create(STR(path), PEER, witness_seed.data, 32, history, NOW, &witness));
  IS(OK, try_admit("code1", &decision));
  CHECK(decision.kind == ONECARD_SEVERITY_ADMIT && decision.index == 2);

  fork_children(1);
  check_locked();
  IS(OK, try_admit("code2", &decision));
  CHECK(decision.kind == ONECARD_SEVERITY_ADMIT && decision.index == 3);
  fork_children(0);
  check_locked();
  IS(OK, try_admit("code3", &decision));
  CHECK(decision.kind == ONECARD_SEVERITY_ADMIT && decision.index == 4);
  IS(OK, onecard_gate_seal(gate, &size));
  CHECK(size == 5);
  IS(OK, onecard_buffer_data(request, &data, &length));
  IS(OK, onecard_witness_cosign(witness, data, length, NOW, &line));

  // All that was acknowledged is there, and nothing else.
  IS(OK, onecard_gate_free(&gate));
  IS(OK, onecard_ledger_free(&ledger));
  IS(OK, onecard_witness_free(&witness));
  path_of("gate", path, sizeof path);
  IS(OK, onecard_gate_open(STR(path), seed.data, 32, BYTES(certificate), bundle, NOW, &gate));
  IS(OK, onecard_gate_seal(gate, &size));
  CHECK(size == 7);
  path_of("ledger", path, sizeof path);
  IS(OK, onecard_ledger_open(STR(path), CITY, log.data, 32, history, &ledger));
  path_of("witness", path, sizeof path);
  IS(OK, onecard_witness_open(STR(path), PEER, witness_seed.data, 32, history, NOW, &witness));
  IS(OK, onecard_witness_size(witness, CITY, &size));
  CHECK(size == 1);
  IS(OK, onecard_gate_free(&gate));
  IS(OK, onecard_ledger_free(&ledger));
  IS(OK, onecard_witness_free(&witness));
  IS(OK, onecard_buffer_free(&line));
  IS(OK, onecard_buffer_free(&note));
  IS(OK, onecard_buffer_free(&request));
  IS(OK, onecard_history_free(&history));
  IS(OK, onecard_bundle_free(&bundle));
  return failures == 0 ? 0 : 1;
}
