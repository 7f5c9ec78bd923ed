// binferry-controller. Exit codes: common/exit_code.h.
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include <fstream>
#include <iostream>
#include <memory>
#include <string>
#include <variant>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "common/exit_code.h"
#include "common/log.h"
#include "common/shutdown.h"
#include "common/version.h"
#include "controller/controller.h"
#include "controller/options.h"
#include "controller/secrets/sealer.h"

namespace binferry::controller {
namespace {

constexpr absl::Duration kFailurePoll = absl::Milliseconds(200);
// What hangs longer when the controller ends, e.g. a call to a database that
// does not answer, has nothing to lose: all state is in PostgreSQL.
constexpr unsigned kMaxSecondsToEnd = 9;

// Under its name the file is complete or absent.
absl::Status WritePortsFile(const std::string& path,
                            const Controller& controller) {
  if (path.empty()) return absl::OkStatus();
  const std::string temporary = absl::StrCat(path, ".tmp");
  std::ofstream out(temporary, std::ios::trunc);
  out << "api_port=" << controller.api_port() << "\n"
      << "workers_port=" << controller.workers_port() << "\n";
  out.close();
  if (!out || rename(temporary.c_str(), path.c_str()) != 0) {
    return absl::FailedPreconditionError(
        absl::StrCat("--ports-file: cannot write ", path));
  }
  return absl::OkStatus();
}

void LogStart(const StartOptions& start) {
  LogInfo("controller starting", {{"version", kVersion}});
  for (const auto& [name, value] : start.effective) {
    LogInfo("option", {{"name", name}, {"value", value}});
  }
  if (start.options.insecure_dev) {
    LogWarning(
        "--insecure-dev: anyone who reaches the listeners may do "
        "anything");
  } else if (start.options.tls.authorities.empty()) {
    LogWarning(
        "anyone who reaches the API may use it: --tls-ca makes it ask "
        "for certificates");
  }
}

int CreateSecretKey(const std::string& path) {
  if (const absl::Status created = CreateKeyFile(path); !created.ok()) {
    std::cerr << "binferry-controller: " << created.message() << "\n";
    return kExitFailure;
  }
  std::cout << "Wrote a new key to " << path
            << ". Keep a copy: without it stored passwords are lost.\n";
  return kExitOk;
}

int Serve(const StartOptions& start) {
  absl::StatusOr<std::unique_ptr<ShutdownSignal>> shutdown =
      ShutdownSignal::Create();
  if (!shutdown.ok()) {
    LogError("controller cannot start", {{"error", shutdown.status()}});
    return kExitFailure;
  }
  absl::StatusOr<std::unique_ptr<Controller>> controller =
      Controller::Create(start.options);
  if (!controller.ok()) {
    LogError("controller cannot start", {{"error", controller.status()}});
    return kExitFailure;
  }
  if (const absl::Status written =
          WritePortsFile(start.options.ports_file, **controller);
      !written.ok()) {
    LogError("controller cannot start", {{"error", written}});
    return kExitFailure;
  }
  LogInfo("controller listening",
          {{"api_port", (*controller)->api_port()},
           {"workers_port", (*controller)->workers_port()}});
  while (!(*shutdown)->Wait(kFailurePoll)) {
    if (const absl::Status failure = (*controller)->failure(); !failure.ok()) {
      LogError("controller cannot go on", {{"error", failure}});
      (*controller)->Stop();
      return kExitFailure;
    }
  }
  LogInfo("controller ending");
  signal(SIGALRM, [](int) { _exit(kExitOk); });
  alarm(kMaxSecondsToEnd);
  (*controller)->Stop();
  LogInfo("controller ended");
  return kExitOk;
}

int Main(int argc, const char* const* argv) {
  const std::variant<StartOptions, int> parsed = ParseOptions(argc, argv);
  if (const int* exit_code = std::get_if<int>(&parsed)) return *exit_code;
  const StartOptions& start = std::get<StartOptions>(parsed);
  if (start.options.create_secret_key) {
    return CreateSecretKey(start.options.secret_key_file);
  }
  StartLogging(start.log_level);
  LogStart(start);
  return Serve(start);
}

}  // namespace
}  // namespace binferry::controller

int main(int argc, char** argv) {
  return binferry::controller::Main(argc, argv);
}
