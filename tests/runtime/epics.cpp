// Epics over the embedded fleet: their life, and the tasks in them.
#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

#include "core/bus_types.hpp"
#include "tests/runtime/host.hpp"

using namespace flotilla;
using namespace flotilla::testing;

namespace {

using words = std::vector<std::string>;

struct with_epic {
  with_epic() : it(host::in_memory()), worker(it.hire("Worker").value().id), home(add("Home").id) {}
  epic add(const std::string& name, epic_type type = epic_type::feature) {
    return it.get(&fleet::create_epic, epic_draft{name, type});
  }
  result<task> give_in(epic_id which, const std::string& input = "@say done") {
    auto draft = host::draft_task(worker, input);
    draft.epic_id = which;
    return it.ask(&fleet::create_task, draft);
  }
  result<task> move(task_id which, std::optional<epic_id> to) {
    task_patch patch;
    patch.epic_id = to;
    return it.ask(&fleet::update_task, which, patch);
  }
  void set_status(epic_id which, epic_status status) {
    epic_patch patch;
    patch.status = status;
    BOOST_TEST((it.get(&fleet::update_epic, which, patch).status == status));
  }
  epic_detail detail(epic_id which) { return it.get(&fleet::find_epic, which); }
  std::uint32_t progress(epic_id which) { return detail(which).epic.progress; }
  words timeline(epic_id which) {
    words types;
    for (const auto& each : detail(which).timeline) types.push_back(each.type);
    return types;
  }

