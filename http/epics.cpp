// /api/epics: handlers that make, show, list and change epics.
#include "http/handlers.hpp"
#include "http/input.hpp"

namespace flotilla::http {
namespace {

result<epic_query> read_query(query_reader in) {
  epic_query query;
  in.optional("status", query.status);
  in.optional("type", query.type);
  read_page(in, query.page);
  return std::move(in).check(std::move(query));
}

result<epic_draft> read_draft(body_reader in) {
  epic_draft draft;
  in.required("name", draft.name);
  in.optional("type", draft.type);
  return std::move(in).check(std::move(draft));
}

result<epic_patch> read_patch(body_reader in) {
  epic_patch patch;
  in.change("name", patch.name);
  in.change("type", patch.type);
  in.change("status", patch.status);
  return std::move(in).check(std::move(patch));
}

}  // namespace

void list_epics(api& shared, const exchange_ptr& client) {
  auto query = query_as(*client, read_query);
  if (!query) return client->answer(error_response(query.error()));
  shared.served.list_epics(client->who, std::move(*query), answering_page<epic>(client));
}

void create_epic(api& shared, const exchange_ptr& client) {
  auto draft = body_as(*client, read_draft);
  if (!draft) return client->answer(error_response(draft.error()));
  shared.served.create_epic(client->who, std::move(*draft), answering_made<epic>(client, "/api/epics"));
}

void find_epic(api& shared, const exchange_ptr& client) {
  shared.served.find_epic(client->who, path_id<epic_id>(*client), answering<epic_detail>(client));
}

void update_epic(api& shared, const exchange_ptr& client) {
  auto patch = body_as(*client, read_patch);
  if (!patch) return client->answer(error_response(patch.error()));
  shared.served.update_epic(client->who, path_id<epic_id>(*client), std::move(*patch), answering<epic>(client));
}

}  // namespace flotilla::http
