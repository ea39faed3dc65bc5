import type { Call } from './call.ts';
import type { Refusal } from './protocol.ts';

/** What is done to a call instead of, or besides, answering it. */
export type Fault =
  | { readonly does: 'refuse'; readonly with: Refusal }
  | { readonly does: 'delay'; readonly milliseconds: number }
  | { readonly does: 'truncate' }
  | { readonly does: 'reset'; readonly after: boolean };

/** Faults by service and operation; `*` is any operation. Each lasts for `times` calls, without end by default. */
export interface Faults {
  throttle(service: string, operation: string, times?: number): void;
  /** Answers with this error instead of the service. */
  refuse(service: string, operation: string, refusal: Refusal, times?: number): void;
  /** Denies an IAM action such as `ecs:ListServices`. */
  deny(action: string): void;
  delay(service: string, operation: string, milliseconds: number, times?: number): void;
  /** Ends the connection after half of the answer. */
  truncate(service: string, operation: string, times?: number): void;
  /** Resets the connection before the call is made, or after it took effect and before its answer. */
  reset(service: string, operation: string, times?: number, when?: { readonly after: boolean }): void;
  clear(): void;
}

/** Of each kind, the first one that fits a call and is not used up. */
export type TakenFaults = { readonly [Does in Fault['does']]?: Extract<Fault, { readonly does: Does }> };

interface Planned {
  readonly service: string;
  readonly operation: string;
  readonly fault: (call: Call) => Fault;
  left: number;
}

/** A list of faults, and the way to take those that fit a call. */
export function createFaults(): { readonly faults: Faults; take(call: Call): TakenFaults } {
  const planned: Planned[] = [];
  const plan = (service: string, operation: string, left: number, fault: Planned['fault']) => {
    planned.push({ service, operation, left, fault });
  };
  return {
    faults: {
      throttle: (service, operation, times = Infinity) =>
        plan(service, operation, times, (call) => ({ does: 'refuse', with: throttled(call) })),
      refuse: (service, operation, refusal, times = Infinity) =>
        plan(service, operation, times, () => ({ does: 'refuse', with: refusal })),
      deny: (action) => {
        const [service = '', operation = ''] = action.split(':');
        plan(service, operation, Infinity, (call) => ({ does: 'refuse', with: denied(call) }));
      },
      delay: (service, operation, milliseconds, times = Infinity) =>
        plan(service, operation, times, () => ({ does: 'delay', milliseconds })),
      truncate: (service, operation, times = Infinity) => plan(service, operation, times, () => ({ does: 'truncate' })),
      reset: (service, operation, times = Infinity, { after } = { after: false }) =>
        plan(service, operation, times, () => ({ does: 'reset', after })),
      clear: () => {
        planned.length = 0;
      },
    },
    take: (call) => {
      const taken = new Map<string, Fault>();
      for (const one of planned) {
        const isMeant = one.service === call.service && (one.operation === '*' || one.operation === call.operation);
        if (!isMeant || one.left <= 0) continue;
        const fault = one.fault(call);
        if (taken.has(fault.does)) continue;
        one.left -= 1;
        taken.set(fault.does, fault);
      }
      return Object.fromEntries(taken);
    },
  };
}

function throttled({ protocol }: Call): Refusal {
  if (protocol === 'rest-xml') return { code: 'SlowDown', message: 'Please reduce your request rate.', status: 503 };
  const code = protocol === 'query' ? 'Throttling' : 'ThrottlingException';
  return { code, message: 'Rate exceeded', status: protocol === 'rest-json' ? 429 : 400 };
}

/** The services say it with or without `Exception`, and most name the action. */
function denied({ protocol, service, operation, accessKeyId }: Call): Refusal {
  const code = protocol === 'query' || protocol === 'rest-xml' ? 'AccessDenied' : 'AccessDeniedException';
  const action = `${service}:${operation}`;
  const message =
    `User: ${accessKeyId} is not authorized to perform: ${action} ` +
    `because no identity-based policy allows the ${action} action`;
  return { code, message, status: protocol === 'json' ? 400 : 403 };
}
