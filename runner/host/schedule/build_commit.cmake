# Writes which commit the runner is built from, as a C++ file; only when that has changed, so that
# nothing is compiled or linked for it. Run at each build: cmake -DGIT= -DSOURCE= -DTO= -P this.
set(commit "")
if(GIT)
  execute_process(COMMAND ${GIT} -C ${SOURCE} rev-parse --show-toplevel
    OUTPUT_VARIABLE top OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  file(REAL_PATH ${SOURCE} source)
  if(top STREQUAL source) # not a repository around an unpacked archive
    execute_process(
      COMMAND ${GIT} -C ${SOURCE} -c core.fsmonitor=false describe --always --dirty --abbrev=40 --exclude=*
      OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  endif()
endif()
set(text "#include \"host/schedule/provenance.hpp\"

namespace earshot::host {

const std::string_view build_commit = \"${commit}\";

}  // namespace earshot::host
")
set(before "")
if(EXISTS ${TO})
  file(READ ${TO} before)
endif()
if(NOT text STREQUAL before)
  file(WRITE ${TO} "${text}")
endif()
