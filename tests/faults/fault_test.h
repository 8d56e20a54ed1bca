// What all fault tests share: programs that are ended by their pid whatever happens, waits that end and say what hung,
// and a queue read to its end.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "common/base/random.h"
#include "tests/faults/audit.h"
#include "tests/faults/programs.h"

namespace recbots::faults {

// RECBOTS_FAULT_ROUNDS, a factor for long runs; 1 without it.
int Rounds(int rounds);

class FaultTest : public ::testing::Test {
 protected:
  // Far longer than anything takes: what comes later hangs.
  static constexpr absl::Duration kPatience = absl::Seconds(60);
  static constexpr int kDrainBatch = 64;

  FaultTest();
  ~FaultTest() override;
  // Prints the last lines of all programs when the test failed.
  void TearDown() override;

  const std::string& dir() const { return dir_; }
  // Of the test's name and RECBOTS_FAULT_SEED; printed.
  Rng& rng() { return rng_; }

  Server& StartServer(ServerSpec spec);
  LedgerWriter& StartWriter(const WriterFlags& flags);
  LedgerReader& StartReader(const ReaderFlags& flags);

  // Waits until `condition` holds. Fails when it does not within patience, and as soon as a program has died that was
  // not told to; says what was waited for.
  testing::AssertionResult Await(const std::string& what, const std::function<bool()>& condition,
                                 absl::Duration patience = kPatience);
  testing::AssertionResult AwaitServing(Server& server);
  // All streams of the writer are connected with `shards` shards, and each more often than `before` (by stream, noted
  // before a kill): what the restart cost them is counted then.
  testing::AssertionResult AwaitConnected(const LedgerWriter& writer, int shards, const std::vector<int64_t>& before);
  // The program's end, with that exit code.
  testing::AssertionResult AwaitEnd(Program& program, int exit_code = 0, absl::Duration patience = kPatience);
  // SIGTERM and AwaitEnd of everything in the list: writers have flushed then.
  testing::AssertionResult Finish(const std::vector<Program*>& programs);

  // Reads a queue to its end into the audit. Nobody else may write to it or read it. A last batch is filled up with
  // rows of a writer of its own.
  testing::AssertionResult Drain(Server& server, const std::string& table, Audit& audit);

  const std::vector<std::unique_ptr<LedgerWriter>>& writers() const { return writers_; }
  const std::vector<std::unique_ptr<LedgerReader>>& readers() const { return readers_; }

 private:
  std::vector<Program*> AllPrograms() const;

  std::string dir_;
  Rng rng_;
  int64_t num_fillers_ = 0;
  std::vector<std::unique_ptr<Server>> servers_;
  std::vector<std::unique_ptr<LedgerWriter>> writers_;
  std::vector<std::unique_ptr<LedgerReader>> readers_;
};

}  // namespace recbots::faults
