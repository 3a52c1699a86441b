// RocksDB's statuses as our errors. RocksDB's own texts name paths of the host and are not passed on.
#pragma once

#include <rocksdb/status.h>

#include <string>
#include <string_view>

#include "flotilla/result.hpp"

namespace flotilla::storage {

inline constexpr std::string_view no_space_reason = "no space left on the device";
inline constexpr std::string_view io_error_reason = "the disk reports an error";

/// The error of a read that failed. Precondition: not ok.
[[nodiscard]] inline error read_error(const ::rocksdb::Status& status) {
  if (status.IsCorruption())
    return {errc::internal, "The store is damaged: data on the disk cannot be read back.", {}};
  return {errc::unavailable, std::string("The store cannot be read: ").append(io_error_reason).append("."), {}};
}

}  // namespace flotilla::storage
