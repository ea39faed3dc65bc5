import { part, type Unread } from '../_asking.ts';
import type { Flaw } from './flaw.ts';

/** One thing that was looked at, and whether it could be seen. */
export type Look = {
  /** `<what>@<where>`, and below it `/<thing>`: what was not seen hides everything below it. */
  readonly name: string;
  readonly target: string;
  /** For people. */
  readonly part: string;
} & (
  | { readonly outcome: 'read' }
  | { readonly outcome: 'unread'; readonly unread: Unread }
  | { readonly outcome: 'not-enabled'; readonly why: string; readonly command?: string }
  /** The profile does not want it. */
  | { readonly outcome: 'left-out' }
);

/** What a reader brings: the flaws, what was looked at, and a table for the report. */
export interface Reading<Table> {
  readonly flaws: readonly Flaw[];
  readonly looks: readonly Look[];
  readonly table: Table;
}

/** Through which target, of which region, and for how long. */
export interface Place {
  readonly target: string;
  readonly region: string;
  readonly now: Date;
  readonly signal: AbortSignal;
}

/** Thrown by a reader where the service is not in use: it has nothing to say, which is not the same as no flaws. */
export class NotEnabled extends Error {
  override readonly name = 'NotEnabled';
  readonly command: string | undefined;

  constructor(why: string, command?: string) {
    super(why);
    this.command = command;
  }
}

/** Looks at one thing; its value is undefined where it could not be seen. */
export async function look<Value>(
  about: Pick<Look, 'name' | 'target' | 'part'>,
  read: () => Promise<Value>,
): Promise<{ readonly look: Look; readonly value: Value | undefined }> {
  try {
    const seen = await part(about.part, read);
    if ('value' in seen) return { look: { ...about, outcome: 'read' }, value: seen.value };
    return { look: { ...about, outcome: 'unread', unread: seen.unread }, value: undefined };
  } catch (thrown) {
    if (!(thrown instanceof NotEnabled)) throw thrown;
    const { message: why, command } = thrown;
    const off: Look = { ...about, outcome: 'not-enabled', why, ...(command !== undefined && { command }) };
    return { look: off, value: undefined };
  }
}

/** What does not become more by reading on: a thing that cannot be judged, said in words. */
export function unseen(about: Pick<Look, 'name' | 'target' | 'part'>, reason: string): Look {
  return { ...about, outcome: 'unread', unread: { part: about.part, action: '', reason, isDenied: false } };
}

/** True where a look was taken again and all that could hide it was seen. */
export function wasSeen(name: string, looks: readonly Look[]): boolean {
  const above = name.split('/').map((_, i, words) => words.slice(0, i + 1).join('/'));
  const root = above[0] ?? '';
  const isRead = looks.some((one) => one.name === root && one.outcome === 'read');
  return isRead && !looks.some((one) => one.outcome !== 'read' && above.includes(one.name));
}
