// From RESTinio's requests to ours, and from our answers to RESTinio's writes.
#include "http/connection.hpp"

#include <spdlog/spdlog.h>
#include <restinio/message_builders.hpp>

#include <algorithm>
#include <vector>

#include "flotilla/json.hpp"

namespace flotilla::http {
namespace {

constexpr std::size_t max_logged_text = 256;
constexpr std::size_t field_overhead = 4;          // ": " and the line end
constexpr std::size_t request_line_overhead = 12;  // two blanks, the version and the line end

method read_method(restinio::http_method_id_t verb) noexcept {
  if (verb == restinio::http_method_get()) return method::get;
  if (verb == restinio::http_method_head()) return method::head;
  if (verb == restinio::http_method_post()) return method::post;
  if (verb == restinio::http_method_patch()) return method::patch;
  if (verb == restinio::http_method_delete()) return method::delete_;
  if (verb == restinio::http_method_options()) return method::options;
  return method::other;
}

/// Splits a request target (RFC 9112 section 3.2): the origin form, and the absolute form without its origin.
void split_target(std::string_view target, request& into) {
  target = target.substr(0, target.find('#'));
  if (const auto scheme = target.find("://"); !target.starts_with('/') && scheme != std::string_view::npos) {
    const auto path = target.find('/', scheme + 3);
    target = path == std::string_view::npos ? std::string_view("/") : target.substr(path);
  }
  const auto mark = target.find('?');
  into.path = target.substr(0, mark);
  into.query = mark == std::string_view::npos ? std::string_view{} : target.substr(mark + 1);
}

const char* reason_phrase(int status) noexcept {
  switch (status) {
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 204:
      return "No Content";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 409:
      return "Conflict";
    case 413:
      return "Content Too Large";
    case 415:
      return "Unsupported Media Type";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 503:
      return "Service Unavailable";
    default:
      return "Internal Server Error";
  }
}

restinio::http_status_line_t status_line(int status) {
  return {restinio::http_status_code_t{static_cast<std::uint16_t>(status)}, reason_phrase(status)};
}

/// Without secrets, also where they are percent-encoded: then all of it is shown decoded.
std::string without_secrets(std::string_view path, const std::function<std::string(std::string)>& hide) {
  if (auto decoded = percent_decoded(path, plus_sign::literal); decoded && *decoded != path) {
    auto hidden = hide(*decoded);
    if (hidden != *decoded) return hidden;
  }
  return hide(std::string(path));
}

/// A text as it may stand in a log line: cut, and with nothing that is not visible ASCII.
std::string loggable(std::string text) {
  text.resize(std::min(text.size(), max_logged_text));
  for (auto& c : text) {
    if (c <= ' ' || c >= '\x7f') c = '?';
  }
  return text;
}

client_address key_of(const restinio::asio_ns::ip::address& address) noexcept {
  return address.is_v4() ? client_address::v4(address.to_v4().to_bytes())
                         : client_address::v6(address.to_v6().to_bytes());
}

}  // namespace

void live_exchanges::add(const std::shared_ptr<restinio_exchange>& one) {
  const std::lock_guard lock(guard_);
  all_.emplace(one.get(), one);
}

void live_exchanges::remove(const restinio_exchange* one) {
  const std::lock_guard lock(guard_);
  all_.erase(one);
  if (all_.empty()) emptied_.notify_all();
}

bool live_exchanges::await_none(std::chrono::steady_clock::time_point until) {
  std::unique_lock lock(guard_);
  return emptied_.wait_until(lock, until, [this] { return all_.empty(); });
}

void live_exchanges::abandon_all() {
  std::vector<std::shared_ptr<restinio_exchange>> left;
  {
    const std::lock_guard lock(guard_);
    for (const auto& [address, one] : all_) {
      if (auto alive = one.lock()) left.push_back(std::move(alive));
    }
  }
  for (const auto& one : left) one->abandon();
  left.clear();
  std::unique_lock lock(guard_);
  emptied_.wait(lock, [this] { return all_.empty(); });
}

restinio_exchange::restinio_exchange(restinio::request_handle_t handle, restinio::asio_ns::io_context& io,
                                     std::shared_ptr<exchange_settings> shared)
    : request_(std::move(handle)),
      shared_(std::move(shared)),
      connection_(request_->connection_id()),
      remote_(key_of(request_->remote_endpoint().address())),
      io_(&io) {
  read_request();
}

restinio_exchange::~restinio_exchange() {
  abandon();
}

void restinio_exchange::read_request() {
  const auto& head = request_->header();
  in_.verb = read_method(head.method());
  split_target(head.request_target(), in_);
  in_.body = request_->body();
  in_.header_bytes = head.request_target().size() + request_line_overhead;
  head.for_each_field([this](const restinio::http_header_field_t& field) {
    ++in_.header_fields;
    in_.header_bytes += field.name().size() + field.value().size() + field_overhead;
  });
  const auto text_of = [&head](auto field) {
    const auto* value = head.try_get_field(field);
    return value == nullptr ? std::string_view{} : std::string_view(*value);
  };
  in_.authorization = text_of(restinio::http_field::authorization);
  in_.content_type = text_of(restinio::http_field::content_type);
  in_.last_event_id = text_of(restinio::string_view_t("Last-Event-ID"));
  in_.idempotency_key = text_of(restinio::string_view_t("Idempotency-Key"));
  in_.has_idempotency_key = head.has_field(restinio::string_view_t("Idempotency-Key"));
  const auto id = text_of(restinio::string_view_t("X-Request-Id"));
  in_.id = is_request_id(id) ? std::string(id) : make_request_id();
}

void restinio_exchange::tell(int status) const {
  const auto took_ns = std::chrono::steady_clock::now() - began_;
  if (shared_->metrics) shared_->metrics->answered(in_.verb, wanted, status, took_ns);
  if (!shared_->access_log) return;
  const std::chrono::duration<double, std::milli> took = took_ns;
  const auto& hide = shared_->without_secrets;
  spdlog::info("{} {} {} {:.1f} ms id={}", request_->header().method().c_str(),
               loggable(without_secrets(in_.path, hide)), status, took.count(), loggable(hide(in_.id)));
}

template <class Add>
void restinio_exchange::each_common_header(Add add) const {
  add("X-Request-Id", in_.id);
  add("X-Content-Type-Options", "nosniff");
  if (who.once && who.once->replayed) add("Idempotency-Replayed", "true");
  if (!allowed) return;
  add("RateLimit-Limit", std::to_string(allowed->limit));
  add("RateLimit-Remaining", std::to_string(allowed->remaining));
  add("RateLimit-Reset", std::to_string(allowed->reset.count()));
}

template <class Builder>
void restinio_exchange::fill(Builder& builder, const response& what) const {
  builder.append_header_date_field();
  const auto add = [&builder](std::string_view name, std::string value) {
    builder.append_header(std::string(name), std::move(value));
  };
  each_common_header(add);
  if (what.status != 204) add("Content-Type", std::string(what.content_type));
  add("Cache-Control", std::string(what.cache_control));
  for (const auto& [name, value] : what.headers) add(name, value);
  if (what.close) builder.connection_close();
}

void restinio_exchange::answer(response what) {
  const std::lock_guard lock(guard_);
  if (io_ == nullptr || std::exchange(answered_, true)) return;
  if (what.problem) what.body = to_json(error{{}, shared_->without_secrets(std::move(*what.problem)), {}});
  tell(what.status);
  if (in_.verb == method::head) {
    // The length of what a GET would answer, without it (RFC 9110 section 9.3.2).
    auto builder = request_->create_response<restinio::user_controlled_output_t>(status_line(what.status));
    fill(builder, what);
    builder.set_content_length(what.body.size());
    builder.done(notificator({}));
  } else {
    auto builder = request_->create_response(status_line(what.status));
    fill(builder, what);
    builder.set_body(std::move(what.body));
    builder.done(notificator({}));
  }
}

void restinio_exchange::begin_stream(std::string first, write_handler done) {
  const std::lock_guard lock(guard_);
  if (io_ == nullptr || std::exchange(answered_, true)) return;
  tell(200);
  const auto reusable = request_->header().should_keep_alive();
  restinio::http_response_header_t head{status_line(200)};
  head.should_keep_alive(reusable);
  const auto add = [&head](std::string_view name, std::string value) {
    head.append_field(std::string(name), std::move(value));
  };
  each_common_header(add);
  add("Content-Type", "text/event-stream");
  add("Cache-Control", "no-cache");
  add("X-Accel-Buffering", "no");
  // Who wants the connection closed anyway, as every HTTP/1.0 client does, gets a body that ends with it.
  if (reusable) add("Transfer-Encoding", "chunked");
  stream_to_ = std::move(restinio::impl::access_req_connection(*request_));
  auto text = restinio::impl::create_header_string(
      head, restinio::impl::content_length_field_presence_t::skip_content_length);
  const auto status_line_size = text.find('\r');
  restinio::writable_items_container_t parts;
  parts.emplace_back(std::move(text));
  write_framed(std::move(parts), status_line_size, std::move(first), part::more, std::move(done));
}

void restinio_exchange::write(std::string bytes, write_handler done) {
  const std::lock_guard lock(guard_);
  write_framed({}, 0, std::move(bytes), part::more, std::move(done));
}

void restinio_exchange::finish(std::string bytes) {
  const std::lock_guard lock(guard_);
  write_framed({}, 0, std::move(bytes), part::last, {});
}

void restinio_exchange::cut() {
  const std::lock_guard lock(guard_);
  // Chunked without its last chunk: the client sees that it is not the end (RFC 9112 section 8).
  write_parts({}, 0, part::last, {});
}

void restinio_exchange::write_framed(restinio::writable_items_container_t parts, std::size_t status_line_size,
                                     std::string bytes, part which, write_handler done) {
  constexpr std::size_t framing_parts = 4;
  static constexpr std::string_view line_end = "\r\n";
  static constexpr std::string_view last_chunk = "0\r\n\r\n";
  const auto chunked = request_->header().should_keep_alive();
  if (stream_to_ && shared_->metrics) shared_->metrics->streamed(bytes.size());
  parts.reserve(parts.size() + framing_parts);
  if (!bytes.empty()) {
    if (chunked) parts.emplace_back(fmt::format("{:x}\r\n", bytes.size()));
    parts.emplace_back(std::move(bytes));
    if (chunked) parts.emplace_back(restinio::const_buffer(line_end.data(), line_end.size()));
  }
  if (chunked && which == part::last)
    parts.emplace_back(restinio::const_buffer(last_chunk.data(), last_chunk.size()));
  write_parts(std::move(parts), status_line_size, which, std::move(done));
}

void restinio_exchange::write_parts(restinio::writable_items_container_t parts, std::size_t status_line_size,
                                    part which, write_handler done) {
  if (!stream_to_) return;
  const auto complete = which == part::last && request_->header().should_keep_alive() && !parts.empty();
  restinio::write_group_t group(std::move(parts));
  group.status_line_size(status_line_size);
  const auto to = stream_to_;
  if (which == part::last) stream_to_.reset();
  group.after_write_notificator(notificator(std::move(done)));
  const restinio::response_output_flags_t flags{
      which == part::last ? restinio::response_parts_attr_t::final_parts
                          : restinio::response_parts_attr_t::not_final_parts,
      which == part::last && !complete ? restinio::response_connection_attr_t::connection_close
                                       : restinio::response_connection_attr_t::connection_keepalive};
  to->write_response_parts(request_->request_id(), flags, std::move(group));
}

restinio::write_status_cb_t restinio_exchange::notificator(write_handler done) {
  const auto last = !stream_to_;
  return [self = shared_from_this(), done = std::move(done), last](const restinio::asio_ns::error_code& problem) {
    if (last || problem) self->shared_->live.remove(self.get());
    auto* io = self->io_.load();
    if (done && io != nullptr) restinio::asio_ns::post(*io, [done, ok = !problem] { done(ok); });
  };
}

void restinio_exchange::abandon() noexcept {
  {
    const std::lock_guard lock(guard_);
    io_ = nullptr;
    stream_to_.reset();
    restinio::impl::access_req_connection(*request_).reset();
  }
  shared_->live.remove(this);
}

}  // namespace flotilla::http
