// Addresses to listen on: what is read, what is refused, and that writing is the inverse of reading.
#include "cli/endpoint.hpp"

#include <boost/test/unit_test.hpp>

using namespace flotilla;
using namespace flotilla::cli;

BOOST_AUTO_TEST_SUITE(endpoint)

BOOST_AUTO_TEST_CASE(reads_hosts_and_ports) {
  BOOST_TEST((parse_endpoint("127.0.0.1:8080") == cli::endpoint{"127.0.0.1", 8080}));
  BOOST_TEST((parse_endpoint("localhost:0") == cli::endpoint{"localhost", 0}));
  BOOST_TEST((parse_endpoint("[::1]:8080") == cli::endpoint{"::1", 8080}));
  BOOST_TEST((parse_endpoint("[fe80::1%eth0]:65535") == cli::endpoint{"fe80::1%eth0", 65535}));
}

BOOST_AUTO_TEST_CASE(refuses_what_is_no_address) {
  for (const auto* text : {"", ":", "8080", ":8080", "localhost", "localhost:", "localhost:65536", "localhost:-1",
                           "localhost:80x", "::1:8080", "[::1]", "[]:80", "[::1:80", "a b:80", "http://a:80"}) {
    const auto parsed = parse_endpoint(text);
    BOOST_TEST_CONTEXT(text) {
      BOOST_REQUIRE(!parsed);
      BOOST_TEST((parsed.error().code == errc::invalid));
      BOOST_TEST(parsed.error().message.find("HOST:PORT") != std::string::npos);
    }
  }
}

BOOST_AUTO_TEST_CASE(writes_what_it_reads) {
  for (const std::string text : {"127.0.0.1:8080", "[::1]:8080", "localhost:1"}) {
    BOOST_TEST(to_string(parse_endpoint(text).value()) == text);
  }
}

BOOST_AUTO_TEST_SUITE_END()
