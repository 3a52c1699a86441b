// Epics and MCP servers as records.
#include "storage/catalog_records.hpp"

#include <algorithm>
#include <functional>
#include <map>

#include "flotilla/json.hpp"
#include "storage/key_schema.hpp"
#include "tests/storage/record_support.hpp"

using namespace flotilla;
using namespace flotilla::storage;
using namespace flotilla::storage::testing;

namespace {

struct fixture : memory_fixture {
  org_id org = org_id::make(at(0));
  org_id other_org = org_id::make(at(0));

  epic made_epic(std::string name, epic_type type = epic_type::feature, epic_status status = epic_status::active) {
    epic made{epic_id::make(at(0)), std::move(name), type, status, 0, at(1), at(2)};
    batch changes;
    write_epic(changes, org, nullptr, made);
    must_commit(*kept, std::move(changes));
    return made;
  }

  mcp_server made_mcp(std::string name) {
    mcp_server made;
    made.id = mcp_id::make(at(0));
    made.name = std::move(name);
    made.command = "/bin/server";
    made.args = {"--token", "${secret:TOKEN}"};
    made.env = {{"A", "1"}, {"B", "\"quoted\"\n"}};
    made.created_at = at(3);
    batch changes;
    write_mcp(changes, org, nullptr, made);
    must_commit(*kept, std::move(changes));
    return made;
  }

  stored<epic> stands(epic_id which) {
    const auto read = read_epic(*view(*kept), org, which);
    BOOST_REQUIRE(read && *read);
    return **read;
  }
  stored<mcp_server> stands(mcp_id which) {
    const auto read = read_mcp(*view(*kept), org, which);
    BOOST_REQUIRE(read && *read);
    return **read;
  }

