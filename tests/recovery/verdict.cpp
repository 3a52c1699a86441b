#include "tests/recovery/verdict.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "tests/recovery/note_tools.hpp"
#include "tests/support/api_client.hpp"

namespace flotilla::recovery {
namespace {

using nlohmann::json;

constexpr const char* rejected_words = "A human rejected this call.";
constexpr const char* delivered_words = "{\"delivered\":";
constexpr const char* unknown_words = "It is not known whether this call happened";

/// What a task's journal says, put in order.
struct journal_summary {
  std::map<std::size_t, std::size_t> model_calls;  ///< by turn, from 0
  std::map<std::size_t, wall_ms> answered;         ///< when, by turn
  std::size_t answers = 0;
  std::map<std::string, std::string> results;  ///< by call id
  std::map<std::string, std::size_t> result_counts;
  std::uint64_t tokens = 0;
};

journal_summary summarise(const watched_task& task) {
  journal_summary found;
  for (const auto& event : task.stream.events()) {
    if (event.type == "tool_result") {
      found.results[event.call_id] = event.text;
      ++found.result_counts[event.call_id];
    }
    if (event.type != "status") continue;
    if (event.text == "model_call") ++found.model_calls[event.data.at("turn").get<std::size_t>() - 1];
    if (event.text == "model_answer") found.answered[found.answers++] = event.at;
    if (event.text != "model_answer" && event.text != "retrying") continue;
    if (event.data.contains("usage")) found.tokens += event.data.at("usage").at("total_tokens").get<std::uint64_t>();
  }
  return found;
}

class judgement {
 public:
  judgement(const evidence& of, complaints& wrong)
      : of_(of), wrong_(wrong), calls_(of.vendor.calls()), fresh_(of.port) {
    for (const auto& each : read_notes(of.notes)) {
      ++noted_[each.name];
      keys_[each.name].insert(each.key);
    }
    of.watched.visit([this](const watched_task& task) { parents_[task.id] = task.parent; });
  }

  verdict_counts all() {
    of_.watched.visit([this](const watched_task& task) { one(task); });
    notes();
    list();
    bus();
    mail();
    for (const auto& [key, calls] : calls_) counts_.vendor_calls += calls.size();
    return counts_;
  }

 private:
  void complain(const watched_task& task, const std::string& what) {
    wrong_.add("task " + task.id + ", script " + task.script + ": " + what);
  }

  void one(const watched_task& task) {
    ++counts_.tasks;
    counts_.events += task.stream.events().size();
    if (!task.parent.empty()) ++counts_.delegated;
    const auto* script = of_.scripts.find(task.script);
    const auto answer = of_.api.get("/api/tasks/" + task.id);
    if (answer.status != 200) return complain(task, "it is lost: " + answer.text);
    if (!script) return complain(task, "nobody gave it");
    ended_as_it_should(task, *script, answer.body);
    stream_is_whole(task);
    const auto journal = summarise(task);
    counts_.model_answers += journal.answers;
    if (answer.body.at("usage").at("total_tokens") != journal.tokens) {
      complain(task, "its usage is " + answer.body.at("usage").dump() + ", its journal says " +
                         std::to_string(journal.tokens));
    }
    paid_once(task, *script, journal);
    for (const auto& event : task.stream.events()) {
      if (event.type != "status" || event.text != "mail") continue;
      for (const auto& message : event.data.at("messages")) ++read_[message.at("seq").get<std::size_t>()];
    }
    for (const auto& turn : script->turns) {
      for (const auto& call : turn.calls) ran_once(task, call, journal);
    }
  }

  bool is_cancelled(const watched_task& task) const { return of_.acts.cancelled.contains(task.id); }

  void ended_as_it_should(const watched_task& task, const script& by, const json& now) {
    const auto status = now.at("status").get<std::string>();
    const auto code = now.at("error").is_null() ? std::string() : now.at("error").at("code").get<std::string>();
    if (is_cancelled(task) || (!task.parent.empty() && code == "cancelled")) {
      ++counts_.cancelled;
      if (status != "error" || code != "cancelled") complain(task, "was cancelled, and is " + status + " " + code);
      if (!is_cancelled(task) && !parent_is_cancelled(task)) complain(task, "nobody cancelled it");
      return;
    }
    ++(status == "done" ? counts_.done : counts_.errors);
    const auto expected = by.error_code();
    if (status != (expected ? "error" : "done") || code != expected.value_or("")) {
      return complain(
          task, "should end as " + expected.value_or("done") + ", and is " + status + " " + now.at("error").dump());
    }
    const auto output = now.at("output").is_null() ? std::string() : now.at("output").get<std::string>();
    if (output != by.output()) complain(task, "its output is «" + output + "», not «" + by.output() + "»");
  }

