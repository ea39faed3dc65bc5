import type { Benchmark } from '../benchmark.ts';
import { SHOP } from './_database.ts';
import { measureUpkeep } from './_upkeep.ts';

export const benchmark: Benchmark = {
  goal: 'P12',
  what: 'vacuuming and analyzing where every table needs it',
  needs: ['vacuumdb'],
  run: (say) =>
    measureUpkeep({
      ...{ goal: 'P12', dirty: SHOP, hold: 1.1, say },
      because:
        'every table is looked at by itself before and after, and vacuum and analyze are two passes; the indexes of a table are never vacuumed by parallel workers, nor two tables at once, so that a ' +
        'processor is left to whoever uses the database',
    }),
};
