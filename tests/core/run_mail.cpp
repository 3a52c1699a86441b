// What an agent remembers and is told by others in its runs, and what it says to them.
#include <boost/test/unit_test.hpp>

#include "core/builtin_tools.hpp"
#include "core/bus_types.hpp"
#include "core/message_text.hpp"
#include "core/run_events.hpp"
#include "core/run_machine.hpp"
#include "flotilla/limits.hpp"

namespace {

using namespace flotilla;
using namespace std::chrono_literals;

agent_id agent_numbered(std::uint8_t number) {
  agent_id made;
  made.value.bytes.fill(number);
  return made;
}

constexpr timestamp midnight_and_a_half{std::chrono::milliseconds{1'795'653'000'000}};

told_message said_by(party who, std::string name, std::string text, std::optional<std::string> team = {}) {
  told_message made;
  made.id.value.bytes.fill(9);
  made.seq = 7;
  made.from = who;
  made.name = std::move(name);
  made.team = std::move(team);
  made.text = std::move(text);
  made.at = midnight_and_a_half;
  return made;
}

tool_request request_of(std::string id, std::string_view tool) {
  return {std::move(id), std::string(tool), "{}"};
}

run_spec spec_of(std::string memory = {}) {
  run_spec made;
  made.input = "do it";
  made.memory = std::move(memory);
  made.max_turns = 3;
  tool_spec search;
  search.name = "search";
  made.tools = {search, builtin::send_message_tool()};
  return made;
}

struct run {
  explicit run(run_spec spec = spec_of()) : machine(std::move(spec)) { tell(running_event(1, "p", "m")); }
  bool takes(const event& happened) { return machine.apply(happened).has_value(); }
  void tell(const event& happened) { BOOST_TEST(takes(happened), "refused: " + happened.text); }
  void says(std::string_view status) { tell(status_event(status)); }
  void ask() { tell(model_call_event(1, 1)); }
  void answer(stop_reason stop, std::vector<tool_request> calls = {}) {
    tell(model_answer_event({stop, std::move(calls), {}}));
  }
  void use_tool(std::string text = "found") {
    ask();
    answer(stop_reason::tool_use, {request_of("s", "search")});
    tell(tool_call_event(request_of("s", "search")));
    tell(tool_result_event("search", {"s", std::move(text), false}));
  }
  void fail_a_try() {
    tell(retrying_event({.code = "x", .message = "y", .retryable = true, .retry_after = {}, .usage = {}}, 1, 1ms));
  }
  /// The journal takes mail exactly where the machine says so.
  void check_mail(bool taken) {
    BOOST_TEST(machine.takes_mail() == taken);
    BOOST_TEST(takes(mail) == taken);
  }
  bool wants(const std::vector<run_action>& actions) const { return machine.next() == actions; }
  std::vector<conversation_turn> talk() const { return machine.request().turns; }

