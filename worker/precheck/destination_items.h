// Judging what was found of a destination.
#ifndef BINFERRY_WORKER_PRECHECK_DESTINATION_ITEMS_H_
#define BINFERRY_WORKER_PRECHECK_DESTINATION_ITEMS_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "worker/precheck/destination_facts.h"
#include "worker/precheck/precheck_item.h"

namespace binferry::worker {

// The items `destination_…` but destination_connection.
std::vector<PrecheckItem> DestinationItems(const DestinationFacts& facts,
                                           const DestinationUse& use);

// The kafka-acls.sh command that gives the task's user `operations` ("Write",
// ...) on a resource, as its options name it ("--topic orders").
std::string AclCommand(const DestinationUse& use,
                       const std::vector<std::string>& operations,
                       absl::string_view resource);

// `operations` that `facts` lacks, by name; "Describe" alone where the topic is
// hidden.
std::vector<std::string> MissingOperations(
    const TopicFacts& facts, const std::vector<AclOperation>& operations);

// The value of a setting as a number; `unset` where it isn't one.
int64_t NumberOf(const KafkaAdmin::Configs& configs, const std::string& name,
                 int64_t unset);
// The value of a setting; "" where it isn't set.
std::string TextOf(const KafkaAdmin::Configs& configs, const std::string& name);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_PRECHECK_DESTINATION_ITEMS_H_
