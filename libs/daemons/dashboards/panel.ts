/** A curve or a number: PromQL, and what it is called. */
export interface Query {
  readonly expr: string;
  /** `{{host}}` is the label's value. */
  readonly legend: string;
}

export interface Panel {
  readonly title: string;
  readonly kind: "timeseries" | "stat" | "table";
  /** Grafana's unit: `percentunit`, `bytes`, `s`, `short`, `reqps`. */
  readonly unit: string;
  readonly queries: readonly Query[];
  /** Of 24 columns. */
  readonly width: 6 | 8 | 12 | 24;
}

export interface Board {
  readonly id: string;
  readonly title: string;
  readonly panels: readonly Panel[];
}

export function curve(title: string, unit: string, expr: string, legend = "{{host}}"): Panel {
  return { title, kind: "timeseries", unit, queries: [{ expr, legend }], width: 12 };
}

export function number(title: string, expr: string, legend = ""): Panel {
  return { title, kind: "stat", unit: "short", queries: [{ expr, legend }], width: 6 };
}
