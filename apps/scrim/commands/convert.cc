#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>
#include <filesystem>

#include "base/file.h"
#include "commands/commands.h"
#include "commands/shared_options.h"
#include "graph/fold.h"
#include "graph/onnx.h"
#include "image/sampler.h"
#include "io/image_io.h"
#include "io/paths.h"
#include "matte/mask_loop.h"
#include "nn/quantisation/quantise_model.h"

namespace scrim::app {
namespace {

struct ConvertOptions {
  std::string input, output;  // the input may be ONNX or a scrim model; the output's extension says what it becomes
  std::string name, description, licence;  // empty: as they are
  std::vector<float> scale, offset;        // one value, or one each for red, green and blue; empty: as they are
  bool bgr = false;                        // the network was trained with blue first
  bool half = false;                       // 16-bit weights
  graph::Density input_size;               // 0x0: the model's own
  bool int8 = false;                       // quantise, with photos of these folders
  std::vector<std::string> calibrate;
  int photos = 128;  // evenly from the folders
  double tolerance = 0.02;
  bool quiet = false;
};

bool HasExtension(const std::string& path, const std::string& wanted) {
  std::string extension = std::filesystem::path(path).extension().string();
  for (char& c : extension) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return extension == wanted;
}

// A scrim model by its signature; anything else has to be ONNX.
StatusOr<graph::Model> ReadEither(const std::string& path, bool* foreign) {
  SCRIM_ASSIGN_OR_RETURN(const std::vector<uint8_t> bytes, ReadFile(path));
  const std::string signature = "SCRIM\r\n";
  *foreign = !(bytes.size() > signature.size() && std::equal(signature.begin(), signature.end(), bytes.begin()));
  if (!*foreign) return graph::ParseModel(bytes.data(), bytes.size(), path);
  SCRIM_ASSIGN_OR_RETURN(graph::Model model, graph::ParseOnnx(bytes.data(), bytes.size(), path));
  graph::FoldForInference(model.graph, model.weights);
  if (model.name.empty()) model.name = std::filesystem::path(path).stem().string();
  if (model.description.empty())
    model.description = "converted from " + std::filesystem::path(path).filename().string();
  if (model.licence.empty()) model.licence = "not stated";
  return model;
}

// For networks that were trained with blue first: exchanges what the convolutions of the input do with its channels.
Status SwapRedAndBlue(const std::string& path, graph::Model& model) {
  for (const graph::Node& node : model.graph.nodes) {
    if (node.inputs.empty() || node.inputs[0] != 0) continue;
    if (node.op != graph::Op::kConv || node.conv.groups != 1)
      return Unsupported(path + ": node '" + node.name + "': --bgr needs a network that begins with convolutions");
    graph::Tensor& weight = model.weights.at(node.name + ".weight");
    const size_t taps = static_cast<size_t>(node.conv.kernel_h) * static_cast<size_t>(node.conv.kernel_w);
    const auto channels = static_cast<size_t>(weight.dims[1]);
    for (size_t o = 0; o < static_cast<size_t>(node.conv.out_channels); ++o) {
      float* red = weight.data.data() + o * channels * taps;
      std::swap_ranges(red, red + taps, red + 2 * taps);
    }
  }
  return {};
}

// One value for all channels, or red, green and blue.
Status SetChannels(const char* option, const std::vector<float>& values, std::array<float, 3>& to) {
  if (values.empty()) return {};
  if (values.size() != 1 && values.size() != 3)
    return InvalidArgument(std::string(option) + " takes one value, or one each for red, green and blue");
  for (size_t c = 0; c < 3; ++c) to[c] = values[values.size() == 1 ? 0 : c];
  return {};
}

std::vector<std::string> PhotosOf(const std::vector<std::string>& folders, size_t wanted) {
  std::vector<std::string> all, chosen;
  for (const std::string& folder : folders) {
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(folder, error))
      if (HasExtension(entry.path().string(), ".jpg") || HasExtension(entry.path().string(), ".jpeg") ||
          HasExtension(entry.path().string(), ".png"))
        all.push_back(entry.path().string());
  }
  std::sort(all.begin(), all.end());
  const size_t count = std::min(wanted, all.size());
  for (size_t i = 0; i < count; ++i) chosen.push_back(all[i * all.size() / count]);
  return chosen;
}

// The part of an RGBA picture that a camera of the density's shape sees: the middle, or what is above it, where heads
// are.
image::FrameView Shaped(image::FrameView picture, graph::Density density) {
  const int width = std::max(1, std::min(picture.width, picture.height * density.width / density.height)),
            height = std::max(1, std::min(picture.height, picture.width * density.height / density.width));
  const int left = (picture.width - width) / 2, top = (picture.height - height) / 4;
  picture.planes[0] += static_cast<size_t>(top) * picture.strides[0] + size_t{4} * static_cast<size_t>(left);
  picture.width = width, picture.height = height;
  return picture;
}

// A photo as the network sees it, by the way of every frame. Not stretched: networks are trained for shapes of their
// own.
StatusOr<std::vector<float>> NetworkInput(const std::string& path, const graph::Model& model, image::Sampler& sampler) {
  SCRIM_ASSIGN_OR_RETURN(image::Frame frame, ReadImage(path));
  image::Bytes picture;
  picture.Resize(model.density.width, model.density.height, 4);
  sampler.Sample(Shaped(frame.view(), model.density), &picture);
  NativeToRgb(frame.view().format, frame.view().matrix, &picture);
  const auto channels = static_cast<size_t>(model.graph.input().channels);
  const auto width = static_cast<size_t>(model.density.width);
  std::vector<float> input(width * static_cast<size_t>(model.density.height) * channels);
  Normalise(picture, {model.input_scale, model.input_offset}, input.data(), width * channels, channels);
  return input;
}

Status Quantise(const ConvertOptions& options, graph::Model& model) {
  const std::vector<std::string> photos = PhotosOf(options.calibrate, static_cast<size_t>(options.photos));
  if (photos.empty())
    return NotFound("--calibrate " + options.calibrate[0] + ": there are no .jpg or .png photos in it");
  std::vector<std::vector<float>> inputs;
  image::Sampler sampler;
  for (const std::string& photo : photos) {
    SCRIM_ASSIGN_OR_RETURN(std::vector<float> input, NetworkInput(photo, model, sampler));
    inputs.push_back(std::move(input));
  }
  nn::QuantiseOptions quantise;
  quantise.tolerance = options.tolerance;
  quantise.show = [&](const std::vector<float>& mask) {
    return matte::ShownOfStill(model.previous_mask_rule, mask, model.density.width, model.density.height);
  };
  if (!options.quiet) quantise.report = [](const std::string& line) { std::fprintf(stderr, "%s\n", line.c_str()); };
  SCRIM_ASSIGN_OR_RETURN(model, nn::QuantiseModel(model, inputs, quantise));
  return {};
}

Status Convert(const ConvertOptions& options) {
  NoteInput(options.input);
  SCRIM_RETURN_IF_ERROR(CheckNoInput(options.output));
  bool foreign = false;
  SCRIM_ASSIGN_OR_RETURN(graph::Model model, ReadEither(options.input, &foreign));
  if (!options.name.empty()) model.name = options.name;
  if (!options.description.empty()) model.description = options.description;
  if (!options.licence.empty()) model.licence = options.licence;
  SCRIM_RETURN_IF_ERROR(SetChannels("--scale", options.scale, model.input_scale));
  SCRIM_RETURN_IF_ERROR(SetChannels("--offset", options.offset, model.input_offset));
  if (options.bgr) SCRIM_RETURN_IF_ERROR(SwapRedAndBlue(options.input, model));
  const bool sized = !(options.input_size == graph::Density{});
  if (HasExtension(options.output, ".onnx"))
    return graph::SaveOnnx(model, sized ? options.input_size : model.density, options.output);
  if (sized && foreign)
    return InvalidArgument(
        "--input-size: a foreign network keeps the size that it was made for; leave --input-size out");
  if (sized) model.density = options.input_size;
  if (options.int8) SCRIM_RETURN_IF_ERROR(Quantise(options, model));
  return graph::SaveModel(model, options.half ? graph::WeightType::kFloat16 : graph::WeightType::kFloat32,
                          options.output);
}

// By the extension.
bool IsConvertible(const std::string& path) { return HasExtension(path, ".onnx") || HasExtension(path, ".scrim"); }

}  // namespace

