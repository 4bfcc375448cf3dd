// onnx NETWORK.onnx PICTURE.ppm MASK.pgm [OPTION...]: what somebody else's network finds in a photo. The command line
// makes a model file of the network first; OPTION... are those of `scrim convert`, how the network wants its input.
//
//     c++ -std=c++17 onnx.cc -o onnx $(pkg-config --cflags --libs scrim)
//     ./onnx portrait_net.onnx portrait.ppm mask.pgm --scale 0.00784314 --offset -1
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <scrim/scrim.hpp>
#include <string>
#include <vector>

namespace {

int Fail(const std::string& why) {
  std::fprintf(stderr, "%s\n", why.c_str());
  return 1;
}

// Between apostrophes a shell takes everything as it is.
std::string Quoted(const std::string& text) {
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) return Fail("onnx NETWORK.onnx PICTURE.ppm MASK.pgm [OPTION...]");
  std::ifstream picture(argv[2], std::ios::binary);
  std::string magic;
  int width = 0, height = 0, most = 0;
  picture >> magic >> width >> height >> most;
  picture.get();
  if (magic != "P6" || most != 255 || width < 1 || height < 1 || width > 16384 || height > 16384)
    return Fail(std::string(argv[2]) + ": is no PPM picture");
  std::vector<uint8_t> pixels(size_t{3} * width * height), alpha(size_t{1} * width * height);
  if (!picture.read(reinterpret_cast<char*>(pixels.data()), pixels.size())) return Fail("the picture is cut off");

  const std::string model = std::string(argv[3]) + ".scrim";
  std::string command = "scrim convert " + Quoted(argv[1]) + " " + Quoted(model);
  for (int i = 4; i < argc; ++i) command += " " + Quoted(argv[i]);
  if (std::system(command.c_str()) != 0) return 1;  // it has said why

  scrim_params params = scrim::DefaultParams();
  params.stabilise = 0;  // the network's own answer, at the photo's edges
  scrim::Session session;
  const scrim_status opened = session.Open(model, params);
  unlink(model.c_str());
  if (opened != SCRIM_OK) return Fail(scrim_last_error());
  const scrim_frame frame = scrim::PackedFrame(SCRIM_FORMAT_RGB, width, height, pixels.data());
  if (session.Segment(frame, alpha.data(), width) != SCRIM_OK) return Fail(scrim_last_error());

  std::ofstream mask(argv[3], std::ios::binary);
  mask << "P5\n" << width << " " << height << "\n255\n";
  mask.write(reinterpret_cast<const char*>(alpha.data()), alpha.size());
  return mask.flush() ? 0 : Fail(std::string(argv[3]) + ": cannot be written");
}
