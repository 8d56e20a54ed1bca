#include "tests/documents/check_words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <regex>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/role/roles.h"
#include "tests/documents/document.h"

namespace recbots::documents {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;

// First groups of all matches.
std::vector<std::string> Matches(const std::string& text, const char* pattern) {
  const std::regex what(pattern);
  std::vector<std::string> found;
  for (std::sregex_iterator match(text.begin(), text.end(), what), end; match != end; ++match) {
    found.push_back((*match)[1]);
  }
  return found;
}

}  // namespace

std::vector<std::string> FlagsIn(const std::string& text) {
  std::vector<std::string> flags = Matches(text, R"((?:^|[ "\[|(])(--[a-z][a-z0-9_-]*))");
  // A dash may be typed for an underscore.
  for (std::string& flag : flags) std::replace(flag.begin() + 2, flag.end(), '-', '_');
  return flags;
}

std::vector<std::string> OverridesIn(const std::string& text) {
  return Matches(text, R"(--set[= ]([\w.\[\]]+=[^\s"]*))");
}

void WordChecker::Curl(const std::string& command) const {
  std::smatch parts;
  static const std::regex url(
      R"(curl (?:-N |-X POST -H 'Content-Type: application/json' -d '[^']*' )?'?http://([^/]+)(/[\w/]+)(?:\?[^']*')?)");
  ASSERT_TRUE(std::regex_match(command, parts, url)) << command;
  const std::string address = parts[1];
  // The cluster of the README serves there, and the learner in containers.
  EXPECT_THAT(Content("README.md"), HasSubstr("--http=" + address));
  const std::string port = address.substr(address.rfind(':') + 1);
  EXPECT_THAT(Content("docker-compose.yml"), HasSubstr("127.0.0.1:${RECBOTS_METRICS_PORT:-" + port + "}"));
  EXPECT_THAT(parts[2].str(), AnyOf("/metrics", "/healthz", "/statusz", "/api/v1/status", "/api/v1/series",
                                    "/api/v1/policy", "/api/v1/control", "/api/v1/events"));
}

void WordChecker::RoleFlags(const std::string& text) const {
  for (const RoleKind& role : kRoles) {
    const std::string help = workshop_.Run(absl::StrCat("recbots-", role.name, " --help")).output;
    for (const std::string& flag : FlagsIn(text)) EXPECT_THAT(help, HasSubstr("  " + flag)) << role.name;
  }
  for (const std::string& override_text : OverridesIn(text)) {
    const testing::Outcome outcome = workshop_.Run(
        absl::StrCat("recbots simulate deploy/config/browse.textproto --episodes=1 --set '", override_text, "'"));
    EXPECT_EQ(outcome.exit_code, 0) << outcome.output;
  }
}

void WordChecker::Compose(const std::string& command) const {
  const std::string compose = Content("docker-compose.yml");
  for (const std::string& variable : Matches(command, R"(\b(RECBOTS_[A-Z]+)=)")) {
    EXPECT_THAT(absl::StrCat(compose, Content("deploy/docker/Dockerfile")), HasSubstr(variable));
  }
  for (const std::string& config : Matches(command, R"(RECBOTS_CONFIG=(\S+))")) {
    EXPECT_TRUE(std::filesystem::exists(root_ + "/deploy/config/" + config)) << config;
  }
  for (const std::string& flags : Matches(command, R"re(RECBOTS_FLAGS="([^"]*)")re")) RoleFlags(flags);
  for (const std::string& argument : Matches(command, R"(--build-arg (\w+)=)")) {
    EXPECT_THAT(Content("deploy/docker/Dockerfile"), HasSubstr("ARG " + argument));
  }
  for (const std::string& service : Matches(command, R"((?:--scale |exec |logs )(\w+))")) {
    EXPECT_THAT(compose, HasSubstr("\n  " + service + ":\n"));
  }
  for (const std::string& profile : Matches(command, R"(--profile (\w+))")) {
    EXPECT_THAT(compose, HasSubstr("profiles: [" + profile + "]"));
  }
  const std::vector<std::string> called = Matches(command, R"(docker-compose (?:--profile \w+ )*([a-z]+))");
  ASSERT_EQ(called.size(), 1U);
  EXPECT_THAT(called[0], AnyOf("up", "stop", "down", "logs", "exec", "build"));
  for (const std::string& name : Matches(command, R"(exec \w+ (recbots [a-z]+))")) {
    EXPECT_EQ(workshop_.Run(name + " --help").exit_code, 0) << name;
  }
}

void WordChecker::Preset(const std::string& preset) const {
  // `arch` and `quick` stand for all presets of their kind.
  const std::string ending = preset == "arch" ? "-native" : preset == "quick" ? "-asan" : "";
  EXPECT_THAT(Content("CMakePresets.json"), HasSubstr("{\"name\": \"" + preset + ending + "\", \"displayName\""));
}

void WordChecker::Target(const std::string& target) const {
  std::string rules;
  for (const std::string& file : ListTree(root_)) {
    if (absl::EndsWith(file, "CMakeLists.txt")) rules += Content(file);
  }
  // Some tests are made by a loop over names.
  const std::string name = target.substr(0, target.rfind("_test"));
  EXPECT_THAT(rules, AnyOf(HasSubstr("(" + target + " "), HasSubstr(" " + name + " "), HasSubstr(" " + name + ")")));
}

void WordChecker::Script(const std::string& command) const {
  std::vector<std::string> words = absl::StrSplit(command, ' ');
  words.erase(std::remove_if(words.begin(), words.end(),
                             [](const std::string& word) { return word[0] == 'R' || word[0] == '['; }),
              words.end());
  if (absl::StartsWith(words[0], "build/")) return Target(words[0].substr(words[0].rfind('/') + 1));
  const std::string script = words[0] == "less" ? words.at(1) : words[0];
  EXPECT_TRUE(std::filesystem::exists(root_ + "/" + script)) << script;
  if (script != "tests/run") return;
  for (size_t i = 1; i < words.size(); ++i) {
    if (words[i] == "-L") {
      const std::string& label = words.at(++i);
      EXPECT_THAT(Content("tests/common/base/CMakeLists.txt") + Content("tests/integration/CMakeLists.txt"),
                  HasSubstr(label));
    } else {
      Preset(words[i]);
      EXPECT_THAT(Content("tests/run"), HasSubstr(words[i]));
    }
  }
}

void WordChecker::Build(const std::string& command) const {
  for (const std::string& preset : Matches(command, R"((?:--preset |build/)(\w+))")) Preset(preset);
  for (const std::string& target : Matches(command, R"(ninja -C \S+ (\w+))")) Target(target);
}

}  // namespace recbots::documents
