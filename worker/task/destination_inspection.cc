#include "worker/task/destination_inspection.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "common/clean_text.h"
#include "common/status_macros.h"
#include "worker/mysql/connection.h"
#include "worker/precheck/destination_precheck.h"
#include "worker/precheck/destination_topics.h"
#include "worker/precheck/object_facts.h"
#include "worker/precheck/topic_plan.h"
#include "worker/sink/kafka_admin.h"
#include "worker/task/inspection_proto.h"

namespace binferry::worker {
namespace {

constexpr absl::Duration kMaxListTimeout = absl::Seconds(10);

DestinationTrial TrialOf(const Inspection& inspection) {
  const TaskSpec& spec = inspection.spec;
  DestinationTrial trial{.cluster = spec.destination,
                         .use = {},
                         .time_left = inspection.time_left,
                         .stop = inspection.stop};
  trial.use.principal = AclPrincipal(spec.destination);
  trial.use.transactional_id = spec.transactional_id;
  trial.use.state_prefix = spec.state_prefix;
  trial.use.state_partition = inspection.state_partition;
  trial.use.max_record_bytes = spec.max_record_bytes;
  trial.use.partition_policy = spec.partition_policy;
  trial.use.creation = spec.topic_creation;
  trial.use.tombstones = spec.tombstones;
  return trial;
}

// The selected tables that are there now, by their names in the output.
absl::StatusOr<std::vector<TopicTable>> ReadTables(
    const Inspection& inspection) {
  const TaskSpec& spec = inspection.spec;
  ConnectionOptions options = spec.source;
  options.read_timeout = std::min(options.read_timeout, inspection.time_left);
  BINFERRY_ASSIGN_OR_RETURN(const std::unique_ptr<Connection> connection,
                            Connection::Connect(options));
  const std::stop_callback interrupt(
      inspection.stop, [&connection] { connection->Interrupt(); });
  BINFERRY_ASSIGN_OR_RETURN(const TableSelector selector,
                            TableSelector::Create(spec.selection));
  BINFERRY_ASSIGN_OR_RETURN(
      const ObjectFacts facts,
      ReadObjectFacts(connection.get(),
                      {.selection = spec.selection, .required = {}}));
  std::vector<TopicTable> tables;
  for (const TableFacts& table : facts.tables) {
    const std::optional<SelectedTable> selected =
        selector.Select(table.name.first, table.name.second);
    const TableRules* rules = selected.has_value() ? selected->rules : nullptr;
    tables.push_back({.database = table.mapped_name.first,
                      .table = table.mapped_name.second,
                      .topic = rules == nullptr ? "" : rules->topic,
                      .has_key = table.has_key});
  }
  return tables;
}

}  // namespace

v1::ConnectionTest TestDestination(const Inspection& inspection) {
  return ToProto(v1::ENDPOINT_DESTINATION,
                 TryDestination(TrialOf(inspection), inspection.clock));
}

absl::StatusOr<v1::ListTopicsResponse> ListTopics(
    const Inspection& inspection, const v1::ListTopicsRequest& request) {
  BINFERRY_ASSIGN_OR_RETURN(
      const std::unique_ptr<KafkaAdmin> admin,
      KafkaAdmin::Create(
          {.cluster = inspection.spec.destination,
           .timeout = std::min(inspection.time_left, kMaxListTimeout),
           .interrupt = inspection.stop},
          inspection.clock));
  BINFERRY_ASSIGN_OR_RETURN(
      const TopicPage page,
      ListDestinationTopics(admin.get(),
                            {.name_contains = request.name_contains(),
                             .page_size = request.page_size(),
                             .page_token = request.page_token(),
                             .state_prefix = inspection.spec.state_prefix}));
  v1::ListTopicsResponse response;
  for (const ListedTopic& topic : page.topics) {
    v1::DestinationTopic& listed = *response.add_topics();
    listed.set_name(CleanText(topic.name));
    listed.set_partitions(static_cast<uint32_t>(topic.partition_count));
    listed.set_replication_factor(
        static_cast<uint32_t>(topic.replication_factor));
    listed.set_not_selectable_reason(CleanText(topic.not_selectable_reason));
  }
  response.set_next_page_token(page.next_page_token);
  return response;
}

std::vector<PrecheckItem> CheckDestinationAndTopics(
    const Inspection& inspection) {
  DestinationTrial trial = TrialOf(inspection);
  // Of a source that can't be read its own items tell; the topics of tables
  // that nobody knows can't be judged.
  if (const auto tables = ReadTables(inspection); tables.ok()) {
    trial.use.plan = PlanTopics(*tables, inspection.spec.specified_topic,
                                inspection.spec.topic_name_format);
  }
  return PrecheckDestination(trial, inspection.clock);
}

}  // namespace binferry::worker
