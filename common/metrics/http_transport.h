// The bytes of one accepted connection, in the open or inside TLS. No call waits.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/base/file_descriptor.h"

// OpenSSL's types, which its headers declare by these names.
struct ssl_ctx_st;
struct ssl_st;

namespace recbots {

// Certificate and key of a server, ready for connections. TLS 1.2 and 1.3; clients are never asked for a certificate.
// Immutable, thread-safe.
class HttpTls {
 public:
  // Both are PEM; certificates of intermediate authorities may follow the server's own.
  //   INVALID_ARGUMENT  a part cannot be read, or the key is not that of the certificate; no secret is in the message
  static absl::StatusOr<std::unique_ptr<HttpTls>> Create(const std::string& certificate_pem,
                                                         const std::string& key_pem);

  ssl_ctx_st* context() const { return context_.get(); }

 private:
  struct Free {
    void operator()(ssl_ctx_st* context) const;
  };
  explicit HttpTls(ssl_ctx_st* context) : context_(context) {}
  const std::unique_ptr<ssl_ctx_st, Free> context_;
};

// Not thread-safe. The thread that uses it must block SIGPIPE (or the process ignore it): OpenSSL writes to sockets
// with write().
class HttpTransport {
 public:
  // What Receive and Send return beside a number of bytes.
  static constexpr ssize_t kWait =
      -1;  // Nothing can be done now; the next try is worth it after poll has seen awaited().
  static constexpr ssize_t kGone = -2;   // The connection is over.
  static constexpr ssize_t kNoTls = -3;  // Receive: the client speaks HTTP without TLS. From now on Send does so, too.

  HttpTransport() = default;
  // `socket` does not block. `tls` may be nullptr (no TLS) and must outlive the transport.
  HttpTransport(FileDescriptor socket, const HttpTls* tls);

  // Receives at most `size` bytes; 0 is the end of what the client sends. The handshake of TLS is a part of the first
  // calls.
  ssize_t Receive(char* bytes, size_t size);
  // Sends as many of `bytes` as the system takes. After kWait, call Send with the same bytes, and more if there are
  // more.
  ssize_t Send(absl::string_view bytes);
  // Tells the client that no more bytes come.
  void FinishSending();
  // Throws away a bounded number of bytes that have come. False when the client has closed the connection.
  bool Discard();

  int fd() const { return socket_.get(); }
  // POLLIN or POLLOUT: what the last call that returned kWait waits for.
  short awaited() const { return awaited_; }
  // Who the client is, for limits: its IPv4 address, or the first 64 bits of its IPv6 address, all of which usually
  // belong to one customer. Empty if the system does not tell.
  std::string Peer() const;

 private:
  struct Free {
    void operator()(ssl_st* ssl) const;
  };
  // What a call of OpenSSL that returned `result` means.
  ssize_t Explain(int result);

  FileDescriptor socket_;
  std::unique_ptr<ssl_st, Free> ssl_;  // nullptr: no TLS.
  short awaited_ = 0;
};

}  // namespace recbots
