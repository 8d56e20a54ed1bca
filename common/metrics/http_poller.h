// The connections of a small HTTP server: one thread that never waits for a single one of them.
//
// It reads requests until they are complete, hands complete ones on, and writes answers as their readers take them. A
// connection carries one request. Clients that say nothing, trickle bytes or do not read cost a descriptor for a few
// seconds and nothing else; when all places are taken, the connection that has been open longest is closed. A new
// connection is therefore read at once, however many others there are.
#pragma once

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

namespace recbots {

struct HttpPollerOptions {
  size_t max_connections = 128;
  // Of the request line and the headers; what follows them is not read.
  size_t max_request_bytes = 16 << 10;
  absl::Duration time_to_ask = absl::Seconds(5);  // From the connection to the complete request.
  // From then on, until the answer is there, and once more until it has been taken.
  absl::Duration time_to_answer = absl::Seconds(5);
};

// A descriptor that becomes readable for the thread that polls it. Thread-safe.
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
  // Takes a request, the bytes up to the end of its headers, and returns at once. Respond(id, ...) answers it.
  using OnRequest = std::function<void(uint64_t id, std::string request)>;

  // `listener` is as of ListenAt.
  HttpPoller(FileDescriptor listener, const HttpPollerOptions& options, OnRequest on_request);

  // Serves until Stop; on_request is called from here.
  void Run();
  // Ends Run, which closes the listener and all connections. Thread-safe, idempotent.
  void Stop() ABSL_LOCKS_EXCLUDED(mu_);
  // The answer to a request, status line and headers included; the connection ends with it. Without effect where it is
  // gone. Thread-safe.
  void Respond(uint64_t id, std::string response) ABSL_LOCKS_EXCLUDED(mu_);

 private:
  enum class State { kAsking, kWaiting, kAnswering, kLeaving };
  struct Connection {
    FileDescriptor fd;
    State state = State::kAsking;
    Instant deadline;
    std::string bytes;  // The request as far as it came; then the answer, of which `sent` bytes are gone.
    size_t sent = 0;
  };
  using Connections = std::map<uint64_t, Connection>;  // By age: ids count up.

  static short EventsOf(State state);
  void Accept();
  // Closes the connection that matters least; false: there is none.
  bool Evict();
  // Each of these goes on with one connection as far as that is possible now; false: it is over.
  bool Continue(uint64_t id, Connection& connection);
  bool Read(uint64_t id, Connection& connection);
  bool Write(Connection& connection);
  static bool Discard(const Connection& connection);
  void TakeAnswers() ABSL_LOCKS_EXCLUDED(mu_);
  void CloseLate();
  int MillisecondsToWait() const;

  const HttpPollerOptions options_;
  FileDescriptor listener_;  // Of the thread that runs; closed with the others at the end.
  const OnRequest on_request_;
  WakeUp wake_up_;

  // Of the thread that runs.
  Connections connections_;
  uint64_t last_id_ = 0;
  Instant listens_again_;  // After the system had no descriptor for a new connection.

  Mutex mu_;
  bool stopped_ ABSL_GUARDED_BY(mu_) = false;
  std::vector<std::pair<uint64_t, std::string>> answers_ ABSL_GUARDED_BY(mu_);
};

// Listens at `address` and writes the port that was taken to it. Never shares a port with another server.
//   INVALID_ARGUMENT, ALREADY_EXISTS, PERMISSION_DENIED  as CheckCanListen
absl::StatusOr<FileDescriptor> ListenAt(HostPort& address);

}  // namespace recbots
