// Calls with an idempotency key: sent twice, they happen once, also across a crash.
#include <atomic>

#include "actors/journal.hpp"
#include "flotilla/json.hpp"
#include "runtime/once_through_actor.hpp"
#include "runtime/seen_task.hpp"
#include "storage/log_hub.hpp"
#include "storage/memory/memory_store.hpp"
#include "tests/runtime/host.hpp"
#include "tests/runtime/keyed.hpp"
#include "tests/support/scratch_directory.hpp"

using namespace flotilla;
using namespace flotilla::testing;
using namespace std::chrono_literals;

namespace {

std::size_t agents_of(host& it) {
  return it.get(&fleet::list_agents, agent_query{}).items.size();
}

/// The ground of `change` without a fleet: a store in memory, and a clock in the test's hands.
struct ground {
  struct manual_clock final : wall_clock {
    timestamp time{1'800'000'000s};
    timestamp now() const override { return time; }
  };
  manual_clock clock;
  inline_executor readers;
  std::unique_ptr<storage::store> store = storage::make_memory_store();
  storage::log_hub hub{*store, readers};
  actors::journal journal{*store, hub, std::make_shared<storage::bus_stamp>(clock, timestamp{})};
  runtime::kept_answers answers{*store, clock, {}};
  runtime::change_context context{store.get(), &readers, &journal, &answers};
  principal who{org_id::make(clock.time), {}, {}, role::admin, {}};
  int decisions = 0;

  /// A call that answers with a number of its own each time that it happens.
  result<run_ticket> call(idempotency_ptr once) {
    who.once = std::move(once);
    result<run_ticket> got = fail(errc::internal, "not answered");
    runtime::change<run_ticket>(
        context, who,
        [this](const storage::snapshot&) -> result<runtime::decision<run_ticket>> {
          runtime::decision<run_ticket> made;
          made.answer.before_first = static_cast<event_seq>(++decisions);
          return made;
        },
        [&](result<run_ticket> done) { got = std::move(done); });
    return got;
  }
  std::size_t rows() {
    std::size_t count = 0;
    const auto seen = store->snapshot();
    (void)(*seen)->scan({}, storage::direction::forward, [&](std::string_view, std::string_view) { return ++count; });
    return count;
  }
};

/// What a call through an actor is in these tests: it sees a number, and answers with one.
struct seen_number {
  int value = 0;
  static result<seen_number> from_text(std::string_view text) { return seen_number{std::stoi(std::string(text))}; }
};
std::string to_text(const seen_number& seen) {
  return std::to_string(seen.value);
}

struct actor_ground : ground {
  int number = 1;                          ///< what `see` sees
  std::vector<std::pair<int, bool>> acts;  ///< what was seen, and `again`
  std::function<result<run_ticket>()> outcome = [] { return run_ticket{{}, 7}; };

