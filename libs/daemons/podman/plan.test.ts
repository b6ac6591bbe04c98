import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { StackHere, StacksDesired } from "./desired.ts";
import { type Deployed, fingerprint, planStacks, type StackAction, type StacksObserved } from "./plan.ts";
import { spec, stack } from "./podman.test-support.ts";

const pages = { name: "pages", size: 2 ** 30 };
const withVolume = spec({ project: "notes", home: "north", volumes: [pages] });

function here(one = spec(), digest = "1"): StackHere {
  return { stack: { ...stack(one.project, ""), digest }, spec: one, override: "o", unit: "u" };
}
function deployed(one = spec(), digest = "1"): Deployed {
  return {
    tenant: one.tenant,
    project: one.project,
    digest,
    override: "o",
    spec: one,
    at: "2026-11-22T12:00:00Z",
    applied: true,
  };
}
const key = (one: { tenant: string; project: string }): string => `${one.tenant}/${one.project}`;

function desired(stacks: readonly StackHere[], fields: Partial<StacksDesired> = {}): StacksDesired {
  return {
    here: new Map(stacks.map((one) => [key(one.spec), one])),
    refused: new Map(),
    elsewhere: new Map(),
    removed: new Map(),
    unreadable: new Map(),
    entered: undefined,
    ...fields,
  };
}
function observed(stacks: readonly Deployed[], fields: Partial<StacksObserved> = {}): StacksObserved {
  return {
    deployed: new Map(stacks.map((one) => [key(one), one])),
    units: new Map(stacks.map((one) => [key(one), { state: "active", text: "u" }])),
    volumes: stacks.flatMap((one) =>
      one.spec.volumes.map(({ name }) => ({
        tenant: one.tenant,
        project: one.project,
        volume: name,
        path: `/srv/volumes/${key(one)}/${name}`,
      })),
    ),
    shared: false,
    trash: [],
    busy: new Set(),
    waiting: new Map(),
    ...fields,
  };
}
function removed(project: string): StacksDesired["removed"] {
  const mark = {
    v: 1,
    tenant: "demo",
    project,
    removed: true,
    removedAt: "2026-11-22T13:00:00Z",
    actor: "robin",
  } as const;
  return new Map([[`demo/${project}`, mark]]);
}
const lines = (actions: readonly StackAction[]): readonly string[] =>
  actions.map(
    ({ change, subject, summary, fate }) => `${change} ${subject}: ${summary}${fate === undefined ? "" : ` [${fate}]`}`,
  );

