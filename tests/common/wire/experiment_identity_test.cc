#include "common/wire/experiment_identity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"

namespace recbots {
namespace {

using ::testing::HasSubstr;

const IdentityFields kFields = {{"environment", "document_browsing"},
                                {"environment.document_browsing.matrix_seed", "42"},
                                {"transition.n_step", "1"}};

IdentityFields With(const std::string& path, const std::string& value) {
  IdentityFields fields = kFields;
  fields[path] = value;
  return fields;
}

std::string Difference(const IdentityFields& there, const IdentityFields& here) {
  return IdentityDifference(MakeIdentity(there), "there", MakeIdentity(here), "here");
}

TEST(ExperimentIdentityTest, IsTheSameInEveryVersionAndOnEveryMachine) {
  // FNV-1a of "environment=document_browsing\nenvironment.document_browsing.matrix_seed=42\ntransition.n_step=1\n".
  EXPECT_EQ(FingerprintText(MakeIdentity(kFields).fingerprint()), "2916bebd2daf9810");
  EXPECT_TRUE(CheckIdentity(MakeIdentity(kFields)).ok());
  EXPECT_TRUE(CheckIdentity({}).ok());
  EXPECT_FALSE(Says({}));
}

TEST(ExperimentIdentityTest, NamesWhatDiffers) {
  EXPECT_EQ(Difference(kFields, kFields), "");
  EXPECT_EQ(Difference(With("environment.document_browsing.matrix_seed", "7"), kFields),
            "environment.document_browsing.matrix_seed: 7 there, 42 here");
  EXPECT_EQ(Difference(kFields, With("transition.discount", "")), "transition.discount: not set there, '' here");
  IdentityFields other = With("environment", "known_q");
  other.erase("environment.document_browsing.matrix_seed");
  EXPECT_EQ(
      Difference(other, kFields),
      "environment: known_q there, document_browsing here; environment.document_browsing.matrix_seed: not set there, "
      "42 here")
      << "what both have comes first";
}

TEST(ExperimentIdentityTest, ALongDifferenceStaysReadable) {
  IdentityFields there, here;
  for (int i = 0; i < 9; ++i) there[absl::StrCat("field", i)] = std::string(300, 'x');
  for (int i = 0; i < 9; ++i) here[absl::StrCat("field", i)] = "\n";
  const std::string text = Difference(there, here);
  EXPECT_THAT(text, HasSubstr(absl::StrCat("field0: ", std::string(80, 'x'), "... there, \\n here; field1: ")));
  EXPECT_THAT(text, HasSubstr("; and 3 more"));
  EXPECT_LT(text.size(), 1000u);
}

TEST(ExperimentIdentityTest, ALongValueStandsAsItsChecksum) {
  const std::string value(5000, 'x');
  const v1::ExperimentIdentity identity = MakeIdentity({{"path", value}});
  EXPECT_THAT(identity.fields(0).value(), ::testing::StartsWith("5000 bytes, FNV-1a "));
  EXPECT_TRUE(CheckIdentity(identity).ok());
  std::string other = value;
  other[4000] = 'y';
  EXPECT_NE(MakeIdentity({{"path", other}}).fingerprint(), identity.fingerprint());
}

TEST(ExperimentIdentityTest, RefusesWhatItDoesNotMake) {
  const auto refusal = [](const v1::ExperimentIdentity& identity) {
    const absl::Status status = CheckIdentity(identity);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    return std::string(status.message());
  };
  const v1::ExperimentIdentity good = MakeIdentity(kFields);
  v1::ExperimentIdentity bad = good;
  bad.set_fingerprint(1);
  EXPECT_THAT(refusal(bad), HasSubstr("fingerprint 0000000000000001, want "));
  bad.clear_fields();
  EXPECT_THAT(refusal(bad), HasSubstr("a fingerprint without fields"));
  bad = good;
  bad.mutable_fields()->SwapElements(0, 1);
  EXPECT_THAT(refusal(bad), HasSubstr("path 'environment' behind 'environment.document_browsing.matrix_seed'"));
  bad = good;
  *bad.add_fields() = good.fields(2);
  EXPECT_THAT(refusal(bad), HasSubstr("each once"));
  bad = good;
  bad.mutable_fields(0)->clear_path();
  EXPECT_THAT(refusal(bad), HasSubstr("a path of 0 bytes, want 1..256"));
  bad = good;
  bad.mutable_fields(0)->set_value(std::string(513, 'x'));
  EXPECT_THAT(refusal(bad), HasSubstr("a value of 513 bytes, want at most 512"));
  bad = v1::ExperimentIdentity();
  for (int i = 0; i < 1025; ++i) bad.add_fields();
  EXPECT_THAT(refusal(bad), HasSubstr("1025 fields, want at most 1024"));
  IdentityFields large;
  for (int i = 0; i < 100; ++i) large[absl::StrCat("field", i)] = std::string(400, 'x');
  EXPECT_THAT(refusal(MakeIdentity(large)), HasSubstr("bytes, want at most 32768"));
}

}  // namespace
}  // namespace recbots
