#include "replay/client/part_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <iostream>

#include "common/base/random.h"
#include "tests/replay/support/test_rows.h"

namespace recbots::replay {
namespace {

using ::testing::HasSubstr;

// Odd sizes: padding between all columns.
RowSchema OddSchema() {
  return *RowSchema::Create({{"a", DType::kFloat32, {3}}, {"b", DType::kInt64, {}}, {"c", DType::kInt32, {5}}});
}

SampledBatch MakeBatch(const RowSchema& schema, int32_t rows) {
  SampledBatch batch;
  batch.batch = ColumnBatch(std::make_shared<const RowSchema>(schema), rows);
  batch.keys.resize(static_cast<size_t>(rows));
  batch.probabilities.resize(static_cast<size_t>(rows));
  return batch;
}

// A payload of rows whose every element says its column and row, from `first` on.
ColumnBatch MakePayload(const RowSchema& schema, int32_t first, int32_t rows) {
  ColumnBatch payload(std::make_shared<const RowSchema>(schema), rows);
  for (size_t i = 0; i < 3 * static_cast<size_t>(rows); ++i) {
    payload.mutable_column<float>(0)[i] = static_cast<float>(static_cast<size_t>(first) * 3 + i);
  }
  for (size_t i = 0; i < static_cast<size_t>(rows); ++i)
    payload.mutable_column<int64_t>(1)[i] = first + static_cast<int64_t>(i);
  for (size_t i = 0; i < 5 * static_cast<size_t>(rows); ++i) {
    payload.mutable_column<int32_t>(2)[i] = static_cast<int32_t>(first * 5 + static_cast<int32_t>(i));
  }
  return payload;
}

v1::SampleHeader HeaderOf(const ColumnBatch& payload) {
  v1::SampleHeader header;
  header.set_num_rows(static_cast<int32_t>(payload.num_rows()));
  header.set_payload_bytes(static_cast<int64_t>(payload.size()));
  for (int64_t i = 0; i < payload.num_rows(); ++i) {
    header.add_keys(MakeKey(5, static_cast<uint32_t>(i)));
    header.add_probabilities(0.5F);
  }
  return header;
}

// The payload in messages of random size, each of which lies in pieces.
absl::Status Feed(PartReader& reader, const PartTarget& target, const ColumnBatch& payload, Rng& rng) {
  const v1::SampleHeader header = HeaderOf(payload);
  size_t done = 0;
  SampleMessage message;
  while (true) {
    const size_t size = std::min(payload.size() - done, size_t{1} + rng.Index(200));
    const bool first = done == 0;
    const grpc::Slice columns(payload.data() + done, size);
    done += size;
    const grpc::ByteBuffer bytes = EncodeSampleBatch(first ? &header : nullptr, columns, done == payload.size());
    if (absl::Status status = message.Decode(bytes); !status.ok()) return status;
    if (first) {
      if (absl::Status status = reader.Begin(message, target); !status.ok()) return status;
    }
    if (absl::Status status = reader.Copy(message); !status.ok()) return status;
    if (done == payload.size()) return absl::OkStatus();
  }
}

TEST(PartReaderTest, PartsOfAnySizeComeToTheirRows) {
  constexpr uint64_t kSeed = 20261124;
  std::cout << "seed " << kSeed << "\n";
  Rng rng(kSeed, Purpose::kTest, {});
  const RowSchema schema = OddSchema();
  for (int round = 0; round < 200; ++round) {
    const auto rows = static_cast<int32_t>(1 + rng.Index(40));
    SampledBatch batch = MakeBatch(schema, rows);
    for (int32_t first = 0; first < rows;) {
      const auto part = static_cast<int32_t>(1 + rng.Index(static_cast<uint32_t>(rows - first)));
      const int shard = static_cast<int>(rng.Index(256));
      PartReader reader(&schema, shard);
      const PartTarget target = {&batch, first, part, 0.5};
      ASSERT_TRUE(Feed(reader, target, MakePayload(schema, first, part), rng).ok());
      ASSERT_TRUE(reader.complete());
      ASSERT_EQ(ShardOf(batch.keys[static_cast<size_t>(first)]), shard);
      ASSERT_EQ(GenerationOf(batch.keys[static_cast<size_t>(first)]), 5U);
      ASSERT_EQ(batch.probabilities[static_cast<size_t>(first + part - 1)], 0.25F);
      first += part;
    }
    const ColumnBatch want = MakePayload(schema, 0, rows);
    ASSERT_EQ(std::memcmp(batch.batch.data(), want.data(), want.size()), 0) << rows;
  }
}

TEST(PartReaderTest, RefusesWhatWasNotOrdered) {
  const RowSchema schema = OddSchema();
  SampledBatch batch = MakeBatch(schema, 4);
  const ColumnBatch payload = MakePayload(schema, 0, 2);
  const auto begin = [&](const v1::SampleHeader* header, size_t bytes, bool last) {
    PartReader reader(&schema, 0);
    SampleMessage message;
    const std::string columns(bytes, 'x');
    EXPECT_TRUE(message.Decode(EncodeSampleBatch(header, grpc::Slice(columns), last)).ok());
    if (absl::Status status = reader.Begin(message, {&batch, 2, 2, 1}); !status.ok())
      return std::string(status.message());
    return std::string(reader.Copy(message).message());
  };
  EXPECT_THAT(begin(nullptr, 1, true), HasSubstr("without a header"));
  v1::SampleHeader header = HeaderOf(payload);
  EXPECT_THAT(begin(&header, payload.size() + 1, true), HasSubstr("want at most"));
  EXPECT_THAT(begin(&header, 5, true), HasSubstr("5 bytes, want"));
  EXPECT_EQ(begin(&header, 5, false), "");
  header.add_keys(1);
  EXPECT_THAT(begin(&header, 1, true), HasSubstr("3 keys and 2 probabilities for 2 rows"));
  header.set_num_rows(3);
  EXPECT_THAT(begin(&header, 1, true), HasSubstr("3 rows in"));
}

}  // namespace
}  // namespace recbots::replay
