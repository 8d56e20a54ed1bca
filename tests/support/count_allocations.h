// Counts what a test's program allocates. Replaces operator new: for one source of a program only.
#pragma once

#include <atomic>
#include <cstdlib>
#include <new>

namespace recbots::testing {
inline std::atomic<int> g_allocations = 0;
}  // namespace recbots::testing

// Every form that allocates without an alignment of its own is replaced, not only the plain one from which the C++
// library derives the others: a sanitizer brings all of them, and would pair its own allocation with the free below.
// Not inlined, for GCC would then take malloc and free apart and warn of a mismatch.
[[gnu::noinline]] void* operator new(std::size_t size) {
  ++recbots::testing::g_allocations;
  if (void* const memory = std::malloc(size == 0 ? 1 : size)) return memory;
  std::abort();
}
[[gnu::noinline]] void* operator new[](std::size_t size) { return operator new(size); }
[[gnu::noinline]] void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return operator new(size); }
[[gnu::noinline]] void* operator new[](std::size_t size, const std::nothrow_t&) noexcept { return operator new(size); }

[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete[](void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, const std::nothrow_t&) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete[](void* memory, const std::nothrow_t&) noexcept { std::free(memory); }
