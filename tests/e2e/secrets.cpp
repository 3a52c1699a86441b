// Secrets through the real program: what is planted is used, and found nowhere: not in an answer, a stream, the log
// or a file of the data directory.
#include <boost/test/unit_test.hpp>

#include <filesystem>

#include "tests/support/api_client.hpp"
#include "tests/support/scratch_directory.hpp"
#include "tests/support/vendor_wire.hpp"

namespace {

using namespace flotilla::testing;
using nlohmann::json;

// Each is planted as a secret. The second one looks otherwise in JSON, and yet otherwise in JSON within JSON.
const std::string plain = "planted-Value-0123456789";
const std::string awkward = "pl\"anted\\two\nlines-\xC3\xBC";
const std::string tiny = "Zq7%";
const std::string vendor_key = "sk-planted-for-the-vendor";

/// A text as it stands inside a JSON string.
std::string escaped(const std::string& text) {
  const auto quoted = json(text).dump();
  return quoted.substr(1, quoted.size() - 2);
}

/// Every form in which a value would be a leak.
std::vector<std::string> forms() {
  std::vector<std::string> all;
  for (const auto& value : {plain, awkward, tiny, vendor_key}) {
    for (const auto& form : {value, escaped(value), escaped(escaped(value))}) all.push_back(form);
  }
  return all;
}

void check_clean(const std::string& text, const std::string& where) {
  for (const auto& form : forms()) BOOST_TEST(!contains(text, form), where << " shows " << form);
}

/// A text in a form that does not show it before it was read: JSON with its first character as an escape.
std::string disguised(const std::string& value) {
  constexpr auto digits = "0123456789abcdef";
  const auto first = static_cast<unsigned char>(value.front());
  return std::string(R"(\u00)") + digits[first >> 4U] + digits[first & 15U] + escaped(value.substr(1));
}

/// Looks through every file below a directory; says whether one of them holds `control`.
bool check_files(const std::filesystem::path& directory, const std::string& control) {
  bool found = false;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    if (!entry.is_regular_file()) continue;
    const auto content = read_file(entry.path());
    check_clean(content, entry.path().filename().string());
    found = found || contains(content, control);
  }
  return found;
}

struct office {
  explicit office(const launch_options& options = {}) : server(directory.path, options), api(server.port()) {
    put("PLAIN", plain);
    put("AWKWARD", awkward);
    put("TINY", tiny);
  }
  void put(const std::string& key, const std::string& value, json more = json::object()) const {
    more.update({{"key", key}, {"value", value}});
    const auto answer = api.post("/api/secrets", more);
    BOOST_REQUIRE_EQUAL(answer.status, 200);
    BOOST_TEST(answer.body == json({{"ok", true}}));
  }
  /// Runs a script to its end; checks the stream.
  std::vector<streamed_event> play(const std::string& agent, const std::string& script,
                                   const json& fields = json::object()) {
    task = api.new_task(agent, script, fields);
    auto events = api.run(task).rest();
    check_clean(bytes_of(events), "the stream");
    return events;
  }
  void check_everything(const std::string& control) {
    for (const auto* target :
         {"/api/agents", "/api/tasks", "/api/messages?limit=500", "/api/secrets", "/api/mcps", "/api/usage",
          "/api/me", "/api/epics", "/api/tokens", "/api/agents/tree", "/metrics"}) {
      check_clean(api.get(target).text, target);
    }
    check_clean(api.get("/api/tasks/" + task).text, "the task");
    check_clean(server.process().err(), "the log");
    check_clean(server.process().out(), "the standard output");
    BOOST_TEST(check_files(directory.path, control), "the search finds what is there");
  }

  scratch_directory directory;
  server_process server;
  api_client api;
  std::string task;
};

canned_reply answering(std::vector<std::string> pieces) {
  wire_answer what;
  what.text = std::move(pieces);
  what.input_tokens = what.output_tokens = 1;
  return streamed(stream_of(wire::openai, what));
}

