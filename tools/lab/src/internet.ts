import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import type { ZMap } from "@zcloud/map";
import { debian } from "@zcloud/testing";
import { internet } from "./addresses.ts";
import { makeAcmeTls, managementPort, pebbleEnvironment, renderPebble } from "./authority.ts";
import { createCgroup, joining, killCgroup, populated, removeCgroup } from "./cgroup.ts";
import { LabError } from "./errors.ts";
import { run, succeeds } from "./exec.ts";
import { type Layout, unitName } from "./layout.ts";
import { inNetns } from "./netns.ts";
import { acmeAuthority, renderResolver } from "./resolver.ts";
import { renderTime } from "./time.ts";

const services = ["resolver", "time", "acme"] as const;

/** What stands for the rest of the world: a public resolver, a time server and an ACME authority. They have no state to keep. */
export class Internet {
  readonly #layout: Layout;
  readonly #map: ZMap;
  readonly #netns: string;

  constructor(layout: Layout, map: ZMap) {
    this.#layout = layout;
    this.#map = map;
    this.#netns = unitName(layout.lab, "internet");
  }

  /** Starts what does not run, and notes the authorities' certificates in the installation. Namespaces must exist. */
  async start(): Promise<void> {
    const directory = this.#layout.internet;
    await makeAcmeTls(directory, acmeAuthority(this.#map).host);
    await writeFile(`${directory}/unbound.conf`, renderResolver(this.#map));
    await writeFile(`${directory}/chrony.conf`, renderTime(directory));
    await writeFile(`${directory}/pebble.json`, renderPebble(this.#map, directory));
    await this.#service("resolver", debian("/usr/sbin/unbound", "-d", "-p", "-c", `${directory}/unbound.conf`), {});
    const time = debian("/usr/sbin/chronyd", "-x", "-d", "-u", "root", "-f", `${directory}/chrony.conf`);
    await this.#service("time", time, {});
    await this.#service(
      "acme",
      debian("/usr/bin/pebble", "-config", `${directory}/pebble.json`, "-dnsserver", `${internet.resolver}:53`),
      pebbleEnvironment,
    );
    await this.#noteTrust();
  }

  async running(): Promise<boolean> {
    return (await Promise.all(services.map((service) => populated(this.#unit(service))))).every(Boolean);
  }

  async stop(): Promise<void> {
    for (const service of services) {
      await killCgroup(this.#unit(service));
      await removeCgroup(this.#unit(service));
    }
  }

  #unit(service: string): string {
    return `${this.#netns}-${service}`;
  }

  async #service(name: string, argv: readonly string[], env: Readonly<Record<string, string>>): Promise<void> {
    if (await populated(this.#unit(name))) return;
    await mkdir(this.#layout.logs, { recursive: true });
    await createCgroup(this.#unit(name));
    const log = openSync(`${this.#layout.logs}/${name}.log`, "a", 0o640);
    const [program, ...args] = joining(this.#unit(name), inNetns(this.#netns, ...argv));
    spawn(program, args, {
      detached: true,
      stdio: ["ignore", log, log],
      env: { PATH: process.env["PATH"] ?? "", ...env },
    }).unref();
    closeSync(log);
  }

  /** Pebble makes a new issuance root at every start; whoever trusts it must be told. */
  async #noteTrust(): Promise<void> {
    const root = `${this.#layout.internet}/root.crt`;
    const url = `https://${internet.acme}:${managementPort}/roots/0`;
    const fetch = inNetns(this.#netns, "curl", "-sS", "--fail", "--max-time", "2", "--cacert", root, url);
    for (let tries = 0; !(await succeeds(fetch)); tries++) {
      if (tries > 100)
        throw new LabError(`start the ACME authority: it does not answer at ${url}; see ${this.#layout.logs}/acme.log`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await mkdir(this.#layout.trust, { recursive: true });
    await writeFile(`${this.#layout.trust}/lab-internet.crt`, await readFile(root));
    await writeFile(`${this.#layout.trust}/lab-issuance.crt`, await run(fetch));
  }
}
