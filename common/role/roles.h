// The table of the roles of a run, one row each. All code that depends on which roles there are uses this table.
#pragma once

#include <array>

#include "absl/strings/string_view.h"
#include "recbots/v1/weights.pb.h"

namespace recbots {

struct RoleKind {
  const char* name;                  // "actor"; its program is recbots-actor.
  bool serves;                       // Other roles call it, at the address in their flag --NAME; it ends after them.
  bool sharded;                      // A run may have several of it; --NAME lists them.
  std::array<const char*, 2> peers;  // Roles that it calls (flag --PEER) and needs; nullptr: no further one.
  v1::WorkerRole worker;             // The worker role in which it watches weights; UNSPECIFIED: none.
};

// clang-format off
inline constexpr std::array<RoleKind, 4> kRoles = {{
    {"replay",    true,  true,  {nullptr, nullptr},    v1::WORKER_ROLE_UNSPECIFIED},
    {"learner",   true,  false, {"replay", nullptr},   v1::WORKER_ROLE_UNSPECIFIED},
    {"actor",     false, false, {"replay", "learner"}, v1::WORKER_ROLE_ACTOR},
    {"evaluator", false, false, {"learner", nullptr},  v1::WORKER_ROLE_EVALUATOR}}};
// clang-format on

// The role of that name, or nullptr.
inline const RoleKind* FindRole(absl::string_view name) {
  for (const RoleKind& role : kRoles) {
    if (role.name == name) return &role;
  }
  return nullptr;
}

// The role that watches weights as `worker`, or nullptr.
inline const RoleKind* FindWorker(v1::WorkerRole worker) {
  for (const RoleKind& role : kRoles) {
    if (role.worker == worker && worker != v1::WORKER_ROLE_UNSPECIFIED) return &role;
  }
  return nullptr;
}

}  // namespace recbots
