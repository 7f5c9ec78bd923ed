#include "controller/store/pg_connection.h"

#include <libpq-fe.h>

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <pqxx/nontransaction>
#include <pqxx/pqxx>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "common/clean_text.h"
#include "common/status_macros.h"
#include "controller/store/json_text.h"

// libpqxx changed parameters in 7.0 and, with 7.10, calls with parameters and
// notifications.

namespace binferry::controller {
namespace {

constexpr absl::string_view kTimeFormat = "%Y-%m-%d %H:%M:%E*S%Ez";

// A query and its reader disagree: our bug.
[[noreturn]] void DieOfColumn(const char* column, absl::string_view what) {
  std::cerr << "column " << column << ": " << what << std::endl;
  std::abort();
}

// With the settings of every session, in the connection string because libpqxx
// 6 connects again by itself. libpq looks for the server no longer than the
// timeout, and notices a peer that vanished without a word.
std::string WithSettings(const PgOptions& options) {
  const int64_t seconds =
      std::max<int64_t>(2, absl::ToInt64Seconds(absl::Ceil(
                               options.connect_timeout, absl::Seconds(1))));
  std::string session = absl::StrCat(
      "-c statement_timeout=",
      absl::ToInt64Milliseconds(options.statement_timeout),
      " -c idle_in_transaction_session_timeout=60000 -c TimeZone=UTC"
      " -c DateStyle=ISO -c bytea_output=hex");
  const bool is_uri =
      absl::StartsWith(options.connection_string, "postgres://") ||
      absl::StartsWith(options.connection_string, "postgresql://");
  session = is_uri ? absl::StrReplaceAll(session, {{" ", "%20"}, {"=", "%3D"}})
                   : absl::StrCat("'", session, "'");
  const std::pair<absl::string_view, std::string> settings[] = {
      {"connect_timeout", absl::StrCat(seconds)},
      {"keepalives_idle", "5"},
      {"keepalives_interval", "2"},
      {"keepalives_count", "3"},
      {"tcp_user_timeout", "10000"},
      {"client_encoding", "UTF8"},
      {"application_name", "binferry"},
      {"options", session},
  };
  std::string text = options.connection_string;
  for (const auto& [name, value] : settings) {
    absl::StrAppend(&text,
                    is_uri ? (absl::StrContains(text, "?") ? "&" : "?") : " ",
                    name, "=", value);
  }
  return text;
}

absl::StatusCode CodeOf(absl::string_view sqlstate) {
  // Appendix A of PostgreSQL's manual.
  if (absl::StartsWith(sqlstate, "08") || absl::StartsWith(sqlstate, "57P") ||
      sqlstate == "53300" || sqlstate == "25P03") {
    return absl::StatusCode::kUnavailable;
  }
  if (sqlstate == "40001" || sqlstate == "40P01" || sqlstate == "23505" ||
      sqlstate == "55P03") {
    return absl::StatusCode::kAborted;
  }
  if (sqlstate == "57014") return absl::StatusCode::kDeadlineExceeded;
  return absl::StatusCode::kInternal;
}

absl::Status ErrorOf(absl::StatusCode code, const std::exception& error) {
  return absl::Status(
      code,
      absl::StrCat("PostgreSQL: ", absl::StripAsciiWhitespace(error.what()),
                   code == absl::StatusCode::kUnavailable
                       ? "; try again, and look whether it runs"
                       : ""));
}

pqxx::result ExecuteIn(pqxx::transaction_base& transaction,
                       const std::string& sql, const PgParams& params) {
  if (params.values().empty()) return transaction.exec(sql);
#if PQXX_VERSION_MAJOR < 7
  std::vector<const char*> texts;
  for (const std::optional<std::string>& value : params.values()) {
    texts.push_back(value.has_value() ? value->c_str() : nullptr);
  }
  return transaction.exec_params(
      sql, pqxx::prepare::make_dynamic_params(texts.begin(), texts.end()));
#else
  pqxx::params values;
  for (const std::optional<std::string>& value : params.values()) {
    if (value.has_value()) {
      values.append(*value);
    } else {
      values.append();
    }
  }
#if PQXX_VERSION_MAJOR * 100 + PQXX_VERSION_MINOR >= 710
  return transaction.exec(sql, values);
#else
  return transaction.exec_params(sql, values);
#endif
#endif
}

}  // namespace

PgParams& PgParams::Text(absl::string_view value) {
  values_.emplace_back(CleanText(value));
  return *this;
}

PgParams& PgParams::OptionalText(const std::optional<std::string>& value) {
  if (value.has_value()) return Text(*value);
  values_.emplace_back(std::nullopt);
  return *this;
}

PgParams& PgParams::Bytes(absl::string_view value) {
  values_.emplace_back(absl::StrCat("\\x", absl::BytesToHexString(value)));
  return *this;
}

PgParams& PgParams::Int(int64_t value) {
  values_.emplace_back(absl::StrCat(value));
  return *this;
}

PgParams& PgParams::Bool(bool value) {
  values_.emplace_back(value ? "true" : "false");
  return *this;
}

PgParams& PgParams::Time(absl::Time value) {
  values_.emplace_back(
      absl::FormatTime(kTimeFormat, value, absl::UTCTimeZone()));
  return *this;
}

PgParams& PgParams::OptionalTime(std::optional<absl::Time> value) {
  if (value.has_value()) return Time(*value);
  values_.emplace_back(std::nullopt);
  return *this;
}

PgParams& PgParams::TextArray(const std::vector<std::string>& values) {
  std::string text = "{";
  for (const std::string& value : values) {
    if (text.size() > 1) text.push_back(',');
    text.push_back('"');
    for (const char c : CleanText(value)) {
      if (c == '"' || c == '\\') text.push_back('\\');
      text.push_back(c);
    }
    text.push_back('"');
  }
  values_.emplace_back(absl::StrCat(text, "}"));
  return *this;
}

PgParams& PgParams::TextMap(const std::map<std::string, std::string>& map) {
  std::string text = "{";
  for (const auto& [key, value] : map) {
    if (text.size() > 1) text.push_back(',');
    AppendJsonString(key, &text);
    text.push_back(':');
    AppendJsonString(value, &text);
  }
  values_.emplace_back(absl::StrCat(text, "}"));
  return *this;
}

const char* PgRow::Raw(const char* column) const {
  try {
    const auto field = result_[static_cast<pqxx::result::size_type>(row_)]
                              [result_.column_number(column)];
    return field.is_null() ? nullptr : field.c_str();
  } catch (const std::exception& error) {
    DieOfColumn(column, error.what());
  }
}

const char* PgRow::Required(const char* column) const {
  const char* const raw = Raw(column);
  if (raw == nullptr) DieOfColumn(column, "is NULL");
  return raw;
}

bool PgRow::IsNull(const char* column) const { return Raw(column) == nullptr; }

std::string PgRow::Text(const char* column) const {
  const char* const raw = Raw(column);
  return raw == nullptr ? "" : raw;
}

std::string PgRow::Bytes(const char* column) const {
  absl::string_view hex = Required(column);
  if (!absl::ConsumePrefix(&hex, "\\x")) DieOfColumn(column, "is no bytea");
  return absl::HexStringToBytes(hex);
}

int64_t PgRow::Int(const char* column) const {
  int64_t value = 0;
  if (!absl::SimpleAtoi(Required(column), &value)) {
    DieOfColumn(column, "is no integer");
  }
  return value;
}

uint64_t PgRow::Uint(const char* column) const {
  uint64_t value = 0;
  if (!absl::SimpleAtoi(Required(column), &value)) {
    DieOfColumn(column, "is no unsigned integer");
  }
  return value;
}

double PgRow::Double(const char* column) const {
  double value = 0;
  if (!absl::SimpleAtod(Required(column), &value)) {
    DieOfColumn(column, "is no number");
  }
  return value;
}

bool PgRow::Bool(const char* column) const {
  return absl::string_view(Required(column)) == "t";
}

absl::Time PgRow::Time(const char* column) const {
  absl::Time time;
  std::string error;
  if (!absl::ParseTime(kTimeFormat, Required(column), &time, &error)) {
    DieOfColumn(column, error);
  }
  return time;
}

std::optional<absl::Time> PgRow::OptionalTime(const char* column) const {
  if (IsNull(column)) return std::nullopt;
  return Time(column);
}

std::vector<std::string> PgRow::TextArray(const char* column) const {
  absl::string_view rest = Required(column);
  if (!absl::ConsumePrefix(&rest, "{")) DieOfColumn(column, "is no array");
  std::vector<std::string> values;
  while (!rest.empty() && rest.front() != '}') {
    const bool is_quoted = absl::ConsumePrefix(&rest, "\"");
    std::string value;
    while (!rest.empty()) {
      const char c = rest.front();
      if (is_quoted ? c == '"' : c == ',' || c == '}') break;
      if (c == '\\') rest.remove_prefix(1);
      if (rest.empty()) DieOfColumn(column, "is no array");
      value.push_back(rest.front());
      rest.remove_prefix(1);
    }
    if (is_quoted) absl::ConsumePrefix(&rest, "\"");
    values.push_back(std::move(value));
    absl::ConsumePrefix(&rest, ",");
  }
  return values;
}

#if PQXX_VERSION_MAJOR * 100 + PQXX_VERSION_MINOR < 710
class PgConnection::Receiver : public pqxx::notification_receiver {
 public:
  Receiver(pqxx::connection& connection, const std::string& channel,
           std::vector<std::string>* payloads)
      : pqxx::notification_receiver(connection, channel), payloads_(payloads) {}

