#include "checkpoint.h"

#include <cstdio>
#include <fstream>

namespace scrim::train {
namespace {

constexpr char kMagic[8] = {'s', 'c', 'r', 'm', 'c', 'k', 'p', '1'};

template <typename T>
void Put(std::ostream& out, const T& value) {
  out.write(reinterpret_cast<const char*>(&value), sizeof value);
}
template <typename T>
T Get(std::istream& in) {
  T value{};
  in.read(reinterpret_cast<char*>(&value), sizeof value);
  return value;
}
void PutName(std::ostream& out, const std::string& name) {
  Put(out, static_cast<uint32_t>(name.size()));
  out.write(name.data(), static_cast<std::streamsize>(name.size()));
}
std::string GetName(std::istream& in) {
  const uint32_t size = Get<uint32_t>(in);
  if (!in || size > 4096) return {};
  std::string name(size, '\0');
  in.read(name.data(), size);
  return name;
}

}  // namespace

// Magic, number of numbers, (name, double)…, number of tensors, (name, length, floats)…, magic.
Status SaveCheckpoint(const Checkpoint& checkpoint, const std::string& path) {
  const std::string aside = path + ".part";
  std::ofstream out(aside, std::ios::binary);
  out.write(kMagic, sizeof kMagic);
  Put(out, static_cast<uint32_t>(checkpoint.numbers.size()));
  for (const auto& [name, value] : checkpoint.numbers) {
    PutName(out, name);
    Put(out, value);
  }
  Put(out, static_cast<uint32_t>(checkpoint.tensors.size()));
  for (const auto& [name, tensor] : checkpoint.tensors) {
    const torch::Tensor flat = tensor.detach().to(torch::kCPU, torch::kFloat32).contiguous();
    PutName(out, name);
    Put(out, static_cast<uint64_t>(flat.numel()));
    out.write(reinterpret_cast<const char*>(flat.data_ptr<float>()), flat.numel() * int64_t(sizeof(float)));
  }
  out.write(kMagic, sizeof kMagic);
  out.close();
  if (!out || std::rename(aside.c_str(), path.c_str()) != 0) {
    std::remove(aside.c_str());
    return IoError(path + ": the checkpoint cannot be written; is the disk full?");
  }
  return {};
}

StatusOr<Checkpoint> LoadCheckpoint(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return NotFound(path + ": no such checkpoint");
  auto magic = [&] {
    char read[8] = {};
    in.read(read, sizeof read);
    return in && std::equal(read, read + 8, kMagic);
  };
  const Status damaged = Corrupt(path + ": is not a checkpoint, or was cut off");
  if (!magic()) return damaged;
  Checkpoint checkpoint;
  for (uint32_t n = Get<uint32_t>(in); n > 0 && in; --n) {
    const std::string name = GetName(in);
    checkpoint.numbers[name] = Get<double>(in);
  }
  for (uint32_t n = Get<uint32_t>(in); n > 0 && in; --n) {
    const std::string name = GetName(in);
    const uint64_t count = Get<uint64_t>(in);
    if (!in || count > (uint64_t{1} << 32)) return damaged;
    torch::Tensor tensor = torch::empty({static_cast<int64_t>(count)}, torch::kFloat32);
    in.read(reinterpret_cast<char*>(tensor.data_ptr<float>()), static_cast<std::streamsize>(count * sizeof(float)));
    checkpoint.tensors[name] = tensor;
  }
  if (!magic()) return damaged;
  return checkpoint;
}

Status RestoreTensor(const Checkpoint& checkpoint, const std::string& name, torch::Tensor& target) {
  const auto it = checkpoint.tensors.find(name);
  if (it == checkpoint.tensors.end() || it->second.numel() != target.numel())
    return InvalidArgument("the checkpoint's '" + name +
                           "' does not fit this network; was it trained with another one?");
  torch::NoGradGuard no_grad;
  target.copy_(it->second);
  return {};
}

Status RestoreAverage(const std::string& path, Network& network) {
  SCRIM_ASSIGN_OR_RETURN(const Checkpoint checkpoint, LoadCheckpoint(path));
  SCRIM_RETURN_IF_ERROR(RestoreTensor(checkpoint, "average.parameters", network.parameters()));
  return RestoreTensor(checkpoint, "average.statistics", network.statistics());
}

}  // namespace scrim::train
