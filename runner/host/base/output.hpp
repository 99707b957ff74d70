#pragma once

namespace earshot::host {

/// Opens /dev/null for those of standard input, output and error that are closed, so that no file
/// opened later takes their place and is written to. Writing to an output that was closed still
/// fails.
void hold_standard_streams();

/// Flushes standard output.
/// @returns whether everything printed to it so far could be written
bool flush_output();

/// For a command whose product is not its output: if the reader of the output is gone (`| head`),
/// the rest is discarded and does not count as an error. A full disk is still an error.
void forgive_departed_reader();

}  // namespace earshot::host
