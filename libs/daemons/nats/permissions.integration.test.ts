import { connect, type NatsConnection, nkeyAuthenticator } from "@nats-io/transport-node";
import { type BusAdmin, connectBus, openAdmin, publicKeyOf, sendNumbers, takeNumbers } from "@zcloud/bus";
import { LocalHost } from "@zcloud/host";
import { type Daemon, eventually } from "@zcloud/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTwoSites, silent, type TwoSites } from "./two-sites.test-support.ts";

let sites: TwoSites;
let server: Daemon;
let admin: BusAdmin;
const connections = new Map<string, NatsConnection>();

async function as(id: string): Promise<NatsConnection> {
  const known = connections.get(id);
  if (known !== undefined && !known.isClosed()) return known;
  const { servers, seed, tls } = sites.link(id);
  const made = await connect({
    servers: [...servers],
    authenticator: nkeyAuthenticator(new TextEncoder().encode(seed)),
    inboxPrefix: `_INBOX.${id.replace("/", ".")}`,
    reconnect: false,
    tls: { ...tls, host: "127.0.0.1" } as object,
  });
  connections.set(id, made);
  return made;
}

/** Whether the server takes a request of this host: an answer of any kind is "allowed"; it says so when it refuses. */
async function may(id: string, subject: string, body = "{}"): Promise<"allowed" | "refused"> {
  const connection = await as(id);
  const answer = await connection.request(subject, body, { timeout: 3_000 }).then(
    () => "answered",
    (error: Error) => `${error.name} ${error.message} ${error.cause instanceof Error ? error.cause.message : ""}`,
  );
  if (answer === "answered") return "allowed";
  if (/permission/i.test(answer)) return "refused";
  throw new Error(`${id} ${subject}: neither answered nor refused: ${answer}`);
}

async function mayHear(id: string, subject: string): Promise<"allowed" | "refused"> {
  const connection = await as(id);
  let refused = false;
  const subscription = connection.subscribe(subject, {
    callback(error) {
      refused ||= error !== null;
    },
  });
  await connection.flush();
  subscription.unsubscribe();
  await connection.flush();
  return refused ? "refused" : "allowed";
}

const consumer = (stream: string, filter: string) => {
  const config = { name: "c1", deliver_subject: "_INBOX.x", filter_subject: filter, ack_policy: "none" };
  return [`$JS.API.CONSUMER.CREATE.${stream}.c1.${filter}`, JSON.stringify({ stream_name: stream, config })] as const;
};

beforeAll(async () => {
  sites = await createTwoSites();
  server = await sites.start("north");
  admin = openAdmin(sites.link("north/znet"));
  await eventually("streams", () => admin.ensured());
});

afterAll(async () => {
  await Promise.all([...connections.values()].map((connection) => connection.close()));
  await admin.close();
  await server.stop();
  sites.remove();
});

test.each([
  ["north/zpod1", "$KV.endpoints.zpod1.demo.hello.web"],
  ["north/zpod1", "$KV.status.zpod1"],
  ["north/zpod1", "zc.events.north.zpod1.endpoint-up"],
  ["north/zmah1", "$KV.endpoints.zmah1.demo.mail.smtp"],
  ["north/zfront", "$KV.status.zfront"],
  ["north/zfront", "$KV.uptime.zfront.demo.hello.web.south"],
  ["north/zstore", "$KV.status.zstore"],
  ["north/znet", "$KV.stacks.demo.hello"],
  ["north/znet", "$KV.map.current"],
  ["north/znet", "$KV.intents.drain.north"],
])("%s writes %s", async (id, subject) => {
  expect(await may(id, subject)).toBe("allowed");
});

test.each([
  ["north/zpod1", "$KV.endpoints.zpod2.demo.hello.web"],
  ["north/zpod1", "$KV.endpoints.zpod10.demo.hello.web"],
  ["north/zpod1", "$KV.status.zpod2"],
  ["north/zpod1", "$KV.stacks.demo.hello"],
  ["north/zpod1", "$KV.map.current"],
  ["north/zpod1", "zc.events.north.zpod2.endpoint-up"],
  ["north/zfront", "$KV.endpoints.zfront.demo.hello.web"],
  ["north/zfront", "$KV.endpoints.zpod1.demo.hello.web"],
  ["north/zfront", "$KV.stacks.demo.hello"],
  ["north/zfront", "$KV.map.current"],
  ["north/zfront", "$KV.intents.drain.north"],
  ["north/zpod1", "$KV.intents.drain.north"],
  ["north/zstore", "$KV.endpoints.zstore.demo.hello.web"],
  ["north/zpod1", "$KV.uptime.zfront.demo.hello.web.south"],
  ["north/zpod1", "$KV.uptime.zpod1.demo.hello.web.south"],
  ["north/zmah1", "$KV.endpoints.zpod1.demo.hello.web"],
])("%s cannot write %s", async (id, subject) => {
  expect(await may(id, subject)).toBe("refused");
});

