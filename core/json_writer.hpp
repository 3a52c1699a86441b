// The two pieces of which all JSON text that Flotilla builds by hand is made. Pure.
#pragma once

#include <string>
#include <string_view>

namespace flotilla {

/// Appends a text as a JSON string with its quotes (RFC 8259 section 7): what must be escaped is, in the short
/// form where there is one; all else stands as UTF-8. What is no UTF-8 becomes U+FFFD, one for each maximal subpart.
void append_json_string(std::string& out, std::string_view text);

/// Appends a value that is JSON text already, on one line: a line break in it can only stand between tokens, and is
/// left out. Precondition: it is one valid value.
void append_json_value(std::string& out, std::string_view json);

}  // namespace flotilla
