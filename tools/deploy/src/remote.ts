import type { Host } from "@zcloud/host";
import { places } from "./release.ts";

/**
 * What a roll-out does on a host, one command each: every further one costs a round trip and, over there, a session of
 * sshd. All paths are arguments.
 */
export const scripts = {
  /** ROOT SERVICE UNIT: prints what `current` points at, whether the service is active, and the unit. */
  look: `readlink "$1/current" || echo
systemctl is-active --quiet "$2" && echo active || echo inactive
cat "$3" 2> /dev/null || :`,

  /**
   * ROOT VERSION ROLE UNIT: makes a release the current one and starts it. Prints the time by the host's clock, which its
   * journal goes by, and the unit's invocation before that. \`enable\` also has systemd read its units again.
   * --no-block: readiness is asked of the service itself, for as long as our own patience lasts.
   */
  activate: `set -eu
root=$1 version=$2 service=zcloud-$3.service unit=$4
cp -- "$root/releases/$version/$service" "$unit.new"
sync -- "$unit.new"
mv -fT -- "$unit.new" "$unit"
ln -sfn -- "releases/$version" "$root/current.new"
mv -fT -- "$root/current.new" "$root/current"
date +%s
systemctl enable --quiet "$service"
systemctl reset-failed "$service" 2> /dev/null || :
systemctl show -P InvocationID "$service"
systemctl restart --no-block "$service"`,

  /** SERVICE SOCKET: prints the unit's state, then what /readyz says and its status, if anybody answers. */
  poll: `systemctl show -p ActiveState,InvocationID,NRestarts "$1"
echo
exec curl -sS --max-time 5 --unix-socket "$2" -w '\\n%{http_code}' http://agent/readyz`,

  /** ROOT BEFORE: keeps the release BEFORE (may be empty) as \`previous\`, and removes what is neither that nor current. */
  finish: `set -eu
cd -- "$1"
if [ -n "$2" ]; then
  ln -sfn -- "releases/$2" previous.new
  mv -fT -- previous.new previous
fi
current=$(readlink current) previous=$(readlink previous || :)
for release in releases/*; do
  [ "$release" = "$current" ] || [ "$release" = "$previous" ] || rm -rf -- "$release"
done`,
} as const;

export interface Seen {
  readonly version: string | undefined;
  readonly active: boolean;
  readonly unit: string;
}

export async function look(host: Host, role: string): Promise<Seen> {
  const at = places(role);
  const [link = "", active, ...unit] = (await must(host, "look", [at.root, at.service, at.unit])).split("\n");
  return { version: link.split("/").at(-1) || undefined, active: active === "active", unit: unit.join("\n") };
}

export interface Activated {
  /** Seconds since the epoch by the host's own clock. */
  readonly since: string;
  /** What ran before: its answers don't count. */
  readonly invocation: string;
}

export async function activate(host: Host, role: string, version: string): Promise<Activated> {
  const at = places(role);
  const [since = "", invocation = ""] = (await must(host, "activate", [at.root, version, role, at.unit])).split("\n");
  return { since, invocation };
}

/** Readiness as the service itself tells it through its socket. */
export interface Ready {
  readonly ready: boolean;
  readonly state: string;
}

export interface Polled extends Ready {
  /** Of systemd: ActiveState, InvocationID, NRestarts. */
  readonly unit: Readonly<Partial<Record<string, string>>>;
}

/** 200 is ready. A service on a host without a map is up and waits for one: at a first deployment it can do no more. */
export async function poll(host: Host, role: string): Promise<Polled> {
  const at = places(role);
  const asked = await host.run(command("poll", [at.service, at.socket]));
  const end = asked.stdout.indexOf("\n\n");
  const [shown, answer] = [asked.stdout.slice(0, Math.max(end, 0)), asked.stdout.slice(end + 2)];
  const unit = Object.fromEntries(shown.split("\n").map((line) => line.split("=", 2)));
  if (asked.status !== 0) return { unit, ready: false, state: asked.stderr.trim() || "does not answer" };
  const cut = answer.lastIndexOf("\n");
  const status = answer.slice(cut + 1).trim();
  const body = answer.slice(0, Math.max(cut, 0));
  const ready = status === "200" || (parse(body).generation === 0 && (await host.stat(mapPath)) === undefined);
  return { unit, ready, state: state(body, status) };
}

export async function finish(host: Host, role: string, before: string | undefined): Promise<void> {
  await must(host, "finish", [places(role).root, before ?? ""]);
}

/** What the version that failed said, without the frames of stack traces. */
export async function lastWords(host: Host, role: string, since: string): Promise<string> {
  const argv = ["journalctl", "--no-pager", "-q", "-o", "cat", "-n", "60", `--since=@${since}`];
  const said = (await host.run([...argv, "-u", places(role).service])).stdout.trimEnd().split("\n");
  return said
    .filter((line) => !/^\s+at /.test(line))
    .slice(-15)
    .join("\n");
}

/** Where `zctl apply` puts a host's first map. */
const mapPath = "/etc/zcloud/map.json";

/** The line of a readiness document (libs/service) that matters. */
export function state(body: string, status: string): string {
  const { reasons } = parse(body);
  if (Array.isArray(reasons) && reasons.length > 0) return reasons.map(String).join("; ");
  return status === "200" ? "ready" : `/readyz answers ${status}`;
}

/** generation 0 is no map. */
function parse(body: string): { readonly generation?: unknown; readonly reasons?: unknown } {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    return {};
  }
}

function command(script: keyof typeof scripts, args: readonly string[]): readonly string[] {
  return ["sh", "-c", scripts[script], "sh", ...args];
}

async function must(host: Host, script: keyof typeof scripts, args: readonly string[]): Promise<string> {
  const done = await host.run(command(script, args));
  if (done.status !== 0)
    throw new Error(`${script} ${args.join(" ")}: ${done.stderr.trim() || `ended with ${done.status}`}`);
  return done.stdout;
}
