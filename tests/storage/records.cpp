// The records against a naive model: random objects, written and changed; every list, page by page, compared.
#include "storage/records.hpp"

#include <algorithm>
#include <map>
#include <random>

#include "flotilla/json.hpp"
#include "storage/codec.hpp"
#include "storage/key_schema.hpp"
#include "tests/storage/record_support.hpp"

using namespace flotilla;
using namespace flotilla::storage;
using namespace flotilla::storage::testing;

namespace {

/// A clock that the test sets.
struct hand_clock final : wall_clock {
  timestamp time = at(0);
  timestamp now() const override { return time; }
};

struct fixture : memory_fixture {
  std::mt19937 random{7};  // NOLINT: the same run every time
  org_id org = org_id::make(at(0));
  org_id other_org = org_id::make(at(0));
  std::vector<epic_id> epics{epic_id::make(at(0)), epic_id::make(at(0))};
  hand_clock clock;
  std::shared_ptr<bus_stamp> stamp = std::make_shared<bus_stamp>(clock, timestamp{});

  std::size_t below(std::size_t bound) { return random() % bound; }

  agent some_agent() {
    agent made;
    made.id = agent_id::make(at(0));
    made.name = "agent " + std::to_string(below(1000));
    made.role = "role";
    made.model = "model";
    made.provider = "rehearsal";
    made.glyph = "🤖";
    if (below(2) == 0) made.team = "team" + std::to_string(below(2));
    return made;
  }

  task some_task(agent_id assignee) {
    task made;
    made.id = task_id::make(at(0));
    made.title = "title";
    made.input = "input";
    made.assignee = assignee;
    made.priority = static_cast<task_priority>(below(3));
    made.status = static_cast<task_status>(below(5));
    if (below(2) == 0) made.epic_id = epics[below(2)];
    return made;
  }

