// N learners with B rows each learn what one learner learns from all N x B rows: for every algorithm, with 2 and 3
// processes.
//
// In single precision the sum over rows is made in another order. A sum of n terms is then off by at most n 2^-24 times
// the sum of their sizes (Higham 2002, Accuracy and Stability, section 3.1). Of terms of mixed sign about 1 / sqrt(n)
// is left; 4 sqrt(n) times the largest gradient of a tensor bounds the sum of the sizes of any of them. A tensor of few
// elements may cancel as a whole, so one percent of the largest gradient of all counts, too.
#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <functional>
#include <set>

#include "common/algorithms/algorithm_list.h"
#include "common/algorithms/make_algorithm.h"
#include "common/algorithms/wolpertinger/wolpertinger.h"
#include "common/base/random.h"
#include "learner/group/gloo_collective.h"
#include "learner/group/learner_group.h"
#include "replay/table/importance_weights.h"
#include "tests/support/folder_group_store.h"
#include "tests/support/temp_folder.h"

namespace recbots {
namespace {

constexpr int64_t kItems = 5, kUser = 7, kRows = 24;  // Of one learner.
constexpr double kBeta = 0.7;

struct Case {
  std::string name;
  std::string config;  // AlgorithmConfig, whose first word is the algorithm.
  int slate_size = 1;
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

std::vector<Case> AllCases() {
  const std::string sizes = "hidden_units: 16 learning_rate: 0.01";
  const std::string q = "q { second_hidden_units: 16 " + sizes;
  const std::string noise = "target_noise: 0.1 random_candidates: 2";
  std::vector<Case> cases = {
      {"Wolpertinger", "wolpertinger { k: 2 actor_objective: CLIMB_AND_REGRESS " + noise + " " + sizes + " }"},
      {"WolpertingerTwin", "wolpertinger { k: 2 twin_critics: true actor_delay: 2 " + noise + " " + sizes + " }"},
      {"SlateQ", "slate_q { " + q + " dueling: true } }"},
      {"SlateQNoClickIsZero", "slate_q { legacy_no_click_zero: true " + q + " } }", 2},
      {"SlateQAll",
       "slate_q { " + q + " } proposal { k: 2 random_candidates: 2 " + sizes +
           " } click_model { learned: true choice {} held_out: 0.2 " + sizes + " } }",
       2},
      {"FullSlateQ", "full_slate_q { " + q + " huber_delta: 0.5 } }", 2},
      {"Dqn", "dqn { " + q + " target_update_period: 3 } }"},
      {"SlateQQuantile", "slate_q { " + q + " value_head: QUANTILE value_atoms: 9 } }", 2},
      {"DqnTwoHotClipped",
       "dqn { " + q +
           " value_head: TWO_HOT value_atoms: 9 value_range: 10 } } optimizer { clip_norm: 0.1 weight_decay: 0.01 }"},
      {"WolpertingerDeep",
       "wolpertinger { k: 2 " + sizes + " } network { hidden_layers: [12, 8, 8] activation: SILU layer_norm: true }"},
      {"WolpertingerDeepTwin",
       "wolpertinger { k: 2 twin_critics: true actor_delay: 2 actor_objective: CLIMB_AND_REGRESS " + noise + " " +
           sizes + " } network { hidden_layers: [12, 8, 8] activation: TANH }"},
  };
  for (const std::string& name : AlgorithmNames()) cases.push_back({"Default_" + name, name + " {}"});
  return cases;
}

std::unique_ptr<Algorithm> Make(const Case& c) {
  EnvironmentSpec spec;
  spec.name = "bandit";
  spec.num_user_features = kUser;
  spec.num_candidates = kItems;
  spec.num_candidate_features = kItems;
  spec.slate_size = c.slate_size;
  spec.response_fields = {"click"};
  v1::AlgorithmConfig config;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(c.config, &config)) << c.config;
  auto algorithm = MakeAlgorithm(config, spec, {.seed = 1});
  EXPECT_TRUE(algorithm.ok()) << algorithm.status().message();
  return *std::move(algorithm);
}

// Rows, and with which probability each was drawn.
struct Rows {
  TransitionBatch batch;
  std::vector<float> probabilities;
};

// Half of the slates get a click. `from` of all rows of the update, `count` of them.
Rows MakeRows(int slate_size, uint32_t update, int64_t from, int64_t count, at::ScalarType dtype = at::kFloat) {
  const at::Tensor items = at::eye(kItems).expand({count, kItems, kItems}).contiguous();
  Rows rows = {{.observation = at::empty({count, kUser}),
                .next_observation = at::empty({count, kUser}),
                .slate = at::empty({count, slate_size}, at::TensorOptions(at::kInt)),
                .reward = at::empty({count}),
                .discount = at::full({count}, 0.9),
                .candidates = items,
                .next_candidates = items,
                .response = at::zeros({count, slate_size, 1}),
                .next_slate = at::empty({count, slate_size}, at::TensorOptions(at::kInt))},
               std::vector<float>(static_cast<size_t>(count))};
  TransitionBatch& batch = rows.batch;
  for (int64_t row = 0; row < count; ++row) {
    Rng rng(5, Purpose::kTest, {.stream = static_cast<uint32_t>(from + row), .step = update});
    for (int64_t i = 0; i < kUser; ++i) {
      batch.observation.data_ptr<float>()[row * kUser + i] = static_cast<float>(rng.Uniform(0, 1));
      batch.next_observation.data_ptr<float>()[row * kUser + i] = static_cast<float>(rng.Uniform(0, 1));
    }
    batch.reward.data_ptr<float>()[row] = static_cast<float>(rng.Normal());
    if (rng.Index(5) == 0) batch.discount.data_ptr<float>()[row] = 0;
    for (const at::Tensor& slate : {batch.slate, batch.next_slate}) {
      const auto first = static_cast<int32_t>(rng.Index(kItems));
      for (int k = 0; k < slate_size; ++k) slate.data_ptr<int32_t>()[row * slate_size + k] = (first + k) % kItems;
    }
    if (rng.Index(2) == 0) batch.response.data_ptr<float>()[row * slate_size] = 1;
    rows.probabilities[static_cast<size_t>(row)] = static_cast<float>(rng.Uniform(0.001, 0.1));
  }
  batch.reward = batch.reward.to(dtype);
  batch.discount = batch.discount.to(dtype);
  if (dtype == at::kDouble) return rows;
  batch.importance_weights = at::empty({count});
  replay::ImportanceWeights(rows.probabilities, kBeta,
                            {batch.importance_weights.data_ptr<float>(), static_cast<size_t>(count)});
  return rows;
}

template <typename T>
std::string BytesOf(const T* values, size_t count) {
  return {reinterpret_cast<const char*>(values), count * sizeof(T)};
}
std::string BytesOf(const at::Tensor& tensor) {
  return BytesOf(static_cast<const char*>(tensor.data_ptr()), tensor.nbytes());
}
std::string LossBytes(const Algorithm& algorithm) {
  std::vector<double> losses;
  for (const auto& [name, loss] : algorithm.losses()) losses.push_back(loss);
  return BytesOf(losses.data(), losses.size());
}
template <typename T>
std::vector<T> Numbers(const std::string& bytes) {
  std::vector<T> numbers(bytes.size() / sizeof(T));
  std::memcpy(numbers.data(), bytes.data(), bytes.size());
  return numbers;
}

using MakeAlgorithmFunction = std::function<std::unique_ptr<Algorithm>()>;

// What processes leave in `folder`: KIND-RANK-UPDATE.
class Processes {
 public:
  Processes(int size, MakeAlgorithmFunction make, int slate_size, at::ScalarType dtype = at::kFloat)
      : size_(size), make_(std::move(make)), slate_size_(slate_size), dtype_(dtype) {}

