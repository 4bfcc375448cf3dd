#include "common/image_file.h"

#include <vips/vips.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>

namespace scrim {
namespace {

constexpr int kMaxSide = 16384;  // of a scrim_frame
constexpr int kStripRows = 64;
constexpr size_t kKnownProfiles = 16;

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
    input.source_.reset(vips_source_new_from_file(path.c_str()));
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
    if (!loader_) loader_ = FindLoader();
    return *loader_;
  }

  // The header alone is read. fail_on: what damage is an error.
  Owned<VipsImage> Open(VipsFailOn fail_on) {
    VipsImage* image = nullptr;
    if (Loader() == "bmp") {  // has no loader of its own, and ImageMagick's takes whole files
      size_t size = 0;
      const void* bytes = vips_source_map(source_.get(), &size);
      if (bytes == nullptr) return nullptr;
      vips_magickload_buffer(const_cast<void*>(bytes), size, &image, nullptr);
    } else if (!Loader().empty()) {
      vips_source_rewind(source_.get());
      image =
          vips_image_new_from_source(source_.get(), "", "access", VIPS_ACCESS_SEQUENTIAL, "fail_on", fail_on, nullptr);
    }
    return Owned<VipsImage>(image);
  }

 private:
  std::string_view FindLoader() {
    if (Head(2) == "BM") return "bmp";
    const char* found = ok() ? vips_foreign_find_load_source(source_.get()) : nullptr;
    for (const std::string_view name : {"Jpeg", "Png", "Webp", "Tiff", "Nsgif", "Heif", "Jp2k", "Jxl", "Ppm"}) {
      if (found != nullptr && std::string_view(found).find(name) != std::string_view::npos) return name;
    }
    return "";
  }

  Owned<VipsSource> source_;
  std::optional<std::string_view> loader_;
};

bool Is(std::string_view loader, VipsImage* image, const char* field, int least) {
  int value = 0;
  return (loader == "Nsgif" || loader == "Webp") && vips_image_get_typeof(image, field) != 0 &&
         vips_image_get_int(image, field, &value) == 0 && value >= least;
}

// libvips shows an APNG's first picture and does not say that there are more; the chunk that does precedes it.
bool IsApng(std::string_view head) { return head.substr(0, 4) == "\x89PNG" && head.find("acTL") < head.find("IDAT"); }

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

Owned<VipsImage> ByProfile(VipsImage* in, bool cmyk) {
  VipsImage* out = nullptr;
  vips_icc_transform(in, &out, "srgb", "embedded", TRUE, "input_profile", cmyk ? "cmyk" : "srgb", "intent",
                     VIPS_INTENT_RELATIVE, "black_point_compensation", TRUE, "depth", 8, nullptr);
  return Owned<VipsImage>(out);
}

// Whether the image's profile changes nothing: most are sRGB's, under many names. Making a transform takes 3 ms, so
// that the last verdicts are kept.
bool IsSrgb(VipsImage* in) {
  static std::mutex mutex;
  static std::map<std::string, bool> known;
  const void* bytes = nullptr;
  size_t size = 0;
  if (in->Bands != 3 || in->BandFmt != VIPS_FORMAT_UCHAR ||
      vips_image_get_blob(in, VIPS_META_ICC_NAME, &bytes, &size) != 0)
    return false;
  const std::string profile(static_cast<const char*>(bytes), size);
  const std::lock_guard<std::mutex> lock(mutex);
  if (const auto found = known.find(profile); found != known.end()) return found->second;
  constexpr int kSteps = 9;
  std::vector<uint8_t> colours;
  for (int i = 0; i < kSteps * kSteps * kSteps; ++i)
    for (const int step : {i % kSteps, i / kSteps % kSteps, i / kSteps / kSteps})
      colours.push_back(static_cast<uint8_t>(step * 255 / (kSteps - 1)));
  Owned<VipsImage> palette(vips_image_new_from_memory(colours.data(), colours.size(),
                                                      static_cast<int>(colours.size() / 3), 1, 3, VIPS_FORMAT_UCHAR));
  palette = Then(std::move(palette), [](VipsImage* from, VipsImage** to) {
    return vips_copy(from, to, "interpretation", VIPS_INTERPRETATION_sRGB, nullptr);
  });
  bool same = palette != nullptr;
  if (same) vips_image_set_blob_copy(palette.get(), VIPS_META_ICC_NAME, bytes, size);
  const Owned<VipsImage> changed = same ? ByProfile(palette.get(), false) : nullptr;
  size_t changed_size = 0;
  const std::unique_ptr<uint8_t, Free> pixels(
      changed != nullptr ? static_cast<uint8_t*>(vips_image_write_to_memory(changed.get(), &changed_size)) : nullptr);
  same = pixels != nullptr && changed_size == colours.size();
  for (size_t i = 0; same && i < colours.size(); ++i) same = std::abs(pixels.get()[i] - colours[i]) <= 1;
  if (known.size() >= kKnownProfiles) known.clear();
  return known[profile] = same;
}

