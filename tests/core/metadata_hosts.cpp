// Which hosts are link-local or a cloud's metadata service, in every notation.
#include "core/metadata_hosts.hpp"

#include <boost/test/unit_test.hpp>

using namespace flotilla;

BOOST_AUTO_TEST_SUITE(metadata_hosts)

BOOST_AUTO_TEST_CASE(refused) {
  for (const std::string_view host : {
           "169.254.169.254",
           "169.254.0.0",
           "169.254.255.255",
           "169.254.169.254.",
           "2852039166",
           "0xA9FEA9FE",
           "025177524776",
           "0xa9.0xfe.0xa9.0xfe",
           "0251.0376.0.1",
           "169.16689662",
           "169.254.43518",
           "169.0xfe.0251.254",
           "100.100.100.200",
           "192.0.0.192",
           "168.63.129.16",
           "metadata",
           "Metadata.Google.Internal",
           "metadata.google.internal.",
           "METADATA.GOOG",
           "instance-data",
           "[fe80::1]",
           "[FE80::1]",
           "[febf:ffff::1]",
           "[fe80::1%25eth0]",
           "[fe80::1%eth0]",
           "[::ffff:169.254.169.254]",
           "[::ffff:a9fe:a9fe]",
           "[0:0:0:0:0:ffff:a9fe:1]",
           "[::169.254.169.254]",
           "[::ffff:0:169.254.169.254]",
           "[64:ff9b::a9fe:a9fe]",
           "[64:ff9b::169.254.1.1]",
           "[2002:a9fe:a9fe::]",
           "[2002:6464:64c8::1]",
           "[fd00:ec2::254]",
           "[fd00:0ec2:0:0:0:0:0:0254]",
           "[fd20:ce::254]",
       }) {
    BOOST_TEST_CONTEXT(host) BOOST_TEST(is_metadata_host(host));
  }
}

BOOST_AUTO_TEST_CASE(allowed) {
  for (const std::string_view host : {
           "localhost",
           "127.0.0.1",
           "10.0.0.1",
           "192.168.1.1",
           "169.253.255.255",
           "169.255.0.0",
           "100.100.100.201",
           "1.169.254.169",
           "8.8.8.8",
           "0",
           "[::1]",
           "[::]",
           "[fec0::1]",
           "[fe00::1]",
           "[fd00:ec2::255]",
           "[2001:db8::a9fe:a9fe]",
           "[::ffff:127.0.0.1]",
           "[2002:7f00:1::]",
           "example.com",
           "metadata.example.com",
           "my-metadata",
           "169.254.169.254.example.com",
           "",
           "[",
           "[]",
           "[x",
           ".",
           "0xA9FEA9FE0",
       }) {
    BOOST_TEST_CONTEXT(host) BOOST_TEST(!is_metadata_host(host));
  }
}

BOOST_AUTO_TEST_SUITE_END()
