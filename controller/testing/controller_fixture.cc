#include "controller/testing/controller_fixture.h"

#include <stdlib.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/grpc_status.h"
#include "common/testing/status_matchers.h"
#include "controller/secrets/sealer.h"
#include "controller/testing/ready_precheck.h"

namespace binferry::controller {
namespace {

constexpr char kIncarnation[] = "3f2b8a10-7c5d-4e21-9a0b-1c2d3e4f5a6b";
constexpr absl::Duration kPatience = absl::Seconds(15);

template <typename Response>
absl::StatusOr<Response> Result(const grpc::Status& status,
                                const Response& response) {
  if (!status.ok()) return FromGrpcStatus(status);
  return response;
}

}  // namespace

void ControllerFixture::SetUp() {
  if (!HasTestPostgres()) GTEST_SKIP() << kNoTestPostgres;
  std::string pattern = testing::TempDir() + "/controller_XXXXXX";
  ASSERT_NE(mkdtemp(pattern.data()), nullptr);
  directory_ = pattern;
  ASSERT_THAT(CreateKeyFile(directory_ + "/key"), IsOk());
  auto database = TestDatabase::Create();
  ASSERT_THAT(database, IsOk());
  database_ = *std::move(database);
  StartController(Options());
}

void ControllerFixture::TearDown() {
  controller_.reset();
  database_.reset();
  if (!directory_.empty()) {
    unlink((directory_ + "/key").c_str());
    rmdir(directory_.c_str());
  }
}

ControllerOptions ControllerFixture::Options() const {
  ControllerOptions options;
  options.listen_api = "127.0.0.1:0";
  options.listen_workers = "127.0.0.1:0";
  options.postgres = database_->connection_string();
  options.migrations_dir = absl::StrCat(BINFERRY_SOURCE_DIR, "/migrations");
  options.secret_key_file = directory_ + "/key";
  options.insecure_dev = true;
  return options;
}

void ControllerFixture::StartController(const ControllerOptions& options) {
  controller_.reset();
  auto controller = Controller::Create(options);
  ASSERT_THAT(controller, IsOk());
  controller_ = *std::move(controller);
  if (!options.insecure_dev) return;
  const auto credentials = grpc::InsecureChannelCredentials();
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(-1);
  const auto api =
      grpc::CreateCustomChannel(ApiAddress(), credentials, arguments);
  tasks_ = v1::TaskService::NewStub(api);
  workers_ = v1::WorkerService::NewStub(api);
  coordination_ = coordination_v1::CoordinationService::NewStub(
      grpc::CreateChannel(WorkersAddress(), credentials));
  ASSERT_TRUE(Eventually([this] {
    grpc::ClientContext context;
    v1::ListWorkersResponse response;
    return workers_->ListWorkers(&context, {}, &response).ok();
  }));
}

std::string ControllerFixture::ApiAddress() const {
  return absl::StrCat("127.0.0.1:", controller_->api_port());
}

std::string ControllerFixture::WorkersAddress() const {
  return absl::StrCat("127.0.0.1:", controller_->workers_port());
}

bool ControllerFixture::Eventually(const std::function<bool()>& condition) {
  const absl::Time deadline = absl::Now() + kPatience;
  while (!condition()) {
    if (absl::Now() > deadline) return false;
    absl::SleepFor(absl::Milliseconds(20));
  }
  return true;
}

v1::Task ControllerFixture::SampleTask() {
  v1::Task task;
  task.set_description("orders to Kafka");
  (*task.mutable_tags())["team"] = "core";
  task.mutable_placement()->set_region("eu-1");
  task.mutable_placement()->set_network_type(v1::NETWORK_TYPE_VPC);
  task.mutable_source()->set_host("db.example");
  task.mutable_source()->set_port(3306);
  task.mutable_source()->set_username("binferry");
  task.mutable_source()->set_password(kSourcePassword);
  task.mutable_destination()->add_bootstrap_servers("kafka.example:9092");
  task.mutable_destination()->set_security_protocol(
      v1::SECURITY_PROTOCOL_SASL_PLAINTEXT);
  task.mutable_destination()->set_sasl_mechanism(v1::SASL_MECHANISM_PLAIN);
  task.mutable_destination()->set_username("producer");
  task.mutable_destination()->set_password(kDestinationPassword);
  v1::DatabaseObject* database = task.mutable_objects()->add_databases();
  database->set_name("shop");
  database->set_all_tables(true);
  task.mutable_topic_policy()->mutable_auto_topics();
  return task;
}

absl::StatusOr<v1::Task> ControllerFixture::Create(const std::string& id,
                                                   const v1::Task& task) {
  grpc::ClientContext context;
  v1::CreateTaskRequest request;
  request.set_parent("projects/shop");
  request.set_task_id(id);
  *request.mutable_task() = task;
  v1::Task response;
  return Result(tasks_->CreateTask(&context, request, &response), response);
}

absl::StatusOr<v1::Task> ControllerFixture::Get(const std::string& id,
                                                v1::TaskView view) {
  grpc::ClientContext context;
  v1::GetTaskRequest request;
  request.set_name(Name(id));
  request.set_view(view);
  v1::Task response;
  return Result(tasks_->GetTask(&context, request, &response), response);
}

coordination_v1::HeartbeatRequest ControllerFixture::Beat(
    const std::string& name) {
  coordination_v1::HeartbeatRequest request;
  request.mutable_worker()->set_name(name);
  request.mutable_worker()->set_incarnation(kIncarnation);
  request.set_sequence(++sequence_);
  request.mutable_place()->set_region("eu-1");
  request.mutable_place()->add_network_types(v1::NETWORK_TYPE_VPC);
  request.set_slots(10);
  request.set_version("test");
  return request;
}

absl::StatusOr<coordination_v1::HeartbeatResponse> ControllerFixture::Send(
    coordination_v1::HeartbeatRequest request) {
  grpc::ClientContext context;
  coordination_v1::HeartbeatResponse response;
  return Result(coordination_->Heartbeat(&context, request, &response),
                response);
}

std::unique_ptr<SimulatedWorker> ControllerFixture::MakeWorker(
    const std::string& name, const std::string& region) {
  coordination_v1::HeartbeatRequest beat = Beat(name);
  beat.set_sequence(1);
  beat.mutable_place()->set_region(region);
  beat.set_slots(1'000);
  return std::make_unique<SimulatedWorker>(
      [this](const coordination_v1::HeartbeatRequest& r) { return Send(r); },
      beat);
}

void ControllerFixture::ExecuteSql(const std::string& sql) {
  auto connection =
      PgConnection::Open({.connection_string = database_->connection_string()});
  ASSERT_THAT(connection, IsOk());
  ASSERT_THAT((*connection)->Execute(sql), IsOk());
}

void ControllerFixture::MakeReady() { ExecuteSql(kReadyPrechecksSql); }

void ControllerFixture::Age(const std::string& column, const std::string& id,
                            absl::Duration age) {
  ExecuteSql(absl::StrCat("UPDATE tasks SET ", column, " = ", column,
                          " - interval '", absl::ToInt64Seconds(age),
                          " seconds', version = version + 1 WHERE task_id = '",
                          id, "'"));
}

absl::StatusOr<coordination_v1::Assignment> ControllerFixture::AwaitAssignment(
    const std::string& name,
    const std::function<bool(const coordination_v1::Assignment&)>& wanted) {
  absl::StatusOr<coordination_v1::Assignment> found =
      absl::NotFoundError("no such assignment in time");
  Eventually([&] {
    const auto response = Send(Beat(name));
    if (!response.ok()) return false;
    for (const coordination_v1::Assignment& assignment :
         response->assignments()) {
      if (!wanted(assignment)) continue;
      found = assignment;
      return true;
    }
    return false;
  });
  return found;
}

}  // namespace binferry::controller
