// Inserts and checkpoints until it is killed (kill_test.cc). Argument: the directory. Writes a line to standard output
// when it begins, and after each checkpoint.
#include <cstdlib>
#include <iostream>

#include "common/base/instant.h"
#include "replay/checkpoint/checkpointer.h"
#include "tests/replay/checkpoint/kill_store.h"

namespace recbots::replay {
namespace {

int Main(const std::string& directory) {
  const std::unique_ptr<Store> store = MakeTestStore(KillTables());
  const auto checkpointer =
      Checkpointer::Open({.directory = directory, .interval = absl::ZeroDuration(), .keep = 2}, store.get());
  if (!checkpointer.ok()) {
    std::cerr << checkpointer.status() << '\n';
    return 1;
  }
  std::cout << "begins" << std::endl;
  while (true) {
    // Both tables, so that a cut between them would show.
    for (int64_t i = 0; i < kRowsBetween; i += kRowsAtOnce) InsertKillRows(*store, kRowsAtOnce);
    const auto report = (*checkpointer)->Checkpoint(Instant::Now() + absl::Seconds(60));
    if (!report.ok()) {
      std::cerr << report.status() << '\n';
      return 1;
    }
    std::cout << "checkpoint " << report->sequence << std::endl;
  }
}

}  // namespace
}  // namespace recbots::replay

int main(int /*argc*/, char** argv) { return recbots::replay::Main(argv[1]); }
