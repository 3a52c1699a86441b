// Backup, restore and check with the real program: while runs are going on, and on what comes back.
#include <boost/test/unit_test.hpp>

#include <future>

#include <fstream>

#include "storage/key_schema.hpp"
#include "storage/rocksdb/rocksdb_store.hpp"
#include "tests/support/api_client.hpp"
#include "tests/support/scratch_directory.hpp"

namespace {

using namespace flotilla::testing;
using nlohmann::json;

constexpr int failed = 1;
constexpr int usage = 2;

/// Has the store of a server that has ended forget how far its first org's bus is.
void spoil(const std::filesystem::path& data) {
  flotilla::storage::rocksdb_options where;
  where.directory = data / "store";
  auto store = flotilla::storage::open_rocksdb_store(std::move(where));
  BOOST_REQUIRE(store.has_value());
  std::string head;
  const auto heads =
      flotilla::storage::keys_with_prefix(flotilla::storage::keys::all(flotilla::storage::keys::table::bus_heads));
  BOOST_REQUIRE((*(*store)->snapshot())->scan(heads, flotilla::storage::direction::forward, [&](auto key, auto) {
    head = key;
    return false;
  }));
  flotilla::storage::batch change;
  change.erase(head);
  std::promise<bool> done;
  (*store)->commit(std::move(change), flotilla::storage::durability::synced,
                   [&done](flotilla::result<void> outcome) { done.set_value(outcome.has_value()); });
  BOOST_REQUIRE(done.get_future().get());
}

struct with_a_place {
  with_a_place() {
    std::filesystem::create_directory(place);
    server.emplace(data, launch_options{{"--backup-dir", place.string()}, {}});
  }
  outcome back_up(const std::string& to, const std::string& token = admin_token) {
    const auto url = "http://127.0.0.1:" + std::to_string(server->port());
    return run({"backup", "--to", to, "--url", url}, {{"FLOTILLA_TOKEN", token}});
  }
  void finds_nothing(const std::string& option, const std::filesystem::path& where) {
    const auto checked = run({"check", option, where.string()});
    BOOST_TEST(checked.code == 0, checked.out << checked.err);
    BOOST_TEST(checked.out.ends_with("No faults.\n"));
  }

