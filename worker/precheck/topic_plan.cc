#include "worker/precheck/topic_plan.h"

#include <map>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "common/topic_name.h"

namespace binferry::worker {

TopicPlan PlanTopics(const std::vector<TopicTable>& tables,
                     const std::string& specified_topic,
                     const std::string& name_format) {
  TopicPlan plan;
  std::map<std::string, PlannedTopic> topics;
  // It must be there whatever tables are.
  if (!specified_topic.empty()) topics[specified_topic] = {};
  for (const TopicTable& table : tables) {
    const std::string source = absl::StrCat(table.database, ".", table.table);
    const bool by_format = table.topic.empty() && specified_topic.empty();
    absl::StatusOr<std::string> name =
        table.topic.empty() ? specified_topic : table.topic;
    if (by_format) {
      name = TopicNameFor(name_format, table.database, table.table);
    }
    if (!name.ok()) {
      plan.bad_names.push_back({source, std::string(name.status().message())});
      continue;
    }
    PlannedTopic& topic = topics[*name];
    topic.by_format = topic.by_format || by_format;
    ++topic.table_count;
    if (!table.has_key) ++topic.keyless_count;
    if (topic.tables.size() < PlannedTopic::kMaxTables) {
      topic.tables.push_back(source);
    }
  }
  for (auto& [name, topic] : topics) {
    topic.name = name;
    plan.topics.push_back(std::move(topic));
  }
  return plan;
}

}  // namespace binferry::worker
