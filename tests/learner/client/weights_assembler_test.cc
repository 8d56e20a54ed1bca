#include "learner/client/weights_assembler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "learner/weights/weight_store.h"

namespace recbots {
namespace {

using ::testing::HasSubstr;

constexpr int64_t kMaxBytes = int64_t{16} << 20;

// The messages in which a payload travels.
std::vector<v1::WeightsChunk> Chunks(const std::string& payload) {
  WeightStore store;
  const auto snapshot = store.Publish(payload, {.updates = 5});
  std::vector<v1::WeightsChunk> chunks(snapshot->parts.size());
  for (size_t i = 0; i < chunks.size(); ++i) EXPECT_TRUE(chunks[i].ParseFromString(snapshot->parts[i]));
  *chunks[0].mutable_header() = snapshot->header;
  return chunks;
}

// Adds all; the error, if one comes.
absl::Status AddAll(const std::vector<v1::WeightsChunk>& chunks) {
  WeightsAssembler assembler(kMaxBytes);
  for (const v1::WeightsChunk& chunk : chunks) {
    const auto complete = assembler.Add(chunk);
    if (!complete.ok()) return complete.status();
  }
  return absl::OkStatus();
}

TEST(WeightsAssemblerTest, PutsVersionsTogetherOneAfterTheOther) {
  WeightsAssembler assembler(kMaxBytes);
  for (const size_t bytes : {size_t{0}, size_t{10}, WeightStore::kPartBytes * 2 + 5}) {
    const std::string payload(bytes, 'w');
    const auto chunks = Chunks(payload);
    for (size_t i = 0; i < chunks.size(); ++i) {
      const auto complete = assembler.Add(chunks[i]);
      ASSERT_TRUE(complete.ok()) << complete.status();
      ASSERT_EQ(complete->has_value(), i + 1 == chunks.size());
      if (complete->has_value()) {
        EXPECT_EQ((*complete)->payload, payload);
        EXPECT_EQ((*complete)->header.updates(), 5);
      }
    }
  }
}

TEST(WeightsAssemblerTest, EveryFlippedByteIsFound) {
  const std::string payload = "a small payload";
  for (size_t i = 0; i < payload.size(); ++i) {
    auto chunks = Chunks(payload);
    (*chunks[0].mutable_payload())[i] = static_cast<char>(payload[i] ^ 0x10);
    const absl::Status status = AddAll(chunks);
    EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
    EXPECT_THAT(std::string(status.message()), HasSubstr("weights version 1 has checksum"));
  }
}

TEST(WeightsAssemblerTest, RefusesWhatIsNotAVersion) {
  const std::string payload(WeightStore::kPartBytes * 2 + 5, 'w');
  const auto good = Chunks(payload);
  ASSERT_EQ(good.size(), 3u);

  auto chunks = good;
  chunks[0].clear_header();
  EXPECT_THAT(std::string(AddAll(chunks).message()), HasSubstr("without a header"));

  chunks = good;
  *chunks[1].mutable_header() = good[0].header();
  EXPECT_THAT(std::string(AddAll(chunks).message()), HasSubstr("header in the middle"));

  chunks = good;
  chunks.erase(chunks.begin() + 1);  // A part is missing.
  EXPECT_THAT(std::string(AddAll(chunks).message()), HasSubstr("has 1048581 bytes, want 2097157"));

  chunks = good;
  chunks.insert(chunks.begin() + 1, good[1]);  // A part comes twice.
  EXPECT_THAT(std::string(AddAll(chunks).message()), HasSubstr("bytes, want 2097157"));

  for (const int64_t version : {0, -1}) {
    chunks = good;
    chunks[0].mutable_header()->set_version(version);
    EXPECT_THAT(std::string(AddAll(chunks).message()), HasSubstr("want at least 1"));
  }
  for (const int64_t bytes : {int64_t{-1}, kMaxBytes + 1, INT64_MAX}) {
    chunks = good;
    chunks[0].mutable_header()->set_payload_bytes(bytes);
    EXPECT_THAT(std::string(AddAll(chunks).message()), HasSubstr("want 0..16777216"));
  }
}

}  // namespace
}  // namespace recbots
