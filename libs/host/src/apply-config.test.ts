import { expect, test } from "vitest";
import { type ApplyConfig, applyConfig, candidateOf, lastGoodOf, observeConfig } from "./apply-config.ts";
import { MemoryHost } from "./memory-host.ts";

const path = "/etc/daemon.conf";

/** A daemon that takes what is on disk at a reload, unless it says `bad`. */
function daemon(host: MemoryHost) {
  const state = { inForce: "", reloads: 0 };
  const config = (text: string, probe?: () => void): ApplyConfig => ({
    path,
    text,
    mode: 0o640,
    check: (candidate) => ["daemon", "-t", candidate],
    async reload() {
      state.reloads += 1;
      const found = (await host.read(path)) ?? "";
      if (found.includes("bad")) throw new Error("daemon: line 1: bad");
      state.inForce = found;
    },
    async probe() {
      probe?.();
    },
  });
  return { state, config };
}

function setting(files: Record<string, string> = {}) {
  const host = new MemoryHost(files).on("daemon -t", "");
  return { host, signal: new AbortController().signal, ...daemon(host) };
}

test("check, rename, reload; the last good text is kept", async () => {
  const { host, signal, state, config } = setting({ [path]: "old" });
  await applyConfig(host, config("new"), signal);
  expect(host.files()).toEqual({ [path]: "new", [lastGoodOf(path)]: "old" });
  expect(state).toEqual({ inForce: "new", reloads: 1 });
  expect(host.deeds.slice(0, 2)).toEqual([`write ${candidateOf(path)} 0640`, `run daemon -t ${candidateOf(path)}`]);
});

test("what the daemon's check refuses changes nothing, and its words name the real file", async () => {
  const { host, signal, state, config } = setting({ [path]: "old" });
  host.on("daemon -t", { status: 1, stderr: `${candidateOf(path)}:3: unknown keyword` });
  await expect(applyConfig(host, config("new"), signal)).rejects.toMatchObject({
    code: "CONFIG_REFUSED",
    said: `${path}:3: unknown keyword`,
  });
  expect(host.files()).toEqual({ [path]: "old" });
  expect(state.reloads).toBe(0);
});

test("a text that the daemon does not take at its reload is put back", async () => {
  const { host, signal, state, config } = setting({ [path]: "old" });
  await expect(applyConfig(host, config("bad"), signal)).rejects.toMatchObject({
    code: "DEGRADED",
    said: "daemon: line 1: bad",
    message: expect.stringContaining("the last good text is in force again"),
  });
  expect(host.files()[path]).toBe("old");
  expect(state).toEqual({ inForce: "old", reloads: 2 });
});

test("a failed probe puts the last good text back too", async () => {
  const { host, signal, state, config } = setting({ [path]: "old" });
  const apply = applyConfig(
    host,
    config("new", () => {
      throw new Error("port 443 does not answer");
    }),
    signal,
  );
  await expect(apply).rejects.toThrow("port 443 does not answer");
  expect(state.inForce).toBe("old");
});

test("the first text has nothing to fall back to, and the error says so", async () => {
  const { host, signal, config } = setting();
  await expect(applyConfig(host, config("bad"), signal)).rejects.toThrow("there is no last good text");
});

test("a failure while putting back is told", async () => {
  const { host, signal, config } = setting({ [path]: "bad too" });
  await expect(applyConfig(host, config("bad"), signal)).rejects.toThrow("its reload failed too");
});

test("an apply that a crash cut short is seen as drift, and repeating it reloads; the good text stays the good one", async () => {
  // Crash at any point: whatever the file says then, nobody knows what the daemon took.
  for (let crash = 1; ; crash++) {
    const { host, signal, state, config } = setting({ [path]: "old" });
    let writes = 0;
    const crashing = new Proxy(host, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== "function") return value;
        if (name !== "write" && name !== "remove") return value.bind(target);
        return async (...args: unknown[]) => {
          writes += 1;
          if (writes >= crash) throw new Error("power cut");
          return value.apply(target, args);
        };
      },
    });
    const cut = await applyConfig(crashing, config("new"), signal).then(
      () => false,
      () => true,
    );
    if (!cut) {
      expect(crash).toBeGreaterThan(3);
      return;
    }
    const seen = await observeConfig(host, path);
    if (crash > 1) expect(seen).toBeUndefined();
    else expect(seen?.content).toBe("old");
    await applyConfig(host, config("new"), signal);
    expect(state.inForce).toBe("new");
    expect((await observeConfig(host, path))?.content).toBe("new");
    expect([undefined, "old"]).toContain(host.files()[lastGoodOf(path)]);
  }
});
