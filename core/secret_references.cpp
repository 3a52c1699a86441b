// Finds `${secret:KEY}` in a text.
#include "core/secret_references.hpp"

#include "flotilla/secret.hpp"

namespace flotilla {
namespace {

constexpr std::string_view opening = "${secret:";

}  // namespace

result<std::vector<text_piece>> split_references(std::string_view text) {
  std::vector<text_piece> pieces;
  for (;;) {
    const auto begin = text.find(opening);
    if (begin != 0 && !text.empty()) pieces.push_back({false, text.substr(0, begin)});
    if (begin == std::string_view::npos) return pieces;
    text.remove_prefix(begin + opening.size());
    const auto end = text.find('}');
    if (end == std::string_view::npos || !is_secret_key(text.substr(0, end))) {
      return fail(errc::invalid, "a reference must have the form ${secret:KEY}, with a key of A-Z, 0-9 and _");
    }
    pieces.push_back({true, text.substr(0, end)});
    text.remove_prefix(end + 1);
  }
}

bool begins_reference(std::string_view text) noexcept {
  return text.find(opening) != std::string_view::npos;
}

}  // namespace flotilla
