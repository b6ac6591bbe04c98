import { setMaxListeners } from "node:events";
import { homedir } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { LocalHost } from "@zcloud/host";
import { connect, loadInstallation, ZctlError } from "@zcloud/zctl/operator";
import { release } from "./release.ts";
import { rollout } from "./rollout.ts";
import { rollOutBySite } from "./sites.ts";
import { describe } from "./told.ts";
import { roles, scriptsOf, unitOf } from "./units.ts";

/** `deploy.js ROLE`: brings all hosts of a role to what was just built. The nx target `deploy` of each app. */
const role = roles.find((one) => one === process.argv[2]);
const local = new LocalHost();
const interrupted = new AbortController();
// One listener for each command under way, at all hosts at once.
setMaxListeners(0, interrupted.signal);
process.once("SIGINT", () => interrupted.abort());

async function built(app: string, name: string): Promise<string> {
  const path = fileURLToPath(new URL(`../../../apps/${app}/dist/${name}`, import.meta.url));
  const text = await local.read(path);
  if (text === undefined) throw new ZctlError("TOOL", `${path} is not built`, { remedy: `npx nx build ${app}` });
  return text;
}

async function deploy(): Promise<number> {
  if (role === undefined) throw new ZctlError("USAGE", `which role? one of ${roles.join(", ")}`, { exit: "usage" });
  const around = { local, env: process.env, cwd: process.cwd(), home: homedir() };
  const installation = await loadInstallation(around, undefined);
  const bundle = await built(role, `${role}.js`);
  const more = new Map<string, string>();
  for (const script of scriptsOf(role)) more.set(script, await built(role, script));
  const what = release(role, bundle, unitOf(role), more);
  console.log(`${role} ${what.version} to the hosts of ${installation.mapPath}`);
  return rollOutBySite(
    installation.map,
    role,
    async (entry) => {
      return rollout(await connect(local, installation, entry), what, {
        signal: interrupted.signal,
        patience: 60_000,
        now: Date.now,
        sleep: async (ms) => void (await sleep(ms, undefined, { signal: interrupted.signal })),
      });
    },
    (entry, outcome) => console.log(describe(entry, what.version, outcome).join("\n")),
  );
}

try {
  process.exitCode = await deploy();
} catch (error) {
  if (interrupted.signal.aborted) process.exitCode = 130;
  else if (error instanceof ZctlError) {
    console.error([...error.details, error.message, error.remedy ?? ""].join("\n").trimEnd());
    process.exitCode = error.exit === "badMap" ? 78 : error.exit === "usage" ? 2 : 1;
  } else throw error;
}
