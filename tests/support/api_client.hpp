// A client of the API of a server on the loopback: JSON requests, and event streams that one reads at will.
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/server_process.hpp"
#include "tests/support/socket_client.hpp"

namespace flotilla::testing {

/// One event of a stream: its position, its bytes as they came, and what they say.
struct streamed_event {
  std::uint64_t seq = 0;
  std::string bytes;
  nlohmann::json data;

  [[nodiscard]] bool is(std::string_view type, std::string_view text) const;
};

/// An open event stream. Nothing is read but when it is asked for. Throws where the stream is cut or nothing comes.
class event_stream {
 public:
  /// Precondition: the request has been sent.
  explicit event_stream(test::client connection);

  [[nodiscard]] int status() const noexcept { return head_.status; }
  [[nodiscard]] const test::answer& head() const noexcept { return head_; }
  /// The next event; nothing where the stream has ended regularly.
  std::optional<streamed_event> next();
  /// Reads up to and with the first event that the test likes. Throws where the stream ends before.
  std::vector<streamed_event> until(const std::function<bool(const streamed_event&)>& wanted);
  std::vector<streamed_event> until_status(std::string_view text);
  /// Reads to the end.
  std::vector<streamed_event> rest();

 private:
  test::client connection_;
  test::answer head_;
};

/// What a request was answered.
struct api_answer {
  int status = 0;
  std::map<std::string, std::string> headers;
  std::string text;
  nlohmann::json body;  ///< null where the text is not JSON
  [[nodiscard]] std::string error() const { return body.is_object() ? body.value("error", "") : ""; }
};

class api_client {
 public:
  explicit api_client(std::uint16_t port, std::string token = admin_token) : port_(port), token_(std::move(token)) {}

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  api_answer ask(std::string_view verb, std::string_view target, std::string_view body = {}) const;
  api_answer get(const std::string& target) const { return ask("GET", target); }
  api_answer post(const std::string& target, const nlohmann::json& body) const {
    return ask("POST", target, body.dump());
  }
  api_answer patch(const std::string& target, const nlohmann::json& body) const {
    return ask("PATCH", target, body.dump());
  }

  /// What must succeed; throws with the answer where it does not.
  [[nodiscard]] nlohmann::json must_get(const std::string& target) const;
  [[nodiscard]] std::string new_agent(nlohmann::json fields = nlohmann::json::object()) const;  ///< its id
  [[nodiscard]] std::string new_task(const std::string& agent, const std::string& input,
                                     nlohmann::json fields = nlohmann::json::object()) const;  ///< its id
  [[nodiscard]] nlohmann::json task(const std::string& id) const { return must_get("/api/tasks/" + id); }

  /// Opens POST /api/run.
  [[nodiscard]] event_stream run(const std::string& task, bool restart = false) const;
  /// Opens GET of a stream; `last_event_id` as the header, where there is one.
  [[nodiscard]] event_stream watch(const std::string& target, std::optional<std::uint64_t> last_event_id = {},
                                   int receive_buffer = 0) const;
  [[nodiscard]] event_stream events(const std::string& task, std::optional<std::uint64_t> after = {}) const {
    return watch("/api/tasks/" + task + "/events", after);
  }

 private:
  std::uint16_t port_;
  std::string token_;
};

/// The texts of the events of one type, joined.
[[nodiscard]] std::string joined(const std::vector<streamed_event>& events, std::string_view type);
/// The same of a task's log.
[[nodiscard]] std::string joined_log(const nlohmann::json& task, std::string_view type);
/// The bytes of all events, as they came.
[[nodiscard]] std::string bytes_of(const std::vector<streamed_event>& events);
[[nodiscard]] bool contains(const std::string& text, const std::string& part);
/// Asks again and again, until the test likes the answer. Throws after a long time.
void await(const std::string& what, const std::function<bool()>& holds);

}  // namespace flotilla::testing
