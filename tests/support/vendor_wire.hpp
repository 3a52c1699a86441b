// Answers in the vendors' wire formats, as their servers stream them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/support/fake_upstream.hpp"

namespace flotilla::testing {

enum class wire : std::uint8_t { anthropic, openai, openrouter };

/// An answer, in the pieces that it is streamed in.
struct wire_answer {
  std::vector<std::string> thinking;
  std::string signature;  ///< of the thinking
  std::vector<std::string> text;
  struct call {
    std::string id;
    std::string name;
    std::vector<std::string> argument_pieces;
  };
  std::vector<call> calls;
  std::string stop;  ///< in the vendor's word; empty: what fits
  std::uint64_t input_tokens = 0;
  std::uint64_t output_tokens = 0;
};

/// The whole event stream of an answer.
[[nodiscard]] std::string stream_of(wire format, const wire_answer& answer);
/// The beginning of a stream that says `text`, and then an error in mid-stream.
[[nodiscard]] std::string broken_stream(wire format, const std::string& text, const std::string& error_json);
/// The body of an answer that is not 200.
[[nodiscard]] std::string error_body(wire format, int status, const std::string& type, const std::string& message);
/// A 200 with a stream.
[[nodiscard]] canned_reply streamed(std::string body);

/// Answers any vendor's request with a short text, and GET /calls with {"calls":N}: see tests/fake_upstream.
[[nodiscard]] fake_upstream::answer_function simple_answers();

}  // namespace flotilla::testing
