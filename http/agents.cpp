// /api/agents: handlers that make, show, list, change and archive agents, and show their tree and their memory.
#include "http/handlers.hpp"
#include "http/input.hpp"

namespace flotilla::http {
namespace {

result<agent_query> read_query(query_reader in) {
  agent_query query;
  in.optional("status", query.status);
  in.optional("team", query.team);
  read_page(in, query.page);
  return std::move(in).check(std::move(query));
}

result<agent_draft> read_draft(body_reader in) {
  agent_draft draft;
  in.required("name", draft.name);
  in.required("role", draft.role);
  in.required("model", draft.model);
  in.required("provider", draft.provider);
  in.required("glyph", draft.glyph);
  in.optional("manager", draft.manager);
  in.optional("team", draft.team);
  in.optional("mcps", draft.mcps);
  in.optional("approvals", draft.approvals);
  in.optional("maxTurns", draft.max_turns);
  in.optional("budget", draft.budget);
  in.optional("memoryTokens", draft.memory_tokens);
  return std::move(in).check(std::move(draft));
}

result<agent_patch> read_patch(body_reader in) {
  agent_patch patch;
  in.change("name", patch.name);
  in.change("role", patch.role);
  in.change("model", patch.model);
  in.change("provider", patch.provider);
  in.change("glyph", patch.glyph);
  in.change("manager", patch.manager);
  in.change("team", patch.team);
  in.change("status", patch.status);
  in.change("mcps", patch.mcps);
  in.change("approvals", patch.approvals);
  in.change("maxTurns", patch.max_turns);
  in.change("budget", patch.budget);
  in.change("memoryTokens", patch.memory_tokens);
  return std::move(in).check(std::move(patch));
}

result<std::optional<agent_id>> read_root(query_reader in) {
  std::optional<agent_id> root;
  in.optional("root", root);
  return std::move(in).check(root);
}

}  // namespace

void list_agents(api& shared, const exchange_ptr& client) {
  auto query = query_as(*client, read_query);
  if (!query) return client->answer(error_response(query.error()));
  shared.served.list_agents(client->who, std::move(*query), answering_page<agent>(client));
}

void create_agent(api& shared, const exchange_ptr& client) {
  auto draft = body_as(*client, read_draft);
  if (!draft) return client->answer(error_response(draft.error()));
  shared.served.create_agent(client->who, std::move(*draft), answering_made<agent>(client, "/api/agents"));
}

void find_agent(api& shared, const exchange_ptr& client) {
  shared.served.find_agent(client->who, path_id<agent_id>(*client), answering<agent>(client));
}

void update_agent(api& shared, const exchange_ptr& client) {
  auto patch = body_as(*client, read_patch);
  if (!patch) return client->answer(error_response(patch.error()));
  shared.served.update_agent(client->who, path_id<agent_id>(*client), std::move(*patch), answering<agent>(client));
}

void archive_agent(api& shared, const exchange_ptr& client) {
  shared.served.archive_agent(client->who, path_id<agent_id>(*client), answering_ok<agent>(client));
}

void show_tree(api& shared, const exchange_ptr& client) {
  auto root = query_as(*client, read_root);
  if (!root) return client->answer(error_response(root.error()));
  auto show = [](const std::vector<agent_node>& top) { return ok(to_json(top)); };
  shared.served.agent_tree(client->who, *root, answering<std::vector<agent_node>>(client, show));
}

void show_memory(api& shared, const exchange_ptr& client) {
  shared.served.read_memory(client->who, path_id<agent_id>(*client), answering<agent_memory>(client));
}

void clear_memory(api& shared, const exchange_ptr& client) {
  shared.served.clear_memory(client->who, path_id<agent_id>(*client), answering<agent>(client));
}

}  // namespace flotilla::http
