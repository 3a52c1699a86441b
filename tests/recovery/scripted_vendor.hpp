// The fake vendor of the harness: answers every conversation as its script says, from where it stands.
//
// It lives in the harness, so it survives every kill, and it judges what it is asked: what a conversation holds must
// be what the script has said, and an answer that was seen in a journal must not be asked for again.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/recovery/complaints.hpp"
#include "tests/recovery/moments.hpp"
#include "tests/recovery/script.hpp"
#include "tests/support/fake_upstream.hpp"
#include "tests/support/vendor_wire.hpp"

namespace flotilla::recovery {

/// Times are milliseconds since the epoch.
using wall_ms = std::int64_t;
[[nodiscard]] wall_ms now_ms();

/// A request that the vendor got for a turn of a script, in the order in which they came.
struct vendor_call {
  std::size_t prefix = 0;  ///< bytes of the answer that the conversation held already
  wall_ms asked = 0;
  wall_ms answered = 0;  ///< when the whole answer had been sent; 0: it never was
  bool failed = false;   ///< it was answered with an error, as the script wanted
};

/// Any thread.
class scripted_vendor {
 public:
  scripted_vendor(const library& scripts, complaints& wrong, moments& seen);

  [[nodiscard]] std::string url() const { return upstream_->url(); }
  /// A journal that shows the answer of this turn (from 0) has been seen: it must not be asked for any more.
  void answer_was_seen(const std::string& script, std::size_t turn);
  /// By script and turn.
  using call_table = std::map<std::pair<std::string, std::size_t>, std::vector<vendor_call>>;
  [[nodiscard]] call_table calls() const;

 private:
  /// Where a conversation stands.
  struct position {
    const script* of = nullptr;
    std::size_t turn = 0;
    std::string prefix;  ///< what of this turn's answer has been said
  };
  [[nodiscard]] testing::canned_reply answer(const testing::recorded_request& request);
  [[nodiscard]] position read(const testing::recorded_request& request);
  [[nodiscard]] std::pair<std::size_t, bool> note(const position& at);
  [[nodiscard]] testing::canned_reply fail_once(const position& at, testing::wire format, std::size_t number);
  [[nodiscard]] testing::canned_reply say(const position& at, testing::wire format, std::size_t number);

  const library& scripts_;
  complaints& wrong_;
  moments& seen_;
  mutable std::mutex mutex_;
  call_table calls_;                                      // these two: guarded by mutex_
  std::set<std::pair<std::string, std::size_t>> closed_;  ///< whose answer is journaled
  std::unique_ptr<testing::fake_upstream> upstream_;      // last: it calls the others
};

}  // namespace flotilla::recovery
