// MCP servers as configured: over the embedded fleet, and the decisions over a store that holds secrets.
#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

#include "flotilla/json.hpp"
#include "runtime/mcp_changes.hpp"
#include "storage/secret_records.hpp"
#include "tests/runtime/host.hpp"
#include "tests/storage/support.hpp"

using namespace flotilla;
using namespace flotilla::testing;

namespace {

mcp_draft stdio(const std::string& name) {
  mcp_draft draft;
  draft.name = name;
  draft.command = "mcp-files";
  draft.args = {"--root", "/srv"};
  draft.env = {{"MODE", "fast"}};
  return draft;
}

mcp_draft http(const std::string& name) {
  mcp_draft draft;
  draft.name = name;
  draft.transport = mcp_transport::http;
  draft.url = "https://example.com/mcp";
  draft.headers = {{"X-Team", "a"}};
  return draft;
}

struct with_host {
  with_host() : it(host::in_memory()) {}
  mcp_server add(const mcp_draft& draft) { return it.get(&fleet::create_mcp, draft); }
  result<mcp_server> patch(mcp_id which, const mcp_patch& by) { return it.ask(&fleet::update_mcp, which, by); }
  std::vector<mcp_server> all() { return it.get(&fleet::list_mcps, page_request{}).items; }

  host it;
};

/// A store with a secret of the org and one of an agent.
struct with_secrets {
  with_secrets() {
    storage::batch changes;
    storage::write_secret(changes, org, nullptr, {{secret_scope::org, std::nullopt, "ORG_KEY"}, now, "sealed"});
    storage::write_secret(changes, org, nullptr,
                          {{secret_scope::agent, agent_id::make(now), "AGENT_KEY"}, now, "sealed"});
    storage::testing::must_commit(*store, std::move(changes));
  }
  [[nodiscard]] std::unique_ptr<storage::snapshot> view() const { return storage::testing::view(*store); }
  result<mcp_server> create(const mcp_draft& draft, const mcp_policy& policy = {}) const {
    auto made = runtime::decide_create(*view(), org, draft, policy, now);
    if (!made) return fail(std::move(made.error()));
    storage::testing::must_commit(*store, std::move(made->changes));
    return std::move(made->answer);
  }
  result<mcp_server> update(mcp_id which, const mcp_patch& by, const mcp_policy& policy = {}) const {
    auto made = runtime::decide_update(*view(), org, which, by, policy);
    if (!made) return fail(std::move(made.error()));
    return std::move(made->answer);
  }

  timestamp now{std::chrono::milliseconds{1'800'000'000'000}};
  org_id org = org_id::make(now);
  std::unique_ptr<storage::store> store = storage::make_memory_store();
};

}  // namespace

BOOST_AUTO_TEST_SUITE(mcps)

BOOST_FIXTURE_TEST_CASE(servers_are_added_found_and_listed_newest_first, with_host) {
  const auto files = add(stdio("files"));
  const auto web = add(http("web"));
  BOOST_TEST((files.status == mcp_status::disconnected));
  BOOST_TEST(files.tools.empty());
  BOOST_TEST(files.command.value_or("") == "mcp-files");
  BOOST_TEST((web.transport == mcp_transport::http));
  BOOST_TEST((it.get(&fleet::find_mcp, files.id) == files));
  BOOST_TEST((all() == std::vector{web, files}));
  page_request one;
  one.limit = 1;
  const auto page = it.get(&fleet::list_mcps, one);
  BOOST_REQUIRE(page.next.has_value());
  one.cursor = page.next;
  BOOST_TEST((it.get(&fleet::list_mcps, one).items == std::vector{files}));
}

BOOST_FIXTURE_TEST_CASE(one_that_is_deleted_is_gone_and_its_name_free, with_host) {
  const auto files = add(stdio("files")).id;
  BOOST_TEST(it.ask(&fleet::delete_mcp, files).has_value());
  (void)refusal(it.ask(&fleet::delete_mcp, files), errc::not_found);
  (void)refusal(it.ask(&fleet::find_mcp, files), errc::not_found);
  (void)refusal(patch(files, {}), errc::not_found);
  BOOST_TEST(all().empty());
  BOOST_TEST((add(stdio("files")).id != files));
}

