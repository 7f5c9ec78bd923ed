// A worker as it announces itself, and which tasks it may take.
#ifndef BINFERRY_CONTROLLER_MODEL_WORKER_H_
#define BINFERRY_CONTROLLER_MODEL_WORKER_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "common/ids.h"
#include "controller/model/task_spec.h"

namespace binferry::controller {

struct WorkerIdentity {
  WorkerName name;
  Incarnation incarnation;

  friend bool operator==(const WorkerIdentity&,
                         const WorkerIdentity&) = default;
};

struct WorkerPlace {
  std::string region;
  std::string availability_zone;
  std::vector<NetworkType> network_types;
  std::string vpc;
  std::string subnet;
  // `security_group` is what Placement.security_group is compared with.
  std::map<std::string, std::string> labels;

  friend bool operator==(const WorkerPlace&, const WorkerPlace&) = default;
};

struct Worker {
  WorkerIdentity identity;
  WorkerPlace place;
  std::string version;
  int32_t slots = 0;
  int32_t slots_used = 0;
  bool draining = false;
  int64_t sequence = 0;
  absl::Time last_heartbeat_time;
  // PostgreSQL's time minus last_heartbeat_time when this was read.
  absl::Duration silent_for;
};

// How long a worker may go on after a heartbeat was sent.
inline constexpr absl::Duration kLease = absl::Seconds(15);

// Why `place` doesn't suit `placement`, e.g. "its region is eu-1, not us-1"; ""
// if it does.
std::string MismatchOf(const Placement& placement, const WorkerPlace& place);

}  // namespace binferry::controller

#endif  // BINFERRY_CONTROLLER_MODEL_WORKER_H_