  scratch_directory directory;
  std::filesystem::path data = directory.path / "data";
  std::filesystem::path place = directory.path / "backups";
  std::optional<server_process> server;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(backups, with_a_place)

BOOST_AUTO_TEST_CASE(a_backup_is_made_while_runs_go_on_and_a_server_goes_on_from_it) {
  const api_client api(server->port());
  const auto quick = api.new_agent({{"name", "Quick"}});
  const auto slow = api.new_agent({{"name", "Slow"}});
  const auto asks = api.new_agent({{"name", "Asks"}});
  const auto done = api.new_task(quick, "@say done");
  (void)api.run(done).rest();
  const auto running =
      api.new_task(slow, "@tool rehearse_sleep {\"ms\":100}\n@say \"slept \"\n@delay 500ms\n@say well");
  const auto waiting = api.new_task(asks, "@tool ask_approval {\"question\":\"ok?\"}\n@result");
  (void)api.run(waiting).rest();
  auto stream = api.run(running);
  (void)stream.until([](const streamed_event& event) { return event.is("output", "slept "); });

  const auto made = back_up("monday");
  BOOST_REQUIRE_MESSAGE(made.code == 0, made.err);
  BOOST_TEST(contains(made.out, "Made the backup monday: "));
  BOOST_TEST(contains(made.out, ", with the master key."));
  (void)stream.rest();
  BOOST_TEST(api.task(running)["output"] == "slept well");
  const auto after = api.new_task(quick, "@say after");
  finds_nothing("--backup", place / "monday");
  BOOST_TEST(server->terminate().code == 0);
  finds_nothing("--data", data);

  const auto second = directory.path / "second";
  const auto restored = run({"restore", "--from", (place / "monday").string(), "--data", second.string()});
  BOOST_REQUIRE_MESSAGE(restored.code == 0, restored.err << restored.out);
  BOOST_TEST(contains(restored.out, "No faults."));
  server_process again(second);
  const api_client back(again.port());
  // What ran goes on from where the backup caught it; what waited is decided now; what came later is not there.
  await("the interrupted run has ended", [&] { return back.task(running)["status"] == "done"; });
  BOOST_TEST(back.task(running)["output"] == "slept well");
  BOOST_TEST(back.task(done)["output"] == "done");
  BOOST_TEST(back.get("/api/tasks/" + after).status == 404);
  BOOST_TEST(back.post("/api/tasks/" + waiting + "/approve", json::object()).status == 200);
  await("the waiting run has ended", [&] { return back.task(waiting)["status"] == "done"; });
  BOOST_TEST(again.terminate().code == 0);
  finds_nothing("--data", second);
  finds_nothing("--backup", place / "monday");
}

BOOST_AUTO_TEST_CASE(a_path_is_taken_where_it_lies_directly_below_the_place) {
  const auto made = back_up((place / "tuesday").string());
  BOOST_TEST(made.code == 0, made.err);
  BOOST_TEST(std::filesystem::exists(place / "tuesday" / "manifest.json"));
  const auto elsewhere = back_up((directory.path / "tuesday").string());
  BOOST_TEST(elsewhere.code == usage);
  BOOST_TEST(contains(elsewhere.err, "--backup-dir"));
  BOOST_TEST(!std::filesystem::exists(directory.path / "tuesday"));
  const auto twice = back_up("tuesday");
  BOOST_TEST(twice.code == usage);
  BOOST_TEST(contains(twice.err, "to: there is something already"));
}

BOOST_AUTO_TEST_CASE(what_is_missing_is_said) {
  const auto url = "http://127.0.0.1:" + std::to_string(server->port());
  const auto nobody = run({"backup", "--to", "monday", "--url", url});
  BOOST_TEST(nobody.code == usage);
  BOOST_TEST(contains(nobody.err, "FLOTILLA_TOKEN"));
  const auto stranger = back_up("monday", "fr_live_BAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8");
  BOOST_TEST(stranger.code == failed);
  BOOST_TEST(contains(stranger.err, "The token is not valid."));
  server->kill();
  const auto unreachable = back_up("monday");
  BOOST_TEST(unreachable.code == failed);
  BOOST_TEST(contains(unreachable.err, "gave no answer"));
  BOOST_TEST(!contains(unreachable.err, admin_token));

  server_process without(data);
  const auto off = run({"backup", "--to", "monday", "--url", "http://127.0.0.1:" + std::to_string(without.port())},
                       {{"FLOTILLA_TOKEN", admin_token}});
  BOOST_TEST(off.code == failed);
  BOOST_TEST(contains(off.err, "--backup-dir"));
}

BOOST_AUTO_TEST_CASE(the_token_can_come_from_the_data_directory) {
  server->kill();
  const auto fresh = directory.path / "fresh";
  server.emplace(fresh, launch_options{{"--backup-dir", place.string()}, {{"FLOTILLA_BOOTSTRAP_TOKEN", ""}}});
  const auto made = run(
      {"backup", "--to", "monday", "--without-master-key"},
      {{"FLOTILLA_URL", "http://127.0.0.1:" + std::to_string(server->port())}, {"FLOTILLA_DATA", fresh.string()}});
  BOOST_TEST(made.code == 0, made.err);
  BOOST_TEST(contains(made.out, ", without the master key."));
}

BOOST_AUTO_TEST_CASE(check_wants_the_directory_to_itself_and_finds_what_is_wrong) {
  const auto port = std::to_string(server->port());
  const auto busy = run({"check", "--data", data.string()});
  BOOST_TEST(busy.code == failed);
  BOOST_TEST(contains(busy.err, "127.0.0.1:" + port));
  (void)api_client(server->port()).new_agent();
  server->kill();
  finds_nothing("--data", data);
  spoil(data);
  const auto found = run({"check", "--data", data.string()});
  BOOST_TEST(found.code == failed);
  BOOST_TEST(contains(found.out, "fault (bus-gap): "), found.out);
  BOOST_TEST(contains(found.out, "\n1 fault.\n"));
  BOOST_TEST(contains(run({"check", "--data", data.string(), "--faults", "0"}).out, "… and 1 more"));
}

BOOST_AUTO_TEST_CASE(a_place_that_is_not_there_is_refused_at_the_start) {
  launch_options options;
  options.arguments = {"--backup-dir", (directory.path / "nowhere").string()};
  server_process other(directory.path / "other", options);
  BOOST_TEST(other.process().await_end().code == usage);
  BOOST_TEST(contains(other.process().err(), "--backup-dir"));
}

BOOST_AUTO_TEST_SUITE_END()
