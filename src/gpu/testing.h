// For tests.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

#include "gpu/plan.h"

namespace scrim::gpu {

// What WebGPU's validation asks of every dispatch: ranges inside of buffers, offsets on 256 bytes, and no buffer both
// read and written. The kernel's text declares as many bindings as there are.
inline void ExpectValid(const Plan& plan) {
  ASSERT_FALSE(plan.dispatches.empty());
  for (const Dispatch& d : plan.dispatches) {
    SCOPED_TRACE(d.name);
    const std::string& code = plan.kernels[static_cast<size_t>(d.kernel)].code;
    std::set<int> read, written;
    for (size_t b = 0; b < d.bindings.size(); ++b) {
      const Binding& binding = d.bindings[b];
      const size_t declared = code.find("@binding(" + std::to_string(b) + ") ");
      ASSERT_NE(declared, std::string::npos);
      if (binding.buffer < 0) continue;  // a picture
      const bool writes =
          code.substr(declared, code.find('\n', declared) - declared).find("read_write") != std::string::npos;
      (writes ? written : read).insert(binding.buffer);
      const Buffer& buffer = plan.buffers[static_cast<size_t>(binding.buffer)];
      EXPECT_EQ(binding.offset % 256, 0u);
      EXPECT_LE(binding.offset + binding.size, buffer.bytes);
      EXPECT_FALSE(writes && buffer.constant);
    }
    EXPECT_EQ(code.find("@binding(" + std::to_string(d.bindings.size()) + ") "), std::string::npos);
    EXPECT_LE(d.bindings.size(), 8u);
    EXPECT_TRUE(std::none_of(written.begin(), written.end(), [&](int b) { return read.count(b) != 0; }));
    for (int n : d.groups) EXPECT_TRUE(n >= 1 && n <= 65535) << n;
  }
}

}  // namespace scrim::gpu
