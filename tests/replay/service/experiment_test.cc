// Whose rows go in and out: what a client says that they mean, against what the table knows.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "common/wire/experiment_identity.h"
#include "tests/replay/support/raw_streams.h"

namespace recbots::replay {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

v1::ExperimentIdentity IdentityWith(const std::string& matrix_seed) {
  return MakeIdentity({{"environment.document_browsing.matrix_seed", matrix_seed}, {"transition.n_step", "1"}});
}

v1::InsertRequest HelloOf(const v1::ExperimentIdentity& identity, uint8_t writer = 1) {
  v1::InsertRequest hello = MakeHello(writer);
  *hello.mutable_hello()->mutable_identity() = identity;
  return hello;
}

v1::SampleCredit FirstOf(const v1::ExperimentIdentity& identity) {
  v1::SampleCredit first = MakeFirst(1, 1, {0});
  *first.mutable_identity() = identity;
  return first;
}

grpc::Status Ended(ReplayServer& server, const v1::InsertRequest& hello) {
  RawWriter writer(server);
  writer.Send(hello);
  return writer.Finish();
}
grpc::Status Ended(ReplayServer& server, const v1::SampleCredit& first) { return RawReader(server, first).Finish(); }

TEST(ExperimentTest, WriterAndReaderOfAnotherExperimentAreRefusedByName) {
  ReplayServer server;
  server.table().AdoptIdentity(IdentityWith("42"));
  const grpc::Status writer = Ended(server, HelloOf(IdentityWith("7")));
  EXPECT_EQ(writer.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_THAT(writer.error_message(),
              AllOf(HasSubstr("insert: the writer is of another experiment than the table: "),
                    HasSubstr("environment.document_browsing.matrix_seed: 7 of the writer, 42 of table 'transitions'"),
                    HasSubstr("--allow_other_experiment")));
  EXPECT_THAT(writer.error_message(), ::testing::Not(HasSubstr("n_step")));
  const grpc::Status reader = Ended(server, FirstOf(IdentityWith("7")));
  EXPECT_EQ(reader.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_THAT(reader.error_message(),
              HasSubstr("environment.document_browsing.matrix_seed: 7 of the reader, 42 of table 'transitions'"));
}

TEST(ExperimentTest, WhoIsOfTheSameOrSaysNothingIsTaken) {
  ReplayServer server;
  server.table().AdoptIdentity(IdentityWith("42"));
  for (const v1::ExperimentIdentity& identity : {IdentityWith("42"), v1::ExperimentIdentity()}) {
    RawWriter writer(server, HelloOf(identity));
    EXPECT_TRUE(writer.Finish().ok());
    RawReader reader(server, FirstOf(identity));
    reader.Receive();
    EXPECT_TRUE(reader.Finish().ok());
  }
}

TEST(ExperimentTest, WithTheFlagOthersAreTakenToo) {
  ReplayServer server({}, {.allow_other_experiment = true});
  server.table().AdoptIdentity(IdentityWith("42"));
  RawWriter writer(server, HelloOf(IdentityWith("7")));
  EXPECT_TRUE(writer.Finish().ok());
  EXPECT_TRUE(Ended(server, FirstOf(IdentityWith("7"))).ok());
  EXPECT_EQ(server.table().identity().fingerprint(), IdentityWith("42").fingerprint()) << "the table's stays";
}

// Tables with columns of their own.
TEST(ExperimentTest, ATableThatKnowsNothingLearnsItFromTheFirstWriterThatSaysIt) {
  ReplayServer server;
  EXPECT_TRUE(Ended(server, FirstOf(IdentityWith("3"))).ok()) << "a reader may expect what it likes";
  EXPECT_TRUE(RawWriter(server, MakeHello(1)).Finish().ok());
  EXPECT_FALSE(Says(server.table().identity()));
  EXPECT_TRUE(RawWriter(server, HelloOf(IdentityWith("7"))).Finish().ok());
  EXPECT_EQ(Ended(server, HelloOf(IdentityWith("42"))).error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(Ended(server, FirstOf(IdentityWith("3"))).error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  const v1::InfoResponse info = RawCaller(server).Info();
  EXPECT_EQ(info.tables(0).identity().SerializeAsString(), IdentityWith("7").SerializeAsString());
}

TEST(ExperimentTest, WhatIsNoIdentityIsRefused) {
  ReplayServer server;
  v1::ExperimentIdentity lie = IdentityWith("7");
  lie.set_fingerprint(IdentityWith("42").fingerprint());
  EXPECT_EQ(Ended(server, HelloOf(lie)).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(Ended(server, FirstOf(lie)).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_FALSE(Says(server.table().identity()));
}

TEST(ExperimentTest, StreamsGivenAwayAreRememberedAndTold) {
  const std::string directory = ::testing::TempDir() + "/experiment_streams";
  std::filesystem::remove_all(directory);
  ReplayServer server({}, {}, {}, {.directory = directory, .interval = absl::ZeroDuration()});
  {
    RawReader reader(server, MakeFirst(1, 1, {0}));
    EXPECT_EQ(reader.Receive().header().table().streams_below(), 0);
    for (const int64_t below : {5000, 300}) {
      v1::SampleCredit credit = MakeCredit(1);
      credit.set_streams_below(below);
      reader.Send(credit);
    }
    EXPECT_TRUE(reader.Finish().ok());
  }
  EXPECT_EQ(server.table().state().streams_below, 5000) << "the highest";
  ASSERT_TRUE(server.checkpointer().Checkpoint(Patience()).ok());
  server.Kill();
  server.Start();
  RawReader reader(server, MakeFirst(1, 1, {0}));
  const v1::TableState state = reader.Receive().header().table();
  EXPECT_EQ(state.streams_below(), 5000);
  EXPECT_GE(state.age_seconds(), 0);
  EXPECT_LT(state.age_seconds(), 60) << "of the process";
  std::filesystem::remove_all(directory);
}

TEST(ExperimentTest, NumbersOfStreamsThatCannotBeAreRefused) {
  ReplayServer server;
  for (const int64_t below : {int64_t{-1}, (int64_t{1} << 53) + 1}) {
    v1::SampleCredit first = MakeFirst(1, 1);
    first.set_streams_below(below);
    const grpc::Status status = Ended(server, first);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
    EXPECT_THAT(status.error_message(), HasSubstr("streams_below"));
  }
}

}  // namespace
}  // namespace recbots::replay
