import { type HostEntry, logPort, siteOf, type ZMap, znetOf } from "@zcloud/map";
import { sentAgainFiles, sentFile, turnPath } from "./access-again.ts";
import { type Identity, identityPaths, receiverPlaces, senderPlaces, storeDirectory } from "./places.ts";

/** Bytes of a message, rsyslog's own part and JSON's escapes included; 32 KiB of text may become six times as much. */
const longestMessage = "256k";
/** Characters of a line that are kept. */
const longestText = 32_768;

/** Bytes of access lines in one of the two files of what was sent: some 80,000 lines. */
const sentBytes = 32 * 1024 * 1024;

/** Seconds after which a connection is tried though there is nothing to say. */
const markInterval = 20;

/** One rsyslogd's side of TLS: who it is, and whom alone it talks with. */
function tls({ ca, certificate, key }: Identity, peer: string): string {
  return [
    'tls="on"',
    `tls.caCert="${ca}"`,
    `tls.myCert="${certificate}"`,
    `tls.myPrivKey="${key}"`,
    'tls.authMode="name"',
    `tls.permittedPeer=["${peer}"]`,
  ].join("\n    ");
}

/**
 * The queue is `direct`: a message is on its way (or in its file) before the next one is read and, at the receiver,
 * before it is acknowledged. Nothing waits in memory that a kill -9 would lose.
 */
function globals(state: string): string {
  return `global(
  workDirectory="${state}"
  maxMessageSize="${longestMessage}"
  net.enableDNS="off"
  processInternalMessages="off"
  abortOnUncleanConfig="on"
  umask="0027"
)
main_queue(queue.type="direct")
`;
}

export interface SenderOptions {
  readonly target?: { readonly address: string; readonly port: number; readonly name: string };
  readonly state?: string;
  readonly identity?: Identity;
  /** Unix datagram socket where HAProxy leaves its access lines; undefined: this host has none. */
  readonly access?: string | undefined;
  /** Shell script that begins a new file of what was sent, when one has so many bytes. */
  readonly turn?: { readonly script: string; readonly bytes: number };
}

/** rsyslog.conf of a host: its journal, and the access lines of a front, to its site's znet. */
export function renderSender(map: ZMap, self: HostEntry, options: SenderOptions = {}): string {
  const znet = znetOf(map, self.site);
  const { state = senderPlaces.state, identity = identityPaths, access } = options;
  const { turn = { script: turnPath(senderPlaces), bytes: sentBytes } } = options;
  const { target = { address: znet.address, port: logPort(map, self), name: znet.fqdn } } = options;
  const forward = (template: string, indent = ""): string =>
    `action(type="omrelp" template="${template}" target="${target.address}" port="${target.port}"
    ${tls(identity, target.name)}
    conn.timeout="5" timeout="30"
    action.resumeRetryCount="-1" action.resumeInterval="1" action.resumeIntervalMax="10"
)`.replaceAll("\n", `\n${indent}`);
  return `# Written by zCloud from the map; changes are overwritten.
${globals(state)}
# The journal is the queue: where it was read to is kept in a file, and while znet is away it is not read further.
module(load="imjournal" stateFile="journal.cursor" persistStateInterval="64" fsync="on"
  rateLimit.interval="0" ignorePreviousMessages="off" ignoreNonValidStatefile="on" usePid="system" fileCreateMode="0600")
module(load="omrelp" tls.tlslib="openssl")

template(name="journal" type="list") {
  constant(value="<14>1 - - ")
  property(name="$.kind")
  constant(value=" - - - {")
  property(outname="at" name="timereported" dateFormat="rfc3339" date.inUTC="on" format="jsonf")
  constant(value=",")
  property(outname="level" name="syslogseverity-text" format="jsonf")
  constant(value=",")
  property(outname="unit" name="$!_SYSTEMD_UNIT" format="jsonf")
  constant(value=",")
  property(outname="tag" name="programname" format="jsonf")
  constant(value=",")
  property(outname="pid" name="procid" format="jsonf")
  constant(value=",")
  property(outname="service" name="$!CONTAINER_TAG" format="jsonf")
  constant(value=",")
  property(outname="msg" name="msg" format="jsonf" position.from="1" position.to="${longestText}")
  constant(value="}")
}
# What was sent and not acknowledged is sent again when the connection is found broken, which only sending finds: so
# there is always something to say. Each input has a connection of its own, so the mark goes through the journal.
module(load="immark" interval="${markInterval}" use.syslogCall="off" ruleset="mark")
module(load="omjournal")
ruleset(name="mark" queue.type="direct") {
  action(type="omjournal")${access === undefined ? "" : "\n  call access"}
}

# podman writes a line for each check of each container; what changes is an event (zctl events).
if $programname == "podman" and $msg contains " container health_status " then stop
if $programname == "rsyslogd" and $msg == "-- MARK --" then set $.kind = "mark"; else set $.kind = "journal";
${forward("journal")}
${access === undefined ? "" : renderAccess(access, state, turn, forward("access", "  "))}`;
}

