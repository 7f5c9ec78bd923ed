#include "worker/precheck/topic_setting_items.h"

#include <functional>
#include <map>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "worker/precheck/destination_items.h"
#include "worker/precheck/finding.h"

namespace binferry::worker {
namespace {

using Names = std::vector<std::string>;

// Topics whose settings are known and for which `is_so` holds.
Names Select(const DestinationFacts& facts,
             const std::function<bool(const TopicFacts&)>& is_so) {
  Names names;
  for (const TopicFacts& topic : facts.topics) {
    if (topic.exists && topic.configs.ok() && is_so(topic)) {
      names.push_back(topic.name);
    }
  }
  return names;
}

// The command that changes a setting of the first of `names`.
std::string Change(const Names& names, absl::string_view setting) {
  return absl::StrCat(
      "kafka-configs.sh --bootstrap-server SERVER --alter --entity-type topics "
      "--entity-name ",
      names.front(), " --add-config ", setting,
      names.size() > 1 ? " (and so for the others)" : "");
}

PrecheckItem Readable(const DestinationFacts& facts,
                      const DestinationUse& use) {
  PrecheckItem item{.id = "topics_settings",
                    .title = "Settings of the topics",
                    .group = "settings",
                    .wanted = "readable, so that they can be checked"};
  Names unread;
  for (const TopicFacts& topic : facts.topics) {
    if (topic.exists && !topic.configs.ok()) unread.push_back(topic.name);
  }
  if (unread.empty()) return Passed(std::move(item), "readable");
  const std::string resource = absl::StrCat("--topic ", unread.front());
  item = About(std::move(item), unread);
  return Alarm(std::move(item), "not readable",
               "cleanup policy, record size and durability of these topics "
               "were not checked",
               AclCommand(use, {"DescribeConfigs"}, resource));
}

PrecheckItem KeylessRecords(const DestinationFacts& facts,
                            const DestinationUse& use) {
  PrecheckItem item{.id = "topics_compaction",
                    .title = "Compacted topics and tables without a key",
                    .group = "topics",
                    .wanted = "no table without a key in a compacted topic"};
  std::map<std::string, size_t> keyless;
  for (const PlannedTopic& topic : use.plan.topics) {
    keyless[topic.name] = topic.keyless_count;
  }
  const Names bad = Select(facts, [&](const TopicFacts& topic) {
    return keyless[topic.name] > 0 &&
           absl::StrContains(TextOf(*topic.configs, "cleanup.policy"),
                             "compact");
  });
  if (bad.empty()) return Passed(std::move(item), "none");
  const std::string change = Change(bad, "cleanup.policy=delete");
  item = About(std::move(item), bad);
  return Failed(std::move(item), absl::StrCat(bad.size(), " topics"),
                "brokers refuse records without a key for compacted topics, "
                "and tables without a primary key make such records",
                absl::StrCat("add a primary key to the tables, choose "
                             "key_columns, use another topic, or ",
                             change));
}

PrecheckItem Tombstones(const DestinationFacts& facts,
                        const DestinationUse& use) {
  PrecheckItem item{.id = "topics_tombstones",
                    .title = "Tombstones and compaction",
                    .group = "topics",
                    .wanted = "compacted topics where tombstones are written"};
  const Names plain = Select(facts, [&](const TopicFacts& topic) {
    return use.tombstones &&
           !absl::StrContains(TextOf(*topic.configs, "cleanup.policy"),
                              "compact");
  });
  if (plain.empty()) return Passed(std::move(item), "as wanted");
  const std::string change = Change(plain, "cleanup.policy=compact");
  item = About(std::move(item), plain);
  return Alarm(std::move(item), "cleanup.policy=delete",
               "record_options.tombstones writes records without a value, "
               "which do nothing in topics that are not compacted and which "
               "consumers must expect",
               absl::StrCat(change, ", or turn tombstones off"));
}

PrecheckItem RecordSize(const DestinationFacts& facts,
                        const DestinationUse& use) {
  PrecheckItem item{
      .id = "topics_record_size",
      .title = "Largest record of the topics",
      .group = "settings",
      .wanted = absl::StrCat("max.message.bytes of ", use.max_record_bytes,
                             " (max_record_bytes) or more")};
  const Names small = Select(facts, [&](const TopicFacts& topic) {
    return NumberOf(*topic.configs, "max.message.bytes", use.max_record_bytes) <
           use.max_record_bytes;
  });
  if (small.empty()) return Passed(std::move(item), "as wanted");
  const std::string change =
      Change(small, absl::StrCat("max.message.bytes=", use.max_record_bytes));
  item = About(std::move(item), small);
  return Alarm(
      std::move(item), absl::StrCat("less in ", small.size(), " topics"),
      "the task stops at the first record that the topic doesn't take, "
      "unless it compresses well",
      absl::StrCat(change, ", or lower destination.max_record_bytes"));
}

PrecheckItem InSyncReplicas(const DestinationFacts& facts) {
  PrecheckItem item{
      .id = "topics_in_sync_replicas",
      .title = "Replicas that must be in sync",
      .group = "durability",
      .wanted = "min.insync.replicas up to the replication factor"};
  const Names bad = Select(facts, [](const TopicFacts& topic) {
    return NumberOf(*topic.configs, "min.insync.replicas", 1) >
           topic.replication_factor;
  });
  if (bad.empty()) return Passed(std::move(item), "as wanted");
  const std::string change = Change(bad, "min.insync.replicas=1");
  item = About(std::move(item), bad);
  return Failed(std::move(item),
                absl::StrCat("more in ", bad.size(), " topics"),
                "no record can be written to a topic that has fewer replicas "
                "than must be in sync",
                absl::StrCat(change,
                             ", or raise the replicas with "
                             "kafka-reassign-partitions.sh"));
}

PrecheckItem Durability(const DestinationFacts& facts) {
  PrecheckItem item{.id = "topics_durability",
                    .title = "Records survive the loss of a broker",
                    .group = "durability",
                    .wanted =
                        "more than one replica where there are more "
                        "brokers, and no unclean leader election"};
  const Names bad = Select(facts, [&](const TopicFacts& topic) {
    return (facts.broker_count > 1 && topic.replication_factor == 1) ||
           TextOf(*topic.configs, "unclean.leader.election.enable") == "true";
  });
  if (bad.empty()) return Passed(std::move(item), "as wanted");
  const std::string change =
      Change(bad, "unclean.leader.election.enable=false");
  item = About(std::move(item), bad);
  return Alarm(std::move(item), absl::StrCat("not so: ", bad.size(), " topics"),
               "records that were committed can be lost with a broker",
               absl::StrCat(change,
                            ", and raise the replicas with "
                            "kafka-reassign-partitions.sh"));
}

}  // namespace

std::vector<PrecheckItem> TopicSettingItems(const DestinationFacts& facts,
                                            const DestinationUse& use) {
  return {Readable(facts, use),   KeylessRecords(facts, use),
          Tombstones(facts, use), RecordSize(facts, use),
          InSyncReplicas(facts),  Durability(facts)};
}

}  // namespace binferry::worker
