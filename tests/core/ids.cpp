// ULIDs, ids and the form of tokens.
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <set>
#include <thread>
#include <unordered_set>

#include "core/ulid_sequence.hpp"
#include "flotilla/access.hpp"
#include "flotilla/id.hpp"

namespace {

using namespace flotilla;

timestamp at_ms(std::int64_t ms) {
  return timestamp{std::chrono::milliseconds{ms}};
}

void all_ones(std::span<std::uint8_t> bytes) {
  std::ranges::fill(bytes, std::uint8_t{0xFF});
}
void all_zero(std::span<std::uint8_t> bytes) {
  std::ranges::fill(bytes, std::uint8_t{0});
}

std::string text_after(const std::string& previous, ulid_sequence::random_source random, std::int64_t ms) {
  return ulid_sequence(random, *ulid::parse(previous)).next(at_ms(ms)).to_string();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(ids)

BOOST_AUTO_TEST_CASE(text_form_follows_the_spec) {
  // The time of the spec's own example, 1469918176385 ms, is written 01ARYZ6S41.
  BOOST_TEST(ulid_sequence(all_zero).next(at_ms(1469918176385)).to_string() == "01ARYZ6S410000000000000000");
  BOOST_TEST(ulid_sequence(all_ones).next(at_ms(1469918176385)).to_string() == "01ARYZ6S41ZZZZZZZZZZZZZZZZ");
  BOOST_TEST(ulid{}.to_string() == "00000000000000000000000000");
  ulid greatest;
  greatest.bytes.fill(0xFF);
  BOOST_TEST(greatest.to_string() == "7ZZZZZZZZZZZZZZZZZZZZZZZZZ");
}

BOOST_AUTO_TEST_CASE(every_bit_has_its_place) {
  std::set<std::string> texts;
  for (std::size_t bit = 0; bit < 128; ++bit) {
    ulid one;
    one.bytes[bit / 8] = static_cast<std::uint8_t>(0x80U >> bit % 8);
    const auto text = one.to_string();
    const auto back = ulid::parse(text);
    BOOST_REQUIRE(back.has_value());
    BOOST_TEST((*back == one));
    texts.insert(text);
  }
  BOOST_TEST(texts.size() == 128U);
}

BOOST_AUTO_TEST_CASE(only_the_canonical_form_is_read) {
  const std::string good = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
  BOOST_REQUIRE(ulid::parse(good).has_value());
  BOOST_TEST(ulid::parse(good)->to_string() == good);
  BOOST_TEST(ulid::parse("7ZZZZZZZZZZZZZZZZZZZZZZZZZ").has_value());
  for (const std::string bad :
       {"", "01ARZ3NDEKTSV4RRFFQ69G5FA", "01ARZ3NDEKTSV4RRFFQ69G5FAVV", "01arz3ndektsv4rrffq69g5fav",
        "01ARZ3NDEKTSV4RRFFQ69G5FAI", "01ARZ3NDEKTSV4RRFFQ69G5FAL", "01ARZ3NDEKTSV4RRFFQ69G5FAO",
        "01ARZ3NDEKTSV4RRFFQ69G5FAU", "01ARZ3NDEKTSV4RRFFQ69G5FA-", " 1ARZ3NDEKTSV4RRFFQ69G5FAV",
        "80000000000000000000000000", "ZZZZZZZZZZZZZZZZZZZZZZZZZZ", "01ARZ3NDEKTSV4RRFFQ69G5FA\xC3"}) {
    BOOST_TEST(!ulid::parse(bad).has_value(), bad);
  }
  BOOST_TEST(!ulid::parse(std::string_view("01ARZ3NDEKTSV4RRFFQ69G5FA\0", 26)).has_value());
}

BOOST_AUTO_TEST_CASE(byte_order_is_text_order) {
  auto sequence = ulid_sequence(all_zero);
  const auto early = sequence.next(at_ms(255));
  const auto late = sequence.next(at_ms(256));
  BOOST_TEST((early < late));
  BOOST_TEST(early.to_string() < late.to_string());
}

BOOST_AUTO_TEST_CASE(same_millisecond_counts_up) {
  BOOST_TEST(text_after("01ARYZ6S410000000000000000", all_ones, 1469918176385) == "01ARYZ6S410000000000000001");
  BOOST_TEST(text_after("01ARYZ6S41000000000000000Z", all_ones, 1469918176385) == "01ARYZ6S410000000000000010");
}

BOOST_AUTO_TEST_CASE(a_clock_that_went_back_changes_nothing) {
  BOOST_TEST(text_after("01ARYZ6S410000000000000000", all_ones, 5) == "01ARYZ6S410000000000000001");
  BOOST_TEST(text_after("01ARYZ6S410000000000000000", all_ones, -5) == "01ARYZ6S410000000000000001");
}

BOOST_AUTO_TEST_CASE(overflow_goes_to_the_next_millisecond) {
  BOOST_TEST(text_after("01ARYZ6S41ZZZZZZZZZZZZZZZZ", all_zero, 1469918176385) == "01ARYZ6S420000000000000000");
}

BOOST_AUTO_TEST_CASE(times_beyond_48_bits_are_the_last_one) {
  BOOST_TEST(ulid_sequence(all_zero).next(timestamp::max()).to_string() == "7ZZZZZZZZZ0000000000000000");
  BOOST_TEST(ulid_sequence(all_zero).next(timestamp::min()).to_string() == "00000000000000000000000001");
}

BOOST_AUTO_TEST_CASE(random_bits_differ_between_milliseconds) {
  // The chance that two draws of 80 bits agree is nil.
  const auto far = at_ms(4'000'000'000'000);
  const auto first = ulid::make(far).to_string().substr(10);
  const auto second = ulid::make(far + std::chrono::milliseconds{1}).to_string().substr(10);
  BOOST_TEST(first != second);
}

BOOST_AUTO_TEST_CASE(all_threads_share_one_rising_sequence) {
  constexpr std::size_t threads = 4;
  constexpr std::size_t count = 5'000;
  std::vector<std::vector<ulid>> made(threads);
  std::vector<std::thread> workers;
  for (auto& mine : made) {
    workers.emplace_back([&mine] {
      mine.reserve(count);
      for (std::size_t i = 0; i < count; ++i) mine.push_back(ulid::make(at_ms(static_cast<std::int64_t>(i / 100))));
    });
  }
  for (auto& worker : workers) worker.join();
  std::set<ulid> all;
  for (const auto& mine : made) {
    BOOST_TEST((std::ranges::adjacent_find(mine, std::greater_equal<>{}) == mine.end()));
    all.insert(mine.begin(), mine.end());
  }
  BOOST_TEST(all.size() == threads * count);
}

BOOST_AUTO_TEST_CASE(kinds_do_not_mix) {
  const auto agent = agent_id::make(at_ms(1));
  BOOST_TEST(agent.to_string().starts_with("agt_"));
  BOOST_TEST((agent_id::parse(agent.to_string()) == agent));
  BOOST_TEST(!task_id::parse(agent.to_string()).has_value());
  BOOST_TEST(!agent_id::parse(agent.value.to_string()).has_value());
  BOOST_TEST(!agent_id::parse("agt_").has_value());
  BOOST_TEST(!agent_id::parse("AGT_" + agent.value.to_string()).has_value());
  BOOST_TEST(!agent_id::parse(agent.to_string() + " ").has_value());
  BOOST_TEST(agent_id{}.empty());
  BOOST_TEST(!agent.empty());
}

BOOST_AUTO_TEST_CASE(every_kind_has_its_prefix) {
  BOOST_TEST(prefix_of(id_kind::agent) == "agt_");
  BOOST_TEST(prefix_of(id_kind::task) == "tsk_");
  BOOST_TEST(prefix_of(id_kind::message) == "msg_");
  BOOST_TEST(prefix_of(id_kind::epic) == "epc_");
  BOOST_TEST(prefix_of(id_kind::mcp) == "mcp_");
  BOOST_TEST(prefix_of(id_kind::token) == "tok_");
  BOOST_TEST(prefix_of(id_kind::org) == "org_");
  BOOST_TEST(prefix_of(id_kind::user) == "usr_");
}

BOOST_AUTO_TEST_CASE(ids_are_keys) {
  std::unordered_set<task_id> seen;
  for (int i = 0; i < 1'000; ++i) seen.insert(task_id::make(at_ms(7)));
  BOOST_TEST(seen.size() == 1'000U);
}

BOOST_AUTO_TEST_CASE(token_texts) {
  const std::string stem(42, 'x');
  BOOST_TEST(is_token_text("fr_live_" + std::string(43, 'A')));
  BOOST_TEST(is_token_text("fr_live_-_" + std::string(41, '0')));
  BOOST_TEST(!is_token_text(""));
  BOOST_TEST(!is_token_text("fr_live_"));
  BOOST_TEST(!is_token_text("fr_live_" + std::string(42, 'A')));
  BOOST_TEST(!is_token_text("fr_live_" + std::string(44, 'A')));
  BOOST_TEST(!is_token_text("fr_test_" + std::string(43, 'A')));
  BOOST_TEST(!is_token_text("FR_LIVE_" + std::string(43, 'A')));
  BOOST_TEST(!is_token_text(" fr_live_" + std::string(43, 'A')));
  for (const char wrong : {'+', '/', '=', ' ', '.', '\n', '\0', '\xC3'}) {
    auto text = "fr_live_" + stem + 'A';
    text[20] = wrong;
    BOOST_TEST(!is_token_text(text));
  }
}

BOOST_AUTO_TEST_CASE(a_tokens_last_character_carries_four_bits) {
  const std::string base64url = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string accepted;
  for (const char last : base64url) {
    if (is_token_text("fr_live_" + std::string(42, 'q') + last)) accepted += last;
  }
  BOOST_TEST(accepted == "AEIMQUYcgkosw048");
}

BOOST_AUTO_TEST_SUITE_END()
