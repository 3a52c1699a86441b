// A host program of an embedded fleet, for tests: it asks and waits for the answer.
#pragma once

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "flotilla/fleet.hpp"
#include "flotilla/limits.hpp"

namespace flotilla::testing {

inline constexpr std::chrono::seconds patience{60};  ///< for whatever must happen, however slow the machine is

template <class T>
result<T> await(const std::function<void(reply<T>)>& call) {
  auto answer = std::make_shared<std::promise<result<T>>>();
  auto future = answer->get_future();
  call([answer](result<T> value) { answer->set_value(std::move(value)); });
  BOOST_REQUIRE((future.wait_for(patience) == std::future_status::ready));
  return future.get();
}

/// What a `reply<T>` is answered with.
template <class Handler>
struct answer_of;
template <class T>
struct answer_of<std::function<void(result<T>)>> {
  using type = T;
};

/// "" or the error's message, where it has the code that is expected.
template <class T>
std::string refusal(const result<T>& outcome, errc expected) {
  BOOST_REQUIRE(!outcome);
  BOOST_TEST((outcome.error().code == expected));
  return outcome.error().message;
}

/// A fleet and its admin.
struct host {
  explicit host(fleet_options options) {
    auto opened = open_fleet(std::move(options));
    BOOST_REQUIRE_MESSAGE(opened, (opened ? "" : opened.error().message));
    runtime = std::move(*opened);
  }
  /// A fleet in memory, with its admin logged in.
  static host in_memory(fleet_options options = {}) {
    host made(std::move(options));
    made.log_in(made.runtime->new_admin_token().value());
    return made;
  }

  void log_in(const std::string& token) {
    const auto found =
        await<principal>([&](reply<principal> done) { runtime->authenticate(token, std::move(done)); });
    BOOST_REQUIRE(found);
    who = *found;
  }

  /// Makes a call of the fleet and waits: `ask(&fleet::find_task, id)`.
  template <class... Params, class... Args>
  auto ask(void (fleet::*call)(const principal&, Params...), Args... args) {
    using handler = std::tuple_element_t<sizeof...(Params) - 1, std::tuple<Params...>>;
    using answer = typename answer_of<handler>::type;
    return await<answer>([&](reply<answer> done) { ((*runtime).*call)(who, args..., std::move(done)); });
  }
  /// As `ask`, where the call must succeed.
  template <class... Params, class... Args>
  auto get(void (fleet::*call)(const principal&, Params...), Args... args) {
    auto answer = ask(call, std::move(args)...);
    BOOST_REQUIRE_MESSAGE(answer, (answer ? "" : answer.error().message));
    if constexpr (!std::is_void_v<typename decltype(answer)::value_type>) return std::move(*answer);
  }

  static agent_draft draft_agent(const std::string& name) {
    agent_draft draft;
    draft.name = name;
    draft.role = "You help.";
    draft.model = "rehearsal-1";
    draft.provider = "rehearsal";
    draft.glyph = "🦊";
    return draft;
  }
  result<agent> hire(const std::string& name, std::optional<agent_id> manager = std::nullopt) {
    auto draft = draft_agent(name);
    draft.manager = manager;
    return ask(&fleet::create_agent, draft);
  }
  static task_draft draft_task(agent_id assignee, const std::string& input) {
    task_draft draft;
    draft.title = "A task";
    draft.input = input;
    draft.assignee = assignee;
    return draft;
  }
  result<task> give(agent_id assignee, const std::string& input) {
    return ask(&fleet::create_task, draft_task(assignee, input));
  }
  /// Runs a task and gives the JSON of its events, to the last.
  std::vector<std::string> run(task_id which, bool restart = false) {
    const auto ticket = get(&fleet::run_task, which, restart);
    const auto watch = get(&fleet::watch_task, which, ticket.before_first);
    std::vector<std::string> events;
    for (bool ended = false; !ended;) {
      const auto chunk = await<log_chunk>([&](reply<log_chunk> done) { watch->next(1U << 20U, std::move(done)); });
      BOOST_REQUIRE(chunk);
      for (const auto& entry : chunk->entries) events.push_back(*entry.json);
      ended = chunk->ended;
    }
    return events;
  }
  task_detail detail(task_id which) { return get(&fleet::find_task, which); }

  std::unique_ptr<fleet> runtime;
  principal who;
};

}  // namespace flotilla::testing
