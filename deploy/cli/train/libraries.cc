#include "deploy/cli/train/libraries.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <torch/version.h>

namespace recbots {
namespace {

// The file that a symbol comes from, links followed; empty: no file has it.
std::string FileOf(const char* symbol) {
  Dl_info info{};
  void* const address = dlsym(RTLD_DEFAULT, symbol);
  if (address == nullptr || dladdr(address, &info) == 0 || info.dli_fname == nullptr) return "";
  char* const resolved = realpath(info.dli_fname, nullptr);
  const std::string path = resolved != nullptr ? resolved : info.dli_fname;
  free(resolved);
  return path;
}

}  // namespace

std::string DescribeLibraries() {
  // What LibTorch's own calls are bound to: the first library in the order of loading that has the symbol.
  const std::string blas = FileOf("sgemm_");
  std::string text = std::string("torch ") + TORCH_VERSION + "\nblas " + (blas.empty() ? "unknown" : blas) + "\n";
  const auto config = reinterpret_cast<const char* (*)()>(dlsym(RTLD_DEFAULT, "openblas_get_config"));
  if (config != nullptr && FileOf("openblas_get_config") == blas) text += std::string("blas_config ") + config() + "\n";
#ifdef RECBOTS_CUDA
  text += "gpus yes\n";
#else
  text += "gpus no\n";
#endif
  return text;
}

}  // namespace recbots
