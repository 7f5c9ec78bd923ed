#include "worker/precheck/source_precheck.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "common/status_macros.h"
#include "worker/mysql/connection.h"
#include "worker/mysql/source_objects.h"
#include "worker/mysql/start_resolution.h"
#include "worker/precheck/object_items.h"
#include "worker/precheck/source_facts.h"
#include "worker/precheck/source_items.h"

namespace binferry::worker {
namespace {

class Check {
 public:
  Check(const SourcePrecheck& asked, const Clock* clock,
        const std::stop_token& stop)
      : asked_(asked),
        clock_(clock),
        stop_(stop),
        start_(clock->MonotonicNow()) {}

  absl::Status Run(std::vector<PrecheckItem>* items) {
    BINFERRY_ASSIGN_OR_RETURN(const std::unique_ptr<Connection> connection,
                              Connection::Connect(Bounded().connection));
    const std::stop_callback interrupt(
        stop_, [&connection] { connection->Interrupt(); });
    BINFERRY_ASSIGN_OR_RETURN(SourceServerFacts server,
                              ReadSourceServerFacts(connection.get()));
    BINFERRY_ASSIGN_OR_RETURN(server.account, ReadAccount(connection.get()));
    server.tls_mode = asked_.source.connection.tls_mode;
    server.task_server_id = asked_.source.dump.server_id;
    server.start = CheckStart(server);
    *items = JudgeSource(server);
    return CheckObjects(connection.get(), server, items);
  }

 private:
  // Its time-outs within the time left.
  MysqlSourceOptions Bounded() const {
    const absl::Duration left =
        std::max(asked_.time_left - (clock_->MonotonicNow() - start_),
                 absl::Milliseconds(1));
    MysqlSourceOptions bounded = asked_.source;
    ConnectionOptions& connection = bounded.connection;
    connection.connect_timeout = std::min(connection.connect_timeout, left);
    connection.read_timeout = std::min(connection.read_timeout, left);
    return bounded;
  }

  absl::StatusOr<std::string> CheckStart(const SourceServerFacts& server) {
    if (!asked_.start.has_value())
      return "the task goes on at its checkpoint, which is in Kafka";
    // The items about them say so.
    if (!server.may_look_at_binlog())
      return absl::FailedPreconditionError("the binlog can't be looked at");
    return DescribeStart(*asked_.start, Bounded(), stop_);
  }

  absl::Status CheckObjects(Connection* connection,
                            const SourceServerFacts& server,
                            std::vector<PrecheckItem>* items) {
    absl::StatusOr<ObjectFacts> facts =
        ReadObjectFacts(connection, asked_.objects);
    if (absl::IsInvalidArgument(facts.status())) {
      items->push_back(JudgeBadSelection(facts.status()));
      return absl::OkStatus();
    }
    BINFERRY_RETURN_IF_ERROR(facts.status());
    facts->account = server.account;
    facts->server_version = server.variables.version;
    facts->row_image = server.variables.binlog_row_image;
    facts->native_foreign_keys = server.other("innodb_native_foreign_keys");
    facts->lower_case_table_names = server.other("lower_case_table_names");
    facts->max_record_bytes = asked_.max_record_bytes;
    facts->records_go_by_key = asked_.records_go_by_key;
    facts->has_hash_salt = asked_.has_hash_salt;
    std::vector<PrecheckItem> judged = JudgeObjects(*facts);
    std::move(judged.begin(), judged.end(), std::back_inserter(*items));
    return absl::OkStatus();
  }

  const SourcePrecheck& asked_;
  const Clock* const clock_;
  const std::stop_token& stop_;
  const MonotonicTime start_;
};

}  // namespace

std::vector<PrecheckItem> PrecheckSource(const SourcePrecheck& precheck,
                                         const Clock* clock,
                                         const std::stop_token& stop) {
  std::vector<PrecheckItem> items;
  const absl::Status status = Check(precheck, clock, stop).Run(&items);
  const ConnectionOptions& connection = precheck.source.connection;
  PrecheckItem first = JudgeSourceConnection(
      absl::StrCat(connection.host, ":", connection.port), status);
  if (!status.ok()) items.clear();
  items.insert(items.begin(), std::move(first));
  return items;
}

}  // namespace binferry::worker
