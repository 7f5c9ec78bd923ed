#include "worker/route/partitioner.h"

#include <cstddef>

#include "absl/strings/str_cat.h"

namespace binferry::worker {
namespace {

uint32_t ByteAt(absl::string_view bytes, size_t i) {
  return static_cast<uint32_t>(static_cast<uint8_t>(bytes[i])) << (8 * i);
}

}  // namespace

int32_t Murmur2(absl::string_view bytes) {
  constexpr uint32_t kSeed = 0x9747b28c;
  constexpr uint32_t kFactor = 0x5bd1e995;
  constexpr int kShift = 24;

  uint32_t hash = kSeed ^ static_cast<uint32_t>(bytes.size());
  for (; bytes.size() >= 4; bytes.remove_prefix(4)) {
    uint32_t word = ByteAt(bytes, 0) | ByteAt(bytes, 1) | ByteAt(bytes, 2) |
                    ByteAt(bytes, 3);
    word *= kFactor;
    word ^= word >> kShift;
    word *= kFactor;
    hash = hash * kFactor ^ word;
  }
  if (!bytes.empty()) {
    for (size_t i = 0; i < bytes.size(); ++i) hash ^= ByteAt(bytes, i);
    hash *= kFactor;
  }
  hash ^= hash >> 13;
  hash *= kFactor;
  hash ^= hash >> 15;
  return static_cast<int32_t>(hash);
}

int32_t PartitionOf(absl::string_view bytes, int32_t partition_count) {
  // The client clears the sign bit (Utils.toPositive); it doesn't negate.
  return (Murmur2(bytes) & 0x7fffffff) % partition_count;
}

int32_t PartitionOfTable(absl::string_view database, absl::string_view table,
                         int32_t partition_count) {
  return PartitionOf(absl::StrCat(database, ".", table), partition_count);
}

}  // namespace binferry::worker
