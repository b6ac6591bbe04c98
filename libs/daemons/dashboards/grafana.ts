import type { Board, Panel } from "./panel.ts";

const height = 8;
const source = { type: "prometheus", uid: "${datasource}" };

/** Grafana's model of a dashboard, as its import takes it; the reader chooses the data source, one for each site. */
export function dashboardOf({ id, title, panels }: Board): object {
  return {
    uid: `zcloud-${id}`,
    title: `zCloud: ${title}`,
    tags: ["zcloud"],
    schemaVersion: 39,
    editable: false,
    refresh: "1m",
    time: { from: "now-6h", to: "now" },
    templating: {
      list: [{ name: "datasource", label: "Site's Prometheus", type: "datasource", query: "prometheus" }],
    },
    panels: placed(panels),
  };
}

function placed(panels: readonly Panel[]): readonly object[] {
  let x = 0;
  let y = 0;
  return panels.map(({ title, kind, unit, queries, width }, index) => {
    if (x + width > 24) {
      x = 0;
      y += height;
    }
    const gridPos = { x, y, w: width, h: height };
    x += width;
    return {
      ...{ id: index + 1, type: kind, title, gridPos, datasource: source },
      fieldConfig: { defaults: { unit }, overrides: [] },
      targets: queries.map(({ expr, legend }, at) => ({
        refId: String.fromCharCode(65 + at),
        datasource: source,
        expr,
        legendFormat: legend,
        ...(kind === "timeseries" ? {} : { instant: true }),
        ...(kind === "table" ? { format: "table" } : {}),
      })),
    };
  });
}
