// kill -9 of the server at random moments: during inserts, during every step of a checkpoint, during a restore.
#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <iostream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/instant.h"
#include "tests/faults/directory_watch.h"
#include "tests/faults/fault_test.h"

namespace recbots::faults {
namespace {

constexpr int64_t kCapacity = 4'000'000;

// When a server is killed. Those of files: so soon as one of that name is made.
enum class Moment { kRows, kSegment, kArrays, kPartialManifest, kManifest, kDurable, kStarting };
constexpr std::array kMoments = {Moment::kRows,    Moment::kSegment,         Moment::kStarting,
                                 Moment::kArrays,  Moment::kPartialManifest, Moment::kManifest,
                                 Moment::kDurable, Moment::kPartialManifest};
constexpr const char* kMomentNames[] = {"rows",     "segment", "arrays",  "partial manifest",
                                        "manifest", "durable", "starting"};

bool IsFileOf(Moment moment, absl::string_view name) {
  switch (moment) {
    case Moment::kSegment:
      return absl::StartsWith(name, "segment-");
    case Moment::kArrays:
      return absl::StartsWith(name, "arrays-");
    case Moment::kPartialManifest:
      return absl::StartsWith(name, "manifest-") && absl::EndsWith(name, ".partial");
    case Moment::kManifest:
      return absl::StartsWith(name, "manifest-") && !absl::EndsWith(name, ".partial");
    default:
      return false;
  }
}

class ServerKillTest : public FaultTest {
 protected:
  // Spins: the moment is to be hit to some tens of microseconds.
  void Jitter(absl::Duration most) {
    const Instant end = Instant::Now() + most * rng().Uniform();
    while (Instant::Now() < end) {
    }
  }
  int64_t Acknowledged() const {
    int64_t rows = 0;
    for (const auto& writer : writers()) rows += writer->acknowledged();
    return rows;
  }
  int64_t Durable() const {
    int64_t rows = 0;
    for (const auto& writer : writers()) rows += writer->durable();
    return rows;
  }

  // Waits for the moment and kills the server, which has just been started.
  testing::AssertionResult KillAt(Moment moment, Server& server) {
    if (moment == Moment::kStarting) {
      absl::SleepFor(absl::Milliseconds(60) * rng().Uniform());  // What it does meanwhile says nothing to the outside.
      server.Kill();
      return testing::AssertionSuccess();
    }
    const int64_t rows = Acknowledged() + 1 + rng().Index(moment == Moment::kRows ? 1500 : 300);
    auto came = Await(absl::StrCat("acknowledgement of row ", rows), [&] { return Acknowledged() >= rows; });
    if (!came) return came;
    if (moment == Moment::kDurable) {
      const int64_t durable = Durable();
      came = Await("more durable rows", [&] { return Durable() > durable; });
    } else if (moment != Moment::kRows) {
      came = AwaitFile(moment, server);
    }
    if (!came) return came;
    Jitter(absl::Milliseconds(moment == Moment::kRows ? 5 : 2) * rng().Uniform());
    server.Kill();
    return testing::AssertionSuccess();
  }

  testing::AssertionResult AwaitFile(Moment moment, Server& server) {
    auto watch = DirectoryWatch::Open(server.shard_dir());
    if (!watch.ok()) return testing::AssertionFailure() << watch.status();
    const auto matches = [moment](absl::string_view name) { return IsFileOf(moment, name); };
    // In slices, to notice a server that dies by itself.
    return Await(absl::StrCat("file of moment '", kMomentNames[static_cast<int>(moment)], "'"),
                 [&] { return watch->Await(matches, Instant::Now() + absl::Milliseconds(200)); });
  }

