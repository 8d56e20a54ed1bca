#include "replay/checkpoint/checkpointer.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "absl/memory/memory.h"
#include "absl/strings/str_cat.h"
#include "common/base/instant.h"
#include "common/base/log.h"
#include "common/base/mutex.h"
#include "common/base/pacer.h"
#include "common/base/status_macros.h"
#include "common/base/thread.h"
#include "replay/checkpoint/checkpoint_directory.h"
#include "replay/checkpoint/checkpoint_writer.h"
#include "replay/checkpoint/restore.h"

namespace recbots::replay {
namespace {

// How often Pace checks whether an insert waits for the writing.
constexpr absl::Duration kLook = absl::Milliseconds(5);
// The first pause before a failed request is tried again; it doubles up to kLongestBackoff.
constexpr absl::Duration kFirstBackoff = absl::Seconds(1);
constexpr absl::Duration kLongestBackoff = absl::Seconds(60);

}  // namespace

// Requests are numbered. An attempt covers all requests that came before its cut. It answers all of them if it
// finishes; if it fails, it answers only the callers that wait.
class Checkpointer::Impl {
 public:
  Impl(const CheckpointerOptions& options, Store* store, CheckpointDirectory directory, Restored restored,
       int64_t highest_sequence);
  ~Impl();

  absl::StatusOr<CheckpointReport> Checkpoint(Instant deadline) ABSL_LOCKS_EXCLUDED(mu_);
  void Request() ABSL_LOCKS_EXCLUDED(mu_);
  void SetListener(std::function<void(const absl::Status&)> listener) ABSL_LOCKS_EXCLUDED(listener_mu_);
  const RestoreReport& restored() const { return restored_; }
  int64_t memory_bytes() const;
  CheckpointerStats stats() const ABSL_LOCKS_EXCLUDED(mu_);

 private:
  void Run() ABSL_LOCKS_EXCLUDED(mu_);
  // Waits until it is time for a checkpoint; false if the thread shall stop.
  bool AwaitTurn() ABSL_LOCKS_EXCLUDED(mu_);
  Instant NextTurn() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Note(const absl::StatusOr<CheckpointReport>& report) ABSL_LOCKS_EXCLUDED(mu_);
  // CheckpointWriter::Options::pace.
  bool Pace(int64_t bytes) ABSL_LOCKS_EXCLUDED(mu_);
  bool SomebodyWaits() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  // Constant after construction.
  const CheckpointerOptions options_;
  Store* const store_;
  const RestoreReport restored_;

  // Used only by the thread.
  CheckpointDirectory directory_;
  CheckpointWriter writer_;
  Pacer pacer_;

  mutable Mutex mu_;
  bool stop_ ABSL_GUARDED_BY(mu_) = false;
  int64_t requested_ ABSL_GUARDED_BY(mu_) = 0;  // The newest request.
  int64_t waited_ ABSL_GUARDED_BY(mu_) = 0;     // The newest one with a waiting caller.
  int64_t begun_ ABSL_GUARDED_BY(mu_) = 0;      // Requests covered by the attempt that began last,
  int64_t over_ ABSL_GUARDED_BY(mu_) = 0;       // by the last attempt that is over,
  int64_t kept_ ABSL_GUARDED_BY(mu_) = 0;       // and by the newest checkpoint on disk.
  Instant ended_at_ ABSL_GUARDED_BY(mu_);       // End of the last attempt, or the start.
  absl::Duration backoff_ ABSL_GUARDED_BY(mu_) = absl::ZeroDuration();
  CheckpointerStats stats_ ABSL_GUARDED_BY(mu_);

  // Held while the listener runs, so that SetListener returns only when the previous listener does not run any more.
  Mutex listener_mu_;
  std::function<void(const absl::Status&)> listener_ ABSL_GUARDED_BY(listener_mu_);

  std::unique_ptr<Thread> thread_;
};

Checkpointer::Impl::Impl(const CheckpointerOptions& options, Store* store, CheckpointDirectory directory,
                         Restored restored, int64_t highest_sequence)
    : options_(options),
      store_(store),
      restored_(std::move(restored.report)),
      directory_(std::move(directory)),
      writer_(&directory_.folder(), store,
              {.keep = options.keep, .pace = [this](int64_t bytes) { return Pace(bytes); }},
              std::move(restored.manifest), highest_sequence, std::move(restored.refused)),
      pacer_(static_cast<double>(options.write_bytes_per_second)),
      ended_at_(Instant::Now()) {
  stats_.sequence = restored_.sequence;
  stats_.directory = directory_.folder().path();
  writer_.DeleteUnused();
  thread_ = std::make_unique<Thread>("checkpointer", [this] { Run(); });
}

Checkpointer::Impl::~Impl() {
  {
    MutexLock lock(&mu_);
    stop_ = true;
  }
  thread_.reset();
}

absl::StatusOr<CheckpointReport> Checkpointer::Impl::Checkpoint(Instant deadline) {
  MutexLock lock(&mu_);
  const int64_t mine = ++requested_;
  waited_ = mine;
  const auto over = [&]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return over_ >= mine; };
  if (!mu_.AwaitUntil(over, deadline)) {
    return absl::DeadlineExceededError(
        absl::StrCat("the checkpoint in '", stats_.directory, "' is not finished; it goes on in the background"));
  }
  if (kept_ >= mine) return stats_.newest;
  return stats_.last_error;
}

void Checkpointer::Impl::Request() {
  MutexLock lock(&mu_);
  // A request that has not begun yet covers this one, too.
  if (requested_ == begun_) ++requested_;
}

void Checkpointer::Impl::SetListener(std::function<void(const absl::Status&)> listener) {
  MutexLock lock(&listener_mu_);
  listener_ = std::move(listener);
}

