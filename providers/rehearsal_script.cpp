// What the rehearsal plays at a point of a conversation.
#include "providers/rehearsal_script.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <span>

#include "providers/failures.hpp"
#include "providers/rehearsal_parser.hpp"

namespace flotilla {
namespace {

using namespace rehearsal;

constexpr std::size_t max_mentioned_bytes = 200;  ///< of the task, in an answer without a script
constexpr std::string_view whitespace = " \t\r\n";
constexpr std::array<std::string_view, 2> thoughts_without_script{
    "No model is asked: this is a rehearsal. ", "The task is to be repeated, and then called done."};

/// What of the conversation decides what is played.
struct stage {
  std::string_view task;  ///< the first user turn that asks for something
  std::size_t tool_turns = 0;
  std::size_t rejections = 0;          ///< answers that were sent back
  bool answered = false;               ///< an assistant turn stands behind the last tool turn or rejection
  std::string said;                    ///< the text of those, joined
  const tool_turn* results = nullptr;  ///< what the last tools answered
  std::uint64_t input_words = 0;
};

std::uint64_t count_words(std::string_view text) {
  std::uint64_t count = 0;
  for (auto at = text.find_first_not_of(whitespace); at != std::string_view::npos;) {
    ++count;
    at = text.find_first_of(whitespace, at);
    if (at != std::string_view::npos) at = text.find_first_not_of(whitespace, at);
  }
  return count;
}

/// The text up to the end of its `count`th word; nothing of it for none.
std::string_view first_words(std::string_view text, std::uint64_t count) {
  std::size_t end = 0;
  for (; count > 0; --count) {
    const auto begin = text.find_first_not_of(whitespace, end);
    if (begin == std::string_view::npos) return text;
    end = std::min(text.find_first_of(whitespace, begin), text.size());
  }
  return text.substr(0, end);
}

void enter(stage& here, const user_turn& turn) {
  if (here.task.data() == nullptr && !turn.background) here.task = turn.text;
  here.input_words += count_words(turn.text);
  if (!turn.rejects) return;
  ++here.rejections;
  here.answered = false;
  here.said.clear();
}

void enter(stage& here, const assistant_turn& turn) {
  here.answered = true;
  here.said += turn.text;
  here.input_words += count_words(turn.text);
}

void enter(stage& here, const tool_turn& turn) {
  ++here.tool_turns;
  here.answered = false;
  here.said.clear();
  here.results = &turn;
  for (const auto& outcome : turn.outcomes) here.input_words += count_words(outcome.text);
}

stage stage_of(const model_request& request) {
  stage here;
  here.input_words = count_words(request.system);
  for (const auto& turn : request.turns) {
    std::visit([&here](const auto& one) { enter(here, one); }, turn);
  }
  return here;
}

/// Behind the first group of tool calls or the first `@another` from `begin` on.
std::span<const directive>::iterator end_of_segment(std::span<const directive>::iterator begin,
                                                    std::span<const directive>::iterator end) {
  const auto is_tool = [](const directive& one) { return std::holds_alternative<tool>(one); };
  const auto is_last = [&](const directive& one) { return is_tool(one) || std::holds_alternative<another>(one); };
  const auto last = std::find_if(begin, end, is_last);
  if (last != end && !is_tool(*last)) return last + 1;
  return std::find_if_not(last, end, is_tool);
}

/// The directives of the segment with `count` others before it; nothing past the end.
std::span<const directive> segment_of(std::span<const directive> script, std::size_t count) {
  auto begin = script.begin();
  for (;;) {
    const auto end = end_of_segment(begin, script.end());
    if (count == 0 || begin == script.end()) return {begin, end};
    begin = end;
    --count;
  }
}

std::string collapse(std::string_view text) {
  std::string result;
  bool gap = false;
  for (const char c : text) {
    if (whitespace.find(c) != std::string_view::npos) {
      gap = !result.empty();
      continue;
    }
    if (gap) result += ' ';
    gap = false;
    result += c;
  }
  return result;
}

/// Each word is an increment.
void say_words(std::vector<directive>& script, std::string_view text) {
  while (!text.empty()) {
    const auto end = std::min(text.find(' '), text.size() - 1) + 1;
    script.emplace_back(say{std::string(text.substr(0, end))});
    text.remove_prefix(end);
  }
}

/// What is played for a task without a script.
std::vector<directive> unscripted(std::string_view task) {
  const auto mention = bounded_text(collapse(task), max_mentioned_bytes);
  std::vector<directive> script;
  for (const auto thought : thoughts_without_script) script.emplace_back(think{std::string(thought)});
  say_words(script, "This is a rehearsal of the task \"" + mention + "\". No model was asked. The task is done.");
  return script;
}

/// What a call of the last tools answered, counted from 1; 0: the last.
std::string result_of(std::uint32_t call, const stage& here) {
  const auto count = here.results == nullptr ? std::size_t{0} : here.results->outcomes.size();
  if (count == 0 || call > count) return "There is no result.";
  return here.results->outcomes[call == 0 ? count - 1 : call - 1].text;
}

std::string text_of(const directive& what, const stage& here) {
  if (const auto* said = std::get_if<say>(&what)) return said->text;
  if (const auto* refused = std::get_if<refuse>(&what)) return refused->text;
  if (const auto* told = std::get_if<tell_result>(&what)) return result_of(told->call, here);
  return {};
}

std::uint32_t times_of(const directive& what) {
  const auto* said = std::get_if<say>(&what);
  return said == nullptr ? 1 : said->times;
}

/// Writes the steps of one segment.
class planner {
 public:
  planner(const stage& here, const model_request& request)
      : here_(here),
        attempt_(request.attempt),
        max_words_(request.max_output_tokens.value_or(std::numeric_limits<std::uint32_t>::max())) {}

