// ledger_reader: takes batches through a ReplaySampler and writes down, so that it survives a kill -9, every row it
// took. A row counts as used once it is written down; the time between the two can be made long. SIGTERM: exit 0.
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/time/clock.h"
#include "common/base/command_line.h"
#include "common/base/instant.h"
#include "common/base/log.h"
#include "common/base/shutdown.h"
#include "common/base/status_macros.h"
#include "replay/client/replay_sampler.h"
#include "tests/faults/ledger.h"
#include "tests/faults/ledger_row.h"

namespace recbots::faults {
namespace {

using replay::ColumnBatch;
using replay::ReplaySampler;
using replay::ReplaySamplerOptions;
using replay::SampledBatch;

constexpr absl::Duration kSlice = absl::Milliseconds(50);
// Every so manieth batch of mode "prioritized" sends a priority back that nobody can use.
constexpr int64_t kBadPriorityEvery = 16;

LedgerRow RowAt(const ColumnBatch& batch, size_t i) {
  LedgerRow row;
  row.writer = batch.column<int64_t>(0)[i];
  row.incarnation = batch.column<int64_t>(1)[i];
  row.sequence = batch.column<int64_t>(2)[i];
  row.check = batch.column<int32_t>(3)[i];
  const absl::Span<const int32_t> payload = batch.column<int32_t>(4).subspan(i * 19, 19);
  std::copy(payload.begin(), payload.end(), row.payload);
  return row;
}

class LedgerReader {
 public:
  LedgerReader(ReaderPage& page, bool prioritized) : page_(page), prioritized_(prioritized) {}

  absl::Status Run(const ReplaySamplerOptions& options, absl::Duration use, Shutdown& shutdown) {
    RECBOTS_ASSIGN_OR_RETURN(const std::unique_ptr<ReplaySampler> sampler,
                             ReplaySampler::Create(LedgerSchema(), options));
    page_.state = ProgramState::kRunning;
    while (!shutdown.requested()) {
      absl::StatusOr<SampledBatch> batch = sampler->Next(Instant::Now() + kSlice);
      page_.connections = sampler->stats().connections;
      page_.connected_shards = sampler->stats().connected_shards;
      if (absl::IsDeadlineExceeded(batch.status()) && sampler->status().ok()) continue;
      RECBOTS_RETURN_IF_ERROR(batch.status());
      if (use > absl::ZeroDuration()) absl::SleepFor(use);
      WriteDown(*batch);
      if (prioritized_) SendPriorities(*sampler, *batch);
      sampler->Recycle(*std::move(batch));
    }
    sampler->Close();
    return absl::OkStatus();
  }

 private:
  void WriteDown(const SampledBatch& batch) {
    const int64_t number = page_.batches;
    int64_t rows = page_.rows;
    for (size_t i = 0; i < static_cast<size_t>(batch.batch.num_rows()); ++i) {
      const LedgerRow row = RowAt(batch.batch, i);
      if (!IsWhole(row)) ++page_.bad_rows;
      if (!(batch.probabilities[i] > 0 && batch.probabilities[i] <= 1)) ++page_.bad_probabilities;
      if (!prioritized_) {
        RECBOTS_CHECK(rows < ReaderPage::kMaxSightings);
        page_.sightings[rows] = {row.writer, row.incarnation, row.sequence, number};
      }
      ++rows;
    }
    page_.rows = rows;
    page_.batches = number + 1;
  }

  void SendPriorities(ReplaySampler& sampler, const SampledBatch& batch) {
    std::vector<float> priorities;
    for (size_t i = 0; i < batch.keys.size(); ++i) {
      priorities.push_back(static_cast<float>(batch.batch.column<int64_t>(2)[i] % 50) / 5 + 0.01f);
    }
    if (page_.batches % kBadPriorityEvery == 0) {
      constexpr float kBad[] = {-1, std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()};
      priorities[0] = kBad[page_.batches / kBadPriorityEvery % 3];
      ++page_.refused_priorities;
    }
    const bool bad = page_.batches % kBadPriorityEvery == 0;
    const absl::Status status = sampler.UpdatePriorities(batch.keys, priorities);
    RECBOTS_CHECK(status.ok() ? !bad : bad && absl::IsInvalidArgument(status)) << status.ToString();
    page_.priorities += static_cast<int64_t>(priorities.size());
  }

  ReaderPage& page_;
  const bool prioritized_;
};

const std::vector<FlagSpec>& Flags() {
  static const auto* flags = new std::vector<FlagSpec>{
      {"address", "ADDRESS,...", "replay", ""},
      {"table", "NAME", "table to read", ""},
      {"ledger", "FILE", "where to write rows down", ""},
      {"mode", "queue|prioritized", "what to do with batches: note every row, or send priorities back", "queue"},
      {"batch", "N", "rows of a batch", "32"},
      {"in_flight", "N", "batches ordered or ready", "4"},
      {"use_milliseconds", "N", "between a batch's coming and its being written down", "0"},
      {"seed", "N", "of the draws of shards", "1"},
  };
  return *flags;
}

int64_t Number(const CommandLine& flags, const std::string& name) {
  int64_t number = 0;
  RECBOTS_CHECK(absl::SimpleAtoi(flags.value(name), &number)) << "--" << name << "=" << flags.value(name);
  return number;
}

int Main(const CommandLine& flags) {
  const absl::StatusOr<SharedFile> ledger = OpenReaderPage(flags.value("ledger"));
  RECBOTS_CHECK_OK(ledger.status());
  ReaderPage& page = *ledger->as<ReaderPage>();
  ReplaySamplerOptions options;
  options.address = flags.value("address");
  options.table = flags.value("table");
  options.batch_size = static_cast<int32_t>(Number(flags, "batch"));
  options.batches_in_flight = static_cast<int32_t>(Number(flags, "in_flight"));
  options.seed = static_cast<uint64_t>(Number(flags, "seed"));
  Shutdown shutdown;
  LedgerReader reader(page, flags.value("mode") == "prioritized");
  const absl::Status status = reader.Run(options, absl::Milliseconds(Number(flags, "use_milliseconds")), shutdown);
  if (!status.ok()) {
    RECBOTS_LOG(ERROR) << status.ToString();
    page.error.Set(status.ToString());
  }
  page.state = status.ok() ? ProgramState::kClosed : ProgramState::kFailed;
  return status.ok() ? 0 : 1;
}

}  // namespace
}  // namespace recbots::faults

int main(int argc, char** argv) {
  recbots::SetLogRole("ledger-reader");
  const auto flags = recbots::CommandLine::Parse({argv + 1, argv + argc}, recbots::faults::Flags());
  RECBOTS_CHECK_OK(flags.status());
  return recbots::faults::Main(*flags);
}
