// A gRPC server with health service, keepalive and an orderly end.
#pragma once

#include <grpcpp/grpcpp.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/mutex.h"
#include "common/rpc/call_queue.h"
#include "common/rpc/health.h"
#include "common/rpc/rpc_call.h"
#include "common/rpc/security.h"

namespace recbots {

struct RpcServerOptions {
  // One or several of host:port (port 0 takes a free one) and unix:/path, separated by commas. Loopback by default.
  std::string address = "127.0.0.1:0";
  std::shared_ptr<const Security> security = {};  // nullptr: none. Unix sockets then take TLS as well.
  // Largest message taken; a longer one ends its stream with RESOURCE_EXHAUSTED.
  int max_message_bytes = 8 << 20;
  int threads = 1;  // Of a CallService (call_queue.h); gRPC's services have gRPC's.
};

// Serves the given services and grpc.health.v1. Thread-safe. The services must outlive the server.
class RpcServer {
 public:
  // Listens and serves; health says NOT_SERVING until SetServing(true).
  // A socket file is made for its owner alone, and removed by Stop.
  //   INVALID_ARGUMENT     an address cannot be parsed or resolved, a socket's path is too long or has no directory
  //   ALREADY_EXISTS       the port or the socket is in use (the message names the address)
  //   PERMISSION_DENIED    the port or the directory is not ours
  //   FAILED_PRECONDITION  security that is enough for a client only
  static absl::StatusOr<std::unique_ptr<RpcServer>> Start(const RpcServerOptions& options,
                                                          const std::vector<grpc::Service*>& services);
  // The same on threads of our own, for a process that does nothing but serve.
  static absl::StatusOr<std::unique_ptr<RpcServer>> Start(const RpcServerOptions& options, CallService& service);
  ~RpcServer();

  // What was actually bound, separated by commas as asked; the port of the first host:port (0: there is none).
  const std::string& address() const { return address_; }
  int port() const { return port_; }

  // What grpc.health.v1 answers for "" (the whole server).
  void SetServing(bool serving);

  // Takes no new calls, gives those under way `grace` to end, then cancels them. Idempotent.
  void Stop(absl::Duration grace = absl::Seconds(2));

 private:
  RpcServer() = default;

  struct SocketFile {
    std::string path;
    // A socket made at the same place later, with another of these, is another server's (inodes are used again).
    uint64_t inode;
    absl::Time changed;
  };

  // Listens with what the builder was given to serve.
  absl::Status Build(const RpcServerOptions& options, grpc::ServerBuilder& builder);
  // Takes note of what was bound; ALREADY_EXISTS when something was not (a port of 0).
  absl::Status Bound(const std::vector<std::string>& asked, const std::vector<int>& ports);
  absl::Status OwnSocketFile(const std::string& address);

  std::string address_;
  int port_ = 0;
  HealthService health_;              // Of the calls in queue_.
  std::unique_ptr<CallQueue> queue_;  // nullptr: services are gRPC's. Outlives the server.
  std::unique_ptr<grpc::Server> server_;

  Mutex mu_;
  std::vector<SocketFile> socket_files_ ABSL_GUARDED_BY(mu_);  // Not yet removed.
};

}  // namespace recbots
