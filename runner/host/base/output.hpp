#pragma once

namespace earshot::host {

/// Opens what is closed of standard input, output and error, so that no file that is opened later
/// takes their place and is written into. Writing to an output that was closed still fails.
void hold_standard_streams();

/// Writes out what is waiting for standard output.
/// @returns whether all that was ever printed there could be written
bool flush_output();

/// For a command whose product is not its output: if the reader of the output is gone (`| head`),
/// the rest is thrown away without being an error. A full disk stays one.
void forgive_departed_reader();

}  // namespace earshot::host
