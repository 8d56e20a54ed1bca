// The roles of a run: one row each. What depends on which roles there are looks here.
#pragma once

#include <array>

#include "absl/strings/string_view.h"
#include "recbots/v1/weights.pb.h"

namespace recbots {

struct RoleKind {
  const char* name;                  // "actor"; its program is recbots-actor.
  bool serves;                       // Others call it: it ends after those, and --NAME is where they find it.
  bool sharded;                      // There may be several of it, and --NAME lists them.
  std::array<const char*, 2> peers;  // Roles that it calls and cannot do without: --PEER. nullptr: no other.
  v1::WorkerRole worker;             // As what it watches the learner's weights; WORKER_ROLE_UNSPECIFIED: it does not.
};

// clang-format off
inline constexpr std::array<RoleKind, 4> kRoles = {{
    {"replay",    true,  true,  {nullptr, nullptr},    v1::WORKER_ROLE_UNSPECIFIED},
    {"learner",   true,  false, {"replay", nullptr},   v1::WORKER_ROLE_UNSPECIFIED},
    {"actor",     false, false, {"replay", "learner"}, v1::WORKER_ROLE_ACTOR},
    {"evaluator", false, false, {"learner", nullptr},  v1::WORKER_ROLE_EVALUATOR}}};
// clang-format on

// nullptr: there is none of that name.
inline const RoleKind* FindRole(absl::string_view name) {
  for (const RoleKind& role : kRoles) {
    if (role.name == name) return &role;
  }
  return nullptr;
}

// The role that watches weights as this; nullptr: none does.
inline const RoleKind* FindWorker(v1::WorkerRole worker) {
  for (const RoleKind& role : kRoles) {
    if (role.worker == worker && worker != v1::WORKER_ROLE_UNSPECIFIED) return &role;
  }
  return nullptr;
}

}  // namespace recbots
