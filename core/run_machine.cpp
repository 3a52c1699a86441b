// The run machine: folds the journal, says what is next.
#include "core/run_machine.hpp"

#include <algorithm>
#include <utility>

#include "core/builtin_tools.hpp"
#include "core/bus_types.hpp"
#include "core/glob.hpp"
#include "core/run_notes.hpp"

namespace flotilla {
namespace {

tl::unexpected<error> unexpected_event(const event& happened) {
  return fail(errc::internal, "event " + std::to_string(happened.seq) + " (" + std::string(to_string(happened.type)) +
                                  ", " + happened.text.substr(0, 40) + ") has no place in the journal");
}

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

std::size_t size_of(const conversation_turn& turn) {
  std::size_t bytes = 0;
  if (const auto* said = std::get_if<user_turn>(&turn)) bytes += said->text.size();
  if (const auto* answer = std::get_if<assistant_turn>(&turn)) {
    bytes += answer->text.size();
    for (const auto& block : answer->thinking) bytes += block.text.size() + block.opaque.size();
    for (const auto& call : answer->calls) bytes += call.tool.size() + call.arguments.size();
  }
  if (const auto* tools = std::get_if<tool_turn>(&turn)) {
    for (const auto& outcome : tools->outcomes) bytes += outcome.text.size();
  }
  return bytes;
}

/// It may stand anywhere, and what was right behind another event still is.
bool is_interruption(const event& happened) {
  const std::string_view text = happened.text;
  return happened.type == event_type::status && (text == run_status::queued || text == run_status::suspended ||
                                                 text == run_status::resumed || text == run_status::crashed);
}

}  // namespace

run_machine::run_machine(run_spec spec) : spec_(std::move(spec)), judge_(spec_.output_schema) {
  spec_.input = opening_turn(spec_.input, spec_.output_schema);
}

result<void> run_machine::apply(const event& happened) {
  auto applied = apply_any(happened);
  if (!applied) return applied;
  pass_time(happened);
  if (!is_interruption(happened))
    just_began_ = happened.type == event_type::status && happened.text == run_status::running;
  return applied;
}

/// What lies between two events counts, except where the first said that nothing goes on.
void run_machine::pass_time(const event& happened) {
  const bool status = happened.type == event_type::status;
  const auto is = [&](std::string_view text) { return status && happened.text == text; };
  // Nobody ran it before it was resumed.
  if (counts_from_ && !is(run_status::resumed) && happened.at > *counts_from_) active_ += happened.at - *counts_from_;
  counts_from_.reset();
  if (started_ && !ended_ && !parked_ && !is(run_status::suspended)) counts_from_ = happened.at;
}

result<void> run_machine::apply_any(const event& happened) {
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
  append(user_turn{judge_.reject(*errors), true});
  stop_.reset();
  return {};
}

result<void> run_machine::apply_status(const event& happened) {
  const std::string_view text = happened.text;
  if (text == run_status::queued || text == run_status::suspended) return {};
  if (text == run_status::crashed && !started_) return {};
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
  if (text == run_status::resumed || text == run_status::crashed) {
    resume();
    return {};
  }
  if (text == run_status::waiting || text == run_status::parked) return apply_parked(happened);
  if (text == run_status::memory) return just_began_ ? result<void>{} : unexpected_event(happened);
  if (text == run_status::mail) return apply_mail(happened);
  if (text == run_status::budget_wait) return may_call() ? result<void>{} : unexpected_event(happened);
  if (text == run_status::model_call) return apply_model_call(happened);
  if (text == run_status::model_answer) return apply_answer(happened);
  if (text == run_status::draft) return apply_draft(happened);
  if (text == run_status::output_rejected) return apply_verdict(happened);
  if (text == run_status::retrying) return apply_retrying(happened);
  if (text == run_status::delegated) return apply_delegated(happened);
  if (text == run_status::context_trimmed) return apply_trimmed(happened);
  return apply_decision(happened);
}

result<void> run_machine::apply_parked(const event& happened) {
  const bool for_humans = !awaiting_approval().empty();
  const bool fits = happened.text == run_status::waiting ? for_humans : !for_humans && waits_for_tasks();
  if (!fits || goes_on()) return unexpected_event(happened);
  parked_ = true;
  return {};
}

result<void> run_machine::apply_mail(const event& happened) {
  if (!at_fresh_turn()) return unexpected_event(happened);
  const auto messages = read_mail(happened);
  if (!messages) return fail(messages.error());
  append(user_turn{run_notes::mail(*messages), false, true});
  return {};
}

result<void> run_machine::apply_model_call(const event& happened) {
  if (!may_call()) return unexpected_event(happened);
  const auto cut_at = read_cut_at(happened);
  if (!cut_at) return fail(cut_at.error());
  call_.open = true;
  call_.cut_at = *cut_at;
  call_.thinking.clear();
  call_.thinking_text.clear();
  return {};
}

result<void> run_machine::apply_retrying(const event& happened) {
  if (!call_.open) return unexpected_event(happened);
  const auto usage = read_retry_usage(happened);
  if (!usage) return fail(usage.error());
  usage_ += *usage;
  call_.open = false;
  ++failed_tries_;
  return {};
}

result<void> run_machine::apply_delegated(const event& happened) {
  auto* call = find_call(happened);
  if (!call || call->state != call_state::begun) return unexpected_event(happened);
  auto made = read_delegated(happened);
  if (!made) return fail(made.error());
  call->child = delegated_.size();
  call->state = call_state::delegated;
  delegated_.push_back(*made);
  return {};
}

result<void> run_machine::apply_trimmed(const event& happened) {
  if (call_.open || !calls_.empty()) return unexpected_event(happened);
  const auto results = read_trimmed_results(happened);
  if (!results) return fail(results.error());
  auto to_pass = trimmed_results_;
  auto to_trim = *results;
  for (auto& turn : turns_) {
    auto* tools = std::get_if<tool_turn>(&turn);
    if (tools == nullptr) continue;
    for (auto& outcome : tools->outcomes) {
      if (to_pass > 0) {
        --to_pass;
      } else if (to_trim > 0) {
        --to_trim;
        ++trimmed_results_;
        conversation_bytes_ -= outcome.text.size();
        outcome.text = run_notes::trimmed(outcome.text.size());
        conversation_bytes_ += outcome.text.size();
      }
    }
  }
  return {};
}

result<void> run_machine::apply_answer(const event& happened) {
  if (!call_.open) return unexpected_event(happened);
  auto answer = read_model_answer(happened);
  if (!answer) return fail(answer.error());
  usage_ += answer->usage;
  stop_ = answer->stop;
  cut_at_ = call_.cut_at;
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
  append(assistant_turn{std::move(call_.thinking), std::move(call_.text), std::move(answer->calls)});
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
  if (call->state == call_state::delegated) {
    delegated_[call->child].ended = delegated_[call->child].wait;
    parked_ = false;
  }
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
  call->decision = read_decision(happened);
  parked_ = false;
  return {};
}

bool run_machine::may_call() const {
  // After an answer that was the last one only an ending may stand.
  const bool over = stop_ && *stop_ != stop_reason::pause;
  return !call_.open && calls_.empty() && !over;
}

/// No call of the next turn has failed or said anything, and the answer before it is whole: one that has paused is
/// continued.
bool run_machine::at_fresh_turn() const noexcept {
  return started_ && !ended_ && !call_.open && calls_.empty() && !stop_ && failed_tries_ == 0 && call_.text.empty();
}

bool run_machine::takes_mail() const noexcept {
  return at_fresh_turn() && said().size() <= max_output_bytes && answered_turns_ < spec_.max_turns &&
         context_bytes() <= spec_.max_context_bytes;
}

void run_machine::append(conversation_turn turn) {
  conversation_bytes_ += size_of(turn);
  turns_.push_back(std::move(turn));
}

bool run_machine::goes_on() const {
  return call_.open || std::any_of(calls_.begin(), calls_.end(),
                                   [](const pending_call& call) { return call.state == call_state::begun; });
}

bool run_machine::waits_for_tasks() const {
  return std::any_of(calls_.begin(), calls_.end(),
                     [](const pending_call& call) { return call.state == call_state::delegated; });
}

void run_machine::resume() {
  call_.open = false;
  for (auto& call : calls_) {
    if (call.state != call_state::begun) continue;
    // What these make (a task, a message) is in one batch with what the journal says of it: where that does not
    // stand, there is none.
    const bool made_nothing = call.request.tool == builtin::delegate || call.request.tool == builtin::send_message;
    call.state = !made_nothing ? call_state::lost : call.decision.granted ? call_state::approved : call_state::asked;
  }
}

void run_machine::close_tools() {
  const bool all = std::all_of(calls_.begin(), calls_.end(),
                               [](const pending_call& call) { return call.state == call_state::answered; });
  if (!all) return;
  tool_turn turn;
  for (auto& call : calls_) {
    const auto& word = call.decision;
    if (word.granted && !word.comment.empty() && call.request.tool != builtin::ask_approval) {
      call.outcome.text += run_notes::comment_on_approved(word);
    }
    turn.outcomes.push_back(std::move(call.outcome));
  }
  append(std::move(turn));
  calls_.clear();
  stop_.reset();
}

std::vector<run_action> run_machine::next() const {
  if (!started_ || ended_) return {};
  if (said().size() > max_output_bytes) return {finish{run_notes::output_limit(max_output_bytes)}};
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
  if (actions.empty() && !going_on && !parked_ && (awaiting || waits_for_tasks())) {
    actions.emplace_back(park{awaiting});
  }
  return actions;
}

bool run_machine::needs_approval(const pending_call& call) const {
  return std::any_of(spec_.approvals.begin(), spec_.approvals.end(),
                     [&](const std::string& pattern) { return glob_matches(pattern, call.request.tool); });
}

/// How a call that may be made begins.
run_action run_machine::begin_of(const pending_call& call) const {
  if (call.request.tool == builtin::delegate) return delegate_task{call.request};
  if (call.request.tool == builtin::send_message) return post_mail{call.request};
  if (call.request.tool == builtin::ask_approval) {
    return answer_tool{{call.request.call_id, run_notes::approved(call.decision), false}, call.request.tool};
  }
  // Also one that had begun before: its second beginning is journaled, so that a crash asks again.
  return call_tool{call.request, false};
}

std::optional<run_action> run_machine::action_for(const pending_call& call) const {
  const auto* tool = find_tool(call.request.tool);
  switch (call.state) {
    case call_state::asked: {
      if (!tool) {
        return answer_tool{{call.request.call_id, "There is no tool named \"" + call.request.tool + "\".", true},
                           call.request.tool};
      }
      if (call.request.tool == builtin::ask_approval) return ask_approval{call.request, approval_reason::asked};
      if (needs_approval(call)) return ask_approval{call.request, approval_reason::policy};
      return begin_of(call);
    }
    case call_state::approved:
      return begin_of(call);
    case call_state::rejected:
      return answer_tool{{call.request.call_id, run_notes::rejected(call.decision, call.began), true},
                         call.request.tool};
    case call_state::lost:
      if (tool && (tool->read_only || tool->idempotent)) return call_tool{call.request, true};
      return ask_approval{call.request, approval_reason::unknown_outcome};
    case call_state::awaiting:
    case call_state::begun:
    case call_state::delegated:
    case call_state::answered:
      break;
  }
  return std::nullopt;
}

std::size_t run_machine::context_bytes() const noexcept {
  return conversation_bytes_ + spec_.memory.size() + spec_.input.size() + call_.text.size();
}

/// Which tool results must be left out for the next call, oldest first; those of the last turn stay, since the model
/// has not seen them yet.
std::optional<trim_context> run_machine::needed_trim() const {
  const auto size = context_bytes();
  if (size <= spec_.max_context_bytes) return std::nullopt;
  const auto excess = size - spec_.max_context_bytes;
  trim_context found;
  std::size_t gained = 0;
  std::size_t seen = 0;
  for (auto turn = turns_.begin(); turn != turns_.end() && gained < excess; ++turn) {
    const auto* tools = std::get_if<tool_turn>(&*turn);
    if (tools == nullptr || std::next(turn) == turns_.end()) continue;
    for (const auto& outcome : tools->outcomes) {
      if (seen++ < trimmed_results_ || gained >= excess) continue;
      ++found.results;
      found.bytes += outcome.text.size();
      const auto left = run_notes::trimmed(outcome.text.size()).size();
      if (outcome.text.size() > left) gained += outcome.text.size() - left;
    }
  }
  return found;
}

run_action run_machine::turn_action() const {
  if (stop_) {
    switch (*stop_) {
      case stop_reason::end_turn:
      case stop_reason::tool_use:  // it asked for tools and named none: there is nothing to wait for
        return verdict_action();
      case stop_reason::max_tokens:
        return finish{cut_at_ ? run_notes::budget_cut(*cut_at_) : run_notes::cut()};
      case stop_reason::refusal:
        return finish{run_notes::refusal()};
      case stop_reason::pause:
        break;
    }
  }
  if (answered_turns_ >= spec_.max_turns) return finish{run_notes::turn_limit(spec_.max_turns)};
  if (const auto trim = needed_trim()) {
    if (trim->results == 0) return finish{run_notes::context_limit(spec_.max_context_bytes)};
    return *trim;
  }
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
  made.turns.reserve(turns_.size() + 4);
  if (!spec_.memory.empty()) made.turns.emplace_back(user_turn{spec_.memory, false, true});
  made.turns.emplace_back(user_turn{spec_.input});
  made.turns.insert(made.turns.end(), turns_.begin(), turns_.end());
  if (!is_blank(call_.text)) {
    made.turns.emplace_back(assistant_turn{{}, call_.text, {}});
    made.turns.emplace_back(user_turn{std::string(run_notes::go_on)});
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

std::optional<tool_request> run_machine::call_waiting_for(task_id child) const {
  for (const auto& call : calls_) {
    if (call.state == call_state::delegated && delegated_[call.child].task == child) return call.request;
  }
  return std::nullopt;
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
