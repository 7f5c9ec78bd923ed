#include "worker/binlog/event_body.h"

#include <array>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status_macros.h"
#include "worker/binlog/byte_reader.h"

namespace binferry::worker {
namespace {

constexpr uint64_t kMaxColumns = 4096;
// A flag of GTID events.
constexpr uint64_t kMayHaveStatements = 1;

absl::Status Malformed(uint8_t type) {
  return absl::DataLossError(
      absl::StrCat("a malformed event ", EventTypeName(type)));
}

absl::Status Malformed(EventType type) {
  return Malformed(static_cast<uint8_t>(type));
}

absl::Status MalformedRows(uint8_t type) {
  const absl::Status status = Malformed(type);
  if (type != static_cast<uint8_t>(EventType::kPartialUpdateRows)) {
    return status;
  }
  // Seen on 8.0.33: no extra row information, against what the format
  // description says.
  return absl::DataLossError(absl::StrCat(
      status.message(),
      ", as sources with log_bin_use_v1_row_events=ON write it: set that to "
      "OFF and start behind this place"));
}

// Whether the server's version writes the checksum algorithm: MySQL 5.6.1 and
// MariaDB 5.3 were the first.
bool KnowsChecksums(absl::string_view version) {
  std::array<int, 3> numbers{};
  size_t part = 0;
  for (const char c : version) {
    if (c == '.') {
      if (++part == numbers.size()) break;
    } else if (c < '0' || c > '9' || numbers[part] > 9999) {
      break;
    } else {
      numbers[part] = numbers[part] * 10 + (c - '0');
    }
  }
  const bool is_mariadb = version.find("MariaDB") != absl::string_view::npos;
  return numbers >= (is_mariadb ? std::array<int, 3>{5, 3, 0}
                                : std::array<int, 3>{5, 6, 1});
}

// The checks of FORMAT_DESCRIPTION's table of post-header lengths: types that
// Binferry reads must have the layout that it knows.
absl::Status CheckPostHeaders(absl::Span<const uint8_t> lengths) {
  struct Known {
    EventType type;
    uint8_t bytes;
    bool may_be_missing = false;
  };
  for (const auto& [type, bytes, may_be_missing] :
       {Known{EventType::kQuery, 13}, Known{EventType::kRotate, 8},
        Known{EventType::kTableMap, 8}, Known{EventType::kWriteRows, 10},
        Known{EventType::kUpdateRows, 10}, Known{EventType::kDeleteRows, 10},
        Known{EventType::kWriteRowsV1, 8, true},
        Known{EventType::kUpdateRowsV1, 8, true},
        Known{EventType::kDeleteRowsV1, 8, true},
        Known{EventType::kPartialUpdateRows, 10, true}}) {
    const size_t index = static_cast<size_t>(type) - 1;
    if (index < lengths.size() && lengths[index] != bytes) {
      // Not written by the source at all.
      if (lengths[index] == 0 && may_be_missing) continue;
      return absl::UnimplementedError(absl::StrCat(
          "Binferry does not read this source's layout of the event ",
          EventTypeName(static_cast<uint8_t>(type)), " (post-header of ",
          lengths[index], " bytes, expected ", bytes, ")"));
    }
  }
  return absl::OkStatus();
}

// The names behind their count; none if they are too many or don't fit.
std::optional<absl::string_view> ReadUpdatedDatabases(ByteReader* reader) {
  constexpr uint8_t kTooMany = 254;
  const uint8_t count = reader->U8();
  if (!reader->ok() || count == 0 || count == kTooMany) return std::nullopt;
  const absl::string_view rest = AsText(reader->Rest());
  size_t bytes = 0;
  for (uint8_t i = 0; i < count; ++i) {
    const size_t end = rest.find('\0', bytes);
    if (end == absl::string_view::npos) return std::nullopt;
    bytes = end + 1;
  }
  return rest.substr(0, bytes);
}

// The status variables of a QUERY. A code that isn't known has no known length
// and ends them: those that Binferry needs have low codes, which come first.
void ReadStatusVariables(absl::Span<const uint8_t> bytes, QueryEvent* query) {
  ByteReader reader(bytes);
  while (!reader.AtEnd()) {
    switch (reader.U8()) {
      case 0:  // Flags.
        reader.Skip(4);
        break;
      case 1: {
        const uint64_t sql_mode = reader.U64();
        if (reader.ok()) query->sql_mode = sql_mode;
        break;
      }
      case 2:  // Catalog, NUL-terminated.
        reader.Skip(uint64_t{reader.U8()} + 1);
        break;
      case 3:  // Auto-increment increment and offset.
        reader.Skip(4);
        break;
      case 4: {
        const uint16_t client = reader.U16();
        reader.Skip(4);
        if (reader.ok()) query->client_collation = client;
        break;
      }
      case 5:  // Time zone.
      case 6:  // Catalog.
        reader.Skip(reader.U8());
        break;
      case 7:  // Locale of names of months and days.
      case 8:  // Character set of the database.
        reader.Skip(2);
        break;
      case 9:  // Tables that a multi-table update changes.
        reader.Skip(8);
        break;
      case 10:  // Not written any more.
        reader.Skip(4);
        break;
      case 11:  // Invoker: user and host.
        reader.Skip(reader.U8());
        reader.Skip(reader.U8());
        break;
      case 12:
        query->updated_databases = ReadUpdatedDatabases(&reader);
        return;  // Nothing behind it is needed.
      default:
        return;
    }
  }
}

// Type-length-value form of HEARTBEAT version 2.
absl::StatusOr<HeartbeatEvent> ParseHeartbeatV2(
    absl::Span<const uint8_t> body) {
  HeartbeatEvent heartbeat;
  ByteReader reader(body);
  while (!reader.AtEnd()) {
    const uint8_t field = reader.U8();
    if (field == 0) break;
    const absl::Span<const uint8_t> value = reader.PackedBytes();
    if (field == 1) {
      heartbeat.file = AsText(value);
    } else if (field == 2) {
      ByteReader number(value);
      heartbeat.position = number.Packed();
      if (!number.ok()) return Malformed(EventType::kHeartbeatV2);
    }
  }
  if (!reader.ok()) return Malformed(EventType::kHeartbeatV2);
  return heartbeat;
}

// GTID_TAGGED: a message of mysql::serialization.
absl::StatusOr<GtidEvent> ParseTaggedGtid(absl::Span<const uint8_t> body) {
  const absl::Status malformed = Malformed(EventType::kTaggedGtid);
  ByteReader reader(body);
  const uint64_t version = reader.Varlen();
  const uint64_t size = reader.Varlen();
  const uint64_t last_needed_field = reader.Varlen();
  if (!reader.ok() || version != 1 || size > body.size()) return malformed;
  const size_t beyond = body.size() - static_cast<size_t>(size);
  Gtid gtid;
  GtidEvent event;
  while (reader.ok() && reader.remaining() > beyond) {
    const uint64_t field = reader.Varlen();
    switch (field) {
      case 0:
        event.may_have_statements = (reader.Varlen() & kMayHaveStatements) != 0;
        break;
      case 1:
        for (uint8_t& byte : gtid.origin.uuid) {
          byte = static_cast<uint8_t>(reader.Varlen());
        }
        break;
      case 2:
        gtid.number = static_cast<uint64_t>(reader.SignedVarlen());
        break;
      case 3:
        gtid.origin.tag = std::string(reader.Text(reader.Varlen()));
        break;
      case 6:
        event.immediate_commit_us = reader.Varlen();
        break;
      case 7:
        event.original_commit_us = reader.Varlen();
        break;
      case 8:
        event.transaction_length = reader.Varlen();
        break;
      case 4:  // last_committed and sequence_number.
      case 5:
      case 9:  // Server versions.
      case 10:
      case 11:  // Commit group ticket.
        reader.Varlen();
        break;
      default:
        // Fields that may be ignored come last, and their sizes are unknown.
        if (field <= last_needed_field) return malformed;
        reader.Skip(reader.remaining());
        break;
    }
  }
  if (!reader.ok() || gtid.number == 0 || gtid.number > INT64_MAX) {
    return malformed;
  }
  if (event.original_commit_us == 0) {
    event.original_commit_us = event.immediate_commit_us;
  }
  event.gtid = std::move(gtid);
  return event;
}

}  // namespace

absl::StatusOr<FormatDescriptionEvent> ParseFormatDescription(
    absl::Span<const uint8_t> body) {
  // binlog version, server version, created, header length.
  constexpr size_t kVersionBytes = 50;
  constexpr size_t kTailBytes = 5;  // Algorithm and its own checksum.
  ByteReader reader(body);
  const uint16_t binlog_version = reader.U16();
  absl::string_view version = reader.Text(kVersionBytes);
  version = version.substr(0, version.find('\0'));
  const uint32_t created = reader.U32();
  const uint8_t header_bytes = reader.U8();
  if (!reader.ok() || header_bytes < EventHeader::kBytes) {
    return Malformed(EventType::kFormatDescription);
  }
  if (binlog_version != 4 || header_bytes != EventHeader::kBytes ||
      !KnowsChecksums(version)) {
    return absl::UnimplementedError(absl::StrCat(
        "Binferry does not read the binlog format of server version ", version,
        "; MySQL 5.6 and later is read"));
  }
  if (reader.remaining() < kTailBytes) {
    return Malformed(EventType::kFormatDescription);
  }
  BINFERRY_RETURN_IF_ERROR(
      CheckPostHeaders(reader.Bytes(reader.remaining() - kTailBytes)));
  FormatDescriptionEvent event;
  event.server_version = std::string(version);
  event.is_server_start = created != 0;
  const uint8_t algorithm = reader.U8();
  if (algorithm > 1) {
    return absl::UnimplementedError(absl::StrCat(
        "Binferry does not know the binlog checksum algorithm ", algorithm,
        "; set binlog_checksum to CRC32 or NONE on the source"));
  }
  event.checksum = static_cast<ChecksumAlgorithm>(algorithm);
  return event;
}

absl::StatusOr<RotateEvent> ParseRotate(const EventHeader& header,
                                        absl::Span<const uint8_t> body) {
  ByteReader reader(body);
  RotateEvent event;
  event.position = reader.U64();
  event.file = AsText(reader.Rest());
  event.is_artificial = header.has_flag(EventHeader::kArtificial) ||
                        header.timestamp == 0 || header.log_pos == 0;
  if (!reader.ok() || event.file.empty() || event.position < 4) {
    return Malformed(EventType::kRotate);
  }
  return event;
}

absl::StatusOr<QueryEvent> ParseQuery(const EventHeader& header,
                                      absl::Span<const uint8_t> body) {
  ByteReader reader(body);
  QueryEvent event;
  event.thread_id = reader.U32();
  reader.Skip(4);  // Execution time.
  const uint8_t database_bytes = reader.U8();
  event.error_code = reader.U16();
  const uint16_t status_bytes = reader.U16();
  // File id, positions of the file name in the text, duplicate handling.
  if (header.Is(EventType::kExecuteLoadQuery)) reader.Skip(13);
  const absl::Span<const uint8_t> variables = reader.Bytes(status_bytes);
  event.database = reader.Text(database_bytes);
  reader.Skip(1);  // NUL.
  event.text = AsText(reader.Rest());
  if (!reader.ok()) return Malformed(header.type);
  ReadStatusVariables(variables, &event);
  return event;
}

absl::StatusOr<XidEvent> ParseXid(absl::Span<const uint8_t> body) {
  ByteReader reader(body);
  const XidEvent event{.xid = reader.U64()};
  if (!reader.ok()) return Malformed(EventType::kXid);
  return event;
}

absl::StatusOr<RowsQueryEvent> ParseRowsQuery(absl::Span<const uint8_t> body) {
  ByteReader reader(body);
  reader.Skip(1);  // A length once, which is too small for most statements.
  const RowsQueryEvent event{.sql = AsText(reader.Rest())};
  if (!reader.ok()) return Malformed(EventType::kRowsQuery);
  return event;
}

absl::StatusOr<IncidentEvent> ParseIncident(absl::Span<const uint8_t> body) {
  ByteReader reader(body);
  IncidentEvent event;
  event.number = reader.U16();
  // Sources before 5.0.x end here.
  if (reader.ok() && !reader.AtEnd()) event.text = reader.Text(reader.U8());
  if (!reader.ok()) return Malformed(EventType::kIncident);
  return event;
}

absl::StatusOr<XaPrepareEvent> ParseXaPrepare(absl::Span<const uint8_t> body) {
  ByteReader reader(body);
  XaPrepareEvent event;
  event.is_one_phase = reader.U8() != 0;
  event.format_id = reader.U32();
  const uint32_t global_bytes = reader.U32();
  const uint32_t branch_bytes = reader.U32();
  event.global_id = reader.Text(global_bytes);
  event.branch_id = reader.Text(branch_bytes);
  if (!reader.ok()) return Malformed(EventType::kXaPrepare);
  return event;
}

absl::StatusOr<TransactionPayloadEvent> ParseTransactionPayload(
    absl::Span<const uint8_t> body) {
  const absl::Status malformed = Malformed(EventType::kTransactionPayload);
  ByteReader reader(body);
  TransactionPayloadEvent event;
  uint64_t payload_bytes = 0;
  std::optional<uint64_t> algorithm;
  std::optional<uint64_t> uncompressed_size;
  while (const uint64_t field = reader.Packed()) {
    ByteReader value(reader.PackedBytes());
    switch (field) {
      case 1:
        payload_bytes = value.Packed();
        break;
      case 2:
        algorithm = value.Packed();
        break;
      case 3:
        uncompressed_size = value.Packed();
        break;
      default:  // Of later versions.
        break;
    }
    if (!value.ok()) return malformed;
  }
  event.payload = reader.Bytes(payload_bytes);
  if (!reader.ok() || !reader.AtEnd() || !algorithm.has_value()) {
    return malformed;
  }
  event.algorithm = *algorithm;
  // Only compressed payloads need to say it.
  event.uncompressed_size = uncompressed_size.value_or(payload_bytes);
  return event;
}

absl::StatusOr<HeartbeatEvent> ParseHeartbeat(const EventHeader& header,
                                              absl::Span<const uint8_t> body) {
  if (header.Is(EventType::kHeartbeatV2)) return ParseHeartbeatV2(body);
  HeartbeatEvent event;
  event.file = AsText(body);
  event.position = header.log_pos;
  return event;
}

absl::StatusOr<GtidEvent> ParseGtid(const EventHeader& header,
                                    absl::Span<const uint8_t> body) {
  if (header.Is(EventType::kTaggedGtid)) return ParseTaggedGtid(body);
  ByteReader reader(body);
  Gtid gtid;
  GtidEvent event;
  event.may_have_statements = (reader.U8() & kMayHaveStatements) != 0;
  for (uint8_t& byte : gtid.origin.uuid) byte = reader.U8();
  gtid.number = reader.U64();
  if (!reader.ok()) return Malformed(header.type);
  if (header.Is(EventType::kGtid)) {
    if (gtid.number == 0 || gtid.number > INT64_MAX) {
      return Malformed(header.type);
    }
    event.gtid = std::move(gtid);
  }
  // All else is optional by length: the logical clock since 5.7, commit times
  // since 8.0.1, the length since 8.0.2.
  constexpr uint8_t kLogicalClock = 2;
  if (reader.AtEnd() || reader.U8() != kLogicalClock) return event;
  reader.Skip(16);  // last_committed and sequence_number.
  if (reader.AtEnd()) return event;
  constexpr uint64_t kHasOriginal = uint64_t{1} << 55;
  const uint64_t immediate = reader.Fixed(7);
  event.immediate_commit_us = immediate & ~kHasOriginal;
  event.original_commit_us =
      (immediate & kHasOriginal) != 0 ? reader.Fixed(7) : immediate;
  if (!reader.AtEnd()) event.transaction_length = reader.Packed();
  if (!reader.ok()) return Malformed(header.type);
  return event;
}

absl::StatusOr<TableMapEvent> ParseTableMap(absl::Span<const uint8_t> body) {
  ByteReader reader(body);
  TableMapEvent event;
  event.table_id = reader.U48();
  if (reader.ok()) event.identity = AsText(body.subspan(6));
  reader.Skip(2);  // Flags.
  event.database = reader.PackedText();
  reader.Skip(1);  // NUL.
  event.table = reader.PackedText();
  reader.Skip(1);
  if (!reader.ok()) return Malformed(EventType::kTableMap);
  return event;
}

absl::StatusOr<RowsEvent> ParseRows(uint8_t type,
                                    absl::Span<const uint8_t> body) {
  const auto is = [type](EventType t) {
    return type == static_cast<uint8_t>(t);
  };
  const bool is_v1 = is(EventType::kWriteRowsV1) ||
                     is(EventType::kUpdateRowsV1) ||
                     is(EventType::kDeleteRowsV1);
  RowsEvent event;
  event.is_partial = is(EventType::kPartialUpdateRows);
  if (is(EventType::kUpdateRows) || is(EventType::kUpdateRowsV1) ||
      event.is_partial) {
    event.kind = RowsEvent::Kind::kUpdate;
  } else if (is(EventType::kDeleteRows) || is(EventType::kDeleteRowsV1)) {
    event.kind = RowsEvent::Kind::kDelete;
  } else if (!is(EventType::kWriteRows) && !is(EventType::kWriteRowsV1)) {
    return absl::InternalError(
        absl::StrCat(EventTypeName(type), " is no rows event"));
  }
  constexpr uint16_t kEndsStatement = 0x01;
  ByteReader reader(body);
  event.table_id = reader.U48();
  event.ends_statement = (reader.U16() & kEndsStatement) != 0;
  if (!is_v1) {
    const uint16_t extra_bytes = reader.U16();  // Counts itself.
    if (extra_bytes < 2) return MalformedRows(type);
    reader.Skip(extra_bytes - 2u);
  }
  event.column_count = reader.Packed();
  if (event.column_count > kMaxColumns) return MalformedRows(type);
  const uint64_t bitmap_bytes = (event.column_count + 7) / 8;
  if (event.kind != RowsEvent::Kind::kWrite) {
    event.before_columns = reader.Bytes(bitmap_bytes);
  }
  if (event.kind != RowsEvent::Kind::kDelete) {
    event.after_columns = reader.Bytes(bitmap_bytes);
  }
  event.rows = reader.Rest();
  if (!reader.ok()) return MalformedRows(type);
  return event;
}

absl::StatusOr<uint64_t> PeekTableId(absl::Span<const uint8_t> body) {
  ByteReader reader(body);
  const uint64_t table_id = reader.U48();
  if (!reader.ok()) {
    return absl::DataLossError("a table map or rows event without a table id");
  }
  return table_id;
}

}  // namespace binferry::worker
