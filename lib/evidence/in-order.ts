/** Works on so many at once, and yields what comes out in the order of what went in; no more than these are held. */
export async function* inOrder<One, Result>(
  source: AsyncIterable<One> | Iterable<One>,
  atOnce: number,
  work: (one: One) => Promise<Result>,
): AsyncGenerator<Result> {
  const begun: Promise<Result>[] = [];
  for await (const one of source) {
    const result = work(one);
    // Whoever awaits it gets the error; until then Node.js must not take it for one that nobody awaits.
    result.catch(() => undefined);
    begun.push(result);
    const first = begun.length < atOnce ? undefined : begun.shift();
    if (first) yield await first;
  }
  for (const result of begun) yield await result;
}
