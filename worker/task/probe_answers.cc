#include "worker/task/probe_answers.h"

#include <utility>
#include <vector>

#include "common/remedy.h"
#include "common/status_macros.h"
#include "worker/task/destination_inspection.h"
#include "worker/task/inspection.h"
#include "worker/task/inspection_proto.h"
#include "worker/task/source_inspection.h"
#include "worker/task/spec_conversion.h"

namespace binferry::worker {
namespace {

namespace pb = coordination::v1;

// Puts what a list or a question came to into `*out`.
template <typename Answer>
absl::Status Put(absl::StatusOr<Answer> answer, Answer* out) {
  if (!answer.ok()) return answer.status();
  *out = *std::move(answer);
  return absl::OkStatus();
}

v1::Precheck Precheck(const Inspection& inspection) {
  v1::Precheck precheck;
  for (const PrecheckItem& item : CheckSourceAndObjects(inspection)) {
    *precheck.add_items() = ToProto(item);
  }
  for (const PrecheckItem& item : CheckDestinationAndTopics(inspection)) {
    *precheck.add_items() = ToProto(item);
  }
  ShrinkTo(ProbeRunner::kMaxResultBytes, &precheck);
  return precheck;
}

absl::Status AnswerAboutSource(const pb::Probe& probe,
                               const Inspection& inspection,
                               pb::ProbeResult* result) {
  switch (probe.question_case()) {
    case pb::Probe::kListDatabases:
      return Put(ListDatabases(inspection, probe.list_databases()),
                 result->mutable_databases());
    case pb::Probe::kListTables:
      return Put(ListTables(inspection, probe.list_tables()),
                 result->mutable_tables());
    case pb::Probe::kListColumns:
      return Put(ListColumns(inspection, probe.list_columns()),
                 result->mutable_columns());
    case pb::Probe::kGetSourcePosition:
      return Put(GetSourcePosition(inspection),
                 result->mutable_source_position());
    case pb::Probe::kTestConnection:
    case pb::Probe::kListTopics:
    case pb::Probe::kRunPrecheck:
    case pb::Probe::QUESTION_NOT_SET:
      break;
  }
  *result->mutable_connection_test() = TestSource(inspection);
  return absl::OkStatus();
}

absl::Status AnswerAboutDestination(const pb::Probe& probe,
                                    const Inspection& inspection,
                                    pb::ProbeResult* result) {
  if (probe.has_list_topics()) {
    return Put(ListTopics(inspection, probe.list_topics()),
               result->mutable_topics());
  }
  *result->mutable_connection_test() = TestDestination(inspection);
  return absl::OkStatus();
}

// What a question is about.
enum class Side { kSource, kDestination, kBoth };

absl::StatusOr<Side> SideOf(const pb::Probe& probe) {
  switch (probe.question_case()) {
    case pb::Probe::kTestConnection:
      return probe.test_connection().endpoint() == v1::ENDPOINT_DESTINATION
                 ? Side::kDestination
                 : Side::kSource;
    case pb::Probe::kListDatabases:
    case pb::Probe::kListTables:
    case pb::Probe::kListColumns:
    case pb::Probe::kGetSourcePosition:
      return Side::kSource;
    case pb::Probe::kListTopics:
      return Side::kDestination;
    case pb::Probe::kRunPrecheck:
      return Side::kBoth;
    case pb::Probe::QUESTION_NOT_SET:
      break;
  }
  return RemedyError(absl::StatusCode::kUnimplemented,
                     "this worker's version does not know the question",
                     "run workers of the controllers' version");
}

absl::StatusOr<TaskSpec> SpecFor(Side side,
                                 const pb::GetTaskSpecResponse& response) {
  switch (side) {
    case Side::kSource:
      return ConvertSourceSide(response);
    case Side::kDestination: {
      absl::StatusOr<TaskSpec> spec = ConvertDestinationSide(response);
      if (!spec.ok()) return spec;
      spec->state_prefix = response.runtime().state_topic_prefix();
      spec->transactional_id = response.runtime().transactional_id();
      return spec;
    }
    case Side::kBoth:
      break;
  }
  return ConvertTaskSpec(response);
}

absl::StatusOr<pb::ProbeResult> Answer(const pb::Probe& probe,
                                       const pb::GetTaskSpecResponse& response,
                                       Inspection inspection) {
  BINFERRY_ASSIGN_OR_RETURN(const Side side, SideOf(probe));
  BINFERRY_ASSIGN_OR_RETURN(inspection.spec, SpecFor(side, response));
  pb::ProbeResult result;
  switch (side) {
    case Side::kSource:
      BINFERRY_RETURN_IF_ERROR(AnswerAboutSource(probe, inspection, &result));
      break;
    case Side::kDestination:
      BINFERRY_RETURN_IF_ERROR(
          AnswerAboutDestination(probe, inspection, &result));
      break;
    case Side::kBoth:
      *result.mutable_precheck() = Precheck(inspection);
      break;
  }
  return result;
}

}  // namespace

ProbeRunner::Execute MakeProbeAnswers(const Clock* clock) {
  return
      [clock](const pb::Probe& probe, const pb::GetTaskSpecResponse& response,
              absl::Duration time_left, std::stop_token stop) {
        return Answer(probe, response,
                      {.spec = {},
                       .time_left = time_left,
                       .stop = std::move(stop),
                       .clock = clock});
      };
}

}  // namespace binferry::worker
