#include "common/role/role_flags.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/base/log.h"
#include "common/role/role.h"

namespace recbots {

std::vector<FlagSpec> FlagsOfRole(const std::vector<std::string>& more) {
  static const std::vector<FlagSpec>* known = new std::vector<FlagSpec>{
      {"listen", "ADDRESS,...", "where to serve gRPC: HOST:PORT (0 takes a free one), unix:/PATH", "127.0.0.1:0"},
      {"replay", "ADDRESS,...", "the replay service: HOST:PORT, unix:/PATH; several are shards", ""},
      {"learner", "ADDRESS", "the learner's weights service: HOST:PORT or unix:/PATH", ""},
      {"checkpoint_dir", "DIR", "where to keep checkpoints; without it there are none", ""},
      {"keep", "", "go on training and serving after the goal is reached", ""},
      {"fresh", "", "begin a new run: what an earlier run has left in --run_dir moves to DIR/previous", ""},
      {"resume", "DIR", "begin with the networks of the run in DIR, as far as they fit", ""},
      AllowOtherExperimentFlag(),
      {"peer_timeout", "SECONDS", "give up when a peer was away for this long; 0: never", "600"},
      {"learners", "N", "learners that train as one, 1..64; this one leads unless it has --join", "1"},
      {"join", "ADDRESS", "train with the learner there, which leads: HOST:PORT or unix:/PATH", ""},
      {"rank", "R", "with --join: the number of this learner, 1..N-1", "any that is free"},
      {"group_host", "HOST", "where other learners reach this one to exchange gradients; auto: this machine's name",
       "127.0.0.1"},
      DeviceFlag(),
      {"group_timeout", "SECONDS", "the group ends when a learner takes no part for this long, 1..86400", "30"},
  };
  std::vector<FlagSpec> flags = {
      {"config", "FILE", "the experiment (text proto ExperimentConfig)", ""},
      SetFlag(),
      {"run_dir", "DIR", "where everything the run writes goes; made if missing", ""},
      {"http", "HOST:PORT", "where to serve /metrics, /healthz, /statusz; port 0 takes a free one", "127.0.0.1:0"},
      {"help", "", "this text", ""},
  };
  const std::vector<FlagSpec> security = SecurityFlags();
  flags.insert(flags.end() - 1, security.begin(), security.end());
  for (const FlagSpec& flag : *known) {
    if (std::find(more.begin(), more.end(), flag.name) != more.end()) flags.push_back(flag);
  }
  for (const std::string& name : more) {
    const bool is_known =
        std::any_of(flags.begin(), flags.end(), [&](const FlagSpec& flag) { return flag.name == name; });
    RECBOTS_CHECK(is_known) << "no role has a flag '" << name << "'";
  }
  return flags;
}

FlagSpec SetFlag() {
  return {"set", "PATH.TO.FIELD=VALUE", "override one setting; PATH.TO.PART={} chooses a part; may be repeated", ""};
}

FlagSpec DeviceFlag() {
  return {kDevice, "DEVICE", "where to learn: auto, cpu, cuda or cuda:N; the same as --set learner.device=DEVICE", ""};
}

std::vector<std::string> OverridesOf(const CommandLine& flags) {
  std::vector<std::string> overrides = flags.values("set");
  if (flags.knows(kDevice) && flags.has(kDevice))
    overrides.push_back(absl::StrCat("learner.device=", flags.value(kDevice)));
  return overrides;
}

FlagSpec AllowOtherExperimentFlag() {
  return {kAllowOtherExperiment, "", "take what is there although it is of another experiment, with a warning", ""};
}

std::vector<FlagSpec> SecurityFlags() {
  return {{"tls_cert", "FILE", "PEM certificate that peers are shown; with --tls_key", ""},
          {"tls_key", "FILE", "PEM private key of the certificate, without a password", ""},
          {"tls_ca", "FILE", "PEM certificates of the authority that signs those of all peers", ""},
          {"token_file", "FILE", "the token that all roles share, in one line", ""}};
}

absl::StatusOr<std::shared_ptr<const Security>> LoadSecurity(const CommandLine& flags) {
  bool any = false;
  for (const FlagSpec& flag : SecurityFlags()) {
    if (!flags.has(flag.name)) continue;
    any = true;
    if (flags.value(flag.name).empty()) {
      return absl::InvalidArgumentError(absl::StrCat("--", flag.name, " '', want a file"));
    }
  }
  if (!any) return nullptr;
  return Security::Load(
      {flags.value("tls_cert"), flags.value("tls_key"), flags.value("tls_ca"), flags.value("token_file")});
}

}  // namespace recbots
