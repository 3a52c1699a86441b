// libFuzzer: paths and queries of requests.
#include <cstdint>

#include "tests/fuzz/http_targets.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  flotilla::testing::fuzz_uri({reinterpret_cast<const char*>(data), size});
  return 0;
}
