#include "common/image_file.h"

#include <vips/vips.h>

#include <algorithm>
#include <cctype>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string_view>

namespace scrim {
namespace {

constexpr int kMaxSide = 16384;  // of a scrim_frame

struct Unref {
  void operator()(void* object) const { g_object_unref(object); }
};
template <typename T>
using Owned = std::unique_ptr<T, Unref>;
struct Free {
  void operator()(void* memory) const { g_free(memory); }
};

// One thread, because pictures are small beside the network's work and the caller may have others; nothing is cached.
bool StartVips() {
  static const bool started = [] {
    g_log_set_handler(
        "VIPS", static_cast<GLogLevelFlags>(G_LOG_LEVEL_MASK), [](const char*, GLogLevelFlags, const char*, void*) {},
        nullptr);
    if (vips_init("scrim") != 0) return false;
    vips_concurrency_set(1);
    vips_cache_set_max(0);
    std::atexit(vips_shutdown);
    return true;
  }();
  return started;
}

// Where pictures come from: a file, which is not read further than needed, or bytes.
class Input {
 public:
  static Input File(const std::string& path) {
    Input input;
    // BMP has no loader of its own, and ImageMagick's takes whole files.
    input.source_.reset(vips_source_new_from_file(path.c_str()));
    input.path_ = path;
    return input;
  }
  static Input Memory(const std::vector<uint8_t>& bytes) {
    Input input;
    input.source_.reset(vips_source_new_from_memory(bytes.data(), bytes.size()));
    return input;
  }

  bool ok() const { return source_ != nullptr; }

  // The first bytes, as many as there are.
  std::string_view Head(size_t size) {
    const unsigned char* data = nullptr;
    const gint64 got = ok() ? vips_source_sniff_at_most(source_.get(), const_cast<unsigned char**>(&data), size) : -1;
    return got > 0 ? std::string_view(reinterpret_cast<const char*>(data), static_cast<size_t>(got)) : "";
  }

  // The class of the loader, of those that are allowed; empty: none. libvips also reads programs' own formats and, by
  // ImageMagick, hundreds more, among them scripts: none of them is a photo.
  std::string_view Loader() {
    if (Head(2) == "BM") return "bmp";
    const char* found = ok() ? vips_foreign_find_load_source(source_.get()) : nullptr;
    for (const std::string_view name : {"Jpeg", "Png", "Webp", "Tiff", "Nsgif", "Heif", "Jp2k", "Jxl", "Ppm"}) {
      if (found != nullptr && std::string_view(found).find(name) != std::string_view::npos) return name;
    }
    return "";
  }

  // The header alone is read. fail_on: what damage is an error.
  Owned<VipsImage> Open(VipsFailOn fail_on) {
    VipsImage* image = nullptr;
    if (Loader() == "bmp") {
      size_t size = 0;
      const void* bytes = vips_source_map(source_.get(), &size);
      if (bytes == nullptr) return nullptr;
      vips_magickload_buffer(const_cast<void*>(bytes), size, &image, nullptr);
    } else if (!Loader().empty()) {
      vips_source_rewind(source_.get());
      image = vips_image_new_from_source(source_.get(), "", "access", VIPS_ACCESS_SEQUENTIAL, "fail_on", fail_on,
                                         nullptr);
    }
    return Owned<VipsImage>(image);
  }

