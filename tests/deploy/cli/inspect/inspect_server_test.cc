// What `recbots inspect` says of a server, and what it asks of one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>

#include "common/base/instant.h"
#include "common/rpc/rpc_server.h"
#include "deploy/cli/inspect/limiter_change.h"
#include "deploy/cli/inspect/message_json.h"
#include "deploy/cli/inspect/replay_admin_client.h"
#include "deploy/cli/inspect/server_report.h"
#include "recbots/v1/weights.grpc.pb.h"

namespace recbots {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

Instant Soon() { return Instant::Now() + absl::Seconds(20); }

// Two tables; the first holds `inserted` rows of which each is to be sampled 8 times.
v1::InfoResponse MakeInfo(int64_t inserted, double uptime_seconds) {
  v1::InfoResponse info;
  info.set_store_id(0xabcdef);
  info.set_version("1.2.3");
  info.set_uptime_seconds(uptime_seconds);
  info.set_checkpoint_directory("/var/shard-0");
  info.set_checkpoint_sequence(12);
  info.set_checkpoint_age_seconds(34.25);
  info.set_readers(1);
  v1::TableInfo& table = *info.add_tables();
  table.set_name("transitions");
  table.set_capacity_rows(1'000'000);
  table.set_bytes(40'000'000);
  table.set_sampler("prioritized");
  table.set_remover("fifo");
  table.set_min_size(100);
  table.set_samples_per_insert(8);
  table.set_min_diff(-200);
  table.set_max_diff(1800);
  table.set_inserts_blocked_on(v1::BLOCKED_ON_SPI_INSERT);
  table.set_samples_blocked_on(v1::BLOCKED_ON_NONE);
  v1::BlockedTime& blocked = *table.add_blocked();
  blocked.set_reason(v1::BLOCKED_ON_SPI_INSERT);
  blocked.set_seconds(12.5);
  auto& column = *table.mutable_schema()->add_columns();
  column.set_name("reward");
  column.set_dtype(v1::DTYPE_FLOAT32);
  v1::TableState& state = *table.mutable_state();
  state.set_incarnation(7);
  state.set_rows(inserted);
  state.set_inserted(inserted);
  state.set_sampled(inserted * 8 - 800);
  v1::WriterInfo& writer = *info.add_writers();
  writer.set_name("host/1");
  writer.set_table("transitions");
  writer.set_peer("unix:");
  writer.set_acknowledged_rows(inserted);
  writer.set_durable_rows(inserted - 300);
  writer.set_blocked_on(v1::BLOCKED_ON_SPI_INSERT);
  writer.set_blocked_seconds(1.5);
  writer.set_idle_seconds(2.25);
  info.add_tables()->set_name("other");
  return info;
}

ServerReport MakeReport() { return {"replay:7001", MakeInfo(10'000, 100), MakeInfo(12'000, 102)}; }

TEST(ServerReportTest, TextHasSizesRatesLimiterReasonsAndWriters) {
  const std::string text = ReportText(MakeReport());
  EXPECT_THAT(text, AllOf(HasSubstr("replay at replay:7001: version 1.2.3, up 1m42s, store 0000000000abcdef"),
                          HasSubstr("/var/shard-0, number 12, 34.2s old"), HasSubstr("12.0k of 1.00M rows (1.2 %)"),
                          HasSubstr("inserted    12.0k (1.00k/s)"), HasSubstr("sampled     95.2k (8.00k/s)")));
  EXPECT_THAT(text, HasSubstr("8 samples per insert, at 800 of -200..1800 (50 %: 0 samples wait, 100 inserts wait)"));
  EXPECT_THAT(text, HasSubstr("inserts wait for spi_insert, samples for nothing; spi_insert 12.5s so far"));
  EXPECT_THAT(text, HasSubstr("writer host/1 (unix:): table transitions, 12.0k rows, 300 not yet durable"));
  EXPECT_THAT(text, HasSubstr("waits for spi_insert since 1.5s, last block 2.2s ago"));
}

TEST(ServerReportTest, SaysWhenCheckpointsFailOrAreNotKept) {
  ServerReport report = MakeReport();
  report.now.set_checkpoint_error("no space left on 'segment'");
  EXPECT_THAT(ReportText(report), HasSubstr("THE LAST ONE FAILED: no space left on 'segment'"));
  report.now.set_checkpoint_age_seconds(-1);
  EXPECT_THAT(ReportText(report), HasSubstr("none yet"));
  report.now.clear_checkpoint_directory();
  EXPECT_THAT(ReportText(report), HasSubstr("none kept (no --checkpoint_dir)"));
  report.now.mutable_tables(0)->clear_schema();
  EXPECT_THAT(ReportText(report),
              HasSubstr("row         schema not known yet: the first writer, reader or checkpoint"));
}

TEST(ServerReportTest, ARestartedServerHasNoRates) {
  ServerReport report = MakeReport();
  ASSERT_TRUE(KeepTable("transitions", report).ok());
  report.now.mutable_tables(0)->mutable_state()->set_incarnation(8);
  EXPECT_THAT(ReportText(report), Not(HasSubstr("/s)")));
  EXPECT_TRUE(ReportJson(report)["tables"][0]["rates"].is_null());
}

TEST(ServerReportTest, JsonIsOneObjectWithNumbers) {
  const nlohmann::json json = nlohmann::json::parse(ReportJson(MakeReport()).dump());
  EXPECT_EQ(json["address"], "replay:7001");
  EXPECT_EQ(json["store_id"], "0000000000abcdef");
  const nlohmann::json& table = json["tables"][0];
  EXPECT_EQ(table["state"]["inserted"], 12'000);
  EXPECT_EQ(table["inserts_blocked_on"], "spi_insert");
  EXPECT_EQ(table["limiter_position"], 800.0);
  EXPECT_EQ(table["rates"]["inserted"], 1000.0);
  EXPECT_EQ(table["schema"]["columns"][0]["dtype"], "float32");
  EXPECT_EQ(table["blocked"][0]["seconds"], 12.5);
  EXPECT_EQ(json["writers"][0]["durable_lag"], 300);
}

TEST(ServerReportTest, KeepsOneTableAndItsWriters) {
  ServerReport report = MakeReport();
  ASSERT_TRUE(KeepTable("other", report).ok());
  EXPECT_EQ(report.now.tables_size(), 1);
  EXPECT_EQ(report.now.tables(0).name(), "other");
  EXPECT_EQ(report.now.writers_size(), 0);
  const absl::Status missing = KeepTable("nowhere", report);
  EXPECT_EQ(missing.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(missing.message()), AllOf(HasSubstr("'nowhere'"), HasSubstr("other")));
}

TEST(LimiterChangeTest, WhatIsNotNamedStays) {
  const v1::TableInfo table = MakeInfo(10, 1).tables(0);
  const auto change = ParseLimiterChange("samples_per_insert=4", table);
  ASSERT_TRUE(change.ok()) << change.status();
  EXPECT_EQ(change->table(), "transitions");
  EXPECT_EQ(change->min_size(), 100);
  EXPECT_EQ(change->samples_per_insert(), 4);
  EXPECT_EQ(change->error_buffer(), 1000);
  const auto all = ParseLimiterChange("error_buffer=0.5,min_size=7,samples_per_insert=1e-3", table);
  ASSERT_TRUE(all.ok()) << all.status();
  EXPECT_EQ(all->min_size(), 7);
  EXPECT_EQ(all->error_buffer(), 0.5);
}

TEST(LimiterChangeTest, RefusesWhatCannotBeMeant) {
  const v1::TableInfo table = MakeInfo(10, 1).tables(0);
  for (const char* text : {"", "min_size", "min_size=", "min_size=1.5", "size=3", "samples_per_insert=nan",
                           "error_buffer=inf", "min_size=1,min_size=2", "min_size=1,"}) {
    EXPECT_EQ(ParseLimiterChange(text, table).status().code(), absl::StatusCode::kInvalidArgument) << text;
  }
}

// A server that answers after it was away.
class AdminService : public v1::ReplayService::Service {
 public:
  grpc::Status Info(grpc::ServerContext*, const v1::InfoRequest*, v1::InfoResponse* response) override {
    if (++calls == 1) return {grpc::StatusCode::UNAVAILABLE, "draining"};
    *response = MakeInfo(10, 1);
    return grpc::Status::OK;
  }
  grpc::Status SetRateLimiter(grpc::ServerContext*, const v1::SetRateLimiterRequest* request,
                              v1::SetRateLimiterResponse*) override {
    changed = *request;
    return grpc::Status::OK;
  }
  grpc::Status Checkpoint(grpc::ServerContext*, const v1::CheckpointRequest*, v1::CheckpointResponse*) override {
    ++checkpoints;
    return {grpc::StatusCode::RESOURCE_EXHAUSTED, "no space left"};
  }
  std::atomic<int> calls{0}, checkpoints{0};
  v1::SetRateLimiterRequest changed;
};

TEST(ReplayAdminTest, TriesInfoAgainAndAdminCallsOnce) {
  AdminService service;
  auto server = RpcServer::Start({}, {&service});
  ASSERT_TRUE(server.ok()) << server.status();
  ReplayAdminClient replay((*server)->address(), nullptr);
  const auto info = replay.Info(Soon());
  ASSERT_TRUE(info.ok()) << info.status();
  EXPECT_EQ(info->tables_size(), 2);
  const absl::Status full = replay.Checkpoint(Soon()).status();
  EXPECT_EQ(full.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(full.message()), AllOf(HasSubstr((*server)->address()), HasSubstr("no space left")));
  EXPECT_EQ(service.checkpoints, 1);
  v1::SetRateLimiterRequest change;
  change.set_min_size(5);
  EXPECT_TRUE(replay.SetRateLimiter(change, Soon()).ok());
  EXPECT_EQ(service.changed.min_size(), 5);
}

TEST(ReplayAdminTest, SaysWhoDoesNotAnswerAndWhoIsNoReplay) {
  std::string address;
  {
    v1::WeightsService::Service learner;
    auto server = RpcServer::Start({}, {&learner});
    ASSERT_TRUE(server.ok()) << server.status();
    address = (*server)->address();
    const absl::Status status = ReplayAdminClient(address, nullptr).Info(Soon()).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kUnimplemented);
    EXPECT_THAT(std::string(status.message()), HasSubstr("replay at " + address + " is no replay server"));
  }
  const absl::Status status =
      ReplayAdminClient(address, nullptr).Info(Instant::Now() + absl::Milliseconds(300)).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr(address));
}

}  // namespace
}  // namespace recbots
