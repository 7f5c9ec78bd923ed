#include "worker/mysql/connection.h"

#include <errmsg.h>
#include <mysql.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <mutex>
#include <utility>

#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/status_macros.h"
#include "worker/mysql/client_library.h"

namespace binferry::worker {
namespace {

// The library takes PEM only by path: a file that exists in memory alone, under
// a path that only this process can open. Gone with this object.
class PemFile {
 public:
  static absl::StatusOr<PemFile> Create(const std::string& pem) {
    PemFile file(memfd_create("pem", MFD_CLOEXEC));
    size_t written = 0;
    while (file.fd_ >= 0 && written < pem.size()) {
      const ssize_t n =
          write(file.fd_, pem.data() + written, pem.size() - written);
      if (n < 0) break;
      written += static_cast<size_t>(n);
    }
    if (file.fd_ < 0 || written < pem.size())
      return absl::UnavailableError(absl::StrCat(
          "could not keep a certificate in memory: ", std::strerror(errno)));
    return file;
  }

  PemFile(PemFile&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  PemFile& operator=(PemFile&&) = delete;
  ~PemFile() {
    if (fd_ >= 0) close(fd_);
  }

  std::string path() const { return absl::StrCat("/proc/self/fd/", fd_); }

 private:
  explicit PemFile(int fd) : fd_(fd) {}

  int fd_;
};

MysqlError ErrorOf(MYSQL* mysql) {
  return {mysql_errno(mysql), mysql_error(mysql)};
}

// The CA of verifying modes without one of their own: Debian's bundle.
constexpr char kSystemCa[] = "/etc/ssl/certs/ca-certificates.crt";

// A connection as the library makes it, before it belongs to a Connection.
struct MysqlCloser {
  void operator()(MYSQL* mysql) const { mysql_close(mysql); }
};
using OwnedMysql = std::unique_ptr<MYSQL, MysqlCloser>;

// Sets the paths that `files` keep valid.
absl::Status SetTlsOptions(MYSQL* mysql, const ConnectionOptions& options,
                           std::vector<PemFile>& files) {
  TlsPaths paths;
  const auto keep = [&](const std::string& pem,
                        std::string& path) -> absl::Status {
    if (pem.empty()) return absl::OkStatus();
    BINFERRY_ASSIGN_OR_RETURN(PemFile file, PemFile::Create(pem));
    path = file.path();
    files.push_back(std::move(file));
    return absl::OkStatus();
  };
  if (options.tls_mode == TlsMode::kVerifyCa ||
      options.tls_mode == TlsMode::kVerifyIdentity) {
    paths.ca = kSystemCa;
    BINFERRY_RETURN_IF_ERROR(keep(options.ca_pem, paths.ca));
  }
  BINFERRY_RETURN_IF_ERROR(keep(options.certificate_pem, paths.certificate));
  BINFERRY_RETURN_IF_ERROR(keep(options.key_pem, paths.key));
  SetClientTls(mysql, options.tls_mode, paths);
  return absl::OkStatus();
}

// Whether the task wants TLS and the server that answered offers none.
bool LacksWantedTls(MYSQL* mysql, const ConnectionOptions& options,
                    bool connected) {
  if (options.tls_mode == TlsMode::kDisabled) return false;
  if (connected) return mysql_get_ssl_cipher(mysql) == nullptr;
  return GreetedWithoutTls(mysql);
}

std::string VersionText(MYSQL* mysql) {
  const char* const text = mysql_get_server_info(mysql);
  // MariaDB's trick to make old replicas accept its version.
  return std::string(absl::StripPrefix(text == nullptr ? "" : text, "5.5.5-"));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Connection>> Connection::Connect(
    const ConnectionOptions& options) {
  if (options.host.empty())
    return absl::InvalidArgumentError("source.host is empty");
  if (options.port == 0)
    return absl::InvalidArgumentError(
        "source.port is 0: give a port from 1 to 65535");
  static std::once_flag once;
  std::call_once(once, SetUpClientLibrary);
  OwnedMysql mysql(mysql_init(nullptr));
  if (mysql == nullptr)
    return absl::UnavailableError("no memory for a MySQL connection");
  SetClientOptions(mysql.get(), options);
  std::vector<PemFile> files;
  BINFERRY_RETURN_IF_ERROR(SetTlsOptions(mysql.get(), options, files));
  const bool connected =
      mysql_real_connect(mysql.get(), options.host.c_str(),
                         options.user.c_str(), options.password.c_str(),
                         /*db=*/nullptr, options.port,
                         /*unix_socket=*/nullptr,
                         /*clientflag=*/0) != nullptr;
  if (LacksWantedTls(mysql.get(), options, connected))
    return ConnectError(
        options, {CR_SSL_CONNECTION_ERROR, "the server does not support TLS"});
  if (!connected) return ConnectError(options, ErrorOf(mysql.get()));
  const int socket = dup(ClientSocket(mysql.get()));
  if (socket < 0)
    return absl::UnavailableError(absl::StrCat(
        "no file descriptor for a MySQL connection: ", std::strerror(errno)));
  return absl::WrapUnique(new Connection(mysql.release(), socket, options));
}

Connection::Connection(ClientHandle* mysql, int socket,
                       const ConnectionOptions& options)
    : mysql_(mysql),
      socket_(socket),
      where_(absl::StrCat(options.host, ":", options.port)),
      server_version_(VersionText(mysql)),
      is_encrypted_(mysql_get_ssl_cipher(mysql) != nullptr) {}

Connection::~Connection() {
  mysql_close(mysql_);
  close(socket_);
}

absl::StatusOr<std::vector<TextRow>> Connection::Query(
    absl::string_view statement) {
  const auto failed = [&]() -> absl::Status {
    if (interrupted_) return absl::CancelledError("interrupted");
    return QueryError(where_, statement, LastError());
  };
  if (mysql_real_query(mysql_, statement.data(), statement.size()) != 0)
    return failed();
  std::vector<TextRow> rows;
  struct ResultCloser {
    void operator()(MYSQL_RES* result) const { mysql_free_result(result); }
  };
  const std::unique_ptr<MYSQL_RES, ResultCloser> result(
      mysql_use_result(mysql_));
  if (result == nullptr) {
    if (mysql_field_count(mysql_) != 0) return failed();
    return rows;
  }
  const unsigned int columns = mysql_num_fields(result.get());
  size_t bytes = 0;
  while (const MYSQL_ROW row = mysql_fetch_row(result.get())) {
    const unsigned long* const lengths = mysql_fetch_lengths(result.get());
    TextRow& out = rows.emplace_back(columns);
    for (unsigned int i = 0; i < columns; ++i) {
      if (row[i] == nullptr) continue;
      bytes += lengths[i];
      out[i].emplace(row[i], lengths[i]);
    }
    bytes += sizeof(TextRow) + columns * sizeof(TextRow::value_type);
    if (bytes > kMaxResultBytes)
      return absl::FailedPreconditionError(
          absl::StrCat(where_, " answers a query of ours with more than ",
                       kMaxResultBytes, " bytes"));
  }
  if (mysql_errno(mysql_) != 0) return failed();
  return rows;
}

absl::StatusOr<std::string> Connection::QueryText(absl::string_view statement) {
  BINFERRY_ASSIGN_OR_RETURN(const std::vector<TextRow> rows, Query(statement));
  if (rows.empty() || rows.front().empty()) return std::string();
  return rows.front().front().value_or("");
}

std::string Connection::Quote(absl::string_view text) const {
  std::string quoted(text.size() * 2 + 3, '\'');
  const unsigned long length = EscapeText(mysql_, text, quoted.data() + 1);
  quoted.resize(length + 1);
  quoted.push_back('\'');
  return quoted;
}

uint64_t Connection::session_id() const { return mysql_thread_id(mysql_); }

MysqlError Connection::LastError() const { return ErrorOf(mysql_); }

void Connection::Interrupt() {
  interrupted_ = true;
  shutdown(socket_, SHUT_RDWR);
}

}  // namespace binferry::worker
