// The packed cache: every photo decoded once, RGBA with the mask as alpha and its further planes behind it, in one file
// that training maps into memory.
// Decoding is then no cost at all; pages come from the system's cache.
#pragma once

#include <map>
#include <memory>

#include "datasets/example.h"
#include "datasets/prepare.h"

namespace scrim::train {

enum class Split { kTrain, kVal };

struct Record {
  std::string source, stem;
  Role role = Role::kPhoto;
  Split split = Split::kTrain;
  int width = 0, height = 0;
  uint64_t offset = 0;              // of the first pixel in the file
  std::vector<std::string> planes;  // that are known of it, beside the person's
};

struct PackEntry {
  Example example;
  Split split = Split::kTrain;
};

struct PackCounts {
  int written = 0;
  std::vector<std::string> broken;        // one line each: photos that could not be decoded or do not fit their mask
  std::map<std::string, int> unsuitable;  // annotated scenes that Prepare refused, by its reason
};

// Decodes all entries with `threads` threads, prepares annotated scenes, and writes the cache aside, then renames.
// Photos whose longest side exceeds max_side are shrunk to it. Broken and unsuitable photos are skipped and counted.
StatusOr<PackCounts> WritePack(const std::vector<PackEntry>& entries, int max_side, int threads,
                               const std::string& path);

// Maps a cache. Any number of threads may read it.
class Pack {
 public:
  static StatusOr<std::unique_ptr<Pack>> Open(const std::string& path);
  ~Pack();
  Pack(const Pack&) = delete;
  Pack& operator=(const Pack&) = delete;

  const std::vector<Record>& records() const { return records_; }
  // RGBA, 8 bit; alpha is the mask, all 0 for a background. Points into the mapping: read only.
  cv::Mat Image(const Record& record) const;
  // One of the record's planes, 8 bit, as classes.h stores them; empty where it has none of this name.
  cv::Mat Plane(const Record& record, const std::string& name) const;

 private:
  Pack() = default;
  const uint8_t* base_ = nullptr;
  size_t size_ = 0;
  std::vector<Record> records_;
};

// All photos with masks of one split; they point into the pack.
std::vector<const Record*> PhotosOf(const Pack& pack, Split split);

}  // namespace scrim::train
