// /api/secrets: handlers that list, put and delete secrets. No answer holds a value.
#include "http/handlers.hpp"
#include "http/input.hpp"

namespace flotilla::http {
namespace {

/// The agent of a secret has two names: the reference says `agent` where secrets are listed, else `agentId`. Each is
/// taken for the other; `first` wins.
std::optional<agent_id> read_agent(query_reader& in, const char* first, const char* second) {
  std::optional<agent_id> agent;
  std::optional<agent_id> other;
  in.optional(first, agent);
  in.optional(second, other);
  return agent ? agent : other;
}

secret_scope read_scope(query_reader& in) {
  std::optional<secret_scope> scope;
  in.optional("scope", scope);
  return scope.value_or(secret_scope::org);
}

result<secret_query> read_query(query_reader in) {
  secret_query query;
  query.scope = read_scope(in);
  query.agent = read_agent(in, "agent", "agentId");
  read_page(in, query.page);
  return std::move(in).check(std::move(query));
}

result<secret_name> read_name(query_reader in) {
  secret_name name;
  std::optional<std::string> key;
  in.optional("key", key);
  name.key = std::move(key).value_or(std::string());  // the gate has seen that it is there
  name.scope = read_scope(in);
  name.agent = read_agent(in, "agentId", "agent");
  return std::move(in).check(std::move(name));
}

struct secret_draft {
  secret_name name;
  std::string value;
};

result<secret_draft> read_draft(body_reader in) {
  secret_draft draft;
  in.required("key", draft.name.key);
  in.required("value", draft.value);
  in.optional("scope", draft.name.scope);
  in.optional("agentId", draft.name.agent);
  return std::move(in).check(std::move(draft));
}

}  // namespace

void list_secrets(api& shared, const exchange_ptr& client) {
  auto query = query_as(*client, read_query);
  if (!query) return client->answer(error_response(query.error()));
  shared.served.list_secrets(client->who, std::move(*query), answering_page<secret>(client));
}

void put_secret(api& shared, const exchange_ptr& client) {
  auto draft = body_as(*client, read_draft);
  if (!draft) return client->answer(error_response(draft.error()));
  shared.served.put_secret(client->who, std::move(draft->name), std::move(draft->value), answering_ok<void>(client));
}

void delete_secret(api& shared, const exchange_ptr& client) {
  auto name = query_as(*client, read_name);
  if (!name) return client->answer(error_response(name.error()));
  shared.served.delete_secret(client->who, std::move(*name), answering_ok<void>(client));
}

}  // namespace flotilla::http
