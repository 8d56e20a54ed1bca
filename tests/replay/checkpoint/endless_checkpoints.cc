// Inserts and checkpoints until it is killed (kill_test.cc). Arguments: the directory, and a number that tells this
// start from others. Writes a line to standard output when it begins.
#include <cstdlib>
#include <iostream>

#include "absl/time/clock.h"
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
    for (int i = 0; i < 20; ++i) InsertKillRows(*store, 500);
    const auto report = (*checkpointer)->Checkpoint(absl::Now() + absl::Seconds(60));
    if (!report.ok()) {
      std::cerr << report.status() << '\n';
      return 1;
    }
  }
}

}  // namespace
}  // namespace recbots::replay

int main(int /*argc*/, char** argv) { return recbots::replay::Main(argv[1]); }
