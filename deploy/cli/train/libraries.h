// Which libraries this program computes with: what `recbots doctor` asks it, so that only this program has to load
// them.
#pragma once

#include <string>

namespace recbots {

// Lines "torch VERSION", "blas PATH" (the file that matrix products come from) and, where that is an OpenBLAS,
// "blas_config TEXT" (version, kernels chosen for this processor); last "gpus yes" if LibTorch was built with CUDA, or
// "gpus no".
std::string DescribeLibraries();

}  // namespace recbots
