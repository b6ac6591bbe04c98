import { LocalHost, type RunOptions, type RunResult } from "@zcloud/host";
import { debian, tempDir } from "@zcloud/testing";

const nft = debian("/usr/sbin/nft");

/** A VM whose kernel is a network namespace, whose disk is a directory, and whose systemd only takes notes. */
export class VmHost extends LocalHost {
  readonly root = tempDir();
  readonly systemd: string[] = [];
  readonly #netns: string;
  readonly #enabled: string;

  constructor(netns: string, enabled: string) {
    super();
    this.#netns = netns;
    this.#enabled = enabled;
  }

  override async run(argv: readonly string[], options?: RunOptions): Promise<RunResult> {
    const [program, ...args] = argv;
    if (program === "systemctl") {
      this.systemd.push(args.join(" "));
      if (args[0] === "enable") await this.write(this.#enabled, "");
      return { status: 0, stdout: "", stderr: "" };
    }
    const real = args.map((arg) => (arg.startsWith("/etc/") ? this.root + arg : arg));
    return super.run(["ip", "netns", "exec", this.#netns, ...nft, ...real], options);
  }

  override read(path: string): Promise<string | undefined> {
    return super.read(this.root + path);
  }

  override write(...[path, ...rest]: Parameters<LocalHost["write"]>): Promise<void> {
    return super.write(this.root + path, ...rest);
  }

  override remove(path: string): Promise<void> {
    return super.remove(this.root + path);
  }

  override stat(path: string): ReturnType<LocalHost["stat"]> {
    return super.stat(this.root + path);
  }
}
