// Where MCP servers may be.
#include "runtime/mcp_places.hpp"

#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <string>
#include <string_view>

#include "tests/support/scratch_directory.hpp"

using namespace flotilla;
using namespace flotilla::runtime;
using flotilla::testing::scratch_directory;

namespace {

/// "fine" or the message.
std::string url(const std::string& text, bool allow_link_local = false) {
  mcp_policy policy;
  policy.allow_link_local = allow_link_local;
  const auto checked = check_url(text, policy);
  if (checked) return "fine";
  BOOST_TEST((checked.error().code == errc::invalid));
  BOOST_TEST(checked.error().message.starts_with("url: must "));
  return checked.error().message;
}

struct executables : scratch_directory {
  executables() {
    for (const auto* name : {"good", "other"}) {
      (void)write(name, "#!/bin/sh\n");
      std::filesystem::permissions(path / name, std::filesystem::perms::owner_all);
    }
    (void)write("data", "");
    std::filesystem::create_directory(path / "folder");
    std::filesystem::create_symlink(path / "good", path / "link");
    std::filesystem::create_symlink(path / "nowhere", path / "dangling");
    root = std::filesystem::canonical(path).string();
  }
  result<void> check(const std::string& command, std::vector<std::string> globs) const {
    mcp_policy policy;
    policy.stdio_allow = std::move(globs);
    return check_command(command, policy);
  }
  std::string in(const std::string& name) const { return (path / name).string(); }
  std::string root;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(mcp_places)

BOOST_AUTO_TEST_CASE(good_urls) {
  for (const auto* good : {
           "https://example.com/mcp",
           "http://example.com",
           "HTTP://EXAMPLE.COM:8080/a?b=c#d",
           "http://localhost:3000/",
           "http://127.0.0.1/",
           "http://[::1]:3000/mcp",
           "http://10.0.0.7/",
           "http://my_host/",
           "http://xn--bcher-kva/",
           "http://a.example./",
           "https://example.com/a@b",
           "https://example.com/169.254.169.254",
       }) {
    BOOST_TEST_CONTEXT(good) BOOST_TEST(url(good) == "fine");
  }
}

BOOST_AUTO_TEST_CASE(urls_that_are_none) {
  for (const auto* bad : {
           "example.com",
           "/mcp",
           "//example.com",
           "http:",
           "http://",
           "http:///169.254.169.254/",
           "https://:443/",
           "http://a b/",
           "http://example.com:99999/",
           "http://example.com:x/",
           "http://[::1",
           "http://[g::]/",
           "http://a\x01/",
           "x",
           "ftp://example.com/",
           "file:///etc/passwd",
           "gopher://example.com/",
           "javascript:alert(1)",
           "ws://a/",
           "http+unix://a/",
           "http://b\xC3\xBC"
           "cher/",
           "http://a%00b/",
           "http://ex%20ample/",
           "http://a\\b/",
           "http://a,b/",
           "http://\xEF\xBC\x91\xEF\xBC\x96\xEF\xBC\x99.254.169.254/",
       }) {
    BOOST_TEST_CONTEXT(bad) BOOST_TEST(url(bad) != "fine");
  }
}

BOOST_AUTO_TEST_CASE(no_user_and_no_password) {
  for (const auto* bad : {"http://u@example.com/", "http://u:p@example.com/", "http://:p@example.com/",
                          "http://example.com\\@127.0.0.1/", "http://example.com@169.254.169.254/"}) {
    BOOST_TEST_CONTEXT(bad) BOOST_TEST(url(bad) != "fine");
    BOOST_TEST_CONTEXT(bad) BOOST_TEST(url(bad, true) != "fine");
  }
  BOOST_TEST(url("http://u:p@example.com/") == "url: must not hold a user or a password");
}

BOOST_AUTO_TEST_CASE(link_local_and_metadata) {
  for (const auto* bad : {
           "http://169.254.169.254/latest/meta-data",
           "http://169.254.1.1:80/",
           "http://2852039166/",
           "http://0xA9FEA9FE/",
           "http://025177524776/",
           "http://0xa9.0xfe.0xa9.0xfe/",
           "http://0251.0376.0251.0376/",
           "http://169.16689662/",
           "http://169.254.43518/",
           "http://169.254.169.254./",
           "http://%31%36%39.254.169.254/",
           "http://[fe80::1]/",
           "http://[fe80::1%25eth0]/",
           "http://[::ffff:169.254.169.254]/",
           "http://[::ffff:a9fe:a9fe]/",
           "http://[64:ff9b::a9fe:a9fe]/",
           "http://[fd00:ec2::254]/",
           "http://100.100.100.200/",
           "http://192.0.0.192/",
           "http://metadata.google.internal/computeMetadata/v1/",
           "http://METADATA.google.internal./",
           "https://metadata/",
       }) {
    BOOST_TEST_CONTEXT(bad) {
      BOOST_TEST(url(bad).find("link-local or metadata") != std::string::npos);
      BOOST_TEST(url(bad, true) == "fine");
    }
  }
}

BOOST_AUTO_TEST_CASE(without_globs_every_command_is_allowed) {
  const executables in;
  BOOST_TEST(in.check("no-such-program-anywhere", {}).has_value());
}

BOOST_AUTO_TEST_CASE(a_command_is_resolved_before_it_is_matched) {
  const executables in;
  BOOST_TEST(in.check(in.in("good"), {in.root + "/good"}).has_value());
  BOOST_TEST(in.check(in.in("folder/../good"), {in.root + "/good"}).has_value());
  BOOST_TEST(in.check(in.in("link"), {in.root + "/good"}).has_value());
  BOOST_TEST(in.check(in.in("other"), {"/nowhere/*", in.root + "/o*"}).has_value());
  BOOST_TEST(in.check("sh", {"/*"}).has_value());  // by PATH
  for (const auto& glob : {in.root + "/link", in.root + "/o*", std::string("good"), std::string("sh")}) {
    for (const auto& command : {in.in("link"), in.in("good"), in.in("folder/../good"), std::string("sh")}) {
      const auto refused = in.check(command, {glob});
      BOOST_REQUIRE(!refused);
      BOOST_TEST((refused.error().code == errc::forbidden));
      BOOST_TEST(refused.error().message.find("--mcp-stdio-allow") != std::string::npos);
      BOOST_TEST(refused.error().message.find('/') == std::string::npos);
    }
  }
}

BOOST_AUTO_TEST_CASE(what_is_no_executable) {
  const executables in;
  for (const auto& command : {in.in("data"), in.in("folder"), in.in("dangling"), in.in("nowhere"), std::string("."),
                              std::string(".."), std::string("no-such-program-anywhere"), in.in("good") + "/"}) {
    const auto refused = in.check(command, {"*"});
    BOOST_TEST_CONTEXT(command) {
      BOOST_REQUIRE(!refused);
      BOOST_TEST((refused.error().code == errc::invalid));
      BOOST_TEST(refused.error().message == "command: no such executable");
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
