// The loopback server, on standalone asio.
#include "tests/support/fake_upstream.hpp"

#include <algorithm>
#include <asio.hpp>
#include <cctype>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

namespace flotilla::testing {
namespace {

using asio::ip::tcp;

constexpr std::size_t max_request_bytes = 64U << 20U;

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

recorded_request parse_head(const std::string& head) {
  recorded_request request;
  const auto first_end = head.find("\r\n");
  const auto space = head.find(' ');
  request.method = head.substr(0, space);
  request.path = head.substr(space + 1, head.find(' ', space + 1) - space - 1);
  for (auto at = first_end + 2; at < head.size();) {
    const auto end = head.find("\r\n", at);
    const auto colon = head.find(':', at);
    if (end == at || colon >= end) break;
    const auto value = head.find_first_not_of(' ', colon + 1);
    request.headers[lower(head.substr(at, colon - at))] = head.substr(value, end - value);
    at = end + 2;
  }
  return request;
}

std::string chunk(std::string_view piece) {
  std::array<char, 20> size{};
  const auto length = std::snprintf(size.data(), size.size(), "%zx\r\n", piece.size());
  return std::string(size.data(), static_cast<std::size_t>(length)) + std::string(piece) + "\r\n";
}

/// The writes that a reply is made of.
std::deque<std::string> writes_of(const canned_reply& reply) {
  std::deque<std::string> writes;
  if (reply.silent) return writes;
  std::string head = "HTTP/1.1 " + std::to_string(reply.status) + " Canned\r\nTransfer-Encoding: chunked\r\n";
  for (const auto& header : reply.headers) head += header + "\r\n";
  head += "\r\n";
  const auto body = std::string_view(reply.body).substr(0, reply.cut_after.value_or(reply.body.size()));
  std::size_t begin = 0;
  const auto add = [&](std::size_t end) {
    if (end > begin && end <= body.size()) writes.push_back(chunk(body.substr(begin, end - begin)));
    begin = std::min(std::max(begin, end), body.size());
  };
  for (const auto split : reply.splits) add(split);
  add(body.size());
  const auto whole = !reply.cut_after && !reply.stall;
  if (writes.empty()) writes.emplace_back();
  writes.front().insert(0, head);
  if (whole) writes.back() += "0\r\n\r\n";
  return writes;
}

}  // namespace

class fake_upstream::server {
 public:
  server(std::uint16_t port, answer_function otherwise)
      : acceptor_(context_, tcp::endpoint(asio::ip::address_v4::loopback(), port)),
        otherwise_(std::move(otherwise)) {}

  void run() {
    accept();
    thread_ = std::thread([this] { context_.run(); });
  }
  void stop() {
    context_.stop();
    thread_.join();
  }

  tcp::acceptor& acceptor() { return acceptor_; }

  /// Notes a request and says how it is answered.
  canned_reply answer(recorded_request request) {
    std::unique_lock lock(mutex_);
    ++request_count_;
    if (keep_) requests_.push_back(request);
    changed_.notify_all();
    if (!queue_.empty()) {
      auto reply = std::move(queue_.front());
      queue_.pop_front();
      return reply;
    }
    lock.unlock();
    if (otherwise_) return otherwise_(request);
    canned_reply none;
    none.status = 500;
    return none;
  }

  void note_disconnect() {
    const std::lock_guard lock(mutex_);
    ++disconnects_;
    changed_.notify_all();
  }

  mutable std::mutex mutex_;  ///< guards what follows
  mutable std::condition_variable changed_;
  std::deque<canned_reply> queue_;
  std::vector<recorded_request> requests_;
  std::size_t request_count_ = 0;
  std::size_t connections_ = 0;
  std::size_t disconnects_ = 0;
  bool keep_ = true;

 private:
  class session;
  void accept();

  asio::io_context context_{1};
  tcp::acceptor acceptor_;
  answer_function otherwise_;
  std::thread thread_;
};

/// One connection: reads a request, answers it, and reads the next.
class fake_upstream::server::session : public std::enable_shared_from_this<session> {
 public:
  session(tcp::socket socket, server& owner)
      : socket_(std::move(socket)), pause_(socket_.get_executor()), owner_(owner) {}
  ~session() { owner_.note_disconnect(); }

