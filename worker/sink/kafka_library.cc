#include "worker/sink/kafka_library.h"

#include "absl/strings/str_cat.h"
#include "librdkafka/rdkafka.h"

namespace binferry::worker {
namespace {

constexpr int kScramMended = 0x020601ff;  // 2.6.1.

}  // namespace

std::string SaslCaution(SaslMechanism mechanism) {
  const bool scram = mechanism == SaslMechanism::kScramSha256 ||
                     mechanism == SaslMechanism::kScramSha512;
  if (!scram || rd_kafka_version() >= kScramMended) return "";
  return absl::StrCat(
      "the worker's librdkafka ", rd_kafka_version_str(),
      " can't use SCRAM with brokers of Kafka 3.7.2, 3.8.1 and later: install "
      "librdkafka 2.6.1 or later there, or use PLAIN or OAUTHBEARER over TLS");
}

}  // namespace binferry::worker
