import type { Scene } from '../scene.ts';
import { openDatabase } from './_database.ts';

const ROWS = 12_000;
const BLOATED_BYTES = 900_000;

/** A table with a bloated index, beside one that a person has left invalid. */
export const scene: Scene = {
  async start() {
    const database = await openDatabase();
    await database.execute(
      'CREATE EXTENSION amcheck',
      'CREATE TABLE orders (id int, note text) WITH (autovacuum_enabled = off)',
      `INSERT INTO orders SELECT n, md5(n::text) FROM generate_series(1, 1000) n`,
      'CREATE INDEX orders_key ON orders (note)',
      'CREATE INDEX orders_id_ccnew ON orders (id) WHERE id < 3',
      `UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'orders_id_ccnew'::regclass`,
    );
    const number = async (sql: string) => Number(Object.values((await database.rows(sql))[0] ?? {})[0]);
    const names = async (sql: string) => (await database.rows(sql)).map((row) => String(Object.values(row)[0]));
    const key = `SELECT oid::int FROM pg_class WHERE relname = 'orders_key'`;
    const size = `SELECT pg_relation_size('orders_key')::int`;
    let [before, rows] = [0, 0];
    return {
      targets: { postgres: { main: { url: database.url } } },
      input: { minSize: '256kB', lockTimeout: '2s', transactionTimeout: '5s' },
      async reset() {
        await database.settle();
        if ((await number(size)) < BLOATED_BYTES) {
          await database.execute(
            `INSERT INTO orders SELECT 100000, md5((random() * n)::text) FROM generate_series(1, ${ROWS}) n`,
            'DELETE FROM orders WHERE id = 100000',
            'VACUUM (ANALYZE) orders',
          );
        }
        [before, rows] = [await number(key), await number('SELECT count(*)::int FROM orders')];
      },
      async shown() {
        const foreign = `SELECT count(*)::int FROM pg_class WHERE relname = 'orders_id_ccnew'`;
        const isWhole = await number(`SELECT count(bt_index_check('orders_key', true)::text)::int`);
        return {
          effects: { 'reindex public.orders_key': (await number(key)) === before ? 0 : 1 },
          mayRepeat: false,
          due: (await number(size)) < BLOATED_BYTES ? [] : ['orders_key'],
          leftovers: [
            ...(await names(
              `SELECT indexrelid::regclass FROM pg_index WHERE NOT indisvalid AND indexrelid::regclass::text <> 'orders_id_ccnew'`,
            )),
            ...(await names('SELECT oid FROM pg_largeobject_metadata')),
          ],
          damage: [
            ...((await number(foreign)) === 1 ? [] : ['the index of another was dropped']),
            ...(isWhole === 1 ? [] : ['the index is not whole']),
            ...((await number('SELECT count(*)::int FROM orders')) === rows ? [] : ['rows were lost']),
          ],
        };
      },
      settle: () => database.settle(),
      stop: () => database.close(),
    };
  },
};
