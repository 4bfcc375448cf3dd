#include "nn/compiler/storage.h"

#include <algorithm>
#include <cstring>
#include <string>

namespace scrim::nn {
namespace {

constexpr size_t kFloatsPerLine = kAlignment / sizeof(float);
// Kernels may load a few vectors behind the last pixel, never store there.
constexpr size_t kSlack = 256;
constexpr size_t kMaxFloats = size_t{1} << 28;  // one gigabyte

size_t Size(int i) { return static_cast<size_t>(i); }

}  // namespace

void FillBorder(const BorderFill& b) {
  const auto fill = [&](uint8_t* to, size_t count) {
    if (b.pixel.size() == 1) {
      std::memset(to, b.pixel[0], count);
    } else {
      for (size_t i = 0; i < count; i += b.pixel.size()) std::copy(b.pixel.begin(), b.pixel.end(), to + i);
    }
  };
  fill(b.first_pixel - b.head, b.head);
  for (size_t y = 0; y + 1 < b.rows; ++y)
    fill(b.first_pixel + y * b.row_stride + b.row_length, b.row_stride - b.row_length);
  fill(b.first_pixel + (b.rows - 1) * b.row_stride + b.row_length, b.tail);
}

StatusOr<Storage> Storage::Make(const Lowered& lowered) {
  Storage storage(lowered);
  storage.SetStrides();
  storage.SetLifetimes();
  const size_t size = PlanMemory(storage.buffers_);
  if (size > kMaxFloats) {
    const graph::Shape& input = lowered.value(lowered.input).shape;
    return InvalidArgument("input of " + std::to_string(input.w) + "x" + std::to_string(input.h) +
                           " pixels is too large for this network; use a smaller one");
  }
  storage.block_ = AlignedFloats(size + kSlack);
  storage.FindDirtyBorders();
  return storage;
}

// Strides and sizes. Planes share the gap between rows: what is right of one row is left of the next.
void Storage::SetStrides() {
  homes_.resize(lowered_->values.size());
  for (size_t i = 0; i < lowered_->values.size(); ++i) {
    const Value& value = lowered_->values[i];
    if (value.joined >= 0 || !value.members.empty()) continue;
    const graph::Shape& shape = value.shape;
    const Border& border = value.border;
    Home& home = homes_[i];
    const size_t rows = Size(border.top + shape.h + border.bottom);
    Buffer buffer;
    if (value.is_bytes()) {
      // Planes of quads lie one after the other; more than four channels of a pixel are a multiple of eight bytes.
      const bool quads = value.layout == Layout::kPlanar || shape.c <= kQuad;
      home.pixel_stride = quads ? size_t{kQuad} : RoundUp(Size(shape.c), kChannelAlign);
      home.row_stride = Size(border.left + shape.w + border.right) * home.pixel_stride;
      home.plane_stride = rows * home.row_stride;
      home.origin = Size(border.top) * home.row_stride + Size(border.left) * home.pixel_stride;
      const size_t planes = value.layout == Layout::kPlanar ? Size((shape.c + kQuad - 1) / kQuad) : 1;
      buffer.size = RoundUp(planes * home.plane_stride, sizeof(float)) / sizeof(float);
    } else if (value.layout == Layout::kChannelsLast) {
      const bool tight = value.gapless || static_cast<int>(i) == lowered_->input;
      home.pixel_stride = tight ? Size(shape.c) : RoundUp(Size(shape.c), kChannelAlign);
      home.row_stride = Size(border.left + shape.w + border.right) * home.pixel_stride;
      home.origin = Size(border.top) * home.row_stride + Size(border.left) * home.pixel_stride;
      buffer.size = rows * home.row_stride;
    } else {
      const size_t width = Size(shape.w + std::max(border.left, border.right));
      home.pixel_stride = 1;
      home.row_stride = value.gapless ? Size(shape.w) : RoundUp(width, kFloatsPerLine);
      home.plane_stride = rows * home.row_stride;
      const size_t before = RoundUp(Size(border.left), kFloatsPerLine);
      home.origin = before + Size(border.top) * home.row_stride;
      buffer.size = before + Size(shape.c) * home.plane_stride;
    }
    home.buffer = static_cast<int>(buffers_.size());
    buffer.first = static_cast<int>(lowered_->instructions.size());
    buffer.last = -1;
    buffers_.push_back(buffer);
  }
}

std::vector<int> Storage::Owners(int value) const {
  if (lowered_->value(value).layout == Layout::kPlanar) return PlaneOwners(*lowered_, value);
  return {RootOf(*lowered_, value)};
}

void Storage::SetLifetimes() {
  auto use = [&](int value, int step) {
    if (value < 0) return;
    for (int owner : Owners(value)) {
      Buffer& buffer = buffers_[Size(home(owner).buffer)];
      buffer.first = std::min(buffer.first, step);
      buffer.last = std::max(buffer.last, step);
    }
  };
  const int end = static_cast<int>(lowered_->instructions.size());
  for (int step = 0; step < end; ++step) {
    const Instruction& i = lowered_->instructions[Size(step)];
    for (int value : ReadsOf(i)) use(value, step);
    for (int value : i.outputs) use(value, step);
  }
  // The caller writes the input before the first step, perhaps while the last output is still being read.
  use(lowered_->input, -1);
  use(lowered_->output, -1);
  use(lowered_->output, end);
  // Fusion left values that nobody writes.
  for (Buffer& buffer : buffers_)
    if (buffer.last < buffer.first) buffer.size = 0;
}

void Storage::FindDirtyBorders() {
  dirty_borders_.resize(lowered_->instructions.size());
  for (size_t i = 0; i < homes_.size(); ++i) {
    if (homes_[i].buffer < 0 || !lowered_->values[i].border.any()) continue;
    const Buffer& own = buffers_[Size(homes_[i].buffer)];
    const bool dirty = std::any_of(buffers_.begin(), buffers_.end(), [&](const Buffer& other) {
      return &other != &own && other.offset < own.offset + own.size && own.offset < other.offset + other.size;
    });
    auto& borders = own.first < 0 ? dirty_input_borders_ : dirty_borders_[Size(own.first)];
    for (const BorderFill& border : BordersOf(static_cast<int>(i))) {
      if (dirty) {
        borders.push_back(border);
      } else {
        FillBorder(border);
      }
    }
  }
}

std::vector<BorderFill> Storage::BordersOf(int value) const {
  const Value& v = lowered_->value(value);
  const Home& h = home(value);
  const size_t unit = v.is_bytes() ? 1 : sizeof(float);
  std::vector<BorderFill> borders;
  auto add = [&](uint8_t* first_pixel, std::vector<uint8_t> pixel) {
    const size_t length = Size(v.shape.w) * h.pixel_stride;
    const bool plane = v.layout == Layout::kPlanar && !v.is_bytes();
    const size_t right = plane ? h.row_stride - length : Size(v.border.right) * h.pixel_stride;
    borders.push_back({first_pixel, (Size(v.border.top) * h.row_stride + Size(v.border.left) * h.pixel_stride) * unit,
                       Size(v.shape.h), length * unit, h.row_stride * unit,
                       (right + Size(v.border.bottom) * h.row_stride) * unit, std::move(pixel)});
  };
  if (v.is_bytes()) {
    const bool planar = v.layout == Layout::kPlanar;
    for (size_t first = 0; first < Size(v.shape.c); first += planar ? kQuad : Size(v.shape.c)) {
      std::vector<uint8_t> pixel(h.pixel_stride);
      for (size_t c = 0; c < pixel.size(); ++c) pixel[c] = v.bytes.zero_point[std::min(first + c, Size(v.shape.c) - 1)];
      if (v.bytes.uniform()) pixel.resize(1);
      add(ByteOrigin(value) + first / kQuad * (planar ? h.plane_stride : 0), pixel);
    }
  } else if (v.layout == Layout::kPlanar) {
    for (const Plane& plane : Planes(value)) add(reinterpret_cast<uint8_t*>(plane.data), {0});
  } else {
    add(reinterpret_cast<uint8_t*>(Picture(value).data), {0});
  }
  return borders;
}

ByteView Storage::ByteViewOf(int value) const {
  const Value& v = lowered_->value(value);
  const Home& h = home(RootOf(*lowered_, value));
  return {ByteOrigin(RootOf(*lowered_, value)) + FirstChannel(value),
          v.shape.h,
          v.shape.w,
          v.shape.c,
          h.row_stride,
          h.pixel_stride};
}

std::vector<Quads> Storage::QuadsOf(int value) const {
  std::vector<Quads> quads;
  for (int owner : PlaneOwners(*lowered_, value))
    for (int c = 0; c < lowered_->value(owner).shape.c; c += kQuad)
      quads.push_back({ByteOrigin(owner) + Size(c / kQuad) * home(owner).plane_stride, home(owner).row_stride});
  return quads;
}

size_t Storage::FirstChannel(int value) const {
  size_t channel = 0;
  for (int i = value; lowered_->value(i).joined >= 0; i = lowered_->value(i).joined)
    channel += Size(lowered_->value(i).first_channel);
  return channel;
}

uint8_t* Storage::ByteOrigin(int value) const {
  const Home& h = home(value);
  return reinterpret_cast<uint8_t*>(block_.data() + buffers_[Size(h.buffer)].offset) + h.origin;
}

TensorView Storage::Picture(int value) const {
  const Value& v = lowered_->value(value);
  if (v.layout == Layout::kPlanar) {
    const Plane plane = Planes(value).front();
    return {plane.data, v.shape.h, v.shape.w, v.shape.c, plane.row_stride, 1};
  }
  const int root = RootOf(*lowered_, value);
  return {Origin(root) + FirstChannel(value),
          v.shape.h,
          v.shape.w,
          v.shape.c,
          home(root).row_stride,
          home(root).pixel_stride};
}

std::vector<Plane> Storage::Planes(int value) const {
  std::vector<Plane> planes;
  for (int owner : PlaneOwners(*lowered_, value))
    for (int c = 0; c < lowered_->value(owner).shape.c; ++c)
      planes.push_back({Origin(owner) + Size(c) * home(owner).plane_stride, home(owner).row_stride});
  return planes;
}

float* Storage::Origin(int value) const {
  const Home& h = home(value);
  return block_.data() + buffers_[Size(h.buffer)].offset + h.origin;
}

}  // namespace scrim::nn
