// The search for secrets.
#include "runtime/secret_redactor.hpp"

#include <algorithm>
#include <bit>
#include <iterator>
#include <tuple>
#include <utility>

namespace flotilla::runtime {
namespace {

constexpr std::size_t bits_for_each = 64;  ///< of the table of bits: one place in 64 is looked at for nothing at most
constexpr std::size_t least_bits = 1U << 10U;
constexpr std::size_t most_bits = 1U << 18U;  ///< 32 KiB: what a core keeps at hand

/// A value is UTF-8: it begins with no byte that continues a character.
bool may_begin_character(char c) {
  return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
}

template <class Word>
std::vector<secret_pattern> of_window(const std::vector<secret_pattern>& patterns) {
  std::vector<secret_pattern> found;
  for (const auto& each : patterns) {
    if ((each.length >= long_window) == (sizeof(Word) == long_window)) found.push_back(each);
  }
  return found;
}

}  // namespace

// --- the tables -------------------------------------------------------------------------------------------------

template <class Word>
pattern_table<Word>::pattern_table(std::vector<secret_pattern> patterns) : patterns_(std::move(patterns)) {
  const auto place = [](const secret_pattern& each) { return std::tuple(each.tag, ~each.length, each.fingerprint); };
  const auto before = [&](const secret_pattern& a, const secret_pattern& b) { return place(a) < place(b); };
  const auto same = [&](const secret_pattern& a, const secret_pattern& b) { return place(a) == place(b); };
  std::stable_sort(patterns_.begin(), patterns_.end(), before);
  patterns_.erase(std::unique(patterns_.begin(), patterns_.end(), same), patterns_.end());
  const auto size = std::clamp(std::bit_ceil(patterns_.size() * bits_for_each), least_bits, most_bits);
  shift_ = tag_bits - static_cast<unsigned>(std::countr_zero(size));
  bits_.assign(size / word_bits, 0);
  for (const auto& each : patterns_) {
    const auto bit = each.tag >> shift_;
    bits_[bit / word_bits] |= std::uint64_t{1} << (bit % word_bits);
    for (std::size_t i = 0; i < openings_.size(); ++i) openings_[i].push_back(each.openings[i]);
  }
  for (auto& each : openings_) std::sort(each.begin(), each.end());
}

template <class Word>
std::pair<const secret_pattern*, const secret_pattern*> pattern_table<Word>::with(std::uint32_t tag) const noexcept {
  const auto first = std::lower_bound(patterns_.begin(), patterns_.end(), tag,
                                      [](const secret_pattern& each, std::uint32_t t) { return each.tag < t; });
  auto last = first;
  while (last != patterns_.end() && last->tag == tag) ++last;
  const auto* begin = patterns_.data();
  return {begin + (first - patterns_.begin()), begin + (last - patterns_.begin())};
}

template <class Word>
bool pattern_table<Word>::may_begin(std::string_view text) const noexcept {
  const auto known = std::min(text.size(), openings_.size());
  for (std::size_t size = 1; size <= known; ++size) {
    const auto& openings = openings_[size - 1];
    if (!std::binary_search(openings.begin(), openings.end(), opening_of(text, size))) return false;
  }
  return true;
}

// --- the search ---------------------------------------------------------------------------------------------------

secret_redactor::secret_redactor(const std::vector<secret_pattern>& patterns)
    : long_(of_window<std::uint64_t>(patterns)), short_(of_window<std::uint32_t>(patterns)) {
}

std::string secret_redactor::redact(std::string_view text) const {
  passage in{text, false};
  std::string shown;
  std::size_t told = 0;
  for (auto found = find(in, 0); found.is == finding::kind::value; found = find(in, told)) {
    if (told == 0) shown.reserve(text.size());
    shown.append(text, told, found.at - told).append("[secret:").append(*found.pattern->key).append("]");
    told = found.at + found.pattern->length;
  }
  return shown.append(text, told);
}

std::size_t secret_redactor::undecided(std::string_view text) const {
  passage in{text, true};
  for (std::size_t at = 0;;) {
    const auto found = find(in, at);
    if (found.is == finding::kind::nothing) return 0;
    if (found.is == finding::kind::beginning) return text.size() - found.at;
    at = found.at + found.pattern->length;
  }
}

secret_redactor::finding secret_redactor::find(passage& in, std::size_t at) const {
  for (at = skip(in.text, at); at < in.text.size(); at = skip(in.text, at + 1)) {
    if (const auto found = examine(in, at); found.is != finding::kind::nothing) return found;
  }
  return {};
}

/// The first place from `at` on where a value may begin, or where less than a long window is left. This is where the
/// time goes.
std::size_t secret_redactor::skip(std::string_view text, std::size_t at) const noexcept {
  if (text.size() < long_window) return at;
  const auto* here = text.data() + std::min(at, text.size());
  const auto* const end = text.data() + text.size() - long_window + 1;
  const auto by_long = long_.bits();
  const auto by_short = short_.bits();
  if (short_.empty()) {
    while (here < end && !by_long.lets(here)) ++here;
  } else {
    while (here < end && !by_long.lets(here) && !by_short.lets(here)) ++here;
  }
  return static_cast<std::size_t>(here - text.data());
}

secret_redactor::finding secret_redactor::examine(passage& in, std::size_t at) const {
  if (!may_begin_character(in.text[at])) return {};
  if (const auto found = examine(long_, in, at); found.is != finding::kind::nothing) return found;
  return examine(short_, in, at);
}

template <class Word>
secret_redactor::finding secret_redactor::examine(const pattern_table<Word>& table, passage& in,
                                                  std::size_t at) const {
  const auto left = in.text.size() - at;
  if (left < sizeof(Word)) {
    if (in.goes_on && table.may_begin(in.text.substr(at))) return {finding::kind::beginning, at, nullptr};
    return {};
  }
  const auto bits = table.bits();
  const auto* const window = in.text.data() + at;
  if (!bits.lets(window)) return {};
  std::size_t length = 0;
  std::uint32_t check = 0;  // of so many bytes
  const auto [first, last] = table.with(bits.tag_of(window));
  for (const auto* each = first; each != last; ++each) {
    if (each->length > left) {
      if (in.goes_on) return {finding::kind::beginning, at, nullptr};
      continue;
    }
    if (std::exchange(length, each->length) != each->length) check = in.checks.of(at, length, each->power);
    if (check != each->check) continue;
    if (fingerprint_of(in.text.substr(at, length)) == each->fingerprint) return {finding::kind::value, at, each};
  }
  return {};
}

}  // namespace flotilla::runtime
