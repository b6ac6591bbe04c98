import { composeRules } from "./policy.ts";
import type { Rule } from "./rules.ts";

/** docs/reference/compose.md: what a tenant's compose file may say, from the table that decides it. */
export function renderReference(): string {
  const rows: Row[] = [];
  collect(composeRules, "", rows);
  const allowed = rows.filter(({ refused }) => refused === undefined);
  const refused = rows.filter((row) => row.refused !== undefined);
  return `# compose.yaml on zCloud

<!-- Generated from libs/daemons/stack/policy.ts. -->

A stack is a directory with a \`compose.yaml\`. What stands in it is compose as docker-compose 2.26 knows it, less what would
reach out of the stack, and one key more: \`x-zcloud\`. Any other key that begins with \`x-\` is yours.

## x-zcloud

| where | key | meaning | default |
|---|---|---|---|
| a service | \`names\` | public host names that lead to it; the tenant must have them | none |
| a service | \`port\` | where it listens in its container | required |
| a service | \`health\` | path that answers 2xx or 3xx when it is well | \`/\` |
| a service | \`answers_within\` | a GET without an answer is given to another server after it, 200ms to 60s | wait |
| a volume | \`size\` | how large it may become | \`1G\` |
| top level | \`home\` | the site that runs the stack and writes its volumes | |
| top level | \`placement\` | \`both\`: a copy at each site; the default without volumes | \`both\` |
| top level | \`role\` | \`zmah\`: on hosts with disks of their own, for what replicates by itself | \`zpod\` |

A stack with volumes has one writer, so it needs \`home\`. A service without a limit gets 256M of memory and 512 processes, and
never more processors than its tenant has. The host adds to every service: a range of user ids of the tenant's own,
\`no-new-privileges\`, the tenant's slice, \`restart: always\` unless you say otherwise, and a port that only the front knows.

A health check must end by itself (\`wget -T2\`): podman does not end it at its \`timeout\`.

## Keys that may be used

| key | what may stand there |
|---|---|
${allowed.map(({ path, note }) => `| \`${path}\` | ${note} |`).join("\n")}

## Keys that are refused

| key | why | what to do |
|---|---|---|
${refused.map(({ path, refused: why, note }) => `| \`${path}\` | ${why} | ${note} |`).join("\n")}
`;
}

interface Row {
  readonly path: string;
  readonly note: string;
  readonly refused?: string;
}

function collect(rule: Rule, path: string, rows: Row[]): void {
  switch (rule.kind) {
    case "allow":
      rows.push({ path, note: rule.note ?? "as compose has it" });
      return;
    case "check":
      rows.push({ path, note: rule.note });
      return;
    case "refuse":
      rows.push({ path, note: rule.remedy, refused: rule.why });
      return;
    case "each":
      collect(rule.rule, `${path}.*`, rows);
      return;
    case "keys":
      for (const [key, inner] of Object.entries(rule.rules)) collect(inner, path === "" ? key : `${path}.${key}`, rows);
  }
}
