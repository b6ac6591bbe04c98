import fc from "fast-check";
import { expect, test } from "vitest";
import { type FileAction, type FileSet, type FileSpec, planFiles } from "./files.ts";

const spec = (content: string, mode = 0o644): FileSpec => ({ content, mode });

function applyAll(observed: FileSet, actions: readonly FileAction[]): FileSet {
  const files = new Map(observed);
  for (const action of actions) {
    if (action.kind === "write-file") files.set(action.path, action.spec);
    else files.delete(action.path);
  }
  return files;
}

const lines = (actions: readonly FileAction[]): string[] =>
  actions.map((action) => `${action.change} ${action.subject} ${action.summary}`);

const fileSet = fc
  .array(
    fc.tuple(
      fc.constantFrom("/etc/a.conf", "/etc/b.conf", "/etc/x/a.conf", "/srv/c"),
      fc.record(
        { content: fc.stringMatching(/^[ab\n]{0,12}$/), mode: fc.constantFrom(0o644, 0o600) },
        { noNullPrototype: true },
      ),
    ),
  )
  .map((entries): FileSet => new Map(entries));

test("applying a plan makes the files as desired, and the next plan empty", () => {
  fc.assert(
    fc.property(fileSet, fileSet, (desired, observed) => {
      const after = applyAll(observed, planFiles(desired, observed));
      expect(Object.fromEntries(after)).toEqual(Object.fromEntries(desired));
      expect(planFiles(desired, after)).toEqual([]);
    }),
  );
});

test("a plan tells how much changes", () => {
  const observed = new Map([
    ["/etc/haproxy/haproxy.cfg", spec("a\nb\nc\nd\n")],
    ["/etc/mode", spec("x\n", 0o644)],
    ["/etc/old", spec("x\n")],
  ]);
  const desired = new Map([
    ["/etc/haproxy/haproxy.cfg", spec("a\nB\nC\nc\nd\n")],
    ["/etc/mode", spec("x\n", 0o600)],
    ["/etc/new", spec("one\n")],
  ]);
  const plan = planFiles(desired, observed);
  expect(lines(plan)).toEqual([
    "~ haproxy.cfg 2 lines",
    "~ mode mode 0644 -> 0600",
    "+ new 1 line",
    "- old no longer needed",
  ]);
  expect(plan[0]?.detail).toBe("@@ -1 +1 @@\n a\n-b\n+B\n+C\n c\n d\n");
});

test("files of the same name are told apart by their paths", () => {
  const desired = new Map([
    ["/etc/a/conf", spec("1\n")],
    ["/etc/b/conf", spec("2\n")],
    ["/etc/c/other", spec("3\n")],
  ]);
  expect(planFiles(desired, new Map()).map((action) => action.subject)).toEqual([
    "/etc/a/conf",
    "/etc/b/conf",
    "other",
  ]);
});

test("the content of a secret is in no detail", () => {
  const desired = new Map([["/etc/key", { ...spec("hunter2\n", 0o600), secret: true }]]);
  const [added] = planFiles(desired, new Map());
  const [changed] = planFiles(desired, new Map([["/etc/key", spec("hunter1\n", 0o600)]]));
  expect([added?.detail, changed?.detail]).toEqual([undefined, undefined]);
  expect([added?.summary, changed?.summary]).toEqual(["1 line", "1 line"]);
});

test("another owner is a change, by name; what is not given, or only a number, is not compared", () => {
  const plan = (owner: string | undefined, is: string | undefined) => {
    const owned = (one: string | undefined) => ({ ...spec("x\n"), ...(one === undefined ? {} : { owner: one }) });
    return lines(planFiles(new Map([["/etc/a", owned(owner)]]), new Map([["/etc/a", owned(is)]])));
  };
  expect(plan("root:nats", "root:prometheus")).toEqual(["~ a owner root:prometheus -> root:nats"]);
  // The number of a group of another image, which nobody has here.
  expect(plan("root:nats", "root:994")).toEqual(["~ a owner root:994 -> root:nats"]);
  expect(plan("nats", "root:nats")).toEqual(["~ a owner root:nats -> nats"]);
  for (const [owner, is] of [
    ["root:nats", "root:nats"],
    ["nats", "nats:nogroup"],
    [":nats", "root:nats"],
    ["300000:300000", "root:root"],
    ["root:nats", undefined],
    [undefined, "nats:nats"],
  ])
    expect(plan(owner, is), `${owner} ${is}`).toEqual([]);
});