  // Each process makes `updates` updates, all from the beginning, or each from the state before it in `states`.
  void Run(int updates, const std::vector<std::string>& states = {}) {
    std::vector<pid_t> children;
    for (int rank = 0; rank < size_; ++rank) {
      const pid_t child = fork();
      if (child == 0) _exit(Learn(rank, updates, states).ok() ? 0 : 1);
      children.push_back(child);
    }
    for (const pid_t child : children) {
      int status = 0;
      ASSERT_EQ(waitpid(child, &status, 0), child);
      ASSERT_EQ(status, 0) << ReadFile(folder_.Path("error")).value_or("no error was written");
    }
  }
  std::string Read(const std::string& kind, int rank, int update) const {
    return ReadFile(Path(kind, rank, update)).value_or("");
  }

 private:
  std::string Path(const std::string& kind, int rank, int update) const {
    return folder_.Path(absl::StrCat(kind, "-", rank, "-", update));
  }
  absl::Status Learn(int rank, int updates, const std::vector<std::string>& states) {
    const absl::Status status = TryToLearn(rank, updates, states);
    if (!status.ok()) WriteFile(folder_.Path("error"), status.ToString()).IgnoreError();
    return status;
  }
  absl::Status TryToLearn(int rank, int updates, const std::vector<std::string>& states) {
    testing::FolderGroupStore store(folder_.path());
    const std::unique_ptr<Algorithm> algorithm = make_();
    auto gloo = ConnectGloo({.rank = rank, .size = size_, .deadline = absl::Seconds(60)}, store);
    if (!gloo.ok()) return gloo.status();
    LearnerGroup group({.rank = rank, .size = size_}, *std::move(gloo), store, *algorithm);
    absl::Status status = group.ShareState();
    algorithm->SetExchange(&group);
    for (int update = 0; update < updates && status.ok(); ++update) {
      if (!states.empty()) status.Update(algorithm->LoadState(states[static_cast<size_t>(update)]));
      const Rows rows = MakeRows(slate_size_, static_cast<uint32_t>(update), rank * kRows, kRows, dtype_);
      if (dtype_ == at::kFloat)
        group.UseImportance(*std::min_element(rows.probabilities.begin(), rows.probabilities.end()), kBeta);
      status.Update(algorithm->Update(rows.batch, {}));
      status.Update(WriteFile(Path("gradients", rank, update), BytesOf(algorithm->tensors().gradients.flat())));
      status.Update(WriteFile(Path("losses", rank, update), LossBytes(*algorithm)));
      status.Update(WriteFile(Path("parameters", rank, update), BytesOf(algorithm->tensors().parameters.flat())));
      status.Update(WriteFile(Path("state", rank, update), algorithm->SaveState()));
    }
    group.Leave(Leaving::kOver);
    return status;
  }

