# The host must start in milliseconds: nothing of LibTorch may be among what it links.
execute_process(COMMAND ldd ${RUNNER} OUTPUT_VARIABLE libraries RESULT_VARIABLE failed)
if(failed OR libraries MATCHES "torch|libc10|libearshot")
  message(FATAL_ERROR "${RUNNER} links:\n${libraries}")
endif()
