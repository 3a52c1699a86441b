// JSON strings, written run by run: what needs no change is appended in one piece.
#include "core/json_writer.hpp"

#include <array>
#include <cstdint>

#include "core/utf8.hpp"

namespace flotilla {
namespace {

constexpr std::string_view replacement_character = "\xEF\xBF\xBD";

enum class byte_kind : std::uint8_t { plain, escaped, beyond_ascii };

constexpr std::array<byte_kind, 256> make_kinds() {
  std::array<byte_kind, 256> kinds{};
  for (std::size_t byte = 0; byte < kinds.size(); ++byte) {
    if (byte >= 0x80) {
      kinds[byte] = byte_kind::beyond_ascii;
    } else if (byte < 0x20 || byte == '"' || byte == '\\') {
      kinds[byte] = byte_kind::escaped;
    }
  }
  return kinds;
}
constexpr auto kinds = make_kinds();

void append_escaped(std::string& out, char c) {
  constexpr std::string_view hex = "0123456789abcdef";
  out += '\\';
  switch (c) {
    case '"':
    case '\\':
      out += c;
      return;
    case '\b':
      out += 'b';
      return;
    case '\f':
      out += 'f';
      return;
    case '\n':
      out += 'n';
      return;
    case '\r':
      out += 'r';
      return;
    case '\t':
      out += 't';
      return;
    default:
      out += "u00";
      out += hex[static_cast<std::uint8_t>(c) >> 4U];
      out += hex[static_cast<std::uint8_t>(c) & 0xFU];
  }
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  std::size_t run = 0;  // where what is not yet appended begins
  std::size_t at = 0;
  while (at < text.size()) {
    const auto begin = at;
    const auto kind = kinds[static_cast<std::uint8_t>(text[at])];
    if (kind == byte_kind::plain) {
      ++at;
      continue;
    }
    if (kind == byte_kind::beyond_ascii) {
      if (next_code_point(text, at) != ill_formed) continue;
      out.append(text, run, begin - run).append(replacement_character);
    } else {
      out.append(text, run, begin - run);
      append_escaped(out, text[at++]);
    }
    run = at;
  }
  out.append(text, run, text.size() - run);
  out += '"';
}

void append_json_value(std::string& out, std::string_view json) {
  constexpr std::string_view breaks = "\r\n";
  for (auto end = json.find_first_of(breaks); end != std::string_view::npos; end = json.find_first_of(breaks)) {
    out.append(json.substr(0, end));
    json.remove_prefix(end + 1);
  }
  out.append(json);
}

}  // namespace flotilla
