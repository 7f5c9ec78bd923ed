// A source in memory: a binlog that tests write and pipelines read.
#ifndef BINFERRY_WORKER_PIPELINE_TESTING_SCRIPTED_SERVER_H_
#define BINFERRY_WORKER_PIPELINE_TESTING_SCRIPTED_SERVER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "worker/binlog/binlog_source.h"
#include "worker/binlog/gtid_set.h"
#include "worker/binlog/testing/event_builder.h"
#include "worker/binlog/testing/scripted_binlog_source.h"
#include "worker/pipeline/pipeline_options.h"
#include "worker/schema/checkpoint.h"
#include "worker/schema/table_schema.h"

namespace binferry::worker {

using Row = std::vector<Value>;

// Rows events of one statement on one table.
EventBuilder::RowsSpec InsertOf(const TableSchema& schema,
                                std::vector<Row> after);
EventBuilder::RowsSpec UpdateOf(const TableSchema& schema,
                                std::vector<Row> before,
                                std::vector<Row> after);
EventBuilder::RowsSpec DeleteOf(const TableSchema& schema,
                                std::vector<Row> before);

// A table `id INT PRIMARY KEY, c VARCHAR`; `has_key` false: without the key.
TableSchema IdAndText(absl::string_view database, absl::string_view table,
                      bool has_key = true);

// One binlog file of a server with GTIDs. Thread-compatible, and shared with
// the sources that it opened only in what they copied.
class ScriptedServer {
 public:
  ScriptedServer();

  // A transaction of these events, each with its TABLE_MAP.
  void Transaction(const std::vector<EventBuilder::RowsSpec>& events);
  // Whether Transaction compresses what stands behind the GTID.
  void set_compresses(bool compresses) { compresses_ = compresses; }
  // A group of one statement, which changes tables of its default database, or
  // of `updated_databases`.
  void Statement(absl::string_view database, absl::string_view text,
                 const std::vector<std::string>& updated_databases = {});
  // Any group; `gtid` opens it.
  void Group(std::vector<std::string> events_after_gtid);

  // The next event's builder, for Group.
  EventBuilder* builder() { return &builder_; }
  // Opens the next group: GTID, and BEGIN.
  std::vector<std::string> Begin();
  std::string NextGtid();

  // Streams what a dump by GTID would send, as of the time of opening; then
  // `end`, or nothing more where that is OK.
  SourceOpener Opener(absl::Status end = absl::OkStatus());
  // Streams it with file and position, as a source without GTIDs.
  StartResolver StartOfFile() const;

  // The source opened last; as long as its pipeline runs.
  ScriptedBinlogSource* source() { return source_; }
  // Of the groups written so far.
  const GtidSet& executed() const { return executed_; }
  int open_count() const { return open_count_; }
  uint64_t next_number() const { return next_number_; }

 private:
  struct Written {
    Gtid gtid;
    uint64_t position = 0;
    std::vector<std::string> events;
  };

  Gtid TakeGtid();

  EventBuilder builder_;
  std::vector<std::string> head_;
  uint64_t head_end_ = 0;
  std::vector<Written> groups_;
  GtidSet executed_;
  uint64_t next_number_ = 1;
  uint64_t group_start_ = 0;
  bool compresses_ = false;
  ScriptedBinlogSource* source_ = nullptr;
  int open_count_ = 0;
};

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_PIPELINE_TESTING_SCRIPTED_SERVER_H_
