import type { States } from '../../state-machines/states.ts';

/**
 * The most transitions that a run takes from a state on: each state entered is one, those of every branch included.
 *
 * Nothing pauses: the way into a Wait is not taken, for it has a budget of its own.
 */
export function mostTransitions(states: States, from: string): number {
  const state = states[from];
  if (!state) throw new Error(`there is no state ${from}`);
  const after = (next: string | undefined) => (next === undefined ? 0 : mostTransitions(states, next));
  switch (state.Type) {
    case 'Succeed':
      return 1;
    case 'Wait':
      return Number.NEGATIVE_INFINITY;
    case 'Choice':
      return 1 + Math.max(...[...state.Choices.map(({ Next }) => Next), state.Default].map(after));
    case 'Parallel': {
      const branches = state.Branches.map((branch) => mostTransitions(branch.States, branch.StartAt));
      return 1 + branches.reduce((sum, branch) => sum + branch, 0) + after(state.Next);
    }
    case 'Task':
      return 1 + Math.max(after(state.Next), ...(state.Catch ?? []).map(({ Next }) => after(Next)));
  }
}
