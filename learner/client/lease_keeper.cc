#include "learner/client/lease_keeper.h"

#include <algorithm>
#include <utility>

#include "common/base/log.h"
#include "common/rpc/channel.h"
#include "common/rpc/deadline.h"
#include "common/rpc/retry.h"

namespace recbots {
namespace {

constexpr char kMethod[] = "/recbots.v1.MembershipService/Hold";
// The longest wait for the connection.
constexpr absl::Duration kConnectTime = absl::Milliseconds(300);
constexpr absl::Duration kRetryPause = absl::Milliseconds(300);
// What a goodbye may take.
constexpr absl::Duration kGoodbye = absl::Seconds(1);
// A learner that takes no report for this long is hung, or the connection is dead.
constexpr absl::Duration kTaken = absl::Seconds(30);

}  // namespace

LeaseKeeper::LeaseKeeper(LeaseKeeperOptions options)
    : options_(std::move(options)), report_every_(options_.report_every), thread_("lease", [this] { Run(); }) {}

LeaseKeeper::~LeaseKeeper() {
  MutexLock lock(&mu_);
  stopping_ = true;
}  // The thread, the last member, is joined first.

bool LeaseKeeper::held() const {
  MutexLock lock(&mu_);
  return held_;
}

void LeaseKeeper::Show() {
  if (!wait_.has_value()) {
    wait_.emplace(options_.waits, WaitFor{.thing = "a lease", .peer = options_.address, .kind = WaitKind::kBackground});
  }
}

void LeaseKeeper::Run() {
  const std::shared_ptr<grpc::Channel> channel = MakeChannel(options_.address, {.security = options_.security});
  {
    MutexLock lock(&mu_);
    Show();
  }
  while (true) {
    // A channel makes progress only while a thread waits on it.
    channel->WaitForConnected(ToGrpcDeadline(Instant::Now() + kConnectTime));
    const absl::Status status = HoldOnce(channel);
    MutexLock lock(&mu_);
    held_ = false;
    Show();
    const bool final = !IsTransient(status);
    if (final && !std::exchange(refused_, true) && !stopping_) {
      RECBOTS_LOG(WARNING) << "the learner grants no lease, going on without" << Field("address", options_.address)
                           << Field("error", status.ToString());
    }
    const auto stopping = [this]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return stopping_; };
    if (mu_.AwaitFor(stopping, final ? options_.refused_pause : kRetryPause)) return;
  }
}

absl::Status LeaseKeeper::HoldOnce(const std::shared_ptr<grpc::Channel>& channel) {
  {
    MutexLock lock(&mu_);
    if (stopping_) return absl::CancelledError("stopped");
  }
  v1::RoleReport report;  // Lives as long as the stream, which sends it.
  Stream stream(&mu_, {.on_message = [this](v1::LeaseTerms& terms) { OnTerms(terms); }, .on_written = [] {}}, channel,
                kMethod, options_.security.get());
  bool leaving = false;
  while (!leaving && ReportOnce(stream, report, &leaving)) continue;
  MutexLock lock(&mu_);
  const Instant deadline = Instant::Now() + kGoodbye;
  const auto written = [&stream]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return stream.can_write() || stream.done(); };
  const auto done = [&stream]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return stream.done(); };
  if (leaving && mu_.AwaitUntil(written, deadline) && !stream.done()) {
    stream.Close();
    mu_.AwaitUntil(done, deadline);
  }
  stream.AwaitEnd();
  return stream.status();
}

bool LeaseKeeper::ReportOnce(Stream& stream, v1::RoleReport& report, bool* leaving) {
  v1::RoleReport next = options_.report();
  MutexLock lock(&mu_);
  const auto can_go_on = [this, &stream]() ABSL_NO_THREAD_SAFETY_ANALYSIS {
    return stream.done() || stream.can_write() || stopping_;
  };
  const auto stopped = [this, &stream]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return stream.done() || stopping_; };
  if (!mu_.AwaitFor(can_go_on, kTaken) || stream.done()) return false;
  if (!stream.can_write()) {
    const auto can_write = [&stream]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return stream.done() || stream.can_write(); };
    if (!mu_.AwaitFor(can_write, kGoodbye) || stream.done()) return false;
  }
  *leaving = stopping_;
  next.set_leaving(*leaving);
  report = std::move(next);
  stream.Write(&report);
  if (!*leaving) mu_.AwaitFor(stopped, report_every_);
  return true;
}

void LeaseKeeper::OnTerms(const v1::LeaseTerms& terms) {
  const double seconds = terms.report_every_seconds();
  MutexLock lock(&mu_);
  if (seconds >= 0.01 && seconds <= 60) report_every_ = absl::Seconds(seconds);
  if (!std::exchange(held_, true)) RECBOTS_LOG(INFO) << "lease held" << Field("learner", options_.address);
  refused_ = false;
  wait_.reset();
}

}  // namespace recbots
