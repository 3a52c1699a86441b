// A stream never asks its log twice at a time, however soon its first write is through.
#include <boost/test/unit_test.hpp>

#include <thread>

#include "http/sse.hpp"

namespace {

using namespace flotilla;

/// A client whose first write is through before `begin_stream` has returned.
class quick_exchange final : public http::exchange {
 public:
  [[nodiscard]] const http::request& in() const noexcept override { return in_; }
  [[nodiscard]] http::connection_id connection() const noexcept override { return 1; }
  [[nodiscard]] http::client_address remote() const noexcept override { return {}; }
  void answer(http::response /*what*/) override {}
  void begin_stream(std::string /*first*/, http::write_handler done) override {
    std::thread([&done] { done(true); }).join();
  }
  void write(std::string /*bytes*/, http::write_handler /*done*/) override {}
  void finish(std::string /*bytes*/) override {}
  void cut() override {}

 private:
  http::request in_;
};

/// A log in which nothing happens.
class silent_log final : public subscription {
 public:
  void next(std::size_t /*max_bytes*/, reply<log_chunk> /*handler*/) override { ++questions; }
  int questions = 0;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(stream_questions)

BOOST_AUTO_TEST_CASE(are_asked_one_at_a_time) {
  http::stream_registry registry(1);
  const auto log = std::make_shared<silent_log>();
  registry.open(std::make_shared<quick_exchange>(), log);
  BOOST_TEST(log->questions == 1);
  registry.abandon_all();
}

BOOST_AUTO_TEST_SUITE_END()
