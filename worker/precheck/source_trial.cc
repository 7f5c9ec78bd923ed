#include "worker/precheck/source_trial.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/remedy.h"
#include "common/status_macros.h"
#include "worker/mysql/connection.h"
#include "worker/mysql/mysql_binlog_source.h"
#include "worker/mysql/server_glance.h"
#include "worker/mysql/source_catalog.h"
#include "worker/mysql/source_objects.h"
#include "worker/precheck/object_facts.h"

namespace binferry::worker {
namespace {

// Addresses of one name that are tried; more are a mistake of the DNS.
constexpr size_t kMaxAddresses = 8;
// Tables that a message names.
constexpr size_t kMaxNamed = 10;

class Trial {
 public:
  Trial(const SourceTrial& options, const Clock* clock)
      : options_(options),
        clock_(clock),
        start_(clock->MonotonicNow()),
        target_(absl::StrCat(options.connection.host, ":",
                             options.connection.port)) {}

  std::vector<TestStep> Run() && {
    Take("NAME_RESOLUTION", [this] { return Resolve(); }) &&
        Take("TCP", [this] { return ConnectTcp(); }) &&
        Take("TLS", [this] { return StartTls(); }) &&
        Take("AUTHENTICATION", [this] { return LogIn(); }) &&
        Take("PRIVILEGES", [this] { return CheckPrivileges(); }) &&
        Take("READ", [this] { return Read(); });
    return std::move(steps_);
  }

 private:
  using Finding = absl::StatusOr<std::string>;

  // False: the step failed.
  bool Take(std::string name, const std::function<Finding()>& take) {
    const MonotonicTime began = clock_->MonotonicNow();
    const Finding found = take();
    TestStep& step = steps_.emplace_back();
    step.step = std::move(name);
    step.target = target_;
    step.passed = found.ok();
    step.message = found.ok() ? *found : CauseOf(found.status());
    step.remedy = RemedyOf(found.status());
    step.duration = clock_->MonotonicNow() - began;
    return step.passed;
  }

  absl::Duration TimeLeft(absl::Duration most) const {
    const absl::Duration left =
        options_.time_left - (clock_->MonotonicNow() - start_);
    return std::clamp(left, absl::Milliseconds(1), most);
  }
  absl::Duration ConnectTime() const {
    return TimeLeft(options_.connection.connect_timeout);
  }

  // Its time-outs within the time left.
  ConnectionOptions Bounded() const {
    ConnectionOptions bounded = options_.connection;
    bounded.connect_timeout = ConnectTime();
    bounded.read_timeout = TimeLeft(bounded.read_timeout);
    return bounded;
  }

  Finding Resolve() {
    BINFERRY_ASSIGN_OR_RETURN(addresses_,
                              ResolveHost(options_.connection, ConnectTime()));
    if (addresses_.size() > kMaxAddresses) addresses_.resize(kMaxAddresses);
    return absl::StrJoin(addresses_, ", ",
                         [](std::string* out, const HostAddress& address) {
                           out->append(address.text);
                         });
  }

  Finding ConnectTcp() {
    std::vector<std::string> failures;
    std::string remedy;
    for (const HostAddress& address : addresses_) {
      auto glance =
          ServerGlance::Connect(address, options_.connection, ConnectTime());
      if (glance.ok()) {
        glance_ = *std::move(glance);
        BINFERRY_ASSIGN_OR_RETURN(greeting_,
                                  glance_->ReadGreeting(ConnectTime()));
        std::string found = absl::StrCat("connected to ", address.text,
                                         ", MySQL ", greeting_.version);
        if (!failures.empty())
          absl::StrAppend(&found, "; before that ",
                          absl::StrJoin(failures, "; "));
        return found;
      }
      failures.push_back(CauseOf(glance.status()));
      remedy = RemedyOf(glance.status());
    }
    return RemedyError(absl::StatusCode::kUnavailable,
                       absl::StrJoin(failures, "; "), remedy);
  }

