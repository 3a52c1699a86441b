// Secrets are taken out of everything that actors store or tell: events, messages, and what a model says in pieces.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "actors/environment.hpp"
#include "core/model_provider.hpp"
#include "core/redactor.hpp"
#include "flotilla/event.hpp"
#include "storage/records.hpp"

namespace flotilla::actors {

/// JSON text without secrets. What it is stays what it was, but for what stands below a member named "arguments",
/// which is a vendor's: a number there that holds a secret becomes a string. Precondition: one valid value.
[[nodiscard]] std::string redacted_json(std::string json, const redactor& with);

/// All of an event but the text of `output`, `thinking`, `tool_result` and drafts: these are redacted before they are
/// cut into events (`run_redaction`).
void redact(event& what, const redactor& with);
void redact(storage::message_draft& what, const redactor& with);

/// The redaction of one run: of what its model says, piece by piece, and of whole texts. One thread at a time.
class run_redaction {
 public:
  run_redaction() = default;
  /// `output`: what the attempt has said before, as output or in drafts.
  run_redaction(const environment_ptr& env, org_id org, std::string_view output);

  /// What can be told now of a piece: nothing, it, or what was held back before it. A stretch of thinking that held a
  /// secret is closed with an opaque part of "{}": its vendor would not recognise it any more.
  [[nodiscard]] std::vector<model_delta> pass(model_delta piece);
  /// The model's answer is over: what was held back.
  [[nodiscard]] std::vector<model_delta> rest();
  /// The model's answer has broken off and is asked for again: what was held back will come again.
  void drop();

  void redact(event& what) const;
  [[nodiscard]] std::string redacted(std::string text) const;

 private:
  [[nodiscard]] redactor_ptr now() const;

  environment_ptr env_;  ///< null: there are no secrets at all
  org_id org_;
  stream_redactor said_;
  stream_redactor thought_;
  bool thought_altered_ = false;  ///< since the stretch of thinking began
};

}  // namespace flotilla::actors
