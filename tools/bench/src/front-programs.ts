import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { debian } from "@zcloud/testing";
import { cache, debianTree, programIn } from "./debian-tree.ts";

const packages = ["caddy", "nginx-light", "nghttp2-client"] as const;

/** Command lines of the proxies and the load generator, all from Debian 13. */
export interface Programs {
  readonly haproxy: readonly string[];
  readonly caddy: readonly string[];
  readonly nginx: readonly string[];
  readonly h2load: readonly string[];
}

/** The peers, fetched once. */
export function findPrograms(): Programs {
  const tree = debianTree(packages);
  const program = (path: string) => programIn(tree, path);
  return {
    haproxy: debian("/usr/sbin/haproxy"),
    caddy: program("usr/bin/caddy"),
    nginx: program("usr/sbin/nginx"),
    h2load: program("usr/bin/h2load"),
  };
}

/**
 * A file that starts this command with whatever arguments follow. HAProxy runs itself again at a reload, so it needs one
 * path. `no strict-limits`: each checked server counts as an open file at HAProxy's start, and a bench machine may have
 * fewer than ten thousand routes need.
 */
export function haproxyScript(directory: string, [loader = "", ...args]: readonly string[]): string {
  const path = join(directory, "haproxy");
  const limits = join(directory, "limits.cfg");
  writeFileSync(limits, "global\n    no strict-limits\n");
  writeFileSync(path, `#!/bin/sh\nexec ${loader} --argv0 "$0" ${args.join(" ")} -f ${limits} "$@"\n`);
  chmodSync(path, 0o755);
  return path;
}

/** Self-signed P-256 certificates with their keys, one a name, in a directory of the cache: five thousand take half a minute. */
export function certificatesFor(names: readonly string[]): string {
  const directory = join(cache, "bench-certificates");
  mkdirSync(directory, { recursive: true });
  const there = new Set(readdirSync(directory));
  const missing = names.filter((name) => !there.has(`${name}.pem`));
  if (missing.length > 100) console.log(`making ${missing.length} certificates, once`);
  for (const name of missing) writeFileSync(join(directory, `${name}.pem`), selfSigned(name));
  return directory;
}

/** Chain and key of a name, for a year. */
export function selfSigned(...names: readonly string[]): string {
  const args = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "365"];
  const alternatives = names.map((name) => `DNS:${name}`).join(",");
  const subject = [
    "-subj",
    `/CN=${names[0]}`,
    "-addext",
    `subjectAltName=${alternatives}`,
    "-keyout",
    "-",
    "-out",
    "-",
  ];
  return execFileSync("openssl", [...args, ...subject], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
}
