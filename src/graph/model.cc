#include "graph/model.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <set>

#include "base/crc32.h"
#include "base/file.h"
#include "base/half.h"
#include "graph/model_generated.h"

namespace scrim::graph {
namespace {

constexpr uint8_t kSignature[8] = {'S', 'C', 'R', 'I', 'M', '\r', '\n', 0x1a};
constexpr uint32_t kVersion = 1;
constexpr size_t kHeader = 24;
constexpr int kMaxPlanes = 16;

template <typename T>
void PutLittle(std::vector<uint8_t>& out, T value) {
  for (size_t i = 0; i < sizeof(T); ++i) out.push_back(static_cast<uint8_t>(value >> (8 * i)));
}
uint64_t GetLittle(const uint8_t* bytes, size_t count) {
  uint64_t value = 0;
  for (size_t i = 0; i < count; ++i) value |= uint64_t{bytes[i]} << (8 * i);
  return value;
}

std::string Text(const flatbuffers::String* s) { return s ? s->str() : std::string(); }

flatbuffers::Offset<fbs::Tensor> WriteTensor(flatbuffers::FlatBufferBuilder& b, const std::string& name,
                                             const Tensor& tensor, WeightType type) {
  if (!tensor.step.empty()) {
    const std::vector<int8_t> whole = WholeNumbers(tensor.data, tensor.step, tensor.in_step);
    return fbs::CreateTensorDirect(b, name.c_str(), &tensor.dims, nullptr, nullptr, &whole, &tensor.step,
                                   tensor.in_step.empty() ? nullptr : &tensor.in_step);
  }
  if (type == WeightType::kFloat32) return fbs::CreateTensorDirect(b, name.c_str(), &tensor.dims, &tensor.data);
  std::vector<uint16_t> halves;
  for (float v : tensor.data) halves.push_back(FloatToHalf(v));
  return fbs::CreateTensorDirect(b, name.c_str(), &tensor.dims, nullptr, &halves);
}

flatbuffers::Offset<fbs::Node> WriteNode(flatbuffers::FlatBufferBuilder& b, const Node& node,
                                         const Precision& precision) {
  flatbuffers::Offset<fbs::Conv> conv;
  if (node.op == Op::kConv || node.op == Op::kMaxPool) {
    const ConvAttributes& a = node.conv;
    conv = fbs::CreateConv(b, a.out_channels, a.kernel_h, a.kernel_w, a.stride, a.dilation, a.groups, a.pad_top,
                           a.pad_left, a.pad_bottom, a.pad_right, a.bias);
  }
  return fbs::CreateNodeDirect(b, node.name.c_str(), static_cast<uint8_t>(node.op), &node.inputs, node.channels, conv,
                               node.rate, node.align_corners, node.select.empty() ? nullptr : &node.select, node.block,
                               precision.int8, precision.scale, precision.zero_point);
}

Node ReadNode(const fbs::Node& from) {
  Node node;
  node.name = Text(from.name());
  node.op = static_cast<Op>(from.op());
  if (from.inputs()) node.inputs.assign(from.inputs()->begin(), from.inputs()->end());
  node.channels = from.channels();
  node.rate = from.rate();
  node.align_corners = from.align_corners();
  if (from.select()) node.select.assign(from.select()->begin(), from.select()->end());
  node.block = from.block();
  if (const fbs::Conv* a = from.conv())
    node.conv = {a->out_channels(), a->kernel_h(), a->kernel_w(),   a->stride(),    a->dilation(), a->groups(),
                 a->pad_top(),      a->pad_left(), a->pad_bottom(), a->pad_right(), a->bias()};
  return node;
}

// Errors name what is wrong with the steps; InferShapes and ValidateWeights see to the dimensions.
Status FillFromWholeNumbers(const flatbuffers::Vector<int8_t>& whole, const std::string& what, Tensor& tensor) {
  for (const auto* steps : {&tensor.step, &tensor.in_step})
    for (float step : *steps)
      if (!(std::isfinite(step) && step > 0.f)) return Corrupt(what + " has a step that is not a positive number");
  if (tensor.dims.size() != 4) return Corrupt(what + " has steps, but is not of a convolution");
  uint64_t size = 1;
  for (int d : tensor.dims) {
    if (d <= 0) return Corrupt(what + " has an empty dimension");
    size *= static_cast<uint64_t>(d);
    if (size > whole.size()) break;
  }
  if (size != whole.size()) return Corrupt(what + " has not as many values as its dimensions say");
  const auto out = static_cast<size_t>(tensor.dims[0]), in = static_cast<size_t>(tensor.dims[1]);
  if (tensor.step.size() != out || (!tensor.in_step.empty() && tensor.in_step.size() != in))
    return Corrupt(what + " has not one step for each channel");
  int largest = 0;
  for (const int8_t value : whole) largest = std::max(largest, std::abs(int{value}));
  if (largest > kMaxQuantisedWeight)
    return Corrupt(what + " holds " + std::to_string(largest) + ", beyond " + std::to_string(kMaxQuantisedWeight));
  const size_t taps = whole.size() / out / in;
  tensor.data.resize(whole.size());
  const int8_t* from = whole.data();
  float* to = tensor.data.data();
  for (size_t o = 0; o < out; ++o) {
    for (size_t c = 0; c < in; ++c) {
      const float in_step = tensor.in_step.empty() ? 1.f : tensor.in_step[c];
      for (size_t t = 0; t < taps; ++t) *to++ = static_cast<float>(*from++) * tensor.step[o] * in_step;
    }
  }
  return {};
}

StatusOr<Tensor> ReadTensor(const fbs::Tensor& from, const std::string& what) {
  Tensor tensor;
  tensor.dims.assign(from.dims()->begin(), from.dims()->end());
  if ((from.f32() != nullptr) + (from.f16() != nullptr) + (from.q8() != nullptr) != 1)
    return Corrupt(what + ": weight '" + Text(from.name()) + "' has no values that this version can read");
  if (from.q8()) {
    if (from.step()) tensor.step.assign(from.step()->begin(), from.step()->end());
    if (from.in_step()) tensor.in_step.assign(from.in_step()->begin(), from.in_step()->end());
    SCRIM_RETURN_IF_ERROR(FillFromWholeNumbers(*from.q8(), what + ": weight '" + Text(from.name()) + "'", tensor));
    return tensor;
  }
  if (from.f32()) {
    tensor.data.assign(from.f32()->begin(), from.f32()->end());
  } else {
    tensor.data.resize(from.f16()->size());
    std::transform(from.f16()->begin(), from.f16()->end(), tensor.data.begin(), HalfToFloat);
  }
  return tensor;
}

bool ValidDensity(const Density& d) { return d.width > 0 && d.height > 0 && d.width <= 4096 && d.height <= 4096; }

// What a file that is whole may still get wrong.
Status ValidateModel(const Model& model, const std::string& what) {
  auto bad = [&](const std::string& why) { return Corrupt(what + ": " + why); };
  if (!ValidDensity(model.density)) return bad("the density is out of range");
  for (const Density& d : model.densities)
    if (!ValidDensity(d)) return bad("a density is out of range");
  for (size_t c = 0; c < 3; ++c)
    if (!std::isfinite(model.input_scale[c]) || !std::isfinite(model.input_offset[c]))
      return bad("the input's scale is not a number");
  const auto shapes = InferShapes(model.graph, model.density.height, model.density.width);
  if (!shapes.ok()) return bad(shapes.status().message());
  if (model.graph.input().channels != (model.previous_mask ? 4 : 3))
    return bad("the input has the wrong number of channels");
  const PreviousMaskRule& rule = model.previous_mask_rule;
  if (!(rule.low >= 0.f && rule.low < rule.high && rule.high <= 1.f) ||
      !(rule.steady_share >= 0.f && rule.steady_share <= 1.f) || !(rule.distrust >= 0.f && rule.distrust <= 1.f))
    return bad("what is shown of the previous mask is out of range");
  if (!model.precision.empty()) {
    if (model.precision.size() != model.graph.nodes.size()) return bad("not every node has a precision");
    for (size_t i = 0; i < model.precision.size(); ++i) {
      const Precision& p = model.precision[i];
      if (!std::isfinite(p.scale) || p.scale < 0.f || (p.int8 && p.scale == 0.f))
        return bad("node '" + model.graph.nodes[i].name + "': the scale of its bytes is not a positive number");
    }
  }
  const Shape& out = (*shapes)[static_cast<size_t>(model.graph.output)];
  const int planes = static_cast<int>(model.planes.size());
  if (planes < 1 || planes > kMaxPlanes || model.planes[0] != "person" ||
      std::set<std::string>(model.planes.begin(), model.planes.end()).size() != model.planes.size())
    return bad("the names of the planes are not 'person' and up to " + std::to_string(kMaxPlanes - 1) + " others");
  if (out != Shape{planes, model.density.height, model.density.width})
    return bad("the output is " + ToString(out) + ", not " +
               (planes == 1 ? "one plane" : std::to_string(planes) + " planes") + " as large as the input");
  if (const Status status = ValidateWeights(model.graph, model.weights); !status.ok()) return bad(status.message());
  return {};
}

StatusOr<Model> ReadPayload(const uint8_t* payload, size_t size, const std::string& what) {
  flatbuffers::Verifier verifier(payload, size, /*max_depth=*/16, /*max_tables=*/1 << 16);
  if (!fbs::VerifyModelBuffer(verifier)) return Corrupt(what + ": the contents are damaged");
  const fbs::Model& from = *fbs::GetModel(payload);
  Model model;
  model.name = Text(from.name());
  model.description = Text(from.description());
  model.licence = Text(from.licence());
  model.graph.name = Text(from.graph_name());
  bool quantised = false;
  for (const fbs::Node* node : *from.nodes()) {
    model.graph.nodes.push_back(ReadNode(*node));
    model.precision.push_back({node->int8(), node->scale(), node->zero_point()});
    quantised |= node->int8();
  }
  if (!quantised) model.precision.clear();
  model.graph.output = from.output();
  for (const fbs::Tensor* tensor : *from.weights()) {
    SCRIM_ASSIGN_OR_RETURN(Tensor read, ReadTensor(*tensor, what));
    if (!model.weights.emplace(Text(tensor->name()), std::move(read)).second)
      return Corrupt(what + ": weight '" + Text(tensor->name()) + "' occurs twice");
  }
  if (from.input_scale()->size() != 3 || from.input_offset()->size() != 3)
    return Corrupt(what + ": the input's scale needs three values");
  for (unsigned c = 0; c < 3; ++c)
    model.input_scale[c] = from.input_scale()->Get(c), model.input_offset[c] = from.input_offset()->Get(c);
  model.previous_mask = from.previous_mask();
  if (const fbs::PreviousMaskRule* rule = from.previous_mask_rule())
    model.previous_mask_rule = {rule->low(), rule->high(), rule->steady_share(), rule->distrust()};
  if (from.planes()) {
    model.planes.clear();
    for (const flatbuffers::String* plane : *from.planes()) model.planes.push_back(Text(plane));
  }
  model.density = {from.density()->width(), from.density()->height()};
  if (from.densities())
    for (const fbs::Density* d : *from.densities()) model.densities.push_back({d->width(), d->height()});
  if (from.figures())
    for (const fbs::Figure* f : *from.figures()) model.figures.emplace_back(Text(f->name()), f->value());
  SCRIM_RETURN_IF_ERROR(ValidateModel(model, what));
  return model;
}

}  // namespace

StatusOr<Density> ParseDensity(const std::string& text) {
  // Not sscanf: its reading of floats is a twentieth of the WebAssembly module.
  Density d;
  const char *begin = text.data(), *end = begin + text.size();
  const auto [by, width_error] = std::from_chars(begin, end, d.width);
  const auto [rest, height_error] = std::from_chars(by == end ? end : by + 1, end, d.height);
  if (width_error != std::errc() || height_error != std::errc() || *by != 'x' || rest != end || d.width < 16 ||
      d.height < 16 || d.width > 4096 || d.height > 4096)
    return InvalidArgument("a size is WIDTHxHEIGHT, each 16 to 4096, as in 256x144; '" + text + "' is not");
  return d;
}

Density NearestShape(const std::vector<Density>& densities, int width, int height) {
  const auto distance = [&](Density d) {
    const double a = double(d.width) * height, b = double(width) * d.height;
    return std::max(a, b) / std::min(a, b);
  };
  return *std::min_element(densities.begin(), densities.end(),
                           [&](Density a, Density b) { return distance(a) < distance(b); });
}

std::vector<Density> ShapesOf(const Model& model) {
  constexpr double kTolerance = 0.1;
  const auto pixels = [](Density d) { return double(d.width) * d.height; };
  std::vector<Density> shapes{model.density};
  for (const Density d : model.densities)
    if (!(d == model.density) && std::abs(pixels(d) / pixels(model.density) - 1) < kTolerance) shapes.push_back(d);
  return shapes;
}

std::string PrecisionName(const Model& model) {
  int int8 = 0, f32 = 0;
  for (size_t i = 0; i < model.precision.size(); ++i)
    if (model.graph.nodes[i].op == Op::kConv) ++(model.precision[i].int8 ? int8 : f32);
  if (int8 == 0) return "f32";
  return f32 == 0 ? "int8" : "int8, " + std::to_string(f32) + " convolutions in f32";
}

StatusOr<std::vector<uint8_t>> SerializeModel(const Model& model, WeightType type) {
  SCRIM_RETURN_IF_ERROR(ValidateModel(model, "model '" + model.name + "'"));
  if (type == WeightType::kFloat16)
    for (const auto& [name, tensor] : model.weights)
      for (float v : tensor.data)
        if (!std::isfinite(HalfToFloat(FloatToHalf(v))))
          return InvalidArgument("weight '" + name + "' holds " + std::to_string(v) +
                                 ", too large for 16 bits; save as 32");
  flatbuffers::FlatBufferBuilder b(1 << 20);
  std::vector<flatbuffers::Offset<fbs::Node>> nodes;
  for (size_t i = 0; i < model.graph.nodes.size(); ++i)
    nodes.push_back(WriteNode(b, model.graph.nodes[i], model.precision.empty() ? Precision() : model.precision[i]));
  std::vector<flatbuffers::Offset<fbs::Tensor>> weights;
  for (const auto& [name, tensor] : model.weights) weights.push_back(WriteTensor(b, name, tensor, type));
  std::vector<flatbuffers::Offset<fbs::Figure>> figures;
  for (const auto& [name, value] : model.figures) figures.push_back(fbs::CreateFigureDirect(b, name.c_str(), value));
  std::vector<fbs::Density> densities;
  for (const Density& d : model.densities) densities.emplace_back(d.width, d.height);
  const std::vector<float> scale(model.input_scale.begin(), model.input_scale.end());
  const std::vector<float> offset(model.input_offset.begin(), model.input_offset.end());
  const fbs::Density density(model.density.width, model.density.height);
  const PreviousMaskRule& rule = model.previous_mask_rule;
  const fbs::PreviousMaskRule previous_mask_rule(rule.low, rule.high, rule.steady_share, rule.distrust);
  std::vector<flatbuffers::Offset<flatbuffers::String>> planes;
  if (model.planes.size() > 1)
    for (const std::string& plane : model.planes) planes.push_back(b.CreateString(plane));
  b.Finish(fbs::CreateModelDirect(b, model.name.c_str(), model.description.c_str(), model.licence.c_str(),
                                  model.graph.name.c_str(), &nodes, model.graph.output, &weights, &scale, &offset,
                                  model.previous_mask, &density, &densities, &figures, &previous_mask_rule,
                                  planes.empty() ? nullptr : &planes));

  std::vector<uint8_t> file(std::begin(kSignature), std::end(kSignature));
  PutLittle(file, kVersion);
  PutLittle(file, Crc32(b.GetBufferPointer(), b.GetSize()));
  PutLittle(file, uint64_t{b.GetSize()});
  file.insert(file.end(), b.GetBufferPointer(), b.GetBufferPointer() + b.GetSize());
  return file;
}

StatusOr<Model> ParseModel(const uint8_t* bytes, size_t size, const std::string& what) {
  if (size == 0) return Corrupt(what + ": the file is empty");
  if (size < kHeader || !std::equal(std::begin(kSignature), std::end(kSignature), bytes))
    return Corrupt(what + ": is not a scrim model");
  const uint64_t version = GetLittle(bytes + 8, 4), crc = GetLittle(bytes + 12, 4), payload = GetLittle(bytes + 16, 8);
  if (version != kVersion)
    return Unsupported(what + ": has format version " + std::to_string(version) + ", this scrim reads version " +
                       std::to_string(kVersion) + "; use a model of the same release");
  if (payload != size - kHeader)
    return Corrupt(what + ": holds " + std::to_string(size - kHeader) + " of " + std::to_string(payload) +
                   " bytes; was it cut off?");
  // FlatBuffers wants its payload aligned; the caller's bytes need not be.
  const uint8_t* data = bytes + kHeader;
  std::vector<uint64_t> aligned;
  if (reinterpret_cast<uintptr_t>(data) % sizeof(uint64_t) != 0) {
    aligned.resize((payload + 7) / 8);
    std::memcpy(aligned.data(), data, payload);
    data = reinterpret_cast<const uint8_t*>(aligned.data());
  }
  if (Crc32(data, payload) != crc) return Corrupt(what + ": the checksum is wrong; get the file again");
  return ReadPayload(data, payload, what);
}

StatusOr<Model> LoadModel(const std::string& path) {
  SCRIM_ASSIGN_OR_RETURN(const std::vector<uint8_t> bytes, ReadFile(path));
  return ParseModel(bytes.data(), bytes.size(), path);
}

Status SaveModel(const Model& model, WeightType type, const std::string& path) {
  SCRIM_ASSIGN_OR_RETURN(const std::vector<uint8_t> bytes, SerializeModel(model, type));
  return WriteFile(path, bytes.data(), bytes.size());
}

}  // namespace scrim::graph