BOOST_FIXTURE_TEST_CASE(a_name_is_unique, with_host) {
  const auto files = add(stdio("files")).id;
  const auto web = add(http("web")).id;
  BOOST_TEST(refusal(it.ask(&fleet::create_mcp, http("files")), errc::invalid) == "name: is taken");
  mcp_patch rename;
  rename.name = "files";
  BOOST_TEST(refusal(patch(web, rename), errc::invalid) == "name: is taken");
  BOOST_TEST(patch(files, rename).has_value());  // it is its own
  rename.name = "disk";
  BOOST_TEST(patch(files, rename).has_value());
  rename.name = "files";
  BOOST_TEST(patch(web, rename).value().name == "files");
  BOOST_TEST(all().size() == 2U);
}

BOOST_FIXTURE_TEST_CASE(of_two_that_want_a_name_at_once_one_gets_it, with_host) {
  constexpr int rounds = 20;
  for (int i = 0; i < rounds; ++i) {
    const auto draft = stdio("n" + std::to_string(i));
    std::promise<result<mcp_server>> first;
    std::promise<result<mcp_server>> second;
    it.runtime->create_mcp(it.who, draft, [&](result<mcp_server> done) { first.set_value(std::move(done)); });
    it.runtime->create_mcp(it.who, draft, [&](result<mcp_server> done) { second.set_value(std::move(done)); });
    const auto a = first.get_future().get();
    const auto b = second.get_future().get();
    BOOST_REQUIRE((a.has_value() != b.has_value()));
    BOOST_TEST((a ? b : a).error().message == "name: is taken");
  }
  BOOST_TEST(all().size() == std::size_t{rounds});
}

BOOST_FIXTURE_TEST_CASE(bad_values_change_nothing, with_host) {
  auto draft = stdio("-");
  BOOST_TEST(refusal(it.ask(&fleet::create_mcp, draft), errc::invalid).starts_with("name: "));
  draft = stdio("a");
  draft.command.reset();
  BOOST_TEST(refusal(it.ask(&fleet::create_mcp, draft), errc::invalid).starts_with("command: "));
  draft = http("a");
  draft.url = "http://169.254.169.254/";
  BOOST_TEST(refusal(it.ask(&fleet::create_mcp, draft), errc::invalid).starts_with("url: "));
  BOOST_TEST(all().empty());
  const auto web = add(http("web"));
  mcp_patch patched;
  patched.name = "other";
  patched.url = std::optional<std::string>("file:///etc/passwd");
  BOOST_TEST(refusal(patch(web.id, patched), errc::invalid).starts_with("url: "));
  patched = {};
  patched.url.emplace(std::nullopt);
  BOOST_TEST(refusal(patch(web.id, patched), errc::invalid).starts_with("url: "));
  patched = {};
  patched.command = std::optional<std::string>("x");
  BOOST_TEST(refusal(patch(web.id, patched), errc::invalid).starts_with("command: "));
  BOOST_TEST((all() == std::vector{web}));
}

BOOST_FIXTURE_TEST_CASE(another_transport_drops_what_belonged_to_the_first, with_host) {
  const auto made = add(stdio("a"));
  mcp_patch to_http;
  to_http.transport = mcp_transport::http;
  BOOST_TEST(refusal(patch(made.id, to_http), errc::invalid).starts_with("url: is required"));
  to_http.url = std::optional<std::string>("https://example.com/");
  const auto over_http = patch(made.id, to_http).value();
  BOOST_TEST((!over_http.command && over_http.args.empty() && over_http.env.empty()));
  BOOST_TEST(over_http.url.value_or("") == "https://example.com/");
  mcp_patch to_stdio;
  to_stdio.transport = mcp_transport::stdio;
  to_stdio.command = std::optional<std::string>("mcp-files");
  const auto over_stdio = patch(made.id, to_stdio).value();
  BOOST_TEST((!over_stdio.url && over_stdio.headers.empty() && over_stdio.args.empty()));
  BOOST_TEST((it.get(&fleet::find_mcp, made.id) == over_stdio));
}

