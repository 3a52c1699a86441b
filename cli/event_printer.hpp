// A run's events as people read them on a terminal.
#pragma once

#include <iosfwd>
#include <string>
#include <string_view>

namespace flotilla::cli {

/// Prints events as they come: text, thinking and drafts flow on, everything else has a line of its own. What an
/// event says is written by a model or a tool, so its control characters are shown, not sent to the terminal. One
/// thread at a time.
class event_printer {
 public:
  /// `to` must outlive the printer; `colours`: with ANSI colours.
  event_printer(std::ostream& to, bool colours) : to_(to), colours_(colours) {}

  /// Prints one event as the API's JSON has it. What is not an event is skipped; returns whether it was one.
  bool print(std::string_view json);
  /// Ends the line that is being written.
  void finish();

  /// The text of the last status event: "done", "error" or "waiting" at the end of a run.
  [[nodiscard]] const std::string& last_status() const noexcept { return last_status_; }

 private:
  void flow(std::string_view kind, std::string_view style, std::string_view text);
  void line(std::string_view mark, std::string_view style, std::string_view text);
  void put(std::string_view style, std::string_view text);

  std::ostream& to_;
  bool colours_;
  std::string flowing_;  ///< the kind of increment whose line is open; empty: none is
  std::string last_status_;
};

/// The text with its control characters (all but newline and tab) as "\x1b" and the like.
[[nodiscard]] std::string printable(std::string_view text);

}  // namespace flotilla::cli
