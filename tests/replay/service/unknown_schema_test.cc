// Tables of transitions on a server that learns the schema of their rows from its first client or from a checkpoint.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>

#include "common/base/thread.h"
#include "common/wire/experiment_identity.h"
#include "tests/replay/support/raw_streams.h"

namespace recbots::replay {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

v1::ExperimentIdentity IdentityWith(const std::string& seed) { return MakeIdentity({{"environment.seed", seed}}); }

RowSchema Wide(int32_t width) { return RowSchema::Create({{"x", DType::kFloat32, {width}}}).value(); }

v1::InsertRequest HelloOf(const RowSchema& schema, const v1::ExperimentIdentity& identity, uint8_t writer = 1) {
  v1::InsertRequest hello = MakeHello(writer);
  *hello.mutable_hello()->mutable_schema() = RowSchemaToProto(schema);
  *hello.mutable_hello()->mutable_identity() = identity;
  return hello;
}

v1::SampleCredit FirstOf(const RowSchema& schema, const v1::ExperimentIdentity& identity,
                         const std::vector<int32_t>& rows = {0}) {
  v1::SampleCredit first = MakeFirst(4, 2, rows);
  *first.mutable_schema() = RowSchemaToProto(schema);
  *first.mutable_identity() = identity;
  return first;
}

grpc::Status Ended(ReplayServer& server, const v1::InsertRequest& hello) {
  RawWriter writer(server);
  writer.Send(hello);
  return writer.Finish();
}
grpc::Status Ended(ReplayServer& server, const v1::SampleCredit& first) { return RawReader(server, first).Finish(); }

std::unique_ptr<ReplayServer> MakeServer(Store::SchemaCheck check = nullptr, const ReplayServiceOptions& options = {},
                                         const CheckpointerOptions& checkpoints = {}) {
  return std::make_unique<ReplayServer>(TableOptions{}, options, std::vector<TableOptions>{{.name = "more"}},
                                        checkpoints, std::optional<Store::SchemaCheck>(std::move(check)));
}

TEST(UnknownSchemaTest, IsShownAndChangesWait) {
  const auto server = MakeServer();
  const v1::InfoResponse info = RawCaller(*server).Info();
  ASSERT_EQ(info.tables_size(), 2);
  const v1::TableInfo& table = info.tables(0);
  EXPECT_EQ(table.name(), "transitions");
  EXPECT_FALSE(table.has_schema() || table.has_identity());
  EXPECT_EQ(table.capacity_rows(), 100'000);
  EXPECT_EQ(table.state().rows(), 0);
  EXPECT_EQ(table.samples_blocked_on(), v1::BLOCKED_ON_MIN_SIZE);
  v1::SetRateLimiterRequest change;
  change.set_min_size(5);
  v1::SetRateLimiterResponse unchanged;
  const grpc::Status status = RawCaller(*server).Call(&v1::ReplayService::Stub::SetRateLimiter, change, unchanged);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_THAT(status.error_message(), HasSubstr("the schema of table 'transitions' is not known yet"));
  v1::UpdatePrioritiesRequest priorities;
  priorities.add_keys(7);
  priorities.add_priorities(1);
  v1::UpdatePrioritiesResponse updated;
  EXPECT_TRUE(RawCaller(*server).Call(&v1::ReplayService::Stub::UpdatePriorities, priorities, updated).ok());
  EXPECT_EQ(updated.stale(), 1) << "as of an empty table";
  EXPECT_EQ(server->service().stats("more").writers, 0);
}

TEST(UnknownSchemaTest, AReaderDecidesAndWaitsForTheWriter) {
  const auto server = MakeServer();
  RawReader reader(*server, FirstOf(TestSchema(), IdentityWith("1"), {0, 4}));
  EXPECT_EQ(reader.Receive().header().blocked_on(), v1::BLOCKED_ON_MIN_SIZE);
  const v1::TableInfo table = RawCaller(*server).Info().tables(0);
  EXPECT_EQ(table.schema().SerializeAsString(), RowSchemaToProto(TestSchema()).SerializeAsString());
  EXPECT_EQ(table.identity().fingerprint(), IdentityWith("1").fingerprint());
  RawWriter writer(*server, HelloOf(TestSchema(), IdentityWith("1")));
  writer.Send(MakeBlock(0, 10));
  EXPECT_EQ(reader.Receive().header().num_rows(), 4);
  // Now those that differ are refused as by any table.
  const grpc::Status other = Ended(*server, HelloOf(TestSchema(), IdentityWith("2"), 2));
  EXPECT_EQ(other.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_THAT(other.error_message(), HasSubstr("environment.seed: 2 of the writer, 1 of table 'transitions'"));
  const grpc::Status wide = Ended(*server, FirstOf(Wide(3), IdentityWith("1")));
  EXPECT_EQ(wide.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_THAT(wide.error_message(), HasSubstr("sample: the reader's rows are not those of table 'transitions': "));
}

TEST(UnknownSchemaTest, AWriterDecidesForAllTables) {
  const auto server = MakeServer();
  RawWriter writer(*server, HelloOf(TestSchema(), IdentityWith("1")));
  writer.Send(MakeBlock(0, 10));
  writer.ReceiveRows(10);
  v1::InsertRequest more = HelloOf(Wide(3), IdentityWith("1"), 2);
  more.mutable_hello()->set_table("more");
  EXPECT_THAT(Ended(*server, more).error_message(),
              HasSubstr("insert: the writer's rows are not those of table 'more'"));
  v1::SampleCredit first = FirstOf(TestSchema(), IdentityWith("3"));
  first.set_table("more");
  EXPECT_THAT(Ended(*server, first).error_message(), HasSubstr("environment.seed: 3 of the reader, 1 of table 'more'"));
  RawReader reader(*server, FirstOf(TestSchema(), IdentityWith("1"), {4}));
  EXPECT_EQ(reader.Receive().header().num_rows(), 4);
}

TEST(UnknownSchemaTest, OfManyAtOnceTheServerTakesThoseOfOneSchema) {
  const auto server = MakeServer();
  std::atomic<int> taken[2] = {0, 0};
  std::atomic<int> refused[2] = {0, 0};
  std::vector<std::unique_ptr<Thread>> threads;
  for (uint8_t i = 0; i < 8; ++i) {
    threads.push_back(std::make_unique<Thread>("client", [&, i] {
      const int32_t which = i % 2;
      const v1::ExperimentIdentity identity = IdentityWith(absl::StrCat(which));
      const grpc::Status status = i < 4 ? Ended(*server, HelloOf(Wide(1 + which), identity, i))
                                        : Ended(*server, FirstOf(Wide(1 + which), identity));
      if (status.ok()) ++taken[which];
      if (status.error_code() == grpc::StatusCode::FAILED_PRECONDITION) ++refused[which];
    }));
  }
  threads.clear();
  const int winner = taken[0] > 0 ? 0 : 1;
  EXPECT_EQ(taken[winner], 4);
  EXPECT_EQ(refused[1 - winner], 4);
}

TEST(UnknownSchemaTest, RowsThatDoNotFitAreRefusedForGoodWithSettingAndBound) {
  const auto server = MakeServer([](const RowSchema& schema) {
    return schema.row_bytes() < 100 ? absl::OkStatus() : absl::InvalidArgumentError("capacity_rows 7, want at most 3");
  });
  for (const grpc::Status& status : {Ended(*server, HelloOf(Wide(25), {})), Ended(*server, FirstOf(Wide(25), {}))}) {
    EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
    EXPECT_THAT(status.error_message(), AllOf(HasSubstr(": no table can be made for the "),
                                              HasSubstr("'s rows: capacity_rows 7, want at most 3")));
  }
  EXPECT_FALSE(RawCaller(*server).Info().tables(0).has_schema());
  EXPECT_TRUE(Ended(*server, HelloOf(TestSchema(), {})).ok()) << "others may have smaller rows";
}

TEST(UnknownSchemaTest, AHelloThatIsRefusedDecidesNothing) {
  const auto server = MakeServer();
  v1::InsertRequest no_id = HelloOf(Wide(3), {});
  no_id.mutable_hello()->clear_writer_id();
  v1::ExperimentIdentity lie = IdentityWith("7");
  lie.set_fingerprint(1);
  v1::SampleCredit large = FirstOf(Wide(100'000), {});
  large.set_max_rows(65536);
  for (const grpc::Status& status :
       {Ended(*server, no_id), Ended(*server, HelloOf(Wide(3), lie)), Ended(*server, FirstOf(Wide(3), lie)),
        Ended(*server, FirstOf(RowSchema(), {})), Ended(*server, large)}) {
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT) << status.error_message();
  }
  EXPECT_FALSE(RawCaller(*server).Info().tables(0).has_schema());
}

class RestoredSchemaTest : public testing::Test {
 protected:
  RestoredSchemaTest() { std::filesystem::remove_all(directory_); }
  ~RestoredSchemaTest() override { std::filesystem::remove_all(directory_); }

  // A server that has rows of that experiment from a checkpoint, and no client yet.
  std::unique_ptr<ReplayServer> MakeRestored(const ReplayServiceOptions& options = {}) {
    auto server = MakeServer(nullptr, options, {.directory = directory_, .interval = absl::ZeroDuration()});
    {
      RawWriter writer(*server, HelloOf(TestSchema(), IdentityWith("1")));
      writer.Send(MakeBlock(0, 10));
      writer.ReceiveRows(10);
    }
    EXPECT_TRUE(server->checkpointer().Checkpoint(Patience()).ok());
    server->Kill();
    server->Start();
    EXPECT_EQ(server->table().state().rows, 10);
    return server;
  }

  const std::string directory_ = ::testing::TempDir() + "/restored_schema";
};

TEST_F(RestoredSchemaTest, ClientsAreComparedWithTheCheckpoint) {
  const auto server = MakeRestored();
  EXPECT_THAT(Ended(*server, FirstOf(Wide(3), {})).error_message(), HasSubstr("are not those of table"));
  EXPECT_THAT(Ended(*server, HelloOf(TestSchema(), IdentityWith("2"))).error_message(),
              AllOf(HasSubstr("environment.seed: 2 of the writer, 1 of table 'transitions'"),
                    HasSubstr("--allow_other_experiment")));
  EXPECT_TRUE(Ended(*server, HelloOf(TestSchema(), IdentityWith("1"))).ok());
}

// The first client of another experiment takes the rows over; later checkpoints state its experiment.
TEST_F(RestoredSchemaTest, WithTheFlagAnotherExperimentTakesTheRowsOver) {
  const auto server = MakeRestored({.allow_other_experiment = true});
  EXPECT_TRUE(Ended(*server, FirstOf(TestSchema(), IdentityWith("2"))).ok());
  EXPECT_EQ(server->table().identity().fingerprint(), IdentityWith("2").fingerprint());
  EXPECT_TRUE(Ended(*server, HelloOf(TestSchema(), IdentityWith("3"))).ok()) << "with a warning";
  EXPECT_EQ(server->table().identity().fingerprint(), IdentityWith("2").fingerprint());
  EXPECT_FALSE(Ended(*server, HelloOf(Wide(3), IdentityWith("2"))).ok()) << "no flag makes other rows of these";
}

TEST_F(RestoredSchemaTest, WithTheFlagTheSameExperimentKeepsItsRows) {
  const auto server = MakeRestored({.allow_other_experiment = true});
  EXPECT_TRUE(Ended(*server, HelloOf(TestSchema(), IdentityWith("1"))).ok());
  EXPECT_TRUE(Ended(*server, HelloOf(TestSchema(), IdentityWith("2"))).ok());
  EXPECT_EQ(server->table().identity().fingerprint(), IdentityWith("1").fingerprint());
}

}  // namespace
}  // namespace recbots::replay
