// Messages that no controller has taken yet.
#ifndef BINFERRY_WORKER_AGENT_UNREPORTED_QUEUE_H_
#define BINFERRY_WORKER_AGENT_UNREPORTED_QUEUE_H_

#include <google/protobuf/repeated_field.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <utility>

namespace binferry::worker {

// Numbers messages and keeps them until they are acknowledged, so that each
// reaches a controller, and one that gets it twice can tell. Beyond the bound
// the oldest goes. `Message` is a protobuf with a field `number`.
// Thread-compatible.
template <typename Message>
class UnreportedQueue {
 public:
  struct Limits {
    size_t pending;   // Kept.
    size_t reported;  // In one report.
  };

  // Numbers go on behind `last_number`.
  UnreportedQueue(const Limits& limits, int64_t last_number)
      : limits_(limits), last_number_(last_number) {}

  void Add(Message message) {
    message.set_number(++last_number_);
    messages_.push_back(std::move(message));
    if (messages_.size() > limits_.pending) messages_.pop_front();
  }

  // Those up to `number` have arrived.
  void Acknowledge(int64_t number) {
    while (!messages_.empty() && messages_.front().number() <= number) {
      messages_.pop_front();
    }
  }

  // Adds the oldest ones.
  void Report(google::protobuf::RepeatedPtrField<Message>* out) const {
    const size_t count = std::min(messages_.size(), limits_.reported);
    for (size_t i = 0; i < count; ++i) *out->Add() = messages_[i];
  }

  int64_t last_number() const { return last_number_; }

 private:
  const Limits limits_;
  int64_t last_number_;
  std::deque<Message> messages_;
};

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_AGENT_UNREPORTED_QUEUE_H_
