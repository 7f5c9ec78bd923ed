#include "cli/session.h"

#include <ostream>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/exit_code.h"
#include "common/grpc_status.h"
#include "common/status_details.h"
#include "common/status_macros.h"

namespace binferry::cli {

Session::Session(std::ostream* out, std::ostream* err, SecretSources secrets)
    : out_(out), err_(err), secrets_(std::move(secrets)) {}

absl::Status Session::Connect() {
  if (channel_ != nullptr) return absl::OkStatus();
  std::shared_ptr<grpc::ChannelCredentials> credentials;
  if (options_.insecure_dev) {
    credentials = grpc::InsecureChannelCredentials();
  } else {
    BINFERRY_ASSIGN_OR_RETURN(credentials,
                              LoadChannelCredentials(options_.tls));
  }
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(32 << 20);
  arguments.SetMaxSendMessageSize(32 << 20);
  channel_ = grpc::CreateCustomChannel(options_.server, credentials, arguments);
  return absl::OkStatus();
}

absl::StatusOr<v1::TaskService::StubInterface*> Session::tasks() {
  BINFERRY_RETURN_IF_ERROR(Connect());
  if (tasks_ == nullptr) tasks_ = v1::TaskService::NewStub(channel_);
  return tasks_.get();
}

absl::StatusOr<v1::InspectionService::StubInterface*> Session::inspections() {
  BINFERRY_RETURN_IF_ERROR(Connect());
  if (inspections_ == nullptr) {
    inspections_ = v1::InspectionService::NewStub(channel_);
  }
  return inspections_.get();
}

absl::StatusOr<v1::WorkerService::StubInterface*> Session::workers() {
  BINFERRY_RETURN_IF_ERROR(Connect());
  if (workers_ == nullptr) workers_ = v1::WorkerService::NewStub(channel_);
  return workers_.get();
}

absl::Status Session::Explain(const grpc::Status& status) const {
  absl::Status said = FromGrpcStatus(status);
  // A channel that never came up tells of it in gRPC's own words.
  const bool is_unreachable =
      absl::IsUnavailable(said) &&
      channel_->GetState(/*try_to_connect=*/false) != GRPC_CHANNEL_READY;
  if (is_unreachable) {
    return absl::UnavailableError(absl::StrCat(
        "cannot reach ", options_.server, ": ", said.message(),
        "\nIs binferry-controller running there? Set --server or "
        "BINFERRY_SERVER to its API address",
        options_.insecure_dev
            ? "; --insecure-dev only fits a controller that runs with it."
            : "; a controller that runs with --insecure-dev needs "
              "--insecure-dev here too."));
  }
  if (absl::IsDeadlineExceeded(said)) {
    // The server's own words say what it waited for; gRPC's don't.
    return absl::DeadlineExceededError(
        absl::StrCat("no answer from ", options_.server,
                     " in time; try again, or set --timeout",
                     said.message() == "Deadline Exceeded"
                         ? ""
                         : absl::StrCat(". ", said.message())));
  }
  if (absl::IsUnimplemented(said) && said.message().empty()) {
    return absl::UnimplementedError(absl::StrCat(
        "the controller at ", options_.server,
        " doesn't know this call: it is older than this command; see "
        "`binferry version` and `binferry-controller --version`"));
  }
  return said;
}

int Session::Fail(const absl::Status& error) const {
  *err_ << "binferry: " << RenderForPeople(error) << std::endl;
  return absl::IsUnavailable(error) || absl::IsDeadlineExceeded(error)
             ? kExitUnreachable
             : kExitFailure;
}

std::string Session::TaskNameOf(const std::string& word) const {
  if (absl::StrContains(word, "/")) return word;
  return absl::StrCat(Parent(), "/tasks/", word);
}

}  // namespace binferry::cli
