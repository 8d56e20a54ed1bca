#include "common/algorithms/slate_q/policy.h"

#include <algorithm>

#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "common/inference/nearest.h"

namespace recbots {
namespace {

// Users at a time: their scratch memory stays near the core.
constexpr size_t kChunk = 64;

}  // namespace

SlateQPolicy::SlateQPolicy(const SlateQShape& shape)
    : shape_(shape),
      user_width_(static_cast<size_t>(shape.q.action.num_user_features)),
      item_width_(shape.item_features ? static_cast<size_t>(shape.num_item_features) : 0),
      considered_(static_cast<size_t>(shape.proposal_k > 0 ? shape.proposal_k : shape.num_candidates)),
      optimizer_(shape.click_rule(), static_cast<int>(considered_), shape.slate_size),
      values_(kChunk * (considered_ + 1)),
      weights_(kChunk * considered_),
      no_click_weight_(kChunk),
      keys_(static_cast<size_t>(shape.num_candidates)),
      picked_(shape.proposal_k > 0 ? kChunk * considered_ : 0),
      items_(picked_.size() * item_width_) {}

absl::Status SlateQPolicy::SetWeights(absl::string_view encoded) {
  RECBOTS_ASSIGN_OR_RETURN(const TensorMap tensors, TensorMap::Decode(encoded, PolicyTensors(shape_)));
  // What a user is worth whatever is shown (V) changes the value of slates, not their order: it is not needed here,
  // unless what is added up are logits.
  q_ = ItemNetwork(shape_.q.action, tensors, ActionNetwork(shape_.q));
  const bool logits = shape_.q.action.head.kind == ValueHead::Kind::kTwoHot;
  if (logits && shape_.q.dueling) q_.AddUserNetwork(tensors, ValueNetwork(shape_.q));
  if (shape_.learned_clicks) click_ = ItemNetwork(shape_.click, tensors, kClickNetwork);
  if (shape_.proposal_k > 0) actor_ = DenseMlp(tensors, kProposalNetwork, kChunk, shape_.actor.hidden);
  has_weights_ = true;
  return absl::OkStatus();
}

void SlateQPolicy::Retrieve(const float* observation, const float* candidates, size_t num_users) {
  const float* points = actor_.Run(observation, static_cast<int>(num_users));
  const size_t num_candidates = keys_.size();
  for (size_t user = 0; user < num_users; ++user) {
    SortNearest(points + user * actor_.padded_outputs(), candidates + user * num_candidates * item_width_, item_width_,
                shape_.proposal_k, absl::MakeSpan(keys_));
    std::sort(keys_.begin(), keys_.begin() + static_cast<ptrdiff_t>(considered_),
              [](uint64_t a, uint64_t b) { return PositionOf(a) < PositionOf(b); });
    for (size_t c = 0; c < considered_; ++c) {
      const int32_t position = PositionOf(keys_[c]);
      picked_[user * considered_ + c] = position;
      std::copy_n(candidates + (user * num_candidates + static_cast<size_t>(position)) * item_width_, item_width_,
                  items_.data() + (user * considered_ + c) * item_width_);
    }
  }
}

void SlateQPolicy::WeighClicks(const float* observation, const float* items, size_t num_users) {
  if (shape_.learned_clicks) {
    const absl::Span<float> weights = absl::MakeSpan(weights_).subspan(0, num_users * considered_);
    click_.Score({observation, num_users * user_width_}, items, static_cast<int>(num_users),
                 static_cast<int>(considered_), weights);
    ScoresToWeights(weights);
    std::fill(no_click_weight_.begin(), no_click_weight_.end(), 1.0);
    return;
  }
  for (size_t user = 0; user < num_users; ++user) {
    no_click_weight_[user] =
        shape_.affinity->Weigh(observation + user * user_width_, items + user * considered_ * item_width_,
                               absl::MakeSpan(weights_).subspan(user * considered_, considered_));
  }
}

void SlateQPolicy::ActChunk(const float* observation, const float* candidates, size_t num_users,
                            absl::Span<int32_t> slates) {
  const bool retrieves = shape_.proposal_k > 0;
  if (retrieves) Retrieve(observation, candidates, num_users);
  const float* items = retrieves ? items_.data() : candidates;
  const size_t row = considered_ + (shape_.q.action.with_none ? 1 : 0);
  q_.Score({observation, num_users * user_width_}, items, static_cast<int>(num_users), static_cast<int>(considered_),
           absl::MakeSpan(values_).subspan(0, num_users * row));
  WeighClicks(observation, items, num_users);
  const auto slate_size = static_cast<size_t>(shape_.slate_size);
  for (size_t user = 0; user < num_users; ++user) {
    const absl::Span<const float> values = absl::MakeConstSpan(values_).subspan(user * row, row);
    const absl::Span<int32_t> slate = slates.subspan(user * slate_size, slate_size);
    optimizer_.Select(shape_.serving,
                      {.weights = absl::MakeConstSpan(weights_).subspan(user * considered_, considered_),
                       .values = values.subspan(0, considered_),
                       .no_click_weight = no_click_weight_[user],
                       .no_click_value = shape_.q.action.with_none ? double{values.back()} : 0.0},
                      slate);
    if (!retrieves) continue;
    for (int32_t& item : slate) item = picked_[user * considered_ + static_cast<size_t>(item)];
  }
}

void SlateQPolicy::Act(const PolicyInput& input, const PolicyOutput& output) {
  const size_t num_users = input.positions.size();
  const auto slate_size = static_cast<size_t>(shape_.slate_size);
  const size_t candidates_width = static_cast<size_t>(shape_.num_candidates) * item_width_;
  RECBOTS_CHECK(input.observation.size() == num_users * user_width_) << "observation of " << input.observation.size();
  RECBOTS_CHECK(input.candidates.size() == num_users * candidates_width) << "candidates of " << input.candidates.size();
  RECBOTS_CHECK(output.slates.size() == num_users * slate_size);
  std::fill(output.behaviour_probability.begin(), output.behaviour_probability.end(), 1.0f);
  std::fill(output.position_probability.begin(), output.position_probability.end(), 1.0f);
  for (size_t begin = 0; begin < num_users; begin += kChunk) {
    const size_t n = std::min(kChunk, num_users - begin);
    const absl::Span<int32_t> slates = output.slates.subspan(begin * slate_size, n * slate_size);
    if (has_weights_) {
      ActChunk(input.observation.data() + begin * user_width_,
               item_width_ == 0 ? nullptr : input.candidates.data() + begin * candidates_width, n, slates);
    } else {
      for (size_t i = 0; i < slates.size(); ++i) slates[i] = static_cast<int32_t>(i % slate_size);
    }
  }
}

}  // namespace recbots
