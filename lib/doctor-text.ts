import { NEED_STATES } from '../core/need.ts';
import { visible } from '../lambdas/report/markup.ts';
import type { ExaminedNeed } from './doctor.ts';

/** Needs longer than this do not push the details of the others to the right. */
const WIDEST_NEED = 30;
const STATE_WIDTH = Math.max(...NEED_STATES.map((state) => state.length));
const INDENT = ' '.repeat(2 + STATE_WIDTH + 2);

/**
 * What was found, target by target, as a person reads it in a terminal: those that are fine first, so that what is
 * missing, with what mends it, stands next to the prompt.
 */
export function doctorText(needs: readonly ExaminedNeed[]): string {
  if (needs.length === 0) return 'this platform has no targets: there is nothing to look at\n';
  const targets = [...Map.groupBy(needs, ({ kind, target }) => visible(`${kind} ${target}`))];
  const [fine, others] = [true, false].map((wanted) => targets.filter(([, its]) => its.every(isMet) === wanted));
  const parts = [...(fine ?? []), ...(others ?? [])].map(([title, its]) => [title, ...targetLines(its)].join('\n'));
  const counts = NEED_STATES.map((state) => `${needs.filter((need) => need.state === state).length} ${state}`).join(
    ', ',
  );
  const ending = [
    `${counted(targets.length, 'target')}, ${counted(needs.length, 'need')}: ${counts}`,
    others?.length ? `look at: ${others.map(([title]) => title).join(', ')}` : 'every task finds what it needs',
  ];
  return `${[...parts, ending.join('\n')].join('\n\n')}\n`;
}

function isMet({ state }: ExaminedNeed): boolean {
  return state === 'met';
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function targetLines(needs: readonly ExaminedNeed[]): string[] {
  const lengths = needs.map(({ need }) => visible(need).length).filter((length) => length <= WIDEST_NEED);
  const width = Math.max(0, ...lengths);
  // The same policy or statement often gives several things: once is enough to paste it.
  const shown = new Map<string, string>();
  return needs.flatMap(({ state, need, detail, grant, tasks }) => {
    const words = visible(need);
    const line = `  ${state.padEnd(STATE_WIDTH)}  ${words.padEnd(width)}  ${visible(detail)}`;
    if (state === 'met') return [line];
    const whose = tasks.length === 0 ? [] : [`${INDENT}needed by ${tasks.join(', ')}`];
    return [line, ...whose, ...grantLines(words, grant, shown)];
  });
}

function grantLines(need: string, grant: string | undefined, shown: Map<string, string>): string[] {
  if (grant === undefined) return [];
  const earlier = shown.get(grant);
  if (earlier !== undefined) return [`${INDENT}given together with "${earlier}"`];
  shown.set(grant, need);
  const lines = grant.split('\n').filter((line) => line !== '');
  return [`${INDENT}to give it:`, ...lines.map((line) => `${INDENT}  ${visible(line)}`)];
}
