// A file system for RocksDB that loses at the end of the process what a power cut would take.
//
// What is written reaches the machine's own files when it has been synced and its name has been synced with its
// directory; until then it lies in the memory of this process, and a SIGKILL takes it: unsynced bytes of logs, tables
// and manifests, new files, renames and removals. The process itself sees all of it, as it would with the machine's
// own file system. What a kill then leaves is the least that POSIX promises, not what a lucky disk would keep.
//
// The lock file and RocksDB's log for people (LOG) are the machine's own; no data depends on them. Any thread.
#pragma once

#include <rocksdb/file_system.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace flotilla::testing {

class lossy_file;

class lossy_file_system final : public rocksdb::FileSystemWrapper {
 public:
  lossy_file_system();
  ~lossy_file_system() override;

  /// From now on nothing reaches the machine's files any more, synced or not: what they hold is what a kill at this
  /// moment would have left.
  void cut() noexcept { cut_ = true; }
  /// Calls this before each sync of a file takes effect; it may block.
  void before_sync(std::function<void()> call);

  const char* Name() const override { return "flotilla_lossy"; }

  rocksdb::IOStatus NewSequentialFile(const std::string& name, const rocksdb::FileOptions& options,
                                      std::unique_ptr<rocksdb::FSSequentialFile>* file,
                                      rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus NewRandomAccessFile(const std::string& name, const rocksdb::FileOptions& options,
                                        std::unique_ptr<rocksdb::FSRandomAccessFile>* file,
                                        rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus ReopenWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                       std::unique_ptr<rocksdb::FSWritableFile>* file,
                                       rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus ReuseWritableFile(const std::string& name, const std::string& old_name,
                                      const rocksdb::FileOptions& options,
                                      std::unique_ptr<rocksdb::FSWritableFile>* file,
                                      rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus NewRandomRWFile(const std::string& name, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSRandomRWFile>* file,
                                    rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus NewMemoryMappedFileBuffer(const std::string& name,
                                              std::unique_ptr<rocksdb::MemoryMappedFileBuffer>* into) override;
  rocksdb::IOStatus NewDirectory(const std::string& name, const rocksdb::IOOptions& options,
                                 std::unique_ptr<rocksdb::FSDirectory>* directory,
                                 rocksdb::IODebugContext* debug) override;

  rocksdb::IOStatus FileExists(const std::string& name, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus GetChildren(const std::string& directory, const rocksdb::IOOptions& options,
                                std::vector<std::string>* names, rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus GetChildrenFileAttributes(const std::string& directory, const rocksdb::IOOptions& options,
                                              std::vector<rocksdb::FileAttributes>* found,
                                              rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus GetFileSize(const std::string& name, const rocksdb::IOOptions& options, std::uint64_t* size,
                                rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus GetFileModificationTime(const std::string& name, const rocksdb::IOOptions& options,
                                            std::uint64_t* time, rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus Truncate(const std::string& name, std::size_t size, const rocksdb::IOOptions& options,
                             rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus DeleteFile(const std::string& name, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus RenameFile(const std::string& from, const std::string& to, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus LinkFile(const std::string& from, const std::string& to, const rocksdb::IOOptions& options,
                             rocksdb::IODebugContext* debug) override;

 private:
  friend class lossy_file;
  friend class lossy_directory;
  using file_ptr = std::shared_ptr<lossy_file>;
  /// A change of a directory that is not durable yet.
  struct change {
    enum class kind { made, renamed, removed } what;
    std::string name;
    std::string old_name;  ///< of one that was renamed
    file_ptr file;         ///< that was made
  };
  enum class place { memory, disk, nowhere };

  [[nodiscard]] place find(const std::string& name, file_ptr& file) const;
  [[nodiscard]] rocksdb::IOStatus take(const std::string& name, file_ptr& file);
  [[nodiscard]] rocksdb::IOStatus sync_directory(const std::string& directory);
  [[nodiscard]] rocksdb::IOStatus apply(const change& made);
  void wait_before_sync() const;

  mutable std::mutex mutex_;
  std::map<std::string, file_ptr> names_;               ///< as this process sees them; null: there is none
  std::map<std::string, std::vector<change>> pending_;  ///< by directory, in order
  std::function<void()> before_sync_;                   // these three: guarded by mutex_
  std::atomic<bool> cut_{false};
};

}  // namespace flotilla::testing