  /// Was one of those who delegated it, or who delegated that one, cancelled?
  bool parent_is_cancelled(const watched_task& task) const {
    for (auto parent = task.parent; !parent.empty(); parent = parents_.at(parent)) {
      if (of_.acts.cancelled.contains(parent)) return true;
    }
    return false;
  }

  /// Byte for byte what an uncut stream sees.
  void stream_is_whole(const watched_task& task) {
    try {
      auto stream = fresh_.events(task.id);
      const auto bytes = testing::bytes_of(stream.rest());
      if (bytes != task.stream.bytes()) complain(task, "the cut stream and an uncut one differ");
    } catch (const std::exception& problem) {
      complain(task, std::string("its stream cannot be read: ") + problem.what());
    }
  }

  /// Every request of the vendor has its beginning in the journal, and none came behind a journaled answer.
  void paid_once(const watched_task& task, const script& by, const journal_summary& journal) {
    for (std::size_t turn = 0; turn < by.turns.size(); ++turn) {
      const auto found = calls_.find({by.name, turn});
      if (found == calls_.end()) continue;
      const auto begun = journal.model_calls.find(turn);
      if (begun == journal.model_calls.end() || found->second.size() > begun->second) {
        complain(task, "turn " + std::to_string(turn) + ": more requests than model calls in the journal");
      }
      const auto answer = journal.answered.find(turn);
      if (answer == journal.answered.end()) continue;
      for (const auto& call : found->second) {
        if (call.asked > answer->second) complain(task, "turn " + std::to_string(turn) + " was paid for twice");
      }
    }
  }

  void ran_once(const watched_task& task, const scripted_call& call, const journal_summary& journal) {
    const auto ran = noted_.contains(call.name) ? noted_.at(call.name) : 0;
    if (call.tool != lookup_tool && ran > 1) {
      complain(task, call.name + " must not run twice, and ran " + std::to_string(ran) + " times");
    }
    if (journal.result_counts.contains(call.id) && journal.result_counts.at(call.id) != 1) {
      complain(task, call.name + " has more than one result");
    }
    const auto result = journal.results.find(call.id);
    if (result == journal.results.end()) return;
    if (call.tool == delegate_tool) return came_back(task, call, result->second);
    if (call.tool == send_tool) {
      if (!result->second.starts_with(delivered_words))
        complain(task, call.name + " was not sent: " + result->second);
      delivered_.insert(message_word + call.name);
      return;
    }
    if (call.tool == ask_tool) {
      if (!result->second.starts_with("A human ")) complain(task, call.name + " was answered: " + result->second);
    } else if (result->second == "did " + call.name) {
      if (ran == 0) complain(task, call.name + " has a result, and never ran");
    } else if (result->second.starts_with(rejected_words)) {
      if (ran != 0) complain(task, call.name + " was rejected, and ran");
    } else if (!result->second.starts_with(unknown_words)) {
      complain(task, call.name + " has a result that nobody gave: " + result->second);
    }
  }

  /// What a delegated task has come to is what its parent was told.
  void came_back(const watched_task& task, const scripted_call& call, const std::string& told) {
    const auto* script = of_.scripts.find(call.name);
    const auto code = script->error_code();
    const auto expected = code ? "The task ended in an error (" + *code + ")" : script->output();
    if (call.waits && (code ? !told.starts_with(expected) : told != expected)) {
      complain(task, call.name + " was told to have come to «" + told + "»");
    }
  }

  void notes() {
    for (const auto& [name, times] : noted_) {
      counts_.notes += times;
      if (keys_[name].size() != 1) wrong_.add("the call " + name + " came under more than one idempotency key");
      const auto script = name.substr(0, name.find('.'));
      if (!of_.scripts.find(script)) wrong_.add("a call ran that is in no script: " + name);
    }
  }