 private:
  Owned<VipsSource> source_;
  std::string path_;
};

bool Is(std::string_view loader, VipsImage* image, const char* field, int least) {
  int value = 0;
  return (loader == "Nsgif" || loader == "Webp") && vips_image_get_typeof(image, field) != 0 &&
         vips_image_get_int(image, field, &value) == 0 && value >= least;
}

// libvips shows an APNG's first picture and does not say that there are more; the chunk that does precedes it.
bool IsApng(std::string_view head) {
  return head.substr(0, 4) == "\x89PNG" && head.find("acTL") < head.find("IDAT");
}

bool IsAnimated(Input& input) {
  const std::string_view loader = input.Loader();
  if (loader == "Png") return IsApng(input.Head(4096));
  if (loader != "Nsgif" && loader != "Webp") return false;
  const Owned<VipsImage> image = input.Open(VIPS_FAIL_ON_NONE);
  return image != nullptr && Is(loader, image.get(), VIPS_META_N_PAGES, 2);
}

// One step of libvips: takes an image and gives another; null stays null.
template <typename Step>
Owned<VipsImage> Then(Owned<VipsImage> in, const Step& step) {
  VipsImage* out = nullptr;
  if (in == nullptr || step(in.get(), &out) != 0) return nullptr;
  return Owned<VipsImage>(out);
}

// To 8-bit sRGB with or without alpha. A profile that does not fit its pixels is as none.
Owned<VipsImage> ToSrgb(Owned<VipsImage> in) {
  const bool cmyk = vips_image_get_interpretation(in.get()) == VIPS_INTERPRETATION_CMYK;
  VipsImage* out = nullptr;
  if (cmyk || vips_image_get_typeof(in.get(), VIPS_META_ICC_NAME) != 0)
    vips_icc_transform(in.get(), &out, "srgb", "embedded", TRUE, "input_profile", cmyk ? "cmyk" : "srgb", "intent",
                       VIPS_INTENT_RELATIVE, "black_point_compensation", TRUE, "depth", 8, nullptr);
  if (out == nullptr && vips_colourspace(in.get(), &out, VIPS_INTERPRETATION_sRGB, nullptr) != 0) return nullptr;
  return Then(Owned<VipsImage>(out),
              [](VipsImage* from, VipsImage** to) { return vips_cast_uchar(from, to, nullptr); });
}

// Decodes everything; null where that fails.
std::unique_ptr<uint8_t, Free> Decode(Owned<VipsImage> image, Picture* picture) {
  // Turning reads rows in another order than they come.
  if (vips_image_get_orientation(image.get()) > 1) {
    image = Then(std::move(image), [](VipsImage* from, VipsImage** to) {
      *to = vips_image_copy_memory(from);
      return *to != nullptr ? 0 : -1;
    });
    image = Then(std::move(image), [](VipsImage* from, VipsImage** to) { return vips_autorot(from, to, nullptr); });
  }
  if (image == nullptr) return nullptr;
  image = ToSrgb(std::move(image));
  if (image != nullptr && image->Bands > 4)
    image = Then(std::move(image),
                 [](VipsImage* from, VipsImage** to) { return vips_extract_band(from, to, 0, "n", 4, nullptr); });
  if (image == nullptr || image->Bands < 3) return nullptr;
  size_t size = 0;
  std::unique_ptr<uint8_t, Free> pixels(static_cast<uint8_t*>(vips_image_write_to_memory(image.get(), &size)));
  if (pixels == nullptr || size != size_t{1} * image->Xsize * image->Ysize * image->Bands) return nullptr;
  picture->width = image->Xsize, picture->height = image->Ysize, picture->has_alpha = image->Bands == 4;
  return pixels;
}

StatusOr<Picture> Read(Input input, const std::string& name) {
  const Status foreign =
      Corrupt(name + ": is not an image that can be read (JPEG, PNG, WebP, TIFF, GIF, HEIC, AVIF, JPEG 2000, JPEG XL, "
                     "BMP or PNM)");
  const std::string_view loader = input.Loader();
  if (loader.empty()) return foreign;
  Picture picture;
  picture.animated = IsAnimated(input);
  std::unique_ptr<uint8_t, Free> pixels;
  for (const VipsFailOn fail_on : {VIPS_FAIL_ON_TRUNCATED, VIPS_FAIL_ON_NONE}) {
    Owned<VipsImage> image = input.Open(fail_on);
    if (image == nullptr) continue;
    if (image->Xsize > kMaxSide || image->Ysize > kMaxSide)
      return Unsupported(name + ": " + std::to_string(image->Xsize) + "x" + std::to_string(image->Ysize) +
                         " pixels, at most " + std::to_string(kMaxSide) + " a side are possible");
    pixels = Decode(std::move(image), &picture);
    picture.cut_off = fail_on == VIPS_FAIL_ON_NONE;
    if (pixels != nullptr) break;
  }
  vips_error_clear();
  if (pixels == nullptr) return Corrupt(name + ": the image is damaged and cannot be decoded");
  const size_t count = size_t{1} * picture.width * picture.height;
  if (picture.has_alpha) {
    picture.rgba.assign(pixels.get(), pixels.get() + 4 * count);
    return picture;
  }
  picture.rgba.resize(4 * count);
  const uint8_t* in = pixels.get();
  for (uint8_t *out = picture.rgba.data(), *end = out + 4 * count; out != end; in += 3, out += 4)
    out[0] = in[0], out[1] = in[1], out[2] = in[2], out[3] = 255;
  return picture;
}

Status CheckFile(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::exists(path, error)) return NotFound(path + ": no such file");
  if (std::filesystem::is_directory(path, error)) return InvalidArgument(path + ": is a folder, not an image");
  if (std::filesystem::is_regular_file(path, error) && std::filesystem::file_size(path, error) == 0)
    return Corrupt(path + ": is empty");
  if (!StartVips()) return Internal("libvips does not start");
  return {};
}

}  // namespace

