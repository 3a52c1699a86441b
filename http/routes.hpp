// The table of routes: every endpoint of the API stands in it once, with the role that it asks for, what it takes
// and what it answers. The gate (http/api.hpp) enforces it, and the OpenAPI document is written from it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "flotilla/access.hpp"
#include "flotilla/id.hpp"
#include "http/api.hpp"
#include "http/contract.hpp"

namespace flotilla::http {

/// How a route answers.
enum class answers : std::uint8_t {
  whole,   ///< with one response; a GET also answers HEAD
  stream,  ///< with an event stream
  probe,   ///< as `whole`, also while the server drains
};

/// What is sent beside the path. A parameter of a GET or DELETE may also stand in a JSON body; the query wins.
struct takes_of {
  std::span<const field> query{};
  std::span<const field> body{};
  std::string_view body_name{};                     ///< of the body in the document; empty: the route takes no body
  bool body_required = true;                        ///< else it may be left out
  std::string_view body_example{};                  ///< JSON
  std::span<const std::string_view> exactly_one{};  ///< of these fields of the body must be there
};

/// What a success answers.
struct gives_of {
  int status = 200;
  std::string_view schema{};                           ///< the component of the document; of a stream: of each entry
  bool located = false;                                ///< Location says where what was made is
  bool list = false;                                   ///< an array of it, in pages
  bool or_many = false;                                ///< it, or an array of it
  std::string_view content_type = "application/json";  ///< of `answers::whole`
};

struct route {
  method verb;
  std::string_view pattern;   ///< as `matches_path` reads it
  std::optional<role> least;  ///< the least role that may; nothing: anyone, without a token
  answers kind;
  void (*handle)(api& shared, const exchange_ptr& client);

  std::string_view operation;  ///< its name in the document
  std::string_view tag;
  std::string_view summary;
  std::string_view detail{};
  std::optional<id_kind> id{};  ///< what "{id}" in the pattern names
  takes_of takes{};
  gives_of gives{};
  std::array<int, 2> also{};  ///< error statuses beyond those that follow from the rest; 0 is none

  // Changed copies, for the table.
  [[nodiscard]] constexpr route named(id_kind kind_of_id) const {
    auto changed = *this;
    changed.id = kind_of_id;
    return changed;
  }
  [[nodiscard]] constexpr route taking(const takes_of& what) const {
    auto changed = *this;
    changed.takes = what;
    return changed;
  }
  [[nodiscard]] constexpr route giving(const gives_of& what) const {
    auto changed = *this;
    changed.gives = what;
    return changed;
  }
  [[nodiscard]] constexpr route failing(int status, int another = 0) const {
    auto changed = *this;
    changed.also = {status, another};
    return changed;
  }
};

/// All of them.
[[nodiscard]] std::span<const route> routes() noexcept;

/// Is it the route of /metrics, whose access is a setting?
[[nodiscard]] bool is_metrics(const route& one) noexcept;
/// The least role that a route asks for under these settings; nothing: anyone, without a token.
[[nodiscard]] std::optional<role> least_role(const route& one, const server_options& options) noexcept;
/// Is the route there under these settings?
[[nodiscard]] bool is_served(const route& one, const server_options& options) noexcept;

/// Does a route look at the query or the body at all?
[[nodiscard]] bool takes_anything(const route& one) noexcept;
/// May the caller repeat it with an Idempotency-Key?
[[nodiscard]] bool takes_idempotency_key(const route& one) noexcept;
/// The statuses that it may answer besides its success, in order.
[[nodiscard]] std::vector<int> error_statuses(const route& one, const server_options& options);

/// What a path and a method lead to.
struct match {
  const route* found = nullptr;
  std::string_view id;  ///< what stood for "{id}"
  std::string allow;    ///< where the path is known but not with this method: the methods that it is known with
};
[[nodiscard]] match find_route(method verb, std::string_view path);

}  // namespace flotilla::http
