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

/// The id in the path, whose form the gate has checked.
template <class Id>
[[nodiscard]] Id path_id(const exchange& client) {
  return Id::parse(client.path_id).value_or(Id{});
}

/// Reads the body with a function from `body_reader` to a result. Errors: invalid.
template <class Read>
[[nodiscard]] auto body_as(const exchange& client, Read read) -> std::invoke_result_t<Read, body_reader> {
  return read(body_reader(client.body));
}

/// Reads the parameters of a GET or DELETE with a function from `query_reader` to a result. Errors: invalid.
template <class Read>
[[nodiscard]] auto query_as(const exchange& client, Read read) -> std::invoke_result_t<Read, query_reader> {
  return read(query_reader(client.query, client.body));
}

/// Reads `limit` and `cursor`.
void read_page(query_reader& in, page_request& into);
/// The same where a list has no filters. Errors: invalid.
[[nodiscard]] result<page_request> read_page_only(query_reader in);

/// The Link header (RFC 8288) to the next page: this request with another cursor. Parameters that stood in a body
/// come into the query. Nothing on the last page.
[[nodiscard]] std::optional<header> next_link(const exchange& of, const std::optional<std::string>& cursor);

/// 200 with a body.
[[nodiscard]] response ok(std::string body);
/// 201 with the object made and where it is.
[[nodiscard]] response created(std::string body, std::string location);

/// What names an object that was made.
template <class T>
[[nodiscard]] auto id_of(const T& made) {
  return made.id;
}
[[nodiscard]] inline token_id id_of(const new_token& made) {
  return made.token.id;
}

/// A reply that answers the client with what `show` makes of the value, or with the error.
template <class T, class Show>
[[nodiscard]] reply<T> answering(exchange_ptr client, Show show) {
  return [client = std::move(client), show = std::move(show)](result<T> given) {
    client->answer(given ? show(std::move(*given)) : error_response(given.error()));
  };
}

/// A reply that answers {"ok":true}.
template <class T>
[[nodiscard]] reply<T> answering_ok(exchange_ptr client) {
  return [client = std::move(client)](const result<T>& given) {
    client->answer(given ? ok(R"({"ok":true})") : error_response(given.error()));
  };
}

/// A reply that answers 201 with the object as JSON and its place: `collection` and its id.
template <class T>
[[nodiscard]] reply<T> answering_made(exchange_ptr client, std::string_view collection) {
  return answering<T>(std::move(client), [collection](const T& made) {
    return created(to_json(made), std::string(collection) + "/" + id_of(made).to_string());
  });
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
    if (auto link = next_link(*client, given.next)) shown.headers.push_back(std::move(*link));
    return shown;
  });
}

}  // namespace flotilla::http
