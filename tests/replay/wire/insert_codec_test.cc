#include "replay/wire/insert_codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "common/base/crc32c.h"
#include "replay/wire/proto_bytes.h"
#include "tests/replay/wire/wire_support.h"

namespace recbots::replay {
namespace {

using ::testing::HasSubstr;

constexpr uint64_t kSeed = 20240517;

Rng TestRng(uint32_t step) { return Rng(kSeed, Purpose::kTest, {.step = step}); }

// Half of the fields are left at their defaults.
v1::InsertRequest RandomBlock(Rng& rng) {
  v1::InsertRequest request;
  v1::InsertBlock& block = *request.mutable_block();
  const auto word = [&rng] { return static_cast<uint32_t>(rng.Index(0xFFFFFFFF)); };
  if (rng.Index(2)) block.set_first_sequence(static_cast<int64_t>(uint64_t{word()} << rng.Index(32)));
  if (rng.Index(2)) block.set_num_rows(static_cast<int32_t>(word()));
  if (rng.Index(2)) block.set_weights_version(-static_cast<int64_t>(word()));
  if (rng.Index(2)) block.set_crc32c(word());
  if (rng.Index(2)) block.set_rows(RandomBytes(rng, rng.Index(3000)));
  if (rng.Index(2)) block.set_priorities(RandomBytes(rng, rng.Index(300)));
  if (rng.Index(2)) block.set_awaited(true);
  return request;
}

void ExpectEqual(const BlockView& view, const v1::InsertBlock& block) {
  EXPECT_EQ(view.header.first_sequence, block.first_sequence());
  EXPECT_EQ(view.header.num_rows, block.num_rows());
  EXPECT_EQ(view.header.weights_version, block.weights_version());
  EXPECT_EQ(view.header.crc32c, block.crc32c());
  EXPECT_EQ(view.header.awaited, block.awaited());
  EXPECT_EQ(Joined(view.rows), block.rows());
  EXPECT_EQ(Joined(view.priorities), block.priorities());
}

std::vector<grpc::Slice> ToSlices(const Pieces& pieces) {
  std::vector<grpc::Slice> slices;
  for (const absl::string_view piece : pieces) slices.emplace_back(piece.data(), piece.size());
  return slices;
}

TEST(InsertMessageTest, ReadsWhatProtobufWritesHoweverItIsCut) {
  InsertMessage message;
  for (uint32_t i = 0; i < 2000; ++i) {
    Rng rng = TestRng(i);
    const v1::InsertRequest request = RandomBlock(rng);
    const std::string bytes = request.SerializeAsString();
    ASSERT_TRUE(message.Decode(ToBuffer(Cut(bytes, rng, 1 + rng.Index(400)))).ok());
    ASSERT_EQ(message.kind(), InsertMessage::Kind::kBlock);
    ExpectEqual(message.block(), request.block());
  }
}

TEST(InsertMessageTest, WritesWhatProtobufWrites) {
  for (uint32_t i = 0; i < 2000; ++i) {
    Rng rng = TestRng(i);
    const v1::InsertRequest request = RandomBlock(rng);
    const v1::InsertBlock& block = request.block();
    const grpc::ByteBuffer written = EncodeInsertBlock(
        {block.first_sequence(), block.num_rows(), block.weights_version(), block.crc32c(), block.awaited()},
        ToSlices(Cut(block.rows(), rng, 500)), ToSlices(Cut(block.priorities(), rng, 500)));
    ASSERT_EQ(ToString(written), request.SerializeAsString());
  }
}

TEST(InsertMessageTest, WritesRowsFromWhereTheyLie) {
  const std::string rows(100'000, 'r');
  const grpc::Slice slice(rows.data(), rows.size(), grpc::Slice::STATIC_SLICE);
  const grpc::ByteBuffer written = EncodeInsertBlock({.num_rows = 1}, {&slice, 1});
  std::vector<grpc::Slice> slices;
  ASSERT_TRUE(written.Dump(&slices).ok());
  EXPECT_EQ(reinterpret_cast<const char*>(slices.back().begin()), rows.data());
}

TEST(InsertMessageTest, ReadsHellosCommitsAndFlushes) {
  v1::InsertRequest request;
  request.mutable_hello()->set_writer_id(std::string(16, 'w'));
  request.mutable_hello()->set_table("episodes");
  request.mutable_hello()->set_durable(true);
  InsertMessage message;
  ASSERT_TRUE(message.Decode(ToBytes(request)).ok());
  ASSERT_EQ(message.kind(), InsertMessage::Kind::kHello);
  EXPECT_EQ(message.hello().SerializeAsString(), request.hello().SerializeAsString());
  request.mutable_commit();
  ASSERT_TRUE(message.Decode(ToBytes(request)).ok());
  EXPECT_EQ(message.kind(), InsertMessage::Kind::kCommit);
  request.mutable_flush();
  ASSERT_TRUE(message.Decode(ToBytes(request)).ok());
  EXPECT_EQ(message.kind(), InsertMessage::Kind::kFlush);
}

TEST(InsertMessageTest, NamesWhatItCannotRead) {
  InsertMessage message;
  const auto refusal = [&message](absl::string_view bytes) {
    const absl::Status status = message.Decode({bytes});
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    return std::string(status.message());
  };
  EXPECT_THAT(refusal(""), HasSubstr("none of hello, block, commit, flush"));
  EXPECT_THAT(refusal("\x12"), HasSubstr("insert request: ends within a field"));
  EXPECT_THAT(refusal("\x12\x05xy"), HasSubstr("insert request: field 2 of 5 bytes, only 2 are left"));
  EXPECT_THAT(refusal(absl::string_view("\x10\x00", 2)), HasSubstr("field 2 of wire type 0, want 2"));
  EXPECT_THAT(refusal(absl::string_view("\x12\x00\x12\x00", 4)), HasSubstr("two of hello, block, commit"));
  EXPECT_THAT(refusal("\x12\x02\x2a\x7f"), HasSubstr("insert block: field 5 of 127 bytes, only 0 are left"));
  EXPECT_THAT(refusal("\x12\x02\x20\x01"), HasSubstr("insert block: field 4 of wire type 0, want 5"));
  EXPECT_THAT(refusal("\x12\x02\x2b\x01"), HasSubstr("insert block: field 5 of wire type 3"));
  EXPECT_THAT(refusal("\x0a\x02\x0a\x7f"), HasSubstr("not a recbots.v1.WriterHello"));
  v1::InsertRequest large;
  large.mutable_hello()->set_writer_name(std::string(kMaxHelloBytes, 'x'));
  EXPECT_THAT(refusal(large.SerializeAsString()), HasSubstr("field 1 of 65540 bytes, want at most 65536"));
}

TEST(InsertMessageTest, PassesOverUnknownFieldsAndTakesTheLastOfTwo) {
  v1::InsertBlock first, second;
  first.set_num_rows(3);
  first.set_rows("abc");
  second.set_num_rows(2);
  second.set_rows("de");
  // Unknown: varint 15, fixed64 14, bytes 13, fixed32 12.
  const std::string unknown = std::string("\x78\x81\x01\x71") + "12345678" + "\x6a\x02hi\x65" + "1234";
  const std::string block = first.SerializeAsString() + unknown + second.SerializeAsString() + unknown;
  const std::string bytes = unknown + "\x12" + static_cast<char>(block.size()) + block + unknown;
  InsertMessage message;
  ASSERT_TRUE(message.Decode({bytes}).ok());
  EXPECT_EQ(message.block().header.num_rows, 2);
  EXPECT_EQ(Joined(message.block().rows), "de");
}

// Whatever is accepted is what protobuf reads; nothing does more harm than be refused.
TEST(InsertMessageTest, AgreesWithProtobufOnDamagedMessages) {
  InsertMessage message;
  int accepted = 0;
  for (uint32_t i = 0; i < 20'000; ++i) {
    Rng rng = TestRng(i);
    std::string bytes = RandomBlock(rng).SerializeAsString();
    for (uint32_t flips = 1 + rng.Index(3); flips > 0 && !bytes.empty(); --flips) {
      bytes[rng.Index(static_cast<uint32_t>(std::min<size_t>(bytes.size(), 40)))] = static_cast<char>(rng.Index(256));
    }
    if (rng.Index(4) == 0) bytes.resize(rng.Index(static_cast<uint32_t>(bytes.size() + 1)));
    const Pieces pieces = Cut(bytes, rng, 50);
    if (!message.Decode(pieces).ok()) continue;
    ++accepted;
    v1::InsertRequest request;
    ASSERT_TRUE(request.ParseFromString(bytes)) << "case " << i;
    ASSERT_EQ(message.kind() == InsertMessage::Kind::kBlock, request.has_block()) << "case " << i;
    if (request.has_block()) ExpectEqual(message.block(), request.block());
  }
  EXPECT_GT(accepted, 1000);
}

class CheckBlockTest : public testing::Test {
 protected:
  static constexpr size_t kRowBytes = 8;

  CheckBlockTest() { Stamp(); }

  void Stamp() {
    block_.rows = {rows_};
    block_.priorities = {absl::string_view(reinterpret_cast<const char*>(given_.data()), given_.size() * 4)};
    block_.header.num_rows = static_cast<int32_t>(rows_.size() / kRowBytes);
    block_.header.crc32c = Crc32cOf(block_.priorities, Crc32cOf(block_.rows, 0));
  }
  absl::Status Check() { return CheckBlock(block_, kRowBytes, priorities_); }
  void ExpectRefused(absl::StatusCode code, const char* words) {
    const absl::Status status = Check();
    EXPECT_EQ(status.code(), code);
    EXPECT_THAT(std::string(status.message()), HasSubstr(words));
  }

  std::string rows_ = "row0____row1____row2____";
  std::vector<float> given_;
  BlockView block_;
  std::vector<float> priorities_ = {9};
};

TEST_F(CheckBlockTest, TakesGoodBlocksAndTheirPriorities) {
  EXPECT_TRUE(Check().ok());
  EXPECT_TRUE(priorities_.empty());
  given_ = {0, 1.5f, std::numeric_limits<float>::max()};
  Stamp();
  EXPECT_TRUE(Check().ok());
  EXPECT_EQ(priorities_, given_);
}

TEST_F(CheckBlockTest, ReadsPrioritiesThatStraddlePieces) {
  given_ = {1, 2, 3};
  Stamp();
  const absl::string_view all = block_.priorities[0];
  block_.priorities = {all.substr(0, 3), all.substr(3, 6), all.substr(9)};
  EXPECT_TRUE(Check().ok());
  EXPECT_EQ(priorities_, given_);
}

TEST_F(CheckBlockTest, RefusesNumbersOutOfRange) {
  block_.header.num_rows = 0;
  ExpectRefused(absl::StatusCode::kInvalidArgument, "num_rows 0, want 1..65536");
  block_.header.num_rows = -5;
  ExpectRefused(absl::StatusCode::kInvalidArgument, "num_rows -5");
  block_.header.num_rows = 65537;
  ExpectRefused(absl::StatusCode::kInvalidArgument, "num_rows 65537");
  Stamp();
  block_.header.first_sequence = -1;
  ExpectRefused(absl::StatusCode::kInvalidArgument, "first_sequence -1, want 0..");
  block_.header.first_sequence = std::numeric_limits<int64_t>::max();
  ExpectRefused(absl::StatusCode::kInvalidArgument, "first_sequence 9223372036854775807");
}

TEST_F(CheckBlockTest, RefusesBytesThatAreNoRows) {
  rows_.pop_back();
  Stamp();
  block_.header.num_rows = 3;
  ExpectRefused(absl::StatusCode::kInvalidArgument, "23 bytes for 3 rows of 8, want 24 and at most 4194304");
  rows_.assign(kMaxBlockBytes + kRowBytes, 'x');
  Stamp();
  block_.header.num_rows = 65536;
  EXPECT_FALSE(Check().ok());
  rows_ = "row0____";
  given_ = {1, 2};
  Stamp();
  ExpectRefused(absl::StatusCode::kInvalidArgument, "8 bytes of priorities for 1 rows, want 0 or 4");
}

TEST_F(CheckBlockTest, DamageIsLossOfDataAndMaySucceedWhenSentAgain) {
  rows_[5] = static_cast<char>(rows_[5] ^ 1);
  ExpectRefused(absl::StatusCode::kDataLoss, "rows 0 to 2");
  given_ = {1, 2, 3};
  Stamp();
  EXPECT_TRUE(Check().ok());
  given_[1] = std::nanf("");
  ExpectRefused(absl::StatusCode::kDataLoss, "crc32c");
}

TEST_F(CheckBlockTest, RefusesPrioritiesThatAreNone) {
  for (const float bad : {-1.f, std::numeric_limits<float>::infinity(), std::nanf(""), -1e-30f}) {
    given_ = {1, bad, 3};
    Stamp();
    ExpectRefused(absl::StatusCode::kInvalidArgument, "of row 1, want finite and at least 0");
  }
}

}  // namespace
}  // namespace recbots::replay
