// Exchanges over RESTinio. This header and its .cpp are the one place that reaches into restinio::impl: a stream
// is written to its connection directly, since RESTinio's chunked builder cannot end by closing the connection.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include <restinio/request_handler.hpp>

#include "http/exchange.hpp"
#include "http/metrics.hpp"

namespace flotilla::http {

class restinio_exchange;

/// The exchanges whose answer is not yet through, so that a server that stops can wait for them, and take from those
/// that are left what belongs to it. Thread-safe.
class live_exchanges {
 public:
  void add(const std::shared_ptr<restinio_exchange>& one);
  void remove(const restinio_exchange* one);
  /// Waits until none is left. False if the time is over before that.
  [[nodiscard]] bool await_none(std::chrono::steady_clock::time_point until);
  /// Makes every one let go of its connection, and waits for those that are being destroyed just now. Precondition:
  /// the server's threads have ended.
  void abandon_all();

 private:
  std::mutex guard_;
  std::condition_variable emptied_;
  std::unordered_map<const restinio_exchange*, std::weak_ptr<restinio_exchange>> all_;
};

/// What the exchanges of a server share. It outlives the server where the fleet still has an answer to give.
struct exchange_settings {
  live_exchanges live;
  std::shared_ptr<request_metrics> metrics;  ///< nothing: nobody measures
  bool access_log = true;
  /// Takes secrets out of a text. Called only while the server lives.
  std::function<std::string(std::string)> without_secrets;
};

/// An exchange over a RESTinio request. The lock makes sure that nothing is written to a server that has gone: the
/// connection is only used with it held, and `abandon` takes the connection away.
class restinio_exchange final : public exchange, public std::enable_shared_from_this<restinio_exchange> {
 public:
  restinio_exchange(restinio::request_handle_t handle, restinio::asio_ns::io_context& io,
                    std::shared_ptr<exchange_settings> shared);
  ~restinio_exchange() override;
  restinio_exchange(const restinio_exchange&) = delete;
  restinio_exchange& operator=(const restinio_exchange&) = delete;

  [[nodiscard]] const request& in() const noexcept override { return in_; }
  [[nodiscard]] connection_id connection() const noexcept override { return connection_; }
  [[nodiscard]] client_address remote() const noexcept override { return remote_; }
  void answer(response what) override;
  void begin_stream(std::string first, write_handler done) override;
  void write(std::string bytes, write_handler done) override;
  void finish(std::string bytes) override;
  void cut() override;
  /// Lets go of the connection: from now on nothing is written.
  void abandon() noexcept;

 private:
  enum class part : bool { more, last };

  void read_request();
  /// Counts and logs the answer.
  void tell(int status) const;
  /// The headers that every answer carries, by name and value.
  template <class Add>
  void each_common_header(Add add) const;
  template <class Builder>
  void fill(Builder& builder, const response& what) const;
  void write_parts(restinio::writable_items_container_t parts, std::size_t status_line_size, part which,
                   write_handler done);
  void write_framed(restinio::writable_items_container_t parts, std::size_t status_line_size, std::string bytes,
                    part which, write_handler done);
  /// What RESTinio calls when a write is through: passes it on, on a thread of the server, outside of its call.
  [[nodiscard]] restinio::write_status_cb_t notificator(write_handler done);

  const restinio::request_handle_t request_;  // owns what `in_` points to; its connection is taken out when answered
  const std::shared_ptr<exchange_settings> shared_;
  const connection_id connection_;
  const client_address remote_;
  const std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  request in_;

  std::mutex guard_;
  std::atomic<restinio::asio_ns::io_context*> io_;  // nothing once abandoned
  restinio::impl::connection_handle_t stream_to_;   // set while streaming
  bool answered_ = false;
};

}  // namespace flotilla::http
