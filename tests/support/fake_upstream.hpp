// A real HTTP server on the loopback that answers as it is told: whole, in pieces, late, broken or never.
//
// It has a thread of its own; every function may be called from any thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace flotilla::testing {

struct recorded_request {
  std::string method;
  std::string path;
  std::map<std::string, std::string> headers;  ///< names in lower case
  std::string body;
};

/// How one request is answered.
struct canned_reply {
  int status = 200;
  std::vector<std::string> headers{"Content-Type: text/event-stream"};
  std::string body;
  std::vector<std::size_t> splits;       ///< ascending positions in the body: each begins a write of its own
  std::optional<std::size_t> cut_after;  ///< the connection is closed behind this many bytes of the body
  bool stall = false;                    ///< says nothing more behind the body, and leaves the connection open
  bool silent = false;                   ///< sends not even a head
  std::chrono::milliseconds pause{0};    ///< between two writes
  std::function<void()> sent;            ///< is called when all of it has been written; the server's thread
};

class fake_upstream {
 public:
  using answer_function = std::function<canned_reply(const recorded_request&)>;

  /// Listens on 127.0.0.1; port 0: the system chooses. `otherwise` answers when the queue is empty; without it that
  /// is a 500. Throws std::system_error where the port cannot be had.
  explicit fake_upstream(std::uint16_t port = 0, answer_function otherwise = {});
  ~fake_upstream();
  fake_upstream(const fake_upstream&) = delete;
  fake_upstream& operator=(const fake_upstream&) = delete;

  [[nodiscard]] std::uint16_t port() const;
  /// "http://127.0.0.1:PORT"
  [[nodiscard]] std::string url() const;

  /// Answers the next request that has no answer yet with this.
  void queue(canned_reply reply);
  /// In the order of their arrival. With `keep_requests(false)` only counted.
  [[nodiscard]] std::vector<recorded_request> requests() const;
  void keep_requests(bool keep);
  [[nodiscard]] std::size_t request_count() const;
  [[nodiscard]] std::size_t connection_count() const;  ///< accepted since the start
  /// Wait until so many have come, or gone.
  void wait_for_requests(std::size_t count) const;
  void wait_for_disconnects(std::size_t count) const;

 private:
  class server;
  std::shared_ptr<server> server_;
};

}  // namespace flotilla::testing