  const testing::TempFolder folder_;
  const int size_;
  const MakeAlgorithmFunction make_;
  const int slate_size_;
  const at::ScalarType dtype_;
};

class GroupConformanceTest : public ::testing::TestWithParam<std::tuple<Case, int>> {
 protected:
  const Case& kase() const { return std::get<0>(GetParam()); }
  int size() const { return std::get<1>(GetParam()); }
  double rows() const { return static_cast<double>(size() * kRows); }
};

// Every update from the same state as the one learner, so that only the sums differ.
TEST_P(GroupConformanceTest, GradientsAndLossesAreThoseOfOneLearnerWithAllRows) {
  constexpr int kUpdates = 6;
  const std::unique_ptr<Algorithm> single = Make(kase());
  std::vector<std::string> states, losses;
  std::vector<at::Tensor> gradients;
  for (uint32_t update = 0; update < kUpdates; ++update) {
    states.push_back(single->SaveState());
    ASSERT_TRUE(single->Update(MakeRows(kase().slate_size, update, 0, size() * kRows).batch, {}).ok());
    gradients.push_back(single->tensors().gradients.flat().clone());
    losses.push_back(LossBytes(*single));
  }
  Processes processes(
      size(), [this] { return Make(kase()); }, kase().slate_size);
  ASSERT_NO_FATAL_FAILURE(processes.Run(kUpdates, states));

  const ParameterLayout& layout = single->tensors().gradients.layout();
  const double off = 4 * std::sqrt(rows()) * rows() * 0x1p-24;
  for (int update = 0; update < kUpdates; ++update) {
    const auto of_group = Numbers<float>(processes.Read("gradients", 0, update));
    const at::Tensor& of_one = gradients[static_cast<size_t>(update)];
    ASSERT_EQ(static_cast<int64_t>(of_group.size()), of_one.numel());
    const double largest_of_all = of_one.abs().max().item<double>();
    for (size_t t = 0; t < layout.tensors().size(); ++t) {
      const float* one = of_one.data_ptr<float>() + layout.offset(t);
      double largest = 0, difference = 0;
      for (int64_t i = 0; i < layout.offset(t + 1) - layout.offset(t); ++i) {
        largest = std::max(largest, std::abs(double{one[i]}));
        difference = std::max(difference,
                              std::abs(double{one[i]} - double{of_group[static_cast<size_t>(layout.offset(t) + i)]}));
      }
      EXPECT_LE(difference, off * std::max(largest, 0.01 * largest_of_all))
          << layout.tensors()[t].name << " of update " << update;
    }
    const auto loss_of_one = Numbers<double>(losses[static_cast<size_t>(update)]);
    const auto loss_of_group = Numbers<double>(processes.Read("losses", 0, update));
    ASSERT_EQ(loss_of_group.size(), loss_of_one.size());
    for (size_t i = 0; i < loss_of_one.size(); ++i) {
      EXPECT_NEAR(loss_of_group[i], loss_of_one[i], off * (1 + std::abs(loss_of_one[i]))) << single->losses()[i].first;
    }
    for (int rank = 1; rank < size(); ++rank) {
      EXPECT_EQ(processes.Read("state", rank, update), processes.Read("state", 0, update)) << "the same bits";
    }
  }
}

double RootMeanSquare(const std::vector<float>& a, const std::vector<float>& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += (double{a[i]} - double{b[i]}) * (double{a[i]} - double{b[i]});
  return std::sqrt(sum / static_cast<double>(a.size()));
}

// Adam divides by the size of a gradient: an element whose gradient cancels to rounding may take any step up to the
// learning rate. So no bound holds for every element, but such elements are few: all together may be off by one percent
// of the way that the parameters have gone. A learner with a part of the rows goes another way.
TEST_P(GroupConformanceTest, ParametersStayThoseOfOneLearnerWithAllRows) {
  constexpr int kUpdates = 20;
  const std::unique_ptr<Algorithm> single = Make(kase()), part = Make(kase());
  const auto start = Numbers<float>(BytesOf(single->tensors().parameters.flat()));
  for (uint32_t update = 0; update < kUpdates; ++update) {
    ASSERT_TRUE(single->Update(MakeRows(kase().slate_size, update, 0, size() * kRows).batch, {}).ok());
    ASSERT_TRUE(part->Update(MakeRows(kase().slate_size, update, 0, kRows).batch, {}).ok());
  }
  Processes processes(
      size(), [this] { return Make(kase()); }, kase().slate_size);
  ASSERT_NO_FATAL_FAILURE(processes.Run(kUpdates));
  const auto of_one = Numbers<float>(BytesOf(single->tensors().parameters.flat()));
  const auto of_part = Numbers<float>(BytesOf(part->tensors().parameters.flat()));
  const auto of_group = Numbers<float>(processes.Read("parameters", 0, kUpdates - 1));
  const double moved = RootMeanSquare(start, of_one);
  EXPECT_LE(RootMeanSquare(of_group, of_one), 0.01 * moved);
  EXPECT_GE(RootMeanSquare(of_part, of_one), 0.05 * moved);
  for (int rank = 1; rank < size(); ++rank) {
    EXPECT_EQ(processes.Read("state", rank, kUpdates - 1), processes.Read("state", 0, kUpdates - 1));
  }
}

INSTANTIATE_TEST_SUITE_P(All, GroupConformanceTest,
                         ::testing::Combine(::testing::ValuesIn(AllCases()), ::testing::Values(2, 3)),
                         [](const auto& test) {
                           return std::get<0>(test.param).name + "With" + std::to_string(std::get<1>(test.param));
                         });

// In double precision, and without importance weights, which are float32, no percentage is needed: a gradient is off by
// at most n^2 2^-53 of the size of its terms, which are below 1, and a step of Adam by that over epsilon (1e-8) times
// the learning rate.
void ExpectSameInDouble(const MakeAlgorithmFunction& make, int slate_size, double learning_rate) {
  constexpr int kUpdates = 10, kSize = 3;
  const std::unique_ptr<Algorithm> single = make();
  for (uint32_t update = 0; update < kUpdates; ++update) {
    const absl::Status learnt = single->Update(MakeRows(slate_size, update, 0, kSize * kRows, at::kDouble).batch, {});
    ASSERT_TRUE(learnt.ok()) << learnt.message();
  }
  Processes processes(kSize, make, slate_size, at::kDouble);
  ASSERT_NO_FATAL_FAILURE(processes.Run(kUpdates));
  const auto of_one = Numbers<double>(BytesOf(single->tensors().parameters.flat()));
  const auto of_group = Numbers<double>(processes.Read("parameters", 0, kUpdates - 1));
  ASSERT_EQ(of_group.size(), of_one.size());
  const double rows = kSize * kRows;
  const double off = kUpdates * learning_rate * rows * rows * 0x1p-53 / 1e-8;
  for (size_t i = 0; i < of_one.size(); ++i) ASSERT_NEAR(of_group[i], of_one[i], off) << i;
}

TEST(GroupInDoubleTest, WolpertingerIsTheSame) {
  WolpertingerOptions options;
  options.shape = {.num_user_features = kUser, .num_items = kItems, .k = 2, .embedding_size = 4, .hidden_units = 12};
  options.twin_critics = true;
  options.actor_delay = 2;
  options.target_noise = 0.1;
  options.learning_rate = 0.01;
  options.double_precision = true;
  ExpectSameInDouble([options] { return Wolpertinger::Create(options).value(); }, 1, options.learning_rate);
}

}  // namespace
}  // namespace recbots
