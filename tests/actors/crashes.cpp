// A process that ends at any moment, and a new one on the same store: nothing accepted is lost, nothing is said
// twice.
#include <boost/test/unit_test.hpp>

#include "core/bus_types.hpp"
#include "tests/actors/world.hpp"

using namespace flotilla;
using namespace flotilla::testing;

namespace {

using words = std::vector<std::string>;

/// Two turns: a tool between them, words in pieces.
void play(model_exchange& call) {
  const auto& turns = call.request.turns;
  const bool first = !call.has_results();
  const auto* said = std::get_if<assistant_turn>(&turns[turns.size() > 2 ? turns.size() - 2 : 0]);
  const bool continued = said && std::holds_alternative<user_turn>(turns.back());
  const std::string whole = first ? "Let me look. " : "It is 42.";
  // Asked to go on from a cut, it goes on from there.
  const auto rest = continued ? whole.substr(said->text.size()) : whole;
  if (!rest.empty()) call.say(rest.substr(0, 4));
  if (rest.size() > 4) call.say(rest.substr(4));
  if (first) {
    call.ask_tools({{"a", "search", "{}"}, {"b", "search", "{}"}});
  } else {
    call.end();
  }
}

void check_end(world& in, task_id work) {
  const auto now = in.record(work).task;
  BOOST_TEST((now.status == task_status::done));
  BOOST_TEST(now.output.value_or("") == "Let me look. It is 42.");
  BOOST_TEST(in.told_times(work, bus::task_started) == 1U);
  BOOST_TEST(in.told_times(work, bus::task_done) == 1U);
  in.check(work);
}

void arrange(world& in) {
  in.tools.offer("search", true);
  in.tools.script = [](tool_exchange& call) { call.answer("found"); };
  in.model.script = play;
}

/// How often each word stands in the story.
std::size_t times(const words& story, const std::string& word) {
  return static_cast<std::size_t>(std::count(story.begin(), story.end(), word));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(crashes)

BOOST_AUTO_TEST_CASE(at_every_step_of_a_run) {
  for (std::size_t cut = 0;; ++cut) {
    BOOST_TEST_CONTEXT("the process ends after " << cut << " messages") {
      world in;
      arrange(in);
      const auto ada = in.add_agent();
      const auto work = in.add_task(ada);
      const auto accepted = in.at->run(ada, work);
      const bool cut_short = in.at->steps(cut) == cut && in.status(work) != task_status::done;
      const bool was_accepted = granted(accepted);
      const auto story_before = in.story(work);
      in.crash();
      in.start();
      in.settle();
      if (in.status(work) == task_status::pending) {
        BOOST_TEST(!was_accepted);
        (void)in.at->run(ada, work);
        in.settle();
      }
      check_end(in, work);
      const auto story = in.story(work);
      BOOST_TEST(times(story, "model_answer") == 2U);
      BOOST_TEST(times(story, "search<found") == 2U);
      BOOST_TEST(std::equal(story_before.begin(), story_before.end(), story.begin()));
      if (!cut_short) break;
      BOOST_REQUIRE(cut < 500);
    }
  }
}

BOOST_AUTO_TEST_CASE(again_and_again) {
  for (const std::size_t stride : {1U, 2U, 3U, 5U, 8U, 13U}) {
    BOOST_TEST_CONTEXT("a process lives for " << stride << " messages, then for some more") {
      world in;
      arrange(in);
      const auto ada = in.add_agent();
      const auto work = in.add_task(ada);
      (void)in.at->run(ada, work);
      for (std::size_t life = stride; in.status(work) != task_status::done; ++life) {
        in.at->steps(life);
        in.crash();
        in.start();
        if (in.status(work) == task_status::pending) (void)in.at->run(ada, work);
        BOOST_REQUIRE(life < stride + 500);
      }
      check_end(in, work);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_queue_and_a_human) {
  for (std::size_t cut = 0;; ++cut) {
    BOOST_TEST_CONTEXT("the process ends after " << cut << " messages") {
      world in;
      arrange(in);
      const auto ada = in.add_agent({"search"});
      const auto one = in.add_task(ada);
      const auto two = in.add_task(ada);
      (void)in.at->run(ada, one);
      (void)in.at->run(ada, two);
      in.settle();
      BOOST_REQUIRE((in.status(one) == task_status::waiting));
      const auto first = in.at->decide(ada, one, true);
      const auto second = in.at->decide(ada, two, true);
      const auto made = in.at->steps(cut);
      const bool decided[] = {granted(first), granted(second)};
      in.crash();
      in.start();
      in.settle();
      for (const auto& each : {one, two}) {
        if (in.status(each) == task_status::waiting) {
          BOOST_TEST(!decided[each == two]);
          const auto again = in.at->decide(ada, each, true);
          in.settle();
          BOOST_TEST(granted(again));
        }
        check_end(in, each);
      }
      if (made < cut) break;
      BOOST_REQUIRE(cut < 500);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_tool_that_may_have_happened_is_asked_about) {
  world in;
  in.tools.offer("pay");
  in.model.script = [](model_exchange& call) {
    if (call.has_results()) return call.end();
    call.ask_tools({{"a", "pay", "{}"}});
  };
  const auto ada = in.add_agent();
  const auto work = in.add_task(ada);
  (void)in.at->run(ada, work);
  in.settle();
  BOOST_REQUIRE_EQUAL(in.tools.calls.size(), 1U);
  const auto key = in.tools.calls[0]->invocation.idempotency_key;
  in.crash();
  in.start();
  in.settle();
  BOOST_TEST((in.status(work) == task_status::waiting));
  BOOST_TEST(in.tools.calls.size() == 1U);
  (void)in.at->decide(ada, work, true);
  in.settle();
  BOOST_REQUIRE_EQUAL(in.tools.calls.size(), 2U);
  BOOST_TEST(in.tools.calls[1]->invocation.idempotency_key == key);
  in.crash();
  in.start();
  in.settle();
  BOOST_TEST((in.status(work) == task_status::waiting));
  (void)in.at->decide(ada, work, false);
  in.settle();
  BOOST_TEST((in.status(work) == task_status::done));
  BOOST_TEST(in.tools.calls.size() == 2U);
  in.check(work);
}

BOOST_AUTO_TEST_CASE(a_paused_agent_finishes_what_had_begun) {
  world in;
  const auto ada = in.add_agent();
  const auto work = in.add_task(ada);
  const auto next = in.add_task(ada);
  (void)in.at->run(ada, work);
  in.settle();
  (void)in.at->run(ada, next);
  in.settle();
  in.change_agent(ada, agent_status::paused);
  in.settle();
  in.crash();
  in.model.script = [](model_exchange& call) { call.end(); };
  in.start();
  in.settle();
  BOOST_TEST((in.status(work) == task_status::done));
  BOOST_TEST((in.status(next) == task_status::pending));
}

BOOST_AUTO_TEST_CASE(a_suspended_run_goes_on_elsewhere) {
  world in;
  const auto ada = in.add_agent();
  const auto work = in.add_task(ada);
  (void)in.at->run(ada, work);
  in.settle();
  in.model.last().say("Once upon");
  const auto done = in.at->order(actors::suspend{});
  in.settle();
  BOOST_TEST(*done);
  BOOST_TEST(in.model.calls[0]->gone);
  BOOST_TEST((in.status(work) == task_status::running));
  BOOST_TEST(in.story(work) == (words{"running", "model_call", "+Once upon", "suspended"}),
             boost::test_tools::per_element());
  const auto late = in.at->run(ada, work);
  in.settle();
  BOOST_TEST((refusal(late) == errc::unavailable));
  in.crash();
  in.start();
  in.settle();
  BOOST_REQUIRE_EQUAL(in.model.calls.size(), 2U);
  in.model.last().say("Once upon a time");
  in.model.last().end();
  in.settle();
  BOOST_TEST(*in.record(work).task.output == "Once upon a time");
  BOOST_TEST(in.story(work) == (words{"running", "model_call", "+Once upon", "suspended", "resumed", "model_call",
                                      "+ a time", "model_answer", "done"}),
             boost::test_tools::per_element());
  in.check(work);
}

BOOST_AUTO_TEST_SUITE_END()
