#include "worker/sink/broker_protocol.h"

#include <algorithm>
#include <utility>

#include "worker/sink/wire.h"

namespace binferry::worker {
namespace {

constexpr int16_t kFetch = 1;
constexpr int16_t kInitProducerId = 22;

absl::Status CutOff() {
  return absl::DataLossError("a broker's answer is cut off");
}

// The first release whose brokers take this version of Fetch, newest first
// (apache/kafka, clients/src/main/resources/common/message/FetchRequest.json
// and its history).
struct FetchRelease {
  int16_t version;
  const char* release;
};
constexpr FetchRelease kReleases[] = {{17, "3.9"}, {16, "3.7"}, {15, "3.5"},
                                      {13, "3.1"}, {12, "2.7"}, {11, "2.3"},
                                      {8, "2.0"},  {6, "1.0"}};

BrokerMetadata::Topic ReadTopic(WireReader* reader, int16_t version) {
  BrokerMetadata::Topic topic;
  topic.error = reader->Int16();
  topic.name = reader->String();
  topic.internal = reader->Int(1) != 0;
  const int64_t partitions = reader->Count(18);
  for (int64_t i = 0; i < partitions && reader->ok(); ++i) {
    reader->Int16();                    // Error.
    reader->Int32();                    // Index.
    reader->Int32();                    // Leader.
    if (version >= 7) reader->Int32();  // Its epoch.
    const int64_t replicas = reader->Count(4);
    for (int64_t k = 0; k < replicas; ++k) reader->Int32();
    const int64_t in_sync = reader->Count(4);
    for (int64_t k = 0; k < in_sync; ++k) reader->Int32();
    const int64_t offline = version >= 5 ? reader->Count(4) : 0;
    for (int64_t k = 0; k < offline; ++k) reader->Int32();
    topic.replication_factor =
        std::max(topic.replication_factor, static_cast<int32_t>(replicas));
  }
  topic.partition_count = static_cast<int32_t>(partitions);
  if (version >= 8) {
    topic.operations = static_cast<uint32_t>(reader->Int32());
  }
  return topic;
}

}  // namespace

bool BrokerVersions::Has(int16_t key, int16_t version) const {
  const auto found = apis.find(key);
  return found != apis.end() && found->second.least <= version &&
         version <= found->second.most;
}

std::string BrokerVersions::Release() const {
  const auto fetch = apis.find(kFetch);
  if (fetch == apis.end()) return "an unknown release";
  if (fetch->second.least >= 4) return "4.0 or later";
  std::string above;
  for (const FetchRelease& release : kReleases) {
    if (fetch->second.most >= release.version) {
      return std::string(release.release) +
             (above.empty() ? " or later" : " or later, before " + above);
    }
    above = release.release;
  }
  return apis.count(kInitProducerId) != 0 ? "0.11" : "before 0.11";
}

bool Allows(int64_t operations, AclOperation operation) {
  return operations < 0 ||
         ((operations >> static_cast<int>(operation)) & 1) != 0;
}

std::string MetadataRequest(const std::vector<std::string>& topics,
                            int16_t version) {
  WireWriter writer;
  writer.Int(static_cast<int64_t>(topics.size()), 4);
  for (const std::string& topic : topics) writer.String(topic);
  writer.Int(0, 1);  // Create none.
  if (version >= 8) {
    writer.Int(1, 1);
    writer.Int(1, 1);
  }
  return std::move(writer).Take();
}

std::string SaslHandshakeRequest(absl::string_view mechanism) {
  WireWriter writer;
  writer.String(mechanism);
  return std::move(writer).Take();
}

std::string SaslAuthenticateRequest(absl::string_view bytes) {
  WireWriter writer;
  writer.Bytes(bytes);
  return std::move(writer).Take();
}

std::string HarmlessInitProducerIdRequest(absl::string_view transactional_id) {
  WireWriter writer;
  writer.String(transactional_id);
  writer.Int(0, 4);
  return std::move(writer).Take();
}

absl::StatusOr<BrokerVersions> ReadApiVersions(absl::string_view body) {
  WireReader reader(body);
  reader.Int16();
  BrokerVersions versions;
  const int64_t count = reader.Count(6);
  for (int64_t i = 0; i < count; ++i) {
    const int16_t key = reader.Int16();
    const int16_t least = reader.Int16();
    versions.apis[key] = {.least = least, .most = reader.Int16()};
  }
  if (!reader.ok()) return CutOff();
  return versions;
}

absl::StatusOr<BrokerMetadata> ReadMetadata(absl::string_view body,
                                            int16_t version) {
  WireReader reader(body);
  BrokerMetadata metadata;
  reader.Int32();  // Throttled for so long.
  const int64_t brokers = reader.Count(12);
  for (int64_t i = 0; i < brokers; ++i) {
    BrokerMetadata::Broker& broker = metadata.brokers.emplace_back();
    broker.id = reader.Int32();
    broker.host = reader.String();
    broker.port = reader.Int32();
    reader.String();  // Rack.
  }
  metadata.cluster_id = reader.String();
  reader.Int32();  // Controller.
  const int64_t topics = reader.Count(9);
  for (int64_t i = 0; i < topics && reader.ok(); ++i) {
    metadata.topics.push_back(ReadTopic(&reader, version));
  }
  if (version >= 8) {
    metadata.cluster_operations = static_cast<uint32_t>(reader.Int32());
  }
  if (!reader.ok()) return CutOff();
  return metadata;
}

absl::StatusOr<SaslHandshakeAnswer> ReadSaslHandshake(absl::string_view body) {
  WireReader reader(body);
  SaslHandshakeAnswer answer;
  answer.error = reader.Int16();
  const int64_t count = reader.Count(2);
  for (int64_t i = 0; i < count; ++i) {
    answer.mechanisms.push_back(reader.String());
  }
  if (!reader.ok()) return CutOff();
  return answer;
}

absl::StatusOr<SaslAuthenticateAnswer> ReadSaslAuthenticate(
    absl::string_view body) {
  WireReader reader(body);
  SaslAuthenticateAnswer answer;
  answer.error = reader.Int16();
  answer.message = reader.String();
  answer.bytes = reader.Bytes();
  if (!reader.ok()) return CutOff();
  return answer;
}

absl::StatusOr<int16_t> ReadInitProducerId(absl::string_view body) {
  WireReader reader(body);
  reader.Int32();
  const int16_t error = reader.Int16();
  if (!reader.ok()) return CutOff();
  return error;
}

}  // namespace binferry::worker
