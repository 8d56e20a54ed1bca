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
  // One or several addresses, host:port (port 0 takes a free one) or unix:/path, separated by commas. Loopback by
  // default.
  std::string address = "127.0.0.1:0";
  std::shared_ptr<const Security> security = {};  // nullptr: none. Otherwise unix sockets use TLS, too.
  // The largest message accepted; a larger one ends its stream with RESOURCE_EXHAUSTED.
  int max_message_bytes = 8 << 20;
  int threads = 1;  // For a CallService (call_queue.h); gRPC's services use gRPC's threads.
};

// Serves the given services and grpc.health.v1. Thread-safe. The services must outlive the server.
class RpcServer {
 public:
  // Listens and serves; grpc.health.v1 says NOT_SERVING until SetServing(true). A socket file is accessible to its
  // owner alone; Stop removes it.
  //   INVALID_ARGUMENT     an address cannot be parsed or resolved, a socket's path is too long or has no directory
  //   ALREADY_EXISTS       the port or the socket is in use (the message names the address)
  //   PERMISSION_DENIED    the port or the directory is not ours
  //   FAILED_PRECONDITION  `security` is enough for a client only
  static absl::StatusOr<std::unique_ptr<RpcServer>> Start(const RpcServerOptions& options,
                                                          const std::vector<grpc::Service*>& services);
  // Starts a server that serves `service` on threads of our own, for a process that does nothing but serve. Errors as
  // above.
  static absl::StatusOr<std::unique_ptr<RpcServer>> Start(const RpcServerOptions& options, CallService& service);
  ~RpcServer();

  // address() is the list of addresses actually bound, in the order of the options, separated by commas; port() is the
  // port of the first host:port, or 0 if there is none.
  const std::string& address() const { return address_; }
  int port() const { return port_; }

  // Sets what grpc.health.v1 answers for "" (the whole server).
  void SetServing(bool serving);

  // Takes no new calls, gives the calls under way the time `grace` to end, then cancels them. Idempotent.
  void Stop(absl::Duration grace = absl::Seconds(2));

 private:
  RpcServer() = default;

  struct SocketFile {
    std::string path;
    // Tell whether the file is still ours: another server's socket at the same path differs in one of them (inodes
    // alone are reused).
    uint64_t inode;
    absl::Time changed;
  };

  // Listens and serves the services that the builder was given.
  absl::Status Build(const RpcServerOptions& options, grpc::ServerBuilder& builder);
  // Notes the addresses bound; ALREADY_EXISTS if one was not bound (its port is 0).
  absl::Status Bound(const std::vector<std::string>& asked, const std::vector<int>& ports);
  absl::Status OwnSocketFile(const std::string& address);

  std::string address_;
  int port_ = 0;
  HealthService health_;              // For the calls in queue_.
  std::unique_ptr<CallQueue> queue_;  // nullptr if the services are gRPC's. Outlives server_.
  std::unique_ptr<grpc::Server> server_;

  Mutex mu_;
  std::vector<SocketFile> socket_files_ ABSL_GUARDED_BY(mu_);  // Not yet removed.
};

}  // namespace recbots
