#include "worker/precheck/destination_precheck.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "worker/precheck/destination_items.h"
#include "worker/precheck/finding.h"
#include "worker/precheck/topic_items.h"

namespace binferry::worker {
namespace {

PrecheckItem ConnectionItem(const std::vector<TestStep>& steps,
                            const std::string& servers) {
  PrecheckItem item{.id = "destination_connection",
                    .title = "Connection to the Kafka cluster",
                    .group = "connection",
                    .wanted =
                        "every bootstrap server and every advertised "
                        "listener can be used"};
  if (steps.empty() || steps.back().passed) {
    return Passed(std::move(item), servers);
  }
  const TestStep& failed = steps.back();
  return Failed(std::move(item),
                absl::StrCat(failed.step, " of ", failed.target, " failed"),
                failed.message, failed.remedy);
}

TestStep PermissionStep(const DestinationFacts& facts,
                        const DestinationTrial& trial) {
  TestStep step{.step = "PERMISSIONS",
                .target = trial.cluster.bootstrap_servers,
                .passed = true,
                .message = absl::StrCat(trial.use.principal,
                                        " may do what the task needs"),
                .remedy = "",
                .duration = absl::ZeroDuration()};
  std::vector<PrecheckItem> items = DestinationItems(facts, trial.use);
  for (PrecheckItem& item : TopicItems(facts, trial.use)) {
    items.push_back(std::move(item));
  }
  for (const PrecheckItem& item : items) {
    const bool refused =
        item.result == PrecheckResult::kFailed &&
        (item.group == "permissions" || item.id == "topics_creation");
    if (!refused) continue;
    step.passed = false;
    step.message = absl::StrCat(item.title, ": ", item.found, "; ", item.cause);
    step.remedy = item.remedy;
    break;
  }
  return step;
}

}  // namespace

std::vector<TestStep> TryDestination(const DestinationTrial& trial,
                                     const Clock* clock) {
  DestinationView view = ViewDestination(trial, clock);
  if (view.facts.has_value()) {
    view.steps.push_back(PermissionStep(*view.facts, trial));
  }
  return std::move(view.steps);
}

std::vector<PrecheckItem> PrecheckDestination(const DestinationTrial& trial,
                                              const Clock* clock) {
  const DestinationView view = ViewDestination(trial, clock);
  std::vector<PrecheckItem> items = {
      ConnectionItem(view.steps, trial.cluster.bootstrap_servers)};
  if (!view.facts.has_value()) return items;
  for (PrecheckItem& item : DestinationItems(*view.facts, trial.use)) {
    items.push_back(std::move(item));
  }
  for (PrecheckItem& item : TopicItems(*view.facts, trial.use)) {
    items.push_back(std::move(item));
  }
  return items;
}

}  // namespace binferry::worker
