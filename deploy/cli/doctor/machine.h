// The facts about a machine that matter to recbots: read_machine.h finds them, examine.h judges them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace recbots {

struct Machine {
  // The system.
  std::string distribution;     // "Debian GNU/Linux 12 (bookworm)"; empty: not known.
  std::string distribution_id;  // "debian"
  std::string version_id;       // "12"
  std::string kernel;           // "Linux 6.1.0-18-amd64"

  // The processor: features are sets of ProcessorFeature (common/base/processor.h).
  std::string processor;               // Its name
  uint64_t features = 0;               // The features it has
  uint64_t built_for_features = 0;     // The features that our programs were compiled for
  std::string built_for_architecture;  // The value of RECBOTS_ARCH that chose them

  int cores = 0;          // Cores that this process may run on
  double core_limit = 0;  // What the control group allows, in cores; 0: no limit.

  int64_t memory_bytes = 0;       // The memory of the machine
  int64_t available_bytes = 0;    // The part of it that is not used
  int64_t memory_limit = 0;       // What the control group allows; 0: no limit.
  int64_t memory_limit_used = 0;  // What the control group uses of its limit

  // Programs and libraries.
  std::vector<std::string> missing_programs;  // Programs that should lie beside this one
  std::string torch_version;                  // Empty: see libraries_error.
  std::string blas_path;                      // The library file of LibTorch's matrix products
  std::string blas_config;                    // The description of an OpenBLAS; empty for other libraries
  std::string libraries_error;                // Why the three above are not known
  bool torch_knows_gpus = false;              // Whether LibTorch was built with CUDA

  // GPUs of NVIDIA, by the driver's files: nothing here calls it.
  std::string gpu_driver;         // The version of the driver, "580.65.06"; empty: none is loaded
  std::vector<std::string> gpus;  // The name of each, "NVIDIA H200"
  bool has_gpu_device = false;    // Whether /dev/nvidia0 is there
  bool has_gpu_library = false;   // Whether libcuda.so.1, through which CUDA reaches the driver, can be loaded

  int64_t descriptors = 0;      // How many files and sockets a process may have open
  int64_t max_descriptors = 0;  // The number to which it may raise this

  struct Folder {
    std::string name;        // "current folder", "runs", "TMPDIR", "/dev/shm"
    std::string path;        // Its path
    std::string error;       // Why no file can be made in it; empty if one can
    int64_t free_bytes = 0;  // If files can be made
  };
  std::vector<Folder> folders;

  std::string port_error;             // Why there is no free port on 127.0.0.1, or empty
  std::string socket_error;           // Why no unix socket can be made, or empty
  int64_t socket_path_bytes = 0;      // The longest path of a socket in a run started here,
  int64_t max_socket_path_bytes = 0;  // and what the system allows.

  // Docker, which only docker-compose.yml needs.
  bool has_docker = false;
  bool has_compose = false;
  std::string docker_version;  // Of the daemon; empty: see docker_error.
  std::string docker_error;
};

}  // namespace recbots
