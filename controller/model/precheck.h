// What the last precheck of a task says about starting it.
#ifndef BINFERRY_CONTROLLER_MODEL_PRECHECK_H_
#define BINFERRY_CONTROLLER_MODEL_PRECHECK_H_

#include <string>
#include <vector>

namespace binferry::controller {

struct PrecheckSummary {
  // Nothing FAILED, nothing void, every ALARM confirmed: the task can start.
  bool ready = false;
  // What stands in the way, one line an item, e.g.
  // "source_binlog_format: FAILED: it is STATEMENT, not ROW". Empty if ready.
  std::vector<std::string> open_items;

  friend bool operator==(const PrecheckSummary&,
                         const PrecheckSummary&) = default;
};

}  // namespace binferry::controller

#endif  // BINFERRY_CONTROLLER_MODEL_PRECHECK_H_
