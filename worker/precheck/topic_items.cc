#include "worker/precheck/topic_items.h"

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "worker/precheck/destination_items.h"
#include "worker/precheck/finding.h"
#include "worker/precheck/topic_setting_items.h"

namespace binferry::worker {
namespace {

// Topics that a command names; there may be thousands.
constexpr size_t kMaxNamed = 20;

using Names = std::vector<std::string>;

std::string Listed(const Names& names) {
  const Names first(names.begin(),
                    names.begin() + static_cast<std::ptrdiff_t>(
                                        std::min(names.size(), kMaxNamed)));
  return absl::StrCat(absl::StrJoin(first, ", "),
                      names.size() > kMaxNamed ? ", …" : "");
}

// Each of `names` in `command`, in place of TOPIC.
std::string ForEach(const Names& names, absl::string_view command) {
  if (names.size() == 1) {
    return absl::StrReplaceAll(command, {{"TOPIC", names[0]}});
  }
  return absl::StrCat("for each of ", Listed(names), ": ", command);
}

// Topics that are there and of which `is_so` holds.
Names Select(const DestinationFacts& facts,
             const std::function<bool(const TopicFacts&)>& is_so) {
  Names names;
  for (const TopicFacts& topic : facts.topics) {
    if (topic.exists && is_so(topic)) names.push_back(topic.name);
  }
  return names;
}

PrecheckItem NamesAreLegal(const DestinationUse& use) {
  PrecheckItem item{.id = "topics_names",
                    .title = "Names of the tables' topics",
                    .group = "topics",
                    .wanted = "1 to 249 of a-z A-Z 0-9 . _ -"};
  if (use.plan.bad_names.empty()) {
    return Passed(std::move(item),
                  absl::StrCat(use.plan.topics.size(), " topics"));
  }
  Names tables;
  for (const TopicPlan::BadName& bad : use.plan.bad_names) {
    tables.push_back(bad.table);
  }
  const std::string first = use.plan.bad_names.front().reason;
  item = About(std::move(item), tables);
  return Failed(std::move(item),
                absl::StrCat(tables.size(), " tables have none"), first,
                "give the tables a mapped_name or a topic of their own, or "
                "choose another name_format");
}

PrecheckItem Collisions(const DestinationFacts& facts,
                        const DestinationUse& use) {
  PrecheckItem item{.id = "topics_collisions",
                    .title = "Topics whose names collide",
                    .group = "topics",
                    .wanted = "none that differ only in . and _"};
  // Kafka takes `.` and `_` for the same in names of metrics, and makes no
  // topic that differs from another one only in them.
  std::map<std::string, std::string> known;
  for (const std::string& name : facts.all_topics) {
    known.emplace(absl::StrReplaceAll(name, {{".", "_"}}), name);
  }
  Names colliding;
  for (const PlannedTopic& topic : use.plan.topics) {
    const auto [other, is_new] = known.emplace(
        absl::StrReplaceAll(topic.name, {{".", "_"}}), topic.name);
    if (!is_new && other->second != topic.name) {
      colliding.push_back(absl::StrCat(topic.name, " and ", other->second));
    }
  }
  if (colliding.empty()) return Passed(std::move(item), "none");
  item = About(std::move(item), colliding);
  return Failed(std::move(item), Listed(colliding),
                "Kafka makes no topic whose name differs from another's only "
                "in . and _",
                "choose another name_format, or give one of the tables a "
                "mapped_name or a topic of its own");
}

PrecheckItem Sharing(const DestinationUse& use) {
  PrecheckItem item{.id = "topics_sharing",
                    .title = "Tables that share a topic made for one",
                    .group = "topics",
                    .wanted = "a topic for each table"};
  Names shared;
  for (const PlannedTopic& topic : use.plan.topics) {
    if (!topic.by_format || topic.table_count < 2) continue;
    shared.push_back(
        absl::StrCat(topic.name, " (", absl::StrJoin(topic.tables, ", "), ")"));
  }
  if (shared.empty()) return Passed(std::move(item), "none");
  item = About(std::move(item), shared);
  return Alarm(std::move(item), Listed(shared),
               "name_format gives several tables the same topic",
               "use both $database$ and $tablename$ in name_format, with a "
               "separator that no name contains, if this is not wanted");
}

PrecheckItem Existence(const DestinationFacts& facts,
                       const DestinationUse& use) {
  PrecheckItem item{.id = "topics_existence",
                    .title = "Topics that must exist",
                    .group = "topics",
                    .wanted = "are there"};
  Names missing;
  for (const TopicFacts& topic : facts.topics) {
    if (!topic.exists && !topic.hidden && !use.creation.has_value()) {
      missing.push_back(topic.name);
    }
  }
  if (missing.empty()) return Passed(std::move(item), "are there");
  item = About(std::move(item), missing);
  return Failed(
      std::move(item), absl::StrCat(Listed(missing), " missing"),
      "the task makes no topics (topic_policy.specified_topic)",
      ForEach(missing,
              "kafka-topics.sh --bootstrap-server SERVER --create --topic "
              "TOPIC --partitions N --replication-factor R"));
}

PrecheckItem Creation(const DestinationFacts& facts,
                      const DestinationUse& use) {
  PrecheckItem item{.id = "topics_creation",
                    .title = "Topics that the task makes",
                    .group = "topics",
                    .wanted = "the cluster would make them"};
  const int32_t replicas = use.creation->replication_factor;
  if (replicas > facts.broker_count) {
    return Failed(
        std::move(item),
        absl::StrCat("replication factor ", replicas, ", brokers ",
                     facts.broker_count),
        "a topic can't have more replicas than there are brokers",
        absl::StrCat(
            "set topic_policy.auto_topics.replication_factor to at most ",
            facts.broker_count, ", or add brokers"));
  }
  Names refused;
  absl::Status reason;
  size_t missing = 0;
  for (const TopicFacts& topic : facts.topics) {
    if (topic.exists || topic.hidden) continue;
    ++missing;
    if (topic.creation.ok()) continue;
    refused.push_back(topic.name);
    reason = topic.creation;
  }
  if (refused.empty()) {
    return Passed(std::move(item), absl::StrCat(missing, " would be made"));
  }
  item = About(std::move(item), refused);
  return Failed(
      std::move(item), absl::StrCat("not made: ", Listed(refused)),
      std::string(reason.message()),
      absl::IsPermissionDenied(reason)
          ? AclCommand(use, {"Create", "Write", "Describe"},
                       "--topic PREFIX --resource-pattern-type prefixed")
          : ForEach(refused,
                    "make the topic by hand as the cluster's rules want it: "
                    "kafka-topics.sh --bootstrap-server SERVER --create "
                    "--topic TOPIC"));
}

PrecheckItem Permissions(const DestinationFacts& facts,
                         const DestinationUse& use) {
  PrecheckItem item{.id = "topics_permissions",
                    .title = "Rights on the topics",
                    .group = "permissions",
                    .wanted = "Write and Describe"};
  Names lacking;
  std::set<std::string> operations;
  for (const TopicFacts& topic : facts.topics) {
    const Names missing = MissingOperations(
        topic, {AclOperation::kWrite, AclOperation::kDescribe});
    if (missing.empty()) continue;
    lacking.push_back(topic.name);
    operations.insert(missing.begin(), missing.end());
  }
  if (lacking.empty()) return Passed(std::move(item), "the user has them");
  item = About(std::move(item), lacking);
  return Failed(
      std::move(item),
      absl::StrCat(use.principal, " lacks ", absl::StrJoin(operations, ", "),
                   " on ", Listed(lacking)),
      "records can't be written there",
      ForEach(lacking,
              AclCommand(use, {"Write", "Describe"}, "--topic TOPIC")));
}

PrecheckItem Partitions(const DestinationFacts& facts,
                        const DestinationUse& use) {
  const int32_t wanted =
      use.creation.has_value() ? use.creation->partition_count : 0;
  PrecheckItem item{.id = "topics_partitions",
                    .title = "Partitions of topics that exist",
                    .group = "topics",
                    .wanted = wanted > 0 ? absl::StrCat(wanted) : "any number"};
  const Names other = Select(facts, [&](const TopicFacts& topic) {
    return wanted > 0 && topic.partition_count != wanted;
  });
  if (other.empty()) return Passed(std::move(item), "as wanted");
  item = About(std::move(item), other);
  return Alarm(std::move(item), absl::StrCat("others: ", Listed(other)),
               "topics that exist are used as they are; "
               "topic_policy.auto_topics.partitions says something else",
               ForEach(other,
                       "if there are fewer: kafka-topics.sh "
                       "--bootstrap-server SERVER --alter --topic TOPIC "
                       "--partitions N, before the task starts"));
}

PrecheckItem Spread(const DestinationFacts& facts, const DestinationUse& use) {
  PrecheckItem item{.id = "topics_spread",
                    .title = "How records spread over partitions",
                    .group = "topics",
                    .wanted = "every partition gets some"};
  const bool makes_many =
      use.creation.has_value() && use.creation->partition_count > 1;
  std::map<std::string, size_t> tables;
  for (const PlannedTopic& topic : use.plan.topics) {
    tables[topic.name] = topic.table_count;
  }
  const auto idle = [&](const std::string& name) {
    return use.partition_policy == PartitionPolicy::kPartitionZero ||
           (use.partition_policy == PartitionPolicy::kTableHash &&
            tables[name] == 1);
  };
  Names names;
  for (const TopicFacts& topic : facts.topics) {
    const bool many = topic.exists ? topic.partition_count > 1 : makes_many;
    if (many && idle(topic.name)) names.push_back(topic.name);
  }
  if (names.empty()) return Passed(std::move(item), "as far as can be seen");
  item = About(std::move(item), names);
  return Alarm(
      std::move(item),
      absl::StrCat("one partition is written of ", Listed(names)),
      use.partition_policy == PartitionPolicy::kPartitionZero
          ? "partition_policy puts all records into partition 0"
          : "partition_policy puts all records of a table into one partition, "
            "and only one table goes to the topic",
      "set partition_policy to primary_key_hash, or accept that the other "
      "partitions stay empty");
}

}  // namespace

std::vector<PrecheckItem> TopicItems(const DestinationFacts& facts,
                                     const DestinationUse& use) {
  std::vector<PrecheckItem> items = {
      NamesAreLegal(use),      Sharing(use),           Existence(facts, use),
      Permissions(facts, use), Partitions(facts, use), Spread(facts, use)};
  if (use.creation.has_value()) {
    items.push_back(Collisions(facts, use));
    items.push_back(Creation(facts, use));
  }
  for (PrecheckItem& item : TopicSettingItems(facts, use)) {
    items.push_back(std::move(item));
  }
  return items;
}

}  // namespace binferry::worker
