#include "replay/table/writer_ledger.h"

#include <gtest/gtest.h>

namespace recbots::replay {
namespace {

WriterId Id(uint8_t i) { return WriterId{i}; }

TEST(WriterLedgerTest, RemembersAWriterAcrossItsStreams) {
  WriterLedger ledger(4);
  EXPECT_EQ(ledger.Find(Id(1)), nullptr);
  ASSERT_TRUE(ledger.Open(Id(1)).ok());
  *ledger.Find(Id(1)) = 42;
  ledger.Close(Id(1));
  ASSERT_TRUE(ledger.Open(Id(1)).ok());
  EXPECT_EQ(*ledger.Find(Id(1)), 42);
}

TEST(WriterLedgerTest, ForgetsTheWriterThatClosedFirst) {
  WriterLedger ledger(3);
  for (uint8_t i = 1; i <= 3; ++i) ASSERT_TRUE(ledger.Open(Id(i)).ok());
  ledger.Close(Id(2));
  ledger.Close(Id(1));
  ASSERT_TRUE(ledger.Open(Id(4)).ok());
  EXPECT_EQ(ledger.Find(Id(2)), nullptr);
  EXPECT_NE(ledger.Find(Id(1)), nullptr);
  EXPECT_EQ(ledger.size(), 3);
}

TEST(WriterLedgerTest, NeverForgetsAWriterWithAnOpenStream) {
  WriterLedger ledger(2);
  ASSERT_TRUE(ledger.Open(Id(1)).ok());
  ASSERT_TRUE(ledger.Open(Id(1)).ok());
  ASSERT_TRUE(ledger.Open(Id(2)).ok());
  ledger.Close(Id(1));
  EXPECT_EQ(ledger.Open(Id(3)).code(), absl::StatusCode::kResourceExhausted);
  ledger.Close(Id(1));
  EXPECT_TRUE(ledger.Open(Id(3)).ok());
  ledger.Close(Id(9));  // Unknown: ignored.
}

TEST(WriterLedgerTest, KnowsWhatIsDurable) {
  WriterLedger ledger(4);
  ASSERT_TRUE(ledger.Open(Id(1)).ok());
  ASSERT_TRUE(ledger.Open(Id(2)).ok());
  *ledger.Find(Id(1)) = 100;
  *ledger.Find(Id(2)) = 10;
  EXPECT_EQ(ledger.durable(Id(1)), 0);
  const WriterMark marks[] = {{.id = Id(1), .rows = 60}, {.id = Id(9), .rows = 5}};
  ledger.SetDurable(marks);
  EXPECT_EQ(ledger.durable(Id(1)), 60);
  EXPECT_EQ(ledger.durable(Id(2)), 0);
  EXPECT_EQ(ledger.durable(Id(9)), 0) << "not known";
  *ledger.Find(Id(1)) = 40;  // Forgotten and come back.
  ledger.SetDurable(marks);
  EXPECT_EQ(ledger.durable(Id(1)), 40);
  ledger.SetDurable({});
  EXPECT_EQ(ledger.durable(Id(1)), 0);
}

TEST(WriterLedgerTest, RestoredWritersAreForgottenInTheOldOrder) {
  WriterLedger before(4);
  for (uint8_t i = 1; i <= 4; ++i) {
    ASSERT_TRUE(before.Open(Id(i)).ok());
    *before.Find(Id(i)) = i * 10;
  }
  before.Close(Id(3));
  before.Close(Id(1));  // 2 and 4 stay open.
  WriterLedger after(4);
  ASSERT_EQ(after.Restore(before.Marks()).value(), 0);
  EXPECT_EQ(after.size(), 4);
  EXPECT_EQ(after.durable(Id(2)), 20);
  for (const uint8_t forgotten : {uint8_t{3}, uint8_t{1}}) {
    ASSERT_TRUE(after.Open(Id(static_cast<uint8_t>(forgotten + 100))).ok());
    EXPECT_EQ(after.Find(Id(forgotten)), nullptr);
  }
  EXPECT_EQ(*after.Find(Id(2)), 20);
  WriterLedger small(3);
  EXPECT_EQ(small.Restore(before.Marks()).value(), 1);
  EXPECT_EQ(small.Find(Id(3)), nullptr);
}

TEST(WriterLedgerTest, RefusesMarksThatCannotBe) {
  for (const std::vector<WriterMark>& marks : {std::vector<WriterMark>{{.id = Id(1)}, {.id = Id(1)}},
                                               {{.id = Id(1), .rows = -1}},
                                               {{.id = Id(1), .closed_at = -1}}}) {
    WriterLedger ledger(4);
    EXPECT_EQ(ledger.Restore(marks).status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(ledger.size(), 0);
  }
}

}  // namespace
}  // namespace recbots::replay
