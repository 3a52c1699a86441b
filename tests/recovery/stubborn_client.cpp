#include "tests/recovery/stubborn_client.hpp"

#include <chrono>
#include <optional>
#include <stdexcept>
#include <thread>

namespace flotilla::recovery {
namespace {

using steady = std::chrono::steady_clock;

constexpr std::chrono::seconds stubbornness{120};
constexpr std::chrono::milliseconds between_tries{5};

bool is_refused_for_now(int status) {
  return status == 503;
}

/// Calls `once(port)` until it gives an answer.
template <class Once>
auto persist(const server_address& where, const std::string& what, Once once) {
  const auto deadline = steady::now() + stubbornness;
  while (steady::now() < deadline && !where.gone()) {
    const auto life = where.await(std::chrono::seconds(1));
    if (!life) continue;
    try {
      if (auto answer = once(life->port)) return *answer;
    } catch (const std::runtime_error&) {
      // The server was killed, or is not there yet.
    }
    std::this_thread::sleep_for(between_tries);
  }
  throw std::runtime_error("no answer for a long time: " + what);
}

std::string headers_for(const std::string& body, const std::string& key) {
  std::string headers;
  if (!body.empty()) headers += "Content-Type: application/json\r\n";
  if (!key.empty()) headers += "Idempotency-Key: " + key + "\r\n";
  return headers;
}

}  // namespace

testing::api_answer stubborn_client::ask(const std::string& verb, const std::string& target, const std::string& body,
                                         const std::string& key) const {
  return persist(where_, verb + " " + target, [&](std::uint16_t port) -> std::optional<testing::api_answer> {
    auto got = test::fetch(port, verb, target, testing::admin_token, body, headers_for(body, key));
    if (is_refused_for_now(got.status)) return std::nullopt;
    testing::api_answer answer{got.status, std::move(got.headers), std::move(got.body), {}};
    answer.body = nlohmann::json::parse(answer.text, nullptr, false);
    return answer;
  });
}

int stubborn_client::run(const std::string& task, const std::string& key) const {
  const auto body = nlohmann::json{{"taskId", task}}.dump();
  return persist(where_, "running " + task, [&](std::uint16_t port) -> std::optional<int> {
    test::client connection(port);
    connection.send(test::request_text("POST", "/api/run", testing::admin_token, body, headers_for(body, key)));
    const auto status = connection.read_head().status;
    return is_refused_for_now(status) ? std::nullopt : std::optional(status);
  });
}

}  // namespace flotilla::recovery
