#include "worker/decode/event_content.h"

#include <algorithm>
#include <type_traits>
#include <variant>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "worker/binlog/gtid_set.h"
#include "worker/charset/charset.h"
#include "worker/decode/statement_text.h"
#include "worker/decode/statement_variable.h"
#include "worker/encode/jdbc_types.h"
#include "worker/schema/table_schema.h"

namespace binferry::worker {
namespace {

absl::string_view ChecksumName(ChecksumAlgorithm algorithm) {
  switch (algorithm) {
    case ChecksumAlgorithm::kNone:
      return "NONE";
    case ChecksumAlgorithm::kCrc32:
      return "CRC32";
  }
  return "";
}

void WriteColumn(const TableSchema& schema, size_t index, JsonObject* object) {
  const Column& column = schema.columns[index];
  object->Text("name", column.name);
  object->Text("type", MysqlTypeName(column));
  object->Flag("nullable", column.is_nullable);
  if (column.charset != Charset::kBinary) {
    object->Text("charset", CharsetName(column.charset));
  }
  if (column.precision != 0) {
    object->Number("precision", column.precision);
    object->Number("scale", column.scale);
  }
  if (column.fraction_digits != 0) {
    object->Number("fraction_digits", column.fraction_digits);
  }
  const auto key =
      std::find(schema.key_columns.begin(), schema.key_columns.end(), index);
  if (key != schema.key_columns.end()) {
    object->Number("key",
                   static_cast<uint64_t>(key - schema.key_columns.begin()) + 1);
  }
}

// The names of the columns whose bits are set; `"all"` for all.
void WriteColumnNames(absl::string_view key, absl::Span<const uint8_t> bits,
                      const TableSchema& schema, JsonObject* object) {
  std::string names;
  size_t count = 0;
  for (size_t i = 0; i < schema.columns.size(); ++i) {
    if (i / 8 >= bits.size() || (bits[i / 8] >> (i % 8) & 1) == 0) continue;
    names += count++ == 0 ? '[' : ',';
    AppendQuoted(schema.columns[i].name, &names);
  }
  if (count == schema.columns.size()) {
    object->Text(key, "all");
  } else {
    object->Raw(key, count == 0 ? "[]" : absl::StrCat(names, "]"));
  }
}

// X'...': as XA statements take it.
std::string HexLiteral(absl::string_view bytes) {
  return absl::StrCat("X'", absl::BytesToHexString(bytes), "'");
}

class ContentWriter {
 public:
  ContentWriter(const EventFrame& frame, const EventSurroundings& surroundings,
                JsonObject* object)
      : frame_(frame), surroundings_(surroundings), object_(object) {}

  absl::Status operator()(const FormatDescriptionEvent& event) {
    object_->Text("server_version", event.server_version);
    object_->Text("checksum", ChecksumName(event.checksum));
    object_->Flag("is_server_start", event.is_server_start);
    return absl::OkStatus();
  }

  absl::Status operator()(const RotateEvent& event) {
    object_->Text("next_file", event.file);
    object_->Number("next_position", event.position);
    return absl::OkStatus();
  }

  absl::Status operator()(const QueryEvent& event) {
    object_->Text("database", event.database);
    object_->Number("thread_id", event.thread_id);
    if (event.error_code != 0) object_->Number("error_code", event.error_code);
    if (event.sql_mode.has_value()) {
      object_->Number("sql_mode", *event.sql_mode);
    }
    WriteStatement(event, object_);
    return absl::OkStatus();
  }

  absl::Status operator()(const XidEvent& event) {
    object_->Number("xid", event.xid);
    return absl::OkStatus();
  }

  absl::Status operator()(const GtidEvent& event) {
    if (event.gtid.has_value()) {
      object_->Text("gtid", event.gtid->ToString());
    } else {
      object_->Null("gtid");
    }
    if (event.original_commit_us != 0) {
      object_->Text("original_commit_time",
                    UtcTimeOfMicros(event.original_commit_us));
    }
    if (event.transaction_length != 0) {
      object_->Number("transaction_length", event.transaction_length);
    }
    return absl::OkStatus();
  }

