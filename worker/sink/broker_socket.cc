#include "worker/sink/broker_socket.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/remedy.h"
#include "common/status_macros.h"
#include "worker/sink/tls_verification.h"

namespace binferry::worker {
namespace {

// How long a wait goes on before it looks at the stop request.
constexpr absl::Duration kSlice = absl::Milliseconds(50);
constexpr char kNetwork[] =
    "check destination.bootstrap_servers, that the broker runs, and firewalls "
    "and routes between the worker and it";

std::string TextOf(const addrinfo& found) {
  char text[INET6_ADDRSTRLEN] = "";
  if (found.ai_family == AF_INET) {
    inet_ntop(AF_INET,
              &reinterpret_cast<const sockaddr_in*>(found.ai_addr)->sin_addr,
              text, sizeof(text));
  } else if (found.ai_family == AF_INET6) {
    inet_ntop(AF_INET6,
              &reinterpret_cast<const sockaddr_in6*>(found.ai_addr)->sin6_addr,
              text, sizeof(text));
  }
  return text;
}

absl::Status Await(int descriptor, short events, const Patience& patience,
                   const std::string& where) {
  while (true) {
    if (patience.stop.stop_requested()) {
      return absl::CancelledError("the task is being stopped");
    }
    const absl::Duration left =
        patience.deadline - patience.clock->MonotonicNow();
    if (left <= absl::ZeroDuration()) {
      return RemedyError(absl::StatusCode::kDeadlineExceeded,
                         absl::StrCat(where, " doesn't answer in time"),
                         kNetwork);
    }
    pollfd waiting{descriptor, events, 0};
    const auto slice =
        static_cast<int>(absl::ToInt64Milliseconds(std::min(left, kSlice)) + 1);
    if (poll(&waiting, 1, slice) > 0) return absl::OkStatus();
  }
}

// OK once the connection stands.
absl::Status Dial(int descriptor, const DialAddress& address,
                  const Patience& patience, const std::string& where) {
  const auto* target = reinterpret_cast<const sockaddr*>(&address.address);
  int error = connect(descriptor, target, address.size) == 0 ? 0 : errno;
  if (error == EINPROGRESS) {
    BINFERRY_RETURN_IF_ERROR(Await(descriptor, POLLOUT, patience, where));
    socklen_t size = sizeof(error);
    getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size);
  }
  if (error == 0) return absl::OkStatus();
  return RemedyError(
      absl::StatusCode::kUnavailable,
      absl::StrCat(where, " can't be reached: ", std::strerror(error)),
      kNetwork);
}

}  // namespace

std::string BrokerAddress::ToString() const {
  return absl::StrCat(host, ":", port);
}

absl::StatusOr<std::vector<DialAddress>> ResolveBroker(
    const BrokerAddress& broker) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  std::string host = broker.host;
  // Brackets around an IPv6 address are the notation's.
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  }
  const int error = getaddrinfo(host.c_str(), absl::StrCat(broker.port).c_str(),
                                &hints, &found);
  if (error != 0) {
    const bool passing = error == EAI_AGAIN;
    return RemedyError(
        passing ? absl::StatusCode::kUnavailable : absl::StatusCode::kNotFound,
        absl::StrCat("the worker can't resolve the host name ", broker.host),
        "correct the name, or make the worker's machine know it (DNS, "
        "/etc/hosts)",
        gai_strerror(error));
  }
  std::vector<DialAddress> addresses;
  for (const addrinfo* entry = found; entry != nullptr;
       entry = entry->ai_next) {
    DialAddress& address = addresses.emplace_back();
    std::memcpy(&address.address, entry->ai_addr, entry->ai_addrlen);
    address.size = entry->ai_addrlen;
    address.text = TextOf(*entry);
  }
  freeaddrinfo(found);
  return addresses;
}

