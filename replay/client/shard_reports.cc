#include "replay/client/shard_reports.h"

#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "common/base/instant.h"
#include "common/rpc/deadline.h"
#include "common/rpc/grpc_status.h"
#include "recbots/v1/membership.grpc.pb.h"

namespace recbots::replay {
namespace {

// How often the thread looks which shard is to be asked.
constexpr absl::Duration kTick = absl::Milliseconds(100);
constexpr absl::Duration kPauseAfterError = absl::Milliseconds(500);
constexpr absl::Duration kPauseIfUnknown = absl::Seconds(10);

}  // namespace

// One shard, and the call to it that is under way. Guarded by mu_, but for what a call under way reads and writes.
struct ShardReports::Asking {
  ShardChannel shard;
  std::unique_ptr<v1::RoleService::Stub> stub;
  bool under_way = false;
  Instant next = Instant::InfinitePast();
  // Of the call.
  std::optional<grpc::ClientContext> context;
  v1::ReportRequest request;  // The first one is answered at once.
  v1::RoleReport report;
};

ShardReports::ShardReports(ShardReportsOptions options)
    : options_(std::move(options)), thread_("shard-reports", [this] { Run(); }) {}

ShardReports::~ShardReports() {
  MutexLock lock(&mu_);
  stopping_ = true;
}  // The thread, the last member, is joined first.

void ShardReports::Run() {
  while (true) {
    const std::vector<ShardChannel> shards = options_.shards();
    MutexLock lock(&mu_);
    AskAll(shards);
    const auto stopping = [this]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return stopping_; };
    if (!mu_.AwaitFor(stopping, kTick)) continue;
    for (const auto& asking : asking_) {
      if (asking->under_way) asking->context->TryCancel();
    }
    const auto all_over = [this]() ABSL_NO_THREAD_SAFETY_ANALYSIS {
      return std::none_of(asking_.begin(), asking_.end(), [](const auto& asking) { return asking->under_way; });
    };
    mu_.AwaitUntil(all_over, Instant::InfiniteFuture());  // Calls that are cancelled end at once.
    return;
  }
}

void ShardReports::AskAll(const std::vector<ShardChannel>& shards) {
  std::erase_if(asking_, [&shards](const std::unique_ptr<Asking>& asking) {
    const bool known = std::any_of(shards.begin(), shards.end(), [&asking](const ShardChannel& shard) {
      return shard.channel == asking->shard.channel;
    });
    return !known && !asking->under_way;  // A last answer may still come.
  });
  for (const ShardChannel& shard : shards) {
    const bool known = std::any_of(asking_.begin(), asking_.end(), [&shard](const std::unique_ptr<Asking>& asking) {
      return shard.channel == asking->shard.channel;
    });
    if (known) continue;
    asking_.push_back(std::make_unique<Asking>());
    asking_.back()->shard = shard;
    asking_.back()->stub = v1::RoleService::NewStub(shard.channel);
  }
  const Instant now = Instant::Now();
  for (const auto& asking : asking_) {
    if (!asking->under_way && asking->next <= now) Ask(*asking);
  }
}

void ShardReports::Ask(Asking& asking) {
  asking.under_way = true;
  asking.context.emplace();
  Security::Prepare(options_.security.get(), *asking.context);
  asking.context->set_deadline(
      ToGrpcDeadline(Instant::Now() + absl::Seconds(asking.request.wait_seconds()) + options_.patience));
  asking.stub->async()->Report(&*asking.context, &asking.request, &asking.report,
                               [this, &asking](grpc::Status status) { OnAnswer(asking, FromGrpcStatus(status)); });
}

void ShardReports::OnAnswer(Asking& asking, const absl::Status& status) {
  if (status.ok()) options_.on_report(asking.shard.address, asking.report);
  const Instant now = Instant::Now();
  MutexLock lock(&mu_);
  asking.request.set_wait_seconds(status.ok() ? absl::ToDoubleSeconds(options_.period) : 0);
  // Asked again at once: a shard that ends tells those that ask at this moment.
  if (status.ok() && !asking.report.leaving() && !stopping_) return Ask(asking);
  asking.next = now + (absl::IsUnimplemented(status) ? kPauseIfUnknown : kPauseAfterError);
  asking.under_way = false;
}

}  // namespace recbots::replay
