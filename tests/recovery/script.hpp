// What each task of the harness does, told in advance: a function of the seed and of the task's name.
//
// A task's input names its script. The fake vendor answers by it, and at the end the task is held against it.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace flotilla::recovery {

// The tools that scripts call; note_tools.hpp has the first three.
inline constexpr const char* lookup_tool = "note_lookup";    ///< idempotent
inline constexpr const char* append_tool = "note_append";    ///< must not happen twice
inline constexpr const char* guarded_tool = "note_guarded";  ///< the same, and a human is asked first
inline constexpr const char* delegate_tool = "delegate";     ///< the runtime's own, as the next two
inline constexpr const char* ask_tool = "ask_approval";
inline constexpr const char* send_tool = "send_message";

/// Before a call's name, in its id.
inline constexpr std::string_view call_prefix = "call-";

/// What the text of a message begins with; the name of its call follows.
inline constexpr const char* message_word = "word ";

/// What input, output and arguments call a script.
inline constexpr const char* script_word = "script ";

/// A tool call of a model's answer.
struct scripted_call {
  std::string id;         ///< the vendor's id of the call: `call_prefix` and its name
  std::string tool;       ///< one of the above
  std::string name;       ///< no other call of any task has it; of a delegated task: its script
  std::string arguments;  ///< JSON
  bool waits = true;      ///< of a delegated task: its end is the call's result
};

/// What the vendor does once, on the first request for a turn, before it answers well.
enum class hiccup : std::uint8_t { none, overloaded, broken_stream, cut_connection };

/// One answer of the model.
struct scripted_turn {
  std::vector<std::string> thinking;  ///< in pieces; said only where nothing has been said yet
  std::vector<std::string> text;      ///< in pieces
  std::vector<scripted_call> calls;
  std::chrono::milliseconds pace{0};  ///< between two pieces
  hiccup first = hiccup::none;

  [[nodiscard]] std::string whole_text() const;
};

/// How a task ends where nobody cancels it.
enum class outcome : std::uint8_t { done, refused, rejected };

struct script {
  std::string name;
  std::vector<scripted_turn> turns;
  outcome ends = outcome::done;  ///< on the last turn

  [[nodiscard]] std::string input() const { return script_word + name; }
  /// The task's output, unless it is cancelled.
  [[nodiscard]] std::string output() const;
  /// The code of the task's error; nothing: it is done.
  [[nodiscard]] std::optional<std::string> error_code() const;
};

/// The name in an input; empty: it is none of ours.
[[nodiscard]] std::string script_name_in(const std::string& input);

/// An agent of the fleet, as far as scripts care.
struct staff_member {
  std::string id;                    ///< of the agent
  std::vector<std::size_t> reports;  ///< as indexes of the staff
};

/// All scripts of a run of the harness. Any thread.
class library {
 public:
  explicit library(std::uint64_t seed) : seed_(seed) {}
  /// Must be called before scripts are made.
  void set_staff(std::vector<staff_member> staff) { staff_ = std::move(staff); }

  /// Makes the script of a task for an agent, and those of what it delegates.
  const script& write(const std::string& name, std::size_t agent);
  /// Null: there is none.
  [[nodiscard]] const script* find(const std::string& name) const;

 private:
  struct dice;
  [[nodiscard]] scripted_turn write_turn(dice& thrown, const std::string& turn, std::size_t agent, bool last);
  [[nodiscard]] scripted_call write_call(dice& thrown, const std::string& name, std::size_t agent);

  const std::uint64_t seed_;
  std::vector<staff_member> staff_;
  mutable std::recursive_mutex mutex_;
  std::map<std::string, script> scripts_;  ///< guarded by mutex_; what is in it does not change or move
};

}  // namespace flotilla::recovery