std::string said(const std::string& text) {
  return "@say \"" + text + "\"\n";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(secrets)

BOOST_AUTO_TEST_CASE(whatever_a_run_says_is_clean) {
  office in;
  const auto agent = in.api.new_agent({{"name", "a " + plain}, {"role", "knows " + awkward}});
  std::string script = "control-text\n@think \"" + disguised(plain) + "\"\n";
  script += "@tool rehearse_echo {\"text\": \"" + disguised(awkward) + " and " + disguised(plain) + "\"}\n";
  script += "@result\n";
  script += said(disguised(plain)) + said(" ") + said(disguised(awkward)) + said(" ") + said(disguised(tiny));
  const auto events = in.play(agent, script, {{"title", "about " + plain}});
  BOOST_REQUIRE(events.back().is("status", "done"));
  BOOST_TEST(joined(events, "thinking") == "[secret:PLAIN]");
  BOOST_TEST(joined(events, "output") ==
             "[secret:AWKWARD] and [secret:PLAIN][secret:PLAIN] [secret:AWKWARD] [secret:TINY]");
  const auto shown = in.api.task(in.task);
  BOOST_TEST(shown["output"] == joined(events, "output"));
  BOOST_TEST(shown["title"] == "about [secret:PLAIN]");
  in.check_everything("control-text");
}

BOOST_AUTO_TEST_CASE(a_value_cut_anywhere_is_found) {
  office in;
  const auto agent = in.api.new_agent();
  for (std::size_t cut = 1; cut < plain.size(); ++cut) {
    const auto begin = plain.substr(0, cut);
    const auto rest = plain.substr(cut);
    // The pause makes the pieces two increments.
    const auto script = said("<" + begin) + "@delay 1ms\n" + said(rest + ">");
    const auto events = in.play(agent, script);
    BOOST_TEST(joined(events, "output") == "<[secret:PLAIN]>");
  }
  // What only begins like one is said as it is.
  const auto events = in.play(agent, said("it begins planted-Val") + "@delay 1ms\n" + said("ley"));
  BOOST_TEST(joined(events, "output") == "it begins planted-Valley");
  in.check_everything("planted-Valley");
}

BOOST_AUTO_TEST_CASE(what_humans_send_is_clean) {
  office in;
  const auto agent = in.api.new_agent();
  BOOST_TEST(in.api.post("/api/messages", {{"to", agent}, {"text", "use " + awkward}}).status == 201);
  const auto epic = in.api.post("/api/epics", {{"name", "epic " + plain}});
  BOOST_TEST(epic.status == 201);
  BOOST_TEST(epic.body["name"] == "epic [secret:PLAIN]");
  const auto token = in.api.post("/api/tokens", {{"name", "token " + plain}, {"role", "viewer"}});
  BOOST_TEST(token.body["name"] == "token [secret:PLAIN]");
  BOOST_TEST(in.api.patch("/api/agents/" + agent, {{"team", "team " + plain}}).status == 200);
  in.task = in.api.new_task(agent, "input with control-text and " + awkward);
  BOOST_TEST(in.api.patch("/api/tasks/" + in.task, {{"title", "now " + plain}}).status == 200);
  for (const auto* target :
       {"/api/agents?cursor=", "/api/tasks?status=", "/api/tasks/", "/api/secrets?agent=", "/"}) {
    const auto answer = in.api.get(target + plain);
    BOOST_TEST(answer.status >= 400);
    check_clean(answer.text, target);
  }
  in.check_everything("control-text");
}

BOOST_AUTO_TEST_CASE(the_key_of_an_agent_goes_before_that_of_the_org_and_that_before_the_environment) {
  fake_upstream upstream;
  office in({{}, {{"OPENAI_API_KEY", "sk-of-the-environment"}, {"OPENAI_BASE_URL", upstream.url() + "/v1"}}});
  const auto first = in.api.new_agent({{"provider", "openai"}});
  const auto second = in.api.new_agent({{"provider", "openai"}});
  const auto key_used_by = [&](const std::string& agent) {
    upstream.queue(answering({"hello"}));
    BOOST_TEST(joined(in.play(agent, "control-text"), "output") == "hello");
    return upstream.requests().back().headers.at("authorization");
  };
  BOOST_TEST(key_used_by(first) == "Bearer sk-of-the-environment");
  in.put("OPENAI_API_KEY", vendor_key);
  BOOST_TEST(key_used_by(first) == "Bearer " + vendor_key);
  in.put("OPENAI_API_KEY", "sk-of-the-agent-alone", {{"scope", "agent"}, {"agentId", first}});
  BOOST_TEST(key_used_by(first) == "Bearer sk-of-the-agent-alone");
  BOOST_TEST(key_used_by(second) == "Bearer " + vendor_key);
  BOOST_TEST(in.api.ask("DELETE", "/api/secrets?key=OPENAI_API_KEY").status == 200);
  BOOST_TEST(key_used_by(second) == "Bearer sk-of-the-environment");
  in.check_everything("control-text");
}

BOOST_AUTO_TEST_CASE(a_vendor_that_repeats_the_key_is_not_repeated) {
  fake_upstream upstream;
  office in({{}, {{"OPENAI_BASE_URL", upstream.url() + "/v1"}}});
  in.put("OPENAI_API_KEY", vendor_key);
  const auto agent = in.api.new_agent({{"provider", "openai"}});
  canned_reply reply;
  reply.status = 401;
  reply.headers = {"Content-Type: application/json"};
  reply.body = error_body(wire::openai, 401, "invalid_api_key", "Incorrect API key provided: " + vendor_key + ".");
  upstream.queue(reply);
  const auto events = in.play(agent, "control-text");
  BOOST_TEST(events.back().is("status", "error"));
  BOOST_TEST(contains(bytes_of(events), "[secret:OPENAI_API_KEY]"));
  in.check_everything("control-text");
}

BOOST_AUTO_TEST_CASE(secrets_outlive_a_restart_and_a_rotation) {
  fake_upstream upstream;
  const launch_options options{{}, {{"OPENAI_BASE_URL", upstream.url() + "/v1"}}};
  scratch_directory directory;
  const auto check_key = [&](server_process& server, const std::string& text) {
    const api_client api(server.port());
    upstream.queue(answering({"it is ", vendor_key}));
    const auto agent = api.new_agent({{"provider", "openai"}});
    const auto events = api.run(api.new_task(agent, text)).rest();
    BOOST_TEST(joined(events, "output") == "it is [secret:OPENAI_API_KEY]");
    BOOST_TEST(upstream.requests().back().headers.at("authorization") == "Bearer " + vendor_key);
    check_clean(server.process().err(), "the log");
  };
  {
    server_process server(directory.path, options);
    const api_client api(server.port());
    BOOST_TEST(api.post("/api/secrets", {{"key", "OPENAI_API_KEY"}, {"value", vendor_key}}).status == 200);
    check_key(server, "control-text");
    program second({"keys", "rotate", "--data", directory.path.string()}, {});
    BOOST_TEST(second.await_end().code == 1);  // the directory is in use
    BOOST_TEST(contains(second.err(), "flotilla serve"));
    server.kill();
  }
  const auto old_key = read_file(directory.path / "master-key");
  BOOST_TEST(old_key.size() >= 64U);
  BOOST_TEST((std::filesystem::status(directory.path / "master-key").permissions() ==
              (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write)));
  program rotation({"keys", "rotate", "--data", directory.path.string()}, {});
  BOOST_TEST(rotation.await_end().code == 0, rotation.err());
  BOOST_TEST(contains(rotation.out(), "Encrypted 1 secret "));
  BOOST_TEST(read_file(directory.path / "master-key") != old_key);
  BOOST_TEST(!std::filesystem::exists(directory.path / "master-key.next"));
  {
    server_process server(directory.path, options);
    check_key(server, "control-text");
    (void)server.terminate();
  }
  BOOST_TEST(check_files(directory.path, "OPENAI_API_KEY"));

  std::filesystem::remove(directory.path / "master-key");
  program without({"serve", "--data", directory.path.string(), "--listen", "127.0.0.1:0"}, {});
  BOOST_TEST(without.await_end().code != 0);
  BOOST_TEST(contains(without.err(), "master key"));
  BOOST_TEST(!std::filesystem::exists(directory.path / "master-key"));
}

BOOST_AUTO_TEST_SUITE_END()
