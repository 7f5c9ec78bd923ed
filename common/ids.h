// Identities and versions as types, so that one cannot be passed for another.
#ifndef BINFERRY_COMMON_IDS_H_
#define BINFERRY_COMMON_IDS_H_

#include <compare>
#include <cstdint>
#include <string>
#include <utility>

namespace binferry {

// A string identity; `Tag` makes each kind a type of its own. Immutable but for
// assignment.
template <typename Tag>
class StringId {
 public:
  StringId() = default;
  explicit StringId(std::string value) : value_(std::move(value)) {}

  const std::string& value() const { return value_; }
  bool empty() const { return value_.empty(); }

  friend bool operator==(const StringId&, const StringId&) = default;
  friend auto operator<=>(const StringId&, const StringId&) = default;

  template <typename H>
  friend H AbslHashValue(H h, const StringId& id) {
    return H::combine(std::move(h), id.value_);
  }

 private:
  std::string value_;
};

// A growing number; `Tag` makes each kind a type of its own.
template <typename Tag>
class Number {
 public:
  constexpr Number() = default;
  constexpr explicit Number(int64_t value) : value_(value) {}

  constexpr int64_t value() const { return value_; }
  constexpr Number Next() const { return Number(value_ + 1); }

  friend constexpr bool operator==(Number, Number) = default;
  friend constexpr auto operator<=>(Number, Number) = default;

 private:
  int64_t value_ = 0;
};

// The identity that the server gives a task when it is created: a lower-case
// UUID. A task created again under the same name has another one.
using TaskUid = StringId<struct TaskUidTag>;

// A worker's configured name, default its host name.
using WorkerName = StringId<struct WorkerNameTag>;

// Random per worker process: two processes of one name are told apart by it.
using Incarnation = StringId<struct IncarnationTag>;

// The fencing token of an assignment: grows with each grant of the task. 0 =
// never granted.
using Epoch = Number<struct EpochTag>;

// Grows with each change of a task's spec, from 1.
using Generation = Number<struct GenerationTag>;

}  // namespace binferry

#endif  // BINFERRY_COMMON_IDS_H_
