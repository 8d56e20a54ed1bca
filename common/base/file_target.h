// Tells what a path to be written to stands for: a file that can be replaced as a whole, or something that can only be
// written to. Only file.h and file_writer.h use this header; all other code uses those two.
#pragma once

#include <sys/stat.h>

#include <string>

#include "absl/status/statusor.h"
#include "common/base/file_descriptor.h"

namespace recbots {

struct FileTarget {
  // The file itself, after following symbolic links. `exists` is false if there is no such file yet (a link may point
  // to a missing file).
  std::string path;
  bool exists = false;
  struct stat info = {};  // Valid if the file exists.
  // True for a device, a pipe, a socket, or a descriptor of this process (/dev/stdout, /dev/fd/3): there is nothing to
  // replace.
  bool direct = false;

  // True for a regular file and for a file that does not exist yet.
  bool replaceable() const { return !direct; }
};

// Follows symbolic links, except those below /proc, which stand for open descriptors and not for names.
//   NOT_FOUND         no such folder
//   INVALID_ARGUMENT  a folder
//   UNAVAILABLE       a file without permission to write; more than 40 links; anything else the system says
absl::StatusOr<FileTarget> FindTarget(const std::string& path);

// Opens a target that is `direct`. A descriptor of this process is duplicated, so that writing continues at its current
// position.
//   UNAVAILABLE  the system refuses (errno), or no process has opened the named pipe for reading within a minute
absl::StatusOr<FileDescriptor> OpenDirect(const FileTarget& target);

// Gives the written file `unfinished` (open as `file`) the name and the permissions of the target: brings its content
// to the disk, renames it, brings the name to the disk. Returns 0, or errno. If an error comes before the rename, the
// target is unchanged and `unfinished` still exists.
int ReplaceTarget(const FileTarget& target, const std::string& unfinished, FileDescriptor& file);

}  // namespace recbots