absl::StatusOr<std::unique_ptr<BrokerSocket>> BrokerSocket::Connect(
    const BrokerAddress& broker, const std::vector<DialAddress>& addresses,
    const Patience& patience) {
  absl::Status failure = absl::InternalError("no address to connect to");
  for (const DialAddress& address : addresses) {
    const int descriptor =
        socket(address.address.ss_family,
               SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
    if (descriptor < 0) continue;
    std::unique_ptr<BrokerSocket> connection(
        new BrokerSocket(broker, patience, descriptor, address.text));
    failure = Dial(descriptor, address, patience,
                   absl::StrCat(broker.ToString(), " (", address.text, ")"));
    if (failure.ok()) return connection;
    if (absl::IsCancelled(failure)) break;
  }
  return failure;
}

BrokerSocket::~BrokerSocket() {
  ssl_.reset();
  close(descriptor_);
}

absl::Status BrokerSocket::WaitFor(short events) {
  return Await(descriptor_, events, patience_, broker_.ToString());
}

absl::Status BrokerSocket::HandshakeFailure(bool ended) {
  if (absl::Status failure = CertificateFailure(ssl_.get(), broker_.host);
      !failure.ok()) {
    ERR_clear_error();
    return failure;
  }
  const TlsError error = TakeTlsError();
  const bool no_tls = ended || error.reason == SSL_R_WRONG_VERSION_NUMBER ||
                      error.reason == SSL_R_UNEXPECTED_EOF_WHILE_READING;
  if (no_tls) {
    return RemedyError(
        absl::StatusCode::kFailedPrecondition,
        absl::StrCat(broker_.ToString(),
                     " answers the beginning of TLS with the end of the "
                     "connection: the listener speaks no TLS"),
        "set security_protocol to PLAINTEXT or SASL_PLAINTEXT, or give the "
        "port of a listener with SSL or SASL_SSL",
        error.text);
  }
  return TlsFailure("refuses the TLS handshake");
}

absl::Status BrokerSocket::TlsFailure(absl::string_view doing) {
  const TlsError error = TakeTlsError();
  const bool wants_client =
      error.reason == SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED ||
      error.reason == SSL_R_SSLV3_ALERT_BAD_CERTIFICATE ||
      error.reason == SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE;
  const bool unknown_client =
      error.reason == SSL_R_TLSV1_ALERT_UNKNOWN_CA ||
      error.reason == SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN;
  return RemedyError(
      absl::StatusCode::kFailedPrecondition,
      absl::StrCat(broker_.ToString(), " ",
                   wants_client ? "wants a certificate of the client"
                   : unknown_client
                       ? "doesn't trust the certificate of the client"
                       : doing),
      wants_client ? "give client_certificate and client_key, or a key_store"
      : unknown_client
          ? "put the authority of the client's certificate into the broker's "
            "ssl.truststore.location, or give a certificate that it trusts"
          : "compare the TLS settings of broker and task (versions, ciphers, "
            "certificates)",
      error.text);
}

absl::StatusOr<std::string> BrokerSocket::StartTls(
    const KafkaClusterOptions& cluster) {
  BINFERRY_ASSIGN_OR_RETURN(const TlsSettings context,
                            MakeTlsSettings(cluster));
  ssl_.reset(SSL_new(context.get()));
  SSL_set_fd(ssl_.get(), descriptor_);
  in_addr v4{};
  in6_addr v6{};
  const std::string& host = broker_.host;
  const bool numeric = inet_pton(AF_INET, host.c_str(), &v4) == 1 ||
                       inet_pton(AF_INET6, host.c_str(), &v6) == 1;
  if (!numeric) SSL_set_tlsext_host_name(ssl_.get(), host.c_str());
  switch (cluster.endpoint_identification) {
    case EndpointIdentification::kHttps:
      if (numeric) {
        X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl_.get()), host.c_str());
      } else {
        SSL_set1_host(ssl_.get(), host.c_str());
      }
      break;
    case EndpointIdentification::kNone:
      break;
  }
  while (true) {
    ERR_clear_error();
    const int result = SSL_connect(ssl_.get());
    if (result == 1) return DescribeTls(ssl_.get());
    switch (SSL_get_error(ssl_.get(), result)) {
      case SSL_ERROR_WANT_READ:
        BINFERRY_RETURN_IF_ERROR(WaitFor(POLLIN));
        break;
      case SSL_ERROR_WANT_WRITE:
        BINFERRY_RETURN_IF_ERROR(WaitFor(POLLOUT));
        break;
      case SSL_ERROR_SYSCALL:
      case SSL_ERROR_ZERO_RETURN:
        return HandshakeFailure(true);
      default:
        return HandshakeFailure(false);
    }
  }
}

absl::Status BrokerSocket::Send(absl::string_view bytes) {
  while (!bytes.empty()) {
    ERR_clear_error();
    const ssize_t sent =
        ssl_ == nullptr
            ? send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL)
            : SSL_write(ssl_.get(), bytes.data(),
                        static_cast<int>(bytes.size()));
    if (sent > 0) {
      bytes.remove_prefix(static_cast<size_t>(sent));
      continue;
    }
    const int error =
        ssl_ == nullptr ? 0 : SSL_get_error(ssl_.get(), static_cast<int>(sent));
    const bool waits = ssl_ == nullptr ? errno == EAGAIN || errno == EINTR
                                       : error == SSL_ERROR_WANT_WRITE ||
                                             error == SSL_ERROR_WANT_READ;
    if (!waits) {
      // The answer to what was sent before tells more.
      return absl::UnavailableError(
          absl::StrCat(broker_.ToString(), " has ended the connection"));
    }
    BINFERRY_RETURN_IF_ERROR(
        WaitFor(error == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> BrokerSocket::Receive(size_t bytes) {
  std::string received(bytes, '\0');
  size_t have = 0;
  while (have < bytes) {
    ERR_clear_error();
    const ssize_t got =
        ssl_ == nullptr ? recv(descriptor_, &received[have], bytes - have, 0)
                        : SSL_read(ssl_.get(), &received[have],
                                   static_cast<int>(bytes - have));
    if (got > 0) {
      have += static_cast<size_t>(got);
      continue;
    }
    if (ssl_ == nullptr) {
      if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
        BINFERRY_RETURN_IF_ERROR(WaitFor(POLLIN));
        continue;
      }
    } else {
      const int error = SSL_get_error(ssl_.get(), static_cast<int>(got));
      if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) {
        BINFERRY_RETURN_IF_ERROR(
            WaitFor(error == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT));
        continue;
      }
      // In TLS 1.3 a server refuses the client's certificate only now.
      const unsigned long alert = ERR_peek_last_error();
      if (error == SSL_ERROR_SSL &&
          ERR_GET_REASON(alert) != SSL_R_UNEXPECTED_EOF_WHILE_READING) {
        return TlsFailure("has broken off TLS");
      }
      ERR_clear_error();
    }
    return absl::UnavailableError(
        absl::StrCat(broker_.ToString(), " has ended the connection"));
  }
  return received;
}

}  // namespace binferry::worker
