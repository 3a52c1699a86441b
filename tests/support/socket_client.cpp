// The socket, and just enough HTTP/1.1 to read answers.
#include "tests/support/socket_client.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <stdexcept>
#include <utility>

namespace flotilla::test {
namespace {

constexpr timeval read_patience{60, 0};

}  // namespace

std::string request_text(std::string_view verb, std::string_view target, std::string_view token,
                         std::string_view body, std::string_view more_headers) {
  std::string text = std::string(verb) + " " + std::string(target) + " HTTP/1.1\r\nHost: test\r\n";
  if (!token.empty()) text += "Authorization: Bearer " + std::string(token) + "\r\n";
  if (!body.empty()) text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  return text + std::string(more_headers) + "\r\n" + std::string(body);
}

client::client(std::uint16_t port, int receive_buffer) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
  if (socket_ < 0) throw std::runtime_error("no socket");
  if (receive_buffer > 0) setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
  setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &read_patience, sizeof read_patience);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket_, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) {
    ::close(socket_);
    throw std::runtime_error("cannot connect");
  }
}

client::client(client&& other) noexcept
    : socket_(std::exchange(other.socket_, -1)),
      buffer_(std::move(other.buffer_)),
      events_(std::move(other.events_)),
      chunked_(other.chunked_) {
}

client::~client() {
  if (socket_ >= 0) ::close(socket_);
}

void client::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) throw std::runtime_error("cannot send");
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

bool client::receive() {
  std::array<char, 65536> piece;
  const auto got = ::recv(socket_, piece.data(), piece.size(), 0);
  if (got < 0) throw std::runtime_error("nothing came, or the connection was reset");
  buffer_.append(piece.data(), static_cast<std::size_t>(got));
  return got > 0;
}

void client::need(std::size_t bytes) {
  while (buffer_.size() < bytes) {
    if (!receive()) throw std::runtime_error("the connection was closed");
  }
}

std::string client::line() {
  std::size_t end = 0;
  while ((end = buffer_.find("\r\n")) == std::string::npos) need(buffer_.size() + 1);
  auto text = buffer_.substr(0, end);
  buffer_.erase(0, end + 2);
  return text;
}

answer client::read_head() {
  answer head;
  head.status = std::stoi(line().substr(9));
  for (auto text = line(); !text.empty(); text = line()) {
    const auto colon = text.find(':');
    auto name = text.substr(0, colon);
    std::ranges::transform(name, name.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    head.headers[name] = text.substr(colon + 2);
  }
  chunked_ = head.at("transfer-encoding") == "chunked";
  return head;
}

answer client::read(bool with_body) {
  auto whole = read_head();
  const auto length = whole.at("content-length");
  if (!with_body || length.empty()) return whole;
  need(std::stoul(length));
  whole.body = buffer_.substr(0, std::stoul(length));
  buffer_.erase(0, whole.body.size());
  return whole;
}

bool client::read_chunk(std::string& into) {
  if (!chunked_) {
    if (buffer_.empty() && !receive()) return false;
    into += std::exchange(buffer_, {});
    return true;
  }
  const auto size = std::stoul(line(), nullptr, 16);
  need(size + 2);
  into += buffer_.substr(0, size);
  buffer_.erase(0, size + 2);
  return size > 0;
}

std::optional<std::string> client::next_block() {
  std::size_t end = 0;
  while ((end = events_.find("\n\n")) == std::string::npos) {
    if (read_chunk(events_)) continue;
    if (!events_.empty()) throw std::runtime_error("the stream ended within an event");
    return std::nullopt;
  }
  auto block = events_.substr(0, end);
  events_.erase(0, end + 2);
  return block;
}

std::optional<std::string> client::next_event() {
  auto block = next_block();
  while (block && block->starts_with(':')) block = next_block();
  return block;
}

bool client::await_close() {
  char byte = 0;
  const auto got = ::recv(socket_, &byte, 1, 0);
  return got == 0 || (got < 0 && errno == ECONNRESET);
}

answer fetch(std::uint16_t port, std::string_view verb, std::string_view target, std::string_view token,
             std::string_view body, std::string_view more_headers) {
  client one(port);
  one.send(request_text(verb, target, token, body, more_headers));
  return one.read(verb != "HEAD");
}

}  // namespace flotilla::test
