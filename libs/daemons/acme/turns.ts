/** So many at a time, in the order in which they came. */
export function createTurns(most: number) {
  const waiting: (() => void)[] = [];
  let taken = 0;
  const next = (): void => {
    const first = waiting.shift();
    if (first === undefined) taken -= 1;
    else first();
  };
  return {
    /** Resolves with how to end the turn. */
    async take(): Promise<() => void> {
      if (taken < most) taken += 1;
      else await new Promise<void>((resolve) => waiting.push(resolve));
      return next;
    },
  };
}
