import type { Replica } from "@zcloud/bus";
import type { NewEvent, StatusProblem } from "@zcloud/service";

/** A problem for each key of the bucket `stacks` whose value can't be read. Hosts go on with what they run. */
export function unreadableStacks(invalid: ReadonlyMap<string, string>): readonly StatusProblem[] {
  return [...invalid].map(([key, why]) => {
    const stack = key.replace(".", "/");
    const what = `the bus's value of stack ${stack} (bucket stacks, key ${key}) can't be read: ${why}`;
    return { what, remedy: `zctl deploy it again, or zctl remove ${stack}; what runs goes on meanwhile` };
  });
}

/** An event for each of them, once for each reason. */
export function tellUnreadable(
  stacks: Pick<Replica<"stacks">, "invalid">,
  event: (event: NewEvent) => void,
): () => void {
  let told: ReadonlyMap<string, string> = new Map();
  return () => {
    const invalid = stacks.invalid();
    for (const [key, why] of invalid) {
      if (told.get(key) === why) continue;
      const reason = `key ${key} of the bucket stacks can't be read: ${why}; what runs goes on`;
      event({ kind: "stack-unreadable", level: "error", subject: key.replace(".", "/"), reason });
    }
    told = new Map(invalid);
  };
}
