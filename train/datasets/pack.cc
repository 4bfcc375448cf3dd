#include "datasets/pack.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <mutex>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <sstream>
#include <thread>

#include "datasets/classes.h"

namespace scrim::train {
namespace {

constexpr char kMagic[8] = {'s', 'c', 'r', 'm', 'p', 'a', 'k', '1'};

// Bytes of a record's pixels, planes included.
uint64_t SizeOf(const Record& r) { return uint64_t(r.width) * uint64_t(r.height) * (4 + r.planes.size()); }

// File: magic, pixels of all records, index as text lines, offset of the index (8 bytes), magic.
std::string IndexLine(const Record& r) {
  std::string planes;
  for (const std::string& name : r.planes) planes += '\t' + name;
  return r.source + '\t' + r.stem + '\t' + std::to_string(static_cast<int>(r.role)) + '\t' +
         std::to_string(static_cast<int>(r.split)) + '\t' + std::to_string(r.width) + '\t' + std::to_string(r.height) +
         '\t' + std::to_string(r.offset) + planes + '\n';
}

struct Decoded {
  cv::Mat rgba;
  Planes planes;
};

// Shrinks values alone, and what is known of them: a pixel of which less is known is unknown.
cv::Mat ShrinkPlane(const cv::Mat& plane, cv::Size size) {
  cv::Mat value = plane.clone(), known = plane != kPlaneUnknown, small, small_known;
  value.setTo(0, plane == kPlaneUnknown);
  cv::resize(value, small, size, 0, 0, cv::INTER_AREA);
  cv::resize(known, small_known, size, 0, 0, cv::INTER_AREA);
  small.setTo(kPlaneUnknown, small_known < 255);
  return small;
}

StatusOr<Decoded> Decode(const Example& example, int max_side) {
  cv::Mat image = cv::imread(example.image, cv::IMREAD_COLOR);
  if (image.empty()) return Corrupt(example.image + ": cannot be decoded");
  Labels labels{cv::Mat(image.size(), CV_8U, cv::Scalar(0)), {}};
  if (example.role != Role::kBackground) {
    SCRIM_ASSIGN_OR_RETURN(labels, example.labels(image.size()));
  }
  Decoded decoded;
  if (example.planes) {
    SCRIM_ASSIGN_OR_RETURN(decoded.planes, example.planes(image.size()));
  }
  if (example.annotated_scene) SCRIM_RETURN_IF_ERROR(Prepare({}, image, labels));
  cv::Mat rgb;
  cv::cvtColor(image, rgb, cv::COLOR_BGR2RGB);
  cv::merge(std::vector<cv::Mat>{rgb, labels.person}, decoded.rgba);
  const int longest = std::max(image.cols, image.rows);
  if (longest > max_side) {
    const double scale = double(max_side) / longest;
    cv::Mat small;
    cv::resize(decoded.rgba, small, {}, scale, scale, cv::INTER_AREA);
    decoded.rgba = small;
    for (auto& [name, plane] : decoded.planes) plane = ShrinkPlane(plane, small.size());
  }
  return decoded;
}

}  // namespace

StatusOr<PackCounts> WritePack(const std::vector<PackEntry>& entries, int max_side, int threads,
                               const std::string& path) {
  const std::string aside = path + ".part";
  std::ofstream out(aside, std::ios::binary);
  if (!out) return IoError(aside + ": cannot be written");
  out.write(kMagic, sizeof kMagic);
  uint64_t offset = sizeof kMagic;

  PackCounts counts;
  std::vector<Record> records(entries.size());
  std::mutex mutex;
  std::atomic<size_t> next{0};
  auto work = [&] {
    for (size_t i = next++; i < entries.size(); i = next++) {
      const Example& example = entries[i].example;
      StatusOr<Decoded> decoded = Decode(example, max_side);
      std::lock_guard<std::mutex> lock(mutex);
      if (!decoded.ok()) {
        const Status& status = decoded.status();
        if (status.code() == Code::kInvalidArgument)
          ++counts.unsuitable[status.message()];
        else
          counts.broken.push_back(status.message());
        continue;
      }
      const cv::Mat& image = decoded->rgba;
      out.write(reinterpret_cast<const char*>(image.data), static_cast<std::streamsize>(image.total() * 4));
      records[i] = {example.source, example.stem, example.role, entries[i].split, image.cols, image.rows, offset, {}};
      for (const auto& [name, plane] : decoded->planes) {
        records[i].planes.push_back(name);
        out.write(reinterpret_cast<const char*>(plane.data), static_cast<std::streamsize>(plane.total()));
      }
      offset += SizeOf(records[i]);
      ++counts.written;
    }
  };
  std::vector<std::thread> pool;
  for (int t = 1; t < threads; ++t) pool.emplace_back(work);
  work();
  for (std::thread& thread : pool) thread.join();

  for (const Record& record : records)
    if (record.width > 0) out << IndexLine(record);
  out.write(reinterpret_cast<const char*>(&offset), sizeof offset);
  out.write(kMagic, sizeof kMagic);
  out.close();
  if (!out || std::rename(aside.c_str(), path.c_str()) != 0) {
    std::remove(aside.c_str());
    return IoError(path + ": cannot be written; is the disk full?");
  }
  return counts;
}

StatusOr<std::unique_ptr<Pack>> Pack::Open(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY);
  if (fd < 0) return NotFound(path + ": no such cache; make it with 'scrim-train pack'");
  struct stat info {};
  fstat(fd, &info);
  const size_t size = static_cast<size_t>(info.st_size), tail = sizeof(uint64_t) + sizeof kMagic;
  void* map = size > tail ? mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0) : MAP_FAILED;
  close(fd);
  if (map == MAP_FAILED) return Corrupt(path + ": is not a cache of photos");
  std::unique_ptr<Pack> pack(new Pack);
  pack->base_ = static_cast<const uint8_t*>(map);
  pack->size_ = size;
  uint64_t index = 0;
  std::memcpy(&index, pack->base_ + size - tail, sizeof index);
  if (std::memcmp(pack->base_, kMagic, sizeof kMagic) != 0 ||
      std::memcmp(pack->base_ + size - sizeof kMagic, kMagic, sizeof kMagic) != 0 || index > size - tail)
    return Corrupt(path + ": is not a cache of photos, or was cut off; make it again with 'scrim-train pack'");

  std::string text(reinterpret_cast<const char*>(pack->base_ + index), size - tail - index);
  size_t at = 0;
  while (at < text.size()) {
    const size_t end = std::min(text.find('\n', at), text.size());
    Record r;
    char source[256], stem[512];
    int role = 0, split = 0, planes = 0;
    unsigned long long offset = 0;
    const std::string line = text.substr(at, end - at);
    const bool read = std::sscanf(line.c_str(), "%255[^\t]\t%511[^\t]\t%d\t%d\t%d\t%d\t%llu%n", source, stem, &role,
                                  &split, &r.width, &r.height, &offset, &planes) == 7;
    r.source = source, r.stem = stem, r.role = static_cast<Role>(role), r.split = static_cast<Split>(split),
    r.offset = offset;
    std::istringstream names(read ? line.substr(size_t(planes)) : "");
    for (std::string name; names >> name;) r.planes.push_back(name);
    if (!read || r.width < 1 || r.height < 1 || offset + SizeOf(r) > index)
      return Corrupt(path + ": the index is damaged; make it again with 'scrim-train pack'");
    pack->records_.push_back(r);
    at = end + 1;
  }
  return pack;
}

Pack::~Pack() {
  if (base_) munmap(const_cast<uint8_t*>(base_), size_);
}

cv::Mat Pack::Image(const Record& r) const {
  return cv::Mat(r.height, r.width, CV_8UC4, const_cast<uint8_t*>(base_ + r.offset));
}

cv::Mat Pack::Plane(const Record& r, const std::string& name) const {
  const auto plane = std::find(r.planes.begin(), r.planes.end(), name);
  if (plane == r.planes.end()) return {};
  const uint64_t pixels = uint64_t(r.width) * uint64_t(r.height);
  const uint64_t at = r.offset + pixels * (4 + uint64_t(plane - r.planes.begin()));
  return cv::Mat(r.height, r.width, CV_8U, const_cast<uint8_t*>(base_ + at));
}

std::vector<const Record*> PhotosOf(const Pack& pack, Split split) {
  std::vector<const Record*> photos;
  for (const Record& r : pack.records())
    if (r.split == split && r.role == Role::kPhoto) photos.push_back(&r);
  return photos;
}

}  // namespace scrim::train
