#include "worker/mysql/server_glance.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/memory/memory.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "common/remedy.h"
#include "common/status_macros.h"
#include "worker/mysql/mysql_error.h"
#include "worker/mysql/tls_certificates.h"

namespace binferry::worker {
namespace {

// Bits of the handshake (MySQL's protocol, "Capabilities Flags").
constexpr uint32_t kClientLongPassword = 0x1;
constexpr uint32_t kClientProtocol41 = 0x200;
constexpr uint32_t kClientSsl = 0x800;
constexpr uint32_t kClientSecureConnection = 0x8000;
constexpr uint8_t kErrorPacket = 0xff;
constexpr size_t kHeaderBytes = 4;
// A greeting has about 100 bytes.
constexpr size_t kMaxPacketBytes = 4096;

struct CertificateCloser {
  void operator()(X509* certificate) const { X509_free(certificate); }
};

struct SslCloser {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
};

std::string Where(const ConnectionOptions& options) {
  return absl::StrCat(options.host, ":", options.port);
}

absl::Status Unreachable(const std::string& what, int error) {
  const absl::string_view remedy =
      error == ECONNREFUSED
          ? "check source.port, that the server runs, its bind_address and "
            "firewalls that reject"
          : "check source.host, source.port, routes and firewalls between the "
            "worker and it";
  return RemedyError(absl::StatusCode::kUnavailable,
                     absl::StrCat(what, ": ", std::strerror(error)), remedy);
}

absl::Status NoName(const ConnectionOptions& options, absl::string_view why) {
  return RemedyError(absl::StatusCode::kUnavailable,
                     absl::StrCat("the host name ", options.host,
                                  " does not resolve from this worker"),
                     "check source.host and the DNS of the worker's network",
                     why);
}

std::string AddressText(const addrinfo& entry) {
  char text[NI_MAXHOST] = "";
  getnameinfo(entry.ai_addr, entry.ai_addrlen, text, sizeof text, nullptr, 0,
              NI_NUMERICHOST);
  return text;
}

int ToPollMillis(absl::Duration left) {
  return static_cast<int>(std::clamp<int64_t>(
      absl::ToInt64Milliseconds(absl::Ceil(left, absl::Milliseconds(1))), 0,
      60'000));
}

// The text of an ERR packet before the handshake: number, then, since protocol
// 4.1 only after the handshake, a state; the message.
absl::Status ErrorPacket(const ConnectionOptions& options,
                         absl::string_view packet) {
  unsigned int code = 0;
  if (packet.size() >= 3)
    code = static_cast<unsigned int>(static_cast<uint8_t>(packet[1]) |
                                     static_cast<uint8_t>(packet[2]) << 8);
  absl::string_view text = packet.substr(std::min<size_t>(3, packet.size()));
  if (!text.empty() && text[0] == '#')
    text.remove_prefix(std::min<size_t>(6, text.size()));
  return ConnectError(options, {code, std::string(text)});
}

bool IsAddress(const std::string& host) {
  in6_addr parsed{};
  return inet_pton(AF_INET, host.c_str(), &parsed) == 1 ||
         inet_pton(AF_INET6, host.c_str(), &parsed) == 1;
}

// Verification is counted, not enforced: a certificate that doesn't pass shall
// still be shown.
void ExpectHost(SSL* ssl, const std::string& host) {
  X509_VERIFY_PARAM* const expected = SSL_get0_param(ssl);
  if (IsAddress(host)) {
    X509_VERIFY_PARAM_set1_ip_asc(expected, host.c_str());
  } else {
    X509_VERIFY_PARAM_set1_host(expected, host.data(), host.size());
  }
}

// Packet 1: capabilities, 16 MiB packets, utf8mb4, filler.
std::string TlsRequest() {
  const uint32_t flags = kClientLongPassword | kClientProtocol41 | kClientSsl |
                         kClientSecureConnection;
  std::string request("\x20\0\0\1", 4);
  for (int i = 0; i < 4; ++i)
    request.push_back(static_cast<char>(flags >> (8 * i) & 0xff));
  return request + std::string("\0\0\0\1\x2d", 5) + std::string(23, '\0');
}

absl::StatusOr<TlsGlance> Judge(SSL* ssl, const ConnectionOptions& options) {
  const std::unique_ptr<X509, CertificateCloser> certificate(
      SSL_get1_peer_certificate(ssl));
  if (certificate == nullptr)
    return absl::FailedPreconditionError(
        absl::StrCat(Where(options), " shows no certificate"));
  const TlsGlance glance{
      .protocol = SSL_get_version(ssl),
      .cipher = SSL_get_cipher_name(ssl),
      .subject = CertificateName(X509_get_subject_name(certificate.get())),
      .issuer = CertificateName(X509_get_issuer_name(certificate.get())),
      .not_before = CertificateTime(X509_get0_notBefore(certificate.get())),
      .not_after = CertificateTime(X509_get0_notAfter(certificate.get()))};
  const long result = SSL_get_verify_result(ssl);
  const bool verifies = options.tls_mode == TlsMode::kVerifyCa ||
                        options.tls_mode == TlsMode::kVerifyIdentity;
  if (verifies && result != X509_V_OK)
    return CertificateError(result, glance.ToString(), options);
  return glance;
}

}  // namespace

absl::StatusOr<std::vector<HostAddress>> ResolveHost(
    const ConnectionOptions& options, absl::Duration timeout) {
  // Alive as long as the resolver uses it, which may be longer than we wait.
  struct Request {
    std::string host;
    std::string port;
    addrinfo hints{};
    gaicb control{};
  };
  auto request = std::make_unique<Request>();
  request->host = options.host;
  request->port = absl::StrCat(options.port);
  request->hints.ai_socktype = SOCK_STREAM;
  request->hints.ai_flags = AI_ADDRCONFIG;
  request->control.ar_name = request->host.c_str();
  request->control.ar_service = request->port.c_str();
  request->control.ar_request = &request->hints;
  gaicb* controls[] = {&request->control};
  if (getaddrinfo_a(GAI_NOWAIT, controls, 1, nullptr) != 0)
    return absl::UnavailableError("the resolver takes no more questions now");
  const timespec wait = absl::ToTimespec(timeout);
  gai_suspend(controls, 1, &wait);
  const int outcome = gai_error(&request->control);
  if (outcome == EAI_INPROGRESS) {
    if (gai_cancel(&request->control) != EAI_CANCELED) request.release();
    return NoName(options, "the resolver did not answer in time");
  }
  if (outcome != 0) return NoName(options, gai_strerror(outcome));
  std::vector<HostAddress> addresses;
  for (const addrinfo* entry = request->control.ar_result; entry != nullptr;
       entry = entry->ai_next) {
    HostAddress& address = addresses.emplace_back();
    address.text = AddressText(*entry);
    std::memcpy(&address.address, entry->ai_addr, entry->ai_addrlen);
    address.length = entry->ai_addrlen;
  }
  freeaddrinfo(request->control.ar_result);
  if (addresses.empty()) return NoName(options, "it has no address");
  return addresses;
}

std::string TlsGlance::ToString() const {
  const auto day = [](absl::Time time) {
    return absl::FormatTime("%Y-%m-%d", time, absl::UTCTimeZone());
  };
  return absl::StrCat(protocol, ", ", cipher, ", certificate of ", subject,
                      " from ", issuer, ", valid from ", day(not_before),
                      " until ", day(not_after));
}

absl::StatusOr<std::unique_ptr<ServerGlance>> ServerGlance::Connect(
    const HostAddress& address, const ConnectionOptions& options,
    absl::Duration timeout) {
  const absl::Time deadline = absl::Now() + timeout;
  const int descriptor = socket(address.address.ss_family,
                                SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor < 0)
    return Unreachable(absl::StrCat("no socket for ", address.text), errno);
  auto glance = absl::WrapUnique(new ServerGlance(descriptor, options));
  if (connect(descriptor, reinterpret_cast<const sockaddr*>(&address.address),
              address.length) == 0)
    return glance;
  const std::string what =
      absl::StrCat("no connection to ", address.text, " port ", options.port);
  if (errno != EINPROGRESS) return Unreachable(what, errno);
  if (!glance->Wait(POLLOUT, deadline).ok())
    return Unreachable(what, ETIMEDOUT);
  int error = 0;
  socklen_t length = sizeof error;
  getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &length);
  if (error != 0) return Unreachable(what, error);
  return glance;
}

ServerGlance::ServerGlance(int socket, const ConnectionOptions& options)
    : socket_(socket), options_(options), where_(Where(options)) {}

ServerGlance::~ServerGlance() { close(socket_); }

absl::Status ServerGlance::Wait(short events, absl::Time deadline) const {
  pollfd watched{.fd = socket_, .events = events, .revents = 0};
  for (;;) {
    const absl::Duration left = deadline - absl::Now();
    const int ready = poll(&watched, 1, ToPollMillis(left));
    if (ready > 0) return absl::OkStatus();
    if (ready < 0 && errno == EINTR) continue;
    if (absl::Now() < deadline) continue;
    return RemedyError(
        absl::StatusCode::kUnavailable,
        absl::StrCat(where_, " does not answer in time"),
        "check that a MySQL server listens there and is not overloaded");
  }
}

absl::StatusOr<std::string> ServerGlance::ReadPacket(absl::Time deadline) {
  std::string bytes;
  size_t wanted = kHeaderBytes;
  while (bytes.size() < wanted) {
    BINFERRY_RETURN_IF_ERROR(Wait(POLLIN, deadline));
    char part[kMaxPacketBytes];
    // No byte behind the packet: it may be TLS's.
    const ssize_t n = recv(socket_, part, wanted - bytes.size(), 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (n <= 0)
      return RemedyError(
          absl::StatusCode::kUnavailable,
          absl::StrCat(where_, " hangs up without a greeting"),
          "check that it is a MySQL server and admits this worker's address");
    bytes.append(part, static_cast<size_t>(n));
    if (bytes.size() != kHeaderBytes) continue;
    const auto byte = [&bytes](size_t i) {
      return size_t{static_cast<uint8_t>(bytes[i])};
    };
    const size_t body = byte(0) | byte(1) << 8 | byte(2) << 16;
    if (body == 0 || body > kMaxPacketBytes - kHeaderBytes || byte(3) != 0)
      return RemedyError(absl::StatusCode::kUnavailable,
                         absl::StrCat(where_, " does not greet as MySQL does"),
                         "check source.port: another kind of server is there");
    wanted += body;
  }
  return bytes.substr(kHeaderBytes);
}

absl::StatusOr<ServerGreeting> ServerGlance::ReadGreeting(
    absl::Duration timeout) {
  const absl::StatusOr<std::string> read = ReadPacket(absl::Now() + timeout);
  BINFERRY_RETURN_IF_ERROR(read.status());
  const absl::string_view packet = *read;
  if (static_cast<uint8_t>(packet[0]) == kErrorPacket)
    return ErrorPacket(options_, packet);
  // Protocol 10, version, zero, 4 bytes session, 8 scramble, 1 zero, 2 low
  // capabilities.
  constexpr char kProtocol = 10;
  constexpr size_t kFromVersionToCapabilities = 1 + 4 + 8 + 1;
  const size_t zero = packet.find('\0', 1);
  if (packet[0] != kProtocol || zero == absl::string_view::npos ||
      packet.size() < zero + kFromVersionToCapabilities + 2)
    return RemedyError(absl::StatusCode::kUnavailable,
                       absl::StrCat(where_, " does not greet as MySQL does"),
                       "check source.port: another kind of server is there");
  const size_t low = zero + kFromVersionToCapabilities;
  const uint32_t capabilities =
      static_cast<uint8_t>(packet[low]) |
      static_cast<uint32_t>(static_cast<uint8_t>(packet[low + 1])) << 8;
  return ServerGreeting{.version = std::string(absl::StripPrefix(
                            packet.substr(1, zero - 1), "5.5.5-")),
                        .offers_tls = (capabilities & kClientSsl) != 0};
}

absl::StatusOr<TlsGlance> ServerGlance::StartTls(absl::Duration timeout) {
  const absl::Time deadline = absl::Now() + timeout;
  BINFERRY_ASSIGN_OR_RETURN(const SslSettings context,
                            MakeSslSettings(options_));
  const std::unique_ptr<SSL, SslCloser> ssl(SSL_new(context.get()));
  if (ssl == nullptr || SSL_set_fd(ssl.get(), socket_) != 1)
    return absl::UnavailableError("no memory for a TLS connection");
  if (options_.tls_mode == TlsMode::kVerifyIdentity)
    ExpectHost(ssl.get(), options_.host);
  const std::string request = TlsRequest();
  if (send(socket_, request.data(), request.size(), MSG_NOSIGNAL) !=
      static_cast<ssize_t>(request.size()))
    return absl::UnavailableError(absl::StrCat("the TLS handshake with ",
                                               where_, " broke off (",
                                               std::strerror(errno), ")"));
  ERR_clear_error();
  for (int done = SSL_connect(ssl.get()); done != 1;
       done = SSL_connect(ssl.get())) {
    switch (SSL_get_error(ssl.get(), done)) {
      case SSL_ERROR_WANT_READ:
        BINFERRY_RETURN_IF_ERROR(Wait(POLLIN, deadline));
        break;
      case SSL_ERROR_WANT_WRITE:
        BINFERRY_RETURN_IF_ERROR(Wait(POLLOUT, deadline));
        break;
      default:
        return HandshakeError(options_);
    }
  }
  return Judge(ssl.get(), options_);
}

}  // namespace binferry::worker
