#include "worker/sink/kafka_kerberos.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/synchronization/mutex.h"
#include "common/status_macros.h"

namespace binferry::worker {
namespace {

bool HasProgram(absl::string_view name) {
  const char* path = std::getenv("PATH");
  if (path == nullptr) return false;
  for (const absl::string_view folder : absl::StrSplit(path, ':')) {
    if (access(absl::StrCat(folder, "/", name).c_str(), X_OK) == 0) return true;
  }
  return false;
}

// The principal whose ticket the process holds. Of the process, because
// Kerberos' ticket cache is (KRB5CCNAME).
absl::Status ClaimPrincipal(const std::string& principal) {
  static absl::Mutex mu;
  static std::string* const claimed = new std::string;
  absl::MutexLock lock(&mu);
  if (claimed->empty()) *claimed = principal;
  if (*claimed == principal) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(
      "this worker already uses the Kerberos principal ", *claimed,
      ", and a process can use one only; give the task the same principal, or "
      "a worker of its own by placement"));
}

}  // namespace

absl::Status CheckGssapi(absl::string_view features) {
  if (!absl::StrContains(features, "sasl_gssapi")) {
    return absl::FailedPreconditionError(
        "the worker's librdkafka is built without GSSAPI; install the "
        "distribution's librdkafka1, or use SCRAM-SHA-512 or OAUTHBEARER");
  }
  if (!HasProgram("kinit")) {
    return absl::FailedPreconditionError(
        "GSSAPI needs Kerberos' programs on the worker's machine: apt-get "
        "install krb5-user libsasl2-modules-gssapi-mit");
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<Keytab>> Keytab::Create(
    const KerberosClientOptions& kerberos) {
  BINFERRY_RETURN_IF_ERROR(ClaimPrincipal(kerberos.principal));
  const int descriptor = memfd_create("keytab", MFD_CLOEXEC);
  if (descriptor < 0) {
    return absl::InternalError("there is no memory for a keytab");
  }
  // Through /proc the descriptor is found though kinit doesn't inherit it.
  std::unique_ptr<Keytab> keytab(new Keytab(
      descriptor, absl::StrCat("/proc/", getpid(), "/fd/", descriptor)));
  absl::string_view rest = kerberos.keytab.Reveal();
  while (!rest.empty()) {
    const ssize_t written = write(descriptor, rest.data(), rest.size());
    if (written <= 0) {
      return absl::InternalError("a keytab can't be written to memory");
    }
    rest.remove_prefix(static_cast<size_t>(written));
  }
  return keytab;
}

Keytab::~Keytab() { close(descriptor_); }

}  // namespace binferry::worker
