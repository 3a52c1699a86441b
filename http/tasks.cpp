// /api/tasks: handlers that make, show, list and change tasks, and decide and cancel them.
#include "http/handlers.hpp"
#include "http/input.hpp"

namespace flotilla::http {
namespace {

result<task_query> read_query(query_reader in) {
  task_query query;
  in.optional("status", query.status);
  in.optional("assignee", query.assignee);
  in.optional("priority", query.priority);
  in.optional("epic_id", query.epic_id);
  read_page(in, query.page);
  return std::move(in).check(std::move(query));
}

/// A schema as it was sent: the order of its names is what a model goes by. Precondition: the gate has checked that
/// the body is an object in which the field, if any, is an object or null.
std::optional<std::string> sent_schema(const exchange& client) {
  const auto found = client.body.find("outputSchema");
  if (found == client.body.end() || found->is_null()) return std::nullopt;
  return nlohmann::ordered_json::parse(client.in().body)["outputSchema"].dump();
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

result<approval_decision> read_decision(body_reader in) {
  approval_decision word;
  in.optional("callId", word.call_id);
  any_text comment;
  in.optional("comment", comment);
  if (!comment.value.empty()) word.comment = std::move(comment.value);
  return std::move(in).check(std::move(word));
}

void decide(api& shared, const exchange_ptr& client, bool granted) {
  auto word = body_as(*client, read_decision);
  if (!word) return client->answer(error_response(word.error()));
  word->granted = granted;
  shared.served.decide_task(client->who, path_id<task_id>(*client), std::move(*word), answering<task>(client));
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
  draft->output_schema = sent_schema(*client);
  shared.served.create_task(client->who, std::move(*draft), answering_made<task>(client, "/api/tasks"));
}

void find_task(api& shared, const exchange_ptr& client) {
  shared.served.find_task(client->who, path_id<task_id>(*client), answering<task_detail>(client));
}

void update_task(api& shared, const exchange_ptr& client) {
  auto patch = body_as(*client, read_patch);
  if (!patch) return client->answer(error_response(patch.error()));
  if (client->body.contains("outputSchema")) patch->output_schema.emplace(sent_schema(*client));
  shared.served.update_task(client->who, path_id<task_id>(*client), std::move(*patch), answering<task>(client));
}

void approve_task(api& shared, const exchange_ptr& client) {
  decide(shared, client, true);
}

void reject_task(api& shared, const exchange_ptr& client) {
  decide(shared, client, false);
}

void cancel_task(api& shared, const exchange_ptr& client) {
  shared.served.cancel_task(client->who, path_id<task_id>(*client), answering<task>(client));
}

}  // namespace flotilla::http