test("zstore alone says zstore's numbers, and znet alone hears them", async () => {
  const subject = "zc.numbers.north.zstore";
  const heard: string[] = [];
  const znet = await as("north/znet");
  const subscription = znet.subscribe(subject, { callback: (_error, message) => void heard.push(message.string()) });
  await znet.flush();
  for (const id of ["north/zpod1", "north/zfront", "north/zmah1", "north/zstore"]) {
    const connection = await as(id);
    connection.publish(subject, id);
    await connection.flush();
  }
  await eventually("zstore is heard", () => heard.includes("north/zstore"));
  expect(heard).toEqual(["north/zstore"]);
  subscription.unsubscribe();
  expect(await mayHear("north/zpod1", subject)).toBe("refused");
  expect(await mayHear("north/zstore", "zc.numbers.>")).toBe("refused");
  expect(await mayHear("north/znet", "zc.numbers.south.zstore")).toBe("refused");
});

test("its numbers arrive by the bus's own means, packed and unpacked", async () => {
  const opened = { host: new LocalHost(), stateDir: `${sites.directory}/state` };
  const zstore = await connectBus({ ...sites.link("north/zstore"), ...opened });
  const znet = await connectBus({ ...sites.link("north/znet"), ...opened });
  const taken = takeNumbers(znet.link, ["north/zstore"], { logger: silent });
  await eventually("znet is there", () => znet.connected());
  await (await as("north/znet")).flush();
  let told = 0;
  const text = async () => `zcloud_test{round="${++told}"} 1\n`;
  sendNumbers(zstore.link, "north/zstore", text, { logger: silent });
  await eventually("they are there", () => taken.textOf("north/zstore") !== undefined, 25_000);
  expect(taken.textOf("north/zstore")).toMatch(/^zcloud_test\{round="[12]"\} 1\n$/);
  await Promise.all([zstore.close(), znet.close()]);
});

test("a zpod asks its site's zstore, which alone hears it and answers it alone; znet, which carries both, reads no answer", async () => {
  const keyOf = (host: string) => publicKeyOf(sites.link(host).seed);
  const opened = { host: new LocalHost(), stateDir: `${sites.directory}/state` };
  const zstore = await connectBus({ ...sites.link("north/zstore"), ...opened });
  const zpod = await connectBus({ ...sites.link("north/zpod1"), ...opened });
  await eventually("both are there", () => zstore.connected() && zpod.connected());
  const asked: unknown[] = [];
  const stop = zstore.answer(keyOf, async (from, question) => {
    asked.push([from, question]);
    if (question === "late") throw new Error("not now");
    return { kind: "done", value: { key: "a secret" } };
  });
  await eventually("it listens", async () => {
    const answer = await zpod.ask("north/zstore", "first", keyOf, 1_000).catch(() => undefined);
    return answer?.kind === "done";
  });
  expect(await zpod.ask("north/zstore", "late", keyOf, 5_000)).toEqual({ kind: "failed", reason: "not now" });
  expect(asked.at(-1)).toEqual(["north/zpod1", "late"]);
  // What is no question is not heard.
  const heard = asked.length;
  expect(await may("north/zpod1", "zc.ask.north.zstore.zpod1", "no question").catch(() => "unanswered")).toBe(
    "unanswered",
  );
  expect(asked).toHaveLength(heard);
  for (const id of ["north/zpod2", "north/zfront", "north/zmah1", "north/znet"])
    expect(await may(id, "zc.ask.north.zstore.zpod1"), id).toBe("refused");
  expect(await may("north/zpod1", "zc.ask.north.zpod2.zpod1")).toBe("refused");
  for (const id of ["north/zpod1", "north/zpod2", "north/zfront", "north/znet"])
    expect(await mayHear(id, "zc.ask.north.zstore.*"), id).toBe("refused");
  // It may answer what it heard, and say nothing else to anybody.
  expect(await may("north/zstore", "_INBOX.north.zpod1.x")).toBe("refused");
  stop();
  await Promise.all([zstore.close(), zpod.close()]);
});

test.each([
  ["north/zpod1", "$JS.API.STREAM.PURGE.KV_endpoints"],
  ["north/zpod1", "$JS.API.STREAM.DELETE.KV_stacks"],
  ["north/zpod1", "$JS.API.STREAM.UPDATE.KV_endpoints"],
  ["north/zpod1", "$JS.API.STREAM.CREATE.mine"],
  ["north/zpod1", "$JS.API.STREAM.MSG.GET.KV_stacks"],
  ["north/zpod1", "$JS.API.DIRECT.GET.KV_endpoints"],
  ["north/zpod1", "$JS.south.API.STREAM.DELETE.KV_stacks"],
  ["north/zfront", "$JS.API.STREAM.PURGE.KV_endpoints"],
  ["north/zfront", "$SYS.REQ.SERVER.PING"],
])("%s cannot administer: %s", async (id, subject) => {
  expect(await may(id, subject)).toBe("refused");
});

