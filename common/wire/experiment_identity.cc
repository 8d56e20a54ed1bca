#include "common/wire/experiment_identity.h"

#include <algorithm>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace recbots {
namespace {

constexpr size_t kMaxDifferencesNamed = 6;
constexpr size_t kMaxValueShown = 80;

template <typename... Parts>
absl::Status Invalid(const Parts&... parts) {
  return absl::InvalidArgumentError(absl::StrCat("experiment identity: ", parts...));
}

uint64_t FingerprintOf(const v1::ExperimentIdentity& identity) {
  uint64_t hash = kFnvOffset;
  for (const v1::IdentityField& field : identity.fields()) {
    hash = Fnv1a("\n", Fnv1a(field.value(), Fnv1a("=", Fnv1a(field.path(), hash))));
  }
  return hash;
}

std::string ShortValue(const std::string& value) {
  if (value.size() <= kMaxIdentityValueBytes) return value;
  return absl::StrCat(value.size(), " bytes, FNV-1a ", FingerprintText(Fnv1a(value)));
}

// A value for a line of text: printable, and cut if it is too long.
std::string Shown(const std::string* value) {
  if (value == nullptr) return "not set";
  std::string text = absl::CHexEscape(value->substr(0, kMaxValueShown));
  if (value->size() > kMaxValueShown) absl::StrAppend(&text, "...");
  return text.empty() ? "''" : text;
}

// The value of a path, or nullptr.
const std::string* Find(const v1::ExperimentIdentity& identity, const std::string& path) {
  const auto before = [](const v1::IdentityField& field, const std::string& wanted) { return field.path() < wanted; };
  const auto found = std::lower_bound(identity.fields().begin(), identity.fields().end(), path, before);
  return found != identity.fields().end() && found->path() == path ? &found->value() : nullptr;
}

}  // namespace

uint64_t Fnv1a(absl::string_view bytes, uint64_t hash) {
  for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3;
  return hash;
}

v1::ExperimentIdentity MakeIdentity(const IdentityFields& fields) {
  v1::ExperimentIdentity identity;
  for (const auto& [path, value] : fields) {
    v1::IdentityField& field = *identity.add_fields();
    field.set_path(path);
    field.set_value(ShortValue(value));
  }
  if (!fields.empty()) identity.set_fingerprint(FingerprintOf(identity));
  return identity;
}

absl::Status CheckIdentity(const v1::ExperimentIdentity& identity) {
  if (!Says(identity)) {
    return identity.fingerprint() == 0 ? absl::OkStatus() : Invalid("a fingerprint without fields, want both");
  }
  if (identity.fields_size() > kMaxIdentityFields) {
    return Invalid(identity.fields_size(), " fields, want at most ", kMaxIdentityFields);
  }
  if (identity.ByteSizeLong() > kMaxIdentityBytes) {
    return Invalid(identity.ByteSizeLong(), " bytes, want at most ", kMaxIdentityBytes);
  }
  const std::string* last = nullptr;
  for (const v1::IdentityField& field : identity.fields()) {
    if (field.path().empty() || field.path().size() > kMaxIdentityPathBytes) {
      return Invalid("a path of ", field.path().size(), " bytes, want 1..", kMaxIdentityPathBytes);
    }
    if (field.value().size() > kMaxIdentityValueBytes) {
      return Invalid("a value of ", field.value().size(), " bytes, want at most ", kMaxIdentityValueBytes);
    }
    if (last != nullptr && field.path() <= *last) {
      return Invalid("path '", absl::CHexEscape(field.path()), "' behind '", absl::CHexEscape(*last),
                     "', want them in order, each once");
    }
    last = &field.path();
  }
  if (const uint64_t fingerprint = FingerprintOf(identity); fingerprint != identity.fingerprint()) {
    return Invalid("fingerprint ", FingerprintText(identity.fingerprint()), ", want ", FingerprintText(fingerprint),
                   ", that of the fields");
  }
  return absl::OkStatus();
}

std::string IdentityDifference(const v1::ExperimentIdentity& there, absl::string_view of_there,
                               const v1::ExperimentIdentity& here, absl::string_view of_here) {
  if (there.fingerprint() == here.fingerprint()) return "";
  std::vector<std::string> both, one;
  const auto add = [&](const std::string& path, const std::string* a, const std::string* b) {
    (a != nullptr && b != nullptr ? both : one)
        .push_back(absl::StrCat(path, ": ", Shown(a), " ", of_there, ", ", Shown(b), " ", of_here));
  };
  for (const v1::IdentityField& field : here.fields()) {
    const std::string* const other = Find(there, field.path());
    if (other == nullptr || *other != field.value()) add(field.path(), other, &field.value());
  }
  for (const v1::IdentityField& field : there.fields()) {
    if (Find(here, field.path()) == nullptr) add(field.path(), &field.value(), nullptr);
  }
  both.insert(both.end(), one.begin(), one.end());
  const size_t named = std::min(both.size(), kMaxDifferencesNamed);
  std::string text = absl::StrJoin(both.begin(), both.begin() + static_cast<std::ptrdiff_t>(named), "; ");
  if (both.size() > named) absl::StrAppend(&text, "; and ", both.size() - named, " more");
  return text;
}

std::string FingerprintText(uint64_t fingerprint) { return absl::StrCat(absl::Hex(fingerprint, absl::kZeroPad16)); }

}  // namespace recbots
