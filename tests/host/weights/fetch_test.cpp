#include <csignal>
#include <thread>

#include <sys/resource.h>

#include "fetch_fixture.hpp"
#include "host/base/failure.hpp"

namespace earshot::host {
namespace {

namespace fs = std::filesystem;
using earshot::testing::text_of;
using earshot::testing::write;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST_F(Fetching, leaves_the_layout_of_the_python_library) {
  get();
  EXPECT_EQ(fetched("model.safetensors"), content);
  EXPECT_EQ(fetched("config.json"), "{}");
  EXPECT_EQ(text_of(repository() / "refs/main"), hub.commit);
  EXPECT_EQ(fs::read_symlink(repository() / "snapshots" / hub.commit / "model.safetensors"),
            fs::path("../../blobs") / hub.etag("model.safetensors"));
  EXPECT_TRUE(fs::is_regular_file(blob("config.json")));
  EXPECT_FALSE(fs::exists(part()));
  EXPECT_FALSE(fs::exists(repository() / "snapshots" / hub.commit / "pytorch_model.bin"));
  EXPECT_EQ(found().path, (repository() / "snapshots" / hub.commit).string());
}

TEST_F(Fetching, of_a_file_in_a_folder_at_a_revision_writes_the_same_links_and_refs) {
  hub.files["sub/w.pth"] = "numbers";
  get("hf://owner/repo/sub/w.pth@refs/pr/1");
  EXPECT_EQ(fs::read_symlink(repository() / "snapshots" / hub.commit / "sub/w.pth"),
            fs::path("../../../blobs") / hub.etag("sub/w.pth"));
  EXPECT_EQ(text_of(repository() / "refs/refs/pr/1"), hub.commit);
  EXPECT_EQ(found("hf://owner/repo/sub/w.pth@refs/pr/1").missing, "");
}

TEST_F(Fetching, downloads_nothing_that_is_already_there) {
  get();
  const auto before = hub.cdn_requests().size();
  fs::remove_all(repository() / "snapshots");
  get();
  EXPECT_EQ(hub.cdn_requests().size(), before);
  EXPECT_EQ(fetched("model.safetensors"), content);
}

TEST_F(Fetching, resumes_where_the_connection_was_cut) {
  trouble(2, [&](const Request& request) {
    auto answer = normal(request);
    answer.cut = 100'000;
    return answer;
  });
  get();
  EXPECT_EQ(fetched("model.safetensors"), content);
  const auto requests = hub.cdn_requests();
  ASSERT_EQ(requests.size(), 3u);
  EXPECT_FALSE(requests[0].has("range"));
  EXPECT_EQ(requests[1].headers.at("range"), "bytes=100000-");
  EXPECT_EQ(requests[2].headers.at("range"), "bytes=200000-");
  EXPECT_THAT(notes, Contains(HasSubstr("trying again")).Times(2));
}

TEST_F(Fetching, resumes_where_another_call_ended) {
  write(part(), content.substr(0, 123'456));
  get();
  EXPECT_EQ(fetched("model.safetensors"), content);
  EXPECT_EQ(hub.cdn_requests().at(0).headers.at("range"), "bytes=123456-");
  EXPECT_FALSE(fs::exists(part()));
}

TEST_F(Fetching, asks_for_nothing_when_all_bytes_are_there_and_only_the_end_is_missing) {
  write(part(), content);
  get();
  EXPECT_THAT(hub.cdn_requests(), IsEmpty());
  EXPECT_EQ(fetched("model.safetensors"), content);
}

TEST_F(Fetching, starts_again_if_a_server_ignores_the_range) {
  write(part(), content.substr(0, 1000));
  trouble(9, [&](const Request&) { return Answer{.body = content}; });
  get();
  EXPECT_EQ(fetched("model.safetensors"), content);
}

TEST_F(Fetching, starts_again_if_a_server_answers_another_range) {
  write(part(), content.substr(0, 1000));
  trouble(1, [&](const Request& request) {
    auto answer = normal(request);
    answer.headers["Content-Range"] = "bytes 500-299999/300000";
    return answer;
  });
  get();
  EXPECT_EQ(fetched("model.safetensors"), content);
  EXPECT_FALSE(hub.cdn_requests().at(1).has("range"));
}

TEST_F(Fetching, starts_again_if_a_server_does_not_have_the_range) {
  write(part(), content.substr(0, 1000));
  trouble(1, [&](const Request&) { return Answer{.status = 416}; });
  get();
  EXPECT_EQ(fetched("model.safetensors"), content);
}

TEST_F(Fetching, starts_again_once_if_the_existing_part_is_damaged) {
  write(part(), earshot::testing::noise(1000, 7));
  get();
  EXPECT_EQ(fetched("model.safetensors"), content);
  EXPECT_THAT(notes, Contains(HasSubstr("wrong hash; starting again")));
}

TEST_F(Fetching, gives_up_on_a_server_that_always_cuts_at_the_same_place) {
  trouble(99, [&](const Request&) { return Answer{.body = content, .cut = 5000}; });
  EXPECT_THAT(failure(), AllOf(HasSubstr("hf://owner/repo: 'model.safetensors'"),
                               HasSubstr("no answer from http://127.0.0.1")));
  EXPECT_EQ(hub.cdn_requests().size(), 6u) << "the first brings something, five more bring nothing";
  EXPECT_EQ(text_of(part()), content.substr(0, 5000));
  EXPECT_NE(found().missing, "");
}

TEST_F(Fetching, refuses_content_that_is_shorter_than_declared) {
  trouble(99, [&](const Request&) { return Answer{.body = content.substr(0, 70'000)}; });
  EXPECT_THAT(failure(), HasSubstr("the content has 70000 bytes, but the hub says that the file "
                                   "has 300000 bytes"));
  EXPECT_NE(found().missing, "");
}

TEST_F(Fetching, refuses_content_that_is_longer_than_declared) {
  trouble(99, [&](const Request&) {
    Answer answer{.body = content + content};
    answer.headers["Content-Length"] = "300000";
    return answer;
  });
  get();  // libcurl does not read beyond the length
  EXPECT_EQ(fetched("model.safetensors"), content);
}

TEST_F(Fetching, refuses_a_stream_without_length_that_does_not_end) {
  trouble(99, [&](const Request&) {
    Answer answer{.body = "927C0\r\n" + content + content + "\r\n0\r\n\r\n"};
    answer.headers["Transfer-Encoding"] = "chunked";
    return answer;
  });
  EXPECT_THAT(
      failure(),
      HasSubstr("more bytes were received, but the hub says that the file has 300000 bytes"));
}

TEST_F(Fetching, refuses_and_discards_content_with_a_wrong_hash) {
  auto wrong = content;
  wrong[150'000] = static_cast<char>(~wrong[150'000]);
  trouble(99, [&](const Request&) { return Answer{.body = wrong}; });
  EXPECT_THAT(failure(), AllOf(HasSubstr("'model.safetensors': the downloaded file has the hash"),
                               HasSubstr("expected " + hub.etag("model.safetensors"))));
  EXPECT_EQ(hub.cdn_requests().size(), 1u);
  EXPECT_FALSE(fs::exists(part()));
  EXPECT_FALSE(fs::exists(blob("model.safetensors")));
  EXPECT_NE(found().missing, "");
}

TEST_F(Fetching, checks_small_files_by_the_hash_of_git) {
  hub.hub_trouble = [&](const Request& request) -> std::optional<Answer> {
    if (request.method != "GET" || !request.target.ends_with("config.json")) return std::nullopt;
    return Answer{.body = "[]"};
  };
  EXPECT_THAT(failure(), HasSubstr("'config.json': the downloaded file has the hash"));
  EXPECT_FALSE(fs::exists(blob("config.json")));
}

TEST_F(Fetching, replaces_a_blob_of_another_size) {
  write(blob("model.safetensors"), "cut by another tool");
  get();
  EXPECT_EQ(fetched("model.safetensors"), content);
}

TEST_F(Fetching, gets_an_empty_file) {
  hub.files["config.json"] = "";
  get();
  EXPECT_TRUE(fs::is_regular_file(repository() / "snapshots" / hub.commit / "config.json"));
}

TEST_F(Fetching, fetches_once_for_two_processes_that_need_the_same_file) {
  trouble(1, [&](const Request& request) {
    auto answer = normal(request);
    answer.silence = 0.3;
    return answer;
  });
  const auto get_quietly = [&] {
    Hub client(settings);
    const auto source = parse_hub_source("hf://owner/repo");
    fetch(client, source, ask_hub(client, source), {});
  };
  std::thread other(get_quietly);
  get_quietly();
  other.join();
  EXPECT_EQ(fetched("model.safetensors"), content);
  EXPECT_EQ(hub.cdn_requests().size(), 1u);
}

TEST_F(Fetching, reports_bytes_up_to_the_size) {
  write(part(), content.substr(0, 1000));
  get();
  std::int64_t done = 0;
  for (const auto& now : seen) {
    if (now.file != "model.safetensors") continue;
    EXPECT_EQ(now.total, 300'000);
    EXPECT_EQ(now.begun, 1000);
    EXPECT_GE(now.done, done);
    done = now.done;
  }
  EXPECT_EQ(done, 300'000);
}

TEST_F(Fetching, says_before_it_begins_that_the_disk_is_too_small) {
  hub.hub_trouble = [&](const Request& request) -> std::optional<Answer> {
    if (request.method != "HEAD" || !request.target.ends_with("safetensors")) return std::nullopt;
    Answer answer;
    answer.headers = {{"X-Linked-Etag", hub.etag("model.safetensors")},
                      {"X-Linked-Size", "9000000000000000000"},
                      {"X-Repo-Commit", hub.commit}};
    return answer;
  };
  EXPECT_THAT(failure(),
              AllOf(HasSubstr("the disk is too full: 8185452.3 TiB"), HasSubstr("HF_HUB_CACHE")));
  EXPECT_THAT(hub.cdn_requests(), IsEmpty());
}

TEST_F(Fetching, keeps_what_it_could_write_when_the_disk_is_full) {
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{100'000, before.rlim_max};
  ::setrlimit(RLIMIT_FSIZE, &small);
  const auto message = failure();
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  EXPECT_THAT(message, AllOf(HasSubstr(part().string() + ": the file cannot be written: File too"),
                             HasSubstr("what was downloaded is kept")));
  EXPECT_EQ(fs::file_size(part()), 100'000u);
  get();
  EXPECT_EQ(fetched("model.safetensors"), content);
}

TEST_F(Fetching, keeps_what_is_there_when_a_network_shows_its_own_page) {
  write(part(), content.substr(0, 100'000));
  trouble(1, [](const Request&) { return Answer{.body = "<html>log in first</html>"}; });
  get();
  EXPECT_EQ(hub.cdn_requests().at(1).headers.at("range"), "bytes=100000-");
  EXPECT_EQ(fetched("model.safetensors"), content);
}

TEST_F(Fetching, says_that_the_cache_cannot_be_written) {
  write(folder / "file", "x");
  settings.cache = folder / "file/hub";
  EXPECT_THAT(failure(), AllOf(HasSubstr("the folder cannot be created: Not a directory"),
                               HasSubstr("Set HF_HUB_CACHE to another")));
}

TEST_F(Fetching, knows_what_is_left_to_download) {
  Hub client(settings);
  const auto source = parse_hub_source("hf://owner/repo");
  const auto remote = ask_hub(client, source);
  EXPECT_EQ(remote.licence, "mit");
  EXPECT_EQ(remote.bytes(), 300'000 + 2 + 21);
  EXPECT_EQ(bytes_to_get(settings.cache, source, remote), 300'023);
  write(part(), content.substr(0, 100'000));
  EXPECT_EQ(bytes_to_get(settings.cache, source, remote), 200'023);
  get();
  EXPECT_EQ(bytes_to_get(settings.cache, source, remote), 0);
}

TEST_F(Fetching, works_with_a_hub_that_reports_no_sizes_or_lists_nothing) {
  hub.with_sizes = false;
  get();
  EXPECT_EQ(fetched("model.safetensors"), content);
  fs::remove_all(settings.cache);
  hub.with_api = false;
  hub.hub_trouble = [](const Request& request) -> std::optional<Answer> {
    if (request.target.rfind("/api", 0) != 0) return std::nullopt;
    return Answer{.status = 404};
  };
  get("hf://owner/repo/model.safetensors");
  EXPECT_EQ(fetched("model.safetensors"), content);
}

}  // namespace
}  // namespace earshot::host
