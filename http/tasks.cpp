// /api/tasks: handlers that make, show, list and change tasks.
#include "http/handlers.hpp"
#include "http/input.hpp"

namespace flotilla::http {
namespace {

constexpr const char* noun = "task";

result<task_query> read_query(query_reader in) {
  task_query query;
  in.optional("status", query.status);
  in.optional("assignee", query.assignee);
  in.optional("priority", query.priority);
  read_page(in, query.page);
  return std::move(in).check(std::move(query));
}

result<task_draft> read_draft(body_reader in) {
  task_draft draft;
  in.required("title", draft.title);
  in.required("input", draft.input);
  in.required("assignee", draft.assignee);
  in.optional("requester", draft.requester);
  in.optional("priority", draft.priority);
  in.optional("epic_id", draft.epic_id);
  return std::move(in).check(std::move(draft));
}

result<task_patch> read_patch(body_reader in) {
  task_patch patch;
  in.change("title", patch.title);
  in.change("input", patch.input);
  in.change("assignee", patch.assignee);
  in.change("priority", patch.priority);
  in.change("epic_id", patch.epic_id);
  in.change("status", patch.status);
  return std::move(in).check(std::move(patch));
}

}  // namespace

void list_tasks(api& shared, const exchange_ptr& client) {
  auto query = query_as(*client, read_query);
  if (!query) return client->answer(error_response(query.error()));
  shared.served.list_tasks(client->who, std::move(*query), answering_page<task>(client));
}

void create_task(api& shared, const exchange_ptr& client) {
  auto draft = body_as(*client, read_draft);
  if (!draft) return client->answer(error_response(draft.error()));
  shared.served.create_task(client->who, std::move(*draft), answering<task>(client, [](const task& made) {
                              return created(to_json(made), "/api/tasks/" + made.id.to_string());
                            }));
}

void find_task(api& shared, const exchange_ptr& client) {
  const auto which = path_id<task_id>(*client, noun);
  if (!which) return client->answer(error_response(which.error()));
  shared.served.find_task(client->who, *which, answering<task_detail>(client));
}

void update_task(api& shared, const exchange_ptr& client) {
  const auto which = path_id<task_id>(*client, noun);
  if (!which) return client->answer(error_response(which.error()));
  auto patch = body_as(*client, read_patch);
  if (!patch) return client->answer(error_response(patch.error()));
  shared.served.update_task(client->who, *which, std::move(*patch), answering<task>(client));
}

}  // namespace flotilla::http
