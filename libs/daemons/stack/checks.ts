import { allowedName, formatSize, type Path } from "@zcloud/map";
import type * as z from "zod";
import { type Finding, isRecord } from "./compose.ts";
import { passthroughFindings } from "./passthrough.ts";
import { portFindings } from "./public-ports.ts";
import type { Check, RuleContext } from "./rules.ts";
import { ServiceOptions, StackOptions, splitPlace, VolumeOptions } from "./schema.ts";
import { bytesOf } from "./units.ts";

/** A value that compose fills in later. What the host decides by must stand in the file as it is. */
export function isOpen(value: unknown): boolean {
  return typeof value === "string" && /\$(?!\$)/.test(value.replaceAll("$$", ""));
}

const say = (path: Path, message: string): readonly Finding[] => [{ path, message }];

export const writtenOut = "must be written out; variables are for environment, command and the like";

export const isProjectName: Check = (value, { project, normalised }, path) => {
  if (normalised !== undefined || value === project) return [];
  return say(path, `must be ${project}, the stack's own name; leave it out`);
};

/** `name` of a network, volume, config or secret: compose's own, which carries the project; another could be another tenant's. */
export function isOwnName(value: unknown, { normalised }: RuleContext, path: Path): boolean {
  return normalised !== undefined && value === `${normalised.name}_${String(path.at(-2))}`;
}

export const image: Check = (value, _context, path) => {
  if (isOpen(value)) return say(path, writtenOut);
  if (
    typeof value === "string" &&
    /^[a-z0-9]([\w.\-/]*[\w])?(:\d+\/[\w.\-/]+)?(:[\w][\w.-]{0,127})?(@sha256:[0-9a-f]{64})?$/i.test(value)
  )
    return [];
  return say(path, "must be the name of an image, e.g. docker.io/library/nginx:1.29");
};

export const replicas: Check = (value, _context, path) => {
  if (isOpen(value)) return say(path, writtenOut);
  return Number.isInteger(Number(value)) && Number(value) >= 0 && Number(value) <= 20
    ? []
    : say(path, "must be 0 to 20");
};

export const restart: Check = (value, _context, path) => {
  if (["no", "always", "unless-stopped", false].includes(value as string) || /^on-failure(:\d+)?$/.test(String(value)))
    return [];
  return say(path, 'must be always (the default), unless-stopped, on-failure or "no"');
};

export const pullPolicy: Check = (value, _context, path) => {
  if (["missing", "if_not_present", "never"].includes(String(value))) return [];
  return say(path, "must be missing (the default) or never; give the image a new tag to get a new one");
};

export const memory: Check = (value, { tenant }, path) => {
  if (isOpen(value)) return say(path, writtenOut);
  const bytes = bytesOf(value);
  if (bytes === undefined) return say(path, "must be a size, e.g. 256M");
  if (bytes < 8 * 2 ** 20) return say(path, "must be 8M at least; containers can't start with less");
  if (bytes <= tenant.memory) return [];
  return say(
    path,
    `is more than tenant ${tenant.name} has (${formatSize(tenant.memory)}); lower it, or raise tenants.${tenant.name}.memory in the map`,
  );
};

export const cpus: Check = (value, { tenant }, path) => {
  if (isOpen(value)) return say(path, writtenOut);
  const amount = Number(value);
  if (!(amount >= 0.01)) return say(path, 'must be a number of processors, e.g. "0.5"');
  if (amount <= tenant.cpus) return [];
  return say(
    path,
    `is more than tenant ${tenant.name} has (${tenant.cpus}); lower it, or raise tenants.${tenant.name}.cpus in the map`,
  );
};

export const pids: Check = (value, _context, path) => {
  if (isOpen(value)) return say(path, writtenOut);
  return Number.isInteger(Number(value)) && Number(value) >= 1 && Number(value) <= 4096
    ? []
    : say(path, "must be 1 to 4096");
};

/** Prefixes of labels by which podman, compose and we know what is whose. */
const reservedLabels = /^(zcloud|com\.docker|io\.podman|io\.containers|PODMAN_SYSTEMD_UNIT)/i;

export const labels: Check = (value, _context, path) => {
  const names = Array.isArray(value)
    ? value.map((item, index) => [index, String(item).split("=")[0] ?? ""] as const)
    : Object.keys(isRecord(value) ? value : {}).map((key) => [key, key] as const);
  return names
    .filter(([, name]) => reservedLabels.test(name))
    .map(([at, name]) => ({
      path: [...path, at],
      at: "key" as const,
      message: `${name} is a label of the system's own; choose another prefix`,
    }));
};

export const extraHosts: Check = (value, _context, path) => {
  const entries = Array.isArray(value)
    ? value.map((item, index) => [index, String(item)] as const)
    : Object.entries(isRecord(value) ? value : {});
  return entries
    .filter(([, text]) => /host-gateway/.test(String(text)))
    .map(([at]) => ({
      path: [...path, at],
      message: "host-gateway leads into the host; call other services by their public names, through the front",
    }));
};

