// Takes secrets out of what callers send before it is decided upon and stored. Pure.
//
// Each function answers with a copy whose free texts are redacted. What names something that is looked up or matched
// as it stands (models, tools, MCP servers, approvals' patterns, glyphs, ids) is left alone. A null redactor changes
// nothing. Messages are redacted where they are put on the bus (actors/journal.hpp).
#pragma once

#include <string>

#include "core/redactor.hpp"
#include "flotilla/agent.hpp"
#include "flotilla/epic.hpp"
#include "flotilla/task.hpp"

namespace flotilla::runtime {

[[nodiscard]] std::string redacted(std::string text, const redactor_ptr& with);

[[nodiscard]] agent_draft redacted(agent_draft draft, const redactor_ptr& with);
[[nodiscard]] agent_patch redacted(agent_patch patch, const redactor_ptr& with);
[[nodiscard]] task_draft redacted(task_draft draft, const redactor_ptr& with);
[[nodiscard]] task_patch redacted(task_patch patch, const redactor_ptr& with);
[[nodiscard]] approval_decision redacted(approval_decision word, const redactor_ptr& with);
[[nodiscard]] epic_draft redacted(epic_draft draft, const redactor_ptr& with);
[[nodiscard]] epic_patch redacted(epic_patch patch, const redactor_ptr& with);

}  // namespace flotilla::runtime
