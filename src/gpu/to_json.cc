#include "gpu/plan.h"

namespace scrim::gpu {
namespace {

// Text that holds nothing but printable ASCII, line ends and what names of nodes may hold.
std::string Quoted(const std::string& text) {
  static const char kHex[] = "0123456789abcdef";
  std::string quoted = "\"";
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\')
      quoted += '\\', quoted += c;
    else if (c == '\n')
      quoted += "\\n";
    else if (byte < 0x20)
      quoted += "\\u00", quoted += kHex[byte >> 4], quoted += kHex[byte & 15];
    else
      quoted += c;
  }
  return quoted += '"';
}

template <typename Items, typename Write>
std::string List(const Items& items, const Write& write) {
  std::string text = "[";
  for (const auto& item : items) text += (text.size() > 1 ? "," : "") + write(item);
  return text += "]";
}

std::string Number(size_t n) { return std::to_string(n); }

std::string BindingText(const Binding& b) {
  return "[" + std::to_string(b.buffer) + "," + Number(b.offset) + "," + Number(b.size) + "]";
}

}  // namespace

std::string ToJson(const Plan& plan) {
  std::string text = "{\"kernels\":";
  text += List(plan.kernels,
               [](const Kernel& k) { return "{\"name\":" + Quoted(k.name) + ",\"code\":" + Quoted(k.code) + "}"; });
  text += ",\"buffers\":" + List(plan.buffers, [](const Buffer& b) {
            return "{\"bytes\":" + Number(b.bytes) + ",\"constant\":" + (b.constant ? "true" : "false") + "}";
          });
  text += ",\"dispatches\":" + List(plan.dispatches, [](const Dispatch& d) {
            return "{\"kernel\":" + std::to_string(d.kernel) + ",\"bindings\":" + List(d.bindings, BindingText) +
                   ",\"groups\":" + List(d.groups, [](int n) { return std::to_string(n); }) +
                   ",\"name\":" + Quoted(d.name) + "}";
          });
  text += ",\"named\":{";
  bool first = true;
  for (const auto& [name, buffer] : plan.named) {
    text += (first ? "" : ",") + Quoted(name) + ":" + std::to_string(buffer);
    first = false;
  }
  text += "},\"unsupported\":" + List(plan.unsupported, Quoted);
  return text + ",\"bytesMoved\":" + Number(plan.bytes_moved) + "}";
}

}  // namespace scrim::gpu
