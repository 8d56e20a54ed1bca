#include "common/algorithms/wolpertinger/policy.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "common/inference/nearest.h"

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
      distances_(Product(chunk_, PaddedSize(shape_.num_items))),
      keys_(Product(chunk_, shape_.num_items)),
      first_row_(static_cast<size_t>(chunk_)),
      state_(Product(chunk_, PaddedSize(shape_.hidden().units[0]))),
      values_(Product(chunk_, shape_.k)) {}

WolpertingerPolicy::Networks WolpertingerPolicy::MakeNetworks(const TensorMap& tensors) const {
  const int features = shape_.num_user_features;
  const int size = shape_.embedding_size;
  const int items = shape_.num_items;
  Networks networks;
  const HiddenLayers hidden = shape_.hidden();
  networks.actor = DenseMlp(tensors, kActor, chunk_, hidden);
  networks.critic_state = FirstLayerPart(tensors, kCritic, 0, features, /*with_bias=*/true, hidden);
  networks.critic = DenseMlpTail(tensors, kCritic, hidden);

  const std::vector<float>& embeddings = tensors.at(kEmbeddings).values;
  std::vector<float> unit = embeddings;
  for (int item = 0; item < items; ++item) ScaleToUnit(unit.data() + Product(item, size), size);
  const DenseLayer critic_item = FirstLayerPart(tensors, kCritic, features, size, /*with_bias=*/false, hidden);
  networks.critic_items = AlignedFloats(Product(items, critic_item.padded_outputs()));
  critic_item.Apply(unit.data(), static_cast<size_t>(size), items, /*relu=*/false, networks.critic_items.data());

  std::vector<float> search = shape_.search_space == SearchSpace::kUnit ? unit : embeddings;
  std::vector<float> squared_length(static_cast<size_t>(items));
  for (size_t i = 0; i < search.size(); ++i) {
    squared_length[i / static_cast<size_t>(size)] += search[i] * search[i];
    search[i] *= -2;
  }
  networks.distance = DenseLayer(search.data(), static_cast<size_t>(size), squared_length, items, size);
  return networks;
}

absl::Status WolpertingerPolicy::SetWeights(absl::string_view encoded) {
  RECBOTS_ASSIGN_OR_RETURN(const TensorMap tensors, TensorMap::Decode(encoded, PolicyTensors(shape_)));
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

const float* WolpertingerPolicy::Retrieve(const float* observation, int num_users) {
  float* proto = networks_.actor.Run(observation, num_users);
  const size_t proto_stride = networks_.actor.padded_outputs();
  for (int user = 0; user < num_users; ++user) {
    ScaleToUnit(proto + static_cast<size_t>(user) * proto_stride, shape_.embedding_size);
  }
  networks_.distance.Apply(proto, proto_stride, num_users, /*relu=*/false, distances_.data());
  for (int user = 0; user < num_users; ++user) {
    SortNearest(distances_.data() + Product(user, networks_.distance.padded_outputs()), shape_.k,
                absl::MakeSpan(keys_).subspan(Product(user, shape_.num_items), static_cast<size_t>(shape_.num_items)));
  }
  return proto;
}

void WolpertingerPolicy::SelectRows(int num_users) {
  int32_t num_rows = 0;
  for (int user = 0; user < num_users; ++user) {
    const uint64_t* keys = keys_.data() + Product(user, shape_.num_items);
    const int32_t explored = explored_[static_cast<size_t>(user)];
    const bool needed = explored < 0 || std::any_of(keys, keys + shape_.k,
                                                    [explored](uint64_t key) { return PositionOf(key) == explored; });
    first_row_[static_cast<size_t>(user)] = needed ? num_rows : -1;
    if (needed) num_rows += shape_.k;
  }
}

void WolpertingerPolicy::Score(const float* observation, int num_users) {
  const int hidden = networks_.critic_state.padded_outputs();
  networks_.critic_state.Apply(observation, static_cast<size_t>(shape_.num_user_features), num_users, /*relu=*/false,
                               state_.data());
  networks_.critic.Begin(values_.data());
  for (int user = 0; user < num_users; ++user) {
    if (first_row_[static_cast<size_t>(user)] < 0) continue;
    const uint64_t* keys = keys_.data() + Product(user, shape_.num_items);
    for (int c = 0; c < shape_.k; ++c) {
      networks_.critic.Push(state_.data() + Product(user, hidden),
                            networks_.critic_items.data() + Product(PositionOf(keys[c]), hidden));
    }
  }
  networks_.critic.End();
}

int32_t WolpertingerPolicy::Greedy(int user) const {
  const uint64_t* keys = keys_.data() + Product(user, shape_.num_items);
  const float* values = values_.data() + first_row_[static_cast<size_t>(user)];
  int best = 0;
  for (int c = 1; c < shape_.k; ++c) {
    if (values[c] > values[best] || (values[c] == values[best] && keys[c] < keys[best])) best = c;
  }
  return PositionOf(keys[best]);
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
  const float* proto = Retrieve(observation.data(), 1);
  std::sort(keys_.begin(), keys_.begin() + shape_.k);
  SelectRows(1);
  Score(observation.data(), 1);
  Explanation explanation;
  explanation.proto_action.assign(proto, proto + shape_.embedding_size);
  for (int c = 0; c < shape_.k; ++c) {
    const auto i = static_cast<size_t>(c);
    explanation.candidates.push_back(PositionOf(keys_[i]));
    explanation.values.push_back(values_[i] + networks_.critic.bias());
  }
  explanation.best = Greedy(0);
  return explanation;
}

}  // namespace recbots