// To 8-bit sRGB with or without alpha. A profile that does not fit its pixels is as none.
Owned<VipsImage> ToSrgb(Owned<VipsImage> in) {
  const bool cmyk = vips_image_get_interpretation(in.get()) == VIPS_INTERPRETATION_CMYK;
  const bool profiled = vips_image_get_typeof(in.get(), VIPS_META_ICC_NAME) != 0 && !IsSrgb(in.get());
  if (!profiled && in->BandFmt == VIPS_FORMAT_UCHAR && in->Bands >= 3 &&
      vips_image_get_interpretation(in.get()) == VIPS_INTERPRETATION_sRGB)
    return in;
  Owned<VipsImage> out;
  if (cmyk || profiled) out = ByProfile(in.get(), cmyk);
  if (out == nullptr)
    out = Then(std::move(in), [](VipsImage* from, VipsImage** to) {
      return vips_colourspace(from, to, VIPS_INTERPRETATION_sRGB, nullptr);
    });
  return Then(std::move(out), [](VipsImage* from, VipsImage** to) { return vips_cast_uchar(from, to, nullptr); });
}

// RGB to RGBA, four bytes at a time, the last one of which is the next pixel's: not the row's last pixel.
void AddAlpha(const uint8_t* in, uint8_t* out, int width) {
  for (int x = 0; x + 1 < width; ++x, in += 3, out += 4) {
    uint32_t pixel;
    std::memcpy(&pixel, in, 4);
    pixel |= 0xFF000000;
    std::memcpy(out, &pixel, 4);
  }
  out[0] = in[0], out[1] = in[1], out[2] = in[2], out[3] = 255;
}

// Rows in their order, on this thread: libvips's own sinks start others, which costs more than it gains here.
bool Decode(Owned<VipsImage> image, Picture* picture) {
  // Turning reads rows in another order than they come.
  if (vips_image_get_orientation(image.get()) > 1) {
    image = Then(std::move(image), [](VipsImage* from, VipsImage** to) {
      *to = vips_image_copy_memory(from);
      return *to != nullptr ? 0 : -1;
    });
    image = Then(std::move(image), [](VipsImage* from, VipsImage** to) { return vips_autorot(from, to, nullptr); });
  }
  if (image == nullptr) return false;
  image = ToSrgb(std::move(image));
  if (image == nullptr || image->Bands < 3 || image->BandFmt != VIPS_FORMAT_UCHAR) return false;
  picture->width = image->Xsize, picture->height = image->Ysize, picture->has_alpha = image->Bands > 3;
  picture->rgba.resize(size_t{4} * picture->width * picture->height);
  const Owned<VipsRegion> region(vips_region_new(image.get()));
  for (int top = 0; top < picture->height; top += kStripRows) {
    const VipsRect strip{0, top, picture->width, std::min(kStripRows, picture->height - top)};
    if (vips_region_prepare(region.get(), &strip) != 0) return false;
    for (int y = top; y < top + strip.height; ++y) {
      const uint8_t* in = VIPS_REGION_ADDR(region.get(), 0, y);
      uint8_t* out = picture->rgba.data() + size_t{4} * y * picture->width;
      if (image->Bands == 3) AddAlpha(in, out, picture->width);
      if (image->Bands == 4) std::memcpy(out, in, size_t{4} * picture->width);
      for (int x = 0; image->Bands > 4 && x < picture->width; ++x) std::memcpy(out + 4 * x, in + image->Bands * x, 4);
    }
  }
  return true;
}

StatusOr<Picture> Read(Input input, const std::string& name) {
  const Status foreign =
      Corrupt(name +
              ": is not an image that can be read (JPEG, PNG, WebP, TIFF, GIF, HEIC, AVIF, JPEG 2000, JPEG XL, "
              "BMP or PNM)");
  const std::string_view loader = input.Loader();
  if (loader.empty()) return foreign;
  Picture picture;
  picture.animated = IsAnimated(input);
  bool decoded = false;
  for (const VipsFailOn fail_on : {VIPS_FAIL_ON_TRUNCATED, VIPS_FAIL_ON_NONE}) {
    Owned<VipsImage> image = input.Open(fail_on);
    if (image == nullptr) continue;
    if (image->Xsize > kMaxSide || image->Ysize > kMaxSide)
      return Unsupported(name + ": " + std::to_string(image->Xsize) + "x" + std::to_string(image->Ysize) +
                         " pixels, at most " + std::to_string(kMaxSide) + " a side are possible");
    decoded = Decode(std::move(image), &picture);
    picture.cut_off = fail_on == VIPS_FAIL_ON_NONE;
    if (decoded) break;
  }
  vips_error_clear();
  if (!decoded) return Corrupt(name + ": the image is damaged and cannot be decoded");
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
