// A redactor that knows its values as they are, for tests of those who use one: what it answers is the definition.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "core/redactor.hpp"

namespace flotilla::testing {

class literal_redactor final : public redactor {
 public:
  /// By value.
  explicit literal_redactor(std::map<std::string, std::string> keys) : keys_(std::move(keys)) {}

  std::string redact(std::string_view text) const override {
    std::string shown;
    for (std::size_t at = 0; at < text.size();) {
      const auto* found = longest_at(text.substr(at));
      if (found == nullptr) {
        shown += text[at++];
        continue;
      }
      shown += "[secret:" + found->second + "]";
      at += found->first.size();
    }
    return shown;
  }

  std::size_t undecided(std::string_view text) const override {
    for (std::size_t at = 0; at < text.size();) {
      const auto rest = text.substr(at);
      for (const auto& [value, key] : keys_) {
        if (value.size() > rest.size() && std::string_view(value).starts_with(rest)) return rest.size();
      }
      const auto* found = longest_at(rest);
      at += found == nullptr ? 1 : found->first.size();
    }
    return 0;
  }

 private:
  const std::pair<const std::string, std::string>* longest_at(std::string_view text) const {
    const std::pair<const std::string, std::string>* longest = nullptr;
    for (const auto& each : keys_) {
      if (!text.starts_with(each.first)) continue;
      if (longest == nullptr || each.first.size() > longest->first.size()) longest = &each;
    }
    return longest;
  }

  std::map<std::string, std::string> keys_;
};

}  // namespace flotilla::testing
