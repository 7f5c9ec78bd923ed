#include "worker/task/inspection_proto.h"

#include <google/protobuf/util/time_util.h>

#include <algorithm>
#include <cstdint>

#include "common/clean_text.h"
#include "worker/agent/report_text.h"

namespace binferry::worker {
namespace {

// Of an ENUM's type the rest of the labels helps nobody, and 4,096 columns must
// fit into an answer.
constexpr size_t kMaxTypeBytes = 60;
// A remedy may be a list of GRANT statements.
constexpr size_t kMaxRemedyBytes = 8000;

v1::PrecheckResult ToProto(PrecheckResult result) {
  switch (result) {
    case PrecheckResult::kPassed:
      return v1::PRECHECK_RESULT_PASSED;
    case PrecheckResult::kAlarm:
      return v1::PRECHECK_RESULT_ALARM;
    case PrecheckResult::kFailed:
      return v1::PRECHECK_RESULT_FAILED;
  }
  return v1::PRECHECK_RESULT_FAILED;
}

v1::ConnectionTestStep ToProto(const TestStep& step) {
  v1::ConnectionTestStep result;
  result.set_step(step.step);
  result.set_target(ReportText(step.target));
  result.set_passed(step.passed);
  result.set_message(ReportText(step.message));
  result.set_remedy(ReportText(step.remedy));
  *result.mutable_duration() =
      google::protobuf::util::TimeUtil::NanosecondsToDuration(
          absl::ToInt64Nanoseconds(step.duration));
  return result;
}

}  // namespace

v1::SourceDatabase ToProto(const SourceDatabase& database) {
  v1::SourceDatabase result;
  result.set_name(CleanText(database.name));
  result.set_not_selectable_reason(ReportText(database.not_selectable_reason));
  result.set_default_charset(CleanText(database.default_charset));
  result.set_tables(database.tables);
  return result;
}

v1::SourceTable ToProto(const SourceTable& table, const std::string& database) {
  v1::SourceTable result;
  result.set_database(CleanText(database));
  result.set_name(CleanText(table.name));
  result.set_engine(CleanText(table.engine));
  result.set_rows_estimate(table.rows_estimate);
  for (const std::string& column : table.primary_key) {
    result.add_primary_key(CleanText(column));
  }
  result.set_not_selectable_reason(ReportText(table.not_selectable_reason));
  return result;
}

v1::SourceColumn ToProto(const SourceColumn& column) {
  v1::SourceColumn result;
  result.set_name(CleanText(column.name));
  result.set_type(column.type.size() <= kMaxTypeBytes
                      ? CleanText(column.type)
                      : ReportText(column.type, kMaxTypeBytes) + "…");
  result.set_nullable(column.nullable);
  result.set_key_ordinal(column.key_ordinal);
  result.set_charset(CleanText(column.charset));
  result.set_generated(column.generated);
  result.set_invisible(column.invisible);
  return result;
}

v1::PrecheckItem ToProto(const PrecheckItem& item) {
  v1::PrecheckItem result;
  result.set_id(item.id);
  result.set_title(item.title);
  result.set_group(item.group);
  result.set_result(ToProto(item.result));
  result.set_found(ReportText(item.found));
  result.set_wanted(ReportText(item.wanted));
  result.set_cause(ReportText(item.cause));
  result.set_remedy(ReportText(item.remedy, kMaxRemedyBytes));
  const size_t count = std::min(item.objects.size(), PrecheckItem::kMaxObjects);
  for (size_t i = 0; i < count; ++i) {
    result.add_objects(ReportText(item.objects[i]));
  }
  result.set_objects_total(
      static_cast<uint32_t>(std::max(item.objects_total, item.objects.size())));
  return result;
}

v1::ConnectionTest ToProto(v1::Endpoint endpoint,
                           const std::vector<TestStep>& steps) {
  v1::ConnectionTest test;
  test.set_endpoint(endpoint);
  test.set_passed(!steps.empty());
  for (const TestStep& step : steps) {
    *test.add_steps() = ToProto(step);
    if (!step.passed) test.set_passed(false);
  }
  return test;
}

void ShrinkTo(size_t max_bytes, v1::Precheck* precheck) {
  for (int kept = static_cast<int>(PrecheckItem::kMaxObjects);
       kept > 0 && precheck->ByteSizeLong() > max_bytes;) {
    kept /= 2;
    for (v1::PrecheckItem& item : *precheck->mutable_items()) {
      if (item.objects_size() <= kept) continue;
      item.mutable_objects()->DeleteSubrange(kept, item.objects_size() - kept);
    }
  }
}

}  // namespace binferry::worker
