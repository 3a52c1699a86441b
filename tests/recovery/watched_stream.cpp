#include "tests/recovery/watched_stream.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <ctime>
#include <stdexcept>
#include <utility>

#include "tests/support/api_client.hpp"

namespace flotilla::recovery {
namespace {

using nlohmann::json;

/// "2026-11-25T21:03:04.567Z" in milliseconds since the epoch.
wall_ms parse_time(const std::string& text) {
  std::tm parts{};
  int ms = 0;
  if (std::sscanf(text.c_str(), "%d-%d-%dT%d:%d:%d.%dZ", &parts.tm_year, &parts.tm_mon, &parts.tm_mday,
                  &parts.tm_hour, &parts.tm_min, &parts.tm_sec, &ms) != 7) {
    throw std::runtime_error("not a time: " + text);
  }
  parts.tm_year -= 1900;
  parts.tm_mon -= 1;
  return static_cast<wall_ms>(::timegm(&parts)) * 1000 + ms;
}

/// "id: N" and "data: {…}".
seen_event parse_event(std::string block) {
  seen_event made;
  const auto line_end = block.find('\n');
  if (!block.starts_with("id: ") || block.compare(line_end, 7, "\ndata: ") != 0) {
    throw std::runtime_error("not an event: " + block);
  }
  made.id = std::stoull(block.substr(4));
  const auto value = json::parse(block.substr(line_end + 7));
  made.at = parse_time(value.contains("at") ? value.at("at") : value.at("createdAt"));
  made.type = value.at("type");
  made.text = value.value("text", "");
  made.tool = value.value("tool", "");
  made.call_id = value.value("callId", "");
  if (value.contains("data")) made.data = value.at("data");
  made.block = std::move(block);
  return made;
}

}  // namespace

watched_stream::~watched_stream() {
  close();
}

watched_stream::watched_stream(watched_stream&& other) noexcept
    : target_(std::move(other.target_)),
      socket_(std::exchange(other.socket_, -1)),
      status_(other.status_),
      in_body_(other.in_body_),
      raw_(std::move(other.raw_)),
      body_(std::move(other.body_)),
      events_(std::move(other.events_)) {
}

void watched_stream::close() {
  if (socket_ >= 0) ::close(std::exchange(socket_, -1));
  raw_.clear();
  body_.clear();
  in_body_ = false;
}

bool watched_stream::open(std::uint16_t port) {
  close();
  socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const auto last = events_.empty() ? 0 : events_.back().id;
  const auto text =
      test::request_text("GET", target_, testing::admin_token, {}, "Last-Event-ID: " + std::to_string(last) + "\r\n");
  if (socket_ < 0 || ::connect(socket_, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0 ||
      ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(text.size())) {
    close();
    return false;
  }
  return true;
}

stream_state watched_stream::read() {
  std::array<char, 65536> piece;
  const auto got = ::recv(socket_, piece.data(), piece.size(), MSG_DONTWAIT);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return stream_state::open;
  if (got <= 0) {
    close();
    return stream_state::cut;
  }
  raw_.append(piece.data(), static_cast<std::size_t>(got));
  if (!in_body_ && !take_head()) return stream_state::open;
  if (status_ != 200) {
    close();
    return stream_state::refused;
  }
  while (const auto chunk = take_chunk()) {
    if (chunk->empty()) {
      close();
      return stream_state::ended;
    }
    body_ += *chunk;
    take_events();
  }
  return stream_state::open;
}

bool watched_stream::take_head() {
  const auto end = raw_.find("\r\n\r\n");
  if (end == std::string::npos) return false;
  status_ = std::stoi(raw_.substr(9, 3));
  raw_.erase(0, end + 4);
  in_body_ = true;
  return true;
}

// Of a chunked body; an empty one is its end.
std::optional<std::string> watched_stream::take_chunk() {
  const auto line_end = raw_.find("\r\n");
  if (line_end == std::string::npos) return std::nullopt;
  const auto size = std::stoul(raw_, nullptr, 16);
  if (raw_.size() < line_end + 2 + size + 2) return std::nullopt;
  auto chunk = raw_.substr(line_end + 2, size);
  raw_.erase(0, line_end + 2 + size + 2);
  return chunk;
}

void watched_stream::take_events() {
  std::size_t end = 0;
  while ((end = body_.find("\n\n")) != std::string::npos) {
    if (!body_.starts_with(':')) events_.push_back(parse_event(body_.substr(0, end)));
    body_.erase(0, end + 2);
  }
}

std::string watched_stream::bytes() const {
  std::string joined;
  for (const auto& each : events_) joined += each.block + "\n\n";
  return joined;
}

}  // namespace flotilla::recovery
