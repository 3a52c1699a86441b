// A sealed secret opens with its key, at its place, and as it was written; else not at all.
#include <boost/test/unit_test.hpp>

#include <sodium.h>

#include "runtime/sealing.hpp"

using namespace flotilla;
using namespace flotilla::runtime;

namespace {

struct ground {
  ground() { BOOST_REQUIRE(sodium_init() >= 0); }

  key_ring keys{master_key::random(), {master_key::random()}};
  org_id org = org_id::make(timestamp{});
  agent_id owner = agent_id::make(timestamp{});
  secret_name name{secret_scope::agent, owner, "API_KEY"};
  const std::string value = "a value\nwith \0 anything";  // NOLINT

  [[nodiscard]] bool opens(const key_ring& with, const std::string& binding, const std::string& sealed) const {
    const auto opened = unseal(with, binding, sealed);
    if (opened) BOOST_TEST(opened->view() == value);
    return opened.has_value();
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(sealing, ground)

BOOST_AUTO_TEST_CASE(what_was_sealed_opens) {
  const auto binding = secret_binding(org, name);
  const auto sealed = seal(keys.sealing(), binding, value);
  BOOST_TEST(opens(keys, binding, sealed));
  BOOST_TEST(sealed.find(value.substr(0, 5)) == std::string::npos);
  BOOST_TEST((sealed_with(sealed) == keys.sealing().id()));
  BOOST_TEST(sealed.size() == 1 + 8 + 24 + value.size() + 16);
  BOOST_TEST(sealed != seal(keys.sealing(), binding, value));  // a new nonce each time
  const auto empty = unseal(keys, binding, seal(keys.sealing(), binding, ""));
  BOOST_REQUIRE(empty);
  BOOST_TEST(empty->view().empty());
}

BOOST_AUTO_TEST_CASE(any_key_of_the_ring_opens_and_no_other) {
  const auto binding = secret_binding(org, name);
  const key_ring turned(master_key::random(), {keys.sealing()});
  const auto sealed = seal(keys.sealing(), binding, value);
  BOOST_TEST(opens(turned, binding, sealed));
  const key_ring strange(master_key::random(), {});
  const auto refused = unseal(strange, binding, sealed);
  BOOST_REQUIRE(!refused);
  BOOST_TEST((refused.error().code == errc::invalid));
}

BOOST_AUTO_TEST_CASE(at_another_place_it_does_not_open) {
  const auto sealed = seal(keys.sealing(), secret_binding(org, name), value);
  const auto there = [&](org_id in, secret_scope scope, std::optional<agent_id> agent, const std::string& key) {
    return opens(keys, secret_binding(in, {scope, agent, key}), sealed);
  };
  BOOST_TEST(there(org, secret_scope::agent, owner, "API_KEY"));
  BOOST_TEST(!there(org_id::make(timestamp{}), secret_scope::agent, owner, "API_KEY"));
  BOOST_TEST(!there(org, secret_scope::org, std::nullopt, "API_KEY"));
  BOOST_TEST(!there(org, secret_scope::org, owner, "API_KEY"));
  BOOST_TEST(!there(org, secret_scope::agent, agent_id::make(timestamp{}), "API_KEY"));
  BOOST_TEST(!there(org, secret_scope::agent, owner, "API_KEY_"));
  BOOST_TEST(!there(org, secret_scope::agent, owner, "API_KE"));
  BOOST_TEST(!opens(keys, "", sealed));
}

BOOST_AUTO_TEST_CASE(with_any_bit_changed_it_does_not_open) {
  const auto binding = secret_binding(org, name);
  const auto sealed = seal(keys.sealing(), binding, value);
  for (std::size_t at = 0; at < sealed.size(); ++at) {
    for (const unsigned bit : {0U, 7U}) {
      auto changed = sealed;
      changed[at] = static_cast<char>(static_cast<unsigned char>(changed[at]) ^ (1U << bit));
      BOOST_TEST(!opens(keys, binding, changed), "byte " << at);
    }
  }
}

BOOST_AUTO_TEST_CASE(cut_or_lengthened_it_does_not_open) {
  const auto binding = secret_binding(org, name);
  const auto sealed = seal(keys.sealing(), binding, value);
  for (std::size_t size = 0; size < sealed.size(); ++size) BOOST_TEST(!opens(keys, binding, sealed.substr(0, size)));
  BOOST_TEST(!opens(keys, binding, sealed + '\0'));
}

BOOST_AUTO_TEST_CASE(a_key_id_of_another_key_does_not_help) {
  const auto binding = secret_binding(org, name);
  const auto mine = seal(keys.sealing(), binding, value);
  const master_key second = master_key::random();
  const key_ring both(keys.sealing(), {second});
  auto changed = mine;
  std::copy(second.id().begin(), second.id().end(), changed.begin() + 1);
  BOOST_TEST(!opens(both, binding, changed));
}

BOOST_AUTO_TEST_SUITE_END()