  run_machine machine;
  event mail = mail_event({said_by(party::user(), "", "Hurry.")});
};

std::string complaint_on(std::string_view arguments) {
  const auto read = builtin::read_send_message_arguments(arguments);
  return read ? std::string("none") : read.error().message;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(run_mail)

BOOST_AUTO_TEST_CASE(messages_are_headed_by_who_says_them_and_when) {
  run it;
  it.tell(mail_event({said_by(party::of(agent_numbered(1)), "Ada", "Sail\nin sight."),
                      said_by(party::user(), "", "Hurry."),
                      said_by(party::of(agent_numbered(2)), "Bob", "All hands!", "deck")}));
  const std::string expected = "Message from Ada (" + agent_numbered(1).to_string() +
                               "), 2026-11-26T00:30:00.000Z:\nSail\nin sight.\n\n"
                               "Message from a user, 2026-11-26T00:30:00.000Z:\nHurry.\n\n"
                               "Message from Bob (" +
                               agent_numbered(2).to_string() +
                               ") to the team deck, 2026-11-26T00:30:00.000Z:\nAll hands!";
  BOOST_TEST((it.talk() == std::vector<conversation_turn>{user_turn{"do it"}, user_turn{expected, false, true}}));
  BOOST_TEST(it.wants({call_model{1, 1}}));
}

BOOST_AUTO_TEST_CASE(a_heading_stays_one_line_and_knows_its_direction) {
  const auto heading = [](message_direction way, party other, std::string_view name,
                          std::optional<std::string_view> team = {}) {
    return to_text(message_heading{way, other, name, team, midnight_and_a_half});
  };
  const auto id = agent_numbered(1).to_string();
  BOOST_TEST(heading(message_direction::sent, party::of(agent_numbered(1)), "A\nda") ==
             "Message to A da (" + id + "), 2026-11-26T00:30:00.000Z:\n");
  BOOST_TEST(heading(message_direction::received, party::of(agent_numbered(1)), "", "a\rb") ==
             "Message from an agent (" + id + ") to the team a b, 2026-11-26T00:30:00.000Z:\n");
  BOOST_TEST(heading(message_direction::received, party::system(), "") ==
             "Message from the system, 2026-11-26T00:30:00.000Z:\n");
}

BOOST_AUTO_TEST_CASE(a_party_is_read_as_it_is_written) {
  for (const auto& who : {party::user(), party::system(), party::of(agent_numbered(3))}) {
    BOOST_TEST((parse_party(to_word(who)) == who));
  }
  BOOST_TEST(!parse_party("everyone").has_value());
  BOOST_TEST(!parse_party("").has_value());
}

BOOST_AUTO_TEST_CASE(mail_comes_between_turns) {
  run it;
  it.check_mail(true);
  it.check_mail(true);  // more than once
  it.says(run_status::budget_wait);
  it.check_mail(true);
  it.use_tool();
  it.check_mail(true);
  BOOST_TEST(it.wants({call_model{2, 1}}));
  const auto talk = it.talk();
  BOOST_REQUIRE(talk.size() == 7U);
  BOOST_TEST(std::holds_alternative<tool_turn>(talk[5]));
  BOOST_TEST(std::get<user_turn>(talk[6]).background);
}

BOOST_AUTO_TEST_CASE(mail_does_not_come_into_a_turn) {
  run it;
  it.ask();
  it.check_mail(false);
  it.fail_a_try();
  it.check_mail(false);
  it.ask();
  it.answer(stop_reason::tool_use, {request_of("s", "search")});
  it.check_mail(false);
  it.tell(tool_call_event(request_of("s", "search")));
  it.check_mail(false);
  it.tell(tool_result_event("search", {"s", "found", false}));
  it.check_mail(true);
  it.ask();
  it.answer(stop_reason::pause);
  it.check_mail(false);
  it.ask();
  it.answer(stop_reason::end_turn);
  it.check_mail(false);
  it.says(run_status::done);
  it.check_mail(false);
}

BOOST_AUTO_TEST_CASE(mail_does_not_part_an_answer_that_was_cut) {
  run it;
  it.ask();
  it.says(run_status::resumed);
  it.check_mail(true);  // nothing had been said
  it.ask();
  it.tell(*delta_event(text_delta{"So"}));
  it.says(run_status::resumed);
  it.check_mail(false);
}

BOOST_AUTO_TEST_CASE(mail_is_not_taken_before_a_run_or_where_it_has_no_other_turn) {
  run_machine fresh(spec_of());
  BOOST_TEST(!fresh.takes_mail());
  run it;
  for (int turn = 0; turn < 3; ++turn) it.use_tool();
  BOOST_TEST(!it.machine.takes_mail());
  // The limit may have been lower when the journal was written: what stands in it is still read.
  BOOST_TEST(it.takes(it.mail));
}

BOOST_AUTO_TEST_CASE(mail_waits_until_the_conversation_is_trimmed) {
  auto spec = spec_of();
  spec.max_context_bytes = 400;
  run it(std::move(spec));
  it.use_tool(std::string(300, 'x'));
  it.use_tool(std::string(100, 'y'));
  BOOST_TEST(it.wants({trim_context{1, 300}}));
  BOOST_TEST(!it.machine.takes_mail());
  it.tell(context_trimmed_event(1, 300));
  BOOST_TEST(it.machine.takes_mail());
}

BOOST_AUTO_TEST_CASE(mail_counts_in_the_conversation) {
  auto spec = spec_of();
  spec.max_context_bytes = 120;
  run it(std::move(spec));
  it.tell(mail_event({said_by(party::user(), "", std::string(100, 'x'))}));
  const auto next = it.machine.next();
  BOOST_REQUIRE(next.size() == 1U);
  BOOST_TEST(std::get<finish>(next[0]).error.value_or(task_error{}).code == "context_too_large");
}

BOOST_AUTO_TEST_CASE(memory_stands_before_the_input_and_counts) {
  run it(spec_of("You weighed anchor."));
  it.tell(memory_event({}));
  const std::vector<conversation_turn> expected{user_turn{"You weighed anchor.", false, true}, user_turn{"do it"}};
  BOOST_TEST((it.talk() == expected));
  BOOST_TEST(it.wants({call_model{1, 1}}));
  auto spec = spec_of(std::string(100, 'm'));
  spec.max_context_bytes = 104;  // the input has five more
  run other(std::move(spec));
  BOOST_TEST(std::holds_alternative<finish>(other.machine.next().front()));
}

BOOST_AUTO_TEST_CASE(memory_is_told_once_and_right_at_the_beginning) {
  const auto memory = memory_event({});
  run it;
  it.says(run_status::suspended);
  it.says(run_status::resumed);
  it.tell(memory);
  BOOST_TEST(!it.takes(memory));
  run later;
  later.ask();
  BOOST_TEST(!later.takes(memory));
  run_machine unbegun(spec_of());
  BOOST_TEST(!unbegun.apply(memory).has_value());
}

BOOST_AUTO_TEST_CASE(a_message_is_sent_at_once_and_never_half) {
  run it;
  const auto request = request_of("m", builtin::send_message);
  it.ask();
  it.answer(stop_reason::tool_use, {request});
  BOOST_TEST(it.wants({post_mail{request}}));
  it.tell(tool_call_event(request));
  BOOST_TEST(it.machine.next().empty());
  it.says(run_status::resumed);
  BOOST_TEST(it.wants({post_mail{request}}));  // its result stands with it, so it was not sent
  it.tell(tool_call_event(request));
  it.tell(tool_result_event(builtin::send_message, builtin::sent_outcome("m", {{agent_numbered(1), "Ada"}})));
  BOOST_TEST(it.wants({call_model{2, 1}}));
  BOOST_TEST(std::get<tool_turn>(it.talk().back()).outcomes.front().text ==
             R"({"delivered":[{"id":")" + agent_numbered(1).to_string() + R"(","name":"Ada"}]})");
}

BOOST_AUTO_TEST_CASE(sending_can_need_an_approval) {
  auto spec = spec_of();
  spec.approvals = {"send_*"};
  run it(std::move(spec));
  const auto request = request_of("m", builtin::send_message);
  it.ask();
  it.answer(stop_reason::tool_use, {request});
  BOOST_TEST(it.wants({ask_approval{request, approval_reason::policy}}));
  it.tell(approval_requested_event(request, approval_reason::policy));
  it.tell(decision_event({true, false, ""}, builtin::send_message, "m"));
  BOOST_TEST(it.wants({post_mail{request}}));
  it.tell(tool_call_event(request));
  it.says(run_status::resumed);
  BOOST_TEST(it.wants({post_mail{request}}));  // approved once
}

BOOST_AUTO_TEST_CASE(arguments_of_send_message_are_read) {
  const auto one = builtin::read_send_message_arguments(R"({"to":"Ada","text":"Sail!","wake":true,"team":null})");
  BOOST_REQUIRE(one.has_value());
  BOOST_TEST(one->to.value_or("") == "Ada");
  BOOST_TEST(!one->team.has_value());
  BOOST_TEST(one->text == "Sail!");
  BOOST_TEST(one->wake);
  const auto all = builtin::read_send_message_arguments(R"({"team":"deck","text":"Sail!"})");
  BOOST_REQUIRE(all.has_value());
  BOOST_TEST(all->team.value_or("") == "deck");
  BOOST_TEST(!all->wake);
  BOOST_TEST(complaint_on("7") == "the arguments must be a JSON object");
  BOOST_TEST(complaint_on(R"({"text":"x"})") == "to: exactly one of to and team must be given");
  BOOST_TEST(complaint_on(R"({"to":"a","team":"b","text":"x"})") == "to: exactly one of to and team must be given");
  BOOST_TEST(complaint_on(R"({"to":""})") == "to: must not be empty");
  BOOST_TEST(complaint_on(R"({"to":7,"text":"x"})") == "to: must be a text");
  BOOST_TEST(complaint_on(R"({"team":"b"})") == "text: is missing");
  BOOST_TEST(complaint_on(R"({"team":"b","text":"x","wake":1})") == "wake: must be true or false");
  const auto sized = [](std::size_t bytes) { return R"({"to":"a","text":")" + std::string(bytes, 'x') + "\"}"; };
  BOOST_TEST(complaint_on(sized(max_message_bytes)) == "none");
  BOOST_TEST(complaint_on(sized(max_message_bytes + 1)) == "text: has more than 65536 bytes");
}

BOOST_AUTO_TEST_CASE(the_tool_is_the_runtimes_own) {
  BOOST_TEST(builtin::is_builtin(builtin::send_message));
  BOOST_TEST(builtin::send_message_tool().name == "send_message");
  BOOST_TEST(output_schema::parse(builtin::send_message_tool().input_schema).has_value());
}

BOOST_AUTO_TEST_CASE(mail_is_read_back) {
  const std::vector<told_message> messages{said_by(party::of(agent_numbered(1)), "Ada", "Sail \"ho\"\n", "deck"),
                                           said_by(party::user(), "", "Hurry.")};
  const auto told = mail_event(messages);
  BOOST_TEST(told.text == run_status::mail);
  BOOST_REQUIRE(read_mail(told).has_value());
  BOOST_TEST((*read_mail(told) == messages));
  const auto id = messages[0].id.to_string();
  const std::string good =
      R"({"id":")" + id + R"(","seq":1,"from":"user","name":"","text":"x","at":"2026-11-26T00:30:00Z")";
  const auto reads = [&](const std::string& data) {
    auto bad = told;
    bad.data = data;
    return read_mail(bad).has_value();
  };
  BOOST_TEST(reads(R"({"messages":[)" + good + "}]}"));
  for (const std::string bad :
       {"7", "{}", R"({"messages":{}})", R"({"messages":[]})", R"({"messages":[7]})", R"({"messages":[{}]})"}) {
    BOOST_TEST(!reads(bad), bad);
  }
  BOOST_TEST(!reads(R"({"messages":[)" + good + R"(,"team":7}]})"));
  BOOST_TEST(!reads(R"({"messages":[)" + good + R"(,"seq":-1}]})"));
  BOOST_TEST(!reads(R"({"messages":[)" + good + R"(,"from":"nobody"}]})"));
  BOOST_TEST(!reads(R"({"messages":[)" + good + R"(,"at":"yesterday"}]})"));
}

BOOST_AUTO_TEST_CASE(what_is_remembered_is_told_in_numbers) {
  agent_memory memory;
  memory.tokens = 120;
  memory.entries.resize(3);
  memory.entries[1].task = task_id{};
  memory.omitted_tasks = 4;
  memory.omitted_messages = 5;
  const auto told = memory_event(memory);
  BOOST_TEST(told.text == run_status::memory);
  BOOST_TEST(*told.data == R"({"tokens":120,"tasks":1,"messages":2,"omittedTasks":4,"omittedMessages":5})");
}

BOOST_AUTO_TEST_SUITE_END()
