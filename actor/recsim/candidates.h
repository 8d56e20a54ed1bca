// The candidates of a batch of users: drawn again when the model says so, shared within a session, written as features.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <vector>

#include "actor/recsim/model.h"
#include "actor/recsim/slate.h"
#include "common/base/random_batch.h"
#include "common/base/state_archive.h"
#include "common/rl/spec.h"

namespace recbots {

template <typename Model>
concept HasDocuments = requires {
  typename Model::Document;
};

// Whether candidates depend on the user they are drawn for.
template <typename Model>
concept DrawsDocumentsForUser = requires(const Model& model, const typename Model::User& user, Rng& draws) {
  model.SampleDocument(user, draws);
};

template <typename Model>
concept UpdatesDocuments = requires(const Model& model, const typename Model::User& user,
                                    const typename Model::Response& response, Rng& draws,
                                    typename Model::Document& document) {
  model.UpdateDocument(user, response, 0, draws, document);
};

// When this model's candidates are drawn again.
template <typename Model>
CandidateRefresh RefreshOf(const Model& model) {
  if constexpr (requires { model.candidate_refresh(); }) {
    return model.candidate_refresh();
  } else {
    return HasDocuments<Model> ? CandidateRefresh::kEveryStep : CandidateRefresh::kNever;
  }
}

// Users are told apart by their row in the batch, which the caller passes with its columns. Not thread-safe.
template <typename Model>
class Candidates {
 public:
  using Document = NoDocument;
  Candidates(const Model&, const EnvironmentSpec&, uint64_t, int) {}
  size_t row_size() const { return 0; }
  const Document* Of(size_t) const { return nullptr; }
  template <typename... Arguments>
  void Update(Arguments&&...) {}
  template <typename... Arguments>
  void Refresh(Arguments&&...) {}
  template <typename... Arguments>
  void Start(Arguments&&...) {}
  template <typename... Arguments>
  void Write(Arguments&&...) const {}
  void TransferState(StateArchive&) {}
};

template <typename Model>
requires HasDocuments<Model>
class Candidates<Model> {
 public:
  using Document = typename Model::Document;
  using User = typename Model::User;

  Candidates(const Model& model, const EnvironmentSpec& spec, uint64_t seed, int num_users)
      : refresh_(RefreshOf(model)),
        seed_(seed),
        n_(static_cast<size_t>(spec.num_candidates)),
        features_(static_cast<size_t>(spec.num_candidate_features)),
        session_(static_cast<size_t>(spec.users_per_session)) {
    const size_t sets = refresh_ == CandidateRefresh::kNever ? 1 : static_cast<size_t>(num_users) / session_;
    documents_.resize(sets * n_);
    if constexpr (!DrawsDocumentsForUser<Model>) {
      if (refresh_ == CandidateRefresh::kNever) Draw(model, User(), {0xFFFFFFFF, 0, 0}, documents_.data());
    }
  }

  // Floats of one user's candidates, N D.
  size_t row_size() const { return n_ * features_; }

  const Document* Of(size_t user) const { return documents_.data() + Set(user) * n_; }

  // After the update of a user: the documents shown may change too, where they outlive the step.
  void Update(const Model& model, const User& user, const typename Model::Response& response, const int32_t* shown,
              size_t size, size_t row, Rng& draws) {
    if constexpr (UpdatesDocuments<Model>) {
      if (refresh_ != CandidateRefresh::kEveryEpisode) return;
      Document* const documents = documents_.data() + Set(row) * n_;
      for (size_t i = 0; i < size; ++i) {
        model.UpdateDocument(user, response, static_cast<int>(i), draws, documents[shown[i]]);
      }
    }
  }

  // After a step of users begin .. begin + n - 1.
  void Refresh(const Model& model, const User* users, const StreamPosition* positions, size_t begin, size_t n) {
    if (refresh_ != CandidateRefresh::kEveryStep) return;
    for (size_t user = begin; user < begin + n; user += session_) {
      Draw(model, users[user], positions[user], documents_.data() + Set(user) * n_);
    }
  }

  // At the start of the episode of the session whose first user is `user`.
  void Start(const Model& model, const User* users, const StreamPosition* positions, size_t user) {
    if (refresh_ == CandidateRefresh::kNever) return;
    Draw(model, users[user], positions[user], documents_.data() + Set(user) * n_);
  }

  // Features of the candidates of users begin .. begin + n - 1, to their rows of `out` [B, N, D].
  void Write(const Model& model, size_t begin, size_t n, float* out) const {
    if (features_ == 0) return;
    const size_t features = features_;
    const size_t num_candidates = n_;
    float* row = out + begin * row_size();
    std::fill_n(row, n * row_size(), 0.0f);
    for (size_t user = begin; user < begin + n; ++user) {
      const Document* const documents = Of(user);
      for (size_t i = 0; i < num_candidates; ++i, row += features) model.WriteDocument(documents[i], row);
    }
  }

  void TransferState(StateArchive& archive) { archive.Values("candidates", documents_); }

 private:
  // Numbers computed ahead per document; those that draw more go on one block at a time.
  static constexpr uint32_t kDrawsAhead = [] {
    if constexpr (requires { Model::kDrawsPerDocument; }) {
      return static_cast<uint32_t>(Model::kDrawsPerDocument);
    } else {
      return 4U;
    }
  }();

  size_t Set(size_t user) const {
    if (refresh_ == CandidateRefresh::kNever) return 0;
    return session_ == 1 ? user : user / session_;
  }

  void Draw(const Model& model, const User& user, StreamPosition position, Document* documents) {
    const uint32_t blocks = std::min(BlockRun::kCapacity, (static_cast<uint32_t>(n_) * kDrawsAhead + 3) / 4);
    run_.Fill(seed_, Purpose::kDocument, position, blocks);
    Rng draws(seed_, Purpose::kDocument, position, run_.numbers(), blocks);
    for (size_t i = 0; i < n_; ++i) {
      if constexpr (DrawsDocumentsForUser<Model>) {
        documents[i] = model.SampleDocument(user, draws);
      } else {
        documents[i] = model.SampleDocument(draws);
      }
    }
  }

  const CandidateRefresh refresh_;
  const uint64_t seed_;
  const size_t n_;
  const size_t features_;
  const size_t session_;
  std::vector<Document> documents_;  // [sessions or 1, N]
  BlockRun run_;
};

}  // namespace recbots
