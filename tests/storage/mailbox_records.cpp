// What agents and people said: mailboxes, which each message leaves once, and an agent's messages of both ways.
#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "core/bus_types.hpp"
#include "storage/key_schema.hpp"
#include "storage/records.hpp"
#include "tests/storage/checked_world.hpp"

using namespace flotilla;
using namespace flotilla::storage;
using namespace flotilla::storage::testing;

namespace {

struct fixture : memory_fixture {
  org_id org = org_id::make(at(0));
  agent_id ada = agent_id::make(at(0));
  agent_id bob = agent_id::make(at(0));
  hand_clock clock;
  std::shared_ptr<bus_stamp> stamp = std::make_shared<bus_stamp>(clock, at(0));

  message say(party from, party to, std::string_view type = bus::agent_message) {
    message said;
    batch changes;
    message_draft draft;
    draft.type = type;
    draft.from = from;
    draft.to = to;
    draft.text = "text";
    append_message(changes, org, std::move(draft), stamp,
                   [&said](const bus_entry& placed, appender&) { said = *placed.value; });
    must_commit(*kept, std::move(changes));
    return said;
  }
  std::vector<message_seq> mailbox(agent_id of, std::size_t most = 100) {
    std::vector<message_seq> found;
    const auto unread = read_mailbox(*view(*kept), org, of, most);
    BOOST_REQUIRE(unread);
    for (const auto& each : *unread) {
      BOOST_TEST((each.agent == of));
      found.push_back(each.seq);
    }
    return found;
  }
  result<void> read(const unread_mail& what) {
    batch changes;
    erase_mail(changes, org, what);
    return commit(*kept, std::move(changes));
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(mailbox_records, fixture)

BOOST_AUTO_TEST_CASE(a_message_lies_in_the_mailbox_of_whom_it_is_to) {
  const auto first = say(party::user(), party::of(ada)).seq;
  const auto second = say(party::of(bob), party::of(ada)).seq;
  const auto to_self = say(party::of(ada), party::of(ada)).seq;
  say(party::of(ada), party::user());
  say(party::of(ada), party::everyone());
  say(party::of(bob), party::of(ada), bus::task_created);
  BOOST_TEST((mailbox(ada) == std::vector{first, second, to_self}));
  BOOST_TEST((mailbox(ada, 2) == std::vector{first, second}));
  BOOST_TEST(mailbox(ada, 0).empty());
  BOOST_TEST(mailbox(bob).empty());
  BOOST_TEST(read_mailbox(*view(*kept), org_id::make(at(0)), ada, 10)->empty());
}

BOOST_AUTO_TEST_CASE(a_message_is_read_once) {
  const auto first = say(party::of(bob), party::of(ada)).seq;
  const auto second = say(party::of(bob), party::of(ada)).seq;
  BOOST_REQUIRE(read({ada, first}));
  BOOST_TEST((read({ada, first}).error().code == errc::conflict));
  BOOST_TEST((read({bob, second}).error().code == errc::conflict));
  BOOST_TEST((mailbox(ada) == std::vector{second}));
  // It stands on the bus, whoever has read it.
  BOOST_TEST((read_message(*view(*kept), org, first)->seq == first));
  BOOST_TEST((read_message(*view(*kept), org, second + 1).error().code == errc::internal));
}

BOOST_AUTO_TEST_CASE(a_mailbox_that_is_damaged_is_told) {
  must_commit(*kept, putting(keys::mailbox_of(org, ada) + "x", {}));
  BOOST_TEST((read_mailbox(*view(*kept), org, ada, 10).error().code == errc::internal));
}

BOOST_AUTO_TEST_CASE(what_was_said_agrees_with_a_model) {
  std::mt19937 random(5);  // NOLINT: the same run every time
  const std::vector<party> parties{party::of(ada), party::of(bob), party::user(), party::system(), party::everyone()};
  const std::vector<std::string_view> types{bus::agent_message, bus::agent_message, bus::task_done};
  std::vector<message> model;  // newest first
  for (int i = 0; i < 200; ++i) {
    const auto& type = types[random() % types.size()];
    model.insert(model.begin(), say(parties[random() % parties.size()], parties[random() % parties.size()], type));
  }
  for (const auto who : {ada, bob}) {
    std::vector<message> expected;
    std::vector<message_seq> unread;
    for (const auto& each : model) {
      if (each.type != bus::agent_message) continue;
      if (each.from == party::of(who) || each.to == party::of(who)) expected.push_back(each);
      if (each.to == party::of(who)) unread.insert(unread.begin(), each.seq);
    }
    BOOST_TEST((mailbox(who, 1000) == unread));
    BOOST_TEST((*read_said(*view(*kept), org, who, {}, 1000) == expected));
    for (const std::size_t size : {1U, 7U}) {
      std::vector<message> in_pieces;
      std::optional<message_seq> before;
      for (;;) {
        const auto some = read_said(*view(*kept), org, who, before, size);
        BOOST_REQUIRE(some);
        BOOST_TEST(some->size() <= size);
        if (some->empty()) break;
        in_pieces.insert(in_pieces.end(), some->begin(), some->end());
        before = some->back().seq;
      }
      BOOST_TEST((in_pieces == expected));
    }
    BOOST_TEST(read_said(*view(*kept), org, who, {}, 0)->empty());
  }
}

BOOST_AUTO_TEST_SUITE_END()
