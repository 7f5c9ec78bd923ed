// Options of binferry-controller.
#ifndef BINFERRY_CONTROLLER_OPTIONS_H_
#define BINFERRY_CONTROLLER_OPTIONS_H_

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/log.h"
#include "common/secret.h"
#include "common/tls.h"

namespace binferry::controller {

enum class Security {
  kTls,
  kInsecureDev,  // Neither encryption nor a look at who calls.
};

struct ControllerOptions {
  std::string listen_api = "127.0.0.1:7070";
  std::string listen_workers = "127.0.0.1:7401";
  // Empty = none. Gets the chosen ports once both listeners are open.
  std::string ports_file;

  std::string postgres;
  std::string postgres_password_file;
  std::string migrations_dir;

  std::string secret_key_file;
  bool create_secret_key = false;

  TlsFiles tls;
  bool insecure_dev = false;
  std::string join_token_file;

  std::string state_topic_prefix = "binferry";
  std::string log_level = "info";

  Security security() const {
    return insecure_dev ? Security::kInsecureDev : Security::kTls;
  }
};

// What main starts with.
struct StartOptions {
  ControllerOptions options;
  LogLevel log_level = LogLevel::kInfo;
  // For the log: what is in force, without secrets.
  std::vector<std::pair<std::string, std::string>> effective;
};

// The options, or the exit code to end with (after --help, --version, or a
// message on stderr).
std::variant<StartOptions, int> ParseOptions(int argc, const char* const* argv);

// INVALID_ARGUMENT naming the option and the remedy for what makes no sense.
absl::Status CheckOptions(const ControllerOptions& options);

// libpq's connection string or URI with a password added.
std::string AddPassword(absl::string_view connection_string,
                        const Secret& password);

}  // namespace binferry::controller

#endif  // BINFERRY_CONTROLLER_OPTIONS_H_
