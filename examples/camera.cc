// camera MODEL DEVICE FRAMES: a camera before a blurred room, as raw YUY2 frames of 640x480 on standard output. DEVICE:
// /dev/video0 for example, or `test` for a bright disc that wanders.
//
//     c++ -std=c++17 camera.cc -o camera $(pkg-config --cflags --libs scrim)
//     ./camera /usr/share/scrim/default.scrim /dev/video0 900 |
//       ffplay -f rawvideo -pixel_format yuyv422 -video_size 640x480 -
#include <fcntl.h>
#include <linux/videodev2.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <scrim/scrim.hpp>
#include <thread>
#include <vector>

constexpr int kWidth = 640, kHeight = 480;
constexpr size_t kSize = 2 * kWidth * kHeight;

// A camera that gives YUY2; closed with the program.
class Camera {
 public:
  bool Open(const char* device) {
    v4l2_format format{};
    format.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
    format.fmt.pix.width = kWidth, format.fmt.pix.height = kHeight, format.fmt.pix.pixelformat = V4L2_PIX_FMT_YUYV;
    v4l2_requestbuffers request{};
    request.count = 3, request.type = format.type, request.memory = V4L2_MEMORY_MMAP;
    file_ = open(device, O_RDWR);
    if (ioctl(file_, VIDIOC_S_FMT, &format) != 0 || format.fmt.pix.pixelformat != V4L2_PIX_FMT_YUYV ||
        format.fmt.pix.sizeimage != kSize || ioctl(file_, VIDIOC_REQBUFS, &request) != 0)
      return false;
    for (unsigned i = 0; i < request.count; ++i) {
      v4l2_buffer buffer = Buffer(i);
      if (ioctl(file_, VIDIOC_QUERYBUF, &buffer) != 0) return false;
      buffers_.push_back(mmap(nullptr, buffer.length, PROT_READ, MAP_SHARED, file_, buffer.m.offset));
      if (buffers_.back() == MAP_FAILED || ioctl(file_, VIDIOC_QBUF, &buffer) != 0) return false;
    }
    return ioctl(file_, VIDIOC_STREAMON, &request.type) == 0;
  }
  bool Read(uint8_t* pixels) {
    v4l2_buffer buffer = Buffer(0);
    if (ioctl(file_, VIDIOC_DQBUF, &buffer) != 0) return false;
    std::memcpy(pixels, buffers_[buffer.index], kSize);
    return ioctl(file_, VIDIOC_QBUF, &buffer) == 0;
  }

 private:
  static v4l2_buffer Buffer(unsigned index) {
    v4l2_buffer buffer{};
    buffer.index = index, buffer.type = V4L2_BUF_TYPE_VIDEO_CAPTURE, buffer.memory = V4L2_MEMORY_MMAP;
    return buffer;
  }
  int file_ = -1;
  std::vector<void*> buffers_;
};

// 30 frames a second, like a camera.
void DrawTest(int frame, uint8_t* pixels) {
  std::this_thread::sleep_for(std::chrono::milliseconds(33));
  for (int y = 0; y < kHeight; ++y)
    for (int x = 0; x < kWidth; ++x) {
      const int dx = x - kWidth / 2 - frame % 100, dy = y - kHeight / 2;
      pixels[2 * (y * kWidth + x)] = dx * dx + dy * dy < 120 * 120 ? 235 : 40;
      pixels[2 * (y * kWidth + x) + 1] = 128;
    }
}

int main(int argc, char** argv) {
  if (argc != 4) return std::fprintf(stderr, "camera MODEL DEVICE|test FRAMES\n"), 2;
  scrim_params params = scrim::DefaultParams();
  params.live = 1;  // no frame waits for the network
  scrim::Session session;
  Camera camera;
  const bool test = std::strcmp(argv[2], "test") == 0;
  if (session.Open(argv[1], params) != SCRIM_OK) return std::fprintf(stderr, "%s\n", scrim_last_error()), 1;
  if (!test && !camera.Open(argv[2])) return std::fprintf(stderr, "%s gives no YUY2 of 640x480\n", argv[2]), 1;
  session.SetBackgroundBlur(14);
  std::vector<uint8_t> pixels(kSize);
  for (int i = 0; i < std::atoi(argv[3]); ++i) {
    if (test) DrawTest(i, pixels.data());
    if (!test && !camera.Read(pixels.data())) return std::fprintf(stderr, "%s is gone\n", argv[2]), 1;
    // After an error the frame shows the background alone: SCRIM_UNAVAILABLE, until there is a first mask.
    const auto status = session.Process(scrim::PackedFrame(SCRIM_FORMAT_YUY2, kWidth, kHeight, pixels.data()));
    if (status != SCRIM_OK && status != SCRIM_UNAVAILABLE) std::fprintf(stderr, "%s\n", scrim_last_error());
    if (std::fwrite(pixels.data(), 1, kSize, stdout) != kSize) return 1;
  }
}
