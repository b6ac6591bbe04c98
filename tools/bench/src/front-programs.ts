import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { debian } from "@zcloud/testing";

const cache = process.env["ZCLOUD_CACHE"] ?? "/var/cache/zcloud";
const packages = ["caddy", "nginx-light", "nghttp2-client"] as const;
const root = fileURLToPath(new URL("../../..", import.meta.url));

/** Command lines of the proxies and the load generator, all from Debian 13. */
export interface Programs {
  readonly haproxy: readonly string[];
  readonly caddy: readonly string[];
  readonly nginx: readonly string[];
  readonly h2load: readonly string[];
}

/** Unpacks the peers into the cache, once: they need no installation, only their files. */
export function findPrograms(): Programs {
  const name = `bench-${createHash("sha256").update(packages.join(" ")).digest("hex").slice(0, 12)}`;
  const tree = join(cache, name);
  if (!existsSync(tree)) unpack(tree);
  const library = join(tree, "usr/lib/x86_64-linux-gnu");
  const program = (path: string): readonly string[] => [
    ...[join(tree, "usr/lib64/ld-linux-x86-64.so.2"), "--library-path", library],
    join(tree, path),
  ];
  return {
    haproxy: debian("/usr/sbin/haproxy"),
    caddy: program("usr/bin/caddy"),
    nginx: program("usr/sbin/nginx"),
    h2load: program("usr/bin/h2load"),
  };
}

function unpack(tree: string): void {
  console.log(`fetching ${packages.join(", ")} of Debian 13, once`);
  const sources = execFileSync("sh", [join(root, "deploy/images/sources")], { encoding: "utf8" });
  const beside = mkdtempSync(join(cache, ".bench-"));
  // mmdebstrap's apt reads no configuration of this machine; behind a proxy it needs to be told.
  const proxy = join(cache, `.bench-proxy-${process.pid}`);
  const known = execFileSync("apt-config", ["dump"], { encoding: "utf8" }).split("\n");
  writeFileSync(proxy, known.filter((line) => /^Acquire::https?::Proxy(::|-Auto-Detect| )/.test(line)).join("\n"));
  try {
    const options = ["--quiet", "--variant=extract", "--mode=root", `--include=${packages.join(",")}`];
    const apt = ['--aptopt=Apt::Install-Recommends "false"', '--aptopt=Acquire::Languages "none"', `--aptopt=${proxy}`];
    execFileSync("mmdebstrap", [...options, ...apt, "trixie", beside, "-"], {
      input: sources,
      stdio: ["pipe", "pipe", "inherit"],
    });
    renameSync(beside, tree);
  } finally {
    rmSync(beside, { recursive: true, force: true });
    rmSync(proxy, { force: true });
  }
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
