// libFuzzer: the decoder of Chat Completions' event stream.
#include "tests/fuzz/targets.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  flotilla::testing::fuzz_stream(flotilla::testing::wire::openai, bytes);
  return 0;
}
