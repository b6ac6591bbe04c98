import { Command, CommanderError } from "commander";
import * as z from "zod";
import { commands } from "./commands.ts";
import { type Exit, exits, ZctlError } from "./exit.ts";
import { Invocation, type Ports } from "./invocation.ts";
import { printable, Screen, type Terminal } from "./screen.ts";
import { type CommandSpec, commonOptions, helpOption, versionOption } from "./spec.ts";
import { version } from "./version.ts";

const Globals = z.object({ map: z.string().optional(), json: z.boolean().default(false) });

/** Runs one command line and tells the exit status. Never throws for what an operator can cause. */
export async function zctl(argv: readonly string[], ports: Ports, to: Terminal): Promise<number> {
  let exit: Exit = "ok";
  const program = new Command("zctl");
  program
    .description("Operates a zCloud installation: two sites, one map.")
    .helpOption(helpOption.flags, helpOption.about)
    .version(`zctl ${version}`, versionOption.flags, versionOption.about)
    .helpCommand(false)
    .enablePositionalOptions()
    .showHelpAfterError("(see: zctl --help)")
    .exitOverride()
    .configureOutput({ writeOut: (text) => to.out(text), writeErr: (text) => to.err(text) })
    .addHelpText(
      "after",
      "\nExit codes: " +
        Object.values(exits)
          .map(({ code, meaning }) => `${code} ${meaning}`)
          .join("\n            "),
    );
  for (const spec of commands) {
    add(
      program,
      spec,
      async (it, args, options) => {
        exit = await spec.run(it, args, options);
      },
      ports,
      to,
    );
  }
  try {
    await program.parseAsync([...argv], { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exits.ok.code : exits.usage.code;
    exit = explain(error, ports, new Screen(to, argv.includes("--json")));
  }
  return exits[exit].code;
}

function add(
  program: Command,
  spec: CommandSpec,
  act: (it: Invocation, args: readonly string[], options: Record<string, unknown>) => Promise<void>,
  ports: Ports,
  to: Terminal,
): void {
  const sub = program
    .command(spec.name)
    .summary(spec.summary)
    .description(spec.about ?? spec.summary);
  for (const { name, about } of spec.arguments ?? []) sub.argument(name, about);
  for (const { flags, about } of spec.options ?? []) sub.option(flags, about);
  for (const { flags, about } of commonOptions) sub.option(flags, about);
  sub.helpOption(helpOption.flags, helpOption.about);
  if (spec.passThrough) sub.passThroughOptions();
  sub.addHelpText(
    "after",
    `\nExamples:\n${spec.examples.map(({ line, about }) => `  ${line}\n      ${about}`).join("\n")}`,
  );
  sub.action(async () => {
    const { map, json, ...options } = sub.opts();
    const globals = Globals.parse({ map, json });
    const it = new Invocation(ports, new Screen(to, globals.json), globals.map);
    await act(it, sub.processedArgs.flat().filter((arg) => arg !== undefined) as string[], options);
  });
}

/** Says what went wrong; a bug is not dressed up, it shows its stack. */
function explain(error: unknown, ports: Ports, screen: Screen): Exit {
  if (ports.signal.aborted) {
    if (screen.jsonMode) screen.json({ v: 1, error: { code: "INTERRUPTED", message: "interrupted", details: [] } });
    else screen.warn("interrupted");
    return "interrupted";
  }
  if (!(error instanceof ZctlError)) throw error;
  const { code, details, remedy } = error;
  if (screen.jsonMode) {
    screen.json({
      v: 1,
      error: { code, message: error.message, details, ...(remedy === undefined ? {} : { remedy }) },
    });
    return error.exit;
  }
  for (const detail of details) screen.warn(printable(detail));
  screen.warn(printable(error.message));
  if (remedy !== undefined) screen.warn(`  ${printable(remedy)}`);
  return error.exit;
}
