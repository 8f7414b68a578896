// Handles that several threads use at once: nobody is turned away, and nobody waits for ever.

// What the other programs check is not used here.
#pragma GCC diagnostic ignored "-Wunused-function"

#include "venue.h"

#include <pthread.h>
#include <stdatomic.h>

enum { LANES = 4, SCANS = 6, UPDATES = 100 };

static atomic_int running;
static atomic_uint done, wrong;

// Tells the first failure of a thread by its number.
static void expect(onecard_status status) {
  if (status != ONECARD_STATUS_OK && atomic_fetch_add(&wrong, 1) == 0) {
    fprintf(stderr, "a thread was answered %u\n", (unsigned)status);
  }
}

static pthread_t start(void *(*body)(void *), void *argument) {
  pthread_t thread;
  if (pthread_create(&thread, NULL, body, argument) != 0) {
    abort();
  }
  return thread;
}

static void *inspect(void *bundle) {
  const file code = load("code1");
  onecard_claims claims;
  onecard_piece pieces[8];
  size_t count;
  while (atomic_load(&running)) {
    expect(onecard_presentation_verify(bundle, CHARS(code), NOW, &claims));
    expect(onecard_bundle_ages(bundle, NOW, pieces, 8, &count));
    atomic_fetch_add(&done, 1);
  }
  return NULL;
}

// A bundle in use is updated each time, and those who read it never notice.
static void check_update(void) {
  onecard_bundle *bundle = bundle_of_the_day();
  const file catalogue = load("catalogue"), list = load("status"), newer = load("status2");
  pthread_t readers[2];
  atomic_store(&running, 1);
  atomic_store(&done, 0);
  for (int i = 0; i < 2; i += 1) {
    readers[i] = start(inspect, bundle);
  }
  for (int i = 0; i < UPDATES; i += 1) {
    expect(onecard_bundle_update_catalogue(bundle, BYTES(catalogue), NOW));
  }
  expect(onecard_bundle_update_status(bundle, BYTES(newer), NOW));
  expect(onecard_bundle_prepare(bundle, NOW));
  while (atomic_load(&done) < 10) {
  }
  atomic_store(&running, 0);
  for (int i = 0; i < 2; i += 1) {
    pthread_join(readers[i], NULL);
  }
  CHECK(atomic_load(&wrong) == 0);
  // What is taken stays taken, and what is refused changes nothing.
  IS(ROLLBACK, onecard_bundle_update_status(bundle, BYTES(list), NOW));
  IS(OK, onecard_bundle_update_status(bundle, BYTES(newer), NOW));
  IS(OK, onecard_bundle_free(&bundle));
}

typedef struct {
  onecard_gate *gate;
  onecard_sync *sync;
  int number;
} lane;

static void *scan(void *argument) {
  const lane *mine = argument;
  for (int i = 0; i < SCANS; i += 1) {
    char name[16];
    snprintf(name, sizeof name, "scan-%d", mine->number * SCANS + i);
    const file code = load(name), catalogue = load("catalogue");
    onecard_decision decision;
    onecard_totals totals;
    uint64_t size;
    expect(onecard_gate_admit(mine->gate, CHARS(code), 1, 0, NOW, &decision));
    if (decision.kind == ONECARD_SEVERITY_ADMIT) {
      atomic_fetch_add(&done, 1);
    }
    expect(onecard_gate_totals(mine->gate, &totals));
    expect(onecard_gate_seal(mine->gate, &size));
    expect(onecard_sync_add_catalogue(mine->sync, BYTES(catalogue)));
    expect(onecard_gate_sync(mine->gate, mine->sync, NOW));
  }
  return NULL;
}

// One gate with as many lanes as there are readers.
static void check_lanes(void) {
  onecard_gate *gate = new_gate("lanes", NOW);
  onecard_sync *sync = NULL;
  onecard_totals totals;
  lane lanes[LANES];
  pthread_t threads[LANES];
  IS(OK, onecard_sync_new(&sync));
  atomic_store(&done, 0);
  for (int i = 0; i < LANES; i += 1) {
    lanes[i] = (lane){gate, sync, i};
    threads[i] = start(scan, &lanes[i]);
  }
  for (int i = 0; i < LANES; i += 1) {
    pthread_join(threads[i], NULL);
  }
  CHECK(atomic_load(&wrong) == 0);
  CHECK(atomic_load(&done) == LANES * SCANS);
  IS(OK, onecard_gate_totals(gate, &totals));
  CHECK(totals.admitted == LANES * SCANS && totals.refused == 0);
  IS(OK, onecard_sync_free(&sync));
  IS(OK, onecard_gate_free(&gate));
}

static void *serve(void *argument) {
  for (int i = 0; i < SCANS; i += 1) {
    onecard_buffer *note = NULL;
    uint64_t size;
    expect(onecard_ledger_checkpoint(argument, &note));
    expect(onecard_buffer_free(&note));
    expect(onecard_ledger_size(argument, &size));
    atomic_fetch_add(&done, 1);
  }
  return NULL;
}

// A city's ledger, with a history of trust lists that grows meanwhile.
static void check_ledger(void) {
  const file trust = load("trust"), anchor = load("anchor"), seed = load("log-seed"), next = load("trust2");
  const file certificate = load("certificate"), catalogue = load("catalogue");
  onecard_history *history = NULL;
  onecard_ledger *ledger = NULL;
  uint64_t entry;
  char path[1024];
  path_of("busy-ledger", path, sizeof path);
  IS(OK, onecard_history_new(BYTES(trust), BYTES(anchor), &history));
  IS(OK, onecard_ledger_create(STR(path), 310101, BYTES(seed), history, &ledger));
  IS(OK, onecard_ledger_adopt(ledger, BYTES(trust), NOW, &entry));
  pthread_t threads[LANES];
  atomic_store(&done, 0);
  for (int i = 0; i < LANES; i += 1) {
    threads[i] = start(serve, ledger);
  }
  expect(onecard_ledger_enrol(ledger, BYTES(certificate), NOW, &entry));
  expect(onecard_ledger_add_catalogue(ledger, BYTES(catalogue), NOW, &entry));
  expect(onecard_history_add(history, BYTES(next)));
  for (int i = 0; i < LANES; i += 1) {
    pthread_join(threads[i], NULL);
  }
  CHECK(atomic_load(&wrong) == 0);
  CHECK(atomic_load(&done) == LANES * SCANS);
  IS(OK, onecard_ledger_free(&ledger));
  IS(OK, onecard_history_free(&history));
}

int main(int count, char **arguments) {
  if (count != 2) {
    return 2;
  }
  directory = arguments[1];
  check_update();
  check_lanes();
  check_ledger();
  return failures == 0 ? 0 : 1;
}
