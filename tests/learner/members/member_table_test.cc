#include "learner/members/member_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/random.h"
#include "tests/learner/members/make_report.h"

namespace recbots {
namespace {

using ::testing::HasSubstr;
using testing::MakeReport;

const absl::Time kDate = absl::FromUnixSeconds(1'700'000'000);

class MemberTableTest : public ::testing::Test {
 protected:
  // "actor joined, evaluator lost"
  std::string States() const {
    std::string text;
    for (const Member& member : table_.members()) {
      absl::StrAppend(&text, text.empty() ? "" : ", ", member.report.role(), " ", NameOf(member.state));
    }
    return text;
  }
  absl::Status Report(v1::RoleReport report) { return table_.OnReport(std::move(report), "ipv4:10.0.0.7:1234"); }

  FakeClock clock_{kDate};
  MemberTable table_{{}, clock_};
};

TEST_F(MemberTableTest, ASilentMemberLagsThenIsLostAndJoinsAgain) {
  ASSERT_TRUE(Report(MakeReport(1)).ok());
  EXPECT_EQ(States(), "actor joined");
  clock_.Advance(absl::Seconds(2.9));
  EXPECT_EQ(States(), "actor joined");
  clock_.Advance(absl::Seconds(0.1));
  EXPECT_EQ(States(), "actor lagging");
  clock_.Advance(absl::Seconds(4.9));
  EXPECT_EQ(States(), "actor lagging");
  clock_.Advance(absl::Seconds(0.1));
  EXPECT_EQ(States(), "actor lost");
  EXPECT_TRUE(table_.Gone(1));
  clock_.Advance(absl::Minutes(5));
  ASSERT_TRUE(Report(MakeReport(1)).ok());
  EXPECT_EQ(States(), "actor joined");
  EXPECT_FALSE(table_.Gone(1));
}

TEST_F(MemberTableTest, TellsWhenAStateBeganAlsoWhenNobodyLookedThen) {
  ASSERT_TRUE(Report(MakeReport(1)).ok());
  clock_.Advance(absl::Minutes(1));
  const Member member = table_.members()[0];
  EXPECT_EQ(member.state, MemberState::kLost);
  EXPECT_EQ(member.in_state, absl::Seconds(52));
  EXPECT_EQ(member.changed_at, kDate + absl::Seconds(8));
  EXPECT_EQ(member.first_joined_at, kDate);
  EXPECT_EQ(member.silent, absl::Minutes(1));
  EXPECT_EQ(member.peer, "ipv4:10.0.0.7:1234");
}

TEST_F(MemberTableTest, ABrokenStreamLagsAtOnceAndMayComeBack) {
  ASSERT_TRUE(Report(MakeReport(1)).ok());
  table_.OnBroken(1);
  EXPECT_EQ(States(), "actor lagging");
  EXPECT_EQ(table_.members()[0].in_state, absl::ZeroDuration());
  EXPECT_FALSE(table_.Gone(1)) << "it may only have reconnected";
  ASSERT_TRUE(Report(MakeReport(1)).ok());
  EXPECT_EQ(States(), "actor joined");
  table_.OnBroken(1);
  clock_.Advance(absl::Seconds(8));
  EXPECT_EQ(States(), "actor lost");
  table_.OnBroken(99);  // Not known: nothing happens.
}

TEST_F(MemberTableTest, AGoodbyeIsNoLoss) {
  ASSERT_TRUE(Report(MakeReport(1)).ok());
  v1::RoleReport last = MakeReport(1);
  last.set_leaving(true);
  ASSERT_TRUE(Report(last).ok());
  EXPECT_EQ(States(), "actor left");
  EXPECT_TRUE(table_.Gone(1));
  clock_.Advance(absl::Minutes(1));
  table_.OnBroken(1);
  EXPECT_EQ(States(), "actor left");
}

TEST_F(MemberTableTest, ThoseThatAreGoneAreForgottenInTheEnd) {
  ASSERT_TRUE(Report(MakeReport(1)).ok());
  v1::RoleReport last = MakeReport(2, "evaluator");
  last.set_leaving(true);
  ASSERT_TRUE(Report(last).ok());
  clock_.Advance(absl::Minutes(10) - absl::Seconds(1));
  EXPECT_EQ(States(), "actor lost, evaluator left");
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(States(), "actor lost") << "lost eight seconds after its report";
  clock_.Advance(absl::Seconds(8));
  EXPECT_EQ(States(), "");
  EXPECT_FALSE(table_.Gone(1)) << "not known any more";
}

TEST_F(MemberTableTest, AFullTableMakesRoomForTheNewAndNeverOfTheLiving) {
  MemberTable table({.max_members = 3}, clock_);
  for (const uint64_t instance : {1, 2, 3}) ASSERT_TRUE(table.OnReport(MakeReport(instance), "").ok());
  const absl::Status refused = table.OnReport(MakeReport(4), "");
  EXPECT_EQ(refused, absl::ResourceExhaustedError("the table of roles is full: 3 live, want at most 3"));
  EXPECT_TRUE(table.OnReport(MakeReport(2), "").ok()) << "one that is in it stays";
  for (const uint64_t instance : {3, 1}) {
    v1::RoleReport last = MakeReport(instance);
    last.set_leaving(true);
    ASSERT_TRUE(table.OnReport(last, "").ok());
    clock_.Advance(absl::Seconds(1));
  }
  EXPECT_TRUE(table.OnReport(MakeReport(4), "").ok());
  std::vector<uint64_t> left;
  for (const Member& member : table.members()) left.push_back(member.report.instance());
  EXPECT_THAT(left, ::testing::UnorderedElementsAre(1, 2, 4)) << "3 had left first";
}

TEST_F(MemberTableTest, RatesFollowTheClockOfTheProcess) {
  v1::RoleReport report = MakeReport(1);
  ASSERT_TRUE(Report(report).ok());
  EXPECT_EQ(table_.members()[0].progress_per_second, 0);
  for (int i = 1; i <= 60; ++i) {
    clock_.Advance(absl::Seconds(i % 2 == 0 ? 0.1 : 1.9));  // They arrive unevenly.
    report.set_uptime_seconds(i);
    report.set_progress(int64_t{250} * i);
    ASSERT_TRUE(Report(report).ok());
    EXPECT_NEAR(table_.members()[0].progress_per_second, 250, 1e-9);
  }
  for (int i = 61; i <= 90; ++i) {
    report.set_uptime_seconds(i);
    ASSERT_TRUE(Report(report).ok());
  }
  EXPECT_NEAR(table_.members()[0].progress_per_second, 250 * std::exp(-30.0 / 5), 1e-9);
}

TEST_F(MemberTableTest, RefusesWhatNoReportMaySay) {
  const std::string long_text(257, 'x');
  const double nan = std::numeric_limits<double>::quiet_NaN();
  struct Wrong {
    std::function<void(v1::RoleReport&)> make;
    std::string says;
  };
  const std::vector<Wrong> wrongs = {
      {[](v1::RoleReport& r) { r.set_instance(0); }, "instance 0"},
      {[](v1::RoleReport& r) { r.set_role("boss\n"); }, "role \"boss\\n\""},
      {[](v1::RoleReport& r) { r.set_role(std::string(100'000, 'r')); }, "want one of the roles"},
      {[&](v1::RoleReport& r) { r.set_name(long_text); }, "name of 257 bytes, want at most 256"},
      {[&](v1::RoleReport& r) { r.set_host(long_text); }, "host of 257"},
      {[&](v1::RoleReport& r) { r.set_version(long_text); }, "version of 257"},
      {[&](v1::RoleReport& r) { r.set_pages(long_text); }, "pages of 257"},
      {[](v1::RoleReport& r) { r.set_doing(std::string(1025, 'x')); }, "doing of 1025"},
      {[&](v1::RoleReport& r) { r.set_progress_unit(long_text); }, "progress_unit of 257"},
      {[](v1::RoleReport& r) { r.set_stall(std::string(1025, 'x')); }, "stall of 1025 bytes, want at most 1024"},
      {[&](v1::RoleReport& r) { r.add_waits()->set_thing(long_text); }, "waits.thing of 257"},
      {[](v1::RoleReport& r) { r.add_waits()->set_peer(std::string(1025, 'x')); }, "waits.peer of 1025"},
      {[](v1::RoleReport& r) { r.add_waits()->set_seconds(-1); }, "waits.seconds -1"},
      {[&](v1::RoleReport& r) { r.add_waits()->set_deadline_seconds(nan); }, "waits.deadline_seconds nan"},
      {[](v1::RoleReport& r) {
         for (int i = 0; i < 9; ++i) r.add_waits();
       },
       "9 waits, want at most 8"},
      {[&](v1::RoleReport& r) { r.set_uptime_seconds(nan); }, "uptime_seconds nan"},
      {[](v1::RoleReport& r) { r.set_stalled_seconds(-2); }, "stalled_seconds -2"},
      {[](v1::RoleReport& r) { r.set_pid(-1); }, "pid -1"},
      {[](v1::RoleReport& r) { r.set_progress(-1); }, "progress -1"},
      {[](v1::RoleReport& r) { r.set_weights_version(-1); }, "weights_version -1"},
      {[](v1::RoleReport& r) { r.set_weights_updates(-1); }, "weights_updates -1"},
      {[](v1::RoleReport& r) { r.set_worker_index(-1); }, "worker_index -1"},
  };
  for (const Wrong& wrong : wrongs) {
    v1::RoleReport report = MakeReport(1);
    wrong.make(report);
    const absl::Status status = Report(report);
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << wrong.says;
    EXPECT_THAT(std::string(status.message()), HasSubstr(wrong.says));
    EXPECT_LT(status.message().size(), 200u);
  }
  EXPECT_EQ(States(), "");
}

TEST_F(MemberTableTest, TextsOfPeersArePrintable) {
  v1::RoleReport report = MakeReport(1);
  report.set_name("a\x1b[31m\r\nb");
  report.set_doing("caf\xc3\xa9");
  report.add_waits()->set_thing("x\ty");
  ASSERT_TRUE(Report(report).ok());
  const v1::RoleReport kept = table_.members()[0].report;
  EXPECT_EQ(kept.name(), "a\\x1b[31m\\r\\nb");
  EXPECT_EQ(kept.doing(), "caf\\xc3\\xa9");
  EXPECT_EQ(kept.waits(0).thing(), "x\\ty");
}

// A container serves its pages at every address that it has; only its peer's address can be reached.
TEST_F(MemberTableTest, PagesAreWhereTheLearnerCanReachThem) {
  for (const auto& [pages, peer, want] : std::vector<std::array<std::string, 3>>{
           {"http://0.0.0.0:9100", "ipv4:172.18.0.4:53222", "http://172.18.0.4:9100"},
           {"https://[::]:9100", "ipv6:%5Bfd00::7%5D:53222", "https://[fd00::7]:9100"},
           {"http://0.0.0.0:9100", "replay:7001", "http://replay:9100"},
           {"http://0.0.0.0:9100", "unix:", "http://127.0.0.1:9100"},
           {"http://0.0.0.0:9100", "", "http://127.0.0.1:9100"},
           {"http://10.0.0.9:9100", "ipv4:172.18.0.4:53222", "http://10.0.0.9:9100"},
           {"", "ipv4:172.18.0.4:53222", ""}}) {
    EXPECT_EQ(ReachablePages(pages, peer), want) << pages << ' ' << peer;
  }
}

// Random events against a plain model: what was heard last decides.
TEST_F(MemberTableTest, StatesFollowFromReportsAndTimeAlone) {
  Rng rng(/*seed=*/11, Purpose::kTest, {});
  struct Model {
    double heard = 0;
    bool broken = false, left = false;
    double changed = 0;
  };
  std::map<uint64_t, Model> models;
  double now = 0;
  for (int i = 0; i < 4000; ++i) {
    const uint64_t instance = 1 + rng.Bits() % 5;
    switch (rng.Bits() % 4) {
      case 0: {
        v1::RoleReport report = MakeReport(instance);
        report.set_leaving(rng.Bits() % 8 == 0);
        models[instance] = {now, false, report.leaving()};
        ASSERT_TRUE(Report(report).ok());
        break;
      }
      case 1:
        if (models.contains(instance)) models[instance].broken = true;
        table_.OnBroken(instance);
        break;
      default: {
        const double step = static_cast<double>(1 + rng.Bits() % 2000) / 1000;
        now += step;
        clock_.Advance(absl::Seconds(step));
      }
    }
    if (rng.Bits() % 3 != 0) continue;  // Nobody looks at every moment.
    for (const Member& member : table_.members()) {
      const Model& model = models.at(member.report.instance());
      const double silent = now - model.heard;
      const MemberState want = model.left                           ? MemberState::kLeft
                               : silent >= 8 - 1e-9                 ? MemberState::kLost
                               : model.broken || silent >= 3 - 1e-9 ? MemberState::kLagging
                                                                    : MemberState::kJoined;
      ASSERT_EQ(member.state, want) << "instance " << member.report.instance() << " silent " << silent;
    }
  }
}

}  // namespace
}  // namespace recbots
