# The host must start within milliseconds: it must not link any part of LibTorch.
execute_process(COMMAND ldd ${RUNNER} OUTPUT_VARIABLE libraries RESULT_VARIABLE failed)
if(failed OR libraries MATCHES "torch|libc10|libearshot")
  message(FATAL_ERROR "${RUNNER} links:\n${libraries}")
endif()
