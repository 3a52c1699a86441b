// Greedy matching that goes back to the last star only: an earlier star never needs to take more, since whatever
// follows it has matched at its first chance already.
#include "core/glob.hpp"

namespace flotilla {

bool glob_matches(std::string_view pattern, std::string_view text) noexcept {
  constexpr auto none = std::string_view::npos;
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = none;  // behind the last star that was met
  std::size_t taken = 0;    // up to where in the text that star reaches
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = ++p;
      taken = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p;
      ++t;
    } else if (star != none) {
      p = star;
      t = ++taken;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == none;
}

}  // namespace flotilla
