#include "worker/mysql/binlog_connection.h"

#include <mysql.h>

#include <utility>
#include <vector>

#include "absl/memory/memory.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/status_macros.h"

namespace binferry::worker {
namespace {

// The client library has no name for it.
constexpr auto kComBinlogDumpGtid = static_cast<enum_server_command>(0x1e);
constexpr uint16_t kFlagStopAtEnd = 1;
constexpr uint16_t kFlagHeartbeatV2 = 2;
constexpr int kSilentPeriods = 3;
constexpr uint64_t kFirstPosition = 4;
// The packet that ends a stream starts with this byte and is shorter than that.
constexpr uint8_t kEndMark = 0xfe;
constexpr unsigned long kEndPacketLimit = 9;

void AppendNumber(uint64_t value, int bytes, std::string& out) {
  for (int i = 0; i < bytes; ++i)
    out.push_back(static_cast<char>((value >> (8 * i)) & 0xff));
}

// The manual says 8.0.26; servers before 8.0.28 send the older form with it.
bool SendsHeartbeatV2(absl::string_view version) {
  std::vector<absl::string_view> parts = absl::StrSplit(version, '.');
  std::vector<int> numbers;
  for (const absl::string_view part : parts) {
    int number = 0;
    const size_t digits = part.find_first_not_of("0123456789");
    if (!absl::SimpleAtoi(part.substr(0, digits), &number)) break;
    numbers.push_back(number);
  }
  return numbers >= std::vector<int>{8, 0, 28};
}

uint16_t DumpFlags(const DumpOptions& options, absl::string_view version) {
  uint16_t flags = 0;
  if (options.stop_at_end) flags |= kFlagStopAtEnd;
  if (SendsHeartbeatV2(version)) flags |= kFlagHeartbeatV2;
  return flags;
}

// u16 flags, u32 server id, file name with its length (none: the server picks
// it by the set), u64 position, the set with its length.
std::string GtidDumpBody(const GtidSet& have, const DumpOptions& options,
                         uint16_t flags) {
  const std::string set = have.Encode();
  std::string body;
  AppendNumber(flags, 2, body);
  AppendNumber(options.server_id, 4, body);
  AppendNumber(0, 4, body);
  AppendNumber(kFirstPosition, 8, body);
  AppendNumber(set.size(), 4, body);
  return body + set;
}

// u32 position, u16 flags, u32 server id, file name.
std::string FileDumpBody(const Coordinates& at, const DumpOptions& options,
                         uint16_t flags) {
  std::string body;
  AppendNumber(at.position, 4, body);
  AppendNumber(flags, 2, body);
  AppendNumber(options.server_id, 4, body);
  return body + at.file;
}

// Both spellings of each name: they are user variables, so that the one which a
// version does not read does no harm. The server insists only on the first:
// that we know what a checksum is.
absl::Status SetUpSession(Connection& connection, const DumpOptions& options) {
  const int64_t period_ns = absl::ToInt64Nanoseconds(options.heartbeat_period);
  const std::string uuid = connection.Quote(options.replica_uuid);
  for (const std::string& statement :
       {std::string("SET @master_binlog_checksum=@@global.binlog_checksum, "
                    "@source_binlog_checksum=@@global.binlog_checksum"),
        absl::StrCat("SET @master_heartbeat_period=", period_ns,
                     ", @source_heartbeat_period=", period_ns),
        absl::StrCat("SET @slave_uuid=", uuid, ", @replica_uuid=", uuid),
        // A slow destination must not make the server drop the dump.
        std::string(
            "SET SESSION net_write_timeout=600, net_read_timeout=60")}) {
    BINFERRY_RETURN_IF_ERROR(connection.Query(statement).status());
  }
  return absl::OkStatus();
}

absl::Status CheckOptions(const DumpOptions& options, const DumpStart& start) {
  if (options.server_id == 0 || options.replica_uuid.empty())
    return absl::InvalidArgumentError(
        "a binlog dump needs a server id and a replica UUID");
  const auto* at = std::get_if<Coordinates>(&start);
  if (at != nullptr && (at->position < kFirstPosition ||
                        at->position > UINT32_MAX || at->file.empty()))
    return absl::FailedPreconditionError(absl::StrCat(
        "a binlog dump can't start at ", at->ToString(),
        ": the protocol takes positions from 4 up to 4 GiB; use a GTID set"));
  return absl::OkStatus();
}

}  // namespace

ConnectionOptions WithDumpTimeout(ConnectionOptions connection,
                                  const DumpOptions& dump) {
  connection.read_timeout = kSilentPeriods * dump.heartbeat_period;
  return connection;
}

absl::StatusOr<std::unique_ptr<BinlogConnection>> BinlogConnection::Start(
    std::unique_ptr<Connection> connection, const DumpOptions& options,
    const DumpStart& start) {
  BINFERRY_RETURN_IF_ERROR(CheckOptions(options, start));
  BINFERRY_RETURN_IF_ERROR(SetUpSession(*connection, options));
  const uint16_t flags = DumpFlags(options, connection->server_version());
  const auto* have = std::get_if<GtidSet>(&start);
  const std::string body =
      have != nullptr
          ? GtidDumpBody(*have, options, flags)
          : FileDumpBody(std::get<Coordinates>(start), options, flags);
  MYSQL* const mysql = connection->handle();
  if (mysql->methods->db_command(
          mysql, have != nullptr ? kComBinlogDumpGtid : COM_BINLOG_DUMP,
          body.data(), body.size(), /*skip_check=*/1, nullptr) != 0)
    return DumpError(connection->where(), connection->LastError());
  return absl::WrapUnique(new BinlogConnection(std::move(connection), options));
}

BinlogConnection::BinlogConnection(std::unique_ptr<Connection> connection,
                                   const DumpOptions& options)
    : connection_(std::move(connection)), options_(options) {}

BinlogConnection::~BinlogConnection() = default;

absl::StatusOr<absl::Span<const uint8_t>> BinlogConnection::Next() {
  if (connection_->interrupted()) return absl::CancelledError("interrupted");
  MYSQL* const mysql = connection_->handle();
  const unsigned long length = mysql_net_read_packet(mysql);
  if (connection_->interrupted()) return absl::CancelledError("interrupted");
  if (length == packet_error)
    return DumpError(connection_->where(), connection_->LastError());
  // Every event has a zero before it. The library keeps the packet until the
  // next read, whole also where it came in several.
  const uint8_t* const packet = mysql->net.read_pos;
  if (length > 0 && packet[0] == 0)
    return absl::MakeConstSpan(packet + 1, length - 1);
  if (length == 0 || packet[0] != kEndMark || length >= kEndPacketLimit)
    return absl::UnavailableError(
        absl::StrCat("the binlog stream of ", connection_->where(),
                     " holds a packet that is no event"));
  if (options_.stop_at_end)
    return absl::OutOfRangeError(absl::StrCat(
        "the binlog of ", connection_->where(), " has been read to its end"));
  return absl::UnavailableError(
      absl::StrCat("the source ", connection_->where(), " is shutting down"));
}

}  // namespace binferry::worker