  void read_head() {
    asio::async_read_until(socket_, asio::dynamic_buffer(input_, max_request_bytes), "\r\n\r\n",
                           [self = shared_from_this()](std::error_code error, std::size_t length) {
                             if (!error) self->on_head(length);
                           });
  }

 private:
  void on_head(std::size_t length) {
    request_ = parse_head(input_.substr(0, length));
    input_.erase(0, length);
    const auto size = request_.headers.find("content-length");
    body_size_ = size == request_.headers.end() ? 0 : std::stoul(size->second);
    if (input_.size() >= body_size_) return on_request();
    asio::async_read(socket_, asio::dynamic_buffer(input_, max_request_bytes),
                     asio::transfer_exactly(body_size_ - input_.size()),
                     [self = shared_from_this()](std::error_code error, std::size_t) {
                       if (!error) self->on_request();
                     });
  }

  void on_request() {
    request_.body = input_.substr(0, body_size_);
    input_.erase(0, body_size_);
    reply_ = owner_.answer(std::move(request_));
    writes_ = writes_of(reply_);
    write_next();
  }

  void write_next() {
    if (writes_.empty()) return on_written();
    asio::async_write(socket_, asio::buffer(writes_.front()),
                      [self = shared_from_this()](std::error_code error, std::size_t) {
                        if (error) return;
                        self->writes_.pop_front();
                        self->write_later();
                      });
  }

  void write_later() {
    if (writes_.empty() || reply_.pause == std::chrono::milliseconds::zero()) return write_next();
    pause_.expires_after(reply_.pause);
    pause_.async_wait([self = shared_from_this()](std::error_code error) {
      if (!error) self->write_next();
    });
  }

  /// A cut reply lets go of the session, and so of its socket.
  void on_written() {
    if (reply_.sent) reply_.sent();
    if (!reply_.cut_after) read_head();
  }

  tcp::socket socket_;
  asio::steady_timer pause_;
  server& owner_;
  std::string input_;
  recorded_request request_;
  std::size_t body_size_ = 0;
  canned_reply reply_;
  std::deque<std::string> writes_;
};

void fake_upstream::server::accept() {
  acceptor_.async_accept([this](std::error_code error, tcp::socket socket) {
    if (error) return;
    socket.set_option(tcp::no_delay(true));
    {
      const std::lock_guard lock(mutex_);
      ++connections_;
    }
    std::make_shared<session>(std::move(socket), *this)->read_head();
    accept();
  });
}

fake_upstream::fake_upstream(std::uint16_t port, answer_function otherwise)
    : server_(std::make_shared<server>(port, std::move(otherwise))) {
  server_->run();
}

fake_upstream::~fake_upstream() {
  server_->stop();
}

std::uint16_t fake_upstream::port() const {
  return server_->acceptor().local_endpoint().port();
}

std::string fake_upstream::url() const {
  return "http://127.0.0.1:" + std::to_string(port());
}

void fake_upstream::queue(canned_reply reply) {
  const std::lock_guard lock(server_->mutex_);
  server_->queue_.push_back(std::move(reply));
}

std::vector<recorded_request> fake_upstream::requests() const {
  const std::lock_guard lock(server_->mutex_);
  return server_->requests_;
}

void fake_upstream::keep_requests(bool keep) {
  const std::lock_guard lock(server_->mutex_);
  server_->keep_ = keep;
}

std::size_t fake_upstream::request_count() const {
  const std::lock_guard lock(server_->mutex_);
  return server_->request_count_;
}

std::size_t fake_upstream::connection_count() const {
  const std::lock_guard lock(server_->mutex_);
  return server_->connections_;
}

void fake_upstream::wait_for_requests(std::size_t count) const {
  std::unique_lock lock(server_->mutex_);
  server_->changed_.wait(lock, [&] { return server_->request_count_ >= count; });
}

void fake_upstream::wait_for_disconnects(std::size_t count) const {
  std::unique_lock lock(server_->mutex_);
  server_->changed_.wait(lock, [&] { return server_->disconnects_ >= count; });
}

}  // namespace flotilla::testing
