// Writes the seeds of every target: DIR/NAME/seed-0, ... Argument: DIR.
#include <filesystem>
#include <fstream>
#include <iostream>

#include "absl/strings/str_cat.h"
#include "tests/fuzz/all_targets.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: fuzz_seeds DIR\n";
    return 2;
  }
  for (const recbots::replay::FuzzTarget& target : recbots::replay::AllFuzzTargets()) {
    const std::string directory = absl::StrCat(argv[1], "/", target.name);
    std::filesystem::create_directories(directory);
    int number = 0;
    for (const std::string& seed : target.seeds()) {
      std::ofstream out(absl::StrCat(directory, "/seed-", number++), std::ios::binary);
      if (!(out << seed).flush()) {
        std::cerr << "cannot write to " << directory << '\n';
        return 1;
      }
    }
  }
}
