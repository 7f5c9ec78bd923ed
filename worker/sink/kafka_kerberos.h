// What GSSAPI needs beside settings of the client library.
#ifndef BINFERRY_WORKER_SINK_KAFKA_KERBEROS_H_
#define BINFERRY_WORKER_SINK_KAFKA_KERBEROS_H_

#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/secret.h"
#include "worker/sink/kafka_cluster.h"

namespace binferry::worker {

// FAILED_PRECONDITION, naming what to install, where the client library was
// built without GSSAPI (`features`: its builtin.features) or there is no kinit.
absl::Status CheckGssapi(absl::string_view features);

// A keytab that programs started by this process can read, but which is in no
// file system. Thread-compatible.
class Keytab {
 public:
  // FAILED_PRECONDITION if another principal was used in this process: Kerberos
  // keeps one ticket cache for a process, and a task must not write under
  // another task's name. INTERNAL if there is no memory for it.
  static absl::StatusOr<std::unique_ptr<Keytab>> Create(
      const KerberosClientOptions& kerberos);

  ~Keytab();
  Keytab(const Keytab&) = delete;
  Keytab& operator=(const Keytab&) = delete;

  const std::string& path() const { return path_; }

 private:
  Keytab(int descriptor, std::string path)
      : descriptor_(descriptor), path_(std::move(path)) {}

  const int descriptor_;
  const std::string path_;
};

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_SINK_KAFKA_KERBEROS_H_
