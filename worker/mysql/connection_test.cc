#include "worker/mysql/connection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <thread>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "common/testing/status_matchers.h"
#include "worker/mysql/testing/test_server.h"

namespace binferry::worker {
namespace {

using absl::StatusCode;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

enum class Silence { kClosed, kAcceptsOnly, kDropsConnects };

// A socket bound to a free port of this host, with nobody who answers.
class SilentPort {
 public:
  explicit SilentPort(Silence silence) : fd_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address),
              0);
    socklen_t length = sizeof address;
    getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &length);
    port_ = ntohs(address.sin_port);
    if (silence == Silence::kClosed) return;
    EXPECT_EQ(listen(fd_, silence == Silence::kAcceptsOnly ? 5 : 0), 0);
    if (silence == Silence::kAcceptsOnly) return;
    // A full queue makes the kernel drop what asks for more.
    for (int& waiting : waiting_) {
      waiting = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
      connect(waiting, reinterpret_cast<sockaddr*>(&address), length);
    }
  }
  ~SilentPort() {
    close(fd_);
    for (const int waiting : waiting_) close(waiting);
  }

  int fd() const { return fd_; }
  uint16_t port() const { return port_; }

 private:
  const int fd_;
  int waiting_[4] = {-1, -1, -1, -1};
  uint16_t port_ = 0;
};

ConnectionOptions OptionsTo(const std::string& host, uint16_t port) {
  ConnectionOptions options;
  options.host = host;
  options.port = port;
  options.user = "someone";
  options.password = "secret word";
  options.connect_timeout = absl::Seconds(1);
  return options;
}

TEST(ConnectionFailureTest, AClosedPortIsNamedWithWhatToCheck) {
  const SilentPort closed(Silence::kClosed);
  EXPECT_THAT(
      Connection::Connect(OptionsTo("127.0.0.1", closed.port())),
      StatusIs(StatusCode::kUnavailable,
               AllOf(HasSubstr(absl::StrCat("127.0.0.1:", closed.port())),
                     HasSubstr("refuses connections"), HasSubstr("source.port"),
                     Not(HasSubstr("secret")))));
}

TEST(ConnectionFailureTest, AServerThatNeverAnswersIsATimeOut) {
  for (const Silence silence :
       {Silence::kAcceptsOnly, Silence::kDropsConnects}) {
    const SilentPort silent(silence);
    const absl::Time start = absl::Now();
    EXPECT_THAT(Connection::Connect(OptionsTo("127.0.0.1", silent.port())),
                StatusIs(StatusCode::kUnavailable,
                         HasSubstr("did not answer in time")));
    EXPECT_LT(absl::Now() - start, absl::Seconds(5));
  }
}

TEST(ConnectionFailureTest, AnUnknownHostIsToldApart) {
  EXPECT_THAT(
      Connection::Connect(OptionsTo("no-such-host.invalid", 3306)),
      StatusIs(StatusCode::kUnavailable,
               AllOf(HasSubstr("no-such-host.invalid"),
                     HasSubstr("does not resolve"), HasSubstr("source.host"))));
}

TEST(ConnectionFailureTest, PortZeroAndAnEmptyHostAreRefusedByField) {
  EXPECT_THAT(Connection::Connect(OptionsTo("127.0.0.1", 0)),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("source.port")));
  EXPECT_THAT(Connection::Connect(OptionsTo("", 3306)),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("source.host")));
}

// What a client sends to a server that greets as MySQL without TLS.
std::string SentInAnswerToAGreetingWithoutTls(TlsMode mode) {
  const SilentPort server(Silence::kAcceptsOnly);
  std::string received;
  std::thread serving([&] {
    const int client = accept(server.fd(), nullptr, nullptr);
    // Protocol 10, version, session, 8 bytes of scramble, capabilities without
    // CLIENT_SSL (0x0800), charset, status, 12 more bytes, the plugin's name.
    std::string greeting =
        "\x0a"
        "9.7.4";
    greeting +=
        std::string("\0\1\0\0\0abcdefgh\0\xff\xf7\x2d\2\0\xff\xdf\x15", 22);
    greeting += std::string(10, '\0') + "ijklmnopqrst" + '\0';
    greeting += std::string("caching_sha2_password") + '\0';
    const std::string header = {static_cast<char>(greeting.size()), 0, 0, 0};
    const std::string packet = header + greeting;
    send(client, packet.data(), packet.size(), MSG_NOSIGNAL);
    char buffer[4096];
    for (ssize_t n; (n = recv(client, buffer, sizeof buffer, 0)) > 0;) {
      received.append(buffer, static_cast<size_t>(n));
      // "Perform the full authentication": the client owes its password.
      const std::string full("\2\0\0\2\1\4", 6);
      send(client, full.data(), full.size(), MSG_NOSIGNAL);
      shutdown(client, SHUT_WR);
    }
    close(client);
  });
  ConnectionOptions options = OptionsTo("127.0.0.1", server.port());
  options.tls_mode = mode;
  EXPECT_THAT(Connection::Connect(options),
              StatusIs(StatusCode::kFailedPrecondition));
  serving.join();
  return received;
}

