// What the configuration of an MCP server must be.
#include "core/mcp_rules.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

#include "flotilla/limits.hpp"

using namespace flotilla;

namespace {

mcp_server good_stdio() {
  mcp_server server;
  server.name = "files";
  server.transport = mcp_transport::stdio;
  server.command = "mcp-files";
  server.args = {"--root", "", "a\nb", "--key=${secret:KEY}"};
  server.env = {{"TOKEN", "${secret:TOKEN}"}, {"_x1", ""}};
  return server;
}

mcp_server good_http() {
  mcp_server server;
  server.name = "web";
  server.transport = mcp_transport::http;
  server.url = "https://example.com/mcp";
  server.headers = {{"Authorization", "Bearer ${secret:WEB}"}, {"X-Empty", ""}};
  return server;
}

/// "fine" or the message.
std::string verdict(const mcp_server& server) {
  const auto checked = validate(server);
  if (checked) return "fine";
  BOOST_TEST((checked.error().code == errc::invalid));
  return checked.error().message;
}

template <class Change>
std::string stdio_with(Change change) {
  auto server = good_stdio();
  change(server);
  return verdict(server);
}

template <class Change>
std::string http_with(Change change) {
  auto server = good_http();
  change(server);
  return verdict(server);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(mcp_rules)

BOOST_AUTO_TEST_CASE(good_ones) {
  BOOST_TEST(verdict(good_stdio()) == "fine");
  BOOST_TEST(verdict(good_http()) == "fine");
}

BOOST_AUTO_TEST_CASE(names) {
  for (const std::string good : {"a", "9", "A-b_c", "0-"}) {
    BOOST_TEST_CONTEXT(good) BOOST_TEST(http_with([&](auto& s) { s.name = good; }) == "fine");
  }
  BOOST_TEST(http_with([](auto& s) { s.name = std::string(max_mcp_name_bytes, 'n'); }) == "fine");
  for (const std::string bad : {"", " ", "-a", "_a", "a b", "a.b", "a/b", "é", "a\n", "\xFF"}) {
    BOOST_TEST_CONTEXT(bad) BOOST_TEST(http_with([&](auto& s) { s.name = bad; }).starts_with("name: must "));
  }
  BOOST_TEST(http_with([](auto& s) { s.name = std::string(max_mcp_name_bytes + 1, 'n'); }).starts_with("name: "));
}

BOOST_AUTO_TEST_CASE(a_transport_needs_its_own) {
  BOOST_TEST(stdio_with([](auto& s) { s.command.reset(); }) == "command: is required with this transport");
  BOOST_TEST(http_with([](auto& s) { s.url.reset(); }) == "url: is required with this transport");
}

BOOST_AUTO_TEST_CASE(a_transport_takes_nothing_of_the_other) {
  BOOST_TEST(stdio_with([](auto& s) { s.url = "http://a/"; }) == "url: belongs to the other transport");
  BOOST_TEST(stdio_with([](auto& s) { s.headers = {{"A", "b"}}; }) == "headers: belongs to the other transport");
  BOOST_TEST(http_with([](auto& s) { s.command = "a"; }) == "command: belongs to the other transport");
  BOOST_TEST(http_with([](auto& s) { s.args = {"a"}; }) == "args: belongs to the other transport");
  BOOST_TEST(http_with([](auto& s) { s.env = {{"A", "b"}}; }) == "env: belongs to the other transport");
}

BOOST_AUTO_TEST_CASE(commands) {
  for (const auto& bad : {std::string(), std::string(" "), std::string("a\nb"), std::string("a\0b", 3),
                          std::string("\xFF"), std::string(max_argument_bytes + 1, 'c')}) {
    BOOST_TEST(stdio_with([&](auto& s) { s.command = bad; }).starts_with("command: must "));
  }
  BOOST_TEST(stdio_with([](auto& s) { s.command = std::string(max_argument_bytes, 'c'); }) == "fine");
  BOOST_TEST(stdio_with([](auto& s) { s.command = "${secret:KEY}"; }) ==
             "command: secrets can be named in args, env and headers only");
  BOOST_TEST(http_with([](auto& s) { s.url = "http://a/${secret:KEY}"; }) ==
             "url: secrets can be named in args, env and headers only");
  BOOST_TEST(http_with([](auto& s) { s.url = ""; }) == "url: must not be empty");
}

BOOST_AUTO_TEST_CASE(arguments) {
  for (const auto& bad : {std::string("a\0b", 3), std::string("\xFF"), std::string("${secret:"),
                          std::string(max_argument_bytes + 1, 'c')}) {
    BOOST_TEST(stdio_with([&](auto& s) { s.args = {"fine", bad}; }).starts_with("args: "));
  }
  BOOST_TEST(stdio_with([](auto& s) { s.args.assign(max_list_items, "a"); }) == "fine");
  BOOST_TEST(stdio_with([](auto& s) { s.args.assign(max_list_items + 1, "a"); }) ==
             "args: must not have more than 100 items");
}

BOOST_AUTO_TEST_CASE(variables) {
  for (const std::string bad : {"", "1A", "A-B", "A=B", "A B", "É"}) {
    BOOST_TEST_CONTEXT(bad)
    BOOST_TEST(stdio_with([&](auto& s) { s.env = {{bad, "v"}}; }).starts_with("env: a name "));
  }
  for (const auto& bad : {std::string("a\0b", 3), std::string("\xFF"), std::string("${secret:x}"),
                          std::string(max_argument_bytes + 1, 'v')}) {
    BOOST_TEST(stdio_with([&](auto& s) { s.env = {{"A", bad}}; }).starts_with("env: "));
  }
  const auto many = [](std::size_t count) {
    mcp_variables variables;
    for (std::size_t i = 0; i < count; ++i) variables["V" + std::to_string(i)] = "v";
    return variables;
  };
  BOOST_TEST(stdio_with([&](auto& s) { s.env = many(max_variables); }) == "fine");
  BOOST_TEST(stdio_with([&](auto& s) { s.env = many(max_variables + 1); }) ==
             "env: must not have more than 100 items");
  BOOST_TEST(http_with([&](auto& s) { s.headers = many(max_variables + 1); }).starts_with("headers: must not have"));
}

BOOST_AUTO_TEST_CASE(headers) {
  BOOST_TEST(http_with([](auto& s) { s.headers = {{"!#$%&'*+-.^_`|~09azAZ", "v"}}; }) == "fine");
  for (const std::string bad : {"", "A B", "A:", "A\r", "A(", "É"}) {
    BOOST_TEST_CONTEXT(bad)
    BOOST_TEST(http_with([&](auto& s) { s.headers = {{bad, "v"}}; }).starts_with("headers: a name "));
  }
  for (const std::string bad : {"a\r\nB: c", "a\n", "a\tb", "\x7F", "${secret:"}) {
    BOOST_TEST(http_with([&](auto& s) { s.headers = {{"A", bad}}; }).starts_with("headers: "));
  }
  BOOST_TEST(http_with([](auto& s) {
               s.headers = {{"X-A", "1"}, {"x-a", "2"}};
             }) == "headers: two names differ in upper and lower case only");
}

BOOST_AUTO_TEST_CASE(the_secrets_that_are_named) {
  BOOST_TEST((named_secrets(good_stdio()) == std::vector<named_secret>{{"args", "KEY"}, {"env", "TOKEN"}}));
  BOOST_TEST((named_secrets(good_http()) == std::vector<named_secret>{{"headers", "WEB"}}));
}

BOOST_AUTO_TEST_SUITE_END()
