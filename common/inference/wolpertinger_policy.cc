#include "common/inference/wolpertinger_policy.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "common/inference/nearest.h"
#include "common/inference/tensor_spec.h"

namespace recbots {
namespace {

constexpr int kChunk = 16 * DenseLayer::kHeadRows;
// The length below which a vector is not scaled further (as the learner has it).
constexpr float kMinLength = 1e-12f;

void ScaleToUnit(float* row, int size) {
  float sum = 0;
  for (int i = 0; i < size; ++i) sum += row[i] * row[i];
  const float scale = 1.0f / std::max(std::sqrt(sum), kMinLength);
  for (int i = 0; i < size; ++i) row[i] *= scale;
}

size_t Product(int a, int b) { return static_cast<size_t>(a) * static_cast<size_t>(b); }

}  // namespace

absl::StatusOr<std::unique_ptr<WolpertingerPolicy>> WolpertingerPolicy::Create(
    const WolpertingerPolicyOptions& options) {
  RECBOTS_RETURN_IF_ERROR(CheckShape(options.shape));
  if (options.max_users < 1) {
    return absl::InvalidArgumentError(absl::StrCat("policy: max_users ", options.max_users, ", want at least 1"));
  }
  return std::unique_ptr<WolpertingerPolicy>(new WolpertingerPolicy(options));
}

WolpertingerPolicy::WolpertingerPolicy(const WolpertingerPolicyOptions& options)
    : shape_(options.shape),
      seed_(options.seed),
      chunk_(std::min(kChunk, options.max_users)),
      explored_(static_cast<size_t>(chunk_)),
      hidden1_(Product(chunk_, PaddedSize(shape_.hidden_units))),
      hidden2_(Product(chunk_, PaddedSize(shape_.hidden_units))),
      proto_(Product(chunk_, PaddedSize(shape_.embedding_size))),
      distances_(Product(chunk_, PaddedSize(shape_.num_items))),
      keys_(Product(chunk_, shape_.num_items)),
      first_row_(static_cast<size_t>(chunk_)),
      state_(Product(chunk_, PaddedSize(shape_.hidden_units))),
      block_(Product(DenseLayer::kHeadRows, PaddedSize(shape_.hidden_units))),
      values_(Product(chunk_, shape_.k)) {}

WolpertingerPolicy::Networks WolpertingerPolicy::MakeNetworks(const std::vector<NamedTensor>& tensors) const {
  const int features = shape_.num_user_features;
  const int size = shape_.embedding_size;
  const int hidden = shape_.hidden_units;
  const int items = shape_.num_items;
  const auto layer = [&](size_t weight, int outputs, int inputs) {
    return DenseLayer(tensors[weight].values.data(), static_cast<size_t>(inputs), tensors[weight + 1].values, outputs,
                      inputs);
  };
  Networks networks;
  networks.actor1 = layer(0, hidden, features);
  networks.actor2 = layer(2, hidden, hidden);
  networks.actor3 = layer(4, size, hidden);

  const auto stride = static_cast<size_t>(features + size);
  const float* critic1 = tensors[6].values.data();
  networks.critic_state = DenseLayer(critic1, stride, tensors[7].values, hidden, features);
  networks.critic2 = layer(8, hidden, hidden);
  networks.critic_head = AlignedFloats(Product(1, PaddedSize(hidden)));
  std::copy(tensors[10].values.begin(), tensors[10].values.end(), networks.critic_head.data());
  networks.critic_bias = tensors[11].values[0];

  std::vector<float> unit = tensors[12].values;
  for (int item = 0; item < items; ++item) ScaleToUnit(unit.data() + Product(item, size), size);
  const DenseLayer critic_item(critic1 + features, stride, {}, hidden, size);
  networks.critic_items = AlignedFloats(Product(items, PaddedSize(hidden)));
  critic_item.Apply(unit.data(), static_cast<size_t>(size), items, /*relu=*/false, networks.critic_items.data());

  std::vector<float> search = shape_.search_space == SearchSpace::kUnit ? unit : tensors[12].values;
  std::vector<float> squared_length(static_cast<size_t>(items));
  for (size_t i = 0; i < search.size(); ++i) {
    squared_length[i / static_cast<size_t>(size)] += search[i] * search[i];
    search[i] *= -2;
  }
  networks.distance = DenseLayer(search.data(), static_cast<size_t>(size), squared_length, items, size);
  return networks;
}

absl::Status WolpertingerPolicy::SetWeights(absl::string_view encoded) {
  RECBOTS_ASSIGN_OR_RETURN(const std::vector<NamedTensor> tensors, DecodeTensors(encoded));
  RECBOTS_RETURN_IF_ERROR(CheckTensors(tensors, PolicyTensors(shape_)));
  networks_ = MakeNetworks(tensors);
  has_weights_ = true;
  return absl::OkStatus();
}

void WolpertingerPolicy::SetPolicyShare(double share) {
  RECBOTS_CHECK(share >= 0 && share <= 1) << "policy share " << share << ", want 0..1";
  share_ = share;
}

void WolpertingerPolicy::Draw(absl::Span<const StreamPosition> positions) {
  const double share = has_weights_ ? share_ : 0;
  if (share == 1) {  // Greedy: nothing to draw.
    std::fill_n(explored_.begin(), positions.size(), -1);
    return;
  }
  for (size_t user = 0; user < positions.size(); ++user) {
    Rng rng(seed_, Purpose::kPolicy, positions[user]);
    const bool follows = rng.Uniform() < share;
    explored_[user] = follows ? -1 : static_cast<int32_t>(rng.Index(static_cast<uint32_t>(shape_.num_items)));
  }
}

void WolpertingerPolicy::Retrieve(const float* observation, int num_users) {
  const auto hidden_stride = static_cast<size_t>(networks_.actor1.padded_outputs());
  const auto proto_stride = static_cast<size_t>(networks_.actor3.padded_outputs());
  networks_.actor1.Apply(observation, static_cast<size_t>(shape_.num_user_features), num_users, /*relu=*/true,
                         hidden1_.data());
  networks_.actor2.Apply(hidden1_.data(), hidden_stride, num_users, /*relu=*/true, hidden2_.data());
  networks_.actor3.Apply(hidden2_.data(), hidden_stride, num_users, /*relu=*/false, proto_.data());
  for (int user = 0; user < num_users; ++user) {
    ScaleToUnit(proto_.data() + static_cast<size_t>(user) * proto_stride, shape_.embedding_size);
  }
  networks_.distance.Apply(proto_.data(), proto_stride, num_users, /*relu=*/false, distances_.data());
  const auto distance_stride = static_cast<size_t>(networks_.distance.padded_outputs());
  for (int user = 0; user < num_users; ++user) {
    const float* distances = distances_.data() + static_cast<size_t>(user) * distance_stride;
    Key* keys = keys_.data() + Product(user, shape_.num_items);
    for (int item = 0; item < shape_.num_items; ++item) {
      keys[item] = NearnessKey(distances[item], static_cast<uint32_t>(item));
    }
    if (shape_.k < shape_.num_items) std::nth_element(keys, keys + shape_.k - 1, keys + shape_.num_items);
  }
}

void WolpertingerPolicy::SelectRows(int num_users) {
  int32_t num_rows = 0;
  for (int user = 0; user < num_users; ++user) {
    const Key* keys = keys_.data() + Product(user, shape_.num_items);
    const int32_t explored = explored_[static_cast<size_t>(user)];
    const bool needed = explored < 0 || std::any_of(keys, keys + shape_.k, [explored](Key key) {
                          return static_cast<uint32_t>(key) == static_cast<uint32_t>(explored);
                        });
    first_row_[static_cast<size_t>(user)] = needed ? num_rows : -1;
    if (needed) num_rows += shape_.k;
  }
}

void WolpertingerPolicy::Score(const float* observation, int num_users) {
  const int hidden = networks_.critic2.padded_outputs();
  networks_.critic_state.Apply(observation, static_cast<size_t>(shape_.num_user_features), num_users, /*relu=*/false,
                               state_.data());
  // The critic's first hidden layer is made for a few rows at a time, so that it never leaves the first-level cache.
  float* block = block_.data();
  float* values = values_.data();
  int in_block = 0;
  const auto flush = [&] {
    networks_.critic2.ApplyWithHead(block, static_cast<size_t>(hidden), in_block, networks_.critic_head.data(), values);
    values += in_block;
    in_block = 0;
  };
  for (int user = 0; user < num_users; ++user) {
    if (first_row_[static_cast<size_t>(user)] < 0) continue;
    const Key* keys = keys_.data() + Product(user, shape_.num_items);
    for (int c = 0; c < shape_.k; ++c) {
      const auto item = static_cast<int>(static_cast<uint32_t>(keys[c]));
      AddRelu(state_.data() + Product(user, hidden), networks_.critic_items.data() + Product(item, hidden), hidden,
              block + Product(in_block, hidden));
      if (++in_block == DenseLayer::kHeadRows) flush();
    }
  }
  if (in_block > 0) flush();
}

int32_t WolpertingerPolicy::Greedy(int user) const {
  const Key* keys = keys_.data() + Product(user, shape_.num_items);
  const float* values = values_.data() + first_row_[static_cast<size_t>(user)];
  int best = 0;
  for (int c = 1; c < shape_.k; ++c) {
    if (values[c] > values[best] || (values[c] == values[best] && keys[c] < keys[best])) best = c;
  }
  return static_cast<int32_t>(static_cast<uint32_t>(keys[best]));
}

void WolpertingerPolicy::Answer(int num_users, int32_t* slates, float* behaviour_probability) const {
  const bool random_only = !has_weights_ || share_ == 0;
  const double share = random_only ? 0 : share_;
  const auto by_chance = static_cast<float>((1 - share) / shape_.num_items);
  const auto by_both = static_cast<float>(share + (1 - share) / shape_.num_items);
  for (int user = 0; user < num_users; ++user) {
    const int32_t explored = explored_[static_cast<size_t>(user)];
    const int32_t greedy = random_only || first_row_[static_cast<size_t>(user)] < 0 ? -1 : Greedy(user);
    slates[user] = explored < 0 ? greedy : explored;
    behaviour_probability[user] = slates[user] == greedy ? by_both : by_chance;
  }
}

void WolpertingerPolicy::Act(const PolicyInput& input, const PolicyOutput& output) {
  const size_t num_users = input.positions.size();
  const auto features = static_cast<size_t>(shape_.num_user_features);
  RECBOTS_CHECK(input.observation.size() == num_users * features) << "observation of " << input.observation.size();
  RECBOTS_CHECK(output.slates.size() == num_users && output.behaviour_probability.size() == num_users);
  for (size_t begin = 0; begin < num_users; begin += static_cast<size_t>(chunk_)) {
    const int n = static_cast<int>(std::min(num_users - begin, static_cast<size_t>(chunk_)));
    Draw(input.positions.subspan(begin, static_cast<size_t>(n)));
    if (has_weights_ && share_ > 0) {
      const float* observation = input.observation.data() + begin * features;
      Retrieve(observation, n);
      SelectRows(n);
      Score(observation, n);
    }
    Answer(n, output.slates.data() + begin, output.behaviour_probability.data() + begin);
  }
  if (output.position_probability.empty()) return;  // Slates of one: an item at its position is a slate.
  std::copy(output.behaviour_probability.begin(), output.behaviour_probability.end(),
            output.position_probability.begin());
}

WolpertingerPolicy::Explanation WolpertingerPolicy::Explain(absl::Span<const float> observation) {
  RECBOTS_CHECK(has_weights_ && observation.size() == static_cast<size_t>(shape_.num_user_features));
  explored_[0] = -1;
  Retrieve(observation.data(), 1);
  std::sort(keys_.begin(), keys_.begin() + shape_.k);
  SelectRows(1);
  Score(observation.data(), 1);
  Explanation explanation;
  explanation.proto_action.assign(proto_.data(), proto_.data() + shape_.embedding_size);
  for (int c = 0; c < shape_.k; ++c) {
    const auto i = static_cast<size_t>(c);
    explanation.candidates.push_back(static_cast<int32_t>(static_cast<uint32_t>(keys_[i])));
    explanation.values.push_back(values_[i] + networks_.critic_bias);
  }
  explanation.best = Greedy(0);
  return explanation;
}

}  // namespace recbots