TEST(ConnectionFailureTest, SendsNothingInClearWhereTlsIsWanted) {
  for (const TlsMode mode :
       {TlsMode::kRequired, TlsMode::kVerifyCa, TlsMode::kVerifyIdentity}) {
    EXPECT_EQ(SentInAnswerToAGreetingWithoutTls(mode), "");
  }
}

TEST(ConnectionFailureTest, NeverSendsThePasswordItselfInClear) {
  // That the same server gets an answer shows that the case above proves
  // something.
  EXPECT_THAT(SentInAnswerToAGreetingWithoutTls(TlsMode::kDisabled),
              AllOf(HasSubstr("someone"), Not(HasSubstr("secret word"))));
}

class ConnectionTest : public TestServer {
 protected:
  bool OffersTls() {
    ConnectionOptions options = options_;
    options.tls_mode = TlsMode::kRequired;
    return Connection::Connect(options).ok();
  }

  // The server's own CA, where the test runs beside it.
  std::string ServerCa() {
    const std::string path = RunForText(
        "SELECT IF(@@ssl_ca LIKE '/%', @@ssl_ca, CONCAT(@@datadir, @@ssl_ca))");
    std::ifstream file(path);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
  }
};

TEST_F(ConnectionTest, ReturnsRowsWithNullsApartFromEmptyText) {
  EXPECT_THAT(root_->Query("SELECT 1, NULL, '' UNION ALL SELECT 2, 'é', 'x'"),
              IsOkAndHolds(ElementsAre(
                  ElementsAre(std::optional<std::string>("1"), std::nullopt,
                              std::optional<std::string>("")),
                  ElementsAre(std::optional<std::string>("2"),
                              std::optional<std::string>("é"),
                              std::optional<std::string>("x")))));
}

TEST_F(ConnectionTest, QuotesEveryByte) {
  std::string text = "it's \"a\" \\ back\nslash";
  text.push_back('\0');
  EXPECT_EQ(RunForText("SELECT " + root_->Quote(text)), text);
  Run("SET sql_mode='NO_BACKSLASH_ESCAPES'");
  EXPECT_EQ(RunForText("SELECT " + root_->Quote(text)), text);
}

TEST_F(ConnectionTest, TellsUnknownStatementsFromOtherRefusals) {
  EXPECT_THAT(root_->Query("SHOW NO SUCH THING"),
              StatusIs(StatusCode::kUnimplemented));
  EXPECT_THAT(root_->Query("SELECT @@global.no_such_variable"),
              StatusIs(StatusCode::kUnimplemented));
  EXPECT_THAT(
      root_->Query("SELECT * FROM no_such_table"),
      StatusIs(StatusCode::kFailedPrecondition, HasSubstr("no_such_table")));
  EXPECT_EQ(RunForText("SELECT 7"), "7");  // Still usable.
}

TEST_F(ConnectionTest, AWrongPasswordIsDeniedAndNotShown) {
  ConnectionOptions options = NewUser("binferry_mysql_wrong");
  options.password = "wrong horse";
  EXPECT_THAT(
      Connection::Connect(options),
      StatusIs(StatusCode::kPermissionDenied,
               AllOf(HasSubstr("access denied for user binferry_mysql_wrong"),
                     HasSubstr("source.password"), Not(HasSubstr("horse")))));
}

