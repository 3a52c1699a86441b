// Rendering of events: one line each, and open lines for what comes in increments.
#include "cli/event_printer.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <ostream>

#include "cli/ansi.hpp"

namespace flotilla::cli {

namespace {

using nlohmann::json;
using namespace ansi;

std::string text_of(const json& event, const char* field) {
  const auto found = event.find(field);
  return found != event.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

std::string first_of(const std::string& text, const std::string& otherwise) {
  return text.empty() ? otherwise : text;
}

std::string_view style_of_status(std::string_view status) {
  if (status == "done") return green;
  if (status == "error") return red;
  return status == "waiting" ? cyan : dim;
}

std::string_view label_of(std::string_view kind) {
  if (kind == "thinking") return "thinking  ";
  return kind == "draft" ? "draft     " : "output    ";
}

/// What a model says in a task with an output schema.
std::string draft_text(const json& event) {
  const auto data = event.find("data");
  return data != event.end() && data->is_object() ? text_of(*data, "text") : std::string();
}

/// "tool(arguments)", where the event carries them.
std::string call_text(const json& event) {
  const auto data = event.find("data");
  const auto arguments = data != event.end() && data->is_object() ? data->find("arguments") : json::const_iterator{};
  const bool has_arguments = data != event.end() && data->is_object() && arguments != data->end();
  if (!has_arguments) return first_of(text_of(event, "tool"), text_of(event, "text"));
  return text_of(event, "tool") + " " + arguments->dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace

std::string printable(std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  const auto escape = [&out, digits](unsigned char byte) {
    out += "\\x";
    out += digits[byte >> 4U];
    out += digits[byte & 0xFU];
  };
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto byte = static_cast<unsigned char>(text[at]);
    const auto next = at + 1 < text.size() ? static_cast<unsigned char>(text[at + 1]) : 0U;
    if (byte == 0xC2 && next >= 0x80 && next < 0xA0) {  // U+0080 to U+009F: control characters too
      escape(static_cast<unsigned char>(next));
      ++at;
    } else if ((byte < 0x20 && byte != '\n' && byte != '\t') || byte == 0x7F) {
      escape(byte);
    } else {
      out += text[at];
    }
  }
  return out;
}

void event_printer::put(std::string_view style, std::string_view text) {
  const bool styled = colours_ && !style.empty();
  to_ << (styled ? style : none) << printable(text) << (styled ? reset : none);
}

void event_printer::finish() {
  if (!flowing_.empty()) to_ << '\n';
  flowing_.clear();
  to_.flush();
}

void event_printer::flow(std::string_view kind, std::string_view style, std::string_view text) {
  if (flowing_ != kind) {
    finish();
    put(dim, label_of(kind));
    flowing_ = kind;
  }
  put(style, text);
  to_.flush();
}

void event_printer::line(std::string_view mark, std::string_view style, std::string_view text) {
  finish();
  put(dim, mark);
  put(style, text);
  to_ << '\n';
  to_.flush();
}

bool event_printer::print(std::string_view text) {
  const auto event = json::parse(text, nullptr, false);
  if (!event.is_object()) return false;
  const auto type = text_of(event, "type");
  const auto words = text_of(event, "text");
  if (type == "thinking") {
    flow(type, dim, words);
  } else if (type == "output") {
    flow(type, none, words);
  } else if (type == "tool_call") {
    line("tool      ", cyan, call_text(event));
  } else if (type == "tool_result") {
    line("result    ", cyan, words);
  } else if (type == "error") {
    line("error     ", red, words);
  } else if (type == "status" && words == "draft") {
    flow(words, dim, draft_text(event));
  } else if (type == "status") {
    line("status    ", style_of_status(words), words);
    last_status_ = words;
  } else {
    return false;
  }
  return true;
}

}  // namespace flotilla::cli
