// What handlers have in common: taking input out of a request, and turning the fleet's replies into answers.
#pragma once

#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "flotilla/json.hpp"
#include "flotilla/page.hpp"
#include "flotilla/result.hpp"
#include "http/exchange.hpp"
#include "http/fields.hpp"
#include "http/uri.hpp"

namespace flotilla::http {

/// The id in the path. Errors: not_found, since a text that is no id names nothing.
template <class Id>
[[nodiscard]] result<Id> path_id(const exchange& client, const char* noun) {
  const auto text = percent_decoded(client.path_id, plus_sign::literal);
  const auto parsed = text ? Id::parse(*text) : std::nullopt;
  if (!parsed) return fail(errc::not_found, std::string("no such ") + noun);
  return *parsed;
}

/// Reads the body with a function from `body_reader&` to a result. Errors: invalid.
template <class Read>
[[nodiscard]] auto body_as(const exchange& client, Read read) -> std::invoke_result_t<Read, body_reader> {
  const auto body = parse_object(client.in().body);
  if (!body) return fail(body.error());
  return read(body_reader(*body));
}

/// Reads the parameters of a GET with a function from `query_reader` to a result. Errors: invalid.
template <class Read>
[[nodiscard]] auto query_as(const exchange& client, Read read) -> std::invoke_result_t<Read, query_reader> {
  const auto query = parse_query(client.in().query);
  if (!query) return fail(query.error());
  result<nlohmann::json> body = nlohmann::json::object();
  if (!client.in().body.empty()) body = parse_object(client.in().body);
  if (!body) return fail(body.error());
  return read(query_reader(*query, *body));
}

/// Reads `limit` and `cursor`.
void read_page(query_reader& in, page_request& into);

/// The Link header (RFC 8288) to the next page: this request with another cursor. Nothing on the last page.
[[nodiscard]] std::optional<header> next_link(const request& of, const std::optional<std::string>& cursor);

/// 200 with a body.
[[nodiscard]] response ok(std::string body);
/// 201 with the object made and where it is.
[[nodiscard]] response created(std::string body, std::string location);

/// A reply that answers the client with what `show` makes of the value, or with the error.
template <class T, class Show>
[[nodiscard]] reply<T> answering(exchange_ptr client, Show show) {
  return [client = std::move(client), show = std::move(show)](result<T> given) {
    client->answer(given ? show(std::move(*given)) : error_response(given.error()));
  };
}

/// A reply that answers with the object as JSON.
template <class T>
[[nodiscard]] reply<T> answering(exchange_ptr client) {
  return answering<T>(std::move(client), [](const T& value) { return ok(to_json(value)); });
}

/// A reply that answers with a page of a list.
template <class T>
[[nodiscard]] reply<page<T>> answering_page(const exchange_ptr& client) {
  return answering<page<T>>(client, [client](const page<T>& given) {
    auto shown = ok(to_json(given.items));
    if (auto link = next_link(client->in(), given.next)) shown.headers.push_back(std::move(*link));
    return shown;
  });
}

}  // namespace flotilla::http
