#include "common/metrics/http_transport.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"

namespace recbots {
namespace {

struct FreeParts {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using BioPtr = std::unique_ptr<BIO, FreeParts>;
using CertificatePtr = std::unique_ptr<X509, FreeParts>;
using KeyPtr = std::unique_ptr<EVP_PKEY, FreeParts>;

BioPtr Open(const std::string& pem) { return BioPtr(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))); }

// Nobody can be asked for the password of a key.
int NoPassword(char*, int, int, void*) { return -1; }

absl::Status Refuse(absl::string_view what) {
  std::array<char, 256> text{};
  ERR_error_string_n(ERR_peek_last_error(), text.data(), text.size());
  ERR_clear_error();
  return absl::InvalidArgumentError(absl::StrCat("TLS of the pages: ", what, ": ", text.data()));
}

absl::Status AddCertificates(SSL_CTX* context, const std::string& pem) {
  const BioPtr bio = Open(pem);
  const CertificatePtr own(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  if (own == nullptr || SSL_CTX_use_certificate(context, own.get()) != 1) return Refuse("the certificate");
  while (CertificatePtr issuer{PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)}) {
    if (SSL_CTX_add0_chain_cert(context, issuer.get()) != 1) return Refuse("a certificate of its authorities");
    static_cast<void>(issuer.release());
  }
  ERR_clear_error();  // The end of the PEM is noted as an error.
  return absl::OkStatus();
}

bool WouldWait(int error) { return error == EAGAIN || error == EWOULDBLOCK || error == EINTR; }

}  // namespace

void HttpTls::Free::operator()(ssl_ctx_st* context) const { SSL_CTX_free(context); }
void HttpTransport::Free::operator()(ssl_st* ssl) const { SSL_free(ssl); }

absl::StatusOr<std::unique_ptr<HttpTls>> HttpTls::Create(const std::string& certificate_pem,
                                                         const std::string& key_pem) {
  ERR_clear_error();
  std::unique_ptr<HttpTls> tls(new HttpTls(SSL_CTX_new(TLS_server_method())));
  SSL_CTX* const context = tls->context();
  if (context == nullptr || SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1) return Refuse("OpenSSL");
  // A connection carries one request: there is nothing to resume and nothing to renegotiate.
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_num_tickets(context, 0);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_mode(context,
                   SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  // One call handles one message, so that a client that sends messages without data cannot keep the thread.
  SSL_CTX_clear_mode(context, SSL_MODE_AUTO_RETRY);
  if (const absl::Status status = AddCertificates(context, certificate_pem); !status.ok()) return status;
  const KeyPtr key(PEM_read_bio_PrivateKey(Open(key_pem).get(), nullptr, &NoPassword, nullptr));
  if (key == nullptr || SSL_CTX_use_PrivateKey(context, key.get()) != 1) return Refuse("the key");
  return tls;
}

HttpTransport::HttpTransport(FileDescriptor socket, const HttpTls* tls) : socket_(std::move(socket)), awaited_(POLLIN) {
  if (tls == nullptr) return;
  ssl_.reset(SSL_new(tls->context()));
  // Fails only without memory; Receive then finds no socket and reports that the connection is over.
  if (ssl_ == nullptr || SSL_set_fd(ssl_.get(), socket_.get()) != 1) {
    ssl_.reset();
    socket_ = FileDescriptor();
    return;
  }
  SSL_set_accept_state(ssl_.get());
}

ssize_t HttpTransport::Explain(int result) {
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      awaited_ = POLLIN;
      return kWait;
    case SSL_ERROR_WANT_WRITE:
      awaited_ = POLLOUT;
      return kWait;
    case SSL_ERROR_ZERO_RETURN:
      return 0;
    default:
      break;
  }
  if (ERR_GET_REASON(ERR_peek_error()) != SSL_R_HTTP_REQUEST) return kGone;
  ssl_.reset();
  return kNoTls;
}

ssize_t HttpTransport::Receive(char* bytes, size_t size) {
  if (ssl_ != nullptr) {
    ERR_clear_error();
    const int received = SSL_read(ssl_.get(), bytes, static_cast<int>(size));
    return received > 0 ? received : Explain(received);
  }
  const ssize_t received = ::recv(socket_.get(), bytes, size, 0);
  if (received >= 0) return received;
  awaited_ = POLLIN;
  return WouldWait(errno) ? kWait : kGone;
}

ssize_t HttpTransport::Send(absl::string_view bytes) {
  if (ssl_ != nullptr) {
    ERR_clear_error();
    size_t sent = 0;
    const int result = SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &sent);
    if (result == 1) return static_cast<ssize_t>(sent);
    const ssize_t explained = Explain(result);
    return explained == kWait ? kWait : kGone;
  }
  const ssize_t sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (sent >= 0) return sent;
  awaited_ = POLLOUT;
  return WouldWait(errno) ? kWait : kGone;
}

void HttpTransport::FinishSending() {
  if (ssl_ != nullptr) {
    // One small record. If the system has no room for it, the client learns the end from the closed connection.
    ERR_clear_error();
    SSL_shutdown(ssl_.get());
    ERR_clear_error();
  }
  ::shutdown(socket_.get(), SHUT_WR);
  awaited_ = POLLIN;
}

bool HttpTransport::Discard() {
  std::array<char, 4096> piece;
  // Reads a bounded number of times, whatever the client sends; the rest follows after the next poll.
  for (int i = 0; i < 16; ++i) {
    const ssize_t received = ::recv(socket_.get(), piece.data(), piece.size(), 0);
    if (received == 0) return false;
    if (received < 0) return WouldWait(errno);
  }
  return true;
}

std::string HttpTransport::Peer() const {
  sockaddr_storage peer{};
  socklen_t size = sizeof(peer);
  if (::getpeername(socket_.get(), reinterpret_cast<sockaddr*>(&peer), &size) != 0) return "";
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (peer.ss_family == AF_INET) {
    ::inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in*>(&peer)->sin_addr, text.data(), text.size());
    return text.data();
  }
  if (peer.ss_family != AF_INET6) return "";
  in6_addr address = reinterpret_cast<const sockaddr_in6*>(&peer)->sin6_addr;
  if (IN6_IS_ADDR_V4MAPPED(&address)) {
    ::inet_ntop(AF_INET, &address.s6_addr[12], text.data(), text.size());
    return text.data();
  }
  std::fill(&address.s6_addr[8], &address.s6_addr[16], uint8_t{0});
  ::inet_ntop(AF_INET6, &address, text.data(), text.size());
  return absl::StrCat(text.data(), "/64");
}

}  // namespace recbots