  host it;
  agent_id worker;
  epic_id home;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(epics, with_epic)

BOOST_AUTO_TEST_CASE(an_epic_is_made_changed_and_found) {
  const auto made = add("Launch", epic_type::marketing);
  BOOST_TEST((made.status == epic_status::active));
  BOOST_TEST((made.type == epic_type::marketing));
  BOOST_TEST(made.progress == 0U);
  BOOST_TEST((detail(made.id).epic == made));
  epic_patch patch;
  patch.name = "Relaunch";
  patch.type = epic_type::ops;
  const auto changed = it.get(&fleet::update_epic, made.id, patch);
  BOOST_TEST(changed.name == "Relaunch");
  BOOST_TEST((changed.type == epic_type::ops && changed.status == epic_status::active));
  BOOST_TEST((changed.created_at == made.created_at));
  BOOST_TEST((detail(made.id).epic == changed));
  BOOST_TEST((it.get(&fleet::update_epic, made.id, patch) == changed));  // nothing changes, not even the time
}

BOOST_AUTO_TEST_CASE(bad_values_change_nothing) {
  BOOST_TEST(refusal(it.ask(&fleet::create_epic, epic_draft{" ", {}}), errc::invalid) == "name: must not be empty");
  epic_patch patch;
  patch.name = std::string(max_name_bytes + 1, 'x');
  BOOST_TEST(refusal(it.ask(&fleet::update_epic, home, patch), errc::invalid).starts_with("name: "));
  patch.name = "a\nb";
  BOOST_TEST(refusal(it.ask(&fleet::update_epic, home, patch), errc::invalid).starts_with("name: "));
  const auto all = it.get(&fleet::list_epics, epic_query{}).items;
  BOOST_TEST(all.size() == 1U);
  BOOST_TEST(all.front().name == "Home");
}

BOOST_AUTO_TEST_CASE(an_unknown_one_is_not_found) {
  const auto nobody = epic_id::make(timestamp{});
  (void)refusal(it.ask(&fleet::find_epic, nobody), errc::not_found);
  epic_patch patch;
  patch.name = "x";
  (void)refusal(it.ask(&fleet::update_epic, nobody, patch), errc::not_found);
}

BOOST_AUTO_TEST_CASE(lists_are_filtered_and_paged_newest_first) {
  const auto qa = add("Check", epic_type::qa).id;
  const auto other = add("Recheck", epic_type::qa).id;
  set_status(other, epic_status::done);
  const auto listed = [&](epic_query query) {
    std::vector<epic_id> found;
    for (const auto& each : it.get(&fleet::list_epics, std::move(query)).items) found.push_back(each.id);
    return found;
  };
  BOOST_TEST((listed({}) == std::vector{other, qa, home}));
  BOOST_TEST((listed({{}, epic_type::qa, {}}) == std::vector{other, qa}));
  BOOST_TEST((listed({epic_status::active, {}, {}}) == std::vector{qa, home}));
  BOOST_TEST((listed({epic_status::active, epic_type::qa, {}}) == std::vector{qa}));
  epic_query first;
  first.page.limit = 2;
  const auto page = it.get(&fleet::list_epics, first);
  BOOST_REQUIRE(page.next.has_value());
  first.page.cursor = page.next;
  BOOST_TEST((listed(first) == std::vector{home}));
  first.page = {0, {}};
  BOOST_TEST(refusal(it.ask(&fleet::list_epics, first), errc::invalid).starts_with("limit: "));
}

BOOST_AUTO_TEST_CASE(progress_follows_the_tasks) {
  BOOST_TEST(progress(home) == 0U);
  const auto one = give_in(home).value().id;
  const auto two = give_in(home).value().id;
  const auto three = give_in(home, "@refuse no").value().id;
  BOOST_TEST(progress(home) == 0U);
  (void)it.run(one);
  BOOST_TEST(progress(home) == 33U);
  (void)it.run(two);
  BOOST_TEST(progress(home) == 66U);
  (void)it.run(three);  // ends in error: it is not done
  BOOST_TEST(progress(home) == 66U);
  const auto away = add("Away").id;
  BOOST_REQUIRE(move(three, away));
  BOOST_TEST(progress(home) == 100U);
  BOOST_TEST(progress(away) == 0U);
  BOOST_REQUIRE(move(two, away));
  BOOST_TEST(progress(away) == 50U);
  BOOST_REQUIRE(move(one, std::nullopt));
  BOOST_TEST(progress(home) == 0U);
  BOOST_TEST(detail(home).tasks.empty());
}

BOOST_AUTO_TEST_CASE(by_id_it_shows_its_tasks_and_what_happened_to_them) {
  const auto one = give_in(home).value().id;
  const auto two = give_in(home).value().id;
  BOOST_REQUIRE(it.give(worker, "@say elsewhere"));
  (void)it.run(one);
  const auto shown = detail(home);
  BOOST_REQUIRE(shown.tasks.size() == 2U);
  BOOST_TEST((shown.tasks[0].id == two));
  BOOST_TEST((shown.tasks[1].id == one));
  BOOST_TEST((shown.tasks[1].status == task_status::done));
  BOOST_TEST(timeline(home) == (words{"task.created", "task.created", "task.started", "task.done"}),
             boost::test_tools::per_element());
  for (const auto& each : shown.timeline) BOOST_TEST((each.epic_id == home));
}

BOOST_AUTO_TEST_CASE(only_an_active_epic_takes_tasks) {
  const auto ours = give_in(home).value().id;
  const auto free = it.give(worker, "@say done").value().id;
  for (const auto status : {epic_status::done, epic_status::archived}) {
    set_status(home, status);
    const auto message = "epic_id: the epic is " + std::string(to_string(status));
    BOOST_TEST(refusal(give_in(home), errc::invalid) == message);
    BOOST_TEST(refusal(move(free, home), errc::invalid) == message);
    BOOST_TEST(move(ours, home).has_value());  // it is there already
  }
  (void)it.run(ours);  // what is in it goes on
  BOOST_TEST(progress(home) == 100U);
  set_status(home, epic_status::active);
  BOOST_TEST(move(free, home).has_value());
  const auto nobody = epic_id::make(timestamp{});
  BOOST_TEST(refusal(give_in(nobody), errc::invalid) == "epic_id: no such epic");
  BOOST_TEST(refusal(move(free, nobody), errc::invalid) == "epic_id: no such epic");
  BOOST_TEST((it.detail(free).task.epic_id == home));
}

BOOST_AUTO_TEST_CASE(a_running_task_can_be_moved) {
  const auto away = add("Away").id;
  const auto work = give_in(home, "@tool rehearse_sleep {\"ms\": 600000}").value().id;
  (void)it.get(&fleet::run_task, work, false);
  BOOST_REQUIRE(move(work, away));
  BOOST_TEST((it.get(&fleet::cancel_task, work).epic_id == away));
  BOOST_TEST(detail(home).tasks.empty());
  BOOST_TEST(detail(away).tasks.size() == 1U);
  BOOST_TEST(timeline(home).front() == bus::task_created);
  BOOST_TEST(timeline(away).back() == bus::task_cancelled);
}

BOOST_AUTO_TEST_CASE(tasks_are_listed_by_epic) {
  const auto one = give_in(home).value().id;
  BOOST_REQUIRE(it.give(worker, "@say elsewhere"));
  task_query query;
  query.epic_id = home;
  const auto found = it.get(&fleet::list_tasks, query).items;
  BOOST_REQUIRE(found.size() == 1U);
  BOOST_TEST((found.front().id == one));
}

BOOST_AUTO_TEST_SUITE_END()
