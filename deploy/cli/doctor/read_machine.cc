#include "deploy/cli/doctor/read_machine.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/base/disk_space.h"
#include "common/base/file.h"
#include "common/base/processor.h"
#include "common/base/processor_name.h"
#include "common/role/roles.h"
#include "deploy/cli/cluster/local_cluster.h"
#include "deploy/cli/doctor/run_program.h"

namespace recbots {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(10);
// A default run directory (the time, and the experiment's name, of which ours have up to 35 letters) with its longest
// socket.
constexpr char kLongRun[] = "/runs/20260101-000000-interest_evolution_learned_clicks/replay-64.sock";

// The content of the file; empty if it cannot be read.
std::string TextOf(const std::string& path) { return ReadFile(path).value_or(""); }

std::string FirstLine(const std::string& path) {
  const std::string text = TextOf(path);
  return std::string(absl::StripAsciiWhitespace(text.substr(0, text.find('\n'))));
}

// The value of a line "NAME=VALUE" or "NAME: VALUE", without quotes; empty if there is none.
std::string ValueOf(const std::string& text, absl::string_view name, char separator) {
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    const std::pair<absl::string_view, absl::string_view> parts = absl::StrSplit(line, absl::MaxSplits(separator, 1));
    if (absl::StripAsciiWhitespace(parts.first) != name) continue;
    absl::string_view value = absl::StripAsciiWhitespace(parts.second);
    if (absl::ConsumePrefix(&value, "\"")) absl::ConsumeSuffix(&value, "\"");
    return std::string(value);
  }
  return "";
}

// "16303428 kB"
int64_t Kilobytes(const std::string& text) {
  int64_t kilobytes = 0;
  const std::pair<std::string, std::string> parts = absl::StrSplit(text, absl::MaxSplits(' ', 1));
  return absl::SimpleAtoi(parts.first, &kilobytes) ? kilobytes * 1024 : 0;
}

int64_t Number(const std::string& path) {
  int64_t number = 0;
  return absl::SimpleAtoi(FirstLine(path), &number) ? number : 0;  // "max": no number.
}

// The smaller of two limits, where 0 means no limit.
template <typename T>
T Tighter(T a, T b) {
  if (a <= 0) return b;
  return b <= 0 ? a : std::min(a, b);
}

// Takes a memory limit and the use of its group, if it leaves less memory than the present limit.
void TakeMemoryLimit(int64_t limit, int64_t used, Machine& machine) {
  // Version 1 writes a huge number if there is no limit.
  if (limit <= 0 || limit >= (int64_t{1} << 60)) return;
  if (machine.memory_limit > 0 && limit - used >= machine.memory_limit - machine.memory_limit_used) return;
  machine.memory_limit = limit;
  machine.memory_limit_used = used;
}

// The folders of a group and of its parents, the group first: "/a/b" -> "BASE/a/b", "BASE/a", "BASE".
std::vector<std::string> GroupsUp(const std::string& base, std::string group) {
  std::vector<std::string> folders;
  while (group.size() > 1) {
    folders.push_back(base + group);
    group = group.substr(0, group.rfind('/'));
  }
  folders.push_back(base);
  return folders;
}

void ReadVersion2(const std::string& base, const std::string& group, Machine& machine) {
  for (const std::string& folder : GroupsUp(base, group)) {
    TakeMemoryLimit(Number(folder + "/memory.max"), Number(folder + "/memory.current"), machine);
    const std::vector<std::string> quota = absl::StrSplit(FirstLine(folder + "/cpu.max"), ' ');
    double microseconds = 0, period = 0;
    if (quota.size() == 2 && absl::SimpleAtod(quota[0], &microseconds) && absl::SimpleAtod(quota[1], &period) &&
        period > 0) {
      machine.core_limit = Tighter(machine.core_limit, microseconds / period);
    }
  }
}

void ReadVersion1(const std::string& base, absl::string_view controller, const std::string& group, Machine& machine) {
  for (const std::string& folder : GroupsUp(absl::StrCat(base, "/", controller), group)) {
    if (controller == "memory") {
      TakeMemoryLimit(Number(folder + "/memory.limit_in_bytes"), Number(folder + "/memory.usage_in_bytes"), machine);
      continue;
    }
    const auto quota = static_cast<double>(Number(folder + "/cpu.cfs_quota_us"));
    const auto period = static_cast<double>(Number(folder + "/cpu.cfs_period_us"));
    if (quota > 0 && period > 0) machine.core_limit = Tighter(machine.core_limit, quota / period);
  }
}

