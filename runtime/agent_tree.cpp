// Reads the agents of a tree, then joins them.
#include "runtime/agent_tree.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "flotilla/limits.hpp"
#include "storage/records.hpp"

namespace flotilla::runtime {
namespace {

tl::unexpected<error> too_large(const std::string& what) {
  return fail(errc::too_large, "The tree has more than " + what + "; name an agent below which to look (root).");
}

/// The agents of an answer, within its bounds.
class members {
 public:
  result<void> add(agent found) {
    bytes_ += found.role.size();
    if (agents_.size() >= max_tree_agents) return too_large(std::to_string(max_tree_agents) + " agents");
    if (bytes_ > max_tree_bytes) return too_large(std::to_string(max_tree_bytes) + " bytes");
    const auto which = found.id;
    agents_.emplace(which, std::move(found));
    return {};
  }
  [[nodiscard]] bool has(agent_id which) const { return agents_.contains(which); }
  [[nodiscard]] std::unordered_map<agent_id, agent> take() { return std::move(agents_); }

 private:
  std::unordered_map<agent_id, agent> agents_;
  std::size_t bytes_ = 0;
};

result<void> add_all(members& to, const storage::snapshot& from, org_id org) {
  for (const auto status : {agent_status::active, agent_status::paused}) {
    agent_query query;
    query.status = status;
    do {
      auto found = storage::list_agents(from, org, query);
      if (!found) return fail(std::move(found.error()));
      for (auto& each : found->items) {
        if (auto added = to.add(std::move(each)); !added) return added;
      }
      query.page.cursor = std::move(found->next);
    } while (query.page.cursor);
  }
  return {};
}

/// Adds an agent unless it is archived or there already. Was it added?
result<bool> add_one(members& to, const storage::snapshot& from, org_id org, agent_id which) {
  if (to.has(which)) return false;
  auto found = storage::read_agent(from, org, which);
  if (!found) return fail(std::move(found.error()));
  if (!*found || (*found)->value.status == agent_status::archived) return false;
  if (auto added = to.add(std::move((*found)->value)); !added) return fail(std::move(added.error()));
  return true;
}

result<void> add_below(members& to, const storage::snapshot& from, org_id org, agent_id root) {
  auto top = add_one(to, from, org, root);
  if (!top) return fail(std::move(top.error()));
  if (!*top) return fail(errc::not_found, "No such agent.");
  std::vector<agent_id> to_look_below{root};
  while (!to_look_below.empty()) {
    const auto manager = to_look_below.back();
    to_look_below.pop_back();
    const auto reports = storage::read_reports(from, org, manager, max_tree_agents + 1);
    if (!reports) return fail(reports.error());
    if (reports->size() > max_tree_agents) return too_large(std::to_string(max_tree_agents) + " agents");
    for (const auto& each : *reports) {
      auto added = add_one(to, from, org, each);
      if (!added) return fail(std::move(added.error()));
      if (*added) to_look_below.push_back(each);
    }
  }
  return {};
}

/// Joins agents to a tree. Each is taken once, so that even a cycle of managers comes to an end.
class joiner {
 public:
  joiner(const storage::snapshot& from, org_id org, const vitals_by_agent& vitals,
         std::unordered_map<agent_id, agent> agents)
      : from_(from), org_(org), vitals_(vitals), agents_(std::move(agents)) {
    for (const auto& [which, each] : agents_) {
      if (each.manager && agents_.contains(*each.manager)) {
        reports_[*each.manager].push_back(which);
      } else {
        tops_.push_back(which);
      }
    }
    std::sort(tops_.begin(), tops_.end());
    for (auto& [manager, below] : reports_) std::sort(below.begin(), below.end());
  }

  result<std::vector<agent_node>> join(std::optional<agent_id> root) {
    auto nodes = join_all(root ? std::vector{*root} : tops_, 1);
    // What is left is in a cycle, which no change can make; it is shown all the same.
    while (nodes && !root && !agents_.empty()) {
      const auto first = std::min_element(agents_.begin(), agents_.end(),
                                          [](const auto& a, const auto& b) { return a.first < b.first; });
      auto rest = join_all({first->first}, 1);
      if (!rest) return rest;
      std::move(rest->begin(), rest->end(), std::back_inserter(*nodes));
    }
    return nodes;
  }

 private:
  result<std::vector<agent_node>> join_all(const std::vector<agent_id>& those, std::size_t depth) {
    std::vector<agent_node> nodes;
    for (const auto& which : those) {
      if (depth > max_tree_depth) return too_large(std::to_string(max_tree_depth) + " levels");
      auto taken = agents_.extract(which);
      if (taken.empty()) continue;
      auto node = describe(std::move(taken.mapped()));
      if (!node) return fail(std::move(node.error()));
      if (const auto below = reports_.find(which); below != reports_.end()) {
        auto reports = join_all(below->second, depth + 1);
        if (!reports) return reports;
        node->reports = std::move(*reports);
      }
      nodes.push_back(std::move(*node));
    }
    return nodes;
  }

  /// The agent with what it does and what it has to do.
  result<agent_node> describe(agent who) const {
    task_query query;
    query.assignee = who.id;
    query.status = task_status::running;
    query.page.limit = max_page_limit;
    const auto running = storage::list_tasks(from_, org_, query);
    if (!running) return fail(running.error());
    const auto work = storage::read_work(from_, org_, who.id);
    if (!work) return fail(work.error());
    agent_node node;
    node.queue_length = work->size() - std::min(work->size(), running->items.size());
    if (!running->items.empty()) node.state = live_state::running;
    if (const auto known = vitals_.find(who.id); known != vitals_.end()) {
      node.restarts = known->second.restarts;
      if (known->second.restarting) node.state = live_state::restarting;
      if (known->second.failed) node.state = live_state::failed;
    }
    if (who.status == agent_status::active && !running->items.empty()) who.status = agent_status::running;
    node.agent = std::move(who);
    return node;
  }

  const storage::snapshot& from_;
  org_id org_;
  const vitals_by_agent& vitals_;
  std::unordered_map<agent_id, agent> agents_;
  std::unordered_map<agent_id, std::vector<agent_id>> reports_;
  std::vector<agent_id> tops_;
};

}  // namespace

result<std::vector<agent_node>> read_tree(const storage::snapshot& from, org_id org, std::optional<agent_id> root,
                                          const vitals_by_agent& vitals) {
  members found;
  auto added = root ? add_below(found, from, org, *root) : add_all(found, from, org);
  if (!added) return fail(std::move(added.error()));
  return joiner(from, org, vitals, found.take()).join(root);
}

}  // namespace flotilla::runtime
