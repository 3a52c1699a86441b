// Which runs go on at once: the limits hold, places are shared fairly, and nobody starves.
#include "core/admission.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <functional>
#include <map>
#include <random>

namespace {

using namespace flotilla;
using namespace std::chrono_literals;

org_id org_numbered(std::uint8_t number) {
  org_id made;
  made.value.bytes.fill(number);
  return made;
}

const org_id ann = org_numbered(1);
const org_id ben = org_numbered(2);
const org_id cat = org_numbered(3);
constexpr auto high = task_priority::high;
constexpr auto normal = task_priority::normal;
constexpr auto low = task_priority::low;

using ticket = run_admission::ticket;
using tickets = std::vector<ticket>;

run_capacity limits_of(std::size_t server, std::optional<std::size_t> org = {},
                       std::optional<std::size_t> provider = {}) {
  return {server, org, provider};
}

/// Places, and a clock that stands until it is moved.
struct harbour {
  explicit harbour(run_capacity limits) : places(limits, aging) {}

  bool admit(org_id org, std::string provider = "p") { return places.admit({org, std::move(provider)}); }
  void force(org_id org, std::string provider = "p") { places.force({org, std::move(provider)}); }
  void release(org_id org, std::string provider = "p") { places.release({org, std::move(provider)}); }
  ticket wait(org_id org, task_priority priority = normal, std::string provider = "p") {
    return places.wait({org, std::move(provider)}, priority, now);
  }
  tickets next() { return places.admit_waiting(now); }
  /// A run of this org ends; who has its place?
  tickets after(org_id org, std::string provider = "p") {
    release(org, std::move(provider));
    return next();
  }

  static constexpr std::chrono::milliseconds aging{1000};
  run_admission places;
  timestamp now{1'000'000ms};
};

}  // namespace

BOOST_AUTO_TEST_SUITE(admission)

BOOST_AUTO_TEST_CASE(each_of_the_three_limits_holds) {
  harbour server(limits_of(2));
  BOOST_TEST(server.admit(ann));
  BOOST_TEST(server.admit(ben));
  BOOST_TEST(!server.admit(cat));
  BOOST_TEST(server.places.running() == 2U);
  harbour org(limits_of(9, 1));
  BOOST_TEST(org.admit(ann));
  BOOST_TEST(!org.admit(ann, "q"));
  BOOST_TEST(org.admit(ben));
  harbour provider(limits_of(9, {}, 1));
  BOOST_TEST(provider.admit(ann, "p"));
  BOOST_TEST(!provider.admit(ben, "p"));
  BOOST_TEST(provider.admit(ben, "q"));
  harbour closed(limits_of(0));
  BOOST_TEST(!closed.admit(ann));
}

BOOST_AUTO_TEST_CASE(a_place_that_is_given_back_is_free) {
  harbour it(limits_of(1));
  BOOST_TEST(it.admit(ann));
  it.release(ann);
  BOOST_TEST(it.places.running() == 0U);
  BOOST_TEST(it.admit(ben));
}

BOOST_AUTO_TEST_CASE(nobody_goes_before_one_who_waits_and_fits) {
  harbour it(limits_of(1, {}, {}));
  BOOST_TEST(it.admit(ann));
  const auto first = it.wait(ben);
  it.release(ann);
  BOOST_TEST(!it.admit(cat));
  BOOST_TEST((it.next() == tickets{first}));
  BOOST_TEST(it.places.waiting() == 0U);
}

BOOST_AUTO_TEST_CASE(who_does_not_fit_keeps_nobody_waiting) {
  harbour it(limits_of(9, 2, 1));
  BOOST_TEST(it.admit(ann, "p"));
  const auto blocked = it.wait(ann, high, "p");
  BOOST_TEST(it.next().empty());
  BOOST_TEST(it.admit(ann, "q"));  // another provider, the same org
  BOOST_TEST(it.admit(ben, "r"));
  const auto full = it.wait(ann, high, "r");  // the org is full
  const auto other = it.wait(cat, low, "s");
  BOOST_TEST((it.next() == tickets{other}));
  BOOST_TEST((it.after(ann, "p") == tickets{blocked}));
  BOOST_TEST(it.next().empty());
  it.release(ann, "q");
  BOOST_TEST((it.after(ben, "r") == tickets{full}));
}

