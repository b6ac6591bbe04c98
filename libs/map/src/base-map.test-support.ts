import { formatProblem, loadMap, type ZMap } from "./index.ts";

export const operatorKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJJTsoyHwc0ERaZniPDyTz1kIX+XMGWhGksokhbI3BUq";

/** A map with nothing wrong in it and a bit of everything, for tests that spoil one thing. */
export const goodMap = `domain: example.net
operators:
  - { name: robin, key: "${operatorKey}" }
sites:
  north:
    public: { ipv4: 198.51.100.10 }
    network: 10.64.1.0/24
    disks: { vm: /dev/nvme0n1, ceph: [/dev/nvme1n1] }
  south:
    public: { ipv4: 203.0.113.10 }
    network: 10.64.2.0/24
    disks: { vm: /dev/sda, ceph: [/dev/sdb] }
witness: { address: 192.0.2.7 }
hosts:
  zpod: { memory: 24G, count: 2 }
storage: { kind: ceph }
tcp:
  smtp: { port: 25, stack: mail/mail, service: postfix }
replication:
  ldap: { port: 636, stack: mail/directory, service: openldap }
tenants:
  garden: { names: ["*.garden.example.net", gardenclub.example] }
  mail: { names: [mail.example.net], memory: 4G }
`;

/** The good map with pieces of its text replaced; each must occur. */
export function spoil(...edits: readonly (readonly [from: string, to: string])[]): string {
  return spoilAt(...edits).text;
}

/** The same, where `§` in an edit marks the place at which a problem is expected; `at` is that place. */
export function spoilAt(...edits: readonly (readonly [from: string, to: string])[]): { text: string; at: string } {
  const marked = edits.reduce((text, [from, to]) => {
    if (!text.includes(from)) throw new Error(`spoil the good map: it has no ${from}`);
    return text.replace(from, () => to);
  }, goodMap);
  const before = marked.split("§")[0]?.split("\n") ?? [];
  return { text: marked.replace("§", ""), at: `${before.length}:${(before.at(-1)?.length ?? 0) + 1}` };
}

/** Problems as `line:column  path  message`. */
export function problemsOf(text: string): string[] {
  const result = loadMap(text, "m");
  return result.ok ? [] : result.problems.map((problem) => formatProblem(problem).replace(/^m:/, ""));
}

export function warningsOf(text: string): string[] {
  const result = loadMap(text, "m");
  if (!result.ok) throw new Error(`load the map: ${result.problems.map(formatProblem).join("; ")}`);
  return result.warnings.map((problem) => formatProblem(problem).replace(/^m:/, ""));
}

export function mapOf(text: string): ZMap {
  const result = loadMap(text, "m");
  if (!result.ok) throw new Error(`load the map: ${result.problems.map(formatProblem).join("; ")}`);
  return result.map;
}
