// Where writing to a path leads: to a file that can be replaced as a whole, or to something that can only be written
// to. What file.h and file_writer.h are made of; others use those.
#pragma once

#include <sys/stat.h>

#include <string>

#include "absl/status/statusor.h"
#include "common/base/file_descriptor.h"

namespace recbots {

struct FileTarget {
  // The file itself, symbolic links followed; `exists` is false where there is nothing yet (a link may point there).
  std::string path;
  bool exists = false;
  struct stat info = {};  // Of a file that exists.
  // A device, a pipe, a socket, or a descriptor of this process (/dev/stdout, /dev/fd/3): there is nothing to replace.
  bool direct = false;

  // A regular file, or none yet.
  bool replaceable() const { return !direct; }
};

// Follows symbolic links, those below /proc excepted: they stand for open descriptors, not for names.
//   NOT_FOUND         no such folder
//   INVALID_ARGUMENT  a folder
//   UNAVAILABLE       a file without permission to write; more than 40 links; anything else the system says
absl::StatusOr<FileTarget> FindTarget(const std::string& path);

// Opens a target that is `direct`. A descriptor of this process is duplicated, so that it goes on where it stood.
//   UNAVAILABLE  errno; a named pipe that no process has opened for reading within a minute
absl::StatusOr<FileDescriptor> OpenDirect(const FileTarget& target);

// Gives the written file `unfinished` (open as `file`) the name and the permissions of the target: brings its content
// to the disk, renames it, brings the name to the disk. Returns errno, or 0. The target is as it was when an error
// comes before the rename; `unfinished` then still exists.
int ReplaceTarget(const FileTarget& target, const std::string& unfinished, FileDescriptor& file);

}  // namespace recbots
