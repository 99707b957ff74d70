// The home of the precompiled header that the rooms of the worker share.
