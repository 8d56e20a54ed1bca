#include "deploy/cli/bench/replay_fixture.h"

#include <sys/resource.h>

#include <algorithm>

#include "common/base/random.h"
#include "common/base/status_macros.h"

namespace recbots {
namespace {

constexpr int64_t kPreparedRows = 1024;
constexpr absl::Duration kPatience = absl::Seconds(30);

double Seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

}  // namespace

double CpuSeconds() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return Seconds(usage.ru_utime) + Seconds(usage.ru_stime);
}

absl::StatusOr<std::unique_ptr<ReplayFixture>> ReplayFixture::Create() {
  std::unique_ptr<ReplayFixture> fixture(new ReplayFixture());
  RECBOTS_ASSIGN_OR_RETURN(fixture->schema_,
                           RowSchema::Create({{"payload", DType::kFloat32, {static_cast<int32_t>(kRowBytes / 4)}}}));
  RECBOTS_ASSIGN_OR_RETURN(fixture->table_, replay::Table::Create(fixture->schema_, {.capacity_rows = kCapacity}));
  fixture->service_ = std::make_unique<replay::ReplayService>(fixture->table_.get(), replay::ReplayServiceOptions());
  RECBOTS_ASSIGN_OR_RETURN(fixture->server_, RpcServer::Start({}, {fixture->service_->service()}));
  Rng rng(/*seed=*/1, Purpose::kTest, {});
  fixture->rows_.resize(static_cast<size_t>(kPreparedRows * kRowBytes / 4));
  for (float& value : fixture->rows_) value = static_cast<float>(rng.Uniform());
  return fixture;
}

ReplayFixture::~ReplayFixture() {
  if (service_ != nullptr) service_->Drain();
  if (server_ != nullptr) server_->Stop();
}

absl::StatusOr<std::unique_ptr<replay::ReplayWriter>> ReplayFixture::MakeWriter() const {
  return replay::ReplayWriter::Create(schema_, {.address = server_->address(), .writer_name = "bench"});
}

absl::Status ReplayFixture::Insert(replay::ReplayWriter& writer, int64_t rows) {
  for (int64_t done = 0; done < rows;) {
    const int64_t more = std::min(kPreparedRows, rows - done);
    RECBOTS_ASSIGN_OR_RETURN(const int64_t taken,
                             writer.Append(rows_.data(), more, /*weights_version=*/1, absl::Now() + kPatience));
    if (taken == 0) return absl::DeadlineExceededError("replay takes no rows");
    done += taken;
  }
  return absl::OkStatus();
}

}  // namespace recbots
