#include "worker/binlog/event_header.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "worker/binlog/byte_reader.h"

namespace binferry::worker {
namespace {

// By number; "" where none is known.
constexpr absl::string_view kMysqlNames[] = {
    "UNKNOWN",
    "START_V3",
    "QUERY",
    "STOP",
    "ROTATE",
    "INTVAR",
    "LOAD",
    "SLAVE",
    "CREATE_FILE",
    "APPEND_BLOCK",
    "EXEC_LOAD",
    "DELETE_FILE",
    "NEW_LOAD",
    "RAND",
    "USER_VAR",
    "FORMAT_DESCRIPTION",
    "XID",
    "BEGIN_LOAD_QUERY",
    "EXECUTE_LOAD_QUERY",
    "TABLE_MAP",
    "PRE_GA_WRITE_ROWS",
    "PRE_GA_UPDATE_ROWS",
    "PRE_GA_DELETE_ROWS",
    "WRITE_ROWS version 1",
    "UPDATE_ROWS version 1",
    "DELETE_ROWS version 1",
    "INCIDENT",
    "HEARTBEAT",
    "IGNORABLE",
    "ROWS_QUERY",
    "WRITE_ROWS",
    "UPDATE_ROWS",
    "DELETE_ROWS",
    "GTID",
    "ANONYMOUS_GTID",
    "PREVIOUS_GTIDS",
    "TRANSACTION_CONTEXT",
    "VIEW_CHANGE",
    "XA_PREPARE",
    "PARTIAL_UPDATE_ROWS",
    "TRANSACTION_PAYLOAD",
    "HEARTBEAT version 2",
    "GTID_TAGGED",
    "LARGE_TRANSACTION_HEADER",
};

constexpr uint8_t kFirstMariadbType = 160;
constexpr absl::string_view kMariadbNames[] = {
    "MariaDB ANNOTATE_ROWS",
    "MariaDB BINLOG_CHECKPOINT",
    "MariaDB GTID",
    "MariaDB GTID_LIST",
    "MariaDB START_ENCRYPTION",
    "MariaDB QUERY_COMPRESSED",
    "MariaDB WRITE_ROWS_COMPRESSED version 1",
    "MariaDB UPDATE_ROWS_COMPRESSED version 1",
    "MariaDB DELETE_ROWS_COMPRESSED version 1",
    "MariaDB WRITE_ROWS_COMPRESSED",
    "MariaDB UPDATE_ROWS_COMPRESSED",
    "MariaDB DELETE_ROWS_COMPRESSED",
};

}  // namespace

std::string EventTypeName(uint8_t type) {
  absl::string_view name = "unknown event";
  if (type < std::size(kMysqlNames)) {
    name = kMysqlNames[type];
  } else if (type >= kFirstMariadbType &&
             type - kFirstMariadbType < std::ssize(kMariadbNames)) {
    name = kMariadbNames[type - kFirstMariadbType];
  }
  return absl::StrCat(name, " (", type, ")");
}

absl::StatusOr<EventHeader> ParseEventHeader(absl::Span<const uint8_t> event) {
  ByteReader reader(event);
  EventHeader header;
  header.timestamp = reader.U32();
  header.type = reader.U8();
  header.server_id = reader.U32();
  header.event_size = reader.U32();
  header.log_pos = reader.U32();
  header.flags = reader.U16();
  if (!reader.ok()) {
    return absl::DataLossError(
        absl::StrCat("an event of ", event.size(), " bytes has no header"));
  }
  if (header.event_size != event.size()) {
    return absl::DataLossError(absl::StrCat(
        "the event ", EventTypeName(header.type), " has ", event.size(),
        " bytes where its header says ", header.event_size));
  }
  return header;
}

}  // namespace binferry::worker
