// RESTinio's server with its threads, and the polite end.
#include "http/server.hpp"

#include <spdlog/spdlog.h>
#include <sys/resource.h>
#include <restinio/all.hpp>

#include <algorithm>
#include <mutex>
#include <thread>
#include <vector>

#include "http/api.hpp"
#include "http/connection.hpp"

namespace flotilla::http {
namespace {

namespace asio = restinio::asio_ns;

// What RESTinio closes a connection over, without an answer. It stands above the limits of the API, so that what
// exceeds those a little, as mistakes do, gets a real answer.
constexpr std::size_t hard_body_factor = 2;
constexpr std::size_t hard_body_slack = 64U << 10U;
constexpr std::size_t hard_field_bytes = 64U << 10U;
constexpr std::size_t hard_field_count = 1024;

/// With 1, RESTinio does not read while a stream is open and does not notice a client that has gone.
constexpr std::size_t pipelined_requests = 2;
/// RESTinio forgets an accept that failed: with several, one failure does not deafen the server.
constexpr std::size_t concurrent_accepts = 16;
/// Files that are left to the rest of the process, above all to the store.
constexpr std::size_t reserved_files = 256;
constexpr std::size_t fewest_connections = 16;
constexpr std::chrono::milliseconds longest_tick{1000};
constexpr std::chrono::milliseconds shortest_tick{5};
constexpr int ticks_a_heartbeat = 8;
constexpr int checks_a_time_limit = 4;
/// Of the grace of `stop`, kept for the last write of the streams that did not end by themselves.
constexpr std::chrono::milliseconds last_flush{500};

/// RESTinio's messages, as far as they are worth a line: what clients do wrong is of interest to a developer only.
struct quiet_logger {
  template <class Message>
  void trace(Message&&) const noexcept {}
  template <class Message>
  void info(Message&&) const noexcept {}
  template <class Message>
  void warn(Message&& message) const {
    debug(message);
  }
  template <class Message>
  void error(Message&& message) const {
    debug(message);
  }

 private:
  template <class Message>
  static void debug(Message& message) {
    if (spdlog::should_log(spdlog::level::debug)) spdlog::debug("http: {}", message());
  }
};

/// Counts connections, and tells the streams of one that it has closed. RESTinio may tell that twice.
class connection_listener {
 public:
  explicit connection_listener(std::shared_ptr<api> served) noexcept : served_(std::move(served)) {}
  void state_changed(const restinio::connection_state::notice_t& notice) noexcept {
    const auto which = notice.connection_id();
    if (std::holds_alternative<restinio::connection_state::accepted_t>(notice.cause())) {
      served_->metrics.connection_opened(which);
    } else if (std::holds_alternative<restinio::connection_state::closed_t>(notice.cause())) {
      served_->metrics.connection_closed(which);
      served_->streams.connection_closed(which);
    }
  }

 private:
  std::shared_ptr<api> served_;
};

struct server_traits : restinio::traits_t<restinio::asio_timer_manager_t, quiet_logger> {
  static constexpr bool use_connection_count_limiter = true;
  using connection_state_listener_t = connection_listener;
};

std::chrono::milliseconds tick_of(std::chrono::milliseconds period, int parts) {
  return std::clamp(period / parts, shortest_tick, longest_tick);
}

/// As many connections as asked for, or as the limit of open files leaves.
std::size_t affordable_connections(std::size_t asked) {
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur == RLIM_INFINITY) return asked;
  const auto left = files.rlim_cur > reserved_files ? files.rlim_cur - reserved_files : 0;
  const auto affordable = std::max<std::size_t>(left, fewest_connections);
  if (affordable < asked) {
    spdlog::warn("http: the limit of open files leaves {} connections instead of {}", affordable, asked);
  }
  return std::min(affordable, asked);
}

result<asio::ip::address> parse_host(const std::string& host) {
  if (host == "localhost") return asio::ip::address_v4::loopback();
  asio::error_code problem;
  const auto address = asio::ip::make_address(host, problem);
  if (problem) return fail(errc::invalid, "listen: \"" + host + "\" is not an IP address");
  return address;
}

result<void> check(const server_options& options) {
  if (options.io_threads == 0) return fail(errc::invalid, "io_threads: must be at least 1");
  if (options.heartbeat <= std::chrono::milliseconds::zero() || options.heartbeat >= options.answer_time) {
    return fail(errc::invalid, "heartbeat: must be above 0 and below answer_time");
  }
  if (options.request_time <= std::chrono::milliseconds::zero()) {
    return fail(errc::invalid, "request_time: must be above 0");
  }
  return {};
}

/// What a connection waits for holds the connection, and a connection that goes tells the server that counts it. So
/// whatever still waits is let go while that server is there; the context's own destructor would come too late.
class connections_context : public asio::io_context {
 public:
  /// Precondition: no thread runs it any more.
  void release() { shutdown(); }
};

}  // namespace

/// What runs. Its parts end in the reverse order of their declaration.
class server::engine {
 public:
  engine(fleet& served, const server_options& options, const asio::ip::address& address)
      : options_(options),
        api_(std::make_shared<api>(served, options)),
        exchanges_(std::make_shared<exchange_settings>()),
        ticker_(io_),
        http_(restinio::external_io_context(io_), settings(address)) {
    exchanges_->access_log = options.access_log;
    exchanges_->without_secrets = [&served](std::string text) { return served.without_secrets(std::move(text)); };
    exchanges_->metrics = std::shared_ptr<request_metrics>(api_, &api_->metrics);
  }
  engine(const engine&) = delete;
  engine& operator=(const engine&) = delete;
  ~engine() {
    stop(std::chrono::milliseconds::zero());
    io_.release();
  }

