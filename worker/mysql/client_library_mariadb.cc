// MariaDB Connector/C.
#include <mysql.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstddef>

#include "worker/mysql/client_library.h"

// Exported by the library (symbol version libmariadb_3) and in none of its
// headers.
extern "C" int ma_pvio_register_callback(
    my_bool registers,
    void (*callback)(int mode, MYSQL* mysql, const unsigned char* bytes,
                     size_t count));

namespace binferry::worker {
namespace {

// The client library has no name for it.
constexpr auto kComBinlogDumpGtid = static_cast<enum_server_command>(0x1e);
// The packet that ends a stream starts with this byte and is shorter than that.
constexpr uint8_t kEndMark = 0xfe;
constexpr unsigned long kEndPacketLimit = 9;

void AppendNumber(uint64_t value, int bytes, std::string& out) {
  for (int i = 0; i < bytes; ++i)
    out.push_back(static_cast<char>((value >> (8 * i)) & 0xff));
}

// u16 flags, u32 server id, file name with its length (none: the server picks
// it by the set), u64 position, the set with its length.
std::string GtidDumpBody(const DumpCommand& command) {
  std::string body;
  AppendNumber(command.flags, 2, body);
  AppendNumber(command.server_id, 4, body);
  AppendNumber(0, 4, body);
  AppendNumber(command.position, 8, body);
  AppendNumber(command.gtid_set.size(), 4, body);
  return body + command.gtid_set;
}

// u32 position, u16 flags, u32 server id, file name.
std::string FileDumpBody(const DumpCommand& command) {
  std::string body;
  AppendNumber(command.position, 4, body);
  AppendNumber(command.flags, 2, body);
  AppendNumber(command.server_id, 4, body);
  return body + command.file;
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

unsigned int WholeSeconds(absl::Duration duration) {
  return static_cast<unsigned int>(std::max<int64_t>(
      1, absl::ToInt64Seconds(absl::Ceil(duration, absl::Seconds(1)))));
}

}  // namespace

void SetUpClientLibrary() {
  mysql_server_init(0, nullptr, nullptr);
  ma_pvio_register_callback(1, RefuseClearText);
}

void SetClientOptions(ClientHandle* mysql, const ConnectionOptions& options) {
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

void SetClientTls(ClientHandle* mysql, TlsMode mode, const TlsPaths& paths) {
  const my_bool enforce = mode != TlsMode::kDisabled;
  const my_bool verify_identity = mode == TlsMode::kVerifyIdentity;
  mysql_optionsv(mysql, MYSQL_OPT_SSL_ENFORCE, &enforce);
  mysql_optionsv(mysql, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &verify_identity);
  if (!enforce) return;
  const auto set = [mysql](mysql_option option, const std::string& path) {
    if (!path.empty()) mysql_optionsv(mysql, option, path.c_str());
  };
  // With a CA set, the library verifies the chain in every mode.
  set(MYSQL_OPT_SSL_CA, paths.ca);
  set(MYSQL_OPT_SSL_CERT, paths.certificate);
  set(MYSQL_OPT_SSL_KEY, paths.key);
}

int ClientSocket(ClientHandle* mysql) {
  return static_cast<int>(mysql_get_socket(mysql));
}

bool GreetedWithoutTls(ClientHandle* mysql) {
  return mysql->server_capabilities != 0 &&
         (mysql->server_capabilities & CLIENT_SSL) == 0;
}

unsigned long EscapeText(ClientHandle* mysql, absl::string_view text,
                         char* out) {
  return mysql_real_escape_string(mysql, out, text.data(), text.size());
}

int SendDump(ClientHandle* mysql, const DumpCommand& command) {
  const std::string body =
      command.by_gtid ? GtidDumpBody(command) : FileDumpBody(command);
  return mysql->methods->db_command(
      mysql, command.by_gtid ? kComBinlogDumpGtid : COM_BINLOG_DUMP,
      body.data(), body.size(), /*skip_check=*/1, nullptr);
}

DumpPacket ReadDumpPacket(ClientHandle* mysql) {
  const unsigned long length = mysql_net_read_packet(mysql);
  if (length == packet_error) return {.kind = DumpPacket::Kind::kError};
  // The library keeps the packet until the next read, whole also where it came
  // in several.
  const uint8_t* const packet = mysql->net.read_pos;
  if (length > 0 && packet[0] == 0) {
    return {.kind = DumpPacket::Kind::kEvent,
            .event = absl::MakeConstSpan(packet + 1, length - 1)};
  }
  return {.kind =
              length > 0 && packet[0] == kEndMark && length < kEndPacketLimit
                  ? DumpPacket::Kind::kEnd
                  : DumpPacket::Kind::kNeither};
}

}  // namespace binferry::worker
