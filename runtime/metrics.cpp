#include "runtime/metrics.hpp"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <initializer_list>
#include <utility>

namespace flotilla::runtime {
namespace {

using prometheus::Histogram;
using prometheus::Labels;

constexpr std::array<std::string_view, 5> provider_names{"anthropic", "openai", "openrouter", "rehearsal", "other"};
constexpr std::array<std::string_view, 14> outcome_names{"answer",
                                                         "aborted",
                                                         "missing_key",
                                                         "invalid_key",
                                                         "provider_answer_too_large",
                                                         "provider_failed",
                                                         "provider_overloaded",
                                                         "provider_protocol",
                                                         "provider_rate_limited",
                                                         "provider_rejected",
                                                         "provider_timeout",
                                                         "provider_unreachable",
                                                         "rehearsal_script",
                                                         "other"};
constexpr std::array<std::string_view, 4> run_outcome_names{"done", "error", "waiting", "interrupted"};

// Upper bounds in seconds.
const Histogram::BucketBoundaries first_piece_bounds{0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120};
const Histogram::BucketBoundaries call_bounds{0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900};
const Histogram::BucketBoundaries tool_bounds{0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300};
const Histogram::BucketBoundaries store_bounds{0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01,
                                               0.025,  0.05,    0.1,    0.25,  0.5,    1,     5};

double seconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<double>(time).count();
}

/// The place of a name; that of the last, "other", where it is not known.
template <std::size_t Size>
std::size_t place_of(const std::array<std::string_view, Size>& names, std::string_view name) {
  const auto found = std::find(names.begin(), names.end() - 1, name);
  return static_cast<std::size_t>(found - names.begin());
}

std::size_t run_outcome_of(task_status how) {
  switch (how) {
    case task_status::done:
      return 0;
    case task_status::error:
      return 1;
    case task_status::waiting:
      return 2;
    default:
      return 3;
  }
}

auto& counters(prometheus::Registry& in, const char* name, const char* help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(in);
}
auto& gauges(prometheus::Registry& in, const char* name, const char* help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(in);
}
auto& histograms(prometheus::Registry& in, const char* name, const char* help) {
  return prometheus::BuildHistogram().Name(name).Help(help).Register(in);
}

// --- what is looked at when somebody asks -------------------------------------------------------------------

struct sample {
  double value = 0;
  std::vector<prometheus::ClientMetric::Label> labels;
};

prometheus::MetricFamily gauge_family(std::string name, std::string help, std::initializer_list<sample> samples) {
  prometheus::MetricFamily made{std::move(name), std::move(help), prometheus::MetricType::Gauge, {}};
  for (const auto& each : samples) {
    auto& added = made.metric.emplace_back();
    added.label = each.labels;
    added.gauge.value = each.value;
  }
  return made;
}

void add_counts(std::vector<prometheus::MetricFamily>& to, const storage::org_counts& counts) {
  using storage::org_counter;
  const auto of = [&counts](org_counter which) {
    return static_cast<double>(counts.at(static_cast<std::size_t>(which)));
  };
  to.push_back(gauge_family("flotilla_tasks", "Tasks in the store, by status.",
                            {{of(org_counter::tasks_pending), {{"status", "pending"}}},
                             {of(org_counter::tasks_running), {{"status", "running"}}},
                             {of(org_counter::tasks_waiting), {{"status", "waiting"}}},
                             {of(org_counter::tasks_done), {{"status", "done"}}},
                             {of(org_counter::tasks_error), {{"status", "error"}}}}));
  to.push_back(gauge_family("flotilla_tasks_queued", "Tasks that wait in their agents' queues to be taken up.",
                            {{of(org_counter::tasks_queued), {}}}));
  to.push_back(gauge_family("flotilla_agents", "Agents in the store.",
                            {{of(org_counter::agents), {{"archived", "false"}}},
                             {of(org_counter::agents_archived), {{"archived", "true"}}}}));
}

void add_gauges(std::vector<prometheus::MetricFamily>& to, const fleet_gauges& now) {
  if (now.counts) add_counts(to, *now.counts);
  const auto since = std::chrono::duration<double>(now.started.time_since_epoch()).count();
  to.push_back(gauge_family("flotilla_actors", "Actors that live: the fleet's, agents' and runs'.",
                            {{static_cast<double>(now.actors), {}}}));
  to.push_back(gauge_family("flotilla_reads_waiting", "Reads of the store that wait for a reader thread.",
                            {{static_cast<double>(now.waiting_reads), {}}}));
  to.push_back(gauge_family("flotilla_run_places_taken", "Places that runs take up, of the server's limit.",
                            {{static_cast<double>(now.places_taken), {}}}));
  to.push_back(
      gauge_family("flotilla_runs_waiting",
                   "Agents that have a run to begin and wait for a limit of the server, the org or the provider.",
                   {{static_cast<double>(now.waiting_runs), {}}}));
  to.push_back(gauge_family("flotilla_store_readable", "1 while the store can be read, else 0.",
                            {{now.counts ? 1.0 : 0.0, {}}}));
  to.push_back(gauge_family("flotilla_store_writable", "1 while the store can be written, else 0.",
                            {{now.writable ? 1.0 : 0.0, {}}}));
  to.push_back(gauge_family("flotilla_start_time_seconds", "When the fleet was opened, in seconds of Unix time.",
                            {{since, {}}}));
  to.push_back(
      gauge_family("flotilla_build_info", "1; the version is the label.", {{1.0, {{"version", FLOTILLA_VERSION}}}}));
}

}  // namespace

