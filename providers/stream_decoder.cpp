// The common part of the decoders.
#include "providers/stream_decoder.hpp"

#include "providers/failures.hpp"
#include "providers/json_access.hpp"

namespace flotilla {

stream_decoder::stream_decoder(std::string vendor, std::size_t max_answer_bytes, model_sink& sink)
    : vendor_(std::move(vendor)), max_answer_bytes_(max_answer_bytes), sink_(sink) {
}

void stream_decoder::feed(std::string_view bytes) {
  if (ended_) return;
  if (parser_.feed(bytes, *this) == sse_parser::outcome::too_large) tell_too_large();
}

void stream_decoder::finish() {
  if (ended_) return;
  if (stop) return tell_answer();
  if (!seen_event_) return tell_protocol_failure("the answer is not an event stream");
  tell_failure(connection_failure(vendor_, "the connection ended before the answer did"));
}

void stream_decoder::abandon(model_failure why) {
  if (ended_) return;
  if (stop) return tell_answer();
  tell_failure(std::move(why));
}

bool stream_decoder::on_event(std::string_view name, std::string_view data) {
  seen_event_ = true;
  on_event_data(name, data);
  return !ended_;
}

bool stream_decoder::take(std::size_t bytes) {
  if (ended_) return false;
  bytes_ += bytes;
  if (bytes_ <= max_answer_bytes_) return true;
  tell_too_large();
  return false;
}

void stream_decoder::tell_text(std::string text) {
  if (text.empty() || !take(text.size())) return;
  sink_.on_delta(text_delta{std::move(text)});
}

void stream_decoder::tell_thinking(std::string text) {
  if (text.empty() || !take(text.size())) return;
  thinking_ = true;
  sink_.on_delta(thinking_delta{std::move(text)});
}

void stream_decoder::close_thinking(std::string opaque) {
  if (!thinking_ && opaque.empty()) return;
  if (ended_) return;
  thinking_ = false;
  sink_.on_delta(thinking_end{std::move(opaque)});
}

void stream_decoder::tell_answer() {
  if (ended_) return;
  complete();
  if (ended_) return;
  ended_ = true;
  sink_.on_answer({stop.value_or(stop_reason::end_turn), std::move(calls), usage});
}

void stream_decoder::tell_failure(model_failure failure) {
  if (ended_) return;
  ended_ = true;
  failure.usage = usage;
  sink_.on_failure(std::move(failure));
}

void stream_decoder::tell_protocol_failure(std::string_view what) {
  tell_failure(protocol_failure(vendor_, what));
}

void stream_decoder::tell_too_large() {
  tell_failure(too_large_failure(vendor_, max_answer_bytes_));
}

std::string object_or_empty(std::string text) {
  return read_json(text).is_object() ? std::move(text) : "{}";
}

}  // namespace flotilla