export const groups: Check = (value, _context, path) =>
  Array.isArray(value) && value.includes("keep-groups")
    ? say(path, "keep-groups takes the host's groups along; name the groups")
    : [];

export const securityOpt: Check = (value, _context, path) =>
  (Array.isArray(value) ? value : [value]).flatMap((item, index) =>
    /^no-new-privileges([:=]true)?$/.test(String(item))
      ? []
      : say([...path, index], "changes what protects the host; remove it (no-new-privileges is always on)"),
  );

/** Published ports: the front knows the way by x-zcloud; a fixed port would stop a second copy from starting beside the first. */
export const ports: Check = (value, _context, path) => {
  if (!Array.isArray(value)) return value === null ? [] : say(path, "must be a list");
  return value.flatMap((item, index) => {
    const fixed = isRecord(item)
      ? item["published"] !== undefined && item["published"] !== "" && item["published"] !== null
      : /:/.test(String(item).replace(/^\[.*\]/, ""));
    const udp = isRecord(item) ? item["protocol"] === "udp" : /\/udp$/.test(String(item));
    const at = [...path, index];
    if (fixed)
      return say(
        at,
        "publishes a fixed port of the host; say x-zcloud: { names: [...], port: N } and the front leads there",
      );
    if (udp) return say(at, "publishes UDP, which the front does not carry; remove it");
    return [];
  });
};

export const networkMode: Check = (value, _context, path) => {
  if (value === "none") return [];
  const why =
    value === "host"
      ? "gives the container the host's network"
      : `${String(value)} shares a network that is not the stack's own`;
  return say(path, `${why}; remove it: every stack has a network of its own`);
};

export const serviceNetworks: Check = (value, _context, path) => {
  if (!isRecord(value)) return [];
  return Object.entries(value).flatMap(([network, options]) =>
    Object.keys(isRecord(options) ? options : {})
      .filter((key) => key !== "aliases" && key !== "priority")
      .map((key) => ({
        path: [...path, network, key],
        at: "key" as const,
        message: "fixes an address that may be taken at the other site; services find each other by name",
      })),
  );
};

/** `x-zcloud` keys and values by their schema, as findings. */
export function bySchema(schema: z.ZodType, value: unknown, path: Path): readonly Finding[] {
  const parsed = schema.safeParse(value);
  if (parsed.success) return [];
  return parsed.error.issues.flatMap((issue): readonly Finding[] => {
    const at = [...path, ...(issue.path as (string | number)[])];
    if (issue.code === "unrecognized_keys") {
      const known = "shape" in schema ? Object.keys(schema.shape as object).join(", ") : "";
      return issue.keys.map((key) => ({
        path: [...at, key],
        at: "key",
        message: `is not a key of x-zcloud here; there are ${known}`,
      }));
    }
    if (issue.code === "invalid_type" && issue.path.length === 0)
      return say(at, "must be a mapping, e.g. { names: [wiki.example.net], port: 8080 }");
    return say(at, issue.message);
  });
}

export const serviceOptions: Check = (value, { tenant }, path) => {
  const wrong = bySchema(ServiceOptions, value, path);
  const own = tenant.names.length === 0 ? "none yet" : tenant.names.join(", ");
  const foreign = claimed(value).flatMap(({ name, at }): readonly Finding[] => {
    if (allowedName(tenant, name) || wrong.some((finding) => finding.path.join() === [...path, ...at].join()))
      return [];
    const remedy = `use one of those, or add it to tenants.${tenant.name}.names in the map`;
    return say([...path, ...at], `${name} is not a name of tenant ${tenant.name}, which has ${own}; ${remedy}`);
  });
  return [...wrong, ...foreign, ...passthroughFindings(value, path), ...portFindings(value, tenant, path)];
};

/** Host names that a service asks for, and where each stands. */
function claimed(value: unknown): readonly { readonly name: string; readonly at: Path }[] {
  if (!isRecord(value)) return [];
  const names = Array.isArray(value["names"]) ? value["names"] : [];
  return [
    ...names.flatMap((text, index) => {
      const place = typeof text === "string" ? splitPlace(text) : undefined;
      return place === undefined ? [] : [{ name: place.host, at: ["names", index] }];
    }),
    ...Object.keys(isRecord(value["redirects"]) ? value["redirects"] : {}).map((name) => {
      return { name, at: ["redirects", name] };
    }),
  ];
}

export const stackOptions: Check = (value, { sites }, path) => {
  const wrong = bySchema(StackOptions, value, path);
  if (!isRecord(value)) return wrong;
  const { home, placement } = value;
  const unknown =
    typeof home === "string" && !sites.includes(home)
      ? say([...path, "home"], `there is no site ${home}; the map has ${sites.join(" and ")}`)
      : [];
  const both =
    home !== undefined && placement !== undefined
      ? say([...path, "placement"], "home says where it runs already; remove one of the two")
      : [];
  return [...wrong, ...unknown, ...both];
};

export const volumeOptions: Check = (value, _context, path) => bySchema(VolumeOptions, value, path);
