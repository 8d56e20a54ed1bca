#include "tests/faults/fault_test.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <iostream>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/crc32c.h"
#include "common/base/instant.h"
#include "common/base/log.h"

namespace recbots::faults {
namespace {

constexpr absl::Duration kPoll = absl::Milliseconds(1);
constexpr int64_t kFillerWriter = 900'000;

int64_t NumberFromEnvironment(const char* name, int64_t otherwise) {
  const char* text = std::getenv(name);
  int64_t number = 0;
  return text != nullptr && absl::SimpleAtoi(text, &number) ? number : otherwise;
}

std::string TestName() {
  const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
  return absl::StrCat(info->test_suite_name(), "_", info->name());
}

uint64_t SeedOfTest() {
  const auto seed = static_cast<uint64_t>(NumberFromEnvironment("RECBOTS_FAULT_SEED", 1)) << 32 | Crc32c(TestName());
  std::cout << "seed " << seed << std::endl;
  return seed;
}

std::string Flag(const char* name, const auto& value) { return absl::StrCat("--", name, "=", value); }

// Sockets in the file system have short names: 107 characters at most.
std::string MakeDirectory() {
  std::string path = ::testing::TempDir() + "/faults-XXXXXX";
  RECBOTS_CHECK(mkdtemp(path.data()) != nullptr) << path;
  return path;
}

}  // namespace

int Rounds(int rounds) {
  return rounds * static_cast<int>(std::max<int64_t>(1, NumberFromEnvironment("RECBOTS_FAULT_ROUNDS", 1)));
}

FaultTest::FaultTest() : dir_(MakeDirectory()), rng_(SeedOfTest(), Purpose::kTest, {}) {}

FaultTest::~FaultTest() {
  for (Program* program : AllPrograms()) program->Kill();
  std::error_code ignored;
  std::filesystem::remove_all(dir_, ignored);
}

std::vector<Program*> FaultTest::AllPrograms() const {
  std::vector<Program*> programs;
  for (const auto& server : servers_) {
    for (const auto& life : server->lives()) programs.push_back(life.get());
  }
  for (const auto& writer : writers_) programs.push_back(writer.get());
  for (const auto& reader : readers_) programs.push_back(reader.get());
  return programs;
}

void FaultTest::TearDown() {
  if (!HasFailure()) return;
  constexpr size_t kLives = 3;
  std::vector<Program*> programs;
  for (const auto& server : servers_) {
    const auto& lives = server->lives();
    for (size_t i = lives.size() - std::min(kLives, lives.size()); i < lives.size(); ++i) {
      programs.push_back(lives[i].get());
    }
  }
  for (const auto& writer : writers_) programs.push_back(writer.get());
  for (const auto& reader : readers_) programs.push_back(reader.get());
  for (Program* program : programs) {
    const bool runs = program->process().Running();
    std::cout << "---- " << program->process().name() << (runs ? " (runs)" : " (ended: ")
              << (runs ? "" : absl::StrCat(program->process().exit_code(), ")")) << "\n"
              << program->process().LogTail() << std::endl;
  }
}

Server& FaultTest::StartServer(ServerSpec spec) {
  const uint32_t guess = rng_.Bits() ^ static_cast<uint32_t>(getpid()) * 2654435761u;  // Tests run beside each other.
  servers_.push_back(
      std::make_unique<Server>(std::move(spec), dir_, RECBOTS_PROGRAM_DIR "/recbots-replay", FreePort(guess)));
  servers_.back()->Start();
  return *servers_.back();
}

LedgerWriter& FaultTest::StartWriter(const WriterFlags& flags) {
  const std::string name = absl::StrCat("writer-", flags.writer, ".", flags.incarnation);
  const std::string base = absl::StrCat(dir_, "/", name, "-", writers_.size());
  absl::StatusOr<SharedFile> pages = OpenWriterPages(base + ".ledger", flags.streams);
  RECBOTS_CHECK_OK(pages.status());
  std::vector<std::string> arguments = {RECBOTS_LEDGER_DIR "/ledger_writer",
                                        Flag("address", flags.address),
                                        Flag("table", flags.table),
                                        Flag("ledger", base + ".ledger"),
                                        Flag("writer", flags.writer),
                                        Flag("incarnation", flags.incarnation),
                                        Flag("streams", flags.streams),
                                        Flag("rows", flags.rows),
                                        Flag("rows_per_second", flags.rows_per_second),
                                        Flag("append_rows", flags.append_rows),
                                        Flag("buffer_bytes", flags.buffer_bytes),
                                        Flag("block_bytes", flags.block_bytes)};
  if (flags.durable) arguments.push_back("--durable");
  if (flags.priorities) arguments.push_back("--priorities");
  absl::StatusOr<Process> process = Process::Start(name, arguments, base + ".log");
  RECBOTS_CHECK_OK(process.status());
  writers_.push_back(std::make_unique<LedgerWriter>(flags, *std::move(process), *std::move(pages)));
  if (flags.rows > 0) writers_.back()->MayEnd();
  return *writers_.back();
}

LedgerReader& FaultTest::StartReader(const ReaderFlags& flags) {
  const std::string name = absl::StrCat("reader-", readers_.size());
  const std::string base = absl::StrCat(dir_, "/", name);
  absl::StatusOr<SharedFile> page = OpenReaderPage(base + ".ledger");
  RECBOTS_CHECK_OK(page.status());
  absl::StatusOr<Process> process =
      Process::Start(name,
                     {RECBOTS_LEDGER_DIR "/ledger_reader", Flag("address", flags.address), Flag("table", flags.table),
                      Flag("ledger", base + ".ledger"), Flag("mode", flags.prioritized ? "prioritized" : "queue"),
                      Flag("batch", flags.batch), Flag("in_flight", flags.in_flight),
                      Flag("use_milliseconds", flags.use_milliseconds)},
                     base + ".log");
  RECBOTS_CHECK_OK(process.status());
  readers_.push_back(std::make_unique<LedgerReader>(flags, *std::move(process), *std::move(page)));
  return *readers_.back();
}

testing::AssertionResult FaultTest::Await(const std::string& what, const std::function<bool()>& condition,
                                          absl::Duration patience) {
  const Instant deadline = Instant::Now() + patience;
  while (!condition()) {
    for (Program* program : AllPrograms()) {
      if (program->DiedByItself()) {
        return testing::AssertionFailure() << program->process().name() << " has ended with exit code "
                                           << program->process().exit_code() << " while waiting for " << what;
      }
    }
    if (Instant::Now() > deadline) {
      return testing::AssertionFailure() << "hangs: no " << what << " within " << absl::FormatDuration(patience);
    }
    absl::SleepFor(kPoll);
  }
  return testing::AssertionSuccess();
}

testing::AssertionResult FaultTest::AwaitServing(Server& server) {
  return Await(server.name() + " serving", [&server] { return server.Serves(); });
}

testing::AssertionResult FaultTest::AwaitConnected(const LedgerWriter& writer, int shards,
                                                   const std::vector<int64_t>& before) {
  for (int i = 0; i < writer.streams(); ++i) {
    const WriterPage& page = writer.page(i);
    const auto again = Await(absl::StrCat("new connection of writer ", page.writer),
                             [&] { return page.connections > before[static_cast<size_t>(i)]; });
    if (!again) return again;
    // One look may have begun before that.
    const int64_t look = page.looks + 2;
    const auto connected = Await(absl::StrCat("connection of writer ", page.writer, " with ", shards, " shards"),
                                 [&] { return page.looks >= look && page.connected_shards == shards; });
    if (!connected) return connected;
  }
  return testing::AssertionSuccess();
}

testing::AssertionResult FaultTest::AwaitEnd(Program& program, int exit_code, absl::Duration patience) {
  program.MayEnd();
  Process& process = program.process();
  if (!process.AwaitEnd(Instant::Now() + patience)) {
    return testing::AssertionFailure() << process.name() << " hangs: it should have ended within "
                                       << absl::FormatDuration(patience);
  }
  if (process.exit_code() == exit_code) return testing::AssertionSuccess();
  return testing::AssertionFailure() << process.name() << " ended with exit code " << process.exit_code() << ", want "
                                     << exit_code;
}

testing::AssertionResult FaultTest::Finish(const std::vector<Program*>& programs) {
  for (Program* program : programs) program->Terminate();
  for (Program* program : programs) {
    if (const testing::AssertionResult ended = AwaitEnd(*program); !ended) return ended;
  }
  return testing::AssertionSuccess();
}

testing::AssertionResult FaultTest::Drain(Server& server, const std::string& table, Audit& audit) {
  // What readers gave back may still be on its way.
  if (const auto settled = Await("a table without leases", [&] { return server.Table(table).leased() == 0; });
      !settled) {
    return settled;
  }
  const int64_t rows = server.Table(table).state().rows();
  const int64_t missing = (kDrainBatch - rows % kDrainBatch) % kDrainBatch;
  if (missing > 0) {
    LedgerWriter& filler = StartWriter(
        {.address = server.address(), .table = table, .writer = kFillerWriter + num_fillers_++, .rows = missing});
    if (const auto ended = AwaitEnd(filler); !ended) return ended;
    audit.AddWriter(filler.page());
  }
  LedgerReader& reader = StartReader({.address = server.address(), .table = table, .batch = kDrainBatch});
  auto emptied = Await(absl::StrCat("end of queue '", table, "' of ", rows, " rows"),
                       [&] { return reader.page().rows >= rows + missing && server.Table(table).state().rows() == 0; });
  if (!emptied) return emptied << " (" << reader.page().rows.load() << " came)";
  reader.Kill();
  audit.AddReader("the one who emptied the queue", reader.page());
  return testing::AssertionSuccess();
}

}  // namespace recbots::faults
