#include "graph/model.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "base/crc32.h"
#include "base/file.h"
#include "base/half.h"
#include "graph/testing.h"

namespace scrim::graph {
namespace {

std::string TempPath(const char* name) { return ::testing::TempDir() + name; }

void ExpectEqual(const Model& a, const Model& b, float tolerance) {
  EXPECT_EQ(a.name, b.name);
  EXPECT_EQ(a.description, b.description);
  EXPECT_EQ(a.licence, b.licence);
  EXPECT_EQ(a.density, b.density);
  EXPECT_EQ(a.densities, b.densities);
  EXPECT_EQ(a.figures, b.figures);
  EXPECT_EQ(a.precision, b.precision);
  EXPECT_EQ(a.previous_mask, b.previous_mask);
  EXPECT_EQ(a.planes, b.planes);
  EXPECT_EQ(a.input_scale, b.input_scale);
  EXPECT_EQ(a.input_offset, b.input_offset);
  ASSERT_EQ(a.graph.nodes.size(), b.graph.nodes.size());
  EXPECT_EQ(a.graph.output, b.graph.output);
  EXPECT_EQ(*InferShapes(a.graph, 144, 256), *InferShapes(b.graph, 144, 256));
  for (size_t i = 0; i < a.graph.nodes.size(); ++i) {
    EXPECT_EQ(a.graph.nodes[i].name, b.graph.nodes[i].name);
    EXPECT_EQ(a.graph.nodes[i].op, b.graph.nodes[i].op);
    EXPECT_EQ(a.graph.nodes[i].inputs, b.graph.nodes[i].inputs);
    EXPECT_EQ(a.graph.nodes[i].rate, b.graph.nodes[i].rate);
    EXPECT_EQ(a.graph.nodes[i].align_corners, b.graph.nodes[i].align_corners);
    EXPECT_EQ(a.graph.nodes[i].select, b.graph.nodes[i].select);
    EXPECT_EQ(a.graph.nodes[i].block, b.graph.nodes[i].block);
  }
  EXPECT_TRUE(a.previous_mask_rule == b.previous_mask_rule);
  ASSERT_EQ(a.weights.size(), b.weights.size());
  for (const auto& [name, tensor] : a.weights) {
    const Tensor& other = b.weights.at(name);
    ASSERT_EQ(tensor.dims, other.dims);
    ASSERT_EQ(tensor.step, other.step);
    ASSERT_EQ(tensor.in_step, other.in_step);
    for (size_t i = 0; i < tensor.data.size(); ++i)
      ASSERT_NEAR(tensor.data[i], other.data[i], tolerance * std::abs(tensor.data[i]) + tolerance * 1e-4f) << name;
  }
}

Model Example() {
  ScrimnetConfig config;
  config.dropout = 0.05f;
  Model model = RandomModel(config, 1);
  model.densities = {{64, 64}, {256, 144}};
  model.figures = {{"portrait_iou", 0.9125}, {"epochs", 60}};
  model.previous_mask_rule = {0.25f, 0.75f, 0.125f, 0.5f};
  return model;
}

TEST(Crc32, IsThatOfTheStandardAtEveryLength) {
  const std::string text = "123456789";
  EXPECT_EQ(Crc32(reinterpret_cast<const uint8_t*>(text.data()), text.size()), 0xcbf43926u);
  std::vector<uint8_t> bytes;
  for (int size = 0; size < 40; ++size, bytes.push_back(static_cast<uint8_t>(37 * size))) {
    uint32_t crc = ~0u;  // bit by bit
    for (uint8_t byte : bytes) {
      crc ^= byte;
      for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ (crc & 1 ? 0xedb88320u : 0u);
    }
    EXPECT_EQ(Crc32(bytes.data(), bytes.size()), ~crc) << size;
  }
}

// Also over a file that is there, and where a system counts letters or bytes.
TEST(Model, NamesAreUtf8AndLong) {
  const Model model = Example();
  std::string folder = testing::TempDir() + "/scrim-\xc3\xbcmlaute-\xe2\x82\xac";
  for (const char* part : {"", "/a", "/b", "/c"}) {
    folder += *part != '\0' ? part + std::string(90, part[1]) : "";
    std::filesystem::create_directory(std::filesystem::u8path(folder));
  }
  const std::string path = folder + "/m.scrim";
  for (int i = 0; i < 2; ++i) {
    const Status saved = SaveModel(model, WeightType::kFloat32, path);
    ASSERT_TRUE(saved.ok()) << saved.message();
    EXPECT_TRUE(LoadModel(path).ok()) << path;
  }
}

TEST(Model, SurvivesSavingAndLoading) {
  const Model model = Example();
  const std::string path = TempPath("model_test.scrim");
  ASSERT_TRUE(SaveModel(model, WeightType::kFloat32, path).ok());
  auto loaded = LoadModel(path);
  ASSERT_TRUE(loaded.ok()) << loaded.status().message();
  ExpectEqual(model, *loaded, 0.f);
  EXPECT_FALSE(std::filesystem::exists(path + ".part"));

  ASSERT_TRUE(SaveModel(model, WeightType::kFloat16, path).ok());  // replaces
  loaded = LoadModel(path);
  ASSERT_TRUE(loaded.ok());
  ExpectEqual(model, *loaded, 0x1p-11f);  // half a unit in the last of binary16's 11 digits
}

TEST(Model, PlanesHaveNames) {
  ScrimnetConfig config;
  config.planes = 3;
  Model model = RandomModel(config, 1);
  model.planes = {"person", "hair", "skin"};
  const std::string path = TempPath("planes.scrim");
  ASSERT_TRUE(SaveModel(model, WeightType::kFloat32, path).ok());
  const auto loaded = LoadModel(path);
  ASSERT_TRUE(loaded.ok()) << loaded.status().message();
  ExpectEqual(model, *loaded, 0.f);
  using Names = std::vector<std::string>;
  for (const Names& wrong : {Names{"person", "hair"}, {"hair", "person", "skin"}, {"person", "hair", "hair"}, {}}) {
    model.planes = wrong;
    EXPECT_FALSE(SaveModel(model, WeightType::kFloat32, path).ok());
  }
}

TEST(Model, EveryOperationSurvives) {
  const Model model = EveryOperation(3);
  const auto bytes = SerializeModel(model, WeightType::kFloat32);
  ASSERT_TRUE(bytes.ok()) << bytes.status().message();
  const auto back = ParseModel(bytes->data(), bytes->size(), "memory");
  ASSERT_TRUE(back.ok()) << back.status().message();
  ExpectEqual(model, *back, 0.f);
}

// Weights that are whole multiples of steps, and nodes that run in int8, as the quantiser leaves them.
Model QuantisedExample() {
  Model model = Example();
  for (const Node& node : model.graph.nodes) {
    model.precision.push_back({node.name != "stem", 0.01f * static_cast<float>(model.precision.size() + 1), 7});
    if (node.op != Op::kConv) continue;
    Tensor& weight = model.weights.at(node.name + ".weight");
    const auto out = static_cast<size_t>(weight.dims[0]), in = static_cast<size_t>(weight.dims[1]);
    for (size_t o = 0; o < out; ++o) weight.step.push_back(0.001f * static_cast<float>(o + 1));
    if (in == 12)
      for (size_t c = 0; c < in; ++c) weight.in_step.push_back(1.f / static_cast<float>(c + 1));
    const size_t taps = weight.data.size() / out / in;
    for (size_t i = 0; i < weight.data.size(); ++i) {
      const float in_step = weight.in_step.empty() ? 1.f : weight.in_step[i / taps % in];
      weight.data[i] = static_cast<float>(static_cast<int>(i % 127) - 63) * weight.step[i / taps / in] * in_step;
    }
  }
  return model;
}

TEST(Model, QuantisedWeightsTakeOneByteEach) {
  const Model model = QuantisedExample();
  const auto bytes = SerializeModel(model, WeightType::kFloat32);
  ASSERT_TRUE(bytes.ok()) << bytes.status().message();
  EXPECT_LT(bytes->size(), 1.6 * static_cast<double>(CountParameters(model.graph)));
  const auto back = ParseModel(bytes->data(), bytes->size(), "memory");
  ASSERT_TRUE(back.ok()) << back.status().message();
  ExpectEqual(model, *back, 0.f);
  EXPECT_EQ(PrecisionName(*back), "int8, 1 convolutions in f32");
  EXPECT_EQ(PrecisionName(Example()), "f32");
}

TEST(Model, RefusesNonsenseOfQuantisedModels) {
  auto refuses = [](const Model& model, const std::string& why) {
    const auto bytes = SerializeModel(model, WeightType::kFloat32);
    ASSERT_FALSE(bytes.ok()) << why;
    EXPECT_NE(bytes.status().message().find(why), std::string::npos) << bytes.status().message();
  };
  Model model = QuantisedExample();
  model.weights.at("half.weight").step.pop_back();
  refuses(model, "half.weight");
  model = QuantisedExample();
  model.weights.at("half.weight").step[0] = 0.f;
  refuses(model, "half.weight");
  model = QuantisedExample();
  model.weights.at("half.weight").data[5] = 1.f;
  refuses(model, "steps large");
  model = QuantisedExample();
  model.precision[3].scale = 0.f;
  refuses(model, model.graph.nodes[3].name);
  model = QuantisedExample();
  model.precision.pop_back();
  refuses(model, "precision");
}

TEST(Model, RefusesEveryCutAndEveryChangedByte) {
  for (const Model& model : {Example(), QuantisedExample()}) {
    const std::vector<uint8_t> good = *SerializeModel(model, WeightType::kFloat16);
    ASSERT_TRUE(ParseModel(good.data(), good.size(), "m").ok());
    for (size_t size = 0; size < good.size(); size = size < 64 ? size + 1 : size + 9973)
      EXPECT_EQ(ParseModel(good.data(), size, "m").status().code(), Code::kCorrupt) << size;
    for (size_t i = 0; i < good.size(); i = i < 256 ? i + 1 : i + 4999) {
      std::vector<uint8_t> bad = good;
      bad[i] ^= 0x10;
      const auto parsed = ParseModel(bad.data(), bad.size(), "file.scrim");
      ASSERT_FALSE(parsed.ok()) << "byte " << i;
      EXPECT_EQ(parsed.status().message().rfind("file.scrim: ", 0), 0u) << parsed.status().message();
      const bool is_version = i >= 8 && i < 12;
      EXPECT_EQ(parsed.status().code(), is_version ? Code::kUnsupported : Code::kCorrupt) << "byte " << i;
    }
  }
}

TEST(Model, NamesForeignAndMissingFiles) {
  EXPECT_EQ(LoadModel("/no/such/file.scrim").status().code(), Code::kNotFound);
  EXPECT_EQ(LoadModel(::testing::TempDir()).status().code(), Code::kIo);
  const std::string text = "this is a text file, and longer than a header";
  const auto parsed = ParseModel(reinterpret_cast<const uint8_t*>(text.data()), text.size(), "notes.txt");
  EXPECT_EQ(parsed.status().message(), "notes.txt: is not a scrim model");
}

TEST(Model, RefusesARuleForThePreviousMaskThatMakesNoSense) {
  for (const PreviousMaskRule& rule : {PreviousMaskRule{0.9f, 0.5f},
                                       {-0.1f, 0.5f},
                                       {0.5f, 1.1f},
                                       {0.5f, 0.5f},
                                       {0.5f, 0.9f, 2.f},
                                       {0.5f, 0.9f, 0.5f, -1.f}}) {
    Model model = Example();
    model.previous_mask_rule = rule;
    EXPECT_FALSE(SerializeModel(model, WeightType::kFloat32).ok());
  }
}

TEST(Model, RefusesToSaveNonsense) {
  Model model = Example();
  model.weights.erase(model.weights.begin());
  EXPECT_FALSE(SerializeModel(model, WeightType::kFloat32).ok());
  model = Example();
  model.density = {0, 144};
  EXPECT_FALSE(SerializeModel(model, WeightType::kFloat32).ok());
  model = Example();
  model.weights["stem_norm.variance"].data[3] = 1e6f;
  EXPECT_TRUE(SerializeModel(model, WeightType::kFloat32).ok());
  EXPECT_NE(SerializeModel(model, WeightType::kFloat16).status().message().find("stem_norm.variance"),
            std::string::npos);
  model = Example();
  model.density = {0, 144};
  const std::string path = TempPath("nonsense.scrim");
  EXPECT_FALSE(SaveModel(model, WeightType::kFloat32, path).ok());
  EXPECT_FALSE(std::filesystem::exists(path));
  EXPECT_EQ(SaveModel(Example(), WeightType::kFloat32, "/no/such/folder/m.scrim").code(), Code::kIo);
}

TEST(Density, IsParsedOrRefused) {
  EXPECT_EQ(*ParseDensity("256x144"), (Density{256, 144}));
  for (const char* bad : {"", "256", "256x", "256x144x", "x", "8x256", "256x5000", "-256x144"})
    EXPECT_EQ(ParseDensity(bad).status().code(), Code::kInvalidArgument) << bad;
}

TEST(Density, OtherShapesOfTheModelsOwnSize) {
  Model model;
  model.density = {256, 144};
  model.densities = {{256, 144}, {192, 192}, {160, 160}, {160, 224}, {144, 256}, {64, 64}};
  const std::vector<Density> shapes = ShapesOf(model);
  EXPECT_EQ(shapes, (std::vector<Density>{{256, 144}, {192, 192}, {160, 224}, {144, 256}}));
  EXPECT_EQ(NearestShape(shapes, 1280, 720), (Density{256, 144}));
  EXPECT_EQ(NearestShape(shapes, 3000, 500), (Density{256, 144}));
  EXPECT_EQ(NearestShape(shapes, 500, 480), (Density{192, 192}));
  EXPECT_EQ(NearestShape(shapes, 480, 640), (Density{160, 224}));
  EXPECT_EQ(NearestShape(shapes, 720, 1280), (Density{144, 256}));
  model.density = {320, 180};  // asked for: nothing that it was trained for costs the same
  EXPECT_EQ(ShapesOf(model), (std::vector<Density>{{320, 180}}));
}

TEST(Half, RoundsToNearestEven) {
  // Every half survives the way to float and back.
  for (uint32_t h = 0; h < 0x10000; ++h) {
    const float f = HalfToFloat(static_cast<uint16_t>(h));
    if (std::isnan(f)) continue;
    ASSERT_EQ(FloatToHalf(f), h);
  }
  EXPECT_EQ(FloatToHalf(1.f + 0x1p-11f), FloatToHalf(1.f));                // tie, to even
  EXPECT_EQ(FloatToHalf(1.f + 3 * 0x1p-11f), FloatToHalf(1.f + 0x1p-9f));  // tie, to even
  EXPECT_EQ(FloatToHalf(65519.f), 0x7bff);
  EXPECT_EQ(FloatToHalf(65520.f), 0x7c00);
  EXPECT_EQ(FloatToHalf(-1e-9f), 0x8000);
  EXPECT_TRUE(std::isnan(HalfToFloat(FloatToHalf(NAN))));
}

}  // namespace
}  // namespace scrim::graph