BOOST_AUTO_TEST_CASE(within_an_org_the_class_counts_and_then_who_came_first) {
  harbour it(limits_of(1));
  BOOST_TEST(it.admit(ann));
  const auto lowly = it.wait(ann, low);
  const auto usual = it.wait(ann, normal);
  const auto second = it.wait(ann, normal);
  const auto urgent = it.wait(ann, high, "q");
  BOOST_TEST((it.after(ann, "p") == tickets{urgent}));
  BOOST_TEST((it.after(ann, "q") == tickets{usual}));
  BOOST_TEST((it.after(ann, "p") == tickets{second}));
  BOOST_TEST((it.after(ann, "p") == tickets{lowly}));
}

BOOST_AUTO_TEST_CASE(waiting_lifts_a_run_by_one_class_an_aging) {
  harbour it(limits_of(1));
  BOOST_TEST(it.admit(ann));
  const auto lowly = it.wait(ann, low);
  it.now += harbour::aging - 1ms;
  const auto usual = it.wait(ann, normal);
  BOOST_TEST((it.after(ann) == tickets{usual}));
  const auto urgent = it.wait(ann, high);
  const auto another = it.wait(ann, normal);
  it.now += 1ms;  // the low one is as good as a normal one now, and was there before
  BOOST_TEST((it.after(ann) == tickets{urgent}));
  BOOST_TEST((it.after(ann) == tickets{lowly}));
  BOOST_TEST((it.after(ann) == tickets{another}));
}

BOOST_AUTO_TEST_CASE(a_clock_that_goes_back_lifts_nobody) {
  harbour it(limits_of(1));
  BOOST_TEST(it.admit(ann));
  const auto usual = it.wait(ann, normal);
  it.now -= 100 * harbour::aging;
  const auto urgent = it.wait(ann, high);
  BOOST_TEST((it.after(ann) == tickets{urgent}));
  BOOST_TEST((it.after(ann) == tickets{usual}));
}

BOOST_AUTO_TEST_CASE(the_org_with_the_fewest_runs_comes_first) {
  harbour it(limits_of(4));
  for (int i = 0; i < 4; ++i) BOOST_TEST(it.admit(ann));
  const auto own = it.wait(ann, high);
  const auto one = it.wait(ben, low);
  const auto two = it.wait(ben, low);
  BOOST_TEST((it.after(ann) == tickets{one}));  // three of ann's go on, and none of ben's
  BOOST_TEST((it.after(ann) == tickets{two}));  // two and one
  BOOST_TEST((it.after(ann) == tickets{own}));
}

BOOST_AUTO_TEST_CASE(of_orgs_that_have_as_many_the_one_served_least_recently_comes_first) {
  harbour it(limits_of(1));
  BOOST_TEST(it.admit(cat));
  std::map<ticket, org_id> owner;
  for (int i = 0; i < 3; ++i) {
    for (const auto& org : {ann, ben, cat}) owner[it.wait(org)] = org;
  }
  std::vector<org_id> order;
  auto last = cat;
  for (int i = 0; i < 9; ++i) {
    const auto got = it.after(last);
    BOOST_REQUIRE(got.size() == 1U);
    last = owner.at(got[0]);
    order.push_back(last);
  }
  BOOST_TEST((order == std::vector<org_id>{ann, ben, cat, ann, ben, cat, ann, ben, cat}));
}

BOOST_AUTO_TEST_CASE(an_org_that_comes_and_goes_saves_nothing_up) {
  // Two orgs send one run after another, each gone in between; the third has one that waits.
  harbour it(limits_of(1));
  BOOST_TEST(it.admit(ann));
  (void)it.wait(ben);
  it.force(cat);
  it.release(cat);
  const auto patient = it.wait(cat);
  auto running = ann;
  bool served = false;
  for (int i = 0; i < 6 && !served; ++i) {
    const auto got = it.after(running);
    served = got == tickets{patient};
    running = running == ann ? ben : ann;
    if (!served) (void)it.wait(running == ann ? ben : ann);
  }
  BOOST_TEST(served);
}

BOOST_AUTO_TEST_CASE(a_low_run_comes_in_under_constant_load_of_its_org) {
  harbour it(limits_of(1));
  BOOST_TEST(it.admit(ann));
  const auto lowly = it.wait(ann, low);
  int turns = 0;
  for (;; ++turns) {
    BOOST_REQUIRE(turns < 100);
    (void)it.wait(ann, high);
    it.now += 100ms;
    if (it.after(ann) == tickets{lowly}) break;
  }
  BOOST_TEST(turns >= 19);  // not before it has been lifted by two classes
}

