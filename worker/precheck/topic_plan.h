// Which topics a task writes.
#ifndef BINFERRY_WORKER_PRECHECK_TOPIC_PLAN_H_
#define BINFERRY_WORKER_PRECHECK_TOPIC_PLAN_H_

#include <cstddef>
#include <string>
#include <vector>

namespace binferry::worker {

// A selected table that is there, by its mapped names.
struct TopicTable {
  std::string database;
  std::string table;
  std::string topic;    // Of its rules; "": by the policy.
  bool has_key = true;  // Its records have keys.
};

struct PlannedTopic {
  std::string name;
  // "database.table" of those that go there, at most kMaxTables.
  std::vector<std::string> tables;
  size_t table_count = 0;
  size_t keyless_count = 0;  // How many of them make records without a key.
  // A format made the name, of one table at a time.
  bool by_format = false;

  static constexpr size_t kMaxTables = 10;
};

struct TopicPlan {
  std::vector<PlannedTopic> topics;  // By name, each once.
  // Tables whose topic's name Kafka doesn't take, with the reason.
  struct BadName {
    std::string table;
    std::string reason;
  };
  std::vector<BadName> bad_names;
};

// `specified_topic` is "" where `name_format` makes the names.
TopicPlan PlanTopics(const std::vector<TopicTable>& tables,
                     const std::string& specified_topic,
                     const std::string& name_format);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_PRECHECK_TOPIC_PLAN_H_
