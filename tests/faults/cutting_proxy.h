// Stands between clients and a server on loopback and cuts connections at random bytes, in either direction, half of
// them with a reset.
#pragma once

#include <atomic>
#include <cstdint>
#include <list>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "common/base/random.h"
#include "common/base/thread.h"

namespace recbots::faults {

struct CuttingProxyOptions {
  int port = 0;         // Its own; 0: a free one.
  int server_port = 0;  // Both on 127.0.0.1.
  uint64_t seed = 0;
  // A connection is cut after min_bytes..max_bytes bytes, both directions together; a length is as likely as twice that
  // length.
  int64_t min_bytes = 1;
  int64_t max_bytes = 64 << 10;
};

// Works in a thread of its own until it is destroyed. Thread-safe.
class CuttingProxy {
 public:
  // UNAVAILABLE: the port cannot be had.
  static absl::StatusOr<std::unique_ptr<CuttingProxy>> Start(const CuttingProxyOptions& options);
  ~CuttingProxy();

  int port() const { return port_; }
  // Connections cut by it so far.
  int64_t cuts() const { return cuts_; }
  // From now on it cuts nothing.
  void Heal() { healed_ = true; }

 private:
  // Bytes on their way in one direction.
  struct Direction {
    int from = -1;
    int to = -1;
    std::vector<char> waiting;
    bool ended = false;  // Nothing more comes from `from`.
  };
  struct Connection {
    Direction directions[2];
    int64_t left = 0;  // Bytes until the cut.
  };

  CuttingProxy(const CuttingProxyOptions& options, int listener, int wake, int port);
  void Run();
  void Accept();
  // Moves what can be moved; false when the connection is over.
  bool Serve(Connection& connection);
  bool Read(Connection& connection, Direction& direction) const;
  static bool Write(Direction& direction);
  void End(Connection& connection, bool cut);

  const CuttingProxyOptions options_;
  const int listener_;
  const int wake_;
  const int port_;
  Rng rng_;  // Used by the thread only, as is the next.
  std::list<Connection> connections_;
  std::atomic<int64_t> cuts_{0};
  std::atomic<bool> healed_{false};
  std::atomic<bool> stop_{false};
  std::unique_ptr<Thread> thread_;
};

}  // namespace recbots::faults
