// The `binferry` command.
#include <unistd.h>

#include <iostream>

#include "cli/commands/command.h"
#include "cli/session.h"
#include "cli/task_file.h"

int main(int argc, char** argv) {
  binferry::cli::Session session(&std::cout, &std::cerr,
                                 binferry::cli::RealSecretSources());
  session.is_terminal = isatty(STDOUT_FILENO) == 1;
  return binferry::cli::RunCommandLine(argc, argv, &session);
}
