import { describe, expect, test } from '@jest/globals';
import { fingerprintOf } from '../../../../lambdas/tasks/postgres/_slow-fingerprint.ts';

const CANARY = 'hunter2';

describe('a fingerprint shows the shape of a statement and none of its literals', () => {
  test.each([
    ['SELECT * FROM orders WHERE id = $1', 'SELECT * FROM orders WHERE id = $1'],
    ["ALTER ROLE app PASSWORD 'hunter2'", 'ALTER ROLE app PASSWORD ?'],
    ["CREATE USER app\n  WITH LOGIN PASSWORD E'hun\\'ter2 hunter2'", 'CREATE USER app WITH LOGIN PASSWORD ?'],
    ["SELECT 'it''s hunter2', x", 'SELECT ?, x'],
    ["SELECT U&'hunter2' UESCAPE '!', N'hunter2', B'101', X'hunter2'", 'SELECT ? UESCAPE ?, …'],
    ['SELECT $$hunter2$$, $a$ $$hunter2$$ $a$ FROM t', 'SELECT ?, … FROM t'],
    ['DO $body$ BEGIN PERFORM login($$hunter2$$); END $body$', 'DO ?'],
    ['SELECT 1 -- hunter2\n, 2', 'SELECT ?, …'],
    ['SELECT /* a /* hunter2 */ hunter2 */ x', 'SELECT x'],
    ['SELECT id FROM t WHERE a IN (1, 2.5, -3e10, 0x1F, 4)', 'SELECT id FROM t WHERE a IN (?, …, -?, …)'],
    ['SELECT t1.c2, foo$1$hunter FROM t1', 'SELECT t1.c2, foo$1$hunter FROM t1'],
    ['SELECT "Order 66" FROM "s""x"."T"', 'SELECT "Order 66" FROM "s""x"."T"'],
    ["SET app.token TO 'hunter2'", 'SET app.token …'],
    ['SET LOCAL app.token = hunter2', 'SET LOCAL app.token …'],
    ['SELECT x; set app.token to hunter2', 'SELECT x; set app.token …'],
    ['ALTER ROLE app SET app.token = hunter2', 'ALTER ROLE app SET app.token …'],
    ["UPDATE t SET a = 'hunter2', b = b + 1 WHERE c = $1", 'UPDATE t SET a = ?, b = b + ? WHERE c = $1'],
  ])('%s', (text, shape) => {
    expect(fingerprintOf(text)).toBe(shape);
    expect(fingerprintOf(text)).not.toContain(CANARY);
  });
});

describe('what cannot be read for certain is cut off', () => {
  test.each([
    ['a string that the server has cut', "SELECT x FROM t WHERE a = 'hunter2", 'SELECT x FROM t WHERE a = ?'],
    ['a comment that the server has cut', 'SELECT x /* hunter2', 'SELECT x'],
    ['a block that the server has cut', 'DO $x$ hunter2', 'DO ?'],
    ['a name that the server has cut', 'SELECT "hunter2', 'SELECT …'],
    ['a backslash that may hide a quote', "SELECT 'a\\' hunter2 ' || x", 'SELECT ?…'],
    ['an escape string that goes on in the next line', "SELECT E'a'\n'b\\' hunter2 '", 'SELECT ? ?…'],
    ['an escape string that the server has cut after a backslash', "SELECT E'hunter2\\", 'SELECT ?'],
  ])('%s', (_title, text, shape) => {
    expect(fingerprintOf(text)).toBe(shape);
  });
});

test('a fingerprint is one line of at most 240 characters, without the characters that steer a terminal', () => {
  const shape = fingerprintOf(`SELECT "a\u001b[31m",\r\n\t${'column_name, '.repeat(100)} 1`);

  expect(shape).toMatch(/^SELECT "a\\u\{1b\}\[31m", column_name, /);
  expect([...shape]).toHaveLength(240);
  expect(shape.endsWith('…')).toBe(true);
});

test('a statement of a megabyte of open comments is read in one pass', () => {
  expect(fingerprintOf(`SELECT x ${'/*'.repeat(500_000)}`)).toBe('SELECT x');
});
