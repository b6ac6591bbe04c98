import { writeFileSync } from "node:fs";
import { LocalHost } from "@zcloud/host";
import { userland } from "@zcloud/testing";
import { expect, test } from "vitest";
import { bcryptModule } from "./mgr-cure.ts";

const zstore = userland("zstore");
writeFileSync(`${zstore.root}/tmp/bcrypt.py`, bcryptModule);

/** What Python of the hosts' userland prints, with this bcrypt and no other. */
async function python(script: string): Promise<string> {
  const argv = zstore.command("env", "PYTHONPATH=/tmp", "python3", "-");
  const { status, stdout, stderr } = await new LocalHost().run(argv, { input: `import bcrypt\n${script}` });
  expect(stderr).toBe("");
  expect(status).toBe(0);
  return stdout.trim();
}

// Openwall's crypt_blowfish, wrapper.c: tests.
test.each([
  ["U*U", "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"],
  ["U*U*", "$2b$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK"],
  ["U*U*U", "$2b$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a"],
  ["", "$2b$05$CCCCCCCCCCCCCCCCCCCCC.7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy"],
])("%j is hashed as everybody hashes it", async (password, hash) => {
  const said = await python(`
p, h = b${JSON.stringify(password)}, b"${hash}"
print(bcrypt.hashpw(p, h[:29]) == h, bcrypt.checkpw(p, h), bcrypt.checkpw(p + b"x", h))
`);
  expect(said).toBe("True True False");
});

test("salts differ, have the cost that was asked for, and make hashes that are checked", async () => {
  const said = await python(`
salts = {bcrypt.gensalt(4) for _ in range(50)}
print(len(salts), all(len(s) == 29 and s.startswith(b"$2b$04$") for s in salts), bcrypt.gensalt()[:7])
h = bcrypt.hashpw("pässword".encode(), salts.pop())
print(len(h), bcrypt.checkpw("pässword".encode(), h), bcrypt.checkpw(b"password", h))
`);
  expect(said.split("\n")).toEqual(["50 True b'$2b$12$'", "60 True False"]);
});

test.each([
  ["no salt", 'bcrypt.hashpw(b"x", b"")'],
  ["another method's", 'bcrypt.hashpw(b"x", b"$6$saltsalt")'],
  ["a cut salt", 'bcrypt.hashpw(b"x", b"$2b$05$CCCC")'],
  ["a NUL in a password", 'bcrypt.hashpw(b"a\\0b", bcrypt.gensalt(4))'],
  ["too cheap", "bcrypt.gensalt(3)"],
])("refused, never hashed to something: %s", async (_, call) => {
  const said = await python(`
try:
    print(${call})
except ValueError as error:
    print("refused")
`);
  expect(said).toBe("refused");
});
