import { tempDir } from "@zcloud/testing";
import { gapOf, silenceZnet, startVm } from "../../../libs/daemons/resolver/vm.test-support.ts";
import { limited, type Row } from "./results.ts";

/**
 * Longest time without an answer at a VM's resolver, in milliseconds, while znet's packets vanish and when it is back; the
 * worst of the rounds. Every question is for a name that nobody asked before, 50 a second.
 */
export async function gapRows(quick: boolean): Promise<readonly Row[]> {
  const vm = await startVm(tempDir());
  const rounds = quick ? 1 : 5;
  const gaps: { away: number; back: number }[] = [];
  try {
    await vm.pass();
    for (let round = 0; round < rounds; round += 1) {
      const { asked, away, back } = await silenceZnet(vm);
      const lost = asked.filter(([, answered]) => answered === 0).length;
      if (lost > 0) throw new Error(`${lost} questions had no answer in 5 s`);
      gaps.push({ away: gapOf(away).gap, back: gapOf(back).gap });
      console.log(`  ${round + 1}/${rounds} away ${gaps.at(-1)?.away} ms, back ${gaps.at(-1)?.back} ms`);
    }
  } finally {
    await vm.remove();
  }
  const [away, back] = [Math.max(...gaps.map((one) => one.away)), Math.max(...gaps.map((one) => one.back))];
  return [
    limited(`longest gap in a VM's answers when znet is cut off, ms, worst of ${rounds}`, away, 2_000),
    // A question comes every 20 ms, so answers can't be closer.
    { ...limited("the same when it returns (two questions' distance is no gap)", back, 40), target: "0 (<= 40)" },
  ];
}
