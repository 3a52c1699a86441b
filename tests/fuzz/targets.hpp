// What the fuzz targets of the providers check; the corpus test replays their corpora through the same functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/validation.hpp"
#include "providers/failures.hpp"
#include "providers/rehearsal_script.hpp"
#include "tests/fuzz/must.hpp"
#include "tests/support/decoders.hpp"

namespace flotilla::testing {

/// A stream has exactly one end, its texts are UTF-8, its arguments JSON objects, and how it was split does not
/// matter.
inline void fuzz_stream(wire format, std::string_view stream) {
  constexpr std::size_t max_bytes = 4096;
  const auto whole = decode(format, stream, 0, max_bytes);
  must(whole.ends == 1);
  must(whole.text.size() <= max_bytes);
  must(is_utf8(whole.text));
  if (whole.failure)
    must(is_utf8(whole.failure->message) && whole.failure->message.size() <= max_failure_message_bytes);
  const auto split = stream.empty() ? 0 : static_cast<unsigned char>(stream.back()) % stream.size();
  const auto again = decode(format, stream, split, max_bytes);
  must(again.text == whole.text && again.thinking == whole.thinking);
  must(again.answer.has_value() == whole.answer.has_value());
  if (!whole.answer) return;
  must(again.answer->calls == whole.answer->calls);
  for (const auto& call : whole.answer->calls) {
    must(object_or_empty(call.arguments) == call.arguments && !call.call_id.empty() && !call.tool.empty());
  }
}

/// Events do not depend on how the bytes come.
inline void fuzz_sse(std::string_view bytes) {
  struct listing final : sse_handler {
    bool on_event(std::string_view name, std::string_view data) override {
      text += std::string(name) + "=" + std::string(data) + "|";
      return true;
    }
    std::string text;
  };
  constexpr std::size_t max_line = 256;
  constexpr std::size_t max_event = 1024;
  listing whole;
  sse_parser at_once(max_line, max_event);
  const auto end = at_once.feed(bytes, whole);
  listing single;
  sse_parser one_by_one(max_line, max_event);
  auto single_end = sse_parser::outcome::more;
  for (std::size_t i = 0; i < bytes.size() && single_end == sse_parser::outcome::more; ++i) {
    single_end = one_by_one.feed(bytes.substr(i, 1), single);
  }
  must(single_end == end && single.text == whole.text);
}

/// A plan has one end, which is its last step, and a continuation says what is left and no more.
inline void fuzz_rehearsal_script(std::string_view script) {
  if (!is_utf8(script)) return;  // the runtime lets no other text in
  model_request request;
  request.turns.emplace_back(user_turn{std::string(script)});
  const auto text_of = [](const std::vector<rehearsal_step>& plan) {
    std::string text;
    for (const auto& step : plan) {
      const auto* delta = std::get_if<model_delta>(&step);
      if (delta == nullptr) continue;
      if (const auto* said = std::get_if<text_delta>(delta)) {
        must(!said->text.empty());
        text += said->text;
      }
    }
    return text;
  };
  const auto plan = plan_rehearsal(request);
  must(!plan.empty());
  for (std::size_t i = 0; i < plan.size(); ++i) {
    const auto ends = std::holds_alternative<model_answer>(plan[i]) || std::holds_alternative<model_failure>(plan[i]);
    must(ends == (i + 1 == plan.size()));
  }
  const auto* answer = std::get_if<model_answer>(&plan.back());
  if (answer == nullptr || answer->stop != stop_reason::end_turn) return;
  const auto whole = text_of(plan);
  const auto half = whole.substr(0, whole.size() / 2);
  if (half.empty()) return;
  request.turns.emplace_back(assistant_turn{{}, half, {}});
  request.turns.emplace_back(user_turn{"Continue."});
  must(half + text_of(plan_rehearsal(request)) == whole);
}

/// What a vendor's error body becomes is short and UTF-8.
inline void fuzz_vendor_words(std::string_view body) {
  const auto words = vendor_words(body);
  must(is_utf8(words) && words.size() <= max_failure_message_bytes);
}

}  // namespace flotilla::testing
