// Runs drawn at random (seeded) and cut at every event: a machine that is given what stands goes on to the same end.
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "core/builtin_tools.hpp"
#include "core/bus_types.hpp"
#include "core/run_events.hpp"
#include "core/run_machine.hpp"

namespace {

using namespace flotilla;
using namespace std::chrono_literals;

/// What the world answers is a function of what is asked, so that it is the same after a cut.
class player {
 public:
  explicit player(std::uint32_t seed) : seed_(seed) {}

  /// Gives the journal's next event to the machine.
  void tell(event happened) {
    happened.seq = journal.size() + 1;
    BOOST_REQUIRE_MESSAGE(machine.apply(happened).has_value(), "refused: " + happened.text);
    journal.push_back(std::move(happened));
  }

  void replay(const std::vector<event>& stands) {
    for (const auto& each : stands) tell(each);
    if (!machine.ended()) tell(status_event(run_status::resumed));
  }

  /// Plays until the end.
  void play() {
    if (!machine.started()) tell(running_event(1, "p", "m"));
    for (int round = 0; !machine.ended(); ++round) {
      BOOST_REQUIRE(round < 1000);
      if (machine.waiting()) {
        for (const auto& call : machine.awaiting_approval()) decide(call);
        end_a_child();
      }
      const auto actions = machine.next();
      BOOST_REQUIRE(!actions.empty());
      for (const auto& action : actions) std::visit([this](const auto& what) { carry_out(what); }, action);
    }
  }

  run_machine machine{spec()};
  std::vector<event> journal;
  std::vector<std::uint32_t> asked;  ///< turns for which the model was called
  std::vector<std::string> called;   ///< ids of the calls that were carried out
  std::vector<std::string> made;     ///< ids of the calls that made a task

 private:
  static run_spec spec() {
    run_spec made;
    made.input = "do it";
    made.approvals = {"pay"};
    made.max_turns = 6;
    made.max_context_bytes = 900;  // reached by some, but never by the last turn alone
    made.tools.push_back(builtin::ask_approval_tool());
    made.tools.push_back(builtin::delegate_tool({}));
    for (const auto* name : {"search", "pay", "write"}) {
      tool_spec tool;
      tool.name = name;
      tool.read_only = tool.name == "search";
      made.tools.push_back(tool);
    }
    return made;
  }

  /// The task that a call makes is the same after a cut, since it stands in the journal from the first.
  static task_id child_of(const std::string& call_id) {
    task_id made;
    std::copy_n(call_id.begin(), std::min(call_id.size(), made.value.bytes.size()), made.value.bytes.begin());
    return made;
  }

  void decide(const tool_request& call) {
    const auto word = draw("decide" + call.call_id, 4);
    tell(decision_event({word > 1, word == 0, word == 3 ? "mind" : ""}, call.tool, call.call_id));
  }

  void end_a_child() {
    for (const auto& child : machine.delegated()) {
      const auto call = machine.call_waiting_for(child.task);
      if (!call) continue;
      tell(tool_result_event(call->tool, {call->call_id, std::string(40, 'r'), false}));
      return;
    }
  }

  [[nodiscard]] std::uint32_t draw(const std::string& what, std::uint32_t below) const {
    std::seed_seq mix(what.begin(), what.end());
    std::vector<std::uint32_t> word(1);
    mix.generate(word.begin(), word.end());
    return static_cast<std::uint32_t>(std::mt19937(seed_ ^ word[0])() % below);
  }

