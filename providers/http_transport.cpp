// The transport: an epoll loop around libcurl's multi handle.
#include "providers/http_transport.hpp"

#include <curl/curl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <mutex>
#include <set>
#include <system_error>
#include <thread>
#include <unordered_map>

#include "core/secret_text.hpp"

namespace flotilla {
namespace {

using steady = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr int max_epoll_events = 256;
constexpr std::int64_t max_retry_after_seconds = 7 * 24 * 3600;  ///< more is no time that anybody waits

void initialise_curl() {
  static const CURLcode once = curl_global_init(CURL_GLOBAL_DEFAULT);
  static_cast<void>(once);
}

struct easy_deleter {
  void operator()(CURL* easy) const noexcept { curl_easy_cleanup(easy); }
};
using easy_handle = std::unique_ptr<CURL, easy_deleter>;

/// A header may hold a key.
struct list_deleter {
  void operator()(curl_slist* list) const noexcept {
    for (auto* each = list; each != nullptr; each = each->next) ::explicit_bzero(each->data, std::strlen(each->data));
    curl_slist_free_all(list);
  }
};
using header_list = std::unique_ptr<curl_slist, list_deleter>;

/// One call. Everything but `aborted` belongs to the transport's thread once the call was handed in.
struct call_state {
  ~call_state() {
    for (auto& header : request.headers) wipe(header);  // of a call that never began
  }

  http_request request;
  std::shared_ptr<http_listener> listener;
  std::atomic<bool> aborted = false;

