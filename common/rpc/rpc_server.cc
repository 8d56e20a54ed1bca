#include "common/rpc/rpc_server.h"

#include <grpcpp/health_check_service_interface.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/host_port.h"
#include "common/base/instant.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "common/rpc/deadline.h"
#include "common/rpc/grpc_log.h"

namespace recbots {
namespace {

void SetArguments(const RpcServerOptions& options, grpc::ServerBuilder& builder) {
  // With SO_REUSEPORT, gRPC's default, a second server on the port would silently take half of the connections.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.SetMaxReceiveMessageSize(options.max_message_bytes);
  // Clients ping every 10 s, even without calls (MakeChannel), and must not be punished for it. The server pings, too,
  // so that the streams of a client whose machine has vanished end.
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PING_STRIKES, 0);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 1000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 10000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10000);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
}

// Warns of what others may do at addresses that they can reach.
void WarnWhereOpen(const std::vector<std::string>& addresses, const Security* security) {
  const bool tls = security != nullptr && security->has_tls();
  const bool known_peers = security != nullptr && (security->has_authority() || security->has_token());
  if (tls && known_peers) return;
  for (const std::string& address : addresses) {
    if (IsLocalAddress(address)) continue;
    RECBOTS_LOG(WARNING) << "anybody who can reach " << address
                         << (known_peers ? " can read what is sent, the token too (no --tls_cert)"
                             : tls       ? " can read and write (neither --tls_ca nor --token_file)"
                                         : " can read and write (neither --tls_cert nor --token_file)");
    return;
  }
}

absl::Status CheckCanListenAt(const std::string& address) {
  if (IsUnixAddress(address)) {
    RECBOTS_ASSIGN_OR_RETURN(const std::string path, ParseUnixAddress(address));
    return CheckCanListenAtPath(path);
  }
  RECBOTS_ASSIGN_OR_RETURN(const HostPort parsed, ParseHostPort(address));
  return CheckCanListen(parsed);
}

}  // namespace

absl::StatusOr<std::unique_ptr<RpcServer>> RpcServer::Start(const RpcServerOptions& options,
                                                            const std::vector<grpc::Service*>& services) {
  std::unique_ptr<RpcServer> server(new RpcServer());
  grpc::EnableDefaultHealthCheckService(true);
  grpc::ServerBuilder builder;
  for (grpc::Service* service : services) builder.RegisterService(service);
  RECBOTS_RETURN_IF_ERROR(server->Build(options, builder));
  return server;
}

absl::StatusOr<std::unique_ptr<RpcServer>> RpcServer::Start(const RpcServerOptions& options, CallService& service) {
  std::unique_ptr<RpcServer> server(new RpcServer());
  grpc::EnableDefaultHealthCheckService(false);
  grpc::ServerBuilder builder;
  server->queue_ = std::make_unique<CallQueue>(&builder, [&service, health = &server->health_](RpcCall& call) {
    if (service.Begin(call) || health->Begin(call)) return;
    call.Finish({grpc::StatusCode::UNIMPLEMENTED, absl::StrCat("no method ", call.method())});
  });
  RECBOTS_RETURN_IF_ERROR(server->Build(options, builder));
  server->queue_->Start(options.threads);
  return server;
}

absl::Status RpcServer::Build(const RpcServerOptions& options, grpc::ServerBuilder& builder) {
  RECBOTS_ASSIGN_OR_RETURN(const std::vector<std::string> addresses, ParseAddresses(options.address));
  RECBOTS_ASSIGN_OR_RETURN(const auto credentials, Security::ServerCredentials(options.security.get()));
  for (const std::string& address : addresses) RECBOTS_RETURN_IF_ERROR(CheckCanListenAt(address));

  RouteGrpcLog();
  SetArguments(options, builder);
  std::vector<int> ports(addresses.size(), 0);
  for (size_t i = 0; i < addresses.size(); ++i) builder.AddListeningPort(addresses[i], credentials, &ports[i]);
  server_ = builder.BuildAndStart();
  RECBOTS_RETURN_IF_ERROR(Bound(addresses, ports));
  WarnWhereOpen(addresses, options.security.get());
  SetServing(false);
  return absl::OkStatus();
}

absl::Status RpcServer::Bound(const std::vector<std::string>& asked, const std::vector<int>& ports) {
  for (size_t i = 0; i < asked.size(); ++i) {
    if (ports[i] == 0) {
      // The address was free a moment ago: another server was faster, or the list has the address twice.
      return absl::AlreadyExistsError(absl::StrCat("cannot listen at ", asked[i], ": the address is in use"));
    }
    absl::StrAppend(&address_, i == 0 ? "" : ",");
    if (IsUnixAddress(asked[i])) {
      RECBOTS_RETURN_IF_ERROR(OwnSocketFile(asked[i]));
      continue;
    }
    HostPort bound = *ParseHostPort(asked[i]);
    bound.port = static_cast<uint16_t>(ports[i]);
    address_ += bound.ToString();
    if (port_ == 0) port_ = bound.port;
  }
  return server_ != nullptr ? absl::OkStatus() : absl::InternalError(absl::StrCat("cannot serve at ", address_));
}

absl::Status RpcServer::OwnSocketFile(const std::string& address) {
  const std::string path = *ParseUnixAddress(address);
  struct stat made {};
  if (::chmod(path.c_str(), S_IRUSR | S_IWUSR) != 0 || ::stat(path.c_str(), &made) != 0) {
    return absl::PermissionDeniedError(absl::StrCat("cannot listen at ", address, ": ", std::strerror(errno)));
  }
  MutexLock lock(&mu_);
  socket_files_.push_back({path, made.st_ino, absl::TimeFromTimespec(made.st_ctim)});
  address_ += address;
  return absl::OkStatus();
}

RpcServer::~RpcServer() { Stop(); }

void RpcServer::SetServing(bool serving) {
  health_.SetServing(serving);
  if (grpc::HealthCheckServiceInterface* health = server_->GetHealthCheckService(); health != nullptr) {
    health->SetServingStatus(serving);
  }
}

void RpcServer::Stop(absl::Duration grace) {
  if (server_ == nullptr) return;  // Start failed.
  SetServing(false);
  server_->Shutdown(ToGrpcDeadline(Instant::Now() + grace));
  if (queue_ != nullptr) queue_->Stop();
  MutexLock lock(&mu_);
  for (const SocketFile& file : std::exchange(socket_files_, {})) {
    struct stat found {};
    const bool ours = ::lstat(file.path.c_str(), &found) == 0 && S_ISSOCK(found.st_mode) &&
                      found.st_ino == file.inode && absl::TimeFromTimespec(found.st_ctim) == file.changed;
    if (ours) ::unlink(file.path.c_str());
  }
}

}  // namespace recbots
