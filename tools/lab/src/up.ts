import { mkdir, writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { LocalHost } from "@zcloud/host";
import type { Arguments } from "./arguments.ts";
import { buildStep, type DeployStep, deployEnvironment, deploySteps, stackSteps, storageStep } from "./deploy-steps.ts";
import { LabError } from "./errors.ts";
import { applyFirewalls } from "./firewall.ts";
import { loadImages } from "./images.ts";
import { installationMap, linkCurrent } from "./installation.ts";
import { Lab } from "./lab.ts";
import type { Layout } from "./layout.ts";
import { brokenLimit, limitsHere, limitsProbe } from "./limits.ts";
import { MachineHost } from "./machine-host.ts";
import type { Progress } from "./progress.ts";
import { repository } from "./repository.ts";
import { noteOwner } from "./test-owner.ts";

/** Milliseconds that one command of the deployment may take. */
const stepTimeout = 600_000;

/** Brings the lab to where the map and the working tree say it should be; what is there already stays as it is. */
export async function up(at: Layout, args: Arguments, progress: Progress): Promise<number> {
  if (args.forTest !== undefined) await noteOwner(at, args.forTest);
  const map = await installationMap(at, args.map ?? `${repository}/deploy/maps/lab.yaml`);
  const lab = new Lab(at, map);
  let booted = 0;
  const boot = progress.step("hosts", async () => {
    booted = await lab.powerOn(lab.machines);
    return `${lab.machines.length} running, ${booted} of them booted now`;
  });
  await Promise.all([boot, args.bare ? undefined : runStep(lab, buildStep, progress)]);
  const current = args.forTest === undefined && (await linkCurrent(at));
  await progress.step("firewall", async () => `${await applyFirewalls(lab)} changes at ${map.sites.length} zclouds`);
  if (booted > 0) await checkLimits(lab, progress);
  if (!args.bare) await deploy(lab, progress);
  for (const line of whatToTry(lab, current)) process.stdout.write(`${line}\n`);
  return 0;
}

/** Says so if containers' limits are not enforced here: whoever relies on them in a test must know. */
async function checkLimits(lab: Lab, progress: Progress): Promise<void> {
  const limits = await limitsHere();
  const machine = lab.machines.find(({ host }) => host.role === "zpod");
  if (machine === undefined) return;
  if (limits === "none") {
    progress.skip(
      "limits",
      "this machine has no memory and pids controllers: containers' limits are NOT enforced in this lab",
    );
    return;
  }
  await progress.step("limits", async () => {
    const probed = await new MachineHost(machine).run(["sh", "-s"], { input: limitsProbe });
    const broken = brokenLimit(probed.stdout);
    if (broken === undefined) return `memory and pids limits of containers kill (${limits})`;
    return `NOT enforced in this lab: ${broken} (${limits}) ${probed.stderr.trim()}`;
  });
}

async function deploy(lab: Lab, progress: Progress): Promise<void> {
  const inOrder = async (): Promise<void> => {
    for (const step of deploySteps) await runStep(lab, step, progress);
  };
  await Promise.all([inOrder(), loadImages(lab, progress)]);
  if (lab.map.storage.kind === "ceph") await progress.step(storageStep.name, () => untilStorage(lab));
  await Promise.all(stackSteps.map((step) => runStep(lab, step, progress)));
}

/** Milliseconds in which Ceph is up: both sites' and the witness's daemons start from nothing on one machine. */
const storageTimeout = 180_000;

async function untilStorage(lab: Lab): Promise<string> {
  const env = deployEnvironment(lab.layout);
  const until = performance.now() + storageTimeout;
  while (performance.now() < until) {
    const { status } = await new LocalHost().run(storageStep.argv, { env, cwd: repository, timeout: stepTimeout });
    if (status === 0) return "Ceph takes volumes";
    await sleep(2_000);
  }
  // Tells why not.
  return runLogged(lab, storageStep.name, storageStep.argv, env);
}

function runStep(lab: Lab, { name, argv }: DeployStep, progress: Progress): Promise<void> {
  return progress.step(name, () => runLogged(lab, name, argv, deployEnvironment(lab.layout)));
}

/** Runs a command of the deployment and keeps all that it said; its last line is what a person wants to read. */
async function runLogged(
  lab: Lab,
  name: string,
  argv: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<string> {
  const result = await new LocalHost().run(argv, { env, cwd: repository, timeout: stepTimeout });
  const log = `${lab.layout.logs}/${name.replace(" ", "-")}.log`;
  await mkdir(lab.layout.logs, { recursive: true });
  await writeFile(log, `${result.stdout}${result.stderr}`);
  const said = `${result.stdout.trim()}\n${result.stderr.trim()}`.trim();
  if (result.status === 0) {
    const lines = result.stdout.trim().split("\n");
    return (lines.findLast((line) => line.includes("Successfully ran")) ?? lines.at(-1) ?? "").trim().slice(0, 100);
  }
  const end = said.split("\n").slice(-20).join("\n");
  throw new LabError(
    `${argv.slice(1).join(" ")}: exit ${result.status}; all it said is in ${log}; the end of it:\n${end}`,
  );
}

function whatToTry(lab: Lab, current: boolean): readonly string[] {
  const named = lab.layout.lab === "lab" ? "" : ` --name ${lab.layout.lab}`;
  const verb = (words: string) => `  npm run lab --${named} ${words}`;
  const name = lab.map.tenants[0]?.names.find((one) => !one.startsWith("*")) ?? lab.map.domain;
  const [site] = lab.map.sites;
  return [
    "",
    `Both sites are up. Try:`,
    verb(`curl https://${name}/ -D-`),
    verb(`power-off ${site?.name}/zpod1`),
    verb("status"),
    ...(current
      ? ["  npm run zctl -- status"]
      : [`  ZCLOUD_MAP=${lab.layout.installation}/zcloud.yaml npm run zctl -- status`]),
    verb("down"),
  ];
}
