// The home of the precompiled header that tests without tensors share.
