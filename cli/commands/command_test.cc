#include "cli/commands/command.h"

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "common/exit_code.h"
#include "common/grpc_status.h"
#include "common/status_details.h"

namespace binferry::cli {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

// Remembers what it was asked, answers what the test says.
class FakeTaskService : public v1::TaskService::Service {
 public:
  grpc::Status CreateTask(grpc::ServerContext*,
                          const v1::CreateTaskRequest* request,
                          v1::Task* task) override {
    created = *request;
    *task = request->task();
    task->set_name(
        absl::StrCat(request->parent(), "/tasks/", request->task_id()));
    return ToGrpcStatus(refusal);
  }
  grpc::Status GetTask(grpc::ServerContext*, const v1::GetTaskRequest* request,
                       v1::Task* task) override {
    if (request->name() != answer.name()) {
      return {grpc::StatusCode::NOT_FOUND, "no task " + request->name()};
    }
    *task = answer;
    return grpc::Status::OK;
  }
  grpc::Status ListTasks(grpc::ServerContext*, const v1::ListTasksRequest* r,
                         v1::ListTasksResponse* response) override {
    *response->add_tasks() = answer;
    if (r->page_token().empty()) response->set_next_page_token("2");
    return grpc::Status::OK;
  }
  grpc::Status UpdateTask(grpc::ServerContext*,
                          const v1::UpdateTaskRequest* request,
                          v1::Task* task) override {
    updated = *request;
    *task = request->task();
    return grpc::Status::OK;
  }
  grpc::Status PauseTask(grpc::ServerContext*,
                         const v1::TaskActionRequest* request,
                         v1::Task* task) override {
    task->set_name(request->name());
    return ToGrpcStatus(refusal);
  }
  grpc::Status WatchTask(
      grpc::ServerContext*, const v1::WatchTaskRequest*,
      grpc::ServerWriter<v1::WatchTaskResponse>* writer) override {
    for (const v1::TaskState state : watched_states) {
      v1::WatchTaskResponse change;
      *change.mutable_task() = answer;
      change.mutable_task()->mutable_status()->set_state(state);
      writer->Write(change);
    }
    return grpc::Status::OK;
  }

  v1::CreateTaskRequest created;
  v1::UpdateTaskRequest updated;
  v1::Task answer;
  absl::Status refusal;
  std::vector<v1::TaskState> watched_states;
};

class CommandTest : public testing::Test {
 protected:
  CommandTest() {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(),
                             &port_);
    builder.RegisterService(&service_);
    server_ = builder.BuildAndStart();
    service_.answer.set_name("projects/default/tasks/orders");
    service_.answer.mutable_status()->set_state(
        v1::TASK_STATE_INCREMENTAL_SYNC);
  }

  int Run(std::vector<std::string> words) {
    out_.str("");
    err_.str("");
    words.insert(words.begin(), {"binferry", "--insecure-dev", "--server",
                                 absl::StrCat("127.0.0.1:", port_)});
    std::vector<const char*> argv;
    for (const std::string& word : words) argv.push_back(word.c_str());
    Session session(&out_, &err_, RealSecretSources());
    return RunCommandLine(static_cast<int>(argv.size()), argv.data(), &session);
  }

  std::string Write(const std::string& text) {
    // Cases run side by side.
    const std::string path = absl::StrCat(
        testing::TempDir(), "/",
        testing::UnitTest::GetInstance()->current_test_info()->name(), getpid(),
        ".task.yaml");
    std::ofstream(path) << text;
    return path;
  }

  FakeTaskService service_;
  std::unique_ptr<grpc::Server> server_;
  int port_ = 0;
  std::ostringstream out_;
  std::ostringstream err_;
};

TEST_F(CommandTest, CreatesFromAFile) {
  const std::string path = Write("id: orders\nsource: {port: 1}\n");
  EXPECT_EQ(Run({"task", "create", "-f", path, "--set", "source.port=2"}),
            kExitOk)
      << err_.str();
  EXPECT_EQ(service_.created.parent(), "projects/default");
  EXPECT_EQ(service_.created.task_id(), "orders");
  EXPECT_EQ(service_.created.task().source().port(), 2u);
  EXPECT_THAT(out_.str(),
              HasSubstr("projects/default/tasks/orders is created"));
}

TEST_F(CommandTest, ShowsEveryViolationWithItsLine) {
  const std::string path = Write("id: orders\nsource:\n  port: 0\n");
  service_.refusal =
      FieldViolationsError(absl::StatusCode::kInvalidArgument,
                           {{"task.source.port", "must be 1 to 65535"},
                            {"task.source.host", "is required"}});
  EXPECT_EQ(Run({"task", "create", "-f", path}), kExitFailure);
  EXPECT_THAT(err_.str(),
              AllOf(HasSubstr("must be 1 to 65535"), HasSubstr("task.yaml:3"),
                    HasSubstr("task.source.host")));
}