int UsableCores() {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  if (sched_getaffinity(0, sizeof(cores), &cores) == 0) return CPU_COUNT(&cores);
  return static_cast<int>(std::max(1L, sysconf(_SC_NPROCESSORS_ONLN)));  // There are more than fit a cpu_set_t.
}

void ReadPrograms(const std::string& program_dir, Machine& machine) {
  std::vector<std::string> programs = {"recbots-train"};
  for (const RoleKind& role : kRoles) programs.push_back(absl::StrCat("recbots-", role.name));
  for (const std::string& program : programs) {
    if (access(absl::StrCat(program_dir, "/", program).c_str(), X_OK) != 0) machine.missing_programs.push_back(program);
  }
  const absl::StatusOr<std::string> output = OutputOf({program_dir + "/recbots-train", "--libraries"}, kPatience);
  if (output.ok()) {
    ReadLibraries(*output, machine);
  } else {
    machine.libraries_error = std::string(output.status().message());
  }
}

// Loads a library and lets it go again, without calling anything in it.
bool CanLoad(const char* name) {
  void* const library = dlopen(name, RTLD_LAZY | RTLD_LOCAL);
  if (library != nullptr) dlclose(library);
  return library != nullptr;
}

void ReadDescriptors(Machine& machine) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  const auto number = [](rlim_t value) {
    return value == RLIM_INFINITY ? std::numeric_limits<int64_t>::max() : static_cast<int64_t>(value);
  };
  machine.descriptors = number(limit.rlim_cur);
  machine.max_descriptors = number(limit.rlim_max);
}

void ReadFolders(Machine& machine) {
  std::error_code error;
  machine.folders.push_back(ReadFolder("current folder", std::filesystem::current_path(error).string()));
  if (std::filesystem::is_directory("runs", error)) machine.folders.push_back(ReadFolder("runs", "runs"));
  const char* const temporary = std::getenv("TMPDIR");
  machine.folders.push_back(ReadFolder("TMPDIR", temporary != nullptr && *temporary != 0 ? temporary : "/tmp"));
  machine.folders.push_back(ReadFolder("/dev/shm", "/dev/shm"));
}

// Why no unix socket can be made in the folder; empty if one can.
std::string TrySocket(const std::string& folder) {
  const std::string path = absl::StrCat(folder, "/.recbots-", getpid(), ".sock");
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) return "";  // Too long a path is a separate finding.
  path.copy(address.sun_path, path.size());
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return absl::StrCat("no unix sockets: ", strerror(errno));
  const bool bound = bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  const int error = errno;
  close(fd);
  if (bound) unlink(path.c_str());
  return bound ? "" : absl::StrCat("no unix socket can be made in the current folder: ", strerror(error));
}

void ReadSockets(Machine& machine) {
  const absl::StatusOr<int> port = FindFreePort();
  if (!port.ok()) machine.port_error = std::string(port.status().message());
  std::error_code error;
  const std::string folder = std::filesystem::current_path(error).string();
  machine.socket_error = TrySocket(folder);
  machine.socket_path_bytes = static_cast<int64_t>(folder.size() + sizeof(kLongRun) - 1);
  machine.max_socket_path_bytes = static_cast<int64_t>(sizeof(sockaddr_un::sun_path)) - 1;
}

void ReadDocker(Machine& machine) {
  const absl::StatusOr<std::string> version =
      OutputOf({"docker", "version", "--format", "{{.Server.Version}}"}, kPatience);
  machine.has_docker = !absl::IsNotFound(version.status());
  if (!machine.has_docker) return;
  if (version.ok()) {
    machine.docker_version = std::string(absl::StripAsciiWhitespace(*version));
  } else {
    machine.docker_error = absl::StrCat("its daemon does not answer (", version.status().message(), ")");
  }
  machine.has_compose = OutputOf({"docker", "compose", "version"}, kPatience).ok() ||
                        OutputOf({"docker-compose", "version"}, kPatience).ok();
}

}  // namespace

