#include "tests/fleet_crashes/engine.hpp"

#include <algorithm>
#include <random>
#include <thread>
#include <utility>

#include "actors/caf_errors.hpp"
#include "actors/fleet.hpp"
#include "core/clock.hpp"
#include "providers/providers.hpp"

namespace flotilla::fleet_crashes {
namespace {

constexpr std::size_t requests_at_once = 256;
constexpr std::chrono::milliseconds before_asking_again{100};

/// Asks for the runs of a crowd.
struct caller {
  static inline const char* name = "caller";
  std::vector<member> crowd;
  std::size_t next = 0;
  std::size_t done = 0;
};
using caller_pointer = caf::stateful_actor<caller>*;

void ask_next(caller_pointer self, const actors::fleet_actor& fleet);

void answered(caller_pointer self, const actors::fleet_actor& fleet) {
  ++self->state.done;
  ask_next(self, fleet);
}

void ask(caller_pointer self, const actors::fleet_actor& fleet, const member& whose) {
  self->request(fleet, actors::request_timeout, actors::run_request{whose.who, whose.work})
      .then([self, fleet](actors::run_accepted&) { answered(self, fleet); },
            [self, fleet, whose](caf::error& why) {
              // One that is paused has failed; else it crashed under the request.
              if (actors::from_caf(why).code == errc::invalid) return answered(self, fleet);
              self->delayed_send(self, before_asking_again,
                                 actors::continuation{[self, fleet, whose] { ask(self, fleet, whose); }});
            });
}

void ask_next(caller_pointer self, const actors::fleet_actor& fleet) {
  auto& state = self->state;
  if (state.next < state.crowd.size()) return ask(self, fleet, state.crowd[state.next++]);
  // Not by itself: the time limits of its requests would keep it alive until they are over.
  if (state.done == state.crowd.size()) self->quit();
}

caf::behavior call_all(caller_pointer self, actors::fleet_actor fleet, std::vector<member> crowd) {
  self->state.crowd = std::move(crowd);
  for (std::size_t i = 0; i < requests_at_once; ++i) ask_next(self, fleet);
  return {[](actors::continuation& next) { next.go_on(); }};
}

/// Makes agents crash.
struct saboteur {
  static inline const char* name = "saboteur";
  std::vector<member> crowd;
  std::mt19937_64 random;
};
using saboteur_pointer = caf::stateful_actor<saboteur>*;

struct crash_counters {
  std::atomic<bool>* on;
  std::atomic<std::uint64_t>* all;
  std::atomic<std::uint64_t>* managers;
};

void crash_one(saboteur_pointer self, const actors::fleet_actor& fleet, std::chrono::microseconds interval,
               crash_counters count) {
  if (!*count.on) return self->quit();
  auto& state = self->state;
  const auto victim = state.crowd[state.random() % state.crowd.size()];
  self->request(fleet, actors::request_timeout, actors::locate{victim.who})
      .then(
          [manages = victim.manages, count](actors::located& found) {
            if (!found.actor) return;
            caf::anon_send_exit(caf::actor_cast<caf::actor>(found.actor), caf::exit_reason::kill);
            ++*count.all;
            if (manages) ++*count.managers;
          },
          [](caf::error&) {});
  self->delayed_send(self, interval, actors::continuation{[self, fleet, interval, count] {
                       crash_one(self, fleet, interval, count);
                     }});
}

caf::behavior crash_many(saboteur_pointer self, actors::fleet_actor fleet, std::vector<member> crowd,
                         std::chrono::microseconds interval, std::uint64_t seed, crash_counters count) {
  self->state.crowd = std::move(crowd);
  self->state.random.seed(seed);
  crash_one(self, fleet, interval, count);
  return {[](actors::continuation& next) { next.go_on(); }};
}

}  // namespace

engine::engine(storage::store& on, std::chrono::milliseconds agent_idle)
    : readers_(2),
      hub_(on, readers_),
      journal_(on, hub_, std::make_shared<storage::bus_stamp>(system_wall_clock(), timestamp{})),
      model_(make_rehearsal(make_timer())) {
  auto env = std::make_shared<actors::environment>();
  env->store = &on;
  env->readers = &readers_;
  env->journal = &journal_;
  env->clock = &system_wall_clock();
  env->provider = [model = model_.get()](std::string_view) { return model; };
  env->jitter = [] { return 0.5; };
  env->agent_idle = agent_idle;
  config_.add_message_types<caf::id_block::flotilla>();
  config_.set("scheduler.policy", caf::atom("sharing"));
  config_.set("scheduler.max-threads", std::max<std::size_t>(1, std::thread::hardware_concurrency()));
  system_ = std::make_unique<caf::actor_system>(config_);
  fleet_ = system_->spawn(actors::fleet_behavior, actors::environment_ptr(std::move(env)));
}

engine::~engine() {
  crashing_ = false;
  caf::anon_send_exit(fleet_, caf::exit_reason::user_shutdown);
  fleet_ = nullptr;
  system_.reset();  // waits for every actor
  readers_.join();
  hub_.close();
}

void engine::run_all(const std::vector<member>& crowd) {
  system_->spawn(call_all, fleet_, crowd);
}

void engine::begin_crashes(const std::vector<member>& crowd, std::chrono::microseconds interval, std::uint64_t seed) {
  crashing_ = true;
  system_->spawn(crash_many, fleet_, crowd, interval, seed, crash_counters{&crashing_, &crashes_, &manager_crashes_});
}

void engine::activate_all(const std::vector<member>& crowd) {
  for (const auto& each : crowd) caf::anon_send(fleet_, actors::agent_changed{each.who});
}

}  // namespace flotilla::fleet_crashes
