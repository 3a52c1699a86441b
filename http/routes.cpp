// The table, and the look-up in it.
#include "http/routes.hpp"

#include <array>

#include "http/handlers.hpp"
#include "http/uri.hpp"

namespace flotilla::http {
namespace {

constexpr auto anyone = std::nullopt;
constexpr auto viewer = role::viewer;
constexpr auto operator_ = role::operator_;

constexpr std::array table{
    route{method::get, "/", anyone, answers::whole, show_index},
    route{method::get, "/healthz", anyone, answers::probe, show_health},
    route{method::get, "/readyz", anyone, answers::probe, show_readiness},
    route{method::get, "/api/me", viewer, answers::whole, show_me},

    route{method::get, "/api/agents", viewer, answers::whole, list_agents},
    route{method::post, "/api/agents", operator_, answers::whole, create_agent},
    route{method::get, "/api/agents/{id}", viewer, answers::whole, find_agent},
    route{method::patch, "/api/agents/{id}", operator_, answers::whole, update_agent},
    route{method::delete_, "/api/agents/{id}", operator_, answers::whole, archive_agent},

    route{method::get, "/api/tasks", viewer, answers::whole, list_tasks},
    route{method::post, "/api/tasks", operator_, answers::whole, create_task},
    route{method::get, "/api/tasks/{id}", viewer, answers::whole, find_task},
    route{method::patch, "/api/tasks/{id}", operator_, answers::whole, update_task},
    route{method::get, "/api/tasks/{id}/events", viewer, answers::stream, watch_task},
    route{method::post, "/api/run", operator_, answers::stream, run_task},

    route{method::get, "/api/messages", viewer, answers::whole, list_messages},
    route{method::get, "/api/messages/stream", viewer, answers::stream, watch_messages},
};

/// Does a route answer a method? HEAD is a GET whose body is not sent.
bool answers_to(const route& candidate, method verb) noexcept {
  return candidate.verb == verb ||
         (verb == method::head && candidate.verb == method::get && candidate.kind != answers::stream);
}

void add(std::string& list, std::string_view word) {
  if (!list.empty()) list += ", ";
  list += word;
}

}  // namespace

std::span<const route> routes() noexcept {
  return table;
}

match find_route(method verb, std::string_view path) {
  match found;
  for (const auto& candidate : table) {
    if (!matches_path(candidate.pattern, path, found.id)) continue;
    if (answers_to(candidate, verb)) {
      found.found = &candidate;
      return found;
    }
    add(found.allow, to_string(candidate.verb));
    if (answers_to(candidate, method::head)) add(found.allow, to_string(method::head));
  }
  if (!found.allow.empty()) add(found.allow, to_string(method::options));
  return found;
}

}  // namespace flotilla::http
