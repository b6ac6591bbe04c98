import { runPass } from "@zcloud/reconcile";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ask } from "./client.test-support.ts";
import { toRoutes } from "./index.ts";
import { createRuntime } from "./runtime.ts";
import { type Backend, endpoint, startBackend, type TwoFronts, twoFronts } from "./two-fronts.test-support.ts";

let sites: TwoFronts;
let server: Backend;
const services: string[] = [];

beforeAll(async () => {
  sites = await twoFronts();
  server = await startBackend("one");
  await pass();
});
afterAll(() => {
  server.kill("SIGKILL");
  sites.remove();
});

/** A pass for all services so far and these: what happened in which order, and why its memory was wrong. */
async function pass(
  ...fresh: readonly string[]
): Promise<{ readonly order: readonly string[]; readonly wrong: string }> {
  services.push(...fresh);
  const { haproxy, settings } = sites.north;
  const own = services.map((service) => endpoint("north", service, [server.port]));
  const desired = { settings, routes: toRoutes(sites.map, own, []).routes, unitFiles: new Map() };
  const order: string[] = [];
  let wrong = "";
  const signal = AbortSignal.timeout(30_000);
  const watched = {
    ...haproxy,
    observe: (stop: AbortSignal) => {
      order.push("look");
      return haproxy.observe(stop);
    },
  };
  await runPass(
    watched,
    desired,
    { read: signal, write: signal },
    {
      applied: ({ kind }) => order.push(kind),
      misremembered: ({ message }) => {
        wrong = message;
      },
    },
  );
  return { order, wrong };
}

const answers = async (service: string): Promise<string> => {
  const { body } = await ask(sites.north.ports.https, `${service}.demo.lab.example`, "/");
  return body;
};

test("a new name is served before anything is looked at", async () => {
  expect(await pass("first")).toEqual({ order: ["write-config", "route", "look"], wrong: "" });
  expect(await pass("second")).toEqual({ order: ["write-config", "route", "look"], wrong: "" });
  expect(await answers("second")).toContain("one");
});

test("somebody made what it wants to make: it looks then, and everything is as it should be", async () => {
  const { runtime } = sites.north.haproxy;
  const { maps } = sites.north.settings.paths;
  await runtime.send(`add server e3/s-north-${server.port} 127.0.0.9:9`);
  const { order, wrong } = await pass("third");
  expect(order).toEqual(["write-config", "look", "route", "look"]);
  expect(wrong).toContain("Already exists");
  expect(await runtime.send(`get map ${maps}/hosts.map third.demo.lab.example/`)).toContain('value="3"');
  expect(await answers("third")).toContain("one");
});

test("another process has taken over meanwhile: it is looked at first", async () => {
  const master = createRuntime(sites.north.settings.paths.master);
  expect(await master.send("reload")).toMatch(/^Success=1/);
  expect((await pass("fourth")).order[0]).toBe("look");
  expect(await answers("fourth")).toContain("one");
});
