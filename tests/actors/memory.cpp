// What an agent remembers, read from the store: which tasks and messages, within which bounds.
#include "actors/memory.hpp"

#include <boost/test/unit_test.hpp>

#include <memory>

#include "core/bus_types.hpp"
#include "core/token_estimate.hpp"
#include "storage/memory/memory_store.hpp"

using namespace flotilla;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t vast = 1U << 20U;

struct standing_clock final : wall_clock {
  timestamp time{std::chrono::milliseconds{1'800'000'000'000}};
  timestamp now() const override { return time; }
};

/// A store with two agents; each second something happens.
struct with_store {
  standing_clock clock;
  std::unique_ptr<storage::store> disk = storage::make_memory_store();
  std::shared_ptr<storage::bus_stamp> stamp = std::make_shared<storage::bus_stamp>(clock, timestamp{});
  org_id org = org_id::make(clock.now());
  agent ada = add_agent("Ada");
  agent bob = add_agent("Bob");

  void commit(storage::batch changes) const {
    bool good = false;
    disk->commit(std::move(changes), storage::durability::synced, [&](const auto& done) { good = done.has_value(); });
    BOOST_REQUIRE(good);
  }
  agent add_agent(std::string name) {
    agent made;
    made.id = agent_id::make(clock.now());
    made.name = std::move(name);
    made.created_at = made.updated_at = clock.now();
    storage::batch changes;
    storage::write_agent(changes, org, nullptr, made);
    commit(std::move(changes));
    return made;
  }
  task_id add_task(const agent& who, task_status status, std::string title = "Look") {
    clock.time += 1s;
    storage::task_record made;
    made.task.id = task_id::make(clock.now());
    made.task.title = std::move(title);
    made.task.input = "Is there a sail?";
    made.task.assignee = who.id;
    made.task.status = status;
    made.task.created_at = made.task.updated_at = clock.now();
    if (status == task_status::done) made.task.output = "Yes.";
    if (status == task_status::error) made.task.error = task_error{"refusal", "No."};
    if (status == task_status::done || status == task_status::error) made.task.finished_at = clock.now();
    storage::batch changes;
    (void)storage::write_task(changes, org, nullptr, made);
    commit(std::move(changes));
    return made.task.id;
  }
  /// Says something; gives back its position.
  message_seq say(const party& from, const party& to, std::string text) {
    clock.time += 1s;
    message_seq seq = 0;
    storage::batch changes;
    storage::append_message(
        changes, org,
        {std::string(bus::agent_message), from, to, std::nullopt, std::nullopt, std::move(text), std::nullopt}, stamp,
        [&seq](const storage::bus_entry& placed, storage::appender&) { seq = placed.value->seq; });
    commit(std::move(changes));
    return seq;
  }
  void take(const agent& who, message_seq seq) {
    storage::batch changes;
    storage::erase_mail(changes, org, {who.id, seq});
    commit(std::move(changes));
  }
  message_seq say_and_take(const party& from, const agent& to, std::string text) {
    const auto seq = say(from, party::of(to.id), std::move(text));
    take(to, seq);
    return seq;
  }
  agent_memory read(const agent& who, std::optional<task_id> except = {}, const std::vector<message_seq>& told = {},
                    std::size_t max_bytes = vast) const {
    return read_at(who, clock.now(), except, told, max_bytes);
  }
  agent_memory read_at(const agent& who, timestamp as_of, std::optional<task_id> except = {},
                       const std::vector<message_seq>& told = {}, std::size_t max_bytes = vast) const {
    const auto seen = disk->snapshot().value();
    auto found = actors::read_memory(*seen, org, who, as_of, except, max_bytes, told);
    BOOST_REQUIRE(found.has_value());
    return std::move(*found);
  }
  static std::vector<std::string> texts(const agent_memory& memory) {
    std::vector<std::string> found;
    for (const auto& each : memory.entries) found.push_back(each.text.substr(each.text.rfind('\n') + 1));
    return found;
  }
};

using words = std::vector<std::string>;

}  // namespace

BOOST_FIXTURE_TEST_SUITE(memory, with_store)

BOOST_AUTO_TEST_CASE(an_agent_that_has_done_nothing_remembers_nothing) {
  const auto memory = read(ada);
  BOOST_TEST(memory.text.empty());
  BOOST_TEST(memory.allowance == default_memory_tokens);
  BOOST_TEST(memory.unread.empty());
  BOOST_TEST(!memory.omitted_more);
}

BOOST_AUTO_TEST_CASE(ended_tasks_of_the_agent_are_remembered) {
  const auto done = add_task(ada, task_status::done);
  const auto failed = add_task(ada, task_status::error);
  add_task(ada, task_status::pending);
  add_task(ada, task_status::running);
  add_task(bob, task_status::done);
  const auto memory = read(ada);
  BOOST_REQUIRE(memory.entries.size() == 2U);
  BOOST_TEST((memory.entries[0].task == done));
  BOOST_TEST((memory.entries[1].task == failed));
  BOOST_TEST((texts(memory) == words{"Output: Yes.", "Error: refusal: No."}));
  BOOST_TEST(memory.tokens == estimate_tokens(memory.text));
}

