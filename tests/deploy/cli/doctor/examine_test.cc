// Each warning and each problem, with machines that are made up.
#include "deploy/cli/doctor/examine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "common/base/processor.h"

namespace recbots {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

constexpr int64_t kGiB = int64_t{1} << 30;

uint64_t UpTo(ProcessorFeature last) { return FeatureBit(last) * 2 - 1; }

const uint64_t kLevel1 = 0, kLevel2 = UpTo(ProcessorFeature::kPopcnt), kLevel3 = UpTo(ProcessorFeature::kF16c),
               kLevel4 = UpTo(ProcessorFeature::kAvx512vl);

Machine GoodMachine() {
  Machine machine;
  machine.distribution = "Debian GNU/Linux 12 (bookworm)";
  machine.distribution_id = "debian";
  machine.version_id = "12";
  machine.kernel = "Linux 6.1.0 x86_64";
  machine.processor = "Made-up 9000";
  machine.features = machine.built_for_features = kLevel4;
  machine.built_for_architecture = "native";
  machine.cores = 8;
  machine.memory_bytes = 16 * kGiB;
  machine.available_bytes = 12 * kGiB;
  machine.torch_version = "1.13.0";
  machine.blas_path = "/usr/lib/x86_64-linux-gnu/openblas-pthread/libopenblas.so.0";
  machine.blas_config = "OpenBLAS 0.3.21 SkylakeX";
  machine.descriptors = 1024;
  machine.max_descriptors = 524288;
  for (const char* name : {"current folder", "runs", "TMPDIR", "/dev/shm"}) {
    machine.folders.push_back({name, "/somewhere", "", 100 * kGiB});
  }
  machine.socket_path_bytes = 90;
  machine.max_socket_path_bytes = 107;
  machine.has_docker = machine.has_compose = true;
  machine.docker_version = "20.10.24";
  return machine;
}

// What is found of one thing.
Finding FindingOf(const Machine& machine, const std::string& name) {
  const std::vector<Finding> findings = Examine(machine);
  const auto found = std::find_if(findings.begin(), findings.end(), [&](const Finding& f) { return f.name == name; });
  EXPECT_NE(found, findings.end()) << name;
  // Nothing else is worse than on the good machine.
  for (const Finding& finding : findings) {
    if (finding.name == name) continue;
    EXPECT_EQ(finding.judgement, Judgement::kOk) << finding.name << ": " << finding.says;
  }
  return found != findings.end() ? *found : Finding();
}

TEST(ExamineTest, AGoodMachineHasNothingToDo) {
  const std::vector<Finding> findings = Examine(GoodMachine());
  EXPECT_THAT(findings, ::testing::SizeIs(10)) << "about ten lines";
  for (const Finding& finding : findings) {
    EXPECT_EQ(finding.judgement, Judgement::kOk) << finding.name;
    EXPECT_THAT(finding.advice, IsEmpty()) << finding.name;
  }
  EXPECT_EQ(Worst(findings), Judgement::kOk);
}

TEST(ExamineTest, AnotherSystemIsAWarning) {
  Machine machine = GoodMachine();
  machine.distribution = "Fedora Linux 40";
  machine.distribution_id = "fedora";
  machine.version_id = "40";
  const Finding finding = FindingOf(machine, "system");
  EXPECT_EQ(finding.judgement, Judgement::kWarning);
  EXPECT_THAT(finding.says, HasSubstr("Fedora Linux 40"));
  EXPECT_THAT(finding.advice, HasSubstr("Debian 12"));
  machine.distribution.clear();
  EXPECT_THAT(FindingOf(machine, "system").says, HasSubstr("an unknown distribution"));
}

TEST(ExamineTest, ProgramsForAnotherProcessorAreAProblem) {
  Machine machine = GoodMachine();
  machine.features = kLevel3;
  const Finding finding = FindingOf(machine, "processor");
  EXPECT_EQ(finding.judgement, Judgement::kProblem);
  EXPECT_THAT(finding.says, AllOf(HasSubstr("Made-up 9000, x86-64-v3;"), HasSubstr("for native, x86-64-v4")));
  EXPECT_THAT(finding.advice, AllOf(HasSubstr("lacks avx512f, avx512bw"), HasSubstr("-DRECBOTS_ARCH=x86-64-v3")));
  // The same level, and yet not the same processor.
  machine.features = kLevel4;
  machine.built_for_features |= FeatureBit(ProcessorFeature::kGfni);
  EXPECT_THAT(FindingOf(machine, "processor").advice, HasSubstr("lacks gfni"));
}

TEST(ExamineTest, SlowKernelsAreAWarning) {
  Machine machine = GoodMachine();
  machine.features = machine.built_for_features = kLevel2;
  Finding finding = FindingOf(machine, "processor");
  EXPECT_EQ(finding.judgement, Judgement::kWarning);
  EXPECT_THAT(finding.advice, HasSubstr("AVX2"));
  machine.features = kLevel4;
  machine.built_for_features = kLevel1;
  machine.built_for_architecture = "";
  finding = FindingOf(machine, "processor");
  EXPECT_EQ(finding.judgement, Judgement::kWarning);
  EXPECT_THAT(finding.says, HasSubstr("for the compiler's default, x86-64"));
  EXPECT_THAT(finding.advice, HasSubstr("-DRECBOTS_ARCH=native"));
  // What the image does, on purpose: no warning.
  machine.built_for_features = kLevel3;
  machine.built_for_architecture = "x86-64-v3";
  finding = FindingOf(machine, "processor");
  EXPECT_EQ(finding.judgement, Judgement::kOk);
  EXPECT_THAT(finding.says, HasSubstr("compiled for x86-64-v3"));
  EXPECT_THAT(finding.advice, HasSubstr("would be faster"));
}

TEST(ExamineTest, FewCoresAreAWarning) {
  Machine machine = GoodMachine();
  machine.cores = 1;
  EXPECT_EQ(FindingOf(machine, "cores").judgement, Judgement::kWarning);
  EXPECT_THAT(FindingOf(machine, "cores").advice, HasSubstr("recbots train"));
  machine.cores = 2;
  EXPECT_EQ(FindingOf(machine, "cores").judgement, Judgement::kOk);
  machine.cores = 64;
  machine.core_limit = 1.5;
  EXPECT_EQ(FindingOf(machine, "cores").judgement, Judgement::kWarning);
  EXPECT_EQ(FindingOf(machine, "cores").says, "64, limited to 1.5 by the control group");
  machine.core_limit = 4;
  EXPECT_EQ(FindingOf(machine, "cores").judgement, Judgement::kOk);
}

TEST(ExamineTest, LittleMemoryIsAWarningAndLessAProblem) {
  Machine machine = GoodMachine();
  machine.available_bytes = 2 * kGiB;
  Finding finding = FindingOf(machine, "memory");
  EXPECT_EQ(finding.judgement, Judgement::kWarning);
  EXPECT_EQ(finding.says, "16.0 GiB, 2.0 GiB of it free");
  EXPECT_THAT(finding.advice, AllOf(HasSubstr("one at a time"), HasSubstr("replay.table.capacity_bytes")));
  machine.available_bytes = 300 << 20;
  finding = FindingOf(machine, "memory");
  EXPECT_EQ(finding.judgement, Judgement::kProblem);
  EXPECT_THAT(finding.advice, HasSubstr("recbots train"));
  // What the control group allows counts as well.
  machine = GoodMachine();
  machine.memory_limit = kGiB;
  machine.memory_limit_used = kGiB - (200 << 20);
  finding = FindingOf(machine, "memory");
  EXPECT_EQ(finding.judgement, Judgement::kProblem);
  EXPECT_THAT(finding.says, HasSubstr("the control group allows 1.0 GiB, 200 MiB of it free"));
}

TEST(ExamineTest, AMachineWithoutAGpuIsGoodUnlessItIsBuiltForOne) {
  Machine machine = GoodMachine();
  Finding finding = FindingOf(machine, "gpu");
  EXPECT_EQ(finding.judgement, Judgement::kOk);
  EXPECT_EQ(finding.says, "no NVIDIA driver: networks are trained on the processor");
  machine.torch_knows_gpus = true;
  finding = FindingOf(machine, "gpu");
  EXPECT_EQ(finding.judgement, Judgement::kWarning);
  EXPECT_THAT(finding.advice, HasSubstr("without --cuda"));
}

TEST(ExamineTest, SaysWhatAGpuLacks) {
  Machine machine = GoodMachine();
  machine.gpus = {"NVIDIA H200"};
  machine.gpu_driver = "580.65.06";
  machine.has_gpu_device = machine.has_gpu_library = machine.torch_knows_gpus = true;
  Finding finding = FindingOf(machine, "gpu");
  EXPECT_EQ(finding.judgement, Judgement::kOk);
  EXPECT_EQ(finding.says, "NVIDIA H200, driver 580.65.06");
  EXPECT_THAT(finding.advice, IsEmpty());
  machine.torch_knows_gpus = false;
  finding = FindingOf(machine, "gpu");
  EXPECT_EQ(finding.judgement, Judgement::kOk) << "it can be trained on the processor";
  EXPECT_THAT(finding.advice, HasSubstr("deploy/run --cuda"));
  machine.torch_knows_gpus = true;
  machine.gpu_driver = "535.104.05";
  finding = FindingOf(machine, "gpu");
  EXPECT_EQ(finding.judgement, Judgement::kWarning);
  EXPECT_THAT(finding.advice, HasSubstr("driver 580 or later"));
  machine.has_gpu_library = false;
  EXPECT_THAT(FindingOf(machine, "gpu").advice, HasSubstr("libcuda.so.1 is missing"));
  machine.has_gpu_device = false;
  EXPECT_THAT(FindingOf(machine, "gpu").advice, HasSubstr("--gpus=all"));
}

TEST(ExamineTest, NoLibTorchIsAProblemAndAnotherBlasAWarning) {
  Machine machine = GoodMachine();
  machine.blas_config.clear();
  machine.blas_path = "/usr/lib/x86_64-linux-gnu/blas/libblas.so.3.11.0";
  Finding finding = FindingOf(machine, "libtorch");
  EXPECT_EQ(finding.judgement, Judgement::kWarning);
  EXPECT_EQ(finding.says, "LibTorch 1.13.0, matrix products by " + machine.blas_path);
  EXPECT_THAT(finding.advice, AllOf(HasSubstr("five times"), HasSubstr("libopenblas0-pthread")));
  machine.blas_path = "/venv/lib/python3.11/site-packages/torch/lib/libtorch_cpu.so";
  EXPECT_EQ(FindingOf(machine, "libtorch").judgement, Judgement::kOk) << "MKL, within the LibTorch of a wheel";
  machine = GoodMachine();
  machine.missing_programs = {"recbots-actor", "recbots-replay"};
  finding = FindingOf(machine, "libtorch");
  EXPECT_EQ(finding.judgement, Judgement::kProblem);
  EXPECT_THAT(finding.says, HasSubstr("not built: recbots-actor, recbots-replay"));
  machine.torch_version.clear();
  machine.libraries_error = "recbots-train cannot be run";
  finding = FindingOf(machine, "libtorch");
  EXPECT_EQ(finding.judgement, Judgement::kProblem);
  EXPECT_EQ(finding.says, "recbots-train cannot be run");
}

TEST(ExamineTest, FewDescriptorsAreAWarningAndFewerAProblem) {
  Machine machine = GoodMachine();
  machine.descriptors = 256;
  EXPECT_EQ(FindingOf(machine, "descriptors").judgement, Judgement::kWarning);
  EXPECT_THAT(FindingOf(machine, "descriptors").advice, AllOf(HasSubstr("96 actors"), HasSubstr("ulimit -n 1024")));
  machine.descriptors = 40;
  EXPECT_EQ(FindingOf(machine, "descriptors").judgement, Judgement::kProblem);
}

TEST(ExamineTest, FoldersThatCannotBeWritten) {
  Machine machine = GoodMachine();
  machine.folders[0].error = "Read-only file system";
  Finding finding = FindingOf(machine, "folders");
  EXPECT_EQ(finding.judgement, Judgement::kProblem);
  EXPECT_THAT(finding.says,
              HasSubstr("current folder (/somewhere) cannot be written: Read-only file system; runs 100"));
  EXPECT_THAT(finding.advice, HasSubstr("--run_dir"));
  machine.folders[1].error = "Permission denied";
  EXPECT_EQ(FindingOf(machine, "folders").advice, finding.advice) << "said once";
  machine = GoodMachine();
  machine.folders[2].error = "No such file or directory";
  EXPECT_EQ(FindingOf(machine, "folders").judgement, Judgement::kWarning);
  EXPECT_THAT(FindingOf(machine, "folders").advice, HasSubstr("TMPDIR"));
  machine = GoodMachine();
  machine.folders[3].error = "No such file or directory";
  EXPECT_EQ(FindingOf(machine, "folders").judgement, Judgement::kOk) << "nothing needs it";
  EXPECT_THAT(FindingOf(machine, "folders").says, HasSubstr("/dev/shm (/somewhere) cannot be written"));
}

TEST(ExamineTest, FullDisks) {
  Machine machine = GoodMachine();
  machine.folders[0].free_bytes = machine.folders[1].free_bytes = kGiB;
  EXPECT_EQ(FindingOf(machine, "folders").judgement, Judgement::kWarning);
  EXPECT_THAT(FindingOf(machine, "folders").advice, AllOf(StartsWith("a build takes"), HasSubstr("checkpoints")));
  machine.folders[1].free_bytes = 50 << 20;
  EXPECT_EQ(FindingOf(machine, "folders").judgement, Judgement::kProblem);
}

TEST(ExamineTest, Sockets) {
  Machine machine = GoodMachine();
  machine.socket_path_bytes = 120;
  Finding finding = FindingOf(machine, "sockets");
  EXPECT_EQ(finding.judgement, Judgement::kWarning);
  EXPECT_THAT(finding.says, HasSubstr("paths of up to 120 of 107 bytes"));
  EXPECT_THAT(finding.advice, AllOf(HasSubstr("TCP"), HasSubstr("--run_dir")));
  machine = GoodMachine();
  machine.socket_error = "no unix socket can be made in the current folder: Operation not permitted";
  EXPECT_EQ(FindingOf(machine, "sockets").judgement, Judgement::kWarning);
  machine.port_error = "no free port on 127.0.0.1: Cannot assign requested address";
  finding = FindingOf(machine, "sockets");
  EXPECT_EQ(finding.judgement, Judgement::kProblem);
  EXPECT_THAT(finding.advice, HasSubstr("loopback"));
}

TEST(ExamineTest, DockerIsNeededByComposeAlone) {
  Machine machine = GoodMachine();
  machine.has_docker = machine.has_compose = false;
  machine.docker_version.clear();
  EXPECT_EQ(FindingOf(machine, "docker").judgement, Judgement::kOk);
  EXPECT_THAT(FindingOf(machine, "docker").says, HasSubstr("not installed"));
  machine.has_docker = true;
  machine.docker_error = "its daemon does not answer (docker ended with code 1)";
  EXPECT_EQ(FindingOf(machine, "docker").judgement, Judgement::kWarning);
  EXPECT_THAT(FindingOf(machine, "docker").says, HasSubstr("does not answer"));
  machine.docker_version = "20.10.24";
  EXPECT_EQ(FindingOf(machine, "docker").judgement, Judgement::kWarning);
  EXPECT_THAT(FindingOf(machine, "docker").advice, HasSubstr("docker-compose"));
}

TEST(ExamineTest, WritesALineEachAndJson) {
  const std::vector<Finding> findings = {{"cores", Judgement::kOk, "8", ""},
                                         {"memory", Judgement::kProblem, "none", "buy some"}};
  EXPECT_EQ(FindingsText(findings),
            "ok       cores        8\n"
            "problem  memory       none. buy some\n");
  const nlohmann::json json = nlohmann::json::parse(FindingsJson(findings));
  EXPECT_EQ(json["verdict"], "problem");
  EXPECT_EQ(json["findings"].size(), 2u);
  EXPECT_EQ(json["findings"][1]["name"], "memory");
  EXPECT_EQ(json["findings"][1]["judgement"], "problem");
  EXPECT_EQ(json["findings"][1]["says"], "none");
  EXPECT_EQ(json["findings"][1]["advice"], "buy some");
  EXPECT_FALSE(FindingsJson({{"folders", Judgement::kOk, "\xff", ""}}).empty()) << "paths need not be UTF-8";
}

}  // namespace
}  // namespace recbots
