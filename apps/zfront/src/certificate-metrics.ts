import type { Budget, HeldCertificate, OrderResult } from "@zcloud/daemons/acme";
import type { RoleContext } from "@zcloud/service";
import { Counter, Gauge } from "prom-client";

export interface CertificateMetricsOptions {
  /** What visitors are shown. */
  readonly certificates: () => readonly Pick<HeldCertificate, "name" | "notBefore" | "notAfter">[];
  readonly budgets: () => readonly Budget[];
}

/** When certificates end, how orders went, and how many more may be made. */
export function certificateMetrics(registry: RoleContext["metrics"], options: CertificateMetricsOptions) {
  const registers = [registry];
  new Gauge({
    name: "zcloud_zfront_certificate_end_seconds",
    help: "End of a served certificate since the epoch.",
    labelNames: ["certificate"],
    registers,
    collect() {
      this.reset();
      for (const { name, notAfter } of options.certificates()) this.set({ certificate: name }, notAfter / 1000);
    },
  });
  new Gauge({
    name: "zcloud_zfront_certificate_begin_seconds",
    help: "Begin of a served certificate since the epoch.",
    labelNames: ["certificate"],
    registers,
    collect() {
      this.reset();
      for (const { name, notBefore } of options.certificates()) this.set({ certificate: name }, notBefore / 1000);
    },
  });
  new Gauge({
    name: "zcloud_zfront_order_budget",
    help: "Orders that this site may still make within the window of a limit.",
    labelNames: ["limit", "of"],
    registers,
    collect() {
      this.reset();
      for (const { limit, of, left } of options.budgets()) this.set({ limit: limit.id, of }, left);
    },
  });
  const orders = new Counter({
    name: "zcloud_zfront_orders_total",
    help: "Orders of certificates by result; preflight: none was made.",
    labelNames: ["result"],
    registers,
  });
  return { ordered: (result: OrderResult) => orders.inc({ result }) };
}
