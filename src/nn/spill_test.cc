// No inner loop of a kernel keeps a sum in memory. A tile that is a little too large for the registers costs half of
// the speed and fails no other test; timing it on a shared machine would prove nothing, so this reads the machine code.
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace scrim::nn {
namespace {

struct Instruction {
  uint64_t address = 0;
  std::string text;
  bool Has(const char* part) const { return text.find(part) != std::string::npos; }
};

struct Function {
  std::string name;
  std::vector<Instruction> code;
};

// Every function of the SIMD target in the library, as objdump (binutils' or LLVM's) prints it.
std::vector<Function> Disassemble(const std::string& target) {
  const std::string command = SCRIM_OBJDUMP " -d -C --no-show-raw-insn " SCRIM_NN_LIBRARY;
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  std::vector<Function> functions;
  bool wanted = false;
  char* line = nullptr;
  size_t capacity = 0;
  for (ssize_t size; (size = getline(&line, &capacity, pipe.get())) > 0;) {
    const std::string text(line, static_cast<size_t>(size) - 1);
    if (text.ends_with(">:")) {
      wanted = text.find("N_" + target + "::") != std::string::npos;
      if (wanted) functions.push_back({text.substr(text.find('<')), {}});
    } else if (wanted) {
      char* end = nullptr;
      const uint64_t address = std::strtoull(text.c_str(), &end, 16);
      const size_t start = text.find_first_not_of(" \t", static_cast<size_t>(end - text.c_str()) + 1);
      if (*end == ':' && start != std::string::npos) functions.back().code.push_back({address, text.substr(start)});
    }
  }
  free(line);
  return functions;
}

// The loops that hold no other loop, as first and last instruction: what lies between a jump backwards and its aim.
std::vector<std::pair<size_t, size_t>> InnerLoops(const Function& function) {
  std::map<uint64_t, size_t> index;
  for (size_t i = 0; i < function.code.size(); ++i) index[function.code[i].address] = i;
  std::vector<std::pair<size_t, size_t>> loops;
  for (size_t last = 0; last < function.code.size(); ++last) {
    const std::string& text = function.code[last].text;
    if (text[0] != 'j') continue;
    const size_t aim = text.find_first_not_of(" \t", text.find_first_of(" \t"));
    if (aim == std::string::npos || !std::isxdigit(text[aim])) continue;
    const auto first = index.find(std::stoull(text.substr(aim), nullptr, 16));
    if (first == index.end() || first->second > last) continue;
    // Jumps are met in the order of their addresses: a loop inside this one is there already.
    bool inner = true;
    for (const auto& loop : loops) inner = inner && loop.first < first->second;
    if (inner) loops.emplace_back(first->second, last);
  }
  return loops;
}

bool IsMultiplyAdd(const Instruction& i) { return i.Has("vfmadd") || i.Has("vpmadd") || i.Has("vpdpbusd"); }
// Places on the stack that vectors are both read from and written to in each round: sums without a register. A constant
// is only read, an argument of a call only written.
size_t CountSpills(const Function& function, size_t first, size_t last) {
  std::set<std::string> read, written;
  for (size_t i = first; i <= last; ++i) {
    const std::string& text = function.code[i].text;
    const size_t stack = text.find("(%rsp)");
    if (text[0] != 'v' || stack == std::string::npos) continue;
    const size_t start = text.find_last_of(" \t,", stack) + 1;
    (text.ends_with("(%rsp)") ? written : read).insert(text.substr(start, stack - start));
  }
  return static_cast<size_t>(
      std::count_if(written.begin(), written.end(), [&](const std::string& place) { return read.contains(place); }));
}

// The tiles of int8 products keep up to so many sums in memory: the inputs are widened in registers too. They were
// chosen by their time all the same; the count must not grow.
size_t Allowance(const Function& function) {
  if (function.name.find("ConvQuadsArgs") != std::string::npos) return 2;
  return function.name.find("ConvGemmInt8Args") != std::string::npos ? 4 : 0;
}

class SpillTest : public testing::TestWithParam<const char*> {};

TEST_P(SpillTest, NoInnerLoopKeepsVectorsInMemory) {
  int gemm = 0, planar = 0, depthwise = 0;
  for (const Function& function : Disassemble(GetParam()))
    for (const auto& [first, last] : InnerLoops(function)) {
      int products = 0;
      for (size_t i = first; i <= last; ++i) products += IsMultiplyAdd(function.code[i]);
      if (products < 4) continue;
      gemm += function.name.find("::Tiles<") != std::string::npos;
      planar += function.name.find("::PlanarTile<") != std::string::npos;
      depthwise += function.name.find("::Depthwise") != std::string::npos;
      EXPECT_LE(CountSpills(function, first, last), Allowance(function))
          << function.name << " " << products << " multiply-adds a round; make the tile smaller";
    }
  // Found at all? The loops of the large tiles, at least.
  EXPECT_GE(gemm, 10);
  EXPECT_GE(planar, 10);
  EXPECT_GE(depthwise, 2);
}

INSTANTIATE_TEST_SUITE_P(Targets, SpillTest, testing::Values("AVX2", "AVX3"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace scrim::nn
