#include "common/base/state_archive.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace recbots {
namespace {

struct Thing {
  std::vector<float> values = {0, 0, 0};
  int64_t count = 0;
  std::string name;

  void TransferState(StateArchive& archive) {
    archive.Values("values", values);
    archive.Value("count", count);
    archive.Text("name", name);
  }
};

std::string Saved() {
  Thing thing{{1, 2, 3}, 4, "five"};
  StateArchive archive;
  thing.TransferState(archive);
  EXPECT_TRUE(archive.Finish().ok());
  return archive.TakeBytes();
}

absl::Status Load(const std::string& bytes, Thing& thing) {
  StateArchive archive = StateArchive::Loading(bytes);
  thing.TransferState(archive);
  return archive.Finish();
}

TEST(StateArchiveTest, WhatWasSavedIsLoaded) {
  Thing thing;
  ASSERT_TRUE(Load(Saved(), thing).ok());
  EXPECT_EQ(thing.values, (std::vector<float>{1, 2, 3}));
  EXPECT_EQ(thing.count, 4);
  EXPECT_EQ(thing.name, "five");
}

TEST(StateArchiveTest, AnotherNumberOfValuesIsRefused) {
  Thing thing;
  thing.values.resize(4);
  EXPECT_EQ(Load(Saved(), thing).message(), "saved state: 'values' has 3 elements, want 4");
}

TEST(StateArchiveTest, AnotherPartOrAnotherSizeIsRefused) {
  const std::string bytes = Saved();
  double wide[3];
  StateArchive sizes = StateArchive::Loading(bytes);
  sizes.Values("values", absl::MakeSpan(wide));
  EXPECT_EQ(sizes.Finish().message(), "saved state: 'values' has elements of 4 bytes, want 8");
  StateArchive names = StateArchive::Loading(bytes);
  int64_t count = 0;
  names.Value("count", count);
  EXPECT_EQ(names.Finish().message(), "saved state: 'count' is wanted, there is 'values'");
}

TEST(StateArchiveTest, EveryCutIsRefused) {
  const std::string bytes = Saved();
  for (size_t size = 0; size < bytes.size(); ++size) {
    Thing thing;
    EXPECT_EQ(Load(bytes.substr(0, size), thing).code(), absl::StatusCode::kInvalidArgument) << "size " << size;
  }
  Thing thing;
  EXPECT_EQ(Load(bytes + "x", thing).message(), "saved state: 1 bytes too many");
}

TEST(StateArchiveTest, TheFirstErrorStays) {
  StateArchive archive;
  archive.Fail(absl::UnimplementedError("not this one"));
  Thing thing;
  thing.TransferState(archive);
  archive.Fail(absl::InternalError("later"));
  EXPECT_EQ(archive.Finish(), absl::UnimplementedError("not this one"));
  EXPECT_EQ(archive.TakeBytes(), "");
}

}  // namespace
}  // namespace recbots
