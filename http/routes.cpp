// The table, and the look-up in it.
#include "http/routes.hpp"

#include <algorithm>
#include <array>

#include "http/contract_fields.hpp"
#include "http/handlers.hpp"
#include "http/uri.hpp"

namespace flotilla::http {
namespace {

constexpr auto anyone = std::nullopt;
constexpr auto viewer = role::viewer;
constexpr auto operator_ = role::operator_;
constexpr auto admin = role::admin;

constexpr auto get = method::get;
constexpr auto post = method::post;
constexpr auto patch = method::patch;
constexpr auto delete_ = method::delete_;

constexpr auto whole = answers::whole;
constexpr auto stream = answers::stream;
constexpr auto probe = answers::probe;

constexpr gives_of ok_answer{.schema = "Ok"};

constexpr gives_of one_of(std::string_view schema) {
  return {.schema = schema};
}
constexpr gives_of made(std::string_view schema) {
  return {.status = 201, .schema = schema, .located = true};
}
constexpr gives_of list_of(std::string_view schema) {
  return {.schema = schema, .list = true};
}

constexpr takes_of a_body(std::string_view name, std::span<const field> fields, std::string_view example) {
  return {.body = fields, .body_name = name, .body_example = example};
}
constexpr takes_of an_optional_body(std::string_view name, std::span<const field> fields, std::string_view example) {
  return {.body = fields, .body_name = name, .body_required = false, .body_example = example};
}

constexpr std::string_view streams_entries =
    "Every event is `id: <seq>` and one `data:` line of JSON; there is no `event:` line. A comment line breaks "
    "silence. Come back with `Last-Event-ID` (or `?after=`) and the stream goes on behind that position, without gap "
    "or repeat.";

constexpr std::array table{
    // --- the service ---
    route{get, "/", anyone, whole, show_index, "getIndex", "service", "Says where to begin."}.giving(one_of("Index")),
    route{get, "/healthz", anyone, probe, show_health, "getHealth", "service", "Says that the server is alive."}
        .giving(one_of("Probe")),
    route{get, "/readyz", anyone, probe, show_readiness, "getReadiness", "service",
          "Says whether the server can serve: the store is open, and it does not drain.",
          "It serves while agents take up what was running or queued when it ended; `recovery` says how far that is."}
        .giving(one_of("Readiness")),
    route{get, "/metrics", anyone, probe, show_metrics, "getMetrics", "service",
          "What was counted and measured, as Prometheus text.", "A setting can ask for a token, or close it."}
        .giving(gives_of{.content_type = "text/plain"}),
    route{get, "/api/openapi.json", anyone, whole, show_openapi, "getDocument", "service", "This document."}.giving(
        one_of("OpenApi")),
    route{get, "/api/me", viewer, whole, show_me, "getMe", "service", "The caller with org, plan and feature flags."}
        .giving(one_of("Me")),

    // --- agents ---
    route{get, "/api/agents", viewer, whole, list_agents, "listAgents", "agents", "Lists the org's agents.",
          "Newest first, archived ones too."}
        .taking(takes_of{.query = takes::agent_filter})
        .giving(list_of("Agent")),
    route{post, "/api/agents", operator_, whole, create_agent, "createAgent", "agents", "Makes an agent."}
        .taking(a_body("AgentDraft", takes::agent_draft,
                       R"({"name":"Lookout","role":"You watch and report.","model":"rehearsal-1",)"
                       R"("provider":"rehearsal","glyph":"🔭"})"))
        .giving(made("Agent")),
    route{get, "/api/agents/tree", viewer, whole, show_tree, "getAgentTree", "agents",
          "Shows the managers' hierarchy as it is alive.",
          "Nested agents, each with its live state, queue length and restarts; archived ones are left out."}
        .taking(takes_of{.query = takes::tree})
        .giving(one_of("AgentTree"))
        .failing(404, 413),
    route{get, "/api/agents/{id}", viewer, whole, find_agent, "getAgent", "agents", "Shows an agent."}
        .named(id_kind::agent)
        .giving(one_of("Agent")),
    route{patch, "/api/agents/{id}", operator_, whole, update_agent, "updateAgent", "agents",
          "Changes fields of an agent.", "What is left out stays as it is."}
        .named(id_kind::agent)
        .taking(a_body("AgentPatch", takes::agent_patch, R"({"team":"Deck","maxTurns":8})"))
        .giving(one_of("Agent")),
    route{delete_, "/api/agents/{id}", operator_, whole, archive_agent, "archiveAgent", "agents",
          "Archives an agent.",
          "It stays readable; what it has to do is cancelled, and its reports get its manager. Twice is no error."}
        .named(id_kind::agent)
        .giving(ok_answer),
    route{
        get, "/api/agents/{id}/memory", viewer, whole, show_memory, "getMemory", "agents",
        "Shows what an agent would be reminded of before a new task.",
        "Its earlier tasks and messages, newest kept, within its allowance of tokens; and its unread messages, each "
        "of which it is given at its next turn."}
        .named(id_kind::agent)
        .giving(one_of("Memory")),
    route{delete_, "/api/agents/{id}/memory", operator_, whole, clear_memory, "clearMemory", "agents",
          "Has an agent forget all that was until now.", "Tasks and messages stay, and so do unread messages."}
        .named(id_kind::agent)
        .giving(one_of("Agent")),

    // --- tasks ---
    route{get, "/api/tasks", viewer, whole, list_tasks, "listTasks", "tasks", "Lists tasks.",
          "Newest first; all filters that are given must hold."}
        .taking(takes_of{.query = takes::task_filter})
        .giving(list_of("Task")),
    route{post, "/api/tasks", operator_, whole, create_task, "createTask", "tasks", "Makes a task.",
          "It is `pending` until it is run."}
        .taking(a_body("TaskDraft", takes::task_draft,
                       R"({"title":"Look out","input":"Is there a sail in sight?",)"
                       R"("assignee":"agt_01JDCB2Y00E9Q4WNKHRSV5X7ZM","priority":"high"})"))
        .giving(made("Task")),
    route{get, "/api/tasks/{id}", viewer, whole, find_task, "getTask", "tasks", "Shows a task with its whole log."}
        .named(id_kind::task)
        .giving(one_of("TaskDetail")),
    route{patch, "/api/tasks/{id}", operator_, whole, update_task, "updateTask", "tasks", "Changes fields of a task.",
          "What is left out stays as it is. A status means the action that leads there."}
        .named(id_kind::task)
        .taking(a_body("TaskPatch", takes::task_patch, R"({"priority":"low"})"))
        .giving(one_of("Task")),
    route{get, "/api/tasks/{id}/events", viewer, stream, watch_task, "streamTask", "tasks",
          "Streams a task's events: all that was recorded, then live.", streams_entries}
        .named(id_kind::task)
        .taking(takes_of{.query = takes::resume})
        .giving(one_of("Event")),
    route{post, "/api/tasks/{id}/approve", operator_, whole, approve_task, "approveTask", "tasks",
          "Approves what a waiting task waits for."}
        .named(id_kind::task)
        .taking(an_optional_body("Decision", takes::decision, R"({"comment":"Go ahead."})"))
        .giving(one_of("Task")),
    route{post, "/api/tasks/{id}/reject", operator_, whole, reject_task, "rejectTask", "tasks",
          "Rejects what a waiting task waits for."}
        .named(id_kind::task)
        .taking(an_optional_body("Decision", takes::decision, R"({"comment":"Go ahead."})"))
        .giving(one_of("Task")),
    route{post, "/api/tasks/{id}/cancel", operator_, whole, cancel_task, "cancelTask", "tasks",
          "Stops a task and what it delegated.", "It ends in `error` with the code `cancelled`."}
        .named(id_kind::task)
        .taking(an_optional_body("Nothing", {}, "{}"))
        .giving(one_of("Task")),
    route{post, "/api/run", operator_, stream, run_task, "runTask", "tasks", "Runs a task and streams its events.",
          streams_entries}
        .taking(takes_of{.query = takes::resume,
                         .body = takes::run,
                         .body_name = "RunRequest",
                         .body_example = R"({"taskId":"tsk_01JDCB2Y00E9Q4WNKHRSV5X7ZM"})"})
        .giving(one_of("Event"))
        .failing(404),

    // --- the bus ---
    route{get, "/api/messages", viewer, whole, list_messages, "listMessages", "messages",
          "Lists messages on the bus.", "Newest first; all filters that are given must hold."}
        .taking(takes_of{.query = takes::message_filter})
        .giving(list_of("Message")),
    route{post, "/api/messages", operator_, whole, post_message, "postMessage", "messages",
          "Says something to an agent, or to each member of a team.",
          "It is on the bus, and in the mailbox of who is to read it. To a team the answer is a list: a message to "
          "each member that is not archived, all of them or none."}
        .taking(takes_of{.body = takes::message_draft,
                         .body_name = "MessageDraft",
                         .body_example = R"({"to":"agt_01JDCB2Y00E9Q4WNKHRSV5X7ZM","text":"Mind the reef."})",
                         .exactly_one = takes::message_receivers})
        .giving(gives_of{.status = 201, .schema = "Message", .or_many = true}),
    route{get, "/api/messages/stream", viewer, stream, watch_messages, "streamMessages", "messages",
          "Streams the bus, live.", streams_entries}
        .taking(takes_of{.query = takes::message_watch})
        .giving(one_of("Message")),

    // --- epics ---
    route{get, "/api/epics", viewer, whole, list_epics, "listEpics", "epics", "Lists epics.", "Newest first."}
        .taking(takes_of{.query = takes::epic_filter})
        .giving(list_of("Epic")),
    route{post, "/api/epics", operator_, whole, create_epic, "createEpic", "epics", "Makes an epic."}
        .taking(a_body("EpicDraft", takes::epic_draft, R"({"name":"Spring refit","type":"ops"})"))
        .giving(made("Epic")),
    route{get, "/api/epics/{id}", viewer, whole, find_epic, "getEpic", "epics",
          "Shows an epic with its tasks and timeline."}
        .named(id_kind::epic)
        .giving(one_of("EpicDetail")),
    route{patch, "/api/epics/{id}", operator_, whole, update_epic, "updateEpic", "epics",
          "Changes fields of an epic.", "What is left out stays as it is."}
        .named(id_kind::epic)
        .taking(a_body("EpicPatch", takes::epic_patch, R"({"status":"done"})"))
        .giving(one_of("Epic")),

    // --- secrets ---
    route{get, "/api/secrets", admin, whole, list_secrets, "listSecrets", "secrets", "Lists secrets' keys.",
          "Newest first. Values are never returned."}
        .taking(takes_of{.query = takes::secret_filter})
        .giving(list_of("Secret")),
    route{post, "/api/secrets", admin, whole, put_secret, "putSecret", "secrets", "Makes or replaces a secret."}
        .taking(a_body("SecretDraft", takes::secret_draft, R"({"key":"SONAR_KEY","value":"four fathoms"})"))
        .giving(ok_answer),
    route{delete_, "/api/secrets", admin, whole, delete_secret, "deleteSecret", "secrets", "Deletes a secret.",
          "The parameters may also stand in a JSON body."}
        .taking(takes_of{.query = takes::secret_name})
        .giving(ok_answer)
        .failing(404),

    // --- MCP servers ---
    route{get, "/api/mcps", admin, whole, list_mcps, "listMcps", "mcps", "Lists MCP servers.", "Newest first."}
        .taking(takes_of{.query = takes::page})
        .giving(list_of("McpServer")),
    route{post, "/api/mcps", admin, whole, create_mcp, "createMcp", "mcps", "Adds an MCP server.",
          "stdio needs a command and takes no url and headers; http needs a url and takes no command, args and env."}
        .taking(a_body("McpDraft", takes::mcp_draft,
                       R"({"name":"charts","transport":"http","url":"https://charts.example.com/mcp"})"))
        .giving(made("McpServer")),
    route{get, "/api/mcps/{id}", admin, whole, find_mcp, "getMcp", "mcps", "Shows an MCP server."}
        .named(id_kind::mcp)
        .giving(one_of("McpServer")),
    route{patch, "/api/mcps/{id}", admin, whole, update_mcp, "updateMcp", "mcps", "Changes an MCP server.",
          "What is left out stays as it is; with another transport, what belongs to the old one alone goes."}
        .named(id_kind::mcp)
        .taking(a_body("McpPatch", takes::mcp_patch, R"({"url":"https://charts.example.com/v2/mcp"})"))
        .giving(one_of("McpServer")),
    route{delete_, "/api/mcps/{id}", admin, whole, delete_mcp, "deleteMcp", "mcps", "Removes an MCP server."}
        .named(id_kind::mcp)
        .giving(ok_answer),

    // --- the org ---
    route{get, "/api/usage", viewer, whole, show_usage, "getUsage", "org",
          "Shows tokens and tasks, by agent, by model and by day."}
        .taking(takes_of{.query = takes::usage})
        .giving(one_of("Usage")),
    route{get, "/api/tokens", admin, whole, list_tokens, "listTokens", "org", "Lists API tokens.",
          "Newest first. Their texts are never returned."}
        .taking(takes_of{.query = takes::page})
        .giving(list_of("Token")),
    route{post, "/api/tokens", admin, whole, create_token, "createToken", "org", "Makes an API token.",
          "The answer shows its text, which is shown nowhere else."}
        .taking(a_body("TokenDraft", takes::token_draft, R"({"name":"Dashboard","role":"viewer"})"))
        .giving(made("NewToken")),
    route{delete_, "/api/tokens/{id}", admin, whole, revoke_token, "revokeToken", "org", "Revokes an API token.",
          "At once: what it has opened is closed. The org's last admin token stays."}
        .named(id_kind::token)
        .giving(ok_answer)
        .failing(400),

    // --- the server ---
    route{post, "/api/backup", admin, whole, make_backup, "makeBackup", "service",
          "Makes a backup of the server's data.",
          "A directory on the server's host, below the one that its operator has named (`--backup-dir`); without it "
          "the answer is 403. It holds every org, so only admins of the server's first org may make one. Answered "
          "when it is done; one at a time."}
        .taking(a_body("BackupRequest", takes::backup, R"({"to":"monday"})"))
        .giving(one_of("Backup")),
};

/// Does a route answer a method? HEAD is a GET whose body is not sent.
bool answers_to(const route& candidate, method verb) noexcept {
  return candidate.verb == verb ||
         (verb == method::head && candidate.verb == method::get && candidate.kind != answers::stream);
}

void add(std::string& list, std::string_view word) {
  if (!list.empty()) list += ", ";
  list += word;
}

}  // namespace

std::span<const route> routes() noexcept {
  return table;
}

bool is_metrics(const route& one) noexcept {
  return one.handle == show_metrics;
}

std::optional<role> least_role(const route& one, const server_options& options) noexcept {
  if (is_metrics(one) && options.metrics == metrics_access::token) return role::viewer;
  return one.least;
}

bool is_served(const route& one, const server_options& options) noexcept {
  return !is_metrics(one) || options.metrics != metrics_access::off;
}

bool takes_anything(const route& one) noexcept {
  return !one.takes.query.empty() || !one.takes.body_name.empty();
}

bool takes_idempotency_key(const route& one) noexcept {
  return one.verb == method::post;
}

std::vector<int> error_statuses(const route& one, const server_options& options) {
  std::vector<int> found{431, 500};
  const auto least = least_role(one, options);
  const auto add_if = [&found](bool holds, std::initializer_list<int> statuses) {
    if (holds) found.insert(found.end(), statuses);
  };
  add_if(least.has_value(), {401, 429});
  add_if(least > role::viewer, {403});
  add_if(takes_anything(one), {400});
  add_if(!one.takes.body_name.empty(), {413, 415});
  add_if(one.id.has_value(), {404});
  add_if(one.verb != method::get, {409});
  add_if(one.kind != answers::probe || one.handle == show_readiness, {503});
  for (const auto status : one.also) add_if(status != 0, {status});
  std::ranges::sort(found);
  const auto repeated = std::ranges::unique(found);
  found.erase(repeated.begin(), repeated.end());
  return found;
}

match find_route(method verb, std::string_view path) {
  match found;
  for (const auto& candidate : table) {
    std::string_view id;
    if (!matches_path(candidate.pattern, path, id)) continue;
    if (answers_to(candidate, verb)) return {&candidate, id, {}};
    add(found.allow, to_string(candidate.verb));
    if (answers_to(candidate, method::head)) add(found.allow, to_string(method::head));
  }
  if (!found.allow.empty()) add(found.allow, to_string(method::options));
  return found;
}

}  // namespace flotilla::http
