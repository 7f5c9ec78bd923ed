// What workers found out about a task's source and destination, for people.
#ifndef BINFERRY_CLI_INSPECTION_TEXT_H_
#define BINFERRY_CLI_INSPECTION_TEXT_H_

#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "binferry/v1/inspection.pb.h"
#include "binferry/v1/inspection_service.pb.h"

namespace binferry::cli {

// A head, a line a step, and the cause and remedy of each that failed.
std::string TestPage(const v1::ConnectionTest& test, absl::Time now);

// One line of a test: "PASSED", or which step failed and why.
std::string TestSummary(const v1::ConnectionTest& test, absl::Time now);

// The items by group in the order of their first ones, those that passed in a
// line each, of the others all that is known; then how many there are of each
// result and what to do next. `id` is the task's, for the commands.
std::string PrecheckPage(const v1::Precheck& precheck, absl::string_view id,
                         absl::Time now);

// The same with only the items that stand in the way of a start.
std::string OpenItemsPage(const v1::Precheck& precheck, absl::string_view id,
                          absl::Time now);

// An ALARM that nobody has confirmed.
bool IsToBeConfirmed(const v1::PrecheckItem& item);

std::string DatabaseTable(const v1::ListDatabasesResponse& response);
std::string SourceTableTable(const v1::ListTablesResponse& response);
std::string ColumnTable(const v1::ListColumnsResponse& response);
std::string TopicTable(const v1::ListTopicsResponse& response);
std::string PositionPage(const v1::SourcePosition& position);

}  // namespace binferry::cli

#endif  // BINFERRY_CLI_INSPECTION_TEXT_H_