  std::vector<rehearsal_step> plan(std::span<const directive> segment) {
    find_start(segment);
    for (std::size_t i = 0; i < segment.size() && !ended_; ++i) {
      if (i >= start_) {
        std::visit([this](const auto& one) { play(one); }, segment[i]);
      } else {
        offset_ += text_of(segment[i], here_).size() * times_of(segment[i]);
      }
    }
    if (!ended_) end(calls_.empty() ? stop_reason::end_turn : stop_reason::tool_use);
    return std::move(steps_);
  }

 private:
  /// Decides what is not said again: the text that stands in the conversation, where it is what the segment
  /// begins with, and all that comes before the last `@cut` in it.
  void find_start(std::span<const directive> segment) {
    if (!here_.answered) return;
    std::string whole;
    std::size_t start = 0;
    for (std::size_t i = 0; i < segment.size() && whole.size() <= here_.said.size(); ++i) {
      if (std::holds_alternative<cut>(segment[i])) start = i + 1;
      const auto text = text_of(segment[i], here_);
      for (auto n = times_of(segment[i]); n > 0 && whole.size() <= here_.said.size(); --n) whole += text;
    }
    if (!whole.starts_with(here_.said)) return;
    start_ = start;
    already_ = here_.said.size();
  }

  void speak(const std::string& text) {
    const auto begin = offset_;
    offset_ += text.size();
    if (offset_ <= already_) return;
    auto fresh = text.substr(already_ > begin ? already_ - begin : 0);
    const bool whole = count(fresh);
    close_thinking();
    if (!fresh.empty()) steps_.emplace_back(model_delta{text_delta{std::move(fresh)}});
    if (!whole) end(stop_reason::max_tokens);
  }

  /// Counts the words of what the model makes. False: the answer may not have all of them; `made` is cut to those
  /// that it may have.
  bool count(std::string& made) {
    const auto left = max_words_ - output_words_;
    const auto words = count_words(made);
    output_words_ += std::min(words, left);
    if (words <= left) return true;
    made = std::string(first_words(made, left));
    return false;
  }

  void play(const say& what) {
    for (std::uint32_t n = 0; n < what.times && !ended_; ++n) speak(what.text);
  }
  void play(const tell_result& what) { speak(text_of(what, here_)); }
  void play(const think& what) {
    if (offset_ < already_) return;
    auto text = what.text;
    const bool whole = count(text);
    if (!text.empty()) {
      steps_.emplace_back(model_delta{thinking_delta{std::move(text)}});
      thinking_ = true;
    }
    if (!whole) end(stop_reason::max_tokens);
  }
  void play(const hold& what) {
    if (offset_ >= already_) steps_.emplace_back(what.delay);
  }
  void play(const tool& what) {
    auto arguments = what.arguments;
    if (!count(arguments)) {
      calls_.clear();  // half a call is none
      return end(stop_reason::max_tokens);
    }
    const auto number = std::to_string(calls_.size() + 1);
    calls_.push_back({"call_" + std::to_string(here_.tool_turns + 1) + "_" + number, what.name, what.arguments});
  }
  void play(const breakdown& what) {
    const auto begin = failures_;
    failures_ += what.times;
    if (attempt_ <= begin || attempt_ > failures_) return;
    const auto words = what.message.empty() ? "rehearsed failure" : what.message;
    auto failure = what.status == 0 ? connection_failure("rehearsal", words)
                                    : status_failure("rehearsal", what.status, words, std::nullopt);
    if (!steps_.empty()) failure.usage = {here_.input_words, output_words_};
    steps_.emplace_back(std::move(failure));
    ended_ = true;
  }
  void play(const refuse& what) {
    speak(what.text);
    if (!ended_) end(stop_reason::refusal);
  }
  void play(const another&) { end(stop_reason::end_turn); }
  void play(const cut&) { end(stop_reason::max_tokens); }

  void close_thinking() {
    if (thinking_) steps_.emplace_back(model_delta{thinking_end{}});
    thinking_ = false;
  }

  void end(stop_reason why) {
    close_thinking();
    steps_.emplace_back(model_answer{why, std::move(calls_), {here_.input_words, output_words_}});
    ended_ = true;
  }

  const stage& here_;
  std::uint32_t attempt_;
  std::uint64_t max_words_;
  std::size_t start_ = 0;    ///< the first directive that is played
  std::size_t already_ = 0;  ///< bytes of the segment's text that were said before
  std::size_t offset_ = 0;   ///< bytes of the segment's text so far
  std::uint64_t output_words_ = 0;
  std::uint32_t failures_ = 0;  ///< tries that the failures so far take
  bool thinking_ = false;       ///< a stretch of thinking is open
  bool ended_ = false;
  std::vector<tool_request> calls_;
  std::vector<rehearsal_step> steps_;
};

}  // namespace

std::uint64_t count_rehearsed_input(const model_request& request) {
  return stage_of(request).input_words;
}

std::vector<rehearsal_step> plan_rehearsal(const model_request& request) {
  const auto here = stage_of(request);
  auto script = parse_script(here.task);
  if (!script) {
    model_failure failure;
    failure.code = "rehearsal_script";
    failure.message = script.error();
    return {rehearsal_step{std::move(failure)}};
  }
  if (script->empty()) *script = unscripted(here.task);
  const auto segments_before = here.tool_turns + here.rejections;
  const auto segment = segment_of(*script, segments_before);
  if (segment.empty() && segments_before > 0) {
    const std::vector<directive> closing{tell_result{}};
    return planner(here, request).plan(closing);
  }
  return planner(here, request).plan(segment);
}

}  // namespace flotilla
