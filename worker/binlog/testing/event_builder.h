// Raw binlog events for tests, as a server would send them.
#ifndef BINFERRY_WORKER_BINLOG_TESTING_EVENT_BUILDER_H_
#define BINFERRY_WORKER_BINLOG_TESTING_EVENT_BUILDER_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "worker/binlog/event_header.h"
#include "worker/binlog/events.h"
#include "worker/binlog/gtid_set.h"
#include "worker/schema/row.h"
#include "worker/schema/table_schema.h"

namespace binferry::worker {

// Composes the events of one stream in order and keeps count of positions. Each
// verb returns one raw event: header, body, checksum. What a dump sends first:
//
//   EventBuilder binlog;
//   events = {binlog.FakeRotate(), binlog.FormatDescription(),
//             binlog.PreviousGtids(GtidSet()), binlog.Gtid(gtid),
//             binlog.Query("", "BEGIN"), binlog.TableMap(7, schema),
//             binlog.Rows(7, {.kind = RowsEvent::Kind::kWrite,
//                             .schema = &schema, .after = {{...}}}),
//             binlog.Xid(1)};
//
// Built for what Binferry reads: FULL metadata, rows version 2.
class EventBuilder {
 public:
  struct Options {
    std::string file = "binlog.000001";
    uint64_t position = 4;  // Of the first event.
    ChecksumAlgorithm checksum = ChecksumAlgorithm::kCrc32;
    std::string server_version = "9.7.4";
    uint32_t server_id = 1;
  };

  // Rows of `schema`: values by column, kAbsent where the image lacks it (the
  // same columns in all rows). `before` for UPDATE and DELETE, `after` for
  // INSERT and UPDATE; of equal length for UPDATE. The bytes of a JSON column
  // are a binary document.
  //
  // With `diff_columns`, the event is PARTIAL_UPDATE_ROWS. It has for each row
  // the columns whose bytes, in the after image, are not a document but diffs.
  struct RowsSpec {
    RowsEvent::Kind kind = RowsEvent::Kind::kWrite;
    const TableSchema* schema = nullptr;
    std::vector<std::vector<Value>> before;
    std::vector<std::vector<Value>> after;
    bool ends_statement = true;
    std::vector<std::vector<size_t>> diff_columns = {};
  };

  EventBuilder();
  explicit EventBuilder(Options options);

  std::string FakeRotate();  // To the builder's own file and position.
  std::string FormatDescription(bool is_server_start = false);
  std::string PreviousGtids(const GtidSet& gtids);
  // With the commit time of clock(), tagged where the GTID has a tag.
  std::string Gtid(const worker::Gtid& gtid, uint64_t transaction_length = 0);
  std::string AnonymousGtid(uint64_t transaction_length = 0);
  // `updated_databases`: as servers write them with statements that change rows
  // or define tables; empty: not written.
  std::string Query(absl::string_view database, absl::string_view text,
                    const std::vector<std::string>& updated_databases = {});
  std::string TableMap(uint64_t table_id, const TableSchema& schema);
  std::string Rows(uint64_t table_id, const RowsSpec& rows);
  std::string Xid(uint64_t xid);
  std::string Heartbeat();  // Version 1, at the present place.
  std::string HeartbeatV2();
  std::string Stop();
  // The real ROTATE; what follows stands in `file` from 4 on.
  std::string Rotate(absl::string_view file);
  // Any event; `body` without checksum.
  std::string Raw(uint8_t type, absl::string_view body, uint16_t flags = 0);

  // Microseconds since 1970 of the events to come; `timestamp` in the headers.
  void set_clock(uint64_t micros) { micros_ = micros; }
  uint64_t clock() const { return micros_; }
  // Of the GTID events to come: whether their groups may hold statements.
  void set_may_have_statements(bool may) { may_have_statements_ = may; }
  const std::string& file() const { return options_.file; }
  uint64_t position() const { return position_; }
  // Pretends that bytes were written that nobody sees.
  void SkipTo(uint64_t position) { position_ = position; }

 private:
  // An event that stands in no file: adds nothing to the position.
  std::string Unwritten(EventType type, absl::string_view body,
                        uint32_t log_pos, uint16_t flags) const;
  std::string Compose(uint8_t type, absl::string_view body, uint32_t log_pos,
                      uint16_t flags) const;
  std::string GtidTail(uint64_t transaction_length) const;

  Options options_;
  uint64_t position_;
  uint64_t micros_ = 1'700'000'000'000'000;
  bool may_have_statements_ = false;
};

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_BINLOG_TESTING_EVENT_BUILDER_H_
