#include "common/networks/one_thread.h"

#include <ATen/Parallel.h>
#include <cblas.h>

namespace recbots {

void UseOneThread() {
  at::set_num_threads(1);
  openblas_set_num_threads(1);  // The packaged LibTorch computes with it, and does not pass its own setting on.
}

}  // namespace recbots
