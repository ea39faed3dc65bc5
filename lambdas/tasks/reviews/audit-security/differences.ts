import * as z from 'zod';
import { setAsideOf, type Flaw } from './flaw.ts';
import { byGravest, LEVELS } from './levels.ts';
import { wasSeen, type Look } from './looking.ts';

/** A flaw as it is remembered until the next audit. */
const RememberedFlaw = z.object({
  topic: z.string(),
  title: z.string(),
  level: z.enum(LEVELS),
  extent: z.number().optional(),
  looks: z.array(z.string()),
  targets: z.array(z.string()),
  firstSeenAt: z.iso.datetime(),
  lastSeenAt: z.iso.datetime(),
  /** False where all of its sources had put it aside. */
  isOpen: z.boolean(),
  /** How it was when somebody accepted it until that day; worse than that is not accepted. */
  acceptedAs: z.object({ level: z.enum(LEVELS), extent: z.number().optional(), until: z.iso.date() }).optional(),
});
export type RememberedFlaw = z.output<typeof RememberedFlaw>;

/** What an audit leaves to the next one. */
export const Remembered = z.object({ at: z.iso.datetime(), flaws: z.record(z.string(), RememberedFlaw) });
export type Remembered = z.output<typeof Remembered>;

/** What is wrong now against what was wrong at the last audit. */
export interface Differences {
  /** When the last audit was; undefined where this is the first. */
  readonly comparedWith: string | undefined;
  readonly changes: ReadonlyMap<string, 'new' | 'worse' | 'better' | 'unchanged'>;
  readonly fixed: readonly GoneFlaw[];
  /** Threats that nobody put aside and that are told no more: their watcher keeps them for some months only. */
  readonly forgotten: readonly GoneFlaw[];
  /** Gone from sight: where it was could not be read this time. */
  readonly notSeen: readonly GoneFlaw[];
}

export type GoneFlaw = RememberedFlaw & { readonly id: string };

/** A flaw is fixed where all that had shown it was looked at again and shows it no more. */
export function compareFlaws(
  flaws: readonly Flaw[],
  earlier: Remembered | undefined,
  looks: readonly Look[],
): Differences {
  const now = new Map(flaws.map((flaw) => [flaw.id, flaw]));
  const gone = Object.entries(earlier?.flaws ?? {})
    .filter(([id]) => !now.has(id))
    .map(([id, flaw]): GoneFlaw => ({ ...flaw, id }));
  const isSeen = ({ looks: its }: GoneFlaw) => its.every((name) => wasSeen(name, looks));
  return {
    comparedWith: earlier?.at,
    changes: new Map(flaws.map((flaw) => [flaw.id, changeOf(flaw, earlier?.flaws[flaw.id])])),
    fixed: gone.filter((flaw) => isSeen(flaw) && flaw.topic !== 'threat'),
    forgotten: gone.filter((flaw) => isSeen(flaw) && flaw.topic === 'threat'),
    notSeen: gone.filter((flaw) => !isSeen(flaw)),
  };
}

function changeOf(flaw: Flaw, before: RememberedFlaw | undefined): 'new' | 'worse' | 'better' | 'unchanged' {
  const isOpen = setAsideOf(flaw) === undefined;
  if (before === undefined || (isOpen && !before.isOpen)) return 'new';
  if (isWorse(flaw, before)) return 'worse';
  return isWorse(before, flaw) ? 'better' : 'unchanged';
}

type Size = Pick<RememberedFlaw, 'level' | 'extent'> | Pick<Flaw, 'level' | 'extent'>;

/** Graver, or as grave and more of it. */
export function isWorse(one: Size, than: Size): boolean {
  const order = byGravest(one.level, than.level);
  return order < 0 || (order === 0 && (one.extent ?? 0) > (than.extent ?? 0));
}

/** How a flaw was when it was accepted until this day; another day is another decision. */
export function acceptedSize(before: RememberedFlaw | undefined, until: string): RememberedFlaw['acceptedAs'] {
  return before?.acceptedAs?.until === until ? before.acceptedAs : undefined;
}

/** What this audit leaves to the next one; what was not seen is kept as it was. */
export function rememberFlaws(
  flaws: readonly Flaw[],
  {
    earlier,
    differences,
    acceptedUntil,
    now,
  }: {
    readonly earlier: Remembered | undefined;
    readonly differences: Differences;
    /** The last day of the acceptance that is meant for each flaw. */
    readonly acceptedUntil: ReadonlyMap<string, string>;
    readonly now: Date;
  },
): Remembered {
  const at = now.toISOString();
  const kept = differences.notSeen.map(({ id, ...flaw }) => [id, flaw] as const);
  const seen = flaws.map((flaw): [string, RememberedFlaw] => {
    const { id, topic, title, level, extent, looks, targets } = flaw;
    const before = earlier?.flaws[id];
    const until = acceptedUntil.get(id);
    const size = { level, ...(extent !== undefined && { extent }) };
    return [
      id,
      {
        ...{ topic, title, ...size, looks: [...looks], targets: [...targets] },
        firstSeenAt: before?.firstSeenAt ?? at,
        lastSeenAt: at,
        isOpen: setAsideOf(flaw) === undefined,
        ...(until !== undefined && { acceptedAs: acceptedSize(before, until) ?? { ...size, until } }),
      },
    ];
  });
  return { at, flaws: Object.fromEntries([...kept, ...seen]) };
}
