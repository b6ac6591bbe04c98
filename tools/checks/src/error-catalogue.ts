/** What an error code means to whoever reads it. */
export interface ErrorEntry {
  readonly when: string;
  /** What goes on while it lasts. */
  readonly inForce: string;
  readonly remedy: string;
}

export interface ErrorGroup {
  readonly title: string;
  readonly about: string;
  readonly codes: Readonly<Record<string, ErrorEntry>>;
}

const before = "what was there before";
const untouched = "nothing was changed";

/** Every code that an error of ours carries. `error-codes.test.ts` compares it with the code. */
export const errorCatalogue: readonly ErrorGroup[] = [
  {
    title: "Services",
    about:
      "In the journal of a service (`err.code`), and behind a problem of `zctl status`. A loop that fails tries again by itself, with growing pauses.",
    codes: {
      CONFIGURATION: {
        when: "the service starts and /etc/zcloud/host.json is missing or not valid; all problems at once, exit 78",
        inForce: "the daemons go on as they are; the service does not run",
        remedy: "correct the file; systemd starts the service again",
      },
      RESTART: {
        when: "a new map gives znet another address, which asks for another start of the process",
        inForce: "the daemons go on; systemd starts the service again at once",
        remedy: "nothing",
      },
      TERMINAL: {
        when: "trying again can't help, e.g. a daemon's own check refuses what was rendered",
        inForce: before,
        remedy: "correct the map and run zctl apply; the message has the daemon's words",
      },
      NOT_CONVERGED: {
        when: "everything was applied, and looking again still finds differences",
        inForce: "what was applied; it is tried again",
        remedy: "if it stays: something else changes the same thing, see the remaining actions in the message",
      },
      DEADLINE: {
        when: "a pass took longer than it may, e.g. a daemon hangs",
        inForce: "what was applied so far; it is tried again",
        remedy: "if it stays: look at the daemon that the loop is named after",
      },
      STOPPED: { when: "the service stops; no failure", inForce: "what was applied so far", remedy: "nothing" },
      BUS_AWAY: {
        when: "a stack, a map or events are asked for and the site's nats-server does not answer; HTTP 503",
        inForce: "the last known: everything that is served goes on",
        remedy: "zctl ssh SITE/znet systemctl status nats-server",
      },
      NOT_IN_MAP: {
        when: "a site or host is asked for that the map does not have",
        inForce: untouched,
        remedy: "the message names what there is",
      },
      NOT_A_ZCLOUD: {
        when: "the packet filter of a host that is no zcloud is asked for",
        inForce: untouched,
        remedy: "ask for the site's zcloud",
      },
    },
  },
  {
    title: "Daemons",
    about: "What HAProxy, Unbound or podman said when they were asked. The loop tries again by itself.",
    codes: {
      CEPH: {
        when: "Ceph's monitors or a program of Ceph refused something, or did not answer; the message has what they said",
        inForce: "daemons that run go on; the step is begun again",
        remedy: "on a zstore: ceph health detail, journalctl -u 'ceph-*'",
      },
      VOLUME_REFUSED: {
        when: "a volume can't be made, given, changed or taken away as it was asked for: no room, not its tenant's, in the trash, too small",
        inForce: "volumes as they are; a stack that needs it does not start, and the version before goes on",
        remedy: "the message has it; zctl volumes",
      },
      VOLUME_FAILED: {
        when: "Ceph could not do something with a volume now: none of its managers is active, or the monitors have no quorum",
        inForce: "volumes as they are, and all that is mounted; it is tried again",
        remedy: "zctl status; on a zstore: ceph health detail",
      },
      ACME_PROBLEM: {
        when: "the authority did not do what it was asked; the message is its own",
        inForce: "the certificate before, if there is one; it is tried again within its limits",
        remedy: "zctl certificates",
      },
      RUNTIME_UNREACHABLE: {
        when: "HAProxy's socket is not there",
        inForce: "nothing is served if HAProxy is down; systemd starts it again",
        remedy: "zctl ssh SITE/zfront systemctl status haproxy",
      },
      RUNTIME_REFUSED: {
        when: "HAProxy refuses a command",
        inForce: "what it had; the file on disk is already right, so that a reload mends it",
        remedy: "if it stays: systemctl reload haproxy, and report it with the message",
      },
      RUNTIME_TIMEOUT: {
        when: "HAProxy takes a command and does not answer",
        inForce: "what it had",
        remedy: "if it stays: systemctl status haproxy; is the host out of processor time?",
      },
      UNBOUND_AWAY: {
        when: "Unbound's control socket does not answer",
        inForce: "if Unbound is down, znet answers no names; systemd starts it again",
        remedy: "zctl ssh SITE/znet systemctl status unbound",
      },
      UNBOUND_REFUSED: {
        when: "Unbound refuses a change of its records",
        inForce: "the records it had",
        remedy: "if it stays: systemctl restart unbound; its file is right",
      },
      PODMAN: {
        when: "podman's API can't be asked, or says no",
        inForce: "containers go on; what is shown of them may be old",
        remedy: "systemctl status podman.socket podman.service on the host",
      },
    },
  },
  {
    title: "Hosts",
    about: "Commands and files of a host, this one or one behind SSH.",
    codes: {
      COMMAND_NOT_FOUND: {
        when: "a program is not there",
        inForce: untouched,
        remedy: "is it the right image? deploy/images/packages.list",
      },
      COMMAND_TIMEOUT: {
        when: "a command took too long and was ended",
        inForce: "what it did so far; it is tried again",
        remedy: "if it stays: run it by hand",
      },
      COMMAND_OUTPUT: {
        when: "a command wrote far more than it should, and was ended",
        inForce: "what it did so far; its answer is not believed",
        remedy: "run it by hand",
      },
      COMMAND_STOPPED: {
        when: "the service or zctl was told to stop",
        inForce: "what it did so far",
        remedy: "nothing",
      },
      COMMAND_FAILED: { when: "a command could not be started", inForce: untouched, remedy: "the message says why" },
      STREAM_FAILED: {
        when: "a program whose output is read as it comes fails, e.g. while the log is read",
        inForce: "what was read is shown",
        remedy: "the message has its words; try again",
      },
      FILE: {
        when: "a file can't be read or written",
        inForce: "the file as it was: files are replaced whole",
        remedy: "is the disk full, or read-only? df, dmesg",
      },
      SSH_AUTHORITY: {
        when: "the installation's SSH authority has no key, ssh-keygen refuses to sign, or a host's sshd does not take or show its certificate",
        inForce: "how the host proved itself before: an older certificate, or its key from zctl trust",
        remedy: "the message has the program's words; zctl pki again",
      },
      CONFIG_REFUSED: {
        when: "a daemon's own check refuses a rendered file",
        inForce: `${before}: the file was never put in place`,
        remedy: "correct the map; the message has the daemon's words",
      },
      DEGRADED: {
        when: "a daemon's check took a file, and the reload or the probe after it failed",
        inForce: `${before}, unless the message says otherwise: the last good file was put back`,
        remedy: "the message has the daemon's words; correct the map, or look at the daemon",
      },
      UNREACHABLE: {
        when: "a host can't be reached by SSH",
        inForce: "everything there goes on",
        remedy: "zctl status; is it up, and the link to it?",
      },
    },
  },
  {
    title: "zctl",
    about: "With `--json`, `error.code`. Exit codes are in [zctl.md](zctl.md).",
    codes: {
      USAGE: {
        when: "the command line of zctl or of the lab is not understood",
        inForce: untouched,
        remedy: "zctl COMMAND --help",
      },
      NO_INSTALLATION: {
        when: "there is no zcloud.yaml where it was looked for",
        inForce: untouched,
        remedy: "--map DIRECTORY, ZCLOUD_MAP, or npm run lab",
      },
      BAD_MAP: {
        when: "zcloud.yaml has problems; all of them are listed with line and column",
        inForce: untouched,
        remedy: "correct them; zctl check",
      },
      BAD_FILE: {
        when: "another file of the installation, or of a stack, is not valid",
        inForce: untouched,
        remedy: "the message names file and problem",
      },
      NO_KEYS: { when: "zcloud.keys.json is missing", inForce: untouched, remedy: "zctl pki" },
      NO_SIGNER: {
        when: "no key of an operator of the map is at hand",
        inForce: "the map before",
        remedy: "--key FILE, secrets/operator, or ssh-agent",
      },
      UNKNOWN_NAME: {
        when: "a host, site, tenant or stack is not in the map",
        inForce: untouched,
        remedy: "the message names what there is",
      },
      POLICY: {
        when: "a stack breaks the policy, or its tenant's envelope; every problem with line and column",
        inForce: "the version before goes on",
        remedy: "correct compose.yaml: [compose.md](compose.md)",
      },
      ENROLL: {
        when: "a host could not make its keys",
        inForce: "the keys it had",
        remedy: "the message has the host's words; zctl pki again",
      },
      REFUSED: {
        when: "a service refuses what was asked of it, e.g. to resize a volume below what is in it",
        inForce: untouched,
        remedy: "it stands below the message",
      },
      NO_ANSWER: {
        when: "of several hosts that could do it, none is reachable, or none can now; the message has each one's reason",
        inForce: untouched,
        remedy: "zctl status",
      },
      TOOL: {
        when: "a program on the operator's machine failed",
        inForce: untouched,
        remedy: "the message has its words; is it installed?",
      },
      INTERRUPTED: {
        when: "Ctrl-C",
        inForce: "what agents had begun they finish; files are whole",
        remedy: "run it again: it goes on where it was",
      },
    },
  },
  {
    title: "The lab",
    about: "`npm run lab`. The message says what would help.",
    codes: {
      LAB: { when: "the lab can't do what it was asked", inForce: "the lab as it is", remedy: "see the message" },
      LAB_COMMAND: {
        when: "a command of the lab's machinery failed",
        inForce: "the lab as far as it got",
        remedy: "npm run lab again: it mends what is missing; else npm run lab -- down",
      },
      NO_LAB: { when: "there is no lab of this name", inForce: untouched, remedy: "npm run lab -- --name NAME" },
      LAB_NO_SUCH_HOST: {
        when: "a word names no host or site of the lab",
        inForce: "the lab as it is",
        remedy: "the message names what there is",
      },
      LAB_BUSY: {
        when: "another command has been changing the same lab for two minutes",
        inForce: "what that command does",
        remedy: "wait for it, or take a lab of another name",
      },
      LAB_CUT: {
        when: "the words of a cut name nothing that a cable could be cut between",
        inForce: "the lab as it is",
        remedy: "npm run lab -- --help",
      },
      LAB_MAP: { when: "the map that the lab was given is not right", inForce: untouched, remedy: "correct it" },
      LAB_NAME: {
        when: "a lab's name can't name namespaces and sockets",
        inForce: untouched,
        remedy: "1 to 16 of a-z and 0-9, a letter first",
      },
    },
  },
];
