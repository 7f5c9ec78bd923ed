// One finding of a precheck. Shown to users as binferry.v1.PrecheckItem.
#ifndef BINFERRY_WORKER_PRECHECK_PRECHECK_ITEM_H_
#define BINFERRY_WORKER_PRECHECK_PRECHECK_ITEM_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace binferry::worker {

enum class PrecheckResult : uint8_t {
  kPassed,
  kAlarm,  // The task can start once somebody has confirmed that this is known.
  kFailed,  // The task can't start.
};

struct PrecheckItem {
  // The same in every run and release, e.g. "source_binlog_format". Its first
  // word says what it depends on: "source", "objects", "destination", "topics".
  std::string id;
  std::string title;
  std::string group;
  PrecheckResult result = PrecheckResult::kPassed;
  std::string found;
  std::string wanted;
  // Empty if passed. The remedy is the exact SQL or command where there is one.
  std::string cause;
  std::string remedy;
  // What the item is about, at most kMaxObjects of them, e.g. "shop.orders".
  std::vector<std::string> objects;
  size_t objects_total = 0;

  static constexpr size_t kMaxObjects = 100;
};

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_PRECHECK_PRECHECK_ITEM_H_
