#include <cmath>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "common/base/crc32c.h"
#include "common/base/log.h"
#include "replay/wire/insert_codec.h"
#include "replay/wire/sample_codec.h"
#include "tests/fuzz/byte_source.h"
#include "tests/fuzz/fuzz_targets.h"

namespace recbots::replay {
namespace {

std::string Join(const Pieces& pieces) {
  std::string joined;
  for (const absl::string_view piece : pieces) absl::StrAppend(&joined, piece);
  return joined;
}

// Cuts the message behind the first byte into pieces of about as many bytes as that one says, each in memory of its own
// so that a sanitizer sees where it ends.
class Message {
 public:
  explicit Message(absl::string_view bytes) {
    ByteSource source(bytes);
    const size_t length = 1 + source.Take<uint8_t>();
    whole_ = std::string(source.rest());
    while (!source.rest().empty()) parts_.emplace_back(source.TakeBytes(length));
    for (const std::string& part : parts_) pieces_.push_back(part);
  }
  const std::string& whole() const { return whole_; }
  const Pieces& pieces() const { return pieces_; }

 private:
  std::string whole_;
  std::vector<std::string> parts_;
  Pieces pieces_;
};

}  // namespace

void FuzzInsertBlock(absl::string_view bytes) {
  SilenceProtobuf();
  const Message message(bytes);
  InsertMessage decoded;
  if (!decoded.Decode(message.pieces()).ok()) return;
  // What it accepts, protobuf accepts and reads alike.
  v1::InsertRequest request;
  RECBOTS_CHECK(request.ParseFromString(message.whole()));
  if (decoded.kind() == InsertMessage::Kind::kHello) {
    RECBOTS_CHECK(decoded.hello().writer_id() == request.hello().writer_id());
  }
  if (decoded.kind() != InsertMessage::Kind::kBlock) return;
  const BlockView& block = decoded.block();
  RECBOTS_CHECK(block.header.first_sequence == request.block().first_sequence());
  RECBOTS_CHECK(block.header.num_rows == request.block().num_rows());
  RECBOTS_CHECK(Join(block.rows) == request.block().rows() && Join(block.priorities) == request.block().priorities());
  std::vector<float> priorities;
  for (const size_t row_bytes : {size_t{8}, size_t{32}}) {
    BlockView checked = block;
    // No fuzzer guesses a CRC.
    checked.header.crc32c = Crc32cOf(block.priorities, Crc32cOf(block.rows, 0));
    if (!CheckBlock(checked, row_bytes, priorities).ok()) continue;
    RECBOTS_CHECK(SizeOf(block.rows) == static_cast<size_t>(block.header.num_rows) * row_bytes);
    RECBOTS_CHECK(priorities.empty() || priorities.size() == static_cast<size_t>(block.header.num_rows));
    for (const float priority : priorities) RECBOTS_CHECK(std::isfinite(priority) && priority >= 0);
  }
}

std::vector<std::string> InsertBlockSeeds() {
  v1::InsertRequest hello;
  hello.mutable_hello()->set_writer_id("0123456789abcdef");
  v1::InsertRequest block;
  block.mutable_block()->set_first_sequence(17);
  block.mutable_block()->set_num_rows(4);
  block.mutable_block()->set_rows(std::string(128, 'r'));
  const float priorities[] = {1, 2, 0, 0.5F};
  block.mutable_block()->set_priorities(priorities, sizeof(priorities));
  block.mutable_block()->set_crc32c(1);
  v1::InsertRequest commit;
  commit.mutable_commit();
  std::vector<std::string> seeds;
  for (const v1::InsertRequest& request : {hello, block, commit}) {
    for (const char length : {'\x03', '\x7f'}) seeds.push_back(length + request.SerializeAsString());
  }
  return seeds;
}

void FuzzSampleBatch(absl::string_view bytes) {
  SilenceProtobuf();
  const Message message(bytes);
  SampleMessage decoded;
  if (!decoded.Decode(message.pieces()).ok()) return;
  v1::SampleBatch batch;
  RECBOTS_CHECK(batch.ParseFromString(message.whole()));
  RECBOTS_CHECK(decoded.has_header() == batch.has_header() && decoded.last_part() == batch.last_part());
  RECBOTS_CHECK(Join(decoded.columns()) == batch.columns());
  if (decoded.has_header()) {
    RECBOTS_CHECK(decoded.header().SerializeAsString() == batch.header().SerializeAsString());
  }
}

std::vector<std::string> SampleBatchSeeds() {
  v1::SampleBatch first;
  for (uint64_t key = 1; key <= 3; ++key) first.mutable_header()->add_keys(key);
  first.set_columns(std::string(96, 'c'));
  v1::SampleBatch last;
  last.set_columns("the rest");
  last.set_last_part(true);
  std::vector<std::string> seeds;
  for (const v1::SampleBatch& batch : {first, last}) {
    for (const char length : {'\x03', '\x7f'}) seeds.push_back(length + batch.SerializeAsString());
  }
  return seeds;
}

}  // namespace recbots::replay
