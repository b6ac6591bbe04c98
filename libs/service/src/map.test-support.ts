import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { SignedMap } from "@zcloud/events";
import { signedText } from "@zcloud/map";
import type { RolePaths } from "./paths.ts";

const certificate = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
export const testKeys = JSON.stringify({ v: 1, ca: certificate, acmeThumbprint: null, hosts: {} });

/** A small map of one site; `domain` makes texts differ. */
export function testMap(domain = "lab.example"): string {
  return `domain: ${domain}
operators: [{ name: robin, key: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJSPgsi745kJYgDLM09bUqlK5Fi2qBv57pXugu+0Zps/" }]
sites:
  north: { public: { ipv4: 198.51.100.10 }, network: 10.64.1.0/24 }
storage: { kind: local, profile: lab }
acme: { directory: "https://acme.lab.example:14000/dir" }
tenants:
  demo: { names: [hello.lab.example] }
`;
}

/** An operator who signs maps, made in `directory` with the real ssh-keygen. */
export interface TestOperator {
  readonly name: string;
  /** Line for the file of operators. */
  readonly line: string;
  sign(generation: number, map?: string): SignedMap;
}

export function testOperator(directory: string, name: string): TestOperator {
  mkdirSync(directory, { recursive: true });
  const key = join(directory, name);
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", key]);
  const [type, text] = readFileSync(`${key}.pub`, "utf8").split(" ");
  return {
    name,
    line: `${name} namespaces="zcloud-map" ${type} ${text}\n`,
    sign(generation, map = testMap()) {
      const input = signedText(generation, map, testKeys);
      const argv = ["-Y", "sign", "-q", "-f", key, "-n", "zcloud-map", "-"];
      const signature = execFileSync("ssh-keygen", argv, { input, stdio: ["pipe", "pipe", "ignore"] }).toString();
      return { v: 1, generation, map, keys: testKeys, signer: name, signature };
    },
  };
}

/** The files of an enrolled host below `directory`, but for its map. */
export function enrolledHost(directory: string, id: string, operators: string): RolePaths {
  const paths: RolePaths = {
    etc: join(directory, "etc"),
    state: join(directory, "state"),
    socket: join(directory, "run/role.sock"),
  };
  mkdirSync(join(paths.etc, "pki"), { recursive: true });
  writeFileSync(join(paths.etc, "host.json"), JSON.stringify({ id }));
  writeFileSync(join(paths.etc, "operators"), operators);
  writeFileSync(join(paths.etc, "pki/ca.crt"), certificate);
  // These tests have a bus of their own, which doesn't look at it.
  writeFileSync(join(paths.etc, "pki/bus.nk"), "a seed\n");
  return paths;
}