  absl::Status operator()(const TableMapEvent& event) {
    object_->Number("table_id", event.table_id);
    object_->Text("database", event.database);
    object_->Text("table", event.table);
    if (surroundings_.table == nullptr) return absl::OkStatus();
    object_->Key("columns");
    std::string* const out = object_->out();
    const TableSchema& schema = surroundings_.table->map.schema;
    for (size_t i = 0; i < schema.columns.size(); ++i) {
      *out += i == 0 ? '[' : ',';
      JsonObject column(out);
      WriteColumn(schema, i, &column);
      column.Close();
    }
    *out += ']';
    return absl::OkStatus();
  }

  absl::Status operator()(const RowsEvent& event) {
    object_->Number("table_id", event.table_id);
    if (surroundings_.table != nullptr) {
      const TableSchema& schema = surroundings_.table->map.schema;
      object_->Text("database", schema.database);
      object_->Text("table", schema.table);
      if (event.kind != RowsEvent::Kind::kWrite) {
        WriteColumnNames("before_columns", event.before_columns, schema,
                         object_);
      }
      if (event.kind != RowsEvent::Kind::kDelete) {
        WriteColumnNames("after_columns", event.after_columns, schema, object_);
      }
    }
    if (surroundings_.row_count.has_value()) {
      object_->Number("rows", *surroundings_.row_count);
    }
    if (event.ends_statement) object_->Flag("ends_statement", true);
    return absl::OkStatus();
  }

  // Where it stands is all that it says.
  absl::Status operator()(const HeartbeatEvent&) { return absl::OkStatus(); }

  absl::Status operator()(const PreviousGtidsEvent& event) {
    const absl::StatusOr<GtidSet> set = GtidSet::Decode(event.encoded);
    if (!set.ok()) return set.status();
    object_->Text("gtid_set", set->ToString());
    return absl::OkStatus();
  }

  // Its character set is that of the session, which the event doesn't tell.
  absl::Status operator()(const RowsQueryEvent& event) {
    object_->Text("sql", event.sql);
    return absl::OkStatus();
  }

  absl::Status operator()(const IncidentEvent& event) {
    object_->Number("number", event.number);
    object_->Text("message", event.text);
    return absl::OkStatus();
  }

  absl::Status operator()(const XaPrepareEvent& event) {
    object_->Text("xa_id", absl::StrCat(HexLiteral(event.global_id), ",",
                                        HexLiteral(event.branch_id), ",",
                                        event.format_id));
    object_->Flag("is_one_phase", event.is_one_phase);
    return absl::OkStatus();
  }

  absl::Status operator()(const TransactionPayloadEvent& event) {
    switch (event.algorithm) {
      case TransactionPayloadEvent::kZstd:
        object_->Text("compression", "ZSTD");
        break;
      case TransactionPayloadEvent::kNotCompressed:
        object_->Text("compression", "NONE");
        break;
      default:
        object_->Text("compression", absl::StrCat(event.algorithm));
    }
    object_->Number("compressed_bytes", event.payload.size());
    object_->Number("uncompressed_bytes", event.uncompressed_size);
    return absl::OkStatus();
  }

  absl::Status operator()(const StopEvent&) { return absl::OkStatus(); }

  absl::Status operator()(const IgnoredEvent&) {
    return WriteStatementVariable(frame_.header, frame_.body, object_);
  }

  absl::Status operator()(const UnsupportedEvent&) { return absl::OkStatus(); }

 private:
  const EventFrame& frame_;
  const EventSurroundings& surroundings_;
  JsonObject* const object_;
};

}  // namespace

absl::Status WriteEventContent(const EventFrame& frame, const Event& event,
                               const EventSurroundings& surroundings,
                               JsonObject* object) {
  return std::visit(ContentWriter(frame, surroundings, object), event);
}

std::string UtcTime(uint32_t seconds) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", absl::FromUnixSeconds(seconds),
                          absl::UTCTimeZone());
}

std::string UtcTimeOfMicros(uint64_t micros) {
  // 55 bits at most; more is damage and shows as such.
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E6SZ",
                          absl::FromUnixMicros(static_cast<int64_t>(micros)),
                          absl::UTCTimeZone());
}

}  // namespace binferry::worker
