// Watchers of logs: what they see, in which order, and what they cost.
#include "storage/log_hub.hpp"

#include <condition_variable>
#include <deque>
#include <thread>

#include "core/bus_types.hpp"
#include "flotilla/json.hpp"
#include "tests/storage/support.hpp"

using namespace flotilla;
using namespace flotilla::storage;
using namespace flotilla::storage::testing;

namespace {

constexpr std::size_t plenty = 1U << 20U;

/// Runs its jobs when the test says so.
class manual_executor final : public executor {
 public:
  void run(std::function<void()> job) override { jobs_.push_back(std::move(job)); }
  std::size_t run_all() {
    std::size_t count = 0;
    for (; !jobs_.empty(); ++count) {
      const auto job = std::move(jobs_.front());
      jobs_.pop_front();
      job();
    }
    return count;
  }
  [[nodiscard]] std::size_t waiting() const { return jobs_.size(); }

 private:
  std::deque<std::function<void()>> jobs_;
};

/// Runs its jobs in a few threads.
class pool_executor final : public executor {
 public:
  explicit pool_executor(int size) {
    for (int i = 0; i < size; ++i) threads_.emplace_back([this] { work(); });
  }
  ~pool_executor() override {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_all();
    for (auto& thread : threads_) thread.join();
  }
  pool_executor(const pool_executor&) = delete;
  pool_executor& operator=(const pool_executor&) = delete;
  void run(std::function<void()> job) override {
    const std::lock_guard lock(mutex_);
    jobs_.push_back(std::move(job));
    wake_.notify_one();
  }