  std::optional<result<run_ticket>> call_actor(idempotency_ptr once, bool dies = false) {
    who.once = std::move(once);
    std::optional<result<run_ticket>> got;
    runtime::actor_call<run_ticket, seen_number> call;
    call.see = [this](const storage::snapshot&) { return result<seen_number>(seen_number{number}); };
    call.act = [this, dies](const seen_number& seen, bool again, const reply<run_ticket>& done) {
      acts.emplace_back(seen.value, again);
      if (!dies) done(outcome());
    };
    runtime::once_through_actor<run_ticket, seen_number>(context, who, call,
                                                         [&](result<run_ticket> done) { got = std::move(done); });
    return got;
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(idempotency)

BOOST_AUTO_TEST_CASE(a_call_that_is_sent_twice_happens_once) {
  auto it = host::in_memory();
  const auto draft = host::draft_agent("Ada");
  std::string first;
  {
    const keyed once(it, key("k1"));
    first = to_json(it.get(&fleet::create_agent, draft));
    BOOST_TEST(!once.replayed());
  }
  {
    const keyed once(it, key("k1"));
    BOOST_TEST(to_json(it.get(&fleet::create_agent, draft)) == first);
    BOOST_TEST(once.replayed());
  }
  BOOST_TEST(agents_of(it) == 1U);
  const keyed other(it, key("k2"));
  BOOST_TEST(to_json(it.get(&fleet::create_agent, draft)) != first);
  BOOST_TEST(!other.replayed());
  BOOST_TEST(agents_of(it) == 2U);
}

BOOST_AUTO_TEST_CASE(the_answer_is_the_first_one_also_when_the_object_has_changed) {
  auto it = host::in_memory();
  const auto worker = it.hire("Ada").value();
  const auto draft = host::draft_task(worker.id, "@say hi");
  std::optional<task> first;
  {
    const keyed once(it, key("k"));
    first = it.get(&fleet::create_task, draft);
  }
  (void)it.run(first->id);
  const keyed once(it, key("k"));
  BOOST_TEST((it.get(&fleet::create_task, draft) == *first));
  BOOST_TEST(once.replayed());
}

BOOST_AUTO_TEST_CASE(callers_at_the_same_time_make_one_object) {
  auto it = host::in_memory();
  constexpr int callers = 32;
  for (int round = 0; round < 5; ++round) {
    std::vector<idempotency_ptr> keys;
    std::vector<std::promise<result<agent>>> answers(callers);
    for (auto& each : answers) {
      auto who = it.who;
      who.once = keys.emplace_back(key("r" + std::to_string(round)));
      it.runtime->create_agent(who, host::draft_agent("Ada"),
                               [&each](result<agent> done) { each.set_value(std::move(done)); });
    }
    std::optional<agent> made;
    for (auto& each : answers) {
      const auto got = each.get_future().get();
      BOOST_REQUIRE_MESSAGE(got, (got ? "" : got.error().message));
      if (made) BOOST_TEST((*got == *made));
      made = *got;
    }
    const auto first = [](const idempotency_ptr& each) { return !each->replayed; };
    BOOST_TEST(std::count_if(keys.begin(), keys.end(), first) == 1);
    BOOST_TEST(agents_of(it) == static_cast<std::size_t>(round + 1));
  }
}

BOOST_AUTO_TEST_CASE(a_key_is_for_one_request) {
  auto it = host::in_memory();
  {
    const keyed once(it, key("k", 1));
    BOOST_REQUIRE(it.hire("Ada"));
  }
  const keyed once(it, key("k", 2));
  const auto said = refusal(it.hire("Bob"), errc::invalid);
  BOOST_TEST(said == "Idempotency-Key: it was used for another request");
  BOOST_TEST(!once.replayed());
  BOOST_TEST(agents_of(it) == 1U);
}

BOOST_AUTO_TEST_CASE(a_key_has_a_form) {
  auto it = host::in_memory();
  for (const auto& text : {std::string(), std::string("two words"), std::string("\x01"), std::string("\x7f"),
                           std::string("\xc3\xa9"), std::string(max_idempotency_key_bytes + 1, 'k')}) {
    const keyed once(it, key(text));
    BOOST_TEST(refusal(it.hire("Ada"), errc::invalid).starts_with("Idempotency-Key:"));
  }
  BOOST_TEST(agents_of(it) == 0U);
  const keyed once(it, key(std::string(max_idempotency_key_bytes, '~')));
  BOOST_TEST(it.hire("Ada").has_value());
}

BOOST_AUTO_TEST_CASE(a_call_that_failed_leaves_no_key) {
  auto it = host::in_memory();
  {
    const keyed once(it, key("k"));
    (void)refusal(it.hire(""), errc::invalid);
  }
  const keyed once(it, key("k", 2));
  BOOST_TEST(it.hire("Ada").has_value());
  BOOST_TEST(!once.replayed());
}

BOOST_AUTO_TEST_CASE(a_key_outlives_the_process) {
  const scratch_directory directory;
  fleet_options options;
  options.data_directory = directory.path;
  std::string token;
  std::optional<agent> first;
  {
    host it{options};
    token = it.runtime->new_admin_token().value();
    it.log_in(token);
    const keyed once(it, key("k"));
    first = it.hire("Ada").value();
  }
  host it{options};
  it.log_in(token);
  const keyed once(it, key("k"));
  BOOST_TEST((it.hire("Ada").value() == *first));
  BOOST_TEST(once.replayed());
}

BOOST_AUTO_TEST_CASE(a_new_token_is_answered_again_and_its_text_is_on_no_disk) {
  const scratch_directory directory;
  fleet_options options;
  options.data_directory = directory.path;
  std::string admin;
  std::string text;
  {
    host it{options};
    admin = it.runtime->new_admin_token().value();
    it.log_in(admin);
    const keyed once(it, key("k"));
    text = it.get(&fleet::create_token, token_draft{"ci", role::viewer}).text;
  }
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory.path)) {
    if (entry.is_regular_file()) BOOST_TEST(read_file(entry.path()).find(text) == std::string::npos);
  }
  host it{options};
  it.log_in(admin);
  const keyed once(it, key("k"));
  const auto again = it.get(&fleet::create_token, token_draft{"ci", role::viewer});
  BOOST_TEST(once.replayed());
  BOOST_TEST(again.text == text);
  BOOST_TEST((again.token.org == it.who.org));
  it.who.once = nullptr;
  BOOST_TEST(it.get(&fleet::list_tokens, page_request{}).items.size() == 2U);
  it.who.once = key("k");
}

// --- lifetime -----------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_key_is_forgotten_after_a_day) {
  ground it;
  BOOST_TEST(it.call(key("k"))->before_first == 1U);
  it.clock.time += idempotency_lifetime - 1ms;
  BOOST_TEST(it.call(key("k"))->before_first == 1U);
  (void)refusal(it.call(key("k", 2)), errc::invalid);
  it.clock.time += 1ms;
  const auto fresh = key("k", 2);
  BOOST_TEST(it.call(fresh)->before_first == 2U);
  BOOST_TEST(!fresh->replayed);
  // It counts from the new call on.
  it.clock.time += idempotency_lifetime - 1ms;
  BOOST_TEST(it.call(key("k", 2))->before_first == 2U);
  BOOST_TEST(it.decisions == 2);
}

BOOST_AUTO_TEST_CASE(what_is_too_old_is_removed_by_later_calls) {
  ground it;
  for (int i = 0; i < 100; ++i) BOOST_REQUIRE(it.call(key("old" + std::to_string(i))));
  const auto many = it.rows();
  it.clock.time += idempotency_lifetime + 1ms;
  for (int i = 0; i < 3; ++i) BOOST_REQUIRE(it.call(key("new" + std::to_string(i))));
  BOOST_TEST(it.rows() < many);
  BOOST_TEST(it.rows() == 6U);  // two rows a key
  BOOST_REQUIRE(it.call(key("new0"))->before_first == 101U);
}

BOOST_AUTO_TEST_CASE(a_key_is_its_orgs_own) {
  ground it;
  BOOST_TEST(it.call(key("k"))->before_first == 1U);
  it.who.org = org_id::make(it.clock.time);
  BOOST_TEST(it.call(key("k", 2))->before_first == 2U);
}

BOOST_AUTO_TEST_CASE(a_seal_opens_with_the_callers_key_only) {
  ground it;
  it.who.once = key("k");
  auto sealed = it.answers.seal(it.who, "a secret");
  BOOST_TEST(sealed.find("secret") == std::string::npos);
  BOOST_TEST(it.answers.unseal(it.who, sealed).value() == "a secret");
  for (auto& byte : sealed) {
    byte = static_cast<char>(byte ^ 1);
    BOOST_TEST(!it.answers.unseal(it.who, sealed));
    byte = static_cast<char>(byte ^ 1);
  }
  BOOST_TEST(!it.answers.unseal(it.who, sealed.substr(0, 10)));
  it.who.once = key("other");
  BOOST_TEST(!it.answers.unseal(it.who, sealed));
}

// --- through actors -------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_call_through_an_actor_is_carried_out_once) {
  actor_ground it;
  BOOST_TEST((*it.call_actor(key("k")))->before_first == 7U);
  it.outcome = [] { return run_ticket{{}, 8}; };
  const auto again = key("k");
  BOOST_TEST((*it.call_actor(again))->before_first == 7U);
  BOOST_TEST(again->replayed);
  BOOST_TEST(it.acts.size() == 1U);
  (void)refusal(*it.call_actor(key("k", 2)), errc::invalid);
  BOOST_TEST((*it.call_actor(nullptr))->before_first == 8U);
}

