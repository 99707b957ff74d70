# What find_package(Earshot N) says to N, asked of the version file as find_package() does.
# cmake -DVERSION_FILE=... -DSDK_MAJOR=... -DSDK_MINOR=... -DROOT=<source tree> -P check_version.cmake
set(failed FALSE)
function(expect wanted answer)
  string(REPLACE "." ";" parts "${wanted}")
  set(PACKAGE_FIND_VERSION ${wanted})
  list(GET parts 0 PACKAGE_FIND_VERSION_MAJOR)
  include(${VERSION_FILE})
  if(NOT PACKAGE_VERSION_COMPATIBLE STREQUAL answer)
    message(SEND_ERROR "find_package(Earshot ${wanted}): ${PACKAGE_VERSION_COMPATIBLE}, expected ${answer}")
  endif()
endfunction()

math(EXPR next "${SDK_MAJOR} + 1")
math(EXPR next_minor "${SDK_MINOR} + 1")
expect(${SDK_MAJOR} TRUE)
expect(${SDK_MAJOR}.${SDK_MINOR} TRUE)
expect(${SDK_MAJOR}.${next_minor} FALSE)
expect(${next} FALSE)
expect(0 FALSE)
expect(1 TRUE) # sources for 1 build unchanged

# Every find_package(Earshot N) names the major version of the SDK.
file(GLOB_RECURSE lists ${ROOT}/sdk/template/CMakeLists.txt ${ROOT}/plugins/*/CMakeLists.txt)
foreach(list IN LISTS lists)
  file(STRINGS ${list} lines REGEX "find_package\\(Earshot ")
  foreach(line IN LISTS lines)
    if(NOT line MATCHES "find_package\\(Earshot (${SDK_MAJOR}|sdk_major) ")
      message(SEND_ERROR "${list}: ${line}; the SDK's major is ${SDK_MAJOR}")
    endif()
  endforeach()
endforeach()
