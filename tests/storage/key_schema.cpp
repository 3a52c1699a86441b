// The keys to the byte, the order in which they sort, and the cursors of lists.
#include "storage/key_schema.hpp"

#include <algorithm>

#include "storage/cursor.hpp"
#include "tests/storage/support.hpp"

using namespace flotilla;
using namespace flotilla::storage;

namespace {

template <class Id>
Id id_of(std::uint8_t byte) {
  Id made;
  made.value.bytes.fill(byte);
  return made;
}

std::string times(char byte, std::size_t count) {
  return std::string(count, byte);
}

const auto org1 = id_of<org_id>(1);
const auto agent2 = id_of<agent_id>(2);
const auto task3 = id_of<task_id>(3);
const auto epic4 = id_of<epic_id>(4);
const auto mcp5 = id_of<mcp_id>(5);
const auto token6 = id_of<token_id>(6);

std::array<std::uint8_t, 32> hash_of(std::uint8_t byte) {
  std::array<std::uint8_t, 32> made{};
  made.fill(byte);
  return made;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(key_schema)

// The bytes on the disk: a change here is a change of the format.
BOOST_AUTO_TEST_CASE(keys_to_the_byte) {
  const auto o = times(1, 16);
  const auto a = times(2, 16);
  const auto t = times(3, 16);
  const std::string seq("\0\0\0\0\0\0\x01\x02", 8);
  BOOST_TEST((keys::format() == std::string("\0format", 7)));
  BOOST_TEST((keys::agent(org1, agent2) == "A" + o + a));
  BOOST_TEST((keys::agents_by_status(org1, agent_status::archived) == "B" + o + '\3'));
  BOOST_TEST((keys::event(org1, task3, 0x102) == "E" + o + t + seq));
  BOOST_TEST((keys::org(org1) == "G" + o));
  BOOST_TEST((keys::bus_head(org1) == "L" + o));
  BOOST_TEST((keys::message(org1, 0x102) == "M" + o + seq));
  BOOST_TEST((keys::messages_by_agent(org1, agent2) == "N" + o + a));
  BOOST_TEST((keys::messages_by_task(org1, task3) == "O" + o + t));
  BOOST_TEST((keys::messages_by_type(org1, "task.done") == "P" + o + "task.done" + '\0'));
  BOOST_TEST((keys::task(org1, task3) == "T" + o + t));
  BOOST_TEST((keys::tasks_by_status(org1, task_status::error) == "V" + o + '\4'));
  const auto t7 = id_of<task_id>(7);
  BOOST_TEST((keys::child(org1, task3, t7) == "h" + o + t + times(7, 16)));
  BOOST_TEST(
      (keys::signal(org1, agent2, task3, keys::signal_kind::cancel, t7) == "i" + o + a + t + '\1' + times(7, 16)));
  BOOST_TEST((keys::parked(org1, 0x102, task3) == "j" + o + seq + t));
  BOOST_TEST((keys::budget(org1, budget_period::week, 0x102, agent2) == "k" + o + '\1' + seq + a));
  BOOST_TEST((keys::work(org1, agent2, task_priority::low, task3) == "W" + o + a + '\2' + t));
  BOOST_TEST((keys::tasks_by_assignee(org1, agent2) == "X" + o + a));
  BOOST_TEST((keys::tasks_by_assignee_and_status(org1, agent2, task_status::done) == "Y" + o + a + '\3'));
}

BOOST_AUTO_TEST_CASE(keys_of_the_catalog_to_the_byte) {
  const auto o = times(1, 16);
  const auto a = times(2, 16);
  const auto e = times(4, 16);
  BOOST_TEST((keys::agents_by_manager(org1, agent2) == "C" + o + a));
  BOOST_TEST((keys::epic(org1, epic4) == "D" + o + e));
  BOOST_TEST((keys::tasks_by_epic(org1, epic4) == "F" + o + e));
  BOOST_TEST((keys::messages_by_epic(org1, epic4) == "H" + o + e));
  BOOST_TEST((keys::input(org1, task3) == "I" + o + times(3, 16)));
  BOOST_TEST((keys::epic_counters(org1, epic4) == "J" + o + e));
  BOOST_TEST((keys::org_counters(org1) == "Q" + o));
  BOOST_TEST((keys::secret(org1, {secret_scope::org, std::nullopt, "KEY"}) == "R" + o + '\0' + times(0, 16) + "KEY"));
  BOOST_TEST((keys::secret(org1, {secret_scope::agent, agent2, "KEY"}) == "R" + o + '\1' + a + "KEY"));
  BOOST_TEST((keys::secrets_of(org1, secret_scope::agent) == "R" + o + '\1'));
  BOOST_TEST((keys::secrets_of(org1, agent2) == "R" + o + '\1' + a));
  BOOST_TEST((keys::mcp(org1, mcp5) == "S" + o + times(5, 16)));
  BOOST_TEST((keys::mcp_name(org1, "files") == "Z" + o + "files"));
}

BOOST_AUTO_TEST_CASE(keys_of_access_and_usage_to_the_byte) {
  const auto o = times(1, 16);
  const auto a = times(2, 16);
  const auto hash = hash_of(9);
  const std::string number("\0\0\0\0\0\0\x01\x02", 8);
  BOOST_TEST((keys::token(hash) == "K" + times(9, 32)));
  BOOST_TEST((keys::org_token(org1, token6) == "a" + o + times(6, 16)));
  BOOST_TEST((keys::token_use(org1, token6) == "b" + o + times(6, 16)));
  BOOST_TEST((keys::usage(org1, budget_period::month, 0x102, agent2, "m") == "c" + o + '\2' + number + a + "m"));
  BOOST_TEST((keys::usage_in(org1, budget_period::day, 0x102) == "c" + o + '\0' + number));
  BOOST_TEST((keys::usage_of(org1, budget_period::day, 0x102, agent2) == "c" + o + '\0' + number + a));
  BOOST_TEST((keys::usage_totals(org1, budget_period::month, 0x102) == "d" + o + '\2' + number));
  BOOST_TEST((keys::tasks_made(org1, 0x102) == "e" + o + number));
  BOOST_TEST((keys::answer(org1, hash) == "f" + o + times(9, 32)));
  BOOST_TEST((keys::answer_age(org1, 0x102, hash) == "g" + o + number + times(9, 32)));
}

BOOST_AUTO_TEST_CASE(keys_of_what_agents_say_and_share_to_the_byte) {
  const auto o = times(1, 16);
  const auto a = times(2, 16);
  const std::string seq("\0\0\0\0\0\0\x01\x02", 8);
  BOOST_TEST((keys::mailbox_of(org1, agent2) == "l" + o + a));
  BOOST_TEST((keys::mail(org1, agent2, 0x102) == "l" + o + a + seq));
  BOOST_TEST((keys::said_by_agent(org1, agent2) == "m" + o + a));
  BOOST_TEST((keys::agents_by_name(org1, "Ada") == "n" + o + "Ada" + '\0'));
  BOOST_TEST((keys::agents_by_team(org1, "crew") == "o" + o + "crew" + '\0'));
  BOOST_TEST((keys::usage_below(org1, task3) == "p" + o + times(3, 16)));
  // A name that is the beginning of another's finds only its own.
  BOOST_TEST(!keys::agents_by_name(org1, "Ada L").starts_with(keys::agents_by_name(org1, "Ada")));
}

BOOST_AUTO_TEST_CASE(signals_of_every_kind_are_read) {
  for (const auto kind : {keys::signal_kind::child_ended, keys::signal_kind::cancel, keys::signal_kind::wake}) {
    const auto key = keys::signal(org1, agent2, task3, kind, task_id{});
    const auto parts = keys::parse_signal(key);
    BOOST_REQUIRE(parts);
    BOOST_TEST((parts->org == org1 && parts->agent == agent2 && parts->task == task3 && parts->kind == kind));
    BOOST_TEST(parts->other.empty());
    BOOST_TEST(!keys::parse_signal(key + "x"));
  }
  auto bad = keys::signal(org1, agent2, task3, keys::signal_kind::wake, task_id{});
  bad[49] = 3;
  BOOST_TEST(!keys::parse_signal(bad));
}

// Each table has a byte of its own, and each whole key begins with what its table's scans begin with.
BOOST_AUTO_TEST_CASE(whole_keys_lie_in_their_tables) {
  const auto lies_in = [](const std::string& key, const std::string& prefix) { return key.starts_with(prefix); };
  const secret_name own{secret_scope::agent, agent2, "K"};
  BOOST_TEST(lies_in(keys::epic(org1, epic4), keys::all(keys::table::epics, org1)));
  BOOST_TEST(lies_in(keys::secret(org1, own), keys::all(keys::table::secrets, org1)));
  BOOST_TEST(lies_in(keys::secret(org1, own), keys::secrets_of(org1, agent2)));
  BOOST_TEST(lies_in(keys::mcp(org1, mcp5), keys::all(keys::table::mcps, org1)));
  BOOST_TEST(lies_in(keys::org_token(org1, token6), keys::all(keys::table::tokens_by_org, org1)));
  BOOST_TEST(lies_in(keys::answer_age(org1, 1, hash_of(1)), keys::all(keys::table::answers_by_age, org1)));
  BOOST_TEST(
      lies_in(keys::usage(org1, budget_period::day, 1, agent2, "m"), keys::usage_in(org1, budget_period::day, 1)));
  // A model's name may be the beginning of another's: they are told apart by the whole key.
  BOOST_TEST((keys::usage(org1, budget_period::day, 1, agent2, "m") <
              keys::usage(org1, budget_period::day, 1, agent2, "m-2")));
}

BOOST_AUTO_TEST_CASE(positions_sort_as_numbers) {
  const std::vector<std::uint64_t> rising{0, 1, 255, 256, 65'535, 1ULL << 32U, UINT64_MAX};
  for (std::size_t i = 0; i < rising.size(); ++i) {
    BOOST_TEST(keys::seq_from(keys::seq_bytes(rising[i])) == rising[i]);
    if (i > 0) BOOST_TEST((keys::seq_bytes(rising[i - 1]) < keys::seq_bytes(rising[i])));
  }
}

BOOST_AUTO_TEST_CASE(work_is_served_by_priority_then_age) {
  const auto older = id_of<task_id>(4);
  const auto newer = id_of<task_id>(200);
  const std::vector<std::string> served{
      keys::work(org1, agent2, task_priority::high, older), keys::work(org1, agent2, task_priority::high, newer),
      keys::work(org1, agent2, task_priority::normal, older), keys::work(org1, agent2, task_priority::low, older)};
  BOOST_TEST(std::is_sorted(served.begin(), served.end()));
  const auto parts = keys::parse_work(served[1]);
  BOOST_REQUIRE(parts);
  BOOST_TEST((parts->org == org1 && parts->agent == agent2 && parts->task == newer));
  BOOST_TEST((parts->priority == task_priority::high));
  BOOST_TEST(!keys::parse_work(served[1] + "x"));
  BOOST_TEST(!keys::parse_work("V" + served[1].substr(1)));
  auto bad = served[1];
  bad[33] = 3;
  BOOST_TEST(!keys::parse_work(bad));
}

BOOST_AUTO_TEST_CASE(prefix_ranges) {
  const std::string high(1, '\xFF');
  BOOST_TEST((keys_with_prefix("ab").from == "ab" && keys_with_prefix("ab").to == "ac"));
  BOOST_TEST((keys_with_prefix("a" + high).to == "b"));
  BOOST_TEST(keys_with_prefix(high + high).to.empty());
  BOOST_TEST(keys_with_prefix("").to.empty());
}

BOOST_AUTO_TEST_CASE(cursors_come_back_and_others_are_refused) {
  for (std::size_t size = 1; size <= 16; ++size) {
    const std::string position(size, '\xF7');
    const auto cursor = make_cursor(keys::table::tasks, position);
    const auto back = read_cursor(cursor, keys::table::tasks, size);
    BOOST_REQUIRE(back && *back);
    BOOST_TEST((**back == position));
    BOOST_TEST(!read_cursor(cursor, keys::table::agents, size));     // another list's
    BOOST_TEST(!read_cursor(cursor, keys::table::tasks, size + 1));  // another size
    BOOST_TEST(!read_cursor(cursor + "=", keys::table::tasks, size));
    BOOST_TEST(!read_cursor(cursor.substr(1), keys::table::tasks, size));
  }
  for (const std::string bad : {"", "!", "AAAA", "a b", "\xFF\xFE"}) {
    const auto refused = read_cursor(bad, keys::table::messages, keys::seq_size);
    BOOST_REQUIRE(!refused);
    BOOST_TEST((refused.error().code == errc::invalid));
    BOOST_TEST(refused.error().message.starts_with("cursor: "));
  }
  BOOST_TEST(!read_cursor(std::string(1U << 20U, 'A'), keys::table::messages, keys::seq_size));
  const auto none = read_cursor(std::nullopt, keys::table::messages, keys::seq_size);
  BOOST_TEST((none && !*none));
}

BOOST_AUTO_TEST_SUITE_END()
