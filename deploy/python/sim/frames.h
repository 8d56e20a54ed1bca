// The memory of steps: columns that NumPy owns, and that Python code is handed.
#pragma once

#include <nanobind/nanobind.h>

#include <vector>

#include "deploy/python/sim/stepper.h"

namespace recbots {

// Sets of columns by turns. Two ways:
//
//   shared  two sets: what a step has written is valid until the step after the next one writes it again.
//   owned   a set is written again once nobody in Python holds any of its arrays, or a view of one; where all are held,
//           a new set is made. So no array changes after it was handed out, without any copy.
//
// All under the GIL.
class Frames {
 public:
  // `make` makes a set: an object of Python with a method columns() -> {name: array}, and an attribute `tracked`, a
  // list of all arrays that may be handed out.
  Frames(nanobind::object make, bool shared) : make_(std::move(make)), shared_(shared) { sets_.reserve(kMaxSets); }

  // The set to write next; never the one that was last taken (current).
  const Frame& Next();
  // Makes the set of Next the current one, and returns its object.
  nanobind::object Take();
  bool has_current() const { return current_ >= 0; }
  const Frame& current() const { return sets_[static_cast<size_t>(current_)].columns; }

 private:
  struct Set {
    nanobind::object object;
    Frame columns;
    std::vector<PyObject*> tracked;      // Owned by `object`.
    std::vector<Py_ssize_t> references;  // To each of `tracked`, while nobody outside holds one.
  };

  // Sets that are kept: a program that holds one observation and makes the next one needs three.
  static constexpr size_t kMaxSets = 4;

  Set Make() const;
  static bool IsFree(const Set& set);

  nanobind::object make_;
  const bool shared_;
  std::vector<Set> sets_;
  int current_ = -1, next_ = -1;
};

}  // namespace recbots
