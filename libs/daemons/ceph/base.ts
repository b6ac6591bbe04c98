import { applyFile, type Host, observeFiles } from "@zcloud/host";
import type { ZMap } from "@zcloud/map";
import { type FileAction, type FileSet, type FileSpec, planFiles, type Reconciler } from "@zcloud/reconcile";
import { monitorAsker } from "./ask.ts";
import { bcryptModule, mgrCureDirectory } from "./mgr-cure.ts";
import { cephPlaces, type DaemonKind, dropInOf } from "./places.ts";
import { renderCephConf, renderDropIn, renderKeyring } from "./render.ts";
import { ClusterSecrets } from "./secrets.ts";
import type { CephNode } from "./shape.ts";
import { type CephUnits, systemdUnits } from "./units.ts";

/** The cluster's secrets on this host; undefined until `zctl pki` has put them there. */
export async function readSecrets(host: Host): Promise<ClusterSecrets | undefined> {
  const text = await host.read(cephPlaces.secrets);
  return text === undefined ? undefined : ClusterSecrets.parse(JSON.parse(text));
}

const curePath = `${mgrCureDirectory}/bcrypt.py`;
const secretFile = (content: string): FileSpec => ({ content, mode: 0o600, secret: true });

/** Whatever a map may ask for: what it does not ask for any more is removed. */
const allPaths = [
  cephPlaces.config,
  ...(["mon", "mgr", "osd", "mds"] as const).map(dropInOf),
  curePath,
  monitorAsker.keyring,
  cephPlaces.adminKeyring,
];

/** Files of every host with a daemon of Ceph: the same text whatever state the cluster is in. Pure. */
export function cephFiles(map: ZMap, node: CephNode, secrets: ClusterSecrets): FileSet {
  const kinds: readonly DaemonKind[] = node.site === undefined ? ["mon"] : ["mon", "mgr", "osd", "mds"];
  const witness = node.site === undefined ? undefined : map.witness?.address;
  const files = new Map<string, FileSpec>([
    [cephPlaces.config, { content: renderCephConf(map, node, secrets.fsid), mode: 0o644 }],
    ...kinds.map((kind) => {
      const content = renderDropIn(kind, { witness, mgrModules: mgrCureDirectory });
      return [dropInOf(kind), { content, mode: 0o644 }] as const;
    }),
  ]);
  if (node.site !== undefined && map.storage.packages === "debian")
    files.set(curePath, { content: bcryptModule, mode: 0o644 });
  files.set(monitorAsker.keyring, secretFile(renderKeyring("mon.", secrets.mon, { mon: "allow *" })));
  if (node.site !== undefined && secrets.admin !== undefined)
    files.set(cephPlaces.adminKeyring, secretFile(renderKeyring("client.admin", secrets.admin)));
  return files;
}

export interface FilesDesired {
  readonly map: ZMap;
  readonly node: CephNode;
}

interface Seen {
  readonly secrets: ClusterSecrets | undefined;
  readonly files: FileSet;
}

/** Keeps Ceph's configuration, keys and drop-ins on a host. */
export function createCephFiles(options: {
  readonly host: Host;
  readonly units?: CephUnits;
}): Reconciler<FilesDesired, Seen, FileAction> {
  const { host } = options;
  const units = options.units ?? systemdUnits(host);
  return {
    name: "ceph-files",
    async observe() {
      return { secrets: await readSecrets(host), files: await observeFiles(host, allPaths) };
    },
    plan({ map, node }, { secrets, files }) {
      if (secrets === undefined) return [];
      return planFiles(cephFiles(map, node, secrets), files);
    },
    async apply(action, signal) {
      await applyFile(host, action);
      if (action.path.startsWith(cephPlaces.units)) await units.changed(signal);
    },
  };
}
