// Reading of an event stream: the data lines are all that the printer needs.
#include "cli/print_events.hpp"

#include <istream>
#include <ostream>
#include <string>
#include <string_view>

#include "cli/event_printer.hpp"

namespace flotilla::cli {

namespace {

constexpr std::string_view data_field = "data:";

/// Lines of a stream that carry nothing to print: blank ones, comments, and the other fields.
bool is_framing(std::string_view line) {
  return line.empty() || line.starts_with(':') || line.starts_with("id:") || line.starts_with("event:") ||
         line.starts_with("retry:");
}

}  // namespace

exit_code print_events(std::istream& in, std::ostream& out, bool colours) {
  event_printer printer(out, colours);
  std::string raw;
  while (std::getline(in, raw)) {
    std::string_view line = raw;
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (is_framing(line)) continue;
    const bool is_data = line.starts_with(data_field);
    if (is_data) line.remove_prefix(data_field.size());
    if (is_data && line.starts_with(' ')) line.remove_prefix(1);
    if (is_data && printer.print(line)) continue;
    printer.finish();
    out << printable(line) << '\n';
  }
  printer.finish();
  return printer.last_status() == "done" ? exit_code::ok : exit_code::not_done;
}

}  // namespace flotilla::cli
