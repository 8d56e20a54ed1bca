#include "replay/wire/sample_codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "replay/wire/proto_bytes.h"
#include "tests/replay/wire/wire_support.h"

namespace recbots::replay {
namespace {

using ::testing::HasSubstr;

constexpr uint64_t kSeed = 20240518;

v1::SampleBatch RandomBatch(Rng& rng) {
  v1::SampleBatch batch;
  if (rng.Index(4) > 0) {
    v1::SampleHeader& header = *batch.mutable_header();
    header.set_num_rows(static_cast<int32_t>(rng.Index(20)));
    header.set_payload_bytes(rng.Index(10'000));
    header.mutable_table()->set_rows(rng.Index(1000));
    header.mutable_table()->set_total_weight(uint64_t{1} << rng.Index(64));
    if (rng.Index(2)) header.set_blocked_on(v1::BLOCKED_ON_ITEMS);
    for (int i = 0; i < header.num_rows(); ++i) {
      header.add_keys(uint64_t{rng.Index(100)} << 32 | rng.Index(0xFFFFFFFF));
      header.add_probabilities(static_cast<float>(rng.Index(100)) / 100);
    }
  }
  batch.set_columns(RandomBytes(rng, rng.Index(2) * rng.Index(5000)));
  batch.set_last_part(rng.Index(2) == 1);
  return batch;
}

TEST(SampleMessageTest, ReadsWhatProtobufWritesHoweverItIsCut) {
  SampleMessage message;
  for (uint32_t i = 0; i < 2000; ++i) {
    Rng rng(kSeed, Purpose::kTest, {.step = i});
    const v1::SampleBatch batch = RandomBatch(rng);
    const std::string bytes = batch.SerializeAsString();
    ASSERT_TRUE(message.Decode(ToBuffer(Cut(bytes, rng, 1 + rng.Index(400)))).ok());
    ASSERT_EQ(message.has_header(), batch.has_header());
    if (batch.has_header()) {
      EXPECT_EQ(message.header().SerializeAsString(), batch.header().SerializeAsString());
    }
    EXPECT_EQ(Joined(message.columns()), batch.columns());
    EXPECT_EQ(message.last_part(), batch.last_part());
  }
}

TEST(SampleMessageTest, WritesWhatProtobufWrites) {
  for (uint32_t i = 0; i < 2000; ++i) {
    Rng rng(kSeed, Purpose::kTest, {.step = i});
    const v1::SampleBatch batch = RandomBatch(rng);
    const grpc::ByteBuffer written = EncodeSampleBatch(batch.has_header() ? &batch.header() : nullptr,
                                                       grpc::Slice(batch.columns()), batch.last_part());
    ASSERT_EQ(ToString(written), batch.SerializeAsString());
  }
}

TEST(SampleMessageTest, WritesColumnsFromWhereTheyLie) {
  const std::string columns(100'000, 'c');
  const grpc::Slice slice(columns.data(), columns.size(), grpc::Slice::STATIC_SLICE);
  std::vector<grpc::Slice> slices;
  ASSERT_TRUE(EncodeSampleBatch(nullptr, slice, true).Dump(&slices).ok());
  ASSERT_EQ(slices.size(), 3u);
  EXPECT_EQ(reinterpret_cast<const char*>(slices[1].begin()), columns.data());
}

TEST(SampleMessageTest, NamesWhatItCannotRead) {
  SampleMessage message;
  const auto refusal = [&message](absl::string_view bytes) {
    const absl::Status status = message.Decode({bytes});
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    return std::string(status.message());
  };
  EXPECT_THAT(refusal("\x0a\x05"), HasSubstr("sample batch: field 1 of 5 bytes, only 0 are left"));
  EXPECT_THAT(refusal("\x0a\x01\x0a"), HasSubstr("not a SampleHeader"));
  EXPECT_THAT(refusal(absl::string_view("\x0a\x00\x0a\x00", 4)), HasSubstr("two headers"));
  EXPECT_THAT(refusal("\x10\x01"), HasSubstr("field 2 of wire type 0, want 2"));
  EXPECT_THAT(refusal("\x1a\x01x"), HasSubstr("field 3 of wire type 2, want 0"));
}

TEST(SampleMessageTest, AgreesWithProtobufOnDamagedMessages) {
  SampleMessage message;
  int accepted = 0;
  for (uint32_t i = 0; i < 20'000; ++i) {
    Rng rng(kSeed, Purpose::kTest, {.step = i});
    std::string bytes = RandomBatch(rng).SerializeAsString();
    if (bytes.empty()) continue;
    bytes[rng.Index(static_cast<uint32_t>(std::min<size_t>(bytes.size(), 40)))] = static_cast<char>(rng.Index(256));
    if (rng.Index(4) == 0) bytes.resize(rng.Index(static_cast<uint32_t>(bytes.size() + 1)));
    if (!message.Decode(Cut(bytes, rng, 50)).ok()) continue;
    ++accepted;
    v1::SampleBatch batch;
    ASSERT_TRUE(batch.ParseFromString(bytes)) << "case " << i;
    ASSERT_EQ(message.has_header(), batch.has_header()) << "case " << i;
    EXPECT_EQ(Joined(message.columns()), batch.columns()) << "case " << i;
    EXPECT_EQ(message.last_part(), batch.last_part()) << "case " << i;
  }
  EXPECT_GT(accepted, 1000);
}

TEST(ProtoBytesTest, RoundTripAndRefusal) {
  v1::InsertAck ack;
  ack.set_acknowledged_rows(17);
  grpc::ByteBuffer bytes = ToBytes(ack);
  v1::InsertAck read;
  ASSERT_TRUE(FromBytes("insert", bytes, read).ok());
  EXPECT_EQ(read.acknowledged_rows(), 17);
  grpc::ByteBuffer nonsense = ToBuffer({"\x0a"});
  EXPECT_THAT(std::string(FromBytes("sample", nonsense, read).message()), HasSubstr("sample: not a recbots.v1.Ins"));
}

}  // namespace
}  // namespace recbots::replay
