#include "support/media_tools.h"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sstream>

namespace scrim::test {

std::string Printed(const std::string& command) {
  std::string text;
  std::FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return text;
  char buffer[1 << 16];
  for (size_t got; (got = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;) text.append(buffer, got);
  pclose(pipe);
  return text;
}

bool MakeClip(const std::string& arguments) {
  return std::system(("ffmpeg -y -v error -nostdin " + arguments).c_str()) == 0;
}

namespace {

std::string Probe(const std::string& path, const std::string& what) {
  return Printed("ffprobe -v error " + what + " -of csv=p=0 '" + path + "'");
}

// The first word, without the commas that ffprobe leaves.
std::string Word(std::string text) {
  const size_t end = text.find_first_of(",\n");
  return end == std::string::npos ? text : text.substr(0, end);
}

}  // namespace

std::string Pictures::operator[](const std::string& name) const {
  const auto found = fields.find(name);
  return found == fields.end() || found->second == "unknown" || found->second == "N/A" ? "" : found->second;
}

Pictures ProbePictures(const std::string& path) {
  std::istringstream lines(
      Printed("ffprobe -v error -select_streams V:0 -show_entries "
              "frame=best_effort_timestamp_time:stream=width,height,color_range,"
              "color_space,color_transfer,color_primaries,sample_aspect_ratio,duration -of default '" +
              path + "'"));
  Pictures pictures;
  for (std::string line; std::getline(lines, line);) {
    const size_t equals = line.find('=');
    if (equals == std::string::npos) continue;
    const std::string name = line.substr(0, equals), value = line.substr(equals + 1);
    if (name != "best_effort_timestamp_time") {
      pictures.fields[name] = value;
    } else if (value != "N/A") {
      pictures.times.push_back(std::atof(value.c_str()));
    }
  }
  return pictures;
}

std::vector<double> FrameTimes(const std::string& path) { return ProbePictures(path).times; }

std::string Field(const std::string& path, const std::string& name, const std::string& stream) {
  const std::string word = Word(Probe(path, "-select_streams " + stream + " -show_entries stream=" + name));
  return word == "unknown" || word == "N/A" ? "" : word;
}

std::string Tracks(const std::string& path) {
  std::istringstream lines(Probe(path, "-show_entries stream=codec_type"));
  std::string tracks;
  for (std::string line; std::getline(lines, line);) tracks += (tracks.empty() ? "" : " ") + Word(line);
  return tracks;
}

std::array<double, 3> MeanColour(const std::string& path, double x, double y, double width, double height,
                                 const std::string& filter) {
  char crop[160];
  std::snprintf(crop, sizeof crop, "crop=iw*%g:ih*%g:iw*%g:ih*%g", width, height, x, y);
  const std::string pixels =
      Printed("ffmpeg -v error -nostdin -i '" + path + "' -vf '" + filter + (filter.empty() ? "" : ",") +
              "scale=flags=accurate_rnd+full_chroma_int," + crop +
              "' -sws_flags accurate_rnd+full_chroma_int -frames:v 1 -f rawvideo -pix_fmt rgb24 -");
  std::array<double, 3> mean{-1, -1, -1};
  if (pixels.empty()) return mean;
  mean = {};
  for (size_t i = 0; i < pixels.size(); ++i) mean[i % 3] += static_cast<uint8_t>(pixels[i]);
  for (double& m : mean) m /= static_cast<double>(pixels.size()) / 3;
  return mean;
}

double BeepAt(const std::string& path, int track) {
  const std::string bytes =
      Printed("ffmpeg -v error -nostdin -copyts -i '" + path + "' -map 0:a:" + std::to_string(track) +
              " -af aresample=async=1:first_pts=0 -f f32le -ac 1 -ar 48000 -");
  for (size_t i = 0; i + 4 <= bytes.size(); i += 4) {
    float sample;
    std::memcpy(&sample, bytes.data() + i, 4);
    if (std::abs(sample) > 0.2f) return static_cast<double>(i) / 4 / 48000;
  }
  return -1;
}

}  // namespace scrim::test
