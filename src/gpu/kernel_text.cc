#include "gpu/kernel_text.h"

#include <algorithm>
#include <cstdio>

#include "base/aligned.h"

namespace scrim::gpu {
namespace {

std::string Upper(std::string text) {
  for (char& c : text)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return text;
}

std::string Text(int value) { return std::to_string(value); }

const char* ElementOf(const Slot& slot) {
  return slot.format == Format::kPlain ? "f32" : slot.format == Format::kFloats ? "vec4f" : "vec2u";
}

std::string PlainIndex(const Slot& slot) {
  return "pixel * " + Text(slot.stride) + " + " + Text(slot.first) + " + 4 * group";
}

std::string GroupIndex(const Slot& slot) {
  return "pixel * " + Text((slot.stride + 3) / 4) + " + " + Text(slot.first / 4) + " + group";
}

// Begins the use of a lane; the last group may have fewer than four.
std::string IfChannel(const Slot& slot, int lane) {
  const bool always = slot.channels % 4 == 0 || slot.channels % 4 > lane;
  return always ? "{ " : "if (4 * group + " + Text(lane) + " < " + Text(slot.channels) + ") { ";
}

}  // namespace

size_t BytesOf(Format format, int height, int width, int channels) {
  const auto pixels = static_cast<size_t>(height) * static_cast<size_t>(width);
  const auto all = static_cast<size_t>(channels), grouped = RoundUp(all, size_t{4});
  switch (format) {
    case Format::kPlain:
      return pixels * all * 4;
    case Format::kFloats:
      return pixels * grouped * 4;
    case Format::kHalves:
      return pixels * grouped * 2;
  }
  return 0;
}

KernelText& KernelText::Number(const std::string& name, int value) {
  text_ += "const " + name + " = " + Text(value) + ";\n";
  return *this;
}

KernelText& KernelText::Float(const std::string& name, float value) {
  char digits[32];
  std::snprintf(digits, sizeof digits, "%.9g", static_cast<double>(value));
  text_ += "const " + name + ": f32 = " + digits + ";\n";
  return *this;
}

void KernelText::Sizes(const std::string& name, const Slot& slot) {
  const std::string upper = Upper(name);
  Number(upper + "_WIDTH", slot.width)
      .Number(upper + "_HEIGHT", slot.height)
      .Number(upper + "_CHANNELS", slot.channels);
  Number(upper + "_GROUPS", (slot.channels + 3) / 4);
}

void KernelText::Reader(const std::string& name, const Slot& slot) {
  text_ += "fn read_" + name + "(pixel: i32, group: i32) -> vec4f {\n";
  if (slot.format == Format::kPlain) {
    text_ += "  let at = " + PlainIndex(slot) + ";\n  var v = vec4f();\n";
    for (int lane = 0; lane < std::min(4, slot.channels); ++lane)
      text_ += "  " + IfChannel(slot, lane) + "v[" + Text(lane) + "] = " + name + "[at + " + Text(lane) + "]; }\n";
    text_ += "  return v;\n}\n";
  } else if (slot.format == Format::kFloats) {
    text_ += "  return " + name + "[" + GroupIndex(slot) + "];\n}\n";
  } else {
    text_ += "  let v = " + name + "[" + GroupIndex(slot) +
             "];\n  return vec4f(unpack2x16float(v.x), unpack2x16float(v.y));\n}\n";
  }
}

void KernelText::Writer(const std::string& name, const Slot& slot) {
  text_ += "fn write_" + name + "(pixel: i32, group: i32, v: vec4f) {\n";
  if (slot.format == Format::kPlain) {
    text_ += "  let at = " + PlainIndex(slot) + ";\n";
    for (int lane = 0; lane < std::min(4, slot.channels); ++lane)
      text_ += "  " + IfChannel(slot, lane) + name + "[at + " + Text(lane) + "] = v[" + Text(lane) + "]; }\n";
    text_ += "}\n";
  } else if (slot.format == Format::kFloats) {
    text_ += "  " + name + "[" + GroupIndex(slot) + "] = v;\n}\n";
  } else {
    text_ += "  " + name + "[" + GroupIndex(slot) + "] = vec2u(pack2x16float(v.xy), pack2x16float(v.zw));\n}\n";
  }
}

KernelText& KernelText::Reads(const std::string& name, const Slot& slot, const Binding& binding) {
  Sizes(name, slot);
  Binds("var<storage, read> " + name + ": array<" + ElementOf(slot) + ">", binding);
  Reader(name, slot);
  return *this;
}

KernelText& KernelText::Writes(const std::string& name, const Slot& slot, const Binding& binding) {
  Sizes(name, slot);
  Binds("var<storage, read_write> " + name + ": array<" + ElementOf(slot) + ">", binding);
  Writer(name, slot);
  return *this;
}

KernelText& KernelText::Updates(const std::string& name, const Slot& slot, const Binding& binding) {
  Writes(name, slot, binding);
  Reader(name, slot);
  return *this;
}

KernelText& KernelText::Lacks(const std::string& name) {
  return Add("fn read_" + name + "(pixel: i32, group: i32) -> vec4f { return vec4f(); }\n");
}

KernelText& KernelText::Weights(bool halves, const Binding& binding) {
  Binds(std::string("var<storage, read> weights: array<") + (halves ? "vec2u>" : "vec4f>"), binding);
  return Add(halves ? "fn weight(i: i32) -> vec4f {\n  let w = weights[i];\n"
                      "  return vec4f(unpack2x16float(w.x), unpack2x16float(w.y));\n}\n"
                    : "fn weight(i: i32) -> vec4f { return weights[i]; }\n");
}

KernelText& KernelText::Parameters(const Binding& binding) {
  Binds("var<storage, read> parameters: array<vec4f>", binding);
  return Add("fn parameter(i: i32) -> vec4f { return parameters[i]; }\n");
}

KernelText& KernelText::LacksParameters() { return Add("fn parameter(i: i32) -> vec4f { return vec4f(); }\n"); }

KernelText& KernelText::Binds(const std::string& declaration, const Binding& binding) {
  text_ += "@group(0) @binding(" + std::to_string(bindings_.size()) + ") " + declaration + ";\n";
  bindings_.push_back(binding);
  return *this;
}

KernelText& KernelText::Array(const std::string& name, const std::string& element, int buffer) {
  return Binds("var<storage, read> " + name + ": array<" + element + ">", {buffer, 0, 0});
}

KernelText& KernelText::Mutable(const std::string& name, const std::string& element, int buffer) {
  return Binds("var<storage, read_write> " + name + ": array<" + element + ">", {buffer, 0, 0});
}

KernelText& KernelText::Add(const std::string& text) {
  text_ += text;
  return *this;
}

std::string KernelText::With(const std::string& kernel, const std::vector<std::string>& shared) const {
  std::string text = text_;
  for (const std::string& file : shared) text += KernelFile(file);
  return text + KernelFile(kernel);
}

}  // namespace scrim::gpu
