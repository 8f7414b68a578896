// Everything, in the order of the story. The first argument is the directory of the fixtures that
// tests/c_programs.rs wrote.
#ifndef ALL_H
#define ALL_H

#include "city.h"
#include "layout.h"

static int check_everything(int count, char **arguments) {
  if (count != 2) {
    fprintf(stderr, "usage: %s DIRECTORY\n", arguments[0]);
    return 2;
  }
  directory = arguments[1];
  check_reasons();
  check_bundle();
  check_presentations();
  check_day();
  check_troubles();
  check_certificates();
  check_challenges();
  check_documents();
  check_desk();
  check_sync();
  check_clock();
  check_wallet();
  check_issuing();
  check_city();
  check_moved();
  return check_all();
}

#endif
