// cpp-httplib with limits it lacks: a connection serves one request within a time in all, whatever its client does, and
// ends at once when the server stops. (The library's own timeouts count from one byte to the next, so that a client
// that trickles bytes would hold a thread, and the end of the process, for ever.)
#pragma once

#include <httplib.h>

#include <functional>
#include <memory>
#include <vector>

#include "absl/time/time.h"
#include "common/base/bounded_queue.h"
#include "common/base/instant.h"
#include "common/base/thread.h"

namespace recbots {

// A file descriptor that becomes readable once and for all. Thread-safe.
class StopSignal {
 public:
  StopSignal();
  ~StopSignal();
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;
  void Raise();
  int fd() const { return fd_; }

 private:
  const int fd_;
};

// The bytes of one connection until a deadline or the stop signal.
class DeadlineStream : public httplib::Stream {
 public:
  DeadlineStream(int socket, int stop_fd, Instant deadline);

  bool is_readable() const override;
  bool is_writable() const override;
  ssize_t read(char* data, size_t size) override;
  ssize_t write(const char* data, size_t size) override;
  // Nobody asks: requests are not logged.
  void get_remote_ip_and_port(std::string& /*ip*/, int& /*port*/) const override {}
  void get_local_ip_and_port(std::string& /*ip*/, int& /*port*/) const override {}
  socket_t socket() const override { return socket_; }

 private:
  // True once `events` can happen; false at the deadline or when the server stops.
  bool Await(short events) const;

  const int socket_;
  const int stop_fd_;
  const Instant deadline_;
  // httplib reads the request byte by byte: a buffer saves the system calls.
  std::vector<char> buffer_;
  size_t begin_ = 0;
  size_t end_ = 0;
};

class LimitedServer : public httplib::Server {
 public:
  // `stop` must outlive the server.
  LimitedServer(const StopSignal& stop, absl::Duration time_per_connection);

 private:
  bool process_and_close_socket(socket_t socket) override;

  const StopSignal& stop_;
  const absl::Duration time_per_connection_;
};

// Connections wait in a bounded queue for one of a few threads of ours.
class ConnectionThreads : public httplib::TaskQueue {
 public:
  ConnectionThreads(int num_threads, size_t capacity);
  void enqueue(std::function<void()> connection) override;
  void shutdown() override;

 private:
  BoundedQueue<std::function<void()>> queue_;
  std::vector<std::unique_ptr<Thread>> threads_;
};

}  // namespace recbots
