// One step of a connection test. Shown to users as
// binferry.v1.ConnectionTestStep.
#ifndef BINFERRY_WORKER_PRECHECK_TEST_STEP_H_
#define BINFERRY_WORKER_PRECHECK_TEST_STEP_H_

#include <string>

#include "absl/time/time.h"

namespace binferry::worker {

struct TestStep {
  std::string step;    // E.g. "TLS"; the API names them all.
  std::string target;  // What it was taken on, e.g. "db1.example.com:3306".
  bool passed = false;
  std::string message;  // What was found, or the cause; no secrets.
  std::string remedy;   // Empty if passed.
  absl::Duration duration;
};

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_PRECHECK_TEST_STEP_H_