TEST_F(CommandTest, ABrokenFileNeverReachesTheServer) {
  const std::string path = Write("id: orders\nsorce: {}\n");
  EXPECT_EQ(Run({"task", "create", "-f", path}), kExitUsage);
  EXPECT_THAT(err_.str(), HasSubstr("did you mean `source`"));
  EXPECT_EQ(service_.created.task_id(), "");
  EXPECT_EQ(Run({"task", "create", "-f", "/nowhere.yaml"}), kExitUsage);
}

TEST_F(CommandTest, PlainPasswordsAreWarnedOfAndNeverPrinted) {
  const std::string path = Write("id: orders\nsource: {password: hush}\n");
  EXPECT_EQ(Run({"task", "create", "-f", path}), kExitOk);
  EXPECT_THAT(err_.str(),
              AllOf(HasSubstr("source.password is given as plain text"),
                    Not(HasSubstr("hush"))));
}

TEST_F(CommandTest, UpdatesOnlyWhatIsNamed) {
  EXPECT_EQ(Run({"task", "update", "orders", "--set", "source.password=x",
                 "--set", "tags.team=a", "--set", "description=d"}),
            kExitOk)
      << err_.str();
  EXPECT_THAT(service_.updated.update_mask().paths(),
              ElementsAre("description", "source.password", "tags"));
}

TEST_F(CommandTest, ListsAllPages) {
  EXPECT_EQ(Run({"task", "list", "-o", "json"}), kExitOk);
  EXPECT_THAT(out_.str(), HasSubstr("projects/default/tasks/orders"));
  EXPECT_EQ(Run({"task", "list", "--state", "nonsense"}), kExitUsage);
}

TEST_F(CommandTest, MissingTasksAndDisallowedActionsAreSaid) {
  EXPECT_EQ(Run({"task", "get", "nothere"}), kExitFailure);
  EXPECT_THAT(err_.str(), HasSubstr("no task projects/default/tasks/nothere"));
  service_.refusal = absl::FailedPreconditionError("CONFIGURATION: start");
  EXPECT_EQ(Run({"task", "pause", "orders"}), kExitFailure);
  EXPECT_THAT(err_.str(), HasSubstr("CONFIGURATION: start"));
}

TEST_F(CommandTest, WaitTellsSuccessFromFailure) {
  service_.watched_states = {v1::TASK_STATE_STARTING,
                             v1::TASK_STATE_INCREMENTAL_SYNC};
  EXPECT_EQ(Run({"task", "wait", "orders", "--for", "incremental_sync"}),
            kExitOk);
  service_.watched_states = {v1::TASK_STATE_STARTING,
                             v1::TASK_STATE_START_FAILED};
  service_.answer.mutable_status()->mutable_last_error()->set_message(
      "access denied");
  EXPECT_EQ(Run({"task", "wait", "orders", "--for", "INCREMENTAL_SYNC"}),
            kExitWaitFailed);
  EXPECT_THAT(err_.str(), HasSubstr("access denied"));
}

TEST_F(CommandTest, DescribeShowsTheFault) {
  service_.answer.mutable_status()->mutable_last_error()->set_message(
      "host nowhere does not resolve");
  EXPECT_EQ(Run({"task", "describe", "orders"}), kExitOk);
  EXPECT_THAT(out_.str(), AllOf(HasSubstr("INCREMENTAL_SYNC"),
                                HasSubstr("host nowhere does not resolve")));
}

TEST_F(CommandTest, UnreachableServerSaysWhatToDo) {
  server_->Shutdown();
  EXPECT_EQ(Run({"--timeout", "2", "task", "list"}), kExitUnreachable);
  EXPECT_THAT(err_.str(), HasSubstr("--server or BINFERRY_SERVER"));
}

TEST_F(CommandTest, UsageErrorsAreTold) {
  EXPECT_EQ(Run({"task", "crate"}), kExitUsage);
  EXPECT_EQ(Run({}), kExitUsage);
  EXPECT_EQ(Run({"--help"}), kExitOk);
  EXPECT_EQ(Run({"version"}), kExitOk);
}

TEST_F(CommandTest, CompletionKnowsTheCommands) {
  for (const char* shell : {"bash", "zsh", "fish"}) {
    EXPECT_EQ(Run({"completion", shell}), kExitOk);
    EXPECT_THAT(out_.str(), AllOf(HasSubstr("create"), HasSubstr("resume")));
  }
}

}  // namespace
}  // namespace binferry::cli
