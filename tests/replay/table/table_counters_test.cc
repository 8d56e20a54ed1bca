#include "replay/table/table_counters.h"

#include <gtest/gtest.h>

#include <iterator>
#include <set>
#include <string>

#include "recbots/v1/checkpoint.pb.h"
#include "recbots/v1/replay.pb.h"

namespace recbots::replay {
namespace {

TEST(TableCountersTest, AllAreInTheList) {
  EXPECT_EQ(std::size(kTableCounters) * sizeof(int64_t), sizeof(TableCounters));
  std::set<std::string> names;
  TableCounters counters;
  for (const auto& [name, member] : kTableCounters) {
    EXPECT_TRUE(names.insert(name).second) << name << " is there twice";
    EXPECT_EQ(counters.*member, 0) << name << ": its member is there twice";
    counters.*member = 1;
  }
}

TEST(TableCountersTest, ComeBackFromACheckpoint) {
  v1::FrozenTable header;
  int64_t value = 1;
  for (const auto& [name, member] : kTableCounters) SetCounter(name, value++, header);
  const TableCounters read = ReadCounters(header);
  value = 1;
  for (const auto& [name, member] : kTableCounters) EXPECT_EQ(read.*member, value++) << name;
  // Fields of the format, and not by name.
  EXPECT_EQ(header.inserted(), 1);
  EXPECT_EQ(header.priorities_refused(), 9);
  EXPECT_EQ(header.counters().count("evicted"), 0u);
}

TEST(TableCountersTest, GoByNameWhereThereIsNoField) {
  v1::TableInfo info;
  SetCounter("evicted", 3, info);
  SetCounter("inserted", 7, info);
  EXPECT_EQ(info.evicted(), 3);
  ASSERT_EQ(info.counters().size(), 1u);
  EXPECT_EQ(info.counters().at("inserted"), 7);
  const TableCounters read = ReadCounters(info);
  EXPECT_EQ(read.evicted, 3);
  EXPECT_EQ(read.inserted, 7);
  EXPECT_EQ(read.sampled, 0);
}

}  // namespace
}  // namespace recbots::replay
