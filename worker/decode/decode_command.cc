#include "worker/decode/decode_command.h"

#include <signal.h>
#include <unistd.h>

#include <iostream>
#include <memory>
#include <utility>

#include "absl/random/random.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "common/exit_code.h"
#include "common/status_macros.h"
#include "worker/binlog/file_binlog_source.h"
#include "worker/decode/binlog_printer.h"
#include "worker/mysql/connection.h"
#include "worker/mysql/mysql_binlog_source.h"
#include "worker/mysql/start_position.h"

namespace binferry::worker {
namespace {

void Complain(const absl::Status& status) {
  std::cerr << "binferry-worker decode: " << status.message() << std::endl;
}

// Nobody else reads under it, and a reader that died is none that a new one
// should replace.
DumpOptions NewReader(const DecodedServer& server) {
  // Where people don't number their servers.
  constexpr uint32_t kFirstId = 0x80000000;
  absl::BitGen random;
  DumpOptions dump;
  dump.server_id = server.server_id != 0
                       ? server.server_id
                       : absl::Uniform<uint32_t>(absl::IntervalClosed, random,
                                                 kFirstId, UINT32_MAX);
  const auto bits = [&random] { return absl::Uniform<uint64_t>(random); };
  const uint64_t high = bits();
  const uint64_t low = bits();
  dump.replica_uuid = absl::StrFormat("%08x-%04x-4%03x-8%03x-%012x", high >> 32,
                                      high >> 16 & 0xffff, high & 0xfff,
                                      low >> 48 & 0xfff, low & 0xffffffffffff);
  dump.stop_at_end = !server.follows;
  return dump;
}

// The messages of a task's connection in the words of this command.
absl::Status InFlags(const absl::Status& status) {
  return absl::Status(
      status.code(),
      absl::StrReplaceAll(status.message(),
                          {{"source.username and source.password",
                            "the user in --from and the password"},
                           {"source.username", "the user in --from"},
                           {"source.password", "the password"},
                           {"source.host", "the host in --from"},
                           {"source.port", "the port in --from"},
                           {"source.tls_mode", "--tls-mode"}}));
}

absl::StatusOr<std::unique_ptr<BinlogSource>> OpenServer(
    const DecodedServer& server) {
  BINFERRY_ASSIGN_OR_RETURN(const std::unique_ptr<Connection> connection,
                            Connection::Connect(server.connection));
  BINFERRY_ASSIGN_OR_RETURN(const SourceHistory history,
                            ReadSourceHistory(connection.get()));
  StartPosition start = StartNow{};
  if (server.start.has_value()) {
    start = *server.start;
  } else if (!history.files.empty()) {
    start = StartAtCoordinates{{history.files.front().name, 4}};
  }
  BINFERRY_ASSIGN_OR_RETURN(const Checkpoint checkpoint,
                            ResolveStartPosition(start, history));
  return MysqlBinlogSource::Create(
      {.connection = server.connection, .dump = NewReader(server)}, checkpoint);
}

absl::StatusOr<std::unique_ptr<BinlogSource>> OpenSource(
    const DecodeOptions& options) {
  if (options.server.has_value()) return OpenServer(*options.server);
  return FileBinlogSource::Create(
      {.paths = options.files, .start_position = options.start_position});
}

bool IsReached(const std::optional<Coordinates>& stop,
               const Coordinates& place) {
  return stop.has_value() && place.file == stop->file &&
         place.position >= stop->position;
}

absl::Status Run(const DecodeOptions& options) {
  BINFERRY_ASSIGN_OR_RETURN(const std::unique_ptr<BinlogSource> source,
                            OpenSource(options));
  const bool follows = options.server.has_value() && options.server->follows;
  LineWriter out(STDOUT_FILENO, follows ? LineWriter::Pace::kLines
                                        : LineWriter::Pace::kBatches);
  absl::Status printed = PrintBinlog(options, source.get(), &out);
  if (absl::IsCancelled(printed)) return printed;
  BINFERRY_RETURN_IF_ERROR(out.Flush());
  return printed;
}

}  // namespace

absl::Status PrintBinlog(const DecodeOptions& options, BinlogSource* source,
                         LineWriter* out) {
  uint64_t passed_over = 0;
  const auto pass_over = [&passed_over](const absl::Status& status) {
    ++passed_over;
    Complain(status);
  };
  PrintOptions print{.prints_events = options.prints_events,
                     .prints_changes = options.prints_changes,
                     .prints_artificial = options.prints_artificial,
                     .filter = options.filter,
                     .format = options.format,
                     .on_unreadable = {}};
  if (options.keeps_going) print.on_unreadable = pass_over;
  BinlogPrinter printer(std::move(print), out);
  while (!IsReached(options.stop, printer.place())) {
    const absl::StatusOr<absl::Span<const uint8_t>> raw = source->Next();
    if (absl::IsOutOfRange(raw.status())) break;
    // A file source goes on with the next file.
    if (!raw.ok() && options.keeps_going && !options.server.has_value()) {
      pass_over(raw.status());
      continue;
    }
    BINFERRY_RETURN_IF_ERROR(raw.status());
    BINFERRY_RETURN_IF_ERROR(printer.Print(*raw));
  }
  if (passed_over == 0) return absl::OkStatus();
  return absl::DataLossError(
      absl::StrCat(passed_over, " places could not be read"));
}

int RunDecode(int argc, const char* const* argv) {
  const ParsedDecodeOptions parsed = ParseDecodeOptions(argc, argv);
  if (parsed.exit_code.has_value()) return *parsed.exit_code;
  signal(SIGPIPE, SIG_IGN);
  const absl::Status status = Run(parsed.options);
  // Whoever read the output has had enough.
  if (status.ok() || absl::IsCancelled(status)) return kExitOk;
  Complain(InFlags(status));
  return kExitFailure;
}

}  // namespace binferry::worker
