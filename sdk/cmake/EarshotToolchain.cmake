# Compiler settings of this tree: warnings, sanitizers, ccache, mold, reproducible output.

add_library(earshot_warnings INTERFACE)
target_compile_options(earshot_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wnon-virtual-dtor -Woverloaded-virtual
  -Wno-missing-field-initializers)
# A local name may also be that of something outside of functions in a file that is compiled together with its own.
if(NOT EARSHOT_UNITY)
  target_compile_options(earshot_warnings INTERFACE -Wshadow)
elseif(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
  target_compile_options(earshot_warnings INTERFACE -Wshadow=local)
endif()
# GCC 12 sees an overlap in "text" + std::string that is not there (GCC bug 105651).
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  target_compile_options(earshot_warnings INTERFACE -Wno-restrict)
endif()
if(EARSHOT_WERROR)
  target_compile_options(earshot_warnings INTERFACE -Werror)
endif()

# Equal sources give equal bytes wherever the folder lies: a plugin's bytes are part of cell keys.
add_compile_options(-ffile-prefix-map=${CMAKE_SOURCE_DIR}=. -ffile-prefix-map=${CMAKE_BINARY_DIR}=build)

if(EARSHOT_SANITIZE)
  add_compile_options(-fsanitize=address,undefined -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
endif()

find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # The sloppiness that precompiled headers need (see "Precompiled headers" in ccache's manual), and comments in
  # the key: a header that changed only there is another file to `#pragma once` in a precompiled header. What a file
  # includes is taken from the compiler: to preprocess LibTorch once more takes seconds of each file.
  set(CMAKE_CXX_COMPILER_LAUNCHER
    ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
    CCACHE_COMMENTS=1 CCACHE_DEPEND=1 ${CCACHE})
endif()
# mold before 2.0 lays out binaries with a thread-local byte (ATen/Parallel.h gives them one) so that
# some cannot be loaded, and may never end with -z norelro.
find_program(MOLD mold)
set(MOLD_VERSION 0)
if(MOLD)
  execute_process(COMMAND ${MOLD} --version OUTPUT_VARIABLE MOLD_VERSION)
  string(REGEX REPLACE "^mold ([0-9.]+).*" "\\1" MOLD_VERSION "${MOLD_VERSION}")
endif()
if(MOLD_VERSION VERSION_GREATER_EQUAL 2 AND NOT EARSHOT_SANITIZE AND CMAKE_CXX_COMPILER_ID STREQUAL GNU
   AND CMAKE_CXX_COMPILER_VERSION VERSION_GREATER_EQUAL 12)
  add_link_options(-fuse-ld=mold)
endif()
