#include "worker/binlog/testing/event_builder.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "worker/binlog/testing/table_map_body.h"
#include "worker/binlog/testing/value_bytes.h"

namespace binferry::worker {
namespace {

// As MySQL 9.7.4 writes them, by event type from 1 on.
constexpr std::array<uint8_t, 42> kPostHeaderBytes = {
    0, 13, 0, 8, 0, 0, 0, 0, 4,  0,  4,  0,  0,  0, 99, 0,  4, 26, 8,  0, 0,
    0, 0,  0, 0, 2, 0, 0, 0, 10, 10, 10, 42, 42, 0, 18, 52, 0, 10, 40, 0, 0};

// A bit per column, least significant first: whether the row has a value.
std::string PresentColumns(const std::vector<Value>& row) {
  std::string bits((row.size() + 7) / 8, '\0');
  for (size_t i = 0; i < row.size(); ++i) {
    if (row[i].kind == Value::Kind::kAbsent) continue;
    bits[i / 8] = static_cast<char>(bits[i / 8] | 1 << (i % 8));
  }
  return bits;
}

std::string RowImage(const TableSchema& schema, const std::vector<Value>& row) {
  std::string nulls;
  std::string values;
  size_t present = 0;
  for (size_t i = 0; i < row.size(); ++i) {
    if (row[i].kind == Value::Kind::kAbsent) continue;
    if (present % 8 == 0) nulls += '\0';
    if (row[i].kind == Value::Kind::kNull) {
      nulls.back() = static_cast<char>(nulls.back() | 1 << (present % 8));
    } else {
      values += ValueBytes(schema.columns[i], row[i]);
    }
    ++present;
  }
  return nulls + values;
}

// What stands before the after image of a partial update: value options, and a
// bit per JSON column of the table if any column has diffs.
std::string ValueOptions(const TableSchema& schema,
                         const std::vector<size_t>& diff_columns) {
  if (diff_columns.empty()) return PackedInteger(0);
  std::string bits;
  size_t json_columns = 0;
  for (size_t i = 0; i < schema.columns.size(); ++i) {
    if (schema.columns[i].kind != ColumnKind::kJson) continue;
    const size_t bit = json_columns++;
    if (bit % 8 == 0) bits += '\0';
    if (absl::c_linear_search(diff_columns, i)) {
      bits.back() = static_cast<char>(bits.back() | 1 << (bit % 8));
    }
  }
  return PackedInteger(1) + bits;
}

std::string Uuid(const GtidOrigin& origin) {
  return std::string(origin.uuid.begin(), origin.uuid.end());
}

std::string TaggedGtidBody(const Gtid& gtid, bool may_have_statements,
                           uint64_t micros, uint64_t transaction_length) {
  std::string uuid;
  for (const uint8_t byte : gtid.origin.uuid) uuid += VarlenInteger(byte);
  const std::string fields = absl::StrCat(
      VarlenInteger(0), VarlenInteger(may_have_statements), VarlenInteger(1),
      uuid, VarlenInteger(2),
      SignedVarlenInteger(static_cast<int64_t>(gtid.number)), VarlenInteger(3),
      VarlenInteger(gtid.origin.tag.size()), gtid.origin.tag, VarlenInteger(4),
      SignedVarlenInteger(0), VarlenInteger(5), SignedVarlenInteger(1),
      VarlenInteger(6), VarlenInteger(micros), VarlenInteger(8),
      VarlenInteger(transaction_length), VarlenInteger(9),
      VarlenInteger(90704));
  const std::string version = VarlenInteger(1);
  const std::string last_needed = VarlenInteger(0);
  // The size counts itself.
  size_t size = version.size() + 1 + last_needed.size() + fields.size();
  size = version.size() + VarlenInteger(size + 1).size() + last_needed.size() +
         fields.size();
  return absl::StrCat(version, VarlenInteger(size), last_needed, fields);
}

}  // namespace

EventBuilder::EventBuilder() : EventBuilder(Options()) {}

EventBuilder::EventBuilder(Options options)
    : options_(std::move(options)), position_(options_.position) {}

std::string EventBuilder::FakeRotate() {
  return Unwritten(EventType::kRotate,
                   absl::StrCat(LittleEndian(position_, 8), options_.file), 0,
                   EventHeader::kArtificial);
}

std::string EventBuilder::FormatDescription(bool is_server_start) {
  std::string version = options_.server_version;
  version.resize(50, '\0');
  const uint64_t created = is_server_start ? micros_ / 1'000'000 : 0;
  std::string body = absl::StrCat(
      LittleEndian(4, 2), version, LittleEndian(created, 4),
      LittleEndian(EventHeader::kBytes, 1),
      std::string(kPostHeaderBytes.begin(), kPostHeaderBytes.end()),
      LittleEndian(static_cast<uint8_t>(options_.checksum), 1));
  // This event has room for a checksum even where others have none.
  if (options_.checksum == ChecksumAlgorithm::kNone) body.append(4, '\0');
  return Raw(static_cast<uint8_t>(EventType::kFormatDescription), body);
}

std::string EventBuilder::PreviousGtids(const GtidSet& gtids) {
  return Raw(static_cast<uint8_t>(EventType::kPreviousGtids), gtids.Encode());
}

std::string EventBuilder::Gtid(const worker::Gtid& gtid,
                               uint64_t transaction_length) {
  if (!gtid.origin.tag.empty()) {
    return Raw(static_cast<uint8_t>(EventType::kTaggedGtid),
               TaggedGtidBody(gtid, may_have_statements_, micros_,
                              transaction_length));
  }
  return Raw(
      static_cast<uint8_t>(EventType::kGtid),
      absl::StrCat(LittleEndian(may_have_statements_, 1), Uuid(gtid.origin),
                   LittleEndian(gtid.number, 8), GtidTail(transaction_length)));
}

std::string EventBuilder::AnonymousGtid(uint64_t transaction_length) {
  return Raw(static_cast<uint8_t>(EventType::kAnonymousGtid),
             absl::StrCat(LittleEndian(may_have_statements_, 1),
                          std::string(24, '\0'), GtidTail(transaction_length)));
}

std::string EventBuilder::GtidTail(uint64_t transaction_length) const {
  return absl::StrCat(LittleEndian(2, 1), LittleEndian(0, 8),
                      LittleEndian(1, 8), LittleEndian(micros_, 7),
                      PackedInteger(transaction_length),
                      LittleEndian(90704, 4));
}

std::string EventBuilder::Query(
    absl::string_view database, absl::string_view text,
    const std::vector<std::string>& updated_databases) {
  // Status variables: flags, sql_mode, client character set (utf8mb4).
  std::string variables =
      absl::StrCat(LittleEndian(0, 1), LittleEndian(0, 4), LittleEndian(1, 1),
                   LittleEndian(0, 8), LittleEndian(4, 1), LittleEndian(255, 2),
                   LittleEndian(255, 2), LittleEndian(255, 2));
  if (!updated_databases.empty()) {
    variables +=
        LittleEndian(12, 1) + LittleEndian(updated_databases.size(), 1);
    for (const std::string& name : updated_databases) {
      absl::StrAppend(&variables, name, LittleEndian(0, 1));
    }
  }
  return Raw(static_cast<uint8_t>(EventType::kQuery),
             absl::StrCat(LittleEndian(8, 4), LittleEndian(0, 4),
                          LittleEndian(database.size(), 1), LittleEndian(0, 2),
                          LittleEndian(variables.size(), 2), variables,
                          database, LittleEndian(0, 1), text));
}

std::string EventBuilder::TableMap(uint64_t table_id,
                                   const TableSchema& schema) {
  return Raw(static_cast<uint8_t>(EventType::kTableMap),
             TableMapBody(table_id, schema));
}

std::string EventBuilder::Rows(uint64_t table_id, const RowsSpec& rows) {
  std::string body = absl::StrCat(
      LittleEndian(table_id, 6), LittleEndian(rows.ends_statement ? 1 : 0, 2),
      LittleEndian(2, 2), PackedInteger(rows.schema->columns.size()));
  if (!rows.before.empty()) body += PresentColumns(rows.before.front());
  if (!rows.after.empty()) body += PresentColumns(rows.after.front());
  const size_t count = std::max(rows.before.size(), rows.after.size());
  for (size_t i = 0; i < count; ++i) {
    if (i < rows.before.size()) body += RowImage(*rows.schema, rows.before[i]);
    if (i < rows.diff_columns.size()) {
      body += ValueOptions(*rows.schema, rows.diff_columns[i]);
    }
    if (i < rows.after.size()) body += RowImage(*rows.schema, rows.after[i]);
  }
  if (!rows.diff_columns.empty()) {
    return Raw(static_cast<uint8_t>(EventType::kPartialUpdateRows), body);
  }
  const uint8_t type =
      static_cast<uint8_t>(static_cast<uint8_t>(EventType::kWriteRows) +
                           static_cast<uint8_t>(rows.kind));
  return Raw(type, body);
}

std::string EventBuilder::Xid(uint64_t xid) {
  return Raw(static_cast<uint8_t>(EventType::kXid), LittleEndian(xid, 8));
}

std::string EventBuilder::Heartbeat() {
  return Unwritten(EventType::kHeartbeat, options_.file,
                   static_cast<uint32_t>(position_), 0);
}

std::string EventBuilder::HeartbeatV2() {
  const std::string position = PackedInteger(position_);
  return Unwritten(EventType::kHeartbeatV2,
                   absl::StrCat(LittleEndian(1, 1), PackedBytes(options_.file),
                                LittleEndian(2, 1), PackedBytes(position),
                                LittleEndian(0, 1)),
                   static_cast<uint32_t>(position_), 0);
}

std::string EventBuilder::Stop() {
  return Raw(static_cast<uint8_t>(EventType::kStop), "");
}

std::string EventBuilder::Rotate(absl::string_view file) {
  std::string event = Raw(static_cast<uint8_t>(EventType::kRotate),
                          absl::StrCat(LittleEndian(4, 8), file));
  options_.file = std::string(file);
  position_ = 4;
  return event;
}

std::string EventBuilder::Raw(uint8_t type, absl::string_view body,
                              uint16_t flags) {
  const size_t checksum_bytes =
      options_.checksum == ChecksumAlgorithm::kCrc32 ? 4 : 0;
  position_ += EventHeader::kBytes + body.size() + checksum_bytes;
  return Compose(type, body, static_cast<uint32_t>(position_), flags);
}

std::string EventBuilder::Unwritten(EventType type, absl::string_view body,
                                    uint32_t log_pos, uint16_t flags) const {
  return Compose(static_cast<uint8_t>(type), body, log_pos, flags);
}

std::string EventBuilder::Compose(uint8_t type, absl::string_view body,
                                  uint32_t log_pos, uint16_t flags) const {
  const bool has_checksum = options_.checksum == ChecksumAlgorithm::kCrc32;
  const size_t bytes =
      EventHeader::kBytes + body.size() + (has_checksum ? 4 : 0);
  // Heartbeats and artificial events have no time.
  const bool has_time = type != static_cast<uint8_t>(EventType::kHeartbeat) &&
                        type != static_cast<uint8_t>(EventType::kHeartbeatV2) &&
                        (flags & EventHeader::kArtificial) == 0;
  std::string event =
      absl::StrCat(LittleEndian(has_time ? micros_ / 1'000'000 : 0, 4),
                   LittleEndian(type, 1), LittleEndian(options_.server_id, 4),
                   LittleEndian(bytes, 4), LittleEndian(log_pos, 4),
                   LittleEndian(flags, 2), body);
  if (has_checksum) {
    event += LittleEndian(
        crc32_z(0, reinterpret_cast<const Bytef*>(event.data()), event.size()),
        4);
  }
  return event;
}

}  // namespace binferry::worker
