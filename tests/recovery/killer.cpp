#include "tests/recovery/killer.hpp"

#include <algorithm>
#include <csignal>
#include <map>
#include <thread>

namespace flotilla::recovery {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t percent_by_the_clock = 30;    // the others are aimed
constexpr std::size_t longest_by_the_clock = 200;   // ms behind the start
constexpr std::size_t longest_after_moment = 2000;  // us behind the moment that is aimed at
constexpr std::size_t longest_recovery = 8000;      // us behind the start, where recovery is aimed at
constexpr std::chrono::milliseconds longest_aim{400};
constexpr std::size_t candidates = 5;  ///< the kinds that were hit least, of which one is aimed at

/// What to wait for to land in a kind of step.
const std::map<landing, moment> triggers = {{landing::queued, moment::queued},
                                            {landing::model_asked, moment::model_asked},
                                            {landing::mid_answer, moment::answer_begun},
                                            {landing::answer_lost, moment::answer_sent},
                                            {landing::retrying, moment::retrying},
                                            {landing::tool_begun, moment::tool_begun},
                                            {landing::tool_answered, moment::tool_answered},
                                            {landing::human_asked, moment::human_asked},
                                            {landing::deciding, moment::decision_sent},
                                            {landing::decided, moment::decision_sent},
                                            {landing::delegated, moment::delegated},
                                            {landing::child_ended, moment::child_ended},
                                            {landing::cancelling, moment::cancel_sent},
                                            {landing::ended, moment::ended}};

}  // namespace

killer::killer(launch how, std::uint64_t seed, server_address& where, moments& seen, complaints& wrong)
    : how_(std::move(how)), numbers_(seed), where_(where), seen_(seen), wrong_(wrong) {
}

void killer::spawn() {
  server_ = std::make_unique<testing::server_process>(how_.directory, how_.options);
}

void killer::start() {
  const auto began = steady::now();
  spawn();
  const auto port = server_->port();
  start_time_ += std::chrono::duration_cast<std::chrono::microseconds>(steady::now() - began);
  ++starts_;
  where_.is_up(port);
}

kill_record killer::kill_once(const landing_table& table, const humans& acting) {
  const auto aim = choose(table);
  if (aim == landing::restarting && !server_) {
    spawn();
    std::this_thread::sleep_for(start_time_ * up_to(100) / (100 * starts_));
    return kill_now(false, acting);
  }
  if (!server_) start();
  wait_for(aim);
  return kill_now(true, acting);
}

// One of the kinds that were hit least, or, now and then, none of them.
std::optional<landing> killer::choose(const landing_table& table) {
  if (up_to(99) < percent_by_the_clock) return std::nullopt;
  std::vector<std::size_t> kinds(landing_count);
  for (std::size_t i = 0; i < landing_count; ++i) kinds[i] = i;
  std::shuffle(kinds.begin(), kinds.end(), numbers_);
  std::stable_sort(kinds.begin(), kinds.end(),
                   [&](std::size_t a, std::size_t b) { return table.kills[a] < table.kills[b]; });
  return static_cast<landing>(kinds[up_to(candidates - 1)]);
}

void killer::wait_for(std::optional<landing> aim) {
  if (aim == landing::recovering) {
    std::this_thread::sleep_for(std::chrono::microseconds(up_to(longest_recovery)));
    return;
  }
  const auto trigger = aim ? triggers.find(*aim) : triggers.end();
  if (trigger == triggers.end()) {
    std::this_thread::sleep_for(std::chrono::milliseconds(up_to(longest_by_the_clock)));
    return;
  }
  (void)seen_.await(trigger->second, longest_aim);
  std::this_thread::sleep_for(std::chrono::microseconds(up_to(longest_after_moment)));
}

kill_record killer::kill_now(bool serving, const humans& acting) {
  if (server_->process().has_ended()) {
    wrong_.add("the server ended by itself; it said:\n" + server_->process().out() + server_->process().err());
  }
  kill_record made;
  made.serving = serving;
  made.before = last_kill_;
  made.deciding = acting.is_deciding();
  made.cancelling = acting.is_cancelling();
  server_->process().signal(SIGKILL);
  (void)server_->process().await_end();
  where_.is_down();
  made.at = last_kill_ = now_ms();
  server_.reset();
  return made;
}

void killer::stop() {
  const auto end = server_->terminate();
  where_.is_down();
  if (end.code != 0) {
    wrong_.add("the server ended with " + std::to_string(end.code) + ", signal " + std::to_string(end.signal) +
               "; it said:\n" + server_->process().err());
  }
  server_.reset();
}

}  // namespace flotilla::recovery
