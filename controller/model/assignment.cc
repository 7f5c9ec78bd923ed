#include "controller/model/assignment.h"

#include "absl/strings/str_cat.h"

namespace binferry::controller {

Purpose PurposeOf(const Wish& wish) {
  using enum TaskState;
  switch (wish.state) {
    case kStarting:
    case kIncrementalSync:
    case kFaultRectification:
    case kModifying:
      return wish.desired == DesiredState::kPaused ? Purpose::kReserve
                                                   : Purpose::kRun;
    case kStopping:
      return wish.stop_mode == StopMode::kDrain ? Purpose::kDrain
                                                : Purpose::kFinish;
    case kCreating:
    case kCreateFailed:
    case kConfiguration:
    case kPendingStart:
    case kStartFailed:
    case kIncrementalSyncFailed:
    case kPaused:
    case kStopFailed:
    case kCompleted:
      return Purpose::kReserve;
  }
  return Purpose::kReserve;
}

std::string WorkerOrders::Version() const {
  // FNV-1a, 64 bits: every controller must give the same text, whatever its
  // build. A collision costs a held answer of at most 2 s.
  uint64_t hash = 14695981039346656037u;
  const auto add = [&hash](const std::string& text) {
    for (const char c : text) {
      hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
    }
  };
  for (const Order& order : orders) {
    add(absl::StrCat(order.task_uid.value(), " ", order.epoch.value(), " ",
                     order.generation.value(), " ",
                     static_cast<int>(order.purpose), " ", order.retry_count,
                     "\n"));
  }
  for (const Probe& probe : probes) add(absl::StrCat(probe.id, "\n"));
  return absl::StrCat(absl::Hex(hash, absl::kZeroPad16));
}

}  // namespace binferry::controller
