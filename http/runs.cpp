// POST /api/run and GET /api/tasks/{id}/events: a task's journal as an event stream.
#include "http/handlers.hpp"
#include "http/input.hpp"
#include "http/resume.hpp"

namespace flotilla::http {
namespace {

struct run_request {
  task_id which;
  bool restart = false;
};

result<run_request> read_run(body_reader in) {
  run_request run;
  in.required("taskId", run.which);
  in.optional("restart", run.restart);
  return std::move(in).check(run);
}

}  // namespace

void run_task(api& shared, const exchange_ptr& client) {
  const auto run = body_as(*client, read_run);
  if (!run) return client->answer(error_response(run.error()));
  const auto from = resume_position(*client);
  if (!from) return client->answer(error_response(from.error()));
  auto begun = [owner = shared.shared_from_this(), client, from = *from](result<run_ticket> ticket) {
    if (!ticket) return client->answer(error_response(ticket.error()));
    owner->served.watch_task(client->who, ticket->task, from.value_or(ticket->before_first),
                             streaming(*owner, client));
  };
  shared.served.run_task(client->who, run->which, run->restart, std::move(begun));
}

void watch_task(api& shared, const exchange_ptr& client) {
  const auto from = resume_position(*client);
  if (!from) return client->answer(error_response(from.error()));
  shared.served.watch_task(client->who, path_id<task_id>(*client), from->value_or(0), streaming(shared, client));
}

}  // namespace flotilla::http
