# Prints a line for each include that the dependency rule (CONTRIBUTING.md) forbids, and fails if
# there is one.

# forbid(<folder> <why> <pattern>...): no file below <folder> may include what matches a pattern.
function(forbid folder why)
  file(GLOB_RECURSE files ${SOURCE}/${folder}/*.cpp ${SOURCE}/${folder}/*.hpp ${SOURCE}/${folder}/*.h)
  if(NOT files)
    message(SEND_ERROR "${folder}: no files; was it moved? Then the rule moves with it.")
  endif()
  foreach(file IN LISTS files)
    foreach(pattern IN LISTS ARGN)
      file(STRINGS ${file} found REGEX "^ *#include [<\"]${pattern}")
      if(found)
        file(RELATIVE_PATH name ${SOURCE} ${file})
        message(SEND_ERROR "${name}: '${found}' is forbidden: ${why}")
      endif()
    endforeach()
  endforeach()
endfunction()

set(tensors "torch/" "ATen/" "c10/")
set(host_libraries "boost/" "toml\\+\\+" "sqlite3" "spdlog/" "curl/" "httplib")
set(runner_rooms "base/" "host/" "worker/" "protocol/" "statistics/")

forbid(sdk "the SDK stands on the standard library and LibTorch" ${host_libraries} ${runner_rooms} "sndfile")
forbid(sdk/src/shared "the SDK, the kit and the runner share it" ${tensors} "nlohmann/")
forbid(sdk/include "public headers stay cheap to include, and need no JSON library" "torch/torch.h" "ATen/ATen.h" "torch/extension.h" "nlohmann/")
forbid(sdk "the SDK is installed without the plugins and their libraries" "lib/")
forbid(plugins "plugins know the SDK and libraries of their own" ${runner_rooms} "boost/dll" "toml\\+\\+" "sqlite3" "spdlog/")
forbid(runner/base "both processes stand on it" ${tensors} ${host_libraries} "nlohmann/" "earshot/" "host/" "worker/" "protocol/" "statistics/")
forbid(runner/protocol "host and worker share it" ${tensors} "earshot/" "host/" "worker/" "statistics/")
forbid(runner/statistics "it works on plain arrays" ${tensors} "earshot/" "base/" "host/" "worker/" "protocol/" "nlohmann/")
forbid(runner/host "the host starts without LibTorch and knows plugins as data" ${tensors} "earshot/" "worker/")
forbid(runner/worker "the worker writes no database" "host/" "sqlite3" "toml\\+\\+" "boost/program_options")

# Only the store may use SQL and know the schema: other rooms of the host use its read models. A
# message may name the program sqlite3.
set(sql "sqlite3[^ ]|host/store/(inside|sqlite)|(^|[^a-zA-Z_])(Statement|Connection|Transaction)([^a-zA-Z_]|$)|connection(_of)?\\(|\"(SELECT|INSERT|UPDATE|DELETE|PRAGMA) ")
file(GLOB_RECURSE files ${SOURCE}/runner/host/*.cpp ${SOURCE}/runner/host/*.hpp)
list(FILTER files EXCLUDE REGEX "/runner/host/store/")
foreach(file IN LISTS files)
  file(STRINGS ${file} found REGEX "${sql}")
  if(found)
    file(RELATIVE_PATH name ${SOURCE} ${file})
    message(SEND_ERROR "${name}: '${found}' is forbidden: SQL belongs to runner/host/store, behind a function that says what is asked")
  endif()
endforeach()

# Plugins are independent of each other: a quoted include never leaves its folder.
file(GLOB_RECURSE files ${SOURCE}/plugins/*.cpp ${SOURCE}/plugins/*.hpp)
foreach(file IN LISTS files)
  file(STRINGS ${file} found REGEX "^ *#include \"\\.\\./")
  if(found)
    file(RELATIVE_PATH name ${SOURCE} ${file})
    message(SEND_ERROR "${name}: '${found}' reaches into another folder; shared code belongs to plugins/lib")
  endif()
endforeach()
