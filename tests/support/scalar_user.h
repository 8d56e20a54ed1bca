// One user of a Model, played without the batched environment: the same draws by the plainest code, its hidden state in
// the open.
#pragma once

#include <cstdint>
#include <vector>

#include "actor/recsim/slate.h"
#include "common/base/random.h"

namespace recbots::testing {

// Models whose candidates are drawn at every step and do not depend on the user. `model` outlives this.
template <typename Model>
class ScalarUser {
 public:
  using Document = typename Model::Document;
  using Response = typename Model::Response;

  ScalarUser(const Model& model, uint64_t seed, uint32_t stream)
      : model_(&model), seed_(seed), position_{stream, 0, 0} {
    Draw();
  }

  // Shows `size` candidates and moves on; returns what the user did.
  Response Step(const int32_t* positions, int size) {
    const Slate<Document> slate(documents_.data(), positions, size);
    Rng choice(seed_, Purpose::kChoice, position_), transition(seed_, Purpose::kTransition, position_);
    const Response response = model_->Respond(user_, slate, choice);
    model_->Update(slate, response, transition, user_);
    ++position_.step;
    DrawDocuments();
    return response;
  }

  void StartNextEpisode() {
    position_ = {position_.stream, position_.episode + 1, 0};
    Draw();
  }

  const typename Model::User& user() const { return user_; }
  const std::vector<Document>& documents() const { return documents_; }
  const StreamPosition& position() const { return position_; }

 private:
  void Draw() {
    Rng draws(seed_, Purpose::kUser, position_);
    user_ = model_->SampleUser(draws);
    DrawDocuments();
  }
  void DrawDocuments() {
    Rng draws(seed_, Purpose::kDocument, position_);
    documents_.clear();
    for (int i = 0; i < model_->spec().num_candidates; ++i) documents_.push_back(model_->SampleDocument(draws));
  }

  const Model* model_;
  uint64_t seed_;
  StreamPosition position_;
  typename Model::User user_;
  std::vector<Document> documents_;
};

}  // namespace recbots::testing
