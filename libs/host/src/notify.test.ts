import { expect, test } from "vitest";
import { openNotifier } from "./notify.ts";

const passed = { LISTEN_PID: "10", LISTEN_FDS: "2", LISTEN_FDNAMES: "other:notify" };

test("nobody listens: saying something is no error", async () => {
  const notifier = openNotifier({}, 10);
  expect(notifier).toMatchObject({ connected: false, watchdogMs: undefined });
  expect(await notifier.send("READY=1")).toBe(false);
});

test("the descriptor is found by its name, and only by the process it was meant for", () => {
  expect(openNotifier(passed, 10).connected).toBe(true);
  expect(openNotifier(passed, 11).connected).toBe(false);
  expect(openNotifier({ ...passed, LISTEN_FDNAMES: "other:another" }, 10).connected).toBe(false);
  expect(openNotifier({ ...passed, LISTEN_FDS: "1" }, 10).connected).toBe(false);
});

test("the watchdog's period is in milliseconds", () => {
  expect(openNotifier({ WATCHDOG_USEC: "20000000" }, 10).watchdogMs).toBe(20_000);
  expect(openNotifier({ WATCHDOG_USEC: "20000000", WATCHDOG_PID: "11" }, 10).watchdogMs).toBeUndefined();
});