  void operator()(const std::string& payload, int) override {
    payloads_->push_back(payload);
  }

 private:
  std::vector<std::string>* const payloads_;
};
#else
class PgConnection::Receiver {};
#endif

absl::StatusOr<PgRows> PgTransaction::Execute(const std::string& sql,
                                              const PgParams& params) {
  try {
    PgRows rows(ExecuteIn(*transaction_, sql, params));
    ++*statements_;
    return rows;
  } catch (const pqxx::broken_connection& error) {
    return ErrorOf(absl::StatusCode::kUnavailable, error);
  } catch (const pqxx::sql_error& error) {
    return ErrorOf(CodeOf(error.sqlstate()), error);
  } catch (const std::exception& error) {
    return ErrorOf(absl::StatusCode::kInternal, error);
  }
}

PgConnection::PgConnection(std::unique_ptr<pqxx::connection> connection)
    : connection_(std::move(connection)) {}

absl::Status CheckConnectionString(const std::string& text) {
  PQconninfoOption* const options = PQconninfoParse(text.c_str(), nullptr);
  if (options == nullptr) {
    return absl::InvalidArgumentError(
        "--postgres is neither a connection string such as \"host=db "
        "user=binferry dbname=binferry\" nor a URI such as "
        "postgresql://binferry@db/binferry");
  }
  PQconninfoFree(options);
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<PgConnection>> PgConnection::Open(
    const PgOptions& options) {
  try {
    return std::unique_ptr<PgConnection>(new PgConnection(
        std::make_unique<pqxx::connection>(WithSettings(options))));
  } catch (const std::exception& error) {
    return ErrorOf(absl::StatusCode::kUnavailable, error);
  }
}

absl::Status PgConnection::Run(absl::FunctionRef<absl::Status()> body) {
  absl::Status status;
  try {
    status = body();
  } catch (const pqxx::broken_connection& error) {
    status = ErrorOf(absl::StatusCode::kUnavailable, error);
  } catch (const pqxx::in_doubt_error& error) {
    status = ErrorOf(absl::StatusCode::kUnavailable, error);
  } catch (const pqxx::sql_error& error) {
    status = ErrorOf(CodeOf(error.sqlstate()), error);
  } catch (const std::exception& error) {
    status = ErrorOf(absl::StatusCode::kInternal, error);
  }
  if (absl::IsUnavailable(status) || !connection_->is_open()) usable_ = false;
  return status;
}

absl::Status PgConnection::Transact(
    absl::FunctionRef<absl::Status(PgTransaction&)> body) {
  return Run([&]() -> absl::Status {
    pqxx::work work(*connection_);
    PgTransaction transaction(&work, &statements_);
    BINFERRY_RETURN_IF_ERROR(body(transaction));
    work.commit();
    return absl::OkStatus();
  });
}

absl::StatusOr<PgRows> PgConnection::Execute(const std::string& sql,
                                             const PgParams& params) {
  PgRows rows;
  BINFERRY_RETURN_IF_ERROR(Run([&]() -> absl::Status {
    pqxx::nontransaction work(*connection_);
    rows = PgRows(ExecuteIn(work, sql, params));
    ++statements_;
    return absl::OkStatus();
  }));
  return rows;
}

absl::Status PgConnection::Listen(const std::string& channel) {
  return Run([&]() -> absl::Status {
#if PQXX_VERSION_MAJOR * 100 + PQXX_VERSION_MINOR >= 710
    connection_->listen(channel, [this](pqxx::notification notification) {
      payloads_.emplace_back(notification.payload.c_str());
    });
#else
    receiver_ = std::make_shared<Receiver>(*connection_, channel, &payloads_);
#endif
    return absl::OkStatus();
  });
}

absl::StatusOr<std::vector<std::string>> PgConnection::WaitForNotifications(
    absl::Duration timeout) {
  payloads_.clear();
  BINFERRY_RETURN_IF_ERROR(Run([&]() -> absl::Status {
    const int64_t micros = absl::ToInt64Microseconds(timeout);
    connection_->await_notification(static_cast<long>(micros / 1'000'000),
                                    static_cast<long>(micros % 1'000'000));
    return absl::OkStatus();
  }));
  return std::move(payloads_);
}

}  // namespace binferry::controller
