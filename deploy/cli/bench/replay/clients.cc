#include "deploy/cli/bench/replay/clients.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/base/instant.h"
#include "common/base/random.h"
#include "common/base/status_macros.h"

namespace recbots::replay_bench {
namespace {

// All writers of a bench together keep this many bytes, so that 64 writers fit small machines.
constexpr int64_t kBufferBytes = 64 << 20;
constexpr absl::Duration kTurn = absl::Milliseconds(100);  // After which a waiting writer looks whether to stop.
constexpr int kCheckedBatches = 8;

absl::StatusOr<std::unique_ptr<replay::ReplayWriter>> MakeWriter(const RowSchema& schema, const std::string& address,
                                                                 int num_writers) {
  replay::ReplayWriterOptions options;
  options.address = address;
  options.writer_name = "bench";
  const int64_t least = 4 * replay::DefaultBlockBytes(static_cast<int64_t>(schema.row_bytes()));
  options.buffer_bytes = std::clamp(kBufferBytes / num_writers, least, std::max(options.buffer_bytes, least));
  return replay::ReplayWriter::Create(schema, options);
}

// Priorities as TD errors may be: small, some of them large.
std::vector<float> Priorities(size_t count) {
  Rng rng(/*seed=*/2, Purpose::kTest, {});
  std::vector<float> priorities(count);
  for (float& priority : priorities) priority = static_cast<float>(-std::log(1 - rng.Uniform()));
  return priorities;
}

}  // namespace

absl::StatusOr<std::unique_ptr<WriterLoad>> WriterLoad::Start(const RowSchema& schema, const std::string& address,
                                                              int num_writers) {
  std::unique_ptr<WriterLoad> load(new WriterLoad());
  for (int i = 0; i < num_writers; ++i) {
    RECBOTS_ASSIGN_OR_RETURN(std::unique_ptr<replay::ReplayWriter> writer, MakeWriter(schema, address, num_writers));
    load->writers_.push_back(std::move(writer));
    load->rows_.push_back(std::make_unique<RowMaker>(schema, static_cast<uint32_t>(i)));
  }
  for (size_t i = 0; i < load->writers_.size(); ++i) {
    WriterLoad* self = load.get();
    load->threads_.push_back(std::make_unique<Thread>(absl::StrCat("writer-", i),
                                                      [self, i] { self->Run(*self->writers_[i], *self->rows_[i]); }));
  }
  return load;
}

WriterLoad::~WriterLoad() { stop_ = true; }

void WriterLoad::Run(replay::ReplayWriter& writer, RowMaker& rows) {
  while (!stop_) {
    const absl::StatusOr<int64_t> taken =
        writer.Append(rows.Prepare(), rows.num_rows(), /*weights_version=*/1, Instant::Now() + kTurn);
    if (!taken.ok()) return error_.Update(taken.status());
    rows.Took(*taken);
  }
}

int64_t WriterLoad::acknowledged() const {
  int64_t rows = 0;
  for (const auto& writer : writers_) rows += writer->stats().acknowledged_rows;
  return rows;
}

int WriterLoad::num_writing() const {
  int writing = 0;
  for (const auto& writer : writers_) writing += writer->stats().acknowledged_rows > 0 ? 1 : 0;
  return writing;
}

absl::Status WriterLoad::Stop() {
  stop_ = true;
  threads_.clear();
  for (const auto& writer : writers_) error_.Update(writer->Close(Instant::Now() + kPatience));
  return error_.status();
}

absl::Status Fill(const RowSchema& schema, const std::string& address, int64_t rows, uint32_t writer_number) {
  RECBOTS_ASSIGN_OR_RETURN(const std::unique_ptr<replay::ReplayWriter> writer, MakeWriter(schema, address, 1));
  RowMaker maker(schema, writer_number);
  while (rows > 0) {
    const int64_t more = std::min(rows, maker.num_rows());
    RECBOTS_ASSIGN_OR_RETURN(const int64_t taken,
                             writer->Append(maker.Prepare(), more, /*weights_version=*/1, Instant::Now() + kPatience));
    if (taken == 0) return absl::DeadlineExceededError("replay takes no rows");
    maker.Took(taken);
    rows -= taken;
  }
  return writer->Close(Instant::Now() + kPatience);
}

absl::StatusOr<std::unique_ptr<ReaderLoad>> ReaderLoad::Start(const RowSchema& schema, const std::string& address,
                                                              const ReaderOptions& options) {
  std::unique_ptr<ReaderLoad> load(new ReaderLoad(options));
  for (int i = 0; i < options.num_readers; ++i) {
    replay::ReplaySamplerOptions sampler_options;
    sampler_options.address = address;
    sampler_options.batch_size = options.batch_size;
    sampler_options.batches_in_flight = options.batches_in_flight;
    RECBOTS_ASSIGN_OR_RETURN(std::unique_ptr<replay::ReplaySampler> sampler,
                             replay::ReplaySampler::Create(schema, sampler_options));
    load->samplers_.push_back(std::move(sampler));
  }
  for (size_t i = 0; i < load->samplers_.size(); ++i) {
    ReaderLoad* self = load.get();
    load->threads_.push_back(std::make_unique<Thread>(absl::StrCat("reader-", i), [self, i] {
      const absl::Status status = self->Run(*self->samplers_[i]);
      if (!self->stop_) self->error_.Update(status);
    }));
  }
  return load;
}

ReaderLoad::~ReaderLoad() { Stop().IgnoreError(); }

absl::Status ReaderLoad::Run(replay::ReplaySampler& sampler) {
  const auto batch_size = static_cast<size_t>(options_.batch_size);
  const std::vector<float> priorities = Priorities(4 * batch_size + 4096);
  size_t first = 0;
  for (int64_t batches = 0; !stop_; ++batches) {
    const Instant start = Instant::Now();
    RECBOTS_ASSIGN_OR_RETURN(replay::SampledBatch sampled, sampler.Next(start + kPatience));
    latencies_.Add(absl::ToDoubleSeconds(Instant::Now() - start));
    rows_.fetch_add(options_.batch_size, std::memory_order_relaxed);
    if (batches % options_.check_every == 0) RECBOTS_RETURN_IF_ERROR(CheckRows(sampled.batch));
    if (options_.write_back) {
      first = (first + 61) % (priorities.size() - batch_size);
      RECBOTS_RETURN_IF_ERROR(sampler.UpdatePriorities(sampled.keys, {priorities.data() + first, batch_size}));
    }
    sampler.Recycle(std::move(sampled));
  }
  return absl::OkStatus();
}

absl::Status ReaderLoad::Stop() {
  stop_ = true;
  for (const auto& sampler : samplers_) sampler->Close();
  threads_.clear();
  return error_.status();
}

absl::Status CheckSamples(const RowSchema& schema, const std::string& address, int32_t batch_size) {
  replay::ReplaySamplerOptions options;
  options.address = address;
  options.batch_size = batch_size;
  RECBOTS_ASSIGN_OR_RETURN(const std::unique_ptr<replay::ReplaySampler> sampler,
                           replay::ReplaySampler::Create(schema, options));
  for (int i = 0; i < kCheckedBatches; ++i) {
    RECBOTS_ASSIGN_OR_RETURN(replay::SampledBatch sampled, sampler->Next(Instant::Now() + kPatience));
    RECBOTS_RETURN_IF_ERROR(CheckRows(sampled.batch));
    sampler->Recycle(std::move(sampled));
  }
  return absl::OkStatus();
}

}  // namespace recbots::replay_bench
