#include "deploy/cli/doctor/examine.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "common/base/processor.h"

namespace recbots {
namespace {

constexpr double kMiB = 1 << 20;
constexpr double kGiB = 1 << 30;
// Measured for a cluster with one actor and a table of 100,000 short rows, see README.md.
constexpr double kRunBytes = 0.5 * kGiB;
// Memory of one compiler process for a source that includes LibTorch.
constexpr double kCompilerBytes = 1.2e9;
// Free space on a disk. A run writes some megabytes, checkpoints as much as the tables hold, a build 2 GB.
constexpr double kFewBytesFree = 100 * kMiB, kBuildBytes = 3 * kGiB;
// The driver that CUDA 13.0, of the LibTorch in deploy/cuda-wheels.txt, asks for.
constexpr int kOldestGpuDriver = 580;
// For the role that needs most, replay, with one actor; each further actor takes two.
constexpr int64_t kRoleDescriptors = 64;
constexpr int64_t kUsualDescriptors = 1024;
// The number of programs of a cluster that are busy at the same time.
constexpr int kBusyPrograms = 3;

std::string Bytes(double bytes) {
  return bytes >= kGiB ? absl::StrFormat("%.1f GiB", bytes / kGiB) : absl::StrFormat("%.0f MiB", bytes / kMiB);
}

Finding System(const Machine& machine) {
  Finding finding{"system", Judgement::kOk,
                  absl::StrCat(machine.distribution.empty() ? "an unknown distribution" : machine.distribution, ", ",
                               machine.kernel),
                  ""};
  if (machine.distribution_id == "debian" && machine.version_id == "12") return finding;
  finding.judgement = Judgement::kWarning;
  finding.advice =
      "recbots is made for the packages of Debian 12: elsewhere deploy/run may find other versions; docker-compose up "
      "brings its own";
  return finding;
}

Finding Processor(const Machine& machine) {
  const int level = ArchitectureLevel(machine.features), built = ArchitectureLevel(machine.built_for_features);
  const std::string how =
      machine.built_for_architecture.empty() ? "the compiler's default" : machine.built_for_architecture;
  Finding finding{"processor", Judgement::kOk,
                  absl::StrCat(machine.processor, ", ", ArchitectureName(level), "; programs are compiled for ", how,
                               how == ArchitectureName(built) ? "" : absl::StrCat(", ", ArchitectureName(built))),
                  ""};
  const std::vector<std::string> missing = FeatureNames(machine.built_for_features & ~machine.features);
  if (!missing.empty()) {
    finding.judgement = Judgement::kProblem;
    finding.advice =
        absl::StrCat("this processor lacks ", absl::StrJoin(missing, ", "),
                     ": build on this machine, or configure with -DRECBOTS_ARCH=", ArchitectureName(level));
  } else if (level == 0) {
    finding.judgement = Judgement::kWarning;
    finding.advice = "recbots is tested on x86-64 only; nothing was measured here";
  } else if (built < 3) {
    finding.judgement = Judgement::kWarning;
    finding.advice = level < 3 ? "acting and simulating are written for AVX2 (x86-64-v3), and take several times as "
                                 "long without it"
                               : "acting and simulating take several times as long as they could: configure with "
                                 "-DRECBOTS_ARCH=native";
  } else if (built < level) {
    finding.advice = "programs compiled with -DRECBOTS_ARCH=native would be faster here";
  }
  return finding;
}

Finding Cores(const Machine& machine) {
  const bool limited = machine.core_limit > 0 && machine.core_limit < machine.cores;
  const double usable = limited ? machine.core_limit : machine.cores;
  Finding finding{"cores", Judgement::kOk,
                  limited ? absl::StrFormat("%d, limited to %g by the control group", machine.cores, machine.core_limit)
                          : absl::StrCat(machine.cores),
                  ""};
  if (usable < 2) {
    finding.judgement = Judgement::kWarning;
    finding.advice =
        absl::StrCat(kBusyPrograms,
                     " busy programs of a cluster share less than two cores: 'recbots train' does the same "
                     "in one thread, and faster here");
  }
  return finding;
}

Finding Memory(const Machine& machine) {
  double free = static_cast<double>(machine.available_bytes);
  std::string says = absl::StrCat(Bytes(static_cast<double>(machine.memory_bytes)), ", ", Bytes(free), " of it free");
  if (machine.memory_limit > 0) {
    const auto left = static_cast<double>(std::max<int64_t>(0, machine.memory_limit - machine.memory_limit_used));
    absl::StrAppend(&says, "; the control group allows ", Bytes(static_cast<double>(machine.memory_limit)), ", ",
                    Bytes(left), " of it free");
    free = std::min(free, left);
  }
  Finding finding{"memory", Judgement::kOk, says, ""};
  if (free < kRunBytes) {
    finding.judgement = Judgement::kProblem;
    finding.advice = absl::StrCat("a small cluster takes ", Bytes(kRunBytes),
                                  " beside its table (replay.table.capacity_bytes): roles would be killed; end other "
                                  "programs, or use 'recbots train', which is one process");
  } else if (free < 2 * kCompilerBytes) {
    finding.judgement = Judgement::kWarning;
    finding.advice = absl::StrCat("a build runs one compiler for each ", Bytes(kCompilerBytes),
                                  ": one at a time here; tables must stay below what is free "
                                  "(replay.table.capacity_bytes)");
  }
  return finding;
}

Finding Libraries(const Machine& machine) {
  Finding finding{"libtorch", Judgement::kOk, "", ""};
  if (machine.torch_version.empty()) {
    finding.judgement = Judgement::kProblem;
    finding.says = machine.libraries_error;
    finding.advice =
        "nothing can be trained: build all programs (deploy/run does), and install what "
        "deploy/packages.txt lists under 'run'";
    return finding;
  }
  finding.says = absl::StrCat("LibTorch ", machine.torch_version, ", matrix products by ",
                              machine.blas_config.empty() ? machine.blas_path : machine.blas_config);
  // A wheel of LibTorch has its own BLAS, MKL, in it.
  if (machine.blas_config.empty() && !absl::EndsWith(machine.blas_path, "/libtorch_cpu.so")) {
    finding.judgement = Judgement::kWarning;
    finding.advice =
        "this is not OpenBLAS, and with the reference BLAS an update takes five times as long: apt-get install "
        "libopenblas0-pthread";
  }
  if (!machine.missing_programs.empty()) {
    finding.judgement = Judgement::kProblem;
    absl::StrAppend(&finding.says, "; not built: ", absl::StrJoin(machine.missing_programs, ", "));
    finding.advice = "clusters cannot start: build all programs (deploy/run does)";
  }
  return finding;
}

Finding Gpu(const Machine& machine) {
  Finding finding{"gpu", Judgement::kOk, "", ""};
  if (machine.gpu_driver.empty() && !machine.has_gpu_device) {
    finding.says = "no NVIDIA driver: networks are trained on the processor";
    if (machine.torch_knows_gpus) {
      finding.judgement = Judgement::kWarning;
      finding.advice = "this build is one for GPUs: install NVIDIA's driver, or build without --cuda";
    }
    return finding;
  }
  finding.says = absl::StrCat(machine.gpus.empty() ? "no GPU" : absl::StrJoin(machine.gpus, ", "), ", driver ",
                              machine.gpu_driver.empty() ? "unknown" : machine.gpu_driver);
  int major = 0;
  const bool known = absl::SimpleAtoi(machine.gpu_driver.substr(0, machine.gpu_driver.find('.')), &major);
  if (!machine.has_gpu_device) {
    finding.advice = "there is no /dev/nvidia0: a container has to ask for the GPU (docker run --gpus=all)";
  } else if (!machine.has_gpu_library) {
    finding.advice =
        "libcuda.so.1 is missing, through which programs reach the driver: install NVIDIA's libraries, too";
  } else if (machine.torch_knows_gpus && known && major < kOldestGpuDriver) {
    finding.advice = absl::StrCat("CUDA 13 wants driver ", kOldestGpuDriver, " or later");
  } else if (!machine.torch_knows_gpus) {
    finding.advice = "this build does not use it: deploy/run --cuda makes one that does";
    return finding;
  }
  if (!finding.advice.empty()) finding.judgement = Judgement::kWarning;
  return finding;
}

Finding Descriptors(const Machine& machine) {
  Finding finding{
      "descriptors", Judgement::kOk,
      absl::StrCat(machine.descriptors, " files and sockets for a process, may be raised to ", machine.max_descriptors),
      ""};
  if (machine.descriptors < kRoleDescriptors) {
    finding.judgement = Judgement::kProblem;
    finding.advice = absl::StrCat("a role needs about ", kRoleDescriptors, ": ulimit -n ", kUsualDescriptors);
  } else if (machine.descriptors < kUsualDescriptors) {
    finding.judgement = Judgement::kWarning;
    finding.advice = absl::StrCat("replay serves about ", (machine.descriptors - kRoleDescriptors) / 2,
                                  " actors with that, more of them wait: ulimit -n ", kUsualDescriptors);
  }
  return finding;
}

// Whether `recbots cluster` and deploy/run write to the folder by default.
bool RunsAreThere(const Machine::Folder& folder) { return folder.name == "current folder" || folder.name == "runs"; }

Finding Folders(const Machine& machine) {
  Finding finding{"folders", Judgement::kOk, "", ""};
  std::vector<std::string> says, advice;
  const auto worse = [&finding](Judgement judgement) { finding.judgement = std::max(finding.judgement, judgement); };
  for (const Machine::Folder& folder : machine.folders) {
    if (!folder.error.empty()) {
      says.push_back(absl::StrCat(folder.name, " (", folder.path, ") cannot be written: ", folder.error));
      if (RunsAreThere(folder)) {
        worse(Judgement::kProblem);
        advice.push_back(
            "runs without --run_dir begin in runs/ of the current folder: go elsewhere, or give --run_dir");
      } else if (folder.name == "TMPDIR") {
        worse(Judgement::kWarning);
        advice.push_back("benches and tests work there: export TMPDIR=FOLDER");
      }
      continue;
    }
    const auto free = static_cast<double>(folder.free_bytes);
    says.push_back(absl::StrCat(folder.name, " ", Bytes(free), " free"));
    if (!RunsAreThere(folder)) continue;
    if (free < kFewBytesFree) {
      worse(Judgement::kProblem);
      advice.push_back("results and checkpoints would not be written whole: make room");
    } else if (free < kBuildBytes) {
      worse(Judgement::kWarning);
      advice.push_back(absl::StrCat("a build takes ", Bytes(kBuildBytes),
                                    ", and checkpoints as much as the tables hold: make room"));
    }
  }
  finding.says = absl::StrJoin(says, "; ");
  // Both folders of runs give the same advice.
  advice.erase(std::unique(advice.begin(), advice.end()), advice.end());
  finding.advice = absl::StrJoin(advice, "; ");
  return finding;
}

Finding Sockets(const Machine& machine) {
  const bool fits = machine.socket_path_bytes <= machine.max_socket_path_bytes;
  const bool unix_works = machine.socket_error.empty() && fits;
  Finding finding{
      "sockets", Judgement::kOk,
      absl::StrCat(machine.port_error.empty() ? "free ports on 127.0.0.1" : machine.port_error, "; ",
                   !machine.socket_error.empty()
                       ? machine.socket_error
                       : absl::StrCat("unix sockets of a run here have paths of up to ", machine.socket_path_bytes,
                                      " of ", machine.max_socket_path_bytes, " bytes")),
      ""};
  if (!machine.port_error.empty()) {
    finding.judgement = Judgement::kProblem;
    finding.advice = "every role serves its pages there: bring the loopback interface up (ip link set lo up)";
  } else if (!unix_works) {
    finding.judgement = Judgement::kWarning;
    finding.advice =
        "clusters started here talk over TCP instead, which takes some more of the processor: use a shorter --run_dir "
        "on "
        "a local file system";
  }
  return finding;
}

Finding Docker(const Machine& machine) {
  Finding finding{"docker", Judgement::kOk, "", ""};
  if (!machine.has_docker) {
    finding.says = "not installed; nothing but docker-compose.yml needs it";
  } else if (machine.docker_version.empty()) {
    finding.judgement = Judgement::kWarning;
    finding.says = absl::StrCat("installed, but ", machine.docker_error);
    finding.advice = "docker-compose up will not work: start the daemon, or ask for the right to use it";
  } else if (!machine.has_compose) {
    finding.judgement = Judgement::kWarning;
    finding.says = absl::StrCat("Docker ", machine.docker_version, ", without Compose");
    finding.advice = "docker-compose up will not work: apt-get install docker-compose";
  } else {
    finding.says = absl::StrCat("Docker ", machine.docker_version, " with Compose, running");
  }
  return finding;
}

}  // namespace

std::string JudgementName(Judgement judgement) {
  if (judgement == Judgement::kOk) return "ok";
  return judgement == Judgement::kWarning ? "warning" : "problem";
}

std::vector<Finding> Examine(const Machine& machine) {
  return {System(machine), Processor(machine),   Cores(machine),   Memory(machine),  Libraries(machine),
          Gpu(machine),    Descriptors(machine), Folders(machine), Sockets(machine), Docker(machine)};
}

Judgement Worst(const std::vector<Finding>& findings) {
  Judgement worst = Judgement::kOk;
  for (const Finding& finding : findings) worst = std::max(worst, finding.judgement);
  return worst;
}

std::string FindingsText(const std::vector<Finding>& findings) {
  std::string text;
  for (const Finding& finding : findings) {
    absl::StrAppendFormat(&text, "%-8s %-12s %s", JudgementName(finding.judgement), finding.name, finding.says);
    if (!finding.advice.empty()) absl::StrAppend(&text, ". ", finding.advice);
    text += '\n';
  }
  return text;
}

std::string FindingsJson(const std::vector<Finding>& findings) {
  using Json = nlohmann::ordered_json;
  Json json;
  json["verdict"] = JudgementName(Worst(findings));
  json["findings"] = Json::array();
  for (const Finding& finding : findings) {
    json["findings"].push_back({{"name", finding.name},
                                {"judgement", JudgementName(finding.judgement)},
                                {"says", finding.says},
                                {"advice", finding.advice}});
  }
  // Paths may not be UTF-8.
  return json.dump(2, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace) + "\n";
}

}  // namespace recbots