  bus_entry say(org_id where, std::string type, party from, party to, std::optional<task_id> about,
                std::optional<epic_id> part_of = {}) {
    bus_entry said;
    batch changes;
    message_draft draft;
    draft.type = std::move(type);
    draft.from = from;
    draft.to = to;
    draft.task_id = about;
    draft.epic_id = part_of;
    draft.text = "text";
    append_message(changes, where, std::move(draft), stamp,
                   [&said](bus_entry placed, appender&) { said = std::move(placed); });
    must_commit(*kept, std::move(changes));
    return said;
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(records, fixture)

BOOST_AUTO_TEST_CASE(agents_agree_with_a_model) {
  std::map<agent_id, stored<agent>, std::greater<>> model;
  for (int step = 0; step < 400; ++step) {
    batch changes;
    agent after;
    const stored<agent>* before = nullptr;
    if (model.empty() || below(3) == 0) {
      after = some_agent();
    } else {
      before = &std::next(model.begin(), static_cast<std::ptrdiff_t>(below(model.size())))->second;
      after = before->value;
      after.name = "agent " + std::to_string(below(5));
      if (below(3) == 0) after.team = below(2) == 0 ? std::optional("team" + std::to_string(below(2))) : std::nullopt;
      after.status = std::vector{agent_status::active, agent_status::paused, agent_status::archived}[below(3)];
    }
    write_agent(changes, org, before, after);
    must_commit(*kept, std::move(changes));
    const auto read = read_agent(*view(*kept), org, after.id);
    BOOST_REQUIRE(read && *read);
    BOOST_TEST(((*read)->value == after));
    model.insert_or_assign(after.id, **read);
  }
  const auto list = [this](const snapshot& from, const agent_query& query) { return list_agents(from, org, query); };
  for (const std::optional<agent_status> status :
       {std::optional<agent_status>(), std::optional(agent_status::active), std::optional(agent_status::archived)}) {
    for (const std::optional<std::string>& team :
         {std::optional<std::string>(), std::optional<std::string>("team1")}) {
      std::vector<agent> expected;
      for (const auto& [id, each] : model) {
        if ((!status || each.value.status == *status) && (!team || each.value.team == team)) {
          expected.push_back(each.value);
        }
      }
      agent_query query;
      query.status = status;
      query.team = team;
      for (const std::size_t limit : {1U, 7U, 500U}) {
        BOOST_TEST((all_pages<agent>(*kept, query, limit, list) == expected));
      }
    }
  }
  BOOST_TEST(list_agents(*view(*kept), other_org, {})->items.empty());

  const auto ids_where = [&](const std::function<bool(const agent&)>& chosen) {
    std::vector<agent_id> found;
    for (const auto& [id, each] : model) {
      if (chosen(each.value)) found.insert(found.begin(), id);  // the model is newest first
    }
    return found;
  };
  for (const std::string text : {"agent 1", "agent", "team1", "team", "team0", ""}) {
    const auto named = ids_where([&](const agent& each) { return each.name == text; });
    const auto members = ids_where([&](const agent& each) { return each.team == text; });
    BOOST_TEST((*read_agents_named(*view(*kept), org, text, 1000) == named));
    BOOST_TEST((*read_team(*view(*kept), org, text, 1000) == members));
    BOOST_TEST(read_agents_named(*view(*kept), org, text, 1)->size() == std::min<std::size_t>(named.size(), 1));
    BOOST_TEST(read_team(*view(*kept), org, text, 1)->size() == std::min<std::size_t>(members.size(), 1));
  }
  BOOST_TEST(!read_agents_named(*view(*kept), org, "agent 1", 1)->empty());
  BOOST_TEST(!read_team(*view(*kept), org, "team1", 1)->empty());
  BOOST_TEST(read_team(*view(*kept), other_org, "team1", 1)->empty());
}

BOOST_AUTO_TEST_CASE(tasks_agree_with_a_model) {
  std::vector<agent_id> agents;
  for (int i = 0; i < 3; ++i) agents.push_back(agent_id::make(at(0)));
  std::map<task_id, stored<task_record>, std::greater<>> model;
  const auto change = [&](bool fresh) {
    task_record after;
    const stored<task_record>* before = nullptr;
    after.task = some_task(agents[below(3)]);
    if (!fresh) {
      before = &std::next(model.begin(), static_cast<std::ptrdiff_t>(below(model.size())))->second;
      after.task.id = before->value.task.id;
    }
    after.queued = below(2) == 0;
    after.usage_before = {below(1000), below(1000)};
    after.before_attempt = below(100);
    batch changes;
    const auto written = write_task(changes, org, before, after);
    must_commit(*kept, std::move(changes));
    const auto read = read_task(*view(*kept), org, after.task.id);
    BOOST_REQUIRE(read && *read);
    BOOST_TEST(((*read)->value == after));
    BOOST_TEST(((*read)->bytes == written.bytes));
    model.insert_or_assign(after.task.id, **read);
  };
  for (int step = 0; step < 500; ++step) change(model.empty() || below(3) == 0);

  const auto list = [this](const snapshot& from, const task_query& query) { return list_tasks(from, org, query); };
  const std::vector<std::optional<task_status>> statuses{std::nullopt, task_status::pending, task_status::error};
  const std::vector<std::optional<task_priority>> priorities{std::nullopt, task_priority::low};
  const std::vector<std::optional<agent_id>> assignees{std::nullopt, agents[1]};
  const auto agrees = [&](const task_query& query) {
    std::vector<task> expected;
    for (const auto& [id, each] : model) {
      const auto& task = each.value.task;
      if ((!query.status || task.status == *query.status) && (!query.priority || task.priority == *query.priority) &&
          (!query.assignee || task.assignee == *query.assignee) &&
          (!query.epic_id || task.epic_id == query.epic_id)) {
        expected.push_back(task);
      }
    }
    BOOST_TEST((all_pages<task>(*kept, query, 500, list) == expected));
    // New rows come before the cursor and are not seen.
    BOOST_TEST((all_pages<task>(*kept, query, 6, list, [&] { change(true); }) == expected));
  };
  for (const auto& status : statuses) {
    for (const auto& priority : priorities) {
      for (const auto& assignee : assignees) {
        for (const auto& epic : {std::optional<epic_id>(), std::optional(epics[1])}) {
          agrees({status, assignee, priority, epic, {}});
        }
      }
    }
  }

  std::vector<agent_id> with_work;
  BOOST_REQUIRE(visit_agents_with_work(*view(*kept), [&](org_id where, agent_id who) {
    BOOST_TEST((where == org));
    with_work.push_back(who);
    return true;
  }));
  BOOST_TEST(with_work.size() == 3U);
  for (const auto& who : agents) {
    std::vector<work_item> expected;
    bool running = false;
    for (const auto& [id, each] : model) {
      const auto& task = each.value.task;
      if (task.assignee != who) continue;
      running = running || task.status == task_status::running;
      const bool may_be_queued = task.status == task_status::pending || task.status == task_status::waiting;
      if (task.status == task_status::running || (may_be_queued && each.value.queued)) {
        expected.push_back({org, who, task.priority, id});
      }
    }
    std::sort(expected.begin(), expected.end(), [](const work_item& a, const work_item& b) {
      return std::tie(a.priority, a.task) < std::tie(b.priority, b.task);
    });
    BOOST_TEST((*read_work(*view(*kept), org, who) == expected));
    BOOST_TEST(*has_running_task(*view(*kept), org, who) == running);
  }
}

BOOST_AUTO_TEST_CASE(a_stale_write_is_refused) {
  task_record first;
  first.task = some_task(agent_id::make(at(0)));
  batch adding;
  const auto stands = write_task(adding, org, nullptr, first);
  must_commit(*kept, adding);
  BOOST_TEST((commit(*kept, std::move(adding)).error().code == errc::conflict));
  auto changed = first;
  changed.before_attempt = 5;
  batch changing;
  const auto now = write_task(changing, org, &stands, changed);
  must_commit(*kept, changing);
  BOOST_TEST((commit(*kept, std::move(changing)).error().code == errc::conflict));
  batch again;
  write_task(again, org, &now, first);
  must_commit(*kept, std::move(again));
}

BOOST_AUTO_TEST_CASE(a_journal_is_read_in_pieces) {
  const auto task = task_id::make(at(0));
  std::vector<std::shared_ptr<const std::string>> written;
  for (event_seq seq = 1; seq <= 20; ++seq) {
    event value;
    value.seq = seq;
    value.type = event_type::output;
    value.text = std::string(100, 'x');
    value.at = at(static_cast<std::int64_t>(seq));
    batch changes;
    written.push_back(write_event(changes, org, task, value));
    BOOST_TEST((*decode_event(*written.back()) == value));
    BOOST_TEST((*written.back() == to_json(value)));
    must_commit(*kept, std::move(changes));
  }
  event_seq after = 0;
  while (after < 20) {
    const auto some = read_events(*view(*kept), org, task, after, 400);
    BOOST_REQUIRE(some && !some->empty());
    std::size_t bytes = 0;
    for (const auto& entry : *some) {
      BOOST_TEST(entry.seq == ++after);
      BOOST_TEST(*entry.json == *written[after - 1]);
      bytes += entry.json->size();
    }
    BOOST_TEST(bytes <= 400U);
  }
  BOOST_TEST(read_events(*view(*kept), org, task, 5, 1)->size() == 1U);
  BOOST_TEST(read_events(*view(*kept), org, task, 20, 1000)->empty());
  BOOST_TEST(read_events(*view(*kept), org, task, UINT64_MAX, 1000)->empty());
  BOOST_TEST((*read_last_event(*view(*kept), org, task))->seq == 20U);
  BOOST_TEST(!*read_last_event(*view(*kept), org, task_id::make(at(0))));
}

BOOST_AUTO_TEST_CASE(messages_agree_with_a_model) {
  std::vector<agent_id> agents;
  std::vector<task_id> tasks;
  for (int i = 0; i < 3; ++i) {
    agents.push_back(agent_id::make(at(0)));
    tasks.push_back(task_id::make(at(0)));
  }
  const std::vector<std::string> types{"task.created", "task.done", "agent.message", "tool.call"};
  std::vector<message> model;  // newest first
  const auto speak = [&] {
    clock.time += std::chrono::milliseconds(static_cast<int>(below(5)) - 1);  // sometimes backwards
    const auto someone = [&] { return below(3) == 0 ? party::user() : party::of(agents[below(3)]); };
    const auto about = below(2) == 0 ? std::optional(tasks[below(3)]) : std::nullopt;
    const auto part_of = below(2) == 0 ? std::optional(epics[below(2)]) : std::nullopt;
    const auto said = say(org, types[below(4)], someone(), someone(), about, part_of);
    BOOST_TEST(*said.entry.json == to_json(*said.value));
    return *said.value;
  };
  for (int i = 0; i < 300; ++i) {
    model.insert(model.begin(), speak());
    BOOST_TEST(model.front().seq == static_cast<message_seq>(i + 1));
    if (i > 0) BOOST_TEST((model[0].created_at >= model[1].created_at));
  }
  BOOST_TEST(*last_message_seq(*view(*kept), org) == 300U);
  BOOST_TEST((*newest_message_time(*view(*kept)) == model.front().created_at));

  const auto list = [this](const snapshot& from, const message_query& q) { return list_messages(from, org, q); };
  for (int round = 0; round < 120; ++round) {
    message_query query;
    auto& filter = query.filter;
    if (below(3) == 0) filter.agent = agents[below(3)];
    if (below(3) == 0) filter.task = tasks[below(3)];
    if (below(3) == 0) filter.epic = epics[below(2)];
    if (below(2) == 0) filter.type = std::vector<std::string>{"task.done", "task.*", "t*", "*", "no*"}[below(5)];
    if (below(3) == 0) filter.since = model[below(300)].created_at;
    if (below(3) == 0) filter.until = model[below(300)].created_at;
    std::vector<message> expected;
    for (const auto& each : model) {
      if (matches(filter, each)) expected.push_back(each);
    }
    BOOST_TEST((all_pages<message>(*kept, query, 1 + below(60), list) == expected));
    std::vector<message> forward;
    message_seq after = 0;
    for (;;) {
      const auto slice = read_messages(*view(*kept), org, filter, after, 2000);
      BOOST_REQUIRE(slice);
      for (const auto& each : slice->entries) forward.push_back(*each.value);
      if (slice->scanned_to == after) break;
      after = slice->scanned_to;
    }
    std::reverse(forward.begin(), forward.end());
    BOOST_TEST((forward == expected));
  }
  message_query bad;
  bad.page.cursor = "bad";
  BOOST_TEST((list_messages(*view(*kept), org, bad).error().code == errc::invalid));
  BOOST_TEST(list_messages(*view(*kept), other_org, {})->items.empty());
}

BOOST_AUTO_TEST_CASE(access_comes_back) {
  const flotilla::org made{org, "Org \"1\" ü", at(5)};
  const user owner{user_id::make(at(0)), "owner", role::admin};
  const api_token token{token_id::make(at(0)), org, owner.id, "first", role::operator_, at(6), {}};
  token_hash hash{};
  hash[31] = 9;
  batch changes;
  write_org(changes, made);
  write_user(changes, org, owner);
  write_token(changes, hash, token);
  must_commit(*kept, std::move(changes));
  const auto now = view(*kept);
  const auto read_made = *read_org(*now, org);
  BOOST_TEST((read_made && read_made->id == org && read_made->name == made.name));
  BOOST_TEST((read_made->created_at == made.created_at));
  BOOST_TEST(list_orgs(*now)->size() == 1U);
  const auto read_owner = *read_user(*now, org, owner.id);
  BOOST_TEST((read_owner && read_owner->name == "owner" && read_owner->role == role::admin));
  BOOST_TEST(!*read_user(*now, other_org, owner.id));
  const auto read_back = *read_token(*now, hash);
  BOOST_TEST((read_back && read_back->id == token.id && read_back->org == org && read_back->user == owner.id));
  BOOST_TEST((read_back->role == role::operator_ && read_back->created_at == at(6)));
  BOOST_TEST(!*read_token(*now, token_hash{}));
}

BOOST_AUTO_TEST_CASE(damaged_records_are_named) {
  const auto which = agent_id::make(at(0));
  const auto task = task_id::make(at(0));
  batch changes = putting(keys::agent(org, which), "{}");
  changes.put(keys::task(org, task), "short");
  changes.put(keys::org(org), "[1]");
  must_commit(*kept, std::move(changes));
  const auto now = view(*kept);
  BOOST_TEST((read_agent(*now, org, which).error().code == errc::internal));
  BOOST_TEST(read_agent(*now, org, which).error().message.find(which.to_string()) != std::string::npos);
  BOOST_TEST((list_agents(*now, org, {}).error().code == errc::internal));
  BOOST_TEST(read_task(*now, org, task).error().message.find(task.to_string()) != std::string::npos);
  BOOST_TEST((list_orgs(*now).error().code == errc::internal));
}

BOOST_AUTO_TEST_SUITE_END()