  static std::string Config() {
    return absl::StrCat("table ", QueueTable("queue", kCapacity), "checkpoint { interval_seconds: 0.2 keep: 3 }");
  }
};

TEST_F(ServerKillTest, NothingDurableIsLostNothingIsDoubledAndLossesAreCounted) {
  Server& server = StartServer({.replay_config = Config()});
  LedgerWriter& durable = StartWriter({.address = server.address(),
                                       .table = "queue",
                                       .writer = 1,
                                       .streams = 2,
                                       .rows_per_second = 800,
                                       .durable = true});
  LedgerWriter& ordinary =
      StartWriter({.address = server.address(), .table = "queue", .writer = 11, .streams = 2, .rows_per_second = 800});
  const int rounds = Rounds(56);
  int kills[std::size(kMomentNames)] = {};
  std::vector<int64_t> durable_before;
  std::vector<int64_t> ordinary_before;
  for (int round = 0; round < rounds; ++round) {
    const Moment moment = kMoments[static_cast<size_t>(round) % kMoments.size()];
    ASSERT_TRUE(KillAt(moment, server)) << "round " << round;
    ++kills[static_cast<int>(moment)];
    durable_before = durable.connections_by_stream();
    ordinary_before = ordinary.connections_by_stream();
    server.Start();
  }
  // A writer that closed cannot count what the last kill took from it.
  ASSERT_TRUE(AwaitConnected(durable, 1, durable_before));
  ASSERT_TRUE(AwaitConnected(ordinary, 1, ordinary_before));
  ASSERT_TRUE(Finish({&durable, &ordinary}));
  Audit audit;
  for (const auto& writer : writers()) {
    for (int i = 0; i < writer->streams(); ++i) audit.AddWriter(writer->page(i));
  }
  ASSERT_TRUE(Drain(server, "queue", audit));
  EXPECT_TRUE(audit.NothingStrangeOrDoubled());
  for (int i = 0; i < durable.streams(); ++i) EXPECT_TRUE(audit.HoldsAll(durable.page(i)));
  for (int i = 0; i < ordinary.streams(); ++i) EXPECT_TRUE(audit.LossIsCounted(ordinary.page(i)));
  for (size_t i = 0; i < std::size(kMomentNames); ++i) std::cout << kMomentNames[i] << " " << kills[i] << ", ";
  std::cout << "kills; durable rows " << durable.appended() << ", ordinary rows " << ordinary.appended()
            << ", of which " << ordinary.lost() << " lost and counted" << std::endl;
  EXPECT_TRUE(Finish({&server.program()}));
}

// Writers that die with the server: rows that they knew to be durable are there, whatever writers come after them.
TEST_F(ServerKillTest, WhatADeadWriterKnewToBeDurableIsThere) {
  Server& server = StartServer({.replay_config = Config(), .unix_socket = true});
  Audit audit;
  const int rounds = Rounds(8);
  for (int round = 0; round < rounds; ++round) {
    LedgerWriter& writer = StartWriter({.address = server.address(),
                                        .table = "queue",
                                        .writer = 1,
                                        .incarnation = round,
                                        .streams = 2,
                                        .rows_per_second = 4000,
                                        .durable = true});
    const int64_t rows = 200 + rng().Index(2000);
    ASSERT_TRUE(Await(absl::StrCat(rows, " durable rows"), [&] { return writer.durable() >= rows; }))
        << "round " << round;
    Jitter(absl::Milliseconds(5));
    if (rng().Index(2) == 0) {
      server.Kill();
      writer.Kill();
    } else {
      writer.Kill();
      server.Kill();
    }
    for (int i = 0; i < 2; ++i) audit.AddWriter(writer.page(i));
    server.Start();
  }
  ASSERT_TRUE(AwaitServing(server));
  ASSERT_TRUE(Drain(server, "queue", audit));
  EXPECT_TRUE(audit.NothingStrangeOrDoubled());
  for (int i = 0; i < rounds; ++i) {
    const LedgerWriter& writer = *writers()[static_cast<size_t>(i)];
    for (int stream = 0; stream < 2; ++stream) {
      const WriterPage& page = writer.page(stream);
      EXPECT_TRUE(audit.HoldsAPrefix(page, page.durable));
    }
  }
}

// A learner reads meanwhile: it may see again what it read since the last checkpoint, but it sees every row.
TEST_F(ServerKillTest, TheLearnerSeesEveryDurableRow) {
  Server& server = StartServer({.replay_config = Config()});
  LedgerWriter& writer = StartWriter(
      {.address = server.address(), .table = "queue", .streams = 2, .rows_per_second = 1500, .durable = true});
  LedgerReader& reader = StartReader({.address = server.address(), .table = "queue", .batch = 16});
  const int rounds = Rounds(8);
  for (int round = 0; round < rounds; ++round) {
    const int64_t rows = reader.page().rows + 100 + rng().Index(1500);
    ASSERT_TRUE(Await(absl::StrCat("row ", rows, " at the learner"), [&] { return reader.page().rows >= rows; }))
        << "round " << round;
    ASSERT_TRUE(KillAt(Moment::kRows, server)) << "round " << round;
    server.Start();
  }
  ASSERT_TRUE(Finish({&writer, &reader}));
  Audit audit;
  for (int i = 0; i < 2; ++i) audit.AddWriter(writer.page(i));
  audit.AddReader("learner", reader.page(), Audit::kAllBatches);
  ASSERT_TRUE(Drain(server, "queue", audit));
  EXPECT_TRUE(audit.NothingStrangeOrDoubled());
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(audit.HoldsAll(writer.page(i)));
  std::cout << rounds << " kills; " << writer.appended() << " rows, " << audit.redelivered() << " of them read again"
            << std::endl;
}

}  // namespace
}  // namespace recbots::faults
