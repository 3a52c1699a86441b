#include "tests/recovery/harness.hpp"

#include <stdlib.h>

#include <chrono>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <thread>

#include "tests/recovery/killer.hpp"
#include "tests/recovery/verdict.hpp"

namespace flotilla::recovery {
namespace {

using steady = std::chrono::steady_clock;

constexpr std::chrono::seconds patience_with_the_last{120};
constexpr std::chrono::milliseconds between_looks{20};
constexpr std::size_t kills_between_checks = 25;
constexpr std::size_t kills_for_every_kind = 50;  ///< with fewer, chance may leave a kind of step out

std::filesystem::path make_directory() {
  auto pattern = (std::filesystem::temp_directory_path() / "flotilla-recovery-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no directory for the data");
  return pattern;
}

/// Everything that works on one run, in the order in which it depends on each other.
class harness {
 public:
  harness(const harness_options& options, std::ostream& out)
      : options_(options),
        out_(out),
        directory_(make_directory()),
        scripts_(options.seed),
        vendor_(scripts_, wrong_, seen_),
        killer_(launch_of(), options.seed, where_, seen_, wrong_),
        watched_(where_, wrong_, seen_, vendor_) {}

  bool run() {
    const auto began = steady::now();
    try {
      work();
    } catch (const std::exception& problem) {
      wrong_.add(problem.what());
    }
    if (people_) people_->stop();
    where_.is_gone();
    people_.reset();
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(steady::now() - began);
    report(took);
    const bool good = wrong_.count() == 0;
    if (good) std::filesystem::remove_all(directory_);
    return good;
  }

 private:
  [[nodiscard]] launch launch_of() const {
    launch how{directory_ / "data", {}};
    how.options.program = options_.server.empty() ? FLOTILLA_RECOVERY_SERVER : options_.server;
    how.options.arguments = {"--log-level", "warn"};
    how.options.environment = {{"ANTHROPIC_API_KEY", "k"},
                               {"ANTHROPIC_BASE_URL", vendor_.url()},
                               {"OPENAI_API_KEY", "k"},
                               {"OPENAI_BASE_URL", vendor_.url() + "/openai"},
                               {"OPENROUTER_API_KEY", "k"},
                               {"OPENROUTER_BASE_URL", vendor_.url() + "/openrouter"},
                               {"RECOVERY_NOTES", notes().string()},
                               {"RECOVERY_LOSSY", options_.lossy ? "1" : ""}};
    return how;
  }
  [[nodiscard]] std::filesystem::path notes() const { return directory_ / "notes"; }

  void work() {
    killer_.start();
    const stubborn_client api(where_);
    people_ = std::make_unique<humans>(where_, options_.seed, scripts_, watched_, seen_, wrong_,
                                       humans::means{hire(api, scripts_), notes(), options_.open_tasks});
    std::vector<kill_record> kills;
    landing_table so_far;
    while (kills.size() < options_.kills) {
      kills.push_back(killer_.kill_once(so_far, *people_));
      if (kills.size() > 1) so_far.add(landings_of(kills[kills.size() - 2], watched_, vendor_.calls()));
      if (kills.size() % kills_between_checks == 0) check_store();
    }
    people_->give_no_more();
    killer_.start();
    await_the_last();
    const auto calls = vendor_.calls();
    for (const auto& kill : kills) table_.add(landings_of(kill, watched_, calls));
    const auto acts = people_->acts();
    given_ = people_->given();
    decisions_ = acts.decisions;
    unknown_ = acts.unknown_outcomes;
    counts_ = judge({api, where_.now()->port, scripts_, watched_, vendor_, acts, given_, notes()}, wrong_);
    every_kind_was_hit();
    people_->stop();
    people_.reset();
    killer_.stop();
    check_store();
  }

  /// Nothing is stuck.
  void await_the_last() {
    const auto deadline = steady::now() + patience_with_the_last;
    while ((people_->is_giving() || watched_.open_tasks() > 0) && steady::now() < deadline) {
      std::this_thread::sleep_for(between_looks);
    }
    watched_.visit([this](const watched_task& task) {
      if (task.ended) return;
      const auto& events = task.stream.events();
      wrong_.add("task " + task.id + ", script " + task.script + " is stuck behind " +
                 (events.empty() ? std::string("nothing") : events.back().block));
    });
  }

  void every_kind_was_hit() {
    for (std::size_t i = 0; i < landing_count && options_.kills >= kills_for_every_kind; ++i) {
      if (table_.kills[i] == 0) {
        wrong_.add(std::string("no kill landed in: ") + to_string(static_cast<landing>(i)));
      }
    }
  }

  /// `flotilla check` finds nothing. The server is down.
  void check_store() {
    testing::program check({"check", "--data", (directory_ / "data").string()}, {});
    const auto end = check.await_end();
    if (end.code != 0) wrong_.add("flotilla check:\n" + check.out() + check.err());
    ++checks_;
  }

  void report(std::chrono::milliseconds took) {
    out_ << options_.kills << " kills in " << took.count() << " ms, seed " << options_.seed
         << (options_.lossy ? ", unsynced writes lost" : "") << "; " << killer_.starts() << " starts of "
         << (killer_.starts() == 0 ? 0 : killer_.start_time().count() / 1000 / std::int64_t(killer_.starts()))
         << " ms on average\n";
    out_ << counts_.tasks << " tasks (" << given_ << " given, " << counts_.delegated
         << " delegated): " << counts_.done << " done, " << counts_.errors << " errors of the vendor's, "
         << counts_.cancelled << " cancelled; " << decisions_ << " decisions of humans, " << unknown_
         << " of them about unknown outcomes\n";
    out_ << counts_.events << " events in all streams; " << counts_.model_answers << " model answers journaled, "
         << counts_.vendor_calls << " requests to the vendor; " << counts_.notes << " executions of tools, "
         << counts_.messages << " messages between agents; " << checks_ << " checks of the store\n";
    table_.print(out_);
    wrong_.print(out_);
    if (wrong_.count() > 0) out_ << "The directory is kept: " << directory_.string() << '\n';
  }

  const harness_options options_;
  std::ostream& out_;
  const std::filesystem::path directory_;
  complaints wrong_;
  moments seen_;
  server_address where_;
  library scripts_;
  scripted_vendor vendor_;
  killer killer_;
  watchers watched_;
  std::unique_ptr<humans> people_;
  landing_table table_;
  verdict_counts counts_;
  std::size_t given_ = 0;
  std::size_t decisions_ = 0;
  std::size_t unknown_ = 0;
  std::size_t checks_ = 0;
};

}  // namespace

bool run_harness(const harness_options& options, std::ostream& out) {
  return harness(options, out).run();
}

}  // namespace flotilla::recovery
