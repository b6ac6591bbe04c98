import { withPin } from "@zcloud/daemons/sshd";
import * as z from "zod";
import { ZctlError } from "../exit.ts";
import { hostNamed } from "../installation.ts";
import { seenKey } from "../pki/seen-key.ts";
import { changeKnownHosts } from "../pki/ssh-identity.ts";
import { command } from "../spec.ts";

/** Shown where the key lies, as `ssh-keygen -l` says it. */
const onTheHost = "ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub";

export const trust = command(z.strictObject({}), {
  name: "trust",
  summary: "the first contact with a host: its SSH key, compared with what you were told",
  about:
    "SSH accepts hosts whose keys the installation's authority has signed, and asks nobody. A new host has no such\n" +
    `signature yet: read its fingerprint where nobody is in between (the provider's console: ${onTheHost}),\n` +
    "and give it here. If the host shows that key, it is trusted until zctl pki has signed it; another key is refused.\n" +
    "Without a fingerprint it only says which key the host shows.",
  arguments: [
    { name: "<host>", about: "e.g. north/zcloud", words: "hosts" },
    { name: "[fingerprint]", about: "SHA256:..., as the host's console says it" },
  ],
  examples: [
    { line: "zctl trust north/zcloud", about: "which key does it show? Nothing is trusted by that" },
    {
      line: "zctl trust north/zcloud SHA256:2SAMLl0mAcWqcW0LxYO9SBuWuCJZmQ3yVZRS0qPF8Lo",
      about: "trust it if it has that key; then: zctl pki",
    },
  ],
  run: async (it, [id = "", fingerprint]) => {
    const { map, directory } = await it.installation();
    const host = hostNamed(map, id);
    const seen = await seenKey(it.ports.local, map, directory, host, it.signal);
    if (fingerprint === undefined) {
      if (it.screen.jsonMode) it.screen.json({ v: 1, host: host.id, fingerprint: seen.fingerprint, trusted: false });
      it.screen.line(`${host.id} shows ${seen.fingerprint}; it is not trusted by that.`);
      it.screen.line(`Compare it with the host's own word (at its console: ${onTheHost}), then:`);
      it.screen.line(`  zctl trust ${host.id} FINGERPRINT`);
      return "problem";
    }
    if (seen.fingerprint !== fingerprint) {
      throw new ZctlError("ENROLL", `${host.id} shows ${seen.fingerprint}, not ${fingerprint}; nothing was changed`, {
        remedy: `read it again at the host's console (${onTheHost}); if it says yours, somebody is in between`,
      });
    }
    await changeKnownHosts(it.ports.local, directory, (text) => withPin(text, host.id, seen.publicKey));
    if (it.screen.jsonMode) it.screen.json({ v: 1, host: host.id, fingerprint, trusted: true });
    it.screen.line(`${host.id} is trusted by its key. Have it signed: zctl pki`);
    return "ok";
  },
});
