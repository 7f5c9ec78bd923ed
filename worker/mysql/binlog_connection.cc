#include "worker/mysql/binlog_connection.h"

#include <utility>
#include <vector>

#include "absl/memory/memory.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/status_macros.h"
#include "worker/mysql/client_library.h"

namespace binferry::worker {
namespace {

constexpr uint16_t kFlagStopAtEnd = 1;
constexpr uint16_t kFlagHeartbeatV2 = 2;
constexpr int kSilentPeriods = 3;
constexpr uint64_t kFirstPosition = 4;

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

DumpCommand CommandOf(const DumpOptions& options, const DumpStart& start,
                      absl::string_view version) {
  DumpCommand command = {.flags = DumpFlags(options, version),
                         .server_id = options.server_id};
  if (const auto* have = std::get_if<GtidSet>(&start); have != nullptr) {
    command.by_gtid = true;
    command.gtid_set = have->Encode();
    command.position = kFirstPosition;
  } else {
    command.file = std::get<Coordinates>(start).file;
    command.position = std::get<Coordinates>(start).position;
  }
  return command;
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
  if (SendDump(connection->handle(),
               CommandOf(options, start, connection->server_version())) != 0)
    return DumpError(connection->where(), connection->LastError());
  return absl::WrapUnique(new BinlogConnection(std::move(connection), options));
}

BinlogConnection::BinlogConnection(std::unique_ptr<Connection> connection,
                                   const DumpOptions& options)
    : connection_(std::move(connection)), options_(options) {}

BinlogConnection::~BinlogConnection() = default;

absl::StatusOr<absl::Span<const uint8_t>> BinlogConnection::Next() {
  if (connection_->interrupted()) return absl::CancelledError("interrupted");
  const DumpPacket packet = ReadDumpPacket(connection_->handle());
  if (connection_->interrupted()) return absl::CancelledError("interrupted");
  switch (packet.kind) {
    case DumpPacket::Kind::kEvent:
      return packet.event;
    case DumpPacket::Kind::kError:
      return DumpError(connection_->where(), connection_->LastError());
    case DumpPacket::Kind::kNeither:
      return absl::UnavailableError(
          absl::StrCat("the binlog stream of ", connection_->where(),
                       " holds a packet that is no event"));
    case DumpPacket::Kind::kEnd:
      break;
  }
  if (options_.stop_at_end)
    return absl::OutOfRangeError(absl::StrCat(
        "the binlog of ", connection_->where(), " has been read to its end"));
  return absl::UnavailableError(
      absl::StrCat("the source ", connection_->where(), " is shutting down"));
}

}  // namespace binferry::worker
