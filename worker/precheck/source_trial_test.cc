#include "worker/precheck/source_trial.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "common/clock.h"
#include "common/testing/status_matchers.h"
#include "worker/mysql/testing/private_server.h"
#include "worker/precheck/testing/test_certificate.h"

namespace binferry::worker {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// "NAME_RESOLUTION TCP !TLS": the steps, with ! at one that failed. Checks what
// holds for every test.
std::string Outline(const std::vector<TestStep>& steps) {
  std::vector<std::string> names;
  for (size_t i = 0; i < steps.size(); ++i) {
    const TestStep& step = steps[i];
    names.push_back(absl::StrCat(step.passed ? "" : "!", step.step));
    EXPECT_EQ(step.passed, step.remedy.empty()) << step.step << step.message;
    EXPECT_TRUE(step.passed || i + 1 == steps.size()) << step.step;
    EXPECT_THAT(step.message, Not(IsEmpty())) << step.step;
    EXPECT_THAT(step.target, Not(IsEmpty())) << step.step;
    EXPECT_GE(step.duration, absl::ZeroDuration());
    EXPECT_THAT(absl::StrCat(step.message, step.remedy),
                Not(HasSubstr("correct horse")));
  }
  return absl::StrJoin(names, " ");
}

// A server that says `greeting` and answers what it is sent with `answer`.
class FakeServer {
 public:
  FakeServer(std::string greeting, std::string answer)
      : fd_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address);
    listen(fd_, 5);
    socklen_t length = sizeof address;
    getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &length);
    port_ = ntohs(address.sin_port);
    serving_ = std::thread([this, greeting, answer] {
      const int client = accept(fd_, nullptr, nullptr);
      if (client < 0) return;
      send(client, greeting.data(), greeting.size(), MSG_NOSIGNAL);
      char buffer[4096];
      constexpr ssize_t kTlsRequestBytes = 36;
      for (ssize_t n; (n = recv(client, buffer, sizeof buffer, 0)) > 0;) {
        if (n != kTlsRequestBytes)
          send(client, answer.data(), answer.size(), MSG_NOSIGNAL);
      }
      close(client);
    });
  }
  ~FakeServer() {
    shutdown(fd_, SHUT_RDWR);
    serving_.join();
    close(fd_);
  }

  uint16_t port() const { return port_; }

  // With or without CLIENT_SSL (0x0800).
  static std::string Greeting(bool offers_tls) {
    std::string body =
        "\x0a"
        "5.7.20";
    body += std::string("\0\1\0\0\0abcdefgh\0\xff", 15);
    body += offers_tls ? '\xff' : '\xf7';
    body += std::string("\x2d\2\0\xff\xdf\x15", 6) + std::string(10, '\0') +
            "ijklmnopqrst" + '\0';
    return std::string{static_cast<char>(body.size()), 0, 0, 0} + body;
  }

 private:
  const int fd_;
  uint16_t port_ = 0;
  std::thread serving_;
};

SourceTrial To(const std::string& host, uint16_t port) {
  SourceTrial trial;
  trial.connection.host = host;
  trial.connection.port = port;
  trial.connection.user = "ferry";
  trial.connection.password = "correct horse";
  trial.connection.connect_timeout = absl::Seconds(1);
  trial.server_id = 4445;
  trial.time_left = absl::Seconds(20);
  return trial;
}

std::vector<TestStep> Try(const SourceTrial& trial) {
  const SystemClock clock;
  return TrySource(trial, &clock);
}

TEST(SourceTrialFailureTest, NamesTheStepAtWhichItEnds) {
  std::vector<TestStep> steps = Try(To("no-such-host.invalid", 3306));
  EXPECT_EQ(Outline(steps), "!NAME_RESOLUTION");
  EXPECT_THAT(steps.back().remedy, HasSubstr("source.host"));

  // A port that was free a moment ago.
  const uint16_t closed = FakeServer("", "").port();
  steps = Try(To("127.0.0.1", closed));
  EXPECT_EQ(Outline(steps), "NAME_RESOLUTION !TCP");
  EXPECT_THAT(steps.back().message,
              AllOf(HasSubstr("127.0.0.1"), HasSubstr("refused")));

  const FakeServer ssh("SSH-2.0-OpenSSH_9.2\r\n", "");
  steps = Try(To("127.0.0.1", ssh.port()));
  EXPECT_EQ(Outline(steps), "NAME_RESOLUTION !TCP");
  EXPECT_THAT(steps.back().message, HasSubstr("does not greet as MySQL"));

  const FakeServer silent("", "");
  const absl::Time start = absl::Now();
  SourceTrial hasty = To("localhost", silent.port());
  hasty.time_left = absl::Milliseconds(200);
  steps = Try(hasty);
  EXPECT_EQ(Outline(steps), "NAME_RESOLUTION !TCP");
  EXPECT_THAT(steps.back().message, HasSubstr("does not answer in time"));
  EXPECT_LT(absl::Now() - start, absl::Seconds(5));
}

