// The fleet on one machine: its parts, its reads, and its changes of agents.
#include "runtime/local_fleet.hpp"

#include <sodium.h>

#include <algorithm>
#include <future>
#include <random>
#include <thread>
#include <utility>

#include "actors/memory.hpp"
#include "actors/run_messages.hpp"
#include "core/validation.hpp"
#include "runtime/agent_changes.hpp"
#include "runtime/bootstrap.hpp"
#include "runtime/extra_toolsets.hpp"
#include "runtime/provider_keys.hpp"
#include "runtime/redaction.hpp"
#include "storage/records.hpp"

namespace flotilla {

result<std::unique_ptr<fleet>> open_fleet(fleet_options options) {
  if (sodium_init() < 0) return fail(errc::internal, "libsodium cannot be used on this machine.");
  runtime::opened parts;
  std::error_code made;
  if (!options.data_directory.empty()) std::filesystem::create_directories(options.data_directory, made);
  if (made) return fail(errc::unavailable, "The data directory cannot be made: " + made.message());
  parts.metrics = std::make_shared<runtime::fleet_metrics>();
  if (!options.data_directory.empty()) runtime::remove_staging(options.data_directory);
  auto store = runtime::open_store(options, parts.metrics);
  if (!store) return fail(std::move(store.error()));
  parts.store = std::move(*store);
  parts.key = runtime::make_token_key();
  if (!options.data_directory.empty()) {
    auto key = runtime::load_token_key(options.data_directory / runtime::token_key_file);
    if (!key) return fail(std::move(key.error()));
    parts.key = *key;
  }
  auto vault = runtime::open_vault(options, *parts.store);
  if (!vault) return fail(std::move(vault.error()));
  parts.vault = std::move(*vault);
  auto token = runtime::bootstrap(*parts.store, parts.key, options, system_wall_clock().now());
  if (!token) return fail(std::move(token.error()));
  parts.new_admin_token = std::move(*token);
  {
    auto seen = parts.store->snapshot();
    if (!seen) return fail(std::move(seen.error()));
    auto newest = storage::newest_message_time(**seen);
    if (!newest) return fail(std::move(newest.error()));
    parts.newest_message = *newest;
  }
  auto transport = http_transport::open();
  if (!transport) return fail(std::move(transport.error()));
  parts.transport = std::move(*transport);
  return std::make_unique<runtime::local_fleet>(std::move(options), std::move(parts));
}

namespace runtime {
namespace {

/// A new random number for each retry's jitter.
double random_jitter() {
  thread_local std::mt19937_64 generator{std::random_device{}()};
  return std::uniform_real_distribution<double>(0.0, 1.0)(generator);
}

constexpr std::chrono::seconds stop_patience{5};  ///< for runs to journal where they stand, in the destructor

}  // namespace

system_config::system_config(std::size_t scheduler_threads) {
  add_message_types<caf::id_block::flotilla>();
  add_message_types<caf::id_block::flotilla_runtime>();
  // CAF's default, work stealing, has idle workers sleep for up to 10 ms before they look again, and starts four of
  // them on two cores. Sharing one queue wakes a worker at once.
  set("scheduler.policy", caf::atom("sharing"));
  const auto cores = std::max(1U, std::thread::hardware_concurrency());
  set("scheduler.max-threads", scheduler_threads > 0 ? scheduler_threads : std::size_t{cores});
}

local_fleet::local_fleet(fleet_options options, opened parts)
    : metrics_(std::move(parts.metrics)),
      new_admin_token_(std::move(parts.new_admin_token)),
      plan_(options.plan),
      features_(options.features),
      mcp_policy_(options.mcp),
      most_memory_bytes_(actors::most_memory_bytes(options.max_context_bytes)),
      key_(parts.key),
      store_(std::move(parts.store)),
      vault_(std::move(parts.vault)),
      readers_(std::make_unique<reader_pool>(options.reader_threads)),
      hub_(std::make_unique<storage::log_hub>(*store_, *readers_)),
      journal_(std::make_unique<actors::journal>(
          *store_, *hub_, std::make_shared<storage::bus_stamp>(system_wall_clock(), parts.newest_message),
          [this](org_id org) { return vault_->redactor_of(org); })),
      transport_(std::move(parts.transport)),
      timer_(make_timer()),
      anthropic_(make_anthropic(transport_, options.anthropic, options.model_limits)),
      openai_(make_openai(transport_, options.openai, options.model_limits)),
      openrouter_(make_openrouter(transport_, options.openrouter, options.model_limits)),
      rehearsal_(make_rehearsal(timer_)),
      rehearsal_tools_(make_rehearsal_tools(timer_)),
      config_(options.scheduler_threads),
      system_(std::make_unique<caf::actor_system>(config_)),
      slots_(std::make_shared<actors::run_slots>(options.capacity, system_wall_clock())) {
  answers_ = std::make_unique<kept_answers>(*store_, system_wall_clock(), key_);
  backups_ = std::make_unique<backups>(*store_, *answers_, options.data_directory);
  fleet_ = system_->spawn(actors::fleet_behavior, make_environment(options));
  gateway_ = system_->spawn(gateway_behavior, fleet_);
}

local_fleet::~local_fleet() {
  // What runs journals where it stands; the next start goes on from there.
  draining_ = true;
  auto stopped = std::make_shared<std::promise<void>>();
  auto over = stopped->get_future();
  request<actors::suspended>(gateway_, stop_patience, actors::suspend{},
                             [stopped](const result<actors::suspended>&) { stopped->set_value(); });
  over.wait();
  hub_->close();
  caf::anon_send_exit(fleet_, caf::exit_reason::user_shutdown);
  caf::anon_send_exit(gateway_, caf::exit_reason::user_shutdown);
  fleet_ = nullptr;
  gateway_ = nullptr;
  system_->await_all_actors_done();
  // No actor is left: nothing calls a provider or a tool any more, and what these still hold ends with them.
  rehearsal_tools_.reset();
  for (auto* each : {&anthropic_, &openai_, &openrouter_, &rehearsal_}) each->reset();
  transport_.reset();
  timer_.reset();
  readers_->join();
  backups_.reset();
  store_.reset();
  hub_.reset();
}

std::shared_ptr<const actors::environment> local_fleet::make_environment(const fleet_options& options) {
  auto env = std::make_shared<actors::environment>();
  env->store = store_.get();
  env->readers = readers_.get();
  env->journal = journal_.get();
  env->clock = &system_wall_clock();
  env->provider = [this](std::string_view name) { return provider(name); };
  env->toolsets = {rehearsal_tools_.get()};
  for (const auto& set : extra_toolsets()) env->toolsets.push_back(set.get());
  env->limits = options.plan.limits;
  env->slots = slots_;
  env->telemetry = metrics_.get();
  env->redactor_of = [this](org_id org) { return vault_->redactor_of(org); };
  env->credential_for = [this](const actors::agent_key& who, std::string_view name, reply<credential_ptr> handler) {
    find_provider_key(context(), *vault_, who, name, std::move(handler));
  };
  env->jitter = random_jitter;
  env->agent_idle = options.agent_idle;
  env->run_limit = options.run_limit;
  env->approval_ttl = options.approval_ttl;
  env->max_context_bytes = options.max_context_bytes;
  env->recovery = recovery_;
  return env;
}

model_provider* local_fleet::provider(std::string_view name) const noexcept {
  if (name == "anthropic") return anthropic_.get();
  if (name == "openai") return openai_.get();
  if (name == "openrouter") return openrouter_.get();
  if (name == "rehearsal") return rehearsal_.get();
  return nullptr;
}

// --- agents -----------------------------------------------------------------------------------------------

void local_fleet::create_agent(const principal& who, agent_draft draft, reply<agent> handler) {
  if (refused(handler)) return;
  draft = redacted(std::move(draft), vault_->redactor_of(who.org));
  change<agent>(
      context(), who,
      [this, org = who.org, draft = std::move(draft)](const storage::snapshot& from) {
        return decide_create(from, org, draft, plan_.limits, system_wall_clock().now());
      },
      telling_limits(who.org, std::move(handler)));
}

void local_fleet::find_agent(const principal& who, agent_id which, reply<agent> handler) {
  read<agent>(
      context(),
      [org = who.org, which](const storage::snapshot& from) -> result<agent> {
        auto found = read_existing(from, org, which);
        if (!found) return fail(std::move(found.error()));
        return shown(from, org, std::move(found->value));
      },
      std::move(handler));
}

void local_fleet::list_agents(const principal& who, agent_query query, reply<page<agent>> handler) {
  if (auto valid = validate(query.page); !valid) return handler(fail(std::move(valid.error())));
  read<page<agent>>(
      context(),
      [org = who.org, query = std::move(query)](const storage::snapshot& from) -> result<page<agent>> {
        return list_shown(from, org, query);
      },
      std::move(handler));
}

void local_fleet::update_agent(const principal& who, agent_id which, agent_patch patch, reply<agent> handler) {
  if (refused(handler)) return;
  patch = redacted(std::move(patch), vault_->redactor_of(who.org));
  const bool moves = patch.status.has_value();
  change_unkeyed<agent_change>(
      context(), who.org,
      [org = who.org, which, patch = std::move(patch)](const storage::snapshot& from) {
        return decide_update(from, org, which, patch, system_wall_clock().now());
      },
      [this, org = who.org, which, moves, handler = std::move(handler)](result<agent_change> changed) {
        if (!changed) return handler(fail(std::move(changed.error())));
        if (moves) tell_agent(org, which);
        for (const auto& each : changed->moved) caf::anon_send(fleet_, actors::agent_moved{{org, each}});
        handler(std::move(changed->now));
      });
}

void local_fleet::archive_agent(const principal& who, agent_id which, reply<agent> handler) {
  agent_patch patch;
  patch.status = agent_status::archived;
  update_agent(who, which, std::move(patch), std::move(handler));
}

void local_fleet::read_memory(const principal& who, agent_id which, reply<agent_memory> handler) {
  read<agent_memory>(
      context(),
      [org = who.org, which, most = most_memory_bytes_](const storage::snapshot& from) -> result<agent_memory> {
        const auto found = read_existing(from, org, which);
        if (!found) return fail(found.error());
        return actors::read_memory(from, org, found->value, system_wall_clock().now(), std::nullopt, most);
      },
      std::move(handler));
}

void local_fleet::clear_memory(const principal& who, agent_id which, reply<agent> handler) {
  if (refused(handler)) return;
  change_unkeyed<agent>(
      context(), who.org,
      [org = who.org, which](const storage::snapshot& from) {
        return decide_forget(from, org, which, system_wall_clock().now());
      },
      std::move(handler));
}

void local_fleet::tell_limit(org_id org, const error& reason) {
  if (reason.code != errc::forbidden || !limits_told_.due(org, reason.message, system_wall_clock().now())) return;
  journal_->commit(org, {}, {actors::limit_message(reason.message)}, [](const auto&) {});
}

void local_fleet::tell_agent(org_id org, agent_id which) const {
  caf::anon_send(fleet_, actors::agent_changed{{org, which}});
}

// --- the bus ------------------------------------------------------------------------------------------------

void local_fleet::list_messages(const principal& who, message_query query, reply<page<message>> handler) {
  if (auto valid = validate(query.page); !valid) return handler(fail(std::move(valid.error())));
  read<page<message>>(
      context(),
      [org = who.org, query = std::move(query)](const storage::snapshot& from) {
        return storage::list_messages(from, org, query);
      },
      std::move(handler));
}

void local_fleet::watch_messages(const principal& who, message_filter filter, std::optional<message_seq> after,
                                 reply<std::shared_ptr<subscription>> handler) {
  if (after) return handler(hub_->watch_bus(who.org, std::move(filter), *after));
  read<std::shared_ptr<subscription>>(
      context(),
      [this, org = who.org,
       filter = std::move(filter)](const storage::snapshot& from) -> result<std::shared_ptr<subscription>> {
        auto last = storage::last_message_seq(from, org);
        if (!last) return fail(std::move(last.error()));
        return hub_->watch_bus(org, filter, *last);
      },
      std::move(handler));
}

// --- backups ------------------------------------------------------------------------------------------------

void local_fleet::backup(const principal& who, backup_request what, reply<backup_report> handler) {
  if (refused(handler)) return;
  backups_->make(who, std::move(what), std::move(handler));
}

// --- life ---------------------------------------------------------------------------------------------------

readiness local_fleet::ready() const {
  readiness now{true, "ready", recovery_->agents, recovery_->done, recovery_->over};
  const auto health = store_->health();
  if (!health.writable)
    now = {false, "store: " + health.reason, now.recovering_agents, now.recovered_agents, now.recovered};
  if (draining_) now = {false, "draining", now.recovering_agents, now.recovered_agents, now.recovered};
  return now;
}

void local_fleet::drain(std::chrono::milliseconds patience, std::function<void()> done) {
  draining_ = true;
  // Most of the time is for runs to end; the rest for the others to journal where they stand.
  const auto for_runs = patience * 7 / 10;
  const auto for_journal = std::max(patience - for_runs, std::chrono::milliseconds(1));
  const auto finish = [this, done = std::move(done)] {
    hub_->close();
    done();
  };
  request<actors::suspended>(gateway_, for_runs, actors::settle{},
                             [this, for_journal, finish](const result<actors::suspended>& settled) {
                               if (settled) return finish();
                               request<actors::suspended>(gateway_, for_journal, actors::suspend{},
                                                          [finish](const result<actors::suspended>&) { finish(); });
                             });
}

}  // namespace runtime
}  // namespace flotilla
