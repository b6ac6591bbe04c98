import { expect, test } from "vitest";
import { listeningSockets, planRsyslog, type RsyslogObserved } from "./plan.ts";

const unitFiles = new Map([["/u/x.service", { content: "unit", mode: 0o644 }]]);
const desired = { config: "text\n", unitFiles, listens: ["10.64.1.2:6517"] };
const config = { content: "# With certificates abc.\ntext\n", mode: 0o644 };
const good: RsyslogObserved = {
  ...{ identity: "abc", config, unitFiles, running: true, enabled: true },
  listening: new Set(["10.64.1.2:6517"]),
};

const plan = (observed: Partial<RsyslogObserved>) =>
  planRsyslog("log-x", desired, { ...good, ...observed }).map(
    ({ kind, change, subject }) => `${kind} ${change} ${subject}`,
  );

test.each<[string, Partial<RsyslogObserved>, string[]]>([
  ["nothing to do", {}, []],
  [
    "nothing there",
    { config: undefined, unitFiles: new Map(), running: false, enabled: false },
    ["write-unit + x.service", "configure + log-x.conf"],
  ],
  ["another text", { config: { content: "old\n", mode: 0o644 } }, ["configure ~ log-x.conf"]],
  ["a new certificate", { identity: "def" }, ["configure ~ log-x.conf"]],
  ["it died", { running: false }, ["start + log-x"]],
  ["not at boot", { enabled: false }, ["start + log-x"]],
  [
    "another unit",
    { unitFiles: new Map([["/u/x.service", { content: "old", mode: 0o644 }]]) },
    ["write-unit ~ x.service", "restart ~ log-x"],
  ],
  ["it came before the address did", { listening: new Set(["0.0.0.0:22"]) }, ["restart ~ log-x"]],
])("%s", (_, observed, expected) => {
  expect(plan(observed)).toEqual(expected);
});

test("a receiver stops before its disk is full, and comes back when there is room", () => {
  const look = (free: number, running: boolean) =>
    planRsyslog("log-x", { ...desired, needs: 500 }, { ...good, free, running }).map(({ kind }) => kind);
  expect([look(499, true), look(499, false), look(500, false), look(500, true)]).toEqual([["stop"], [], ["start"], []]);
});

test("the kernel's list of sockets: those that listen", () => {
  const text = [
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode",
    "   0: 0201400A:1975 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1",
    "   1: 0100007F:0016 0100007F:D431 01 00000000:00000000 00:00000000 00000000     0        0 2 1",
  ].join("\n");
  expect([...listeningSockets(text)]).toEqual(["10.64.1.2:6517"]);
});