BOOST_AUTO_TEST_CASE(one_org_that_floods_keeps_another_waiting_for_one_place_only) {
  harbour it(limits_of(4));
  for (int i = 0; i < 4; ++i) BOOST_TEST(it.admit(ann));
  for (int i = 0; i < 10'000; ++i) (void)it.wait(ann, high);
  it.now += 3 * harbour::aging;
  const auto single = it.wait(ben, low);
  BOOST_TEST((it.after(ann) == tickets{single}));
  BOOST_TEST(it.places.waiting() == 10'000U);
}

BOOST_AUTO_TEST_CASE(an_org_is_served_at_a_provider_though_it_has_many_runs_elsewhere) {
  // ann has five runs at q whatever happens, so ben has always fewer when a place at p becomes free.
  harbour it(limits_of(100, {}, 5));
  for (int i = 0; i < 5; ++i) BOOST_TEST(it.admit(ann, "q"));
  for (int i = 0; i < 5; ++i) BOOST_TEST(it.admit(ben, "p"));
  const auto patient = it.wait(ann, normal, "p");
  int turns = 0;
  for (;; ++turns) {
    BOOST_REQUIRE(turns < 1000);
    (void)it.wait(ben, high, "p");
    it.now += 100ms;
    if (it.after(ben, "p") == tickets{patient}) break;
  }
  BOOST_TEST(turns + 1 == neglect_agings * 10);
}

BOOST_AUTO_TEST_CASE(who_withdraws_waits_no_more) {
  harbour it(limits_of(1));
  BOOST_TEST(it.admit(ann));
  const auto gone = it.wait(ben, high);
  const auto stays = it.wait(ben, low);
  it.places.withdraw(gone);
  it.places.withdraw(gone);
  BOOST_TEST(it.places.waiting() == 1U);
  BOOST_TEST((it.after(ann) == tickets{stays}));
  it.places.withdraw(stays);  // it has its place
  BOOST_TEST(it.places.running() == 1U);
  const auto last = it.wait(cat);
  it.places.withdraw(last);
  BOOST_TEST(it.after(ben).empty());
  BOOST_TEST(it.admit(ann));
}

BOOST_AUTO_TEST_CASE(another_priority_keeps_the_place_in_time) {
  harbour it(limits_of(1));
  BOOST_TEST(it.admit(ann));
  const auto first = it.wait(ann, low);
  const auto second = it.wait(ann, normal);
  const auto third = it.wait(ann, normal);
  it.places.reprioritise(first, normal);
  it.places.reprioritise(second, low);
  it.places.reprioritise(99, high);
  BOOST_TEST((it.after(ann) == tickets{first}));
  BOOST_TEST((it.after(ann) == tickets{third}));
  it.places.reprioritise(second, high);
  BOOST_TEST((it.after(ann) == tickets{second}));
}

BOOST_AUTO_TEST_CASE(what_is_forced_goes_above_the_limits_and_comes_back_below) {
  harbour it(limits_of(2, 1, 2));
  for (int i = 0; i < 4; ++i) it.force(ann);
  BOOST_TEST(it.places.running() == 4U);
  const auto waits = it.wait(ben);
  const auto own = it.wait(ann, high);
  for (int i = 0; i < 2; ++i) BOOST_TEST(it.after(ann).empty());
  BOOST_TEST((it.after(ann) == tickets{waits}));
  BOOST_TEST(it.next().empty());  // ann still has the one run that it may have
  BOOST_TEST((it.after(ann) == tickets{own}));
  BOOST_TEST(it.places.running() == 2U);
}

namespace {

/// Draws what happens, and keeps its own account of it.
class storm {
 public:
  explicit storm(std::uint32_t seed)
      : draw_(seed),
        limits_(limits_of(1 + below(6), maybe_limit(), maybe_limit())),
        places_(limits_, harbour::aging) {}

  void step() {
    now_ += std::chrono::milliseconds(below(300));
    switch (below(7)) {
      case 0:
      case 1:
        return arrive();
      case 2:
        return try_one();
      case 3:
        if (below(8) == 0) force_one();
        return;
      case 4:
        return change_one();
      default:
        return end_one();
    }
  }
  /// Nobody else comes; each run that goes on ends in its turn.
  void drain() {
    for (std::size_t left = 2 * (waiting_.size() + running_.size()) + 1; !running_.empty(); --left) {
      BOOST_REQUIRE(left > 0);
      end_one();
    }
    BOOST_TEST(waiting_.empty());
    BOOST_TEST(places_.running() == 0U);
    BOOST_TEST(places_.waiting() == 0U);
  }

 private:
  std::size_t below(std::size_t limit) { return draw_() % limit; }
  std::optional<std::size_t> maybe_limit() {
    return below(3) == 0 ? std::nullopt : std::optional<std::size_t>(1 + below(4));
  }
  run_place place() {
    return {org_numbered(static_cast<std::uint8_t>(below(4))), std::string(1, static_cast<char>('p' + below(3)))};
  }
  task_priority priority() { return static_cast<task_priority>(below(3)); }

  std::size_t count(const std::function<bool(const run_place&)>& of) const {
    return static_cast<std::size_t>(std::count_if(running_.begin(), running_.end(), of));
  }
  bool fits(const run_place& wanted) const {
    const auto in_org = count([&](const run_place& each) { return each.org == wanted.org; });
    const auto at_provider = count([&](const run_place& each) { return each.provider == wanted.provider; });
    return running_.size() < limits_.server && in_org < limits_.org.value_or(99) &&
           at_provider < limits_.provider.value_or(99);
  }

  void arrive() {
    const auto wanted = place();
    waiting_[places_.wait(wanted, priority(), now_)] = wanted;
    let_in();
  }
  void try_one() {
    const auto wanted = place();
    const bool expected = fits(wanted);  // nobody who fits waits
    BOOST_TEST(places_.admit(wanted) == expected);
    if (expected) running_.push_back(wanted);
  }
  void force_one() {
    running_.push_back(place());
    places_.force(running_.back());
  }
  void change_one() {
    if (waiting_.empty()) return;
    const auto which = std::next(waiting_.begin(), static_cast<std::ptrdiff_t>(below(waiting_.size())))->first;
    if (below(4) > 0) return places_.reprioritise(which, priority());
    places_.withdraw(which);
    waiting_.erase(which);
  }
  void end_one() {
    if (running_.empty()) return;
    const auto which = running_.begin() + static_cast<std::ptrdiff_t>(below(running_.size()));
    places_.release(*which);
    running_.erase(which);
    let_in();
  }
  void let_in() {
    for (const auto each : places_.admit_waiting(now_)) {
      const auto found = waiting_.find(each);
      BOOST_REQUIRE(found != waiting_.end());
      BOOST_TEST(fits(found->second));
      running_.push_back(found->second);
      waiting_.erase(found);
    }
    for (const auto& [which, wanted] : waiting_) BOOST_TEST(!fits(wanted));
    BOOST_TEST(places_.running() == running_.size());
    BOOST_TEST(places_.waiting() == waiting_.size());
  }

  std::mt19937 draw_;
  run_capacity limits_;
  run_admission places_;
  timestamp now_{};
  std::map<ticket, run_place> waiting_;
  std::vector<run_place> running_;
};

}  // namespace

BOOST_AUTO_TEST_CASE(whatever_happens_the_limits_hold_and_everybody_comes_in) {
  for (std::uint32_t seed = 0; seed < 60; ++seed) {
    BOOST_TEST_CONTEXT("seed " << seed) {
      storm one(seed);
      for (int i = 0; i < 400; ++i) one.step();
      one.drain();
    }
  }
}

BOOST_AUTO_TEST_CASE(nobody_waits_for_ever_under_a_load_that_never_ends) {
  // Three orgs at two providers always have somebody waiting; each run that goes on ends, the oldest first.
  harbour it(limits_of(4, 3, 2));
  std::mt19937 draw(7);
  struct waits {
    run_place place;
    int since;
  };
  std::map<ticket, waits> waiting;
  std::vector<run_place> running;
  const std::vector<run_place> places{{ann, "p"}, {ann, "p"}, {ann, "p"}, {ann, "q"}, {ben, "p"}, {cat, "q"}};
  int longest = 0;
  for (int round = 0; round < 5000; ++round) {
    it.now += 50ms;
    while (waiting.size() < 30) {
      const auto& place = places[draw() % places.size()];
      waiting[it.wait(place.org, static_cast<task_priority>(draw() % 3), place.provider)] = {place, round};
    }
    if (!running.empty()) {
      it.places.release(running.front());
      running.erase(running.begin());
    }
    for (const auto each : it.next()) {
      longest = std::max(longest, round - waiting.at(each).since);
      running.push_back(waiting.at(each).place);
      waiting.erase(each);
    }
  }
  for (const auto& [which, each] : waiting) longest = std::max(longest, 5000 - each.since);
  BOOST_TEST(longest < 400);
}

BOOST_AUTO_TEST_SUITE_END()
