// Precompiled header for tests without tensors.
