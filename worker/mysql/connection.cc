#include "worker/mysql/connection.h"

#include <errmsg.h>
#include <mysql.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <utility>

#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "common/status_macros.h"

// Exported by the library (symbol version libmariadb_3) and in none of its
// headers.
extern "C" int ma_pvio_register_callback(
    my_bool registers,
    void (*callback)(int mode, MYSQL* mysql, const unsigned char* bytes,
                     size_t count));

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

unsigned int WholeSeconds(absl::Duration duration) {
  return static_cast<unsigned int>(std::max<int64_t>(
      1, absl::ToInt64Seconds(absl::Ceil(duration, absl::Seconds(1)))));
}

MysqlError ErrorOf(MYSQL* mysql) {
  return {mysql_errno(mysql), mysql_error(mysql)};
}

// Whether the first bytes that a server sends are a greeting that offers TLS,
// or an error in its place, which ends the connection anyway. Layout: 3 bytes
// length, 1 sequence number, 1 protocol (0xff in an error), the version and a
// zero, 4 bytes session, 8 scramble, 1 zero, 2 capabilities.
bool OffersTls(const unsigned char* bytes, size_t count) {
  constexpr size_t kHeaderBytes = 4;
  constexpr size_t kFromVersionToCapabilities = 1 + 4 + 8 + 1;
  if (count <= kHeaderBytes) return false;
  if (bytes[kHeaderBytes] == 0xff) return true;
  const unsigned char* const end = bytes + count;
  const unsigned char* const zero = std::find(bytes + kHeaderBytes, end, 0);
  if (static_cast<size_t>(end - zero) < kFromVersionToCapabilities + 2)
    return false;
  const unsigned char* const low = zero + kFromVersionToCapabilities;
  return ((low[0] | low[1] << 8) & CLIENT_SSL) != 0;
}

// Called by the library with what it has just read (`mode` 0) or written.
//
// Where the server says that it has no TLS, the library, though told to enforce
// it, goes on without and gives caching_sha2_password's full exchange the
// password in clear text, believing the line encrypted: whoever sits between
// could have it for the asking. So nothing may be written after such a greeting
// (nor after one in fragments, which no server sends).
void RefuseClearText(int mode, MYSQL* mysql, const unsigned char* bytes,
                     size_t count) {
  if (!mysql->options.use_ssl) return;
  const bool is_greeting = mode == 0 && mysql->server_capabilities == 0;
  const bool is_safe = is_greeting
                           ? OffersTls(bytes, count)
                           : (mysql->server_capabilities & CLIENT_SSL) != 0;
  if (!is_safe) shutdown(mysql_get_socket(mysql), SHUT_RDWR);
}

void SetUpLibrary() {
  mysql_server_init(0, nullptr, nullptr);
  ma_pvio_register_callback(1, RefuseClearText);
}

// The CA of verifying modes without one of their own: Debian's bundle.
constexpr char kSystemCa[] = "/etc/ssl/certs/ca-certificates.crt";

// A connection as the library makes it, before it belongs to a Connection.
struct MysqlCloser {
  void operator()(MYSQL* mysql) const { mysql_close(mysql); }
};
using OwnedMysql = std::unique_ptr<MYSQL, MysqlCloser>;

void SetPlainOptions(MYSQL* mysql, const ConnectionOptions& options) {
  const unsigned int connect_s = WholeSeconds(options.connect_timeout);
  const unsigned int read_s = WholeSeconds(options.read_timeout);
  mysql_optionsv(mysql, MYSQL_OPT_CONNECT_TIMEOUT, &connect_s);
  mysql_optionsv(mysql, MYSQL_OPT_READ_TIMEOUT, &read_s);
  mysql_optionsv(mysql, MYSQL_OPT_WRITE_TIMEOUT, &read_s);
  // "localhost" would mean a Unix socket else.
  const unsigned int protocol = MYSQL_PROTOCOL_TCP;
  mysql_optionsv(mysql, MYSQL_OPT_PROTOCOL, &protocol);
  mysql_optionsv(mysql, MYSQL_SET_CHARSET_NAME, "utf8mb4");
  const my_bool off = 0;
  mysql_optionsv(mysql, MYSQL_OPT_RECONNECT, &off);
  // A server must not fetch our files, nor ask for the password in clear text.
  const unsigned int no_local_files = 0;
  mysql_optionsv(mysql, MYSQL_OPT_LOCAL_INFILE, &no_local_files);
  mysql_optionsv(mysql, MARIADB_OPT_RESTRICTED_AUTH,
                 "mysql_native_password,caching_sha2_password,"
                 "sha256_password,client_ed25519");
  // Binlog events are up to 1 GiB whatever the server's setting.
  const size_t max_packet = size_t{1} << 30;
  mysql_optionsv(mysql, MYSQL_OPT_MAX_ALLOWED_PACKET, &max_packet);
}

// Sets the paths that `files` keep valid.
absl::Status SetTlsOptions(MYSQL* mysql, const ConnectionOptions& options,
                           std::vector<PemFile>& files) {
  const my_bool enforce = options.tls_mode != TlsMode::kDisabled;
  const my_bool verify_identity = options.tls_mode == TlsMode::kVerifyIdentity;
  mysql_optionsv(mysql, MYSQL_OPT_SSL_ENFORCE, &enforce);
  mysql_optionsv(mysql, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &verify_identity);
  if (!enforce) return absl::OkStatus();
  const auto set_pem = [&](mysql_option option,
                           const std::string& pem) -> absl::Status {
    if (pem.empty()) return absl::OkStatus();
    BINFERRY_ASSIGN_OR_RETURN(PemFile file, PemFile::Create(pem));
    mysql_optionsv(mysql, option, file.path().c_str());
    files.push_back(std::move(file));
    return absl::OkStatus();
  };
  // With a CA set, the library verifies the chain in every mode.
  if (options.tls_mode != TlsMode::kRequired) {
    BINFERRY_RETURN_IF_ERROR(set_pem(MYSQL_OPT_SSL_CA, options.ca_pem));
    if (options.ca_pem.empty())
      mysql_optionsv(mysql, MYSQL_OPT_SSL_CA, kSystemCa);
  }
  BINFERRY_RETURN_IF_ERROR(
      set_pem(MYSQL_OPT_SSL_CERT, options.certificate_pem));
  return set_pem(MYSQL_OPT_SSL_KEY, options.key_pem);
}

// Whether the task wants TLS and the server that answered offers none.
bool LacksWantedTls(MYSQL* mysql, const ConnectionOptions& options,
                    bool connected) {
  if (options.tls_mode == TlsMode::kDisabled) return false;
  if (connected) return mysql_get_ssl_cipher(mysql) == nullptr;
  return mysql->server_capabilities != 0 &&
         (mysql->server_capabilities & CLIENT_SSL) == 0;
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
  std::call_once(once, SetUpLibrary);
  OwnedMysql mysql(mysql_init(nullptr));
  if (mysql == nullptr)
    return absl::UnavailableError("no memory for a MySQL connection");
  SetPlainOptions(mysql.get(), options);
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
  const int socket = dup(mysql_get_socket(mysql.get()));
  if (socket < 0)
    return absl::UnavailableError(absl::StrCat(
        "no file descriptor for a MySQL connection: ", std::strerror(errno)));
  return absl::WrapUnique(new Connection(mysql.release(), socket, options));
}

Connection::Connection(st_mysql* mysql, int socket,
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
  const unsigned long length = mysql_real_escape_string(
      mysql_, quoted.data() + 1, text.data(), text.size());
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