fleet_metrics::fleet_metrics() : registry_(std::make_unique<prometheus::Registry>()) {
  static_assert(provider_names.size() == provider_count);
  static_assert(outcome_names.size() == outcome_count);
  static_assert(run_outcome_names.size() == run_outcome_count);
  make_provider_series();
  make_agent_series();
  make_store_series();
}

fleet_metrics::~fleet_metrics() = default;

void fleet_metrics::make_provider_series() {
  auto& in = *registry_;
  auto& began = counters(in, "flotilla_runs_began_total", "Runs that began, or went on after a wait or a crash.");
  auto& ended = counters(in, "flotilla_runs_ended_total", "Runs that ended, by how.");
  auto& running = gauges(in, "flotilla_runs_active", "Runs that are under way.");
  auto& first = histograms(in, "flotilla_model_first_piece_seconds",
                           "From a model call's start to the first piece of text or thinking.");
  auto& tokens = counters(in, "flotilla_model_tokens_total", "Tokens, as the providers count them.");
  calls_ = &histograms(in, "flotilla_model_call_duration_seconds", "From a model call's start to its end.");
  for (std::size_t i = 0; i < provider_count; ++i) {
    const std::string name(provider_names.at(i));
    auto& made = providers_.at(i);
    made.runs_began = &began.Add({{"provider", name}});
    for (std::size_t how = 0; how < run_outcome_count; ++how) {
      made.runs_ended.at(how) = &ended.Add({{"provider", name}, {"outcome", std::string(run_outcome_names.at(how))}});
    }
    made.running = &running.Add({{"provider", name}});
    made.first_piece = &first.Add({{"provider", name}}, first_piece_bounds);
    made.tokens_in = &tokens.Add({{"provider", name}, {"direction", "input"}});
    made.tokens_out = &tokens.Add({{"provider", name}, {"direction", "output"}});
    (void)call_series(i, 0);
  }
}

void fleet_metrics::make_agent_series() {
  auto& in = *registry_;
  auto& tools = histograms(in, "flotilla_tool_call_duration_seconds", "From a tool call's start to its outcome.");
  tool_calls_ = {&tools.Add({{"outcome", "ok"}}, tool_bounds), &tools.Add({{"outcome", "error"}}, tool_bounds)};
  agents_active_ = &gauges(in, "flotilla_agents_active", "Agents that have an actor in memory.").Add({});
  activations_ = &counters(in, "flotilla_agent_activations_total", "Agents that were given an actor.").Add({});
  passivations_ = &counters(in, "flotilla_agent_passivations_total", "Idle agents whose actor was let go.").Add({});
  crashes_ = &counters(in, "flotilla_agent_crashes_total", "Actors of agents that ended by an error.").Add({});
  restarts_ = &counters(in, "flotilla_agent_restarts_total", "Agents that were restarted after a crash.").Add({});
}

