import { type Instance, senderPlaces } from "./places.ts";

/** Minutes for which a file of lines that are sent again stays, at least. */
const kept = 60;

/** Access lines that were sent last, each behind the second in which it was; with `.1` the ones before. */
export function sentFile(state: string): string {
  return `${state}/access-sent`;
}

function againDirectory(state: string): string {
  return `${state}/access-again`;
}

/** Files that the sender reads, to the end and once: each line begins with a space, as in a datagram. */
export function sentAgainFiles(state: string): string {
  return `${againDirectory(state)}/*.jsonl`;
}

export function turnPath({ config }: Instance): string {
  return `${config.slice(0, config.lastIndexOf("/"))}/turn`;
}

/** Newer versions of rsyslog name the file as an argument (omfile, rotation.sizeLimitCommandPassFileName). */
export function renderTurn({ state }: Instance = senderPlaces): string {
  return `# Written by zCloud; changes are overwritten.
mv -f ${sentFile(state)} ${sentFile(state)}.1
`;
}

/**
 * Shell, with the second since the epoch in `$since`: has the sender read again what it sent since then. A line that is being
 * written is half a line, and left out: it is not sent yet.
 */
export function renderAccessAgain({ state }: Instance): string {
  const directory = againDirectory(state);
  return `mkdir -p ${directory}
find ${directory} -type f -mmin +${kept} -delete
for file in ${sentFile(state)}.1 ${sentFile(state)}; do
  test ! -e "$file" || awk -v since="$since" 'substr($0, 1, 10) >= since && /}$/ { print substr($0, 11) }' "$file"
done > ${directory}/new
mv ${directory}/new "${directory}/$(date +%s%N).jsonl"`;
}