BOOST_AUTO_TEST_CASE(a_repetition_completes_what_a_crash_cut_from_what_was_seen_at_first) {
  actor_ground it;
  BOOST_TEST(!it.call_actor(key("k"), true));
  it.number = 2;
  const auto again = key("k");
  BOOST_TEST((*it.call_actor(again))->before_first == 7U);
  BOOST_TEST(!again->replayed);
  BOOST_REQUIRE_EQUAL(it.acts.size(), 2U);
  BOOST_TEST((it.acts.back() == std::pair(1, true)));
  BOOST_TEST((*it.call_actor(key("k")))->before_first == 7U);
  BOOST_TEST(it.acts.size() == 2U);
}

BOOST_AUTO_TEST_CASE(a_refusal_leaves_no_key_and_an_unknown_end_does) {
  actor_ground it;
  it.outcome = []() -> result<run_ticket> { return fail(errc::forbidden, "the limit"); };
  BOOST_TEST(refusal(*it.call_actor(key("k")), errc::forbidden) == "the limit");
  it.outcome = []() -> result<run_ticket> { return fail(errc::unavailable, "no answer in time"); };
  (void)refusal(*it.call_actor(key("k", 2)), errc::unavailable);
  BOOST_TEST((it.acts.back() == std::pair(1, false)));
  (void)refusal(*it.call_actor(key("k", 3)), errc::invalid);  // it may have happened
  it.outcome = [] { return run_ticket{{}, 9}; };
  BOOST_TEST((*it.call_actor(key("k", 2)))->before_first == 9U);
  BOOST_TEST((it.acts.back() == std::pair(1, true)));
}

BOOST_AUTO_TEST_CASE(what_was_seen_of_a_task_is_read_back) {
  runtime::seen_task seen;
  seen.attempt = 3;
  seen.status = task_status::waiting;
  seen.updated_at = timestamp{1'800'000'000'123ms};
  const auto back = runtime::seen_task::from_text(runtime::to_text(seen)).value();
  BOOST_TEST(back.attempt == 3U);
  BOOST_TEST((back.status == task_status::waiting));
  BOOST_TEST((back.updated_at == seen.updated_at));
  for (const auto* wrong : {"", "3", "3 waiting", "x waiting 2026-11-23T09:30:00.000Z",
                            "3 asleep 2026-11-23T09:30:00.000Z", "3 waiting yesterday"}) {
    BOOST_TEST(!runtime::seen_task::from_text(wrong));
  }
}

BOOST_AUTO_TEST_SUITE_END()
