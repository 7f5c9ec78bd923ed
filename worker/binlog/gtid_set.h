// Global transaction identifiers and sets of them.
#ifndef BINFERRY_WORKER_BINLOG_GTID_SET_H_
#define BINFERRY_WORKER_BINLOG_GTID_SET_H_

#include <array>
#include <compare>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace binferry::worker {

// Who numbers transactions: a server's UUID and, since MySQL 8.3, a tag.
struct GtidOrigin {
  std::array<uint8_t, 16> uuid{};
  std::string tag;  // "" = untagged; else [a-z_][a-z0-9_]{0,31}.

  friend bool operator==(const GtidOrigin&, const GtidOrigin&) = default;
  friend auto operator<=>(const GtidOrigin&, const GtidOrigin&) = default;
};

// One transaction: `uuid:number` or `uuid:tag:number`.
struct Gtid {
  GtidOrigin origin;
  uint64_t number = 0;  // From 1.

  std::string ToString() const;

  friend bool operator==(const Gtid&, const Gtid&) = default;
};

// A set of transactions, as MySQL's executed set. Thread-compatible.
class GtidSet {
 public:
  // [first, last], both in the set.
  struct Interval {
    uint64_t first = 0;
    uint64_t last = 0;

    friend bool operator==(const Interval&, const Interval&) = default;
  };

  GtidSet() = default;

  // MySQL's text form, `uuid:1-5:7:tagx:1,uuid2:...`, with any blanks and line
  // breaks; "" is the empty set. INVALID_ARGUMENT, naming the part, else.
  static absl::StatusOr<GtidSet> Parse(absl::string_view text);

  // In order of uuid and tag, without blanks.
  std::string ToString() const;

  // As COM_BINLOG_DUMP_GTID takes it: the untagged encoding unless a tag is in
  // the set (binlog layout: libs/mysql/gtid in mysql-server).
  std::string Encode() const;

  // The inverse of Encode, as PREVIOUS_GTIDS events carry it. DATA_LOSS for
  // damaged bytes.
  static absl::StatusOr<GtidSet> Decode(absl::string_view bytes);

  void Add(const Gtid& gtid);
  void Add(const GtidSet& other);
  bool Contains(const Gtid& gtid) const;
  bool Contains(const GtidSet& other) const;
  // What is in this set and not in `other`.
  GtidSet Minus(const GtidSet& other) const;
  bool empty() const { return intervals_.empty(); }
  // Whether a UUID, whatever the tag, occurs in both.
  bool SharesUuid(const GtidSet& other) const;

  friend bool operator==(const GtidSet&, const GtidSet&) = default;

 private:
  // Disjoint, ascending, never adjacent; no origin is without intervals.
  std::map<GtidOrigin, std::vector<Interval>> intervals_;
};

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_BINLOG_GTID_SET_H_
