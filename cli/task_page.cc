#include "cli/task_page.h"

#include <algorithm>
#include <cstddef>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "cli/inspection_text.h"
#include "cli/task_table.h"
#include "cli/text_table.h"
#include "cli/time_text.h"

namespace binferry::cli {
namespace {

constexpr size_t kMaxObjects = 20;
constexpr size_t kMaxGtidSetCharacters = 200;

std::string Cut(const std::string& text) {
  if (text.size() <= kMaxGtidSetCharacters) return text;
  return absl::StrCat(text.substr(0, kMaxGtidSetCharacters), "... (",
                      text.size(), " characters; -o json has all)");
}

std::string MappedAs(const std::string& name) {
  return name.empty() ? "" : absl::StrCat(" as ", name);
}

std::string DescribeObjects(const v1::ObjectSelection& objects) {
  std::vector<std::string> words;
  for (const v1::DatabaseObject& database : objects.databases()) {
    const std::string name =
        database.name_pattern().empty()
            ? database.name()
            : absl::StrCat("/", database.name_pattern(), "/");
    const std::string mapped = MappedAs(database.mapped_name());
    if (database.all_tables()) words.push_back(name + ".*" + mapped);
    for (const v1::TablePattern& pattern : database.table_patterns()) {
      words.push_back(absl::StrCat(name, "./", pattern.pattern(), "/", mapped));
    }
    for (const v1::TableObject& table : database.tables()) {
      words.push_back(absl::StrCat(name, ".", table.name(), mapped,
                                   MappedAs(table.mapped_name())));
      if (words.size() > kMaxObjects) break;
    }
    if (database.excluded_tables_size() > 0) {
      words.push_back(absl::StrCat("without ", database.excluded_tables_size(),
                                   " tables of ", name));
    }
    if (words.size() > kMaxObjects) break;
  }
  if (words.size() > kMaxObjects) {
    words.resize(kMaxObjects);
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

std::string DescribeOptions(const v1::Task& task) {
  std::vector<std::string> words;
  if (task.record_options().position_headers()) {
    words.push_back("position headers");
  }
  if (task.record_options().tombstones()) words.push_back("tombstones");
  if (task.max_binlog_bytes_per_second() > 0) {
    words.push_back(absl::StrFormat(
        "at most %.1f MiB/s of binlog",
        static_cast<double>(task.max_binlog_bytes_per_second()) / (1 << 20)));
  }
  return absl::StrJoin(words, ", ");
}

std::string DescribeTags(const v1::Task& task) {
  std::vector<std::string> words;
  for (const auto& [key, value] : task.tags()) {
    words.push_back(value.empty() ? key : absl::StrCat(key, "=", value));
  }
  std::sort(words.begin(), words.end());
  return absl::StrJoin(words, ", ");
}

std::string DescribeSource(const v1::Source& source) {
  const std::string tls = v1::TlsMode_Name(source.tls_mode());
  return absl::StrCat(
      source.username(), "@", source.host(), ":", source.port(),
      source.tls_mode() <= v1::TLS_MODE_DISABLED
          ? ", without TLS: rows and password can be read on "
            "the way"
          : absl::StrCat(", TLS ", absl::StripPrefix(tls, "TLS_MODE_")));
}

std::string DescribeDestination(const v1::Destination& destination) {
  const std::string protocol =
      v1::SecurityProtocol_Name(destination.security_protocol());
  const std::string mechanism =
      v1::SaslMechanism_Name(destination.sasl_mechanism());
  std::string text = absl::StrJoin(destination.bootstrap_servers(), ",");
  if (destination.security_protocol() != v1::SECURITY_PROTOCOL_UNSPECIFIED) {
    absl::StrAppend(&text, ", ",
                    absl::StripPrefix(protocol, "SECURITY_PROTOCOL_"));
  }
  if (destination.sasl_mechanism() != v1::SASL_MECHANISM_UNSPECIFIED) {
    absl::StrAppend(&text, " ",
                    absl::StripPrefix(mechanism, "SASL_MECHANISM_"));
  }
  return text;
}

void DescribeDefinition(const v1::Task& task, std::string* page) {
  AppendLine("Source", DescribeSource(task.source()), page);
  AppendLine("Destination", DescribeDestination(task.destination()), page);
  AppendLine("Objects", DescribeObjects(task.objects()), page);
  AppendLine("Policies", DescribePolicies(task), page);
  AppendLine("Options", DescribeOptions(task), page);
}

std::string PlaceOf(const v1::Position& position) {
  return absl::StrCat(position.coordinates().file(), ":",
                      position.coordinates().position());
}

void DescribePositions(const v1::TaskStatus& status, std::string* page) {
  const v1::Position& applied = status.position();
  if (status.has_position()) {
    AppendLine("Position",
               absl::StrCat(PlaceOf(applied),
                            applied.rows_done() == 0
                                ? ""
                                : absl::StrCat(" and ", applied.rows_done(),
                                               " rows of the transaction "
                                               "there")),
               page);
    AppendLine("GTID set", Cut(applied.gtid_set()), page);
    AppendLine("Last record", absl::StrCat("id ", applied.last_record_id()),
               page);
  }
  if (status.has_source_position()) {
    AppendLine("Source end", PlaceOf(status.source_position()), page);
    AppendLine("Source GTIDs", Cut(status.source_position().gtid_set()), page);
  }
}

void DescribeCounters(const v1::Counters& counters, std::string* page) {
  AppendLine("Records",
             absl::StrFormat("%d (%d inserts, %d updates, %d deletes)",
                             counters.records(), counters.inserts(),
                             counters.updates(), counters.deletes()),
             page);
  if (counters.ddl_omitted() > 0) {
    AppendLine("DDL omitted", absl::StrCat(counters.ddl_omitted()), page);
  }
  if (counters.replaced_texts() > 0) {
    AppendLine("Replaced",
               absl::StrCat(counters.replaced_texts(),
                            " texts have U+FFFD for bytes that are no text"),
               page);
  }
  if (counters.alerts() > 0) {
    AppendLine("Alerts",
               absl::StrCat(counters.alerts(),
                            " changes are missing, which the binlog does not "
                            "have"),
               page);
  }
}

// Why the source is read no faster.
std::string WaitsFor(const std::string& reason) {
  if (reason == "DESTINATION") return "; Kafka takes no more";
  if (reason == "ENCODERS") return "; the encoders have all that they can do";
  if (reason == "RATE_LIMIT") return "; the rate limit is reached";
  if (reason.empty() || reason == "SOURCE") return "; waits for the source";
  return absl::StrCat("; ", reason);
}

void DescribeLoad(const v1::TaskStatus& status, std::string* page) {
  AppendLine("Lag", LagOf(status), page);
  AppendLine(
      "Rate",
      absl::StrFormat("%.1f records/s, %.1f transactions/s, %.1f KiB/s of "
                      "binlog",
                      status.rates().records_per_second(),
                      status.rates().transactions_per_second(),
                      status.rates().binlog_bytes_per_second() / 1024),
      page);
  if (!status.has_load()) return;
  const v1::PipelineLoad& load = status.load();
  AppendLine("Load",
             absl::StrFormat(
                 "%.1f of %.1f MiB for rows, %d of %d records queued%s",
                 static_cast<double>(load.memory_bytes()) / (1 << 20),
                 static_cast<double>(load.memory_limit_bytes()) / (1 << 20),
                 load.queued_records(), load.queued_records_limit(),
                 WaitsFor(load.back_pressure_reason())),
             page);
}

void DescribeTopTables(const v1::TaskStatus& status, std::string* page) {
  if (status.top_tables().empty()) return;
  std::vector<std::vector<std::string>> rows = {
      {"table", "inserts", "updates", "deletes", "bytes"}};
  for (const v1::TableCounters& table : status.top_tables()) {
    rows.push_back(
        {absl::StrCat(table.database(), ".", table.table()),
         absl::StrCat(table.inserts()), absl::StrCat(table.updates()),
         absl::StrCat(table.deletes()), absl::StrCat(table.record_bytes())});
  }
  AppendLine("Top tables", absl::StripSuffix(FormatTable(rows), "\n"), page);
}

void DescribeFault(const v1::Fault& fault, absl::Time now, std::string* page) {
  std::string head = absl::StrCat(fault.code(), " ", Ago(fault.time(), now),
                                  ", attempt ", fault.attempts());
  if (fault.has_first_time() && fault.attempts() > 1) {
    absl::StrAppend(&head, " since ", Ago(fault.first_time(), now));
  }
  absl::StrAppend(
      &head, fault.has_next_retry_time()
                 ? absl::StrCat(", next in ",
                                Roughly(ToTime(fault.next_retry_time()) - now))
                 : ", not tried again by itself");
  AppendLine("Last error", head, page);
  AppendLine("", fault.message(), page);
  // Many messages end with their remedy.
  if (!absl::StrContains(fault.message(), fault.remedy())) {
    AppendLine("What to do", fault.remedy(), page);
  }
}

void DescribeEvents(const v1::TaskStatus& status, absl::Time now,
                    std::string* page) {
  absl::string_view title = "Events";
  for (const v1::TaskEvent& event : status.recent_events()) {
    AppendLine(title,
               absl::StrCat(Ago(event.time(), now), "  ", event.reason(), "  ",
                            event.message()),
               page);
    title = "";
  }
}

void DescribeState(const v1::Task& task, absl::Time now, std::string* page) {
  const v1::TaskStatus& status = task.status();
  AppendLine("State",
             absl::StrCat(StateName(status.state()), " since ",
                          Roughly(now - ToTime(status.state_time())),
                          status.state_message().empty() ? "" : "; ",
                          status.state_message()),
             page);
  AppendLine("Can be", absl::StrJoin(status.available_actions(), ", "), page);
  if (task.has_start_time()) {
    AppendLine("Start time", Clock(task.start_time()), page);
  }
  AppendLine(
      "Worker",
      status.worker().empty()
          ? "none"
          : absl::StrCat(status.worker(), " (epoch ", status.epoch(),
                         status.has_report_time()
                             ? ", heard of " + Ago(status.report_time(), now)
                             : "",
                         ")"),
      page);
  AppendLine("Generation",
             absl::StrCat(task.generation(), ", observed ",
                          status.observed_generation()),
             page);
}

}  // namespace

std::string DescribeTask(const v1::Task& task, absl::Time now) {
  const v1::TaskStatus& status = task.status();
  std::string page;
  AppendLine("Name", task.name(), &page);
  AppendLine("Uid", task.uid(), &page);
  AppendLine("Description", task.description(), &page);
  AppendLine("Tags", DescribeTags(task), &page);
  DescribeState(task, now, &page);
  DescribeDefinition(task, &page);
  if (status.has_source_test()) {
    AppendLine("Source test", TestSummary(status.source_test(), now), &page);
  }
  if (status.has_destination_test()) {
    AppendLine("Kafka test", TestSummary(status.destination_test(), now),
               &page);
  }
  DescribeLoad(status, &page);
  DescribeCounters(status.counters(), &page);
  DescribePositions(status, &page);
  DescribeTopTables(status, &page);
  if (status.has_last_error()) DescribeFault(status.last_error(), now, &page);
  DescribeEvents(status, now, &page);
  return page;
}

}  // namespace binferry::cli
