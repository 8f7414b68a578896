// What is memory can be used in a process that is forked while other threads use it: it is read there, changed where
// nobody was changing it, always freed, and nobody waits for ever. The first argument is the directory of the fixtures
// that tests/forked.rs wrote.
#define _POSIX_C_SOURCE 200809L
#pragma GCC diagnostic ignored "-Wunused-function"

#include "city.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

enum { THREADS = 4, FORKS = 40 };

static atomic_int running;
static atomic_uint done;
static onecard_bundle *bundle, *quiet;
static onecard_history *history;
static onecard_sync *sync_;
static onecard_buffer *saved;
static file code, trust, catalogue, list;

static void *busy(void *argument) {
  const int number = *(const int *)argument;
  onecard_claims claims;
  while (atomic_load(&running)) {
    if (number % 2 == 0) {
      onecard_bundle_update_status(bundle, BYTES(list), NOW);
      onecard_history_add(history, BYTES(trust));
      onecard_sync_add_ledger(sync_, 310101, 1);
    } else {
      onecard_presentation_verify(bundle, CHARS(code), NOW, &claims);
    }
    atomic_fetch_add(&done, 1);
  }
  return NULL;
}

// Either it was done, or the other process was at it.
static void done_or_forked(onecard_status status, onecard_status expected) {
  CHECK(status == expected || status == ONECARD_STATUS_FORKED);
}

static void free_all(void) {
  IS(OK, onecard_bundle_free(&bundle));
  IS(OK, onecard_bundle_free(&quiet));
  IS(OK, onecard_history_free(&history));
  IS(OK, onecard_sync_free(&sync_));
  IS(OK, onecard_buffer_free(&saved));
  CHECK(bundle == NULL && quiet == NULL && history == NULL && sync_ == NULL && saved == NULL);
}

static void read_all(void) {
  onecard_claims claims;
  onecard_piece pieces[8];
  onecard_buffer *again = NULL;
  const uint8_t *data = NULL;
  size_t count = 0;
  IS(OK, onecard_presentation_verify(bundle, CHARS(code), NOW, &claims));
  IS(OK, onecard_bundle_ages(bundle, NOW, pieces, 8, &count));
  IS(OK, onecard_bundle_save(bundle, &again));
  IS(OK, onecard_buffer_free(&again));
  IS(OK, onecard_buffer_data(saved, &data, &count));
}

static void change_quiet(void) {
  for (int i = 0; i < 4; i += 1) {
    IS(OK, onecard_bundle_update_catalogue(quiet, BYTES(catalogue), NOW));
  }
}

// In a child: everything, and again in a child of its own.
static void use(int nothing_under_way) {
  onecard_status old_list = onecard_history_add(history, BYTES(trust));
  read_all();
  for (int i = 0; i < 4; i += 1) {
    if (nothing_under_way) {
      IS(OK, onecard_bundle_update_status(bundle, BYTES(list), NOW));
      IS(OK, onecard_sync_add_ledger(sync_, 310101, 2));
      CHECK(old_list != ONECARD_STATUS_FORKED && onecard_history_add(history, BYTES(trust)) == old_list);
    } else {
      done_or_forked(onecard_bundle_update_status(bundle, BYTES(list), NOW), ONECARD_STATUS_OK);
      done_or_forked(onecard_sync_add_ledger(sync_, 310101, 2), ONECARD_STATUS_OK);
      CHECK(onecard_history_add(history, BYTES(trust)) == old_list);
    }
    read_all();
  }
  change_quiet();
  if (nothing_under_way) {
    IS(OK, onecard_bundle_prepare(quiet, NOW));
  }
}

static void fork_one(int nothing_under_way, int deeper) {
  int status = -1;
  const pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    alarm(60);
    use(nothing_under_way);
    if (deeper) {
      fork_one(nothing_under_way, 0);
    }
    free_all();
    _exit(failures == 0 ? 0 : 1);
  }
  CHECK(waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

int main(int count, char **arguments) {
  pthread_t threads[THREADS];
  int numbers[THREADS];
  if (count != 2) {
    return 2;
  }
  directory = arguments[1];
  alarm(240);
  code = load("code1"), trust = load("trust"), catalogue = load("catalogue"), list = load("status");
  bundle = bundle_of_the_day();
  quiet = bundle_of_the_day();
  history = history_of("trust");
  IS(OK, onecard_sync_new(&sync_));
  IS(OK, onecard_bundle_save(bundle, &saved));
  fork_one(1, 1);
  atomic_store(&running, 1);
  for (int i = 0; i < THREADS; i += 1) {
    numbers[i] = i;
    CHECK(pthread_create(&threads[i], NULL, busy, &numbers[i]) == 0);
  }
  for (int i = 0; i < FORKS; i += 1) {
    const unsigned before = atomic_load(&done);
    while (atomic_load(&done) == before) {
    }
    fork_one(0, i % 8 == 0);
  }
  atomic_store(&running, 0);
  for (int i = 0; i < THREADS; i += 1) {
    pthread_join(threads[i], NULL);
  }
  fork_one(1, 1);
  use(1);
  free_all();
  return failures == 0 ? 0 : 1;
}
