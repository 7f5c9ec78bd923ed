// How a worker is started.
#ifndef BINFERRY_WORKER_OPTIONS_H_
#define BINFERRY_WORKER_OPTIONS_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "binferry/v1/task.pb.h"
#include "common/log.h"
#include "common/secret.h"
#include "common/tls.h"

namespace binferry::worker {

// As given, and as they follow from what was given.
struct WorkerOptions {
  std::vector<std::string> controllers;  // host:port
  std::string name;
  std::string region;
  std::string zone;
  std::vector<v1::NetworkType> network_types;
  std::string vpc;
  std::string subnet;
  std::map<std::string, std::string> labels;
  int slots = 10;
  uint64_t memory_bytes = uint64_t{64} << 20;  // Per task.
  int encoder_threads = 2;
  TlsFiles tls;
  bool insecure_dev = false;
  Secret join_token;
  LogLevel log_level = LogLevel::kInfo;
  // Name and value of every option, for the log.
  std::vector<std::pair<std::string, std::string>> effective;
};

// Either the options, or the exit code of a process that ends here: it was
// asked for help or its version, or what is wrong was said on stderr.
struct ParsedWorkerOptions {
  std::optional<int> exit_code;
  WorkerOptions options;
};

ParsedWorkerOptions ParseWorkerOptions(int argc, const char* const* argv);

// INVALID_ARGUMENT, naming the flag, what is wrong and what would be right.
absl::Status CheckWorkerOptions(const WorkerOptions& options);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_OPTIONS_H_
