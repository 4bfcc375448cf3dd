// Memory for SIMD code.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <new>

namespace scrim {

// One cache line, and the widest vector that we run on.
inline constexpr size_t kAlignment = 64;

inline constexpr size_t RoundUp(size_t value, size_t multiple) { return (value + multiple - 1) / multiple * multiple; }

// A fixed number of floats, 64-byte aligned, zero at first. Movable; freed with the object.
class AlignedFloats {
 public:
  AlignedFloats() = default;
  explicit AlignedFloats(size_t size)
      : data_(static_cast<float*>(
            ::operator new[](RoundUp(size * sizeof(float), kAlignment) + kAlignment, std::align_val_t{kAlignment}))),
        size_(size) {
    std::fill(data_.get(), data_.get() + size, 0.f);
  }

  float* data() { return data_.get(); }
  const float* data() const { return data_.get(); }
  size_t size() const { return size_; }
  float& operator[](size_t i) { return data_.get()[i]; }
  float operator[](size_t i) const { return data_.get()[i]; }

 private:
  struct Delete {
    void operator()(float* p) const { ::operator delete[](p, std::align_val_t{kAlignment}); }
  };
  std::unique_ptr<float, Delete> data_;
  size_t size_ = 0;
};

}  // namespace scrim
