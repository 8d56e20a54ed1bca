// A gRPC server with health service, keepalive and an orderly end.
#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/rpc/security.h"

namespace recbots {

struct RpcServerOptions {
  // One or several of host:port (port 0 takes a free one) and unix:/path, separated by commas. Loopback by default.
  std::string address = "127.0.0.1:0";
  std::shared_ptr<const Security> security = {};  // nullptr: none. Unix sockets then take TLS as well.
  // Largest message taken; a longer one ends its stream with RESOURCE_EXHAUSTED.
  int max_message_bytes = 8 << 20;
};

// Serves the given services and grpc.health.v1. Thread-safe. The services must outlive the server.
class RpcServer {
 public:
  // Listens and serves; health says NOT_SERVING until SetServing(true).
  //   INVALID_ARGUMENT  the address cannot be parsed or resolved
  //   ALREADY_EXISTS    the port is taken (the message names the address)
  static absl::StatusOr<std::unique_ptr<RpcServer>> Start(const RpcServerOptions& options,
                                                          const std::vector<grpc::Service*>& services);
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

  std::string address_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace recbots
