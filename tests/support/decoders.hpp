// The vendors' decoders by format, for tests and fuzz targets.
#pragma once

#include <memory>

#include "providers/anthropic_format.hpp"
#include "providers/openai_format.hpp"
#include "tests/support/recording_sink.hpp"
#include "tests/support/vendor_wire.hpp"

namespace flotilla::testing {

inline constexpr std::size_t test_answer_bytes = 1U << 20U;

[[nodiscard]] inline std::unique_ptr<stream_decoder> decoder_of(wire format, model_sink& sink,
                                                                std::size_t max_bytes = test_answer_bytes) {
  if (format == wire::anthropic) return std::make_unique<anthropic_decoder>(max_bytes, sink);
  const auto dialect = format == wire::openai ? chat_dialect::openai : chat_dialect::openrouter;
  return std::make_unique<chat_decoder>(dialect, "call_1_", max_bytes, sink);
}

/// What a stream, fed in two pieces, becomes.
[[nodiscard]] inline told decode(wire format, std::string_view stream, std::size_t split = 0,
                                 std::size_t max_bytes = test_answer_bytes) {
  recording_sink sink;
  const auto decoder = decoder_of(format, sink, max_bytes);
  decoder->feed(stream.substr(0, split));
  decoder->feed(stream.substr(split));
  decoder->finish();
  return sink.so_far();
}

/// An answer with everything in it.
[[nodiscard]] inline wire_answer full_answer() {
  wire_answer answer;
  answer.thinking = {"Let me ", "think \xE2\x80\xA6", " twice."};
  answer.signature = "c2lnbmF0dXJl";
  answer.text = {"Gr\xC3\xBC\xC3\x9F", "e, \xF0\x9F\x9A\xA2", "\n\"quoted\""};
  answer.calls = {{"call_a", "search", {"{\"q\":", " \"caf\xC3\xA9", "\"}"}}, {"call_b", "now", {}}};
  answer.input_tokens = 100;
  answer.output_tokens = 42;
  return answer;
}

}  // namespace flotilla::testing
