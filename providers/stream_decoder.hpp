// What the decoders of the vendors' streams have in common: bytes in; deltas, and one answer or failure, out.
//
// A decoder is pure: it knows no socket and no clock, takes the bytes in any pieces, and is used by one thread at a
// time. Each vendor's own part is `on_event`.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/model_provider.hpp"
#include "providers/sse_parser.hpp"

namespace flotilla {

inline constexpr std::size_t max_calls_in_answer = 256;  ///< tool calls that one answer may hold

class stream_decoder : private sse_handler {
 public:
  /// `sink` must outlive the decoder. `max_answer_bytes` bounds text, thinking and tool calls together.
  stream_decoder(std::string vendor, std::size_t max_answer_bytes, model_sink& sink);
  ~stream_decoder() override = default;
  stream_decoder(const stream_decoder&) = delete;
  stream_decoder& operator=(const stream_decoder&) = delete;

  /// Takes the next bytes; without effect once it has ended.
  void feed(std::string_view bytes);
  /// The stream is over. What the vendor did not complete is a failure.
  void finish();
  /// The stream broke, with this reason. An answer that the vendor had completed is told all the same: it is paid
  /// for.
  void abandon(model_failure why);
  /// Has an answer or a failure been told?
  [[nodiscard]] bool ended() const noexcept { return ended_; }

 protected:
  /// One event of the stream.
  virtual void on_event_data(std::string_view name, std::string_view data) = 0;
  /// Completes `calls` and `stop` from what the stream said. Called once, before an answer is told.
  virtual void complete() = 0;

  void tell_text(std::string text);
  void tell_thinking(std::string text);
  /// Closes the open stretch of thinking; where none is open and `opaque` is not empty, one without text.
  void close_thinking(std::string opaque);
  [[nodiscard]] bool thinking_is_open() const noexcept { return thinking_; }
  /// Counts bytes of the answer. False: that was too much, and the decoder has ended.
  [[nodiscard]] bool take(std::size_t bytes);
  void tell_answer();
  void tell_failure(model_failure failure);
  void tell_protocol_failure(std::string_view what);
  void tell_too_large();

  [[nodiscard]] const std::string& vendor() const noexcept { return vendor_; }

  token_usage usage;
  std::optional<stop_reason> stop;  ///< set: the answer is whole
  std::vector<tool_request> calls;

 private:
  [[nodiscard]] bool on_event(std::string_view name, std::string_view data) override;

  std::string vendor_;
  std::size_t max_answer_bytes_;
  model_sink& sink_;
  sse_parser parser_;
  std::size_t bytes_ = 0;
  bool thinking_ = false;
  bool seen_event_ = false;
  bool ended_ = false;
};

/// Is the text a JSON object? Then itself, else "{}": what a tool is called with is always an object.
[[nodiscard]] std::string object_or_empty(std::string text);

}  // namespace flotilla
