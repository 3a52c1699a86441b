// How many whole durable runs a second: durable_runs [CLIENTS] [SECONDS] [PIECES] [PROGRAM] [MEMORY]
//
// Starts the real server on a fresh directory and a fake upstream, both on the loopback. Each client has an agent of
// its own and, one after the other, creates a task, runs it and reads its stream to the end. Before that the same
// clients make the same model call to the bare upstream. Prints runs a second and latencies of both. Bounded by
// SECONDS for each part; every process that it starts ends with it. With PIECES an answer is streamed in so many
// pieces, each a write of its own. PROGRAM: another `flotilla`, to compare with ("-": this one). MEMORY: tokens of
// earlier tasks that stand before each (0: none, as before the bare upstream's calls).
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/api_client.hpp"
#include "tests/support/server_process.hpp"
#include "tests/support/vendor_wire.hpp"

namespace {

using namespace flotilla;
using clock_type = std::chrono::steady_clock;

constexpr std::size_t max_clients = 1024;
constexpr int max_seconds = 300;
constexpr std::size_t max_pieces = 100'000;

/// An answer in so many pieces, each sent when the one before it is.
testing::fake_upstream::answer_function streamed_answers(std::size_t pieces) {
  testing::wire_answer answer;
  for (std::size_t i = 0; i < pieces; ++i) answer.text.push_back("piece " + std::to_string(i) + " ");
  auto reply = testing::streamed(testing::stream_of(testing::wire::anthropic, answer));
  for (std::size_t at = 0; (at = reply.body.find("\n\n", at)) != std::string::npos;) reply.splits.push_back(at += 2);
  return [reply](const testing::recorded_request&) { return reply; };
}

/// What one client has measured, in microseconds.
using latencies = std::vector<std::int64_t>;

/// Runs `once(client)` over and over on each of the clients' threads until the time is over.
template <class Once>
latencies measure(std::size_t clients, std::chrono::seconds time, Once make_once) {
  std::vector<latencies> all(clients);
  std::vector<std::thread> threads;
  const auto end = clock_type::now() + time;
  for (std::size_t i = 0; i < clients; ++i) {
    threads.emplace_back([&all, i, end, once = make_once(i)]() mutable {
      while (clock_type::now() < end) {
        const auto began = clock_type::now();
        once();
        all[i].push_back(std::chrono::duration_cast<std::chrono::microseconds>(clock_type::now() - began).count());
      }
    });
  }
  for (auto& each : threads) each.join();
  latencies joined;
  for (const auto& each : all) joined.insert(joined.end(), each.begin(), each.end());
  std::sort(joined.begin(), joined.end());
  return joined;
}

void print(const std::string& what, const latencies& seen, std::chrono::seconds time) {
  if (seen.empty()) {
    std::cout << what << ": none\n";
    return;
  }
  const auto at = [&](double part) {
    return seen[static_cast<std::size_t>(part * static_cast<double>(seen.size() - 1))];
  };
  std::cout << what << ": " << static_cast<std::int64_t>(seen.size()) / time.count() << " a second, p50 " << at(0.5)
            << " us, p99 " << at(0.99) << " us\n";
}

/// A keep-alive connection that makes one request after the other and stops the program where one fails.
struct caller {
  test::client connection;
  std::string token;

  std::string post(const std::string& target, const std::string& body, int expected) {
    connection.send(test::request_text("POST", target, token, body));
    auto got = connection.read();
    if (got.at("transfer-encoding") == "chunked") {
      while (auto block = connection.next_block()) got.body += *block + "\n\n";
    }
    if (got.status != expected) {
      std::cerr << target << " answered " << got.status << ": " << got.body << '\n';
      std::exit(1);
    }
    return got.body;
  }
};

}  // namespace

int main(int count, char** arguments) {
  const auto number = [&](int index, std::size_t otherwise, std::size_t limit) {
    const auto given = count > index ? std::strtoul(arguments[index], nullptr, 10) : otherwise;
    return std::clamp<std::size_t>(given, 1, limit);
  };
  const auto clients = number(1, 32, max_clients);
  const std::chrono::seconds time(number(2, 5, max_seconds));

  const auto pieces = count > 3 ? number(3, 1, max_pieces) : 0;

  testing::fake_upstream upstream(0, pieces > 0 ? streamed_answers(pieces) : testing::simple_answers());
  upstream.keep_requests(false);
  const auto directory = std::filesystem::temp_directory_path() / ("flotilla-bench-" + std::to_string(::getpid()));
  testing::launch_options options;
  options.environment = {{"ANTHROPIC_API_KEY", "bench"}, {"ANTHROPIC_BASE_URL", upstream.url()}};
  options.arguments = {"--log-level", "warn"};
  if (count > 4 && std::string(arguments[4]) != "-") options.program = arguments[4];
  const auto memory = count > 5 ? std::strtoul(arguments[5], nullptr, 10) : 0;
  {
    testing::server_process server(directory, options);
    const auto port = server.port();
    const testing::api_client api(port);

    const std::string call =
        R"({"model":"m","max_tokens":64,"stream":true,"messages":[{"role":"user","content":"hi"}]})";
    const auto bare = measure(clients, time, [&](std::size_t) {
      auto to = std::make_shared<caller>(caller{test::client(upstream.port()), {}});
      return [to, call] { to->post("/v1/messages", call, 200); };
    });
    print("bare upstream calls", bare, time);

    const auto runs = measure(clients, time, [&](std::size_t) {
      const auto agent = api.new_agent({{"provider", "anthropic"}, {"model", "m"}, {"memoryTokens", memory}});
      auto to = std::make_shared<caller>(caller{test::client(port), testing::admin_token});
      return [to, task = R"({"title":"t","input":"hi","assignee":")" + agent + "\"}"] {
        const auto made = to->post("/api/tasks", task, 201);
        const auto id = made.substr(made.find("tsk_"), 30);
        const auto stream = to->post("/api/run", "{\"taskId\":\"" + id + "\"}", 200);
        if (stream.find(R"("text":"done")") == std::string::npos) {
          std::cerr << "a run did not end well: " << stream << '\n';
          std::exit(1);
        }
      };
    });
    print("whole durable runs", runs, time);
  }
  std::filesystem::remove_all(directory);
  return 0;
}
