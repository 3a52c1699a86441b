#include "tests/recovery/note_tools.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <mutex>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <utility>

#include "providers/timer.hpp"
#include "tests/recovery/script.hpp"

namespace flotilla::recovery {
namespace {

using nlohmann::json;

constexpr const char* schema =
    R"({"type":"object","properties":{"name":{"type":"string"},"before":{"type":"integer"},)"
    R"("after":{"type":"integer"}},"required":["name"]})";
constexpr mode_t file_mode = 0600;

/// A call under way: waits, happens, waits, answers, in the timer's thread, which is these tools' own and may wait
/// for the disk.
class note_run final : public tool_run {
 public:
  struct state {
    std::mutex mutex;
    bool aborted = false;
    std::vector<std::unique_ptr<timer_ticket>> waits;  // both guarded by mutex
  };
  explicit note_run(std::shared_ptr<state> shared) : state_(std::move(shared)) {}
  ~note_run() override {
    std::vector<std::unique_ptr<timer_ticket>> gone;  // let go of without the lock
    const std::lock_guard lock(state_->mutex);
    state_->aborted = true;
    gone = std::move(state_->waits);
  }

 private:
  std::shared_ptr<state> state_;
};

/// Has `next` called after a time, unless the call is aborted.
void wait(const std::shared_ptr<timer>& clock, const std::shared_ptr<note_run::state>& of, std::int64_t ms,
          std::function<void()> next) {
  auto ticket = clock->after(std::chrono::milliseconds(ms), std::move(next));
  const std::lock_guard lock(of->mutex);
  if (!of->aborted) of->waits.push_back(std::move(ticket));
}

class note_tools final : public toolset {
 public:
  explicit note_tools(const std::filesystem::path& file)
      : file_(::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, file_mode)), clock_(make_timer()) {
    if (file_ < 0) throw std::runtime_error("the file of the notes cannot be opened");
  }
  ~note_tools() override { ::close(file_); }
  note_tools(const note_tools&) = delete;
  note_tools& operator=(const note_tools&) = delete;

  std::vector<tool_spec> tools_for(const agent& /*who*/) const override {
    return {{lookup_tool, "Looks something up.", schema, false, true},
            {append_tool, "Writes something down.", schema, false, false},
            {guarded_tool, "Writes something down that a human must allow.", schema, false, false}};
  }

  std::unique_ptr<tool_run> call(const agent& /*who*/, tool_invocation invocation,
                                 std::function<void(tool_outcome)> handler) override {
    const auto arguments = json::parse(invocation.request.arguments);
    auto shared = std::make_shared<note_run::state>();
    const auto name = arguments.at("name").get<std::string>();
    const auto answer = [id = invocation.request.call_id, name, handler = std::move(handler)] {
      handler({id, "did " + name, false});
    };
    const auto happen = [this, shared, name, answer, tool = invocation.request.tool, key = invocation.idempotency_key,
                         after = arguments.value("after", 0)] {
      append(name + " " + tool + " " + key + "\n");
      wait(clock_, shared, after, answer);
    };
    wait(clock_, shared, arguments.value("before", 0), happen);
    return std::make_unique<note_run>(std::move(shared));
  }

 private:
  void append(const std::string& line) const {
    const auto written = ::write(file_, line.data(), line.size());
    if (written != static_cast<ssize_t>(line.size()) || ::fsync(file_) != 0) std::abort();
  }

  const int file_;
  std::shared_ptr<timer> clock_;
};

}  // namespace

std::vector<note> read_notes(const std::filesystem::path& file) {
  std::ifstream from(file);
  std::vector<note> found;
  for (note each; from >> each.name >> each.tool >> each.key;) found.push_back(each);
  if (!from.eof()) throw std::runtime_error("the notes cannot be read");
  return found;
}

std::shared_ptr<toolset> make_note_tools(const std::filesystem::path& file) {
  return std::make_shared<note_tools>(file);
}

}  // namespace flotilla::recovery