  /// Throws where the address cannot be listened on.
  void start() {
    http_.open_sync();
    tick();
    for (std::size_t i = 0; i < options_.io_threads; ++i) threads_.emplace_back([this] { run(); });
    api_->served.on_token_revoked([this](token_id which) { cut_off(which); });
  }

  void stop(std::chrono::milliseconds grace);

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  [[nodiscard]] api& shared() noexcept { return *api_; }

 private:
  restinio::server_settings_t<server_traits> settings(const asio::ip::address& address);
  restinio::request_handling_status_t accept(restinio::request_handle_t handle);
  void run();
  void tick();
  void cut_off(token_id which);

  const server_options options_;
  std::shared_ptr<api> api_;
  std::shared_ptr<exchange_settings> exchanges_;
  std::uint16_t port_ = 0;
  std::mutex stopping_;
  connections_context io_;
  asio::steady_timer ticker_;
  restinio::http_server_t<server_traits> http_;
  std::vector<std::thread> threads_;
};

restinio::server_settings_t<server_traits> server::engine::settings(const asio::ip::address& address) {
  restinio::server_settings_t<server_traits> chosen;
  chosen.address(address)
      .port(options_.port)
      .protocol(address.is_v6() ? asio::ip::tcp::v6() : asio::ip::tcp::v4())
      .acceptor_post_bind_hook([this](asio::ip::tcp::acceptor& bound) { port_ = bound.local_endpoint().port(); })
      .socket_options_setter([](auto& options) { options.set_option(asio::ip::tcp::no_delay(true)); })
      .concurrent_accepts_count(concurrent_accepts)
      .max_parallel_connections(affordable_connections(options_.max_connections))
      .max_pipelined_requests(pipelined_requests)
      .read_next_http_message_timelimit(options_.request_time)
      .handle_request_timeout(options_.answer_time)
      .write_http_response_timelimit(options_.stalled_reader_time)
      .timer_manager(tick_of(std::min(options_.request_time, options_.answer_time), checks_a_time_limit))
      .connection_state_listener(std::make_shared<connection_listener>(api_))
      .incoming_http_msg_limits(restinio::incoming_http_msg_limits_t{}
                                    .max_url_size(hard_field_bytes)
                                    .max_field_name_size(hard_field_bytes)
                                    .max_field_value_size(hard_field_bytes)
                                    .max_field_count(hard_field_count)
                                    .max_body_size(options_.max_body_bytes * hard_body_factor + hard_body_slack))
      .request_handler([this](restinio::request_handle_t handle) { return accept(std::move(handle)); });
  return chosen;
}

restinio::request_handling_status_t server::engine::accept(restinio::request_handle_t handle) {
  const auto client = std::make_shared<restinio_exchange>(std::move(handle), io_, exchanges_);
  exchanges_->live.add(client);
  try {
    api_->handle(client);
  } catch (const std::exception& problem) {
    spdlog::error("http: {} failed: {}", client->in().id, problem.what());
    client->answer(error_response({errc::internal, "something went wrong on our end", {}}));
  }
  return restinio::request_accepted();
}

void server::engine::run() {
  for (;;) {
    try {
      io_.run();
      return;
    } catch (const std::exception& problem) {
      spdlog::error("http: {}", problem.what());  // the thread must live on
    }
  }
}

void server::engine::tick() {
  const auto period = tick_of(options_.heartbeat, ticks_a_heartbeat);
  ticker_.expires_after(period);
  ticker_.async_wait([this, period](const asio::error_code& problem) {
    if (problem) return;
    // One that would be late at the next tick is sent now.
    api_->streams.keep_alive(std::chrono::steady_clock::now() - options_.heartbeat + period);
    tick();
  });
}

/// The streams end on a thread of the server's own: the one that tells of the revocation must not be held up.
void server::engine::cut_off(token_id which) {
  api_->streams.note_revoked(which);
  asio::post(io_, [shared = api_, which] { shared->streams.cut_off(which); });
}

void server::engine::stop(std::chrono::milliseconds grace) {
  const std::lock_guard lock(stopping_);
  if (threads_.empty()) return;
  const auto until = std::chrono::steady_clock::now() + grace;
  api_->refusing = true;
  if (!exchanges_->live.await_none(until - std::min(last_flush, grace / 2))) {
    api_->streams.end_all();
    (void)exchanges_->live.await_none(until);  // what is left belongs to readers that do not read
  }
  api_->served.on_token_revoked(nullptr);
  io_.stop();
  for (auto& thread : threads_) thread.join();
  threads_.clear();
  http_.close_sync();
  api_->streams.abandon_all();
  exchanges_->live.abandon_all();
}

server::server(std::unique_ptr<engine> running) noexcept : engine_(std::move(running)) {
}
server::~server() = default;

result<std::unique_ptr<server>> server::start(fleet& served, server_options options) {
  const auto address = parse_host(options.listen_host);
  if (!address) return fail(address.error());
  if (auto checked = check(options); !checked) return fail(checked.error());
  try {
    auto running = std::make_unique<engine>(served, options, *address);
    running->start();
    return std::unique_ptr<server>(new server(std::move(running)));
  } catch (const std::exception& problem) {
    return fail(errc::unavailable, "cannot listen on " + options.listen_host + ":" + std::to_string(options.port) +
                                       ": " + problem.what());
  }
}

std::uint16_t server::port() const noexcept {
  return engine_->port();
}
std::size_t server::open_streams() const {
  return engine_->shared().streams.size();
}
std::string server::metrics() const {
  return engine_->shared().metrics.text();
}
void server::refuse_new() noexcept {
  engine_->shared().refusing = true;
}
void server::stop(std::chrono::milliseconds grace) {
  engine_->stop(grace);
}

}  // namespace flotilla::http
