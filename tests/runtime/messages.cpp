// What humans say: to agents, and to tasks that wait or run.
#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

#include "core/bus_types.hpp"
#include "runtime/message_changes.hpp"
#include "tests/runtime/keyed.hpp"
#include "tests/storage/support.hpp"

using namespace flotilla;
using namespace flotilla::testing;

namespace {

struct with_agent {
  with_agent() : it(host::in_memory()), ada(it.hire("Ada").value().id) {}
  result<message> say(const std::string& text) { return it.ask(&fleet::post_message, outgoing_message{ada, text}); }
  agent_id hire_into(const std::string& name, const std::string& team) {
    auto draft = host::draft_agent(name);
    draft.team = team;
    return it.get(&fleet::create_agent, draft).id;
  }
  std::vector<message> bus(const std::string& type) {
    message_query query;
    query.filter.type = type;
    query.page.limit = max_page_limit;
    return it.get(&fleet::list_messages, query).items;
  }
  /// A task that waits for a human's word on `calls` tool calls.
  task_id reach_waiting(std::size_t calls = 1) {
    auto draft = host::draft_agent("Careful");
    draft.approvals = {"rehearse_*"};
    const auto careful = it.get(&fleet::create_agent, draft).id;
    std::string script;
    for (std::size_t i = 0; i < calls; ++i) script += "@tool rehearse_echo {\"text\":\"paid\"}\n";
    const auto work = it.give(careful, script + "@result").value().id;
    (void)it.run(work);
    BOOST_REQUIRE((it.detail(work).task.status == task_status::waiting));
    return work;
  }
  /// The ids of the calls that a task asked about.
  std::vector<std::string> calls_of(task_id which) {
    std::vector<std::string> found;
    const std::string key = "\"callId\":\"";
    for (const auto& each : it.detail(which).log) {
      if (each.json->find("approval_requested") == std::string::npos) continue;
      const auto begin = each.json->find(key) + key.size();
      found.push_back(each.json->substr(begin, each.json->find('"', begin) - begin));
    }
    return found;
  }
  task run_to_end(task_id which) {
    (void)it.run(which);
    return it.detail(which).task;
  }