  stored<task_record> put_task(const stored<task_record>* before, task_record after) {
    batch changes;
    auto written = write_task(changes, org, before, after);
    must_commit(*kept, std::move(changes));
    return written;
  }
};

task_record task_of(std::optional<epic_id> part_of, task_status status) {
  task_record made;
  made.task.id = task_id::make(at(0));
  made.task.epic_id = part_of;
  made.task.status = status;
  return made;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(catalog_records, fixture)

BOOST_AUTO_TEST_CASE(an_epic_comes_back_and_changes) {
  const auto made = made_epic("one");
  const auto before = stands(made.id);
  BOOST_TEST((before.value == made));
  BOOST_TEST(!*read_epic(*view(*kept), other_org, made.id));
  BOOST_TEST(!*read_epic(*view(*kept), org, epic_id::make(at(0))));

  auto after = made;
  after.name = "two";
  after.progress = 77;  // computed, never written
  batch changing;
  write_epic(changing, org, &before, after);
  must_commit(*kept, changing);
  after.progress = 0;
  BOOST_TEST((stands(made.id).value == after));
  BOOST_TEST((commit(*kept, std::move(changing)).error().code == errc::conflict));
  batch relying;
  require_epic(relying, org, before);
  BOOST_TEST((commit(*kept, std::move(relying)).error().code == errc::conflict));
  batch relying_anew;
  require_epic(relying_anew, org, stands(made.id));
  must_commit(*kept, std::move(relying_anew));
}

BOOST_AUTO_TEST_CASE(an_epic_cannot_be_added_twice) {
  const auto made = made_epic("one");
  batch again;
  write_epic(again, org, nullptr, made);
  BOOST_TEST((commit(*kept, std::move(again)).error().code == errc::conflict));
}

BOOST_AUTO_TEST_CASE(progress_follows_the_tasks) {
  const auto first = made_epic("first");
  const auto second = made_epic("second");
  const auto progress = [this](const epic& of) { return stands(of.id).value.progress; };
  BOOST_TEST(progress(first) == 0U);
  const auto seen = stands(first.id);
  std::vector<stored<task_record>> tasks;
  for (const auto status : {task_status::done, task_status::pending, task_status::error}) {
    tasks.push_back(put_task(nullptr, task_of(first.id, status)));
  }
  BOOST_TEST(progress(first) == 33U);  // rounded down
  BOOST_TEST(progress(second) == 0U);
  auto ended = tasks[1].value;
  ended.task.status = task_status::done;
  tasks[1] = put_task(&tasks[1], ended);
  BOOST_TEST(progress(first) == 66U);
  auto moved = tasks[1].value;
  moved.task.epic_id = second.id;
  tasks[1] = put_task(&tasks[1], moved);
  BOOST_TEST(progress(first) == 50U);
  BOOST_TEST(progress(second) == 100U);
  auto anew = tasks[1].value;
  anew.task.status = task_status::pending;
  anew.task.epic_id.reset();
  put_task(&tasks[1], anew);
  BOOST_TEST(progress(second) == 0U);
  // An epic whose tasks move stands as it was read: those who change it are not disturbed.
  batch relying;
  require_epic(relying, org, seen);
  must_commit(*kept, std::move(relying));
}

BOOST_AUTO_TEST_CASE(epics_are_listed_newest_first_and_sifted) {
  std::vector<epic> all;
  for (int i = 0; i < 23; ++i) {
    all.push_back(made_epic("e" + std::to_string(i), static_cast<epic_type>(i % 5), static_cast<epic_status>(i % 3)));
  }
  std::sort(all.begin(), all.end(), [](const epic& a, const epic& b) { return a.id > b.id; });
  const auto list = [this](const snapshot& from, const epic_query& query) { return list_epics(from, org, query); };
  const std::vector<std::optional<epic_status>> statuses{std::nullopt, epic_status::done};
  const std::vector<std::optional<epic_type>> types{std::nullopt, epic_type::qa};
  for (const auto& status : statuses) {
    for (const auto& type : types) {
      std::vector<epic> expected;
      std::copy_if(all.begin(), all.end(), std::back_inserter(expected), [&](const epic& each) {
        return (!status || each.status == *status) && (!type || each.type == *type);
      });
      BOOST_REQUIRE(!expected.empty());
      for (const std::size_t limit : {1U, 4U, 500U}) {
        BOOST_TEST((all_pages<epic>(*kept, epic_query{status, type, {}}, limit, list) == expected));
      }
    }
  }
  BOOST_TEST(list_epics(*view(*kept), other_org, {})->items.empty());
  BOOST_TEST((list_epics(*view(*kept), org, {{}, {}, {5, "bad"}}).error().code == errc::invalid));
  BOOST_TEST((list_epics(*view(*kept), org, {{}, {}, {0, {}}}).error().code == errc::invalid));
}

BOOST_AUTO_TEST_CASE(an_mcp_server_comes_back_and_goes) {
  const auto made = made_mcp("files");
  const auto before = stands(made.id);
  BOOST_TEST((before.value == made));
  BOOST_TEST((*find_mcp(*view(*kept), org, "files") == made.id));
  BOOST_TEST(!*find_mcp(*view(*kept), org, "file"));
  BOOST_TEST(!*find_mcp(*view(*kept), other_org, "files"));
  BOOST_TEST(!*read_mcp(*view(*kept), other_org, made.id));
  batch erasing;
  erase_mcp(erasing, org, before);
  must_commit(*kept, erasing);
  BOOST_TEST(!*read_mcp(*view(*kept), org, made.id));
  BOOST_TEST(!*find_mcp(*view(*kept), org, "files"));
  BOOST_TEST((commit(*kept, std::move(erasing)).error().code == errc::conflict));
  BOOST_TEST(scan(*view(*kept), {}).empty());
}

BOOST_AUTO_TEST_CASE(a_name_belongs_to_one_server) {
  const auto files = made_mcp("files");
  const auto web = made_mcp("web");
  auto rival = files;
  rival.id = mcp_id::make(at(0));
  batch adding;
  write_mcp(adding, org, nullptr, rival);
  BOOST_TEST((commit(*kept, std::move(adding)).error().code == errc::conflict));
  auto renamed = web;
  renamed.name = "files";
  const auto before = stands(web.id);
  batch taking;
  write_mcp(taking, org, &before, renamed);
  BOOST_TEST((commit(*kept, std::move(taking)).error().code == errc::conflict));
  renamed.name = "net";
  batch renaming;
  write_mcp(renaming, org, &before, renamed);
  must_commit(*kept, std::move(renaming));
  BOOST_TEST((*find_mcp(*view(*kept), org, "net") == web.id));
  BOOST_TEST(!*find_mcp(*view(*kept), org, "web"));
  made_mcp("web");  // free again
  // A change that keeps the name needs no free one.
  const auto now = stands(web.id);
  auto other = now.value;
  other.args.clear();
  batch changing;
  write_mcp(changing, org, &now, other);
  must_commit(*kept, std::move(changing));
  BOOST_TEST((stands(web.id).value == other));
}

BOOST_AUTO_TEST_CASE(mcp_servers_are_listed_newest_first) {
  std::vector<mcp_server> all;
  for (int i = 0; i < 11; ++i) all.push_back(made_mcp("m" + std::to_string(i)));
  std::sort(all.begin(), all.end(), [](const mcp_server& a, const mcp_server& b) { return a.id > b.id; });
  const auto list = [this](const snapshot& from, const page_request& page) { return list_mcps(from, org, page); };
  for (const std::size_t limit : {1U, 4U, 500U}) {
    BOOST_TEST((all_pages<mcp_server>(*kept, page_request{}, limit, list) == all));
  }
  BOOST_TEST(list_mcps(*view(*kept), other_org, {})->items.empty());
  BOOST_TEST((list_mcps(*view(*kept), org, {5, "bad"}).error().code == errc::invalid));
}

BOOST_AUTO_TEST_CASE(damage_is_told) {
  const auto part = epic_id::make(at(0));
  const auto server = mcp_id::make(at(0));
  batch changes = putting(keys::epic(org, part), "{}");
  changes.put(keys::mcp(org, server), "[]");
  changes.put(keys::mcp_name(org, "short"), "123");
  must_commit(*kept, std::move(changes));
  const auto now = view(*kept);
  BOOST_TEST(read_epic(*now, org, part).error().message.find(part.to_string()) != std::string::npos);
  BOOST_TEST((list_epics(*now, org, {}).error().code == errc::internal));
  BOOST_TEST(read_mcp(*now, org, server).error().message.find(server.to_string()) != std::string::npos);
  BOOST_TEST((list_mcps(*now, org, {}).error().code == errc::internal));
  BOOST_TEST((find_mcp(*now, org, "short").error().code == errc::internal));
  const auto whole = made_epic("whole");
  must_commit(*kept, putting(keys::epic_counters(org, whole.id), "short"));
  BOOST_TEST((read_epic(*view(*kept), org, whole.id).error().code == errc::internal));
}

BOOST_AUTO_TEST_SUITE_END()
