// Writes what users do into the history of their tasks.
#ifndef BINFERRY_CONTROLLER_API_ACTION_LOG_H_
#define BINFERRY_CONTROLLER_API_ACTION_LOG_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "controller/store/history_store.h"

namespace binferry::controller {

// Thread-safe.
class ActionLog {
 public:
  struct Action {
    std::string task;    // "projects/p/tasks/t", as the caller gave it.
    std::string verb;    // "START", "UPDATE", ...
    std::string caller;  // See CallerOf.
    std::string detail;  // What of it is worth telling; may be empty.
  };

  // `store` must outlive this object.
  explicit ActionLog(HistoryStore* store) : store_(store) {}

  // Tells what came of an action, also of one that was refused. Nothing for a
  // task that isn't there. What can't be written is logged and forgotten: the
  // action itself is done or refused already.
  void Record(const Action& action, const absl::Status& result);

 private:
  HistoryStore* const store_;
};

}  // namespace binferry::controller

#endif  // BINFERRY_CONTROLLER_API_ACTION_LOG_H_
