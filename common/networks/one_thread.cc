#include "common/networks/one_thread.h"

#include <ATen/Parallel.h>

#ifdef RECBOTS_OPENBLAS
#include <cblas.h>
#endif

namespace recbots {

void UseOneThread() {
  at::set_num_threads(1);
#ifdef RECBOTS_OPENBLAS
  openblas_set_num_threads(1);  // The packaged LibTorch computes with it, and does not pass its own setting on.
#endif
}

}  // namespace recbots