  Finding StartTls() {
    if (options_.connection.tls_mode == TlsMode::kDisabled)
      return absl::StrCat(
          "not used: source.tls_mode is disabled, so that rows cross the "
          "network as they are; the server offers ",
          greeting_.offers_tls ? "it" : "none");
    if (!greeting_.offers_tls)
      return RemedyError(
          absl::StatusCode::kFailedPrecondition,
          absl::StrCat("the server, MySQL ", greeting_.version,
                       ", offers no TLS"),
          "give the server a certificate (ssl_ca, ssl_cert, ssl_key; then "
          "ALTER INSTANCE RELOAD TLS), or set source.tls_mode to disabled");
    BINFERRY_ASSIGN_OR_RETURN(const TlsGlance tls,
                              glance_->StartTls(ConnectTime()));
    const bool verifies =
        options_.connection.tls_mode == TlsMode::kVerifyCa ||
        options_.connection.tls_mode == TlsMode::kVerifyIdentity;
    return absl::StrCat(tls.ToString(),
                        verifies ? ", verified" : ", not verified");
  }

  Finding LogIn() {
    glance_.reset();
    BINFERRY_ASSIGN_OR_RETURN(connection_, Connection::Connect(Bounded()));
    BINFERRY_ASSIGN_OR_RETURN(account_, ReadAccount(connection_.get()));
    return absl::StrCat("logged in as ", account_);
  }

  Finding CheckPrivileges() {
    BINFERRY_ASSIGN_OR_RETURN(const SourcePrivileges privileges,
                              ReadSourcePrivileges(connection_.get()));
    std::vector<std::string> missing;
    if (!privileges.replication_slave) missing.push_back("REPLICATION SLAVE");
    if (!privileges.replication_client) missing.push_back("REPLICATION CLIENT");
    if (!missing.empty())
      return RemedyError(absl::StatusCode::kPermissionDenied,
                         absl::StrCat("the account ", account_, " lacks ",
                                      absl::StrJoin(missing, " and ")),
                         absl::StrCat("GRANT ", absl::StrJoin(missing, ", "),
                                      " ON *.* TO ", account_));
    if (options_.objects.databases.empty())
      return "REPLICATION SLAVE and REPLICATION CLIENT are granted; SELECT is "
             "tested once objects are selected";
    return CheckSelect();
  }

  Finding CheckSelect() {
    BINFERRY_ASSIGN_OR_RETURN(
        const std::vector<std::string> tables,
        FindTablesWithoutSelect(connection_.get(), options_.objects,
                                kMaxNamed));
    if (tables.empty())
      return "REPLICATION SLAVE, REPLICATION CLIENT and SELECT on the selected "
             "tables are granted";
    return RemedyError(
        absl::StatusCode::kPermissionDenied,
        absl::StrCat("the account ", account_, " lacks SELECT on ",
                     absl::StrJoin(tables, ", "),
                     tables.size() == kMaxNamed ? " and maybe others" : ""),
        absl::StrCat("GRANT SELECT ON ", tables.front(), " TO ", account_,
                     tables.size() > 1 ? ", and so on for each of them" : ""));
  }

  Finding Read() {
    BINFERRY_ASSIGN_OR_RETURN(const SourceVariables variables,
                              ReadSourceVariables(connection_.get()));
    BINFERRY_ASSIGN_OR_RETURN(const SourcePosition position,
                              ReadSourcePosition(connection_.get()));
    MysqlSourceOptions source{.connection = Bounded(), .dump = {}};
    source.dump.server_id = options_.server_id;
    source.dump.stop_at_end = true;
    BINFERRY_ASSIGN_OR_RETURN(source.dump.replica_uuid,
                              connection_->QueryText("SELECT UUID()"));
    BINFERRY_ASSIGN_OR_RETURN(
        const std::unique_ptr<MysqlBinlogSource> binlog,
        MysqlBinlogSource::OpenFile(source, position.coordinates.file));
    BINFERRY_RETURN_IF_ERROR(binlog->Next().status());
    return absl::StrCat("MySQL ", variables.version, ", server ",
                        variables.server_uuid, "; reads its binlog, now at ",
                        position.coordinates.ToString());
  }

  const SourceTrial& options_;
  const Clock* const clock_;
  const MonotonicTime start_;
  const std::string target_;
  std::vector<TestStep> steps_;

  std::vector<HostAddress> addresses_;
  std::unique_ptr<ServerGlance> glance_;
  ServerGreeting greeting_;
  std::unique_ptr<Connection> connection_;
  std::string account_;  // 'user'@'host', as GRANT takes it.
};

}  // namespace

std::vector<TestStep> TrySource(const SourceTrial& trial, const Clock* clock) {
  return Trial(trial, clock).Run();
}

}  // namespace binferry::worker
