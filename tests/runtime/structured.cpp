// Tasks with an output schema in an embedded fleet: made, changed while they may be, and run.
#include <nlohmann/json.hpp>

#include "flotilla/limits.hpp"
#include "tests/runtime/host.hpp"

using namespace flotilla;
using namespace flotilla::testing;

namespace {

using schema_change = std::optional<std::optional<std::string>>;

constexpr auto schema = R"({"type":"object","required":["n"],"properties":{"n":{"type":"integer"}}})";

struct with_a_crew : host {
  with_a_crew() : host(in_memory()) {}
  agent_id ada = hire("Ada").value().id;

  result<task> give_structured(const std::string& input, std::string wanted) {
    auto draft = draft_task(ada, input);
    draft.output_schema = std::move(wanted);
    return ask(&fleet::create_task, draft);
  }
  result<task> change(task_id which, schema_change to) {
    task_patch patch;
    patch.output_schema = std::move(to);
    return ask(&fleet::update_task, which, patch);
  }
};

std::string message_of(const result<task>& outcome) {
  return outcome ? "taken" : outcome.error().message;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(structured, with_a_crew)

BOOST_AUTO_TEST_CASE(a_schema_is_kept_as_it_was_sent_but_for_spaces) {
  const auto made = give_structured("x", "{ \"title\" : \"a b\" ,\n \"minimum\" : 1.0 }");
  BOOST_TEST(made.value().output_schema.value() == R"({"title":"a b","minimum":1.0})");
  BOOST_TEST(detail(made->id).task.output_schema.value() == R"({"title":"a b","minimum":1.0})");
  BOOST_TEST(!give(ada, "x").value().output_schema.has_value());
}

BOOST_AUTO_TEST_CASE(a_wrong_one_is_refused_by_name) {
  const auto refused = [&](std::string text, const std::string& message) {
    const auto made = give_structured("x", text);
    BOOST_REQUIRE(!made);
    BOOST_TEST((made.error().code == errc::invalid));
    BOOST_TEST(made.error().message == message);
    const auto pending = give(ada, "x").value();
    BOOST_TEST(message_of(change(pending.id, schema_change(text))) == message);
    BOOST_TEST(!detail(pending.id).task.output_schema.has_value());
  };
  refused("", "outputSchema: is not valid JSON, at byte 1");
  refused("7", "outputSchema: must be a JSON object");
  refused(R"({"items":{"pattern":"a"}})",
          "outputSchema: at /items: \"pattern\" is not a keyword that is supported here");
  refused(std::string(max_output_schema_bytes + 1, ' '), "outputSchema: must not be longer than 16384 bytes");
}

BOOST_AUTO_TEST_CASE(it_changes_only_before_the_task_has_been_run) {
  const auto made = give_structured("@say {\"n\":7}", "{}").value();
  BOOST_TEST(change(made.id, schema_change(schema)).value().output_schema.value() == schema);
  BOOST_TEST(!change(made.id, schema_change(std::in_place)).value().output_schema.has_value());
  BOOST_TEST(change(made.id, schema_change(schema)).has_value());
  (void)run(made.id);
  const auto refusal = "outputSchema: it can be changed only before the task has been run";
  BOOST_TEST(message_of(change(made.id, schema_change("{}"))) == refusal);
  BOOST_TEST(message_of(change(made.id, schema_change(std::in_place))) == refusal);
  BOOST_TEST(message_of(change(made.id, schema_change(std::string(" ") + schema))) == "taken");  // no change
  BOOST_TEST(detail(made.id).task.output.value() == R"({"n":7})");
}

BOOST_AUTO_TEST_CASE(an_answer_goes_back_and_a_new_attempt_begins_anew) {
  const auto made = give_structured("@say seven\n@another\n@say {\"n\":7}", schema).value();
  for (const bool restart : {false, true}) {
    std::vector<std::string> kinds;
    for (const auto& each : run(made.id, restart)) {
      const auto event = nlohmann::json::parse(each);
      kinds.push_back(event["type"] == "status" ? event["text"] : event["type"]);
    }
    std::vector<std::string> expected{"running",    "model_call", "draft",        "model_answer", "output_rejected",
                                      "model_call", "draft",      "model_answer", "output",       "done"};
    if (restart) expected.insert(expected.begin(), "queued");
    BOOST_TEST(kinds == expected, boost::test_tools::per_element());
    BOOST_TEST(detail(made.id).task.output.value() == R"({"n":7})");
  }
}

BOOST_AUTO_TEST_CASE(secrets_in_a_schema_are_hidden_and_it_stays_one) {
  get(&fleet::put_secret, secret_name{secret_scope::org, std::nullopt, "WORD"}, std::string("sword\"fish"));
  const auto made = give_structured("x", R"({"const":"a sword\"fish","properties":{"n":{}}})");
  BOOST_TEST(message_of(made) == "taken");
  BOOST_TEST(made->output_schema.value() == R"({"const":"a [secret:WORD]","properties":{"n":{}}})");
}

BOOST_AUTO_TEST_SUITE_END()
