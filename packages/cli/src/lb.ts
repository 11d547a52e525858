/**
 * The command `lb` and its subcommands. A further one is one line here.
 *
 * @since 0.1.0
 */
import { Command } from "@effect/cli"
import { doctorCommand } from "./commands/doctor.ts"
import { exportCommand } from "./commands/export.ts"
import { runCommand } from "./commands/run.ts"
import { statusCommand } from "./commands/status.ts"
import { userCommand } from "./commands/user.ts"
import { verifyCommand } from "./commands/verify.ts"
import { helpOf } from "./options/Flags.ts"

/**
 * Runs `lb` with the arguments of a process.
 *
 * @since 0.1.0
 * @category constructors
 */
export const lb = (version: string) =>
  Command.run(
    Command.make("lb").pipe(
      Command.withDescription(helpOf(
        "Makes a ratings dataset out of Letterboxd, and never loses a row silently.",
        [
          ["lb run --mode new --source sandbox", "make one from a generated site on this machine"],
          ["lb run --mode continue", "go on with the dataset in data_output"],
          ["lb user davee", "add or refresh one member"],
          ["lb status", "what the dataset holds"],
          ["lb verify", "prove that it is sound"],
          ["lb export --to movielens", "write it as other tools read it"],
          ["lb doctor", "look whether the site can be read from here"],
          ["lb run --help", "all options of a run"]
        ]
      )),
      Command.withSubcommands([runCommand, userCommand, statusCommand, verifyCommand, exportCommand, doctorCommand])
    ),
    { name: "lb", version, executable: "lb" }
  )
