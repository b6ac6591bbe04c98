import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";

export interface TestCertificate {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** A CA of its own and certificates by it, made by the openssl command in `directory`. */
export function createTestCa(directory: string): (name: string, ...alternatives: readonly string[]) => TestCertificate {
  mkdirSync(directory, { recursive: true });
  const openssl = (...args: readonly string[]) => execFileSync("openssl", args, { cwd: directory, stdio: "pipe" });
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  openssl("req", "-x509", ...newKey, "-keyout", "ca.key", "-out", "ca.crt", "-days", "30", "-subj", "/CN=test CA");
  return (name, ...alternatives) => {
    const file = name.replaceAll("/", "-");
    openssl("req", ...newKey, "-keyout", `${file}.key`, "-out", `${file}.csr`, "-subj", `/CN=${name}`);
    writeFileSync(`${directory}/${file}.ext`, `subjectAltName=${alternatives.join(",")}\n`);
    const sign = ["x509", "-req", "-in", `${file}.csr`, "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial"];
    openssl(...sign, "-days", "30", "-extfile", `${file}.ext`, "-out", `${file}.crt`);
    const read = (path: string) => readFileSync(`${directory}/${path}`, "utf8");
    return { ca: read("ca.crt"), cert: read(`${file}.crt`), key: read(`${file}.key`) };
  };
}