test("each role reads its buckets and no others", async () => {
  expect(await may("north/zfront", ...consumer("KV_endpoints", "$KV.endpoints.>"))).toBe("allowed");
  expect(await may("north/zfront", ...consumer("KV_map", "$KV.map.>"))).toBe("allowed");
  expect(await may("north/zfront", ...consumer("KV_uptime", "$KV.uptime.>"))).toBe("allowed");
  expect(await may("north/zfront", ...consumer("KV_intents", "$KV.intents.>"))).toBe("allowed");
  expect(await may("north/zpod1", ...consumer("KV_intents", "$KV.intents.>"))).toBe("refused");
  expect(await may("north/zpod1", ...consumer("KV_uptime", "$KV.uptime.>"))).toBe("refused");
  expect(await may("north/zpod1", ...consumer("KV_stacks", "$KV.stacks.>"))).toBe("allowed");
  expect(await may("north/zpod1", ...consumer("KV_endpoints", "$KV.endpoints.zpod1.>"))).toBe("allowed");
  // Whoever places stacks knows where each of them is served.
  expect(await may("north/zpod1", ...consumer("KV_endpoints", "$KV.endpoints.>"))).toBe("allowed");
  expect(await may("north/zmah1", ...consumer("KV_endpoints", "$KV.endpoints.>"))).toBe("allowed");
  expect(await may("north/zpod1", ...consumer("KV_status", "$KV.status.zpod1"))).toBe("allowed");
  expect(await may("north/zpod1", ...consumer("KV_status", "$KV.status.>"))).toBe("refused");
  expect(await may("north/zpod1", ...consumer("KV_peer_endpoints", "$KV.endpoints.>"))).toBe("refused");
  expect(await may("north/zfront", ...consumer("KV_stacks", "$KV.stacks.>"))).toBe("refused");
  expect(await may("north/zstore", ...consumer("KV_stacks", "$KV.stacks.>"))).toBe("refused");
  expect(await may("north/zstore", ...consumer("KV_endpoints", "$KV.endpoints.>"))).toBe("refused");
});

test("nobody listens to another's answers, nor to the buckets' subjects", async () => {
  expect(await mayHear("north/zpod1", "_INBOX.north.zpod1.x")).toBe("allowed");
  expect(await mayHear("north/zpod1", "_INBOX.north.zfront.>")).toBe("refused");
  expect(await mayHear("north/zpod1", "_INBOX.>")).toBe("refused");
  expect(await mayHear("north/zfront", "$KV.>")).toBe("refused");
  expect(await mayHear("north/zfront", ">")).toBe("refused");
});

test("a key that is not in the map is not let in, nor a caller without a certificate", async () => {
  const { servers, tls, seed } = sites.link("south/zpod1");
  const host = { host: "127.0.0.1" };
  const stranger = { servers: [...servers], reconnect: false, tls: { ...tls, ...host } as object };
  const north = { ...stranger, servers: [...sites.link("north/zpod1").servers] };
  const authenticator = nkeyAuthenticator(new TextEncoder().encode(seed));
  await expect(connect({ ...north, authenticator })).rejects.toThrow(/authorization/i);
  const own = nkeyAuthenticator(new TextEncoder().encode(sites.link("north/zpod1").seed));
  await expect(
    connect({ ...north, authenticator: own, tls: { ca: tls?.ca ?? "", ...host } as object }),
  ).rejects.toThrow();
});

test("a reply that the server sends on a host's behalf can't put words into another's key", async () => {
  const opened = { host: new LocalHost(), stateDir: `${sites.directory}/state` };
  const victim = await connectBus({ ...sites.link("north/zpod2"), ...opened });
  const front = await connectBus({ ...sites.link("north/zfront"), ...opened });
  const key = "zpod2.demo.hello.web";
  const stack = { tenant: "demo", project: "hello", service: "web", names: [], health: "/", servers: [] };
  victim.declare("endpoints", "zpod2", new Map([[key, { v: 1, host: "north/zpod2", ...stack }]]));
  const seen = front.replica("endpoints", "site");
  await eventually("the front knows", () => seen.entries().has(key));
  const rejected = front.counts().rejected;

  // Reply subjects are not checked by the server: what it answers lands in the bucket.
  const forger = await as("north/zpod1");
  forger.publish("$KV.status.zpod1", "{}", { reply: `$KV.endpoints.${key}` });
  await eventually("the front saw the junk and left it out", () => front.counts().rejected > rejected);
  expect(seen.entries().get(key)?.host).toBe("north/zpod2");

  // Nor does a consumer carry a stored value there: a stream is nobody that listens.
  forger.publish("$KV.status.zpod1", "forged");
  const config = { name: "d", deliver_subject: `$KV.endpoints.${key}`, ack_policy: "none", deliver_policy: "all" };
  const body = JSON.stringify({ stream_name: "KV_status", config: { ...config, filter_subject: "$KV.status.zpod1" } });
  await forger.request("$JS.API.CONSUMER.CREATE.KV_status.d.$KV.status.zpod1", body);

  const znet = await as("north/znet");
  const last = JSON.stringify({ last_by_subj: `$KV.endpoints.${key}` });
  await eventually("its owner has put it right", async () => {
    const answer = (await znet.request("$JS.API.STREAM.MSG.GET.KV_endpoints", last)).json<{
      message: { data: string };
    }>();
    return Buffer.from(answer.message.data, "base64").toString().includes('"host":"north/zpod2"');
  });
  await Promise.all([victim.close(), front.close()]);
});
