import { loadMap, type ZMap } from "@zcloud/map";

/** A map as the checks accept it; throws their findings otherwise. */
export function mapOf(text: string): ZMap {
  const loaded = loadMap(text, "zcloud.yaml");
  if (!loaded.ok) throw new Error(loaded.problems.map(({ message }) => message).join("\n"));
  return loaded.map;
}

const operators =
  'operators: [{ name: lab, key: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJSPgsi745kJYgDLM09bUqlK5Fi2qBv57pXugu+0Zps/" }]';

/** Two sites with a witness, several zPods and a TCP service: every kind of rule. */
export const twoSites: ZMap = mapOf(`
domain: example.net
${operators}
sites:
  north: { public: { ipv4: 198.51.100.10 }, network: 10.64.1.0/24 }
  south: { public: { ipv4: 203.0.113.10 }, network: 10.64.2.0/24 }
witness: { address: 192.0.2.7 }
hosts: { zpod: { count: 2 } }
log: { name: logs.example.net }
tcp: { smtp: { port: 25, stack: mail/mail, service: postfix } }
replication: { mail: { port: 993, stack: mail/mail, service: dovecot } }
tenants: { mail: { names: [mail.example.net] } }
`);

/** The smallest map: nobody to share anything with. */
export const oneSite: ZMap = mapOf(`
domain: example.net
${operators}
sites: { only: { public: { ipv4: 198.51.100.10 }, network: 10.64.1.0/24 } }
tenants: { garden: { names: [garden.example.net] } }
`);
