// One request and its one answer: a whole response, or a stream of bytes. What carries it is behind the interface
// (http/connection.hpp), so that routes and streams know nothing of the HTTP library.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "flotilla/access.hpp"
#include "http/client_address.hpp"
#include "http/message.hpp"
#include "http/rate_limiter.hpp"
#include "http/uri.hpp"

namespace flotilla::http {

struct route;

/// Names a connection for as long as the server runs.
using connection_id = std::uint64_t;

/// Called once a write is through (true: the system has taken all of it) or can no more be (false). From a thread of
/// the server, never from within `write` itself.
using write_handler = std::function<void(bool written)>;

/// A request that waits for its answer. Handlers keep it by shared_ptr until they have answered. `answer`,
/// `begin_stream` and `write` may be called from any thread; they do nothing once the client or the server has gone.
class exchange {
 public:
  virtual ~exchange() = default;

  [[nodiscard]] virtual const request& in() const noexcept = 0;
  [[nodiscard]] virtual connection_id connection() const noexcept = 0;
  [[nodiscard]] virtual client_address remote() const noexcept = 0;

  /// Answers, adding the headers that every answer carries. Only the first of `answer` and `begin_stream` counts.
  virtual void answer(response what) = 0;
  /// Answers 200 with an event stream, whose first bytes are `first`; `done` as in `write`.
  virtual void begin_stream(std::string first, write_handler done) = 0;
  /// Sends more of the stream. Preconditions: begin_stream was called; no other write is in flight.
  virtual void write(std::string bytes, write_handler done) = 0;
  /// Sends the stream's last bytes (there may be none) and its regular end. Precondition as for `write`.
  virtual void finish(std::string bytes) = 0;
  /// Ends the stream in a way that tells the client that more would have followed. Precondition as for `write`.
  virtual void cut() = 0;

  // Set by the gate before the handler is called, and not changed afterwards.
  const route* wanted = nullptr;     ///< the route that takes it; nothing where none does
  principal who;                     ///< on whose behalf; not set on a public route
  std::uint64_t let_in_at = 0;       ///< how many tokens had been revoked before its token was asked for
  std::string path_id;               ///< what stood for "{id}", decoded; it has the form of the id that it must be
  std::optional<allowance> allowed;  ///< shown in the RateLimit headers
  query_parameters query;            ///< where the route takes any; checked against its contract, as the body
  nlohmann::json body;               ///< likewise; an object
};

using exchange_ptr = std::shared_ptr<exchange>;

}  // namespace flotilla::http