BOOST_FIXTURE_TEST_CASE(an_agent_names_servers_that_there_are, with_host) {
  const auto files = add(stdio("files")).id;
  auto draft = host::draft_agent("Ada");
  draft.mcps = {"files", "web"};
  BOOST_TEST(refusal(it.ask(&fleet::create_agent, draft), errc::invalid) == "mcps: no such MCP server: web");
  draft.mcps = {"files"};
  const auto ada = it.get(&fleet::create_agent, draft);
  agent_patch more;
  more.mcps = {"files", "web"};
  BOOST_TEST(refusal(it.ask(&fleet::update_agent, ada.id, more), errc::invalid) == "mcps: no such MCP server: web");
  BOOST_TEST((it.get(&fleet::find_agent, ada.id) == ada));
  (void)add(http("web"));
  BOOST_TEST((it.get(&fleet::update_agent, ada.id, more).mcps == std::vector<std::string>{"files", "web"}));
  // A server may go while agents name it; they can be changed all the same.
  BOOST_TEST(it.ask(&fleet::delete_mcp, files).has_value());
  agent_patch rename;
  rename.name = "Ada L.";
  BOOST_TEST(it.get(&fleet::update_agent, ada.id, rename).name == "Ada L.");
  BOOST_TEST(refusal(it.ask(&fleet::update_agent, ada.id, more), errc::invalid) == "mcps: no such MCP server: files");
}

BOOST_FIXTURE_TEST_CASE(an_org_has_a_bounded_number, with_host) {
  for (std::size_t i = 0; i < max_mcp_servers_per_org; ++i) (void)add(http("n" + std::to_string(i)));
  const auto message = refusal(it.ask(&fleet::create_mcp, http("more")), errc::forbidden);
  BOOST_TEST(message.find(std::to_string(max_mcp_servers_per_org)) != std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_policy_is_the_operators) {
  fleet_options options;
  options.mcp.stdio_allow = {"/nowhere/*"};
  options.mcp.allow_link_local = true;
  auto it = host::in_memory(options);
  auto draft = stdio("a");
  draft.command = "sh";
  (void)refusal(it.ask(&fleet::create_mcp, draft), errc::forbidden);
  auto local = http("b");
  local.url = "http://[fe80::1]/";
  BOOST_TEST(it.get(&fleet::create_mcp, local).url.value_or("") == "http://[fe80::1]/");
}

BOOST_FIXTURE_TEST_CASE(references_name_secrets_that_there_are, with_secrets) {
  auto draft = stdio("a");
  draft.args = {"--key=${secret:ORG_KEY}"};
  draft.env = {{"TOKEN", "${secret:AGENT_KEY}"}};
  const auto made = create(draft);
  BOOST_REQUIRE(made);
  BOOST_TEST((made->args == draft.args && made->env == draft.env));  // shown as written
  BOOST_TEST(to_json(*made).find("sealed") == std::string::npos);
  draft.name = "b";
  draft.env = {{"TOKEN", "a${secret:ORG_KEY}${secret:NO_KEY}"}};
  BOOST_TEST(refusal(create(draft), errc::invalid) == "env: no such secret: NO_KEY");
  draft.args = {"${secret:NEITHER}"};
  BOOST_TEST(refusal(create(draft), errc::invalid) == "args: no such secret: NEITHER");
  auto over_http = http("c");
  over_http.headers = {{"Authorization", "Bearer ${secret:NO_KEY}"}};
  BOOST_TEST(refusal(create(over_http), errc::invalid) == "headers: no such secret: NO_KEY");
  over_http.headers = {{"Authorization", "Bearer ${secret:key}"}};
  BOOST_TEST(refusal(create(over_http), errc::invalid).starts_with("headers: a reference must have the form"));
}

BOOST_FIXTURE_TEST_CASE(a_change_checks_the_whole_again, with_secrets) {
  auto draft = stdio("a");
  draft.env = {{"TOKEN", "${secret:ORG_KEY}"}};
  const auto made = create(draft);
  BOOST_REQUIRE(made);
  mcp_patch rename;
  rename.name = "b";
  BOOST_TEST(update(made->id, rename).has_value());
  storage::batch changes;
  const auto kept = storage::read_secret(*view(), org, {secret_scope::org, std::nullopt, "ORG_KEY"});
  BOOST_REQUIRE((kept && *kept));
  storage::erase_secret(changes, org, **kept);
  storage::testing::must_commit(*store, std::move(changes));
  BOOST_TEST(refusal(update(made->id, rename), errc::invalid) == "env: no such secret: ORG_KEY");
  mcp_policy strict;
  strict.stdio_allow = {"/nowhere/*"};
  rename.env.emplace();
  BOOST_TEST(update(made->id, rename).has_value());
  BOOST_TEST(refusal(update(made->id, rename, strict), errc::invalid) == "command: no such executable");
}

BOOST_AUTO_TEST_SUITE_END()
