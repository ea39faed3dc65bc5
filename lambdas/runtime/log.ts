import { redactor, type Secret } from '../../core/secret.ts';

export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** Structured logs: one JSON object a line on standard error, every known secret replaced. */
export interface Log {
  info(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** The text without what is hidden. */
  clean(text: string): string;
  /** From now on these values never appear in a line. */
  hide(secrets: readonly Secret[]): void;
}

export function createLog(
  base: LogFields,
  clock: () => Date,
  write: (line: string) => void = (line) => process.stderr.write(line),
): Log {
  const hidden: Secret[] = [];
  let clean = redactor(hidden);
  function line(level: 'info' | 'error', message: string, fields: LogFields = {}): void {
    const text = JSON.stringify({ time: clock().toISOString(), level, message, ...base, ...fields });
    write(`${clean(text)}\n`);
  }
  return {
    info: (message, fields) => line('info', message, fields),
    error: (message, fields) => line('error', message, fields),
    clean: (text) => clean(text),
    hide: (secrets) => {
      hidden.push(...secrets);
      clean = redactor(hidden);
    },
  };
}
