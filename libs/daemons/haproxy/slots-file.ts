import { ApplyConfigError } from "@zcloud/host";
import { emptySlots, SlotState } from "./slots.ts";

/** The file that says who has which slot. With thousands of them, what was written is not read as something new. */
export interface SlotsFile {
  text(state: SlotState): string;
  /** `path` is for the error. */
  state(text: string | undefined, path: string): SlotState;
}

export function slotsFile(): SlotsFile {
  let known: { readonly text: string; readonly state: SlotState } | undefined;
  return {
    text(state) {
      if (known?.state !== state) known = { state, text: `${JSON.stringify(state, undefined, 1)}\n` };
      return known.text;
    },
    state(text, path) {
      if (text === undefined) return emptySlots;
      if (known?.text !== text) known = { text, state: parse(text, path) };
      return known.state;
    },
  };
}

function parse(text: string, path: string): SlotState {
  try {
    return SlotState.parse(JSON.parse(text));
  } catch (cause) {
    throw new ApplyConfigError(
      "DEGRADED",
      `read ${path}: not a list of slots; remove it, and routes get new slots at a reload`,
      text,
      { cause },
    );
  }
}
