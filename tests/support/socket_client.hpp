// A small HTTP client on a plain socket: it sends what it is told, wrong or right, and can stop reading.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace flotilla::test {

/// What came back. Header names are in lower case.
struct answer {
  int status = 0;
  std::map<std::string, std::string> headers;
  std::string body;

  [[nodiscard]] std::string at(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? std::string() : found->second;
  }
};

/// A request as text, with Content-Length and the token, where there are a body and a token.
std::string request_text(std::string_view verb, std::string_view target, std::string_view token = {},
                         std::string_view body = {}, std::string_view more_headers = {});

/// One connection. Reading gives up with an exception after a generous time.
class client {
 public:
  /// `receive_buffer` 0: the system's choice.
  explicit client(std::uint16_t port, int receive_buffer = 0);
  ~client();
  client(client&& other) noexcept;
  client(const client&) = delete;
  client& operator=(const client&) = delete;

  void send(std::string_view bytes);
  /// Reads one answer with its body; of a HEAD without.
  answer read(bool with_body = true);
  /// Reads the head of an answer only.
  answer read_head();
  /// The next block of an event stream, without the empty line behind it ("id: …\ndata: …", or ":" for a comment);
  /// nothing where the stream has ended regularly. Throws where it was cut.
  std::optional<std::string> next_block();
  /// The next one that is no comment.
  std::optional<std::string> next_event();
  /// Waits for the other side to close. False if something else comes.
  bool await_close();

 private:
  bool receive();  // false at the end
  void need(std::size_t bytes);
  std::string line();
  bool read_chunk(std::string& into);

  int socket_;
  std::string buffer_;
  std::string events_;
  bool chunked_ = false;
};

/// One request on a connection of its own.
answer fetch(std::uint16_t port, std::string_view verb, std::string_view target, std::string_view token = {},
             std::string_view body = {}, std::string_view more_headers = {});

}  // namespace flotilla::test
