// Memory for SIMD code.
#pragma once

#if defined(__linux__)
#include <sys/mman.h>
#endif

#include <algorithm>
#include <cstddef>
#include <memory>
#include <new>

namespace scrim {

// One cache line, and the widest vector that we run on.
inline constexpr size_t kAlignment = 64;

inline constexpr size_t RoundUp(size_t value, size_t multiple) { return (value + multiple - 1) / multiple * multiple; }

// A fixed number of floats, 64-byte aligned, zero at first. Movable; freed with the object. What fills most of
// a huge page gets one: the first touch of a small page costs up to 20 µs on virtual machines, and the default
// network's activations have five hundred.
class AlignedFloats {
 public:
  AlignedFloats() = default;
  explicit AlignedFloats(size_t size)
      : data_(static_cast<float*>(::operator new[](Bytes(size), Alignment(size))), Delete{Alignment(size)}),
        size_(size) {
#if defined(__linux__)
    // A hint; where it is not taken nothing changes.
    if (Alignment(size) == std::align_val_t{kHugePage}) madvise(data_.get(), Bytes(size), MADV_HUGEPAGE);
#endif
    std::fill(data_.get(), data_.get() + size, 0.f);
  }

  float* data() { return data_.get(); }
  const float* data() const { return data_.get(); }
  size_t size() const { return size_; }
  float& operator[](size_t i) { return data_.get()[i]; }
  float operator[](size_t i) const { return data_.get()[i]; }

 private:
  static constexpr size_t kHugePage = size_t{2} << 20;
  static std::align_val_t Alignment(size_t size) {
#if defined(__linux__)
    if (size * sizeof(float) >= kHugePage / 2) return std::align_val_t{kHugePage};
#endif
    return std::align_val_t{kAlignment};
  }
  static size_t Bytes(size_t size) {
    return RoundUp(size * sizeof(float) + kAlignment, static_cast<size_t>(Alignment(size)));
  }
  struct Delete {
    std::align_val_t alignment;
    void operator()(float* p) const { ::operator delete[](p, alignment); }
  };
  std::unique_ptr<float, Delete> data_{nullptr, Delete{std::align_val_t{kAlignment}}};
  size_t size_ = 0;
};

}  // namespace scrim
