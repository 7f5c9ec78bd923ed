#include "worker/precheck/destination_topics.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/status_macros.h"
#include "worker/sink/kafka_state_topics.h"

namespace binferry::worker {
namespace {

constexpr int32_t kDefaultPageSize = 100;
constexpr int32_t kMaxPageSize = 1000;
// In front of the name that the next page begins behind.
constexpr absl::string_view kTokenMark = "after:";

std::string NotSelectableReason(const std::string& name,
                                const std::string& state_prefix) {
  if (absl::StartsWith(name, "__")) return "internal to Kafka";
  if (name == CheckpointTopicName(state_prefix) ||
      name == SchemaTopicName(state_prefix)) {
    return "holds the state of Binferry's tasks";
  }
  return "";
}

}  // namespace

absl::StatusOr<TopicPage> PageOfTopics(const std::vector<KafkaTopic>& topics,
                                       const TopicQuestion& question) {
  absl::string_view after = question.page_token;
  if (!after.empty() && !absl::ConsumePrefix(&after, kTokenMark)) {
    return absl::InvalidArgumentError(
        "page_token: is not one of a list of topics; take it from the last "
        "answer, or leave it out");
  }
  const int32_t size = question.page_size == 0
                           ? kDefaultPageSize
                           : std::clamp(question.page_size, 1, kMaxPageSize);
  const std::string wanted = absl::AsciiStrToLower(question.name_contains);
  TopicPage page;
  for (const KafkaTopic& topic : topics) {
    if (!after.empty() && topic.name <= after) continue;
    if (!absl::StrContains(absl::AsciiStrToLower(topic.name), wanted)) continue;
    if (page.topics.size() == static_cast<size_t>(size)) {
      page.next_page_token = absl::StrCat(kTokenMark, page.topics.back().name);
      break;
    }
    page.topics.push_back({.name = topic.name,
                           .partition_count = topic.partition_count,
                           .replication_factor = topic.replication_factor,
                           .not_selectable_reason = NotSelectableReason(
                               topic.name, question.state_prefix)});
  }
  return page;
}

absl::StatusOr<TopicPage> ListDestinationTopics(KafkaAdmin* admin,
                                                const TopicQuestion& question) {
  BINFERRY_ASSIGN_OR_RETURN(const std::vector<KafkaTopic> topics,
                            admin->ListTopics());
  return PageOfTopics(topics, question);
}

}  // namespace binferry::worker
