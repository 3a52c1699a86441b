// libFuzzer: the event-stream parser.
#include "tests/fuzz/targets.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  flotilla::testing::fuzz_sse(bytes);
  return 0;
}
