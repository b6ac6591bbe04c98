import type { StatusProblem } from "@zcloud/service";

const day = 86_400_000;
/** Days before the end of its certificate at which a host says so; `zctl pki` renews from 275 on. */
const patience = 60;

/** What is not as it should be with SSH, though everything of ours is applied. */
export function sshdProblems(
  overridden: readonly string[],
  certificateEnd: number | undefined,
  now: number,
): readonly StatusProblem[] {
  const problems: StatusProblem[] = [];
  if (overridden.length > 0) {
    const what = `sshd is less strict here than it should be: ${overridden.join(", ")}`;
    problems.push({ what, remedy: "another file in /etc/ssh/sshd_config.d speaks first: remove it" });
  }
  if (certificateEnd !== undefined && certificateEnd - now < patience * day) {
    const days = Math.floor((certificateEnd - now) / day);
    const what = days < 0 ? "its SSH certificate has ended" : `its SSH certificate ends in ${days} d`;
    problems.push({ what: `${what}; then SSH refuses this host`, remedy: "zctl pki" });
  }
  return problems;
}
