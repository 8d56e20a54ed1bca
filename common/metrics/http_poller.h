// The connections of a small HTTP server: one thread serves all of them and never waits for a single one.
//
// The thread reads requests until they are complete, hands complete requests on, and writes answers as fast as the
// clients read them. A connection carries one request. A client that sends nothing, trickles bytes or does not read
// costs a descriptor for a few seconds and nothing else. When all places are taken, the connection that has been open
// longest is closed; a new connection is therefore read at once, however many others there are. A connection may also
// become a viewer of the stream of events: it stays open, costs a descriptor and no thread, and gets what Publish is
// given. A viewer that does not read is closed, and delays no other one. All of this holds inside TLS, too: a handshake
// is a part of the request, and the thread computes it (about 1 ms) without waiting for the client.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/base/file_descriptor.h"
#include "common/base/host_port.h"
#include "common/base/instant.h"
#include "common/base/mutex.h"
#include "common/metrics/http_transport.h"

namespace recbots {

struct HttpPollerOptions {
  size_t max_connections = 128;        // Besides those that view the stream of events.
  size_t max_header_bytes = 16 << 10;  // Bytes of the request line and the headers.
  size_t max_body_bytes = 16 << 10;    // Bytes of the body of a POST; other bodies are not read.
  // Time from accepting a connection to its complete request, the handshake of TLS included.
  absl::Duration time_to_ask = absl::Seconds(5);
  // Time from the complete request until the answer is ready, and again from then until the client has read the answer.
  absl::Duration time_to_answer = absl::Seconds(5);
  size_t max_viewers = 1024;  // Connections that view the stream of events.
  // Bytes of events that a viewer may not have read yet, and for how long it may read nothing of them, before its
  // connection is closed.
  size_t max_unread_bytes = 256 << 10;
  absl::Duration time_to_read = absl::Seconds(5);
};

struct HttpRequest {
  uint64_t id = 0;    // For Respond.
  std::string bytes;  // Request line, headers and, of a POST with Content-Length, the body.
  std::string peer;   // HttpTransport::Peer.
};

// Wakes a thread that polls: Signal makes the descriptor readable until Clear. Thread-safe.
class WakeUp {
 public:
  WakeUp();
  void Signal();
  void Clear();
  int fd() const { return fd_.get(); }

 private:
  const FileDescriptor fd_;
};

class HttpPoller {
 public:
  // Receives a complete request and must return at once. Respond(id, ...) answers it.
  using OnRequest = std::function<void(HttpRequest request)>;

  // `listener` comes from ListenAt. `tls` may be nullptr (no TLS) and must outlive the poller.
  HttpPoller(FileDescriptor listener, const HttpTls* tls, const HttpPollerOptions& options, OnRequest on_request);

  // Serves until Stop; calls on_request. Blocks SIGPIPE in its thread.
  void Run();
  // Ends Run, which then closes the listener and all connections. Thread-safe, idempotent.
  void Stop() ABSL_LOCKS_EXCLUDED(mu_);
  // Sends `response`, which includes status line and headers, as the answer to request `id`, and then closes the
  // connection. Has no effect if the connection is gone. Thread-safe.
  void Respond(uint64_t id, std::string response) ABSL_LOCKS_EXCLUDED(mu_);
  // Answers request `id` with `head`, status line and headers, and lets the connection view the stream of events from
  // then on. If there are max_viewers already, the answer is 503 instead. Has no effect if the connection is gone.
  // Thread-safe.
  void BeginView(uint64_t id, std::string head) ABSL_LOCKS_EXCLUDED(mu_);
  // Sends `event` to all viewers. Waits for none of them. Thread-safe.
  void Publish(std::string event) ABSL_LOCKS_EXCLUDED(mu_);
  // How many connections view the stream of events. Thread-safe.
  size_t viewers() const { return viewers_.load(std::memory_order_relaxed); }

 private:
  enum class State { kAsking, kWaiting, kAnswering, kViewing, kLeaving };
  struct Answer {
    uint64_t id = 0;
    std::string bytes;
    bool views = false;  // The bytes are those of a head, and events follow.
  };
  struct Connection {
    HttpTransport transport;
    State state = State::kAsking;
    Instant deadline;
    std::string bytes;  // The part of the request that has come; later the answer, of which `sent` bytes are written.
    size_t request_bytes = 0;  // How long the request is; 0 until its headers have come.
    size_t sent = 0;
  };
  using Connections = std::map<uint64_t, Connection>;  // Ordered by age: ids count up.

  static short EventsOf(const Connection& connection);
  void Accept();
  // Closes the connection that matters least; false if there is none.
  bool Evict();
  // Each of these continues one connection as far as possible without waiting; false: the connection is over.
  bool Continue(uint64_t id, Connection& connection);
  bool Read(uint64_t id, Connection& connection);
  bool Write(Connection& connection);
  bool WriteEvents(Connection& connection);
  // Appends events to what a viewer is sent.
  bool AddEvents(Connection& connection, absl::string_view events);
  // Answers with `answer`, without asking anybody.
  bool Refuse(Connection& connection, const char* answer);
  void TakeAnswers() ABSL_LOCKS_EXCLUDED(mu_);
  bool Take(Answer answer, Connection& connection);
  void SendEvents(absl::string_view events);
  void CountViewers();
  void CloseLate();
  int MillisecondsToWait() const;

  const HttpPollerOptions options_;
  const HttpTls* const tls_;
  FileDescriptor listener_;  // Used by the thread in Run, which closes it at the end.
  const OnRequest on_request_;
  WakeUp wake_up_;

  // Used by the thread in Run.
  Connections connections_;
  uint64_t last_id_ = 0;
  Instant listens_again_;  // When to accept again after the system had no descriptor left.

  Mutex mu_;
  bool stopped_ ABSL_GUARDED_BY(mu_) = false;
  std::vector<Answer> answers_ ABSL_GUARDED_BY(mu_);
  std::string events_ ABSL_GUARDED_BY(mu_);  // Published, and not yet on their way; empty without viewers.

  std::atomic<size_t> viewers_{0};  // Written by the thread in Run.
};

// Listens at `address` and writes the actual port into `address`. Never shares a port with another server.
//   INVALID_ARGUMENT, ALREADY_EXISTS, PERMISSION_DENIED  as in CheckCanListen
absl::StatusOr<FileDescriptor> ListenAt(HostPort& address);

}  // namespace recbots
