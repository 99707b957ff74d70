// The home of the precompiled header that everything with tensors shares.
