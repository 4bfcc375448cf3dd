#include "nn/storage.h"

#include <algorithm>
#include <string>

namespace scrim::nn {
namespace {

constexpr size_t kFloatsPerLine = kAlignment / sizeof(float);
// Kernels may load a few vectors behind the last pixel, never store there.
constexpr size_t kSlack = 256;
constexpr size_t kMaxFloats = size_t{1} << 28;  // one gigabyte

size_t Size(int i) { return static_cast<size_t>(i); }

}  // namespace

void ClearBorder(const BorderZeros& b) {
  std::fill_n(b.first_pixel - b.head, b.head, 0.f);
  for (size_t y = 0; y + 1 < b.rows; ++y)
    std::fill_n(b.first_pixel + y * b.row_stride + b.row_length, b.row_stride - b.row_length, 0.f);
  std::fill_n(b.first_pixel + (b.rows - 1) * b.row_stride + b.row_length, b.tail, 0.f);
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
    if (value.layout == Layout::kChannelsLast) {
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
    if (!dirty) continue;
    auto& borders = own.first < 0 ? dirty_input_borders_ : dirty_borders_[Size(own.first)];
    for (const BorderZeros& border : BordersOf(static_cast<int>(i))) borders.push_back(border);
  }
}

std::vector<BorderZeros> Storage::BordersOf(int value) const {
  const Value& v = lowered_->value(value);
  const Home& h = home(value);
  std::vector<BorderZeros> borders;
  auto add = [&](float* first_pixel) {
    const size_t length = Size(v.shape.w) * h.pixel_stride;
    const size_t right = v.layout == Layout::kPlanar ? h.row_stride - length : Size(v.border.right) * h.pixel_stride;
    borders.push_back({first_pixel, Size(v.border.top) * h.row_stride + Size(v.border.left) * h.pixel_stride,
                       Size(v.shape.h), length, h.row_stride, right + Size(v.border.bottom) * h.row_stride});
  };
  if (v.layout == Layout::kPlanar) {
    for (const Plane& plane : Planes(value)) add(plane.data);
  } else {
    add(Picture(value).data);
  }
  return borders;
}

TensorView Storage::Picture(int value) const {
  const Value& v = lowered_->value(value);
  if (v.layout == Layout::kPlanar) {
    const Plane plane = Planes(value).front();
    return {plane.data, v.shape.h, v.shape.w, v.shape.c, plane.row_stride, 1};
  }
  size_t channel = 0;
  for (int i = value; lowered_->value(i).joined >= 0; i = lowered_->value(i).joined)
    channel += Size(lowered_->value(i).first_channel);
  const int root = RootOf(*lowered_, value);
  return {Origin(root) + channel, v.shape.h, v.shape.w, v.shape.c, home(root).row_stride, home(root).pixel_stride};
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
