// The check of a store: a good one has no fault, and each thing that is spoilt on purpose is found, and nothing else.
#include <functional>
#include <string>
#include <vector>

#include "flotilla/json.hpp"
#include "storage/codec.hpp"
#include "tests/storage/checked_world.hpp"

using namespace flotilla;
using namespace flotilla::storage;
using namespace flotilla::storage::testing;

namespace {

struct fixture : memory_fixture {
  checked_world world{*kept};
};

std::string value_of(const checked_world& in, const std::string& key) {
  const auto found = get(in.kept, key);
  BOOST_REQUIRE(found);
  return *found;
}

std::string event_key(const checked_world& in, const stored<task_record>& of, std::uint64_t seq) {
  return keys::event(in.org, of.value.task.id, seq);
}

/// Replaces an event of a task by another one.
void put_event(const checked_world& in, batch& into, const stored<task_record>& of, event other, std::uint64_t seq) {
  other.seq = seq;
  other.at = at(0);
  into.put(event_key(in, of, seq), to_json(other));
}

void put_message(const checked_world& in, batch& into, std::uint64_t seq,
                 const std::function<void(std::string&)>& change) {
  auto json = value_of(in, keys::message(in.org, seq));
  change(json);
  into.put(keys::message(in.org, seq), json);
}

void replace(std::string& in, const std::string& what, const std::string& by) {
  const auto found = in.find(what);
  BOOST_REQUIRE(found != std::string::npos);
  in.replace(found, what.size(), by);
}

std::string position(const ulid& of) {
  return std::string(keys::bytes_of(of));
}

const task_id no_task{ulid{{9, 9, 9}}};
const agent_id no_agent{ulid{{9, 9, 9}}};
const epic_id no_epic{ulid{{9, 9, 9}}};
const org_id no_org{ulid{{9, 9, 9}}};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(checking, fixture)

BOOST_AUTO_TEST_CASE(a_good_store_has_no_fault) {
  const auto found = world.checked();
  for (const auto& fault : found.named) BOOST_ERROR(fault.rule << ": " << fault.text);
  BOOST_TEST(found.faults == 0U);
  BOOST_TEST(found.format == format_version);
  const auto rows = [&found](const std::string& what) -> std::uint64_t {
    for (const auto& each : found.counts) {
      if (each.what == what) return each.rows;
    }
    return 0;
  };
  BOOST_TEST(rows("orgs") == 1U);
  BOOST_TEST(rows("agents") == 2U);
  BOOST_TEST(rows("tasks") == 7U);
  BOOST_TEST(rows("tasks by status") == 7U);
  BOOST_TEST(rows("work queues") == 2U);
  BOOST_TEST(rows("signals") == 2U);
  BOOST_TEST(rows("mailboxes") == 1U);
  BOOST_TEST(rows("what was said by agent") == 4U);
  BOOST_TEST(rows("agents by name") == 2U);
  BOOST_TEST(rows("agents by team") == 1U);
  BOOST_TEST(rows("usage below tasks") == 2U);
  BOOST_TEST(rows("messages") == *last_message_seq(*view(*kept), world.org));
  // Every row was looked at, and counted once.
  std::uint64_t all = 0;
  for (const auto& each : found.counts) all += each.rows;
  BOOST_TEST(all == scan(*view(*kept), {}).size());
}

BOOST_AUTO_TEST_CASE(a_store_without_a_format_or_of_another_one_is_not_checked) {
  const auto other = make_memory_store();
  BOOST_TEST((check(*view(*other)).error().code == errc::internal));
  world.write([](batch& into) { into.put(keys::format(), encode_format(format_version + 1)); });
  BOOST_TEST((check(*view(*kept)).error().code == errc::internal));
}

BOOST_AUTO_TEST_CASE(faults_are_counted_and_the_first_are_named) {
  world.write([this](batch& into) {
    into.erase(keys::agents_by_manager(world.org, world.boss.id) + position(world.worker.id.value));
    into.erase(keys::tasks_by_epic(world.org, world.goal) + position(world.done.value.task.id.value));
    into.erase(keys::bus_head(world.org));
  });
  const auto found = world.checked(2);
  BOOST_TEST(found.faults == 3U);
  BOOST_TEST(found.named.size() == 2U);
  BOOST_TEST(world.checked(0).faults == 3U);
}

BOOST_AUTO_TEST_CASE(tables_and_orgs) {
  find_exactly({
      {"a row of no table", [](auto&, batch& into) { into.put("z1", "x"); }, {"table"}},
      {"a second format row", [](auto&, batch& into) { into.put(keys::format() + "2", "x"); }, {"table"}},
      {"a key of no org", [](auto&, batch& into) { into.put("A12", "x"); }, {"table"}},
      {"a key of a wrong size",
       [](auto& in, batch& into) { into.put(keys::agent(in.org, in.boss.id) + "x", "{}"); },
       {"table"}},
      {"counters of an org with a longer key",
       [](auto& in, batch& into) { into.put(keys::org_counters(in.org) + "x", ""); },
       {"table"}},
      {"rows of an unknown org",
       [](auto&, batch& into) { into.put(keys::bus_head(no_org), encode_log_head(0)); },
       {"org"}},
      {"an org without an admin token",
       [](auto& in, batch& into) {
         into.put(keys::token(in.hash),
                  encode(api_token{in.token, in.org, in.owner, "first", role::viewer, at(0), {}}));
       },
       {"org"}},
      {"an org that is another one",
       [](auto& in, batch& into) {
         into.put(keys::org(in.org), encode(org{no_org, "org", at(0)}));
       },
       {"record"}},
  });
}

BOOST_AUTO_TEST_CASE(agents_and_managers) {
  find_exactly({
      {"an agent without its status row",
       [](auto& in, batch& into) {
         into.erase(keys::agents_by_status(in.org, agent_status::active) + position(in.boss.id.value));
       },
       {"index-missing"}},
      {"a status row too many",
       [](auto& in, batch& into) {
         into.put(keys::agents_by_status(in.org, agent_status::paused) + position(in.boss.id.value), {});
       },
       {"index-stray"}},
      {"a status row of nobody",
       [](auto& in, batch& into) {
         into.put(keys::agents_by_status(in.org, agent_status::paused) + position(no_agent.value), {});
       },
       {"index-stray"}},
      {"an index row with a value",
       [](auto& in, batch& into) {
         into.put(keys::agents_by_status(in.org, agent_status::active) + position(in.boss.id.value), "x");
       },
       {"index-value"}},
      {"a circle of managers",
       [](auto& in, batch& into) {
         auto other = in.boss;
         other.manager = in.worker.id;
         into.put(keys::agent(in.org, other.id), to_json(other));
         into.put(keys::agents_by_manager(in.org, in.worker.id) + position(in.boss.id.value), {});
       },
       {"managers", "managers"}},
      {"a manager who is not there",
       [](auto& in, batch& into) {
         auto other = in.boss;
         other.manager = no_agent;
         into.put(keys::agent(in.org, other.id), to_json(other));
         into.put(keys::agents_by_manager(in.org, no_agent) + position(in.boss.id.value), {});
       },
       {"reference"}},
      {"an agent without its name's row",
       [](auto& in, batch& into) { into.erase(keys::agents_by_name(in.org, "Ada") + position(in.boss.id.value)); },
       {"index-missing"}},
      {"a name that an agent has no more",
       [](auto& in, batch& into) { into.put(keys::agents_by_name(in.org, "Ad") + position(in.boss.id.value), {}); },
       {"index-stray"}},
      {"a member without its team's row",
       [](auto& in, batch& into) { into.erase(keys::agents_by_team(in.org, "crew") + position(in.worker.id.value)); },
       {"index-missing"}},
      {"a member of no team",
       [](auto& in, batch& into) { into.put(keys::agents_by_team(in.org, "crew") + position(in.boss.id.value), {}); },
       {"index-stray"}},
      {"an agent that is another one",
       [](auto& in, batch& into) { into.put(keys::agent(in.org, in.boss.id), to_json(in.worker)); },
       {"record", "counter"}},
      {"an agent that is not counted",
       [](auto& in, batch& into) {
         into.add({keys::org_counters(in.org), {-1, 1}, {}});
       },
       {"counter"}},
  });
}

BOOST_AUTO_TEST_CASE(tasks_and_their_index_rows) {
  const auto erase_row = [](std::string (*index)(checked_world&)) {
    return [index](checked_world& in, batch& into) {
      const auto key = index(in);
      BOOST_REQUIRE(get(in.kept, key));
      into.erase(key);
    };
  };
  find_exactly({
      {"by status",
       erase_row([](checked_world& in) {
         return keys::tasks_by_status(in.org, task_status::done) + position(in.done.value.task.id.value);
       }),
       {"index-missing"}},
      {"by assignee",
       erase_row([](checked_world& in) {
         return keys::tasks_by_assignee(in.org, in.worker.id) + position(in.done.value.task.id.value);
       }),
       {"index-missing"}},
      {"by assignee and status",
       erase_row([](checked_world& in) {
         return keys::tasks_by_assignee_and_status(in.org, in.worker.id, task_status::done) +
                position(in.done.value.task.id.value);
       }),
       {"index-missing"}},
      {"by epic",
       erase_row([](checked_world& in) {
         return keys::tasks_by_epic(in.org, in.goal) + position(in.done.value.task.id.value);
       }),
       {"index-missing"}},
      {"of a running task in the work queue",
       erase_row([](checked_world& in) {
         return keys::work(in.org, in.boss.id, task_priority::normal, in.running.value.task.id);
       }),
       {"index-missing"}},
      {"of a queued task in the work queue",
       erase_row([](checked_world& in) {
         return keys::work(in.org, in.boss.id, task_priority::normal, in.pending.value.task.id);
       }),
       {"index-missing"}},
      {"of a child",
       erase_row(
           [](checked_world& in) { return keys::child(in.org, in.running.value.task.id, in.child.value.task.id); }),
       {"index-missing"}},
      {"of a waiting task by age",
       erase_row([](checked_world& in) {
         const auto since = in.waiting.value.parked_at->time_since_epoch().count();
         return keys::parked(in.org, static_cast<std::uint64_t>(since), in.waiting.value.task.id);
       }),
       {"index-missing"}},
      {"work for nobody",
       [](auto& in, batch& into) { into.put(keys::work(in.org, in.boss.id, task_priority::low, no_task), {}); },
       {"index-stray"}},
      {"work that is done",
       [](auto& in, batch& into) {
         into.put(keys::work(in.org, in.worker.id, task_priority::normal, in.done.value.task.id), {});
       },
       {"index-stray"}},
      {"a task that waits since another time too",
       [](auto& in, batch& into) { into.put(keys::parked(in.org, 17, in.waiting.value.task.id), {}); },
       {"index-stray"}},
      {"a row that is lost and one that is too many",
       [](auto& in, batch& into) {
         const auto which = position(in.done.value.task.id.value);
         into.erase(keys::tasks_by_status(in.org, task_status::done) + which);
         into.put(keys::tasks_by_status(in.org, task_status::error) + which, {});
       },
       {"index-missing", "index-stray"}},
      {"a task that cannot be read",
       [](auto& in, batch& into) { into.put(keys::task(in.org, in.failed.value.task.id), "x"); },
       {"record", "counter", "counter"}},
  });
}

BOOST_AUTO_TEST_CASE(tasks_and_what_they_name) {
  find_exactly({
      {"an input that is lost",
       [](auto& in, batch& into) { into.erase(keys::input(in.org, in.done.value.task.id)); },
       {"input"}},
      {"another input",
       [](auto& in, batch& into) { into.put(keys::input(in.org, in.done.value.task.id), "x"); },
       {"input"}},
      {"an input that nobody asks for",
       [](auto& in, batch& into) { into.put(keys::input(in.org, in.failed.value.task.id), "x"); },
       {"input"}},
      {"a requester who is not there",
       [](auto& in, batch& into) {
         put_record(in, into, in.failed, [](task_record& record) { record.task.requester = no_agent; });
       },
       {"reference"}},
      {"an epic that is not there",
       [](auto& in, batch& into) { into.erase(keys::epic(in.org, in.goal)); },
       {"reference"}},
      {"an error in a task that is done",
       [](auto& in, batch& into) {
         put_record(in, into, in.done, [](task_record& record) { record.task.error = task_error{"a", "b"}; });
       },
       {"task-state"}},
      {"no end of a task that is done",
       [](auto& in, batch& into) {
         put_record(in, into, in.done, [](task_record& record) { record.task.finished_at.reset(); });
       },
       {"task-state"}},
      {"an end of a task that runs",
       [](auto& in, batch& into) {
         put_record(in, into, in.running, [](task_record& record) { record.task.finished_at = at(0); });
       },
       {"task-state"}},
      {"a task that waits and runs",
       [](auto& in, batch& into) {
         put_record(in, into, in.running, [](task_record& record) { record.parked_at = at(1); });
       },
       {"task-state", "index-missing"}},
      {"a start that was not counted",
       [](auto& in, batch& into) {
         put_record(in, into, in.running, [](task_record& record) { record.counted = false; });
       },
       {"task-state", "usage-sum", "usage-sum"}},
  });
}

BOOST_AUTO_TEST_CASE(journals) {
  find_exactly({
      {"a gap", [](auto& in, batch& into) { into.erase(event_key(in, in.done, 3)); }, {"journal-gap"}},
      {"a first event that is lost",
       [](auto& in, batch& into) { into.erase(event_key(in, in.done, 1)); },
       {"journal-gap"}},
      {"a last event that is lost",
       [](auto& in, batch& into) { into.erase(event_key(in, in.done, in.last_seq[in.done.value.task.id])); },
       {"task-journal"}},
      {"an event that cannot be read",
       [](auto& in, batch& into) { into.put(event_key(in, in.done, 2), "x"); },
       {"journal-event"}},
      {"an event that is another one",
       [](auto& in, batch& into) { into.put(event_key(in, in.done, 2), value_of(in, event_key(in, in.done, 3))); },
       {"journal-event"}},
      {"an event that has no place",
       [](auto& in, batch& into) { put_event(in, into, in.done, status_event(run_status::model_answer), 2); },
       {"journal-event"}},
      {"events of no task",
       [](auto& in, batch& into) { into.put(keys::event(in.org, no_task, 1), "x"); },
       {"journal-stray"}},
      {"a task that runs and has ended",
       [](auto& in, batch& into) {
         put_event(in, into, in.running, status_event(run_status::error), in.last_seq[in.running.value.task.id] + 1);
       },
       {"task-journal"}},
      {"a task that waits and was decided",
       [](auto& in, batch& into) {
         put_event(in, into, in.waiting, decision_event({true, false, {}}, "rm", "c1"),
                   in.last_seq[in.waiting.value.task.id] + 1);
       },
       {"task-journal"}},
      {"a task that is queued and was never",
       [](auto& in, batch& into) {
         put_event(in, into, in.failed, status_event(run_status::queued), in.last_seq[in.failed.value.task.id] + 1);
       },
       {"journal-event"}},
      {"another attempt",
       [](auto& in, batch& into) {
         put_record(in, into, in.done, [](task_record& record) { record.task.attempt = 3; });
       },
       {"task-journal"}},
      {"an attempt that begins elsewhere",
       [](auto& in, batch& into) {
         put_record(in, into, in.done, [](task_record& record) { --record.before_attempt; });
       },
       {"task-journal"}},
      {"an attempt that begins behind the end",
       [](auto& in, batch& into) {
         put_record(in, into, in.done, [](task_record& record) { record.before_attempt = 1000; });
       },
       {"task-journal"}},
      {"another error",
       [](auto& in, batch& into) {
         put_record(in, into, in.failed, [](task_record& record) { record.task.error->message = "other"; });
       },
       {"task-journal"}},
      {"another output",
       [](auto& in, batch& into) {
         put_record(in, into, in.done, [](task_record& record) { record.task.output = "Hello!"; });
       },
       {"task-output"}},
      {"no output",
       [](auto& in, batch& into) {
         put_record(in, into, in.waiting, [](task_record& record) { record.task.output.reset(); });
       },
       {"task-output"}},
      {"more usage than was told of",
       [](auto& in, batch& into) {
         put_record(in, into, in.waiting, [](task_record& record) { record.task.usage.input_tokens += 1; });
       },
       {"task-usage", "usage-sum", "usage-sum"}},
      {"other usage before this attempt",
       [](auto& in, batch& into) {
         put_record(in, into, in.done, [](task_record& record) { record.usage_before.output_tokens -= 1; });
       },
       {"task-usage", "task-usage", "usage-sum", "usage-sum"}},
  });
}

/// A task whose first answer was sent back, as it did not fit the task's output schema.
stored<task_record> make_structured(checked_world& in) {
  auto made =
      in.make_task(in.boss.id, [](task_record& record) { record.task.output_schema = R"({"required":["n"]})"; });
  in.begin(made);
  const auto answer = [&](const std::string& text, event verdict) {
    in.step(made,
            [](task_record& record) {
              record.task.usage += {10, 5};
            },
            {model_call_event(1, 1), draft_event(text), model_answer_event({stop_reason::end_turn, {}, {10, 5}}),
             std::move(verdict)});
  };
  answer("{}", output_rejected_event({"at the top: must have the property \"n\""}, 1));
  answer(R"({"n":7})", *delta_event(text_delta{R"({"n":7})"}));
  in.end(made, R"({"n":7})");
  return made;
}

BOOST_AUTO_TEST_CASE(a_task_with_an_output_schema) {
  (void)make_structured(world);
  BOOST_TEST(world.checked().faults == 0U);
  const auto with_schema = [](std::optional<std::string> schema) {
    return [schema](checked_world& in, batch& into) {
      const auto made = make_structured(in);
      put_record(in, into, made, [&](task_record& record) { record.task.output_schema = schema; });
    };
  };
  find_exactly({
      {"a schema that cannot be read", with_schema(R"({"pattern":"a"})"), {"record"}},
      {"drafts without a schema", with_schema(std::nullopt), {"journal-event"}},
  });
}

BOOST_AUTO_TEST_CASE(what_a_call_that_failed_for_good_has_used_stands_in_no_event) {
  auto made = world.make_task(world.boss.id);
  world.begin(made);
  world.step(made, [](task_record&) {}, {model_call_event(1, 1)});
  world.step(made,
             [this](task_record& record) {
               record.task.status = task_status::error;
               record.task.error = task_error{"provider_rejected", "no"};
               record.task.finished_at = world.clock.time;
               record.task.usage += {3, 0};
             },
             {error_event({"provider_rejected", "no"}), status_event(run_status::error)});
  BOOST_TEST(world.checked().faults == 0U);
  world.restart(made, world.boss.id);
  BOOST_TEST(world.checked().faults == 0U);
  world.write([&](batch& into) {
    put_record(world, into, made, [](task_record& record) { record.task.usage.input_tokens -= 1; });
  });
  BOOST_TEST(world.checked().faults > 0U);
}

BOOST_AUTO_TEST_CASE(the_bus) {
  find_exactly({
      {"a message that is lost",
       [](auto& in, batch& into) { into.erase(keys::message(in.org, 3)); },
       {"bus-gap", "index-stray", "index-stray", "index-stray", "index-stray"}},
      {"another head",
       [](auto& in, batch& into) { into.put(keys::bus_head(in.org), encode_log_head(1000)); },
       {"bus-gap"}},
      {"a head that cannot be read",
       [](auto& in, batch& into) { into.put(keys::bus_head(in.org), "x"); },
       {"bus-gap"}},
      {"a message that cannot be read",
       [](auto& in, batch& into) { into.put(keys::message(in.org, 3), "x"); },
       {"record"}},
      {"a message that is another one",
       [](auto& in, batch& into) { into.put(keys::message(in.org, 3), value_of(in, keys::message(in.org, 2))); },
       {"record"}},
      {"a message of the past",
       [](auto& in, batch& into) {
         put_message(in, into, 3,
                     [](std::string& json) { replace(json, "\"createdAt\":\"2023", "\"createdAt\":\"2013"); });
       },
       {"bus-time"}},
      {"a message without its type's row",
       [](auto& in, batch& into) {
         into.erase(keys::messages_by_type(in.org, bus::task_created) + keys::seq_bytes(1));
       },
       {"index-missing"}},
      {"a message without its task's row",
       [](auto& in, batch& into) {
         into.erase(keys::messages_by_task(in.org, in.done.value.task.id) + keys::seq_bytes(1));
       },
       {"index-missing"}},
      {"a message without its agent's row",
       [](auto& in, batch& into) { into.erase(keys::messages_by_agent(in.org, in.boss.id) + keys::seq_bytes(1)); },
       {"index-missing"}},
      {"a message without its epic's row",
       [](auto& in, batch& into) { into.erase(keys::messages_by_epic(in.org, in.goal) + keys::seq_bytes(1)); },
       {"index-missing"}},
      {"an epic's row of no message",
       [](auto& in, batch& into) { into.put(keys::messages_by_epic(in.org, in.goal) + keys::seq_bytes(1000), {}); },
       {"index-stray"}},
      {"a message of a task that is not there",
       [](auto& in, batch& into) { into.erase(keys::task(in.org, in.failed.value.task.id)); },
       {"reference", "reference", "journal-stray", "counter", "counter", "index-stray", "index-stray",
        "index-stray"}},
  });
}

BOOST_AUTO_TEST_CASE(access_and_catalog) {
  find_exactly({
      {"a user who cannot be read",
       [](auto& in, batch& into) { into.put(keys::user(in.org, in.owner), "x"); },
       {"record"}},
      {"a user who is not there",
       [](auto& in, batch& into) { into.erase(keys::user(in.org, in.owner)); },
       {"reference"}},
      {"a token's record that is lost",
       [](auto& in, batch& into) { into.erase(keys::token(in.hash)); },
       {"token", "org"}},
      {"a token's row that is lost",
       [](auto& in, batch& into) { into.erase(keys::org_token(in.org, in.token)); },
       {"token", "token", "org", "counter"}},
      {"a use of no token",
       [](auto& in, batch& into) { write_token_use(into, in.org, token_id{ulid{{9}}}, at(0)); },
       {"token"}},
      {"a token that cannot be read",
       [](auto&, batch& into) { into.put(keys::token(token_hash{7}), "x"); },
       {"record"}},
      {"a secret that is cut",
       [](auto& in, batch& into) {
         into.put(keys::secret(in.org, {secret_scope::org, {}, "KEY"}), "x");
       },
       {"record"}},
      {"a secret of no scope",
       [](auto& in, batch& into) {
         into.put(keys::all(keys::table::secrets, in.org) + std::string(20, '\7'), std::string(20, 'x'));
       },
       {"record"}},
      {"a secret of an agent who is not there",
       [](auto& in, batch& into) {
         write_secret(into, in.org, nullptr, {{secret_scope::agent, no_agent, "KEY"}, at(0), "sealed"});
       },
       {"reference"}},
      {"an epic that is another one",
       [](auto& in, batch& into) {
         epic other;
         other.id = no_epic;
         into.put(keys::epic(in.org, in.goal), to_json(other));
       },
       {"record"}},
      {"a name that leads nowhere",
       [](auto& in, batch& into) { into.put(keys::mcp_name(in.org, "other"), position(ulid{{9}})); },
       {"mcp-name"}},
      {"a second name",
       [](auto& in, batch& into) { into.put(keys::mcp_name(in.org, "other"), position(in.server.id.value)); },
       {"mcp-name"}},
      {"a name that is lost",
       [](auto& in, batch& into) { into.erase(keys::mcp_name(in.org, "files")); },
       {"mcp-name"}},
      {"an answer without its age",
       [](auto& in, batch& into) {
         into.erase(
             keys::answer_age(in.org, static_cast<std::uint64_t>(at(5).time_since_epoch().count()), in.answered));
       },
       {"index-missing"}},
      {"an age of no answer",
       [](auto& in, batch& into) { into.put(keys::answer_age(in.org, 1, digest{9}), {}); },
       {"index-stray"}},
      {"an answer that cannot be read",
       [](auto& in, batch& into) { into.put(keys::answer(in.org, in.answered), "x"); },
       {"record"}},
  });
}

BOOST_AUTO_TEST_SUITE_END()