 private:
  void work() {
    std::unique_lock lock(mutex_);
    for (;;) {
      wake_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
      if (jobs_.empty()) return;
      const auto job = std::move(jobs_.front());
      jobs_.pop_front();
      lock.unlock();
      job();
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> jobs_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

timestamp at(std::int64_t ms) {
  return timestamp(std::chrono::milliseconds(1'700'000'000'000 + ms));
}

/// A task's journal and its org's bus in a memory store, with the hub over it.
struct fixture_base {
  explicit fixture_base(executor& readers) : hub(*kept, readers) {}

  std::unique_ptr<store> kept = make_memory_store();
  log_hub hub;
  org_id org = org_id::make(at(0));
  task_id task = task_id::make(at(0));
  event_seq seq = 0;
  std::shared_ptr<bus_stamp> stamp = std::make_shared<bus_stamp>(system_wall_clock(), timestamp{});

  /// Commits an event without publishing it.
  log_entry record(event_type type, std::string text) {
    event value;
    value.seq = ++seq;
    value.type = type;
    value.text = std::move(text);
    value.at = at(static_cast<std::int64_t>(seq));
    batch changes;
    const auto json = write_event(changes, org, task, value);
    must_commit(*kept, std::move(changes));
    return {value.seq, json};
  }
  log_entry output(std::string text = "o") { return record(event_type::output, std::move(text)); }
  log_entry status(std::string_view text) { return record(event_type::status, std::string(text)); }
  void publish(const log_entry& entry, bool last = false) { hub.publish_event(org, task, entry, last); }
  std::shared_ptr<subscription> watch(event_seq after = 0) { return hub.watch_task(org, task, after); }

  bus_entry say(std::string type) {
    bus_entry said;
    batch changes;
    message_draft draft;
    draft.type = std::move(type);
    draft.from = party::system();
    draft.text = "text";
    append_message(changes, org, std::move(draft), stamp,
                   [&said](bus_entry placed, appender&) { said = std::move(placed); });
    must_commit(*kept, std::move(changes));
    return said;
  }
};

struct inline_fixture : fixture_base {
  inline_fixture() : fixture_base(readers) {}
  inline_executor readers;
};

struct manual_fixture : fixture_base {
  manual_fixture() : fixture_base(readers) {}
  manual_executor readers;
};

/// What one call of `next` brought.
struct answer {
  std::optional<result<log_chunk>> given;
  int calls = 0;

  [[nodiscard]] bool waiting() const { return calls == 0; }
  [[nodiscard]] std::vector<std::uint64_t> seqs() const {
    BOOST_REQUIRE(given && *given);
    std::vector<std::uint64_t> found;
    for (const auto& entry : (*given)->entries) found.push_back(entry.seq);
    return found;
  }
  [[nodiscard]] bool ended() const {
    BOOST_REQUIRE(given && *given);
    return (*given)->ended;
  }
};

std::shared_ptr<answer> ask(subscription& from, std::size_t max_bytes = plenty) {
  auto asked = std::make_shared<answer>();
  from.next(max_bytes, [asked](result<log_chunk> chunk) {
    asked->given = std::move(chunk);
    ++asked->calls;
  });
  return asked;
}

using seqs = std::vector<std::uint64_t>;

}  // namespace

BOOST_AUTO_TEST_SUITE(log_hub)

BOOST_FIXTURE_TEST_CASE(a_finished_journal_is_read_from_the_store, inline_fixture) {
  output();
  output();
  const auto last = status(run_status::done);
  const auto watcher = watch();
  const auto all = ask(*watcher);
  BOOST_TEST((all->seqs() == seqs{1, 2, 3}));
  BOOST_TEST(all->ended());
  BOOST_TEST(*(*all->given)->entries.back().json == *last.json);
  const auto again = ask(*watcher);
  BOOST_TEST(again->seqs().empty());
  BOOST_TEST(again->ended());
  const auto late = ask(*watch(3));  // all seen already
  BOOST_TEST(late->seqs().empty());
  BOOST_TEST(late->ended());
}

BOOST_FIXTURE_TEST_CASE(only_status_events_end_a_log, inline_fixture) {
  output(std::string(run_status::done));
  const auto watcher = watch();
  BOOST_TEST(!ask(*watcher)->ended());
  BOOST_TEST(ask(*watcher)->waiting());
}

BOOST_FIXTURE_TEST_CASE(what_is_published_wakes_who_waits, inline_fixture) {
  const auto watcher = watch();
  const auto first = ask(*watcher);
  BOOST_TEST(first->waiting());
  publish(output());
  BOOST_TEST((first->seqs() == seqs{1}));
  BOOST_TEST(!first->ended());
  publish(output());
  publish(status(run_status::waiting), true);
  const auto rest = ask(*watcher);
  BOOST_TEST((rest->seqs() == seqs{2, 3}));
  BOOST_TEST(rest->ended());
  BOOST_TEST(first->calls == 1);
}

BOOST_FIXTURE_TEST_CASE(a_task_that_goes_on_is_a_longer_log, inline_fixture) {
  const auto watcher = watch();
  const auto other = watch();  // keeps the tail
  publish(output());
  publish(status(run_status::waiting), true);
  BOOST_TEST(ask(*watcher)->ended());
  publish(status(run_status::approved));
  const auto more = ask(*watcher);
  BOOST_TEST((more->seqs() == seqs{3}));
  BOOST_TEST(!more->ended());
  const auto then = ask(*watcher);
  BOOST_TEST(then->waiting());
  publish(status(run_status::done), true);
  BOOST_TEST(then->ended());
}

// A restart is committed, and its client watches, before it is published, while the tail still says "ended".
BOOST_FIXTURE_TEST_CASE(a_new_attempt_is_not_taken_for_the_old_end, inline_fixture) {
  const auto other = watch();
  const auto waiting = ask(*other);
  publish(output());
  publish(status(run_status::done), true);
  const auto queued = status(run_status::queued);  // committed, not published
  const auto watcher = watch(2);
  const auto first = ask(*watcher);
  BOOST_TEST((first->seqs() == seqs{3}));
  BOOST_TEST(!first->ended());
  const auto next = ask(*watcher);
  publish(queued);
  BOOST_TEST(next->waiting());  // it has been given already
  publish(output());
  BOOST_TEST((next->seqs() == seqs{4}));
  const auto rest = ask(*other);
  BOOST_TEST((rest->seqs() == seqs{2, 3, 4}));
}

BOOST_FIXTURE_TEST_CASE(published_while_the_store_is_read, manual_fixture) {
  output();
  const auto watcher = watch();
  const auto first = ask(*watcher);
  BOOST_TEST(readers.waiting() == 1U);  // never in the caller's thread
  publish(output());                    // committed and published before the read: it finds both
  readers.run_all();
  BOOST_TEST((first->seqs() == seqs{1, 2}));
  const auto second = ask(*watcher);
  BOOST_TEST(second->waiting());
  const auto third = output();  // committed, published later
  BOOST_TEST(second->waiting());
  publish(third);
  BOOST_TEST((second->seqs() == seqs{3}));
  BOOST_TEST(readers.run_all() == 0U);
}

BOOST_FIXTURE_TEST_CASE(nothing_is_missed_between_an_empty_read_and_a_publish, manual_fixture) {
  const auto watcher = watch();
  const auto asked = ask(*watcher);
  const auto other = watch();
  const auto other_asked = ask(*other);
  readers.run_all();
  BOOST_TEST(asked->waiting());
  publish(output());
  BOOST_TEST((asked->seqs() == seqs{1}));
  BOOST_TEST((other_asked->seqs() == seqs{1}));
}

BOOST_FIXTURE_TEST_CASE(who_falls_behind_reads_the_store, manual_fixture) {
  const auto slow = watch();
  const auto quick = watch();
  constexpr std::uint64_t count = 60;
  const std::string big(10'000, 'x');  // more than twice what a tail holds
  const auto asked = ask(*quick);
  readers.run_all();
  for (std::uint64_t i = 0; i < count; ++i) publish(output(big));
  publish(status(run_status::done), true);
  seqs taken;
  for (bool ended = false; !ended;) {
    const auto chunk = ask(*slow, 25'000);
    readers.run_all();
    const auto some = chunk->seqs();
    BOOST_TEST(some.size() <= 3U);
    taken.insert(taken.end(), some.begin(), some.end());
    ended = chunk->ended();
  }
  BOOST_REQUIRE_EQUAL(taken.size(), count + 1);
  for (std::uint64_t i = 0; i < taken.size(); ++i) BOOST_TEST(taken[i] == i + 1);
}

BOOST_FIXTURE_TEST_CASE(a_chunk_holds_at_least_one_entry, inline_fixture) {
  const auto watcher = watch();
  const auto asked = ask(*watcher, 1);
  const std::string huge(max_tail_bytes * 2, 'x');
  publish(output(huge));
  BOOST_TEST((asked->seqs() == seqs{1}));
  publish(output());
  publish(output());
  BOOST_TEST((ask(*watcher, 1)->seqs() == seqs{2}));
  BOOST_TEST((ask(*watcher, 1)->seqs() == seqs{3}));
  const auto late = watch();
  BOOST_TEST((ask(*late, 1)->seqs() == seqs{1}));  // of the store: the tail did not keep it
}

BOOST_FIXTURE_TEST_CASE(a_bus_is_filtered, inline_fixture) {
  for (int i = 0; i < 5; ++i) say(i == 2 ? "task.done" : "agent.updated");
  message_filter filter;
  filter.type = "task.*";
  const auto watcher = hub.watch_bus(org, filter, 0);
  BOOST_TEST((ask(*watcher)->seqs() == seqs{3}));
  const auto waiting = ask(*watcher);
  hub.publish_message(org, say("agent.updated"));
  hub.publish_message(org, say("agent.archived"));
  BOOST_TEST(waiting->waiting());
  const auto done = say("task.error");
  hub.publish_message(org, done);
  BOOST_TEST((waiting->seqs() == seqs{8}));
  BOOST_TEST(*(*waiting->given)->entries.front().json == to_json(*done.value));
  BOOST_TEST(!waiting->ended());
  const auto other_org = hub.watch_bus(org_id::make(at(1)), {}, 0);
  BOOST_TEST(ask(*other_org)->waiting());
}

BOOST_FIXTURE_TEST_CASE(a_dropped_subscription_is_not_called, manual_fixture) {
  auto kept_alive = std::make_shared<int>(0);
  auto waiting = watch();
  auto reading = watch();
  for (const auto& each : {waiting, reading}) {
    each->next(plenty, [kept_alive](result<log_chunk>) { ++*kept_alive; });
    if (each == waiting) readers.run_all();
  }
  reading.reset();
  waiting.reset();
  BOOST_TEST(kept_alive.use_count() == 1);  // what the handlers held is gone
  readers.run_all();
  publish(output());
  BOOST_TEST(*kept_alive == 0);
  BOOST_TEST(hub.watchers() == 0U);
}

BOOST_FIXTURE_TEST_CASE(a_handler_may_drop_subscriptions, inline_fixture) {
  auto first = watch();
  auto second = watch();
  int calls = 0;
  for (auto* each : {&first, &second}) {
    (*each)->next(plenty, [&](result<log_chunk>) {
      ++calls;
      first.reset();
      second.reset();
    });
  }
  publish(output());
  BOOST_TEST(calls == 1);
  BOOST_TEST(hub.watchers() == 0U);
}

BOOST_FIXTURE_TEST_CASE(a_handler_may_ask_again, inline_fixture) {
  const auto watcher = watch();
  seqs taken;
  bool ended = false;
  std::function<void(result<log_chunk>)> take = [&](result<log_chunk> chunk) {
    BOOST_REQUIRE(chunk);
    for (const auto& entry : chunk->entries) taken.push_back(entry.seq);
    ended = chunk->ended;
    if (!ended) watcher->next(plenty, take);
  };
  watcher->next(plenty, take);
  for (int i = 0; i < 10; ++i) publish(output());
  publish(status(run_status::error), true);
  BOOST_TEST(taken.size() == 11U);
  BOOST_TEST(ended);
}

BOOST_FIXTURE_TEST_CASE(closing_ends_everything, manual_fixture) {
  publish(output());
  const auto waiting = watch(1);
  const auto asked = ask(*waiting);
  readers.run_all();
  const auto reading = watch();
  const auto asked_too = ask(*reading);
  const auto idle = watch(1);
  publish(output());
  BOOST_TEST((asked->seqs() == seqs{2}));
  const auto again = ask(*waiting);
  hub.close();
  BOOST_TEST(again->ended());
  readers.run_all();
  BOOST_TEST(asked_too->ended());
  BOOST_TEST((asked_too->seqs() == seqs{1, 2}));
  const auto at_hand = ask(*idle);  // from the tail, without reading
  BOOST_TEST((at_hand->seqs() == seqs{2}));
  BOOST_TEST(at_hand->ended());
  const auto late = ask(*watch());
  BOOST_TEST(late->ended());
  BOOST_TEST(readers.waiting() == 0U);
  hub.close();  // twice is no error
}

BOOST_FIXTURE_TEST_CASE(a_thousand_watchers_share_the_bytes, inline_fixture) {
  std::vector<std::shared_ptr<subscription>> watchers;
  std::vector<std::shared_ptr<answer>> answers;
  for (int i = 0; i < 1000; ++i) {
    watchers.push_back(watch());
    answers.push_back(ask(*watchers.back()));
  }
  BOOST_TEST(hub.watchers() == 1000U);
  const auto entry = output();
  publish(entry);
  for (const auto& given : answers) {
    BOOST_REQUIRE(!given->waiting());
    BOOST_TEST((*given->given)->entries.front().json == entry.json);  // the same object, not a copy
  }
}

namespace {

class unreadable_store final : public store {
 public:
  result<std::unique_ptr<storage::snapshot>> snapshot() const override { return fail(errc::unavailable, "no"); }
  void commit(batch /*changes*/, durability /*level*/, reply<void> done) override {
    done(fail(errc::unavailable, "no"));
  }
  store_health health() const override { return {false, "no"}; }
};

}  // namespace

BOOST_AUTO_TEST_CASE(an_unreadable_store_is_said) {
  const unreadable_store kept;
  inline_executor readers;
  flotilla::storage::log_hub hub(kept, readers);
  const auto watcher = hub.watch_task(org_id::make(at(0)), task_id::make(at(0)), 0);
  const auto asked = ask(*watcher);
  BOOST_REQUIRE(asked->given && !*asked->given);
  BOOST_TEST((asked->given->error().code == errc::unavailable));
  BOOST_TEST(ask(*watcher)->calls == 1);  // it may be asked again
}

// Watchers in several threads, some joining late, against a publisher: everybody sees 1, 2, 3, … to the end.
BOOST_AUTO_TEST_CASE(threads_see_the_same_log) {
  constexpr std::uint64_t count = 2'000;
  constexpr int watchers = 24;
  struct follower {
    std::shared_ptr<subscription> from;
    std::uint64_t last = 0;
    bool good = true;
    std::promise<void> ended;
    void ask() {
      from->next(2'000, [this](result<log_chunk> chunk) {
        good = good && chunk.has_value();
        if (!good) return ended.set_value();
        for (const auto& entry : chunk->entries) good = good && entry.seq == ++last;
        if (chunk->ended) return ended.set_value();
        ask();
      });
    }
  };
  std::vector<follower> followers(watchers);
  pool_executor readers(3);
  fixture_base f(readers);
  std::thread joiner([&] {
    for (auto& each : followers) {
      each.from = f.watch();
      each.ask();
    }
  });
  for (std::uint64_t i = 1; i < count; ++i) f.publish(f.output(std::string(i % 300, 'x')));
  f.publish(f.status(run_status::done), true);
  joiner.join();
  for (auto& each : followers) {
    each.ended.get_future().get();
    BOOST_TEST(each.good);
    BOOST_TEST(each.last == count);
  }
  followers.clear();
}

BOOST_AUTO_TEST_SUITE_END()
