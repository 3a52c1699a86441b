// The API over plain sockets.
#include "tests/support/api_client.hpp"

#include <stdexcept>
#include <thread>

namespace flotilla::testing {
namespace {

using nlohmann::json;

constexpr std::chrono::milliseconds between_questions{5};
constexpr std::string_view json_header = "Content-Type: application/json\r\n";

json must(const api_answer& answer) {
  if (answer.status / 100 != 2) throw std::runtime_error(std::to_string(answer.status) + " " + answer.text);
  return answer.body;
}

}  // namespace

bool streamed_event::is(std::string_view type, std::string_view text) const {
  return data.at("type") == type && data.at("text") == text;
}

event_stream::event_stream(test::client connection)
    : connection_(std::move(connection)), head_(connection_.read_head()) {
}

std::optional<streamed_event> event_stream::next() {
  const auto block = connection_.next_event();
  if (!block) return std::nullopt;
  const auto line = block->find('\n');
  if (!block->starts_with("id: ") || block->compare(line + 1, 6, "data: ") != 0) {
    throw std::runtime_error("not an event: " + *block);
  }
  return streamed_event{std::stoull(block->substr(4)), *block, json::parse(block->substr(line + 7))};
}

std::vector<streamed_event> event_stream::until(const std::function<bool(const streamed_event&)>& wanted) {
  std::vector<streamed_event> read;
  do {
    auto event = next();
    if (!event) throw std::runtime_error("the stream ended before what was waited for");
    read.push_back(std::move(*event));
  } while (!wanted(read.back()));
  return read;
}

std::vector<streamed_event> event_stream::until_status(std::string_view text) {
  return until([text](const streamed_event& event) { return event.is("status", text); });
}

std::vector<streamed_event> event_stream::rest() {
  std::vector<streamed_event> read;
  while (auto event = next()) read.push_back(std::move(*event));
  return read;
}

api_answer api_client::ask(std::string_view verb, std::string_view target, std::string_view body) const {
  auto got = test::fetch(port_, verb, target, token_, body, body.empty() ? std::string_view() : json_header);
  api_answer answer{got.status, std::move(got.headers), std::move(got.body), {}};
  answer.body = json::parse(answer.text, nullptr, false);
  if (answer.body.is_discarded()) answer.body = nullptr;
  return answer;
}

json api_client::must_get(const std::string& target) const {
  return must(get(target));
}

std::string api_client::new_agent(json fields) const {
  json agent = {{"name", "Ada"},
                {"role", "You help."},
                {"model", "m-1"},
                {"provider", "rehearsal"},
                {"glyph", "\xF0\x9F\xA6\x8A"}};
  agent.update(fields);
  return must(post("/api/agents", agent)).at("id");
}

std::string api_client::new_task(const std::string& agent, const std::string& input, json fields) const {
  json task = {{"title", "A task"}, {"input", input}, {"assignee", agent}};
  task.update(fields);
  return must(post("/api/tasks", task)).at("id");
}

event_stream api_client::run(const std::string& task, bool restart) const {
  json body = {{"taskId", task}};
  if (restart) body["restart"] = true;
  test::client connection(port_);
  connection.send(test::request_text("POST", "/api/run", token_, body.dump(), json_header));
  return event_stream(std::move(connection));
}

event_stream api_client::watch(const std::string& target, std::optional<std::uint64_t> last_event_id,
                               int receive_buffer) const {
  test::client connection(port_, receive_buffer);
  const auto header = last_event_id ? "Last-Event-ID: " + std::to_string(*last_event_id) + "\r\n" : std::string();
  connection.send(test::request_text("GET", target, token_, {}, header));
  return event_stream(std::move(connection));
}

std::string joined(const std::vector<streamed_event>& events, std::string_view type) {
  std::string text;
  for (const auto& event : events) {
    if (event.data.at("type") == type) text += event.data.at("text").get_ref<const std::string&>();
  }
  return text;
}

std::string joined_log(const json& task, std::string_view type) {
  std::string text;
  for (const auto& event : task.at("log")) {
    if (event.at("type") == type) text += event.at("text").get_ref<const std::string&>();
  }
  return text;
}

std::string bytes_of(const std::vector<streamed_event>& events) {
  std::string text;
  for (const auto& event : events) text += event.bytes + "\n\n";
  return text;
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

void await(const std::string& what, const std::function<bool()>& holds) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > deadline) throw std::runtime_error("it never came that " + what);
    std::this_thread::sleep_for(between_questions);
  }
}

}  // namespace flotilla::testing
