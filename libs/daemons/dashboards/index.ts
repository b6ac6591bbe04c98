import { front } from "./front.ts";
import { dashboardOf } from "./grafana.ts";
import { hosts } from "./hosts.ts";
import { overview } from "./overview.ts";
import type { Board } from "./panel.ts";
import { storage } from "./storage.ts";

export const boards: readonly Board[] = [overview, hosts, front, storage];

/** The dashboards as Grafana takes them, by file name. */
export function dashboardFiles(): Readonly<Record<string, object>> {
  return Object.fromEntries(boards.map((board) => [`${board.id}.json`, dashboardOf(board)]));
}
