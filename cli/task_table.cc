#include "cli/task_table.h"

#include <google/protobuf/util/time_util.h>

#include <algorithm>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"

namespace binferry::cli {
namespace {

absl::Time ToTime(const google::protobuf::Timestamp& time) {
  return absl::FromUnixSeconds(time.seconds()) +
         absl::Nanoseconds(time.nanos());
}

// The two largest units: "3d4h", "5m12s", "8s".
std::string Roughly(absl::Duration duration) {
  const int64_t seconds = std::max<int64_t>(0, absl::ToInt64Seconds(duration));
  if (seconds < 60) return absl::StrCat(seconds, "s");
  if (seconds < 3600) {
    return absl::StrCat(seconds / 60, "m", seconds % 60, "s");
  }
  if (seconds < 86400) {
    return absl::StrCat(seconds / 3600, "h", seconds / 60 % 60, "m");
  }
  return absl::StrCat(seconds / 86400, "d", seconds / 3600 % 24, "h");
}

std::string Ago(const google::protobuf::Timestamp& time, absl::Time now) {
  return absl::StrCat(Roughly(now - ToTime(time)), " ago");
}

std::string LagOf(const v1::TaskStatus& status) {
  if (!status.has_lag()) return "?";
  const int64_t ms =
      google::protobuf::util::TimeUtil::DurationToMilliseconds(status.lag());
  return ms < 10'000 ? absl::StrCat(ms, "ms") : Roughly(absl::Milliseconds(ms));
}

std::string IdOf(const std::string& name) {
  return name.substr(name.rfind('/') + 1);
}

void Line(std::string* page, absl::string_view title, absl::string_view text) {
  if (!text.empty()) {
    absl::StrAppendFormat(page, "%-14s %s\n",
                          title.empty() ? "" : absl::StrCat(title, ":"), text);
  }
}

std::string DescribeObjects(const v1::ObjectSelection& objects) {
  std::vector<std::string> words;
  for (const v1::DatabaseObject& database : objects.databases()) {
    const std::string mapped =
        database.mapped_name().empty()
            ? ""
            : absl::StrCat(" as ", database.mapped_name());
    if (database.all_tables()) {
      words.push_back(absl::StrCat(database.name(), ".*", mapped));
    }
    for (const v1::TableObject& table : database.tables()) {
      words.push_back(
          absl::StrCat(database.name(), ".", table.name(), mapped,
                       table.mapped_name().empty()
                           ? ""
                           : absl::StrCat(" as ", table.mapped_name())));
    }
    if (words.size() > 20) break;
  }
  if (words.size() > 20) {
    words.resize(20);
    words.push_back("...");
  }
  return absl::StrJoin(words, ", ");
}

// What the task does instead of failing; "" where it fails.
std::string DescribePolicies(const v1::Task& task) {
  std::vector<absl::string_view> words;
  if (task.invalid_text_policy() == v1::INVALID_TEXT_POLICY_REPLACE) {
    words.push_back("invalid text REPLACE");
  }
  if (task.unreadable_change_policy() == v1::UNREADABLE_CHANGE_POLICY_ALERT) {
    words.push_back("unreadable change ALERT");
  }
  return absl::StrJoin(words, ", ");
}

std::string DescribeCheck(const v1::ConnectionCheck& check, absl::Time now) {
  return absl::StrCat(check.passed() ? "PASSED" : "FAILED", " (",
                      Ago(check.time(), now), ") ", check.message());
}

void DescribePosition(const v1::Position& position, std::string* page) {
  Line(page, "Position",
       absl::StrCat(position.coordinates().file(), ":",
                    position.coordinates().position(),
                    position.rows_done() == 0
                        ? ""
                        : absl::StrCat(" and ", position.rows_done(),
                                       " rows of the transaction there")));
  Line(page, "GTID set", position.gtid_set());
  Line(page, "Last record", absl::StrCat("id ", position.last_record_id()));
}

void DescribeProgress(const v1::TaskStatus& status, std::string* page) {
  const v1::Counters& counters = status.counters();
  Line(page, "Lag", LagOf(status));
  Line(page, "Rate",
       absl::StrFormat("%.1f records/s, %.1f KiB/s of binlog",
                       status.rates().records_per_second(),
                       status.rates().binlog_bytes_per_second() / 1024));
  Line(page, "Records",
       absl::StrFormat("%d (%d inserts, %d updates, %d deletes)",
                       counters.records(), counters.inserts(),
                       counters.updates(), counters.deletes()));
  if (counters.ddl_omitted() > 0) {
    Line(page, "DDL omitted", absl::StrCat(counters.ddl_omitted()));
  }
  if (counters.replaced_texts() > 0) {
    Line(page, "Replaced",
         absl::StrCat(counters.replaced_texts(),
                      " texts have U+FFFD for bytes that are no text"));
  }
  if (counters.alerts() > 0) {
    Line(page, "Alerts",
         absl::StrCat(counters.alerts(),
                      " changes are missing, which the binlog does not have"));
  }
  if (status.has_position()) DescribePosition(status.position(), page);
}

void DescribeFault(const v1::Fault& fault, absl::Time now, std::string* page) {
  Line(page, "Last error",
       absl::StrCat(
           fault.code(), " ", Ago(fault.time(), now), ", attempt ",
           fault.attempts(),
           fault.has_next_retry_time()
               ? absl::StrCat(", next in ",
                              Roughly(ToTime(fault.next_retry_time()) - now))
               : ", not tried again by itself"));
  Line(page, "", fault.message());
}

}  // namespace

std::string StateName(v1::TaskState state) {
  std::string name = v1::TaskState_Name(state);
  return std::string(absl::StripPrefix(name, "TASK_STATE_"));
}

std::string FormatTable(const std::vector<std::vector<std::string>>& rows) {
  std::vector<size_t> widths;
  for (const std::vector<std::string>& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], row[i].size());
    }
  }
  std::string table;
  for (const std::vector<std::string>& row : rows) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      absl::StrAppend(&line, row[i],
                      std::string(widths[i] - row[i].size() + 2, ' '));
    }
    absl::StrAppend(&table, absl::StripTrailingAsciiWhitespace(line), "\n");
  }
  return table;
}

