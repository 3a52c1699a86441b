// The texts of a request, byte by byte, and what stands around them.
#include "core/token_estimate.hpp"

#include <array>
#include <cstddef>
#include <string_view>

namespace flotilla {
namespace {

constexpr std::size_t byte_values = 256;
constexpr std::uint64_t quarters_in_token = 4;

constexpr std::array<std::uint8_t, byte_values> quarters_by_byte = [] {
  constexpr std::size_t ascii_values = 128;
  std::array<std::uint8_t, byte_values> made{};
  for (std::size_t byte = 0; byte < byte_values; ++byte) {
    const bool letter = (byte >= 'a' && byte <= 'z') || byte == ' ';
    made[byte] = static_cast<std::uint8_t>(byte >= ascii_values ? quarters_of_utf8
                                           : letter             ? quarters_of_letter
                                                                : quarters_of_other);
  }
  return made;
}();

std::uint64_t quarters_of(std::string_view text) noexcept {
  std::uint64_t quarters = 0;
  for (const char byte : text) quarters += quarters_by_byte[static_cast<unsigned char>(byte)];
  return quarters;
}

std::uint64_t whole_tokens(std::uint64_t quarters) noexcept {
  return (quarters + quarters_in_token - 1) / quarters_in_token;
}

struct tally {
  std::uint64_t quarters = 0;
  std::uint64_t tokens = estimated_tokens_per_request;

  void read(std::string_view text) noexcept { quarters += quarters_of(text); }
  void add(const user_turn& turn) noexcept {
    tokens += estimated_tokens_per_message;
    read(turn.text);
  }
  void add(const assistant_turn& turn) noexcept {
    tokens += estimated_tokens_per_message;
    read(turn.text);
    for (const auto& thought : turn.thinking) {
      read(thought.text);
      read(thought.opaque);
    }
    for (const auto& call : turn.calls) {
      tokens += estimated_tokens_per_call;
      read(call.call_id);
      read(call.tool);
      read(call.arguments);
    }
  }
  void add(const tool_turn& turn) noexcept {
    tokens += estimated_tokens_per_message;
    for (const auto& outcome : turn.outcomes) {
      tokens += estimated_tokens_per_call;
      read(outcome.call_id);
      read(outcome.text);
    }
  }
  void add(const tool_spec& tool) noexcept {
    tokens += estimated_tokens_per_tool;
    read(tool.name);
    read(tool.description);
    read(tool.input_schema);
  }
};

}  // namespace

std::uint64_t estimate_input_tokens(const model_request& request) noexcept {
  tally sum;
  sum.read(request.system);
  for (const auto& turn : request.turns) {
    std::visit([&sum](const auto& one) { sum.add(one); }, turn);
  }
  if (!request.tools.empty()) sum.tokens += estimated_tokens_for_tools;
  for (const auto& tool : request.tools) sum.add(tool);
  return sum.tokens + whole_tokens(sum.quarters);
}

std::uint64_t estimate_tokens(std::string_view text) noexcept {
  return whole_tokens(quarters_of(text));
}

std::size_t bytes_within(std::string_view text, std::uint64_t tokens) noexcept {
  std::uint64_t quarters = 0;
  std::size_t bytes = 0;
  while (bytes < text.size()) {
    quarters += quarters_by_byte[static_cast<unsigned char>(text[bytes])];
    if (whole_tokens(quarters) > tokens) break;
    ++bytes;
  }
  return bytes;
}

std::uint64_t model_provider::most_input_tokens(const model_request& request) const {
  return estimate_input_tokens(request);
}

}  // namespace flotilla
