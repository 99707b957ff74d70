# The version of the SDK stands in one place, abi.h: EARSHOT_SDK_MAJOR and EARSHOT_SDK_MINOR, as
# here. The library's SOVERSION, the package's version and what new plugins ask for follow.
set(abi_header ${CMAKE_CURRENT_LIST_DIR}/../include/earshot/abi.h)
foreach(part MAJOR MINOR)
  file(STRINGS ${abi_header} line REGEX "^#define EARSHOT_SDK_${part} [0-9]+")
  string(REGEX REPLACE "^#define EARSHOT_SDK_${part} ([0-9]+).*" "\\1" EARSHOT_SDK_${part} "${line}")
  if(NOT EARSHOT_SDK_${part} MATCHES "^[0-9]+$")
    message(FATAL_ERROR "${abi_header}: has no line '#define EARSHOT_SDK_${part} <number>'")
  endif()
endforeach()
set(EARSHOT_SDK_VERSION ${EARSHOT_SDK_MAJOR}.${EARSHOT_SDK_MINOR}.0)
# Earlier majors whose plugins build from source against this one as they are.
set(EARSHOT_SDK_BUILDS_MAJORS 1)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${abi_header})