TEST(SourceTrialFailureTest, TellsMissingAndOldTlsApart) {
  const FakeServer without(FakeServer::Greeting(false), "");
  SourceTrial trial = To("127.0.0.1", without.port());
  trial.connection.tls_mode = TlsMode::kRequired;
  std::vector<TestStep> steps = Try(trial);
  EXPECT_EQ(Outline(steps), "NAME_RESOLUTION TCP !TLS");
  EXPECT_THAT(steps.back().message, HasSubstr("offers no TLS"));

  // The alert of one that speaks TLS 1.1 at most.
  const FakeServer old(FakeServer::Greeting(true),
                       std::string("\x15\3\2\0\2\2\x46", 7));
  trial.connection.port = old.port();
  steps = Try(trial);
  EXPECT_EQ(Outline(steps), "NAME_RESOLUTION TCP !TLS");
  EXPECT_THAT(steps.back().message, HasSubstr("no TLS of version 1.2"));
  EXPECT_THAT(steps.back().remedy, HasSubstr("tls_version"));
}

class SourceTrialTest : public PrivateServer {
 protected:
  static constexpr char kAllSteps[] =
      "NAME_RESOLUTION TCP TLS AUTHENTICATION PRIVILEGES READ";

  void SetUp() override {
    PrivateServer::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    RunAll({"CREATE USER ferry IDENTIFIED BY 'correct horse'",
            "GRANT REPLICATION SLAVE, REPLICATION CLIENT, SELECT ON *.* TO "
            "ferry"});
    trial_ = To("localhost", options_.port);
  }

  std::vector<TestStep> TryNow() { return Try(trial_); }

  // The server shows this certificate from now on, and asks clients for those
  // of `authority`.
  void Show(const TestCertificate& certificate,
            const TestCertificate& authority) {
    const auto write = [this](const std::string& name,
                              const std::string& text) {
      const std::string path = absl::StrCat(directory_, "/", name);
      std::ofstream(path) << text;
      return root_->Quote(path);
    };
    RunAll({absl::StrCat("SET GLOBAL ssl_ca=",
                         write("t-ca.pem", authority.certificate_pem())),
            absl::StrCat("SET GLOBAL ssl_cert=",
                         write("t-cert.pem", certificate.certificate_pem())),
            absl::StrCat("SET GLOBAL ssl_key=",
                         write("t-key.pem", certificate.key_pem())),
            "ALTER INSTANCE RELOAD TLS"});
  }

  void ExpectTlsFails(const std::string& cause, const std::string& remedy) {
    const std::vector<TestStep> steps = TryNow();
    EXPECT_EQ(Outline(steps), "NAME_RESOLUTION TCP !TLS");
    EXPECT_THAT(steps.back().message, HasSubstr(cause));
    EXPECT_THAT(steps.back().remedy, HasSubstr(remedy));
    // The client library sees it the same way.
    EXPECT_FALSE(Connection::Connect(trial_.connection).ok());
  }

