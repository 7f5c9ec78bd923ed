#include "cli/task_watcher.h"

#include <algorithm>
#include <ostream>
#include <utility>

#include "absl/time/clock.h"
#include "common/status_macros.h"

namespace binferry::cli {
namespace {

constexpr absl::Duration kFirstPause = absl::Milliseconds(250);
constexpr absl::Duration kLongestPause = absl::Seconds(5);

}  // namespace

TaskWatcher::TaskWatcher(v1::WatchTaskRequest request, absl::Time deadline,
                         Session* session)
    : request_(std::move(request)), deadline_(deadline), session_(session) {}

TaskWatcher::~TaskWatcher() {
  if (rpc_ == nullptr) return;
  rpc_->TryCancel();
  if (stream_ != nullptr) stream_->Finish();
}

absl::StatusOr<v1::WatchTaskResponse> TaskWatcher::Next() {
  while (true) {
    if (stream_ == nullptr) BINFERRY_RETURN_IF_ERROR(Open());
    v1::WatchTaskResponse change;
    if (stream_->Read(&change)) {
      if (pause_ > absl::ZeroDuration()) {
        session_->err() << "binferry: connected again" << std::endl;
      }
      was_connected_ = true;
      pause_ = absl::ZeroDuration();
      request_.set_resume_token(change.resume_token());
      return change;
    }
    const grpc::Status ended = stream_->Finish();
    stream_.reset();
    if (ended.ok()) return absl::OutOfRangeError("the stream has ended");
    BINFERRY_RETURN_IF_ERROR(PauseAfter(ended));
  }
}

absl::Status TaskWatcher::Open() {
  BINFERRY_ASSIGN_OR_RETURN(auto* tasks, session_->tasks());
  rpc_ = std::make_unique<grpc::ClientContext>();
  if (deadline_ != absl::InfiniteFuture()) {
    rpc_->set_deadline(absl::ToChronoTime(deadline_));
  }
  stream_ = tasks->WatchTask(rpc_.get(), request_);
  return absl::OkStatus();
}

absl::Status TaskWatcher::PauseAfter(const grpc::Status& ended) {
  if (ended.error_code() == grpc::StatusCode::OUT_OF_RANGE &&
      !request_.resume_token().empty()) {
    // What lies between is forgotten: begin with the present state.
    request_.clear_resume_token();
    return absl::OkStatus();
  }
  if (ended.error_code() != grpc::StatusCode::UNAVAILABLE || !was_connected_) {
    return session_->Explain(ended);
  }
  if (pause_ == absl::ZeroDuration()) {
    session_->err() << "binferry: lost the connection to "
                    << session_->options().server << "; trying again"
                    << std::endl;
    pause_ = kFirstPause;
    return absl::OkStatus();
  }
  const absl::Duration left = deadline_ - absl::Now();
  if (left <= absl::ZeroDuration()) {
    return absl::DeadlineExceededError("the time is over");
  }
  absl::SleepFor(std::min(pause_, left));
  pause_ = std::min(2 * pause_, kLongestPause);
  return absl::OkStatus();
}

}  // namespace binferry::cli
