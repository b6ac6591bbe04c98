import type { PortRange } from "@zcloud/map";

/** nftables expressions; see nft(8), EXPRESSIONS. */

/** `"vm-zpod1"`, or `{ "vm-zpod1", "vm-zpod2" }`. */
export function anyOf(values: readonly string[]): string {
  const [only] = values;
  return values.length === 1 && only !== undefined ? only : `{ ${values.join(", ")} }`;
}

export function quoted(names: readonly string[]): readonly string[] {
  return names.map((name) => `"${name}"`);
}

/** One match per protocol: `tcp dport { 53, 80-90 }`. `any` matches everything. */
export function portMatches(ports: readonly PortRange[] | "any"): readonly string[] {
  if (ports === "any") return [""];
  const protocols = [...new Set(ports.map(({ protocol }) => protocol))];
  return protocols.map((protocol) => {
    const ranges = ports.filter((range) => range.protocol === protocol);
    return `${protocol} dport ${anyOf(ranges.map(({ from, to }) => (from === to ? `${from}` : `${from}-${to}`)))}`;
  });
}

/** A rule of the filter: what matches is counted under the flow's name and let through. */
export function accept(flow: string, ...matches: readonly string[]): string {
  return [...matches.filter((match) => match !== ""), `counter name "${flow}"`, "accept"].join(" ");
}
