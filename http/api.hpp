// What the handlers of all routes share, and the way of a request to its handler.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "flotilla/fleet.hpp"
#include "http/exchange.hpp"
#include "http/metrics.hpp"
#include "http/openapi.hpp"
#include "http/rate_limiter.hpp"
#include "http/server.hpp"
#include "http/sse.hpp"

namespace flotilla::http {

/// The API over a fleet. Thread-safe. Handlers that wait for the fleet keep it by shared_ptr, since the fleet may
/// answer after the server has gone.
struct api : std::enable_shared_from_this<api> {
  api(fleet& fleet_served, const server_options& how)
      : served(fleet_served),
        options(how),
        limiter(how.rate_limit_per_minute),
        failures(how.failed_authentications_per_minute),
        streams(how.max_streams_per_token),
        document(openapi_document(how)),
        metrics([this] { return streams.size(); }) {}

  /// Answers a request, now or later: limits, route, drain, token, rate, role, contract, and then the route's
  /// handler.
  void handle(const exchange_ptr& client);

  fleet& served;
  const server_options options;
  rate_limiter<token_id> limiter;
  rate_limiter<client_address> failures;  ///< to authenticate
  stream_registry streams;
  const std::string document;  ///< OpenAPI, as /api/openapi.json shows it
  request_metrics metrics;
  std::atomic<bool> refusing{false};  ///< draining: nothing new but the probes
};

}  // namespace flotilla::http
