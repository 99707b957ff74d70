# Puts the page of a report together from the files of page/ and D3, into one text for the program:
# `page`, or "" without D3.

# In the order in which they use each other. Modules share one scope, so that their names must differ.
set(report_modules lists text dom table download figure chart sound lines claims radar scores slices costs settings gaps samples curves confusion disagreements answers audit provenance keep live main)

# Debian's package node-d3; or D3 of npm below a folder of CMAKE_PREFIX_PATH. Its licence must
# accompany it.
find_file(EARSHOT_D3 d3.min.js PATHS /usr/share/nodejs/d3/dist
  PATH_SUFFIXES share/nodejs/d3/dist lib/node_modules/d3/dist)
get_filename_component(d3_folder "${EARSHOT_D3}" DIRECTORY)
find_file(EARSHOT_D3_LICENCE NAMES LICENSE copyright PATHS ${d3_folder}/.. /usr/share/doc/node-d3 NO_DEFAULT_PATH)

set(page "")
if(EARSHOT_D3 AND EARSHOT_D3_LICENCE)
  set(folder ${CMAKE_CURRENT_LIST_DIR}/page)
  set(script "")
  foreach(module IN LISTS report_modules)
    file(READ ${folder}/${module}.js text)
    # What modules import from each other is in the same script.
    string(REGEX REPLACE "(^|\n)import [^;]*;" "\\1" text "${text}")
    string(REGEX REPLACE "(^|\n)export " "\\1" text "${text}")
    string(APPEND script "${text}")
  endforeach()
  file(READ ${folder}/page.css style)
  file(READ ${EARSHOT_D3} d3)
  file(READ ${EARSHOT_D3_LICENCE} licence)
  string(REPLACE "<" "&lt;" licence "${licence}")
  configure_file(${folder}/index.html ${CMAKE_CURRENT_BINARY_DIR}/report/page.html @ONLY)
  file(READ ${CMAKE_CURRENT_BINARY_DIR}/report/page.html page)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${EARSHOT_D3} ${EARSHOT_D3_LICENCE})
else()
  message(STATUS "D3 was not found (Debian's package node-d3): `runner report` and `runner view` will only say so")
endif()
file(GLOB page_files CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/page/*)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${page_files})
configure_file(${CMAKE_CURRENT_LIST_DIR}/embedded.cpp.in ${CMAKE_CURRENT_BINARY_DIR}/report/embedded.cpp @ONLY)
