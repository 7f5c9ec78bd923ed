#include "worker/pipeline/byte_budget.h"

#include <algorithm>

namespace binferry::worker {

bool ByteBudget::RawFits(size_t bytes) const {
  if (used_ == 0) return true;
  if (used_ + bytes > limit_) return false;
  return raw_ == 0 || raw_ + bytes <= raw_limit_;
}

bool ByteBudget::EncodedFits(uint64_t chunk, size_t bytes) const {
  return used_ + bytes <= limit_ || chunk <= oldest_chunk_;
}

void ByteBudget::Count(size_t bytes) {
  used_ += bytes;
  peak_ = std::max(peak_, used_);
}

bool ByteBudget::TryTakeRaw(size_t bytes) {
  absl::MutexLock lock(&mu_);
  if (is_aborted_ || !RawFits(bytes)) return false;
  raw_ += bytes;
  Count(bytes);
  return true;
}

bool ByteBudget::AwaitCommit(const absl::Condition& fits) {
  if (fits.Eval()) return !is_aborted_;
  ++waiting_;
  mu_.Unlock();
  on_shortage_();
  mu_.Lock();
  mu_.Await(fits);
  --waiting_;
  return !is_aborted_;
}

bool ByteBudget::TakeRaw(size_t bytes) {
  absl::MutexLock lock(&mu_);
  // Encoders give this back by themselves; a commit wouldn't help.
  const auto has_raw = [this, bytes]() ABSL_SHARED_LOCKS_REQUIRED(mu_) {
    return is_aborted_ || raw_ == 0 || raw_ + bytes <= raw_limit_;
  };
  mu_.Await(absl::Condition(&has_raw));
  const auto fits = [this, bytes]() ABSL_SHARED_LOCKS_REQUIRED(mu_) {
    return is_aborted_ || RawFits(bytes);
  };
  if (!AwaitCommit(absl::Condition(&fits))) return false;
  raw_ += bytes;
  Count(bytes);
  return true;
}

void ByteBudget::ReturnRaw(size_t bytes) {
  absl::MutexLock lock(&mu_);
  raw_ -= bytes;
  used_ -= bytes;
}

bool ByteBudget::TakeEncoded(uint64_t chunk, size_t bytes) {
  absl::MutexLock lock(&mu_);
  const auto fits = [this, chunk, bytes]() ABSL_SHARED_LOCKS_REQUIRED(mu_) {
    return is_aborted_ || EncodedFits(chunk, bytes);
  };
  if (!AwaitCommit(absl::Condition(&fits))) return false;
  Count(bytes);
  return true;
}

void ByteBudget::ReturnEncoded(uint64_t next_chunk, size_t bytes) {
  absl::MutexLock lock(&mu_);
  used_ -= bytes;
  oldest_chunk_ = next_chunk;
}

bool ByteBudget::is_short() const {
  absl::MutexLock lock(&mu_);
  return waiting_ > 0;
}

void ByteBudget::Abort() {
  absl::MutexLock lock(&mu_);
  is_aborted_ = true;
}

size_t ByteBudget::used() const {
  absl::MutexLock lock(&mu_);
  return used_;
}

size_t ByteBudget::peak() const {
  absl::MutexLock lock(&mu_);
  return peak_;
}

}  // namespace binferry::worker
