// An epic: a name for work that many tasks share.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "flotilla/id.hpp"
#include "flotilla/message.hpp"
#include "flotilla/page.hpp"
#include "flotilla/task.hpp"
#include "flotilla/time.hpp"

namespace flotilla {

enum class epic_type : std::uint8_t { feature, marketing, qa, research, ops };
[[nodiscard]] std::string_view to_string(epic_type type) noexcept;
[[nodiscard]] std::optional<epic_type> parse_epic_type(std::string_view text) noexcept;

/// Where an epic stands: humans say so. One that is done or archived takes no new task.
enum class epic_status : std::uint8_t { active, done, archived };
[[nodiscard]] std::string_view to_string(epic_status status) noexcept;
[[nodiscard]] std::optional<epic_status> parse_epic_status(std::string_view text) noexcept;

struct epic {
  epic_id id;
  std::string name;
  epic_type type = epic_type::feature;
  epic_status status = epic_status::active;
  std::uint32_t progress = 0;  ///< percent of its tasks that are done, rounded down; 0 where it has none
  timestamp created_at;
  timestamp updated_at;

  friend bool operator==(const epic&, const epic&) = default;
};

/// What is needed to make an epic.
struct epic_draft {
  std::string name;
  epic_type type = epic_type::feature;
};

/// A change of an epic: only what is set changes.
struct epic_patch {
  std::optional<std::string> name;
  std::optional<epic_type> type;
  std::optional<epic_status> status;
};

/// Which epics to list. All that are set must hold.
struct epic_query {
  std::optional<epic_status> status;
  std::optional<epic_type> type;
  page_request page;
};

/// An epic with what only a read by id shows.
struct epic_detail {
  flotilla::epic epic;
  std::vector<task> tasks;        ///< the newest `max_epic_items`, newest first
  std::vector<message> timeline;  ///< the newest `max_epic_items` messages about its tasks, oldest first
};

}  // namespace flotilla
