// The gate: every request passes it, in this order, before a handler sees it.
#include "http/api.hpp"

#include "http/contract_check.hpp"
#include "http/idempotency_key.hpp"
#include "http/routes.hpp"
#include "http/uri.hpp"

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

/// A token that may not make another request for now.
response too_many(const allowance& given, const std::string& what) {
  return error_response({errc::rate_limited,
                         "too many " + what + ": at most " + std::to_string(given.limit) + " a minute",
                         given.retry_after});
}

/// What the caller may not; nothing where it may.
std::optional<response> check_caller(api& shared, exchange& client) {
  client.allowed = shared.limiter.take(client.who.token, std::chrono::steady_clock::now());
  if (client.allowed && !client.allowed->granted) {
    return too_many(*client.allowed, "requests with this token");
  }
  const auto least = *least_role(*client.wanted, shared.options);
  if (client.who.role < least) {
    return error_response(
        {errc::forbidden, "this needs the role " + std::string(to_string(least)) + " or above", {}});
  }
  if (client.wanted->kind != answers::stream) return {};
  if (const auto room = shared.streams.check_room(client.who.token); !room) return error_response(room.error());
  return {};
}

std::string_view noun_of(id_kind kind) noexcept {
  switch (kind) {
    case id_kind::agent:
      return "agent";
    case id_kind::task:
      return "task";
    case id_kind::epic:
      return "epic";
    case id_kind::mcp:
      return "MCP server";
    case id_kind::token:
      return "token";
    case id_kind::message:
    case id_kind::org:
    case id_kind::user:
      break;
  }
  return "object";
}

/// The id in the path. Errors: not_found, since a text that is no id names nothing.
result<std::string> read_path_id(id_kind kind, std::string_view sent) {
  auto text = percent_decoded(sent, plus_sign::literal);
  const auto prefix = prefix_of(kind);
  if (text && text->starts_with(prefix) && ulid::parse(std::string_view(*text).substr(prefix.size()))) {
    return std::move(*text);
  }
  return fail(errc::not_found, "no such " + std::string(noun_of(kind)));
}

/// The JSON object that was sent; an empty one where there may be none.
result<nlohmann::json> read_body(const request& asked, const route& wanted) {
  const auto required = !wanted.takes.body_name.empty() && wanted.takes.body_required;
  if (asked.body.empty() && !required) return nlohmann::json::object();
  return parse_object(asked.body);
}

/// Takes query, body and idempotency key in, and holds them against what the route takes.
result<void> read_input(exchange& client) {
  const auto& wanted = *client.wanted;
  auto query = parse_query(client.in().query);
  if (!query) return fail(query.error());
  auto body = read_body(client.in(), wanted);
  if (!body) return fail(body.error());
  const auto has_body = !wanted.takes.body_name.empty();
  const auto none = nlohmann::json::object();
  auto checked = check_parameters(wanted.takes.query, *query, has_body ? none : *body);
  if (checked && has_body) checked = check_fields(wanted.takes.body, *body);
  if (checked && !wanted.takes.exactly_one.empty()) checked = check_exactly_one(wanted.takes.exactly_one, *body);
  if (!checked) return checked;
  client.query = std::move(*query);
  client.body = std::move(*body);
  if (!takes_idempotency_key(wanted)) return {};
  auto once = idempotency_of(client.in(), client.body);
  if (!once) return fail(once.error());
  client.who.once = std::move(*once);
  return {};
}

/// What is wrong with what was sent; nothing where the handler may take it.
std::optional<response> check_request(const api& shared, exchange& client, std::string_view sent_id) {
  if (client.wanted->id) {
    auto id = read_path_id(*client.wanted->id, sent_id);
    if (!id) return error_response(id.error());
    client.path_id = std::move(*id);
  }
  if (!takes_anything(*client.wanted)) return {};
  if (auto refusal = check_body(client.in(), shared.options)) return refusal;
  const auto read = read_input(client);
  if (!read) return error_response(read.error());
  return {};
}

/// 401, or 429 to an address that fails too often.
response refuse_stranger(api& shared, exchange& client, const error& reason) {
  if (reason.code != errc::unauthorized) return error_response(reason);
  client.allowed = shared.failures.take(client.remote(), std::chrono::steady_clock::now());
  if (!client.allowed || client.allowed->granted) return error_response(reason);
  return too_many(*client.allowed, "failed authentications from this address");
}

void authenticate(api& shared, const exchange_ptr& client, std::string_view sent_id) {
  const auto token = bearer_token(client->in().authorization);
  if (!is_token_text(token)) {
    const auto* reason = client->in().authorization.empty() ? "send a token: Authorization: Bearer fr_live_…"
                                                            : "the token is not valid";
    return client->answer(refuse_stranger(shared, *client, {errc::unauthorized, reason, {}}));
  }
  client->let_in_at = shared.streams.revocations();
  auto known = [owner = shared.shared_from_this(), client, sent_id](result<principal> who) {
    if (!who) return client->answer(refuse_stranger(*owner, *client, who.error()));
    client->who = *who;
    if (auto refusal = check_caller(*owner, *client)) return client->answer(std::move(*refusal));
    if (auto refusal = check_request(*owner, *client, sent_id)) return client->answer(std::move(*refusal));
    client->wanted->handle(*owner, client);
  };
  shared.served.authenticate(token, std::move(known));
}

}  // namespace

void api::handle(const exchange_ptr& client) {
  const auto& asked = client->in();
  if (auto refusal = check_head(asked, options)) return client->answer(std::move(*refusal));
  const auto looked_up = find_route(asked.verb, asked.path);
  if (looked_up.found == nullptr) return client->answer(no_route(looked_up, asked.verb));
  const auto& wanted = *looked_up.found;
  if (!is_served(wanted, options)) return client->answer(error_response({errc::not_found, "no such endpoint", {}}));
  client->wanted = &wanted;
  if (refusing && wanted.kind != answers::probe) {
    auto refusal = error_response({errc::unavailable, "the server is shutting down", drain_retry_after});
    refusal.close = true;
    return client->answer(std::move(refusal));
  }
  if (!least_role(wanted, options)) return wanted.handle(*this, client);
  authenticate(*this, client, looked_up.id);
}

}  // namespace flotilla::http