BOOST_AUTO_TEST_CASE(what_was_said_is_remembered_with_names) {
  say_and_take(party::of(bob.id), ada, "Sail!");
  say(party::of(ada.id), party::of(bob.id), "Where?");
  say_and_take(party::user(), ada, "Hurry.");
  say(party::user(), party::of(bob.id), "To Bob alone.");
  const auto memory = read(ada);
  BOOST_TEST((texts(memory) == words{"Sail!", "Where?", "Hurry."}));
  BOOST_TEST(memory.entries[0].text.starts_with("Message from Bob (" + bob.id.to_string() + "), "));
  BOOST_TEST(memory.entries[1].text.starts_with("Message to Bob (" + bob.id.to_string() + "), "));
  BOOST_TEST(memory.entries[2].text.starts_with("Message from a user, "));
}

BOOST_AUTO_TEST_CASE(the_mailbox_is_unread_and_not_remembered) {
  say_and_take(party::user(), ada, "old");
  say(party::user(), party::of(ada.id), "new");
  const auto memory = read(ada);
  BOOST_TEST((texts(memory) == words{"old"}));
  BOOST_REQUIRE(memory.unread.size() == 1U);
  BOOST_TEST(memory.unread[0].text == "new");
}

BOOST_AUTO_TEST_CASE(a_full_mailbox_is_shown_from_its_oldest_on) {
  say_and_take(party::user(), ada, "old");
  for (std::size_t i = 0; i < actors::max_unread_shown + 20; ++i) {
    say(party::user(), party::of(ada.id), "new " + std::to_string(i));
  }
  const auto memory = read(ada);
  BOOST_REQUIRE(memory.unread.size() == actors::max_unread_shown);
  BOOST_TEST(memory.unread[0].text == "new 0");
  BOOST_TEST((texts(memory) == words{"old"}));
}

BOOST_AUTO_TEST_CASE(only_what_was_before_a_moment_is_remembered) {
  add_task(ada, task_status::done);
  say_and_take(party::user(), ada, "before");
  const auto moment = clock.now();
  add_task(ada, task_status::done);
  say_and_take(party::user(), ada, "after");
  BOOST_TEST((texts(read_at(ada, moment)) == words{"Output: Yes.", "before"}));
}

BOOST_AUTO_TEST_CASE(the_task_at_hand_and_what_its_journal_has_are_not_remembered) {
  const auto own = add_task(ada, task_status::error);
  add_task(ada, task_status::done);
  const auto told = say_and_take(party::user(), ada, "in the journal");
  say_and_take(party::user(), ada, "not there");
  BOOST_TEST((texts(read(ada, own, {told})) == words{"Output: Yes.", "not there"}));
}

BOOST_AUTO_TEST_CASE(what_was_forgotten_is_gone_for_good) {
  for (int i = 0; i < 40; ++i) add_task(ada, task_status::done);
  for (int i = 0; i < 40; ++i) say_and_take(party::user(), ada, "old");
  ada.memory_since = clock.now();
  BOOST_TEST(read(ada).text.empty());
  BOOST_TEST((read(ada).since == ada.memory_since));
  add_task(ada, task_status::done);
  say_and_take(party::user(), ada, "new");
  const auto memory = read(ada);
  BOOST_TEST((texts(memory) == words{"Output: Yes.", "new"}));
  BOOST_TEST(memory.omitted_tasks + memory.omitted_messages == 0U);
  BOOST_TEST(!memory.omitted_more);
}

BOOST_AUTO_TEST_CASE(the_newest_within_the_allowance_are_kept) {
  for (int i = 0; i < 50; ++i) add_task(ada, task_status::done, "Look " + std::to_string(i));
  for (int i = 0; i < 50; ++i) say_and_take(party::user(), ada, "said " + std::to_string(i));
  ada.memory_tokens = 1000;
  const auto memory = read(ada);
  BOOST_TEST(memory.tokens <= 1000U);
  BOOST_TEST(memory.tokens > 800U);
  BOOST_REQUIRE(!memory.entries.empty());
  BOOST_TEST(texts(memory).back() == "said 49");
  BOOST_TEST(memory.omitted_more);
  BOOST_TEST(memory.omitted_tasks > 0U);
  BOOST_TEST(memory.text.find(" At least ") != std::string::npos);
  ada.memory_tokens = highest_memory_tokens;
  const auto all = read(ada);
  BOOST_TEST(all.entries.size() == 100U);
  BOOST_TEST(!all.omitted_more);
  const auto few = read(ada, {}, {}, 500);
  BOOST_TEST(few.text.size() <= 500U);
  BOOST_TEST(!few.entries.empty());
}

BOOST_AUTO_TEST_CASE(no_more_rows_are_looked_at_than_the_bound) {
  ada.memory_tokens = highest_memory_tokens;
  for (std::size_t i = 0; i < actors::max_remembered_rows; ++i) add_task(ada, task_status::done);
  for (int i = 0; i < 30; ++i) add_task(ada, task_status::pending);
  const auto memory = read(ada);
  BOOST_TEST(memory.entries.size() == actors::max_remembered_rows / 2);
  BOOST_TEST(memory.omitted_more);
  BOOST_TEST(memory.text.find("Older ones are not shown.") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(an_agent_without_an_allowance_has_only_its_mailbox) {
  add_task(ada, task_status::done);
  say(party::user(), party::of(ada.id), "new");
  ada.memory_tokens = 0;
  const auto memory = read(ada);
  BOOST_TEST(memory.text.empty());
  BOOST_TEST(memory.entries.empty());
  BOOST_TEST(memory.unread.size() == 1U);
}

BOOST_AUTO_TEST_CASE(memory_has_a_part_of_the_conversation) {
  BOOST_TEST(actors::most_memory_bytes(800'000) == 200'000U);
}

BOOST_AUTO_TEST_SUITE_END()
