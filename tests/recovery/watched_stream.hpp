// One event stream that is read through all lives of the server: cut by kills, resumed with Last-Event-ID.
//
// It never blocks: whoever watches many of them polls their sockets (watchers.hpp). One thread at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tests/recovery/scripted_vendor.hpp"

namespace flotilla::recovery {

/// An event as it came, and what of it the harness looks at.
struct seen_event {
  std::uint64_t id = 0;
  std::string block;  ///< its bytes, without the empty line behind it
  wall_ms at = 0;
  std::string type;
  std::string text;
  std::string tool;
  std::string call_id;
  nlohmann::json data;
};

/// What reading a socket has brought.
enum class stream_state : std::uint8_t { open, ended, cut, refused };

class watched_stream {
 public:
  explicit watched_stream(std::string target) : target_(std::move(target)) {}
  ~watched_stream();
  watched_stream(watched_stream&& other) noexcept;
  watched_stream& operator=(watched_stream&&) = delete;
  watched_stream(const watched_stream&) = delete;
  watched_stream& operator=(const watched_stream&) = delete;

  /// Connects, and asks for what is behind the last event that was seen. False where nobody listens.
  bool open(std::uint16_t port);
  void close();
  /// -1 where it is not open.
  [[nodiscard]] int socket() const noexcept { return socket_; }
  /// Takes what has come, and adds the whole events in it to `events`. Anything but `open` has closed the socket.
  stream_state read();
  /// The HTTP status of a stream that was refused.
  [[nodiscard]] int status() const noexcept { return status_; }

  [[nodiscard]] const std::vector<seen_event>& events() const noexcept { return events_; }
  /// All blocks, joined: what an uncut stream would have sent.
  [[nodiscard]] std::string bytes() const;
  [[nodiscard]] const std::string& target() const noexcept { return target_; }

 private:
  [[nodiscard]] bool take_head();
  [[nodiscard]] std::optional<std::string> take_chunk();
  void take_events();

  std::string target_;
  int socket_ = -1;
  int status_ = 0;
  bool in_body_ = false;
  std::string raw_;   ///< as it came
  std::string body_;  ///< without the framing; less than an event
  std::vector<seen_event> events_;
};

}  // namespace flotilla::recovery
