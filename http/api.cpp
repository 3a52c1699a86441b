// The gate: every request passes it, in this order, before a handler sees it.
#include "http/api.hpp"

#include "http/routes.hpp"

namespace flotilla::http {
namespace {

constexpr std::chrono::seconds drain_retry_after{5};

std::string kibibytes(std::size_t bytes) {
  return std::to_string(bytes >> 10U) + " KiB";
}

/// 431 where the head of the request is above its limits.
std::optional<response> check_head(const request& asked, const server_options& limits) {
  if (asked.header_bytes <= limits.max_header_bytes && asked.header_fields <= limits.max_header_fields) return {};
  return error_response(431, "the headers are too large: at most " + kibibytes(limits.max_header_bytes) + " in " +
                                 std::to_string(limits.max_header_fields) + " fields");
}

/// 413 or 415 where the body cannot be taken.
std::optional<response> check_body(const request& asked, const server_options& limits) {
  if (asked.body.size() > limits.max_body_bytes) {
    return error_response(
        {errc::too_large, "the body is too large: at most " + kibibytes(limits.max_body_bytes), {}});
  }
  if (asked.body.empty() || asked.content_type.empty() || is_json_type(asked.content_type)) return {};
  return error_response(415, "the body must be JSON: send it with Content-Type: application/json");
}

/// The answer where no route takes the request.
response no_route(const match& looked_up, method verb) {
  if (looked_up.allow.empty()) return error_response({errc::not_found, "no such endpoint", {}});
  auto answer = verb == method::options ? response{} : error_response(405, "this endpoint takes " + looked_up.allow);
  if (verb == method::options) answer.status = 204;
  answer.headers.push_back({"Allow", looked_up.allow});
  return answer;
}

/// What stands between a caller that is known and the handler; nothing where it may pass.
std::optional<response> check_caller(api& shared, exchange& client, const route& wanted) {
  client.allowed = shared.limiter.take(client.who.token, std::chrono::steady_clock::now());
  if (client.allowed && !client.allowed->granted) {
    return error_response(
        {errc::rate_limited,
         "too many requests: at most " + std::to_string(client.allowed->limit) + " a minute with this token",
         client.allowed->retry_after});
  }
  if (client.who.role < *wanted.least) {
    return error_response(
        {errc::forbidden, "this needs the role " + std::string(to_string(*wanted.least)) + " or above", {}});
  }
  if (wanted.kind == answers::stream) {
    if (const auto room = shared.streams.check_room(client.who.token); !room) return error_response(room.error());
  }
  return check_body(client.in(), shared.options);
}

void authenticate(api& shared, const exchange_ptr& client, const route& wanted) {
  const auto token = bearer_token(client->in().authorization);
  if (!is_token_text(token)) {
    const auto* reason = client->in().authorization.empty() ? "send a token: Authorization: Bearer fr_live_…"
                                                            : "the token is not valid";
    return client->answer(error_response({errc::unauthorized, reason, {}}));
  }
  auto known = [owner = shared.shared_from_this(), client, &wanted](result<principal> who) {
    if (!who) return client->answer(error_response(who.error()));
    client->who = *who;
    if (auto refusal = check_caller(*owner, *client, wanted)) return client->answer(std::move(*refusal));
    wanted.handle(*owner, client);
  };
  shared.served.authenticate(token, std::move(known));
}

}  // namespace

void api::handle(const exchange_ptr& client) {
  const auto& asked = client->in();
  if (auto refusal = check_head(asked, options)) return client->answer(std::move(*refusal));
  const auto looked_up = find_route(asked.verb, asked.path);
  if (looked_up.found == nullptr) return client->answer(no_route(looked_up, asked.verb));
  client->found = looked_up.found;
  client->path_id = looked_up.id;
  const auto& wanted = *looked_up.found;
  if (refusing && wanted.kind != answers::probe) {
    auto refusal = error_response({errc::unavailable, "the server is shutting down", drain_retry_after});
    refusal.close = true;
    return client->answer(std::move(refusal));
  }
  if (!wanted.least) return wanted.handle(*this, client);
  authenticate(*this, client, wanted);
}

}  // namespace flotilla::http
