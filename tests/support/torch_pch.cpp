// Precompiled header for tests with tensors.
