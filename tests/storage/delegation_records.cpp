// What delegated and waiting tasks leave in the store: extras of the record, children, signals, the waiting by age.
#include "storage/records.hpp"

#include "storage/codec.hpp"
#include "storage/key_schema.hpp"
#include "tests/storage/record_support.hpp"

using namespace flotilla;
using namespace flotilla::storage;
using namespace flotilla::storage::testing;

namespace {

struct fixture : memory_fixture {
  org_id org = org_id::make(at(0));
  agent_id lead = agent_id::make(at(0));
  agent_id worker = agent_id::make(at(0));

  task_record some_task(agent_id assignee) {
    task_record made;
    made.task.id = task_id::make(at(0));
    made.task.title = "title";
    made.task.input = "input";
    made.task.assignee = assignee;
    return made;
  }
  stored<task_record> write(const task_record& after, const stored<task_record>* before = nullptr) {
    batch changes;
    auto written = write_task(changes, org, before, after);
    must_commit(*kept, std::move(changes));
    return written;
  }
  std::vector<std::pair<org_id, agent_id>> with_work() {
    std::vector<std::pair<org_id, agent_id>> found;
    BOOST_REQUIRE(visit_agents_with_work(*view(*kept), [&](org_id of, agent_id agent) {
      found.emplace_back(of, agent);
      return true;
    }));
    return found;
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(delegation_records, fixture)

BOOST_AUTO_TEST_CASE(extras_come_back) {
  auto made = some_task(worker);
  made.task.parent = task_id::make(at(0));
  made.from = delegation{lead, "call_\"1\"", 2, 3, false, {*made.task.parent, task_id::make(at(0))}};
  made.wakes = 4;
  made.parked_at = at(17);
  made.reserved = reservation{4711,
                              {{budget_period::day, 19'000, lead},
                               {budget_period::week, 18'998, worker},
                               {budget_period::month, 18'993, agent_id{}}}};
  made.task.input = std::string(max_inline_input_bytes + 1, 'x');
  write(made);
  const auto found = read_task(*view(*kept), org, made.task.id);
  BOOST_REQUIRE(found);
  BOOST_REQUIRE(*found);
  BOOST_TEST(((*found)->value == made));
  for (std::size_t size = 0; size < (*found)->bytes.size(); ++size) {
    BOOST_TEST(!decode_task((*found)->bytes.substr(0, size)), "cut at " << size);
  }
}

BOOST_AUTO_TEST_CASE(a_parent_and_how_it_delegated_belong_together) {
  auto made = some_task(worker);
  made.task.parent = task_id::make(at(0));
  BOOST_TEST(!decode_task(encode(made, {})));
  made.task.parent.reset();
  made.from = delegation{lead, "c", 1, 1, true};
  BOOST_TEST(!decode_task(encode(made, {})));
}

// As format 3 wrote it.
BOOST_AUTO_TEST_CASE(a_record_of_an_older_format_names_no_ancestors) {
  auto made = some_task(worker);
  made.task.parent = task_id::make(at(0));
  made.from = delegation{lead, "c", 1, 1, true};
  const auto bytes = encode(made, {});
  BOOST_TEST(bytes.find("above") == std::string::npos);
  BOOST_TEST(bytes.find("wakes") == std::string::npos);
  const auto back = decode_task(bytes);
  BOOST_REQUIRE(back);
  BOOST_TEST(back->record.from->ancestors.empty());
  BOOST_TEST(back->record.wakes == 0U);
}

BOOST_AUTO_TEST_CASE(what_a_task_uses_is_counted_below_all_above_it) {
  const auto top = task_id::make(at(0));
  const auto middle = task_id::make(at(0));
  const auto below = [&](task_id which) { return *read_usage_below(*view(*kept), org, which); };
  const auto use = [](task_record record, token_usage more) {
    record.task.usage += more;
    return record;
  };
  auto child = some_task(worker);
  child.task.parent = top;
  child.from = delegation{lead, "c", 1, 1, true, {top}};
  child.task.id = middle;
  auto grandchild = some_task(lead);
  grandchild.task.parent = middle;
  grandchild.from = delegation{worker, "c", 1, 2, true, {middle, top}};

  const auto child_stands = write(child);
  const auto grandchild_stands = write(grandchild);
  BOOST_TEST((below(top) == token_usage{}));
  write(use(child, {10, 1}), &child_stands);
  BOOST_TEST((below(top) == token_usage{10, 1}));
  BOOST_TEST((below(middle) == token_usage{}));
  const auto later = write(use(grandchild, {200, 20}), &grandchild_stands);
  BOOST_TEST((below(top) == token_usage{210, 21}));
  BOOST_TEST((below(middle) == token_usage{200, 20}));
  // Only what is more is added, and a change that uses nothing adds nothing.
  auto ended = use(later.value, {0, 5});
  ended.task.status = task_status::error;
  const auto last = write(ended, &later);
  ended.task.attempt = 2;
  write(ended, &last);
  BOOST_TEST((below(top) == token_usage{210, 26}));
  BOOST_TEST((below(middle) == token_usage{200, 25}));
  BOOST_TEST((below(grandchild.task.id) == token_usage{}));
  BOOST_TEST(!get(*kept, keys::usage_below(org, grandchild.task.id)));
}

BOOST_AUTO_TEST_CASE(what_is_used_without_ancestors_is_counted_below_the_parent) {
  auto child = some_task(worker);
  child.task.parent = task_id::make(at(0));
  child.from = delegation{lead, "c", 1, 2, true};
  child.task.usage = {10, 1};
  write(child);
  BOOST_TEST((*read_usage_below(*view(*kept), org, *child.task.parent) == token_usage{10, 1}));
}

BOOST_AUTO_TEST_CASE(children_are_listed_oldest_first) {
  const auto parent = some_task(lead);
  write(parent);
  std::vector<task_id> made;
  for (int i = 0; i < 3; ++i) {
    auto child = some_task(worker);
    child.task.parent = parent.task.id;
    child.from = delegation{lead, "c" + std::to_string(i), 1, 1, true};
    write(child);
    made.push_back(child.task.id);
  }
  BOOST_TEST((read_children(*view(*kept), org, parent.task.id, 10) == made));
  made.pop_back();
  BOOST_TEST((read_children(*view(*kept), org, parent.task.id, 2) == made));
  BOOST_TEST(read_children(*view(*kept), org, parent.task.id, 0)->empty());
  BOOST_TEST(read_children(*view(*kept), org, made.front(), 10)->empty());
}

BOOST_AUTO_TEST_CASE(signals_stand_until_they_are_erased_and_make_work) {
  const auto mine = task_id::make(at(0));
  const auto another = task_id::make(at(0));
  const task_signal ended{lead, mine, keys::signal_kind::child_ended, another};
  const task_signal cancel{lead, another, keys::signal_kind::cancel, mine};
  batch changes;
  write_signal(changes, org, ended);
  write_signal(changes, org, cancel);
  must_commit(*kept, std::move(changes));
  BOOST_TEST((read_signals(*view(*kept), org, lead) == std::vector{ended, cancel}));
  BOOST_TEST((read_signals(*view(*kept), org, lead, another) == std::vector{cancel}));
  BOOST_TEST(read_signals(*view(*kept), org, worker)->empty());
  BOOST_TEST((with_work() == std::vector{std::pair(org, lead)}));
  batch done;
  erase_signal(done, org, ended);
  erase_signal(done, org, cancel);
  erase_signal(done, org, ended);
  must_commit(*kept, std::move(done));
  BOOST_TEST(read_signals(*view(*kept), org, lead)->empty());
  BOOST_TEST(with_work().empty());
}

BOOST_AUTO_TEST_CASE(an_agent_that_is_to_be_woken_has_work) {
  const task_signal wake{worker, {}, keys::signal_kind::wake, {}};
  batch changes;
  write_signal(changes, org, wake);
  write_signal(changes, org, wake);
  must_commit(*kept, std::move(changes));
  BOOST_TEST((read_signals(*view(*kept), org, worker) == std::vector{wake}));
  BOOST_TEST((with_work() == std::vector{std::pair(org, worker)}));
  batch done;
  erase_signal(done, org, wake);
  must_commit(*kept, std::move(done));
  BOOST_TEST(with_work().empty());
}

BOOST_AUTO_TEST_CASE(who_waits_for_a_human_is_found_by_age) {
  BOOST_TEST(!oldest_parked(*view(*kept))->has_value());
  std::vector<stored<task_record>> waiting;
  for (const auto ms : {30, 10, 20}) {
    auto made = some_task(worker);
    made.task.status = task_status::waiting;
    made.parked_at = at(ms);
    waiting.push_back(write(made));
  }
  const auto other_org = org_id::make(at(0));
  auto elsewhere = some_task(worker);
  elsewhere.task.status = task_status::waiting;
  elsewhere.parked_at = at(5);
  batch changes;
  write_task(changes, other_org, nullptr, elsewhere);
  must_commit(*kept, std::move(changes));

  BOOST_TEST((*oldest_parked(*view(*kept)) == std::optional(at(5))));
  const auto tasks = [&](timestamp before, std::size_t most) {
    std::vector<task_id> found;
    const auto rows = read_parked(*view(*kept), before, most);
    BOOST_REQUIRE(rows);
    for (const auto& row : *rows) found.push_back(row.task);
    return found;
  };
  const auto id = [&](std::size_t i) { return waiting[i].value.task.id; };
  BOOST_TEST(tasks(at(5), 10).empty());
  BOOST_TEST((tasks(at(11), 10) == std::vector{id(1), elsewhere.task.id}));
  BOOST_TEST((tasks(at(21), 1) == std::vector{id(1)}));
  BOOST_TEST((tasks(at(100), 10) == std::vector{id(1), id(2), id(0), elsewhere.task.id}));
  auto decided = waiting[1].value;
  decided.parked_at.reset();
  decided.task.status = task_status::running;
  write(decided, &waiting[1]);
  BOOST_TEST((tasks(at(100), 2) == std::vector{id(2), id(0)}));
}

BOOST_AUTO_TEST_SUITE_END()
