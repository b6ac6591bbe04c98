/** A command of the monitors, as `ceph --format json` would send it: `{ prefix: "osd pool ls" }`. */
export type MonCommand = { readonly prefix: string } & Readonly<Record<string, unknown>>;
