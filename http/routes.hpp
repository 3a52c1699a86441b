// The table of routes: every endpoint of the API stands in it once, with the role that it asks for.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "flotilla/access.hpp"
#include "http/api.hpp"

namespace flotilla::http {

/// How a route answers.
enum class answers : std::uint8_t {
  whole,   ///< with one response; a GET also answers HEAD
  stream,  ///< with an event stream
  probe,   ///< as `whole`, also while the server drains
};

struct route {
  method verb;
  std::string_view pattern;   ///< as `matches_path` reads it
  std::optional<role> least;  ///< the least role that may; nothing: anyone, without a token
  answers kind;
  void (*handle)(api& shared, const exchange_ptr& client);
};

/// All of them.
[[nodiscard]] std::span<const route> routes() noexcept;

/// What a path and a method lead to.
struct match {
  const route* found = nullptr;
  std::string_view id;  ///< what stood for "{id}"
  std::string allow;    ///< where the path is known but not with this method: the methods that it is known with
};
[[nodiscard]] match find_route(method verb, std::string_view path);

}  // namespace flotilla::http
