// Using a task's source once as the task would.
#ifndef BINFERRY_WORKER_PRECHECK_SOURCE_TRIAL_H_
#define BINFERRY_WORKER_PRECHECK_SOURCE_TRIAL_H_

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "common/clock.h"
#include "worker/mysql/binlog_connection.h"
#include "worker/mysql/connection_options.h"
#include "worker/precheck/test_step.h"
#include "worker/select/object_selection.h"

namespace binferry::worker {

struct SourceTrial {
  // Its time-outs are upper bounds of single steps.
  ConnectionOptions connection;
  // Only the server id is used: a running dump of the task goes on.
  uint32_t server_id = 0;
  // May be empty: then no table's SELECT is asked for.
  ObjectSelection objects;
  // For everything.
  absl::Duration time_left;
};

// Takes the steps NAME_RESOLUTION, TCP (each address in turn until one answers;
// the message tells of all that were tried), TLS, AUTHENTICATION, PRIVILEGES
// and READ, and ends with the first that fails. What each found, or its cause
// and remedy; no secrets. Takes at most about `time_left`.
//
// Opens connections without a login; see ServerGlance.
std::vector<TestStep> TrySource(const SourceTrial& trial, const Clock* clock);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_PRECHECK_SOURCE_TRIAL_H_