  /// The list of tasks holds what was accepted and what was delegated, and nothing else.
  void list() {
    std::set<std::string> known;
    std::size_t given = 0;
    of_.watched.visit([&](const watched_task& task) {
      known.insert(task.id);
      given += task.parent.empty() ? 1 : 0;
    });
    if (given != of_.given) wrong_.add("tasks given and tasks watched differ");
    std::size_t listed = 0;
    for (std::string target = "/api/tasks?limit=500"; !target.empty();) {
      const auto page = of_.api.get(target);
      for (const auto& task : page.body) {
        ++listed;
        if (!known.contains(task.at("id"))) wrong_.add("a task that nobody gave: " + task.dump());
      }
      const auto link = page.headers.find("link");
      target = link == page.headers.end() ? "" : link->second.substr(1, link->second.find('>') - 1);
    }
    if (listed != known.size()) {
      wrong_.add(std::to_string(known.size()) + " tasks were given or delegated, " + std::to_string(listed) +
                 " are listed");
    }
  }

  /// The bus: the watched stream is what a fresh one is, and tells each task's beginning and end once.
  void bus() {
    const auto newest = of_.api.get("/api/messages?limit=1").body.at(0).at("seq").get<std::size_t>();
    testing::await("the bus has been seen to its end", [&] { return of_.watched.bus_events() >= newest; });
    auto stream = fresh_.watch("/api/messages/stream", 0);
    std::string bytes;
    std::map<std::pair<std::string, std::string>, int> told;
    for (std::size_t i = 0; i < newest; ++i) {
      const auto event = stream.next();
      if (!event) return wrong_.add("the bus ended");
      bytes += event->bytes + "\n\n";
      const auto& task = event->data.at("task_id");
      auto type = event->data.at("type").get<std::string>();
      if (type == "task.done" || type == "task.error" || type == "task.cancelled") type = "end";
      if (task.is_string()) ++told[{task, type}];
      if (type == "agent.message") said_[event->data.at("text")].push_back({i + 1, event->data.at("to")});
    }
    if (bytes != of_.watched.bus_bytes().substr(0, bytes.size())) wrong_.add("the cut bus and an uncut one differ");
    of_.watched.visit([&](const watched_task& task) {
      for (const auto* type : {"task.created", "end"}) {
        if (told[{task.id, type}] != 1) {
          complain(task, std::string(type) + " is told " + std::to_string(told[{task.id, type}]) + " times");
        }
      }
      if (told[{task.id, "task.started"}] > 1) complain(task, "its start is told more than once");
    });
  }

  /// A message is on the bus once, exactly where its call has a result; and it has been read once, or lies in its
  /// receiver's mailbox.
  void mail() {
    for (const auto& text : delivered_) {
      if (!said_.contains(text)) wrong_.add("the message «" + text + "» was delivered, and is not on the bus");
    }
    std::map<std::string, std::set<std::size_t>> unread;
    for (const auto& [text, places] : said_) {
      counts_.messages += places.size();
      if (places.size() != 1 || !delivered_.contains(text)) {
        wrong_.add("the message «" + text + "» is on the bus " + std::to_string(places.size()) + " times");
      }
      for (const auto& [seq, to] : places) {
        if (!unread.contains(to)) unread[to] = unread_of(to);
        const auto times = (read_.contains(seq) ? read_.at(seq) : 0) + unread[to].count(seq);
        if (times != 1) {
          wrong_.add("the message «" + text + "» was read or lies unread " + std::to_string(times) + " times");
        }
      }
    }
  }

  std::set<std::size_t> unread_of(const std::string& agent) {
    std::set<std::size_t> found;
    const auto memory = of_.api.get("/api/agents/" + agent + "/memory");
    for (const auto& message : memory.body.at("unread")) found.insert(message.at("seq").get<std::size_t>());
    return found;
  }

  const evidence& of_;
  complaints& wrong_;
  const scripted_vendor::call_table calls_;
  const testing::api_client fresh_;
  verdict_counts counts_;
  std::map<std::string, std::string> parents_;  ///< of every task; empty: it has none
  std::set<std::string> delivered_;             ///< texts of messages whose calls say so
  std::map<std::string, std::vector<std::pair<std::size_t, std::string>>> said_;  ///< positions and receivers by text
  std::map<std::size_t, std::size_t> read_;                                       ///< by position: how often
  std::map<std::string, std::size_t> noted_;
  std::map<std::string, std::set<std::string>> keys_;
};

}  // namespace

verdict_counts judge(const evidence& of, complaints& wrong) {
  return judgement(of, wrong).all();
}

}  // namespace flotilla::recovery
