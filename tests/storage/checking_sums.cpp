// The check of a store: counters, usage, budgets, and what hangs between parents and children.
#include <string>
#include <vector>

#include "tests/storage/checked_world.hpp"

using namespace flotilla;
using namespace flotilla::storage;
using namespace flotilla::storage::testing;

namespace {

constexpr std::uint64_t no_day = 4;  // long before the world's

std::uint64_t month_of(const checked_world& in) {
  return in.budget_row.bucket;
}

std::string month_row(const checked_world& in, agent_id who) {
  return keys::usage(in.org, budget_period::month, month_of(in), who, "model-1");
}

std::string day_row(const checked_world& in, agent_id who) {
  return keys::usage(in.org, budget_period::day, unix_day(at(0)), who, "model-1");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(checking_sums)

BOOST_AUTO_TEST_CASE(counters) {
  find_exactly({
      {"counters of an org that are lost",
       [](auto& in, batch& into) { into.erase(keys::org_counters(in.org)); },
       {"counter"}},
      {"counters that cannot be read",
       [](auto& in, batch& into) { into.put(keys::org_counters(in.org), "x"); },
       {"counter"}},
      {"a queued task too many",
       [](auto& in, batch& into) {
         std::vector<std::int64_t> by(org_counter_count);
         by[static_cast<std::size_t>(org_counter::tasks_queued)] = 1;
         into.add({keys::org_counters(in.org), by, {}});
       },
       {"counter"}},
      {"a task of an epic too few",
       [](auto& in, batch& into) {
         into.add({keys::epic_counters(in.org, in.goal), {-1, 0}, {}});
       },
       {"counter"}},
      {"counters of an epic that are lost",
       [](auto& in, batch& into) { into.erase(keys::epic_counters(in.org, in.goal)); },
       {"counter"}},
      {"counters of no epic's tasks",
       [](auto& in, batch& into) {
         into.add({keys::epic_counters(in.org, epic_id{ulid{{9}}}), {1, 1}, {}});
       },
       {"counter"}},
      {"a task made in another month",
       [](auto& in, batch& into) {
         into.add({keys::tasks_made(in.org, no_day), {1}, {}});
       },
       {"counter"}},
      {"a task made that was not counted",
       [](auto& in, batch& into) {
         into.add({keys::tasks_made(in.org, month_of(in)), {-1}, {}});
       },
       {"counter"}},
  });
}

BOOST_AUTO_TEST_CASE(usage) {
  find_exactly({
      {"a month's row of an agent",
       [](auto& in, batch& into) {
         into.add({month_row(in, in.worker.id), {1}, {}});
       },
       {"usage-sum", "usage-sum"}},
      {"a day's row of an agent",
       [](auto& in, batch& into) {
         into.add({day_row(in, in.worker.id), {0, 1}, {}});
       },
       {"usage-sum", "usage-sum"}},
      {"a day's totals",
       [](auto& in, batch& into) {
         into.add({keys::usage_totals(in.org, budget_period::day, unix_day(at(0))), {0, 0, 1}, {}});
       },
       {"usage-sum", "usage-sum"}},
      {"a month's totals",
       [](auto& in, batch& into) {
         into.add({keys::usage_totals(in.org, budget_period::month, month_of(in)), {1}, {}});
       },
       {"usage-sum", "usage-sum", "usage-sum"}},
      {"all of an agent's usage as another's",
       [](auto& in, batch& into) {
         const auto key = month_row(in, in.worker.id);
         const auto bytes = get(in.kept, key);
         BOOST_REQUIRE(bytes);
         into.erase(key);
         into.put(month_row(in, agent_id{ulid{{9}}}), *bytes);
       },
       {"usage-sum", "usage-sum", "usage-sum"}},
      {"usage in a period without totals",
       [](auto& in, batch& into) { into.put(keys::usage(in.org, budget_period::day, no_day, in.boss.id, "m"), {}); },
       {"usage-sum"}},
      {"totals of a day in a month without totals",
       [](auto& in, batch& into) { into.put(keys::usage_totals(in.org, budget_period::day, no_day), {}); },
       {"usage-sum"}},
      {"totals of a month that begins in its middle",
       [](auto& in, batch& into) { into.put(keys::usage_totals(in.org, budget_period::month, no_day), {}); },
       {"table"}},
      {"usage that cannot be read",
       [](auto& in, batch& into) {
         into.put(keys::usage(in.org, budget_period::day, unix_day(at(0)), in.boss.id, "m"), "x");
       },
       {"usage-sum"}},
      {"usage of no agent",
       [](auto& in, batch& into) { into.put(keys::usage_in(in.org, budget_period::day, unix_day(at(0))) + "x", {}); },
       {"table"}},
  });
}

BOOST_AUTO_TEST_CASE(usage_below_tasks) {
  find_exactly({
      {"more than the tasks below have used",
       [](auto& in, batch& into) {
         into.add({keys::usage_below(in.org, in.running.value.task.id), {0, 1}, {}});
       },
       {"counter"}},
      {"nothing counted",
       [](auto& in, batch& into) { into.erase(keys::usage_below(in.org, in.running.value.task.id)); },
       {"counter"}},
      {"counted below a task that has delegated nothing",
       [](auto& in, batch& into) {
         into.add({keys::usage_below(in.org, in.done.value.task.id), {1}, {}});
       },
       {"counter"}},
      {"what cannot be read",
       [](auto& in, batch& into) { into.put(keys::usage_below(in.org, in.child.value.task.id), "x"); },
       {"counter"}},
      {"a key that is cut",
       [](auto& in, batch& into) { into.put(keys::all(keys::table::usage_below, in.org) + "x", {}); },
       {"table"}},
  });
}

BOOST_AUTO_TEST_CASE(tasks_above_a_task) {
  // What is counted follows the same list, so that it is at fault too where the list has other tasks.
  const auto with_ancestors = [](std::vector<task_id> (*made)(const checked_world&)) {
    return [made](checked_world& in, batch& into) {
      put_record(in, into, in.grandchild, [&](task_record& record) { record.from->ancestors = made(in); });
    };
  };
  find_exactly({
      {"none of a task whose parent has one",
       with_ancestors([](const checked_world&) { return std::vector<task_id>(); }),
       {"delegation", "counter"}},
      {"the parent alone",
       with_ancestors([](const checked_world& in) { return std::vector{in.child.value.task.id}; }),
       {"delegation", "counter"}},
      {"farthest first",
       with_ancestors([](const checked_world& in) {
         return std::vector{in.running.value.task.id, in.child.value.task.id};
       }),
       {"delegation"}},
      {"one too many",
       with_ancestors([](const checked_world& in) {
         return std::vector{in.child.value.task.id, in.running.value.task.id, in.done.value.task.id};
       }),
       {"delegation", "counter"}},
      {"another's",
       with_ancestors([](const checked_world& in) {
         return std::vector{in.child.value.task.id, in.done.value.task.id};
       }),
       {"delegation", "counter", "counter"}},
  });
}

BOOST_AUTO_TEST_CASE(budgets) {
  const auto row_of = [](const checked_world& in) {
    const auto& row = in.budget_row;
    return keys::budget(in.org, row.period, row.bucket, row.agent);
  };
  find_exactly({
      {"a reservation that is counted twice",
       [=](auto& in, batch& into) {
         into.add({row_of(in), {100, 100}, {}});
       },
       {"budget"}},
      {"a reservation that is not committed",
       [=](auto& in, batch& into) {
         into.add({row_of(in), {-31}, {}});
       },
       {"budget"}},
      {"a budget row that is lost", [=](auto& in, batch& into) { into.erase(row_of(in)); }, {"budget"}},
      {"a task that has given its reservation back, and the budget has not",
       [](auto& in, batch& into) {
         put_record(in, into, in.running, [](task_record& record) { record.reserved.reset(); });
       },
       {"budget"}},
      {"a reservation of a task that has ended",
       [](auto& in, batch& into) {
         put_record(in, into, in.failed, [&in](task_record& record) {
           record.reserved = reservation{0, {in.budget_row}};
         });
       },
       {"task-state"}},
      {"a budget of no period",
       [](auto& in, batch& into) { into.put(keys::budget(in.org, budget_period::month, no_day, in.boss.id), {}); },
       {"table"}},
      {"a budget that cannot be read",
       [](auto& in, batch& into) { into.put(keys::budget(in.org, budget_period::day, no_day, in.boss.id), "x"); },
       {"table"}},
  });
}

BOOST_AUTO_TEST_CASE(parents_and_children) {
  const auto signal_of = [](const checked_world& in) {
    return keys::signal(in.org, in.boss.id, in.running.value.task.id, keys::signal_kind::child_ended,
                        in.child.value.task.id);
  };
  find_exactly({
      {"a parent that waits for a child that has ended, and nothing tells it",
       [=](auto& in, batch& into) { into.erase(signal_of(in)); },
       {"delegation"}},
      {"a signal with a value", [=](auto& in, batch& into) { into.put(signal_of(in), "x"); }, {"signal"}},
      {"a signal of no kind",
       [](auto& in, batch& into) {
         into.put(keys::signals_of(in.org, in.boss.id, in.running.value.task.id) + std::string(17, '\7'), {});
       },
       {"signal"}},
      {"a signal about no task",
       [](auto& in, batch& into) {
         write_signal(into, in.org,
                      {in.boss.id, in.running.value.task.id, keys::signal_kind::child_ended, task_id{ulid{{9}}}});
       },
       {"signal"}},
      {"a signal about another's child",
       [](auto& in, batch& into) {
         write_signal(
             into, in.org,
             {in.worker.id, in.waiting.value.task.id, keys::signal_kind::child_ended, in.child.value.task.id});
       },
       {"signal"}},
      {"a cancelled child of another",
       [](auto& in, batch& into) {
         write_signal(into, in.org,
                      {in.boss.id, in.pending.value.task.id, keys::signal_kind::cancel, in.running.value.task.id});
       },
       {"signal"}},
      {"a child of a parent that does not know of it",
       [](auto& in, batch& into) {
         const auto parent = in.done.value.task.id;
         put_record(in, into, in.failed, [&](task_record& record) {
           record.task.parent = parent;
           record.from = delegation{in.worker.id, "c9", 1, 1, true};
         });
         into.put(keys::child(in.org, parent, in.failed.value.task.id), {});
       },
       {"delegation"}},
      {"a child that knows of no parent",
       [](auto& in, batch& into) {
         put_record(in, into, in.child, [&](task_record& record) {
           record.task.parent.reset();
           record.from.reset();
         });
         into.erase(keys::child(in.org, in.running.value.task.id, in.child.value.task.id));
       },
       {"delegation", "delegation", "delegation", "signal", "counter"}},
  });
}

BOOST_AUTO_TEST_CASE(a_parent_that_has_ended_tells_the_child_that_it_has_waited_for) {
  const auto kept = make_memory_store();
  checked_world world(*kept);
  const tool_request call{"c1", "delegate", "{}"};
  auto parent = world.make_task(world.boss.id);
  world.begin(parent);
  world.answer(parent, "wait", stop_reason::tool_use, {call});
  const auto child = world.make_task(world.worker.id, [&](task_record& record) {
    record.task.parent = parent.value.task.id;
    record.from = delegation{world.boss.id, "c1", 1, 1, true};
  });
  const auto child_id = child.value.task.id;
  world.step(parent, [](task_record&) {},
             {tool_call_event(call), delegated_event(call, {child_id, world.worker.id, true})});
  BOOST_TEST(world.checked().faults == 0U);
  world.step(parent,
             [&](task_record& record) {
               record.task.status = task_status::error;
               record.task.output = "wait";
               record.task.error = task_error{"cancelled", "so"};
               record.task.finished_at = world.clock.time;
             },
             {error_event({"cancelled", "so"}), status_event(run_status::error)});
  const auto found = world.checked();
  BOOST_REQUIRE(found.faults == 1U);
  BOOST_TEST(found.named[0].rule == "delegation");
  world.write([&](batch& into) {
    write_signal(into, world.org, {world.worker.id, child_id, keys::signal_kind::cancel, parent.value.task.id});
  });
  for (const auto& fault : world.checked().named) BOOST_ERROR(fault.rule << ": " << fault.text);
}

BOOST_AUTO_TEST_CASE(a_parent_that_waits_for_its_child_waits_for_no_human) {
  const auto kept = make_memory_store();
  checked_world world(*kept);
  const auto park = [&](std::optional<timestamp> since) {
    world.step(
        world.running,
        [&](task_record& record) {
          record.task.status = task_status::waiting;
          record.task.output = "one moment";
          record.reserved.reset();
          record.parked_at = since;
        },
        since ? std::vector<event>() : std::vector{status_event(run_status::parked)});
  };
  park(std::nullopt);
  for (const auto& fault : world.checked().named) BOOST_ERROR(fault.rule << ": " << fault.text);
  park(world.clock.time);
  const auto found = world.checked();
  BOOST_REQUIRE(found.faults == 1U);
  BOOST_TEST(found.named[0].rule == "task-journal");
}

BOOST_AUTO_TEST_SUITE_END()
