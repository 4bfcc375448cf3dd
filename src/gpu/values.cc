#include "gpu/values.h"

#include <algorithm>
#include <utility>

namespace scrim::gpu {

using nn::Instruction;
using nn::Kind;
using nn::Lowered;
using nn::RootOf;

namespace {

bool CanEnd(Kind kind) {
  switch (kind) {
    case Kind::kConv:
    case Kind::kResize:
    case Kind::kAdd:
    case Kind::kMul:
    case Kind::kGate:
    case Kind::kScale:
    case Kind::kMaxPool:
    case Kind::kSelect:
    case Kind::kDepthToSpace:
      return true;
    default:
      return false;
  }
}

// Does an instruction read the buffer that it writes?
bool HasConflict(const Lowered& lowered, int root) {
  const auto in_root = [&](int value) { return value >= 0 && RootOf(lowered, value) == root; };
  return std::any_of(lowered.instructions.begin(), lowered.instructions.end(), [&](const Instruction& i) {
    const std::vector<int> reads = ReadsOf(i);
    return i.kind != Kind::kConcat && std::any_of(i.outputs.begin(), i.outputs.end(), in_root) &&
           std::any_of(reads.begin(), reads.end(), in_root);
  });
}

// Formats of one or two channels are plain: any channel may begin a slot.
bool IsPlain(const graph::Shape& shape) { return shape.c <= 2; }

}  // namespace

void FuseActivations(Lowered& lowered) {
  const std::vector<int> reads = CountReads(lowered);
  auto& all = lowered.instructions;
  for (Instruction& end : all) {
    if (end.kind != Kind::kActivation || reads[static_cast<size_t>(end.inputs[0])] != 1) continue;
    const auto maker = std::find_if(all.begin(), all.end(), [&](const Instruction& i) {
      return !i.outputs.empty() && i.outputs[0] == end.inputs[0];
    });
    if (maker == all.end() || !CanEnd(maker->kind) || maker->activation != nn::Activation::kNone) continue;
    // The later of the two places: what the maker reads is still there, for nothing is written twice.
    Instruction made = std::move(*maker);
    maker->outputs.clear(), maker->inputs.clear(), maker->residual = -1;
    made.name += "+" + end.name;
    made.activation = end.activation, made.slope = std::move(end.slope);
    made.outputs = end.outputs;
    end = std::move(made);
  }
  all.erase(std::remove_if(all.begin(), all.end(), [](const Instruction& i) { return i.outputs.empty(); }), all.end());
}

void PlaceSlots(Lowered& lowered) {
  std::vector<Instruction> old = std::move(lowered.instructions);
  lowered.instructions = old;
  std::vector<Instruction> placed;
  for (const Instruction& i : old) {
    if (i.kind != Kind::kConcat) {
      placed.push_back(i);
      continue;
    }
    const int joined = i.outputs[0];
    int channel = 0;
    for (size_t k = 0; k < i.inputs.size(); ++k) {
      const int in = i.inputs[k];
      nn::Value& value = lowered.value(in);
      const bool last = k + 1 == i.inputs.size();
      const bool fits = IsPlain(lowered.value(joined).shape) || (channel % 4 == 0 && (last || value.shape.c % 4 == 0));
      // A value of one or two channels would lie in groups as a slot of more: its format is its owner's, which is fine.
      bool alias =
          fits && in != lowered.input && in != lowered.output && value.joined < 0 && RootOf(lowered, joined) != in;
      if (alias) {
        value.joined = joined, value.first_channel = channel;
        alias = !HasConflict(lowered, RootOf(lowered, joined));
        if (!alias) value.joined = -1, value.first_channel = 0;
      }
      if (!alias) {
        Instruction copy;
        copy.kind = Kind::kCopy;
        copy.name = i.name;
        copy.inputs = {in};
        copy.outputs = {lowered.AddValue(lowered.value(in).shape, nn::Layout::kChannelsLast)};
        lowered.value(copy.outputs[0]).joined = joined, lowered.value(copy.outputs[0]).first_channel = channel;
        placed.push_back(std::move(copy));
      }
      channel += lowered.value(in).shape.c;
    }
  }
  lowered.instructions = std::move(placed);
}

Values::Values(const Lowered& lowered, bool halves) : lowered_(lowered), halves_(halves) { AssignBuffers(); }

Slot Values::SlotOf(int value) const {
  const graph::Shape& shape = lowered_.value(value).shape;
  Slot slot{shape.h, shape.w, shape.c, Format::kPlain, 0, shape.c};
  for (; lowered_.value(value).joined >= 0; value = lowered_.value(value).joined)
    slot.first += lowered_.value(value).first_channel;
  slot.stride = lowered_.value(value).shape.c;
  if (value == lowered_.input || value == lowered_.output || IsPlain(lowered_.value(value).shape)) return slot;
  slot.format = halves_ ? Format::kHalves : Format::kFloats;
  return slot;
}

int Values::BufferOf(int value) const { return buffer_[static_cast<size_t>(RootOf(lowered_, value))]; }

// Whole buffers, for no dispatch may read and write parts of one: each value takes the smallest free one that is large
// enough, else the largest grows, else a new one.
void Values::AssignBuffers() {
  const size_t count = lowered_.values.size();
  const int end = static_cast<int>(lowered_.instructions.size());
  std::vector<int> first(count, end), last(count, -1);
  for (int k = 0; k < end; ++k) {
    const Instruction& i = lowered_.instructions[static_cast<size_t>(k)];
    std::vector<int> touched = ReadsOf(i);
    for (int output : i.outputs)
      if (output >= 0) touched.push_back(output);
    for (int value : touched) {
      const auto root = static_cast<size_t>(RootOf(lowered_, value));
      first[root] = std::min(first[root], k), last[root] = std::max(last[root], k);
    }
  }
  buffer_.assign(count, -1);
  std::vector<int> free_from;  // the instruction from which on each buffer is free
  const auto bytes_of = [&](size_t value) {
    const Slot slot = SlotOf(static_cast<int>(value));
    return BytesOf(slot.format, slot.height, slot.width, slot.channels);
  };
  const auto add = [&](size_t value, int until) {
    buffer_[value] = static_cast<int>(buffers_.size());
    buffers_.push_back(bytes_of(value)), free_from.push_back(until);
  };
  // What others write or read outside has memory of its own.
  add(static_cast<size_t>(lowered_.input), end + 1);
  if (buffer_[static_cast<size_t>(RootOf(lowered_, lowered_.output))] < 0)
    add(static_cast<size_t>(RootOf(lowered_, lowered_.output)), end + 1);
  for (int k = 0; k < end; ++k) {
    for (size_t value = 0; value < count; ++value) {
      if (first[value] != k || buffer_[value] >= 0) continue;
      const size_t bytes = bytes_of(value);
      int best = -1;
      for (int b = 0; b < static_cast<int>(buffers_.size()); ++b) {
        if (free_from[static_cast<size_t>(b)] > k) continue;
        if (best < 0) {
          best = b;
          continue;
        }
        const size_t had = buffers_[static_cast<size_t>(best)], has = buffers_[static_cast<size_t>(b)];
        const bool better = had >= bytes ? has >= bytes && has < had : has > had;
        if (better) best = b;
      }
      if (best < 0) {
        add(value, last[value] + 1);
        continue;
      }
      buffer_[value] = best;
      buffers_[static_cast<size_t>(best)] = std::max(buffers_[static_cast<size_t>(best)], bytes);
      free_from[static_cast<size_t>(best)] = last[value] + 1;
    }
  }
}

}  // namespace scrim::gpu
