// Estimators against reference values of two other implementations (tests/golden/ope/README.md), within 1e-12 relative.
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "common/ope/session_estimators.h"
#include "common/ope/slate_estimators.h"
#include "common/ope/slope.h"
#include "common/ope/step_estimators.h"
#include "tests/support/golden.h"

namespace recbots {
namespace {

using testing::Golden;
using testing::GoldenValue;

using Numbers = std::vector<double>;

void ExpectClose(double value, double want, const std::string& what) {
  EXPECT_NEAR(value, want, 1e-12 * std::abs(want) + 1e-300) << what;
}

std::vector<int64_t> EveryNth(size_t count, int64_t width) {
  std::vector<int64_t> begin;
  for (size_t i = 0; i <= count; ++i) begin.push_back(static_cast<int64_t>(i) * width);
  return begin;
}

// Rows with weights, and with what a model says of them.
struct Rows {
  Numbers weight, reward, q, v;
  std::vector<int64_t> session_begin;
  WeightedSteps steps() const { return {weight, reward, q, v, session_begin}; }
};

Rows ReadRows(const GoldenValue& in, int64_t rows_per_session) {
  Rows rows;
  in.at("reward").get_to(rows.reward);
  const auto action = in.at("action").get<std::vector<size_t>>();
  const auto behaviour = in.at("pscore").get<Numbers>();
  const auto policy = in.at("evaluation_policy").get<std::vector<Numbers>>();
  const auto q = in.at("q_hat").get<std::vector<Numbers>>();
  for (size_t i = 0; i < action.size(); ++i) {
    rows.weight.push_back(policy[i][action[i]] / behaviour[i]);
    rows.q.push_back(q[i][action[i]]);
    double value = 0;
    double total = 0;
    for (size_t a = 0; a < q[i].size(); ++a) {
      value += policy[i][a] * q[i][a];
      total += policy[i][a];
    }
    rows.v.push_back(value / total);
  }
  rows.session_begin = EveryNth(action.size() / static_cast<size_t>(rows_per_session), rows_per_session);
  return rows;
}

EstimateParts ByName(const std::string& name, const WeightedSteps& steps) {
  const size_t slash = name.find('/');
  const std::string kind = name.substr(0, slash);
  const double setting = slash == std::string::npos ? 0 : std::stod(name.substr(slash + 1));
  if (kind == "ips") return Ips(steps);
  if (kind == "snips") return SelfNormalisedIps(steps);
  if (kind == "dm") return DirectMethod(steps);
  if (kind == "dr") return DoublyRobust(steps);
  if (kind == "sndr") return SelfNormalisedDoublyRobust(steps);
  if (kind == "clipped_ips") return Ips(steps, WeightRule::kClip, setting);
  if (kind == "clipped_dr") return DoublyRobust(steps, WeightRule::kClip, setting);
  if (kind == "switch_dr") return DoublyRobust(steps, WeightRule::kSwitch, setting);
  if (kind == "dr_os") return DoublyRobust(steps, WeightRule::kShrink, setting);
  if (kind == "subgaussian_ips") return Ips(steps, WeightRule::kSubGaussian, setting);
  if (kind == "subgaussian_dr") return DoublyRobust(steps, WeightRule::kSubGaussian, setting);
  ADD_FAILURE() << "unknown estimator " << name;
  return Ips(steps);
}

TEST(OpeGoldenTest, Decisions) {
  const Golden golden("ope/bandit.json");
  size_t compared = 0;
  for (const GoldenValue in : golden.at("cases")) {
    const Rows rows = ReadRows(in, 1);
    const GoldenValue estimates = in.at("estimates");
    for (const std::string& name : estimates.names()) {
      ExpectClose(Linearise(ByName(name, rows.steps())).value, estimates.at(name).get<double>(), name);
      ++compared;
    }
    const GoldenValue per_row = in.at("per_row");
    for (const std::string& name : per_row.names()) {
      const auto want = per_row.at(name).get<Numbers>();
      const EstimateParts parts = ByName(name, rows.steps());
      for (size_t i = 0; i < want.size(); ++i) {
        EXPECT_NEAR(parts[0].numerator[i], want[i], 1e-12) << name << ", row " << i;
      }
    }
  }
  EXPECT_GE(compared, 27U);
}

TEST(OpeGoldenTest, SettingsChosenBySlope) {
  const Golden golden("ope/bandit.json");
  for (const GoldenValue in : golden.at("cases")) {
    const Rows rows = ReadRows(in, 1);
    const auto grid = in.at("tuning_grid").get<std::vector<double>>();
    for (const std::string name : {"clipped_ips", "clipped_dr", "switch_dr", "dr_os"}) {
      std::vector<Estimate> estimates;
      for (const double setting : grid) {
        estimates.push_back(Linearise(ByName(name + "/" + std::to_string(setting), rows.steps())));
      }
      const SlopeChoice choice = ChooseBySlope(estimates, static_cast<int64_t>(rows.weight.size()));
      ExpectClose(choice.estimate.value, in.at("tuned").at(name + "/slope").at("value").get<double>(), name);
    }
  }
}

TEST(OpeGoldenTest, Slates) {
  const Golden golden("ope/slate.json");
  for (const GoldenValue in : golden.at("cases")) {
    const auto slates = in.at("slates").get<size_t>();
    const auto size = in.at("slate_size").get<int64_t>();
    const auto reward = in.at("reward").get<Numbers>();
    const auto item = in.at("item").get<std::vector<size_t>>();
    const auto q_hat = in.at("q_hat").get<std::vector<Numbers>>();
    const auto next = in.at("evaluation_next").get<std::vector<Numbers>>();
    const std::vector<int64_t> slate_begin = EveryNth(slates, size);
    const std::vector<int64_t> session_begin = EveryNth(slates, 1);
    Numbers q, v;
    for (size_t row = 0; row < item.size(); ++row) {
      q.push_back(q_hat[row][item[row]]);
      v.push_back(0);
      for (size_t i = 0; i < next[row].size(); ++i) v.back() += next[row][i] * q_hat[row][i];
    }
    const auto weights = [&](const std::string& kind) {
      auto weight = in.at("evaluation_" + kind).get<Numbers>();
      const auto behaviour = in.at("behaviour_" + kind).get<Numbers>();
      for (size_t row = 0; row < weight.size(); ++row) weight[row] /= behaviour[row];
      return weight;
    };
    const Numbers slate = weights("slate"), item_weight = weights("item"), prefix = weights("prefix");
    const auto rows = [&](const Numbers& weight) {
      return WeightedRows{weight, reward, q, v, slate_begin, session_begin};
    };
    const auto expect = [&](const EstimateParts& parts, const std::string& name) {
      ExpectClose(Linearise(parts).value, in.at("estimates").at(name).get<double>(), name);
    };
    expect(PositionIps(rows(item_weight)), "iips");
    expect(PositionIps(rows(prefix)), "rips");
    expect(PositionIps(rows(slate)), "sips");
    expect(SelfNormalisedPositionIps(rows(item_weight)), "sniips");
    expect(SelfNormalisedPositionIps(rows(prefix)), "snrips");
    expect(SelfNormalisedPositionIps(rows(slate)), "snsips");
    expect(CascadeDoublyRobust(rows(prefix)), "cascade_dr");
    // The weight of the whole slate is that of a decision, too.
    Numbers slate_weight, slate_reward;
    for (size_t s = 0; s < slates; ++s) {
      slate_weight.push_back(slate[s * static_cast<size_t>(size)]);
      slate_reward.push_back(0);
      for (int64_t k = slate_begin[s]; k < slate_begin[s + 1]; ++k)
        slate_reward.back() += reward[static_cast<size_t>(k)];
    }
    const WeightedSteps steps = {slate_weight, slate_reward, {}, {}, session_begin};
    expect(Ips(steps), "sips");
    expect(SelfNormalisedIps(steps), "snsips");
  }
}

TEST(OpeGoldenTest, Sessions) {
  const Golden golden("ope/sequence.json");
  for (const GoldenValue in : golden.at("cases")) {
    const auto discount = in.at("discount").get<double>();
    const Rows rows = ReadRows(in, in.at("steps").get<int64_t>());
    const WeightedSteps steps = rows.steps();
    const auto expect = [&](const EstimateParts& parts, const std::string& name) {
      ExpectClose(Linearise(parts).value, in.at("estimates").at(name).get<double>(), name);
    };
    expect(SessionDirectMethod(steps), "dm");
    expect(TrajectoryIps(steps, discount, false), "trajectory_is");
    expect(TrajectoryIps(steps, discount, true), "sn_trajectory_is");
    expect(PerDecisionIps(steps, discount, false), "per_decision_is");
    expect(PerDecisionIps(steps, discount, true), "sn_per_decision_is");
    expect(SessionDoublyRobust(steps, discount, false), "dr");
    expect(SessionDoublyRobust(steps, discount, true), "sn_dr");
  }
}

}  // namespace
}  // namespace recbots