void ReadSystem(const std::string& root, Machine& machine) {
  const std::string release = TextOf(root + "/etc/os-release");
  machine.distribution = ValueOf(release, "PRETTY_NAME", '=');
  machine.distribution_id = ValueOf(release, "ID", '=');
  machine.version_id = ValueOf(release, "VERSION_ID", '=');
}

void ReadGpus(const std::string& root, Machine& machine) {
  // "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.65.06  Release Build ...": the first number with a
  // dot.
  for (const absl::string_view word : absl::StrSplit(FirstLine(root + "/proc/driver/nvidia/version"), ' ')) {
    if (machine.gpu_driver.empty() && word.find('.') != word.npos && absl::ascii_isdigit(word[0])) {
      machine.gpu_driver = std::string(word);
    }
  }
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(root + "/proc/driver/nvidia/gpus", error)) {
    const std::string model = ValueOf(TextOf(entry.path().string() + "/information"), "Model", ':');
    machine.gpus.push_back(model.empty() ? "a GPU of unknown name" : model);
  }
  std::sort(machine.gpus.begin(), machine.gpus.end());
  machine.has_gpu_device = std::filesystem::exists(root + "/dev/nvidia0", error);
}

void ReadProcessor(const std::string& root, Machine& machine) {
  machine.processor = ProcessorNameIn(TextOf(root + "/proc/cpuinfo"));
}

void ReadMemory(const std::string& root, Machine& machine) {
  const std::string text = TextOf(root + "/proc/meminfo");
  machine.memory_bytes = Kilobytes(ValueOf(text, "MemTotal", ':'));
  machine.available_bytes = Kilobytes(ValueOf(text, "MemAvailable", ':'));
}

void ReadControlGroup(const std::string& root, Machine& machine) {
  const std::string base = root + "/sys/fs/cgroup";
  // "HIERARCHY:CONTROLLERS:GROUP"; version 2 has hierarchy 0 and no controllers.
  for (const absl::string_view line : absl::StrSplit(TextOf(root + "/proc/self/cgroup"), '\n')) {
    const std::vector<std::string> parts = absl::StrSplit(line, absl::MaxSplits(':', 2));
    if (parts.size() != 3) continue;
    if (parts[0] == "0" && parts[1].empty()) ReadVersion2(base, parts[2], machine);
    for (const absl::string_view controller : absl::StrSplit(parts[1], ',')) {
      if (controller == "memory" || controller == "cpu") ReadVersion1(base, controller, parts[2], machine);
    }
  }
}

void ReadLibraries(const std::string& output, Machine& machine) {
  machine.torch_version = ValueOf(output, "torch", ' ');
  machine.blas_path = ValueOf(output, "blas", ' ');
  machine.blas_config = ValueOf(output, "blas_config", ' ');
  machine.torch_knows_gpus = ValueOf(output, "gpus", ' ') == "yes";
  if (machine.torch_version.empty()) machine.libraries_error = "recbots-train does not say which LibTorch it has";
}

Machine::Folder ReadFolder(const std::string& name, const std::string& path) {
  Machine::Folder folder{name, path, "", 0};
  const std::string probe = absl::StrCat(path, "/.recbots-doctor-", getpid());
  const int fd = open(probe.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) {
    folder.error = strerror(errno);
    return folder;
  }
  close(fd);
  unlink(probe.c_str());
  if (const absl::StatusOr<DiskSpace> space = DiskSpaceOf(path); space.ok()) folder.free_bytes = space->free_bytes;
  return folder;
}

Machine ReadMachine(const std::string& program_dir) {
  Machine machine;
  ReadSystem("", machine);
  utsname kernel{};
  if (uname(&kernel) == 0) machine.kernel = absl::StrCat(kernel.sysname, " ", kernel.release, " ", kernel.machine);
  ReadProcessor("", machine);
  machine.features = MachineFeatures();
  machine.built_for_features = BuiltForFeatures();
  machine.built_for_architecture = BuiltForArchitecture();
  machine.cores = UsableCores();
  ReadMemory("", machine);
  ReadControlGroup("", machine);
  ReadPrograms(program_dir, machine);
  ReadGpus("", machine);
  machine.has_gpu_library = CanLoad("libcuda.so.1");
  ReadDescriptors(machine);
  ReadFolders(machine);
  ReadSockets(machine);
  ReadDocker(machine);
  return machine;
}

}  // namespace recbots