std::string TaskTable(const std::vector<v1::Task>& tasks, absl::Time now) {
  std::vector<std::vector<std::string>> rows = {{"NAME", "STATE", "LAG",
                                                 "RECORDS", "RECORDS/S",
                                                 "WORKER", "AGE", "ERROR"}};
  for (const v1::Task& task : tasks) {
    const v1::TaskStatus& status = task.status();
    rows.push_back(
        {IdOf(task.name()), StateName(status.state()), LagOf(status),
         absl::StrCat(status.counters().records()),
         absl::StrFormat("%.1f", status.rates().records_per_second()),
         status.worker().empty() ? "-" : status.worker(),
         Roughly(now - ToTime(task.create_time())),
         status.last_error().code()});
  }
  return FormatTable(rows);
}

std::string DescribeTask(const v1::Task& task, absl::Time now) {
  const v1::TaskStatus& status = task.status();
  std::string page;
  Line(&page, "Name", task.name());
  Line(&page, "Uid", task.uid());
  Line(&page, "Description", task.description());
  Line(&page, "State",
       absl::StrCat(StateName(status.state()), " since ",
                    Roughly(now - ToTime(status.state_time())),
                    status.state_message().empty() ? "" : "; ",
                    status.state_message()));
  Line(&page, "Can be", absl::StrJoin(status.available_actions(), ", "));
  if (task.has_start_time()) {
    Line(&page, "Start time",
         google::protobuf::util::TimeUtil::ToString(task.start_time()));
  }
  Line(&page, "Worker",
       status.worker().empty()
           ? "none"
           : absl::StrCat(status.worker(), " (epoch ", status.epoch(), ")"));
  Line(&page, "Generation",
       absl::StrCat(task.generation(), ", observed ",
                    status.observed_generation()));
  Line(&page, "Source",
       absl::StrCat(task.source().username(), "@", task.source().host(), ":",
                    task.source().port()));
  Line(&page, "Destination",
       absl::StrJoin(task.destination().bootstrap_servers(), ","));
  Line(&page, "Objects", DescribeObjects(task.objects()));
  Line(&page, "Policies", DescribePolicies(task));
  if (status.has_source_check()) {
    Line(&page, "Source check", DescribeCheck(status.source_check(), now));
  }
  if (status.has_destination_check()) {
    Line(&page, "Kafka check", DescribeCheck(status.destination_check(), now));
  }
  DescribeProgress(status, &page);
  if (status.has_last_error()) DescribeFault(status.last_error(), now, &page);
  for (const v1::TaskEvent& event : status.recent_events()) {
    Line(&page, &event == &status.recent_events(0) ? "Events" : "",
         absl::StrCat(Ago(event.time(), now), "  ", event.reason(), "  ",
                      event.message()));
  }
  return page;
}

std::string WorkerTable(const std::vector<v1::Worker>& workers,
                        absl::Time now) {
  std::vector<std::vector<std::string>> rows = {{"NAME", "STATE", "REGION",
                                                 "ZONE", "TASKS", "SLOTS",
                                                 "HEARD", "VERSION"}};
  for (const v1::Worker& worker : workers) {
    const std::string state = v1::WorkerState_Name(worker.state());
    rows.push_back({IdOf(worker.name()),
                    std::string(absl::StripPrefix(state, "WORKER_STATE_")),
                    worker.region(), worker.availability_zone(),
                    absl::StrCat(worker.slots_used()),
                    absl::StrCat(worker.slots()),
                    Ago(worker.last_heartbeat_time(), now), worker.version()});
  }
  return FormatTable(rows);
}

}  // namespace binferry::cli
