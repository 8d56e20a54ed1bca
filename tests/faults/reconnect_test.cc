// Connections that break a thousand times, at any byte.
#include <gtest/gtest.h>

#include <iostream>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/log.h"
#include "tests/faults/cutting_proxy.h"
#include "tests/faults/fault_test.h"

namespace recbots::faults {
namespace {

constexpr int kWriters = 12;
constexpr int kReaders = 4;

class ReconnectTest : public FaultTest {
 protected:
  std::unique_ptr<CuttingProxy> ProxyTo(const Server& server) {
    const int server_port = std::stoi(server.address().substr(server.address().rfind(':') + 1));
    auto proxy =
        CuttingProxy::Start({.port = FreePort(rng().Bits()), .server_port = server_port, .seed = rng().Bits()});
    RECBOTS_CHECK_OK(proxy.status());
    return *std::move(proxy);
  }
};

TEST_F(ReconnectTest, AThousandBrokenConnectionsLoseAndDoubleNothing) {
  Server& server = StartServer({.replay_config = absl::StrCat("table ", QueueTable("written", 4'000'000),
                                                              "more_tables ", QueueTable("read", 4'000'000)),
                                .checkpoints = false});
  ASSERT_TRUE(AwaitServing(server));
  const std::unique_ptr<CuttingProxy> proxy = ProxyTo(server);
  const std::string broken = absl::StrCat("127.0.0.1:", proxy->port());
  LedgerWriter& writer =
      StartWriter({.address = broken, .table = "written", .writer = 1, .streams = kWriters, .rows_per_second = 300});
  // What readers see twice must come from their connections alone: its writer has a good one.
  LedgerWriter& feeder =
      StartWriter({.address = server.address(), .table = "read", .writer = 101, .rows_per_second = 3000});
  std::vector<LedgerReader*> learners;
  for (int i = 0; i < kReaders; ++i) {
    learners.push_back(&StartReader({.address = broken, .table = "read", .batch = 8, .in_flight = 3}));
  }
  const int64_t cuts = 1000 * Rounds(1);
  ASSERT_TRUE(Await(
      absl::StrCat(cuts, " cuts"), [&] { return proxy->cuts() >= cuts; }, absl::Minutes(3) * Rounds(1)));
  proxy->Heal();
  ASSERT_TRUE(Finish({&writer, &feeder}));
  std::vector<Program*> readers_to_end(learners.begin(), learners.end());
  ASSERT_TRUE(Finish(readers_to_end));

  Audit written;
  for (int i = 0; i < kWriters; ++i) written.AddWriter(writer.page(i));
  ASSERT_TRUE(Drain(server, "written", written));
  EXPECT_TRUE(written.NothingStrangeOrDoubled());
  for (int i = 0; i < kWriters; ++i) EXPECT_TRUE(written.HoldsAll(writer.page(i)));

  Audit read;
  read.AddWriter(feeder.page());
  int64_t connections = 0;
  for (const LedgerReader* learner : learners) {
    read.AddReader(learner->process().name(), learner->page(), Audit::kAllBatches);
    connections += learner->page().connections;
  }
  ASSERT_TRUE(Drain(server, "read", read));
  EXPECT_TRUE(read.NothingStrangeOrDoubled());
  EXPECT_TRUE(read.HoldsAll(feeder.page()));
  EXPECT_EQ(server.Table("read").duplicates(), 0);
  // Each break leaves at most the batches that were handed out and not yet known to be.
  EXPECT_LE(read.redelivered(), connections * 8 * learners[0]->unsure_batches());
  std::cout << proxy->cuts() << " cuts; writers connected " << writer.connections() << " times, " << writer.appended()
            << " rows, " << server.Table("written").duplicates() << " came twice and were skipped; learners connected "
            << connections << " times, " << feeder.appended() << " rows, " << read.redelivered() << " read again"
            << std::endl;
}

}  // namespace
}  // namespace recbots::faults
