#include "controller/coordination/probe_proto.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "common/status_details.h"
#include "controller/rpc/spec_proto.h"
#include "controller/secrets/uuid.h"

namespace binferry::controller {
namespace {

namespace pb = coordination::v1;

std::string Cut(absl::string_view text) {
  return std::string(text.substr(0, kMaxPrecheckTextBytes));
}

// What a newer worker's result is that this controller does not know stands in
// the way of a start rather than not.
PrecheckResult ResultFromProto(v1::PrecheckResult result) {
  switch (static_cast<int>(result)) {
    case v1::PRECHECK_RESULT_PASSED:
      return PrecheckResult::kPassed;
    case v1::PRECHECK_RESULT_ALARM:
      return PrecheckResult::kAlarm;
  }
  return PrecheckResult::kFailed;
}

PrecheckItem ItemFromProto(const v1::PrecheckItem& in) {
  PrecheckItem out;
  out.id = Cut(in.id());
  out.title = Cut(in.title());
  out.group = Cut(in.group());
  out.result = ResultFromProto(in.result());
  out.found = Cut(in.found());
  out.wanted = Cut(in.wanted());
  out.cause = Cut(in.cause());
  out.remedy = Cut(in.remedy());
  const int shown =
      std::min(in.objects_size(), static_cast<int>(kMaxPrecheckObjects));
  for (int i = 0; i < shown; ++i) out.objects.push_back(Cut(in.objects(i)));
  out.objects_total = std::max<int64_t>(in.objects_total(), in.objects_size());
  return out;
}

Precheck PrecheckFromProto(const v1::Precheck& in) {
  Precheck out;
  out.generation = Generation(in.generation());
  const int kept =
      std::min(in.items_size(), static_cast<int>(kMaxPrecheckItems));
  for (int i = 0; i < kept; ++i) {
    out.items.push_back(ItemFromProto(in.items(i)));
  }
  return out;
}

ProbeAnswer AnswerFromProto(pb::ProbeResult result, const std::string& worker,
                            absl::Time now) {
  ProbeAnswer answer;
  answer.id = result.id();
  if (result.has_connection_test()) {
    v1::ConnectionTest* const test = result.mutable_connection_test();
    test->set_worker(worker);
    test->set_generation(result.generation());
    *test->mutable_time() = TimeToProto(now);
    answer.test =
        KeptTest{.endpoint = test->endpoint() == v1::ENDPOINT_DESTINATION
                                 ? TestedEndpoint::kDestination
                                 : TestedEndpoint::kSource,
                 .document = test->SerializeAsString()};
  } else if (result.has_precheck()) {
    v1::Precheck* const precheck = result.mutable_precheck();
    precheck->set_generation(result.generation());
    answer.precheck = PrecheckFromProto(*precheck);
    answer.precheck->worker = worker;
    answer.precheck->time = now;
  }
  answer.answer = result.SerializeAsString();
  return answer;
}

}  // namespace

absl::StatusOr<std::vector<ProbeAnswer>> AnswersFromProto(
    const pb::ReportProbeResultsRequest& request, absl::Time now) {
  if (request.ByteSizeLong() > kMaxProbeResultsBytes) {
    return InvalidFieldError("results", "are larger than 1 MiB: send less");
  }
  std::vector<ProbeAnswer> answers;
  for (const pb::ProbeResult& result : request.results()) {
    if (!IsUuid(result.id())) {
      return InvalidFieldError("results.id", "must be a UUID");
    }
    answers.push_back(AnswerFromProto(result, request.worker().name(), now));
  }
  return answers;
}

}  // namespace binferry::controller
