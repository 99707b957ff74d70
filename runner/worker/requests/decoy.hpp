#pragma once

namespace earshot::worker {

/// Puts a file in memory under the number `fd`, which was the channel's when the worker began: a
/// plugin that writes to descriptors that it has not opened hits that, and is found out.
void put_decoy(int fd);

/// Whether anybody has written to it since the last call.
bool decoy_was_written();

}  // namespace earshot::worker
