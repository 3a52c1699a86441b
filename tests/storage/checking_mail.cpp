// The check of a store: what agents and people said, the mailboxes, and the agents that it is to wake.
#include <string>
#include <vector>

#include "tests/storage/checked_world.hpp"

using namespace flotilla;
using namespace flotilla::storage;
using namespace flotilla::storage::testing;

BOOST_AUTO_TEST_SUITE(checking_mail)

BOOST_AUTO_TEST_CASE(mailboxes) {
  find_exactly({
      {"a message that there is not",
       [](auto& in, batch& into) { into.put(keys::mail(in.org, in.boss.id, 1000), {}); },
       {"mailbox"}},
      {"a message of another type",
       [](auto& in, batch& into) { into.put(keys::mail(in.org, in.boss.id, 1), {}); },
       {"mailbox"}},
      {"a message to another",
       [](auto& in, batch& into) { into.put(keys::mail(in.org, in.worker.id, in.unread), {}); },
       {"mailbox"}},
      {"a row with a value",
       [](auto& in, batch& into) { into.put(keys::mail(in.org, in.boss.id, in.unread), "x"); },
       {"mailbox"}},
      {"a key that is cut",
       [](auto& in, batch& into) { into.put(keys::mailbox_of(in.org, in.boss.id), {}); },
       {"table"}},
  });
}

BOOST_AUTO_TEST_CASE(said) {
  find_exactly({
      {"what was said without its agents' rows",
       [](auto& in, batch& into) {
         into.erase(keys::said_by_agent(in.org, in.boss.id) + keys::seq_bytes(in.read));
         into.erase(keys::said_by_agent(in.org, in.worker.id) + keys::seq_bytes(in.read));
       },
       {"index-missing", "index-missing"}},
      {"a message that nobody said",
       [](auto& in, batch& into) { into.put(keys::said_by_agent(in.org, in.boss.id) + keys::seq_bytes(1), {}); },
       {"index-stray"}},
  });
}

BOOST_AUTO_TEST_CASE(wakes) {
  find_exactly({
      {"an agent to be woken that there is not",
       [](auto& in, batch& into) {
         write_signal(into, in.org, {agent_id{ulid{{9}}}, {}, keys::signal_kind::wake, {}});
       },
       {"reference"}},
      {"an agent to be woken for a task",
       [](auto& in, batch& into) {
         write_signal(into, in.org, {in.worker.id, in.waiting.value.task.id, keys::signal_kind::wake, {}});
       },
       {"signal"}},
  });
}

BOOST_AUTO_TEST_SUITE_END()
