// One connection to PostgreSQL. The only place that knows libpqxx: its
// exceptions end here.
#ifndef BINFERRY_CONTROLLER_STORE_PG_CONNECTION_H_
#define BINFERRY_CONTROLLER_STORE_PG_CONNECTION_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <pqxx/pqxx>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace binferry::controller {

struct PgOptions {
  // libpq's connection string or URI.
  std::string connection_string;
  // Whole seconds, at least 2 (libpq).
  absl::Duration connect_timeout = absl::Seconds(2);
  absl::Duration statement_timeout = absl::Seconds(10);
};

// INVALID_ARGUMENT, which shows nothing of the text, unless libpq understands
// it as a connection string or URI. Tells a mistake from a server that is away.
absl::Status CheckConnectionString(const std::string& text);

// Parameters $1, $2, ... of a statement, as text; nullopt = NULL. Bytes that
// PostgreSQL takes in no text (NUL, what is no UTF-8) become '?'.
class PgParams {
 public:
  PgParams& Text(absl::string_view value);
  PgParams& OptionalText(const std::optional<std::string>& value);
  PgParams& Bytes(absl::string_view value);  // For bytea.
  PgParams& Int(int64_t value);
  PgParams& Bool(bool value);
  PgParams& Time(absl::Time value);  // For timestamptz.
  PgParams& OptionalTime(std::optional<absl::Time> value);
  // For text[].
  PgParams& TextArray(const std::vector<std::string>& values);
  // For jsonb: an object of strings.
  PgParams& TextMap(const std::map<std::string, std::string>& map);

  const std::vector<std::optional<std::string>>& values() const {
    return values_;
  }

 private:
  std::vector<std::optional<std::string>> values_;
};

// One row; columns by name. A column that isn't there or has another type is a
// programming error and dies.
class PgRow {
 public:
  PgRow(pqxx::result result, size_t row)
      : result_(std::move(result)), row_(row) {}

  bool IsNull(const char* column) const;
  std::string Text(const char* column) const;   // NULL = "".
  std::string Bytes(const char* column) const;  // bytea.
  int64_t Int(const char* column) const;
  uint64_t Uint(const char* column) const;  // numeric without fraction.
  double Double(const char* column) const;
  bool Bool(const char* column) const;
  absl::Time Time(const char* column) const;  // timestamptz.
  std::optional<absl::Time> OptionalTime(const char* column) const;
  // Any one-dimensional array without NULLs.
  std::vector<std::string> TextArray(const char* column) const;

 private:
  // Null pointer for NULL. Valid while this object lives.
  const char* Raw(const char* column) const;
  const char* Required(const char* column) const;

  pqxx::result result_;
  size_t row_;
};

// The rows that a statement returned.
class PgRows {
 public:
  PgRows() = default;
  explicit PgRows(pqxx::result result) : result_(std::move(result)) {}

  size_t size() const { return static_cast<size_t>(result_.size()); }
  bool empty() const { return result_.empty(); }
  // How many rows an INSERT, UPDATE or DELETE without RETURNING touched.
  int64_t affected() const {
    return static_cast<int64_t>(result_.affected_rows());
  }
  PgRow operator[](size_t i) const { return PgRow(result_, i); }

 private:
  pqxx::result result_;
};

// An open transaction. Thread-compatible.
class PgTransaction {
 public:
  // Runs one statement, or several where there are no parameters. After an
  // error the transaction is broken and must be given up. Errors: see
  // PgConnection::Transact.
  absl::StatusOr<PgRows> Execute(const std::string& sql,
                                 const PgParams& params = PgParams());

 private:
  friend class PgConnection;
  PgTransaction(pqxx::transaction_base* transaction, int64_t* statements)
      : transaction_(transaction), statements_(statements) {}

  pqxx::transaction_base* const transaction_;
  int64_t* const statements_;
};

// Thread-compatible.
class PgConnection {
 public:
  // UNAVAILABLE within the connect timeout if PostgreSQL can't be reached.
  static absl::StatusOr<std::unique_ptr<PgConnection>> Open(
      const PgOptions& options);

  // Runs `body` in a transaction of isolation READ COMMITTED and commits if it
  // returns OK, else rolls back. Errors of PostgreSQL become: UNAVAILABLE (the
  // connection broke, the server is starting or stopping, too many
  // connections), ABORTED (deadlock, serialization, lost race of unique keys),
  // DEADLINE_EXCEEDED (statement timeout), INTERNAL (anything else).
  absl::Status Transact(absl::FunctionRef<absl::Status(PgTransaction&)> body);

  // One statement, committed by itself.
  absl::StatusOr<PgRows> Execute(const std::string& sql,
                                 const PgParams& params = PgParams());

  // Delivers notifications of `channel` from now on to WaitForNotifications.
  absl::Status Listen(const std::string& channel);
  // Payloads that arrived, at most `timeout` after the call; may be none.
  absl::StatusOr<std::vector<std::string>> WaitForNotifications(
      absl::Duration timeout);

  // False once the connection broke: it must not be used again.
  bool usable() const { return usable_; }
  // Statements run so far, without BEGIN and COMMIT.
  int64_t statements() const { return statements_; }

 private:
  class Receiver;

  explicit PgConnection(std::unique_ptr<pqxx::connection> connection);

  // Turns exceptions of `body` into statuses.
  absl::Status Run(absl::FunctionRef<absl::Status()> body);

  std::unique_ptr<pqxx::connection> connection_;
  std::vector<std::string> payloads_;
  std::shared_ptr<Receiver> receiver_;
  bool usable_ = true;
  int64_t statements_ = 0;
};

}  // namespace binferry::controller

#endif  // BINFERRY_CONTROLLER_STORE_PG_CONNECTION_H_
