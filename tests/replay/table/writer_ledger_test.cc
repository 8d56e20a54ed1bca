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

}  // namespace
}  // namespace recbots::replay
