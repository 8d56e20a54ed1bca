#include "common/rpc/rpc_server.h"

#include <grpcpp/health_check_service_interface.h>

#include "absl/strings/str_cat.h"
#include "common/base/host_port.h"
#include "common/base/status_macros.h"

namespace recbots {
namespace {

void SetArguments(const RpcServerOptions& options, grpc::ServerBuilder& builder) {
  // With SO_REUSEPORT, gRPC's default, a second server on the port would silently take half of the connections.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.SetMaxReceiveMessageSize(options.max_message_bytes);
  // Clients ping every 10 s, also without calls (MakeChannel): that is no offence. We ping too, so that the streams of
  // a client whose machine vanished end.
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PING_STRIKES, 0);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 1000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 10000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10000);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
}

}  // namespace

absl::StatusOr<std::unique_ptr<RpcServer>> RpcServer::Start(const RpcServerOptions& options,
                                                            const std::vector<grpc::Service*>& services) {
  RECBOTS_ASSIGN_OR_RETURN(HostPort address, ParseHostPort(options.address));
  RECBOTS_RETURN_IF_ERROR(CheckCanListen(address));

  grpc::EnableDefaultHealthCheckService(true);
  grpc::ServerBuilder builder;
  SetArguments(options, builder);
  int port = 0;
  builder.AddListeningPort(address.ToString(), grpc::InsecureServerCredentials(), &port);
  for (grpc::Service* service : services) builder.RegisterService(service);

  std::unique_ptr<RpcServer> server(new RpcServer());
  server->server_ = builder.BuildAndStart();
  // The port was free a moment ago: somebody was faster.
  if (server->server_ == nullptr || port == 0) {
    return absl::AlreadyExistsError(absl::StrCat("cannot listen at ", address.ToString(), ": the port is in use"));
  }
  address.port = static_cast<uint16_t>(port);
  server->address_ = address.ToString();
  server->port_ = port;
  server->SetServing(false);
  return server;
}

RpcServer::~RpcServer() { Stop(); }

void RpcServer::SetServing(bool serving) {
  if (grpc::HealthCheckServiceInterface* health = server_->GetHealthCheckService(); health != nullptr) {
    health->SetServingStatus(serving);
  }
}

void RpcServer::Stop(absl::Duration grace) {
  if (server_ == nullptr) return;  // Start failed.
  SetServing(false);
  server_->Shutdown(absl::ToChronoTime(absl::Now() + grace));
}

}  // namespace recbots
