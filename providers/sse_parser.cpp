// The event-stream parser.
#include "providers/sse_parser.hpp"

namespace flotilla {
namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
constexpr std::size_t past_mark = byte_order_mark.size() + 1;

}  // namespace

std::string_view sse_parser::skip_byte_order_mark(std::string_view bytes) {
  while (mark_ < byte_order_mark.size() && !bytes.empty()) {
    if (bytes.front() != byte_order_mark[mark_]) {
      // No mark after all: what looked like its beginning is the line's.
      line_.assign(byte_order_mark.substr(0, mark_));
      mark_ = past_mark;
      return bytes;
    }
    bytes.remove_prefix(1);
    ++mark_;
  }
  if (mark_ == byte_order_mark.size()) mark_ = past_mark;
  return bytes;
}

sse_parser::outcome sse_parser::feed(std::string_view bytes, sse_handler& handler) {
  if (mark_ != past_mark) bytes = skip_byte_order_mark(bytes);
  while (!bytes.empty()) {
    if (after_cr_) {
      after_cr_ = false;
      if (bytes.front() == '\n') {
        bytes.remove_prefix(1);
        continue;
      }
    }
    const auto end = bytes.find_first_of("\r\n");
    const auto piece = bytes.substr(0, end);
    if (line_.size() + piece.size() > max_line_) return outcome::too_large;
    if (end == std::string_view::npos) {
      line_ += piece;
      return outcome::more;
    }
    after_cr_ = bytes[end] == '\r';
    bytes.remove_prefix(end + 1);
    auto got = outcome::more;
    if (line_.empty()) {
      got = take_line(piece, handler);
    } else {
      line_ += piece;
      got = take_line(line_, handler);
      line_.clear();
    }
    if (got != outcome::more) return got;
  }
  return outcome::more;
}

sse_parser::outcome sse_parser::take_line(std::string_view line, sse_handler& handler) {
  if (line.empty()) return dispatch(handler);
  const auto colon = line.find(':');
  const auto field = line.substr(0, colon);
  auto value = colon == std::string_view::npos ? std::string_view{} : line.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (field == "event") {
    name_ = value;
  } else if (field == "data") {
    if (data_.size() + value.size() + 1 > max_event_) return outcome::too_large;
    data_ += value;
    data_ += '\n';
  }
  return outcome::more;
}

sse_parser::outcome sse_parser::dispatch(sse_handler& handler) {
  bool go_on = true;
  if (!data_.empty()) {
    const std::string_view data(data_.data(), data_.size() - 1);
    go_on = handler.on_event(name_.empty() ? std::string_view("message") : std::string_view(name_), data);
  }
  name_.clear();
  data_.clear();
  return go_on ? outcome::more : outcome::stopped;
}

}  // namespace flotilla
