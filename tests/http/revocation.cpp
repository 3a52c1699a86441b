// A token that is revoked opens nothing, and what it had opened is cut off at once.
#include <boost/test/unit_test.hpp>

#include <nlohmann/json.hpp>

#include "http/sse.hpp"
#include "tests/http/serving.hpp"

using namespace flotilla;
using namespace flotilla::test;
using nlohmann::json;

namespace {

struct revoking : serving {
  revoking() : serving(http::server_options{}) {}

  struct made_token {
    std::string place;
    std::string text;
  };
  [[nodiscard]] made_token make_token() const {
    const auto made = ask_admin("POST", "/api/tokens", R"({"name":"t"})");
    return {made.at("location"), json::parse(made.body).at("token").get<std::string>()};
  }
  [[nodiscard]] client watch(const std::string& text) const {
    client one(server->port());
    one.send(request_text("GET", task_path() + "/events", text));
    return one;
  }
  void revoke(const made_token& which) const { BOOST_REQUIRE(ask_admin("DELETE", which.place).status == 200); }
  std::shared_ptr<fake_log> journal() { return fleet.log(fleet.a_task.id); }
};

/// A client that counts what is done to its stream; its writes are through when a test says so.
class slow_exchange final : public http::exchange {
 public:
  [[nodiscard]] const http::request& in() const noexcept override { return in_; }
  [[nodiscard]] http::connection_id connection() const noexcept override { return 1; }
  [[nodiscard]] http::client_address remote() const noexcept override { return {}; }
  void answer(http::response what) override { status = what.status; }
  void begin_stream(std::string /*first*/, http::write_handler done) override { writing = std::move(done); }
  void write(std::string /*bytes*/, http::write_handler done) override {
    ++writes;
    writing = std::move(done);
  }
  void finish(std::string /*bytes*/) override {}
  void cut() override { ++cuts; }

  int status = 0;
  int writes = 0;
  int cuts = 0;
  http::write_handler writing;

 private:
  http::request in_;
};

token_id a_token(std::uint8_t number) {
  token_id which;
  which.value.bytes[15] = number;
  return which;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(revocation, revoking)

BOOST_AUTO_TEST_CASE(cuts_off_the_streams_of_the_token_and_no_other) {
  const auto token = make_token();
  auto mine = watch(token.text);
  auto others = watch(token_of(role::viewer));
  BOOST_TEST(mine.read_head().status == 200);
  BOOST_TEST(mine.next_block().value() == ":");
  BOOST_TEST(others.read_head().status == 200);
  journal()->await_subscriptions(2);
  revoke(token);
  BOOST_CHECK_THROW((void)mine.next_block(), std::runtime_error);  // not a regular end
  journal()->await_subscriptions(1);
  journal()->append("1");
  BOOST_TEST(others.next_event().value() == "id: 1\ndata: 1");
  BOOST_TEST(fetch(server->port(), "GET", "/api/me", token.text).status == 401);
}

BOOST_AUTO_TEST_CASE(refuses_a_stream_that_is_being_opened) {
  const auto token = make_token();
  fleet.hold_watch = true;
  auto one = watch(token.text);
  fleet.await_held_watch();
  revoke(token);
  fleet.let_watch();
  const auto refused = one.read();
  BOOST_TEST(refused.status == 401);
  BOOST_TEST(refused.at("www-authenticate") == "Bearer");
  journal()->await_subscriptions(0);
}

BOOST_AUTO_TEST_CASE(is_told_to_nobody_after_the_server_has_gone) {
  const auto token = make_token();
  BOOST_TEST(fleet.has_revocation_listener());
  server.reset();
  BOOST_TEST(!fleet.has_revocation_listener());
}

BOOST_AUTO_TEST_CASE(waits_for_a_write_that_is_under_way_and_sends_nothing_more) {
  http::stream_registry registry(10);
  const auto client = std::make_shared<slow_exchange>();
  client->who.token = a_token(1);
  auto log = std::make_shared<fake_log>();
  registry.open(client, std::make_shared<fake_subscription>(log, 0));
  log->append("1");
  registry.note_revoked(a_token(1));
  registry.cut_off(a_token(1));
  BOOST_TEST(log->subscriptions() == 0U);
  BOOST_TEST(client->cuts == 0);
  client->writing(true);
  BOOST_TEST(client->cuts == 1);
  BOOST_TEST(client->writes == 0);
  BOOST_TEST(registry.size() == 0U);
  client->writing = {};  // it holds the stream, which holds the client
}

BOOST_AUTO_TEST_CASE(holds_against_all_that_were_let_in_before) {
  http::stream_registry registry(10);
  const auto log = std::make_shared<fake_log>();
  std::vector<std::shared_ptr<slow_exchange>> clients;
  const auto open = [&](std::uint8_t token, std::uint64_t let_in_at) {
    const auto client = clients.emplace_back(std::make_shared<slow_exchange>());
    client->who.token = a_token(token);
    client->let_in_at = let_in_at;
    registry.open(client, std::make_shared<fake_subscription>(log, 0));
    return client->status;
  };
  registry.note_revoked(a_token(1));
  BOOST_TEST(registry.revocations() == 1U);
  BOOST_TEST(open(1, 0) == 401);
  BOOST_TEST(open(2, 0) == 0);
  for (std::size_t i = 0; i < http::remembered_revocations; ++i) registry.note_revoked(a_token(3));
  BOOST_TEST(open(2, 0) == 401);  // it may be among those that are forgotten
  BOOST_TEST(open(2, registry.revocations()) == 0);
  registry.abandon_all();
  for (auto& each : clients) each->writing = {};  // it holds the stream, which holds the client
}

BOOST_AUTO_TEST_SUITE_END()