describe("planStacks", () => {
  it("starts what is new and says that its volume is empty", () => {
    expect(lines(planStacks(desired([here(withVolume), here()]), observed([])))).toEqual([
      "+ stack demo/hello: start, both sites",
      "+ volume pages: create 1G (new; no trash of this name exists) [created]",
      "+ stack demo/notes: start, home here",
    ]);
  });

  it("points at the trash where an older volume of the name lies", () => {
    const trash = [
      { tenant: "demo", project: "notes", volume: "pages", at: "2026-11-01T00:00:00Z", path: "/srv/trash/volumes/x" },
    ];
    expect(lines(planStacks(desired([here(withVolume)]), observed([], { trash })))[0]).toBe(
      "+ volume pages: create 1G (new and empty; an older one of this name is in the trash since 2026-11-01T00:00:00Z: /srv/trash/volumes/x) [created]",
    );
  });

  it("claims nothing of a volume that other hosts may have", () => {
    expect(lines(planStacks(desired([here(withVolume)]), observed([], { shared: true })))[0]).toBe(
      "+ volume pages: mount 1G of Ceph (made there if it is new; refused while one of this name lies in the trash there) [created]",
    );
  });

  it("does nothing where everything is as it should be", () => {
    expect(planStacks(desired([here(), here(withVolume)]), observed([deployed(), deployed(withVolume)]))).toEqual([]);
  });

  it("updates what differs, keeps its volumes, and names the services", () => {
    const changed = { ...withVolume, services: withVolume.services.map((service) => ({ ...service, image: "i:2" })) };
    expect(lines(planStacks(desired([here(changed, "2")]), observed([deployed(withVolume)])))).toEqual([
      "~ volume pages: keep [kept]",
      "~ stack demo/notes: update web",
    ]);
    expect(lines(planStacks(desired([here(spec(), "2")]), observed([deployed()])))).toEqual([
      "~ stack demo/hello: update its files",
    ]);
    expect(lines(planStacks(desired([{ ...here(), override: "o2" }]), observed([deployed()])))).toEqual([
      "~ stack demo/hello: update what the host adds",
    ]);
    expect(lines(planStacks(desired([{ ...here(), unit: "u2" }]), observed([deployed()])))).toHaveLength(1);
    expect(
      lines(planStacks(desired([here(spec({ project: "notes" }), "2")]), observed([deployed(withVolume)]))),
    ).toContain("~ volume pages: keep, though no service uses it any more [kept]");
  });

  it("starts a unit that does not run, and one whose containers may be old; leaves systemd its own attempts", () => {
    const unit = (state: "failed" | "inactive" | "activating") =>
      observed([deployed()], { units: new Map([["demo/hello", { state, text: "u" }]]) });
    expect(lines(planStacks(desired([here()]), unit("failed")))).toEqual([
      "~ stack demo/hello: start, its unit is failed",
    ]);
    expect(lines(planStacks(desired([here()]), unit("inactive")))).toHaveLength(1);
    expect(lines(planStacks(desired([here()]), unit("activating")))).toEqual([]);
    expect(lines(planStacks(desired([here()]), observed([{ ...deployed(), applied: false }])))).toEqual([
      "~ stack demo/hello: start, its containers may be older than its files",
    ]);
  });

  it("removes what an operator removed, its volumes to the trash", () => {
    expect(lines(planStacks(desired([], { removed: removed("notes") }), observed([deployed(withVolume)])))).toEqual([
      "- volume pages: move to the trash [trashed]",
      "- stack demo/notes: stop, robin removed it",
    ]);
  });

  it("keeps the volumes of a stack that another host runs now", () => {
    const plan = planStacks(
      desired([], { elsewhere: new Map([["demo/notes", "south"]]) }),
      observed([deployed(withVolume)]),
    );
    expect(lines(plan)).toEqual([
      "~ volume pages: keep on this host; south does not have its data [kept]",
      "- stack demo/notes: stop, it runs at south now",
    ]);
    expect(plan.flatMap((action) => (action.kind === "remove-stack" ? action.trash : []))).toEqual([]);
  });

  it("never touches what runs without a word of removal: missing, unreadable, refused, busy, sent again", () => {
    const running = observed([deployed(withVolume)]);
    const away = { removed: removed("notes") };
    expect(planStacks(desired([]), running)).toEqual([]);
    expect(planStacks(desired([], { entered: new Set() }), running)).toEqual([]);
    expect(planStacks(desired([], { ...away, unreadable: new Map([["demo/notes", "?"]]) }), running)).toEqual([]);
    const refused = new Map([["demo/notes", { stack: stack("notes", ""), problems: [] }]]);
    expect(planStacks(desired([], { ...away, refused }), running)).toEqual([]);
    expect(planStacks(desired([], away), { ...running, busy: new Set(["demo/notes"]) })).toEqual([]);
    expect(planStacks(desired([here(withVolume)], away), running)).toEqual([]);
    expect(planStacks(desired([here(withVolume, "2")]), { ...running, busy: new Set(["demo/notes"]) })).toEqual([]);
  });

  it("waits with input that has just failed, and only with that: the same files sent again are tried, unless they run", () => {
    const one = here(spec(), "2");
    expect(
      planStacks(desired([one]), observed([deployed()], { waiting: new Map([["demo/hello", fingerprint(one)]]) })),
    ).toEqual([]);
    expect(
      planStacks(
        desired([here(spec(), "3")]),
        observed([deployed()], { waiting: new Map([["demo/hello", fingerprint(one)]]) }),
      ),
    ).toHaveLength(1);
    const again = { ...one, stack: { ...one.stack, deployedAt: "2026-11-22T12:00:01Z" } };
    const waiting = new Map([["demo/hello", fingerprint(one)]]);
    expect(planStacks(desired([again]), observed([deployed()], { waiting }))).toHaveLength(1);
    expect(planStacks(desired([again]), observed([deployed(spec(), "2")], { waiting }))).toEqual([]);
  });

  it("is empty once applied, whatever was there, and takes away only what is elsewhere or was removed", () => {
    const some = fc.uniqueArray(fc.constantFrom<string[]>("a", "b", "c", "d"), { maxLength: 4 });
    const specOf = (project: string) => spec({ project, home: "north", volumes: project < "c" ? [pages] : [] });
    fc.assert(
      fc.property(some, some, some, some, some, (wanted, there, away, marked, broken) => {
        const want = desired(
          wanted.filter((project) => !away.includes(project)).map((project) => here(specOf(project), "2")),
          {
            elsewhere: new Map(away.map((project) => [`demo/${project}`, "south"])),
            removed: new Map(marked.flatMap((project) => [...removed(project)])),
            unreadable: new Map(broken.map((project) => [`demo/${project}`, "?"])),
          },
        );
        const plan = planStacks(want, observed(there.map((project) => deployed(specOf(project)))));
        const stacks = new Map(there.map((project) => [`demo/${project}`, deployed(specOf(project))]));
        for (const action of plan) {
          if (action.kind === "remove-stack") {
            const { project } = action.deployed;
            expect(broken.includes(project)).toBe(false);
            expect(away.includes(project) || (marked.includes(project) && !wanted.includes(project))).toBe(true);
            if (action.trash.length > 0) expect(away.includes(project)).toBe(false);
            stacks.delete(action.key);
          } else if (action.kind === "run-stack")
            stacks.set(action.key, deployed(action.here.spec, action.here.stack.digest));
        }
        for (const project of there) {
          const taken = away.includes(project) || marked.includes(project);
          if (!taken || broken.includes(project)) expect(stacks.has(`demo/${project}`)).toBe(true);
        }
        expect(planStacks(want, observed([...stacks.values()]))).toEqual([]);
      }),
    );
  });
});
