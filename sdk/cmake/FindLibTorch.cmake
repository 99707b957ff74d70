# Finds LibTorch's CPU-capable libraries without asking for a CUDA toolkit, which the wheel's own
# TorchConfig.cmake does. Looks in LIBTORCH_ROOT and CMAKE_PREFIX_PATH.
#
#   LibTorch::LibTorch   headers, libtorch_cpu, libc10, and the OpenMP that LibTorch runs on: without
#                        its flag at::parallel_for() of whoever includes it runs on one thread
#   LibTorch_VERSION     MAJOR.MINOR.PATCH
#   LibTorch_LIBRARY_DIR where the libraries lie

set(_libtorch_hints ${LIBTORCH_ROOT} $ENV{LIBTORCH_ROOT})
# A CMAKE_PREFIX_PATH as LibTorch's documentation gives it ends in share/cmake.
foreach(_prefix IN LISTS CMAKE_PREFIX_PATH)
  list(APPEND _libtorch_hints ${_prefix} ${_prefix}/../..)
endforeach()

find_path(LibTorch_INCLUDE_DIR torch/headeronly/version.h HINTS ${_libtorch_hints} PATH_SUFFIXES include)
find_library(LibTorch_CPU_LIBRARY torch_cpu HINTS ${_libtorch_hints} PATH_SUFFIXES lib)
find_library(LibTorch_C10_LIBRARY c10 HINTS ${_libtorch_hints} PATH_SUFFIXES lib)
# The wheel brings its own; a LibTorch of a distribution uses the system's.
find_library(LibTorch_OpenMP_LIBRARY NAMES libgomp.so.1 gomp HINTS ${_libtorch_hints}
  PATH_SUFFIXES lib)

if(LibTorch_INCLUDE_DIR)
  file(STRINGS ${LibTorch_INCLUDE_DIR}/torch/headeronly/version.h _libtorch_version
    REGEX "#define TORCH_VERSION_(MAJOR|MINOR|PATCH) ")
  string(REGEX REPLACE "[^0-9;]" "" _libtorch_version "${_libtorch_version}")
  list(JOIN _libtorch_version "." LibTorch_VERSION)
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(LibTorch
  REQUIRED_VARS LibTorch_CPU_LIBRARY LibTorch_C10_LIBRARY LibTorch_OpenMP_LIBRARY LibTorch_INCLUDE_DIR
  VERSION_VAR LibTorch_VERSION
  REASON_FAILURE_MESSAGE "./dev fetches it, or name yours with -DCMAKE_PREFIX_PATH=FOLDER")

if(LibTorch_FOUND AND NOT TARGET LibTorch::LibTorch)
  get_filename_component(LibTorch_LIBRARY_DIR ${LibTorch_CPU_LIBRARY} DIRECTORY)
  add_library(LibTorch::c10 SHARED IMPORTED)
  set_target_properties(LibTorch::c10 PROPERTIES IMPORTED_LOCATION ${LibTorch_C10_LIBRARY})
  add_library(LibTorch::LibTorch SHARED IMPORTED)
  set_target_properties(LibTorch::LibTorch PROPERTIES
    IMPORTED_LOCATION ${LibTorch_CPU_LIBRARY}
    INTERFACE_INCLUDE_DIRECTORIES
      "${LibTorch_INCLUDE_DIR};${LibTorch_INCLUDE_DIR}/torch/csrc/api/include"
    # Clang's OpenMP calls another run-time library than LibTorch's.
    INTERFACE_COMPILE_OPTIONS "$<$<CXX_COMPILER_ID:GNU>:-fopenmp>"
    INTERFACE_LINK_LIBRARIES "LibTorch::c10;${LibTorch_OpenMP_LIBRARY}")
endif()
mark_as_advanced(LibTorch_INCLUDE_DIR LibTorch_CPU_LIBRARY LibTorch_C10_LIBRARY
  LibTorch_OpenMP_LIBRARY)
