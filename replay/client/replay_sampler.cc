#include "replay/client/replay_sampler.h"

#include <deque>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/log.h"
#include "common/base/thread.h"
#include "common/rpc/channel.h"
#include "common/wire/row_schema_proto.h"
#include "recbots/v1/replay.grpc.pb.h"
#include "replay/client/batch_assembler.h"
#include "replay/client/client_stream.h"

namespace recbots::replay {
namespace {

constexpr absl::Duration kTick = absl::Seconds(10);  // Longest wait of the thread; nothing depends on it.

using SampleClientStream = ClientStream<v1::SampleCredit, v1::SampleBatch>;

v1::SampleCredit MakeFirst(const RowSchema& schema, const ReplaySamplerOptions& options) {
  v1::SampleCredit credit;
  credit.set_batches(options.batches_in_flight);
  credit.set_batch_size(options.batch_size);
  credit.set_seed(options.seed);
  *credit.mutable_schema() = RowSchemaToProto(schema);
  return credit;
}

}  // namespace

class ReplaySampler::Impl {
 public:
  Impl(const RowSchema& schema, const ReplaySamplerOptions& options)
      : options_(options),
        first_(MakeFirst(schema, options)),
        stub_(v1::ReplayService::NewStub(MakeChannel(options.address, {.bulk = true}))),
        retry_("replay", options.address, options.retry),
        // One more for the batch that the learner works on.
        assembler_(std::make_shared<const RowSchema>(schema), options.batch_size, options.batches_in_flight + 1),
        thread_("replay-sampler", [this] { Run(); }) {}
  ~Impl() { Close(); }  // Thread, the last member, is joined first.

  absl::StatusOr<SampledBatch> Next(absl::Time deadline);
  void Recycle(ColumnBatch batch) { assembler_.Recycle(std::move(batch)); }
  void Close() {
    MutexLock lock(&mu_);
    closed_ = true;
  }
  absl::Status status() const {
    MutexLock lock(&mu_);
    return final_;
  }
  ReplaySamplerStats stats() const {
    MutexLock lock(&mu_);
    return stats_;
  }

 private:
  // Connects and reconnects, until closed or a final error.
  void Run() ABSL_LOCKS_EXCLUDED(mu_);
  // One stream, from the call to its end; the result is why it ended.
  absl::Status RunStream() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::Status FollowStream(SampleClientStream& stream) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void OnPart(const v1::SampleBatch& part) ABSL_LOCKS_EXCLUDED(mu_);
  void SendCredit() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::Status NothingCame() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const ReplaySamplerOptions options_;
  const v1::SampleCredit first_;
  const std::unique_ptr<v1::ReplayService::Stub> stub_;
  PeerRetry retry_;           // Used by the thread only.
  BatchAssembler assembler_;  // Used by the stream under way, and between streams by the thread.

  mutable Mutex mu_;
  SampleClientStream* stream_ ABSL_GUARDED_BY(mu_) = nullptr;  // The one under way; owned by RunStream.
  std::deque<SampledBatch> ready_ ABSL_GUARDED_BY(mu_);        // At most batches_in_flight.
  int32_t credits_due_ ABSL_GUARDED_BY(mu_) = 0;               // To be sent when the stream can write.
  v1::SampleCredit credit_ ABSL_GUARDED_BY(mu_);
  bool closed_ ABSL_GUARDED_BY(mu_) = false;
  absl::Status final_ ABSL_GUARDED_BY(mu_);
  absl::Status last_error_ ABSL_GUARDED_BY(mu_);
  ReplaySamplerStats stats_ ABSL_GUARDED_BY(mu_);

  Thread thread_;
};

absl::StatusOr<SampledBatch> ReplaySampler::Impl::Next(absl::Time deadline) {
  MutexLock lock(&mu_);
  if (ready_.empty()) {
    const absl::Time start = absl::Now();
    mu_.AwaitUntil([this]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return !ready_.empty() || closed_ || !final_.ok(); },
                   deadline);
    stats_.waited += absl::Now() - start;
  }
  if (closed_) return absl::CancelledError("replay sampler: closed");
  if (ready_.empty()) return final_.ok() ? NothingCame() : final_;
  SampledBatch batch = std::move(ready_.front());
  ready_.pop_front();
  ++stats_.batches;
  ++credits_due_;
  SendCredit();
  return batch;
}

absl::Status ReplaySampler::Impl::NothingCame() const {
  const bool connected = stream_ != nullptr && stream_->greeted();
  return absl::DeadlineExceededError(absl::StrCat("no batch from replay at ", options_.address,
                                                  connected ? ": connected, it holds them back" : "",
                                                  "; last error: ", last_error_.ok() ? "none" : last_error_.message()));
}

