// What was found before a task is started, and whether it can be.
#ifndef BINFERRY_CONTROLLER_MODEL_PRECHECK_H_
#define BINFERRY_CONTROLLER_MODEL_PRECHECK_H_

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/ids.h"
#include "controller/model/task_secrets.h"
#include "controller/model/task_spec.h"

namespace binferry::controller {

// Numbered as binferry.v1.PrecheckResult.
enum class PrecheckResult { kPassed = 1, kAlarm, kFailed, kVoid };

// "PASSED", "ALARM", "FAILED", "VOID".
absl::string_view PrecheckResultName(PrecheckResult result);
std::optional<PrecheckResult> ParsePrecheckResult(absl::string_view name);

struct PrecheckConfirmation {
  std::string by;
  absl::Time time;

  friend bool operator==(const PrecheckConfirmation&,
                         const PrecheckConfirmation&) = default;
};

// One finding; see binferry.v1.PrecheckItem.
struct PrecheckItem {
  std::string id;
  std::string title;
  std::string group;
  PrecheckResult result = PrecheckResult::kPassed;
  std::string found;
  std::string wanted;
  std::string cause;
  std::string remedy;
  std::vector<std::string> objects;
  int64_t objects_total = 0;
  // Of an ALARM.
  std::optional<PrecheckConfirmation> confirmation;

  friend bool operator==(const PrecheckItem&, const PrecheckItem&) = default;
};

struct Precheck {
  Generation generation;  // That was checked.
  absl::Time time;
  std::string worker;
  std::vector<PrecheckItem> items;
};

// At most so many items of one precheck, and so long texts, are kept.
inline constexpr size_t kMaxPrecheckItems = 500;
inline constexpr size_t kMaxPrecheckTextBytes = 8 * 1024;
inline constexpr size_t kMaxPrecheckObjects = 100;

// What the last precheck says about starting the task.
struct PrecheckSummary {
  // Nothing FAILED, nothing void, every ALARM confirmed: the task can start.
  bool ready = false;
  // What stands in the way, one line an item, e.g.
  // "source_binlog_format: FAILED: it is STATEMENT, not ROW". Empty if ready.
  std::vector<std::string> open_items;

  friend bool operator==(const PrecheckSummary&,
                         const PrecheckSummary&) = default;
};

PrecheckSummary Summarize(const std::vector<PrecheckItem>& items);

// Who confirmed an ALARM need not do it again for exactly the same finding.
void KeepConfirmations(const std::vector<PrecheckItem>& before,
                       std::vector<PrecheckItem>* items);

// The first words of the ids of items that no longer hold when a task's spec
// changes from `before` to `after`, and the given secrets change: some of
// "source", "objects", "destination", "topics".
std::set<std::string> VoidedPrefixes(const TaskSpec& before,
                                     const TaskSpec& after,
                                     const std::set<SecretField>& secrets);

}  // namespace binferry::controller

#endif  // BINFERRY_CONTROLLER_MODEL_PRECHECK_H_
