#include "tests/recovery/staff.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <utility>

#include "tests/recovery/note_tools.hpp"

namespace flotilla::recovery {
namespace {

using nlohmann::json;
using steady = std::chrono::steady_clock;

constexpr std::size_t leads = 4;             ///< below the one at the top; the others are below them
constexpr unsigned percent_cancelled = 7;    // of the tasks
constexpr unsigned percent_rejected = 25;    // of the calls that a human is asked about
constexpr unsigned percent_patient = 30;     // of those: the human takes a while
constexpr unsigned most_cancel_delay = 900;  // ms
constexpr std::chrono::milliseconds human_patience{500};
constexpr std::chrono::milliseconds between_looks{10};

/// A number from 0 to 99 that goes with a name.
unsigned draw(std::uint64_t seed, const std::string& name) {
  return static_cast<unsigned>((std::hash<std::string>{}(name) ^ (seed * 0x9E3779B97F4A7C15ULL)) % 100);
}

json agent_fields(std::size_t number, const std::vector<std::string>& ids) {
  static const std::vector<std::string> vendors = {"anthropic", "openai", "openrouter"};
  json fields = {{"name", "Agent " + std::to_string(number)},
                 {"role", "You do what your script says."},
                 {"model", "m-" + std::to_string(number % 2)},
                 {"provider", vendors[number % vendors.size()]},
                 {"glyph", "\xF0\x9F\xA6\x8A"},
                 {"approvals", {"*_guarded"}}};
  if (number > leads) fields["manager"] = ids[1 + (number - 1) % leads];
  if (number > 0 && number <= leads) fields["manager"] = ids[0];
  return fields;
}

void must(const testing::api_answer& answer, int status, const std::string& what) {
  if (answer.status != status) {
    throw std::runtime_error(what + " was answered " + std::to_string(answer.status) + ": " + answer.text);
  }
}

/// The calls of a task that wait for a human: their approval_requested events.
std::vector<json> open_questions(const json& task) {
  std::vector<json> open;
  for (const auto& event : task.at("log")) {
    if (event.at("type") != "status" || !event.contains("callId")) continue;
    const auto text = event.at("text").get<std::string>();
    if (text == "approval_requested") open.push_back(event);
    if (text != "approved" && text != "rejected") continue;
    std::erase_if(open, [&](const json& asked) { return asked.at("callId") == event.at("callId"); });
  }
  return open;
}

/// True while it lives.
class flagged {
 public:
  explicit flagged(std::atomic<bool>& flag) : flag_(flag) { flag_ = true; }
  ~flagged() { flag_ = false; }
  flagged(const flagged&) = delete;
  flagged& operator=(const flagged&) = delete;

