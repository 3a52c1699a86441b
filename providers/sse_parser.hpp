// An incremental parser of text/event-stream (WHATWG HTML, section 9.2.6 "Interpreting an event stream").
//
// Bytes come in any pieces: inside of a line end, a character or the byte order mark. Pure; one thread at a time.
// `id` and `retry` are read over: the vendors' streams are not resumed.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace flotilla {

inline constexpr std::size_t max_sse_line_bytes = 8U << 20U;
inline constexpr std::size_t max_sse_event_bytes = 16U << 20U;  ///< the data of one event

/// Takes the events of a stream.
class sse_handler {
 public:
  virtual ~sse_handler() = default;
  /// `name` is "message" where the stream gives none. The views are valid during the call.
  /// False: no more events are wanted.
  [[nodiscard]] virtual bool on_event(std::string_view name, std::string_view data) = 0;
};

class sse_parser {
 public:
  /// How a `feed` ended.
  enum class outcome : std::uint8_t {
    more,       ///< all bytes are taken
    stopped,    ///< the handler wants no more
    too_large,  ///< a line or an event is above its bound
  };

  explicit sse_parser(std::size_t max_line = max_sse_line_bytes, std::size_t max_event = max_sse_event_bytes)
      : max_line_(max_line), max_event_(max_event) {}

  /// Takes the next bytes. After any outcome but `more`, the parser must not be fed again. An event that the stream
  /// ends in the middle of is never told, as the standard wants it.
  [[nodiscard]] outcome feed(std::string_view bytes, sse_handler& handler);

 private:
  [[nodiscard]] std::string_view skip_byte_order_mark(std::string_view bytes);
  [[nodiscard]] outcome take_line(std::string_view line, sse_handler& handler);
  [[nodiscard]] outcome dispatch(sse_handler& handler);

  std::size_t max_line_;
  std::size_t max_event_;
  std::string line_;  ///< the beginning of the line that the last piece ended in
  std::string name_;
  std::string data_;       ///< each data line with a line feed behind it
  std::size_t mark_ = 0;   ///< bytes of the byte order mark seen; 4: past it
  bool after_cr_ = false;  ///< a line feed that comes next belongs to the line end before it
};

}  // namespace flotilla
