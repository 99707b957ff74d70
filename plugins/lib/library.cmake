# earshot_add_library(<name> [LIBRARIES <target>...])
#
# The static library earshot::<name> of all sources in the folder, whose headers are included as
# <lib/<name>/...>. Hidden in each plugin that links it, and not installed: it may change whenever
# the plugins of this tree need it.
function(earshot_add_library name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "LIBRARIES")
  file(GLOB sources CONFIGURE_DEPENDS *.cpp)
  add_library(earshot_${name} STATIC ${sources})
  add_library(earshot::${name} ALIAS earshot_${name})
  target_include_directories(earshot_${name} PUBLIC ${CMAKE_CURRENT_SOURCE_DIR}/../..)
  target_link_libraries(earshot_${name} PUBLIC earshot::sdk earshot::kit PRIVATE ${arg_LIBRARIES})
  set_target_properties(earshot_${name} PROPERTIES POSITION_INDEPENDENT_CODE ON
    CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON UNITY_BUILD_BATCH_SIZE 8)
  if(TARGET earshot_pch)
    target_link_libraries(earshot_${name} PRIVATE earshot_warnings)
    target_precompile_headers(earshot_${name} REUSE_FROM earshot_pch)
  endif()
endfunction()
