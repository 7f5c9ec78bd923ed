// TLS, join tokens, health, reflection, and a database that is away.
#include <gmock/gmock.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <fstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/grpc_status.h"
#include "common/testing/status_matchers.h"
#include "common/tls.h"
#include "controller/secrets/sealer.h"
#include "controller/testing/controller_fixture.h"

namespace binferry::controller {
namespace {

using absl::StatusCode;
using testing::HasSubstr;

constexpr char kToken[] = "a-long-join-token";

// A unary call with bytes: for services whose messages are not packaged.
std::string CallRaw(const std::shared_ptr<grpc::Channel>& channel,
                    const std::string& method) {
  grpc::GenericStub stub(channel);
  grpc::ClientContext context;
  grpc::CompletionQueue queue;
  const grpc::Slice empty("");
  const grpc::ByteBuffer request(&empty, 1);
  const auto call = stub.PrepareUnaryCall(&context, method, request, &queue);
  call->StartCall();
  grpc::ByteBuffer response;
  grpc::Status status;
  call->Finish(&response, &status, nullptr);
  void* tag = nullptr;
  bool ok = false;
  queue.Next(&tag, &ok);
  queue.Shutdown();
  if (!status.ok()) return status.error_message();
  std::vector<grpc::Slice> slices;
  EXPECT_TRUE(response.Dump(&slices).ok());
  std::string bytes;
  for (const grpc::Slice& slice : slices) {
    bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return bytes;
}

// HealthCheckResponse{status: SERVING} and {status: NOT_SERVING}.
constexpr char kServing[] = "\x08\x01";
constexpr char kNotServing[] = "\x08\x02";
constexpr char kHealthCheck[] = "/grpc.health.v1.Health/Check";

class ListenerTest : public ControllerFixture {
 protected:
  void TearDown() override {
    ControllerFixture::TearDown();
    if (!directory_.empty()) Shell("rm -rf " + directory_);
  }

  void Shell(const std::string& command) {
    ASSERT_EQ(system((command + " >/dev/null 2>&1").c_str()), 0) << command;
  }

  // An authority in ca.pem, and by it: a server in server.pem, a client in
  // client.pem; a stranger that signed itself.
  void MakeCertificates() {
    Shell(absl::StrCat(
        "cd ", directory_,
        " && export RSA='-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes'"
        " && openssl req -x509 $RSA -keyout ca.key -out ca.pem -days 2"
        "   -subj /CN=test-ca"
        " && for n in server client; do"
        "   openssl req $RSA -keyout $n.key -out $n.csr -subj /CN=$n &&"
        "   printf 'subjectAltName=DNS:localhost,IP:127.0.0.1' > ext &&"
        "   openssl x509 -req -in $n.csr -CA ca.pem -CAkey ca.key"
        "     -CAcreateserial -days 2 -extfile ext -out $n.pem || exit 1; done"
        " && openssl req -x509 $RSA -keyout stranger.key -out stranger.pem"
        "   -days 2 -subj /CN=stranger"));
    std::ofstream(directory_ + "/token") << kToken << "\n";
  }

  std::string Path(const std::string& file) { return directory_ + "/" + file; }

  void StartWithTls() {
    MakeCertificates();
    ControllerOptions options = Options();
    options.insecure_dev = false;
    options.tls = {.certificate = Path("server.pem"),
                   .key = Path("server.key"),
                   .authorities = Path("ca.pem")};
    options.join_token_file = Path("token");
    StartController(options);
  }

  std::shared_ptr<grpc::Channel> Channel(const std::string& address,
                                         const std::string& certificate) {
    TlsFiles files{.certificate = "", .key = "", .authorities = Path("ca.pem")};
    if (!certificate.empty()) {
      files.certificate = Path(certificate + ".pem");
      files.key = Path(certificate + ".key");
    }
    return grpc::CreateChannel(address, *LoadChannelCredentials(files));
  }

  // Until the controller's database is ready.
  absl::Status Heartbeat(const std::string& certificate,
                         const std::string& authorization) {
    const auto stub = coordination_v1::CoordinationService::NewStub(
        Channel(WorkersAddress(), certificate));
    absl::Status status;
    Eventually([&] {
      grpc::ClientContext context;
      if (!authorization.empty()) {
        context.AddMetadata("authorization", authorization);
      }
      coordination_v1::HeartbeatResponse response;
      status = FromGrpcStatus(stub->Heartbeat(&context, Beat("w1"), &response));
      return !absl::StrContains(status.message(), "not ready");
    });
    return status;
  }

  absl::Status ListWorkers(const std::string& certificate) {
    const auto stub =
        v1::WorkerService::NewStub(Channel(ApiAddress(), certificate));
    absl::Status status;
    Eventually([&] {
      grpc::ClientContext context;
      v1::ListWorkersResponse response;
      status = FromGrpcStatus(stub->ListWorkers(&context, {}, &response));
      return !absl::StrContains(status.message(), "not ready");
    });
    return status;
  }
};

TEST_F(ListenerTest, LetsWorkersInByTokenOrCertificate) {
  StartWithTls();
  EXPECT_THAT(Heartbeat("", absl::StrCat("Bearer ", kToken)), IsOk());
  EXPECT_THAT(Heartbeat("client", ""), IsOk());
  EXPECT_THAT(Heartbeat("", "Bearer another-join-tok"),
              StatusIs(StatusCode::kUnauthenticated, HasSubstr("join token")));
  EXPECT_THAT(Heartbeat("", ""), StatusIs(StatusCode::kUnauthenticated));
  // Not signed by our authority: TLS itself ends the connection.
  EXPECT_THAT(Heartbeat("stranger", absl::StrCat("Bearer ", kToken)),
              StatusIs(StatusCode::kUnavailable));
}

TEST_F(ListenerTest, AsksUsersForCertificates) {
  StartWithTls();
  EXPECT_THAT(ListWorkers("client"), IsOk());
  EXPECT_THAT(ListWorkers(""), StatusIs(StatusCode::kUnavailable));
  EXPECT_THAT(ListWorkers("stranger"), StatusIs(StatusCode::kUnavailable));
}

TEST_F(ListenerTest, RefusesCallersWithoutTls) {
  StartWithTls();
  const auto stub = v1::WorkerService::NewStub(
      grpc::CreateChannel(ApiAddress(), grpc::InsecureChannelCredentials()));
  grpc::ClientContext context;
  v1::ListWorkersResponse response;
  EXPECT_FALSE(stub->ListWorkers(&context, {}, &response).ok());
}

TEST_F(ListenerTest, TellsItsHealthByItsDatabase) {
  const auto channel =
      grpc::CreateChannel(ApiAddress(), grpc::InsecureChannelCredentials());
  EXPECT_TRUE(
      Eventually([&] { return CallRaw(channel, kHealthCheck) == kServing; }));
  ASSERT_THAT(database_->TakeAway(), IsOk());
  EXPECT_TRUE(Eventually(
      [&] { return CallRaw(channel, kHealthCheck) == kNotServing; }));
  ASSERT_THAT(database_->BringBack(), IsOk());
  EXPECT_TRUE(
      Eventually([&] { return CallRaw(channel, kHealthCheck) == kServing; }));
}

TEST_F(ListenerTest, StartsWithoutItsDatabaseAndServesOnceItIsThere) {
  controller_.reset();
  ASSERT_THAT(database_->TakeAway(), IsOk());
  auto controller = Controller::Create(Options());
  ASSERT_THAT(controller, IsOk());
  controller_ = *std::move(controller);
  tasks_ = v1::TaskService::NewStub(
      grpc::CreateChannel(ApiAddress(), grpc::InsecureChannelCredentials()));
  const absl::Time before = absl::Now();
  EXPECT_THAT(Get("orders"), StatusIs(StatusCode::kUnavailable));
  EXPECT_LT(absl::Now() - before, absl::Seconds(2));
  ASSERT_THAT(database_->BringBack(), IsOk());
  EXPECT_TRUE(
      Eventually([&] { return absl::IsNotFound(Get("orders").status()); }));
}

TEST_F(ListenerTest, FailsWithAnotherKeyThanTheDatabases) {
  ASSERT_THAT(Create("orders"), IsOk());
  controller_.reset();
  Shell("rm " + Path("key"));
  ASSERT_THAT(CreateKeyFile(Path("key")), IsOk());
  auto controller = Controller::Create(Options());
  ASSERT_THAT(controller, IsOk());
  EXPECT_TRUE(Eventually([&] { return !(*controller)->failure().ok(); }));
  EXPECT_THAT((*controller)->failure(),
              StatusIs(StatusCode::kFailedPrecondition));
}

TEST_F(ListenerTest, NamesTheAddressThatItCannotHave) {
  ControllerOptions options = Options();
  options.listen_api = ApiAddress();
  EXPECT_THAT(
      Controller::Create(options),
      StatusIs(StatusCode::kFailedPrecondition, HasSubstr("--listen-api")));
}

}  // namespace
}  // namespace binferry::controller
