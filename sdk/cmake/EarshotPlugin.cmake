# earshot_add_plugin(<name> <source>... [LIBRARIES <target>...] [CHECK <argument>...])
#
# Builds <name>.so, ready to be dropped into a plugin folder, and a CTest that runs
# `runner check-plugin` on it, with the arguments after CHECK (options that make a training short).
# Works in the Earshot tree and against the installed package.
#  - hidden symbols: one plugin's must not shadow another's
#  - -z defs: a missing symbol is an error when linking, not when loading
#  - no run path: LibTorch and the SDK are the host's, already loaded
function(earshot_add_plugin name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "LIBRARIES;CHECK")
  add_library(${name} MODULE ${arg_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PRIVATE earshot::sdk earshot::kit ${arg_LIBRARIES})
  set_target_properties(${name} PROPERTIES
    PREFIX ""
    DEFINE_SYMBOL ""
    CXX_VISIBILITY_PRESET hidden
    VISIBILITY_INLINES_HIDDEN ON
    SKIP_BUILD_RPATH ON
    SKIP_INSTALL_RPATH ON)
  target_link_options(${name} PRIVATE -Wl,-z,defs -Wl,--exclude-libs,ALL)
  if(TARGET earshot_pch)
    target_precompile_headers(${name} REUSE_FROM earshot_pch)
    target_link_libraries(${name} PRIVATE earshot_warnings)
    if(EARSHOT_PLUGIN_OUTPUT_DIR) # of plugins that only tests use
      set(output ${EARSHOT_PLUGIN_OUTPUT_DIR})
    else()
      set(output ${CMAKE_BINARY_DIR}/${EARSHOT_PLUGIN_DIR})
      install(TARGETS ${name} LIBRARY DESTINATION ${EARSHOT_PLUGIN_DIR})
      add_dependencies(plugins ${name})
    endif()
    set_target_properties(${name} PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${output})
  endif()
  if(TARGET runner)
    set(check $<TARGET_FILE:runner>)
  else()
    set(check ${EARSHOT_RUNNER})
  endif()
  add_test(NAME check-${name} COMMAND ${check} check-plugin $<TARGET_FILE:${name}> ${arg_CHECK})
  set_tests_properties(check-${name} PROPERTIES LABELS plugin)
endfunction()
