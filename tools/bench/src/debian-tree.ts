import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const cache = process.env["ZCLOUD_CACHE"] ?? "/var/cache/zcloud";
const root = fileURLToPath(new URL("../../..", import.meta.url));

/** Unpacks packages of Debian 13 into the cache, once: they need no installation, only their files. Returns where. */
export function debianTree(packages: readonly string[]): string {
  const name = `bench-${createHash("sha256").update(packages.join(" ")).digest("hex").slice(0, 12)}`;
  const tree = join(cache, name);
  if (!existsSync(tree)) unpack(packages, tree);
  return tree;
}

/** Command line of a program in such a tree, with the tree's own libraries. */
export function programIn(tree: string, path: string): readonly string[] {
  const library = join(tree, "usr/lib/x86_64-linux-gnu");
  return [join(tree, "usr/lib64/ld-linux-x86-64.so.2"), "--library-path", library, join(tree, path)];
}

function unpack(packages: readonly string[], tree: string): void {
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
