/** Throws unless it holds: a wrong answer has no time. */
export function gate(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new Error(`the answer is wrong: ${otherwise}`);
}
