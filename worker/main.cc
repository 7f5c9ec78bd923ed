// binferry-worker. Exit codes: 0 ended as asked, 1 failure, 2 senseless
// options, 3 another process of the same name has taken over.
// `binferry-worker decode` is a tool of its own: worker/decode.
#include <unistd.h>

#include <iostream>
#include <memory>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/exit_code.h"
#include "common/log.h"
#include "common/shutdown.h"
#include "common/version.h"
#include "worker/decode/decode_command.h"
#include "worker/options.h"
#include "worker/worker.h"

namespace {

using binferry::LogError;
using binferry::LogInfo;

constexpr int kExitSuperseded = 3;
constexpr absl::Duration kPollPeriod = absl::Milliseconds(200);

int Fail(const absl::Status& status) {
  LogError("worker can't start", {{"error", status}});
  return binferry::kExitFailure;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1 && absl::string_view(argv[1]) == "decode") {
    return binferry::worker::RunDecode(argc - 1, argv + 1);
  }
  const binferry::worker::ParsedWorkerOptions parsed =
      binferry::worker::ParseWorkerOptions(argc, argv);
  if (parsed.exit_code.has_value()) return *parsed.exit_code;
  binferry::StartLogging(parsed.options.log_level);
  const auto shutdown = binferry::ShutdownSignal::Create();
  if (!shutdown.ok()) return Fail(shutdown.status());
  for (const auto& [name, value] : parsed.options.effective) {
    LogInfo("option", {{"name", name}, {"value", value}});
  }
  auto worker = binferry::worker::Worker::Start(parsed.options);
  if (!worker.ok()) return Fail(worker.status());
  LogInfo("worker started",
          {{"worker", parsed.options.name}, {"version", binferry::kVersion}});
  while (!(*shutdown)->Wait(kPollPeriod)) {
    // What it ran is fenced; nothing in this process is worth a wait.
    if ((*worker)->is_superseded()) _exit(kExitSuperseded);
  }
  LogInfo("worker drains", {});
  const absl::Status drained = (*worker)->Drain();
  if (!drained.ok()) {
    binferry::LogWarning("worker ends without waiting", {{"error", drained}});
    _exit(binferry::kExitOk);
  }
  worker->reset();
  LogInfo("worker ended", {});
  return binferry::kExitOk;
}
