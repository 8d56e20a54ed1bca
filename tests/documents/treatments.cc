// What the tests do with each command of the documents. A command that no row fits fails documented_commands_test: give
// it a row, of which it is a special case where it can be.
#include "tests/documents/commands.h"

namespace recbots::documents {
namespace {

// A run that has reached its goal soon, and goes on.
constexpr char kKeptRun[] =
    "--run_dir=kept --http=127.0.0.1:0 --set goal.share_of_optimum=0 --set goal.share_of_gap=0 "
    "--set goal.max_env_steps=0 --set goal.max_updates=100";
constexpr char kSecurity[] = "SecurityPageTest runs the blocks of docs/security.md as they stand there";

}  // namespace

const std::vector<Treatment>& Treatments() {
  static const auto* treatments = new std::vector<Treatment>{
      {R"(deploy/run .*--cuda.*)", How::kElsewhere, "",
       "it installs gigabytes, and wants a GPU; deploy_scripts_test runs it with stand-ins"},
      {R"(export RECBOTS_CMAKE_FLAGS=.*|(build/training-only/bin/)?recbots-updates.*)", How::kElsewhere, "",
       "of a build of its own, which training_only_test configures"},

      {R"(openssl .*|echo '[^']*' > names.txt|flags=.*|.* \$flags|export RECBOTS_\w+=.*)", How::kElsewhere, "",
       kSecurity},
      {R"(recbots cluster .* --run_dir=runs/browse &|mkdir -p runs/own|.*127\.0\.0\.1:770[12].*|export PYTHONPATH=.*)",
       How::kElsewhere, "", "tests/python/test_clients_documents.py runs the blocks of docs/python-clients.md"},

      // Named, without what they need to do something. `recbots bench` too: bench_command_test runs every bench.
      {R"(recbots evaluate .*LOG.*)", How::kRun, "--bootstrap=50"},
      {R"(recbots( [a-z]+)?|recbots-[a-z]+|recbots reproduce slateq)", How::kAskHelp},
      {R"(recbots-train --libraries)", How::kRun},
      {R"(recbots [a-z]+ --.*|recbots-replay --checkpoint_dir=DIR)", How::kNameFlags, "", "CONFIG is left out"},

      {R"(recbots .*\b(first|compare)\b.*)", How::kElsewhere, "", "TutorialTest runs each page in order"},

      // Each of these refuses, and documents say so.
      {R"(recbots-replay --config=\S+ --set learner.batch_size=0)", How::kRun, "", "", 2,
       "replay learner.batch_size 0, want 1..65536\n"},

      {R"(recbots (describe|check) .*)", How::kRun},
      {R"(python3 deploy/python/examples/.*)", How::kElsewhere, "",
       "a server until it is ended; remote_environment_test plays one where there is grpcio"},
      {R"(recbots simulate .*--list-policies)", How::kRun},
      {R"(recbots simulate .*)", How::kRun, "--episodes=20"},
      {R"(recbots cluster .* --keep .*)", How::kKeep, kKeptRun},
      {R"((recbots (cluster|train)|deploy/run) .*|deploy/run)", How::kRun, kShortRun},
      {R"((recbots reproduce slateq|deploy/reproduce-slateq).*)", How::kRun, "--list",
       "reproduce_command_test runs one from end to end"},
      {R"(recbots bench insert)", How::kElsewhere, "", "a name of 0.1.0; CHANGELOG.md says what became of it"},
      {R"(recbots bench .*)", How::kRun, "--list", "bench_command_test and replay_bench_test run every bench"},
      {R"(recbots (inspect|health|status|top|runs|report|help|completion) .*)", How::kRun},

      {R"(curl .*)", How::kCurl},
      {R"(((RECBOTS|COMPOSE)_\w+=(\S+|"[^"]*") )*docker-compose .*)", How::kCompose},
      {R"(docker start|docker-compose)", How::kElsewhere, "", "there are no containers here"},
      {R"(deploy/monitoring/run.*)", How::kScript, "", "monitoring_test runs it beside a cluster"},
      {R"((deploy/(images|package|release)|tests/(packages|browser|chaos|fuzz|tensorboard)/run|tests/check|tests/run|\.ci/run).*)",
       How::kScript, "", "this test is a part of them"},
      {R"(pip( install .*)?)", How::kElsewhere, "", "python_test installs the package, in a folder of its own"},
      {R"((cmake|ninja) .*)", How::kBuild, "", "what they build has been built"},
      {R"((RECBOTS_REWRITE_TRANSCRIPTS=1 )?build/dev/tests/\w+ --gtest_filter=\S+|less \S+)", How::kScript, "",
       "this test is one of them"},
  };
  return *treatments;
}

}  // namespace recbots::documents
