#include "replay/report/replay_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "absl/strings/match.h"
#include "tests/replay/support/raw_streams.h"

namespace recbots::replay {
namespace {

using ::testing::HasSubstr;

// All sections as text.
std::string Text(const v1::InfoResponse& info) {
  std::string text;
  for (const StatusSection& section : ReplayPages(info)) {
    absl::StrAppend(&text, section.title, "\n");
    for (const auto& [name, value] : section.rows) absl::StrAppend(&text, name, ": ", value, "\n");
  }
  return text;
}

TEST(ReplayMetricsTest, FollowsTablesAndStreams) {
  ReplayServer server({.name = "first", .capacity_rows = 20, .sampler = SelectorKind::kPrioritized}, {},
                      {{.name = "second"}});
  Metrics metrics({"replay"});
  ReplayMetrics report(&metrics, &server.store(), &server.service(), nullptr);
  RawWriter writer(server, MakeHello(1));
  v1::InsertRequest block = MakeBlock(0, 30);
  block.mutable_block()->set_weights_version(7);
  writer.Send(block);
  writer.ReceiveRows(30);
  block.mutable_block()->set_crc32c(0);
  writer.Send(block);
  writer.ReceiveRefusal();
  RawReader reader(server, MakeFirst(5, 1, {5}));
  v1::SampleCredit credit = MakeCredit(1, {0});
  credit.add_keys(reader.Receive().header().keys(0));
  credit.add_keys(99);
  credit.add_keys(99);
  for (const float priority : {1.f, 1.f, -1.f}) credit.add_priorities(priority);
  reader.Send(credit);
  reader.Receive();
  v1::SampleCredit look = MakeFirst(8, 1, {8});
  look.set_observe(true);
  RawReader observer(server, look);
  observer.Receive();

  report.Refresh();
  const std::string text = metrics.Text();
  for (const char* line :
       {"recbots_replay_rows{table=\"first\"} 20\n", "recbots_replay_rows{table=\"second\"} 0\n",
        "recbots_replay_inserted_rows_total{table=\"first\"} 30\n",
        "recbots_replay_evicted_rows_total{table=\"first\"} 10\n",
        "recbots_replay_sampled_rows_total{table=\"first\"} 5\n",
        "recbots_replay_refused_blocks_total{table=\"first\"} 1\n", "recbots_replay_writers{table=\"first\"} 1\n",
        "recbots_replay_observers{table=\"first\"} 1\n", "recbots_replay_observed_rows_total{table=\"first\"} 8\n",
        "recbots_replay_readers{table=\"first\"} 1\n", "recbots_replay_weights_version{table=\"first\"} 7\n",
        "recbots_replay_priorities_total{outcome=\"updated\",table=\"first\"} 1\n",
        "recbots_replay_priorities_total{outcome=\"stale\",table=\"first\"} 1\n",
        "recbots_replay_priorities_total{outcome=\"refused\",table=\"first\"} 1\n",
        "recbots_replay_blocked_seconds_total{reason=\"checkpoint\",table=\"second\"} 0\n",
        "recbots_replay_checkpoints_total 0\n"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
}

// Prometheus takes a counter that falls for one that began again at 0: what a checkpoint brought would count twice.
TEST(ReplayMetricsTest, CountersAreOfTheProcessAndNotOfTheStore) {
  const std::string directory = testing::TempDir() + "/replay_report_restored";
  std::filesystem::remove_all(directory);
  ReplayServer server({}, {}, {}, {.directory = directory, .interval = absl::ZeroDuration()});
  Fill(server.table(), 1000);
  ASSERT_TRUE(server.checkpointer().Checkpoint(Patience()).ok());
  server.Kill();
  server.Start();
  ASSERT_EQ(server.table().state().inserted, 1000);
  Metrics metrics({"replay"});
  ReplayMetrics report(&metrics, &server.store(), &server.service(), &server.checkpointer());
  EXPECT_EQ(metrics.counter(metric::kReplayInserted, "transitions").Value(), 0);
  EXPECT_EQ(metrics.gauge(metric::kReplayRows, "transitions").Value(), 1000);
  Fill(server.table(), 10);
  report.Refresh();
  EXPECT_EQ(metrics.counter(metric::kReplayInserted, "transitions").Value(), 10);
  std::filesystem::remove_all(directory);
}

TEST(ReplayMetricsTest, FollowsCheckpoints) {
  const std::string directory = testing::TempDir() + "/replay_report";
  std::filesystem::remove_all(directory);
  ReplayServer server({}, {}, {}, {.directory = directory, .interval = absl::ZeroDuration()});
  Fill(server.table(), 1000);
  Metrics metrics({"replay"});
  ReplayMetrics report(&metrics, &server.store(), &server.service(), &server.checkpointer());
  ASSERT_TRUE(server.checkpointer().Checkpoint(Patience()).ok());
  report.Refresh();
  EXPECT_EQ(metrics.counter(metric::kReplayCheckpoints).Value(), 1);
  EXPECT_GE(metrics.counter(metric::kReplayCheckpointBytes).Value(), 32'000);
  EXPECT_EQ(metrics.counter(metric::kReplayCheckpointFailures).Value(), 0);
  EXPECT_GT(metrics.gauge(metric::kReplayCheckpointDuration).Value(), 0);
  EXPECT_GE(metrics.gauge(metric::kReplayCheckpointAge).Value(), 0);
  EXPECT_THAT(Text(server.service().info()), HasSubstr("newest: number 1, "));
  std::filesystem::remove_all(directory);
}

TEST(ReplayPagesTest, SayWhoWaitsForWhat) {
  ReplayServer server({.rate_limiter = {.min_size = 10, .samples_per_insert = 1, .error_buffer = 10}}, {},
                      {{.name = "second", .sampler = SelectorKind::kPrioritized}});
  RawWriter writer(server, MakeHello(1));
  writer.Send(MakeBlock(0, 25));
  writer.ReceiveBlocked(v1::BLOCKED_ON_SPI_INSERT);
  // A wait that has lasted no time is none to be shown.
  std::string text;
  ASSERT_TRUE(Eventually([&] {
    text = Text(server.service().info());
    return absl::StrContains(text, "waited so far: spi_insert ");
  }));
  EXPECT_THAT(text, HasSubstr("Table transitions\nrows: 20 of 100000\n"));
  EXPECT_THAT(text, HasSubstr("row: 32 bytes: writer int64, sequence int64, payload float32 [4]\n"));
  EXPECT_THAT(text, HasSubstr("1 samples per insert from 10 rows on; inserts x ratio - samples is 20, want 0..20\n"));
  EXPECT_THAT(text, HasSubstr("transitions: writers 1; inserts wait for spi_insert, samples for none; waited so far: "
                              "spi_insert "));
  EXPECT_THAT(text, HasSubstr("second: writers 0; inserts wait for none, samples for min_size; waited so far: never"));
  EXPECT_THAT(text, HasSubstr("experiment: not known of which one the rows are\n"));
  EXPECT_THAT(text, HasSubstr("kept in: nowhere (--checkpoint_dir)\n"));
  EXPECT_THAT(text, HasSubstr("Writers (1)\nraw1 at ipv4:127.0.0.1:"));
  EXPECT_THAT(text, HasSubstr("transitions: 20 rows, 0 durable, weights 0, waits for spi_insert ("));
}

TEST(ReplayPagesTest, SayThatASchemaIsNotKnownYet) {
  ReplayServer server({}, {}, {}, {}, std::optional<Store::SchemaCheck>(nullptr));
  Metrics metrics({"replay"});
  ReplayMetrics report(&metrics, &server.store(), &server.service(), nullptr);
  EXPECT_THAT(metrics.Text(), HasSubstr("recbots_replay_rows{table=\"transitions\"} 0\n"));
  const std::string text = Text(server.service().info());
  EXPECT_THAT(text, HasSubstr("Table transitions\nrows: 0 of 100000\n"));
  EXPECT_THAT(text, HasSubstr("row: schema not known yet: the first writer, reader or checkpoint states it\n"));
  EXPECT_THAT(text, HasSubstr("transitions: writers 0; inserts wait for none, samples for min_size; "));
  RawWriter writer(server, MakeHello(1));
  writer.Send(MakeBlock(0, 30));
  writer.ReceiveRows(30);
  report.Refresh();
  EXPECT_THAT(metrics.Text(), HasSubstr("recbots_replay_inserted_rows_total{table=\"transitions\"} 30\n"));
  EXPECT_THAT(Text(server.service().info()), HasSubstr("row: 32 bytes: writer int64"));
}

TEST(ReplayPagesTest, ListNoMoreWritersThanOneReadsAndThoseThatWaitFirst) {
  v1::InfoResponse info;
  for (int i = 0; i < 60; ++i) {
    v1::WriterInfo& writer = *info.add_writers();
    writer.set_name(absl::StrCat("writer", i));
    writer.set_blocked_on(i == 59 ? v1::BLOCKED_ON_CAPACITY : v1::BLOCKED_ON_NONE);
    writer.set_blocked_seconds(i == 59 ? 3 : 0);
  }
  const StatusSection section = ReplayPages(info).back();
  EXPECT_EQ(section.title, "Writers (60)");
  ASSERT_EQ(section.rows.size(), kMaxWritersListed + 1);
  EXPECT_THAT(section.rows[0].first, HasSubstr("writer59"));
  EXPECT_THAT(section.rows[0].second, HasSubstr("waits for capacity (3.0 s)"));
  EXPECT_EQ(section.rows.back().second, "10 more");
}

}  // namespace
}  // namespace recbots::replay
