import type { Json } from '../../core/json.ts';
import type { Need } from '../../core/need.ts';
import { Secret } from '../../core/secret.ts';
import { TARGET_KINDS } from '../../core/target-kinds.ts';
import type { Task } from '../../core/task.ts';

export interface NeedsQuestion {
  readonly task: Task;
  /** Target name to settings as a profile has them, addresses as plain text. */
  readonly targets: Readonly<Record<string, Readonly<Record<string, Json>>>>;
  readonly input?: Readonly<Record<string, Json>>;
  readonly now?: Date;
  readonly timeoutSeconds?: number;
  readonly allowAddresses?: readonly string[];
}

/** Asks a task what it needs of real targets. */
export async function needsOf(question: NeedsQuestion): Promise<readonly Need[]> {
  const { task, targets, now = new Date(), timeoutSeconds = 20 } = question;
  if (!task.needs) throw new Error(`${task.name} does not say what it needs`);
  const addresses: readonly string[] = TARGET_KINDS[task.target].addresses;
  const settings = (given: Readonly<Record<string, Json>>) =>
    Object.entries(given).map(([field, value]) => [
      field,
      addresses.includes(field) ? new Secret(String(value)) : value,
    ]);
  const context = {
    input: task.input.parse(question.input ?? {}),
    targets: Object.entries(targets).map(([name, given]) => ({ name, ...Object.fromEntries(settings(given)) })),
    now,
    deadline: new Date(now.getTime() + timeoutSeconds * 1_000),
    signal: AbortSignal.timeout(timeoutSeconds * 1_000),
    sessionName: 'fettle:doctor',
    allowAddresses: question.allowAddresses ?? ['127.0.0.0/8', '::1/128'],
  };
  return task.needs(context as never);
}

/** `met log in`, in the order of the needs. */
export function inWords(needs: readonly Need[]): string[] {
  return needs.map(({ state, need }) => `${state} ${need}`);
}

/** The one need of these words; throws where there is none. */
export function needCalled(needs: readonly Need[], words: string): Need {
  const found = needs.find(({ need }) => need === words);
  if (!found) throw new Error(`no need "${words}" among: ${inWords(needs).join(', ')}`);
  return found;
}
