// Precompiled header for everything that uses tensors.
