// Globs, as an agent's `approvals` use them to name tools. Pure.
#pragma once

#include <string_view>

namespace flotilla {

/// Does the whole text match the pattern? `*` stands for any bytes, also none, `?` for exactly one byte, and every
/// other byte for itself: there is no escape, and case matters. Takes at most pattern.size() * text.size() steps and
/// no memory.
[[nodiscard]] bool glob_matches(std::string_view pattern, std::string_view text) noexcept;

}  // namespace flotilla
