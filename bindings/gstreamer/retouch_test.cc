// Hair and skin as properties of the element.
#include "testing.h"

namespace scrim::gst {
namespace {

const std::string kParts = kModels + "/parts.scrim";  // bright is person, blue of it hair, red skin

// A dark room with blue hair above red skin.
Pixels Portrait(const GstVideoInfo& info) {
  Pixels pixels(info);
  const scrim_frame frame = pixels.frame();
  for (int y = 0; y < info.height; ++y) {
    for (int x = 0; x < info.width; ++x) {
      uint8_t* p = frame.planes[0] + frame.strides[0] * y + 4 * x;
      const bool inside = x > info.width / 4 && x < info.width * 3 / 4, hair = y < info.height / 2;
      p[0] = inside ? (hair ? 120 : 240) : 20, p[1] = inside ? 120 + x % 5 : 20,
      p[2] = inside ? (hair ? 240 : 130) : 20;
      p[3] = 255;
    }
  }
  return pixels;
}

int Red(Pixels pixels, int x, int y) { return pixels.frame().planes[0][pixels.frame().strides[0] * y + 4 * x]; }

TEST(Retouch, PropertiesChangeWhileFramesFlow) {
  Stream stream("room", kParts);
  const std::string caps = Caps("RGBA", 128, 72);
  stream.SetCaps(caps);
  const Pixels in = Portrait(InfoOf(caps));
  EXPECT_TRUE(Same(stream.Push(in), in));
  g_object_set(stream.element(), "hair-color", "#c83c14", "hair-strength", 1.0, nullptr);
  const Pixels dyed = stream.Push(in);
  EXPECT_GT(Red(dyed, 64, 18), Red(in, 64, 18) + 30);
  EXPECT_EQ(Red(dyed, 64, 54), Red(in, 64, 54));
  g_object_set(stream.element(), "smooth-skin", 1.0, nullptr);
  EXPECT_FALSE(Same(stream.Push(in), dyed));
  gchar* color = nullptr;
  gfloat strength = 0, skin = 0;
  g_object_get(stream.element(), "hair-color", &color, "hair-strength", &strength, "smooth-skin", &skin, nullptr);
  EXPECT_STREQ(color, "#c83c14");
  EXPECT_EQ(strength, 1);
  EXPECT_EQ(skin, 1);
  g_free(color);
  // What is no colour leaves the old one, with a warning.
  EXPECT_EQ(stream.Warnings(), std::vector<std::string>());
  g_object_set(stream.element(), "hair-color", "red", nullptr);
  const std::vector<std::string> warnings = stream.Warnings();
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_NE(warnings[0].find("red: a colour is"), std::string::npos) << warnings[0];
  g_object_set(stream.element(), "hair-color", "", "smooth-skin", 0.0, nullptr);
  EXPECT_TRUE(Same(stream.Push(in), in));
  EXPECT_EQ(stream.Warnings(), std::vector<std::string>());
}

TEST(Retouch, AModelThatDoesNotKnowHairLeavesAllAsItWas) {
  Stream stream("#20c040");
  Reference reference("#20c040");
  const std::string caps = Caps("RGBA", 128, 72);
  stream.SetCaps(caps);
  const Pixels in = Portrait(InfoOf(caps));
  EXPECT_TRUE(Same(stream.Push(in), reference.Process(in)));
  g_object_set(stream.element(), "hair-color", "#c83c14", nullptr);
  std::vector<std::string> warnings = stream.Warnings();
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_NE(warnings[0].find("bright knows no hair"), std::string::npos) << warnings[0];
  g_object_set(stream.element(), "smooth-skin", 0.5, nullptr);
  warnings = stream.Warnings();
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_NE(warnings[0].find("bright knows no skin"), std::string::npos) << warnings[0];
  EXPECT_TRUE(Same(stream.Push(in), reference.Process(in)));
}

}  // namespace
}  // namespace scrim::gst
