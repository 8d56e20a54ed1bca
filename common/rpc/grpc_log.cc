#include "common/rpc/grpc_log.h"

#include <grpc/support/log.h>

#include <atomic>
#include <cerrno>
#include <system_error>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "common/base/descriptors.h"
#include "common/base/log.h"
#include "common/rpc/handshake.h"

namespace recbots {
namespace {

constexpr absl::Duration kSayEvery = absl::Seconds(5);

// True once every kSayEvery. There is one state per process, because gRPC has one log per process.
bool DueForHandshakes() {
  static std::atomic<int64_t> next_nanos{0};
  const int64_t now = absl::GetCurrentTimeNanos();
  int64_t next = next_nanos.load();
  return now >= next && next_nanos.compare_exchange_strong(next, now + absl::ToInt64Nanoseconds(kSayEvery));
}

void Write(gpr_log_func_args* line) {
  const absl::string_view text(line->message);
  if (const absl::string_view meaning = ExplainHandshake(text); !meaning.empty()) {
    if (DueForHandshakes()) {
      RECBOTS_LOG(WARNING) << "TLS handshake with a peer failed: " << meaning << Field("error", text);
    }
  } else if (line->severity == GPR_LOG_SEVERITY_ERROR) {
    RECBOTS_LOG(WARNING) << "gRPC: " << text;
    // After this error a gRPC server accepts no more connections.
    if (absl::StrContains(text, std::generic_category().message(EMFILE))) {
      DescriptorWatch::Report("connections cannot be accepted or made");
    }
  } else {
    RECBOTS_LOG(INFO) << "gRPC: " << text;
  }
}

}  // namespace

void RouteGrpcLog() {
  static const bool routed = [] {
    gpr_set_log_function(&Write);
    return true;
  }();
  static_cast<void>(routed);
}

}  // namespace recbots
