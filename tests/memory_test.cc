// Every allocation of a frame fails once, and all from one on: no room comes out, and the session lives on.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>
#include <scrim/scrim.hpp>
#include <string>
#include <vector>

namespace {

std::atomic<int> left{-1};       // allocations until one fails; negative: none does
std::atomic<bool> go_on{false};  // all after it fail, too
std::atomic<bool> failed{false};

void* Allocate(size_t size, size_t alignment) {
  if (left >= 0 && left-- <= 0) {
    failed = true;
    if (go_on) left = 0;
    throw std::bad_alloc();
  }
  if (void* p = std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment)) return p;
  throw std::bad_alloc();
}

}  // namespace

void* operator new(size_t size) { return Allocate(size, alignof(std::max_align_t)); }
void* operator new(size_t size, std::align_val_t alignment) { return Allocate(size, static_cast<size_t>(alignment)); }
void* operator new(size_t size, const std::nothrow_t&) noexcept {
  try {
    return operator new(size);
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, const std::nothrow_t&) noexcept { std::free(p); }
void operator delete(void* p, size_t) noexcept { std::free(p); }
void operator delete(void* p, std::align_val_t) noexcept { std::free(p); }
void operator delete(void* p, size_t, std::align_val_t) noexcept { std::free(p); }

namespace {

constexpr int kWidth = 80, kHeight = 46;

// All of it is room: dark, and of a colour that no background has.
std::vector<uint8_t> Room(scrim_format format) {
  std::vector<uint8_t> pixels(4 * kWidth * kHeight, 255);
  for (size_t i = 0; i < pixels.size(); i += 4) {
    const uint8_t yuy2[] = {30, 200, 30, 200};
    const uint8_t rgba[] = {60, 0, 60, 255};
    std::copy_n(format == SCRIM_FORMAT_YUY2 ? yuy2 : rgba, 4, pixels.begin() + i);
  }
  return pixels;
}

// The colour of the first pixels that are the room's still.
bool ShowsRoom(scrim_format format, const std::vector<uint8_t>& pixels, size_t size) {
  const std::vector<uint8_t> room = Room(format);
  for (size_t i = 0; i < size; i += 4) {
    if (pixels[i] == room[i] && pixels[i + 1] == room[i + 1] && pixels[i + 2] == room[i + 2]) return true;
  }
  return false;
}

scrim_session* Open(bool live, int background) {
  scrim_params params = scrim::DefaultParams();
  params.live = live;
  params.wait_ms = 1000;
  scrim_session* session = nullptr;
  EXPECT_EQ(scrim_create_from_file(SCRIM_PARTS_MODEL, &params, &session), SCRIM_OK) << scrim_last_error();
  uint8_t pixels[12] = {200, 200, 0, 200, 200, 0, 200, 200, 0, 200, 200, 0};
  scrim_frame picture = scrim::PackedFrame(SCRIM_FORMAT_RGB, 2, 2, pixels);
  if (background == SCRIM_BACKGROUND_IMAGE) EXPECT_EQ(scrim_set_background_image(session, &picture), SCRIM_OK);
  if (background == SCRIM_BACKGROUND_BLUR) EXPECT_EQ(scrim_set_background_blur(session, 14), SCRIM_OK);
  if (background == SCRIM_BACKGROUND_TRANSPARENT) EXPECT_EQ(scrim_set_background_transparent(session), SCRIM_OK);
  if (background == SCRIM_BACKGROUND_ROOM) {  // for the person's hair and skin
    EXPECT_EQ(scrim_set_background_room(session), SCRIM_OK);
    EXPECT_EQ(scrim_set_hair_color(session, 120, 60, 20, 1), SCRIM_OK);
    EXPECT_EQ(scrim_set_skin_smoothing(session, 1), SCRIM_OK);
  }
  return session;
}

// Where the room belongs into the picture.
bool MayShowRoom(int background, scrim_status status) {
  return status == SCRIM_OK && (background == SCRIM_BACKGROUND_BLUR || background == SCRIM_BACKGROUND_ROOM);
}

TEST(Memory, WhereverItEndsNoRoomIsShown) {
  for (const bool live : {false, true}) {
    for (const bool all : {false, true}) {
      for (scrim_format format : {SCRIM_FORMAT_RGBA, SCRIM_FORMAT_YUY2}) {
        for (int background = 0; background <= SCRIM_BACKGROUND_ROOM; ++background) {
          if (background == SCRIM_BACKGROUND_TRANSPARENT && format != SCRIM_FORMAT_RGBA) continue;
          SCOPED_TRACE(std::to_string(live) + " " + std::to_string(all) + " " + std::to_string(format) + " " +
                       std::to_string(background));
          int count = 0;
          for (;; ++count) {
            scrim_session* session = Open(live, background);
            std::vector<uint8_t> pixels = Room(format);
            scrim_frame frame = scrim::PackedFrame(format, kWidth, kHeight, pixels.data());
            const size_t size = frame.strides[0] * kHeight;
            failed = false, go_on = all, left = count;
            const scrim_status status = scrim_process(session, &frame, &frame);
            left = -1;
            ASSERT_TRUE(MayShowRoom(background, status) || !ShowsRoom(format, pixels, size)) << count << ": " << status;
            for (int i = 0; i < 2; ++i) {
              std::copy_n(Room(format).begin(), pixels.size(), pixels.begin());
              const scrim_status next = scrim_process(session, &frame, &frame);
              if (i == 1) ASSERT_EQ(next, SCRIM_OK) << count << ": " << scrim_last_error();
              ASSERT_TRUE(MayShowRoom(background, next) || !ShowsRoom(format, pixels, size))
                  << count << " " << i << " " << next;
            }
            scrim_free(session);
            if (!failed) break;
            ASSERT_LT(count, 1000);
          }
          EXPECT_GT(count, 10);
        }
      }
    }
  }
}

}  // namespace
