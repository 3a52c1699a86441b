// The HTTP server: the REST and SSE API over a fleet. An embedder like any other: it sees flotilla/ only.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "flotilla/fleet.hpp"
#include "flotilla/result.hpp"

namespace flotilla::http {

inline constexpr std::size_t default_max_body_bytes = 1U << 20U;
inline constexpr std::size_t default_max_header_bytes = 16U << 10U;  ///< request line and header fields together
inline constexpr std::size_t default_max_header_fields = 100;
inline constexpr std::size_t default_max_connections = 4096;
inline constexpr std::size_t default_max_streams_per_token = 512;
inline constexpr std::uint32_t default_rate_limit_per_minute = 120;
/// How often a minute an address may fail to authenticate, and how many times at once.
inline constexpr std::uint32_t default_failed_authentications_per_minute = 20;

/// Who may read /metrics.
enum class metrics_access : std::uint8_t {
  open,   ///< anyone
  token,  ///< who has a token
  off,    ///< nobody: it is not there
};

/// How the server listens and what it lets in. Every limit holds for the whole life of the server.
struct server_options {
  std::string listen_host = "127.0.0.1";                                ///< an IPv4 or IPv6 address, or "localhost"
  std::uint16_t port = 8080;                                            ///< 0: any free one, see `server::port`
  std::size_t io_threads = 2;                                           ///< at least 1
  std::uint32_t rate_limit_per_minute = default_rate_limit_per_minute;  ///< for each token; 0: none
  /// For each address (IPv6: each /64); above: 429. 0: no limit. It holds up nobody whose token is valid.
  std::uint32_t failed_authentications_per_minute = default_failed_authentications_per_minute;
  metrics_access metrics = metrics_access::open;

  std::size_t max_body_bytes = default_max_body_bytes;        ///< above: 413
  std::size_t max_header_bytes = default_max_header_bytes;    ///< above: 431
  std::size_t max_header_fields = default_max_header_fields;  ///< above: 431
  /// Held at a time; those above wait to be accepted. Lowered to what the limit of open files leaves.
  std::size_t max_connections = default_max_connections;
  std::size_t max_streams_per_token = default_max_streams_per_token;  ///< above: 429

  /// For a request to arrive as a whole, and for a kept-alive connection to wait for its next one.
  std::chrono::milliseconds request_time{15'000};
  /// For a request to be answered. It does not bound a stream.
  std::chrono::milliseconds answer_time{120'000};
  /// How long one write may wait for a reader that has stopped reading. A stream's reader that stays away for
  /// longer is disconnected, and resumes with Last-Event-ID.
  std::chrono::milliseconds stalled_reader_time{30 * 60'000};
  /// A stream that is silent sends a comment line before this time has passed. Must be below `answer_time`.
  std::chrono::milliseconds heartbeat{15'000};

  /// Where backups may be made: an absolute path; each becomes a directory directly below it. Empty: nowhere.
  std::string backup_directory;

  bool access_log = true;  ///< one line for each answer, through spdlog's default logger at level info
};

/// A running server. All of it may be called from any thread but the server's own.
class server {
 public:
  /// Binds, listens and serves on threads of its own. The fleet must outlive the server.
  /// Errors: invalid (an option; the address is not one), unavailable (the address cannot be listened on).
  [[nodiscard]] static result<std::unique_ptr<server>> start(fleet& served, server_options options);

  server(const server&) = delete;
  server& operator=(const server&) = delete;
  /// Stops at once what `stop` has not stopped before.
  ~server();

  /// The port that is listened on.
  [[nodiscard]] std::uint16_t port() const noexcept;
  /// Streams that are open at the moment.
  [[nodiscard]] std::size_t open_streams() const;
  /// What the server has counted and measured, in the text format of Prometheus (version 0.0.4). The fleet's own
  /// figures are not in it (`fleet::metrics`).
  [[nodiscard]] std::string metrics() const;

  /// From now on every request but /healthz and /readyz is answered 503. Returns at once; for good.
  void refuse_new() noexcept;
  /// Ends politely: refuses what is new, lets requests and streams end by themselves (`fleet::drain` ends the
  /// streams) and be written, and ends what is left near the end of `grace`, each stream after a whole entry.
  /// Blocks for at most about `grace`. A second call does nothing.
  void stop(std::chrono::milliseconds grace);

 private:
  class engine;
  explicit server(std::unique_ptr<engine> running) noexcept;
  std::unique_ptr<engine> engine_;
};

}  // namespace flotilla::http