void ReplaySampler::Impl::SendCredit() {
  if (credits_due_ == 0 || stream_ == nullptr || !stream_->can_write()) return;
  credit_.set_batches(credits_due_);
  credits_due_ = 0;
  stream_->Write(&credit_);
}

void ReplaySampler::Impl::OnPart(const v1::SampleBatch& part) {
  const absl::Status status = assembler_.Add(part);  // Copies outside the lock.
  if (status.ok() && !assembler_.complete()) return;
  MutexLock lock(&mu_);
  if (!status.ok()) {
    final_ = status;
    return;
  }
  ready_.push_back(assembler_.Take());
}

void ReplaySampler::Impl::Run() {
  MutexLock lock(&mu_);
  while (true) {
    const absl::Status status = RunStream();
    if (closed_ || !final_.ok()) return;
    last_error_ = status;
    const absl::StatusOr<absl::Duration> delay = retry_.Failed(status);
    if (!delay.ok()) {
      final_ = delay.status();
      RECBOTS_LOG(ERROR) << "replay sampler gives up" << Field("address", options_.address)
                         << Field("error", final_.ToString());
      return;
    }
    mu_.AwaitFor([this]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return closed_; }, *delay);
    if (closed_) return;
  }
}

absl::Status ReplaySampler::Impl::RunStream() {
  SampleClientStream stream(&mu_,
                            {.on_message = [this](const v1::SampleBatch& part) { OnPart(part); },
                             .on_written =
                                 [this] {
                                   MutexLock lock(&mu_);
                                   SendCredit();
                                 }},
                            [this](grpc::ClientContext* context, SampleClientStream::Reactor* reactor) {
                              stub_->async()->Sample(context, reactor);
                            });
  stream.Write(&first_);
  credits_due_ = 0;
  stream_ = &stream;
  const absl::Status status = FollowStream(stream);
  if (!stream.done()) {
    stream.Cancel();
    mu_.AwaitUntil([&stream] { return stream.done(); }, absl::InfiniteFuture());  // A cancelled call always ends.
  }
  stream_ = nullptr;
  assembler_.Reset();
  // Replay takes back what was not acknowledged and draws it again: used here, it would count twice.
  for (SampledBatch& batch : ready_) assembler_.Recycle(std::move(batch.batch));
  ready_.clear();
  return status.ok() ? stream.status() : status;
}

absl::Status ReplaySampler::Impl::FollowStream(SampleClientStream& stream) {
  const auto ended = [this, &stream]()
                         ABSL_NO_THREAD_SAFETY_ANALYSIS { return stream.done() || closed_ || !final_.ok(); };
  const auto answered = [&stream, &ended] { return stream.greeted() || ended(); };
  if (!mu_.AwaitFor(answered, options_.connect_timeout)) {
    return absl::DeadlineExceededError(
        absl::StrCat("no answer within ", absl::FormatDuration(options_.connect_timeout)));
  }
  if (!stream.greeted()) return absl::OkStatus();
  retry_.Succeeded();
  ++stats_.connections;
  while (!mu_.AwaitFor(ended, kTick)) {
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<ReplaySampler>> ReplaySampler::Create(const RowSchema& schema,
                                                                     const ReplaySamplerOptions& options) {
  RECBOTS_CHECK(!schema.columns().empty());
  if (options.batch_size < 1 || options.batch_size > 65536) {
    return absl::InvalidArgumentError(
        absl::StrCat("replay sampler: batch_size ", options.batch_size, ", want 1..65536"));
  }
  if (options.batches_in_flight < 1 || options.batches_in_flight > 1024) {
    return absl::InvalidArgumentError(
        absl::StrCat("replay sampler: batches_in_flight ", options.batches_in_flight, ", want 1..1024"));
  }
  return std::unique_ptr<ReplaySampler>(new ReplaySampler(std::make_unique<Impl>(schema, options)));
}

ReplaySampler::ReplaySampler(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ReplaySampler::~ReplaySampler() = default;
absl::StatusOr<SampledBatch> ReplaySampler::Next(absl::Time deadline) { return impl_->Next(deadline); }
void ReplaySampler::Recycle(ColumnBatch batch) { impl_->Recycle(std::move(batch)); }
void ReplaySampler::Close() { impl_->Close(); }
absl::Status ReplaySampler::status() const { return impl_->status(); }
ReplaySamplerStats ReplaySampler::stats() const { return impl_->stats(); }

}  // namespace recbots::replay
