// ledger_writer: appends rows that can be recognised through ReplayWriters and writes down, so that it survives a
// kill -9, what was acknowledged and what was acknowledged as durable. SIGTERM: flush, close, exit 0.
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/base/command_line.h"
#include "common/base/instant.h"
#include "common/base/log.h"
#include "common/base/shutdown.h"
#include "common/base/status_macros.h"
#include "common/base/thread.h"
#include "replay/client/replay_writer.h"
#include "tests/faults/ledger.h"
#include "tests/faults/ledger_row.h"

namespace recbots::faults {
namespace {

using replay::ReplayWriter;
using replay::ReplayWriterOptions;
using replay::ReplayWriterStats;

constexpr absl::Duration kSlice = absl::Milliseconds(20);  // Longest time between two looks at what was acknowledged.

struct WriterSpec {
  ReplayWriterOptions options;
  int64_t append_rows = 0;
  int64_t rows = 0;  // 0: until SIGTERM.
  int64_t rows_per_second = 0;
  bool priorities = false;
  absl::Duration close_timeout;
};

void Publish(const ReplayWriterStats& stats, WriterPage& page) {
  page.appended = stats.appended_rows;
  page.lost = stats.lost_rows;
  page.acknowledged = stats.acknowledged_rows;
  page.durable = stats.durable_rows;
  page.connections = stats.connections;
  page.store_restarts = stats.store_restarts;
  page.resent_blocks = stats.resent_blocks;
  page.connected_shards = stats.connected_shards;
  ++page.looks;
}

// One ReplayWriter from its first row to its last.
class LedgerStream {
 public:
  LedgerStream(const WriterSpec& spec, WriterPage& page, Shutdown& shutdown)
      : spec_(spec), page_(page), shutdown_(shutdown) {}

  void Run() {
    page_.state = ProgramState::kRunning;
    const absl::Status status = Write();
    if (!status.ok()) {
      RECBOTS_LOG(ERROR) << "writer " << page_.writer << ": " << status.ToString();
      page_.error.Set(status.ToString());
    }
    page_.state = status.ok() ? ProgramState::kClosed : ProgramState::kFailed;
  }

 private:
  absl::Status Write() {
    RECBOTS_ASSIGN_OR_RETURN(const std::unique_ptr<ReplayWriter> writer,
                             ReplayWriter::Create(LedgerSchema(), spec_.options));
    absl::Status status = AppendAll(*writer);
    if (status.ok()) status = Finish(*writer);
    Publish(writer->stats(), page_);
    return status;
  }

  absl::Status AppendAll(ReplayWriter& writer) {
    const Instant start = Instant::Now();
    int64_t next = 0;
    while (!shutdown_.requested() && (spec_.rows == 0 || next < spec_.rows)) {
      const int64_t want = spec_.rows == 0 ? spec_.append_rows : std::min(spec_.append_rows, spec_.rows - next);
      Fill(next, want);
      page_.attempted = next + want;
      RECBOTS_ASSIGN_OR_RETURN(const int64_t taken,
                               writer.Append(rows_.data(), want, next, Instant::Now() + kSlice, priorities_));
      next += taken;
      Publish(writer.stats(), page_);
      if (spec_.rows_per_second > 0) AwaitPace(writer, start + absl::Seconds(next) / spec_.rows_per_second);
    }
    return absl::OkStatus();
  }

  void Fill(int64_t first, int64_t count) {
    rows_.clear();
    priorities_.clear();
    for (int64_t sequence = first; sequence < first + count; ++sequence) {
      rows_.push_back(MakeLedgerRow(page_.writer, page_.incarnation, sequence));
      if (spec_.priorities) priorities_.push_back(static_cast<float>(sequence % 100) / 10 + 0.1f);
    }
  }

  void AwaitPace(ReplayWriter& writer, Instant due) {
    while (Instant::Now() < due && !shutdown_.AwaitFor(std::min(due - Instant::Now(), kSlice))) {
      Publish(writer.stats(), page_);
    }
  }

