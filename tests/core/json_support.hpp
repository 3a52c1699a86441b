// What the tests of JSON share: random values, and what must hold for every object that is written and read back.
#pragma once

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "core/json_writer.hpp"
#include "flotilla/id.hpp"
#include "flotilla/json.hpp"
#include "flotilla/result.hpp"
#include "flotilla/time.hpp"

namespace flotilla::testing {

inline timestamp at_ms(std::int64_t ms) {
  return timestamp{std::chrono::milliseconds{ms}};
}

template <class Id>
Id fixed_id(const char* last) {
  return *Id::parse(std::string(prefix_of(Id::kind)) + "01ARZ3NDEKTSV4RRFFQ69G5FA" + last);
}

inline std::string string_of(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

/// Values from a seeded generator: texts of all planes and every control character, numbers of every size.
class random_values {
 public:
  explicit random_values(std::uint64_t seed) : random_(seed) {}

  std::uint64_t up_to(std::uint64_t highest) {
    return std::uniform_int_distribution<std::uint64_t>(0, highest)(random_);
  }
  bool coin() { return up_to(1) == 1; }
  std::string text() {
    std::string out;
    for (auto size = up_to(12); size > 0; --size) append_code_point(out);
    return out;
  }
  std::vector<std::string> texts() {
    std::vector<std::string> all(up_to(4));
    for (auto& one : all) one = text();
    return all;
  }
  timestamp time() { return at_ms(static_cast<std::int64_t>(up_to(253'402'300'799'999))); }
  std::uint64_t number() { return random_() >> up_to(63); }
  template <class Id>
  Id id() {
    Id made;
    for (auto& byte : made.value.bytes) byte = static_cast<std::uint8_t>(up_to(255));
    return made;
  }
  /// One JSON value as vendors write them: with spaces, and with numbers that a parser would write differently.
  std::string json(int depth = 0) {
    switch (up_to(depth < 3 ? 8U : 6U)) {
      case 0:
        return "{}";
      case 1:
        return "[ ]";
      case 2:
        return "1.50e+02";
      case 3:
        return "-0.0";
      case 4:
        return "123456789012345678901234567890";
      case 5:
        return string_of(text());
      case 6:
        return string_of("}\"],{\"data\":1");
      case 7:
        return "[" + json(depth + 1) + " , " + json(depth + 1) + "]";
      default:
        return "{ \"data\" : " + json(depth + 1) + ",\"a\\\"}\":" + json(depth + 1) + "}";
    }
  }
  template <class Make>
  auto perhaps(Make make) -> std::optional<decltype(make())> {
    if (coin()) return std::nullopt;
    return make();
  }

 private:
  void append_code_point(std::string& out) {
    static constexpr std::string_view picks[] = {
        "\"", "\\", "/", "\x7F", "é", "字", "😀", "\xE2\x80\xA8", "\xEF\xBF\xBF", "\xF4\x8F\xBF\xBF"};
    const auto pick = up_to(2);
    if (pick == 0) {
      out += static_cast<char>(up_to(0x7F));
    } else {
      out += picks[up_to(std::size(picks) - 1)];
    }
  }

  std::mt19937_64 random_;
};

/// Writes, reads and writes again; what was written must be JSON on one line.
template <class Make, class Read>
void check_round_trips(Make make, Read read) {
  random_values draw(20'261'123);
  for (int i = 0; i < 3'000; ++i) {
    const auto value = make(draw);
    const auto text = to_json(value);
    BOOST_REQUIRE_MESSAGE(nlohmann::json::accept(text), text);
    BOOST_REQUIRE_MESSAGE(text.find('\n') == std::string::npos && text.find('\r') == std::string::npos, text);
    const auto back = read(text);
    BOOST_REQUIRE_MESSAGE(back.has_value(), text);
    BOOST_REQUIRE_MESSAGE(*back == value, text);
    BOOST_REQUIRE(to_json(*back) == text);
  }
}

/// Every value of the object replaced by one of another type, every field left out, every prefix of the text: each
/// must be refused as `internal`, or where the field may be ignored, be read without harm. `later`: fields that may
/// be left out, since an older version did not write them.
template <class Read>
void check_damage(const std::string& text, Read read, const std::vector<std::string>& ignored,
                  const std::vector<std::string>& later = {}) {
  const auto refused = [&](const std::string& damaged) {
    const auto back = read(damaged);
    if (back) return false;
    return back.error().code == errc::internal && !back.error().message.empty();
  };
  for (std::size_t size = 0; size < text.size(); ++size) {
    BOOST_TEST(refused(text.substr(0, size)), text.substr(0, size));
  }
  const auto whole = nlohmann::json::parse(text);
  for (const auto& [key, value] : whole.items()) {
    if (std::ranges::find(ignored, key) != ignored.end()) continue;
    auto without = whole;
    without.erase(key);
    const bool may_be_absent = std::ranges::find(later, key) != later.end();
    BOOST_TEST(refused(without.dump()) != may_be_absent, "without " << key);
    auto ill_typed = whole;
    ill_typed[key] = true;
    BOOST_TEST(refused(ill_typed.dump()), "true as " << key);
  }
  BOOST_TEST(refused("[]"));
  BOOST_TEST(refused("null"));
  BOOST_TEST(refused(text + "x"));
}

}  // namespace flotilla::testing
