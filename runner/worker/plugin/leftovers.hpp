#pragma once
#include <string>

namespace earshot::worker {

/// A request begins: what runs now was there before.
void begin_watch();

/// Sets LibTorch's number of threads, and starts them: what runs after this call is the worker's
/// own. For the beginning of a stage, before it calls a plugin.
void use_threads(int count);

/// What a request has left running: threads besides LibTorch's, and child processes: "2 threads and
/// a process"; "" for nothing. Waits some milliseconds for what is just ending. Threads that
/// libraries have named (LibTorch's, CUDA's) do not count; once a graphics processor is in use none
/// do, for its driver starts some without a name.
std::string leftovers();

}  // namespace earshot::worker