void fleet_metrics::make_store_series() {
  auto& in = *registry_;
  auto& writes = histograms(in, "flotilla_store_write_duration_seconds",
                            "Time of one write of a group of batches, its sync included where it has one.");
  writes_ = {&writes.Add({{"synced", "false"}}, store_bounds), &writes.Add({{"synced", "true"}}, store_bounds)};
  commits_ = &histograms(in, "flotilla_store_commit_duration_seconds",
                         "From a batch's commit to its answer, the wait in the queue included.")
                  .Add({}, store_bounds);
  batches_ = &counters(in, "flotilla_store_batches_total", "Batches that were written.").Add({});
  bytes_ = &counters(in, "flotilla_store_written_bytes_total", "Bytes of the batches that were written.").Add({});
}

Histogram& fleet_metrics::call_series(std::size_t provider, std::size_t outcome) {
  auto& slot = providers_.at(provider).calls.at(outcome);
  auto* series = slot.load(std::memory_order_acquire);
  if (series == nullptr) {
    // Two threads may both come here: the family gives both the same series.
    series = &calls_->Add(Labels{{"provider", std::string(provider_names.at(provider))},
                                 {"outcome", std::string(outcome_names.at(outcome))}},
                          call_bounds);
    slot.store(series, std::memory_order_release);
  }
  return *series;
}

void fleet_metrics::run_began(std::string_view provider) {
  auto& series = providers_.at(place_of(provider_names, provider));
  series.runs_began->Increment();
  series.running->Increment();
}

void fleet_metrics::run_ended(std::string_view provider, task_status how) {
  auto& series = providers_.at(place_of(provider_names, provider));
  series.runs_ended.at(run_outcome_of(how))->Increment();
  series.running->Decrement();
}

void fleet_metrics::model_call_ended(std::string_view provider, std::string_view outcome,
                                     std::chrono::nanoseconds took) {
  call_series(place_of(provider_names, provider), place_of(outcome_names, outcome)).Observe(seconds(took));
}

void fleet_metrics::model_first_piece(std::string_view provider, std::chrono::nanoseconds after) {
  providers_.at(place_of(provider_names, provider)).first_piece->Observe(seconds(after));
}

void fleet_metrics::tokens_used(std::string_view provider, const token_usage& used) {
  auto& series = providers_.at(place_of(provider_names, provider));
  series.tokens_in->Increment(static_cast<double>(used.input_tokens));
  series.tokens_out->Increment(static_cast<double>(used.output_tokens));
}

void fleet_metrics::tool_call_ended(bool is_error, std::chrono::nanoseconds took) {
  tool_calls_.at(is_error ? 1 : 0)->Observe(seconds(took));
}

void fleet_metrics::agent_activated() {
  activations_->Increment();
  agents_active_->Increment();
}

void fleet_metrics::agent_passivated() {
  passivations_->Increment();
  agents_active_->Decrement();
}

void fleet_metrics::agent_crashed() {
  crashes_->Increment();
  agents_active_->Decrement();
}

void fleet_metrics::agent_restarted() {
  restarts_->Increment();
}

void fleet_metrics::on_group(std::size_t batches, std::size_t bytes, bool synced, std::chrono::nanoseconds took) {
  batches_->Increment(static_cast<double>(batches));
  bytes_->Increment(static_cast<double>(bytes));
  writes_.at(synced ? 1 : 0)->Observe(seconds(took));
}

void fleet_metrics::on_commit(std::chrono::nanoseconds took) {
  commits_->Observe(seconds(took));
}

std::string fleet_metrics::text(const fleet_gauges& now) const {
  auto families = registry_->Collect();
  add_gauges(families, now);
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace flotilla::runtime
