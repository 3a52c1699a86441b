// The handlers that the table of routes names. Each answers its exchange exactly once, now or later; roles and
// rates were checked before.
#pragma once

#include "http/api.hpp"

namespace flotilla::http {

void list_agents(api& shared, const exchange_ptr& client);
void create_agent(api& shared, const exchange_ptr& client);
void find_agent(api& shared, const exchange_ptr& client);
void update_agent(api& shared, const exchange_ptr& client);
void archive_agent(api& shared, const exchange_ptr& client);

void list_tasks(api& shared, const exchange_ptr& client);
void create_task(api& shared, const exchange_ptr& client);
void find_task(api& shared, const exchange_ptr& client);
void update_task(api& shared, const exchange_ptr& client);

void run_task(api& shared, const exchange_ptr& client);
void watch_task(api& shared, const exchange_ptr& client);

void list_messages(api& shared, const exchange_ptr& client);
void watch_messages(api& shared, const exchange_ptr& client);

void show_me(api& shared, const exchange_ptr& client);
void show_index(api& shared, const exchange_ptr& client);
void show_health(api& shared, const exchange_ptr& client);
void show_readiness(api& shared, const exchange_ptr& client);

}  // namespace flotilla::http
