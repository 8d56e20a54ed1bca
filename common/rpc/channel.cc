#include "common/rpc/channel.h"

#include <arpa/inet.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "common/base/host_port.h"
#include "common/base/instant.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "common/base/wait_board.h"
#include "common/rpc/deadline.h"
#include "common/rpc/grpc_log.h"
#include "common/rpc/grpc_status.h"
#include "common/rpc/retry.h"

namespace recbots {
namespace {

constexpr int kMaxMessageBytes = 8 << 20;

grpc::ChannelArguments Arguments(const ChannelOptions& options) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_DNS_MIN_TIME_BETWEEN_RESOLUTIONS_MS, 1000);
  arguments.SetInt(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1);
  // Peers are machines of the same cluster, which a proxy for the web must not be used for.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 500);
  // In spite of its name, this argument is how long one attempt to connect may take. An address that swallows packets
  // (a container that went away) costs 2 s before the name is resolved again.
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 2000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 10000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  arguments.SetMaxReceiveMessageSize(kMaxMessageBytes);
  if (!options.server_name.empty()) arguments.SetSslTargetNameOverride(options.server_name);
  if (options.bulk) {
    // Measured with messages of 1 MiB on loopback: takes half the time that windows growing by probes take.
    arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
    arguments.SetInt(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, 8 << 20);
    arguments.SetInt(GRPC_ARG_HTTP2_MAX_FRAME_SIZE, 4 << 20);
  }
  return arguments;
}

// Makes one call grpc.health.v1.Health/Check for the whole server. Request and response are encoded by hand, because
// Debian packages neither the .proto nor its generated code: the request is empty, the answer is one enum (tag 0x08),
// in which 1 means SERVING.
absl::Status CheckHealth(grpc::GenericStub& stub, Instant deadline) {
  grpc::ClientContext context;
  context.set_deadline(ToGrpcDeadline(deadline));
  const grpc::Slice empty;
  const grpc::ByteBuffer request(&empty, 1);
  grpc::ByteBuffer response;
  grpc::Status status;
  grpc::CompletionQueue queue;
  auto call = stub.PrepareUnaryCall(&context, "/grpc.health.v1.Health/Check", request, &queue);
  call->StartCall();
  call->Finish(&response, &status, nullptr);
  void* tag = nullptr;
  bool ok = false;
  RECBOTS_CHECK(queue.Next(&tag, &ok));  // Returns by the call's deadline.
  queue.Shutdown();
  while (queue.Next(&tag, &ok)) {
  }
  if (!status.ok()) return FromGrpcStatus(status);
  grpc::Slice answer;
  if (!response.DumpToSingleSlice(&answer).ok()) return absl::InternalError("unreadable health answer");
  if (answer.size() == 2 && answer.begin()[0] == 0x08 && answer.begin()[1] == 1) return absl::OkStatus();
  return absl::UnavailableError("it says that it is not serving yet");
}

// A numeric address must bypass the resolver of names: after a failed connection the resolver would delay the next
// attempt by its pause between two look-ups.
std::string TargetFor(const std::string& address) {
  const absl::StatusOr<HostPort> parsed = ParseHostPort(address);
  if (!parsed.ok()) return address;
  in6_addr numbers{};
  if (inet_pton(AF_INET, parsed->host.c_str(), &numbers) == 1) return "ipv4:" + address;
  if (inet_pton(AF_INET6, parsed->host.c_str(), &numbers) == 1) return "ipv6:" + address;
  return address;
}

absl::Status AwaitOne(const std::string& peer_name, const std::string& address, Instant deadline,
                      std::shared_ptr<const Security> security) {
  const std::shared_ptr<grpc::Channel> channel = MakeChannel(address, {.security = std::move(security)});
  grpc::GenericStub stub(channel);
  PeerRetry retry(peer_name, address,
                  {.max_delay = absl::Milliseconds(200), .give_up_after = absl::InfiniteDuration()});
  const Instant start = Instant::Now();
  while (true) {
    // An attempt takes at most 1 s, so that a failure can be reported soon.
    const absl::Status status = CheckHealth(stub, std::min(deadline, Instant::Now() + absl::Seconds(1)));
    if (status.ok()) {
      retry.Succeeded();
      return status;
    }
    const absl::StatusOr<absl::Duration> delay = retry.Failed(status);
    if (!delay.ok()) {
      // UNIMPLEMENTED means that the server there is no recbots server. Like every final error, it is reported at once.
      const char* what = absl::IsUnauthenticated(status) ? ": " : " does not answer as a recbots server: ";
      return absl::Status(delay.status().code(),
                          absl::StrCat(peer_name, " at ", address, what, delay.status().message()));
    }
    if (Instant::Now() + *delay >= deadline) {
      return absl::DeadlineExceededError(absl::StrCat(peer_name, " at ", address, " is not serving after ",
                                                      WaitedText(Instant::Now() - start), ": ", status.message()));
    }
    AwaitRetry(*channel, *delay);
  }
}

}  // namespace

std::shared_ptr<grpc::Channel> MakeChannel(const std::string& address, const ChannelOptions& options) {
  RouteGrpcLog();
  return grpc::CreateCustomChannel(TargetFor(address), Security::ChannelCredentials(options.security.get()),
                                   Arguments(options));
}

void AwaitRetry(grpc::Channel& channel, absl::Duration delay) {
  if (channel.GetState(/*try_to_connect=*/true) == GRPC_CHANNEL_READY) {
    absl::SleepFor(delay);  // The channel is connected: the failure came from the peer.
  } else {
    channel.WaitForConnected(ToGrpcDeadline(Instant::Now() + delay));
  }
}

absl::Status AwaitServing(const std::string& peer_name, const std::string& address, Instant deadline,
                          std::shared_ptr<const Security> security) {
  for (const absl::string_view one : absl::StrSplit(address, ',')) {
    RECBOTS_RETURN_IF_ERROR(AwaitOne(peer_name, std::string(one), deadline, security));
  }
  return absl::OkStatus();
}

}  // namespace recbots