/**
 * HAProxy's lines come as datagrams, which nobody waits for, and go by a queue of their own: in memory, on disk when that
 * is full or rsyslog stops, and when that is full, too, new ones are dropped. What was sent last stays in a small file.
 */
function renderAccess(socket: string, state: string, turn: Required<SenderOptions>["turn"], forward: string): string {
  return `
module(load="imuxsock" sysSock.use="off")
# What is sent again after a power cut of znet's machine, and what would be.
module(load="imfile" mode="inotify")
template(name="sent" type="list") {
  property(name="$now-unixtimestamp")
  property(name="msg")
  constant(value="\\n")
}
template(name="access" type="list") {
  constant(value="<14>1 - - ")
  property(name="$.kind")
  constant(value=" - - - ")
  property(name="msg" position.from="2")
}
ruleset(name="access"
    queue.type="linkedList" queue.size="20000" queue.highWatermark="16000" queue.lowWatermark="4000"
    queue.filename="access" queue.maxFileSize="8m" queue.maxDiskSpace="256m" queue.saveOnShutdown="on"
    queue.timeoutEnqueue="0" queue.discardSeverity="8" queue.checkpointInterval="1000") {
  if $inputname == "immark" then set $.kind = "mark"; else {
    set $.kind = "access";
    action(type="omfile" file="${sentFile(state)}" template="sent" fileCreateMode="0640"
      rotation.sizeLimit="${turn.bytes}" rotation.sizeLimitCommand="/bin/sh ${turn.script}")
  }
  ${forward}
}
input(type="imuxsock" socket="${socket}" ruleset="access" rateLimit.interval="0" parseHostname="off")
input(type="imfile" file="${sentAgainFiles(state)}" tag="again" ruleset="access")
`;
}

export interface ReceiverOptions {
  readonly listen?: (host: HostEntry) => { readonly address: string; readonly port: number };
  readonly state?: string;
  readonly identity?: Identity;
  readonly store?: string;
}

/** The hosts whose lines a site's znet takes: all but the hypervisor, which has no sender. */
export function sendersOf(map: ZMap, site: string): readonly HostEntry[] {
  return siteOf(map, site).hosts.filter(({ role }) => role !== "zcloud");
}

/** Where a site's znet listens for them. */
export function receivingPorts(map: ZMap, site: string): readonly string[] {
  return sendersOf(map, site).map((host) => `${znetOf(map, site).address}:${logPort(map, host)}`);
}

/** rsyslog.conf of a site's znet: a port for each host, which its certificate alone opens, and a directory for its lines. */
export function renderReceiver(map: ZMap, site: string, options: ReceiverOptions = {}): string {
  const { address } = znetOf(map, site);
  const { state = receiverPlaces.state, identity = identityPaths, store = storeDirectory } = options;
  const { listen = (host) => ({ address, port: logPort(map, host) }) } = options;
  return `# Written by zCloud from the map; changes are overwritten.
${globals(state)}
module(load="imrelp" tls.tlslib="openssl")
template(name="line" type="list") {
  property(name="msg")
  constant(value="\\n")
}
${sendersOf(map, site)
  .map((host) => renderHost(host, listen(host), `${store}/${host.name}`, identity))
  .join("")}`;
}

function renderHost(
  { name, fqdn }: HostEntry,
  { address, port }: { readonly address: string; readonly port: number },
  directory: string,
  identity: Identity,
): string {
  // Days of receipt: a file of a day that has passed is never written again, whatever time a line carries.
  const day = (template: string, prefix: string): string => `template(name="${template}" type="list") {
  constant(value="${directory}/${prefix}")
  property(name="$year-utc")
  constant(value="-")
  property(name="$month-utc")
  constant(value="-")
  property(name="$day-utc")
  constant(value=".jsonl")
}`;
  const file = (template: string): string =>
    `action(type="omfile" dynaFile="${template}" template="line" dynaFileCacheSize="4" closeTimeout="60"
      fileCreateMode="0640" dirCreateMode="0750" action.resumeRetryCount="-1" action.resumeInterval="1")`;
  return `
${day(`${name}-journal`, "")}
${day(`${name}-access`, "access-")}
ruleset(name="${name}" queue.type="direct") {
  if $programname == "mark" then stop
  if $programname == "access" then {
    ${file(`${name}-access`)}
  } else {
    ${file(`${name}-journal`)}
  }
}
input(type="imrelp" address="${address}" port="${port}" ruleset="${name}" maxDataSize="${longestMessage}" oversizeMode="truncate"
    keepAlive="on" keepAlive.time="30" keepAlive.interval="10" keepAlive.probes="3"
    ${tls(identity, fqdn)}
)
`;
}