int64_t Checkpointer::Impl::memory_bytes() const {
  int64_t bytes = options_.copy_bytes + Slab::kSegmentBytes;
  for (const Table* const table : store_->tables()) bytes += table->max_frozen_bytes();
  return bytes;
}

CheckpointerStats Checkpointer::Impl::stats() const {
  MutexLock lock(&mu_);
  return stats_;
}

void Checkpointer::Impl::Run() {
  while (AwaitTurn()) {
    pacer_.Start(Instant::Now());
    const absl::StatusOr<CheckpointReport> report = writer_.Write();
    if (absl::IsCancelled(report.status())) break;
    Note(report);
    {
      MutexLock lock(&listener_mu_);
      if (listener_) listener_(report.status());
    }
    MutexLock lock(&mu_);
    over_ = begun_;
    if (report.ok()) kept_ = begun_;
    ended_at_ = Instant::Now();
  }
}

Instant Checkpointer::Impl::NextTurn() const {
  if (waited_ > begun_) return Instant::InfinitePast();
  const bool periodic = options_.interval > absl::ZeroDuration();
  const Instant turn = periodic ? ended_at_ + options_.interval : Instant::InfiniteFuture();
  // A request that failed is tried again automatically, because a caller of Request relies on it; never later than the
  // next periodic checkpoint.
  return requested_ > kept_ ? std::min(turn, ended_at_ + backoff_) : turn;
}

bool Checkpointer::Impl::AwaitTurn() {
  MutexLock lock(&mu_);
  while (true) {
    const Instant turn = NextTurn();
    const auto changed = [&]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return stop_ || NextTurn() < turn; };
    const bool woken = mu_.AwaitUntil(changed, turn);
    if (stop_) return false;
    if (!woken || NextTurn() <= Instant::Now()) break;
  }
  begun_ = requested_;
  return true;
}

void Checkpointer::Impl::Note(const absl::StatusOr<CheckpointReport>& report) {
  MutexLock lock(&mu_);
  stats_.last_error = report.status();
  if (!report.ok()) {
    ++stats_.failed;
    backoff_ = std::clamp(backoff_ * 2, kFirstBackoff, kLongestBackoff);
    RECBOTS_LOG(ERROR) << "checkpoint failed, the one before stays" << Field("error", report.status())
                       << Field("newest", stats_.sequence);
    return;
  }
  backoff_ = absl::ZeroDuration();
  ++stats_.finished;
  stats_.sequence = report->sequence;
  stats_.bytes_written += report->bytes_written;
  stats_.finished_at = Instant::Now();
  stats_.newest = *report;
}

bool Checkpointer::Impl::SomebodyWaits() const {
  if (stop_ || requested_ > kept_) return true;
  const std::vector<Table*> tables = store_->tables();
  return std::any_of(tables.begin(), tables.end(), [](const Table* table) { return table->waits_for_cut(); });
}

bool Checkpointer::Impl::Pace(int64_t bytes) {
  const Instant due = pacer_.Did(static_cast<double>(bytes), Instant::Now());
  MutexLock lock(&mu_);
  const auto go_on = [&]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return SomebodyWaits(); };
  while (!go_on() && Instant::Now() < due) mu_.AwaitUntil(go_on, std::min(due, Instant::Now() + kLook));
  // If Pace did not wait until `due`, the rest of the wait is dropped.
  if (Instant::Now() < due) pacer_.Start(Instant::Now());
  return !stop_;
}

Checkpointer::Checkpointer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Checkpointer::~Checkpointer() = default;

absl::StatusOr<std::unique_ptr<Checkpointer>> Checkpointer::Open(const CheckpointerOptions& options, Store* store) {
  if (options.keep < 1 || options.write_bytes_per_second < 0 || options.copy_bytes < Slab::kSegmentBytes) {
    return absl::InvalidArgumentError(absl::StrCat("keep ", options.keep, ", write_bytes_per_second ",
                                                   options.write_bytes_per_second, ", copy_bytes ", options.copy_bytes,
                                                   ": want at least 1, 0 and ", Slab::kSegmentBytes));
  }
  RECBOTS_ASSIGN_OR_RETURN(const std::shared_ptr<CopyPool> pool, CopyPool::Create(options.copy_bytes));
  store->SetCopyPool(pool);
  RECBOTS_ASSIGN_OR_RETURN(CheckpointDirectory directory, CheckpointDirectory::Claim(options.directory));
  RECBOTS_ASSIGN_OR_RETURN(Restored restored, RestoreNewest(directory.folder(), *store, options.stop, options.restore));
  for (const std::string& why : restored.report.refused) {
    RECBOTS_LOG(ERROR) << "a checkpoint does not check, an older one is tried" << Field("why", why);
  }
  RECBOTS_ASSIGN_OR_RETURN(const int64_t highest, HighestSequence(directory.folder()));
  return absl::WrapUnique(
      new Checkpointer(std::make_unique<Impl>(options, store, std::move(directory), std::move(restored), highest)));
}

absl::StatusOr<CheckpointReport> Checkpointer::Checkpoint(Instant deadline) { return impl_->Checkpoint(deadline); }
void Checkpointer::Request() { impl_->Request(); }
void Checkpointer::SetListener(std::function<void(const absl::Status&)> listener) {
  impl_->SetListener(std::move(listener));
}
const RestoreReport& Checkpointer::restored() const { return impl_->restored(); }
CheckpointerStats Checkpointer::stats() const { return impl_->stats(); }
int64_t Checkpointer::memory_bytes() const { return impl_->memory_bytes(); }

}  // namespace recbots::replay
