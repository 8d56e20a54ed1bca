// What no client of ours sends, next to clients of ours that must not notice.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <iostream>
#include <limits>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/wire/row_schema_proto.h"
#include "tests/faults/fault_test.h"
#include "tests/faults/raw_client.h"

namespace recbots::faults {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr std::array kBadPriorities = {-1.0f, -std::numeric_limits<float>::min(), kNan, kInfinity, -kInfinity};
constexpr int64_t kMiB = int64_t{1} << 20;

// Good clients work all the time; every test ends with their ledgers.
class HostileClientTest : public FaultTest {
 protected:
  void SetUp() override {
    server_ = &StartServer({.replay_config = absl::StrCat("table ", QueueTable("queue", 1'000'000), "more_tables ",
                                                          PrioritizedTable("prioritized", 20'000, 100), "more_tables ",
                                                          QueueTable("target", 200'000)),
                            .checkpoints = false});
    ASSERT_TRUE(AwaitServing(*server_));
    stub_ = RawStub(server_->address());
    writer_ = &StartWriter({.address = server_->address(), .table = "queue", .writer = 501, .rows_per_second = 2000});
    prioritized_ = &StartWriter({.address = server_->address(),
                                 .table = "prioritized",
                                 .writer = 502,
                                 .rows_per_second = 2000,
                                 .priorities = true});
    learner_ = &StartReader({.address = server_->address(), .table = "prioritized", .prioritized = true});
    ASSERT_TRUE(GoodClientsGoOn());
  }

  testing::AssertionResult GoodClientsGoOn() {
    const int64_t rows = writer_->acknowledged() + 200;
    const int64_t more = prioritized_->acknowledged() + 200;
    const int64_t batches = learner_->page().batches + 20;
    return Await("progress of good clients", [&, rows, more, batches] {
      return writer_->acknowledged() >= rows && prioritized_->acknowledged() >= more &&
             learner_->page().batches >= batches;
    });
  }

  void TearDown() override {
    if (!HasFatalFailure()) CheckGoodClients();
    FaultTest::TearDown();
  }
  void CheckGoodClients() {
    ASSERT_TRUE(GoodClientsGoOn());
    ASSERT_TRUE(Finish({writer_, prioritized_, learner_}));
    for (const LedgerWriter* writer : {writer_, prioritized_}) EXPECT_EQ(writer->connections(), 1);
    EXPECT_EQ(learner_->page().connections, 1);
    EXPECT_EQ(learner_->page().bad_rows, 0);
    EXPECT_EQ(learner_->page().bad_probabilities, 0);
    Audit audit;
    audit.AddWriter(writer_->page());
    ASSERT_TRUE(Drain(*server_, "queue", audit));
    EXPECT_TRUE(audit.NothingStrangeOrDoubled());
    EXPECT_TRUE(audit.HoldsAll(writer_->page()));
    stub_.reset();  // Nobody looks after its idle connection: the server would wait for that one for its grace.
    EXPECT_TRUE(Finish({&server_->program()}));
  }

  // The stream takes a good block where the bad one was.
  void ExpectLivesOn(RawWriter& raw, int64_t writer, int64_t first) {
    ASSERT_TRUE(raw.Send(MakeBlock(writer, first, 3)));
    EXPECT_TRUE(raw.AwaitAcknowledged(first + 3));
  }

  Server* server_ = nullptr;
  std::unique_ptr<v1::ReplayService::Stub> stub_;
  LedgerWriter* writer_ = nullptr;
  LedgerWriter* prioritized_ = nullptr;
  LedgerReader* learner_ = nullptr;
};

TEST_F(HostileClientTest, PrioritiesThatAreNoneAreRefusedAtInsertAndTheStreamLivesOn) {
  RawWriter raw(*stub_, MakeHello("prioritized", 1));
  int64_t next = 0;
  for (const float bad : kBadPriorities) {
    SCOPED_TRACE(bad);
    const std::array priorities = {1.0f, bad, 2.0f};
    ASSERT_TRUE(raw.Send(MakeBlock(1, next, 3, priorities)));
    const v1::BlockRefusal refusal = raw.ReadRefusal().refusal();
    EXPECT_EQ(refusal.code(), grpc::INVALID_ARGUMENT);
    EXPECT_EQ(refusal.first_sequence(), next);
    EXPECT_THAT(refusal.message(), HasSubstr("priority"));
    ExpectLivesOn(raw, 1, next);
    next += 3;
  }
  EXPECT_TRUE(raw.Finish().ok());
  EXPECT_EQ(server_->Table("prioritized").refused_blocks(), static_cast<int64_t>(kBadPriorities.size()));
}

TEST_F(HostileClientTest, PrioritiesThatAreNoneAreRefusedForTheirRowOnly) {
  RawReader reader(*stub_, MakeFirstCredit("prioritized", 64, 2));
  v1::SampleCredit order;
  order.add_rows(64);
  ASSERT_TRUE(reader.Send(order));
  const v1::SampleHeader batch = reader.Read();
  ASSERT_EQ(batch.num_rows(), 64);
  // Those of the learner that runs beside this never reach the server.
  ASSERT_EQ(server_->Table("prioritized").state().priorities_refused(), 0);

  grpc::ClientContext context;
  v1::UpdatePrioritiesRequest request;
  request.set_table("prioritized");
  for (size_t i = 0; i < kBadPriorities.size(); ++i) {
    request.add_keys(batch.keys(static_cast<int>(i)));
    request.add_priorities(kBadPriorities[i]);
  }
  request.add_keys(batch.keys(10));
  request.add_priorities(3);
  v1::UpdatePrioritiesResponse response;
  const grpc::Status status = stub_->UpdatePriorities(&context, request, &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(response.updated() + response.stale(), 1);
  EXPECT_EQ(response.refused(), static_cast<int64_t>(kBadPriorities.size()));
  EXPECT_THAT(response.refusal(), HasSubstr("-1"));

  v1::SampleCredit credit;
  credit.set_acknowledged_batches(1);
  credit.add_rows(64);
  for (size_t i = 0; i < kBadPriorities.size(); ++i) {
    credit.add_keys(batch.keys(static_cast<int>(i)));
    credit.add_priorities(kBadPriorities[i]);
  }
  credit.add_keys(batch.keys(11));
  credit.add_priorities(0.5f);
  ASSERT_TRUE(reader.Send(credit));
  const v1::SampleHeader next = reader.Read();
  EXPECT_EQ(next.num_rows(), 64);
  EXPECT_EQ(next.table().priorities_refused(), 2 * static_cast<int64_t>(kBadPriorities.size()));
  EXPECT_TRUE(reader.Finish().ok());
}

TEST_F(HostileClientTest, ABlockWithAWrongChecksumIsRefusedWholeWithWhatFollows) {
  RawWriter raw(*stub_, MakeHello("target", 2));
  ExpectLivesOn(raw, 2, 0);
  v1::InsertBlock bad = MakeBlock(2, 3, 5);
  bad.mutable_rows()->at(123) ^= 1;
  ASSERT_TRUE(raw.Send(bad));
  ASSERT_TRUE(raw.Send(MakeBlock(2, 8, 5)));  // Good, but its place is not there yet.
  const v1::InsertAck ack = raw.ReadRefusal();
  EXPECT_EQ(ack.refusal().code(), grpc::DATA_LOSS);
  EXPECT_EQ(ack.refusal().first_sequence(), 3);
  EXPECT_EQ(ack.acknowledged_rows(), 3);
  ASSERT_TRUE(raw.Send(MakeBlock(2, 3, 5)));
  ASSERT_TRUE(raw.Send(MakeBlock(2, 8, 5)));
  EXPECT_TRUE(raw.AwaitAcknowledged(13));
  EXPECT_TRUE(raw.Finish().ok());
  EXPECT_EQ(server_->Table("target").state().rows(), 13);
}

TEST_F(HostileClientTest, BlocksThatDoNotFitTheirCountOrTheirBoundsAreRefused) {
  std::vector<v1::InsertBlock> bad(6);
  bad[0] = MakeBlock(3, 0, 4);
  bad[0].set_num_rows(5);
  bad[1] = MakeBlock(3, 0, 4);
  bad[1].set_num_rows(0);
  bad[2] = MakeBlock(3, 0, 4);
  bad[2].set_num_rows(-1);
  bad[3] = MakeBlock(3, 0, 4, std::array{1.0f, 2.0f, 3.0f});
  bad[4] = MakeBlock(3, 0, 5 * kMiB / static_cast<int64_t>(sizeof(LedgerRow)));
  bad[5] = MakeBlock(3, -7, 4);
  for (size_t i = 0; i < bad.size(); ++i) {
    SCOPED_TRACE(i);
    RawWriter raw(*stub_, MakeHello("target", static_cast<int64_t>(30 + i)));
    ASSERT_TRUE(raw.Send(bad[i]));
    const v1::InsertAck ack = raw.ReadRefusal();
    if (ack.has_refusal()) {
      EXPECT_EQ(ack.refusal().code(), grpc::INVALID_ARGUMENT);
      ExpectLivesOn(raw, 3, 0);
      EXPECT_TRUE(raw.Finish().ok());
    } else {
      EXPECT_EQ(raw.Finish().error_code(), grpc::INVALID_ARGUMENT);
    }
  }
}

TEST_F(HostileClientTest, AnOversizedMessageEndsItsStreamOnly) {
  RawWriter raw(*stub_, MakeHello("target", 4));
  ExpectLivesOn(raw, 4, 0);
  raw.Send(MakeBlock(4, 3, 40 * kMiB / static_cast<int64_t>(sizeof(LedgerRow))));
  const grpc::Status status = raw.Finish();
  EXPECT_EQ(status.error_code(), grpc::RESOURCE_EXHAUSTED) << status.error_message();
  EXPECT_LT(server_->program().process().ResidentBytes(), 128 * kMiB);
  RawWriter again(*stub_, MakeHello("target", 4));
  EXPECT_EQ(again.Read().acknowledged_rows(), 3);
  ExpectLivesOn(again, 4, 3);
  EXPECT_TRUE(again.Finish().ok());
}

TEST_F(HostileClientTest, AWrongSchemaIsRefusedAndNamed) {
  v1::RowSchema wrong = RowSchemaToProto(LedgerSchema());
  wrong.mutable_columns(4)->set_shape(0, 18);
  v1::WriterHello hello = MakeHello("target", 5);
  *hello.mutable_schema() = wrong;
  grpc::Status status = RawWriter(*stub_, hello).Finish();
  EXPECT_EQ(status.error_code(), grpc::FAILED_PRECONDITION);
  EXPECT_THAT(status.error_message(), AllOf(HasSubstr("payload"), HasSubstr("18"), HasSubstr("19")));
  v1::SampleCredit first = MakeFirstCredit("target", 8, 1);
  *first.mutable_schema() = wrong;
  status = RawReader(*stub_, first).Finish();
  EXPECT_EQ(status.error_code(), grpc::FAILED_PRECONDITION);
  EXPECT_THAT(status.error_message(), HasSubstr("payload"));
}

TEST_F(HostileClientTest, MalformedBeginningsAreRefused) {
  v1::WriterHello hello = MakeHello("no such table", 6);
  grpc::Status status = RawWriter(*stub_, hello).Finish();
  EXPECT_EQ(status.error_code(), grpc::NOT_FOUND);
  EXPECT_THAT(status.error_message(), AllOf(HasSubstr("no such table"), HasSubstr("target")));
  for (const std::string& id : {std::string(), std::string("short"), std::string(1000, 'x')}) {
    hello = MakeHello("target", 6);
    hello.set_writer_id(id);
    EXPECT_EQ(RawWriter(*stub_, hello).Finish().error_code(), grpc::INVALID_ARGUMENT) << id.size();
  }
  EXPECT_EQ(RawReader(*stub_, MakeFirstCredit("no such table", 8, 1)).Finish().error_code(), grpc::NOT_FOUND);
  EXPECT_EQ(RawReader(*stub_, MakeFirstCredit("target", -1, 1)).Finish().error_code(), grpc::INVALID_ARGUMENT);
  EXPECT_EQ(RawReader(*stub_, MakeFirstCredit("target", 1 << 20, 1)).Finish().error_code(), grpc::INVALID_ARGUMENT);
  EXPECT_EQ(RawReader(*stub_, MakeFirstCredit("target", 8, 0)).Finish().error_code(), grpc::INVALID_ARGUMENT);
  EXPECT_EQ(RawReader(*stub_, MakeFirstCredit("target", 8, 100'000)).Finish().error_code(), grpc::INVALID_ARGUMENT);
}

TEST_F(HostileClientTest, OrdersOutOfBoundsEndTheirStreamOnly) {
  const auto end_of = [this](const v1::SampleCredit& credit) {
    RawReader reader(*stub_, MakeFirstCredit("prioritized", 8, 1));
    reader.Send(credit);
    return reader.Finish().error_code();
  };
  v1::SampleCredit credit;
  credit.add_rows(9);
  EXPECT_EQ(end_of(credit), grpc::INVALID_ARGUMENT);
  credit.Clear();
  credit.add_rows(-1);
  EXPECT_EQ(end_of(credit), grpc::INVALID_ARGUMENT);
  credit.Clear();
  for (int i = 0; i < 50; ++i) credit.add_rows(8);
  EXPECT_EQ(end_of(credit), grpc::INVALID_ARGUMENT);
  credit.Clear();
  credit.add_keys(1);
  EXPECT_EQ(end_of(credit), grpc::INVALID_ARGUMENT);
  credit.Clear();
  credit.set_acknowledged_batches(1'000'000);
  EXPECT_EQ(end_of(credit), grpc::INVALID_ARGUMENT);
}

// Many more bytes than the window grants, and not one acknowledgement read.
TEST_F(HostileClientTest, AWriterThatNeverReadsTakesNoMemory) {
  constexpr int64_t kBlocks = 20'000;
  RawWriter raw(*stub_, MakeHello("target", 7));
  for (int64_t i = 0; i < kBlocks; ++i) ASSERT_TRUE(raw.Send(MakeBlock(7, 4 * i, 4))) << i;
  ASSERT_TRUE(GoodClientsGoOn());
  EXPECT_LT(server_->program().process().ResidentBytes(), 192 * kMiB);
  EXPECT_TRUE(raw.AwaitAcknowledged(4 * kBlocks));
  EXPECT_TRUE(raw.Finish().ok());
  EXPECT_EQ(server_->Table("target").state().rows(), 4 * kBlocks);
}

}  // namespace
}  // namespace recbots::faults
