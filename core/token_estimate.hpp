// How many tokens a model call may take, said before it is made. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/model_provider.hpp"

namespace flotilla {

// Vendors count what their own tokenizer makes of a request, which nobody else can do in advance. It makes one token
// of a common word, but of what it has seldom seen (numbers, ids, base64) up to one of each character. So each byte
// is taken for the largest part of a token that it is likely to be, in quarters:
inline constexpr std::uint64_t quarters_of_letter = 2;  ///< a to z, and the space
inline constexpr std::uint64_t quarters_of_other = 4;   ///< the rest of ASCII
inline constexpr std::uint64_t quarters_of_utf8 = 3;    ///< a byte of any other character
// What a vendor puts around what it is sent, and counts: marks of a message, of a call and its result, of a tool's
// description, and the instructions on how tools are called.
inline constexpr std::uint64_t estimated_tokens_per_request = 32;
inline constexpr std::uint64_t estimated_tokens_per_message = 8;
inline constexpr std::uint64_t estimated_tokens_per_call = 24;
inline constexpr std::uint64_t estimated_tokens_per_tool = 32;
inline constexpr std::uint64_t estimated_tokens_for_tools = 400;

/// An upper estimate of the input tokens that a vendor will count for this request: of the system prompt, the whole
/// conversation and the tools. For prose and source code it is about twice what is counted;
/// tests/core/token_estimate.cpp has the figures of three tokenizers. Cost: one look at each byte.
[[nodiscard]] std::uint64_t estimate_input_tokens(const model_request& request) noexcept;

/// The same of a text by itself: nothing stands around it. Of a text in pieces the sum is never less.
[[nodiscard]] std::uint64_t estimate_tokens(std::string_view text) noexcept;
/// How long the longest beginning of a text is, in bytes, that is estimated at no more than `tokens`.
[[nodiscard]] std::size_t bytes_within(std::string_view text, std::uint64_t tokens) noexcept;

}  // namespace flotilla
