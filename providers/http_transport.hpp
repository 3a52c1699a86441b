// HTTP for the vendors: one thread drives all calls.
//
// libcurl's multi interface, fed from epoll (curl_multi_socket_action), so that the cost of a call does not grow
// with the number of calls. Connections are kept and used again; HTTP/2 where TLS negotiates it. Redirects are not
// followed (a key must not travel), certificates are checked, and nothing but http and https is spoken.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "flotilla/fleet.hpp"

namespace flotilla {

inline constexpr long max_connections_per_host = 1'000;  ///< calls above it wait for one
inline constexpr long max_kept_connections = 1'000;      ///< open and idle, of all hosts
inline constexpr std::size_t max_kept_handles = 256;     ///< of libcurl, to be used again

/// A POST.
struct http_request {
  std::string url;
  std::vector<std::string> headers;  ///< "Name: value" each; may hold a secret, and is never shown
  std::string body;
  provider_limits limits;  ///< its time limits hold; the body's bound is the listener's
};

/// The beginning of an answer.
struct http_head {
  int status = 0;
  std::optional<std::chrono::milliseconds> retry_after;  ///< RFC 9110 section 10.2.3, both forms; never negative
};

/// Why there is no whole answer.
struct http_error {
  enum class kind : std::uint8_t {
    unreachable,  ///< no connection: refused, unknown host, bad certificate, illegal URL
    broken,       ///< the connection ended before the answer did
    timeout,      ///< one of the limits passed
    stopped,      ///< the transport was destroyed
  };
  kind is = kind::broken;
  std::string message;  ///< for people; no address, no header
};

/// Is told how a call goes, from the transport's thread, which it must not block: the head once, then the body in
/// pieces, then one of the two ends. An error may come without a head. Nothing comes after an end.
class http_listener {
 public:
  virtual ~http_listener() = default;
  virtual void on_head(const http_head& head) = 0;
  /// False: enough, close the connection; then no end is told.
  [[nodiscard]] virtual bool on_body(std::string_view piece) = 0;
  virtual void on_end() = 0;
  virtual void on_error(http_error error) = 0;
};

/// A call under way. Destroying it closes its connection soon, without waiting; a call into the listener that had
/// begun may still be going on. May be destroyed from any thread, also from within the listener.
class http_call {
 public:
  virtual ~http_call() = default;
  /// Lets the call go on to its end by itself, within its limits, when this is destroyed.
  virtual void detach() = 0;
};

/// The transport. `start` may be called from any thread and does not block; the listener is never called from
/// within it. Destroying the transport ends all calls with `stopped`, and waits for its thread.
class http_transport {
 public:
  /// Errors: unavailable (the system gives no thread or no descriptor).
  [[nodiscard]] static result<std::shared_ptr<http_transport>> open();
  ~http_transport();
  http_transport(const http_transport&) = delete;
  http_transport& operator=(const http_transport&) = delete;

  [[nodiscard]] std::unique_ptr<http_call> start(http_request request, std::shared_ptr<http_listener> listener);

 private:
  class engine;
  http_transport(std::shared_ptr<engine> core, std::thread thread);

  std::shared_ptr<engine> engine_;
  std::thread thread_;
};

/// A Retry-After value: seconds, or an HTTP-date seen from `now`. Nothing where it is neither. Pure.
[[nodiscard]] std::optional<std::chrono::milliseconds> parse_retry_after(std::string_view value,
                                                                         std::chrono::system_clock::time_point now);

}  // namespace flotilla
