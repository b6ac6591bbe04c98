/** A packet that opens a connection, as a chain sees it. `port`: the one that was asked for. */
export interface Packet {
  readonly saddr: string;
  readonly daddr: string;
  readonly protocol: "tcp" | "udp";
  readonly port: number;
}

/** Ways through a chain, by the interfaces that its rules name. */
const ways = {
  input: { chain: "input", prefix: "" },
  output: { chain: "output", prefix: "" },
  published: { chain: "forward", prefix: 'iifname != "podman*" oifname "podman*" ct status dnat ct original ' },
  container: { chain: "forward", prefix: 'iifname "podman*" oifname != "podman*" ' },
} as const;

/** Whether a rendered ruleset lets a new connection pass, by its rules about addresses and ports: read as nft(8) says, nothing else. */
export function letsPass(ruleset: string, way: keyof typeof ways, packet: Packet): boolean {
  const { chain, prefix } = ways[way];
  const start = ruleset.indexOf(`\n  chain ${chain} {`);
  const rules = ruleset.slice(start, ruleset.indexOf("\n  }", start)).split("\n    ");
  return rules.some((rule) => rule.startsWith(prefix) && passes(rule.slice(prefix.length), packet));
}

const rulePattern =
  /^(?:ip daddr (?<own>\S+) )?ip (?<key>[sd]addr) (?<not>!= )?(?<addresses>\{[^}]*\}|\S+)(?: (?:meta l4proto )?(?<protocol>tcp|udp) (?:dport|ct original proto-dst) (?<ports>\{[^}]*\}|\S+))? counter name "\S+" accept$/;

function passes(rule: string, packet: Packet): boolean {
  const { own, key, not, addresses = "", protocol, ports = "" } = rulePattern.exec(rule)?.groups ?? {};
  if (key === undefined || (own !== undefined && own !== packet.daddr)) return false;
  const address = key === "saddr" ? packet.saddr : packet.daddr;
  const matches = listOf(addresses).some((network) => contains(network, address));
  if (matches === (not !== undefined)) return false;
  if (protocol === undefined) return true;
  return protocol === packet.protocol && listOf(ports).some((range) => within(range, packet.port));
}

const listOf = (text: string): readonly string[] => text.replace(/[{}\s]/g, "").split(",");

function within(range: string, port: number): boolean {
  const [from = 0, to = from] = range.split("-").map(Number);
  return from <= port && port <= to;
}

function contains(network: string, address: string): boolean {
  const [base = "", length = "32"] = network.split("/");
  const size = 2 ** (32 - Number(length));
  return Math.floor(numberOf(base) / size) === Math.floor(numberOf(address) / size);
}

const numberOf = (address: string): number => address.split(".").reduce((sum, byte) => sum * 256 + Number(byte), 0);
