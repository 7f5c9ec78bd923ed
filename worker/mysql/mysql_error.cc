#include "worker/mysql/mysql_error.h"

#include <cerrno>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "common/remedy.h"

namespace binferry::worker {
namespace {

// Numbers of the server's and the library's error messages (MySQL error
// reference; errmsg.h). They are never given another meaning.
constexpr unsigned int kTooManyConnections = 1040;
constexpr unsigned int kDatabaseAccessDenied = 1044;
constexpr unsigned int kAccessDenied = 1045;
constexpr unsigned int kServerShutdown = 1053;
constexpr unsigned int kParseError = 1064;
constexpr unsigned int kHostIsBlocked = 1129;
constexpr unsigned int kHostNotPrivileged = 1130;
constexpr unsigned int kTableAccessDenied = 1142;
constexpr unsigned int kColumnAccessDenied = 1143;
constexpr unsigned int kUnknownSystemVariable = 1193;
constexpr unsigned int kTooManyUserConnections = 1203;
constexpr unsigned int kResourceLimit = 1226;
constexpr unsigned int kSpecificAccessDenied = 1227;
constexpr unsigned int kFatalBinlogRead = 1236;
constexpr unsigned int kPluginNotLoaded = 1524;
constexpr unsigned int kAccessDeniedNoPassword = 1698;
constexpr unsigned int kMalformedGtidSet = 1773;
constexpr unsigned int kMustChangePassword = 1820;
constexpr unsigned int kMustChangePasswordAtLogin = 1862;
constexpr unsigned int kAccountLocked = 3118;
constexpr unsigned int kSecureTransportRequired = 3159;
constexpr unsigned int kBlockedByPasswordLock = 3955;
constexpr unsigned int kSlaveAlreadyConnected = 4052;  // MariaDB.

constexpr unsigned int kCantConnectHost = 2003;
constexpr unsigned int kUnknownHost = 2005;
constexpr unsigned int kServerGone = 2006;
constexpr unsigned int kServerLost = 2013;
constexpr unsigned int kPacketTooLarge = 2020;
constexpr unsigned int kTls = 2026;
constexpr unsigned int kMalformedPacket = 2027;
constexpr unsigned int kServerLostExtended = 2055;
constexpr unsigned int kPluginCannotLoad = 2059;
constexpr unsigned int kPluginFailed = 2061;
constexpr unsigned int kPluginNotAllowed = 5010;

std::string Where(const ConnectionOptions& options) {
  return absl::StrCat(options.host, ":", options.port);
}

// What the server or the library said, for support.
std::string Quoted(const MysqlError& error) {
  return absl::StrCat(error.code, ": ", error.message);
}

// Of an established connection TLS tells only that the peer is gone: by a close
// without the alert that the protocol asks for, or by the socket's end.
bool IsBrokenConnection(unsigned int code) {
  return code == kServerGone || code == kTls || code == kServerLost ||
         code == kServerLostExtended || code == kServerShutdown ||
         code == kMalformedPacket || code == kCantConnectHost;
}

// Whether `text` ends an error text of the library that carries `number`, as in
// "Can't connect to server on 'db' (111)".
bool HasErrno(absl::string_view text, int number) {
  return absl::StrContains(text, absl::StrCat("(", number, ")")) ||
         absl::StrContains(text, absl::StrCat("error: ", number)) ||
         absl::StrContains(text, absl::StrCat("system error ", number));
}

absl::Status Unreachable(const ConnectionOptions& options,
                         const MysqlError& error) {
  const std::string where = Where(options);
  const auto unavailable = [&](absl::string_view cause,
                               absl::string_view remedy) {
    return RemedyError(absl::StatusCode::kUnavailable, cause, remedy,
                       Quoted(error));
  };
  if (error.code == kUnknownHost)
    return unavailable(absl::StrCat("the host name ", options.host,
                                    " does not resolve from this worker"),
                       "check source.host and the DNS of the worker's network");
  // The library reports EINPROGRESS for whatever ends a connect before its time
  // is over: a refusal, or an unreachable network.
  if (HasErrno(error.message, ECONNREFUSED) ||
      HasErrno(error.message, EINPROGRESS))
    return unavailable(
        absl::StrCat(where, " refuses connections or has no route to it"),
        "check source.host, source.port, that the server runs and its "
        "bind_address");
  if (HasErrno(error.message, ETIMEDOUT) || HasErrno(error.message, EAGAIN))
    return unavailable(absl::StrCat(where, " did not answer in time"),
                       "check source.host, source.port, routes and firewalls "
                       "between the worker and it");
  return unavailable(
      absl::StrCat("could not connect to ", where),
      "check that it is reachable from this worker and is a MySQL server");
}

absl::Status TlsError(const ConnectionOptions& options,
                      const MysqlError& error) {
  const std::string where = Where(options);
  const std::string text = error.message;
  // A peer that hangs up in the middle of the handshake is a network fault;
  // what the certificates or the settings say won't change by itself.
  for (const absl::string_view broken :
       {"Connection reset", "EOF", "eof", "Broken pipe", "timed out"}) {
    if (absl::StrContains(text, broken))
      return absl::UnavailableError(absl::StrCat("the TLS handshake with ",
                                                 where, " broke off (",
                                                 Quoted(error), ")"));
  }
  if (absl::StrContains(text, "server does not support"))
    return RemedyError(
        absl::StatusCode::kFailedPrecondition,
        absl::StrCat(where, " offers no TLS"),
        "give it certificates or set source.tls_mode to disabled",
        Quoted(error));
  return RemedyError(
      absl::StatusCode::kFailedPrecondition,
      absl::StrCat("TLS with ", where, " failed"),
      absl::StrCat(
          "check source.tls_mode: the CA must have signed the server's "
          "certificate, the certificate must name ",
          options.host,
          " where the identity is verified, and certificate and key must "
          "belong together"),
      Quoted(error));
}

absl::Status DataLossAt(absl::string_view where, absl::string_view what,
                        absl::string_view remedy, const MysqlError& error) {
  return RemedyError(absl::StatusCode::kDataLoss,
                     absl::StrCat("the source ", where, " ", what), remedy,
                     Quoted(error));
}

constexpr absl::string_view kStartAnew =
    "changes are missing for good; synchronize anew from a present position, "
    "and keep binlogs longer (binlog_expire_logs_seconds)";

// The reasons of error 1236, by how their texts begin or what is in them.
absl::Status FatalBinlogRead(absl::string_view where, const MysqlError& error) {
  const absl::string_view text = error.message;
  const auto says = [text](absl::string_view part) {
    return absl::StrContains(text, part);
  };
  if (says("purged required binary logs"))
    return DataLossAt(where, "purged binlogs that were not read yet",
                      kStartAnew, error);
  if (says("Could not find first log file name"))
    return DataLossAt(where, "no longer has the binlog file of the checkpoint",
                      "it was purged, or this is another server; synchronize "
                      "anew from a present position",
                      error);
  if (says("could not find next log"))
    return DataLossAt(where, "lost its binlog history",
                      "its binlogs were reset or removed while they were read; "
                      "synchronize anew from a present position",
                      error);
  if (says("more GTIDs than"))
    return DataLossAt(where, "lacks transactions that were read from it",
                      "it was restored from a backup or replaced by a stale "
                      "replica; decide which history holds, then synchronize "
                      "anew or point the task at the right server",
                      error);
  if (says("position > file size"))
    return DataLossAt(where, "has a shorter binlog file than was read",
                      "it is another server, or a crash lost the file's end "
                      "(sync_binlog other than 1); synchronize anew from a "
                      "present position",
                      error);
  if (says("not in the master's binlog"))
    return DataLossAt(where, "does not have the position of the checkpoint",
                      kStartAnew, error);
  if (says("truncated in the middle of event") || says("bogus data in log") ||
      says("did not pass crc check") || says("exceeded max_allowed_packet"))
    return DataLossAt(where, "finds no whole event at the position asked for",
                      "the start position is not the start of an event, or the "
                      "binlog file is damaged; start from a GTID set",
                      error);
  if (says("Cannot replicate anonymous transaction") ||
      says("Cannot replicate GTID-transaction"))
    return RemedyError(
        absl::StatusCode::kUnimplemented,
        absl::StrCat("the source ", where,
                     " gives no binlog that it wrote under another gtid_mode"),
        "start behind the change of gtid_mode", Quoted(error));
  if (says("same server_uuid/server_id") || says("already connected"))
    return RemedyError(
        absl::StatusCode::kAborted,
        absl::StrCat("another reader with this task's server id or replica "
                     "UUID connected to ",
                     where),
        "if it is no former worker of the task, which gives up by itself, stop "
        "it; the two throw each other out",
        Quoted(error));
  if (says("Binary log is not open"))
    return RemedyError(absl::StatusCode::kFailedPrecondition,
                       absl::StrCat("the binlog of ", where, " is off"),
                       "start the server with log_bin", Quoted(error));
  if (says("can not handle replication events with the checksum") ||
      says("position < 4"))
    return absl::InternalError(absl::StrCat("a malformed dump request to ",
                                            where, " (", Quoted(error), ")"));
  return absl::FailedPreconditionError(
      absl::StrCat("the source ", where, " ended the binlog dump for good (",
                   Quoted(error), ")"));
}

absl::Status MissingPrivilege(absl::string_view where, absl::string_view doing,
                              const MysqlError& error) {
  return RemedyError(
      absl::StatusCode::kPermissionDenied,
      absl::StrCat("source.username may not ", doing, " on ", where),
      "GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* and SELECT on the "
      "selected tables to it",
      Quoted(error));
}

// The server tells a wrong password and a missing certificate apart to nobody.
absl::string_view RemedyForDenied(const ConnectionOptions& options) {
  if (options.tls_mode == TlsMode::kDisabled)
    return "check source.username and source.password, and source.tls_mode if "
           "the account requires encryption";
  if (options.certificate_pem.empty())
    return "check source.username and source.password, and give "
           "source.client_certificate if the account is REQUIRE X509";
  return "check source.username and source.password, and that "
         "source.client_certificate is the one that the account requires";
}

bool IsMissingPrivilege(unsigned int code) {
  return code == kSpecificAccessDenied || code == kTableAccessDenied ||
         code == kColumnAccessDenied || code == kDatabaseAccessDenied;
}

}  // namespace

absl::Status ConnectError(const ConnectionOptions& options,
                          const MysqlError& error) {
  const std::string where = Where(options);
  const std::string user_at =
      absl::StrCat("user ", options.user, " at ", where);
  const auto fault = [&](absl::StatusCode code, absl::string_view cause,
                         absl::string_view remedy) {
    return RemedyError(code, cause, remedy, Quoted(error));
  };
  switch (error.code) {
    case kAccessDenied:
    case kAccessDeniedNoPassword:
    case kDatabaseAccessDenied:
      return fault(absl::StatusCode::kPermissionDenied,
                   absl::StrCat("access denied for ", user_at),
                   RemedyForDenied(options));
    case kHostNotPrivileged:
      return fault(
          absl::StatusCode::kPermissionDenied,
          absl::StrCat(where,
                       " admits no connections from this worker's address"),
          absl::StrCat("create the user ", options.user, " for it"));
    case kMustChangePassword:
    case kMustChangePasswordAtLogin:
      return fault(absl::StatusCode::kPermissionDenied,
                   absl::StrCat("the password of ", user_at, " has expired"),
                   "renew it and source.password");
    case kAccountLocked:
    case kBlockedByPasswordLock:
      return fault(absl::StatusCode::kPermissionDenied,
                   absl::StrCat("the account of ", user_at, " is locked"),
                   absl::StrCat("ALTER USER '", options.user,
                                "'@'%' ACCOUNT UNLOCK, with the account's host "
                                "in place of %"));
    case kHostIsBlocked:
      return fault(
          absl::StatusCode::kFailedPrecondition,
          absl::StrCat(where,
                       " blocks this worker's address after too many failed "
                       "connections"),
          "run FLUSH HOSTS or TRUNCATE performance_schema.host_cache there");
    case kTooManyConnections:
    case kTooManyUserConnections:
    case kResourceLimit:
      return fault(absl::StatusCode::kUnavailable,
                   absl::StrCat(where, " has no free connection"),
                   "raise max_connections or the user's limit");
    case kSecureTransportRequired:
      return fault(absl::StatusCode::kFailedPrecondition,
                   absl::StrCat(where, " admits only encrypted connections"),
                   "set source.tls_mode to required or stricter");
    case kTls:
      return TlsError(options, error);
    case kPluginNotLoaded:
    case kPluginCannotLoad:
    case kPluginFailed:
    case kPluginNotAllowed:
      return fault(
          absl::StatusCode::kFailedPrecondition,
          absl::StrCat(user_at,
                       " authenticates in a way that does not work here"),
          "use caching_sha2_password, over TLS or with an RSA key on the "
          "server");
  }
  return Unreachable(options, error);
}

absl::Status QueryError(absl::string_view where, absl::string_view statement,
                        const MysqlError& error) {
  constexpr size_t kMaxQuoted = 100;
  const std::string quoted =
      absl::StrCat("'", statement.substr(0, kMaxQuoted),
                   statement.size() > kMaxQuoted ? "…'" : "'");
  if (IsBrokenConnection(error.code))
    return absl::UnavailableError(absl::StrCat("the connection to ", where,
                                               " broke at ", quoted, " (",
                                               Quoted(error), ")"));
  if (IsMissingPrivilege(error.code))
    return MissingPrivilege(where, absl::StrCat("run ", quoted), error);
  if (error.code == kParseError || error.code == kUnknownSystemVariable)
    return absl::UnimplementedError(absl::StrCat(
        where, " does not know ", quoted, " (", Quoted(error), ")"));
  return absl::FailedPreconditionError(
      absl::StrCat(where, " refused ", quoted, " (", Quoted(error), ")"));
}

absl::Status DumpError(absl::string_view where, const MysqlError& error) {
  switch (error.code) {
    case kFatalBinlogRead:
      return FatalBinlogRead(where, error);
    case kSlaveAlreadyConnected:
      return RemedyError(
          absl::StatusCode::kAborted,
          absl::StrCat(
              "another reader with this task's server id connected to ", where),
          "stop it", Quoted(error));
    case kMalformedGtidSet:
      return absl::InternalError(absl::StrCat("a malformed GTID set sent to ",
                                              where, " (", Quoted(error), ")"));
    case kPacketTooLarge:
      return absl::DataLossError(absl::StrCat(
          "the source ", where,
          " holds a binlog event above 1 GiB, which no replica can read (",
          Quoted(error), ")"));
  }
  if (IsMissingPrivilege(error.code) || error.code == kAccessDenied)
    return MissingPrivilege(where, "read the binlog", error);
  if (IsBrokenConnection(error.code))
    return absl::UnavailableError(absl::StrCat("the binlog stream of ", where,
                                               " broke (", Quoted(error), ")"));
  return absl::FailedPreconditionError(absl::StrCat(
      "the source ", where, " refuses the binlog dump (", Quoted(error), ")"));
}

}  // namespace binferry::worker
