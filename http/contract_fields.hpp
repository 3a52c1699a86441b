// Every query parameter and every body field of the API, by resource. The table of routes (http/routes.cpp) says
// which route takes which.
#pragma once

#include <array>
#include <string_view>

#include "flotilla/agent.hpp"
#include "flotilla/limits.hpp"
#include "flotilla/page.hpp"
#include "http/contract.hpp"

namespace flotilla::http::takes {

using words = std::string_view;

// --- words ------------------------------------------------------------------------------------------------------

inline constexpr std::array<words, 4> agent_statuses{"active", "running", "paused", "archived"};
/// `running` is derived, and nobody's to set.
inline constexpr std::array<words, 3> settable_agent_statuses{"active", "paused", "archived"};
inline constexpr std::array<words, 4> providers{"anthropic", "openai", "openrouter", "rehearsal"};
inline constexpr std::array<words, 3> periods{"day", "week", "month"};
inline constexpr std::array<words, 5> task_statuses{"pending", "running", "waiting", "done", "error"};
inline constexpr std::array<words, 3> priorities{"high", "normal", "low"};
inline constexpr std::array<words, 5> epic_types{"feature", "marketing", "qa", "research", "ops"};
inline constexpr std::array<words, 3> epic_statuses{"active", "done", "archived"};
inline constexpr std::array<words, 2> scopes{"org", "agent"};
inline constexpr std::array<words, 2> transports{"stdio", "http"};
inline constexpr std::array<words, 3> roles{"viewer", "operator", "admin"};

// --- forms ------------------------------------------------------------------------------------------------------

extern const text_form secret_key_form;
extern const text_form mcp_name_form;
extern const text_form backup_place_form;

// --- what lists have in common ----------------------------------------------------------------------------------

inline constexpr std::size_t max_cursor_bytes = 512;
inline constexpr std::size_t max_glyph_bytes = 128;  ///< the longest emoji there are have some forty

inline constexpr field limit = a_whole("limit", 1, max_page_limit, "How many items at most.").or_else("100");
inline constexpr field cursor = a_line(
    "cursor", max_cursor_bytes, "Where the page begins: as in the link to the next page. Left out: at the newest.");
inline constexpr std::array page{limit, cursor};

// --- agents -----------------------------------------------------------------------------------------------------

inline constexpr std::array budget{
    a_whole("tokens", 1, max_whole_number, "Tokens, in and out together, of the agent and its reports.").must(),
    a_word("period", periods, "In what time.").must(),
};
inline constexpr std::array agent_filter{
    a_word("status", agent_statuses, "Only those that stand so."),
    a_line("team", max_name_bytes, "Only those of this team."),
    limit,
    cursor,
};
inline constexpr field agent_name = a_line("name", max_name_bytes, "Display name.");
inline constexpr field agent_role =
    a_text("role", max_role_bytes, "System prompt: who the agent is and what it does.");
inline constexpr field agent_model = a_line("model", max_model_bytes, "The model's id, as its vendor spells it.");
inline constexpr field agent_provider = a_word("provider", providers, "Who serves the model; rehearsal is offline.");
inline constexpr field agent_glyph = a_line("glyph", max_glyph_bytes, "One emoji: the agent's avatar.");
inline constexpr field agent_manager =
    an_id("manager", id_kind::agent, "The agent that supervises it. No cycles; not an archived one.").or_null();
inline constexpr field agent_team = a_line("team", max_name_bytes, "The team's name.").or_null();
inline constexpr field agent_mcps =
    some_lines("mcps", max_list_items, max_mcp_name_bytes, "Names of the MCP servers that it may use.");
inline constexpr field agent_approvals =
    some_lines("approvals", max_list_items, max_pattern_bytes,
               "Glob patterns of tool names: a human must approve such a call first.");
inline constexpr field agent_max_turns =
    a_whole("maxTurns", 1, highest_max_turns, "How often a run may call the model.");
inline constexpr field agent_budget = an_object("budget", budget, "What it may use; null: no bound.").or_null();
inline constexpr field agent_memory_tokens =
    a_whole("memoryTokens", 0, highest_memory_tokens,
            "Tokens that its earlier tasks and messages may take before a new task; 0: it has no memory.");
inline constexpr std::array agent_draft{
    agent_name.must(),
    agent_role.must(),
    agent_model.must(),
    agent_provider.must(),
    agent_glyph.must(),
    agent_manager.or_else("null"),
    agent_team.or_else("null"),
    agent_mcps.or_else("[]"),
    agent_approvals.or_else("[]"),
    agent_max_turns.or_else("32"),
    agent_budget.or_else("null"),
    agent_memory_tokens.or_else("8000"),
};
inline constexpr std::array agent_patch{
    agent_name,
    agent_role,
    agent_model,
    agent_provider,
    agent_glyph,
    agent_manager,
    agent_team,
    a_word("status", settable_agent_statuses, "archived is final, and cancels what the agent has to do."),
    agent_mcps,
    agent_approvals,
    agent_max_turns,
    agent_budget,
    agent_memory_tokens,
};
inline constexpr std::array tree{
    an_id("root", id_kind::agent, "Only this agent with those below it."),
};

// --- tasks ------------------------------------------------------------------------------------------------------

inline constexpr field task_title = a_line("title", max_title_bytes, "Short label.");
inline constexpr field task_input = a_text("input", max_input_bytes, "The full prompt that the agent is given.");
inline constexpr field task_output_schema =
    a_json_object(
        "outputSchema", max_output_schema_bytes,
        "What the output must be: a JSON Schema (2020-12; docs/api.md lists the keywords). The answer is held "
        "against it, and goes back to the model with the errors where it does not fit.")
        .or_null();
inline constexpr field task_assignee = an_id("assignee", id_kind::agent, "The agent that is to do it.");
inline constexpr field task_priority = a_word("priority", priorities, "In which order the agent takes its tasks.");
inline constexpr field task_epic = an_id("epic_id", id_kind::epic, "The epic that it belongs to.").or_null();
inline constexpr std::array task_filter{
    a_word("status", task_statuses, "Only those that stand so."),
    an_id("assignee", id_kind::agent, "Only those of this agent."),
    a_word("priority", priorities, "Only those of this priority."),
    an_id("epic_id", id_kind::epic, "Only those of this epic."),
    limit,
    cursor,
};
inline constexpr std::array task_draft{
    task_title.must(),
    task_input.must(),
    task_output_schema.or_else("null"),
    task_assignee.must(),
    an_id("requester", id_kind::agent, "The agent on whose behalf it is made.").or_null().or_else("null"),
    task_priority.or_else(R"("normal")"),
    task_epic.or_else("null"),
};
inline constexpr std::array task_patch{
    task_title,
    task_input,
    task_output_schema,
    task_assignee,
    task_priority,
    task_epic,
    a_word(
        "status", task_statuses,
        "The action that leads there: waiting to running approves, waiting to error rejects, pending or running to "
        "error cancels, done or error to pending queues a new attempt. Nothing else is legal."),
};
inline constexpr std::array decision{
    a_line("callId", max_call_id_bytes, "Which tool call; left out: all that wait.").or_null(),
    a_text("comment", max_comment_bytes, "What the model is told about it.", 0).or_null(),
};
inline constexpr std::array run{
    an_id("taskId", id_kind::task, "The task to run.").must(),
    a_flag("restart", "Runs a task that has ended anew, as its next attempt.").or_else("false"),
};
inline constexpr field after =
    a_whole("after", 0, max_whole_number, "The last position that was seen; the Last-Event-ID header wins.");
inline constexpr std::array resume{after};

// --- the bus ----------------------------------------------------------------------------------------------------

inline constexpr field message_agent = an_id("agent", id_kind::agent, "Only those from or to this agent.");
inline constexpr field message_type =
    a_line("type", max_name_bytes, "Only those of this type; one that ends in * stands for all that begin so.");
inline constexpr field message_task = an_id("task", id_kind::task, "Only those about this task.");
inline constexpr field message_epic = an_id("epic_id", id_kind::epic, "Only those about tasks of this epic.");
inline constexpr field message_since = a_time("since", "Only those created at or after this moment.");
inline constexpr field message_until = a_time("until", "Only those created before this moment.");
inline constexpr std::array message_filter{
    message_agent, message_type, message_task, message_epic, message_since, message_until, limit, cursor,
};
inline constexpr std::array message_watch{
    message_agent, message_type, message_task, message_epic, message_since, message_until, after,
};
inline constexpr std::array message_draft{
    an_id("to", id_kind::agent, "The agent that is to read it."),
    a_line("team", max_name_bytes, "The team whose members are to read it, each of them."),
    a_text("text", max_message_bytes, "What is said.").must(),
    a_flag("wake", "Where a receiver is idle, a task is made of the message.").or_else("false"),
};
inline constexpr std::array<words, 2> message_receivers{"to", "team"};

// --- epics ------------------------------------------------------------------------------------------------------

inline constexpr field epic_name = a_line("name", max_name_bytes, "Display name.");
inline constexpr field epic_type = a_word("type", epic_types, "What kind of work it is.");
inline constexpr std::array epic_filter{
    a_word("status", epic_statuses, "Only those that stand so."),
    a_word("type", epic_types, "Only those of this type."),
    limit,
    cursor,
};
inline constexpr std::array epic_draft{epic_name.must(), epic_type.or_else(R"("feature")")};
inline constexpr std::array epic_patch{
    epic_name,
    epic_type,
    a_word("status", epic_statuses, "One that is done or archived takes no new task."),
};

// --- secrets ----------------------------------------------------------------------------------------------------

inline constexpr field secret_key =
    a_line("key", max_secret_key_bytes, "Its name: uppercase letters, digits and underscores.")
        .formed(secret_key_form)
        .must();
inline constexpr field secret_scope =
    a_word("scope", scopes, "Whether every agent of the org may use it, or one.").or_else(R"("org")");
inline constexpr field secret_agent = an_id("agentId", id_kind::agent, "The agent; with the scope agent only.");
inline constexpr std::array secret_filter{
    secret_scope,
    an_id("agent", id_kind::agent, "Only those of this agent; with the scope agent only."),
    an_id("agentId", id_kind::agent, "The same as agent, which wins."),
    limit,
    cursor,
};
inline constexpr std::array secret_draft{
    secret_key,
    a_text("value", max_secret_value_bytes, "Kept encrypted, and never shown again.").must(),
    secret_scope,
    secret_agent.or_null(),
};
inline constexpr std::array secret_name{
    secret_key,
    secret_scope,
    secret_agent,
    an_id("agent", id_kind::agent, "The same as agentId, which wins."),
};

// --- MCP servers ------------------------------------------------------------------------------------------------

inline constexpr field mcp_name =
    a_line("name", max_mcp_name_bytes, "Unique in the org: letters, digits, - and _.").formed(mcp_name_form);
inline constexpr field mcp_transport = a_word("transport", transports, "How it is reached.");
inline constexpr field mcp_command = a_line("command", max_argument_bytes, "stdio: the executable.").or_null();
inline constexpr field mcp_args =
    some_texts("args", max_list_items, max_argument_bytes, "stdio: its arguments; they may hold ${secret:KEY}.");
inline constexpr field mcp_url = a_line("url", max_url_bytes, "http: where it is; http or https.").or_null();
inline constexpr field mcp_env = some_variables("env", max_variables, max_argument_bytes,
                                                "stdio: environment variables; their values may hold ${secret:KEY}.");
inline constexpr field mcp_headers = some_variables("headers", max_variables, max_argument_bytes,
                                                    "http: headers; their values may hold ${secret:KEY}.");
inline constexpr std::array mcp_draft{
    mcp_name.must(),         mcp_transport.must(),  mcp_command.or_else("null"), mcp_args.or_else("[]"),
    mcp_url.or_else("null"), mcp_env.or_else("{}"), mcp_headers.or_else("{}"),
};
inline constexpr std::array mcp_patch{
    mcp_name, mcp_transport, mcp_command, mcp_args, mcp_url, mcp_env, mcp_headers,
};

// --- the rest ---------------------------------------------------------------------------------------------------

inline constexpr std::array usage{
    a_word("period", periods, "The current day, ISO week or calendar month, in UTC.").or_else(R"("month")"),
    an_id("agent", id_kind::agent, "Only what this agent used."),
};
inline constexpr std::size_t max_backup_place_bytes = 1024;
inline constexpr std::array backup{
    a_line(
        "to", max_backup_place_bytes,
        "A name, or the path of a directory directly below the server's backup directory; nothing may be there yet.")
        .formed(backup_place_form)
        .must(),
    a_flag("masterKey", "With the master key's file, where there is one.").or_else("true"),
};
inline constexpr std::array token_draft{
    a_line("name", max_name_bytes, "What it is for.").must(),
    a_word("role", roles, "What it may do.").or_else(R"("viewer")"),
};

}  // namespace flotilla::http::takes
