import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import pg from 'pg';
import {
  literal,
  lockStatement,
  ownerStatement,
  pasteable,
  settingStatement,
} from '../../lambdas/tasks/postgres/_command.ts';
import { holderStatement } from '../../lambdas/tasks/postgres/_horizon.ts';
import { granting, membership, preloadGrant, settingGrant } from '../../lambdas/tasks/postgres/_needs-grants.ts';
import { fingerprintOf } from '../../lambdas/tasks/postgres/_slow-fingerprint.ts';
import { labelOf } from '../../lambdas/tasks/postgres/_tables.ts';
import { endingOf } from '../../lambdas/tasks/postgres/_wraparound-holders.ts';
import { anyText, holds } from './property.ts';

/** A literal in one of the ways of SQL, with a word in it that must not be seen. */
const canary = fc.stringMatching(/^[a-z]{3}canary[a-z]{3}$/);

const sqlLiteral = fc
  .tuple(
    canary,
    anyText.map((text) => text.replace(/[\\$]/g, '')),
    fc.stringMatching(/^[a-z]{0,4}$/),
  )
  .chain(([word, rest, tag]) => {
    const inside = `${word}${rest}`.replaceAll("'", "''");
    return fc.constantFrom(
      ...[
        `'${inside}'`,
        `E'${word}\\'${word}'`,
        `e'\\\\${word}'`,
        `N'${inside}'`,
        `U&'${inside}'`,
        `B'${inside}'`,
        `x'${word}'`,
      ],
      ...[`$${tag}$${word}'"$${tag}$`, `/* ${word} /* ${word} */ ${word} */ 1`, `-- ${word}\n 1`, `'${word}''${word}'`],
    );
  });

const sqlWord = fc.constantFrom(
  'SELECT',
  'FROM users',
  'WHERE a =',
  '"Odd ""name"',
  ',',
  '(',
  ')',
  '$1',
  'AND b IN (1, 2, 3)',
  '::text',
  'ALTER ROLE app PASSWORD',
  ';',
  '\n',
  '1.5e-3',
  '.7',
  '0xFF',
);

test('no literal, comment or value of a setting survives in the shape of a statement, in whatever syntax it was written', () => {
  holds(
    fc.property(fc.array(fc.oneof(sqlWord, sqlLiteral), { maxLength: 10 }), (parts) => {
      const shape = fingerprintOf(parts.join(' '));
      expect(shape).not.toMatch(/canary/);
      expect(shape).not.toMatch(/\p{Cc}/u);
      expect([...shape].length).toBeLessThanOrEqual(240);
    }),
    500,
  );
  const setting = fc.constantFrom(
    'SET',
    'SET LOCAL',
    'ALTER ROLE app SET',
    'ALTER SYSTEM SET',
    'ALTER DATABASE "a b" SET',
  );
  holds(
    fc.property(
      setting,
      fc.constantFrom('app.key', '"app.key"', 'work_mem'),
      fc.constantFrom(' = ', ' TO ', '='),
      canary,
      (start, name, by, word) => {
        expect(fingerprintOf(`${start} ${name}${by}${word}`)).not.toContain('canary');
      },
    ),
    100,
  );
});

test('a statement cut anywhere shows no part of a literal that it was cut in', () => {
  holds(
    fc.property(
      fc.array(fc.oneof(sqlWord, sqlLiteral), { minLength: 1, maxLength: 6 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (parts, share) => {
        const whole = parts.join(' ');
        expect(fingerprintOf(whole.slice(0, Math.floor(whole.length * share)))).not.toMatch(/canary/);
      },
    ),
    400,
  );
});

test('statements that differ in their constants alone have the same shape', () => {
  holds(
    fc.property(fc.nat(), fc.nat(), canary, canary, (a, b, c, d) => {
      const statement = (number: number, word: string) =>
        `SELECT *\n FROM t WHERE a = ${number} AND b = '${word}' -- ${word}`;
      expect(fingerprintOf(statement(a, c))).toBe(fingerprintOf(statement(b, d)));
    }),
    60,
  );
});

/** The tokens of a statement as PostgreSQL reads them with standard_conforming_strings: literals, names, the rest. */
function tokensOf(statement: string): { readonly literals: string[]; readonly names: string[]; readonly rest: string } {
  const literals: string[] = [];
  const names: string[] = [];
  const rest = statement.replace(
    / E'((?:[^'\\]|\\.|'')*)'|'((?:[^']|'')*)'|"((?:[^"]|"")*)"/gs,
    (_all, escaped?: string, plain?: string, name?: string) => {
      if (name !== undefined) names.push(name.replaceAll('""', '"'));
      else literals.push((escaped?.replaceAll('\\\\', '\\') ?? plain ?? '').replaceAll("''", "'"));
      return '?';
    },
  );
  return { literals, names, rest };
}

test('a name or a text in a statement stays one word of it, whatever it holds', () => {
  const text = anyText.filter((one) => !one.includes('\0'));
  holds(
    fc.property(text, text, (one, other) => {
      expect(tokensOf(literal(one))).toEqual({ literals: [one], names: [], rest: '?' });
      expect(literal(one)).toBe(pg.escapeLiteral(one).includes('\\') ? literal(one) : pg.escapeLiteral(one));
      for (const statement of [lockStatement(one), settingStatement(one), ownerStatement(one)])
        expect(tokensOf(statement).literals).toContain(one);
      for (const kind of ['session', 'prepared transaction', 'replication slot', 'standby'] as const) {
        expect(tokensOf(holderStatement({ kind, id: one })).literals).toContain(one);
        const ending = kind === 'session' ? undefined : endingOf({ kind, id: one });
        if (ending !== undefined) expect(tokensOf(ending).literals).toEqual([one]);
      }
      const grantee = { role: one, database: other, version: 150_000, inherits: false, isHosted: false };
      for (const statement of membership('pg_monitor', grantee)) expect(tokensOf(statement).names).toEqual([one]);
      expect(tokensOf(settingGrant('track', 'on', 'database user', grantee).join(' ')).names).toEqual([one, other]);
      for (const { command } of [pasteable(lockStatement(one))]) expect(command ?? '').not.toMatch(/\p{C}/u);
      expect(granting(literal(one)).grant ?? '').not.toMatch(/\p{C}/u);
      expect(labelOf(one)).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    }),
    300,
  );
});

test('libraries that are loaded stay in the list that one is added to, each a literal of its own', () => {
  const library = fc.oneof(
    fc.stringMatching(/^[a-z_]{1,12}$/),
    fc.stringMatching(/^[a-z "'$,]{1,8}$/).filter((text) => text.trim() !== ''),
  );
  holds(
    fc.property(fc.array(library, { maxLength: 4 }), (loaded) => {
      const shown = loaded
        .map((name) => (/^[a-z_]+$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`))
        .join(', ');
      const [statement = ''] = preloadGrant('pg_stat_statements', shown);
      expect(tokensOf(statement).literals).toEqual([...loaded, 'pg_stat_statements']);
    }),
    150,
  );
});
