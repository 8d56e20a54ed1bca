// Every target with its seeds, what was found once (corpus/), and some thousands of mutations of both: so that targets
// cannot rot, and the plainest faults are found without a fuzzer.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "common/base/random.h"
#include "tests/fuzz/all_targets.h"
#include "tests/support/source_dir.h"

namespace recbots::replay {
namespace {

constexpr uint32_t kMutants = 4000;

std::vector<std::string> Corpus(const FuzzTarget& target) {
  std::vector<std::string> corpus = target.seeds();
  const std::string directory = absl::StrCat(testing::SourceDir(), "/tests/fuzz/corpus/", target.name);
  if (!std::filesystem::is_directory(directory)) return corpus;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    std::ifstream in(entry.path(), std::ios::binary);
    corpus.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  }
  return corpus;
}

// Changes bytes in one of the ways that fuzzers do.
void Mutate(std::string& bytes, const std::string& other, Rng& rng) {
  const auto size = static_cast<uint32_t>(bytes.size());
  if (size == 0) {
    bytes = other.substr(0, 1 + rng.Index(64));
    return;
  }
  const uint32_t at = rng.Index(size);
  switch (rng.Index(6)) {
    case 0:
      bytes[at] = static_cast<char>(bytes[at] ^ (1 << rng.Index(8)));
      return;
    case 1:
      bytes[at] = static_cast<char>(rng.Index(256));
      return;
    case 2:
      bytes.resize(at);
      return;
    case 3:
      bytes.erase(at, 1 + rng.Index(8));
      return;
    case 4:
      bytes.insert(at, std::string(1 + rng.Index(8), static_cast<char>(rng.Index(2) * 0xFF)));
      return;
    default:
      bytes.replace(at, bytes.size(), other.substr(std::min<size_t>(at, other.size())));
  }
}

class FuzzSmokeTest : public ::testing::TestWithParam<int> {
 protected:
  const FuzzTarget target_ = AllFuzzTargets()[static_cast<size_t>(GetParam())];
};

TEST_P(FuzzSmokeTest, SeedsAndMutantsPass) {
  const std::vector<std::string> corpus = Corpus(target_);
  ASSERT_FALSE(corpus.empty());
  target_.run("");
  for (const std::string& bytes : corpus) target_.run(bytes);
  const auto size = static_cast<uint32_t>(corpus.size());
  for (uint32_t i = 0; i < kMutants; ++i) {
    Rng rng(41, Purpose::kTest, {.stream = i});
    std::string bytes = corpus[i % size];
    for (uint32_t change = 0; change <= rng.Index(4); ++change) Mutate(bytes, corpus[rng.Index(size)], rng);
    target_.run(bytes);
  }
}

std::string NameOfTarget(const ::testing::TestParamInfo<int>& tested) {
  return AllFuzzTargets()[static_cast<size_t>(tested.param)].name;
}

INSTANTIATE_TEST_SUITE_P(Targets, FuzzSmokeTest, ::testing::Range(0, static_cast<int>(AllFuzzTargets().size())),
                         NameOfTarget);

}  // namespace
}  // namespace recbots::replay
