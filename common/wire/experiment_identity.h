// The meaning of rows, in a form that travels with rows, tables, checkpoints, weights and reports. A process that joins
// a run compares it with its own.
//
// actor/client/experiment_identity.h, which knows the settings, decides which of them belong to an identity; here they
// are just paths and values. Two identities are equal if their fingerprints are; the fields are kept so that a refusal
// can say what differs.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "recbots/v1/identity.pb.h"

namespace recbots {

// Bounds for identities that come from another process.
inline constexpr int kMaxIdentityFields = 1024;
inline constexpr size_t kMaxIdentityPathBytes = 256;
inline constexpr size_t kMaxIdentityValueBytes = 512;
inline constexpr size_t kMaxIdentityBytes = size_t{32} << 10;

// FNV-1a (Fowler, Noll and Vo), 64 bits: the same on every machine and in every version. `hash` is the hash of the
// preceding bytes.
inline constexpr uint64_t kFnvOffset = 0xCBF29CE484222325;
uint64_t Fnv1a(absl::string_view bytes, uint64_t hash = kFnvOffset);

// Paths and their values. A value of more than kMaxIdentityValueBytes is replaced by its length and checksum.
using IdentityFields = std::map<std::string, std::string>;
// An identity of these fields, with their fingerprint. The fields must keep the bounds above, except that values may be
// longer.
v1::ExperimentIdentity MakeIdentity(const IdentityFields& fields);

// Whether the identity has fields. If not, nothing is known of the meaning of the rows.
inline bool Says(const v1::ExperimentIdentity& identity) { return identity.fields_size() > 0; }

// Checks an identity that came from another process or a file. An identity without fields is valid.
//   INVALID_ARGUMENT  a bound is exceeded, paths are not in order, or the fingerprint does not match the fields; the
//                     message says which
absl::Status CheckIdentity(const v1::ExperimentIdentity& identity);

// "" if the two are equal. Otherwise the differences, at most six by name, those in fields that both have first:
//   environment.document_browsing.matrix_seed: 7 in the checkpoint, 42 here; transition.n_step: 3 in the checkpoint, 1
//   here; and 2 more
std::string IdentityDifference(const v1::ExperimentIdentity& there, absl::string_view of_there,
                               const v1::ExperimentIdentity& here, absl::string_view of_here);

// Sixteen hexadecimal digits.
std::string FingerprintText(uint64_t fingerprint);

}  // namespace recbots