 private:
  std::atomic<bool>& flag_;
};

}  // namespace

std::vector<std::string> hire(const stubborn_client& api, library& scripts) {
  std::vector<std::string> ids;
  std::vector<staff_member> staff;
  for (std::size_t i = 0; i < agent_count; ++i) {
    const auto made = api.post("/api/agents", agent_fields(i, ids), "agent-" + std::to_string(i));
    must(made, 201, "hiring an agent");
    ids.push_back(made.body.at("id"));
    staff.push_back({ids.back(), {}});
    if (i > leads) staff[1 + (i - 1) % leads].reports.push_back(i);
    if (i > 0 && i <= leads) staff[0].reports.push_back(i);
  }
  scripts.set_staff(std::move(staff));
  return ids;
}

humans::humans(const server_address& where, std::uint64_t seed, library& scripts, watchers& watched, moments& seen,
               complaints& wrong, means with)
    : api_(where),
      seed_(seed),
      scripts_(scripts),
      watched_(watched),
      seen_(seen),
      wrong_(wrong),
      with_(std::move(with)),
      giver_([this] { guarded("giving tasks", [this] { give(); }); }),
      decider_([this] { guarded("deciding", [this] { decide(); }); }) {
}

humans::~humans() {
  stop();
  giver_.join();
  decider_.join();
}

std::size_t humans::given() const {
  const std::lock_guard lock(mutex_);
  return given_;
}

human_acts humans::acts() const {
  const std::lock_guard lock(mutex_);
  return acts_;
}

void humans::guarded(const char* what, const std::function<void()>& work) {
  try {
    work();
  } catch (const std::exception& problem) {
    if (!stopping_) wrong_.add(std::string(what) + ": " + problem.what());
  }
}

// --- giving and cancelling ------------------------------------------------------------------------------------

void humans::give() {
  for (std::size_t number = 0; !stopping_;) {
    in_hand_ = true;
    const bool gives = giving_ && watched_.open_tasks() < with_.open_tasks;
    if (gives) give_one(number++);
    cancel_due();
    in_hand_ = false;
    if (!gives) std::this_thread::sleep_for(between_looks);
  }
}

void humans::give_one(std::size_t number) {
  static const std::vector<std::string> priorities = {"low", "normal", "high"};
  const auto name = std::to_string(number);
  const auto agent = (draw(seed_, "agent " + name) * agent_count / 100 + number) % with_.agents.size();
  const auto& made_for_it = scripts_.write(name, agent);
  const json draft = {{"title", "Task " + name},
                      {"input", "Please follow " + made_for_it.input() + " to its end."},
                      {"assignee", with_.agents[agent]},
                      {"priority", priorities[number % priorities.size()]}};
  const auto made = api_.post("/api/tasks", draft, "task-" + name);
  must(made, 201, "giving a task");
  const auto id = made.body.at("id").get<std::string>();
  watched_.watch(id, name);
  {
    const std::lock_guard lock(mutex_);
    ++given_;
  }
  if (const auto status = api_.run(id, "run-" + name); status != 200) {
    throw std::runtime_error("running a task was answered " + std::to_string(status));
  }
  if (draw(seed_, "cancel " + name) < percent_cancelled) {
    const std::chrono::milliseconds delay(draw(seed_, "when " + name) * most_cancel_delay / 100);
    to_cancel_.emplace_back(steady::now() + delay, id);
  }
}

void humans::cancel_due() {
  const auto due = [now = steady::now()](const auto& each) { return each.first <= now; };
  for (auto at = to_cancel_.begin();
       (at = std::find_if(to_cancel_.begin(), to_cancel_.end(), due)) != to_cancel_.end();) {
    const auto task = at->second;
    to_cancel_.erase(at);
    if (giving_) cancel(task);
  }
}

void humans::cancel(const std::string& task) {
  const flagged under_way(cancelling_);
  seen_.happened(moment::cancel_sent);
  const auto answer = api_.post("/api/tasks/" + task + "/cancel", json::object(), "cancel-" + task);
  if (answer.status != 200 && answer.status != 400) must(answer, 200, "cancelling");
  // A call that a kill cut off and that comes again is answered with the task as it stands, which may have ended by
  // itself meanwhile (ADR 7).
  const bool shown = answer.status == 200;
  const auto status = shown ? answer.body.at("status").get<std::string>() : std::string();
  const bool cancelled =
      status == "error" && !answer.body.at("error").is_null() && answer.body.at("error").at("code") == "cancelled";
  if (shown && status != "done" && status != "error") wrong_.add("a cancelled task goes on: " + answer.text);
  const std::lock_guard lock(mutex_);
  (cancelled ? acts_.cancelled : acts_.refused_cancels).insert(task);
}

// --- deciding -------------------------------------------------------------------------------------------------

void humans::decide() {
  while (!stopping_) {
    const auto waiting = api_.get("/api/tasks?status=waiting&limit=500");
    must(waiting, 200, "listing what waits");
    for (const auto& task : waiting.body) {
      if (stopping_) return;
      decide_for(task.at("id"));
    }
    std::this_thread::sleep_for(between_looks);
  }
}

void humans::decide_for(const std::string& task) {
  const auto found = api_.get("/api/tasks/" + task);
  must(found, 200, "reading what waits");
  if (found.body.at("status") != "waiting") return;
  for (const auto& asked : open_questions(found.body)) {
    const auto name = asked.at("callId").get<std::string>();
    const auto since = first_seen_.emplace(task + name + asked.at("seq").dump(), steady::now()).first->second;
    const bool patient = draw(seed_, "patience " + name) < percent_patient;
    if (patient && giving_ && steady::now() < since + human_patience) continue;
    if (decide_call(task, asked)) watched_.nudge(task);
  }
}

// A call of which it is not known whether it ran is let go ahead only where its note says that it did not.
bool humans::grants(const std::string& name, const std::string& reason) const {
  if (reason != "unknown_outcome") return draw(seed_, "decision " + name) >= percent_rejected;
  const auto notes = read_notes(with_.notes);
  return std::none_of(notes.begin(), notes.end(), [&](const note& each) { return each.name == name; });
}

bool humans::decide_call(const std::string& task, const json& asked) {
  const auto call = asked.at("callId").get<std::string>();
  const auto name = call.substr(call_prefix.size());
  const auto reason = asked.at("data").at("reason").get<std::string>();
  const bool granted = grants(name, reason);
  const flagged under_way(deciding_);
  seen_.happened(moment::decision_sent);
  const auto answer = api_.post("/api/tasks/" + task + (granted ? "/approve" : "/reject"),
                                {{"callId", call}, {"comment", "because of " + name}},
                                "decide-" + task + "-" + asked.at("seq").dump());
  if (answer.status == 400) return false;  // the task was cancelled, or goes on
  must(answer, 200, "deciding");
  const std::lock_guard lock(mutex_);
  acts_.last_word[name] = granted;
  ++acts_.decisions;
  if (reason == "unknown_outcome") ++acts_.unknown_outcomes;
  return true;
}

}  // namespace flotilla::recovery
