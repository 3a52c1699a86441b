// A client of the API that does not give up: what a kill has cut off is sent again, with the same idempotency key, so
// that "accepted" means one thing.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "tests/recovery/server_address.hpp"
#include "tests/support/api_client.hpp"

namespace flotilla::recovery {

/// Any thread. Every call throws where no answer comes for a long time, or the server is gone for good.
class stubborn_client {
 public:
  explicit stubborn_client(const server_address& where) : where_(where) {}

  [[nodiscard]] testing::api_answer get(const std::string& target) const { return ask("GET", target, {}, {}); }
  /// `key`: the Idempotency-Key; the same for the same call.
  [[nodiscard]] testing::api_answer post(const std::string& target, const nlohmann::json& body,
                                         const std::string& key) const {
    return ask("POST", target, body.dump(), key);
  }
  /// Asks for a run; the answer is the head of its stream, which is not read.
  [[nodiscard]] int run(const std::string& task, const std::string& key) const;

 private:
  [[nodiscard]] testing::api_answer ask(const std::string& verb, const std::string& target, const std::string& body,
                                        const std::string& key) const;
  const server_address& where_;
};

}  // namespace flotilla::recovery