  void carry_out(const call_model& action) {
    const auto turn = std::to_string(action.turn);
    asked.push_back(action.turn);
    tell(model_call_event(action.turn, action.attempt));
    repeat_filter filter(machine.partial());
    const auto say = [&](const std::string& text) {
      if (!text.empty()) tell(*delta_event(text_delta{text}));
    };
    if (draw("think" + turn, 2) == 0) {
      tell(*delta_event(thinking_delta{"hm"}));
      tell(*delta_event(thinking_end{R"({"s":1})"}));
    }
    say(filter.pass("turn " + turn));
    if (action.attempt <= draw("fail" + turn, 3)) {
      tell(retrying_event({.code = "x", .message = "y", .retryable = true, .retry_after = {}, .usage = {}},
                          action.attempt, 1ms));
      return;
    }
    say(filter.pass(" says this. "));
    say(filter.flush());
    model_answer answer;
    const auto calls = action.turn < 5 ? draw("calls" + turn, 4) : 0;
    for (std::uint32_t i = 0; i < calls; ++i) {
      const auto id = "t" + turn + "c" + std::to_string(i);
      static const char* const tools[] = {"search", "pay", "write", "unknown", "delegate", "ask_approval"};
      answer.calls.push_back({id, tools[draw(id, 6)], "{}"});
    }
    answer.stop = calls > 0 ? stop_reason::tool_use : stop_reason::end_turn;
    tell(model_answer_event(answer));
  }
  void carry_out(const call_tool& action) {
    called.push_back(action.request.call_id);
    if (!action.again) tell(tool_call_event(action.request));
    tell(tool_result_event(action.request.tool, {action.request.call_id, std::string(150, 'f'), false}));
  }
  void carry_out(const ask_approval& action) { tell(approval_requested_event(action.request, action.reason)); }
  void carry_out(const answer_tool& action) { tell(tool_result_event(action.tool, action.outcome)); }
  void carry_out(const delegate_task& action) {
    const auto& id = action.request.call_id;
    made.push_back(id);
    tell(tool_call_event(action.request));
    const bool wait = draw("wait" + id, 3) > 0;
    if (draw("refuse" + id, 4) > 0) {
      tell(delegated_event(action.request, {child_of(id), agent_id{}, wait, false}));
      if (wait) return;
    }
    tell(tool_result_event(action.request.tool, {id, "on its way", false}));
  }
  void carry_out(const trim_context& action) { tell(context_trimmed_event(action.results, action.bytes)); }
  void carry_out(const park& action) {
    tell(status_event(action.for_humans ? run_status::waiting : run_status::parked));
  }
  void carry_out(const finish& action) {
    if (action.error) tell(error_event(*action.error));
    tell(status_event(action.error ? run_status::error : run_status::done));
  }

  std::uint32_t seed_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(run_replay)

BOOST_AUTO_TEST_CASE(a_run_cut_anywhere_comes_to_the_same_end) {
  for (std::uint32_t seed = 0; seed < 80; ++seed) {
    player whole(seed);
    whole.play();
    for (std::size_t cut = 1; cut <= whole.journal.size(); ++cut) {
      BOOST_TEST_CONTEXT("seed " << seed << ", cut after " << cut) {
        const std::vector<event> stands(whole.journal.begin(),
                                        whole.journal.begin() + static_cast<std::ptrdiff_t>(cut));
        std::uint32_t turns = 0;
        std::set<std::string> answered;
        std::set<std::string> begun;
        for (const auto& each : stands) {
          if (each.text == run_status::model_answer) ++turns;
          if (each.type == event_type::tool_result) answered.insert(*each.call_id);
          if (each.text == run_status::delegated) begun.insert(*each.call_id);
        }
        player again(seed);
        again.replay(stands);
        again.play();
        BOOST_TEST(again.machine.output() == whole.machine.output());
        BOOST_TEST((again.machine.usage() == whole.machine.usage()));
        for (const auto turn : again.asked) BOOST_TEST(turn > turns);
        for (const auto& call : again.called) BOOST_TEST(!answered.contains(call));
        for (const auto& call : again.made) BOOST_TEST(!begun.contains(call));
        BOOST_TEST((again.machine.delegated() == whole.machine.delegated()));
        player third(seed);
        for (const auto& each : again.journal) third.tell(each);
        BOOST_TEST(third.machine.ended());
      }
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
