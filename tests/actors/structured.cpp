// Runs whose output must fit a schema, as they are stored: drafts, verdicts, crashes between them, secrets in them.
#include <boost/test/unit_test.hpp>

#include <nlohmann/json.hpp>

#include "core/bus_types.hpp"
#include "tests/actors/world.hpp"
#include "tests/support/literal_redactor.hpp"

using namespace flotilla;
using namespace flotilla::testing;

namespace {

using words = std::vector<std::string>;

constexpr auto schema = R"({"type":"object","required":["n"],"properties":{"n":{"type":"integer"}}})";

/// How often an answer has been sent back in this conversation.
std::size_t rejections(const model_request& request) {
  std::size_t count = 0;
  for (const auto& turn : request.turns) {
    const auto* said = std::get_if<user_turn>(&turn);
    if (said != nullptr && said->rejects) ++count;
  }
  return count;
}

/// What was said of the answer under way, where the call before was cut.
std::string said_before(const model_request& request) {
  const auto& turns = request.turns;
  const auto* last = std::get_if<user_turn>(&turns.back());
  const bool continued = turns.size() > 2 && last != nullptr && !last->rejects;
  return continued ? std::get<assistant_turn>(turns[turns.size() - 2]).text : std::string();
}

/// Answers wrongly twice, then rightly; in two pieces, and behind what was said already.
void play(model_exchange& call) {
  static const char* const answers[] = {"Seven.", R"({"n":"7"})", "```json\n{\"n\":7}\n```"};
  const std::string whole = answers[rejections(call.request)];
  const auto rest = whole.substr(said_before(call.request).size());
  call.say(rest.substr(0, 3));
  if (rest.size() > 3) call.say(rest.substr(3));
  call.end();
}

void check_end(const world& in, task_id work) {
  const auto now = in.record(work).task;
  BOOST_TEST((now.status == task_status::done));
  BOOST_TEST(now.output.value_or("") == R"({"n":7})");
  BOOST_TEST(in.told_times(work, bus::task_done) == 1U);
  in.check(work);
}

std::size_t times(const words& story, const std::string& word) {
  return static_cast<std::size_t>(std::count(story.begin(), story.end(), word));
}

/// The texts of the drafts, joined.
std::string drafts(const world& in, task_id work) {
  std::string text;
  for (const auto& each : in.events(work)) {
    if (each.text == run_status::draft) text += nlohmann::json::parse(*each.data)["text"].get<std::string>();
  }
  return text;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(structured, world)

BOOST_AUTO_TEST_CASE(an_answer_goes_back_until_it_fits) {
  const auto ada = add_agent();
  const auto work = add_task(ada, task_priority::normal, schema);
  (void)at->run(ada, work);
  settle();
  BOOST_TEST(std::get<user_turn>(model.last().request.turns.at(0)).text.ends_with(schema));
  model.last().say("7");
  model.last().end();
  settle();
  BOOST_REQUIRE_EQUAL(model.calls.size(), 2U);
  BOOST_TEST(rejections(model.last().request) == 1U);
  model.last().say(R"({"n":)");
  settle();
  BOOST_TEST(!record(work).task.output.has_value());
  model.last().say("7}");
  model.last().end();
  settle();
  BOOST_TEST(story(work) == (words{"running", "model_call", "draft", "model_answer", "output_rejected", "model_call",
                                   "draft", "draft", "model_answer", R"(+{"n":7})", "done"}),
             boost::test_tools::per_element());
  const auto rejected = events(work).at(4);
  BOOST_TEST(*rejected.data == R"({"errors":["at the top: must be of the type object, not number"],"try":1})");
  BOOST_TEST((record(work).task.usage == token_usage{2, 2}));
  check_end(*this, work);
}

BOOST_AUTO_TEST_CASE(a_run_whose_answers_never_fit_ends_with_what_is_wrong) {
  model.script = [](model_exchange& call) {
    call.say("{}");
    call.end();
  };
  const auto ada = add_agent();
  const auto work = add_task(ada, task_priority::normal, schema);
  run_through(ada, work);
  const auto now = record(work).task;
  BOOST_TEST((now.status == task_status::error));
  BOOST_TEST(now.error->code == "output_invalid");
  BOOST_TEST(now.error->message.find("at the top: must have the property \"n\"") != std::string::npos);
  BOOST_TEST(!now.output.has_value());
  BOOST_TEST(model.calls.size() == 4U);
  BOOST_TEST(times(story(work), "output_rejected") == 3U);
  check(work);
}

BOOST_AUTO_TEST_CASE(a_process_that_ends_at_every_step) {
  for (std::size_t cut = 0;; ++cut) {
    BOOST_TEST_CONTEXT("the process ends after " << cut << " messages") {
      world in;
      in.model.script = play;
      const auto ada = in.add_agent();
      const auto work = in.add_task(ada, task_priority::normal, schema);
      (void)in.at->run(ada, work);
      const bool cut_short = in.at->steps(cut) == cut && in.status(work) != task_status::done;
      const auto story_before = in.story(work);
      in.crash();
      in.start();
      in.settle();
      if (in.status(work) == task_status::pending) {
        (void)in.at->run(ada, work);
        in.settle();
      }
      check_end(in, work);
      const auto story = in.story(work);
      BOOST_TEST(times(story, "output_rejected") == 2U);
      BOOST_TEST(times(story, "model_answer") == 3U);
      BOOST_TEST(drafts(in, work) == "Seven.{\"n\":\"7\"}```json\n{\"n\":7}\n```");
      BOOST_TEST(std::equal(story_before.begin(), story_before.end(), story.begin()));
      if (!cut_short) break;
      BOOST_REQUIRE(cut < 500);
    }
  }
}

BOOST_AUTO_TEST_CASE(secrets_in_drafts_are_hidden_once) {
  // The key holds the value: what stands for it must not be looked at again.
  const redactor_ptr with =
      std::make_shared<literal_redactor>(std::map<std::string, std::string>{{"swordfish", "the swordfish key"}});
  at->env->redactor_of = [&](org_id) { return with; };
  const auto ada = add_agent();
  const auto work = add_task(ada, task_priority::normal, R"({"required":["a"]})");
  (void)at->run(ada, work);
  settle();
  for (const auto* piece : {R"({"a":"sw)", "ord", R"(fish"})"}) {
    model.last().say(piece);
    settle();
  }
  model.last().end();
  settle();
  constexpr auto hidden = R"({"a":"[secret:the swordfish key]"})";
  BOOST_TEST(drafts(*this, work) == hidden);
  BOOST_TEST(record(work).task.output.value_or("") == hidden);
  check(work);
}

BOOST_AUTO_TEST_CASE(a_secret_over_a_crash_is_hidden) {
  const redactor_ptr with =
      std::make_shared<literal_redactor>(std::map<std::string, std::string>{{"swordfish", "WORD"}});
  const auto hide = [&] { at->env->redactor_of = [&](org_id) { return with; }; };
  hide();
  const auto ada = add_agent();
  const auto work = add_task(ada, task_priority::normal, R"({"required":["a"]})");
  (void)at->run(ada, work);
  settle();
  model.last().say(R"({"a":"sword)");
  settle();
  crash();
  start();
  hide();
  settle();
  BOOST_TEST(said_before(model.last().request) == R"({"a":")");
  model.last().say(R"(swordfish"})");
  model.last().end();
  settle();
  BOOST_TEST(record(work).task.output.value_or("") == R"({"a":"[secret:WORD]"})");
  check(work);
}

BOOST_AUTO_TEST_CASE(a_schema_that_cannot_be_read_ends_the_task) {
  const auto ada = add_agent();
  const auto work = add_task(ada, task_priority::normal, R"({"pattern":"a"})");
  run_through(ada, work);
  BOOST_TEST(record(work).task.error.value().code == "internal");
  BOOST_TEST(model.calls.empty());
}

BOOST_AUTO_TEST_SUITE_END()