TEST_F(ConnectionTest, AuthenticatesWithoutTls) {
  // A new user is in no cache of the server: this is the RSA exchange, the
  // second time the short one.
  const ConnectionOptions options = NewUser("binferry_mysql_plain");
  for (int i = 0; i < 2; ++i) {
    const auto connection = Connection::Connect(options);
    ASSERT_THAT(connection, IsOk());
    EXPECT_FALSE((*connection)->is_encrypted());
    EXPECT_THAT((*connection)->Query("SHOW BINARY LOGS"),
                StatusIs(StatusCode::kPermissionDenied,
                         HasSubstr("REPLICATION CLIENT")));
  }
}

TEST_F(ConnectionTest, RefusesAServerThatHasNoTlsWhereItIsWanted) {
  if (OffersTls()) GTEST_SKIP() << "the server has TLS";
  ConnectionOptions options = NewUser("binferry_mysql_downgrade");
  for (const TlsMode mode :
       {TlsMode::kRequired, TlsMode::kVerifyCa, TlsMode::kVerifyIdentity}) {
    options.tls_mode = mode;
    EXPECT_THAT(
        Connection::Connect(options),
        StatusIs(StatusCode::kFailedPrecondition, HasSubstr("offers no TLS")));
  }
}

TEST_F(ConnectionTest, EncryptsWhenRequired) {
  if (!OffersTls()) GTEST_SKIP() << "the server has no TLS";
  ConnectionOptions options = NewUser("binferry_mysql_tls");
  options.tls_mode = TlsMode::kRequired;
  const auto connection = Connection::Connect(options);
  ASSERT_THAT(connection, IsOk());
  EXPECT_TRUE((*connection)->is_encrypted());
}

TEST_F(ConnectionTest, AnEncryptingUserIsRefusedInClearWithTheField) {
  if (!OffersTls()) GTEST_SKIP() << "the server has no TLS";
  ConnectionOptions options = NewUser("binferry_mysql_ssl");
  Run("ALTER USER binferry_mysql_ssl REQUIRE SSL");
  const auto refused = Connection::Connect(options);
  EXPECT_FALSE(refused.ok());
  options.tls_mode = TlsMode::kRequired;
  EXPECT_THAT(Connection::Connect(options), IsOk());
}

TEST_F(ConnectionTest, VerifiesTheAuthorityOfTheServersCertificate) {
  if (!OffersTls()) GTEST_SKIP() << "the server has no TLS";
  options_.tls_mode = TlsMode::kVerifyCa;
  // The system's authorities did not sign a test server's certificate.
  EXPECT_THAT(
      Connection::Connect(options_),
      StatusIs(StatusCode::kFailedPrecondition, HasSubstr("source.tls_mode")));
  options_.ca_pem = ServerCa();
  if (options_.ca_pem.empty()) GTEST_SKIP() << "the server's CA is elsewhere";
  EXPECT_THAT(Connection::Connect(options_), IsOk());
}

TEST_F(ConnectionTest, VerifiesTheNameInTheServersCertificate) {
  if (!OffersTls()) GTEST_SKIP() << "the server has no TLS";
  options_.ca_pem = ServerCa();
  if (options_.ca_pem.empty()) GTEST_SKIP() << "the server's CA is elsewhere";
  options_.tls_mode = TlsMode::kVerifyIdentity;
  EXPECT_THAT(
      Connection::Connect(options_),
      StatusIs(StatusCode::kFailedPrecondition, HasSubstr("source.tls_mode")));
}

TEST_F(ConnectionTest, RefusesAMalformedAuthority) {
  if (!OffersTls()) GTEST_SKIP() << "the server has no TLS";
  options_.tls_mode = TlsMode::kVerifyCa;
  options_.ca_pem = "not PEM";
  EXPECT_THAT(
      Connection::Connect(options_),
      StatusIs(StatusCode::kFailedPrecondition, HasSubstr("source.tls_mode")));
}

TEST_F(ConnectionTest, InterruptEndsAWaitingQuery) {
  std::thread interrupter([&] {
    absl::SleepFor(absl::Milliseconds(50));
    root_->Interrupt();
    root_->Interrupt();
  });
  const absl::Time start = absl::Now();
  EXPECT_THAT(root_->Query("SELECT SLEEP(20)"),
              StatusIs(StatusCode::kCancelled));
  EXPECT_LT(absl::Now() - start, absl::Seconds(10));
  EXPECT_THAT(root_->Query("SELECT 1"), StatusIs(StatusCode::kCancelled));
  interrupter.join();
}

}  // namespace
}  // namespace binferry::worker