Command AddConvert(CLI::App& app) {
  const auto options = std::make_shared<ConvertOptions>();
  CLI::App* command = app.add_subcommand(
      "convert", "make a model of an ONNX network, or ONNX of a model; a network's preprocessing is named here once");
  command->add_option("input", options->input, "network.onnx or model.scrim")->required()->type_name("IN");
  command->add_option("output", options->output, "model.scrim or network.onnx")->required()->type_name("OUT");
  command->add_option("--name", options->name, "the model's name");
  command->add_option("--description", options->description, "one line");
  command->add_option("--licence", options->licence, "terms of the weights, one line");
  command
      ->add_option("--scale", options->scale,
                   "the network's input is scale * value + offset of 8-bit values: one scale, or R,G,B; default: 1/255")
      ->delimiter(',');
  command->add_option("--offset", options->offset, "one offset, or R,G,B; default: 0")->delimiter(',');
  command->add_flag("--bgr", options->bgr, "the network takes blue first");
  command->add_flag("--half", options->half, "store weights with 16 bits");
  command->add_flag("--int8", options->int8, "quantise: 8-bit weights and values; needs --calibrate");
  command
      ->add_option("--calibrate", options->calibrate,
                   "folders of photos such as the model will see; they decide ranges and what stays f32")
      ->type_name("FOLDER")
      ->delimiter(',');
  command->add_option("--photos", options->photos, "how many of them are used, evenly; default: 128")
      ->check(CLI::Range(1, 10000));
  command
      ->add_option("--tolerance", options->tolerance,
                   "how much masks may change, 1 - IoU, before layers go back to f32; default: 0.02")
      ->check(CLI::Range(0., 1.));
  command->add_flag("--quiet", options->quiet, "say nothing while quantising");
  AddInputSizeOption(command, &options->input_size, "the network's input size; default: the model's own");
  command->callback([options] {
    if (options->int8 != !options->calibrate.empty())
      throw CLI::ValidationError("--int8 and --calibrate FOLDER go together");
    if (options->int8 && options->half)
      throw CLI::ValidationError("--half", "int8 weights take 8 bits already; leave --half out");
    if (options->int8 && ExtensionOf(options->output) == ".onnx")
      throw CLI::ValidationError("--int8", "ONNX gets float weights; give a .scrim file");
    if (!IsConvertible(options->output))
      throw CLI::ValidationError(options->output, "the output's extension must be .scrim or .onnx");
  });
  return {command, [options] { return Convert(*options); }};
}

}  // namespace scrim::app
