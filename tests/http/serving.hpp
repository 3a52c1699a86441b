// A real server on the loopback over a fake fleet, for one test case.
#pragma once

#include <memory>
#include <stdexcept>
#include <string>

#include "http/server.hpp"
#include "tests/http/fake_fleet.hpp"
#include "tests/support/socket_client.hpp"

namespace flotilla::test {

struct serving {
  explicit serving(http::server_options options = {}, std::uint32_t rate_limit = 0) {
    options.port = 0;
    options.rate_limit_per_minute = rate_limit;
    options.access_log = false;
    auto started = http::server::start(fleet, std::move(options));
    if (!started) throw std::runtime_error(started.error().message);
    server = std::move(*started);
  }

  /// A request as an operator.
  answer ask(std::string_view verb, std::string_view target, std::string_view body = {},
             std::string_view more_headers = "Content-Type: application/json\r\n") const {
    return fetch(server->port(), verb, target, token_of(role::operator_), body, more_headers);
  }
  /// The same as an admin.
  answer ask_admin(std::string_view verb, std::string_view target, std::string_view body = {},
                   std::string_view more_headers = "Content-Type: application/json\r\n") const {
    return fetch(server->port(), verb, target, token_of(role::admin), body, more_headers);
  }
  [[nodiscard]] std::string agent_path() const { return "/api/agents/" + fleet.an_agent.id.to_string(); }
  [[nodiscard]] std::string task_path() const { return "/api/tasks/" + fleet.a_task.id.to_string(); }
  [[nodiscard]] std::string run_body() const { return R"({"taskId":")" + fleet.a_task.id.to_string() + "\"}"; }

  fake_fleet fleet;
  std::unique_ptr<http::server> server;
};

}  // namespace flotilla::test
