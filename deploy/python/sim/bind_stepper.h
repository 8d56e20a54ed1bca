// What a batch of users is for Python: bind_stepper.cc defines it, bind_policy.cc acts in it.
#pragma once

#include <atomic>
#include <memory>
#include <utility>
#include <vector>

#include "deploy/python/sim/frames.h"
#include "deploy/python/sim/stepper.h"

namespace recbots {

struct PyStepper {
  PyStepper(std::unique_ptr<Stepper> one, Frames memory) : stepper(std::move(one)), frames(std::move(memory)) {}

  // Claims the stepper for one call, which may release the GIL: a second thread that calls meanwhile is refused with
  // RuntimeError.
  class Use {
   public:
    explicit Use(PyStepper& stepper);
    ~Use() { stepper_.in_use.store(false); }
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;

   private:
    PyStepper& stepper_;
  };

  std::unique_ptr<Stepper> stepper;
  Frames frames;
  std::vector<int64_t> slate;  // Of step_one.
  std::atomic<bool> in_use = false;
};

}  // namespace recbots
