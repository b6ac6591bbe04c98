import { expect, test } from "vitest";
import { batches, entrySteps } from "./steps.ts";

const none = new Map<string, string>();
const health = entrySteps("/maps", "health", "e1", "/", none);
const name = entrySteps("/maps", "hosts", "a.example/", "1", none);
const redirect = entrySteps("/maps", "redirects", "b.example", "https://a.example", none);
const add = [{ command: "add server e1/s 127.0.0.1:1", expect: /registered/ }];
const leave = [{ command: "del server e1/old", expect: /deleted/ }];

const sent = (...steps: readonly (typeof add)[]) =>
  batches(steps.flat()).map((run) => run.map(({ command }) => command.split(" ").slice(0, 3).join(" ")));

test("a name is led to servers after all of them were taken, and those that leave go after that", () => {
  expect(sent([...health], add, [...name], [...redirect], leave)).toEqual([
    ["add map /maps/health.map", "add server e1/s"],
    ["add map /maps/hosts.map", "add map /maps/redirects.map"],
    ["del server e1/old"],
  ]);
});

test("what publishes nothing is sent at once; nothing is nothing", () => {
  expect(sent(leave, [...health], add)).toHaveLength(1);
  expect(sent()).toEqual([]);
});
