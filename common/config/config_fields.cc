#include "common/config/config_fields.h"

#include <algorithm>
#include <set>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/config/field_path.h"

namespace recbots {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

constexpr size_t kMaxNamed = 6;

// `bound`: leaves out what may change, and says which member of a oneof is chosen.
void Describe(const Message& message, const std::string& path, bool bound, ConfigFields& fields) {
  const auto& reflection = *message.GetReflection();
  const auto& type = *message.GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    const auto& options = field.options();
    if (bound && options.GetExtension(v1::may_change)) continue;
    const std::string at = JoinPath(path, field.name());
    const bool is_message = field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
    if (field.is_repeated() && is_message) {
      const int size = reflection.FieldSize(message, &field);
      for (int j = 0; j < size; ++j) {
        Describe(reflection.GetRepeatedMessage(message, &field, j), absl::StrCat(at, "[", j, "]"), bound, fields);
      }
    } else if (field.is_repeated()) {
      std::vector<std::string> values;
      for (int j = 0; j < reflection.FieldSize(message, &field); ++j) values.push_back(ValueText(message, field, j));
      fields[at] = absl::StrJoin(values, " ");
    } else if (!is_message) {
      fields[at] = ValueText(message, field);
    } else if (reflection.HasField(message, &field)) {
      if (bound && field.containing_oneof() != nullptr) fields[path] = field.name();
      if (options.GetExtension(v1::on_request)) fields[at] = "given";
      Describe(reflection.GetMessage(message, &field), at, bound, fields);
    } else if (field.containing_oneof() == nullptr && !options.GetExtension(v1::on_request)) {
      Describe(reflection.GetMessage(message, &field), at, bound, fields);
    }
  }
}

std::string TextOf(const ConfigFields& fields, const std::string& path) {
  const auto found = fields.find(path);
  return found == fields.end() ? "not given" : found->second;
}

}  // namespace

void DescribeFields(const Message& message, const std::string& path, ConfigFields& fields) {
  Describe(message, path, /*bound=*/false, fields);
}

std::string RunDifference(const v1::ExperimentConfig& there, const v1::ExperimentConfig& here) {
  ConfigFields a, b;
  Describe(there, "", /*bound=*/true, a);
  Describe(here, "", /*bound=*/true, b);
  std::set<std::string> paths;
  for (const ConfigFields* fields : {&a, &b}) {
    for (const auto& [path, value] : *fields) paths.insert(path);
  }
  // Fields of both come first: the others follow from a part that only one of them has.
  std::vector<std::string> of_both, of_one;
  for (const std::string& path : paths) {
    const std::string in_a = TextOf(a, path), in_b = TextOf(b, path);
    if (in_a == in_b) continue;
    std::vector<std::string>& named = a.count(path) + b.count(path) == 2 ? of_both : of_one;
    named.push_back(absl::StrCat(path, ": ", in_a, " there, ", in_b, " here"));
  }
  of_both.insert(of_both.end(), of_one.begin(), of_one.end());
  const size_t more = of_both.size() - std::min(of_both.size(), kMaxNamed);
  of_both.resize(of_both.size() - more);
  if (more > 0) of_both.push_back(absl::StrCat("and ", more, " more"));
  return absl::StrJoin(of_both, "; ");
}

}  // namespace recbots
