// The run machine: folds the journal, says what is next.
#include "core/run_machine.hpp"

#include <algorithm>
#include <utility>

#include "core/bus_types.hpp"
#include "core/glob.hpp"

namespace flotilla {
namespace {

/// What a model is told when its answer was cut by a broken connection or a crash.
constexpr std::string_view continue_note =
    "Your answer was interrupted after the text above, which has been kept. Continue exactly where it stops. "
    "Repeat none of it, and do not mention the interruption.";

tl::unexpected<error> unexpected_event(const event& happened) {
  return fail(errc::internal, "event " + std::to_string(happened.seq) + " (" + std::string(to_string(happened.type)) +
                                  ", " + happened.text.substr(0, 40) + ") has no place in the journal");
}

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

task_error turn_limit_error(std::uint32_t limit) {
  return {"max_turns", "The run has used its " + std::to_string(limit) + " model turns without an answer."};
}

const task_error output_limit_error{
    "output_too_large", "The output has passed its limit of " + std::to_string(max_output_bytes) + " bytes."};
const task_error cut_error{"max_tokens", "The model's answer was cut at its length limit; the output is incomplete."};
const task_error refusal_error{"refusal", "The model refused to answer."};

}  // namespace

run_machine::run_machine(run_spec spec) : spec_(std::move(spec)), judge_(spec_.output_schema) {
  spec_.input = opening_turn(spec_.input, spec_.output_schema);
}

result<void> run_machine::apply(const event& happened) {
  if (ended_) return unexpected_event(happened);
  switch (happened.type) {
    case event_type::output:
      return judge_.is_wanted() ? apply_verdict(happened) : apply_increment(happened);
    case event_type::thinking:
      return apply_increment(happened);
    case event_type::tool_call:
    case event_type::tool_result:
      return apply_tool(happened);
    case event_type::error:
      return {};
    case event_type::status:
      return apply_status(happened);
  }
  return unexpected_event(happened);
}

result<void> run_machine::apply_increment(const event& happened) {
  if (!call_.open) return unexpected_event(happened);
  if (happened.type == event_type::output) {
    output_ += happened.text;
    call_.text += happened.text;
    return {};
  }
  call_.thinking_text += happened.text;
  if (happened.data) {
    call_.thinking.push_back({std::exchange(call_.thinking_text, {}), read_opaque(happened)});
  }
  return {};
}

result<void> run_machine::apply_draft(const event& happened) {
  if (!call_.open || !judge_.is_wanted()) return unexpected_event(happened);
  const auto text = read_draft(happened);
  if (!text) return fail(text.error());
  drafted_ += *text;
  call_.text += *text;
  return {};
}

result<void> run_machine::apply_verdict(const event& happened) {
  if (!judge_.waits()) return unexpected_event(happened);
  if (happened.type == event_type::output) {
    output_ += happened.text;
    judge_.accept();
    return {};
  }
  const auto errors = read_rejection(happened);
  if (!errors) return fail(errors.error());
  turns_.emplace_back(user_turn{judge_.reject(*errors), true});
  stop_.reset();
  return {};
}

result<void> run_machine::apply_status(const event& happened) {
  const std::string_view text = happened.text;
  if (text == run_status::queued || text == run_status::suspended) return {};
  if (text == run_status::running) {
    if (started_) return unexpected_event(happened);
    started_ = true;
    return {};
  }
  // A task that is cancelled before it began ends without having started.
  if (text == run_status::done || text == run_status::error) {
    const bool goes_on = !stop_ || call_.open || !calls_.empty() || judge_.waits();
    if (text == run_status::done && goes_on) return unexpected_event(happened);
    ended_ = true;
    parked_ = false;
    return {};
  }
  if (!started_) return unexpected_event(happened);
  if (text == run_status::resumed) {
    resume();
    return {};
  }
  if (text == run_status::waiting) {
    if (awaiting_approval().empty() || goes_on()) return unexpected_event(happened);
    parked_ = true;
    return {};
  }
  if (text == run_status::model_call) {
    // After an answer that was the last one only an ending may stand.
    const bool over = stop_ && *stop_ != stop_reason::pause;
    if (call_.open || !calls_.empty() || over) return unexpected_event(happened);
    call_.open = true;
    call_.thinking.clear();
    call_.thinking_text.clear();
    return {};
  }
  if (text == run_status::model_answer) return apply_answer(happened);
  if (text == run_status::draft) return apply_draft(happened);
  if (text == run_status::output_rejected) return apply_verdict(happened);
  if (text == run_status::retrying) {
    if (!call_.open) return unexpected_event(happened);
    const auto usage = read_retry_usage(happened);
    if (!usage) return fail(usage.error());
    usage_ += *usage;
    call_.open = false;
    ++failed_tries_;
    return {};
  }
  return apply_decision(happened);
}

result<void> run_machine::apply_answer(const event& happened) {
  if (!call_.open) return unexpected_event(happened);
  auto answer = read_model_answer(happened);
  if (!answer) return fail(answer.error());
  usage_ += answer->usage;
  stop_ = answer->stop;
  ++answered_turns_;
  failed_tries_ = 0;
  // A call in an answer that was cut or refused may be half a call: it is not made.
  const bool usable = answer->stop != stop_reason::max_tokens && answer->stop != stop_reason::refusal;
  if (!usable) answer->calls.clear();
  for (const auto& request : answer->calls) {
    pending_call call;
    call.request = request;
    calls_.push_back(std::move(call));
  }
  if (judge_.is_wanted()) {
    judge_.add(call_.text);
    if (!calls_.empty()) judge_.drop();
    const bool final = answer->stop == stop_reason::end_turn || answer->stop == stop_reason::tool_use;
    if (calls_.empty() && final) judge_.judge();
  }
  turns_.emplace_back(assistant_turn{std::move(call_.thinking), std::move(call_.text), std::move(answer->calls)});
  call_ = {};
  return {};
}

result<void> run_machine::apply_tool(const event& happened) {
  auto* call = find_call(happened);
  if (!call || call->state == call_state::answered || call->state == call_state::awaiting) {
    return unexpected_event(happened);
  }
  if (happened.type == event_type::tool_call) {
    if (call->state != call_state::asked && call->state != call_state::approved) return unexpected_event(happened);
    call->state = call_state::begun;
    call->began = true;
    return {};
  }
  auto outcome = read_tool_outcome(happened);
  if (!outcome) return fail(outcome.error());
  call->outcome = std::move(*outcome);
  call->state = call_state::answered;
  close_tools();
  return {};
}

result<void> run_machine::apply_decision(const event& happened) {
  auto* call = find_call(happened);
  if (!call) return unexpected_event(happened);
  if (happened.text == run_status::approval_requested) {
    if (call->state != call_state::asked && call->state != call_state::lost) return unexpected_event(happened);
    call->state = call_state::awaiting;
    return {};
  }
  const bool granted = happened.text == run_status::approved;
  if (call->state != call_state::awaiting || (!granted && happened.text != run_status::rejected)) {
    return unexpected_event(happened);
  }
  call->state = granted ? call_state::approved : call_state::rejected;
  call->comment = read_comment(happened);
  parked_ = false;
  return {};
}

bool run_machine::goes_on() const {
  return call_.open || std::any_of(calls_.begin(), calls_.end(),
                                   [](const pending_call& call) { return call.state == call_state::begun; });
}

void run_machine::resume() {
  call_.open = false;
  for (auto& call : calls_) {
    if (call.state == call_state::begun) call.state = call_state::lost;
  }
}

void run_machine::close_tools() {
  const bool all = std::all_of(calls_.begin(), calls_.end(),
                               [](const pending_call& call) { return call.state == call_state::answered; });
  if (!all) return;
  tool_turn turn;
  for (auto& call : calls_) turn.outcomes.push_back(std::move(call.outcome));
  turns_.emplace_back(std::move(turn));
  calls_.clear();
  stop_.reset();
}

std::vector<run_action> run_machine::next() const {
  if (!started_ || ended_) return {};
  if (said().size() > max_output_bytes) return {finish{output_limit_error}};
  if (call_.open) return {};
  if (!calls_.empty()) return tool_actions();
  return {turn_action()};
}

std::vector<run_action> run_machine::tool_actions() const {
  std::vector<run_action> actions;
  bool going_on = false;
  bool awaiting = false;
  for (const auto& call : calls_) {
    going_on = going_on || call.state == call_state::begun;
    awaiting = awaiting || call.state == call_state::awaiting;
    if (auto action = action_for(call)) actions.push_back(std::move(*action));
  }
  if (actions.empty() && !going_on && awaiting && !parked_) actions.emplace_back(park{});
  return actions;
}

std::optional<run_action> run_machine::action_for(const pending_call& call) const {
  const auto* tool = find_tool(call.request.tool);
  switch (call.state) {
    case call_state::asked: {
      if (!tool) {
        return answer_tool{{call.request.call_id, "There is no tool named \"" + call.request.tool + "\".", true},
                           call.request.tool};
      }
      const bool asks = std::any_of(spec_.approvals.begin(), spec_.approvals.end(), [&](const std::string& pattern) {
        return glob_matches(pattern, call.request.tool);
      });
      if (asks) return ask_approval{call.request, approval_reason::policy};
      return call_tool{call.request, false};
    }
    case call_state::approved:
      // Also one that had begun before: its second beginning is journaled, so that a crash asks again.
      return call_tool{call.request, false};
    case call_state::rejected: {
      const auto comment = call.comment.empty() ? std::string() : " They said: " + call.comment;
      const auto what = call.began
                            ? "It is not known whether this call happened, and a human decided not to repeat it."
                            : "A human rejected this call.";
      return answer_tool{{call.request.call_id, what + comment, true}, call.request.tool};
    }
    case call_state::lost:
      if (tool && (tool->read_only || tool->idempotent)) return call_tool{call.request, true};
      return ask_approval{call.request, approval_reason::unknown_outcome};
    case call_state::awaiting:
    case call_state::begun:
    case call_state::answered:
      break;
  }
  return std::nullopt;
}

run_action run_machine::turn_action() const {
  if (stop_) {
    switch (*stop_) {
      case stop_reason::end_turn:
      case stop_reason::tool_use:  // it asked for tools and named none: there is nothing to wait for
        return verdict_action();
      case stop_reason::max_tokens:
        return finish{cut_error};
      case stop_reason::refusal:
        return finish{refusal_error};
      case stop_reason::pause:
        break;
    }
  }
  if (answered_turns_ >= spec_.max_turns) return finish{turn_limit_error(spec_.max_turns)};
  return call_model{answered_turns_ + 1, failed_tries_ + 1};
}

run_action run_machine::verdict_action() const {
  if (!judge_.waits()) return finish{};
  if (judge_.errors().empty()) return tell_output{std::string(judge_.answer())};
  if (judge_.rejections() >= max_output_rejections) return finish{judge_.failure()};
  return reject_output{judge_.errors(), judge_.rejections() + 1};
}

model_request run_machine::request() const {
  model_request made;
  made.tools = spec_.tools;
  made.attempt = failed_tries_ + 1;
  made.turns.reserve(turns_.size() + 3);
  made.turns.emplace_back(user_turn{spec_.input});
  made.turns.insert(made.turns.end(), turns_.begin(), turns_.end());
  if (!is_blank(call_.text)) {
    made.turns.emplace_back(assistant_turn{{}, call_.text, {}});
    made.turns.emplace_back(user_turn{std::string(continue_note)});
  }
  return made;
}

std::vector<tool_request> run_machine::awaiting_approval() const {
  std::vector<tool_request> found;
  for (const auto& call : calls_) {
    if (call.state == call_state::awaiting) found.push_back(call.request);
  }
  return found;
}

const tool_spec* run_machine::find_tool(std::string_view name) const {
  const auto found =
      std::find_if(spec_.tools.begin(), spec_.tools.end(), [&](const tool_spec& tool) { return tool.name == name; });
  return found == spec_.tools.end() ? nullptr : &*found;
}

run_machine::pending_call* run_machine::find_call(const event& happened) {
  if (!happened.call_id) return nullptr;
  const auto found = std::find_if(calls_.begin(), calls_.end(), [&](const pending_call& call) {
    return call.request.call_id == *happened.call_id;
  });
  return found == calls_.end() ? nullptr : &*found;
}

std::string repeat_filter::pass(std::string_view piece) {
  if (!deciding_) return std::string(piece);
  held_ += piece;
  const auto common = std::min(held_.size(), said_.size());
  if (held_.compare(0, common, said_, 0, common) != 0) {
    deciding_ = false;
    return std::exchange(held_, {});
  }
  if (held_.size() < said_.size()) return {};
  deciding_ = false;
  return std::exchange(held_, {}).substr(said_.size());
}

std::string repeat_filter::flush() {
  // A whole answer that is only the beginning of what was said already adds nothing.
  if (std::exchange(deciding_, false)) held_.clear();
  return std::exchange(held_, {});
}

}  // namespace flotilla
