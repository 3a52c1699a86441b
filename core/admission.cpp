// Places taken and given back, and the order of those who wait for one.
#include "core/admission.hpp"

#include <algorithm>
#include <utility>

namespace flotilla {
namespace {

/// Between two that are served there is a count for an org that comes anew: it stands behind all that were there, but
/// before the one that was served last.
constexpr std::uint64_t counts_a_turn = 2;

}  // namespace

run_admission::run_admission(run_capacity limits, std::chrono::milliseconds aging) : limits_(limits), aging_(aging) {
}

bool run_admission::queue::empty() const noexcept {
  return std::all_of(by_class.begin(), by_class.end(), [](const auto& each) { return each.empty(); });
}

bool run_admission::is_below(std::size_t count, const std::optional<std::size_t>& limit) noexcept {
  return !limit || count < *limit;
}

bool run_admission::org_has_room(const org_state& which) const noexcept {
  return is_below(which.running, limits_.org);
}

bool run_admission::provider_has_room(const provider_state& which) const noexcept {
  return is_below(which.running, limits_.provider);
}

void run_admission::take_out(org_id which, const org_state& state) {
  for (const auto& [name, waiting] : state.queues) {
    auto& provider = providers_[name];
    provider.shares.erase({state.running, state.served, which});
    provider.neglect.erase({waiting.neglected_since, state.served, which});
  }
}

void run_admission::put_back(org_id which, const org_state& state) {
  if (!org_has_room(state)) return;
  for (const auto& [name, waiting] : state.queues) {
    auto& provider = providers_[name];
    provider.shares.insert({state.running, state.served, which});
    provider.neglect.insert({waiting.neglected_since, state.served, which});
  }
}

bool run_admission::somebody_fits() const {
  return running_ < limits_.server && std::any_of(providers_.begin(), providers_.end(), [this](const auto& each) {
           return provider_has_room(each.second) && !each.second.shares.empty();
         });
}

bool run_admission::admit(const run_place& wanted) {
  if (running_ >= limits_.server || somebody_fits()) return false;
  const auto org = orgs_.find(wanted.org);
  if (org != orgs_.end() && !org_has_room(org->second)) return false;
  const auto provider = providers_.find(wanted.provider);
  if (provider != providers_.end() && !provider_has_room(provider->second)) return false;
  force(wanted);
  return true;
}

void run_admission::force(const run_place& wanted) {
  auto& org = orgs_[wanted.org];
  take_out(wanted.org, org);
  take(wanted);
  put_back(wanted.org, org);
}

/// Counts a place as taken. The org is taken out.
void run_admission::take(const run_place& wanted) {
  served_ += counts_a_turn;
  auto& org = orgs_[wanted.org];
  ++org.running;
  org.served = served_;
  ++providers_[wanted.provider].running;
  ++running_;
}

run_admission::ticket run_admission::wait(const run_place& wanted, task_priority priority, timestamp now) {
  const auto which = ++last_ticket_;
  const auto rank = static_cast<std::size_t>(priority);
  const auto [at, fresh] = orgs_.try_emplace(wanted.org);
  auto& org = at->second;
  // What an org has not used it cannot save up: it comes behind those who wait already.
  if (fresh) org.served = served_ > 0 ? served_ - 1 : 0;
  take_out(wanted.org, org);
  const auto [line, first] = org.queues.try_emplace(wanted.provider);
  if (first) line->second.neglected_since = now;
  line->second.by_class.at(rank).emplace(which, now);
  put_back(wanted.org, org);
  where_.emplace(which, position{wanted, rank});
  return which;
}

void run_admission::reprioritise(ticket which, task_priority priority) {
  const auto found = where_.find(which);
  if (found == where_.end()) return;
  auto& [place, rank] = found->second;
  auto& lines = orgs_.at(place.org).queues.at(place.provider).by_class;
  auto one = lines.at(rank).extract(which);
  rank = static_cast<std::size_t>(priority);
  lines.at(rank).insert(std::move(one));
}

void run_admission::withdraw(ticket which) {
  const auto found = where_.find(which);
  if (found == where_.end()) return;
  const auto place = found->second.place;
  take_out(place.org, orgs_.at(place.org));
  remove(which);
  put_back(place.org, orgs_.at(place.org));
  forget_if_idle(place.org);
}

/// Takes one out of its queue. The org is taken out.
void run_admission::remove(ticket which) {
  const auto found = where_.find(which);
  const auto& [place, rank] = found->second;
  auto& queues = orgs_.at(place.org).queues;
  const auto line = queues.find(place.provider);
  line->second.by_class.at(rank).erase(which);
  if (line->second.empty()) queues.erase(line);
  where_.erase(found);
}

void run_admission::release(const run_place& held) {
  auto& org = orgs_.at(held.org);
  take_out(held.org, org);
  --org.running;
  put_back(held.org, org);
  --providers_.find(held.provider)->second.running;
  --running_;
  forget_if_idle(held.org);
}

void run_admission::forget_if_idle(org_id which) {
  const auto found = orgs_.find(which);
  if (found->second.running == 0 && found->second.queues.empty()) orgs_.erase(found);
}

std::vector<run_admission::ticket> run_admission::admit_waiting(timestamp now) {
  std::vector<ticket> admitted;
  while (running_ < limits_.server) {
    const auto which = next_ticket(now);
    if (!which) break;
    const auto place = where_.at(*which).place;
    auto& org = orgs_.at(place.org);
    take_out(place.org, org);
    org.queues.find(place.provider)->second.neglected_since = now;
    remove(*which);
    take(place);
    put_back(place.org, org);
    admitted.push_back(*which);
  }
  return admitted;
}

std::optional<run_admission::turn> run_admission::next_turn(timestamp now) const {
  const by_share* fewest = nullptr;
  const by_neglect* longest = nullptr;
  std::string_view neglecting;
  for (const auto& [name, provider] : providers_) {
    if (!provider_has_room(provider) || provider.shares.empty()) continue;
    const auto& share = *provider.shares.begin();
    const auto& neglect = *provider.neglect.begin();
    if (fewest == nullptr || share < *fewest) fewest = &share;
    if (longest == nullptr || neglect < *longest) {
      longest = &neglect;
      neglecting = name;
    }
  }
  if (fewest == nullptr) return std::nullopt;
  if (now - longest->since >= neglect_agings * aging_) return turn{longest->org, neglecting};
  return turn{fewest->org, std::nullopt};
}

std::optional<run_admission::head> run_admission::head_of(const queue& in, timestamp now) const {
  std::optional<head> best;
  for (std::size_t rank = 0; rank < classes; ++rank) {
    if (in.by_class.at(rank).empty()) continue;
    // Within a class the one that came first has been lifted the furthest.
    const auto& [which, since] = *in.by_class.at(rank).begin();
    const auto lifts = std::max(now - since, timestamp::duration::zero()) / aging_;
    const head one{static_cast<std::int64_t>(rank) - lifts, which};
    if (!best || one < *best) best = one;
  }
  return best;
}

std::optional<run_admission::ticket> run_admission::next_ticket(timestamp now) const {
  const auto whose = next_turn(now);
  if (!whose) return std::nullopt;
  std::optional<head> best;
  for (const auto& [name, waiting] : orgs_.at(whose->org).queues) {
    if (whose->provider ? name != *whose->provider : !provider_has_room(providers_.find(name)->second)) continue;
    const auto one = head_of(waiting, now);
    if (one && (!best || *one < *best)) best = one;
  }
  if (!best) return std::nullopt;
  return best->which;
}

}  // namespace flotilla
