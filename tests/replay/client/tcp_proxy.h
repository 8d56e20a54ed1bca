// Stands between a client and a server on loopback, and does what networks do: cuts connections, swallows what it gets,
// damages bytes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/base/mutex.h"
#include "common/base/random.h"
#include "common/base/thread.h"

namespace recbots::replay {

// Thread-safe.
class TcpProxy {
 public:
  // Forwards to a port on loopback; listens at once.
  explicit TcpProxy(int upstream_port);
  ~TcpProxy();

  std::string address() const;

  // Cuts every connection after some number of bytes from the client, uniform in [1, max_bytes); 0: does not.
  void CutAfter(uint32_t max_bytes, uint64_t seed);
  void CutAll();
  // Closes new connections at once.
  void Refuse(bool refuse);
  // Reads no more from either side, and goes on reading.
  void Stall(bool stalled);
  // The next time that a client sends these bytes in one piece, the byte after them is changed.
  void DamageAfter(std::string marker);
  int64_t cuts() const;

 private:
  struct Link {
    int client = -1;
    int server = -1;
    int64_t bytes_left = -1;  // Until the cut; negative: none.
  };

  void Run();
  void Accept();
  // False: the link is done for.
  bool Forward(Link& link, bool from_client);
  void Damage(char* data, size_t size);
  void Close(Link& link);

  const int upstream_port_;
  int port_ = 0;
  const int listener_;
  std::vector<Link> links_;  // Used by the thread only.

  mutable Mutex mu_;
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  bool stalled_ ABSL_GUARDED_BY(mu_) = false;
  bool refuse_ ABSL_GUARDED_BY(mu_) = false;
  bool cut_all_ ABSL_GUARDED_BY(mu_) = false;
  uint32_t cut_after_ ABSL_GUARDED_BY(mu_) = 0;
  Rng rng_ ABSL_GUARDED_BY(mu_){0, Purpose::kTest, {}};
  std::string marker_ ABSL_GUARDED_BY(mu_);
  int64_t cuts_ ABSL_GUARDED_BY(mu_) = 0;

  Thread thread_;
};

}  // namespace recbots::replay