  host it;
  agent_id ada;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(messages, with_agent)

BOOST_AUTO_TEST_CASE(a_message_is_answered_as_it_stands_on_the_bus) {
  const auto watch = it.get(&fleet::watch_messages, message_filter{}, std::optional<message_seq>());
  const auto said = say("Look at this:\n\tplease");
  BOOST_REQUIRE(said);
  BOOST_TEST(said->type == bus::agent_message);
  BOOST_TEST((said->from == party::user() && said->to == party::of(ada)));
  BOOST_TEST(said->text == "Look at this:\n\tplease");
  BOOST_TEST(said->seq == 2U);  // behind agent.created
  BOOST_TEST((bus("agent.message") == std::vector{*said}));
  const auto chunk = await<log_chunk>([&](reply<log_chunk> done) { watch->next(1U << 20U, std::move(done)); });
  BOOST_REQUIRE((chunk && chunk->entries.size() == 1));
  BOOST_TEST(chunk->entries[0].seq == said->seq);
  message_query to_ada;
  to_ada.filter.agent = ada;
  BOOST_TEST((it.get(&fleet::list_messages, to_ada).items.front() == *said));
}

BOOST_AUTO_TEST_CASE(many_at_once_each_have_their_place) {
  constexpr std::size_t count = 32;
  std::vector<std::promise<result<message>>> answers(count);
  for (std::size_t i = 0; i < count; ++i) {
    it.runtime->post_message(it.who, {ada, std::to_string(i)},
                             [&answers, i](result<message> done) { answers[i].set_value(std::move(done)); });
  }
  std::vector<message> said;
  for (std::size_t i = 0; i < count; ++i) {
    const auto each = answers[i].get_future().get();
    BOOST_REQUIRE(each);
    BOOST_TEST(each->text == std::to_string(i));
    said.push_back(*each);
  }
  std::sort(said.begin(), said.end(), [](const message& a, const message& b) { return a.seq > b.seq; });
  BOOST_TEST((bus("agent.message") == said));
}

BOOST_AUTO_TEST_CASE(what_cannot_be_said) {
  using namespace std::string_literals;
  for (const auto& bad : {""s, " \n"s, "a\0b"s, "\xFF"s, std::string(max_message_bytes + 1, 'x')}) {
    BOOST_TEST(refusal(say(bad), errc::invalid).starts_with("text: must "));
  }
  BOOST_TEST(say(std::string(max_message_bytes, 'x')).has_value());
  const auto to = [&](agent_id who) {
    return refusal(it.ask(&fleet::post_message, outgoing_message{who, "x"}), errc::invalid);
  };
  BOOST_TEST(to({}) == "to: must be the id of an object");
  BOOST_TEST(to(agent_id::make(timestamp{})) == "to: no such agent");
  BOOST_REQUIRE(it.ask(&fleet::archive_agent, ada));
  BOOST_TEST(to(ada) == "to: the agent is archived");
  BOOST_TEST(bus("agent.message").size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_team_is_told_all_at_once) {
  const auto bob = hire_into("Bob", "Deck");
  const auto cy = hire_into("Cy", "Deck");
  (void)hire_into("Dora", "Galley");
  const auto gone = hire_into("Eve", "Deck");
  BOOST_REQUIRE(it.ask(&fleet::archive_agent, gone));
  const auto said = it.get(&fleet::post_team_message, team_message{"Deck", "All hands!"});
  BOOST_REQUIRE(said.size() == 2U);
  BOOST_TEST((said[0].to == party::of(bob) && said[1].to == party::of(cy)));
  for (const auto& each : said) {
    BOOST_TEST((each.from == party::user()));
    BOOST_TEST(each.text == "All hands!");
    BOOST_TEST(each.data.value_or("") == R"({"team":"Deck"})");
  }
  BOOST_TEST((bus("agent.message") == std::vector{said[1], said[0]}));
}

BOOST_AUTO_TEST_CASE(a_team_is_told_once_for_a_key) {
  (void)hire_into("Bob", "Deck");
  (void)hire_into("Cy", "Deck");
  std::optional<std::vector<message>> first;
  for (int i = 0; i < 3; ++i) {
    const keyed once(it, key("k"));
    const auto said = it.get(&fleet::post_team_message, team_message{"Deck", "line\nbreak"});
    BOOST_TEST(once.replayed() == (i > 0));
    if (first) BOOST_TEST((said == *first));
    first = said;
  }
  BOOST_TEST(bus("agent.message").size() == 2U);
}

BOOST_AUTO_TEST_CASE(a_team_that_cannot_be_told) {
  const auto to = [&](const std::string& team, const std::string& text) {
    return refusal(it.ask(&fleet::post_team_message, team_message{team, text}), errc::invalid);
  };
  BOOST_TEST(to("Deck", "x") == "team: has no members");
  BOOST_TEST(to("", "x").starts_with("team: must "));
  BOOST_TEST(to("Deck", "").starts_with("text: must "));
  const auto bob = hire_into("Bob", "Deck");
  BOOST_REQUIRE(it.ask(&fleet::archive_agent, bob));
  BOOST_TEST(to("Deck", "x") == "team: has no members");
  for (std::size_t i = 0; i < max_team_receivers; ++i) (void)hire_into("Hand", "Deck");
  BOOST_TEST(it.get(&fleet::post_team_message, team_message{"Deck", "x"}).size() == max_team_receivers);
  (void)hire_into("One more", "Deck");
  BOOST_TEST(to("Deck", "x") == "team: has more than 256 members");
  BOOST_TEST(bus("agent.message").size() == std::min(max_team_receivers, max_page_limit));
}

BOOST_AUTO_TEST_CASE(a_message_that_wakes_leaves_a_signal_in_its_batch) {
  const timestamp now{std::chrono::milliseconds{1'800'000'000'000}};
  const auto org = org_id::make(now);
  const auto store = storage::make_memory_store();
  agent bob;
  bob.id = agent_id::make(now);
  bob.name = "Bob";
  bob.team = "Deck";
  storage::batch hired;
  storage::write_agent(hired, org, nullptr, bob);
  storage::testing::must_commit(*store, std::move(hired));
  const auto signals = [&] { return storage::read_signals(*storage::testing::view(*store), org, bob.id).value(); };
  auto quiet = runtime::decide_post(*storage::testing::view(*store), org, {bob.id, "x", false}, now);
  BOOST_TEST(!quiet.value().messages.front().data.has_value());
  storage::testing::must_commit(*store, std::move(quiet->changes));
  BOOST_TEST(signals().empty());
  auto loud = runtime::decide_post(*storage::testing::view(*store), org, {bob.id, "x", true}, now);
  BOOST_TEST(loud.value().messages.front().data.value_or("") == R"({"wake":true})");
  storage::testing::must_commit(*store, std::move(loud->changes));
  BOOST_REQUIRE_EQUAL(signals().size(), 1U);
  BOOST_TEST((signals().front().kind == storage::keys::signal_kind::wake));
  BOOST_TEST((signals().front().task == task_id{}));
  auto all = runtime::decide_team_post(*storage::testing::view(*store), org, {"Deck", "x", true}, now);
  BOOST_TEST(all.value().messages.front().data.value_or("") == R"({"team":"Deck","wake":true})");
  storage::testing::must_commit(*store, std::move(all->changes));
  // Each has one of its own: who reads the first message must not take the second one's away.
  BOOST_TEST(signals().size() == 2U);
}

BOOST_AUTO_TEST_CASE(an_approval_is_answered_with_the_task) {
  const auto work = reach_waiting();
  approval_decision word;
  word.granted = true;
  word.comment = "go ahead";
  // It may wait still, in its agent's queue: the agent need not have seen yet that the run has come to its pause.
  BOOST_TEST((it.get(&fleet::decide_task, work, word).id == work));
  // What the human said is told to the model behind what the tool answered.
  BOOST_TEST(run_to_end(work).output.value_or("") == "paid\n\n[A human approved this call and said: go ahead]");
  const auto told = bus("approval.granted");
  BOOST_REQUIRE(told.size() == 1U);
  BOOST_TEST(told[0].data.value_or("").find("go ahead") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(one_call_of_two_is_decided) {
  const auto work = reach_waiting(2);
  const auto calls = calls_of(work);
  BOOST_REQUIRE(calls.size() == 2U);
  approval_decision word;
  word.call_id = "no such call";
  BOOST_TEST(refusal(it.ask(&fleet::decide_task, work, word), errc::invalid) ==
             "callId: no such call waits for a decision");
  word.call_id = calls[1];
  BOOST_REQUIRE(it.ask(&fleet::decide_task, work, word));
  (void)it.run(work);  // to where it waits for the other one
  BOOST_TEST((it.detail(work).task.status == task_status::waiting));
  BOOST_TEST(refusal(it.ask(&fleet::decide_task, work, word), errc::invalid) ==
             "callId: no such call waits for a decision");
  BOOST_REQUIRE(it.ask(&fleet::decide_task, work, approval_decision{true, calls[0], {}}));
  BOOST_TEST((run_to_end(work).status == task_status::done));
  BOOST_TEST(bus("approval.rejected").size() == 1U);
  BOOST_TEST(bus("approval.granted").size() == 1U);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_decided) {
  using namespace std::string_literals;
  const auto work = reach_waiting();
  const auto before = it.detail(work).task;
  for (const auto& bad : {"a\0b"s, "\xFF"s, std::string(max_comment_bytes + 1, 'x')}) {
    const approval_decision word{true, {}, bad};
    BOOST_TEST(refusal(it.ask(&fleet::decide_task, work, word), errc::invalid).starts_with("comment: must "));
  }
  for (const auto& bad : {""s, "\xFF"s, std::string(max_call_id_bytes + 1, 'x')}) {
    const approval_decision word{true, bad, {}};
    BOOST_TEST(refusal(it.ask(&fleet::decide_task, work, word), errc::invalid).starts_with("callId: must "));
  }
  BOOST_TEST((it.detail(work).task == before));
  const auto fresh = it.give(ada, "@say x").value().id;
  BOOST_TEST(refusal(it.ask(&fleet::decide_task, fresh, approval_decision{}), errc::invalid).find("pending") !=
             std::string::npos);
  (void)it.run(fresh);
  BOOST_TEST(refusal(it.ask(&fleet::decide_task, fresh, approval_decision{}), errc::invalid).find("done") !=
             std::string::npos);
  const auto nothing = task_id::make(timestamp{});
  (void)refusal(it.ask(&fleet::decide_task, nothing, approval_decision{}), errc::not_found);
}

BOOST_AUTO_TEST_CASE(a_comment_may_be_as_long_as_said) {
  const approval_decision word{true, {}, std::string(max_comment_bytes, 'x')};
  BOOST_TEST(it.ask(&fleet::decide_task, reach_waiting(), word).has_value());
}

BOOST_AUTO_TEST_CASE(a_cancelled_task_is_answered_as_it_stands) {
  const auto cancelled = [&](task_id which) {
    const auto now = it.get(&fleet::cancel_task, which);
    BOOST_TEST((now.id == which && now.status == task_status::error));
    BOOST_REQUIRE(now.error.has_value());
    BOOST_TEST(now.error->code == "cancelled");
    BOOST_TEST(refusal(it.ask(&fleet::cancel_task, which), errc::invalid).find("error") != std::string::npos);
  };
  cancelled(it.give(ada, "@say x").value().id);
  cancelled(reach_waiting());
  const auto running = it.give(ada, "@tool rehearse_sleep {\"ms\": 600000}").value().id;
  (void)it.get(&fleet::run_task, running, false);
  cancelled(running);
  (void)refusal(it.ask(&fleet::cancel_task, task_id::make(timestamp{})), errc::not_found);
  BOOST_TEST(bus("task.cancelled").size() == 3U);
}

BOOST_AUTO_TEST_CASE(a_drained_fleet_takes_no_word) {
  const auto work = reach_waiting();
  std::promise<void> drained;
  it.runtime->drain(std::chrono::milliseconds(5000), [&] { drained.set_value(); });
  BOOST_REQUIRE((drained.get_future().wait_for(patience) == std::future_status::ready));
  (void)refusal(say("x"), errc::unavailable);
  (void)refusal(it.ask(&fleet::decide_task, work, approval_decision{}), errc::unavailable);
  (void)refusal(it.ask(&fleet::cancel_task, work), errc::unavailable);
}

BOOST_AUTO_TEST_SUITE_END()
