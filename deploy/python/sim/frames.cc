#include "deploy/python/sim/frames.h"

#include <nanobind/ndarray.h>

#include <type_traits>
#include <utility>

namespace recbots {
namespace {

namespace nb = nanobind;

template <typename T>
absl::Span<T> Column(const nb::dict& columns, const char* name) {
  using Element = std::conditional_t<std::is_same_v<T, uint8_t>, bool, T>;
  if (!columns.contains(name)) return {};
  const auto array = nb::cast<nb::ndarray<Element, nb::c_contig, nb::device::cpu>>(columns[name]);
  return {reinterpret_cast<T*>(array.data()), array.size()};
}

}  // namespace

const Frame& Frames::Next() {
  if (shared_) {
    next_ = current_ == 0 ? 1 : 0;
  } else {
    next_ = -1;
    for (int i = 0; i < static_cast<int>(sets_.size()); ++i) {
      if (i != current_ && IsFree(sets_[static_cast<size_t>(i)])) {
        next_ = i;
        break;
      }
    }
    // Else a set that is held leaves, and belongs to those who hold it.
    if (next_ < 0 && sets_.size() == kMaxSets) sets_[static_cast<size_t>(next_ = current_ == 0 ? 1 : 0)] = Make();
    if (next_ < 0) next_ = static_cast<int>(sets_.size());
  }
  while (sets_.size() <= static_cast<size_t>(next_)) sets_.push_back(Make());
  return sets_[static_cast<size_t>(next_)].columns;
}

nb::object Frames::Take() {
  current_ = next_;
  return sets_[static_cast<size_t>(current_)].object;
}

Frames::Set Frames::Make() const {
  Set set;
  set.object = make_();
  {
    const auto columns = nb::cast<nb::dict>(set.object.attr("columns")());
    Frame& frame = set.columns;
    frame.user = Column<float>(columns, "user");
    frame.doc = Column<float>(columns, "doc");
    frame.final_user = Column<float>(columns, "final_user");
    frame.final_doc = Column<float>(columns, "final_doc");
    frame.flat = Column<float>(columns, "flat");
    frame.final_flat = Column<float>(columns, "final_flat");
    frame.response = Column<float>(columns, "response");
    frame.reward = Column<float>(columns, "reward");
    frame.terminated = Column<uint8_t>(columns, "terminated");
    frame.truncated = Column<uint8_t>(columns, "truncated");
    frame.ended = Column<uint8_t>(columns, "ended");
    frame.slate = Column<int32_t>(columns, "slate");
    frame.episode_return = Column<double>(columns, "episode_return");
    frame.episode_length = Column<int64_t>(columns, "episode_length");
  }
  for (const nb::handle array : nb::cast<nb::list>(set.object.attr("tracked"))) set.tracked.push_back(array.ptr());
  for (PyObject* const array : set.tracked) set.references.push_back(Py_REFCNT(array));
  return set;
}

bool Frames::IsFree(const Set& set) {
  for (size_t i = 0; i < set.tracked.size(); ++i) {
    if (Py_REFCNT(set.tracked[i]) != set.references[i]) return false;
  }
  return true;
}

}  // namespace recbots
