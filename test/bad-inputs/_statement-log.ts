import type { PostgresServer } from '../../lib/demo/servers/postgres.ts';

/** What a server must be started with for its log to be read here: each line begins with who caused it. */
export const LOG_SETTINGS = ['log_statement=all', 'log_line_prefix=@@%a@@ ', 'log_min_messages=log'];

export interface LoggedStatement {
  readonly application: string;
  readonly text: string;
}

export interface ServerLog {
  readonly statements: readonly LoggedStatement[];
  /** What `canary()` of the hostile catalogue said, with who caused it: it was executed. */
  readonly canaries: readonly { readonly application: string; readonly said: string }[];
}

// The server begins each further line of a statement with a tab, so that no statement can forge a line of the log.
const ENTRY = /^@@(.*?)@@ LOG: {2}(?:statement|execute [^:]*): (.*(?:\n\t.*)*)/gm;
const CANARY = /^@@(.*?)@@ LOG: {2}(canary .*(?:\n\t.*)*)/gm;

/** The log of a server from a place on; the place of its end is `server.log().length`. */
export function logSince(server: PostgresServer, from: number): ServerLog {
  const text = server.log().slice(from);
  return {
    statements: [...text.matchAll(ENTRY)].map(([, application = '', statement = '']) => ({
      application,
      text: statement.replaceAll('\n\t', '\n'),
    })),
    canaries: [...text.matchAll(CANARY)].map(([, application = '', said = '']) => ({ application, said })),
  };
}
