// Where MySQL's client libraries differ: MariaDB Connector/C, which Debian
// has, and Oracle's libmysqlclient, which its unstable release has too.
#ifndef BINFERRY_WORKER_MYSQL_CLIENT_LIBRARY_H_
#define BINFERRY_WORKER_MYSQL_CLIENT_LIBRARY_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "worker/mysql/connection_options.h"

// The library's own object for a session; each names it otherwise. The build
// chooses one of client_library_mariadb.cc and client_library_oracle.cc
// (BINFERRY_MYSQL_VENDOR).
#ifdef BINFERRY_ORACLE_CLIENT
struct MYSQL;
namespace binferry::worker {
using ClientHandle = ::MYSQL;
}  // namespace binferry::worker
#else
struct st_mysql;
namespace binferry::worker {
using ClientHandle = ::st_mysql;
}  // namespace binferry::worker
#endif

namespace binferry::worker {

// Once in a process, before anything else.
void SetUpClientLibrary();

// All but TLS: time-outs, TCP, UTF-8, no files of ours, no log-in that sends
// the password in clear text, events up to 1 GiB.
void SetClientOptions(ClientHandle* mysql, const ConnectionOptions& options);

// PEM files by path, "" for none, which must stay until the connection is made.
struct TlsPaths {
  std::string ca;
  std::string certificate;
  std::string key;
};

// Whatever `mode` is but kDisabled, nothing goes over a line that is not
// encrypted. `paths.ca` is set in the verifying modes and in no other.
void SetClientTls(ClientHandle* mysql, TlsMode mode, const TlsPaths& paths);

// The session's socket; -1 if it has none.
int ClientSocket(ClientHandle* mysql);

// Whether the server has greeted without offering TLS; false before.
bool GreetedWithoutTls(ClientHandle* mysql);

// Writes `text` to `out`, which has room for twice its bytes and one more, as
// it stands between single quotes; the bytes written.
unsigned long EscapeText(ClientHandle* mysql, absl::string_view text,
                         char* out);

// What a replica asks for.
struct DumpCommand {
  uint16_t flags = 0;
  uint32_t server_id = 0;
  // By GTID: the encoded set that the replica has; `file` is empty and
  // `position` the first of a file.
  bool by_gtid = false;
  std::string gtid_set;
  std::string file;
  uint64_t position = 0;
};

// 0, or not: the session has the error then.
int SendDump(ClientHandle* mysql, const DumpCommand& command);

struct DumpPacket {
  enum class Kind { kEvent, kEnd, kNeither, kError };
  Kind kind = Kind::kError;
  // An event's bytes, without the zero before it; until the next read.
  absl::Span<const uint8_t> event = {};
};

// The next packet of a dump; blocks. kError: the session has it.
DumpPacket ReadDumpPacket(ClientHandle* mysql);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_MYSQL_CLIENT_LIBRARY_H_