  easy_handle easy;
  header_list headers;
  bool head_told = false;
  bool listener_is_done = false;   ///< it said that it has had enough
  bool sent = false;               ///< the connection stands and the request goes out
  bool answered = false;           ///< a byte of the answer has come
  steady::time_point last_moment;  ///< when the request went out, or the last byte came
  steady::time_point give_up;      ///< when the total limit passes
  steady::time_point look_at;      ///< when its limits are looked at next: never later than one can pass
};
using call_ptr = std::shared_ptr<call_state>;

/// When a limit of the call passes, if nothing happens until then.
steady::time_point deadline_of(const call_state& call) {
  if (!call.sent) return call.give_up;
  const auto patience = call.answered ? call.request.limits.idle : call.request.limits.first_byte;
  return std::min(call.give_up, call.last_moment + patience);
}

/// When to look again. Whatever happens to the call after `now` puts its deadline at least the shorter of the two
/// limits after `now`, so that looking once in that time misses none, and a byte that comes moves no timer.
steady::time_point next_look(const call_state& call, steady::time_point now) {
  const auto step = std::min(call.request.limits.first_byte, call.request.limits.idle);
  return std::min(deadline_of(call), now + step);
}

std::string timeout_words(const call_state& call) {
  const auto say = [](std::string_view what, milliseconds limit) {
    return std::string(what) + " " + std::to_string(limit.count()) + " ms";
  };
  if (steady::now() >= call.give_up) return say("the call took longer than", call.request.limits.total);
  if (call.answered) return say("the answer paused for more than", call.request.limits.idle);
  return say("no answer began within", call.request.limits.first_byte);
}

std::optional<milliseconds> retry_after_of(CURL* easy) {
  curl_header* header = nullptr;
  if (curl_easy_header(easy, "Retry-After", 0, CURLH_HEADER, -1, &header) != CURLHE_OK) return std::nullopt;
  return parse_retry_after(header->value, std::chrono::system_clock::now());
}

void tell_head(call_state& call) {
  if (call.head_told) return;
  call.head_told = true;
  long status = 0;
  curl_easy_getinfo(call.easy.get(), CURLINFO_RESPONSE_CODE, &status);
  call.listener->on_head({static_cast<int>(status), retry_after_of(call.easy.get())});
}

http_error error_of(CURLcode code) {
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
      // Only the connect limit is libcurl's; the others are kept here.
      return {http_error::kind::timeout, "no connection within the limit"};
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return {http_error::kind::unreachable, curl_easy_strerror(code)};
    default:
      return {http_error::kind::broken, curl_easy_strerror(code)};
  }
}

std::size_t on_body_bytes(char* data, std::size_t size, std::size_t count, void* user) {
  auto& call = *static_cast<call_state*>(user);
  const auto bytes = size * count;
  call.answered = true;
  call.last_moment = steady::now();
  if (call.aborted) return CURL_WRITEFUNC_ERROR;
  tell_head(call);
  if (call.listener->on_body({data, bytes})) return bytes;
  call.listener_is_done = true;
  return CURL_WRITEFUNC_ERROR;
}

std::size_t on_header_bytes(char*, std::size_t size, std::size_t count, void* user) {
  auto& call = *static_cast<call_state*>(user);
  call.answered = true;
  call.last_moment = steady::now();
  return size * count;
}

int on_connected(void* user, char*, char*, int, int) {
  auto& call = *static_cast<call_state*>(user);
  call.sent = true;
  call.last_moment = steady::now();
  return CURL_PREREQFUNC_OK;
}

/// Sets an option whose value is our own and right; what can fail is memory, and that ends in a failed transfer.
template <class Value>
void set(CURL* easy, CURLoption option, Value value) {
  static_cast<void>(curl_easy_setopt(easy, option, value));
}

void prepare(call_state& call) {
  auto* easy = call.easy.get();
  curl_slist* list = curl_slist_append(nullptr, "Expect:");  // no 100-continue: it costs a round trip
  for (auto& header : call.request.headers) {
    list = curl_slist_append(list, header.c_str());
    wipe(header);
  }
  call.request.headers.clear();
  call.headers.reset(list);
  set(easy, CURLOPT_URL, call.request.url.c_str());
  set(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  set(easy, CURLOPT_FOLLOWLOCATION, 0L);
  set(easy, CURLOPT_NOSIGNAL, 1L);
  set(easy, CURLOPT_TCP_NODELAY, 1L);
  set(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
  set(easy, CURLOPT_SSL_VERIFYPEER, 1L);
  set(easy, CURLOPT_SSL_VERIFYHOST, 2L);
  set(easy, CURLOPT_USERAGENT, "flotilla");
  set(easy, CURLOPT_HTTPHEADER, list);
  set(easy, CURLOPT_POST, 1L);
  set(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(call.request.body.size()));
  set(easy, CURLOPT_POSTFIELDS, call.request.body.data());
  set(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(call.request.limits.connect.count()));
  set(easy, CURLOPT_WRITEFUNCTION, &on_body_bytes);
  set(easy, CURLOPT_WRITEDATA, &call);
  set(easy, CURLOPT_HEADERFUNCTION, &on_header_bytes);
  set(easy, CURLOPT_HEADERDATA, &call);
  set(easy, CURLOPT_PREREQFUNCTION, &on_connected);
  set(easy, CURLOPT_PREREQDATA, &call);
  set(easy, CURLOPT_PRIVATE, &call);
}

}  // namespace

/// What the transport, its thread and the handles of its calls share.
class http_transport::engine {
 public:
  /// False where the system gives no descriptor or memory; then nothing else may be called.
  [[nodiscard]] bool open() {
    initialise_curl();
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = wakeup_;
    if (poll_ < 0 || wakeup_ < 0 || epoll_ctl(poll_, EPOLL_CTL_ADD, wakeup_, &event) != 0) return false;
    multi_ = curl_multi_init();
    if (multi_ == nullptr) return false;
    curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &engine::on_socket);
    curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
    curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &engine::on_timer);
    curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
    curl_multi_setopt(multi_, CURLMOPT_MAX_HOST_CONNECTIONS, max_connections_per_host);
    curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, max_kept_connections);
    return true;
  }
  engine() = default;
  engine(const engine&) = delete;
  engine& operator=(const engine&) = delete;
  ~engine() {
    kept_.clear();
    if (multi_ != nullptr) curl_multi_cleanup(multi_);
    if (wakeup_ >= 0) close(wakeup_);
    if (poll_ >= 0) close(poll_);
  }

  void hand_in(call_ptr call) {
    {
      const std::lock_guard lock(mutex_);
      inbox_.push_back(std::move(call));
      if (std::exchange(woken_, true)) return;
    }
    wake();
  }

  void abort(const call_ptr& call) {
    if (!call->aborted.exchange(true)) hand_in(call);
  }

  void stop() {
    stopped_ = true;
    wake();
  }

  void serve() {
    while (!stopped_) {
      take_inbox();
      wait();
      collect_finished();
      give_up_late_ones();
    }
    end_all();
  }

 private:
  void wake() const {
    const std::uint64_t one = 1;
    static_cast<void>(!write(wakeup_, &one, sizeof one));
  }

  /// A call comes here twice: when it starts, and when it is aborted.
  void take_inbox() {
    std::vector<call_ptr> came;
    {
      const std::lock_guard lock(mutex_);
      came.swap(inbox_);
      woken_ = false;
    }
    for (auto& call : came) {
      if (call->aborted) {
        drop(call);
      } else {
        begin(call);
      }
    }
  }

  void begin(const call_ptr& call) {
    if (kept_.empty()) {
      call->easy.reset(curl_easy_init());
    } else {
      call->easy = std::move(kept_.back());
      kept_.pop_back();
    }
    prepare(*call);
    const auto now = steady::now();
    call->give_up = now + call->request.limits.total;
    call->look_at = next_look(*call, now);
    calls_.emplace(call.get(), call);
    looks_.emplace(call->look_at, call.get());
    if (curl_multi_add_handle(multi_, call->easy.get()) != CURLM_OK) {
      drop(call);
      call->listener->on_error({http_error::kind::unreachable, "the call could not be started"});
    }
  }

  /// Forgets a call and closes its connection, unless the answer was whole.
  void drop(const call_ptr& call) {
    const auto found = calls_.find(call.get());
    if (found == calls_.end()) return;
    curl_multi_remove_handle(multi_, call->easy.get());
    looks_.erase({call->look_at, call.get()});
    if (kept_.size() < max_kept_handles) {
      curl_easy_reset(call->easy.get());
      kept_.push_back(std::move(call->easy));
    }
    call->easy.reset();
    calls_.erase(found);
  }

  void wait() {
    std::array<epoll_event, max_epoll_events> events;
    const auto count = epoll_wait(poll_, events.data(), max_epoll_events, patience());
    int running = 0;
    for (int i = 0; i < count; ++i) {
      const auto& event = events[static_cast<std::size_t>(i)];
      if (event.data.fd == wakeup_) {
        std::uint64_t woken = 0;
        static_cast<void>(!read(wakeup_, &woken, sizeof woken));
        continue;
      }
      int what = 0;
      if ((event.events & EPOLLIN) != 0U) what |= CURL_CSELECT_IN;
      if ((event.events & EPOLLOUT) != 0U) what |= CURL_CSELECT_OUT;
      if ((event.events & (EPOLLERR | EPOLLHUP)) != 0U) what |= CURL_CSELECT_ERR;
      curl_multi_socket_action(multi_, event.data.fd, what, &running);
    }
    if (timer_ && steady::now() >= *timer_) {
      timer_.reset();
      curl_multi_socket_action(multi_, CURL_SOCKET_TIMEOUT, 0, &running);
    }
  }

  /// How long to sleep at most, in ms; -1: until something happens.
  [[nodiscard]] int patience() const {
    std::optional<steady::time_point> next = timer_;
    if (!looks_.empty() && (!next || looks_.begin()->first < *next)) next = looks_.begin()->first;
    if (!next) return -1;
    const auto left = std::chrono::ceil<milliseconds>(*next - steady::now()).count();
    return static_cast<int>(std::clamp<std::int64_t>(left, 0, 60'000));
  }

  void collect_finished() {
    int left = 0;
    while (const auto* message = curl_multi_info_read(multi_, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      const auto code = message->data.result;
      call_state* which = nullptr;
      curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &which);
      finish(calls_.at(which), code);
    }
  }

  void finish(call_ptr call, CURLcode code) {
    if (!call->aborted && !call->listener_is_done && code == CURLE_OK) tell_head(*call);
    drop(call);
    if (call->aborted || call->listener_is_done) return;
    if (code == CURLE_OK) {
      call->listener->on_end();
    } else {
      call->listener->on_error(error_of(code));
    }
  }

  void give_up_late_ones() {
    const auto now = steady::now();
    while (!looks_.empty() && looks_.begin()->first <= now) {
      const auto call = calls_.at(looks_.begin()->second);
      if (deadline_of(*call) > now) {
        looks_.erase(looks_.begin());
        call->look_at = next_look(*call, now);
        looks_.emplace(call->look_at, call.get());
        continue;
      }
      drop(call);
      if (!call->aborted) call->listener->on_error({http_error::kind::timeout, timeout_words(*call)});
    }
  }

  void end_all() {
    take_inbox();
    while (!calls_.empty()) {
      const auto call = calls_.begin()->second;
      drop(call);
      if (!call->aborted) call->listener->on_error({http_error::kind::stopped, "the runtime is shutting down"});
    }
  }

  static int on_socket(CURL*, curl_socket_t socket, int what, void* user, void* known) {
    auto& self = *static_cast<engine*>(user);
    epoll_event event{};
    event.data.fd = socket;
    if (what == CURL_POLL_REMOVE) {
      epoll_ctl(self.poll_, EPOLL_CTL_DEL, socket, &event);
      return 0;
    }
    if ((what & CURL_POLL_IN) != 0) event.events |= EPOLLIN;
    if ((what & CURL_POLL_OUT) != 0) event.events |= EPOLLOUT;
    if (known != nullptr) return epoll_ctl(self.poll_, EPOLL_CTL_MOD, socket, &event) == 0 ? 0 : -1;
    curl_multi_assign(self.multi_, socket, user);
    return epoll_ctl(self.poll_, EPOLL_CTL_ADD, socket, &event) == 0 ? 0 : -1;
  }

  static int on_timer(CURLM*, long timeout_ms, void* user) {
    auto& self = *static_cast<engine*>(user);
    self.timer_.reset();
    if (timeout_ms >= 0) self.timer_ = steady::now() + milliseconds(timeout_ms);
    return 0;
  }

  const int poll_ = epoll_create1(EPOLL_CLOEXEC);
  const int wakeup_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  std::atomic<bool> stopped_ = false;
  std::mutex mutex_;  ///< guards the two that follow
  std::vector<call_ptr> inbox_;
  bool woken_ = false;

  // What follows belongs to the thread.
  CURLM* multi_ = nullptr;
  std::optional<steady::time_point> timer_;  ///< libcurl's own next moment
  std::unordered_map<call_state*, call_ptr> calls_;
  std::set<std::pair<steady::time_point, call_state*>> looks_;  ///< when to look at which call's limits
  std::vector<easy_handle> kept_;
};

namespace {

/// Aborts its call when it goes.
template <class Engine>
class call_handle final : public http_call {
 public:
  call_handle(std::shared_ptr<Engine> engine, call_ptr call) : engine_(std::move(engine)), call_(std::move(call)) {}
  ~call_handle() override {
    if (call_) engine_->abort(call_);
  }
  void detach() override { call_.reset(); }

 private:
  std::shared_ptr<Engine> engine_;
  call_ptr call_;
};

}  // namespace

result<std::shared_ptr<http_transport>> http_transport::open() {
  auto core = std::make_shared<engine>();
  if (!core->open()) return fail(errc::unavailable, "The system gives no descriptor for the calls of models.");
  try {
    std::thread thread([core] { core->serve(); });
    return std::shared_ptr<http_transport>(new http_transport(std::move(core), std::move(thread)));
  } catch (const std::system_error&) {
    return fail(errc::unavailable, "The system gives no thread for the calls of models.");
  }
}

http_transport::http_transport(std::shared_ptr<engine> core, std::thread thread)
    : engine_(std::move(core)), thread_(std::move(thread)) {
}

http_transport::~http_transport() {
  engine_->stop();
  // A listener may hold the last reference to the transport.
  if (thread_.get_id() == std::this_thread::get_id()) {
    thread_.detach();
  } else {
    thread_.join();
  }
}

std::unique_ptr<http_call> http_transport::start(http_request request, std::shared_ptr<http_listener> listener) {
  auto call = std::make_shared<call_state>();
  call->request = std::move(request);
  call->listener = std::move(listener);
  engine_->hand_in(call);
  return std::make_unique<call_handle<engine>>(engine_, std::move(call));
}

std::optional<milliseconds> parse_retry_after(std::string_view value, std::chrono::system_clock::time_point now) {
  std::int64_t seconds = 0;
  const auto* end = value.data() + value.size();
  const auto [stop, error] = std::from_chars(value.data(), end, seconds);
  if (error == std::errc{} && stop == end && seconds >= 0) {
    return milliseconds(std::min(seconds, max_retry_after_seconds) * 1000);
  }
  if (value.find(',') == std::string_view::npos) return std::nullopt;  // an HTTP-date has one, or is long dead
  const auto date = curl_getdate(std::string(value).c_str(), nullptr);
  if (date == -1) return std::nullopt;
  const auto left = std::chrono::ceil<milliseconds>(std::chrono::system_clock::from_time_t(date) - now);
  return std::clamp(left, milliseconds(0), milliseconds(max_retry_after_seconds * 1000));
}

}  // namespace flotilla
