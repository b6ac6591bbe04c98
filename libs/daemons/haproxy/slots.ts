import * as z from "zod";
import { type SlotClassName, slotClasses, slotClassNames, suits } from "./classes.ts";
import { byText } from "./order.ts";

const className = z.enum(slotClassNames);

/** Who has which slot. Kept on disk: a slot that serves is never given to somebody else, also not by a restart. */
export const SlotState = z.strictObject({
  v: z.literal(1),
  /** Slots in the order in which they were made; only ever appended to. */
  blocks: z.array(z.strictObject({ class: className, from: z.int().min(1), count: z.int().min(1) })),
  /** Endpoint key -> its slot. `wants`: the class that suits it better, and since when. */
  taken: z.record(
    z.string(),
    z.strictObject({ slot: z.int().min(1), wants: z.strictObject({ class: className, since: z.number() }).optional() }),
  ),
  /** Slot -> when it was given back, milliseconds since the epoch. */
  freed: z.record(z.string(), z.number()),
});
export type SlotState = z.infer<typeof SlotState>;

export interface SlotWish {
  readonly key: string;
  readonly class: SlotClassName;
  /** A better class is not waited for: in one for several, a drained server would get a share of what is the peer's. */
  readonly atOnce?: boolean;
}

export const emptySlots: SlotState = { v: 1, blocks: [], taken: {}, freed: {} };

/** A slot given back rests this long: requests that found it by its old name are over by then. Milliseconds. */
export const quarantine = 600_000;
/** One server left has to last this long before a live route moves back to a slot for one: servers are replaced faster. */
export const settle = 60_000;

/** Slot number -> class, in ascending order. The same object for the same blocks. */
export function slotsOf({ blocks }: Pick<SlotState, "blocks">): ReadonlyMap<number, SlotClassName> {
  const known = slotsOfBlocks.get(blocks);
  if (known !== undefined) return known;
  const slots = new Map<number, SlotClassName>();
  for (const block of blocks) {
    for (let offset = 0; offset < block.count; offset += 1) slots.set(block.from + offset, block.class);
  }
  slotsOfBlocks.set(blocks, slots);
  return slots;
}

const slotsOfBlocks = new WeakMap<SlotState["blocks"], ReadonlyMap<number, SlotClassName>>();

/**
 * Gives every wish a slot of its class. Whoever has one keeps it: it moves only when what it was
 * promised changes, when a second server comes, or when only one is left for `settle`. Makes more slots while a fifth of a
 * class is still free, so that a new route does not wait for a reload. Returns `state` itself if nothing changes.
 */
export function allocate(state: SlotState, wishes: readonly SlotWish[], now: number): SlotState {
  const classes = slotsOf(state);
  const sorted = [...wishes].sort((a, b) => byText(a.key, b.key));
  const taken: SlotState["taken"] = {};
  const used = new Set<number>();
  const homeless: SlotWish[] = [];
  let same = true;
  for (const wish of sorted) {
    const held = state.taken[wish.key];
    const kept = held === undefined ? undefined : keep(held, wish, classes.get(held.slot), now);
    same = same && kept !== undefined && kept === held;
    if (kept === undefined) homeless.push(wish);
    else {
      taken[wish.key] = kept;
      used.add(kept.slot);
    }
  }
  const released: number[] = [];
  for (const key in state.taken) {
    const slot = state.taken[key]?.slot;
    if (slot !== undefined && !used.has(slot)) released.push(slot);
  }
  // A shorter list of resting slots is not worth a write.
  if (same && released.length === 0 && state.blocks.length > 0) return state;
  const freed = rest(state.freed, released, now);
  const blocks = grow(state.blocks, classes, used, freed, homeless);
  const free = homeless.length === 0 ? new Map<SlotClassName, number[]>() : freeSlots(slotsOf({ blocks }), used, freed);
  for (const wish of homeless) {
    const slot = free.get(wish.class)?.shift();
    if (slot === undefined) throw new Error(`allocate slot: none left in ${wish.class}`);
    taken[wish.key] = { slot };
  }
  return { v: 1, blocks, taken, freed };
}

type Held = SlotState["taken"][string];

function keep(held: Held, wish: SlotWish, has: SlotClassName | undefined, now: number): Held | undefined {
  if (has === undefined) return undefined;
  if (has === wish.class) return held.wants === undefined ? held : { slot: held.slot };
  if (!suits(has, wish.class) || wish.atOnce === true) return undefined;
  const since = held.wants?.class === wish.class ? held.wants.since : now;
  if (now - since >= settle) return undefined;
  return held.wants?.class === wish.class ? held : { slot: held.slot, wants: { class: wish.class, since } };
}

function rest(freed: SlotState["freed"], released: readonly number[], now: number): SlotState["freed"] {
  const resting = Object.entries(freed).filter(([, at]) => now - at < quarantine);
  for (const slot of released) resting.push([String(slot), now]);
  return Object.fromEntries(resting.sort(([a], [b]) => Number(a) - Number(b)));
}

function grow(
  blocks: SlotState["blocks"],
  classes: ReadonlyMap<number, SlotClassName>,
  used: ReadonlySet<number>,
  freed: SlotState["freed"],
  homeless: readonly SlotWish[],
): SlotState["blocks"] {
  const free = freeSlots(classes, used, freed);
  const grown = [...blocks];
  let next = 1 + blocks.reduce((last, block) => Math.max(last, block.from + block.count - 1), 0);
  const sizes = new Map<SlotClassName, number>();
  for (const { class: name, count } of blocks) sizes.set(name, (sizes.get(name) ?? 0) + count);
  const wanted = count(homeless.map((wish) => wish.class));
  for (const { name, initial, step } of slotClasses) {
    const size = sizes.get(name) ?? 0;
    const needed = wanted.get(name) ?? 0;
    const left = (free.get(name)?.length ?? 0) - needed;
    if (size > 0 ? left >= Math.ceil(size / 5) : initial === 0 && needed === 0) continue;
    const more = Math.max(step, Math.ceil(size / 2), needed * 2);
    grown.push({ class: name, from: next, count: more });
    next += more;
  }
  return grown.length === blocks.length ? blocks : grown;
}

function count(names: readonly SlotClassName[]): ReadonlyMap<SlotClassName, number> {
  const counts = new Map<SlotClassName, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

function freeSlots(
  classes: ReadonlyMap<number, SlotClassName>,
  used: ReadonlySet<number>,
  freed: SlotState["freed"],
): ReadonlyMap<SlotClassName, number[]> {
  const free = new Map<SlotClassName, number[]>(slotClasses.map(({ name }) => [name, []]));
  const resting = new Set(Object.keys(freed).map(Number));
  for (const [slot, name] of classes) {
    if (!used.has(slot) && !resting.has(slot)) free.get(name)?.push(slot);
  }
  return free;
}
