#include "cli/inspection_text.h"

#include <algorithm>
#include <map>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "cli/text_table.h"
#include "cli/time_text.h"

namespace binferry::cli {
namespace {

constexpr int kShownObjects = 5;

std::string EndpointName(v1::Endpoint endpoint) {
  return endpoint == v1::ENDPOINT_DESTINATION ? "destination" : "source";
}

std::string ResultName(v1::PrecheckResult result) {
  const std::string name = v1::PrecheckResult_Name(result);
  return std::string(absl::StripPrefix(name, "PRECHECK_RESULT_"));
}

// `text` behind its name, further lines indented alike; nothing if it is empty.
void Detail(absl::string_view name, absl::string_view text, std::string* page) {
  if (text.empty()) return;
  absl::StrAppend(
      page, "            ", name, ": ",
      std::string(7 - std::min<size_t>(7, name.size()), ' '),
      absl::StrReplaceAll(text, {{"\n", "\n" + std::string(21, ' ')}}), "\n");
}

std::string ObjectsOf(const v1::PrecheckItem& item) {
  std::vector<absl::string_view> shown;
  for (const std::string& object : item.objects()) {
    if (shown.size() == kShownObjects) break;
    shown.push_back(object);
  }
  const size_t total = std::max<size_t>(
      item.objects_total(), static_cast<size_t>(item.objects_size()));
  return absl::StrCat(absl::StrJoin(shown, ", "),
                      total > shown.size()
                          ? absl::StrCat(" and ", total - shown.size(), " more")
                          : "");
}

void AppendItem(const v1::PrecheckItem& item, size_t id_width, absl::Time now,
                std::string* page) {
  const std::string result = ResultName(item.result());
  absl::StrAppend(page, "  ", result,
                  std::string(8 - std::min<size_t>(7, result.size()), ' '),
                  item.id(), std::string(id_width - item.id().size() + 2, ' '),
                  item.title());
  if (item.confirmed()) {
    absl::StrAppend(page, " (confirmed by ", item.confirmed_by(), " ",
                    Ago(item.confirm_time(), now), ")");
  }
  absl::StrAppend(page, "\n");
  if (item.result() == v1::PRECHECK_RESULT_PASSED) return;
  Detail("found", item.found(), page);
  Detail("wanted", item.wanted(), page);
  Detail("cause", item.cause(), page);
  Detail("remedy", item.remedy(), page);
  Detail("on", ObjectsOf(item), page);
}

bool IsOpen(const v1::PrecheckItem& item) {
  return item.result() == v1::PRECHECK_RESULT_FAILED ||
         item.result() == v1::PRECHECK_RESULT_VOID || IsToBeConfirmed(item);
}

// What counts, and what comes next.
std::string Conclusion(const v1::Precheck& precheck, absl::string_view id) {
  size_t passed = 0;
  size_t failed = 0;
  size_t confirmed = 0;
  size_t is_void = 0;
  std::vector<std::string> open_alarms;
  for (const v1::PrecheckItem& item : precheck.items()) {
    if (item.result() == v1::PRECHECK_RESULT_PASSED) ++passed;
    if (item.result() == v1::PRECHECK_RESULT_FAILED) ++failed;
    if (item.result() == v1::PRECHECK_RESULT_VOID) ++is_void;
    if (IsToBeConfirmed(item)) open_alarms.push_back(item.id());
    if (item.confirmed()) ++confirmed;
  }
  std::string text =
      absl::StrCat(passed, " passed, ", failed, " failed, ", open_alarms.size(),
                   " to be confirmed, ", confirmed, " confirmed");
  if (is_void > 0) absl::StrAppend(&text, ", ", is_void, " void");
  if (precheck.ready()) {
    return absl::StrCat(text, ": the task can start.\n\n  binferry task start ",
                        id, "\n");
  }
  absl::StrAppend(&text, ": the task can't start yet.\n\n");
  if (failed > 0) {
    absl::StrAppend(&text, "Repair what FAILED, then check again:\n");
  } else if (is_void > 0) {
    absl::StrAppend(&text,
                    "The task was changed since what is VOID was looked at; "
                    "check again:\n");
  }
  if (failed > 0 || is_void > 0) {
    absl::StrAppend(&text, "\n  binferry task check ", id, "\n\n");
  }
  if (!open_alarms.empty()) {
    if (open_alarms.size() > kShownObjects) open_alarms = {"--all"};
    absl::StrAppend(&text,
                    "Confirm each ALARM whose consequence you accept:\n\n"
                    "  binferry task confirm ",
                    id, " ", absl::StrJoin(open_alarms, " "), "\n");
  }
  return text;
}

template <typename Wanted>
std::string Page(const v1::Precheck& precheck, absl::string_view id,
                 absl::Time now, Wanted wanted) {
  std::vector<std::string> groups;
  std::map<std::string, std::string> items;
  size_t id_width = 0;
  for (const v1::PrecheckItem& item : precheck.items()) {
    if (wanted(item)) id_width = std::max(id_width, item.id().size());
  }
  for (const v1::PrecheckItem& item : precheck.items()) {
    if (!wanted(item)) continue;
    if (items.count(item.group()) == 0) groups.push_back(item.group());
    AppendItem(item, id_width, now, &items[item.group()]);
  }
  std::string page = absl::StrCat("Checked ", Ago(precheck.time(), now), " by ",
                                  precheck.worker(), ", generation ",
                                  precheck.generation(), "\n");
  for (const std::string& group : groups) {
    absl::StrAppend(&page, "\n", group, "\n", items[group]);
  }
  return absl::StrCat(page, "\n", Conclusion(precheck, id));
}

}  // namespace

bool IsToBeConfirmed(const v1::PrecheckItem& item) {
  return item.result() == v1::PRECHECK_RESULT_ALARM && !item.confirmed();
}

std::string PrecheckPage(const v1::Precheck& precheck, absl::string_view id,
                         absl::Time now) {
  return Page(precheck, id, now, [](const v1::PrecheckItem&) { return true; });
}

std::string OpenItemsPage(const v1::Precheck& precheck, absl::string_view id,
                          absl::Time now) {
  return Page(precheck, id, now, IsOpen);
}

std::string TestPage(const v1::ConnectionTest& test, absl::Time now) {
  std::string page = absl::StrCat(
      "Test of the ", EndpointName(test.endpoint()), ": ",
      test.passed() ? "PASSED" : "FAILED", " (by ", test.worker(), ", ",
      Ago(test.time(), now), ", generation ", test.generation(), ")\n");
  std::vector<std::vector<std::string>> rows = {
      {"STEP", "TARGET", "RESULT", "TIME", "FOUND"}};
  std::string remedies;
  for (const v1::ConnectionTestStep& step : test.steps()) {
    rows.push_back({step.step(), step.target(), step.passed() ? "ok" : "FAILED",
                    Briefly(step.duration()),
                    step.passed() ? step.message() : ""});
    if (step.passed()) continue;
    absl::StrAppend(&remedies, "\n", step.step(), " of ", step.target(),
                    " failed: ", step.message(), "\n",
                    step.remedy().empty()
                        ? ""
                        : absl::StrCat("What to do: ", step.remedy(), "\n"));
  }
  return absl::StrCat(page, FormatTable(rows), remedies);
}

std::string TestSummary(const v1::ConnectionTest& test, absl::Time now) {
  std::string text = absl::StrCat(test.passed() ? "PASSED" : "FAILED", " (",
                                  Ago(test.time(), now), ", generation ",
                                  test.generation(), ")");
  for (const v1::ConnectionTestStep& step : test.steps()) {
    if (step.passed()) continue;
    absl::StrAppend(&text, "\n", step.step(), " of ", step.target(), ": ",
                    step.message(), step.remedy().empty() ? "" : "\n",
                    step.remedy());
  }
  return text;
}

std::string DatabaseTable(const v1::ListDatabasesResponse& response) {
  std::vector<std::vector<std::string>> rows = {
      {"DATABASE", "TABLES", "CHARSET", "CAN'T BE SELECTED BECAUSE"}};
  for (const v1::SourceDatabase& database : response.databases()) {
    rows.push_back({database.name(), absl::StrCat(database.tables()),
                    database.default_charset(),
                    database.not_selectable_reason()});
  }
  return FormatTable(rows);
}

std::string SourceTableTable(const v1::ListTablesResponse& response) {
  std::vector<std::vector<std::string>> rows = {
      {"TABLE", "ENGINE", "ROWS", "KEY", "CAN'T BE SELECTED BECAUSE"}};
  for (const v1::SourceTable& table : response.tables()) {
    rows.push_back(
        {table.name(), table.engine(), absl::StrCat("~", table.rows_estimate()),
         table.primary_key().empty() ? "-"
                                     : absl::StrJoin(table.primary_key(), ","),
         table.not_selectable_reason()});
  }
  return FormatTable(rows);
}

std::string ColumnTable(const v1::ListColumnsResponse& response) {
  std::vector<std::vector<std::string>> rows = {
      {"COLUMN", "TYPE", "KEY", "NULL", "CHARSET", "KIND"}};
  for (const v1::SourceColumn& column : response.columns()) {
    std::vector<absl::string_view> kinds;
    if (column.generated()) kinds.push_back("generated");
    if (column.invisible()) kinds.push_back("invisible");
    rows.push_back(
        {column.name(), column.type(),
         column.key_ordinal() == 0 ? "" : absl::StrCat(column.key_ordinal()),
         column.nullable() ? "yes" : "no", column.charset(),
         absl::StrJoin(kinds, ", ")});
  }
  return FormatTable(rows);
}

std::string TopicTable(const v1::ListTopicsResponse& response) {
  std::vector<std::vector<std::string>> rows = {
      {"TOPIC", "PARTITIONS", "REPLICAS", "CAN'T BE CHOSEN BECAUSE"}};
  for (const v1::DestinationTopic& topic : response.topics()) {
    rows.push_back({topic.name(), absl::StrCat(topic.partitions()),
                    absl::StrCat(topic.replication_factor()),
                    topic.not_selectable_reason()});
  }
  return FormatTable(rows);
}

std::string PositionPage(const v1::SourcePosition& position) {
  std::string page;
  const v1::BinlogCoordinates& place = position.position().coordinates();
  AppendLine("Position", absl::StrCat(place.file(), ":", place.position()),
             &page);
  AppendLine("GTID set",
             position.position().gtid_set().empty()
                 ? "none: the source has no GTIDs"
                 : position.position().gtid_set(),
             &page);
  AppendLine("Oldest file", position.oldest_file(), &page);
  AppendLine("Purged GTIDs", position.purged_gtid_set(), &page);
  AppendLine("Server",
             absl::StrCat("version ", position.server_version(), ", uuid ",
                          position.server_uuid()),
             &page);
  return page;
}

}  // namespace binferry::cli
