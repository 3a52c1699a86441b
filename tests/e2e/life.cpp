// The life of a server as its operator knows it, and the life of a task that a human must approve.
#include <sys/stat.h>

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <future>

#include "storage/codec.hpp"
#include "storage/key_schema.hpp"
#include "storage/records.hpp"
#include "storage/rocksdb/rocksdb_store.hpp"
#include "tests/support/api_client.hpp"
#include "tests/support/scratch_directory.hpp"
#include "tests/support/vendor_wire.hpp"

namespace {

using namespace flotilla::testing;
using nlohmann::json;

constexpr int failed = 1;
constexpr int usage = 2;
constexpr int not_drained = 3;

/// Holds back who waits for it, until it is opened.
class gate {
 public:
  void wait() const { open_.wait(false); }
  void open() {
    open_ = true;
    open_.notify_all();
  }

 private:
  std::atomic<bool> open_{false};
};

/// Opens a gate at the end of a scope, so that nobody is left behind it.
struct gate_opener {
  gate& which;
  ~gate_opener() { which.open(); }
};

bool tool_began(const streamed_event& event) {
  return event.data["type"] == "tool_call";
}

/// Writes another format version into the store of a server that has ended.
void overwrite_format(const std::filesystem::path& directory, std::uint32_t version) {
  flotilla::storage::rocksdb_options where;
  where.directory = directory / "store";
  auto store = flotilla::storage::open_rocksdb_store(std::move(where));
  BOOST_REQUIRE(store.has_value());
  flotilla::storage::batch change;
  change.put(flotilla::storage::keys::format(), flotilla::storage::encode_format(version));
  std::promise<bool> done;
  (*store)->commit(std::move(change), flotilla::storage::durability::synced,
                   [&done](flotilla::result<void> outcome) { done.set_value(outcome.has_value()); });
  BOOST_REQUIRE(done.get_future().get());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(life)

BOOST_AUTO_TEST_CASE(a_second_server_on_a_directory_says_who_holds_it) {
  const scratch_directory directory;
  server_process first(directory.path);
  const auto port = std::to_string(first.port());
  server_process second(directory.path);
  BOOST_TEST(second.process().await_end().code == failed);
  const auto said = second.process().err();
  BOOST_TEST(contains(said, "process " + std::to_string(first.process().id())), said);
  BOOST_TEST(contains(said, "127.0.0.1:" + port), said);
  BOOST_TEST(api_client(first.port()).get("/readyz").status == 200);
  first.kill();
  server_process third(directory.path);
  BOOST_TEST(third.port() != 0);
}

BOOST_AUTO_TEST_CASE(an_address_in_use_is_an_error) {
  const scratch_directory directory;
  const scratch_directory other;
  server_process first(directory.path);
  const auto address = "127.0.0.1:" + std::to_string(first.port());
  server_process second(other.path, {{}, {}, address});
  BOOST_TEST(second.process().await_end().code == failed);
  BOOST_TEST(contains(second.process().err(), address), second.process().err());
  BOOST_TEST(first.terminate().code == 0);
}

BOOST_AUTO_TEST_CASE(a_store_of_a_newer_version_is_refused) {
  const scratch_directory directory;
  {
    server_process server(directory.path);
    (void)server.port();
    BOOST_TEST(server.terminate().code == 0);
  }
  overwrite_format(directory.path, flotilla::storage::format_version + 1);
  {
    server_process server(directory.path);
    BOOST_TEST(server.process().await_end().code == failed);
    BOOST_TEST(contains(server.process().err(), "newer"), server.process().err());
    BOOST_TEST(contains(server.process().err(), std::to_string(flotilla::storage::format_version + 1)));
  }
  overwrite_format(directory.path, flotilla::storage::format_version);
  server_process server(directory.path);
  BOOST_TEST(api_client(server.port()).get("/api/me").status == 200);
}

BOOST_AUTO_TEST_CASE(the_first_start_makes_a_token_for_its_owner_only) {
  const scratch_directory directory;
  const auto file = directory.path / "admin-token";
  const launch_options without_token{{}, {{"FLOTILLA_BOOTSTRAP_TOKEN", ""}}};
  server_process server(directory.path, without_token);
  const auto port = server.port();
  struct stat about {};
  BOOST_REQUIRE_EQUAL(::stat(file.c_str(), &about), 0);
  BOOST_TEST((about.st_mode & 07777) == 0600);
  auto token = read_file(file);
  BOOST_REQUIRE(token.ends_with('\n'));
  token.pop_back();
  BOOST_TEST(api_client(port, token).must_get("/api/me")["user"]["role"] == "admin");
  BOOST_TEST(api_client(port).get("/api/me").status == 401);
  BOOST_TEST(!contains(server.process().out() + server.process().err(), token));
  BOOST_TEST(server.terminate().code == 0);
  // A later start makes no other, and does not take one from the environment.
  server_process again(directory.path);
  BOOST_TEST(api_client(again.port(), token).get("/api/me").status == 200);
  BOOST_TEST(api_client(again.port()).get("/api/me").status == 401);
  BOOST_TEST(read_file(file) == token + "\n");
}

BOOST_AUTO_TEST_CASE(a_bootstrap_token_of_the_wrong_form_is_refused) {
  const scratch_directory directory;
  for (const std::string wrong :
       {"secret-words", "fr_live_tooshort", "fr_live_!AECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"}) {
    server_process server(directory.path, {{}, {{"FLOTILLA_BOOTSTRAP_TOKEN", wrong}}});
    BOOST_TEST(server.process().await_end().code == usage);
    BOOST_TEST(contains(server.process().err(), "FLOTILLA_BOOTSTRAP_TOKEN"));
    BOOST_TEST(!contains(server.process().err(), wrong));
  }
  BOOST_TEST(!std::filesystem::exists(directory.path / "admin-token"));
}

BOOST_AUTO_TEST_CASE(a_configuration_is_checked_and_wrong_ones_are_refused) {
  const scratch_directory directory;
  const auto good = directory.write("good.toml", "data = \"/nowhere\"\nrate-limit = 7\n");
  const auto bad = directory.write("bad.toml", "data = \"/nowhere\"\nrate-limits = 7\n");
  program checks({"serve", "--config", good, "--check-config"}, {{"FLOTILLA_DRAIN_SECONDS", "3"}});
  BOOST_TEST(checks.await_end().code == 0);
  BOOST_TEST(contains(checks.out(), "rate-limit = 7"));
  BOOST_TEST(contains(checks.out(), "drain-seconds = 3"));
  BOOST_TEST(contains(checks.out(), "FLOTILLA_DRAIN_SECONDS"));
  for (const auto& arguments : std::vector<std::vector<std::string>>{{"serve", "--config", bad, "--check-config"},
                                                                     {"serve", "--config", bad}}) {
    program refuses(arguments, {});
    BOOST_TEST(refuses.await_end().code == usage);
    BOOST_TEST(contains(refuses.err(), "rate-limits"), refuses.err());
  }
  program lost({"serve", "--data", directory.path.string(), "--listen", "nonsense"}, {});
  BOOST_TEST(lost.await_end().code == usage);
  program unknown({"serve", "--data", directory.path.string(), "--colour", "red"}, {});
  BOOST_TEST(unknown.await_end().code == usage);
  program version({"version"}, {});
  BOOST_TEST(version.await_end().code == 0);
  BOOST_TEST(version.out().starts_with("flotilla "));
}

BOOST_AUTO_TEST_CASE(a_drain_refuses_new_work_and_a_run_goes_on_after_the_next_start) {
  const scratch_directory directory;
  std::string task;
  std::vector<streamed_event> seen;
  {
    server_process server(directory.path, {{"--drain-seconds", "2"}, {}});
    const api_client api(server.port());
    const auto agent = api.new_agent();
    task = api.new_task(agent, "@say \"one \"\n@tool rehearse_sleep {\"ms\":600000}\n@say two");
    auto stream = api.run(task);
    seen = stream.until(tool_began);
    server.process().signal(15);
    await("it refuses", [&] {
      try {
        return api.get("/readyz").status == 503;
      } catch (const std::exception&) {
        return true;  // it has gone already
      }
    });
    auto rest = stream.rest();
    seen.insert(seen.end(), rest.begin(), rest.end());
    BOOST_TEST(server.process().await_end().code == 0, server.process().err());
  }
  BOOST_TEST(seen.back().is("status", "suspended"));
  server_process server(directory.path);
  const api_client api(server.port());
  auto stream = api.events(task, seen.back().seq);
  BOOST_TEST(stream.next()->is("status", "resumed"));
  BOOST_TEST(api.task(task)["status"] == "running");
  BOOST_TEST(api.patch("/api/tasks/" + task, {{"status", "error"}}).status == 200);
  for (const auto& event : stream.rest()) seen.push_back(event);
  BOOST_TEST(seen.back().is("status", "error"));
}

BOOST_AUTO_TEST_CASE(a_drain_lets_a_short_run_end) {
  const scratch_directory directory;
  wire_answer answer;
  answer.text = {"at last"};
  gate answers;
  fake_upstream upstream(0,
                         [&answers, reply = streamed(stream_of(wire::anthropic, answer))](const recorded_request&) {
                           answers.wait();
                           return reply;
                         });
  const gate_opener opens_in_any_case{answers};
  server_process server(directory.path, {{"--drain-seconds", "120"},
                                         {{"ANTHROPIC_API_KEY", "k"}, {"ANTHROPIC_BASE_URL", upstream.url()}}});
  const api_client api(server.port());
  const auto task = api.new_task(api.new_agent({{"provider", "anthropic"}}), "Say.");
  auto stream = api.run(task);
  upstream.wait_for_requests(1);
  auto bus = api.watch("/api/messages/stream");
  server.process().signal(15);
  await("it drains", [&] { return api.get("/readyz").status == 503; });
  BOOST_TEST(api.get("/healthz").status == 200);
  for (const auto& [verb, target] : {std::pair{"POST", "/api/agents"}, {"POST", "/api/run"}, {"GET", "/api/tasks"}}) {
    const auto refused = api.ask(verb, target, verb == std::string("POST") ? "{}" : "");
    BOOST_TEST(refused.status == 503);
    BOOST_TEST(refused.headers.contains("retry-after"));
    BOOST_TEST(!refused.error().empty());
  }
  answers.open();
  BOOST_TEST(stream.rest().back().is("status", "done"));
  BOOST_TEST(bus.rest().back().data["type"] == "task.done");
  BOOST_TEST(server.process().await_end().code == 0);
}

BOOST_AUTO_TEST_CASE(a_second_signal_ends_it_at_once_and_nothing_is_lost) {
  const scratch_directory directory;
  std::string task;
  {
    server_process server(directory.path, {{"--drain-seconds", "600"}, {}});
    const api_client api(server.port());
    task = api.new_task(api.new_agent(), "@tool rehearse_sleep {\"ms\":600000}");
    (void)api.run(task).until(tool_began);
    server.process().signal(15);
    await("it drains", [&] { return api.get("/readyz").status == 503; });
    BOOST_TEST(server.end_with(2).code == not_drained);
  }
  server_process server(directory.path);
  const api_client api(server.port());
  (void)api.events(task).until_status("resumed");
}

BOOST_AUTO_TEST_CASE(an_idle_server_ends_at_once) {
  const scratch_directory directory;
  server_process server(directory.path, {{"--drain-seconds", "600"}, {}});
  const auto open = api_client(server.port()).watch("/api/messages/stream");
  BOOST_TEST(server.terminate().code == 0);
}

BOOST_AUTO_TEST_CASE(a_tool_that_needs_a_human_waits_for_one) {
  const scratch_directory directory;
  server_process server(directory.path);
  const api_client api(server.port());
  const auto agent = api.new_agent({{"approvals", {"rehearse_*"}}});
  const auto path = [](const std::string& task) { return "/api/tasks/" + task; };
  const auto ask = [&] {
    auto task = api.new_task(agent, "@tool rehearse_echo {\"text\":\"hello\"}\n@say \"I got: \"\n@result");
    const auto events = api.run(task).rest();
    BOOST_TEST(events.back().is("status", "waiting"));
    BOOST_TEST(joined(events, "tool_call").empty());
    return task;
  };
  const auto granted = ask();
  BOOST_TEST(api.task(granted)["status"] == "waiting");
  BOOST_TEST(contains(api.patch(path(granted), {{"status", "done"}}).error(), "legal: running, error"));
  BOOST_TEST(api.patch(path(granted), {{"status", "running"}}).status == 200);
  await("it ends", [&] { return api.task(granted)["status"] == "done"; });
  BOOST_TEST(api.task(granted)["output"] == "I got: hello");
  // The whole story is in its events, and its stream ends at the last of them.
  BOOST_TEST(api.events(granted).rest().back().is("status", "done"));

  const auto refused = ask();
  BOOST_TEST(api.patch(path(refused), {{"status", "error"}}).status == 200);
  await("it ends", [&] { return api.task(refused)["status"] == "done"; });
  BOOST_TEST(contains(api.task(refused)["output"], "rejected"), api.task(refused)["output"]);

  const auto types = [&](const std::string& task) {
    std::vector<std::string> found;
    for (const auto& message : api.must_get("/api/messages?task=" + task)) found.push_back(message["type"]);
    return std::vector<std::string>(found.rbegin(), found.rend());
  };
  const std::vector<std::string> story{"task.created",     "task.started", "approval.requested", "task.waiting",
                                       "approval.granted", "tool.call",    "tool.result",        "task.done"};
  BOOST_TEST(types(granted) == story, boost::test_tools::per_element());
  const auto other = types(refused);
  BOOST_TEST(std::count(other.begin(), other.end(), "approval.rejected") == 1);
  BOOST_TEST(std::count(other.begin(), other.end(), "tool.call") == 0);
}

BOOST_AUTO_TEST_SUITE_END()
