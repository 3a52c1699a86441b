// The table of routes: every row is reached, says all that it must, and no row hides another.
#include "http/routes.hpp"

#include <boost/test/unit_test.hpp>

#include <set>

#include "http/contract_check.hpp"
#include "http/handlers.hpp"

namespace {

using namespace flotilla;
using namespace flotilla::http;

std::string path_of(const route& one, const std::string& id) {
  std::string path(one.pattern);
  if (const auto at = path.find("{id}"); at != std::string::npos) path.replace(at, 4, id);
  return path;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(routes)

BOOST_AUTO_TEST_CASE(are_each_found_and_say_what_they_are) {
  std::set<std::string_view> operations;
  for (const auto& one : http::routes()) {
    BOOST_TEST_CONTEXT(one.operation) {
      const auto path = path_of(one, "x");
      const auto found = find_route(one.verb, path);
      BOOST_TEST(found.found == &one);
      BOOST_TEST(one.id.has_value() == (found.id == "x"));
      BOOST_TEST(operations.insert(one.operation).second);
      BOOST_TEST(!one.summary.empty());
      BOOST_TEST(!one.tag.empty());
      BOOST_TEST(one.takes.body.empty() == (one.takes.body_name.empty() || one.takes.body_name == "Nothing"));
    }
  }
}

BOOST_AUTO_TEST_CASE(ask_for_the_roles_of_the_contract) {
  const std::set<std::string_view> admins = {"secrets", "mcps", "tokens", "backup"};
  for (const auto& one : http::routes()) {
    BOOST_TEST_CONTEXT(one.operation) {
      const auto is_api = one.pattern.starts_with("/api/") && one.pattern != "/api/openapi.json";
      BOOST_TEST(one.least.has_value() == is_api);
      if (!is_api) continue;
      const auto rest = one.pattern.substr(5);
      const auto for_admins = admins.contains(rest.substr(0, rest.find('/')));
      const auto expected = for_admins ? role::admin : one.verb == method::get ? role::viewer : role::operator_;
      BOOST_TEST((one.least == expected));
    }
  }
}

BOOST_AUTO_TEST_CASE(of_a_tree_win_over_those_of_an_agent) {
  BOOST_TEST(find_route(method::get, "/api/agents/tree").found->operation == "getAgentTree");
  BOOST_TEST(find_route(method::get, "/api/agents/three").found->operation == "getAgent");
  BOOST_TEST(find_route(method::patch, "/api/agents/tree").id == "tree");
}

BOOST_AUTO_TEST_CASE(have_the_errors_that_follow_from_them) {
  const server_options options;
  const auto statuses = [&](method verb, std::string_view path) {
    return error_statuses(*find_route(verb, path).found, options);
  };
  BOOST_TEST(statuses(method::get, "/healthz") == (std::vector{431, 500}));
  BOOST_TEST(statuses(method::get, "/api/me") == (std::vector{401, 429, 431, 500, 503}));
  BOOST_TEST(statuses(method::get, "/api/agents") == (std::vector{400, 401, 429, 431, 500, 503}));
  BOOST_TEST(statuses(method::get, "/api/agents/x") == (std::vector{401, 404, 429, 431, 500, 503}));
  BOOST_TEST(statuses(method::post, "/api/run") ==
             (std::vector{400, 401, 403, 404, 409, 413, 415, 429, 431, 500, 503}));
}

BOOST_AUTO_TEST_CASE(of_the_metrics_are_as_the_settings_say) {
  const auto& metrics = *find_route(method::get, "/metrics").found;
  server_options options;
  BOOST_TEST(is_served(metrics, options));
  BOOST_TEST(!least_role(metrics, options).has_value());
  options.metrics = metrics_access::token;
  BOOST_TEST((least_role(metrics, options) == role::viewer));
  options.metrics = metrics_access::off;
  BOOST_TEST(!is_served(metrics, options));
  BOOST_TEST(is_served(*find_route(method::get, "/healthz").found, options));
}

BOOST_AUTO_TEST_CASE(have_examples_that_they_take) {
  for (const auto& one : http::routes()) {
    if (one.takes.body_name.empty()) continue;
    const auto example = parse_object(one.takes.body_example);
    BOOST_REQUIRE_MESSAGE(example.has_value(), one.operation);
    const auto checked = check_fields(one.takes.body, *example);
    BOOST_TEST(checked.has_value(), one.operation << ": " << (checked ? "" : checked.error().message));
  }
}

BOOST_AUTO_TEST_CASE(have_defaults_that_they_take) {
  for (const auto& one : http::routes()) {
    for (const auto& fields : {one.takes.query, one.takes.body}) {
      for (const auto& each : fields) {
        if (each.fallback.empty()) continue;
        const auto problem = fault_of(each, nlohmann::json::parse(each.fallback));
        BOOST_TEST(problem.empty(), one.operation << " " << each.name << ": " << problem);
        BOOST_TEST(!each.required);
      }
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
