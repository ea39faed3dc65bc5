/** What a process of a handler changed outside of itself: a message to a socket, a file, a record of the store. */
export interface Point {
  readonly kind: 'socket' | 'connect' | 'file' | 'store';
  readonly what: string;
  readonly phases: readonly string[];
}

/** Where a command is stopped. */
export type Stop =
  | {
      /** The handler, and which of its invocations in the command, from 1. */
      readonly handler: string;
      readonly call: number;
      /** Which of its points, from 1. */
      readonly at: number;
      readonly phase: string;
      readonly victim: Victim;
    }
  | {
      /** Which state of the machine, in the order in which they are entered, from 1. */
      readonly state: number;
      readonly phase: 'entered' | 'exited';
    };

/**
 * Who dies: the process of the handler; that process, and the service calls the handler again; the engine, which takes
 * the process along a moment later; both at once.
 */
export const VICTIMS = ['task', 'again', 'engine', 'both'] as const;
export type Victim = (typeof VICTIMS)[number];

/** One way to stop the commands of a scene: the first one, and for Reap also the one that comes to clean up. */
export interface Trial {
  readonly task: string;
  readonly stops: readonly Stop[];
  /** What the point is, for people. */
  readonly what: string;
  /** `socket`, `store`, … or `state`. */
  readonly kind: string;
}

/** What one command was seen to do. */
export interface Recording {
  readonly calls: readonly { readonly handler: string; readonly call: number; readonly points: readonly Point[] }[];
  readonly states: readonly string[];
}

/** The text by which a trial is replayed. */
export function idOf({ task, stops }: Pick<Trial, 'task' | 'stops'>): string {
  const texts = stops.map((stop) =>
    'state' in stop
      ? `state.${stop.state}.${stop.phase}`
      : `${stop.handler}.${stop.call}.${stop.at}.${stop.phase}.${stop.victim}`,
  );
  return [task, ...texts].join('/');
}

/** The trial that an id names; throws where it names none. */
export function trialOf(id: string): Trial {
  const [task = '', ...texts] = id.split('/');
  const stops = texts.map((text): Stop => {
    const [name = '', ...fields] = text.split('.');
    if (name === 'state') {
      const [state, phase] = fields;
      if (phase === 'entered' || phase === 'exited') return { state: Number(state), phase };
    }
    const [call, at, phase, victim] = fields;
    const known = VICTIMS.find((one) => one === victim);
    if (!known || phase === undefined) throw new Error(`${text} is no place to stop at`);
    return { handler: name, call: Number(call), at: Number(at), phase, victim: known };
  });
  if (stops.length === 0) throw new Error(`${id} names no place to stop at`);
  return { task, stops, what: '', kind: 'replayed' };
}

/** Every way to stop a command that was recorded; before the `given` stops where those are of an earlier command. */
export function trialsOf(
  task: string,
  { calls, states }: Recording,
  wanted: (handler: string) => boolean,
  given: readonly Stop[] = [],
): Trial[] {
  const trials: Trial[] = [];
  for (const { handler, call, points } of calls) {
    if (!wanted(handler)) continue;
    for (const [place, { kind, what, phases }] of points.entries()) {
      for (const phase of phases) {
        for (const victim of VICTIMS) {
          trials.push({ task, stops: [...given, { handler, call, at: place + 1, phase, victim }], what, kind });
        }
      }
    }
  }
  if (given.length > 0) return trials;
  for (const [place, what] of states.entries()) {
    for (const phase of ['entered', 'exited'] as const) {
      trials.push({ task, stops: [{ state: place + 1, phase }], what, kind: 'state' });
    }
  }
  return trials;
}

/**
 * A few of many trials that together have every kind of point with every phase, and every victim.
 *
 * `from` is a number from 0 to below 1 that says which.
 */
export function fewOf(trials: readonly Trial[], from: () => number): Trial[] {
  const kinds = Object.values(Object.groupBy(trials, ({ kind, stops }) => `${kind} ${stops.at(-1)?.phase ?? ''}`));
  return kinds.flatMap((alike = [], place) => {
    const fitting = alike.filter(({ stops: [stop] }) => stop && 'victim' in stop && stop.victim === victimAt(place));
    const choice = fitting.length > 0 ? fitting : alike;
    return choice.slice(Math.floor(from() * choice.length)).slice(0, 1);
  });
}

function victimAt(place: number): Victim {
  return VICTIMS[place % VICTIMS.length] ?? 'task';
}

/** How many points there are and how many ways to stop at them, for people. */
export function countsOf(trials: readonly Trial[]): string {
  const places = trials.map(({ kind, stops }) => {
    const last = stops.at(-1);
    const at = last && 'handler' in last ? `${last.handler}.${last.call}.${last.at}` : `state.${last?.state ?? 0}`;
    return { kind, at };
  });
  const kinds = Object.entries(Object.groupBy(places, ({ kind }) => kind)).map(
    ([kind, of = []]) => `${new Set(of.map(({ at }) => at)).size} ${kind}`,
  );
  return `${new Set(places.map(({ at }) => at)).size} points (${kinds.join(', ')}), ${trials.length} trials`;
}
