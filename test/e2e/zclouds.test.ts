import { beforeAll, expect, test } from "vitest";
import { eventually, openTestbed, type Testbed } from "./support/testbed.ts";

interface PlanJson {
  readonly hosts: readonly { readonly host: string; readonly changes: readonly { readonly reconciler: string }[] }[];
}

let bed: Testbed;
beforeAll(async () => {
  bed = await openTestbed();
  expect((await bed.zctl("apply")).status).toBe(0);
}, 120_000);

/** What `zctl plan` would change on a zcloud, by reconciler. */
async function planned(host: string): Promise<readonly string[]> {
  const { stdout } = await bed.zctl("plan", "--json");
  const { hosts } = JSON.parse(stdout) as PlanJson;
  return [...new Set(hosts.find((one) => one.host === host)?.changes.map(({ reconciler }) => reconciler))].sort();
}

test("zclouds are as the map says: strict sshd, the world's time and names, UTC, a bounded journal, their turn for upgrades", async () => {
  for (const host of ["north/zcloud", "south/zcloud"]) {
    expect(await planned(host), host).toEqual([]);
    const { stdout: sshd } = await bed.sh(host, ["/usr/sbin/sshd", "-T"]);
    expect(sshd).toMatch(/^passwordauthentication no$/m);
    expect(sshd).toMatch(/^permitlisten none$/m);
    expect(sshd).toMatch(/^hostcertificate \/etc\/ssh\/ssh_host_ed25519_key-cert\.pub$/m);
    expect((await bed.sh(host, ["cat", "/etc/resolv.conf"])).stdout).toContain("nameserver 192.0.2.53\n");
    const asked = ["chronyc", "-h", "127.0.0.1", "-c", "-n", "tracking"];
    await eventually(
      `${host} follows the world`,
      60,
      () => bed.sh(host, asked),
      ({ stdout }) => stdout.split(",")[1] === "192.0.2.53",
    );
    const timer = ["systemctl", "show", "zcloud-upgrades.timer", "--property=ActiveState", "--value"];
    expect((await bed.sh(host, timer)).stdout).toBe("active\n");
  }
});

test("what somebody changes by hand is planned, and put right by apply; sessions and new log-ins go on", async () => {
  await bed.script(
    "north/zcloud",
    `set -e
ln -sfn /usr/share/zoneinfo/Europe/Berlin /etc/localtime
echo 'PasswordAuthentication yes' > /etc/ssh/sshd_config.d/01-zcloud.conf
echo 'nameserver 203.0.113.99' > /etc/resolv.conf
systemctl stop chrony
rm /etc/systemd/journald.conf.d/60-zcloud-logs.conf
systemctl disable --quiet --now zcloud-upgrades.timer
systemctl reload ssh
`,
  );
  expect(await planned("north/zcloud")).toEqual(["chrony", "journald", "resolver", "sshd", "timezone", "upgrades"]);
  const { status, stdout, stderr } = await bed.zctl("apply");
  expect(status, stdout + stderr).toBe(0);
  expect(stdout).toMatch(/north\/zcloud +sshd_config/);
  expect(await planned("north/zcloud")).toEqual([]);
  expect((await bed.sh("north/zcloud", ["/usr/sbin/sshd", "-T"])).stdout).toMatch(/^passwordauthentication no$/m);
  expect((await bed.sh("north/zcloud", ["readlink", "/etc/localtime"])).stdout).toBe("/usr/share/zoneinfo/Etc/UTC\n");
  const undo = ["systemctl", "is-active", "zcloud-sshd-undo.timer"];
  await expect(bed.sh("north/zcloud", undo).then(({ stdout: said }) => said)).resolves.toMatch(/inactive/);
  // Through the zcloud, by a connection of its own.
  const jump = ["ssh", "-F", `${bed.installation}/ssh_config`, "-o", "ControlPath=none", "north/zpod1", "hostname"];
  expect((await bed.client(jump)).stdout).toContain("zpod1");
});
