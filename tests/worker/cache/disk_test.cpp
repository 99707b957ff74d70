#include "worker/cache/disk.hpp"

#include <fstream>
#include <functional>

#include <gmock/gmock.h>

#include <earshot/error.hpp>

#include "temporary_folder.hpp"

namespace earshot::worker {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::TemporaryFolder;

std::string complaint_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const DataError& error) {
    return error.what();
  }
  return "";
}

TEST(WriteAtomically, names_the_file_and_the_reason_if_it_cannot_write) {
  const TemporaryFolder folder;
  std::ofstream(folder / "file").flush();
  const auto below = folder / "file/below";
  EXPECT_THAT(complaint_of([&] { write_atomically(below, {}); }),
              HasSubstr(below.string() + ": cannot be written: Not a directory"));
}

TEST(CheckSpace, refuses_more_than_fits_on_the_disk_and_names_both_sizes) {
  const TemporaryFolder folder;
  EXPECT_NO_THROW(check_space(folder / "not/yet/there", 1));
  EXPECT_THAT(
      complaint_of([&] { check_space(folder / "not/yet/there", 1e18); }),
      AllOf(HasSubstr("about 1000000000000 MB are needed"), HasSubstr("are free on that disk")));
}

}  // namespace
}  // namespace earshot::worker
