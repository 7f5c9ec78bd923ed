// The list of a destination's topics.
#ifndef BINFERRY_WORKER_PRECHECK_DESTINATION_TOPICS_H_
#define BINFERRY_WORKER_PRECHECK_DESTINATION_TOPICS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "worker/sink/kafka_admin.h"

namespace binferry::worker {

struct TopicQuestion {
  std::string name_contains;  // In whatever letter case.
  int32_t page_size = 0;      // 0: 100. At most 1,000.
  std::string page_token;     // Of the last answer, or "".
  std::string state_prefix;   // Of the worker's own topics.
};

struct ListedTopic {
  std::string name;
  int32_t partition_count = 0;
  int32_t replication_factor = 0;
  // "": it can be chosen. Else why not.
  std::string not_selectable_reason;
};

struct TopicPage {
  std::vector<ListedTopic> topics;  // By name.
  std::string next_page_token;      // "" on the last page.
};

// One page of `topics`, which are by name. INVALID_ARGUMENT for a page token
// that isn't one.
absl::StatusOr<TopicPage> PageOfTopics(const std::vector<KafkaTopic>& topics,
                                       const TopicQuestion& question);

// The same of the topics that the caller may see. Errors also of KafkaAdmin.
absl::StatusOr<TopicPage> ListDestinationTopics(KafkaAdmin* admin,
                                                const TopicQuestion& question);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_PRECHECK_DESTINATION_TOPICS_H_
