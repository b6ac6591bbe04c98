import { expect, test } from "vitest";
import { overridden, planSshd, type SshdDesired, type SshdObserved } from "./plan.ts";
import { sshdProblems } from "./problems.ts";
import { renderOperators } from "./render.ts";

const robin = { name: "robin", key: "ssh-ed25519 AAAArobin" };
const kim = { name: "kim", key: "sk-ssh-ed25519@openssh.com AAAAkim" };
const path = "/etc/ssh/zcloud_operators";
const desired: SshdDesired = { config: "text\n", operators: [robin, kim], operatorsPath: path };
const signers = (key: string) => `robin namespaces="zcloud-map" ${key}\n`;
const file = (content: string) => new Map([[path, { content, mode: 0o644 }]]);
const good: SshdObserved = {
  config: "text\n",
  files: file(renderOperators([robin, kim])),
  signers: signers(robin.key),
  running: true,
  effective: "",
};

test.each<[string, Partial<SshdDesired>, Partial<SshdObserved>, string[]]>([
  ["nothing to do", {}, {}, []],
  [
    "nothing there: keys before the text that makes them the only ones",
    {},
    { config: undefined, files: new Map() },
    ["write-operators", "configure"],
  ],
  ["another text", {}, { config: "old\n" }, ["configure"]],
  ["it is stopped", {}, { running: false, config: "old\n" }, ["start", "configure"]],
  ["an operator comes", {}, { files: file(renderOperators([robin])) }, ["write-operators"]],
  ["an operator goes", { operators: [kim] }, {}, ["write-operators"]],
  ["a zcloud's keys are not ours", { operators: undefined }, { files: new Map() }, []],
  ["nobody is left", { operators: [] }, { config: "old\n" }, ["refuse"]],
  ["all are strangers", { operators: [{ name: "x", key: "ssh-ed25519 AAAAx" }] }, { config: undefined }, ["refuse"]],
  ["one may sign maps, though he may not log in yet", {}, { files: new Map() }, ["write-operators"]],
  ["one may log in, though he may not sign", {}, { signers: signers("ssh-ed25519 AAAAy") }, []],
  ["the first host of all: nobody is known yet", {}, { files: new Map(), signers: "" }, ["write-operators"]],
])("%s", (_, wanted, observed, expected) => {
  const planned = planSshd({ ...desired, ...wanted }, { ...good, ...observed });
  expect(planned.map(({ kind }) => kind)).toEqual(expected);
});

test("a key in a comment lets nobody exchange all operators", () => {
  const observed = { ...good, files: file("# ssh-ed25519 AAAAx\n"), signers: signers("ssh-ed25519 AAAAy") };
  const [action] = planSshd({ ...desired, operators: [{ name: "x", key: "ssh-ed25519 AAAAx" }] }, observed);
  expect(action?.kind).toBe("refuse");
});

test("what another file says first is seen, in sshd's own words", () => {
  const config = "# text\nPermitRootLogin prohibit-password\n\nPasswordAuthentication no\nUnheardOf x\n";
  expect(overridden(config, "permitrootlogin without-password\npasswordauthentication no\n")).toEqual([]);
  expect(overridden(config, "permitrootlogin yes\npasswordauthentication yes\n")).toEqual([
    "permitrootlogin yes",
    "passwordauthentication yes",
  ]);
  expect(overridden(config, undefined)).toEqual([]);
});

test("problems: a looser sshd at once, a certificate's end 60 days before", () => {
  const day = 86_400_000;
  expect(sshdProblems([], undefined, 0)).toEqual([]);
  expect(sshdProblems([], 60 * day, 0)).toEqual([]);
  expect(sshdProblems([], 59.5 * day, 0)[0]).toEqual({
    what: "its SSH certificate ends in 59 d; then SSH refuses this host",
    remedy: "zctl pki",
  });
  expect(sshdProblems([], day, 2 * day)[0]?.what).toMatch(/has ended/);
  expect(sshdProblems(["passwordauthentication yes"], undefined, 0)[0]?.what).toMatch(/passwordauthentication yes/);
});
