#include "datasets/pack.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <mutex>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <thread>

namespace scrim::train {
namespace {

constexpr char kMagic[8] = {'s', 'c', 'r', 'm', 'p', 'a', 'k', '1'};

// File: magic, pixels of all records, index as text lines, offset of the index (8 bytes), magic.
std::string IndexLine(const Record& r) {
  return r.source + '\t' + r.stem + '\t' + std::to_string(static_cast<int>(r.role)) + '\t' +
         std::to_string(static_cast<int>(r.split)) + '\t' + std::to_string(r.width) + '\t' + std::to_string(r.height) +
         '\t' + std::to_string(r.offset) + '\n';
}

StatusOr<cv::Mat> Decode(const Example& example, int max_side) {
  cv::Mat image = cv::imread(example.image, cv::IMREAD_COLOR);
  if (image.empty()) return Corrupt(example.image + ": cannot be decoded");
  Labels labels{cv::Mat(image.size(), CV_8U, cv::Scalar(0)), {}};
  if (example.role != Role::kBackground) {
    SCRIM_ASSIGN_OR_RETURN(labels, example.labels(image.size()));
  }
  if (example.annotated_scene) SCRIM_RETURN_IF_ERROR(Prepare({}, image, labels));
  cv::Mat rgb, rgba;
  cv::cvtColor(image, rgb, cv::COLOR_BGR2RGB);
  cv::merge(std::vector<cv::Mat>{rgb, labels.person}, rgba);
  const int longest = std::max(rgba.cols, rgba.rows);
  if (longest > max_side) {
    const double scale = double(max_side) / longest;
    cv::Mat small;
    cv::resize(rgba, small, {}, scale, scale, cv::INTER_AREA);
    rgba = small;
  }
  return rgba;
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
      StatusOr<cv::Mat> image = Decode(example, max_side);
      std::lock_guard<std::mutex> lock(mutex);
      if (!image.ok()) {
        const Status& status = image.status();
        if (status.code() == Code::kInvalidArgument)
          ++counts.unsuitable[status.message()];
        else
          counts.broken.push_back(status.message());
        continue;
      }
      out.write(reinterpret_cast<const char*>(image->data), static_cast<std::streamsize>(image->total() * 4));
      records[i] = {example.source, example.stem, example.role, entries[i].split, image->cols, image->rows, offset};
      offset += image->total() * 4;
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
    int role = 0, split = 0;
    unsigned long long offset = 0;
    if (std::sscanf(text.substr(at, end - at).c_str(), "%255[^\t]\t%511[^\t]\t%d\t%d\t%d\t%d\t%llu", source, stem,
                    &role, &split, &r.width, &r.height, &offset) != 7 ||
        r.width < 1 || r.height < 1 || offset + uint64_t(r.width) * uint64_t(r.height) * 4 > index)
      return Corrupt(path + ": the index is damaged; make it again with 'scrim-train pack'");
    r.source = source, r.stem = stem, r.role = static_cast<Role>(role), r.split = static_cast<Split>(split),
    r.offset = offset;
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

std::vector<const Record*> PhotosOf(const Pack& pack, Split split) {
  std::vector<const Record*> photos;
  for (const Record& r : pack.records())
    if (r.split == split && r.role == Role::kPhoto) photos.push_back(&r);
  return photos;
}

}  // namespace scrim::train
