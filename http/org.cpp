// What is about the org as a whole: its API tokens and what it used.
#include "http/handlers.hpp"
#include "http/input.hpp"

namespace flotilla::http {
namespace {

result<token_draft> read_draft(body_reader in) {
  token_draft draft;
  in.required("name", draft.name);
  in.optional("role", draft.role);
  return std::move(in).check(std::move(draft));
}

result<usage_query> read_usage(query_reader in) {
  std::optional<budget_period> period;
  usage_query query;
  in.optional("period", period);
  in.optional("agent", query.agent);
  query.period = period.value_or(query.period);
  return std::move(in).check(query);
}

}  // namespace

void list_tokens(api& shared, const exchange_ptr& client) {
  auto wanted = query_as(*client, read_page_only);
  if (!wanted) return client->answer(error_response(wanted.error()));
  shared.served.list_tokens(client->who, std::move(*wanted), answering_page<api_token>(client));
}

void create_token(api& shared, const exchange_ptr& client) {
  auto draft = body_as(*client, read_draft);
  if (!draft) return client->answer(error_response(draft.error()));
  shared.served.create_token(client->who, std::move(*draft), answering_made<new_token>(client, "/api/tokens"));
}

void revoke_token(api& shared, const exchange_ptr& client) {
  shared.served.revoke_token(client->who, path_id<token_id>(*client), answering_ok<void>(client));
}

void show_usage(api& shared, const exchange_ptr& client) {
  auto query = query_as(*client, read_usage);
  if (!query) return client->answer(error_response(query.error()));
  shared.served.usage(client->who, *query, answering<usage_summary>(client));
}

}  // namespace flotilla::http