ImageKind KindOfImage(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error) || !StartVips()) return ImageKind::kNone;
  Input input = Input::File(path);
  ImageKind kind = ImageKind::kNone;
  if (!input.Loader().empty()) kind = IsAnimated(input) ? ImageKind::kAnimation : ImageKind::kStill;
  vips_error_clear();
  return kind;
}

bool LooksLikeImage(const std::vector<uint8_t>& bytes) {
  if (bytes.empty() || !StartVips()) return false;
  Input input = Input::Memory(bytes);
  const bool image = !input.Loader().empty();
  vips_error_clear();
  return image;
}

StatusOr<Picture> ReadPicture(const std::string& path) {
  SCRIM_RETURN_IF_ERROR(CheckFile(path));
  Input input = Input::File(path);
  if (!input.ok()) {
    vips_error_clear();
    return IoError(path + ": cannot be read");
  }
  return Read(std::move(input), path);
}

StatusOr<Picture> ReadPicture(const std::vector<uint8_t>& bytes, const std::string& name) {
  if (bytes.empty()) return Corrupt(name + ": is empty");
  if (!StartVips()) return Internal("libvips does not start");
  return Read(Input::Memory(bytes), name);
}

StatusOr<std::vector<uint8_t>> EncodePicture(const uint8_t* pixels, int width, int height, PixelLayout layout,
                                             const std::string& extension, const std::string& name) {
  if (!StartVips()) return Internal("libvips does not start");
  const int bands = layout == PixelLayout::kGrey ? 1 : layout == PixelLayout::kRgb ? 3 : 4;
  const size_t size = size_t{1} * width * height * bands;
  VipsImage* memory = vips_image_new_from_memory(pixels, size, width, height, bands, VIPS_FORMAT_UCHAR);
  const Owned<VipsImage> image = Then(Owned<VipsImage>(memory), [&](VipsImage* from, VipsImage** to) {
    return vips_copy(from, to, "interpretation", bands == 1 ? VIPS_INTERPRETATION_B_W : VIPS_INTERPRETATION_sRGB,
                     nullptr);
  });
  std::string suffix = extension;
  std::transform(suffix.begin(), suffix.end(), suffix.begin(), [](unsigned char c) { return std::tolower(c); });
  void* buffer = nullptr;
  size_t written = 0;
  int failed = -1;
  if (image != nullptr && suffix == ".bmp") {
    failed = vips_magicksave_buffer(image.get(), &buffer, &written, "format", "BMP", "strip", TRUE, nullptr);
  } else if (image != nullptr) {
    std::string options = "[strip";
    if (suffix == ".png") options += ",compression=3,filter=sub";
    if (suffix == ".jpg" || suffix == ".jpeg" || suffix == ".webp") options += ",Q=95";
    failed = vips_image_write_to_buffer(image.get(), (suffix + options + "]").c_str(), &buffer, &written, nullptr);
  }
  vips_error_clear();
  const std::unique_ptr<uint8_t, Free> bytes(static_cast<uint8_t*>(buffer));
  if (failed != 0 || bytes == nullptr)
    return InvalidArgument(name + ": no image format is known by this extension; .png or .jpg will do");
  return std::vector<uint8_t>(bytes.get(), bytes.get() + written);
}

}  // namespace scrim
