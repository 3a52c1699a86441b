// Fingerprints by libsodium's BLAKE2b, and by multiplication with odd random numbers.
#include "runtime/secret_pattern.hpp"

#include <sodium.h>

#include <algorithm>

#include "runtime/secret_forms.hpp"

namespace flotilla::runtime {
namespace {

constexpr std::size_t max_kept_sums = 1U << 16U;  ///< behind the place that is asked for

std::uint64_t odd_random() {
  std::uint64_t number = 0;
  randombytes_buf(&number, sizeof number);
  return number | 1U;
}

matching_keys random_keys() {
  matching_keys made{odd_random(), odd_random(), odd_random(), odd_random(), {}};
  randombytes_buf(made.fingerprint.data(), made.fingerprint.size());
  return made;
}

std::uint64_t next_sum(std::uint64_t sum, char c) {
  return sum * process_keys().base + static_cast<unsigned char>(c) + 1U;
}

std::uint32_t check_from(std::uint64_t sum) {
  return static_cast<std::uint32_t>((sum * process_keys().check) >> 32U);
}

secret_pattern pattern_of(std::shared_ptr<const std::string> key, std::string_view form) {
  secret_pattern made;
  made.key = std::move(key);
  made.length = form.size();
  made.tag = form.size() < long_window ? window_tag<std::uint32_t>(form.data(), process_keys().tag)
                                       : window_tag<std::uint64_t>(form.data(), process_keys().tag);
  for (std::size_t size = 1; size <= made.openings.size(); ++size) made.openings[size - 1] = opening_of(form, size);
  made.power = 1;
  std::uint64_t sum = 0;
  for (const char c : form) {
    sum = next_sum(sum, c);
    made.power *= process_keys().base;
  }
  made.check = check_from(sum);
  made.fingerprint = fingerprint_of(form);
  return made;
}

}  // namespace

const matching_keys& process_keys() {
  static const matching_keys keys = random_keys();
  return keys;
}

std::vector<secret_pattern> patterns_of(const std::string& key, std::string_view value) {
  const auto named = std::make_shared<const std::string>(key);
  std::vector<secret_pattern> made;
  const auto shown = "[secret:" + key + "]";
  for (const auto& form : secret_forms(value)) {
    // What its own name shows cannot be hidden.
    if (shown.find(form.view()) == std::string::npos) made.push_back(pattern_of(named, form.view()));
  }
  return made;
}

std::uint16_t opening_of(std::string_view text, std::size_t size) noexcept {
  std::uint64_t number = size;
  for (const char c : text.substr(0, size)) number = (number << 8U) | static_cast<unsigned char>(c);
  return static_cast<std::uint16_t>((number * process_keys().opening) >> 48U);
}

secret_fingerprint fingerprint_of(std::string_view text) {
  const auto& key = process_keys().fingerprint;
  secret_fingerprint made{};
  static_assert(sizeof made == crypto_generichash_BYTES_MIN);
  crypto_generichash(made.data(), made.size(), reinterpret_cast<const unsigned char*>(text.data()), text.size(),
                     key.data(), key.size());
  return made;
}

std::uint32_t rolling_checks::of(std::size_t at, std::size_t length, std::uint64_t power) {
  const bool beside = sums_.empty() || at < from_ || at >= from_ + sums_.size();
  if (beside || at - from_ > max_kept_sums) {
    from_ = at;
    sums_.assign(1, 0);
  }
  while (from_ + sums_.size() <= at + length)
    sums_.push_back(next_sum(sums_.back(), text_[from_ + sums_.size() - 1]));
  return check_from(sums_[at + length - from_] - sums_[at - from_] * power);
}

}  // namespace flotilla::runtime
