// Oracle's libmysqlclient, 8.0 or later.
#include <mysql.h>

#include <algorithm>
#include <cstddef>

#include "worker/mysql/client_library.h"

namespace binferry::worker {
namespace {

unsigned int WholeSeconds(absl::Duration duration) {
  return static_cast<unsigned int>(std::max<int64_t>(
      1, absl::ToInt64Seconds(absl::Ceil(duration, absl::Seconds(1)))));
}

unsigned int LibraryMode(TlsMode mode) {
  switch (mode) {
    case TlsMode::kDisabled:
      return SSL_MODE_DISABLED;
    case TlsMode::kRequired:
      return SSL_MODE_REQUIRED;
    case TlsMode::kVerifyCa:
      return SSL_MODE_VERIFY_CA;
    case TlsMode::kVerifyIdentity:
      return SSL_MODE_VERIFY_IDENTITY;
  }
  return SSL_MODE_VERIFY_IDENTITY;
}

}  // namespace

void SetUpClientLibrary() { mysql_library_init(0, nullptr, nullptr); }

void SetClientOptions(ClientHandle* mysql, const ConnectionOptions& options) {
  const unsigned int connect_s = WholeSeconds(options.connect_timeout);
  const unsigned int read_s = WholeSeconds(options.read_timeout);
  mysql_options(mysql, MYSQL_OPT_CONNECT_TIMEOUT, &connect_s);
  mysql_options(mysql, MYSQL_OPT_READ_TIMEOUT, &read_s);
  mysql_options(mysql, MYSQL_OPT_WRITE_TIMEOUT, &read_s);
  // "localhost" would mean a Unix socket else.
  const unsigned int protocol = MYSQL_PROTOCOL_TCP;
  mysql_options(mysql, MYSQL_OPT_PROTOCOL, &protocol);
  mysql_options(mysql, MYSQL_SET_CHARSET_NAME, "utf8mb4");
  // A server must not fetch our files. The library sends no password in clear
  // text unless it is told that it may; without TLS it encrypts it by the
  // server's key.
  const unsigned int no_local_files = 0;
  mysql_options(mysql, MYSQL_OPT_LOCAL_INFILE, &no_local_files);
  const bool ask_for_key = true;
  mysql_options(mysql, MYSQL_OPT_GET_SERVER_PUBLIC_KEY, &ask_for_key);
  // Binlog events are up to 1 GiB whatever the server's setting.
  const unsigned long max_packet = 1UL << 30;
  mysql_options(mysql, MYSQL_OPT_MAX_ALLOWED_PACKET, &max_packet);
}

void SetClientTls(ClientHandle* mysql, TlsMode mode, const TlsPaths& paths) {
  const unsigned int library_mode = LibraryMode(mode);
  mysql_options(mysql, MYSQL_OPT_SSL_MODE, &library_mode);
  const auto set = [mysql](mysql_option option, const std::string& path) {
    if (!path.empty()) mysql_options(mysql, option, path.c_str());
  };
  set(MYSQL_OPT_SSL_CA, paths.ca);
  set(MYSQL_OPT_SSL_CERT, paths.certificate);
  set(MYSQL_OPT_SSL_KEY, paths.key);
}

int ClientSocket(ClientHandle* mysql) { return mysql->net.fd; }

bool GreetedWithoutTls(ClientHandle* mysql) {
  return mysql->server_capabilities != 0 &&
         (mysql->server_capabilities & CLIENT_SSL) == 0;
}

unsigned long EscapeText(ClientHandle* mysql, absl::string_view text,
                         char* out) {
  return mysql_real_escape_string_quote(mysql, out, text.data(), text.size(),
                                        '\'');
}

int SendDump(ClientHandle* mysql, const DumpCommand& command) {
  std::string gtid_set = command.gtid_set;
  MYSQL_RPL dump = {};
  dump.file_name = command.file.c_str();
  dump.file_name_length = command.file.size();
  dump.start_position = command.position;
  dump.server_id = command.server_id;
  dump.flags = command.flags;
  if (command.by_gtid) {
    dump.flags |= MYSQL_RPL_GTID;
    dump.gtid_set_encoded_size = gtid_set.size();
    dump.gtid_set_arg = gtid_set.data();
  }
  return mysql_binlog_open(mysql, &dump);
}

DumpPacket ReadDumpPacket(ClientHandle* mysql) {
  MYSQL_RPL dump = {};
  if (mysql_binlog_fetch(mysql, &dump) != 0) {
    return {.kind = DumpPacket::Kind::kError};
  }
  if (dump.size == 0) return {.kind = DumpPacket::Kind::kEnd};
  if (dump.buffer[0] != 0) return {.kind = DumpPacket::Kind::kNeither};
  return {.kind = DumpPacket::Kind::kEvent,
          .event = absl::MakeConstSpan(dump.buffer + 1, dump.size - 1)};
}

}  // namespace binferry::worker
