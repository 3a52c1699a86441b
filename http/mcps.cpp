// /api/mcps: handlers that add, show, list, change and remove MCP servers.
#include "http/handlers.hpp"
#include "http/input.hpp"

namespace flotilla::http {
namespace {

result<mcp_draft> read_draft(body_reader in) {
  mcp_draft draft;
  arguments args;
  in.required("name", draft.name);
  in.required("transport", draft.transport);
  in.optional("command", draft.command);
  in.optional("args", args);
  in.optional("url", draft.url);
  in.optional("env", draft.env);
  in.optional("headers", draft.headers);
  draft.args = std::move(args.values);
  return std::move(in).check(std::move(draft));
}

result<mcp_patch> read_patch(body_reader in) {
  mcp_patch patch;
  std::optional<arguments> args;
  in.change("name", patch.name);
  in.change("transport", patch.transport);
  in.change("command", patch.command);
  in.change("args", args);
  in.change("url", patch.url);
  in.change("env", patch.env);
  in.change("headers", patch.headers);
  if (args) patch.args = std::move(args->values);
  return std::move(in).check(std::move(patch));
}

}  // namespace

void list_mcps(api& shared, const exchange_ptr& client) {
  auto wanted = query_as(*client, read_page_only);
  if (!wanted) return client->answer(error_response(wanted.error()));
  shared.served.list_mcps(client->who, std::move(*wanted), answering_page<mcp_server>(client));
}

void create_mcp(api& shared, const exchange_ptr& client) {
  auto draft = body_as(*client, read_draft);
  if (!draft) return client->answer(error_response(draft.error()));
  shared.served.create_mcp(client->who, std::move(*draft), answering_made<mcp_server>(client, "/api/mcps"));
}

void find_mcp(api& shared, const exchange_ptr& client) {
  shared.served.find_mcp(client->who, path_id<mcp_id>(*client), answering<mcp_server>(client));
}

void update_mcp(api& shared, const exchange_ptr& client) {
  auto patch = body_as(*client, read_patch);
  if (!patch) return client->answer(error_response(patch.error()));
  shared.served.update_mcp(client->who, path_id<mcp_id>(*client), std::move(*patch), answering<mcp_server>(client));
}

void delete_mcp(api& shared, const exchange_ptr& client) {
  shared.served.delete_mcp(client->who, path_id<mcp_id>(*client), answering_ok<void>(client));
}

}  // namespace flotilla::http
