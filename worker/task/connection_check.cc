#include "worker/task/connection_check.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/status_macros.h"
#include "worker/agent/report_text.h"
#include "worker/mysql/connection.h"
#include "worker/mysql/source_check.h"
#include "worker/sink/kafka_admin.h"
#include "worker/task/destination_check.h"

namespace binferry::worker {
namespace {

namespace pb = coordination::v1;

constexpr absl::Duration kMaxConnectTimeout = absl::Seconds(5);
constexpr absl::Duration kMaxReadTimeout = absl::Seconds(20);
constexpr absl::Duration kMaxKafkaTimeout = absl::Seconds(8);

// Where every finding about the destination belongs to one field.
absl::Status Named(absl::string_view field, const absl::Status& status) {
  return absl::Status(status.code(),
                      absl::StrCat(field, ": ", status.message()));
}

absl::StatusOr<std::string> CheckSourceOf(const TaskSpec& spec,
                                          absl::Duration time_left) {
  ConnectionOptions options = spec.source;
  options.connect_timeout = std::min(time_left, kMaxConnectTimeout);
  options.read_timeout = std::min(time_left, kMaxReadTimeout);
  BINFERRY_ASSIGN_OR_RETURN(const std::unique_ptr<Connection> connection,
                            Connection::Connect(options));
  BINFERRY_ASSIGN_OR_RETURN(
      SourceFacts facts,
      ReadSourceFacts(connection.get(), options.user, spec.required_objects));
  facts.records_go_by_key =
      spec.partition_policy == PartitionPolicy::kPrimaryKeyHash;
  const SourceReport report = CheckSource(facts);
  BINFERRY_RETURN_IF_ERROR(report.ToStatus());
  std::string found =
      absl::StrCat("MySQL ", facts.variables.version, " at ", facts.where,
                   "; binlog settings, privileges and ",
                   spec.required_objects.size(), " objects are as needed");
  if (!report.notes.empty()) {
    absl::StrAppend(&found, ". Note: ", absl::StrJoin(report.notes, "; "));
  }
  return found;
}

absl::StatusOr<std::string> CheckDestinationOf(const TaskSpec& spec,
                                               absl::Duration time_left,
                                               std::stop_token stop,
                                               const Clock* clock) {
  BINFERRY_ASSIGN_OR_RETURN(
      const std::unique_ptr<KafkaAdmin> admin,
      KafkaAdmin::Create({.cluster = spec.destination,
                          .timeout = std::min(time_left, kMaxKafkaTimeout),
                          .interrupt = std::move(stop)},
                         clock));
  const absl::StatusOr<KafkaClusterDescription> cluster =
      admin->DescribeCluster();
  if (!cluster.ok()) return Named("destination", cluster.status());
  BINFERRY_ASSIGN_OR_RETURN(
      const std::string topics,
      CheckDestinationTopics(spec, *cluster, admin.get()));
  return absl::StrCat("Kafka cluster ", cluster->cluster_id, " with ",
                      cluster->brokers.size(), " brokers at ",
                      spec.destination.bootstrap_servers, topics);
}

}  // namespace

absl::StatusOr<pb::ProbeResult> CheckConnection(pb::ProbeKind kind,
                                                const Inspection& inspection) {
  absl::StatusOr<std::string> found = absl::UnimplementedError(
      absl::StrCat("this worker's version knows no probe of kind ", kind));
  switch (kind) {
    case pb::PROBE_KIND_CHECK_SOURCE:
      found = CheckSourceOf(inspection.spec, inspection.time_left);
      break;
    case pb::PROBE_KIND_CHECK_DESTINATION:
      found = CheckDestinationOf(inspection.spec, inspection.time_left,
                                 inspection.stop, inspection.clock);
      break;
    case pb::PROBE_KIND_UNSPECIFIED:
    case pb::ProbeKind_INT_MIN_SENTINEL_DO_NOT_USE_:
    case pb::ProbeKind_INT_MAX_SENTINEL_DO_NOT_USE_:
      break;
  }
  pb::ProbeResult result;
  result.set_passed(found.ok());
  result.set_message(ReportText(found.ok() ? absl::string_view(*found)
                                           : found.status().message()));
  return result;
}

}  // namespace binferry::worker
