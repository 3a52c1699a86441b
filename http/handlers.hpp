// The handlers that the table of routes names. Each answers its exchange exactly once, now or later; roles,
// rates and what was sent were checked before.
#pragma once

#include "http/api.hpp"

namespace flotilla::http {

void list_agents(api& shared, const exchange_ptr& client);
void create_agent(api& shared, const exchange_ptr& client);
void find_agent(api& shared, const exchange_ptr& client);
void update_agent(api& shared, const exchange_ptr& client);
void archive_agent(api& shared, const exchange_ptr& client);
void show_tree(api& shared, const exchange_ptr& client);
void show_memory(api& shared, const exchange_ptr& client);
void clear_memory(api& shared, const exchange_ptr& client);

void list_tasks(api& shared, const exchange_ptr& client);
void create_task(api& shared, const exchange_ptr& client);
void find_task(api& shared, const exchange_ptr& client);
void update_task(api& shared, const exchange_ptr& client);
void approve_task(api& shared, const exchange_ptr& client);
void reject_task(api& shared, const exchange_ptr& client);
void cancel_task(api& shared, const exchange_ptr& client);

void run_task(api& shared, const exchange_ptr& client);
void watch_task(api& shared, const exchange_ptr& client);

void list_messages(api& shared, const exchange_ptr& client);
void post_message(api& shared, const exchange_ptr& client);
void watch_messages(api& shared, const exchange_ptr& client);

void list_epics(api& shared, const exchange_ptr& client);
void create_epic(api& shared, const exchange_ptr& client);
void find_epic(api& shared, const exchange_ptr& client);
void update_epic(api& shared, const exchange_ptr& client);

void list_secrets(api& shared, const exchange_ptr& client);
void put_secret(api& shared, const exchange_ptr& client);
void delete_secret(api& shared, const exchange_ptr& client);

void list_mcps(api& shared, const exchange_ptr& client);
void create_mcp(api& shared, const exchange_ptr& client);
void find_mcp(api& shared, const exchange_ptr& client);
void update_mcp(api& shared, const exchange_ptr& client);
void delete_mcp(api& shared, const exchange_ptr& client);

void make_backup(api& shared, const exchange_ptr& client);

void list_tokens(api& shared, const exchange_ptr& client);
void create_token(api& shared, const exchange_ptr& client);
void revoke_token(api& shared, const exchange_ptr& client);

void show_me(api& shared, const exchange_ptr& client);
void show_usage(api& shared, const exchange_ptr& client);

void show_index(api& shared, const exchange_ptr& client);
void show_health(api& shared, const exchange_ptr& client);
void show_readiness(api& shared, const exchange_ptr& client);
void show_metrics(api& shared, const exchange_ptr& client);
void show_openapi(api& shared, const exchange_ptr& client);

}  // namespace flotilla::http
