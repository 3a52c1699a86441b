// libFuzzer: output schemas and answers that are held against them.
#include <cstdint>

#include "tests/fuzz/core_targets.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  flotilla::testing::fuzz_output_schema({reinterpret_cast<const char*>(data), size});
  return 0;
}
