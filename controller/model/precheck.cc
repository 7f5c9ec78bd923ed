#include "controller/model/precheck.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace binferry::controller {
namespace {

constexpr PrecheckResult kResults[] = {
    PrecheckResult::kPassed, PrecheckResult::kAlarm, PrecheckResult::kFailed,
    PrecheckResult::kVoid};

bool IsSameFinding(const PrecheckItem& a, const PrecheckItem& b) {
  return a.id == b.id && a.result == b.result && a.found == b.found &&
         a.cause == b.cause && a.objects == b.objects &&
         a.objects_total == b.objects_total;
}

// "" if it does not stand in the way.
std::string Obstacle(const PrecheckItem& item) {
  switch (item.result) {
    case PrecheckResult::kPassed:
      return "";
    case PrecheckResult::kAlarm:
      if (item.confirmation.has_value()) return "";
      return absl::StrCat(item.id, ": ALARM, not confirmed: ", item.cause);
    case PrecheckResult::kFailed:
      return absl::StrCat(item.id, ": FAILED: ", item.cause);
    case PrecheckResult::kVoid:
      return absl::StrCat(
          item.id, ": the task was changed since: run the precheck again");
  }
  return "";
}

}  // namespace

absl::string_view PrecheckResultName(PrecheckResult result) {
  switch (result) {
    case PrecheckResult::kPassed:
      return "PASSED";
    case PrecheckResult::kAlarm:
      return "ALARM";
    case PrecheckResult::kFailed:
      return "FAILED";
    case PrecheckResult::kVoid:
      return "VOID";
  }
  return "";
}

std::optional<PrecheckResult> ParsePrecheckResult(absl::string_view name) {
  for (const PrecheckResult result : kResults) {
    if (PrecheckResultName(result) == name) return result;
  }
  return std::nullopt;
}

PrecheckSummary Summarize(const std::vector<PrecheckItem>& items) {
  PrecheckSummary summary;
  for (const PrecheckItem& item : items) {
    std::string obstacle = Obstacle(item);
    if (!obstacle.empty()) summary.open_items.push_back(std::move(obstacle));
  }
  if (items.empty()) {
    summary.open_items.push_back("the precheck has no items: run it again");
  }
  summary.ready = summary.open_items.empty();
  return summary;
}

void KeepConfirmations(const std::vector<PrecheckItem>& before,
                       std::vector<PrecheckItem>* items) {
  for (PrecheckItem& item : *items) {
    item.confirmation.reset();
    if (item.result != PrecheckResult::kAlarm) continue;
    for (const PrecheckItem& old : before) {
      if (IsSameFinding(old, item)) item.confirmation = old.confirmation;
    }
  }
}

std::set<std::string> VoidedPrefixes(const TaskSpec& before,
                                     const TaskSpec& after,
                                     const std::set<SecretField>& secrets) {
  bool source = before.source != after.source;
  bool destination = before.destination != after.destination ||
                     before.delivery_mode != after.delivery_mode;
  bool salt = false;
  for (const SecretField field : secrets) {
    const absl::string_view path = SecretFieldPath(field);
    source = source || absl::StartsWith(path, "source.");
    destination = destination || absl::StartsWith(path, "destination.");
    salt = salt || path == "hash_salt";
  }
  const bool objects = before.databases != after.databases ||
                       before.partition_policy != after.partition_policy;
  const bool position = before.start_position != after.start_position;
  // A worker elsewhere may reach less.
  const bool place = before.placement != after.placement;

  std::set<std::string> prefixes;
  if (source || position || place) prefixes.insert("source");
  if (source || objects || salt || place) prefixes.insert("objects");
  if (destination || place) prefixes.insert("destination");
  if (destination || objects || place ||
      before.topic_policy != after.topic_policy) {
    prefixes.insert("topics");
  }
  return prefixes;
}

}  // namespace binferry::controller