  absl::Status Finish(ReplayWriter& writer) {
    const Instant deadline = Instant::Now() + spec_.close_timeout;
    absl::Status flushed;
    do {
      flushed = writer.Flush(std::min(deadline, Instant::Now() + absl::Milliseconds(500)));
      Publish(writer.stats(), page_);
    } while (absl::IsDeadlineExceeded(flushed) && writer.status().ok() && Instant::Now() < deadline);
    RECBOTS_RETURN_IF_ERROR(flushed);
    return writer.Close(deadline);
  }

  const WriterSpec& spec_;
  WriterPage& page_;
  Shutdown& shutdown_;
  std::vector<LedgerRow> rows_;
  std::vector<float> priorities_;
};

const std::vector<FlagSpec>& Flags() {
  static const auto* flags = new std::vector<FlagSpec>{
      {"address", "ADDRESS,...", "replay", ""},
      {"table", "NAME", "table to write to", ""},
      {"ledger", "FILE", "where to write down what was acknowledged", ""},
      {"writer", "N", "number of the first writer", "0"},
      {"incarnation", "N", "of this process", "0"},
      {"streams", "N", "writers, each with a thread", "1"},
      {"append_rows", "N", "rows per Append", "8"},
      {"rows", "N", "rows per writer; 0: until SIGTERM", "0"},
      {"rows_per_second", "N", "per writer; 0: as fast as replay takes them", "0"},
      {"buffer_bytes", "N", "ReplayWriterOptions::buffer_bytes", "262144"},
      {"block_bytes", "N", "ReplayWriterOptions::block_bytes", "16384"},
      {"close_seconds", "N", "for the last flush", "60"},
      {"durable", "", "keep rows until a checkpoint holds them", ""},
      {"priorities", "", "give each row one", ""},
  };
  return *flags;
}

int64_t Number(const CommandLine& flags, const std::string& name) {
  int64_t number = 0;
  RECBOTS_CHECK(absl::SimpleAtoi(flags.value(name), &number)) << "--" << name << "=" << flags.value(name);
  return number;
}

WriterSpec SpecFrom(const CommandLine& flags) {
  WriterSpec spec;
  spec.options.address = flags.value("address");
  spec.options.table = flags.value("table");
  spec.options.writer_name = absl::StrCat("ledger-writer-", flags.value("writer"));
  spec.options.durable = flags.has("durable");
  spec.options.buffer_bytes = Number(flags, "buffer_bytes");
  spec.options.block_bytes = Number(flags, "block_bytes");
  spec.append_rows = Number(flags, "append_rows");
  spec.rows = Number(flags, "rows");
  spec.rows_per_second = Number(flags, "rows_per_second");
  spec.priorities = flags.has("priorities");
  spec.close_timeout = absl::Seconds(Number(flags, "close_seconds"));
  return spec;
}

int Main(const CommandLine& flags) {
  const WriterSpec spec = SpecFrom(flags);
  const auto streams = static_cast<int>(Number(flags, "streams"));
  const absl::StatusOr<SharedFile> ledger = OpenWriterPages(flags.value("ledger"), streams);
  RECBOTS_CHECK_OK(ledger.status());
  Shutdown shutdown;
  std::vector<std::unique_ptr<LedgerStream>> writers;
  for (int i = 0; i < streams; ++i) {
    WriterPage& page = ledger->as<WriterPage>()[i];
    page.writer = Number(flags, "writer") + i;
    page.incarnation = Number(flags, "incarnation");
    writers.push_back(std::make_unique<LedgerStream>(spec, page, shutdown));
  }
  std::vector<std::unique_ptr<Thread>> threads;
  for (const auto& writer : writers) {
    threads.push_back(std::make_unique<Thread>("ledger-writer", [&writer] { writer->Run(); }));
  }
  threads.clear();  // Joins them.
  for (int i = 0; i < streams; ++i) {
    if (ledger->as<WriterPage>()[i].state != ProgramState::kClosed) return 1;
  }
  return 0;
}

}  // namespace
}  // namespace recbots::faults

int main(int argc, char** argv) {
  recbots::SetLogRole("ledger-writer");
  const auto flags = recbots::CommandLine::Parse({argv + 1, argv + argc}, recbots::faults::Flags());
  RECBOTS_CHECK_OK(flags.status());
  return recbots::faults::Main(*flags);
}