  void CheckCertificates() {
    const TestCertificate authority({.common_name = "Test CA"}, nullptr);
    const TestCertificate stranger({.common_name = "Other CA"}, nullptr);
    const TestCertificate server(
        {.common_name = "db", .subject_alt_name = "DNS:localhost"}, &authority);
    Show(server, authority);
    ConnectionOptions& connection = trial_.connection;
    connection.tls_mode = TlsMode::kVerifyIdentity;
    connection.ca_pem = authority.certificate_pem();
    const std::vector<TestStep> steps = TryNow();
    ASSERT_EQ(Outline(steps), kAllSteps) << steps.back().message;
    EXPECT_THAT(
        steps[2].message,
        AllOf(HasSubstr("TLSv1."), HasSubstr("CN=db"), HasSubstr("CN=Test CA"),
              HasSubstr("valid from"), Not(HasSubstr("not verified"))));
    connection.host = "127.0.0.1";
    ExpectTlsFails("does not name 127.0.0.1", "subjectAltName");
    connection.tls_mode = TlsMode::kVerifyCa;
    EXPECT_EQ(Outline(TryNow()), kAllSteps);
    connection.ca_pem = stranger.certificate_pem();
    ExpectTlsFails("does not come from", "source.ca_certificate");
    connection.ca_pem = "";
    ExpectTlsFails("does not come from", "source.ca_certificate");
    connection.ca_pem = "no PEM";
    ExpectTlsFails("source.ca_certificate holds no certificate", "PEM");
    // MySQL loads no certificate that has expired.
    connection.ca_pem =
        TestCertificate::Reissue({.common_name = "Test CA", .valid_for_s = -60},
                                 authority)
            .certificate_pem();
    ExpectTlsFails("has expired", "ALTER INSTANCE RELOAD TLS");
    connection.ca_pem = authority.certificate_pem();

    // Certificates of the client.
    const TestCertificate client({.common_name = "ferry"}, &authority);
    Run("ALTER USER ferry REQUIRE X509");
    const std::vector<TestStep> refused = TryNow();
    EXPECT_EQ(Outline(refused), "NAME_RESOLUTION TCP TLS !AUTHENTICATION");
    EXPECT_THAT(refused.back().remedy, HasSubstr("REQUIRE X509"));
    connection.certificate_pem = client.certificate_pem();
    connection.key_pem = stranger.key_pem();
    ExpectTlsFails("is not the key of", "made together");
    connection.key_pem = client.key_pem();
    EXPECT_EQ(Outline(TryNow()), kAllSteps);
    connection.certificate_pem = connection.key_pem = "";
  }

  SourceTrial trial_;
};

// One server for everything.
TEST_F(SourceTrialTest, GoesThroughEveryStepOfARealServer) {
  std::vector<TestStep> steps = TryNow();
  ASSERT_EQ(Outline(steps), kAllSteps) << steps.back().message;
  EXPECT_THAT(steps[0].message, HasSubstr("127.0.0.1"));
  EXPECT_THAT(steps[1].message, HasSubstr("connected to 127.0.0.1"));
  EXPECT_THAT(steps[2].message, HasSubstr("not used"));
  EXPECT_THAT(steps[3].message, HasSubstr("'ferry'@'%'"));
  EXPECT_THAT(steps[5].message, HasSubstr(RunForText("SELECT @@version")));

  trial_.connection.tls_mode = TlsMode::kRequired;
  steps = TryNow();
  EXPECT_EQ(Outline(steps), kAllSteps);
  EXPECT_THAT(steps[2].message,
              AllOf(HasSubstr("TLSv1."), HasSubstr("not verified")));
  CheckCertificates();

  Run("ALTER USER ferry REQUIRE SSL");
  trial_.connection.tls_mode = TlsMode::kDisabled;
  steps = TryNow();
  EXPECT_EQ(Outline(steps), "NAME_RESOLUTION TCP TLS !AUTHENTICATION");
  EXPECT_THAT(steps.back().remedy, HasSubstr("source.tls_mode"));
  Run("ALTER USER ferry REQUIRE NONE ACCOUNT LOCK");
  steps = TryNow();
  EXPECT_EQ(Outline(steps), "NAME_RESOLUTION TCP TLS !AUTHENTICATION");
  EXPECT_THAT(steps.back().message, HasSubstr("locked"));
  EXPECT_THAT(steps.back().remedy, HasSubstr("ACCOUNT UNLOCK"));
  Run("ALTER USER ferry ACCOUNT UNLOCK");
  trial_.connection.password = "incorrect horse";
  EXPECT_EQ(Outline(TryNow()), "NAME_RESOLUTION TCP TLS !AUTHENTICATION");
  trial_.connection.password = "correct horse";

  Run("REVOKE REPLICATION SLAVE ON *.* FROM ferry");
  steps = TryNow();
  EXPECT_EQ(Outline(steps),
            "NAME_RESOLUTION TCP TLS AUTHENTICATION !PRIVILEGES");
  EXPECT_EQ(steps.back().remedy,
            "GRANT REPLICATION SLAVE ON *.* TO 'ferry'@'%'");
  Run(steps.back().remedy);
  RunAll({"CREATE DATABASE shop", "CREATE TABLE shop.orders (id INT)",
          "REVOKE SELECT ON *.* FROM ferry",
          "GRANT INSERT ON shop.orders TO ferry"});
  trial_.objects.databases = {{.name = "shop", .all_tables = true}};
  steps = TryNow();
  EXPECT_EQ(Outline(steps),
            "NAME_RESOLUTION TCP TLS AUTHENTICATION !PRIVILEGES");
  Run(steps.back().remedy);
  EXPECT_EQ(Outline(TryNow()), kAllSteps);
}

}  // namespace
}  // namespace binferry::worker
