// /api/messages: the bus, as a list and as an event stream.
#include "http/handlers.hpp"
#include "http/input.hpp"
#include "http/resume.hpp"

namespace flotilla::http {
namespace {

void read_filter(query_reader& in, message_filter& into) {
  in.optional("agent", into.agent);
  in.optional("type", into.type);
  in.optional("task", into.task);
  in.optional("epic_id", into.epic);
  in.optional("since", into.since);
  in.optional("until", into.until);
}

result<message_query> read_query(query_reader in) {
  message_query query;
  read_filter(in, query.filter);
  read_page(in, query.page);
  return std::move(in).check(std::move(query));
}

result<message_filter> read_watch(query_reader in) {
  message_filter filter;
  read_filter(in, filter);
  return std::move(in).check(std::move(filter));
}

result<outgoing_message> read_draft(body_reader in) {
  outgoing_message what;
  in.required("to", what.to);
  in.required("text", what.text);
  in.optional("wake", what.wake);
  return std::move(in).check(std::move(what));
}

result<team_message> read_team_draft(body_reader in) {
  team_message what;
  in.required("team", what.team);
  in.required("text", what.text);
  in.optional("wake", what.wake);
  return std::move(in).check(std::move(what));
}

/// A reply that answers 201 with what was said. It has no place of its own.
template <class T>
reply<T> answering_said(const exchange_ptr& client) {
  return answering<T>(client, [](const T& said) {
    auto shown = ok(to_json(said));
    shown.status = 201;
    return shown;
  });
}

}  // namespace

void list_messages(api& shared, const exchange_ptr& client) {
  auto query = query_as(*client, read_query);
  if (!query) return client->answer(error_response(query.error()));
  shared.served.list_messages(client->who, std::move(*query), answering_page<message>(client));
}

void watch_messages(api& shared, const exchange_ptr& client) {
  auto filter = query_as(*client, read_watch);
  if (!filter) return client->answer(error_response(filter.error()));
  const auto from = resume_position(*client);
  if (!from) return client->answer(error_response(from.error()));
  shared.served.watch_messages(client->who, std::move(*filter), *from, streaming(shared, client));
}

void post_message(api& shared, const exchange_ptr& client) {
  if (client->body.contains("team")) {
    auto what = body_as(*client, read_team_draft);
    if (!what) return client->answer(error_response(what.error()));
    return shared.served.post_team_message(client->who, std::move(*what),
                                           answering_said<std::vector<message>>(client));
  }
  auto what = body_as(*client, read_draft);
  if (!what) return client->answer(error_response(what.error()));
  shared.served.post_message(client->who, std::move(*what), answering_said<message>(client));
}

}  // namespace flotilla::http
