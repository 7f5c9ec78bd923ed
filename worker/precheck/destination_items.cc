#include "worker/precheck/destination_items.h"

#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "worker/precheck/finding.h"
#include "worker/sink/kafka_state_topics.h"

namespace binferry::worker {
namespace {

// In 2.8 the right to write to a topic became enough for idempotence; brokers
// since then know DescribeCluster.
constexpr int16_t kDescribeCluster = 60;
// A broker's default of transaction.max.timeout.ms.
constexpr int64_t kUnlimited = -1;

absl::string_view NameOf(AclOperation operation) {
  switch (operation) {
    case AclOperation::kRead:
      return "Read";
    case AclOperation::kWrite:
      return "Write";
    case AclOperation::kCreate:
      return "Create";
    case AclOperation::kDescribe:
      return "Describe";
    case AclOperation::kDescribeConfigs:
      return "DescribeConfigs";
    case AclOperation::kIdempotentWrite:
      return "IdempotentWrite";
  }
  return "";
}

PrecheckItem Version(const DestinationFacts& facts) {
  PrecheckItem item{.id = "destination_version",
                    .title = "Version of the Kafka cluster",
                    .group = "version",
                    .wanted = "0.11 or later"};
  // What is older ends the connection test.
  return Passed(std::move(item), facts.versions.apis.empty()
                                     ? "0.11 or later"
                                     : facts.versions.Release());
}

PrecheckItem Encryption(const DestinationFacts& facts) {
  PrecheckItem item{.id = "destination_encryption",
                    .title = "Encryption of the connection to Kafka",
                    .group = "security",
                    .wanted = "SSL or SASL_SSL"};
  const std::string found(KafkaSecurityName(facts.security));
  if (UsesSsl(facts.security)) return Passed(std::move(item), found);
  return Alarm(
      std::move(item), found,
      "rows, and with SASL_PLAINTEXT and PLAIN the password, cross the "
      "network between worker and broker as they are",
      "set destination.security_protocol to ssl or sasl_ssl, with the "
      "port of such a listener");
}

PrecheckItem TransactionalId(const DestinationFacts& facts,
                             const DestinationUse& use) {
  PrecheckItem item{.id = "destination_transactional_id",
                    .title = "Right to use the task's transactional id",
                    .group = "permissions",
                    .wanted = "Write and Describe"};
  if (facts.transactional_id.ok()) {
    return Passed(std::move(item), "the user may write with it");
  }
  return Failed(
      std::move(item),
      absl::StrCat(use.principal, " may not write with ", use.transactional_id),
      "exactly-once delivery writes in Kafka transactions",
      AclCommand(use, {"Write", "Describe"},
                 absl::StrCat("--transactional-id ", use.transactional_id)));
}

PrecheckItem Idempotence(const DestinationFacts& facts,
                         const DestinationUse& use) {
  PrecheckItem item{
      .id = "destination_idempotence",
      .title = "Right to write idempotently",
      .group = "permissions",
      .wanted = "IdempotentWrite on the cluster before Kafka 2.8"};
  if (facts.versions.apis.empty() ||
      facts.versions.apis.count(kDescribeCluster) != 0) {
    return Passed(std::move(item), "not needed in this version");
  }
  if (Allows(facts.cluster_operations, AclOperation::kIdempotentWrite)) {
    return Passed(std::move(item), "the user has it");
  }
  return Failed(std::move(item), absl::StrCat(use.principal, " lacks it"),
                "brokers before Kafka 2.8 ask for it beside the right to write "
                "to topics",
                AclCommand(use, {"IdempotentWrite"}, "--cluster"));
}

PrecheckItem Settings(const DestinationFacts& facts,
                      const DestinationUse& use) {
  PrecheckItem item{.id = "destination_settings",
                    .title = "Settings of the brokers",
                    .group = "settings",
                    .wanted = "readable, so that they can be checked"};
  if (facts.broker_configs.ok()) return Passed(std::move(item), "readable");
  return Alarm(std::move(item), "not readable",
               absl::StrCat("the time-out of transactions, the replicas of the "
                            "transaction log and the size of records were not "
                            "checked: ",
                            facts.broker_configs.status().message()),
               AclCommand(use, {"DescribeConfigs"}, "--cluster"));
}

PrecheckItem TransactionTimeout(const KafkaAdmin::Configs& configs,
                                const DestinationUse& use) {
  const int64_t wanted = absl::ToInt64Milliseconds(use.transaction_timeout);
  PrecheckItem item{.id = "destination_transaction_timeout",
                    .title = "Longest time-out of transactions",
                    .group = "settings",
                    .wanted = absl::StrCat("transaction.max.timeout.ms of ",
                                           wanted, " or more")};
  const int64_t found =
      NumberOf(configs, "transaction.max.timeout.ms", kUnlimited);
  if (found == kUnlimited) return Passed(std::move(item), "not told");
  if (found >= wanted) return Passed(std::move(item), absl::StrCat(found));
  return Failed(std::move(item), absl::StrCat(found),
                "the brokers refuse the task's producer",
                absl::StrCat("set transaction.max.timeout.ms=", wanted,
                             " in every broker's server.properties and restart "
                             "the brokers one by one"));
}

PrecheckItem TransactionLog(const KafkaAdmin::Configs& configs,
                            int32_t brokers) {
  PrecheckItem item{.id = "destination_transaction_log",
                    .title = "Replicas of Kafka's transaction log",
                    .group = "settings",
                    .wanted = "no more than there are brokers"};
  const int64_t replicas =
      NumberOf(configs, "transaction.state.log.replication.factor", 1);
  const int64_t in_sync = NumberOf(configs, "transaction.state.log.min.isr", 1);
  const std::string found =
      absl::StrCat("replication factor ", replicas, ", min.isr ", in_sync,
                   ", brokers ", brokers);
  if (replicas <= brokers && in_sync <= brokers) {
    return Passed(std::move(item), found);
  }
  return Alarm(std::move(item), found,
               "where the transaction log isn't there yet, it can't be made, "
               "and no Kafka transaction can begin",
               absl::StrCat("add brokers, or set transaction.state.log."
                            "replication.factor=",
                            brokers,
                            " and transaction.state.log.min.isr=1 in "
                            "server.properties of the brokers"));
}

PrecheckItem AutoCreation(const KafkaAdmin::Configs& configs) {
  PrecheckItem item{.id = "destination_auto_creation",
                    .title = "Topics that brokers make by themselves",
                    .group = "settings",
                    .wanted = "auto.create.topics.enable=false"};
  const std::string found = TextOf(configs, "auto.create.topics.enable");
  if (found != "true") return Passed(std::move(item), "false");
  return Alarm(std::move(item), "true",
               "a topic that is deleted by mistake may come back empty, with "
               "the brokers' number of partitions, because a consumer asks for "
               "it, and nobody notices",
               "set auto.create.topics.enable=false in server.properties of "
               "the brokers");
}

PrecheckItem RecordSize(const KafkaAdmin::Configs& configs,
                        const DestinationUse& use) {
  PrecheckItem item{
      .id = "destination_record_size",
      .title = "Largest record of the brokers",
      .group = "settings",
      .wanted = absl::StrCat("message.max.bytes of ", use.max_record_bytes,
                             " (max_record_bytes) or more")};
  const int64_t found =
      NumberOf(configs, "message.max.bytes", use.max_record_bytes);
  if (found >= use.max_record_bytes) {
    return Passed(std::move(item), absl::StrCat(found));
  }
  return Alarm(
      std::move(item), absl::StrCat(found),
      "topics that are made from now on take no records of the size that the "
      "task allows, unless they compress well; the task stops at the first",
      absl::StrCat("kafka-configs.sh --bootstrap-server SERVER --alter "
                   "--entity-type brokers --entity-default --add-config "
                   "message.max.bytes=",
                   use.max_record_bytes,
                   ", or lower destination.max_record_bytes"));
}

// "" if the topic will do.
std::string StateTopicFault(const TopicFacts& topic, const DestinationUse& use,
                            std::string* remedy) {
  const std::string resource = absl::StrCat("--topic ", topic.name);
  const std::vector<std::string> missing = MissingOperations(
      topic, {AclOperation::kRead, AclOperation::kWrite,
              AclOperation::kDescribe, AclOperation::kDescribeConfigs});
  if (topic.hidden || !missing.empty()) {
    *remedy = AclCommand(
        use,
        {"Read", "Write", "Describe", "DescribeConfigs", "Create", "Alter"},
        resource);
    return absl::StrCat(topic.name, ": ", use.principal, " lacks ",
                        absl::StrJoin(missing, ", "));
  }
  if (!topic.exists) {
    if (topic.creation.ok()) return "";
    *remedy =
        absl::IsPermissionDenied(topic.creation)
            ? AclCommand(use,
                         {"Create", "Read", "Write", "Describe",
                          "DescribeConfigs", "Alter"},
                         resource)
            : absl::StrCat(
                  "kafka-topics.sh --bootstrap-server SERVER --create --topic ",
                  topic.name, " --partitions ",
                  StateTopicPartitionCount(use.state_partition),
                  " --config cleanup.policy=compact");
    return absl::StrCat(topic.name, " is not there and can't be made: ",
                        topic.creation.message());
  }
  if (!topic.configs.ok()) return "";
  const std::string policy = TextOf(*topic.configs, "cleanup.policy");
  if (policy == "compact") return "";
  *remedy = absl::StrCat(
      "kafka-configs.sh --bootstrap-server SERVER --alter --entity-type topics "
      "--entity-name ",
      topic.name, " --add-config cleanup.policy=compact");
  return absl::StrCat(topic.name, " has cleanup.policy=", policy,
                      ", which would delete checkpoints with time");
}

PrecheckItem StateTopics(const DestinationFacts& facts,
                         const DestinationUse& use) {
  PrecheckItem item{.id = "destination_state_topics",
                    .title = "Topics that hold the task's state",
                    .group = "permissions",
                    .wanted = "compacted, readable and writable, or creatable"};
  std::vector<std::string> names;
  std::vector<std::string> faults;
  std::vector<std::string> remedies;
  bool all_exist = true;
  for (const TopicFacts& topic : facts.state_topics) {
    names.push_back(topic.name);
    all_exist = all_exist && topic.exists;
    std::string remedy;
    const std::string fault = StateTopicFault(topic, use, &remedy);
    if (fault.empty()) continue;
    faults.push_back(fault);
    remedies.push_back(remedy);
  }
  item = About(std::move(item), names);
  if (faults.empty()) {
    return Passed(std::move(item), all_exist ? "are there" : "can be made");
  }
  return Failed(std::move(item), absl::StrJoin(faults, "; "),
                "the task keeps its position there",
                absl::StrJoin(remedies, "; "));
}

PrecheckItem StateReplicas(const DestinationFacts& facts) {
  PrecheckItem item{.id = "destination_state_replicas",
                    .title = "Replicas of the task's state",
                    .group = "durability",
                    .wanted = "more than one where there are more brokers"};
  std::vector<std::string> single;
  for (const TopicFacts& topic : facts.state_topics) {
    if (topic.exists && topic.replication_factor == 1) {
      single.push_back(topic.name);
    }
  }
  if (single.empty() || facts.broker_count <= 1) {
    return Passed(std::move(item),
                  absl::StrCat(facts.broker_count, " brokers"));
  }
  item = About(std::move(item), single);
  return Alarm(std::move(item), "1 replica",
               "while that broker is down no task goes on, and if its disk is "
               "lost the positions of all tasks are",
               "raise the replicas with kafka-reassign-partitions.sh");
}

}  // namespace

std::string AclCommand(const DestinationUse& use,
                       const std::vector<std::string>& operations,
                       absl::string_view resource) {
  std::string command = absl::StrCat(
      "kafka-acls.sh --bootstrap-server SERVER --add --allow-principal '",
      use.principal, "'");
  for (const std::string& operation : operations) {
    absl::StrAppend(&command, " --operation ", operation);
  }
  absl::StrAppend(&command, " ", resource);
  return command;
}

std::vector<std::string> MissingOperations(
    const TopicFacts& facts, const std::vector<AclOperation>& operations) {
  if (facts.hidden) return {"Describe"};
  std::vector<std::string> missing;
  for (const AclOperation operation : operations) {
    if (!Allows(facts.operations, operation)) {
      missing.emplace_back(NameOf(operation));
    }
  }
  return missing;
}

int64_t NumberOf(const KafkaAdmin::Configs& configs, const std::string& name,
                 int64_t unset) {
  const auto found = configs.find(name);
  int64_t value = 0;
  if (found == configs.end() || !absl::SimpleAtoi(found->second, &value)) {
    return unset;
  }
  return value;
}

std::string TextOf(const KafkaAdmin::Configs& configs,
                   const std::string& name) {
  const auto found = configs.find(name);
  return found == configs.end() ? "" : found->second;
}

std::vector<PrecheckItem> DestinationItems(const DestinationFacts& facts,
                                           const DestinationUse& use) {
  std::vector<PrecheckItem> items = {Version(facts),
                                     Encryption(facts),
                                     TransactionalId(facts, use),
                                     Idempotence(facts, use),
                                     StateTopics(facts, use),
                                     StateReplicas(facts),
                                     Settings(facts, use)};
  if (!facts.broker_configs.ok()) return items;
  const KafkaAdmin::Configs& configs = *facts.broker_configs;
  items.push_back(TransactionTimeout(configs, use));
  items.push_back(TransactionLog(configs, facts.broker_count));
  items.push_back(AutoCreation(configs));
  items.push_back(RecordSize(configs, use));
  return items;
}

}  // namespace binferry::worker
